// SPDX-License-Identifier: Apache-2.0
//! What `export_tables` adds to init and destroy.
#![expect(unsafe_code, reason = "a table tells its errors to its state")]

use core::ffi::c_void;

use super::ExportedTables;
use super::shell::StateOf;
use super::state::{self, Head};
use crate::error::Error;
use crate::tables::{ExportTables, InitTables, Sink, register, unregister};

/// Checks at compile time what tables a plugin declares.
#[expect(clippy::panic, reason = "evaluated at compile time: a panic is a compile error")]
pub const fn check<T: ExportTables>() {
    let mut rest = T::TABLES;
    if rest.is_empty() {
        panic!("TABLES is empty: leave `export_tables` out of `export!`");
    }
    while let [first, more @ ..] = rest {
        let mut others = more;
        while let [other, most @ ..] = others {
            if crate::metrics::same(first.name().to_bytes(), other.name().to_bytes()) {
                panic!("two tables have the same name");
            }
            others = most;
        }
        rest = more;
    }
}

/// Registers a state's tables with the host, empty.
///
/// # Errors
/// The host takes no tables, or not one of these.
pub fn export<T: ExportedTables>(state: &'static StateOf<T>, tables: Option<&InitTables<'_>>) -> Result<(), Error> {
    let tables = tables.ok_or(Error::new("the host takes no state tables of this plugin"))?;
    // SAFETY: the state is static or boxed until its last handle is gone, and `end` comes before.
    let sink = unsafe { Sink::new(state::pointer(state), tell) };
    register(tables, T::shared_of(state), T::TABLES, sink)
}

/// A state ends: its tables tell nobody of errors any more.
pub fn end<T: ExportedTables>(state: &'static StateOf<T>) {
    unregister(T::shared_of(state), T::TABLES);
}

/// The last error of the state whose table it is: the host asks for it there.
unsafe fn tell(state: *const c_void, error: &Error) {
    // SAFETY: what `export` gave, which lives until `end`.
    state::fail(unsafe { &*state.cast::<Head>() }, error, None);
}
