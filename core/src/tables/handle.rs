// SPDX-License-Identifier: Apache-2.0
//! What a plugin keeps of the host's tables: [`Table`] and [`Field`], and [`TableRef`] for a table in an entry.
//!
//! A handle is a pointer of the host and a number. Numbers are given once in a process, so a handle fits only the
//! plugin state that asked for it and a field only its own table; a wrong one is an error, never handed to the host.
#![expect(unsafe_code, reason = "the host's pointers may be kept on any thread")]

use core::ffi::c_void;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering};

use super::types::sealed::Sealed;
use super::types::{FieldType, Key, Nested};

/// So many tables and nested tables one plugin state can ask the host for.
pub const MAX_TABLES: usize = 32;

/// Which plugin state handles belong to: the shell keeps it beside the plugin value.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// The number of its first table; those of others follow.
    base: u64,
}

impl Session {
    /// No handle belongs to it: the host gave no tables at init.
    pub const NONE: Self = Self { base: 0 };

    /// Another one than every other.
    pub(super) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(MAX_TABLES as u64);
        Self { base: NEXT.fetch_add(MAX_TABLES as u64, Ordering::Relaxed) }
    }

    /// The table whose place in the session is `index`.
    pub(super) const fn table(self, index: usize) -> TableId {
        TableId(self.base.wrapping_add(index as u64))
    }

    /// The place of a table in this session; where it is of another, one beyond [`MAX_TABLES`].
    #[inline]
    pub(super) fn index(self, table: TableId) -> usize {
        usize::try_from(table.0.wrapping_sub(self.base)).unwrap_or(usize::MAX)
    }
}

/// Where a plugin state keeps its [`Session`].
#[doc(hidden)]
#[derive(Debug)]
pub struct SessionCell(AtomicU64);

impl SessionCell {
    /// None.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "made by `export!` in a static, and nowhere else")]
    pub const fn new() -> Self {
        Self(AtomicU64::new(Session::NONE.base))
    }

    /// The state's session.
    #[must_use]
    #[inline]
    pub fn get(&self) -> Session {
        Session { base: self.0.load(Ordering::Relaxed) }
    }

    /// A state begins with this one.
    pub fn set(&self, session: Session) {
        self.0.store(session.base, Ordering::Relaxed);
    }
}

/// Which table: one number for a table of the host, and one for all the tables of a nested field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableId(u64);

impl TableId {
    /// No table at all: what a field has that is not nested.
    pub(super) const NONE: Self = Self(u64::MAX);
}

/// A pointer that only the host looks behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opaque(NonNull<c_void>);

// SAFETY: nothing is read through it here; it is handed back to the host in a callback only, on the callback's thread.
unsafe impl Send for Opaque {}
// SAFETY: as above.
unsafe impl Sync for Opaque {}

impl Opaque {
    pub(super) fn new(pointer: *mut c_void) -> Option<Self> {
        NonNull::new(pointer).map(Self)
    }

    #[inline]
    pub(super) const fn as_ptr(self) -> *mut c_void {
        self.0.as_ptr()
    }
}

/// A table of the host or of another plugin, with keys of type `K`: found at init, kept in the plugin value.
///
/// It does nothing by itself: every access needs the callback's [`Reader`](super::Reader) or [`Writer`](super::Writer).
///
/// ```
/// use falconet::tables::{Reader, Table};
/// struct Watch { threads: Table<i64> }
/// fn is_known(watch: &Watch, tables: &Reader<'_>, tid: i64) -> Result<bool, falconet::Error> {
///     Ok(tables.get(watch.threads, &tid)?.is_some())
/// }
/// ```
pub struct Table<K: Key + ?Sized> {
    pub(super) table: Opaque,
    pub(super) id: TableId,
    pub(super) key: PhantomData<fn(&K)>,
}

impl<K: Key + ?Sized> Clone for Table<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: Key + ?Sized> Copy for Table<K> {}

impl<K: Key + ?Sized> fmt::Debug for Table<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A field of a table, of type `V`: found or added at init, kept in the plugin value. It fits entries of its own table.
///
/// ```
/// use core::ffi::CStr;
/// use falconet::tables::{Field, Reader, Table};
/// struct Watch { threads: Table<i64>, comm: Field<CStr> }
/// fn is_init(watch: &Watch, tables: &Reader<'_>) -> Result<bool, falconet::Error> {
///     let Some(thread) = tables.get(watch.threads, &1)? else { return Ok(false) };
///     Ok(tables.read(&thread, watch.comm)? == c"init")
/// }
/// ```
pub struct Field<V: FieldType + ?Sized> {
    pub(super) field: Opaque,
    /// Whose field it is.
    pub(super) table: TableId,
    /// The tables that are its values.
    pub(super) nested: TableId,
    pub(super) value: PhantomData<fn(&V)>,
}

impl<V: FieldType + ?Sized> Clone for Field<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: FieldType + ?Sized> Copy for Field<V> {}

impl<V: FieldType + ?Sized> fmt::Debug for Field<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field").field("table", &self.table).finish_non_exhaustive()
    }
}

/// The table that an entry has in a nested field. It is there for as long as the entry is held.
///
/// ```
/// use falconet::tables::{Entry, Field, Nested, Reader};
/// fn files(tables: &Reader<'_>, thread: &Entry<'_>, files: Field<Nested<i64>>) -> Result<u64, falconet::Error> {
///     let files = tables.nested(thread, files)?;
///     tables.size(files)
/// }
/// ```
pub struct TableRef<'t, K: Key + ?Sized> {
    pub(super) table: Opaque,
    pub(super) id: TableId,
    pub(super) key: PhantomData<&'t K>,
}

impl<K: Key + ?Sized> Clone for TableRef<'_, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: Key + ?Sized> Copy for TableRef<'_, K> {}

impl<K: Key + ?Sized> fmt::Debug for TableRef<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableRef").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The host's pointer to a table, and which one it is.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Parts {
    pub(super) table: Opaque,
    pub(super) id: TableId,
}

/// A table to be accessed: a [`Table`], or a [`TableRef`], whose entries are there for `'t` at most.
pub trait AsTable<'t>: Sealed {
    /// The type of its keys.
    type Key: Key + ?Sized;

    #[doc(hidden)]
    fn parts(&self) -> Parts;
}

impl<K: Key + ?Sized> Sealed for Table<K> {}

impl<K: Key + ?Sized> AsTable<'_> for Table<K> {
    type Key = K;

    #[inline]
    fn parts(&self) -> Parts {
        Parts { table: self.table, id: self.id }
    }
}

impl<K: Key + ?Sized> Sealed for TableRef<'_, K> {}

impl<'t, K: Key + ?Sized> AsTable<'t> for TableRef<'t, K> {
    type Key = K;

    #[inline]
    fn parts(&self) -> Parts {
        Parts { table: self.table, id: self.id }
    }
}

/// What has fields: a [`Table`], or a field that is [`Nested`], for the tables in it.
pub trait HasFields: Sealed {
    #[doc(hidden)]
    fn id(&self) -> TableId;
}

impl<K: Key + ?Sized> HasFields for Table<K> {
    fn id(&self) -> TableId {
        self.id
    }
}

impl<V: FieldType + ?Sized> Sealed for Field<V> {}

impl<K: Key + ?Sized> HasFields for Field<Nested<K>> {
    fn id(&self) -> TableId {
        self.nested
    }
}
