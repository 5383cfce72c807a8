// SPDX-License-Identifier: Apache-2.0
//! A batch being filled: claim an event, write its payload in place, commit it.
//!
//! ```text
//! bytes:  | prefix 38 | payload ... | pad | prefix 38 | payload ... | pad | free ...        |
//! events: | *0 | *1 | free ...                                             ^ used
//! ```
//!
//! Events stand one after another, each begins at a multiple of 8. A [`Claim`] that is dropped is rolled back; one
//! that is committed is the host's next event, with all of its prefix (time and id among it) written anew. Nothing
//! here panics or allocates.
#![expect(unsafe_code, reason = "events are built in memory that the host is lent by pointer")]

mod foreign;
mod raw;
mod slots;

use core::fmt;
use core::ptr::NonNull;

use crate::abi;
use crate::event::{PAYLOAD_OFFSET, PluginPrefix, Timestamp};
use crate::pool::Lease;
use crate::source::Source;
use crate::view::WriteView;

#[doc(hidden)]
pub use foreign::Foreign;
use slots::Layout;
pub use slots::{Slot, Slots, Typed, TypedSlot};

/// [`PAYLOAD_OFFSET`] in an event's own 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "38")]
const PREFIX: u32 = PAYLOAD_OFFSET as u32;

/// The memory of one batch, by raw pointers only: a reference in here would be invalidated by the host's writes, and
/// would invalidate the host's pointers when the struct is moved.
pub(crate) struct Memory {
    bytes: NonNull<u8>,
    capacity: u32,
    events: NonNull<*mut abi::Event>,
    max_events: u32,
    /// Bytes taken by committed events, rounded up to 8; may pass `capacity` by less than 8.
    used: u32,
    /// Committed events.
    count: u32,
    /// What all slots are prepared for; `None` where a packed event was written since.
    prepared: Option<Layout>,
    /// How far the payload of any prepared slot may hold what was written to it.
    mark: usize,
}

// SAFETY: the memory that it points at is its own, whichever thread holds it.
unsafe impl Send for Memory {}

impl Memory {
    /// # Safety
    /// `bytes` has `capacity` and `events` has `max_events` writable elements, both initialised; nobody else touches
    /// either while this value lives, but for what [`Memory::lend`] gives to the host.
    pub(crate) unsafe fn new(
        bytes: NonNull<u8>,
        capacity: u32,
        events: NonNull<*mut abi::Event>,
        max_events: u32,
    ) -> Self {
        Self { bytes, capacity, events, max_events, used: 0, count: 0, prepared: None, mark: 0 }
    }

    /// Bytes of the largest payload that an empty batch has room for.
    pub(crate) const fn largest_payload(&self) -> u32 {
        self.capacity.saturating_sub(PREFIX)
    }

    /// Whether an empty batch has room for the largest payload.
    #[inline]
    pub(crate) const fn has_room_for(&self, limits: Limits) -> bool {
        self.capacity >= limits.max_payload.saturating_add(PREFIX)
    }

    pub(crate) const fn len(&self) -> usize {
        self.count as usize
    }

    #[inline]
    pub(crate) const fn take_back(&mut self) {
        self.used = 0;
        self.count = 0;
    }

    #[inline]
    pub(crate) fn lend(&mut self) -> (*mut *mut abi::Event, u32) {
        (self.events.as_ptr(), self.count)
    }

    /// Bytes that are free behind the next event's prefix, or `None` where no event has room.
    #[inline]
    const fn room(&self) -> Option<u32> {
        if self.count >= self.max_events {
            return None;
        }
        self.capacity.saturating_sub(self.used).checked_sub(PREFIX)
    }

    /// Where the payload of the next event begins. Only for a batch whose [`Memory::room`] is some.
    #[inline]
    fn payload(&self) -> NonNull<u8> {
        // SAFETY: `room` is some, so `used + 38 <= capacity`, which is all the slot's own memory.
        unsafe { self.bytes.add(self.used as usize + PAYLOAD_OFFSET) }
    }

    /// Makes the next event of the `len` payload bytes that stand at [`Memory::payload`].
    ///
    /// # Safety
    /// [`Memory::room`] is at least `len`, and so many bytes from [`Memory::payload`] on are initialised.
    #[inline]
    unsafe fn commit(&mut self, ts: Timestamp, id: u32, len: u32) {
        // SAFETY: `room` is some: `used + 38 <= capacity`, and `count < max_events`; the prefix has alignment 1.
        unsafe {
            let event = self.bytes.add(self.used as usize);
            event.cast::<PluginPrefix>().write(PluginPrefix::new(ts, id, len));
            self.events.add(self.count as usize).write(event.cast().as_ptr());
        }
        self.count += 1;
        self.used = (self.used + PREFIX + len).saturating_add(7) & !7;
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("bytes", &self.capacity)
            .field("used", &self.used)
            .field("max_events", &self.max_events)
            .field("events", &self.count)
            .finish()
    }
}

/// What a batch's events may be: their plugin id, the largest payload, what happens to a larger one.
///
/// ```
/// use falconet::{batch::{Limits, Oversized, Push}, Pool, Timestamp};
/// static POOL: Pool<1, 8, 4096> = Pool::new();
/// let mut lease = POOL.lease().unwrap();
/// let mut batch = lease.fill(Limits::new(999, 4).oversized(Oversized::Skip));
/// assert_eq!(batch.push(Timestamp::HOST, b"12345"), Ok(Push::Skipped));
/// assert_eq!(batch.skipped(), 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    id: u32,
    max_payload: u32,
    oversized: Oversized,
}

impl Limits {
    /// Events of the plugin id `id` (0: none of its own) with payloads of up to `max_payload` bytes; a larger one is
    /// an error.
    #[must_use]
    pub const fn new(id: u32, max_payload: u32) -> Self {
        Self { id, max_payload, oversized: Oversized::Fail }
    }

    /// The limits of a source's own batches.
    ///
    /// # Panics
    /// Where [`MAX_PAYLOAD`](Source::MAX_PAYLOAD) leaves 32 bits, when it is evaluated: in a `const`, at compile time.
    #[must_use]
    pub const fn of<S: Source>() -> Self {
        assert!(S::MAX_PAYLOAD <= u32::MAX as usize - PAYLOAD_OFFSET, "MAX_PAYLOAD leaves an event's 32 bits");
        #[expect(clippy::cast_possible_truncation, reason = "checked above")]
        Self::new(S::ID, S::MAX_PAYLOAD as u32).oversized(S::OVERSIZED)
    }

    /// The same, with payloads of no more than `payload` bytes.
    pub(crate) const fn at_most(mut self, payload: u32) -> Self {
        if self.max_payload > payload {
            self.max_payload = payload;
        }
        self
    }

    /// What [`Batch::push`] does with a payload that can never fit.
    #[must_use]
    pub const fn oversized(mut self, oversized: Oversized) -> Self {
        self.oversized = oversized;
        self
    }
}

/// What is done with an event that can never fit into a batch.
///
/// ```
/// assert_eq!(falconet::batch::Oversized::default(), falconet::batch::Oversized::Fail);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Oversized {
    /// [`TooLarge`] is given back: the capture ends with a clear error unless the author does something else.
    #[default]
    Fail,
    /// It is left out and counted in [`Batch::skipped`].
    Skip,
    /// As many of its first bytes as fit are delivered, and it is counted in [`Batch::truncated`].
    Truncate,
}

/// What became of a pushed event.
///
/// ```
/// use falconet::{batch::{Limits, Push}, Pool, Timestamp};
/// static POOL: Pool<1, 1, 1024> = Pool::new();
/// let mut lease = POOL.lease().unwrap();
/// let mut batch = lease.fill(Limits::new(999, 1024));
/// assert_eq!(batch.push(Timestamp::HOST, b"a"), Ok(Push::Committed));
/// assert_eq!(batch.push(Timestamp::HOST, b"b"), Ok(Push::Full));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a full batch has not taken the event"]
pub enum Push {
    /// It is in the batch, whole.
    Committed,
    /// It is in the batch, cut to the largest payload ([`Oversized::Truncate`]).
    Truncated,
    /// It is not in the batch, because it can never fit ([`Oversized::Skip`]).
    Skipped,
    /// It is not in the batch, but will fit into an empty one: hand this one over and push it again.
    Full,
}

/// An event's payload is larger than any batch of this source can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// Bytes of the payload.
    pub needed: usize,
    /// Bytes of the largest payload.
    pub capacity: usize,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&crate::Error::from(*self), f)
    }
}

impl core::error::Error for TooLarge {}

/// A batch being filled. Committed events stay until the batch is taken back by its owner's next call.
///
/// ```
/// use falconet::{batch::Limits, Pool, Timestamp};
/// static POOL: Pool<1, 2, 4096> = Pool::new();
/// let mut lease = POOL.lease().unwrap();
/// let mut batch = lease.fill(Limits::new(999, 1024));
///
/// let mut event = batch.claim().unwrap();
/// event.payload().write_all(b"never seen").unwrap();
/// drop(event); // rolled back
///
/// while let Some(mut event) = batch.claim() {
///     event.payload().write_all(b"hello").unwrap();
///     event.commit(Timestamp::HOST);
/// }
/// assert_eq!(batch.len(), 2); // and the third claim found it full
/// ```
pub struct Batch<'a> {
    lease: &'a mut Lease,
    limits: Limits,
    skipped: u64,
    truncated: u64,
}

impl<'a> Batch<'a> {
    #[inline]
    pub(crate) const fn take_back(lease: &'a mut Lease, limits: Limits) -> Self {
        lease.memory.take_back();
        Self::go_on(lease, limits)
    }

    #[inline]
    pub(crate) const fn go_on(lease: &'a mut Lease, limits: Limits) -> Self {
        Self { lease, limits, skipped: 0, truncated: 0 }
    }

    /// Committed events.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.lease.memory.count as usize
    }

    /// True while nothing is committed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.lease.memory.count == 0
    }

    /// Events that it holds at most.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.lease.memory.max_events as usize
    }

    /// Bytes of the largest payload: what every [`Batch::claim`] has room for.
    #[must_use]
    pub const fn max_payload(&self) -> usize {
        self.limits.max_payload as usize
    }

    /// Events left out of this batch because they can never fit.
    #[must_use]
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Events of this batch that were cut because they can never fit.
    #[must_use]
    pub const fn truncated(&self) -> u64 {
        self.truncated
    }

    /// Counts an event that was left out.
    pub const fn skip(&mut self) {
        self.skipped = self.skipped.saturating_add(1);
    }

    /// Hands over a batch that was filled elsewhere, on another thread for example, without copying: the host gets its
    /// events. Gives back this source's own batch, empty, to be filled next.
    ///
    /// More events may be claimed behind its own, where there is room.
    ///
    /// # Errors
    /// Gives `filled` back where this batch has events already: they are handed over first, with the next call.
    ///
    /// ```
    /// use falconet::{batch::{Limits, Push}, Pool, Timestamp};
    /// static POOL: Pool<2, 8, 1024> = Pool::new();
    ///
    /// let filled = std::thread::spawn(|| {
    ///     let mut lease = POOL.lease().unwrap();
    ///     let pushed = lease.fill(Limits::new(999, 64)).push(Timestamp::HOST, b"from another thread");
    ///     assert_eq!(pushed, Ok(Push::Committed));
    ///     lease
    /// });
    ///
    /// let mut own = POOL.lease().unwrap(); // what `next_batch` gets is a batch like this
    /// let mut batch = own.fill(Limits::new(999, 64));
    /// let _to_be_filled = batch.hand_over(filled.join().unwrap()).unwrap();
    /// assert_eq!(batch.len(), 1);
    /// ```
    pub fn hand_over(&mut self, filled: Lease) -> Result<Lease, Lease> {
        if !self.is_empty() {
            return Err(filled);
        }
        let mut own = core::mem::replace(self.lease, filled);
        own.take_back();
        self.limits = self.limits.at_most(self.lease.memory.largest_payload());
        Ok(own)
    }

    /// Claims an event with room for the largest payload; `None` when the batch is full: hand it over.
    #[inline]
    pub fn claim(&mut self) -> Option<Claim<'_>> {
        let capacity = self.limits.max_payload;
        if self.lease.memory.room()? < capacity {
            return None;
        }
        Some(self.claim_room(capacity))
    }

    /// Claims an event for a payload of exactly or at most `len` bytes; `Ok(None)` when the batch is full.
    ///
    /// # Errors
    /// [`TooLarge`] where no batch of this source has room for it.
    #[inline]
    pub fn claim_for(&mut self, len: usize) -> Result<Option<Claim<'_>>, TooLarge> {
        let capacity = match u32::try_from(len) {
            Ok(len) if len <= self.limits.max_payload => len,
            _ => return Err(TooLarge { needed: len, capacity: self.max_payload() }),
        };
        match self.lease.memory.room() {
            Some(room) if room >= capacity => Ok(Some(self.claim_room(capacity))),
            _ => Ok(None),
        }
    }

    /// `capacity` is at most [`Memory::room`].
    #[inline]
    fn claim_room(&mut self, capacity: u32) -> Claim<'_> {
        self.lease.memory.prepared = None;
        let payload = self.lease.memory.payload();
        // SAFETY: `room` bytes from `payload` on are the batch's own; the claim borrows the batch for the view's whole
        // life, so nobody else touches them.
        let room = unsafe { core::slice::from_raw_parts_mut(payload.cast().as_ptr(), capacity as usize) };
        Claim { memory: &mut self.lease.memory, view: WriteView::from_uninit(room), capacity, id: self.limits.id }
    }

    /// Adds a whole event by one copy of its payload.
    ///
    /// # Errors
    /// [`TooLarge`] where it can never fit and the source says [`Oversized::Fail`].
    pub fn push(&mut self, ts: Timestamp, payload: &[u8]) -> Result<Push, TooLarge> {
        let max = self.max_payload();
        let (payload, pushed) = match self.limits.oversized {
            _ if payload.len() <= max => (payload, Push::Committed),
            Oversized::Fail => return Err(TooLarge { needed: payload.len(), capacity: max }),
            Oversized::Skip => {
                self.skip();
                return Ok(Push::Skipped);
            }
            Oversized::Truncate => (payload.get(..max).unwrap_or_default(), Push::Truncated),
        };
        let Some(mut event) = self.claim_for(payload.len())? else { return Ok(Push::Full) };
        if event.payload().write_all(payload).is_err() {
            return Ok(Push::Full); // cannot be: the claim is as large as the payload
        }
        event.commit(ts);
        if pushed == Push::Truncated {
            self.truncated = self.truncated.saturating_add(1);
        }
        Ok(pushed)
    }
}

impl fmt::Debug for Batch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("memory", &self.lease.memory).field("limits", &self.limits).finish()
    }
}

/// One event being written, in the host-visible memory of its batch. Dropped, it is rolled back.
///
/// ```
/// use falconet::{batch::Limits, Pool, Timestamp};
/// use falconet::zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned, little_endian::U64};
///
/// #[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
/// #[zerocopy(crate = "falconet::zerocopy")]
/// #[repr(C)]
/// struct Reading { sensor: U64, value: U64 }
///
/// static POOL: Pool<1, 8, 4096> = Pool::new();
/// let mut lease = POOL.lease().unwrap();
/// let mut batch = lease.fill(Limits::new(999, 1024));
/// let mut event = batch.claim().unwrap();
/// let reading = event.payload().place(Reading { sensor: 7.into(), value: 0.into() }).unwrap();
/// reading.value.set(21); // in place
/// event.commit(Timestamp::from_nanos(1));
/// ```
pub struct Claim<'b> {
    memory: &'b mut Memory,
    view: WriteView<'b>,
    capacity: u32,
    id: u32,
}

impl<'b> Claim<'b> {
    /// The payload, write-only, empty at first.
    #[inline]
    pub fn payload(&mut self) -> &mut WriteView<'b> {
        &mut self.view
    }

    /// Hands the event to the batch, with what was written as its payload.
    ///
    /// Where [`Claim::payload`] was replaced by another view the event is rolled back.
    #[inline]
    pub fn commit(self, ts: Timestamp) {
        let Ok(len) = u32::try_from(self.view.len()) else { return };
        if core::ptr::eq(self.view.as_ptr(), self.memory.payload().as_ptr()) && len <= self.capacity {
            // SAFETY: the view is the one that `claim_room` made (nothing else can begin at this address while the
            // batch is borrowed), so its `len` bytes are initialised and within the room that was claimed.
            unsafe { self.memory.commit(ts, self.id, len) }
        }
    }
}

impl fmt::Debug for Claim<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").field("len", &self.view.len()).field("capacity", &self.capacity).finish()
    }
}

#[cfg(test)]
mod tests;
