// SPDX-License-Identifier: Apache-2.0
//! How a table lies in memory: [`Root`], [`Head`], [`Meta`], and the [`Desc`] that code of any table goes by.
#![expect(unsafe_code, reason = "what several threads may reach is locked or atomic")]

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, Ordering};

use heapless::{CString, Vec};
use spin::Mutex;

use super::export::Sink;
use super::row::{Kind, RawField};
use crate::abi;
use crate::error::Error;

/// The slots that a table has beyond its capacity: for entries that are made and not yet added, and for erased ones
/// that somebody still holds.
pub(super) const SPARE: usize = 4;

/// The fields that a table can have at most, the added ones with them.
pub(super) const MAX_FIELDS: usize = 32;

/// An added field's name at most, with its NUL.
pub(super) const MAX_NAME: usize = 48;

/// The lock of a table, which nobody waits for.
pub(super) struct Lock(AtomicBool);

impl Lock {
    /// So many times it is tried.
    const TRIES: usize = 1000;

    pub(super) fn try_lock(&self) -> Result<Holding<'_>, Error> {
        for _ in 0..Self::TRIES {
            if self.0.compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                return Ok(Holding(&self.0));
            }
            core::hint::spin_loop();
        }
        Err(Error::new("the table is in use at this moment"))
    }
}

/// The lock is held until this is dropped.
pub(super) struct Holding<'l>(&'l AtomicBool);

impl Drop for Holding<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// A field that others have added.
pub(super) struct AddedField {
    pub(super) name: CString<MAX_NAME>,
    pub(super) state_type: abi::StateType,
}

/// What the lists of fields are written to: the table's own, and those of tables in its entries.
pub(super) struct Lists {
    pub(super) added: Vec<AddedField, MAX_FIELDS>,
    pub(super) infos: [[abi::TableFieldInfo; MAX_FIELDS]; 2],
}

/// What a table shares with the tables in its entries.
pub(super) struct Root {
    pub(super) lock: Lock,
    /// Whom errors are told.
    pub(super) sink: Mutex<Option<Sink>>,
    /// Under the lock.
    pub(super) lists: UnsafeCell<Lists>,
}

// SAFETY: the lists are written under the lock only.
unsafe impl Sync for Root {}

impl Root {
    pub(super) const fn new() -> Self {
        let info = abi::TableFieldInfo { name: null(), field_type: 0, read_only: 0 };
        Self {
            lock: Lock(AtomicBool::new(false)),
            sink: Mutex::new(None),
            lists: UnsafeCell::new(Lists { added: Vec::new(), infos: [[info; MAX_FIELDS]; 2] }),
        }
    }

    /// Tells an error to whom the host will ask for it. While another thread tells one, that one stays.
    #[cold]
    pub(super) fn tell(&self, error: &Error) {
        if let Some(sink) = self.sink.try_lock().as_deref().and_then(Option::as_ref) {
            sink.tell(error);
        }
    }
}

/// What every table begins with, all zero at first: what the host's `ss_plugin_table_t` points at.
pub(super) struct Head {
    /// NULL while nobody else has the table.
    pub(super) desc: AtomicPtr<Desc>,
    pub(super) root: AtomicPtr<Root>,
    /// Entries in the index.
    pub(super) live: AtomicU32,
    /// Slots that were used at least once, from the first on.
    pub(super) fresh: AtomicU32,
    /// The first free slot of those and one, or 0.
    pub(super) free: AtomicU32,
    /// Slots that are neither free nor in the index: made and not added, or erased and held.
    pub(super) detached: AtomicU32,
    /// It is in an entry of a table.
    pub(super) nested: AtomicBool,
    /// What is handed to hosts, written under the lock.
    pub(super) input: UnsafeCell<MaybeUninit<abi::TableInput>>,
}

impl Head {
    pub(super) const fn new() -> Self {
        Self {
            desc: AtomicPtr::new(null_mut()),
            root: AtomicPtr::new(null_mut()),
            live: AtomicU32::new(0),
            fresh: AtomicU32::new(0),
            free: AtomicU32::new(0),
            detached: AtomicU32::new(0),
            nested: AtomicBool::new(false),
            input: UnsafeCell::new(MaybeUninit::zeroed()),
        }
    }
}

/// What a slot is.
pub(super) mod state {
    /// In the list of free slots, or never used.
    pub(in super::super) const FREE: u8 = 0;
    /// Made, and in no table.
    pub(in super::super) const MADE: u8 = 1;
    /// In the index.
    pub(in super::super) const LIVE: u8 = 2;
    /// Taken out of the index while somebody held it.
    pub(in super::super) const ERASED: u8 = 3;
}

/// What every slot begins with, all zero at first.
pub(super) struct Meta {
    /// Who holds it. Counted up under the lock only, and down at any time: a release cannot fail.
    pub(super) refs: AtomicU32,
    /// The next slot of the same bucket, or the next free one, and one; or 0.
    pub(super) next: AtomicU32,
    pub(super) hash: AtomicU32,
    pub(super) state: AtomicU8,
}

impl Meta {
    pub(super) const fn new() -> Self {
        let (refs, next, hash) = (AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0));
        Self { refs, next, hash, state: AtomicU8::new(state::FREE) }
    }

    pub(super) fn is(&self, wanted: u8) -> bool {
        self.state.load(Ordering::Relaxed) == wanted
    }

    pub(super) fn is_held(&self) -> bool {
        self.refs.load(Ordering::Acquire) > 0
    }
}

/// The value of an added field: a number in its first bytes, or a text.
#[repr(C, align(8))]
pub(super) struct Added<const TEXT: usize>([u8; TEXT]);

impl<const TEXT: usize> Added<TEXT> {
    pub(super) const fn new() -> Self {
        Self([0; TEXT])
    }
}

/// The shape of a table: what code of any table goes by.
#[doc(hidden)]
pub struct Desc {
    pub(super) key: Kind,
    /// Entries at most.
    pub(super) capacity: usize,
    /// All slots.
    pub(super) slots: usize,
    pub(super) slot_size: usize,
    /// From the table's start.
    pub(super) slots_at: usize,
    pub(super) buckets_at: usize,
    /// From the slot's start.
    pub(super) key_at: usize,
    pub(super) entry_at: usize,
    pub(super) added_at: usize,
    pub(super) entry_size: usize,
    /// Fields that others can add, and the bytes that each takes.
    pub(super) added: usize,
    pub(super) added_size: usize,
    pub(super) fields: &'static [RawField],
    /// Makes an entry an empty one.
    pub(super) reset: unsafe fn(*mut c_void),
}

impl fmt::Debug for Desc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desc").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}
