// SPDX-License-Identifier: Apache-2.0
//! What a callback gets of the host's tables, and every call into them: [`Access`], and [`Entry`], which is released.
//!
//! Nothing of the plugin's memory is borrowed over a call into the host but what the host is handed for that call.
#![expect(unsafe_code, reason = "the host's table functions")]

use core::cell::Cell;
use core::ffi::{CStr, c_char, c_void};
use core::fmt;
use core::ops::ControlFlow;
use core::ptr::NonNull;

use super::handle::{MAX_TABLES, Opaque, Parts, Session, TableId};
use super::types::ZERO;
use crate::abi::{self, StateData};
use crate::error::{Error, Message};

/// The host's tables for the time of one callback; the tokens that authors get borrow it.
///
/// Made by the shell from the callback's input, before the author's code runs.
#[doc(hidden)]
pub struct Access<'c> {
    reader: Option<&'c abi::TableReaderVtableExt>,
    writer: Option<&'c abi::TableWriterVtable>,
    host: Host,
    session: Session,
    /// Entries that are held, by table; one that has reached its maximum stays there.
    held: [Cell<u32>; MAX_TABLES],
}

impl<'c> Access<'c> {
    /// Of the vtables of a callback's input. NULL ones are errors where they would be used.
    ///
    /// # Safety
    /// The vtables are NULL or, with every function in them, the host's for `'c`; the tables of `session` are there. With
    /// `owner`, `last_error` may be called for `'c`; the text that it gives lives until the next call into the host.
    #[must_use]
    pub unsafe fn new(
        session: Session,
        reader: *const abi::TableReaderVtableExt,
        writer: *const abi::TableWriterVtable,
        owner: *mut c_void,
        last_error: abi::OwnerLastError,
    ) -> Self {
        Self {
            // SAFETY: NULL, or the host's, as the caller says.
            reader: unsafe { reader.as_ref() },
            // SAFETY: as above.
            writer: unsafe { writer.as_ref() },
            host: Host { owner, last_error, failed: Cell::new(false) },
            session,
            held: [const { Cell::new(0) }; MAX_TABLES],
        }
    }

    /// Appends what the host says to the plugin's own error, if a call into the host failed in this callback.
    pub fn append_host_error(&self, text: &mut Message) {
        self.host.append_error(text);
    }

    fn reader(&self) -> Result<&'c abi::TableReaderVtableExt, Error> {
        self.reader.ok_or(Error::new("the host gives no functions to read tables with"))
    }

    fn writer(&self) -> Result<&'c abi::TableWriterVtable, Error> {
        self.writer.ok_or(Error::new("the host gives no functions to write tables with"))
    }

    /// How many entries of a table are held, if the table is of this plugin state.
    #[inline]
    fn held(&self, table: TableId) -> Result<&Cell<u32>, Error> {
        self.held.get(self.session.index(table)).ok_or(OTHER_STATE)
    }

    /// Whether a table may lose or move entries: the host's tables of arrays do not tell those who hold one.
    fn none_held(&self, table: TableId) -> Result<(), Error> {
        match self.held(table)?.get() {
            0 => Ok(()),
            held => Err(Error::new("an entry of the table is still held: drop it before an add, erase or clear")
                .with("held", u64::from(held))),
        }
    }

    /// Whether an entry is of this callback, and a field of the entry's table.
    #[inline]
    fn fits(&self, entry: &Entry<'_>, field: TableId) -> Result<(), Error> {
        if !core::ptr::addr_eq(entry.access, self) {
            return Err(Error::new("the entry is of another callback"));
        }
        if entry.id != field { Err(Error::new("the field is of another table than the entry")) } else { Ok(()) }
    }

    pub(super) fn name(&self, of: Parts) -> Result<&CStr, Error> {
        self.held(of.id)?;
        let get_table_name = self.reader()?.get_table_name.ok_or(Error::new("the host's get_table_name is NULL"))?;
        // SAFETY: the host's function, with a table of its own; the name lives as long as the table.
        let name = unsafe { get_table_name(of.table.as_ptr()) };
        // SAFETY: NULL or the table's name.
        unsafe { text(name) }.ok_or_else(|| self.host.failed("the host gives no name of the table"))
    }

    pub(super) fn size(&self, of: Parts) -> Result<u64, Error> {
        self.held(of.id)?;
        let get_table_size = self.reader()?.get_table_size.ok_or(Error::new("the host's get_table_size is NULL"))?;
        // SAFETY: the host's function, with a table of its own.
        match unsafe { get_table_size(of.table.as_ptr()) } {
            u64::MAX => Err(self.host.failed("the host gives no size of the table")),
            size => Ok(size),
        }
    }

    #[inline]
    pub(super) fn get<'t>(&'t self, of: Parts, key: &StateData) -> Result<Option<Entry<'t>>, Error> {
        let held = self.held(of.id)?;
        let reader = self.reader()?;
        let get_table_entry = reader.get_table_entry.ok_or(Error::new("the host's get_table_entry is NULL"))?;
        let release = reader.release_table_entry.ok_or(Error::new("the host's release_table_entry is NULL"))?;
        // SAFETY: the host's function, with a table of its own; the key is read during the call.
        let entry = unsafe { get_table_entry(of.table.as_ptr(), key) };
        Ok(NonNull::new(entry).map(|entry| self.hold(of, entry, held, release)))
    }

    fn hold<'t>(&'t self, of: Parts, entry: NonNull<c_void>, held: &'t Cell<u32>, release: ReleaseFn) -> Entry<'t> {
        held.set(held.get().saturating_add(1));
        Entry { access: self, table: of.table, id: of.id, entry, release: Some((release, held)) }
    }

    /// Reads a field of an entry into `data`, which the caller knows the type of.
    #[inline]
    pub(super) fn read(&self, entry: &Entry<'_>, field: Opaque, of: TableId) -> Result<StateData, Error> {
        self.fits(entry, of)?;
        let read_entry_field =
            self.reader()?.read_entry_field.ok_or(Error::new("the host's read_entry_field is NULL"))?;
        let mut data = ZERO;
        // SAFETY: the host's function, with a table, an entry that is held and a field of that table, and room.
        let rc = unsafe { read_entry_field(entry.table.as_ptr(), entry.entry.as_ptr(), field.as_ptr(), &raw mut data) };
        if rc == abi::SUCCESS { Ok(data) } else { Err(self.host.failed("the host cannot read the field")) }
    }

    /// Reads a field of an entry that is a table.
    pub(super) fn read_table(&self, entry: &Entry<'_>, field: Opaque, of: TableId) -> Result<Opaque, Error> {
        let data = self.read(entry, field, of)?;
        // SAFETY: all zero, or what the host wrote: the field is of type table.
        Opaque::new(unsafe { data.table }).ok_or(Error::new("the entry has no table in this field"))
    }

    /// Walks through a table until `each` breaks.
    pub(super) fn walk<B>(
        &self,
        of: Parts,
        mut each: impl FnMut(&Entry<'_>) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, Error> {
        let mut broken = None;
        self.iterate(of, |entry| match each(entry) {
            ControlFlow::Continue(()) => true,
            ControlFlow::Break(why) => {
                broken = Some(why);
                false
            }
        })?;
        Ok(broken.map_or(ControlFlow::Continue(()), ControlFlow::Break))
    }

    /// Calls `each` for every entry until it says `false`.
    ///
    /// `each` gets an entry that is never released (rule 9.3).
    pub(super) fn iterate<F: FnMut(&Entry<'_>) -> bool>(&self, of: Parts, each: F) -> Result<(), Error> {
        self.held(of.id)?;
        let iterate_entries = self.reader()?.iterate_entries.ok_or(Error::new("the host's iterate_entries is NULL"))?;
        let mut walk =
            Walk { access: self, of, each, walking: Cell::new(true), broken: Cell::new(false), null: Cell::new(false) };
        // SAFETY: the host's function, with a table of its own; it calls `step` during this call, with `walk`, which
        // nothing else touches meanwhile.
        let whole = unsafe { iterate_entries(of.table.as_ptr(), Some(step::<F>), (&raw mut walk).cast()) } != 0;
        if walk.null.get() {
            return Err(Error::new("the host gave NULL as an entry of the table"));
        }
        if !whole && !walk.broken.get() {
            // Only the break of ours is none (rule 9.6).
            return Err(self.host.failed("the host cannot go through the table"));
        }
        Ok(())
    }

    pub(super) fn write(&self, entry: &Entry<'_>, field: Opaque, of: TableId, data: &StateData) -> Result<(), Error> {
        self.fits(entry, of)?;
        let write_entry_field =
            self.writer()?.write_entry_field.ok_or(Error::new("the host's write_entry_field is NULL"))?;
        // SAFETY: the host's function, with a table, an entry that is held and a field of that table; the value is of
        // the field's type, and copied.
        let rc = unsafe { write_entry_field(entry.table.as_ptr(), entry.entry.as_ptr(), field.as_ptr(), data) };
        if rc == abi::SUCCESS { Ok(()) } else { Err(self.host.failed("the host cannot write the field")) }
    }

    pub(super) fn add<'t>(&'t self, of: Parts, key: &StateData) -> Result<Entry<'t>, Error> {
        self.none_held(of.id)?;
        let held = self.held(of.id)?;
        let release = self.reader()?.release_table_entry.ok_or(Error::new("the host's release_table_entry is NULL"))?;
        let writer = self.writer()?;
        let create_table_entry =
            writer.create_table_entry.ok_or(Error::new("the host's create_table_entry is NULL"))?;
        let add_table_entry = writer.add_table_entry.ok_or(Error::new("the host's add_table_entry is NULL"))?;
        // SAFETY: the host's function, with a table of its own.
        let entry = unsafe { create_table_entry(of.table.as_ptr()) };
        if entry.is_null() {
            return Err(self.host.failed("the host cannot make an entry"));
        }
        // SAFETY: as above, with an entry that was just made; it is gone even where this fails (rule 9.5). The key is
        // read during the call.
        let entry = unsafe { add_table_entry(of.table.as_ptr(), key, entry) };
        let entry = NonNull::new(entry).ok_or_else(|| self.host.failed("the host cannot add the entry"))?;
        Ok(self.hold(of, entry, held, release))
    }

    pub(super) fn erase(&self, of: Parts, key: &StateData) -> Result<bool, Error> {
        self.none_held(of.id)?;
        let erase_table_entry =
            self.writer()?.erase_table_entry.ok_or(Error::new("the host's erase_table_entry is NULL"))?;
        // SAFETY: the host's function, with a table of its own; the key is read during the call.
        if unsafe { erase_table_entry(of.table.as_ptr(), key) } == abi::SUCCESS {
            return Ok(true);
        }
        // A missing key is a failure like others (rule 9.5): it is one where the key is not missing.
        if self.get(of, key)?.is_none() {
            return Ok(false);
        }
        Err(self.host.failed("the host cannot erase the entry"))
    }

    pub(super) fn clear(&self, of: Parts) -> Result<(), Error> {
        self.none_held(of.id)?;
        let clear_table = self.writer()?.clear_table.ok_or(Error::new("the host's clear_table is NULL"))?;
        // SAFETY: the host's function, with a table of its own.
        let rc = unsafe { clear_table(of.table.as_ptr()) };
        if rc == abi::SUCCESS { Ok(()) } else { Err(self.host.failed("the host cannot clear the table")) }
    }
}

impl fmt::Debug for Access<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("session", &self.session).finish_non_exhaustive()
    }
}

const OTHER_STATE: Error = Error::new("the table was found by another plugin state, or at no init at all");

type ReleaseFn = unsafe extern "C" fn(*mut c_void, *mut c_void);

/// Whom to ask why a call into the host failed.
pub(super) struct Host {
    pub(super) owner: *mut c_void,
    pub(super) last_error: abi::OwnerLastError,
    pub(super) failed: Cell<bool>,
}

impl Host {
    /// A call into the host failed: its own text is asked for at the callback's end.
    #[cold]
    pub(super) fn failed(&self, text: &'static str) -> Error {
        self.failed.set(true);
        Error::new(text)
    }

    #[cold]
    pub(super) fn append_error(&self, to: &mut Message) {
        let (true, Some(last_error)) = (self.failed.get(), self.last_error) else { return };
        // SAFETY: the host's function with its owner, as the caller of `Access::new` says.
        let reason = unsafe { last_error(self.owner) };
        // SAFETY: NULL or a text that lives until the next call into the host.
        if let Some(reason) = unsafe { text(reason) }.filter(|reason| !reason.is_empty()) {
            to.push_str(": the host says: ");
            to.push_bytes(reason.to_bytes());
        }
    }
}

/// The text that a pointer of the host points at.
///
/// # Safety
/// NULL, or a C text that is there, unchanged, for `'a`.
pub(super) unsafe fn text<'a>(text: *const c_char) -> Option<&'a CStr> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not NULL, so a text as the caller says.
    Some(unsafe { CStr::from_ptr(text) })
}

/// A walk through a table: what the host hands back to [`step`].
struct Walk<'t, F> {
    access: &'t Access<'t>,
    of: Parts,
    each: F,
    /// False once it is broken, and while an entry is being looked at: no step begins then.
    walking: Cell<bool>,
    broken: Cell<bool>,
    null: Cell<bool>,
}

unsafe extern "C" fn step<F: FnMut(&Entry<'_>) -> bool>(walk: *mut c_void, entry: *mut c_void) -> abi::Bool {
    let walk = walk.cast::<Walk<'_, F>>();
    if walk.is_null() {
        return 0;
    }
    // SAFETY: the host hands back what `iterate` gave it, during that call. Only shared references are made to these.
    let (walking, broken, null) = unsafe { (&(*walk).walking, &(*walk).broken, &(*walk).null) };
    if !walking.replace(false) {
        return 0;
    }
    let Some(entry) = NonNull::new(entry) else {
        null.set(true);
        return 0;
    };
    // SAFETY: as above; these are Copy.
    let (access, of) = unsafe { ((*walk).access, (*walk).of) };
    let entry = Entry { access, table: of.table, id: of.id, entry, release: None };
    // SAFETY: as above; the function is borrowed once, because no step gets here while another one is walking.
    let go_on = unsafe { ((*walk).each)(&entry) };
    walking.set(go_on);
    broken.set(!go_on);
    abi::Bool::from(go_on)
}

/// An entry of a table, held; released when it is dropped. It cannot outlive the callback.
///
/// While it is held nothing is added to or erased from its table. One that is given to a walk's function is the walk's.
///
/// ```
/// use falconet::tables::{Field, Table, Writer};
/// fn count(tables: &mut Writer<'_>, opens: Table<u64>, number: Field<u64>, key: u64) -> Result<u64, falconet::Error> {
///     let entry = tables.get_or_add(opens, &key)?;
///     let seen = tables.read(&entry, number)? + 1;
///     tables.write(&entry, number, seen)?;
///     Ok(seen)
/// }
/// ```
pub struct Entry<'t> {
    access: &'t Access<'t>,
    table: Opaque,
    id: TableId,
    entry: NonNull<c_void>,
    /// None: the host's, for the time of a walk.
    release: Option<(ReleaseFn, &'t Cell<u32>)>,
}

impl Drop for Entry<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some((release, held)) = self.release {
            if held.get() != u32::MAX {
                held.set(held.get().saturating_sub(1));
            }
            // SAFETY: the host's function, with a table of its own, and an entry of it that was got and not released.
            unsafe { release(self.table.as_ptr(), self.entry.as_ptr()) }
        }
    }
}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry").field("table", &self.id).finish_non_exhaustive()
    }
}
