// SPDX-License-Identifier: Apache-2.0
//! The functions through which plugins reach tables: they turn pointers into handles and owned values, and refusals
//! into last errors and findings.
#![expect(unsafe_code, reason = "these functions are called by plugins")]

use std::{
    ffi::{CStr, CString, c_char, c_void},
    ptr,
    sync::Arc,
};

use falconet::abi::{
    Bool, FAILURE, Rc, SUCCESS, StateData, StateType as Number, TableFieldInfo, TableFieldsVtable, TableInfo,
    TableInput, TableIterator, TableReaderVtable, TableReaderVtableExt, TableWriterVtable,
};

use super::{Access, Answer, Data, Refusal, StateTable, StateType, StateValue, TableField, Use, exported::Exported};
use crate::{
    lent::LentList,
    owner::{self, Inner as Owner},
};

fn handle(number: usize) -> *mut c_void {
    ptr::without_provenance_mut(number)
}

/// Runs `body` for the plugin that is being called on this thread; a refusal gives `failed`.
fn call<R>(
    function: &'static str,
    table: *mut c_void,
    access: Access,
    failed: R,
    body: impl FnOnce(&Arc<Owner>, &Arc<dyn StateTable>) -> Answer<R>,
) -> R {
    let Some(owner) = owner::called() else {
        owner::stray(table.addr(), function);
        return failed;
    };
    let found = {
        let mut handles = owner.handles();
        handles.check(access).and_then(|()| handles.table(table.addr()))
    };
    found.and_then(|table| body(&owner, &table)).unwrap_or_else(|refusal| {
        owner.refuse(function, refusal);
        failed
    })
}

/// As [`call`], for the functions that get the owner.
fn init_call<R>(
    function: &'static str,
    owner: *mut c_void,
    failed: R,
    body: impl FnOnce(&Arc<Owner>) -> Answer<R>,
) -> R {
    let Some(owner) = owner::alive(owner) else { return failed };
    let checked = owner.handles().check(Access::Init);
    checked.and_then(|()| body(&owner)).unwrap_or_else(|refusal| {
        owner.refuse(function, refusal);
        failed
    })
}

/// A name that the plugin passed.
///
/// # Safety
/// `name` is NULL or a C string.
unsafe fn name_of<'a>(name: *const c_char) -> Answer<&'a CStr> {
    match name.is_null() {
        true => Refusal::broken("9.2", "the name is NULL"),
        // SAFETY: not NULL, so a C string, by this function's contract.
        false => Ok(unsafe { CStr::from_ptr(name) }),
    }
}

fn type_of(number: Number) -> Answer<StateType> {
    StateType::of(number).ok_or_else(|| Refusal::Broken("9.2", format!("the API has no state type {number}")))
}

/// A value that the plugin passed.
///
/// # Safety
/// As [`StateValue::read`].
unsafe fn value_of(what: &str, kind: StateType, data: *const StateData) -> Answer<StateValue> {
    // SAFETY: the contract is the same.
    unsafe { StateValue::read(kind, data) }.map_err(|why| Refusal::Broken("9.2", format!("{what}: {why}")))
}

/// Hands out a list and writes its length.
///
/// # Safety
/// `count` is NULL or the plugin's own counter.
unsafe fn lend_list<T>(owner: &Owner, key: usize, list: LentList, count: *mut u32) -> Answer<*mut T> {
    if count.is_null() {
        return Refusal::broken("9.2", "the pointer to the count is NULL");
    }
    // SAFETY: not NULL, so the plugin's counter, by this function's contract.
    unsafe { count.write(u32::try_from(list.len()).unwrap_or(u32::MAX)) };
    let array = list.as_ptr();
    owner.handles().lists.insert(key, list);
    Ok(array)
}

fn c_name(name: &str) -> CString {
    CString::new(name).unwrap_or_default()
}

pub(crate) unsafe extern "C" fn list_tables(owner: *mut c_void, count: *mut u32) -> *mut TableInfo {
    init_call("list_tables", owner, ptr::null_mut(), |owner| {
        let tables = owner.tables.all();
        let names = tables.iter().map(|table| c_name(table.label())).collect();
        let types: Vec<_> = tables.iter().map(|table| table.key_type().number()).collect();
        let info = |index: usize, name| TableInfo { name, key_type: types.get(index).copied().unwrap_or_default() };
        // SAFETY: the plugin passes a pointer to its own counter.
        unsafe { lend_list(owner, 0, LentList::new(names, info), count) }
    })
}

pub(crate) unsafe extern "C" fn get_table(owner: *mut c_void, name: *const c_char, key: Number) -> *mut c_void {
    init_call("get_table", owner, ptr::null_mut(), |owner| {
        // SAFETY: the plugin passes a C string.
        let name = unsafe { name_of(name) }?;
        let table = owner.tables.get_with_key(name, StateType::of(key));
        if let Err(Refusal::Failed(_)) = table {
            owner.missed(&name.to_string_lossy());
        }
        let table = table?;
        Ok(handle(owner.handles().keep_table(table)))
    })
}

pub(crate) unsafe extern "C" fn add_table(owner: *mut c_void, input: *const TableInput) -> Rc {
    init_call("add_table", owner, FAILURE, |owner| {
        // SAFETY: the plugin passes a table input.
        let table = unsafe { Exported::new(input, owner, None) }?;
        owner.tables.add(Arc::new(table))?;
        Ok(SUCCESS)
    })
}

unsafe extern "C" fn list_fields(table: *mut c_void, count: *mut u32) -> *const TableFieldInfo {
    let none = ptr::null_mut::<TableFieldInfo>();
    let list = call("list_table_fields", table, Access::Read, none, |owner, found| {
        let fields = found.fields()?;
        let names = fields.iter().map(|field| c_name(&field.name)).collect();
        let info = |index: usize, name| {
            let field = fields.get(index);
            let field_type = field.map_or(0, |field| field.kind.number());
            TableFieldInfo { name, field_type, read_only: Bool::from(field.is_some_and(|field| field.read_only)) }
        };
        // SAFETY: the plugin passes a pointer to its own counter.
        unsafe { lend_list(owner, table.addr(), LentList::new(names, info), count) }
    });
    list.cast_const()
}

type FieldFn = fn(&dyn StateTable, &CStr, StateType) -> Answer<usize>;

/// # Safety
/// `name` is NULL or a C string.
unsafe fn field(
    function: &'static str,
    table: *mut c_void,
    name: *const c_char,
    kind: Number,
    get: FieldFn,
) -> *mut c_void {
    call(function, table, Access::Read, ptr::null_mut(), |owner, table| {
        // SAFETY: by this function's contract.
        let (name, kind) = (unsafe { name_of(name) }?, type_of(kind)?);
        let id = get(&**table, name, kind)?;
        let field = TableField { name: name.to_string_lossy().into_owned(), kind, read_only: false };
        Ok(handle(owner.handles().keep_field(&**table, field, id)))
    })
}

unsafe extern "C" fn get_field(table: *mut c_void, name: *const c_char, kind: Number) -> *mut c_void {
    // SAFETY: the plugin passes a C string.
    unsafe { field("get_table_field", table, name, kind, |table, name, kind| table.field(name, kind)) }
}

unsafe extern "C" fn add_field(table: *mut c_void, name: *const c_char, kind: Number) -> *mut c_void {
    // SAFETY: the plugin passes a C string.
    unsafe { field("add_table_field", table, name, kind, |table, name, kind| table.add_field(name, kind)) }
}

extern "C" fn table_name(table: *mut c_void) -> *const c_char {
    // The name lives as long as the table, which the plugin's handle keeps alive.
    call("get_table_name", table, Access::Read, ptr::null(), |_, table| Ok(table.name().as_ptr()))
}

extern "C" fn size(table: *mut c_void) -> u64 {
    call("get_table_size", table, Access::Read, u64::MAX, |_, table| table.size())
}

unsafe extern "C" fn get_entry(table: *mut c_void, key: *const StateData) -> *mut c_void {
    call("get_table_entry", table, Access::Read, ptr::null_mut(), |owner, table| {
        // SAFETY: the plugin passes a key of the type that it asked the table for.
        let key = unsafe { value_of("the key", table.key_type(), key) }?;
        let entry = table.entry(&key)?;
        Ok(handle(owner.handles().lend_entry(table, entry, Use::Got)?))
    })
}

unsafe extern "C" fn read_field(
    table: *mut c_void,
    entry: *mut c_void,
    field: *const c_void,
    out: *mut StateData,
) -> Rc {
    call("read_entry_field", table, Access::Read, FAILURE, |owner, table| {
        let (entry, field) = {
            let mut handles = owner.handles();
            (handles.entry(entry.addr(), &**table)?.0, handles.field(field.addr(), &**table)?)
        };
        if out.is_null() {
            return Refusal::broken("9.2", "the pointer to the value is NULL");
        }
        let data = match table.read(&entry, field.id, &field.field)? {
            Data::Value(StateValue::String(text)) => {
                let text = CString::new(text).unwrap_or_default();
                StateData { str: owner.handles().lend_text(text)? }
            }
            Data::Value(value) => value.data().0,
            Data::Table(table) => StateData { table: handle(owner.handles().lend_table(table)?) },
        };
        // SAFETY: not NULL, so the plugin's own value.
        unsafe { out.write_unaligned(data) };
        Ok(SUCCESS)
    })
}

extern "C" fn release(table: *mut c_void, entry: *mut c_void) {
    call("release_table_entry", table, Access::Read, (), |owner, table| {
        let (found, of) = owner.handles().entry(entry.addr(), &**table)?;
        match of {
            Use::Got | Use::Added => {
                owner.handles().end_entry(entry.addr(), "released");
                table.release(&found);
                Ok(())
            }
            Use::Created => {
                Refusal::broken("9.3", "an entry of create_table_entry is added or destroyed, not released")
            }
            Use::Iterated => Refusal::broken("9.3", "an entry that was given to an iterator must not be released"),
        }
    });
}

extern "C" fn iterate(table: *mut c_void, iterator: TableIterator, state: *mut c_void) -> Bool {
    call("iterate_entries", table, Access::Read, 0, |owner, table| {
        let Some(iterator) = iterator else { return Refusal::broken("9.6", "the iterator is NULL") };
        let mut refused = None;
        let iteration = owner.handles().iterate(table)?;
        let all = table.iterate(&mut |_, entry| {
            let lent = owner.handles().lend_entry(table, entry, Use::Iterated);
            let lent = match lent {
                Ok(lent) => lent,
                Err(refusal) => {
                    refused = Some(refusal);
                    return false;
                }
            };
            // SAFETY: the plugin's own iterator gets the plugin's own state, and an entry that is a handle.
            let more = unsafe { iterator(state, handle(lent)) } != 0;
            owner.handles().end_entry(lent, "an iterator's, whose call has ended");
            more
        });
        owner.handles().end_iteration(iteration);
        refused.map_or(Ok(Bool::from(all)), Err)
    })
}

fn done(
    function: &'static str,
    table: *mut c_void,
    body: impl FnOnce(&Arc<Owner>, &Arc<dyn StateTable>) -> Answer<()>,
) -> Rc {
    call(function, table, Access::Write, FAILURE, |owner, table| body(owner, table).map(|()| SUCCESS))
}

extern "C" fn clear(table: *mut c_void) -> Rc {
    done("clear_table", table, |owner, table| {
        owner.handles().check_change(&**table)?;
        table.clear()
    })
}

unsafe extern "C" fn erase(table: *mut c_void, key: *const StateData) -> Rc {
    done("erase_table_entry", table, |owner, table| {
        owner.handles().check_change(&**table)?;
        // SAFETY: the plugin passes a key of the type that it asked the table for.
        table.erase(&unsafe { value_of("the key", table.key_type(), key) }?)
    })
}

extern "C" fn create(table: *mut c_void) -> *mut c_void {
    call("create_table_entry", table, Access::Write, ptr::null_mut(), |owner, table| {
        let entry = table.create()?;
        Ok(handle(owner.handles().lend_entry(table, entry, Use::Created)?))
    })
}

/// An entry that was created and is now consumed, whatever comes of it (rule 9.5).
fn consume(owner: &Owner, table: &dyn StateTable, entry: *mut c_void, how: &'static str) -> Answer<super::Entry> {
    let (found, of) = owner.handles().entry(entry.addr(), table)?;
    if of != Use::Created {
        return Refusal::broken("9.3", "the entry is not one of create_table_entry");
    }
    owner.handles().end_entry(entry.addr(), how);
    Ok(found)
}

extern "C" fn destroy(table: *mut c_void, entry: *mut c_void) {
    call("destroy_table_entry", table, Access::Write, (), |owner, table| {
        let entry = consume(owner, &**table, entry, "destroyed")?;
        table.destroy(&entry);
        Ok(())
    });
}

unsafe extern "C" fn add_entry(table: *mut c_void, key: *const StateData, entry: *mut c_void) -> *mut c_void {
    call("add_table_entry", table, Access::Write, ptr::null_mut(), |owner, table| {
        owner.handles().check_change(&**table)?;
        let entry = consume(owner, &**table, entry, "added, which consumes it even where it fails,")?;
        // SAFETY: the plugin passes a key of the type that it asked the table for.
        let key = unsafe { value_of("the key", table.key_type(), key) }?;
        let added = table.add(&key, &entry)?;
        Ok(handle(owner.handles().lend_entry(table, added, Use::Added)?))
    })
}

unsafe extern "C" fn write_field(
    table: *mut c_void,
    entry: *mut c_void,
    field: *const c_void,
    value: *const StateData,
) -> Rc {
    done("write_entry_field", table, |owner, table| {
        let (entry, field) = {
            let mut handles = owner.handles();
            (handles.entry(entry.addr(), &**table)?.0, handles.field(field.addr(), &**table)?)
        };
        if field.field.kind == StateType::Table {
            return Refusal::failed(format!("the field '{}' holds a table, which cannot be written", field.field.name));
        }
        // SAFETY: the plugin passes a value of the type that it asked the field for.
        let value = unsafe { value_of(&format!("the value of '{}'", field.field.name), field.field.kind, value) }?;
        table.write(&entry, field.id, &value)
    })
}

/// The functions for a table's fields.
pub(crate) const FIELDS: TableFieldsVtable = TableFieldsVtable {
    list_table_fields: Some(list_fields),
    get_table_field: Some(get_field),
    add_table_field: Some(add_field),
};

/// The functions that read, in the old layout.
pub(crate) const READER: TableReaderVtable = TableReaderVtable {
    get_table_name: Some(table_name),
    get_table_size: Some(size),
    get_table_entry: Some(get_entry),
    read_entry_field: Some(read_field),
};

/// The functions that read.
pub(crate) const READER_EXT: TableReaderVtableExt = TableReaderVtableExt {
    get_table_name: Some(table_name),
    get_table_size: Some(size),
    get_table_entry: Some(get_entry),
    read_entry_field: Some(read_field),
    release_table_entry: Some(release),
    iterate_entries: Some(iterate),
};

/// The functions that write.
pub(crate) const WRITER: TableWriterVtable = TableWriterVtable {
    clear_table: Some(clear),
    erase_table_entry: Some(erase),
    create_table_entry: Some(create),
    destroy_table_entry: Some(destroy),
    add_table_entry: Some(add_entry),
    write_entry_field: Some(write_field),
};
