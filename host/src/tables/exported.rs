// SPDX-License-Identifier: Apache-2.0
//! A table that a plugin exports: its vtables checked (rule 9.1), its functions called, what they give checked.
#![expect(unsafe_code, reason = "the functions of the plugin's vtables are called")]

use std::{
    ffi::{CStr, CString, c_void},
    ptr,
    sync::{Arc, Weak},
};

use falconet::abi::{
    StateData, TableFieldInfo, TableFieldsVtable, TableInput, TableReaderVtableExt, TableWriterVtable, since,
};

use super::{Answer, Data, Entry, Refusal, StateTable, StateType, StateValue, TableField, iterate};
use crate::{
    call::{Code, POISON_U32, POISON_U64},
    owner::Inner as Owner,
    text,
};

/// More fields than any table has: a larger number is taken for a mistake.
const MAX_FIELDS: u32 = 1 << 16;

/// A plugin's table.
pub(super) struct Exported {
    label: String,
    name: CString,
    key_type: StateType,
    table: *mut c_void,
    reader: TableReaderVtableExt,
    writer: TableWriterVtable,
    fields: TableFieldsVtable,
    owner: Weak<Owner>,
    owner_name: String,
}

// SAFETY: `table` and the functions are the plugin's. They are called only while it lives (`call`), and only on the
// thread that uses its inspector: `Plugin` is not `Sync`, and table calls from other threads are refused.
unsafe impl Send for Exported {}
// SAFETY: as above.
unsafe impl Sync for Exported {}

macro_rules! compare {
    ($wrong:ident, $old:expr, $ext:expr, [$($name:ident),*]) => { $(
        let (old, ext) = ($old.$name.map(|function| function as usize), $ext.$name.map(|function| function as usize));
        match ext {
            None => $wrong.push(concat!(stringify!($name), " is NULL")),
            _ if old != ext => $wrong.push(concat!(stringify!($name), " is not the same in both vtables")),
            _ => {}
        }
    )* };
}

impl Exported {
    /// The table that a plugin hands over, if the real host would take it. `parent` is the label of the table whose
    /// field holds it, if it is a table in an entry.
    ///
    /// # Safety
    /// `input` is NULL or points to a table input of the living plugin `owner`.
    pub(super) unsafe fn new(input: *const TableInput, owner: &Arc<Owner>, parent: Option<&str>) -> Answer<Self> {
        // SAFETY: NULL or a table input, by this function's contract.
        let Some(input) = (unsafe { input.as_ref() }) else {
            return Refusal::broken("9.1", "the table input is NULL");
        };
        // SAFETY: a table input's name is NULL or a C string.
        let Some(name) = (unsafe { text::bytes(input.name) }).filter(|name| !name.is_empty()) else {
            return Refusal::broken("9.1", "the name of the exported table is NULL or empty");
        };
        let text = String::from_utf8_lossy(&name).into_owned();
        let key_type = match StateType::of(input.key_type) {
            None | Some(StateType::Table) => {
                return Refusal::broken(
                    "9.1",
                    format!("the exported table '{text}' has no key type: {}", input.key_type),
                );
            }
            Some(key_type) => key_type,
        };
        // Before 3.1 there were no extended vtables: the host makes them up, with functions that do nothing.
        let (reader, writer, fields) = if owner.minor < since::EVENT_TYPES_STATE {
            let old = input.reader;
            let reader = TableReaderVtableExt {
                get_table_name: old.get_table_name,
                get_table_size: old.get_table_size,
                get_table_entry: old.get_table_entry,
                read_entry_field: old.read_entry_field,
                release_table_entry: Some(no_release),
                iterate_entries: Some(no_iterate),
            };
            (Some(reader), Some(input.writer), Some(input.fields))
        } else {
            // SAFETY: NULL or vtables of the plugin, by this function's contract.
            unsafe {
                (
                    input.reader_ext.as_ref().copied(),
                    input.writer_ext.as_ref().copied(),
                    input.fields_ext.as_ref().copied(),
                )
            }
        };
        let (Some(reader), Some(writer), Some(fields)) = (reader, writer, fields) else {
            return Refusal::broken(
                "9.1",
                format!("the exported table '{text}' lacks an extended vtable: fill all three"),
            );
        };
        let mut wrong = Vec::new();
        compare!(wrong, input.reader, reader, [get_table_name, get_table_size, get_table_entry, read_entry_field]);
        compare!(wrong, reader, reader, [release_table_entry, iterate_entries]);
        compare!(wrong, input.writer, writer, [clear_table, erase_table_entry, create_table_entry]);
        compare!(wrong, input.writer, writer, [destroy_table_entry, add_table_entry, write_entry_field]);
        compare!(wrong, input.fields, fields, [list_table_fields, get_table_field, add_table_field]);
        if !wrong.is_empty() {
            let wrong = wrong.join(", ");
            return Refusal::broken("9.1", format!("the vtables of the exported table '{text}' are broken: {wrong}"));
        }
        let (label, name) = (parent.map_or(text.clone(), str::to_owned), CString::new(name).unwrap_or_default());
        let (table, owner_name, owner) = (input.table, owner.name.clone(), Arc::downgrade(owner));
        Ok(Self { label, name, key_type, table, reader, writer, fields, owner, owner_name })
    }

    /// Calls a function of the plugin, if it still lives.
    fn call<F, R>(&self, function: Option<F>, call: impl FnOnce(F, *mut c_void) -> R) -> Answer<R> {
        let alive = self.owner.upgrade().is_some_and(|owner| owner.is_alive());
        match function.filter(|_| alive) {
            Some(function) => Ok(call(function, self.table)),
            None => Refusal::failed(format!(
                "the plugin '{}', which owns the table '{}', is gone",
                self.owner_name, self.label
            )),
        }
    }

    /// The failure of a call, with the owner's own message.
    fn failed<T>(&self, function: &str) -> Answer<T> {
        let message = self.owner.upgrade().and_then(|owner| owner.message_of_plugin());
        let none = || format!("{function} of the table '{}' failed, and its plugin gives no message", self.label);
        Refusal::failed(message.filter(|message| !message.is_empty()).unwrap_or_else(none))
    }

    /// What the owner of the table did wrong.
    fn found(&self, what: &str) {
        if let Some(owner) = self.owner.upgrade() {
            owner.found("9.1", format!("the table '{}': {what}", self.label));
        }
    }

    fn entry_of(&self, function: &str, entry: *mut c_void) -> Answer<Entry> {
        if entry.is_null() { self.failed(function) } else { Ok(Entry::Exported(entry.addr())) }
    }

    fn done(&self, function: &'static str, rc: falconet::abi::Rc) -> Answer<()> {
        match Code::done(function, rc) {
            Ok(true) => Ok(()),
            Ok(false) => self.failed(function),
            Err(error) => {
                self.found(&error.to_string());
                Refusal::failed(error.to_string())
            }
        }
    }
}

/// The pointer that the plugin gave for an entry.
fn pointer(entry: &Entry) -> *mut c_void {
    match entry {
        Entry::Exported(address) => ptr::with_exposed_provenance_mut(*address),
        Entry::Host(_) => ptr::null_mut(),
    }
}

extern "C" fn no_release(_table: *mut c_void, _entry: *mut c_void) {}

extern "C" fn no_iterate(_table: *mut c_void, _iterator: falconet::abi::TableIterator, _state: *mut c_void) -> u32 {
    0
}

/// What is wrong with one field of a list, or the field.
///
/// # Safety
/// The name is NULL or a C string.
unsafe fn table_field(info: &TableFieldInfo) -> Result<TableField, String> {
    // SAFETY: by this function's contract.
    let name = unsafe { text::text(info.name) }.filter(|name| !name.is_empty()).ok_or("its name is NULL or empty")?;
    let kind = StateType::of(info.field_type).ok_or(format!("'{name}' has the unknown type {}", info.field_type))?;
    Ok(TableField { name, kind, read_only: info.read_only != 0 })
}

impl StateTable for Exported {
    fn label(&self) -> &str {
        &self.label
    }

    fn id(&self) -> usize {
        self.table.addr()
    }

    fn owner(&self) -> Option<&str> {
        Some(&self.owner_name)
    }

    fn name(&self) -> &CStr {
        // SAFETY: the function takes the table of its vtable, and gives NULL or a C string.
        let told = self.call(self.reader.get_table_name, |name, table| unsafe { text::bytes(name(table)) });
        if let Ok(told) = told
            && told.as_deref() != Some(self.name.to_bytes())
        {
            let told = told.map_or("NULL".to_owned(), |told| format!("'{}'", String::from_utf8_lossy(&told)));
            self.found(&format!("get_table_name gave {told}"));
        }
        &self.name
    }

    fn key_type(&self) -> StateType {
        self.key_type
    }

    fn fields(&self) -> Answer<Vec<TableField>> {
        let mut count = POISON_U32;
        // SAFETY: the function takes the table of its vtable; the counter is ours.
        let list = self.call(self.fields.list_table_fields, |list, table| unsafe { list(table, &raw mut count) })?;
        if list.is_null() && count != 0 {
            return self.failed("list_table_fields");
        }
        if count > MAX_FIELDS {
            self.found(&format!("list_table_fields gave {count} fields: nfields must be written"));
            return Refusal::failed("list_table_fields gave no count");
        }
        let mut fields: Vec<TableField> = Vec::new();
        for index in 0..count as usize {
            // SAFETY: the plugin says that `count` fields are there, each with a name.
            let field = unsafe { table_field(&list.add(index).read()) };
            match field {
                Err(what) => self.found(&format!("list_table_fields, field {index} (from 0): {what}")),
                Ok(field) if fields.iter().any(|other| other.name == field.name) => {
                    self.found(&format!("list_table_fields has the field '{}' twice", field.name));
                }
                Ok(field) => fields.push(field),
            }
        }
        Ok(fields)
    }

    fn field(&self, name: &CStr, kind: StateType) -> Answer<usize> {
        // SAFETY: the function takes the table of its vtable; the name lives during the call.
        let get = |get: unsafe extern "C" fn(_, _, _) -> _, table| unsafe { get(table, name.as_ptr(), kind.number()) };
        let field: *mut c_void = self.call(self.fields.get_table_field, get)?;
        if field.is_null() { self.failed("get_table_field") } else { Ok(field.expose_provenance()) }
    }

    fn add_field(&self, name: &CStr, kind: StateType) -> Answer<usize> {
        // SAFETY: as in `field`.
        let add = |add: unsafe extern "C" fn(_, _, _) -> _, table| unsafe { add(table, name.as_ptr(), kind.number()) };
        let field: *mut c_void = self.call(self.fields.add_table_field, add)?;
        if field.is_null() { self.failed("add_table_field") } else { Ok(field.expose_provenance()) }
    }

    fn size(&self) -> Answer<u64> {
        // SAFETY: the function takes the table of its vtable.
        let size = self.call(self.reader.get_table_size, |size, table| unsafe { size(table) })?;
        if size == u64::MAX { self.failed("get_table_size") } else { Ok(size) }
    }

    fn entry(&self, key: &StateValue) -> Answer<Entry> {
        let (key, _text) = key.data();
        // SAFETY: the function takes the table of its vtable; the key is of the table's type and lives during the call.
        let entry = self.call(self.reader.get_table_entry, |get, table| unsafe { get(table, &raw const key) })?;
        entry.expose_provenance();
        self.entry_of("get_table_entry", entry)
    }

    fn release(&self, entry: &Entry) {
        let entry = pointer(entry);
        // SAFETY: the function takes the table of its vtable, and an entry that it gave and was not given back.
        let _ = self.call(self.reader.release_table_entry, |release, table| unsafe { release(table, entry) });
    }

    fn iterate(&self, each: &mut dyn FnMut(Option<&StateValue>, Entry) -> bool) -> bool {
        let mut next = |entry: usize| {
            if entry == 0 {
                self.found("iterate_entries gave NULL for an entry");
                return true;
            }
            each(None, Entry::Exported(entry))
        };
        let all = self.call(self.reader.iterate_entries, |_, table| {
            // SAFETY: the plugin lives, and the table is its vtable's.
            unsafe { iterate::iterate(&self.reader, table, &mut next) }
        });
        all.ok().flatten().is_some_and(|all| all != 0)
    }

    fn clear(&self) -> Answer<()> {
        // SAFETY: the function takes the table of its vtable.
        let rc = self.call(self.writer.clear_table, |clear, table| unsafe { clear(table) })?;
        self.done("clear_table", rc)
    }

    fn erase(&self, key: &StateValue) -> Answer<()> {
        let (key, _text) = key.data();
        // SAFETY: as in `entry`.
        let rc = self.call(self.writer.erase_table_entry, |erase, table| unsafe { erase(table, &raw const key) })?;
        self.done("erase_table_entry", rc)
    }

    fn create(&self) -> Answer<Entry> {
        // SAFETY: the function takes the table of its vtable.
        let entry = self.call(self.writer.create_table_entry, |create, table| unsafe { create(table) })?;
        entry.expose_provenance();
        self.entry_of("create_table_entry", entry)
    }

    fn destroy(&self, entry: &Entry) {
        let entry = pointer(entry);
        // SAFETY: the function takes the table of its vtable, and an entry that it made and that was not added.
        let _ = self.call(self.writer.destroy_table_entry, |destroy, table| unsafe { destroy(table, entry) });
    }

    fn add(&self, key: &StateValue, entry: &Entry) -> Answer<Entry> {
        let ((key, _text), entry) = (key.data(), pointer(entry));
        // SAFETY: as in `entry` and `destroy`.
        let added =
            self.call(self.writer.add_table_entry, |add, table| unsafe { add(table, &raw const key, entry) })?;
        added.expose_provenance();
        self.entry_of("add_table_entry", added)
    }

    fn read(&self, entry: &Entry, id: usize, field: &TableField) -> Answer<Data> {
        let (entry, kind) = (pointer(entry), field.kind);
        let id = ptr::with_exposed_provenance::<c_void>(id);
        let mut data = StateData { u64: POISON_U64 };
        let out = &raw mut data;
        // SAFETY: the function takes the table of its vtable, an entry and a field that it gave; the value is ours.
        let rc = self.call(self.reader.read_entry_field, |read, table| unsafe { read(table, entry, id, out) })?;
        self.done("read_entry_field", rc)?;
        // SAFETY: any bytes are a number.
        let unwritten = unsafe { data.u64 } == POISON_U64;
        if unwritten && !matches!(kind, StateType::I8 | StateType::U8 | StateType::I16 | StateType::U16) {
            self.found("read_entry_field gave success and wrote no value");
            return Refusal::failed("read_entry_field wrote no value");
        }
        if kind == StateType::Table {
            return self.sub_table(&data, &field.name);
        }
        // SAFETY: the plugin says that the value is of its field's type.
        match unsafe { StateValue::read(kind, &raw const data) } {
            Ok(value) => Ok(Data::Value(value)),
            Err(what) => {
                self.found(&format!("read_entry_field: {what}"));
                Refusal::failed(what)
            }
        }
    }

    fn write(&self, entry: &Entry, id: usize, value: &StateValue) -> Answer<()> {
        let ((value, _text), entry) = (value.data(), pointer(entry));
        let (id, value) = (ptr::with_exposed_provenance::<c_void>(id), &raw const value);
        // SAFETY: as in `read`; the value is of the field's type.
        let rc = self.call(self.writer.write_entry_field, |write, table| unsafe { write(table, entry, id, value) })?;
        self.done("write_entry_field", rc)
    }
}

impl Exported {
    /// The table that a field holds: the plugin hands over a table input of its own.
    fn sub_table(&self, data: &StateData, field: &str) -> Answer<Data> {
        // SAFETY: a pointer member, as an address or NULL.
        let input = unsafe { data.table }.cast_const().cast::<TableInput>();
        let owner = self.owner.upgrade().filter(|_| !input.is_null()).ok_or(Refusal::Silent)?;
        let label = format!("{}/{field}", self.label);
        // SAFETY: the plugin gives a table input of its own, which lives as long as the entry.
        match unsafe { Self::new(input, &owner, Some(&label)) } {
            Ok(table) => Ok(Data::Table(Arc::new(table))),
            Err(Refusal::Broken(_, what)) => {
                self.found(&what);
                Refusal::failed(what)
            }
            Err(other) => Err(other),
        }
    }
}
