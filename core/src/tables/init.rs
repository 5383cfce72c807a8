// SPDX-License-Identifier: Apache-2.0
//! Finding the host's tables at init: [`InitTables`].
//!
//! The host checks neither the key type of a table that is asked for twice (rule 9.2) nor, in tables of other plugins,
//! the type of a field; both are looked up in its lists before a handle is made.
#![expect(unsafe_code, reason = "the host's table functions")]

use core::cell::Cell;
use core::ffi::{CStr, c_void};
use core::fmt;
use core::marker::PhantomData;
use core::ptr::null_mut;

use super::access::{Host, text};
use super::handle::{Field, HasFields, MAX_TABLES, Opaque, Session, Table, TableId};
use super::types::{FieldType, Key, ValueType, ZERO};
use crate::abi;
use crate::error::{Error, Message};

/// One table of the host, as it lists it.
///
/// ```
/// use falconet::tables::InitTables;
/// fn show(tables: &InitTables<'_>, log: falconet::Log) -> Result<(), falconet::Error> {
///     tables.list(|table| log.info(table.name.to_str().unwrap_or("?")))
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TableInfo<'a> {
    /// Its name.
    pub name: &'a CStr,
    /// The type of its keys, one of [`abi`]'s `ST_`.
    pub key_type: abi::StateType,
}

/// One field of a table, as the host lists it.
///
/// ```
/// use core::ffi::CStr;
/// use falconet::tables::{InitTables, Table};
/// fn writable(tables: &InitTables<'_>, table: Table<i64>) -> Result<usize, falconet::Error> {
///     let mut number = 0;
///     tables.list_fields(table, |field| number += usize::from(!field.read_only))?;
///     Ok(number)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FieldInfo<'a> {
    /// Its name.
    pub name: &'a CStr,
    /// Its type, one of [`abi`]'s `ST_`.
    pub field_type: abi::StateType,
    /// Whether it cannot be written.
    pub read_only: bool,
}

/// Where a table of this session was found.
#[derive(Clone, Copy)]
struct Origin {
    /// The place of the table whose entries have it, and its own where it is no nested one.
    parent: usize,
    /// The table, or the field of the parent that it is in.
    pointer: *mut c_void,
}

/// The host's tables at init: what a plugin looks its handles up in.
///
/// ```
/// use core::ffi::CStr;
/// use falconet::tables::{Field, InitTables, Table};
/// struct Watch {
///     threads: Table<i64>,
///     comm: Field<CStr>,
///     seen: Field<u64>,
/// }
/// fn find(tables: &InitTables<'_>) -> Result<Watch, falconet::Error> {
///     let threads = tables.get(c"threads")?;
///     Ok(Watch {
///         threads,
///         comm: tables.field(threads, c"comm")?,
///         seen: tables.add_field(threads, c"watch.seen")?, // ours, in every thread
///     })
/// }
/// ```
pub struct InitTables<'a> {
    tables: &'a abi::InitTablesInput,
    fields: Option<&'a abi::TableFieldsVtable>,
    reader: Option<&'a abi::TableReaderVtableExt>,
    writer: Option<&'a abi::TableWriterVtable>,
    host: Host,
    session: Session,
    found: [Cell<Origin>; MAX_TABLES],
    number: Cell<usize>,
    /// A list of the host is being read: nothing else may be asked, or it would be made anew.
    listing: Cell<bool>,
}

impl<'a> InitTables<'a> {
    /// Of the init input; `None` where the host gives no tables (rule 1.11).
    ///
    /// # Safety
    /// `input` is the host's, and all that it points at is there for `'a`.
    #[doc(hidden)]
    #[must_use]
    pub unsafe fn new(input: &'a abi::InitInput) -> Option<Self> {
        // SAFETY: NULL, or the host's, as the caller says.
        let tables = unsafe { input.tables.as_ref() }?;
        // SAFETY: as above.
        let (fields, reader, writer) =
            unsafe { (tables.fields_ext.as_ref(), tables.reader_ext.as_ref(), tables.writer_ext.as_ref()) };
        Some(Self {
            tables,
            fields,
            reader,
            writer,
            host: Host { owner: input.owner, last_error: input.get_owner_last_error, failed: Cell::new(false) },
            session: Session::new(),
            found: [const { Cell::new(Origin { parent: 0, pointer: null_mut() }) }; MAX_TABLES],
            number: Cell::new(0),
            listing: Cell::new(false),
        })
    }

    /// The session that the handles found here belong to: kept for the callbacks' [`Access`](super::Access).
    #[doc(hidden)]
    #[must_use]
    pub const fn session(&self) -> Session {
        self.session
    }

    /// Appends what the host says to the plugin's own error, if a call into the host failed here.
    #[doc(hidden)]
    pub fn append_host_error(&self, text: &mut Message) {
        self.host.append_error(text);
    }

    /// Registers a table of the plugin's own with the host.
    ///
    /// # Safety
    /// All of the table is there for as long as the host is.
    pub(super) unsafe fn add(&self, name: &'static CStr, input: *const abi::TableInput) -> Result<(), Error> {
        self.not_listing()?;
        let add_table = self.tables.add_table.ok_or(Error::new("the host's add_table is NULL"))?;
        // SAFETY: the host's function with its owner; the input is read during the call.
        if unsafe { add_table(self.host.owner, input) } == abi::SUCCESS {
            return Ok(());
        }
        let failed = self.host.failed("the host does not take the table: is its name taken?");
        Err(name.to_str().map_or(failed, |name| failed.with(name, 0)))
    }

    /// Shows every table that there is.
    ///
    /// # Errors
    /// The host gives no list, or `each` asks for something else meanwhile.
    pub fn list(&self, mut each: impl FnMut(TableInfo<'_>)) -> Result<(), Error> {
        let _listing = self.begin_list()?;
        let list_tables = self.tables.list_tables.ok_or(Error::new("the host's list_tables is NULL"))?;
        let mut number = 0;
        // SAFETY: the host's function with its owner, and room for a number.
        let list = unsafe { list_tables(self.host.owner, &raw mut number) };
        // SAFETY: the host's list of so many, unchanged until it is asked again, which `listing` prevents.
        for info in unsafe { slice(list, number) } {
            // SAFETY: a table's name lives as long as the table.
            if let Some(name) = unsafe { text(info.name) } {
                each(TableInfo { name, key_type: info.key_type });
            }
        }
        Ok(())
    }

    /// The table of this name, with keys of type `K`; `None` where there is none.
    ///
    /// # Errors
    /// Its keys are of another type, or the host does not hand it out.
    pub fn find<K: Key + ?Sized>(&self, name: &CStr) -> Result<Option<Table<K>>, Error> {
        let mut key_type = None;
        self.list(|table| {
            if table.name == name {
                key_type = Some(table.key_type);
            }
        })?;
        match key_type {
            None => return Ok(None),
            Some(key_type) if key_type == K::TYPE => {}
            Some(key_type) => {
                let error = Error::new("the table has keys of another state type");
                return Err(error.with("asked for", u64::from(K::TYPE)).with("there is", u64::from(key_type)));
            }
        }
        let get_table = self.tables.get_table.ok_or(Error::new("the host's get_table is NULL"))?;
        // SAFETY: the host's function with its owner; the name is read during the call.
        let table = unsafe { get_table(self.host.owner, name.as_ptr(), K::TYPE) };
        let table = Opaque::new(table).ok_or_else(|| self.host.failed("the host does not hand out the table"))?;
        Ok(Some(Table { table, id: self.id_of(None, table)?, key: PhantomData }))
    }

    /// The table of this name, with keys of type `K`.
    ///
    /// # Errors
    /// There is none: its owner may not be loaded, or be initialised later (rule 9.2). Or as [`InitTables::find`].
    pub fn get<K: Key + ?Sized>(&self, name: &CStr) -> Result<Table<K>, Error> {
        self.find(name)?.ok_or(Error::new("there is no such table: is its owner loaded before this plugin?"))
    }

    /// Shows every field of a table, or of the tables in a nested field.
    ///
    /// # Errors
    /// The host gives no list, or `each` asks for something else meanwhile.
    pub fn list_fields(&self, of: impl HasFields, mut each: impl FnMut(FieldInfo<'_>)) -> Result<(), Error> {
        self.with_table(of.id(), &mut |table| self.list_fields_of(table, &mut each))
    }

    /// The field of this name, of a table or of the tables in a nested field.
    ///
    /// # Errors
    /// There is none, or it is of another type.
    pub fn field<V: FieldType + ?Sized>(&self, of: impl HasFields, name: &CStr) -> Result<Field<V>, Error> {
        let id = of.id();
        let mut found = Err(Error::new("the table was not found"));
        self.with_table(id, &mut |table| {
            found = self.field_of(table, name, V::TYPE);
            found.map(drop)
        })?;
        self.handle(found?, id)
    }

    /// Adds a field to a table, or to the tables in a nested field: every entry has it. One that was added before, with
    /// the same type, is the same.
    ///
    /// # Errors
    /// The table takes no such field.
    pub fn add_field<V: ValueType + ?Sized>(&self, of: impl HasFields, name: &CStr) -> Result<Field<V>, Error> {
        let id = of.id();
        let mut added = Err(Error::new("the table was not found"));
        self.with_table(id, &mut |table| {
            added = self.add_field_to(table, name, V::TYPE);
            added.map(drop)
        })?;
        self.handle(added?, id)
    }

    fn handle<V: FieldType + ?Sized>(&self, field: Opaque, table: TableId) -> Result<Field<V>, Error> {
        let nested =
            if V::TYPE == abi::ST_TABLE { self.id_of(Some(self.session.index(table)), field)? } else { TableId::NONE };
        Ok(Field { field, table, nested, value: PhantomData })
    }

    /// The number of a table, or of the tables in a field of the table at place `parent`: the same for the same.
    fn id_of(&self, parent: Option<usize>, pointer: Opaque) -> Result<TableId, Error> {
        let number = self.number.get();
        for (place, found) in self.found.iter().enumerate() {
            let origin = Origin { parent: parent.unwrap_or(place), pointer: pointer.as_ptr() };
            if place == number {
                found.set(origin);
                self.number.set(number + 1);
                return Ok(self.session.table(place));
            }
            let seen = found.get();
            if seen.parent == origin.parent && seen.pointer == origin.pointer {
                return Ok(self.session.table(place));
            }
        }
        Err(Error::new("too many tables are asked for").with("at most", MAX_TABLES as u64))
    }

    /// Calls `then` with the host's pointer to a table; for one in a nested field, to the one of an entry that is made
    /// for this and destroyed again, as the host has it.
    fn with_table(&self, id: TableId, then: &mut dyn FnMut(*mut c_void) -> Result<(), Error>) -> Result<(), Error> {
        self.not_listing()?;
        let place = self.session.index(id);
        if place >= self.number.get() {
            return Err(Error::new("the table was found by another plugin state"));
        }
        let origin = self.found.get(place).map(Cell::get).ok_or(Error::new("the table was not found"))?;
        if origin.parent == place {
            return then(origin.pointer);
        }
        self.with_table(self.session.table(origin.parent), &mut |parent| self.with_nested(parent, origin.pointer, then))
    }

    fn with_nested(
        &self,
        parent: *mut c_void,
        field: *mut c_void,
        then: &mut dyn FnMut(*mut c_void) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let reader = self.reader.ok_or(Error::new("the host gives no functions to read tables with"))?;
        let writer = self.writer.ok_or(Error::new("the host gives no functions to write tables with"))?;
        let read = reader.read_entry_field.ok_or(Error::new("the host's read_entry_field is NULL"))?;
        let create = writer.create_table_entry.ok_or(Error::new("the host's create_table_entry is NULL"))?;
        let destroy = writer.destroy_table_entry.ok_or(Error::new("the host's destroy_table_entry is NULL"))?;
        // SAFETY: the host's function, with a table of its own.
        let entry = unsafe { create(parent) };
        if entry.is_null() {
            return Err(self.host.failed("the host cannot make an entry to look its fields up"));
        }
        let mut data = ZERO;
        // SAFETY: the host's function, with an entry and a field of that table, and room.
        let rc = unsafe { read(parent, entry, field, &raw mut data) };
        // SAFETY: all zero, or what the host wrote: the field is of type table.
        let table = unsafe { data.table };
        let result = if rc == abi::SUCCESS && !table.is_null() {
            then(table)
        } else {
            Err(self.host.failed("the host gives no table in a nested field"))
        };
        // SAFETY: the host's function, with an entry that was made above and is used no more.
        unsafe { destroy(parent, entry) };
        result
    }

    fn fields(&self) -> Result<&'a abi::TableFieldsVtable, Error> {
        self.fields.ok_or(Error::new("the host gives no functions for tables' fields"))
    }

    fn list_fields_of(&self, table: *mut c_void, each: &mut dyn FnMut(FieldInfo<'_>)) -> Result<(), Error> {
        let _listing = self.begin_list()?;
        let list = self.fields()?.list_table_fields.ok_or(Error::new("the host's list_table_fields is NULL"))?;
        let mut number = 0;
        // SAFETY: the host's function, with a table of its own, and room for a number.
        let list = unsafe { list(table, &raw mut number) };
        // SAFETY: the host's list of so many, unchanged until it is asked again, which `listing` prevents.
        for info in unsafe { slice(list, number) } {
            // SAFETY: as above.
            if let Some(name) = unsafe { text(info.name) } {
                each(FieldInfo { name, field_type: info.field_type, read_only: info.read_only != 0 });
            }
        }
        Ok(())
    }

    /// The type of a table's field, if there is one of this name.
    fn type_of(&self, table: *mut c_void, name: &CStr) -> Result<Option<abi::StateType>, Error> {
        let mut found = None;
        self.list_fields_of(table, &mut |field| {
            if field.name == name {
                found = Some(field.field_type);
            }
        })?;
        Ok(found)
    }

    fn field_of(&self, table: *mut c_void, name: &CStr, wanted: abi::StateType) -> Result<Opaque, Error> {
        match self.type_of(table, name)? {
            None => return Err(Error::new("the table has no such field")),
            Some(field_type) if field_type == wanted => {}
            Some(field_type) => return Err(other_type(wanted, field_type)),
        }
        let get = self.fields()?.get_table_field.ok_or(Error::new("the host's get_table_field is NULL"))?;
        // SAFETY: the host's function, with a table of its own; the name is read during the call.
        let field = unsafe { get(table, name.as_ptr(), wanted) };
        Opaque::new(field).ok_or_else(|| self.host.failed("the host does not hand out the field"))
    }

    fn add_field_to(&self, table: *mut c_void, name: &CStr, wanted: abi::StateType) -> Result<Opaque, Error> {
        if let Some(field_type) = self.type_of(table, name)?.filter(|field_type| *field_type != wanted) {
            return Err(other_type(wanted, field_type));
        }
        let add = self.fields()?.add_table_field.ok_or(Error::new("the host's add_table_field is NULL"))?;
        // SAFETY: the host's function, with a table of its own; the name is copied during the call.
        let field = unsafe { add(table, name.as_ptr(), wanted) };
        Opaque::new(field).ok_or_else(|| self.host.failed("the host does not add the field"))
    }

    fn not_listing(&self) -> Result<(), Error> {
        if self.listing.get() {
            return Err(Error::new("tables are looked up after a list was shown, not meanwhile"));
        }
        Ok(())
    }

    fn begin_list(&self) -> Result<Listing<'_>, Error> {
        self.not_listing()?;
        self.listing.set(true);
        Ok(Listing(&self.listing))
    }
}

impl fmt::Debug for InitTables<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InitTables").field("found", &self.number).finish_non_exhaustive()
    }
}

/// A list is being shown until this is dropped.
struct Listing<'s>(&'s Cell<bool>);

impl Drop for Listing<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

#[cold]
const fn other_type(wanted: abi::StateType, there_is: abi::StateType) -> Error {
    Error::new("the field is of another state type").with("asked for", wanted as u64).with("there is", there_is as u64)
}

/// A list of the host; NULL is an empty one.
///
/// # Safety
/// NULL, or so many elements, unchanged for `'a`.
unsafe fn slice<'a, T>(list: *const T, number: u32) -> &'a [T] {
    if list.is_null() {
        return &[];
    }
    // SAFETY: not NULL, so as many as the caller says.
    unsafe { core::slice::from_raw_parts(list, number as usize) }
}
