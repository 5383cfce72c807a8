// SPDX-License-Identifier: Apache-2.0
//! What a callback may do with the host's tables: [`Reader`], [`EntryWriter`], [`Writer`].
//!
//! ```text
//! Writer       add, erase, clear           &mut: no text that was read is alive
//!   EntryWriter  write fields of entries   &mut: as above
//!     Reader       get, read, size, name, walk
//! ```

use core::ffi::CStr;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{ControlFlow, Deref, DerefMut};

use super::access::{Access, Entry};
use super::handle::{AsTable, Field, TableRef};
use super::types::{Key, Nested, ValueType};
use crate::error::Error;

/// Reads tables for the time of a callback. Handles do nothing without it.
///
/// A table of a plugin that is built with the crate `falco_plugin` lends an entry once at a time, and is locked while it is
/// walked through: that plugin panics, which ends the process, where an entry is got while it is held, where a walk meets
/// one that is held, and where the table is used inside its own walk. Tables of the host and of this SDK allow all of it.
/// An added field that was never written in an entry of such a table cannot be read; here it is 0 or empty.
///
/// ```
/// use core::ops::ControlFlow;
/// use falconet::tables::{Field, Reader, Table};
/// fn total(tables: &Reader<'_>, opens: Table<u64>, number: Field<u64>) -> Result<u64, falconet::Error> {
///     let mut sum = 0;
///     let _whole = tables.for_each(opens, |entry, tables| match tables.read(entry, number) {
///         Ok(number) => {
///             sum += number;
///             ControlFlow::Continue(())
///         }
///         Err(error) => ControlFlow::Break(error),
///     })?;
///     Ok(sum)
/// }
/// ```
pub struct Reader<'c> {
    access: &'c Access<'c>,
}

impl<'c> Reader<'c> {
    /// The shell's: one for a callback.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(access: &'c Access<'c>) -> Self {
        Self { access }
    }

    /// The table's name.
    ///
    /// # Errors
    /// The host gives none.
    pub fn name<'a, 't: 'a, T: AsTable<'t>>(&'a self, table: T) -> Result<&'a CStr, Error>
    where
        'c: 't,
    {
        self.access.name(table.parts())
    }

    /// How many entries the table has.
    ///
    /// # Errors
    /// The host does not tell.
    pub fn size<'t, T: AsTable<'t>>(&self, table: T) -> Result<u64, Error>
    where
        'c: 't,
    {
        self.access.size(table.parts())
    }

    /// The entry at a key, held until it is dropped; `None` where there is none.
    ///
    /// # Errors
    /// The table is of another plugin state, or the host's functions are incomplete.
    #[inline]
    pub fn get<'t, T: AsTable<'t>>(&self, table: T, key: &T::Key) -> Result<Option<Entry<'t>>, Error>
    where
        'c: 't,
    {
        let access: &'t Access<'t> = self.access;
        access.get(table.parts(), &key.data())
    }

    /// The value of an entry's field. A text is borrowed from the host until the next write, and while the entry is held.
    ///
    /// # Errors
    /// The field is of another table than the entry, or the host cannot read it.
    #[inline]
    #[expect(unsafe_code, reason = "the value is of the field's type")]
    pub fn read<'a, V: ValueType + ?Sized>(
        &'a self,
        entry: &'a Entry<'_>,
        field: Field<V>,
    ) -> Result<V::Ref<'a>, Error> {
        let data = self.access.read(entry, field.field, field.table)?;
        // SAFETY: the field's type was checked at init. A text is the entry's, which is borrowed and so held, and nothing
        // is written while this token is borrowed.
        unsafe { V::load(&data) }.ok_or(Error::new("the host gave NULL as the text of a field"))
    }

    /// The table in an entry's field.
    ///
    /// # Errors
    /// As [`Reader::read`]; and where the entry has none.
    pub fn nested<'e, K: Key + ?Sized>(
        &self,
        entry: &'e Entry<'_>,
        field: Field<Nested<K>>,
    ) -> Result<TableRef<'e, K>, Error> {
        let table = self.access.read_table(entry, field.field, field.table)?;
        Ok(TableRef { table, id: field.nested, key: PhantomData })
    }

    /// Walks through all entries until `each` breaks. Whether it did is what this returns (rule 9.6).
    ///
    /// The plugin API tells no keys here: where one is needed the table has it in a field.
    /// The host calls `each`; a panic in it ends the process.
    ///
    /// # Errors
    /// The host cannot go through the table.
    pub fn for_each<'t, T: AsTable<'t>, B>(
        &self,
        table: T,
        mut each: impl FnMut(&Entry<'_>, &Reader<'c>) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, Error>
    where
        'c: 't,
    {
        self.access.walk(table.parts(), |entry| each(entry, self))
    }
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

/// Writes fields of entries that are there. It is a [`Reader`], too.
///
/// ```
/// use falconet::tables::{EntryWriter, Field, Table};
/// fn reset(tables: &mut EntryWriter<'_>, opens: Table<u64>, number: Field<u64>) -> Result<(), falconet::Error> {
///     if let Some(entry) = tables.get(opens, &7)? {
///         tables.write(&entry, number, 0)?;
///     }
///     Ok(())
/// }
/// ```
pub struct EntryWriter<'c> {
    reader: Reader<'c>,
}

impl<'c> EntryWriter<'c> {
    /// Writes a field of an entry. Texts are copied by the host.
    ///
    /// # Errors
    /// The field is of another table than the entry, or the host cannot write it: it may be read-only.
    #[inline]
    pub fn write<V: ValueType + ?Sized>(
        &mut self,
        entry: &Entry<'_>,
        field: Field<V>,
        value: V::Ref<'_>,
    ) -> Result<(), Error> {
        self.reader.access.write(entry, field.field, field.table, &V::store(value))
    }

    /// As [`Reader::for_each`], with a token that writes entries' fields, but adds and erases nothing meanwhile.
    ///
    /// # Errors
    /// The host cannot go through the table.
    pub fn for_each_mut<'t, T: AsTable<'t>, B>(
        &mut self,
        table: T,
        mut each: impl FnMut(&Entry<'_>, &mut EntryWriter<'c>) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, Error>
    where
        'c: 't,
    {
        let access = self.reader.access;
        access.walk(table.parts(), |entry| each(entry, self))
    }
}

impl<'c> Deref for EntryWriter<'c> {
    type Target = Reader<'c>;

    #[inline]
    fn deref(&self) -> &Reader<'c> {
        &self.reader
    }
}

impl fmt::Debug for EntryWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntryWriter").finish_non_exhaustive()
    }
}

/// Adds and erases entries, and clears tables. It is an [`EntryWriter`] and a [`Reader`], too.
///
/// While an entry of a table is held, nothing is added to or erased from that table: some tables of the host are arrays,
/// whose entries move. The nested tables of one field count as one table.
///
/// ```
/// use falconet::tables::{Table, Writer};
/// fn forget(tables: &mut Writer<'_>, opens: Table<u64>) -> Result<(), falconet::Error> {
///     if !tables.erase(opens, &7)? {
///         tables.clear(opens)?; // there was no 7
///     }
///     Ok(())
/// }
/// ```
pub struct Writer<'c> {
    entries: EntryWriter<'c>,
}

impl<'c> Writer<'c> {
    /// The shell's: one for a callback.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(access: &'c Access<'c>) -> Self {
        Self { entries: EntryWriter { reader: Reader::new(access) } }
    }

    /// Adds an entry with all its fields empty; one that is there at this key is replaced (rule 9.5).
    ///
    /// # Errors
    /// An entry of the table is held, or the host cannot add one.
    pub fn add<'t, T: AsTable<'t>>(&mut self, table: T, key: &T::Key) -> Result<Entry<'t>, Error>
    where
        'c: 't,
    {
        let access: &'t Access<'t> = self.access;
        access.add(table.parts(), &key.data())
    }

    /// The entry at a key, added where there is none.
    ///
    /// # Errors
    /// As [`Writer::add`], where there is none.
    pub fn get_or_add<'t, T: AsTable<'t>>(&mut self, table: T, key: &T::Key) -> Result<Entry<'t>, Error>
    where
        'c: 't,
    {
        let access: &'t Access<'t> = self.access;
        match access.get(table.parts(), &key.data())? {
            Some(entry) => Ok(entry),
            None => access.add(table.parts(), &key.data()),
        }
    }

    /// Erases the entry at a key. Whether there was one.
    ///
    /// # Errors
    /// An entry of the table is held, or the host cannot erase this one.
    pub fn erase<'t, T: AsTable<'t>>(&mut self, table: T, key: &T::Key) -> Result<bool, Error>
    where
        'c: 't,
    {
        self.access.erase(table.parts(), &key.data())
    }

    /// Erases all entries of a table.
    ///
    /// # Errors
    /// An entry of the table is held, or the host cannot clear it.
    pub fn clear<'t, T: AsTable<'t>>(&mut self, table: T) -> Result<(), Error>
    where
        'c: 't,
    {
        self.access.clear(table.parts())
    }
}

impl<'c> Deref for Writer<'c> {
    type Target = EntryWriter<'c>;

    #[inline]
    fn deref(&self) -> &EntryWriter<'c> {
        &self.entries
    }
}

impl DerefMut for Writer<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.entries
    }
}

impl fmt::Debug for Writer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}
