// SPDX-License-Identifier: Apache-2.0
//! Which tables a plugin exports: [`ExportedTable`], and their registration with the host.
#![expect(unsafe_code, reason = "the host is handed pointers to tables")]

use core::ffi::{CStr, c_void};
use core::fmt;
use core::sync::atomic::Ordering;

use super::layout::{Desc, Head, Root};
use super::raw::Raw;
use super::row::{Row, StateKey};
use super::table::StateTable;
use super::vtable;
use crate::abi;
use crate::error::Error;
use crate::shared::Shares;
use crate::tables::InitTables;

/// A plugin that exports state tables: they are in its shared part, in static storage.
///
/// ```
/// use falconet::tables::{EntryField, ExportTables, ExportedTable, Row, StateTable, Text};
/// use falconet::{Error, Event, Info, Init, Parse, Parsing, Plugin, Shared, Shares};
///
/// /// An entry: how often a first word was seen.
/// struct Word { times: u64 }
/// impl Row for Word {
///     const EMPTY: Self = Self { times: 0 };
///     const FIELDS: &'static [EntryField<Self>] =
///         &[EntryField::new(c"times", |word: &mut Self| &mut word.times).read_only()];
/// }
///
/// struct Words { shared: Shared<Self> }
/// impl Plugin for Words {
///     type Error = Error;
///     const INFO: Info = Info::new(c"words", c"0.1.0", c"counts words", c"you@example.org");
///     fn new(init: &Init<'_>) -> Result<Self, Error> {
///         Ok(Self { shared: init.shared::<Self>()? })
///     }
/// }
/// struct Counts { words: StateTable<Text<32>, Word, 1000> }
/// impl Shares for Words {
///     type Shared = Counts;
///     const SHARED: Counts = Counts { words: StateTable::new() };
/// }
/// impl ExportTables for Words {
///     const TABLES: &'static [ExportedTable<Counts>] = &[ExportedTable::new(c"words", |counts: &Counts| &counts.words)];
/// }
/// impl Parse for Words {
///     fn parse(&mut self, event: &Event<'_>, _: &mut Parsing<'_, Self>) -> Result<(), Error> {
///         let word = event.payload().split(|byte| *byte == b' ').next().unwrap_or_default();
///         let mut words = self.shared.words.lock()?;
///         words.get_or_insert(&Text::from_bytes(word)?)?.times += 1; // full: an error, and nothing is lost
///         Ok(())
///     }
/// }
/// falconet::export!(Words: parse, export_tables);
/// ```
#[diagnostic::on_unimplemented(
    message = "the capability `export_tables` needs `impl falconet::tables::ExportTables for {Self}`",
    label = "exports no tables",
    note = "write `impl falconet::tables::ExportTables for {Self}`, or leave `export_tables` out of `export!`"
)]
pub trait ExportTables: Shares {
    /// The tables: their names, and where in the shared part they are.
    const TABLES: &'static [ExportedTable<Self::Shared>];
}

/// Whom a table tells its errors: the plugin state, whose last error the host asks for.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Sink {
    state: *const c_void,
    report: unsafe fn(*const c_void, &Error),
}

impl Sink {
    /// Tells errors by calling `report` with `state`.
    ///
    /// # Safety
    /// `report` may be called with `state`, from any thread, until the tables are unregistered.
    #[must_use]
    pub const unsafe fn new(state: *const c_void, report: unsafe fn(*const c_void, &Error)) -> Self {
        Self { state, report }
    }

    pub(super) fn tell(&self, error: &Error) {
        // SAFETY: as the caller of `new` says.
        unsafe { (self.report)(self.state, error) }
    }
}

/// A table of any type, to be handed to the host.
#[doc(hidden)]
pub trait Export: Sync + 'static {
    /// Empties it, and makes it ready for the host.
    ///
    /// # Errors
    /// Somebody has locked it.
    fn begin(&'static self, name: &'static CStr, sink: Sink) -> Result<*const abi::TableInput, Error>;

    /// Errors are told nobody any more.
    fn end(&'static self);
}

impl<K: StateKey, E: Row, const N: usize, const FIELDS: usize, const TEXT: usize> Export
    for StateTable<K, E, N, FIELDS, TEXT>
{
    fn begin(&'static self, name: &'static CStr, sink: Sink) -> Result<*const abi::TableInput, Error> {
        let (root, head, desc) = self.parts();
        let _lock = root.lock.try_lock()?;
        // SAFETY: a static table, all of it in the cell, and the lock is held.
        let raw = unsafe { Raw::new(head, desc) };
        raw.begin();
        // SAFETY: the lock is held.
        unsafe { (*root.lists.get()).added.clear() };
        *root.sink.try_lock().ok_or(Error::new("an error of the table is being told at this moment"))? = Some(sink);
        // SAFETY: the lock is held.
        Ok(unsafe { hand_out(head, root, desc, name, false) })
    }

    fn end(&'static self) {
        if let Some(mut sink) = self.parts().0.sink.try_lock() {
            *sink = None;
        }
    }
}

/// Makes a table ready to be used through a pointer to its head, and gives what a host takes it by.
///
/// # Safety
/// `head` begins a table of this shape, by the pointer all of the table may be reached, and the root's lock is held.
pub(super) unsafe fn hand_out(
    head: *mut Head,
    root: &Root,
    desc: &'static Desc,
    name: &'static CStr,
    nested: bool,
) -> *const abi::TableInput {
    // SAFETY: as the caller says.
    let to = unsafe { &*head };
    to.desc.store(core::ptr::from_ref(desc).cast_mut(), Ordering::Relaxed);
    to.nested.store(nested, Ordering::Relaxed);
    to.root.store(core::ptr::from_ref(root).cast_mut(), Ordering::Release);
    let input = vtable::input(name, desc.key.state_type(), head.cast());
    let cell: *mut abi::TableInput = to.input.get().cast();
    // SAFETY: the lock is held; the cell has room for it.
    unsafe { cell.write(input) };
    cell
}

/// A table that a plugin exports, in the `const` list of them: its name, and where it is in the plugin's shared part.
///
/// ```
/// use falconet::tables::{EntryField, ExportedTable, Row, StateTable};
/// struct Client { requests: u64 }
/// impl Row for Client {
///     const EMPTY: Self = Self { requests: 0 };
///     const FIELDS: &'static [EntryField<Self>] =
///         &[EntryField::new(c"requests", |client: &mut Self| &mut client.requests)];
/// }
/// struct Shared { clients: StateTable<u64, Client, 100> }
/// const TABLES: &[ExportedTable<Shared>] = &[ExportedTable::new(c"clients", |shared: &Shared| &shared.clients)];
/// ```
pub struct ExportedTable<S: 'static> {
    name: &'static CStr,
    table: fn(&'static S) -> &'static dyn Export,
}

impl<S: 'static> ExportedTable<S> {
    /// A table: its name, unique in the host, and the function that borrows it and captures nothing.
    #[must_use]
    pub const fn new<F, T>(name: &'static CStr, _: F) -> Self
    where
        F: Fn(&S) -> &T + Copy + 'static,
        T: Export,
    {
        const { assert!(size_of::<F>() == 0, "a table's function captures nothing: it has the shared part") };
        assert!(!name.is_empty(), "a table has a name");
        Self { name, table: table::<S, F, T> }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static CStr {
        self.name
    }
}

impl<S: 'static> fmt::Debug for ExportedTable<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExportedTable").field("name", &self.name).finish_non_exhaustive()
    }
}

fn table<S: 'static, F, T>(shared: &'static S) -> &'static dyn Export
where
    F: Fn(&S) -> &T + Copy + 'static,
    T: Export,
{
    // SAFETY: `ExportedTable::new`, which alone names this function, was given an F.
    let function = unsafe { crate::extract::captures_nothing::<F>() };
    function(shared)
}

/// Empties a plugin's tables and registers them with the host, at init.
///
/// # Errors
/// The host does not take one: its name may be taken. [`InitTables::append_host_error`] says more.
#[doc(hidden)]
pub fn register<S: 'static>(
    tables: &InitTables<'_>,
    shared: &'static S,
    exported: &[ExportedTable<S>],
    sink: Sink,
) -> Result<(), Error> {
    for table in exported {
        let input = (table.table)(shared).begin(table.name, sink)?;
        // SAFETY: a table in static storage, whose functions are there for as long as this library is.
        unsafe { tables.add(table.name, input)? };
    }
    Ok(())
}

/// The state ends: a plugin's tables tell nobody of errors any more.
#[doc(hidden)]
pub fn unregister<S: 'static>(shared: &'static S, exported: &[ExportedTable<S>]) {
    for table in exported {
        (table.table)(shared).end();
    }
}
