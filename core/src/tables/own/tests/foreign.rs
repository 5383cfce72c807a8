// SPDX-License-Identifier: Apache-2.0
//! A host and a plugin in C, as an exported table meets them.
#![expect(
    clippy::undocumented_unsafe_blocks,
    reason = "a caller in C, whose pointers are the tables' or wrong on purpose"
)]

use core::ffi::{CStr, c_char, c_void};
use core::ptr::{null, null_mut};
use std::boxed::Box;
use std::cell::RefCell;
use std::rc::Rc;
use std::string::{String, ToString};
use std::vec::Vec;

use super::{Shared, TABLES};
use crate::Error;
use crate::abi::{self, StateData, TableInput};
use crate::tables::{InitTables, Session, Sink, register};

#[derive(Default)]
pub(super) struct Foreign {
    errors: RefCell<Vec<String>>,
    inputs: RefCell<Vec<Rc<TableInput>>>,
    infos: RefCell<Vec<abi::TableInfo>>,
}

impl Foreign {
    /// A host with the tables of a plugin.
    pub(super) fn of(shared: &'static Shared) -> Box<Self> {
        let host = Box::new(Self::default());
        let errors = core::ptr::from_ref(&host.errors).cast();
        // The tests keep the host longer than they use the tables.
        let sink = unsafe { Sink::new(errors, tell) };
        host.init(|tables| register(tables, shared, TABLES, sink)).0.unwrap();
        host
    }

    pub(super) fn errors(&self) -> Vec<String> {
        self.errors.borrow().clone()
    }

    pub(super) fn last(&self) -> String {
        self.errors.borrow_mut().pop().unwrap_or_default()
    }

    pub(super) fn table(&self, index: usize) -> Caller {
        Caller(&raw const *self.inputs.borrow()[index])
    }

    pub(super) fn init<R>(&self, f: impl FnOnce(&InitTables<'_>) -> R) -> (R, Session) {
        let (mut fields_ext, mut reader_ext, mut writer_ext) = (FIELDS, READER, WRITER);
        let tables = abi::InitTablesInput {
            list_tables: Some(list_tables),
            get_table: Some(get_table),
            add_table: Some(add_table),
            fields: FIELDS,
            fields_ext: &raw mut fields_ext,
            reader_ext: &raw mut reader_ext,
            writer_ext: &raw mut writer_ext,
        };
        let input = abi::InitInput {
            config: null(),
            owner: core::ptr::from_ref(self).cast_mut().cast(),
            get_owner_last_error: Some(last_error),
            tables: &raw const tables,
            log_fn: None,
        };
        let tables = unsafe { InitTables::new(&input) }.unwrap();
        (f(&tables), tables.session())
    }
}

unsafe fn tell(errors: *const c_void, error: &Error) {
    unsafe { (*errors.cast::<RefCell<Vec<String>>>()).borrow_mut().push(error.to_string()) }
}

unsafe extern "C" fn last_error(_: *mut c_void) -> *const c_char {
    c"the name is taken".as_ptr()
}

fn host<'a>(owner: *mut c_void) -> &'a Foreign {
    unsafe { &*owner.cast::<Foreign>() }
}

unsafe extern "C" fn list_tables(owner: *mut c_void, number: *mut u32) -> *mut abi::TableInfo {
    let host = host(owner);
    *host.infos.borrow_mut() = host
        .inputs
        .borrow()
        .iter()
        .map(|input| abi::TableInfo { name: input.name, key_type: input.key_type })
        .collect();
    unsafe { number.write(u32::try_from(host.infos.borrow().len()).unwrap()) };
    host.infos.borrow_mut().as_mut_ptr()
}

fn find(owner: *mut c_void, name: *const c_char) -> *mut c_void {
    let name = unsafe { CStr::from_ptr(name) };
    let inputs = host(owner).inputs.borrow();
    let found = inputs.iter().find(|input| unsafe { CStr::from_ptr(input.name) } == name);
    found.map_or(null_mut(), |input| core::ptr::from_ref(&**input).cast_mut().cast())
}

unsafe extern "C" fn get_table(owner: *mut c_void, name: *const c_char, _: u32) -> *mut c_void {
    find(owner, name)
}

/// Copies the vtables, keeps `name` and `table`, and wants old and extended functions alike (rule 9.1).
unsafe extern "C" fn add_table(owner: *mut c_void, input: *const TableInput) -> abi::Rc {
    let input = unsafe { &*input };
    let (reader, writer, fields) = unsafe { (&*input.reader_ext, &*input.writer_ext, &*input.fields_ext) };
    macro_rules! alike {
        ($old:expr, $ext:expr; $($name:ident),+) => {
            $(assert_eq!($old.$name.unwrap() as usize, $ext.$name.unwrap() as usize);)+
        };
    }
    alike!(input.reader, reader; get_table_name, get_table_size, get_table_entry, read_entry_field);
    alike!(input.writer, writer; clear_table, erase_table_entry, create_table_entry, destroy_table_entry);
    alike!(input.writer, writer; add_table_entry, write_entry_field);
    alike!(input.fields, fields; list_table_fields, get_table_field, add_table_field);
    assert!(reader.release_table_entry.is_some() && reader.iterate_entries.is_some());
    if !find(owner, input.name).is_null() {
        return abi::FAILURE;
    }
    host(owner).inputs.borrow_mut().push(Rc::new(*input));
    abi::SUCCESS
}

/// A caller of a table's functions, with any pointers.
#[derive(Clone, Copy)]
pub(super) struct Caller(*const TableInput);

pub(super) trait ToKey {
    fn key(self) -> StateData;
}

impl ToKey for u64 {
    fn key(self) -> StateData {
        StateData { u64: self }
    }
}

impl ToKey for u16 {
    fn key(self) -> StateData {
        StateData { u64: 0xABAB_0000 | u64::from(self) }
    }
}

impl ToKey for bool {
    fn key(self) -> StateData {
        StateData { b: u32::from(self) * 2 }
    }
}

impl ToKey for &CStr {
    fn key(self) -> StateData {
        StateData { str: self.as_ptr() }
    }
}

impl Caller {
    pub(super) fn nested(table: *mut c_void) -> Self {
        Self(table.cast())
    }

    pub(super) fn input(self) -> TableInput {
        unsafe { *self.0 }
    }

    fn reader(self) -> abi::TableReaderVtableExt {
        unsafe { *self.input().reader_ext }
    }

    pub(super) fn get_with(self, key: *const StateData) -> *mut c_void {
        unsafe { self.reader().get_table_entry.unwrap()(self.input().table, key) }
    }

    pub(super) fn get(self, key: impl ToKey) -> Option<*mut c_void> {
        let key = key.key();
        Some(self.get_with(&raw const key)).filter(|entry| !entry.is_null())
    }

    /// Adds entries at these keys, each with its key in a field.
    pub(super) fn fill(self, keys: std::ops::Range<u64>, field: *mut c_void) {
        for key in keys {
            let entry = self.add(key);
            assert!(self.write(entry, field, StateData { u64: key }));
            self.release(entry);
        }
    }

    pub(super) fn size(self) -> u64 {
        unsafe { self.reader().get_table_size.unwrap()(self.input().table) }
    }

    pub(super) fn release(self, entry: *mut c_void) {
        unsafe { self.reader().release_table_entry.unwrap()(self.input().table, entry) }
    }

    pub(super) fn read(self, entry: *mut c_void, field: *mut c_void) -> Option<StateData> {
        let mut out = StateData { u64: u64::MAX };
        let rc = unsafe { self.reader().read_entry_field.unwrap()(self.input().table, entry, field, &raw mut out) };
        (rc == abi::SUCCESS).then_some(out)
    }

    pub(super) fn read_u64(self, entry: *mut c_void, field: *mut c_void) -> Option<u64> {
        self.read(entry, field).map(|data| unsafe { data.u64 })
    }

    pub(super) fn read_text(self, entry: *mut c_void, field: *mut c_void) -> Option<std::ffi::CString> {
        self.read(entry, field).map(|data| unsafe { CStr::from_ptr(data.str) }.into())
    }

    pub(super) fn iterate(self, mut each: impl FnMut(*mut c_void) -> bool) -> bool {
        unsafe extern "C" fn step<F: FnMut(*mut c_void) -> bool>(each: *mut c_void, entry: *mut c_void) -> abi::Bool {
            u32::from(unsafe { (*each.cast::<F>())(entry) })
        }
        fn of<F: FnMut(*mut c_void) -> bool>(_: &F) -> abi::TableIterator {
            Some(step::<F>)
        }
        let step = of(&each);
        unsafe { self.reader().iterate_entries.unwrap()(self.input().table, step, (&raw mut each).cast()) != 0 }
    }

    pub(super) fn clear(self) -> bool {
        unsafe { self.input().writer.clear_table.unwrap()(self.input().table) == abi::SUCCESS }
    }

    pub(super) fn erase(self, key: impl ToKey) -> bool {
        let key = key.key();
        unsafe { self.input().writer.erase_table_entry.unwrap()(self.input().table, &raw const key) == abi::SUCCESS }
    }

    pub(super) fn create(self) -> *mut c_void {
        unsafe { self.input().writer.create_table_entry.unwrap()(self.input().table) }
    }

    pub(super) fn destroy(self, entry: *mut c_void) {
        unsafe { self.input().writer.destroy_table_entry.unwrap()(self.input().table, entry) }
    }

    pub(super) fn add_entry(self, key: impl ToKey, entry: *mut c_void) -> *mut c_void {
        let key = key.key();
        unsafe { self.input().writer.add_table_entry.unwrap()(self.input().table, &raw const key, entry) }
    }

    pub(super) fn add(self, key: impl ToKey) -> *mut c_void {
        self.add_entry(key, self.create())
    }

    pub(super) fn write(self, entry: *mut c_void, field: *mut c_void, value: StateData) -> bool {
        let write = self.input().writer.write_entry_field.unwrap();
        unsafe { write(self.input().table, entry, field, &raw const value) == abi::SUCCESS }
    }

    pub(super) fn fields(self) -> Vec<(String, u32, u32)> {
        let mut number = 77;
        let list = unsafe { self.input().fields.list_table_fields.unwrap()(self.input().table, &raw mut number) };
        let list = unsafe { core::slice::from_raw_parts(list, number as usize) };
        let name = |name| unsafe { CStr::from_ptr(name) }.to_str().unwrap().to_string();
        list.iter().map(|info| (name(info.name), info.field_type, info.read_only)).collect()
    }

    pub(super) fn field(self, name: &CStr, r#type: u32) -> *mut c_void {
        unsafe { self.input().fields.get_table_field.unwrap()(self.input().table, name.as_ptr(), r#type) }
    }

    pub(super) fn add_field(self, name: &CStr, r#type: u32) -> *mut c_void {
        unsafe { self.input().fields.add_table_field.unwrap()(self.input().table, name.as_ptr(), r#type) }
    }
}

/// The host's functions: they hand every call on to the table's.
macro_rules! dispatch {
    ($($ext:ident $name:ident($($arg:ident: $type:ty),*) -> $ret:ty;)+) => { $(
        unsafe extern "C" fn $name(table: *mut c_void, $($arg: $type),*) -> $ret {
            unsafe {
                let input = &*table.cast::<TableInput>();
                (*input.$ext).$name.unwrap()(input.table, $($arg),*)
            }
        }
    )+ };
}

dispatch! {
    reader_ext get_table_name() -> *const c_char;
    reader_ext get_table_size() -> u64;
    reader_ext get_table_entry(key: *const StateData) -> *mut c_void;
    reader_ext read_entry_field(entry: *mut c_void, field: *const c_void, out: *mut StateData) -> abi::Rc;
    reader_ext release_table_entry(entry: *mut c_void) -> ();
    reader_ext iterate_entries(step: abi::TableIterator, walk: *mut c_void) -> abi::Bool;
    writer_ext clear_table() -> abi::Rc;
    writer_ext erase_table_entry(key: *const StateData) -> abi::Rc;
    writer_ext create_table_entry() -> *mut c_void;
    writer_ext destroy_table_entry(entry: *mut c_void) -> ();
    writer_ext add_table_entry(key: *const StateData, entry: *mut c_void) -> *mut c_void;
    writer_ext write_entry_field(entry: *mut c_void, field: *const c_void, value: *const StateData) -> abi::Rc;
    fields_ext list_table_fields(number: *mut u32) -> *const abi::TableFieldInfo;
    fields_ext get_table_field(name: *const c_char, r#type: u32) -> *mut c_void;
    fields_ext add_table_field(name: *const c_char, r#type: u32) -> *mut c_void;
}

pub(super) const READER: abi::TableReaderVtableExt = abi::TableReaderVtableExt {
    get_table_name: Some(get_table_name),
    get_table_size: Some(get_table_size),
    get_table_entry: Some(get_table_entry),
    read_entry_field: Some(read_entry_field),
    release_table_entry: Some(release_table_entry),
    iterate_entries: Some(iterate_entries),
};

pub(super) const WRITER: abi::TableWriterVtable = abi::TableWriterVtable {
    clear_table: Some(clear_table),
    erase_table_entry: Some(erase_table_entry),
    create_table_entry: Some(create_table_entry),
    destroy_table_entry: Some(destroy_table_entry),
    add_table_entry: Some(add_table_entry),
    write_entry_field: Some(write_entry_field),
};

const FIELDS: abi::TableFieldsVtable = abi::TableFieldsVtable {
    list_table_fields: Some(list_table_fields),
    get_table_field: Some(get_table_field),
    add_table_field: Some(add_table_field),
};
