// SPDX-License-Identifier: Apache-2.0
//! The functions by which the host and other plugins use a table: one set for tables of all types.
//!
//! Every pointer that comes in is checked as far as it can be: NULL, entries against the slots and who holds them, fields
//! against the known ones. What is wrong is told to the owner, whose last error the host passes on.
#![expect(unsafe_code, reason = "called by the host with bare pointers")]

use core::ffi::{CStr, c_char, c_void};
use core::ptr::{null, null_mut};

use heapless::CString;

use super::called::{Called, FieldAt, NO_TYPE, kind_of, locked, with_key};
use super::export::hand_out;
use super::layout::{AddedField, MAX_FIELDS, MAX_NAME, state};
use super::raw::release;
use super::row::Kind;
use super::text::too_long;
use crate::abi::{self, FAILURE, SUCCESS, StateData};
use crate::error::Error;

static READER: abi::TableReaderVtableExt = abi::TableReaderVtableExt {
    get_table_name: Some(get_table_name),
    get_table_size: Some(get_table_size),
    get_table_entry: Some(get_table_entry),
    read_entry_field: Some(read_entry_field),
    release_table_entry: Some(release_table_entry),
    iterate_entries: Some(iterate_entries),
};

static WRITER: abi::TableWriterVtable = abi::TableWriterVtable {
    clear_table: Some(clear_table),
    erase_table_entry: Some(erase_table_entry),
    create_table_entry: Some(create_table_entry),
    destroy_table_entry: Some(destroy_table_entry),
    add_table_entry: Some(add_table_entry),
    write_entry_field: Some(write_entry_field),
};

static FIELDS: abi::TableFieldsVtable = abi::TableFieldsVtable {
    list_table_fields: Some(list_table_fields),
    get_table_field: Some(get_table_field),
    add_table_field: Some(add_table_field),
};

/// What a host takes a table by: old and extended functions alike (rule 9.1).
pub(super) fn input(name: &'static CStr, key_type: abi::StateType, table: *mut c_void) -> abi::TableInput {
    abi::TableInput {
        name: name.as_ptr(),
        key_type,
        table,
        reader: abi::TableReaderVtable {
            get_table_name: READER.get_table_name,
            get_table_size: READER.get_table_size,
            get_table_entry: READER.get_table_entry,
            read_entry_field: READER.read_entry_field,
        },
        writer: WRITER,
        fields: FIELDS,
        // The host reads them only.
        reader_ext: (&raw const READER).cast_mut(),
        writer_ext: (&raw const WRITER).cast_mut(),
        fields_ext: (&raw const FIELDS).cast_mut(),
    }
}

unsafe extern "C" fn get_table_name(table: *mut c_void) -> *const c_char {
    // SAFETY: the host's table. Its input was written when it was handed out.
    unsafe { locked(table, null(), |called| Ok((*called.raw.head().input.get().cast::<abi::TableInput>()).name)) }
}

unsafe extern "C" fn get_table_size(table: *mut c_void) -> u64 {
    // SAFETY: the host's table.
    unsafe { locked(table, u64::MAX, |called| Ok(called.raw.len() as u64)) }
}

unsafe extern "C" fn get_table_entry(table: *mut c_void, key: *const StateData) -> *mut c_void {
    // SAFETY: the host's table and key.
    unsafe {
        locked(table, null_mut(), |called| {
            let found = with_key(called.desc, key, |key| Ok(called.raw.find(key)))?;
            called.raw.hold(found.ok_or(NO_ENTRY)?)
        })
    }
}

const NO_ENTRY: Error = Error::new("the table has no entry at this key");

unsafe extern "C" fn release_table_entry(table: *mut c_void, entry: *mut c_void) {
    // Not under the lock: it cannot fail. The slot is found when one is needed.
    // SAFETY: the host's table.
    let Some(called) = (unsafe { Called::new(table) }) else { return };
    match called.raw.held(entry) {
        Ok(index) if release(called.raw.meta(index)) => {}
        Ok(_) => called.root.tell(&Error::new("the entry was released before")),
        Err(error) => called.root.tell(&error),
    }
}

unsafe extern "C" fn iterate_entries(table: *mut c_void, step: abi::TableIterator, walk: *mut c_void) -> abi::Bool {
    let mut from = 0;
    loop {
        let next = |called: &Called<'_>| {
            let step = step.ok_or(Error::new("the function to call for every entry is NULL"))?;
            let Some(index) = called.raw.live_from(from) else { return Ok(None) };
            Ok(Some((step, index, called.raw.hold(index)?)))
        };
        // SAFETY: the host's table.
        let next = unsafe { locked(table, Err(()), |called| next(called).map(Ok)) };
        let Ok(next) = next else { return 0 };
        let Some((step, index, entry)) = next else { return 1 };
        // The entry is held, not locked: the caller may do anything with the table, erase the entry, too.
        // SAFETY: the caller's function and what it is called with.
        let go_on = unsafe { step(walk, entry) };
        // SAFETY: as above; it was held above.
        unsafe { release_table_entry(table, entry) };
        if go_on == 0 {
            return 0;
        }
        from = index + 1;
    }
}

unsafe extern "C" fn read_entry_field(
    table: *mut c_void,
    entry: *mut c_void,
    field: *const c_void,
    out: *mut StateData,
) -> abi::Rc {
    if !out.is_null() {
        // SAFETY: the caller's room.
        unsafe { out.write(StateData { u64: 0 }) };
    }
    let read = |called: &Called<'_>| {
        if out.is_null() {
            return Err(Error::new("there is nowhere to read to: NULL"));
        }
        let index = called.raw.held(entry)?;
        let field = called.field_at(field)?;
        let (kind, from) = called.place(index, &field)?;
        match (kind, field) {
            // SAFETY: an entry has so many bytes of it there, and the caller room for eight.
            (Kind::Number(_, size), _) => unsafe { out.cast::<u8>().copy_from_nonoverlapping(from, size) },
            // SAFETY: as above, one byte.
            (Kind::Bool, _) => unsafe { (*out).b = abi::Bool::from(*from != 0) },
            // SAFETY: the caller's room. The text ends in a NUL, and stays where it is while the entry is held.
            (Kind::Text(_), _) => unsafe { (*out).str = from.cast() },
            (Kind::Table(desc), FieldAt::Own(own)) => {
                // SAFETY: an entry has a table of this shape there, by the slot's pointer; the lock is held.
                let input = unsafe { hand_out(from.cast(), called.root, desc, own.name, true) };
                // SAFETY: the caller's room.
                unsafe { (*out).table = input.cast_mut().cast() };
            }
            (Kind::Table(_), FieldAt::Added(..)) => return Err(NO_TYPE),
        }
        Ok(SUCCESS)
    };
    // SAFETY: the host's table.
    unsafe { locked(table, FAILURE, read) }
}

unsafe extern "C" fn write_entry_field(
    table: *mut c_void,
    entry: *mut c_void,
    field: *const c_void,
    value: *const StateData,
) -> abi::Rc {
    let write = |called: &Called<'_>| {
        if value.is_null() {
            return Err(Error::new("there is nothing to write: NULL"));
        }
        let index = called.raw.held(entry)?;
        let field = called.field_at(field)?;
        if matches!(field, FieldAt::Own(own) if own.read_only) {
            return Err(Error::new("the field is written by the table's owner only"));
        }
        let (kind, to) = called.place(index, &field)?;
        match kind {
            // SAFETY: an entry has so many bytes of it there, and the caller's value, too.
            Kind::Number(_, size) => unsafe { to.copy_from_nonoverlapping(value.cast(), size) },
            // SAFETY: as above, one byte, 0 or 1.
            Kind::Bool => unsafe { to.write(u8::from((*value).b != 0)) },
            Kind::Text(room) => {
                // SAFETY: the caller's value: a pointer.
                let text = unsafe { (*value).str };
                // SAFETY: NULL or a text.
                let text = unsafe { crate::tables::access::text(text) };
                let text = text.ok_or(Error::new("the text to write is NULL"))?.to_bytes();
                if text.len() >= room {
                    return Err(too_long(text.len(), room));
                }
                // It may be a text of this table, even this one.
                // SAFETY: an entry has `room` bytes there; the rest of them, one at least, is made zero.
                unsafe {
                    to.copy_from(text.as_ptr(), text.len());
                    to.add(text.len()).write_bytes(0, room - text.len());
                }
            }
            Kind::Table(_) => return Err(Error::new("a table in an entry is not written as a whole")),
        }
        Ok(SUCCESS)
    };
    // SAFETY: the host's table.
    unsafe { locked(table, FAILURE, write) }
}

unsafe extern "C" fn clear_table(table: *mut c_void) -> abi::Rc {
    let clear = |called: &Called<'_>| {
        called.raw.clear();
        Ok(SUCCESS)
    };
    // SAFETY: the host's table.
    unsafe { locked(table, FAILURE, clear) }
}

unsafe extern "C" fn erase_table_entry(table: *mut c_void, key: *const StateData) -> abi::Rc {
    // SAFETY: the host's table and key.
    unsafe {
        locked(table, FAILURE, |called| {
            let erased = with_key(called.desc, key, |key| Ok(called.raw.erase(key)))?;
            if erased { Ok(SUCCESS) } else { Err(NO_ENTRY) }
        })
    }
}

unsafe extern "C" fn create_table_entry(table: *mut c_void) -> *mut c_void {
    // SAFETY: the host's table.
    unsafe { locked(table, null_mut(), |called| called.raw.make().map(|index| called.raw.handle(index))) }
}

/// The slot of an entry that was made and not added.
fn made(called: &Called<'_>, entry: *mut c_void) -> Result<usize, Error> {
    let index = called.raw.held(entry)?;
    if called.raw.meta(index).is(state::MADE) {
        return Ok(index);
    }
    Err(Error::new("the entry was not made to be added, or was added before"))
}

unsafe extern "C" fn destroy_table_entry(table: *mut c_void, entry: *mut c_void) {
    // Not under the lock, as a release.
    // SAFETY: the host's table.
    let Some(called) = (unsafe { Called::new(table) }) else { return };
    match made(&called, entry) {
        Ok(index) => {
            release(called.raw.meta(index));
        }
        Err(error) => called.root.tell(&error),
    }
}

unsafe extern "C" fn add_table_entry(table: *mut c_void, key: *const StateData, entry: *mut c_void) -> *mut c_void {
    let add = |called: &Called<'_>| {
        let index = made(called, entry)?;
        // SAFETY: the host's key.
        unsafe { with_key(called.desc, key, |key| called.raw.add(index, key))? };
        Ok(called.raw.handle(index))
    };
    // SAFETY: the host's table.
    let added = unsafe { locked(table, null_mut(), add) };
    // SAFETY: as above.
    if let (true, Some(called)) = (added.is_null(), unsafe { Called::new(table) })
        && let Ok(index) = made(&called, entry)
    {
        // A failed add has consumed the entry (rule 9.5).
        release(called.raw.meta(index));
    }
    added
}

unsafe extern "C" fn list_table_fields(table: *mut c_void, number: *mut u32) -> *const abi::TableFieldInfo {
    if number.is_null() {
        return null();
    }
    // SAFETY: the caller's room.
    unsafe { number.write(0) };
    let list = |called: &Called<'_>| {
        // SAFETY: the lock is held; `Root::new` made both lists.
        let [own, nested] = unsafe { &mut (*called.lists()).infos };
        let infos: &mut [abi::TableFieldInfo; MAX_FIELDS] = if called.nested() { nested } else { own };
        let fields = called.desc.fields.iter().map(|field| abi::TableFieldInfo {
            name: field.name.as_ptr(),
            field_type: field.kind.state_type(),
            read_only: abi::Bool::from(field.read_only),
        });
        let added = called.added().iter().map(|field| abi::TableFieldInfo {
            name: field.name.as_ptr(),
            field_type: field.state_type,
            read_only: 0,
        });
        let mut listed = 0;
        for (to, info) in infos.iter_mut().zip(fields.chain(added)) {
            *to = info;
            listed += 1;
        }
        // SAFETY: the caller's room.
        unsafe { number.write(listed) };
        Ok(infos.as_ptr())
    };
    // SAFETY: the host's table.
    unsafe { locked(table, null(), list) }
}

/// The handle of a known field, if it is of this type.
fn known(called: &Called<'_>, name: &CStr, state_type: abi::StateType) -> Result<Option<*mut c_void>, Error> {
    match called.field_named(name) {
        Some((field, handle)) if field.state_type() == state_type => Ok(Some(handle)),
        Some((field, _)) => Err(Error::new("the field is of another state type")
            .with("asked for", u64::from(state_type))
            .with("there is", u64::from(field.state_type()))),
        None => Ok(None),
    }
}

unsafe extern "C" fn get_table_field(
    table: *mut c_void,
    name: *const c_char,
    state_type: abi::StateType,
) -> *mut c_void {
    // SAFETY: NULL or the caller's text.
    let name = unsafe { crate::tables::access::text(name) };
    let get = |called: &Called<'_>| {
        let name = name.ok_or(Error::new("the field's name is NULL"))?;
        known(called, name, state_type)?.ok_or(Error::new("the table has no such field"))
    };
    // SAFETY: the host's table.
    unsafe { locked(table, null_mut(), get) }
}

unsafe extern "C" fn add_table_field(
    table: *mut c_void,
    name: *const c_char,
    state_type: abi::StateType,
) -> *mut c_void {
    // SAFETY: NULL or the caller's text.
    let name = unsafe { crate::tables::access::text(name) };
    let add = |called: &Called<'_>| {
        let name = name.ok_or(Error::new("the field's name is NULL"))?;
        if let Some(known) = known(called, name, state_type)? {
            return Ok(known);
        }
        kind_of(state_type, called.desc.added_size).ok_or(NO_TYPE)?;
        if called.nested() || called.added().len() >= called.desc.added {
            return Err(Error::new("the table takes no more fields").with("added", called.desc.added as u64));
        }
        // SAFETY: the lock is held.
        let lists = unsafe { &mut *called.lists() };
        let text = CString::from_bytes_with_nul(name.to_bytes_with_nul());
        let text = text.map_err(|_| too_long(name.count_bytes(), MAX_NAME))?;
        // Entries that are there have whatever was never written to it: zeros.
        lists.added.push(AddedField { name: text, state_type }).map_err(|_| NO_TYPE)?;
        Ok(lists.added.last_mut().map_or(null_mut(), |added| core::ptr::from_mut(added).cast()))
    };
    // SAFETY: the host's table.
    unsafe { locked(table, null_mut(), add) }
}
