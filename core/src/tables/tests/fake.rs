// SPDX-License-Identifier: Apache-2.0
//! A host with tables, as libsinsp has them, that counts what is held and refuses what a host would break at.
#![expect(clippy::undocumented_unsafe_blocks, reason = "the pointers are the host's own, or the callers' by contract")]

use core::ffi::{CStr, c_char, c_void};
use core::ptr::{null, null_mut};
use std::boxed::Box;
use std::cell::{Cell, RefCell};
use std::ffi::CString;
use std::rc::Rc;
use std::string::ToString;
use std::vec::Vec;

use crate::abi::{self, StateData};
use crate::tables::{Access, EntryWriter, InitTables, Session, Writer};

std::thread_local! {
    static ERROR: RefCell<CString> = RefCell::new(CString::default());
}

fn fail<T>(text: &str, result: T) -> T {
    ERROR.with(|error| *error.borrow_mut() = CString::new(text).unwrap());
    result
}

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Number(u64),
    Text(CString),
}

pub(super) struct Field {
    name: CString,
    r#type: u32,
    read_only: bool,
    /// The fields of the tables in it.
    nested: Fields,
}

type Fields = Rc<RefCell<Vec<Rc<Field>>>>;

struct Entry {
    values: RefCell<Vec<(*const Field, Value)>>,
    tables: RefCell<Vec<(*const Field, Box<Table>)>>,
    got: Cell<i32>,
    /// Held by the walk, or made and not added.
    lent: Cell<bool>,
}

pub(super) struct Table {
    name: CString,
    key_type: u32,
    fields: Fields,
    infos: RefCell<Vec<abi::TableFieldInfo>>,
    entries: RefCell<Vec<(Value, Rc<Entry>)>>,
    walking: Cell<bool>,
}

impl Table {
    fn new(name: &CStr, key_type: u32, fields: Fields) -> Self {
        let (infos, entries, walking) = Default::default();
        Self { name: name.into(), key_type, fields, infos, entries, walking }
    }

    fn key(&self, key: *const StateData) -> Value {
        if self.key_type == abi::ST_STRING {
            // SAFETY: the key of a test is of the table's type.
            Value::Text(unsafe { CStr::from_ptr((*key).str) }.into())
        } else {
            // SAFETY: as above.
            Value::Number(unsafe { (*key).u64 })
        }
    }
}

/// The host: its tables, and everything that it counts.
#[derive(Default)]
pub(super) struct Host {
    pub(super) tables: Vec<Rc<Table>>,
    infos: Vec<abi::TableInfo>,
    pub(super) accessed: Vec<CString>,
}

std::thread_local! {
    static GOT: Cell<usize> = const { Cell::new(0) };
    static RELEASED: Cell<usize> = const { Cell::new(0) };
    static CREATED: Cell<usize> = const { Cell::new(0) };
    static GONE: Cell<usize> = const { Cell::new(0) };
    /// The function that fails.
    pub(super) static FAILS: Cell<&'static str> = const { Cell::new("") };
}

fn count(counter: &'static std::thread::LocalKey<Cell<usize>>) {
    counter.with(|counter| counter.set(counter.get() + 1));
}

fn fails(function: &str) -> bool {
    FAILS.get() == function && fail("told to fail", true)
}

pub(super) fn field(name: &CStr, r#type: u32) -> Rc<Field> {
    Rc::new(Field { name: name.into(), r#type, read_only: false, nested: Rc::default() })
}

impl Host {
    /// `threads` (i64) with `comm`, `pid` (read-only), `files` (name, size); `names` (text) with `number`.
    pub(super) fn new() -> Box<Self> {
        let files: Fields =
            Rc::new(RefCell::new(vec_of([field(c"name", abi::ST_STRING), field(c"size", abi::ST_UINT32)])));
        let fields = vec_of([
            field(c"comm", abi::ST_STRING),
            Rc::new(Field { name: c"pid".into(), r#type: abi::ST_INT64, read_only: true, nested: Rc::default() }),
            Rc::new(Field { name: c"files".into(), r#type: abi::ST_TABLE, read_only: false, nested: files }),
            field(c"flag", abi::ST_BOOL),
        ]);
        let threads = Table::new(c"threads", abi::ST_INT64, Rc::new(RefCell::new(fields)));
        let names = vec_of([field(c"number", abi::ST_UINT8)]);
        let names = Table::new(c"names", abi::ST_STRING, Rc::new(RefCell::new(names)));
        Box::new(Self { tables: vec_of([Rc::new(threads), Rc::new(names)]), ..Self::default() })
    }

    pub(super) fn add_table(&mut self, name: &CStr) {
        self.tables.push(Rc::new(Table::new(name, abi::ST_INT64, Rc::default())));
    }

    /// Calls `f` as `plugin_init` would be called.
    pub(super) fn init<R>(&mut self, f: impl FnOnce(&InitTables<'_>) -> R) -> (R, Session) {
        let (mut fields_ext, mut reader_ext, mut writer_ext) = (FIELDS, READER, WRITER);
        let tables = abi::InitTablesInput {
            list_tables: Some(list_tables),
            get_table: Some(get_table),
            add_table: None,
            fields: FIELDS,
            fields_ext: &raw mut fields_ext,
            reader_ext: &raw mut reader_ext,
            writer_ext: &raw mut writer_ext,
        };
        let input = abi::InitInput {
            config: null(),
            owner: core::ptr::from_mut(self).cast(),
            get_owner_last_error: Some(last_error),
            tables: &raw const tables,
            log_fn: None,
        };
        // SAFETY: all of it is there for the call.
        let tables = unsafe { InitTables::new(&input) }.unwrap();
        (f(&tables), tables.session())
    }

    pub(super) fn call<R>(&mut self, session: Session, f: impl FnOnce(&Access<'_>) -> R) -> R {
        self.call_with(session, &READER, &WRITER, f)
    }

    pub(super) fn call_with<R>(
        &mut self,
        session: Session,
        reader: *const abi::TableReaderVtableExt,
        writer: *const abi::TableWriterVtable,
        f: impl FnOnce(&Access<'_>) -> R,
    ) -> R {
        let owner = core::ptr::from_mut(self).cast();
        // SAFETY: all of it is there for the call.
        let access = unsafe { Access::new(session, reader, writer, owner, Some(last_error)) };
        f(&access)
    }

    pub(super) fn write<R>(&mut self, session: Session, f: impl FnOnce(&mut Writer<'_>) -> R) -> R {
        self.call(session, |access| f(&mut Writer::new(access)))
    }

    /// Entries that are held at this moment.
    pub(super) fn held() -> usize {
        GOT.get() - RELEASED.get()
    }

    pub(super) fn got() -> usize {
        GOT.get()
    }

    /// Entries that were made and are neither added nor destroyed.
    pub(super) fn detached() -> usize {
        CREATED.get() - GONE.get()
    }
}

pub(super) fn vec_of<T, const N: usize>(items: [T; N]) -> Vec<T> {
    items.into_iter().collect()
}

/// To see that a walk's token is the one of its kind.
pub(super) fn is_entry_writer(_: &mut EntryWriter<'_>) {}

pub(super) const FIELDS: abi::TableFieldsVtable = abi::TableFieldsVtable {
    list_table_fields: Some(list_fields),
    get_table_field: Some(get_field),
    add_table_field: Some(add_field),
};

pub(super) const READER: abi::TableReaderVtableExt = abi::TableReaderVtableExt {
    get_table_name: Some(name),
    get_table_size: Some(size),
    get_table_entry: Some(get),
    read_entry_field: Some(read),
    release_table_entry: Some(release),
    iterate_entries: Some(iterate),
};

pub(super) const WRITER: abi::TableWriterVtable = abi::TableWriterVtable {
    clear_table: Some(clear),
    erase_table_entry: Some(erase),
    create_table_entry: Some(create),
    destroy_table_entry: Some(destroy),
    add_table_entry: Some(add),
    write_entry_field: Some(write),
};

unsafe extern "C" fn last_error(_: *mut c_void) -> *const c_char {
    ERROR.with(|error| if error.borrow().is_empty() { null() } else { error.borrow().as_ptr() })
}

unsafe extern "C" fn list_tables(owner: *mut c_void, number: *mut u32) -> *mut abi::TableInfo {
    let host = unsafe { &mut *owner.cast::<Host>() };
    host.infos = host.tables.iter().map(|t| abi::TableInfo { name: t.name.as_ptr(), key_type: t.key_type }).collect();
    unsafe { number.write(u32::try_from(host.infos.len()).unwrap()) };
    host.infos.as_mut_ptr()
}

unsafe extern "C" fn get_table(owner: *mut c_void, name: *const c_char, _: u32) -> *mut c_void {
    let (host, name) = unsafe { (&mut *owner.cast::<Host>(), CStr::from_ptr(name)) };
    host.accessed.push(name.into());
    match host.tables.iter().find(|table| table.name.as_c_str() == name) {
        Some(table) if !fails("get_table") => core::ptr::from_ref(&**table).cast_mut().cast(),
        _ => null_mut(),
    }
}

fn table<'a>(table: *mut c_void) -> &'a Table {
    // SAFETY: the tests hand back the host's own pointers.
    unsafe { &*table.cast::<Table>() }
}

fn entry<'a>(entry: *mut c_void) -> &'a Entry {
    // SAFETY: as above.
    let entry = unsafe { &*entry.cast::<Entry>() };
    assert!(entry.got.get() > 0 || entry.lent.get(), "an entry is used that is not held");
    entry
}

unsafe extern "C" fn list_fields(t: *mut c_void, number: *mut u32) -> *const abi::TableFieldInfo {
    let t = table(t);
    let info = |f: &Rc<Field>| abi::TableFieldInfo {
        name: f.name.as_ptr(),
        field_type: f.r#type,
        read_only: u32::from(f.read_only),
    };
    *t.infos.borrow_mut() = t.fields.borrow().iter().map(info).collect();
    unsafe { number.write(u32::try_from(t.infos.borrow().len()).unwrap()) };
    t.infos.borrow().as_ptr()
}

unsafe extern "C" fn get_field(t: *mut c_void, name: *const c_char, _: u32) -> *mut c_void {
    let name = unsafe { CStr::from_ptr(name) };
    let fields = table(t).fields.borrow();
    let found = fields.iter().find(|field| field.name.as_c_str() == name);
    found.map_or(fail("no such field", null_mut()), |field| Rc::as_ptr(field).cast_mut().cast())
}

unsafe extern "C" fn add_field(t: *mut c_void, name: *const c_char, r#type: u32) -> *mut c_void {
    let known = unsafe { get_field(t, name, r#type) };
    if known.is_null() && !fails("add_field") {
        table(t).fields.borrow_mut().push(field(unsafe { CStr::from_ptr(name) }, r#type));
        return unsafe { get_field(t, name, r#type) };
    }
    known
}

unsafe extern "C" fn name(t: *mut c_void) -> *const c_char {
    if fails("name") { null() } else { table(t).name.as_ptr() }
}

unsafe extern "C" fn size(t: *mut c_void) -> u64 {
    if fails("size") { u64::MAX } else { table(t).entries.borrow().len() as u64 }
}

unsafe extern "C" fn get(t: *mut c_void, key: *const StateData) -> *mut c_void {
    let t = table(t);
    let key = t.key(key);
    let entries = t.entries.borrow();
    let Some((_, entry)) = entries.iter().find(|(other, _)| *other == key) else {
        return fail("get_entry found no element at given key", null_mut());
    };
    hold(entry)
}

fn hold(entry: &Rc<Entry>) -> *mut c_void {
    count(&GOT);
    entry.got.set(entry.got.get() + 1);
    Rc::into_raw(Rc::clone(entry)).cast_mut().cast()
}

unsafe extern "C" fn release(_: *mut c_void, e: *mut c_void) {
    let got = &entry(e).got;
    assert!(got.get() > 0, "an entry is released that was not got: a walk's, or twice");
    got.set(got.get() - 1);
    count(&RELEASED);
    // SAFETY: what `hold` counted.
    unsafe { Rc::decrement_strong_count(e.cast::<Entry>()) }
}

unsafe extern "C" fn read(t: *mut c_void, e: *mut c_void, f: *const c_void, out: *mut StateData) -> i32 {
    let (t, e) = (table(t), entry(e));
    let fields = t.fields.borrow();
    let f = fields.iter().find(|own| Rc::as_ptr(own).cast() == f).expect("a field of this table");
    if fails("read") {
        return abi::FAILURE;
    }
    let out = unsafe { &mut *out };
    if f.r#type == abi::ST_TABLE {
        let mut tables = e.tables.borrow_mut();
        if !tables.iter().any(|(own, _)| *own == Rc::as_ptr(f)) {
            tables.push((Rc::as_ptr(f), Box::new(Table::new(c"nested", abi::ST_INT64, Rc::clone(&f.nested)))));
        }
        let (_, nested) = tables.iter().find(|(own, _)| *own == Rc::as_ptr(f)).unwrap();
        out.table = if fails("nested") { null_mut() } else { core::ptr::from_ref(&**nested).cast_mut().cast() };
        return abi::SUCCESS;
    }
    let values = e.values.borrow();
    match values.iter().find(|(own, _)| *own == Rc::as_ptr(f)) {
        Some((_, Value::Text(text))) => out.str = text.as_ptr(),
        Some((_, Value::Number(number))) => out.u64 = *number,
        None if f.r#type == abi::ST_STRING => out.str = if fails("text") { null() } else { c"".as_ptr() },
        None => out.u64 = 0,
    }
    abi::SUCCESS
}

unsafe extern "C" fn write(t: *mut c_void, e: *mut c_void, f: *const c_void, data: *const StateData) -> i32 {
    let (t, e) = (table(t), entry(e));
    let fields = t.fields.borrow();
    let f = fields.iter().find(|own| Rc::as_ptr(own).cast() == f).expect("a field of this table");
    if f.read_only {
        return fail("can't write a read-only field", abi::FAILURE);
    }
    let value = if f.r#type == abi::ST_STRING {
        Value::Text(unsafe { CStr::from_ptr((*data).str) }.into())
    } else {
        Value::Number(unsafe { (*data).u64 })
    };
    e.values.borrow_mut().retain(|(own, _)| *own != Rc::as_ptr(f));
    e.values.borrow_mut().push((Rc::as_ptr(f), value));
    abi::SUCCESS
}

unsafe extern "C" fn iterate(t: *mut c_void, step: abi::TableIterator, state: *mut c_void) -> u32 {
    let t = table(t);
    t.walking.set(true);
    let step = step.unwrap();
    for (_, entry) in t.entries.borrow().iter() {
        entry.lent.set(true);
        let go_on = unsafe { step(state, Rc::as_ptr(entry).cast_mut().cast()) };
        if FAILS.get() == "again" {
            // A step after the break.
            assert_eq!(unsafe { step(state, Rc::as_ptr(entry).cast_mut().cast()) }, go_on);
        }
        entry.lent.set(false);
        if go_on == 0 || fails("iterate") {
            t.walking.set(false);
            return 0;
        }
    }
    t.walking.set(false);
    if fails("null") { unsafe { step(state, null_mut()) } } else { 1 }
}

/// Tables of arrays break where one of their entries is held.
fn not_held(t: &Table) {
    assert!(!t.walking.get(), "changed during a walk");
    assert!(t.entries.borrow().iter().all(|(_, entry)| entry.got.get() == 0), "changed while an entry is held");
}

unsafe extern "C" fn clear(t: *mut c_void) -> i32 {
    not_held(table(t));
    if fails("clear") {
        return abi::FAILURE;
    }
    table(t).entries.borrow_mut().clear();
    abi::SUCCESS
}

unsafe extern "C" fn erase(t: *mut c_void, key: *const StateData) -> i32 {
    let t = table(t);
    not_held(t);
    let key = t.key(key);
    let place = t.entries.borrow().iter().position(|(other, _)| *other == key);
    match place {
        Some(place) if !fails("erase") => {
            t.entries.borrow_mut().remove(place);
            abi::SUCCESS
        }
        _ => fail("table entry not found", abi::FAILURE),
    }
}

unsafe extern "C" fn create(_: *mut c_void) -> *mut c_void {
    if fails("create") {
        return null_mut();
    }
    count(&CREATED);
    let (values, tables, got) = Default::default();
    Rc::into_raw(Rc::new(Entry { values, tables, got, lent: Cell::new(true) })).cast_mut().cast()
}

unsafe extern "C" fn destroy(_: *mut c_void, e: *mut c_void) {
    count(&GONE);
    // SAFETY: what `create` made.
    drop(unsafe { Rc::from_raw(e.cast::<Entry>()) });
}

unsafe extern "C" fn add(t: *mut c_void, key: *const StateData, e: *mut c_void) -> *mut c_void {
    let t = table(t);
    not_held(t);
    count(&GONE);
    // SAFETY: what `create` made.
    let entry = unsafe { Rc::from_raw(e.cast::<Entry>()) };
    if fails("add") {
        return null_mut();
    }
    entry.lent.set(false);
    let key = t.key(key);
    t.entries.borrow_mut().retain(|(other, _)| *other != key);
    t.entries.borrow_mut().push((key, entry));
    let added = t.entries.borrow().last().map(|(_, entry)| hold(entry));
    added.unwrap()
}

/// What the last error of the host is, without a call into it.
pub(super) fn error() -> std::string::String {
    ERROR.with(|error| error.borrow().to_str().unwrap().to_string())
}
