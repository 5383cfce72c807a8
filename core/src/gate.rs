// SPDX-License-Identifier: Apache-2.0
//! A way into the host that ends: calls of other threads go through a [`Gate`], and none goes on once it is shut.
//!
//! ```text
//! enter(ticket):  ticket is still the present one?  ->  read lock  ->  still?  ->  the call  ->  unlock
//! shut():         the next ticket  ->  write lock (waits for the calls under way)  ->  no way any more
//! ```
//!
//! `core/tests/gate_model.rs` has the same steps as a model that loom runs in every order.

use core::sync::atomic::{AtomicU64, Ordering};

use spin::RwLock;

/// What a call into the host needs, while there is a host that takes it.
pub(crate) struct Gate<W> {
    /// Which opening it is: what was handed out at an earlier one is inert.
    ticket: AtomicU64,
    way: RwLock<Option<W>>,
}

impl<W> Gate<W> {
    /// Shut.
    pub(crate) const fn new() -> Self {
        Self { ticket: AtomicU64::new(0), way: RwLock::new(None) }
    }

    /// Opens it, and gives the ticket of this opening.
    pub(crate) fn open(&self, way: W) -> u64 {
        let ticket = self.ticket.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        *self.way.write() = Some(way);
        ticket
    }

    /// Shuts it: waits for the calls that are under way on other threads, and lets none begin.
    pub(crate) fn shut(&self) {
        // First of all, so that threads which call on and on are kept from the lock, or it might never be free.
        self.ticket.fetch_add(1, Ordering::Relaxed);
        *self.way.write() = None;
    }

    /// Whether it is open.
    pub(crate) fn is_open(&self) -> bool {
        self.way.read().is_some()
    }

    /// The ticket of the present opening.
    pub(crate) fn ticket(&self) -> u64 {
        self.ticket.load(Ordering::Relaxed)
    }

    /// Whether what was handed out with `ticket` is inert.
    pub(crate) fn is_over(&self, ticket: u64) -> bool {
        self.ticket() != ticket
    }

    /// Calls the host with the way, unless the opening of `ticket` is over.
    pub(crate) fn enter<R>(&self, ticket: u64, call: impl FnOnce(&W) -> R) -> Option<R> {
        if self.is_over(ticket) {
            return None;
        }
        // A writer is there only while the gate opens or shuts, when nobody may call.
        let way = self.way.try_read()?;
        if self.is_over(ticket) {
            return None;
        }
        way.as_ref().map(call)
    }
}
