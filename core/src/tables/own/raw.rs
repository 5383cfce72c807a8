// SPDX-License-Identifier: Apache-2.0
//! What is done with a table of any type: [`Raw`], the index and the slots.
//!
//! ```text
//! FREE -> make -> MADE -> add -> LIVE -> erase -> ERASED -> the last release -> FREE
//!                   '-- release: FREE            '-- held by nobody: FREE at once
//! ```
#![expect(unsafe_code, reason = "slots are reached by their places, whatever their type is")]

use core::ffi::c_void;
use core::sync::atomic::{AtomicU32, Ordering};

use super::layout::{Desc, Head, Meta, SPARE, state};
use super::row::Kind;
use crate::error::Error;

/// A table of any type, which the holder may change: it has the lock, or borrows the table mutably.
#[derive(Clone, Copy)]
pub(super) struct Raw<'t> {
    head: &'t Head,
    /// The table's start, by which all of it may be reached.
    start: *mut u8,
    pub(super) desc: &'t Desc,
}

impl<'t> Raw<'t> {
    /// # Safety
    /// `head` begins a table of this shape, which is there for `'t`, and by the pointer all of the table may be reached.
    /// Nobody else changes it for `'t`.
    pub(super) unsafe fn new(head: *mut Head, desc: &'t Desc) -> Self {
        // SAFETY: as the caller says; all of a head is atomic or in a cell.
        Self { head: unsafe { &*head }, start: head.cast(), desc }
    }

    pub(super) const fn head(&self) -> &'t Head {
        self.head
    }

    fn slot(&self, index: usize) -> *mut u8 {
        self.start.wrapping_add(self.desc.slots_at).wrapping_add(index.wrapping_mul(self.desc.slot_size))
    }

    /// The entry of a slot of this table.
    pub(super) fn entry(&self, index: usize) -> *mut c_void {
        self.slot(index).wrapping_add(self.desc.entry_at).cast()
    }

    /// The key of a slot of this table.
    pub(super) fn key(&self, index: usize) -> *mut u8 {
        self.slot(index).wrapping_add(self.desc.key_at)
    }

    /// The value of an added field in a slot of this table.
    pub(super) fn added(&self, index: usize, field: usize) -> *mut u8 {
        self.slot(index).wrapping_add(self.desc.added_at).wrapping_add(field.wrapping_mul(self.desc.added_size))
    }

    /// What a host calls an entry.
    pub(super) fn handle(&self, index: usize) -> *mut c_void {
        self.slot(index).cast()
    }

    /// The slot that a host means, if it is one, and held.
    pub(super) fn held(&self, handle: *mut c_void) -> Result<usize, Error> {
        let from_first = handle.addr().wrapping_sub(self.slot(0).addr());
        let size = self.desc.slot_size.max(1);
        let index = from_first / size;
        if handle.is_null() || index >= self.fresh() || !from_first.is_multiple_of(size) {
            return Err(Error::new("this is no entry of the table"));
        }
        if !self.meta(index).is_held() {
            return Err(Error::new("the entry was released before"));
        }
        Ok(index)
    }

    /// The bookkeeping of a slot of this table.
    pub(super) fn meta(&self, index: usize) -> &'t Meta {
        // SAFETY: every slot begins with its Meta, which is atomic; callers' indices are below the number of slots.
        unsafe { &*self.slot(index).cast::<Meta>() }
    }

    fn bucket(&self, hash: u32) -> &'t AtomicU32 {
        let place = (u64::from(hash) * self.desc.capacity as u64) >> 32;
        let at = self.start.wrapping_add(self.desc.buckets_at).cast::<AtomicU32>().wrapping_add(place as usize);
        // SAFETY: there are as many buckets as the capacity is, and a hash of 32 bits scaled by it is below.
        unsafe { &*at }
    }

    pub(super) fn fresh(&self) -> usize {
        (self.head.fresh.load(Ordering::Relaxed) as usize).min(self.desc.slots)
    }

    pub(super) fn len(&self) -> usize {
        self.head.live.load(Ordering::Relaxed) as usize
    }

    /// Whether a slot's key is this one.
    pub(super) fn key_is(&self, index: usize, key: &[u8]) -> bool {
        // SAFETY: a slot has so many bytes of a key, all of them defined, and nobody writes them meanwhile.
        let own = unsafe { core::slice::from_raw_parts(self.key(index), self.desc.key.size()) };
        match own.split_at_checked(key.len()) {
            Some((own, rest)) => own == key && rest.first().is_none_or(|byte| *byte == 0),
            None => false,
        }
    }

    /// The slot of a key.
    pub(super) fn find(&self, key: &[u8]) -> Option<usize> {
        let hash = hash(key);
        let mut next = place(self.bucket(hash));
        // A chain is no longer than there are slots.
        for _ in 0..self.desc.slots {
            let index = next?;
            let meta = self.meta(index);
            if meta.hash.load(Ordering::Relaxed) == hash && self.key_is(index, key) {
                return Some(index);
            }
            next = place(&meta.next);
        }
        None
    }

    /// Makes an empty entry that is in no table, held once.
    pub(super) fn make(&self) -> Result<usize, Error> {
        let index = self.free_slot().ok_or(
            Error::new("the table has no slot left: entries are made or held, and not released")
                .with("capacity", self.desc.capacity as u64)
                .with("spare", SPARE as u64),
        )?;
        let meta = self.meta(index);
        // SAFETY: the slot is nobody's, and has room for its entry.
        unsafe { (self.desc.reset)(self.entry(index)) };
        if self.desc.added > 0 {
            // SAFETY: as above, for the values of added fields.
            unsafe { self.added(index, 0).write_bytes(0, self.desc.added * self.desc.added_size) };
        }
        meta.refs.store(1, Ordering::Relaxed);
        meta.state.store(state::MADE, Ordering::Relaxed);
        self.head.detached.fetch_add(1, Ordering::Relaxed);
        Ok(index)
    }

    fn free_slot(&self) -> Option<usize> {
        let fresh = self.fresh();
        if place(&self.head.free).is_none()
            && fresh == self.desc.slots
            && self.head.detached.load(Ordering::Relaxed) > 0
        {
            (0..fresh).for_each(|index| self.reclaim(index));
        }
        if let Some(index) = place(&self.head.free) {
            self.head.free.store(self.meta(index).next.load(Ordering::Relaxed), Ordering::Relaxed);
            return Some(index);
        }
        if fresh == self.desc.slots {
            return None;
        }
        self.head.fresh.fetch_add(1, Ordering::Relaxed);
        Some(fresh)
    }

    /// Frees a slot that is in no table and held by nobody.
    pub(super) fn reclaim(&self, index: usize) {
        let meta = self.meta(index);
        if (meta.is(state::MADE) || meta.is(state::ERASED)) && !meta.is_held() {
            meta.state.store(state::FREE, Ordering::Relaxed);
            meta.next.store(self.head.free.load(Ordering::Relaxed), Ordering::Relaxed);
            self.head.free.store(link(index), Ordering::Relaxed);
            self.head.detached.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Adds a made entry at a key; one that is there is erased.
    pub(super) fn add(&self, index: usize, key: &[u8]) -> Result<(), Error> {
        let size = self.desc.key.size();
        if key.len() > size {
            return Err(Error::new("the key is too long for the table"));
        }
        if !self.erase(key) && self.len() >= self.desc.capacity {
            return Err(Error::new("the table is full").with("capacity", self.desc.capacity as u64));
        }
        // SAFETY: the slot is in no table, so nobody looks at its key, which has so many bytes.
        unsafe {
            self.key(index).write_bytes(0, size);
            self.key(index).copy_from_nonoverlapping(key.as_ptr(), key.len());
        }
        let (meta, hash) = (self.meta(index), hash(key));
        let bucket = self.bucket(hash);
        meta.hash.store(hash, Ordering::Relaxed);
        meta.next.store(bucket.load(Ordering::Relaxed), Ordering::Relaxed);
        bucket.store(link(index), Ordering::Relaxed);
        meta.state.store(state::LIVE, Ordering::Relaxed);
        self.head.detached.fetch_sub(1, Ordering::Relaxed);
        self.head.live.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Erases the entry at a key. Whether there was one.
    pub(super) fn erase(&self, key: &[u8]) -> bool {
        let Some(index) = self.find(key) else { return false };
        let meta = self.meta(index);
        let mut at = self.bucket(meta.hash.load(Ordering::Relaxed));
        for _ in 0..self.desc.slots {
            match place(at) {
                Some(found) if found == index => {
                    at.store(meta.next.load(Ordering::Relaxed), Ordering::Relaxed);
                    break;
                }
                Some(other) => at = &self.meta(other).next,
                None => break,
            }
        }
        self.erased(index);
        true
    }

    /// An entry has left the index.
    fn erased(&self, index: usize) {
        self.meta(index).state.store(state::ERASED, Ordering::Relaxed);
        self.head.live.fetch_sub(1, Ordering::Relaxed);
        self.head.detached.fetch_add(1, Ordering::Relaxed);
        self.reclaim(index);
    }

    /// Erases all entries.
    pub(super) fn clear(&self) {
        for index in 0..self.fresh() {
            let meta = self.meta(index);
            if meta.is(state::LIVE) {
                self.bucket(meta.hash.load(Ordering::Relaxed)).store(0, Ordering::Relaxed);
                self.erased(index);
            }
        }
    }

    /// Forgets everything, who holds what, too: another state begins.
    pub(super) fn begin(&self) {
        self.clear();
        for index in 0..self.fresh() {
            self.meta(index).refs.store(0, Ordering::Relaxed);
            self.meta(index).state.store(state::FREE, Ordering::Relaxed);
        }
        for number in [&self.head.fresh, &self.head.free, &self.head.detached] {
            number.store(0, Ordering::Relaxed);
        }
    }

    /// The first entry from a slot on.
    pub(super) fn live_from(&self, index: usize) -> Option<usize> {
        (index..self.fresh()).find(|index| self.meta(*index).is(state::LIVE))
    }

    /// Holds an entry once more.
    pub(super) fn hold(&self, index: usize) -> Result<*mut c_void, Error> {
        let refs = &self.meta(index).refs;
        if refs.load(Ordering::Relaxed) >= u32::MAX / 2 {
            return Err(Error::new("the entry is held too often: entries are got and not released"));
        }
        refs.fetch_add(1, Ordering::Relaxed);
        Ok(self.handle(index))
    }

    /// Where an entry has a field, if the field is in it.
    pub(super) fn field(
        &self,
        index: usize,
        kind: Kind,
        project: unsafe fn(*mut c_void) -> *mut c_void,
    ) -> Option<*mut u8> {
        let entry = self.entry(index);
        // SAFETY: an entry of the type that the function is for; nobody else borrows it.
        let field = unsafe { project(entry) };
        // The pointer that goes out is the slot's: what the function borrowed for it ends here.
        let at = field.addr().checked_sub(entry.addr())?;
        let end = at.checked_add(kind.size())?;
        (end <= self.desc.entry_size).then(|| entry.cast::<u8>().wrapping_add(at))
    }
}

/// Releases an entry once. False where nobody held it.
pub(super) fn release(meta: &Meta) -> bool {
    meta.refs.fetch_update(Ordering::Release, Ordering::Relaxed, |refs| refs.checked_sub(1)).is_ok()
}

/// What a link says: the place of a slot, or none.
fn place(link: &AtomicU32) -> Option<usize> {
    (link.load(Ordering::Relaxed) as usize).checked_sub(1)
}

/// A link to a slot.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a table has fewer slots than u32::MAX, which `StateTable::new` checks"
)]
const fn link(index: usize) -> u32 {
    index as u32 + 1
}

/// FNV-1a, mixed so that its upper bits tell keys apart.
pub(super) fn hash(key: &[u8]) -> u32 {
    let hash = key
        .iter()
        .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3));
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) as u32
}
