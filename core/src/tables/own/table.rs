// SPDX-License-Identifier: Apache-2.0
//! The storage of a table, [`StateTable`] and [`NestedTable`], and the plugin's own access to it: [`Entries`].
#![expect(unsafe_code, reason = "slots are reached by their places")]

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::fmt;
use core::marker::PhantomData;
use core::mem::{MaybeUninit, needs_drop, offset_of};
use core::sync::atomic::AtomicU32;

use super::layout::{Added, Desc, Head, Holding, MAX_FIELDS, Meta, Root, SPARE};
use super::raw::{Raw, release};
use super::row::{FieldValue, Kind, Row, StateKey, raw_fields};
use crate::error::Error;
use crate::tables::types::sealed::Sealed;

#[repr(C)]
struct Slot<K, E, const FIELDS: usize, const TEXT: usize> {
    meta: Meta,
    key: MaybeUninit<K>,
    entry: MaybeUninit<E>,
    added: [Added<TEXT>; FIELDS],
}

impl<K, E, const FIELDS: usize, const TEXT: usize> Slot<K, E, FIELDS, TEXT> {
    #[expect(clippy::declare_interior_mutable_const, reason = "every slot is a new one of it")]
    const NEW: Self = Self {
        meta: Meta::new(),
        key: MaybeUninit::zeroed(),
        entry: MaybeUninit::zeroed(),
        added: [const { Added::new() }; FIELDS],
    };
}

/// A table without what it shares with the tables in it.
#[repr(C)]
pub(super) struct Storage<K, E, const N: usize, const FIELDS: usize, const TEXT: usize> {
    head: Head,
    buckets: [AtomicU32; N],
    slots: [Slot<K, E, FIELDS, TEXT>; N],
    /// Right behind the others: one array with them.
    _spare: [Slot<K, E, FIELDS, TEXT>; SPARE],
}

impl<K: StateKey, E: Row, const N: usize, const FIELDS: usize, const TEXT: usize> Storage<K, E, N, FIELDS, TEXT> {
    pub(super) const DESC: &'static Desc = &Desc {
        key: K::KIND,
        capacity: N,
        slots: N + SPARE,
        slot_size: size_of::<Slot<K, E, FIELDS, TEXT>>(),
        slots_at: offset_of!(Self, slots),
        buckets_at: offset_of!(Self, buckets),
        key_at: offset_of!(Slot<K, E, FIELDS, TEXT>, key),
        entry_at: offset_of!(Slot<K, E, FIELDS, TEXT>, entry),
        added_at: offset_of!(Slot<K, E, FIELDS, TEXT>, added),
        entry_size: size_of::<E>(),
        added: FIELDS,
        added_size: size_of::<Added<TEXT>>(),
        fields: raw_fields::<E>(),
        reset: reset::<E>,
    };

    const fn new() -> Self {
        const {
            assert!(N > 0, "a table has room for an entry");
            assert!(N < (u32::MAX / 2) as usize, "a table has fewer slots than 32 bits can number");
            assert!(!matches!(K::KIND, Kind::Table(_)), "a key is no table");
            assert!(TEXT >= 8, "an added field has room for a number of 8 bytes");
            assert!(!needs_drop::<E>(), "an entry of a table needs no drop: its slot is used again as it is");
            let fields = raw_fields::<E>();
            assert!(fields.len() + FIELDS <= MAX_FIELDS, "a table has at most 32 fields, the added ones with them");
        };
        Self {
            head: Head::new(),
            buckets: [const { AtomicU32::new(0) }; N],
            slots: [const { Slot::NEW }; N],
            _spare: [const { Slot::NEW }; SPARE],
        }
    }
}

/// Makes an entry an empty one.
///
/// # Safety
/// `entry` has room for an `E`, which nobody borrows.
unsafe fn reset<E: Row>(entry: *mut c_void) {
    // SAFETY: as the caller says.
    unsafe { entry.cast::<E>().write(E::EMPTY) }
}

/// A table of a plugin's own, of up to `N` entries of type `E` with keys of type `K`, in static storage.
///
/// The plugin uses it through [`lock`](StateTable::lock); others once it is in the plugin's list of
/// [`ExportedTable`](super::ExportedTable)s. They can add up to `FIELDS` fields, with texts of up to `TEXT - 1` bytes.
/// Where entries are all zero at first the whole table is in `.bss`.
///
/// A text that another plugin has read is lent by pointer: write an entry's texts in callbacks, not on own threads.
///
/// ```
/// use falconet::tables::{EntryField, Row, StateTable, Text};
/// struct Client { requests: u64 }
/// impl Row for Client {
///     const EMPTY: Self = Self { requests: 0 };
///     const FIELDS: &'static [EntryField<Self>] =
///         &[EntryField::new(c"requests", |client: &mut Self| &mut client.requests).read_only()];
/// }
/// static CLIENTS: StateTable<Text<16>, Client, 100> = StateTable::new();
///
/// let mut clients = CLIENTS.lock().unwrap(); // a try, never a wait
/// let key = Text::from_bytes(b"10.0.0.1").unwrap();
/// clients.get_or_insert(&key).unwrap().requests += 1;
/// assert_eq!(clients.get(&key).map(|client| client.requests), Some(1));
/// assert!(CLIENTS.lock().is_err()); // while this one is held
/// ```
pub struct StateTable<K, E, const N: usize, const FIELDS: usize = 4, const TEXT: usize = 32> {
    root: Root,
    storage: UnsafeCell<Storage<K, E, N, FIELDS, TEXT>>,
}

// SAFETY: the pointers in it are the table's own, and what init gave, which belongs to no thread.
unsafe impl<K: StateKey, E: Row, const N: usize, const FIELDS: usize, const TEXT: usize> Send
    for StateTable<K, E, N, FIELDS, TEXT>
{
}

// SAFETY: the storage is changed under the root's lock only, but for counters, which are atomic; keys and entries may
// be sent to the thread that has the lock.
unsafe impl<K: StateKey, E: Row, const N: usize, const FIELDS: usize, const TEXT: usize> Sync
    for StateTable<K, E, N, FIELDS, TEXT>
{
}

impl<K: StateKey, E: Row, const N: usize, const FIELDS: usize, const TEXT: usize> StateTable<K, E, N, FIELDS, TEXT> {
    /// Empty, for a `static`.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "made in a static, never on a stack")]
    pub const fn new() -> Self {
        Self { root: Root::new(), storage: UnsafeCell::new(Storage::new()) }
    }

    /// The plugin's own access. Nobody else has any until it is dropped.
    ///
    /// # Errors
    /// Another has the table at this moment. It is tried a thousand times, and never waited for.
    pub fn lock(&self) -> Result<Entries<'_, K, E>, Error> {
        let lock = self.root.lock.try_lock()?;
        // SAFETY: the table is there for as long as it is borrowed, all of it in the cell, and the lock is held.
        let raw = unsafe { Raw::new(self.storage.get().cast(), Storage::<K, E, N, FIELDS, TEXT>::DESC) };
        Ok(Entries { raw, _lock: Some(lock), types: PhantomData })
    }

    pub(super) fn parts(&self) -> (&Root, *mut Head, &'static Desc) {
        (&self.root, self.storage.get().cast(), Storage::<K, E, N, FIELDS, TEXT>::DESC)
    }
}

impl<K, E, const N: usize, const FIELDS: usize, const TEXT: usize> fmt::Debug for StateTable<K, E, N, FIELDS, TEXT> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateTable").field("capacity", &N).finish_non_exhaustive()
    }
}

/// A table in every entry of a table: a field's type. Others see it as a field of type table, and add no fields to it.
///
/// ```
/// use falconet::tables::{EntryField, NestedTable, Row, StateTable};
/// struct Port { packets: u64 }
/// impl Row for Port {
///     const EMPTY: Self = Self { packets: 0 };
///     const FIELDS: &'static [EntryField<Self>] = &[EntryField::new(c"packets", |port: &mut Self| &mut port.packets)];
/// }
/// struct Client { ports: NestedTable<u16, Port, 8> }
/// impl Row for Client {
///     const EMPTY: Self = Self { ports: NestedTable::new() };
///     const FIELDS: &'static [EntryField<Self>] = &[EntryField::new(c"ports", |client: &mut Self| &mut client.ports)];
/// }
/// static CLIENTS: StateTable<u64, Client, 16> = StateTable::new();
///
/// let mut clients = CLIENTS.lock().unwrap();
/// let client = clients.get_or_insert(&7).unwrap();
/// client.ports.entries().get_or_insert(&443).unwrap().packets += 1;
/// assert_eq!(client.ports.entries().len(), 1);
/// ```
pub struct NestedTable<K, E, const N: usize> {
    storage: Storage<K, E, N, 0, 8>,
}

// SAFETY: the pointers in its head are the table's own and the root's; nothing in it belongs to a thread.
unsafe impl<K: StateKey, E: Row, const N: usize> Send for NestedTable<K, E, N> {}

impl<K: StateKey, E: Row, const N: usize> NestedTable<K, E, N> {
    /// Empty.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "made in a table's entry, never on a stack")]
    pub const fn new() -> Self {
        Self { storage: Storage::new() }
    }

    /// The plugin's own access.
    pub fn entries(&mut self) -> Entries<'_, K, E> {
        let table: *mut Storage<K, E, N, 0, 8> = &raw mut self.storage;
        // SAFETY: the table is borrowed mutably, so that nobody else changes it.
        let raw = unsafe { Raw::new(table.cast(), Storage::<K, E, N, 0, 8>::DESC) };
        Entries { raw, _lock: None, types: PhantomData }
    }
}

impl<K, E, const N: usize> Sealed for NestedTable<K, E, N> {}

impl<K: StateKey, E: Row, const N: usize> FieldValue for NestedTable<K, E, N> {
    const KIND: Kind = Kind::Table(Storage::<K, E, N, 0, 8>::DESC);
}

impl<K, E, const N: usize> fmt::Debug for NestedTable<K, E, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NestedTable").field("capacity", &N).finish_non_exhaustive()
    }
}

/// The plugin's own access to a table, and nobody else's until it is dropped: its entries, by key.
///
/// ```
/// # use falconet::tables::{EntryField, Row, StateTable};
/// # struct Count(u64);
/// # impl Row for Count {
/// #     const EMPTY: Self = Self(0);
/// #     const FIELDS: &'static [EntryField<Self>] = &[];
/// # }
/// use falconet::tables::Entries;
/// fn total(counts: &Entries<'_, i64, Count>) -> u64 {
///     counts.iter().map(|(_key, count)| count.0).sum()
/// }
/// static COUNTS: StateTable<i64, Count, 2> = StateTable::new();
/// let mut counts = COUNTS.lock().unwrap();
/// counts.insert(&1).unwrap().0 = 5;
/// counts.insert(&2).unwrap().0 = 6;
/// assert!(counts.insert(&3).is_err()); // full
/// assert_eq!(total(&counts), 11);
/// assert!(counts.remove(&1) && !counts.remove(&1));
/// ```
pub struct Entries<'t, K, E> {
    pub(super) raw: Raw<'t>,
    /// Where it is not the borrow of a nested table that keeps others away.
    _lock: Option<Holding<'t>>,
    types: PhantomData<(K, &'t mut E)>,
}

impl<K: StateKey, E: Row> Entries<'_, K, E> {
    /// The entry at a key.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&E> {
        let index = key.with_bytes(|key| self.raw.find(key))?;
        // SAFETY: an entry in the index is an E; it is changed through `&mut self` only.
        Some(unsafe { &*self.raw.entry(index).cast::<E>() })
    }

    /// The entry at a key, to be changed.
    #[must_use]
    pub fn get_mut(&mut self, key: &K) -> Option<&mut E> {
        let index = key.with_bytes(|key| self.raw.find(key))?;
        // SAFETY: as above; it is borrowed through `&mut self` only.
        Some(unsafe { &mut *self.raw.entry(index).cast::<E>() })
    }

    /// A new entry at a key; one that is there is erased.
    ///
    /// # Errors
    /// The table is full, or others hold all its spare slots.
    pub fn insert(&mut self, key: &K) -> Result<&mut E, Error> {
        let index = self.raw.make()?;
        let added = key.with_bytes(|key| self.raw.add(index, key));
        release(self.raw.meta(index));
        if let Err(error) = added {
            self.raw.reclaim(index);
            return Err(error);
        }
        // SAFETY: as above.
        Ok(unsafe { &mut *self.raw.entry(index).cast::<E>() })
    }

    /// The entry at a key, or a new one.
    ///
    /// # Errors
    /// As [`Entries::insert`].
    pub fn get_or_insert(&mut self, key: &K) -> Result<&mut E, Error> {
        match key.with_bytes(|key| self.raw.find(key)) {
            // SAFETY: as above.
            Some(index) => Ok(unsafe { &mut *self.raw.entry(index).cast::<E>() }),
            None => self.insert(key),
        }
    }

    /// Erases the entry at a key. Whether there was one.
    pub fn remove(&mut self, key: &K) -> bool {
        key.with_bytes(|key| self.raw.erase(key))
    }

    /// Erases all entries.
    pub fn clear(&mut self) {
        self.raw.clear();
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.raw.len()
    }

    /// True while there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All entries with their keys, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &E)> {
        let mut from = 0;
        core::iter::from_fn(move || {
            let index = self.raw.live_from(from)?;
            from = index + 1;
            // SAFETY: a slot in the index has a K and an E; they are changed through `&mut self` only.
            Some(unsafe { (&*self.raw.key(index).cast::<K>(), &*self.raw.entry(index).cast::<E>()) })
        })
    }

    /// Changes all entries, and erases those for which `keep` says `false`.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut E) -> bool) {
        let mut from = 0;
        while let Some(index) = self.raw.live_from(from) {
            from = index + 1;
            // SAFETY: as above; one entry at a time is borrowed, through `&mut self`.
            let (key, entry) = unsafe { (*self.raw.key(index).cast::<K>(), &mut *self.raw.entry(index).cast::<E>()) };
            if !keep(&key, entry) {
                self.remove(&key);
            }
        }
    }
}

impl<K, E> fmt::Debug for Entries<'_, K, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entries").field("len", &self.raw.len()).finish_non_exhaustive()
    }
}
