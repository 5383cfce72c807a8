// SPDX-License-Identifier: Apache-2.0
//! Batches in heap memory, of sizes chosen at run time: [`Batches`], and [`lease`] for a single one.
#![expect(unsafe_code, reason = "a lease points into memory that its owner keeps")]

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::fmt;
use std::ptr::NonNull;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use falconet::Lease;
use falconet::abi;

/// The least bytes of a batch: an event's header.
const LEAST: usize = falconet::event::PAYLOAD_OFFSET;
/// The most: an event's length has 32 bits.
const MOST: usize = u32::MAX as usize - 7;

/// The memory of one batch.
struct Memory {
    /// Words, so that it is aligned as events are.
    bytes: Box<[UnsafeCell<u64>]>,
    capacity: u32,
    events: Box<[UnsafeCell<*mut abi::Event>]>,
    pool: Arc<Shared>,
}

impl Memory {
    fn new(events: usize, bytes: usize, pool: Arc<Shared>) -> Box<Self> {
        let bytes = bytes.clamp(LEAST, MOST);
        let events = events.clamp(1, u32::MAX as usize);
        Box::new(Self {
            bytes: (0..bytes.div_ceil(8)).map(|_| UnsafeCell::new(0)).collect(),
            capacity: u32::try_from(bytes).unwrap_or(u32::MAX - 7),
            events: (0..events).map(|_| UnsafeCell::new(std::ptr::null_mut())).collect(),
            pool,
        })
    }

    /// Leases it: it comes back to [`give_back`].
    fn lease(self: Box<Self>) -> Lease {
        let memory = NonNull::from(Box::leak(self));
        // SAFETY: it was just leaked, and lives until `give_back` takes it.
        let (bytes, events) = unsafe { (&memory.as_ref().bytes, &memory.as_ref().events) };
        // SAFETY: as above.
        let capacity = unsafe { memory.as_ref() }.capacity;
        let max_events = u32::try_from(events.len()).unwrap_or(u32::MAX);
        let (bytes, events) = (NonNull::from(&**bytes).cast(), NonNull::from(&**events).cast());
        // SAFETY: both are UnsafeCells of so many elements, all initialised, and nobody touches them until they come back.
        unsafe { Lease::of_memory(bytes, capacity, events, max_events, memory.as_ptr(), give_back) }
    }
}

/// # Safety
/// `memory` was leaked by [`Memory::lease`], and its lease is gone.
unsafe fn give_back(memory: *const c_void) {
    // SAFETY: as this function's.
    let memory = unsafe { Box::from_raw(memory.cast_mut().cast::<Memory>()) };
    let pool = Arc::clone(&memory.pool);
    pool.take_back(memory);
}

/// What all leases of a pool know.
struct Shared {
    free: Mutex<Free>,
    came_back: Condvar,
}

struct Free {
    #[expect(clippy::vec_box, reason = "a lease points at it: it stays where it is")]
    memory: Vec<Box<Memory>>,
    /// False when the pool is gone: what comes back is dropped.
    kept: bool,
}

impl Shared {
    fn free(&self) -> MutexGuard<'_, Free> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_back(&self, memory: Box<Memory>) {
        let mut free = self.free();
        if free.kept && free.memory.len() < free.memory.capacity() {
            free.memory.push(memory);
            drop(free);
            self.came_back.notify_one();
        }
    }
}

// SAFETY: the cells of a memory that is free are touched by nobody; those of a leased one by its lease only.
unsafe impl Send for Memory {}

/// Batches of the same size in heap memory, made once and used again and again.
///
/// ```
/// use falconet_std::batch::{Limits, Push};
/// use falconet_std::batches::Batches;
/// use falconet_std::Timestamp;
///
/// let batches = Batches::new(2, 128, 65_536); // two of up to 128 events in 64 KiB
/// let mut lease = batches.lease().unwrap();
/// let mut batch = lease.fill(Limits::new(999, 1024));
/// assert_eq!(batch.push(Timestamp::HOST, b"one"), Ok(Push::Committed));
/// let _second = batches.lease().unwrap();
/// assert!(batches.lease().is_none()); // both are out
/// drop(lease);
/// assert!(batches.lease().is_some());
/// ```
pub struct Batches(Arc<Shared>);

impl Batches {
    /// So many batches of up to `events` events in `bytes` bytes each.
    #[must_use]
    pub fn new(batches: usize, events: usize, bytes: usize) -> Self {
        let free = Mutex::new(Free { memory: Vec::with_capacity(batches), kept: true });
        let shared = Arc::new(Shared { free, came_back: Condvar::new() });
        let memory: Vec<_> = (0..batches).map(|_| Memory::new(events, bytes, Arc::clone(&shared))).collect();
        shared.free().memory.extend(memory);
        Self(shared)
    }

    /// Leases a batch; `None` while all are out.
    #[must_use]
    pub fn lease(&self) -> Option<Lease> {
        self.0.free().memory.pop().map(Memory::lease)
    }

    /// Leases a batch, and waits for one as long as this.
    #[must_use]
    pub fn lease_within(&self, time: Duration) -> Option<Lease> {
        let until = Instant::now() + time;
        let mut free = self.0.free();
        loop {
            if let Some(memory) = free.memory.pop() {
                return Some(memory.lease());
            }
            let rest = until.checked_duration_since(Instant::now())?;
            free = self.0.came_back.wait_timeout(free, rest).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// How many are free at this moment.
    #[must_use]
    pub fn free(&self) -> usize {
        self.0.free().memory.len()
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        let mut free = self.0.free();
        free.kept = false;
        let memory = std::mem::take(&mut free.memory);
        // The last of them may be the last to keep the lock alive.
        drop(free);
        drop(memory);
    }
}

impl fmt::Debug for Batches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").field("free", &self.free()).finish()
    }
}

/// A single batch of any size, in memory that goes with its lease.
///
/// An instance may hand one over for an event that is larger than its own batches:
///
/// ```
/// use falconet_std::batch::{Limits, Push};
/// use falconet_std::{Batch, Timestamp, batches};
/// fn deliver(batch: &mut Batch<'_>, large: &[u8]) -> bool {
///     let mut lease = batches::lease(1, large.len() + 64);
///     let pushed = lease.fill(Limits::new(999, u32::MAX / 2)).push(Timestamp::HOST, large);
///     pushed == Ok(Push::Committed) && batch.hand_over(lease).is_ok()
/// }
/// ```
#[must_use]
pub fn lease(events: usize, bytes: usize) -> Lease {
    // A pool that keeps nothing: the memory goes when it comes back.
    let free = Mutex::new(Free { memory: Vec::new(), kept: false });
    Memory::new(events, bytes, Arc::new(Shared { free, came_back: Condvar::new() })).lease()
}
