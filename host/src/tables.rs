// SPDX-License-Identifier: Apache-2.0
//! The state tables of this host: it has none yet, and every function of theirs is there and fails cleanly.
#![expect(unsafe_code, reason = "these functions are called by the plugin")]

use std::{
    ffi::{c_char, c_void},
    ptr,
};

use falconet::abi::{
    Bool, FAILURE, Rc, StateData, StateType, TableFieldInfo, TableFieldsVtable, TableInfo, TableInput, TableIterator,
    TableReaderVtable, TableReaderVtableExt, TableWriterVtable,
};

use crate::owner;

/// What the owner's last error says after a table function failed.
pub(crate) const NO_TABLES: &std::ffi::CStr = c"this host has no state tables";

pub(crate) unsafe extern "C" fn list_tables(owner: *mut c_void, count: *mut u32) -> *mut TableInfo {
    owner::failed(owner);
    if !count.is_null() {
        // SAFETY: the plugin passes a pointer to its own counter.
        unsafe { count.write(0) };
    }
    ptr::null_mut()
}

pub(crate) extern "C" fn get_table(owner: *mut c_void, _name: *const c_char, _key: StateType) -> *mut c_void {
    owner::failed(owner);
    ptr::null_mut()
}

pub(crate) extern "C" fn add_table(owner: *mut c_void, _table: *const TableInput) -> Rc {
    owner::failed(owner);
    FAILURE
}

unsafe extern "C" fn list_fields(_table: *mut c_void, count: *mut u32) -> *const TableFieldInfo {
    if !count.is_null() {
        // SAFETY: the plugin passes a pointer to its own counter.
        unsafe { count.write(0) };
    }
    ptr::null()
}

extern "C" fn field(_table: *mut c_void, _name: *const c_char, _kind: StateType) -> *mut c_void {
    ptr::null_mut()
}

extern "C" fn name(_table: *mut c_void) -> *const c_char {
    c"".as_ptr()
}

extern "C" fn size(_table: *mut c_void) -> u64 {
    0
}

extern "C" fn entry_of(_table: *mut c_void, _key: *const StateData) -> *mut c_void {
    ptr::null_mut()
}

extern "C" fn read_field(_table: *mut c_void, _entry: *mut c_void, _field: *const c_void, _out: *mut StateData) -> Rc {
    FAILURE
}

extern "C" fn release(_table: *mut c_void, _entry: *mut c_void) {}

extern "C" fn iterate(_table: *mut c_void, _iterator: TableIterator, _state: *mut c_void) -> Bool {
    0
}

extern "C" fn clear(_table: *mut c_void) -> Rc {
    FAILURE
}

extern "C" fn erase(_table: *mut c_void, _key: *const StateData) -> Rc {
    FAILURE
}

extern "C" fn create(_table: *mut c_void) -> *mut c_void {
    ptr::null_mut()
}

extern "C" fn add(_table: *mut c_void, _key: *const StateData, _entry: *mut c_void) -> *mut c_void {
    ptr::null_mut()
}

extern "C" fn write_field(
    _table: *mut c_void,
    _entry: *mut c_void,
    _field: *const c_void,
    _in: *const StateData,
) -> Rc {
    FAILURE
}

/// The functions for a table's fields.
pub(crate) const FIELDS: TableFieldsVtable = TableFieldsVtable {
    list_table_fields: Some(list_fields),
    get_table_field: Some(field),
    add_table_field: Some(field),
};

/// The functions that read, in the old layout.
pub(crate) const READER: TableReaderVtable = TableReaderVtable {
    get_table_name: Some(name),
    get_table_size: Some(size),
    get_table_entry: Some(entry_of),
    read_entry_field: Some(read_field),
};

/// The functions that read.
pub(crate) const READER_EXT: TableReaderVtableExt = TableReaderVtableExt {
    get_table_name: Some(name),
    get_table_size: Some(size),
    get_table_entry: Some(entry_of),
    read_entry_field: Some(read_field),
    release_table_entry: Some(release),
    iterate_entries: Some(iterate),
};

/// The functions that write.
pub(crate) const WRITER: TableWriterVtable = TableWriterVtable {
    clear_table: Some(clear),
    erase_table_entry: Some(erase),
    create_table_entry: Some(create),
    destroy_table_entry: Some(release),
    add_table_entry: Some(add),
    write_entry_field: Some(write_field),
};
