// SPDX-License-Identifier: Apache-2.0
//! The two iterators: a plugin's, called for each entry of any table; and the host's, called by a plugin's table.
#![expect(unsafe_code, reason = "iterators are C functions with a state")]

use std::ffi::c_void;

use falconet::abi::{Bool, TableReaderVtableExt};

/// What the host's iterator does with an entry, given as an address.
pub(super) type Each<'a> = dyn FnMut(usize) -> bool + 'a;

/// Iterates over a plugin's table. Whether the plugin says that all entries were given; an error if its function is
/// missing.
///
/// # Safety
/// `reader` and `table` are a living plugin's.
pub(super) unsafe fn iterate(reader: &TableReaderVtableExt, table: *mut c_void, each: &mut Each<'_>) -> Option<Bool> {
    let iterate = reader.iterate_entries?;
    let mut each: &mut Each<'_> = each;
    // SAFETY: the vtable's functions take the vtable's table; the state is what `next` expects and lives during the call.
    Some(unsafe { iterate(table, Some(next), (&raw mut each).cast()) })
}

/// The host's iterator.
unsafe extern "C" fn next(state: *mut c_void, entry: *mut c_void) -> Bool {
    // SAFETY: the plugin hands back the state of `iterate`, during that call and on its thread.
    let each = unsafe { state.cast::<&mut Each<'_>>().as_mut() };
    Bool::from(each.is_some_and(|each| each(entry.addr())))
}
