// SPDX-License-Identifier: Apache-2.0
//! The host's side of state tables, at its smallest: it keeps what a plugin exports, and hands calls on to it.
//!
//! A table's handle is the plugin's own input, at the top and in an entry; entries and fields are the plugin's pointers.
#![expect(clippy::undocumented_unsafe_blocks, reason = "the pointers are the plugin's, handed back to it")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_void};
use std::ptr::null_mut;

use falconet::abi::{self, StateData};

thread_local! {
    static TABLE: Cell<Option<(abi::TableInput, abi::TableInfo)>> = const { Cell::new(None) };
}

/// Where the plugin's table is kept: the pointer is the table's handle.
fn table() -> *mut c_void {
    TABLE.with(|table| table.as_ptr().cast())
}

unsafe fn input<'a>(table: *mut c_void) -> &'a abi::TableInput {
    // An `Option` of a struct of pointers is not the struct: the handle of the exported one is of the whole.
    if table == self::table() {
        return unsafe { &(*table.cast::<Option<(abi::TableInput, abi::TableInfo)>>()).as_ref().unwrap().0 };
    }
    unsafe { &*table.cast() }
}

unsafe extern "C" fn list_tables(_: *mut c_void, number: *mut u32) -> *mut abi::TableInfo {
    let kept = unsafe { &mut *table().cast::<Option<(abi::TableInput, abi::TableInfo)>>() };
    unsafe { number.write(u32::from(kept.is_some())) };
    kept.as_mut().map_or(null_mut(), |kept| &raw mut kept.1)
}

unsafe extern "C" fn get_table(_: *mut c_void, _: *const c_char, _: abi::StateType) -> *mut c_void {
    table()
}

unsafe extern "C" fn add_table(_: *mut c_void, added: *const abi::TableInput) -> abi::Rc {
    let added = unsafe { added.read() };
    TABLE.set(Some((added, abi::TableInfo { name: added.name, key_type: added.key_type })));
    abi::SUCCESS
}

macro_rules! hand_on {
    ($($vtable:ident: $name:ident($($arg:ident: $type:ty),*) $(-> $ret:ty)?;)+) => { $(
        unsafe extern "C" fn $name(table: *mut c_void $(, $arg: $type)*) $(-> $ret)? {
            unsafe {
                let input = input(table);
                (*input.$vtable).$name.unwrap()(input.table $(, $arg)*)
            }
        }
    )+ };
}

hand_on! {
    reader_ext: get_table_name() -> *const c_char;
    reader_ext: get_table_size() -> u64;
    reader_ext: get_table_entry(key: *const StateData) -> *mut c_void;
    reader_ext: read_entry_field(entry: *mut c_void, field: *const c_void, out: *mut StateData) -> abi::Rc;
    reader_ext: release_table_entry(entry: *mut c_void);
    reader_ext: iterate_entries(step: abi::TableIterator, walk: *mut c_void) -> abi::Bool;
    writer_ext: clear_table() -> abi::Rc;
    writer_ext: erase_table_entry(key: *const StateData) -> abi::Rc;
    writer_ext: create_table_entry() -> *mut c_void;
    writer_ext: destroy_table_entry(entry: *mut c_void);
    writer_ext: add_table_entry(key: *const StateData, entry: *mut c_void) -> *mut c_void;
    writer_ext: write_entry_field(entry: *mut c_void, field: *const c_void, value: *const StateData) -> abi::Rc;
    fields_ext: list_table_fields(number: *mut u32) -> *const abi::TableFieldInfo;
    fields_ext: get_table_field(name: *const c_char, of: abi::StateType) -> *mut c_void;
    fields_ext: add_table_field(name: *const c_char, of: abi::StateType) -> *mut c_void;
}

/// The functions that a plugin is given.
pub(crate) struct Host {
    reader: abi::TableReaderVtableExt,
    writer: abi::TableWriterVtable,
    fields: abi::TableFieldsVtable,
}

impl Host {
    pub(crate) const fn new() -> Self {
        Self {
            reader: abi::TableReaderVtableExt {
                get_table_name: Some(get_table_name),
                get_table_size: Some(get_table_size),
                get_table_entry: Some(get_table_entry),
                read_entry_field: Some(read_entry_field),
                release_table_entry: Some(release_table_entry),
                iterate_entries: Some(iterate_entries),
            },
            writer: abi::TableWriterVtable {
                clear_table: Some(clear_table),
                erase_table_entry: Some(erase_table_entry),
                create_table_entry: Some(create_table_entry),
                destroy_table_entry: Some(destroy_table_entry),
                add_table_entry: Some(add_table_entry),
                write_entry_field: Some(write_entry_field),
            },
            fields: abi::TableFieldsVtable {
                list_table_fields: Some(list_table_fields),
                get_table_field: Some(get_table_field),
                add_table_field: Some(add_table_field),
            },
        }
    }

    pub(crate) fn init(&mut self) -> abi::InitTablesInput {
        abi::InitTablesInput {
            list_tables: Some(list_tables),
            get_table: Some(get_table),
            add_table: Some(add_table),
            fields: self.fields,
            fields_ext: &raw mut self.fields,
            reader_ext: &raw mut self.reader,
            writer_ext: &raw mut self.writer,
        }
    }

    pub(crate) fn parse(&mut self) -> abi::EventParseInput {
        abi::EventParseInput {
            owner: null_mut(),
            get_owner_last_error: Some(last_error),
            table_reader_ext: &raw mut self.reader,
            table_writer_ext: &raw mut self.writer,
            ..super::poison()
        }
    }

    pub(crate) fn extract(&mut self) -> abi::FieldExtractInput {
        abi::FieldExtractInput {
            owner: null_mut(),
            get_owner_last_error: Some(last_error),
            table_reader_ext: &raw mut self.reader,
            ..super::poison()
        }
    }
}

unsafe extern "C" fn last_error(_: *mut c_void) -> *const c_char {
    CStr::as_ptr(c"as asked")
}
