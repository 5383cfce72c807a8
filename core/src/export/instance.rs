// SPDX-License-Identifier: Apache-2.0
//! Open instances in static slots: what `ss_instance_t*` points at.
#![expect(unsafe_code, reason = "the host keeps instances by pointer and says when they end")]

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

use super::state::each;
use crate::pool::Lease;

/// An open instance in its static slot: what `ss_instance_t*` points at.
pub struct InstanceSlot<I> {
    /// The state that opened it; NULL while the slot is free.
    owner: AtomicPtr<c_void>,
    open: UnsafeCell<MaybeUninit<Open<I>>>,
}

/// What an open instance is made of.
pub(super) struct Open<I> {
    pub(super) lease: Lease,
    /// The stream has ended: it is not asked again (rule 4.6).
    pub(super) eof: bool,
    pub(super) value: I,
}

// SAFETY: the cell is reached through the host's calls on this instance only, which come one at a time (rule 4.10);
// the value and the lease may be sent to the thread that makes them.
unsafe impl<I: Send> Sync for InstanceSlot<I> {}

impl<I> fmt::Debug for InstanceSlot<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstanceSlot").field("free", &self.owner.load(Ordering::Relaxed).is_null()).finish()
    }
}

impl<I> InstanceSlot<I> {
    /// Free.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "made by `export!` in a static, and nowhere else")]
    pub const fn new() -> Self {
        Self { owner: AtomicPtr::new(null_mut()), open: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// Takes a free slot for `owner`; `None` while all are taken.
    pub fn take(slots: &'static [Self], owner: *mut c_void) -> Option<&'static Self> {
        each(slots)
            .find(|slot| slot.owner.compare_exchange(null_mut(), owner, Ordering::Acquire, Ordering::Relaxed).is_ok())
    }

    /// Whether nobody has it.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.is_of(null_mut())
    }

    /// Whether `owner` has it.
    #[must_use]
    pub fn is_of(&self, owner: *const c_void) -> bool {
        core::ptr::eq(self.owner.load(Ordering::Acquire), owner)
    }

    /// Puts what a slot that was just taken holds from now on.
    ///
    /// # Safety
    /// The caller took the slot, and has put nothing yet; the host has no pointer to it.
    pub(super) unsafe fn put(&self, open: Open<I>) {
        // SAFETY: the caller is the only one who knows that the slot is taken.
        unsafe { (*self.open.get()).write(open) };
    }

    /// Frees a slot that holds nothing.
    pub(super) fn give_back(&self) {
        self.owner.store(null_mut(), Ordering::Release);
    }

    /// The open instance, if `owner` opened it.
    ///
    /// # Safety
    /// `slot` came from the host, which had it from open; NULL is survived, and so is a closed one, unless another thread
    /// opens at that moment. The host calls it on one thread at a time, and the reference ends with the call (rule 4.10).
    #[inline]
    pub(super) unsafe fn open<'a>(slot: *const c_void, owner: *const c_void) -> Option<&'a mut Open<I>> {
        // SAFETY: not NULL means one of the static slots. Its owner is not loaded atomically, which takes an instruction of
        // its own on every call: while the host has the instance nobody writes it, an open elsewhere takes only free ones,
        // and the host orders its own open, calls and close (rule 4.10).
        let (slot, opened_by) = unsafe {
            let slot = slot.cast::<Self>().as_ref()?;
            (slot, slot.owner.as_ptr().read())
        };
        if !core::ptr::eq(opened_by, owner) || owner.is_null() {
            return None;
        }
        // SAFETY: a slot with an owner has its value, and the caller is the only one to use it.
        Some(unsafe { (*slot.open.get()).assume_init_mut() })
    }

    /// Drops the instance, if `owner` opened it, and frees the slot.
    ///
    /// # Safety
    /// The host closes it, or destroys its owner, and uses it no more.
    pub unsafe fn close(&self, owner: *const c_void) {
        if owner.is_null() || !core::ptr::eq(self.owner.load(Ordering::Acquire), owner) {
            return;
        }
        // Also where the drop panics.
        let _given_back = GiveBack(self);
        // SAFETY: a slot with an owner has its value, and nobody else uses it any more.
        unsafe { (*self.open.get()).assume_init_drop() };
    }
}

/// Gives a slot back when it is dropped.
struct GiveBack<'s, I>(&'s InstanceSlot<I>);

impl<I> Drop for GiveBack<'_, I> {
    fn drop(&mut self) {
        self.0.give_back();
    }
}
