// SPDX-License-Identifier: Apache-2.0
//! A way into the host that ends: calls of other threads go through a [`Gate`], and none goes on once it is shut.
//!
//! ```text
//! enter(ticket):  is it the present one?  ->  one caller more  ->  is it still?  ->  the call  ->  one caller less
//! shut():         the next ticket  ->  wait until there is no caller
//! ```
//!
//! Either `shut` sees a caller and waits for it, or the caller sees the next ticket and turns back. `shut` reads the callers
//! by a change of nothing: whoever changes them afterwards sees all that was done before. `core/tests/gate_model.rs` has
//! the same steps as a model that loom runs in every order.
#![expect(unsafe_code, reason = "the way is read by callers and written while there are none")]

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// What a call into the host needs, while there is a host that takes it.
pub(crate) struct Gate<W> {
    /// Which opening it is, an odd number, or even while it is shut. What was handed out at an earlier one is inert.
    ticket: AtomicU64,
    /// Threads that are between the second look at the ticket and the end of their call, or shortly before.
    callers: AtomicUsize,
    way: UnsafeCell<Option<W>>,
}

// SAFETY: the way is written by `open`, whose caller is alone with that, while no caller can have a present ticket; it is
// read by shared reference.
unsafe impl<W: Copy + Send + Sync> Sync for Gate<W> {}

impl<W: Copy + Send + Sync> Gate<W> {
    /// Shut.
    pub(crate) const fn new() -> Self {
        Self { ticket: AtomicU64::new(0), callers: AtomicUsize::new(0), way: UnsafeCell::new(None) }
    }

    /// Opens it, and gives the ticket of this opening.
    ///
    /// # Safety
    /// It is shut, and nobody else opens or shuts it at this moment.
    #[inline]
    pub(crate) unsafe fn open(&self, way: W) -> u64 {
        // SAFETY: it is shut, so nobody reads the way; nobody else writes it, as the caller says.
        unsafe { *self.way.get() = Some(way) };
        let ticket = self.ticket.load(Ordering::Relaxed).wrapping_add(1);
        self.ticket.store(ticket, Ordering::Release);
        ticket
    }

    /// Shuts it: waits for the calls that are under way on other threads, and lets none begin. The host ends a state, or a
    /// capture of it, on one thread at a time (rule 8.2).
    #[inline]
    pub(crate) fn shut(&self) {
        let ticket = self.ticket.load(Ordering::Relaxed);
        if ticket & 1 == 1 {
            self.ticket.store(ticket.wrapping_add(1), Ordering::Release);
            while self.callers.fetch_add(0, Ordering::AcqRel) != 0 {
                core::hint::spin_loop();
            }
        }
    }

    /// Whether it is open.
    pub(crate) fn is_open(&self) -> bool {
        self.ticket.load(Ordering::Relaxed) & 1 == 1
    }

    /// The ticket of the present opening; while it is shut, one that is inert.
    pub(crate) fn ticket(&self) -> u64 {
        let ticket = self.ticket.load(Ordering::Acquire);
        if ticket & 1 == 1 { ticket } else { u64::MAX }
    }

    /// Whether what was handed out with `ticket` is inert.
    pub(crate) fn is_over(&self, ticket: u64) -> bool {
        self.ticket.load(Ordering::Acquire) != ticket
    }

    /// Calls the host with the way, unless the opening of `ticket` is over.
    pub(crate) fn enter<R>(&self, ticket: u64, call: impl FnOnce(&W) -> R) -> Option<R> {
        // `shut` waits for callers: threads that call on and on are kept out, or it might never end.
        if self.is_over(ticket) {
            return None;
        }
        self.callers.fetch_add(1, Ordering::AcqRel);
        let _leaves = Leaves(&self.callers);
        if self.is_over(ticket) {
            return None;
        }
        // SAFETY: the opening goes on, and its end waits for this caller, so nobody writes the way.
        unsafe { (*self.way.get()).as_ref() }.map(call)
    }
}

/// A caller is gone when this is dropped.
struct Leaves<'g>(&'g AtomicUsize);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Release);
    }
}
