// SPDX-License-Identifier: Apache-2.0
//! Who owns memory: a [`Pool`] of batches in static storage, leased one at a time.
//!
//! A pool is all zero at its start, so it lies in `.bss` and costs nothing in the file. A lease is a try, never a
//! wait; it is given back when the [`Lease`] is dropped. Nothing here panics or allocates.
//!
//! Const generics are on the storage only; a lease is one type whatever its pool's sizes are.
#![expect(unsafe_code, reason = "a lease points into static storage")]

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::fmt;
use core::ops::{Deref, DerefMut};
use core::ptr::{NonNull, null_mut};

use spin::{Mutex, MutexGuard};

use crate::abi;
use crate::batch::{Batch, Limits, Memory};
use crate::event::PAYLOAD_OFFSET;

/// `BATCHES` batches of up to `EVENTS` events in `BYTES` bytes each.
///
/// ```
/// use falconet::{batch::{Limits, Push}, Pool, Timestamp};
/// static POOL: Pool<2, 128, 65536> = Pool::new();
///
/// let mut first = POOL.lease().unwrap();
/// let second = POOL.lease().unwrap();
/// assert!(POOL.lease().is_err()); // both are out
/// drop(second);
///
/// let mut batch = first.fill(Limits::new(999, 1024)); // plugin id 999, payloads of up to 1,024 bytes
/// assert_eq!(batch.push(Timestamp::HOST, b"one event"), Ok(Push::Committed));
/// assert_eq!(batch.len(), 1);
/// ```
pub struct Pool<const BATCHES: usize, const EVENTS: usize, const BYTES: usize> {
    slots: [Slot<EVENTS, BYTES>; BATCHES],
}

#[repr(C, align(64))]
struct Slot<const EVENTS: usize, const BYTES: usize> {
    bytes: UnsafeCell<[u8; BYTES]>,
    events: UnsafeCell<[*mut abi::Event; EVENTS]>,
    leased: Mutex<()>,
}

// SAFETY: the cells of a slot are reached through its lease only, and `leased` gives one lease at a time.
unsafe impl<const EVENTS: usize, const BYTES: usize> Sync for Slot<EVENTS, BYTES> {}

impl<const BATCHES: usize, const EVENTS: usize, const BYTES: usize> Pool<BATCHES, EVENTS, BYTES> {
    /// An empty pool, for a `static`.
    #[must_use]
    pub const fn new() -> Self {
        const {
            assert!(EVENTS > 0, "a batch holds at least one event");
            assert!(EVENTS <= u32::MAX as usize, "a batch holds at most u32::MAX events");
            assert!(BYTES >= PAYLOAD_OFFSET, "a batch has room for at least an event's header of 38 bytes");
            assert!(BYTES <= u32::MAX as usize - 7, "an event's length has 32 bits");
        };
        Self {
            slots: [const {
                Slot {
                    bytes: UnsafeCell::new([0; BYTES]),
                    events: UnsafeCell::new([null_mut(); EVENTS]),
                    leased: Mutex::new(()),
                }
            }; BATCHES],
        }
    }

    /// Leases a free batch.
    ///
    /// # Errors
    /// [`NoneFree`] while all batches are leased; it never waits.
    pub fn lease(&'static self) -> Result<Lease, NoneFree> {
        for slot in &self.slots {
            if let Some(guard) = slot.leased.try_lock() {
                // Raw pointers, derived once: the host keeps what is derived from them while the batch is lent.
                let bytes = NonNull::from(&slot.bytes).cast::<UnsafeCell<u8>>().cast();
                let events = NonNull::from(&slot.events).cast::<UnsafeCell<*mut abi::Event>>().cast();
                #[expect(clippy::cast_possible_truncation, reason = "`new` checks that both fit 32 bits")]
                // SAFETY: both point at UnsafeCells of as many elements, of static storage; the guard that lies
                // beside them keeps every other lease away.
                let lease =
                    unsafe { Lease::of_memory(bytes, BYTES as u32, events, EVENTS as u32, &slot.leased, unlock) };
                core::mem::forget(guard);
                return Ok(lease);
            }
        }
        Err(NoneFree { slots: BATCHES })
    }

    /// How many batches are free at this moment.
    #[must_use]
    pub fn free(&self) -> usize {
        self.slots.iter().filter(|slot| !slot.leased.is_locked()).count()
    }
}

impl<const BATCHES: usize, const EVENTS: usize, const BYTES: usize> Default for Pool<BATCHES, EVENTS, BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const BATCHES: usize, const EVENTS: usize, const BYTES: usize> fmt::Debug for Pool<BATCHES, EVENTS, BYTES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("batches", &BATCHES)
            .field("events", &EVENTS)
            .field("bytes", &BYTES)
            .field("free", &self.free())
            .finish()
    }
}

/// A batch of a [`Pool`], owned until dropped; it may be sent to another thread.
///
/// ```
/// use falconet::Pool;
/// static POOL: Pool<1, 8, 1024> = Pool::new();
/// let lease = POOL.lease().unwrap();
/// assert_eq!(POOL.free(), 0);
/// drop(lease);
/// assert_eq!(POOL.free(), 1);
/// ```
pub struct Lease {
    pub(crate) memory: Memory,
    _owner: Owner,
}

/// Whose memory a lease has, told when it is dropped.
struct Owner {
    owner: *const c_void,
    give_back: unsafe fn(*const c_void),
}

// SAFETY: `Lease::of_memory` says that the owner may be told on any thread.
unsafe impl Send for Owner {}
// SAFETY: as above; nothing is done through a shared reference.
unsafe impl Sync for Owner {}

impl Drop for Owner {
    fn drop(&mut self) {
        // SAFETY: `Lease::of_memory` says that it may be called once.
        unsafe { (self.give_back)(self.owner) }
    }
}

/// Gives a slot of a [`Pool`] back.
unsafe fn unlock(leased: *const c_void) {
    // SAFETY: the slot's mutex, in static storage, locked by the lease that is dropped now.
    unsafe { (*leased.cast::<Mutex<()>>()).force_unlock() }
}

impl Lease {
    /// A batch in memory that is not a [`Pool`]'s: the adapter's, or a C program's.
    ///
    /// # Safety
    /// `bytes` has `capacity` (at most `u32::MAX - 7`) and `events` has `max_events` writable elements, both initialised;
    /// nobody else touches them until `give_back` is called with `owner`, which may be done once, on any thread.
    #[doc(hidden)]
    #[must_use]
    pub unsafe fn of_memory<O>(
        bytes: NonNull<u8>,
        capacity: u32,
        events: NonNull<*mut abi::Event>,
        max_events: u32,
        owner: *const O,
        give_back: unsafe fn(*const c_void),
    ) -> Self {
        // SAFETY: as this function's.
        let memory = unsafe { Memory::new(bytes, capacity, events, max_events) };
        Self { memory, _owner: Owner { owner: owner.cast(), give_back } }
    }

    /// Takes the batch back, empty, to be filled with events within `limits`.
    pub fn fill(&mut self, limits: Limits) -> Batch<'_> {
        let limits = limits.at_most(self.memory.largest_payload());
        Batch::take_back(self, limits)
    }

    /// The batch as it was left, with what is committed in it, to be filled further: where it is filled over many calls,
    /// with nothing but the lease kept between them. What it has skipped and truncated is counted from 0.
    ///
    /// ```
    /// use falconet::{batch::Limits, Pool, Timestamp};
    /// static POOL: Pool<1, 8, 1024> = Pool::new();
    /// let (mut lease, limits) = (POOL.lease().unwrap(), Limits::new(999, 64));
    /// lease.fill(limits).push(Timestamp::HOST, b"one").unwrap();
    /// lease.go_on(limits).push(Timestamp::HOST, b"two").unwrap();
    /// assert_eq!(lease.len(), 2);
    /// assert!(lease.fill(limits).is_empty()); // begins anew
    /// ```
    pub fn go_on(&mut self, limits: Limits) -> Batch<'_> {
        let limits = limits.at_most(self.memory.largest_payload());
        Batch::go_on(self, limits)
    }

    /// As [`Lease::fill`], where this is a lease of a source's own pool, which has room for its largest payload. Where a
    /// smaller one was handed over before, an event that does not fit is too large for it, and not one for later.
    #[inline]
    pub(crate) fn fill_own(&mut self, limits: Limits) -> Batch<'_> {
        if !self.memory.has_room_for(limits) {
            return self.fill(limits);
        }
        Batch::take_back(self, limits)
    }

    /// Takes the batch back, empty.
    #[inline]
    pub(crate) const fn take_back(&mut self) {
        self.memory.take_back();
    }

    /// Events that are committed in it.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.memory.len()
    }

    /// True while none is committed in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Leaves out the first plugin event without an id, and all behind it. Whether there was one.
    pub(crate) fn cut_without_id(&mut self) -> bool {
        self.memory.cut_without_id()
    }

    /// What the host is lent: the pointers of the committed events and their number. They are valid until the batch
    /// is filled again or the lease dropped.
    #[must_use]
    pub fn lend(&mut self) -> (*mut *mut abi::Event, u32) {
        self.memory.lend()
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("memory", &self.memory).finish()
    }
}

/// All slots of a static storage are in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoneFree {
    /// How many there are.
    pub slots: usize,
}

impl fmt::Display for NoneFree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "all {} slots are in use", self.slots)
    }
}

impl core::error::Error for NoneFree {}

impl From<NoneFree> for crate::Error {
    fn from(error: NoneFree) -> Self {
        Self::new("all slots of a static storage are in use").with("slots", error.slots as u64)
    }
}

/// `N` buffers of `BYTES` bytes in static storage: an instance's own reading buffer, for example.
///
/// ```
/// use falconet::Scratch;
/// static BUFFERS: Scratch<1, 4096> = Scratch::new();
/// let mut buffer = BUFFERS.lease().unwrap();
/// buffer[..5].copy_from_slice(b"hello");
/// assert!(BUFFERS.lease().is_err());
/// ```
pub struct Scratch<const N: usize, const BYTES: usize> {
    slots: [Mutex<[u8; BYTES]>; N],
}

impl<const N: usize, const BYTES: usize> Scratch<N, BYTES> {
    /// All free, all zero.
    #[must_use]
    pub const fn new() -> Self {
        Self { slots: [const { Mutex::new([0; BYTES]) }; N] }
    }

    /// Leases a free buffer. Its bytes are what the lease before left there.
    ///
    /// # Errors
    /// [`NoneFree`] while all are leased; it never waits.
    pub fn lease(&'static self) -> Result<Buffer<BYTES>, NoneFree> {
        self.slots.iter().find_map(Mutex::try_lock).map(Buffer).ok_or(NoneFree { slots: N })
    }
}

impl<const N: usize, const BYTES: usize> Default for Scratch<N, BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, const BYTES: usize> fmt::Debug for Scratch<N, BYTES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratch").field("buffers", &N).field("bytes", &BYTES).finish()
    }
}

/// A buffer of a [`Scratch`], owned until dropped.
///
/// ```
/// static BUFFERS: falconet::Scratch<1, 16> = falconet::Scratch::new();
/// assert_eq!(BUFFERS.lease().unwrap().len(), 16);
/// ```
pub struct Buffer<const BYTES: usize>(MutexGuard<'static, [u8; BYTES]>);

impl<const BYTES: usize> Deref for Buffer<BYTES> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl<const BYTES: usize> DerefMut for Buffer<BYTES> {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.0.as_mut_slice()
    }
}

impl<const BYTES: usize> fmt::Debug for Buffer<BYTES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer").field("bytes", &BYTES).finish()
    }
}

#[cfg(test)]
mod tests;
