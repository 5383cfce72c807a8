// SPDX-License-Identifier: Apache-2.0
//! A batch of a program in another language: what is claimed in one call is committed in another.
//!
//! A [`Claim`](super::Claim) borrows its batch, so it cannot be kept from call to call. Here the batch itself knows what is
//! claimed, and the caller tells how far it was written.
#![expect(unsafe_code, reason = "events are built in memory that the host is lent by pointer")]

use core::any::TypeId;
use core::fmt;
use core::ptr::NonNull;

use super::slots::Layout;
use super::{Batch, Limits, TooLarge};
use crate::abi;
use crate::error::Error;
use crate::event::{PAYLOAD_OFFSET, Timestamp};
use crate::pool::Lease;

/// A batch that is claimed from and committed to by turns.
#[doc(hidden)]
pub struct Foreign {
    lease: Lease,
    limits: Limits,
    mode: Mode,
    state: State,
    /// Where the payload of what is claimed begins; kept from the claim to its end.
    payload: NonNull<u8>,
    /// Bytes of room of what is claimed.
    room: u32,
}

#[derive(Clone, Copy)]
enum Mode {
    Packed,
    /// Slots, and how far it is from one to the next.
    Slots {
        layout: Layout,
        slots: u32,
        stride: usize,
    },
}

/// Whether something is claimed, and what of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Free,
    Claimed,
    /// Payloads stay from batch to batch: nothing is claimed.
    ValuesFree,
    /// Payloads stay from batch to batch: one is claimed.
    ValueClaimed,
}

/// What tells prepared slots of [`Foreign::use_values`] from others.
struct Kept;

impl Foreign {
    /// An empty batch for packed events of any size that fits.
    #[must_use]
    pub fn new(lease: Lease) -> Self {
        let limits = Limits::new(0, lease.memory.largest_payload());
        let payload = lease.memory.bytes;
        Self { lease, limits, mode: Mode::Packed, state: State::Free, payload, room: 0 }
    }

    /// Uses the batch, emptied, for events one after another, within limits.
    ///
    /// # Errors
    /// [`TooLarge`] where an empty batch has no room for the largest payload; nothing has changed then.
    pub fn use_packed(&mut self, limits: Limits) -> Result<(), TooLarge> {
        let capacity = self.lease.memory.largest_payload();
        if limits.max_payload > capacity {
            return Err(TooLarge { needed: limits.max_payload as usize, capacity: capacity as usize });
        }
        self.take_back();
        (self.limits, self.mode, self.state) = (limits, Mode::Packed, State::Free);
        Ok(())
    }

    /// Uses the batch, emptied, for events with payloads of exactly `len` bytes: see [`Batch::slots`].
    ///
    /// # Errors
    /// [`TooLarge`] where no slot of this length fits; nothing has changed then.
    pub fn use_slots(&mut self, id: u32, len: u32) -> Result<(), TooLarge> {
        self.use_layout(Layout { id, len, typed: None })
    }

    /// Uses the batch, emptied, for events with payloads of exactly `len` bytes, all zero at first, that stay from batch to
    /// batch: see [`Batch::typed`].
    ///
    /// # Errors
    /// As [`Foreign::use_slots`].
    pub fn use_values(&mut self, id: u32, len: u32) -> Result<(), TooLarge> {
        self.use_layout(Layout { id, len, typed: Some(TypeId::of::<Kept>()) })
    }

    fn use_layout(&mut self, layout: Layout) -> Result<(), TooLarge> {
        let (id, len) = (layout.id, layout.len);
        let capacity = self.lease.memory.largest_payload();
        if len > capacity {
            return Err(TooLarge { needed: len as usize, capacity: capacity as usize });
        }
        self.take_back();
        self.limits = Limits::new(id, len);
        // Whoever had the batch before may have left anything in it.
        self.lease.memory.prepared = None;
        let slots = self.lease.memory.prepare(layout);
        self.mode = Mode::Slots { layout, slots, stride: layout.stride() };
        self.state = if layout.typed.is_some() { State::ValuesFree } else { State::Free };
        Ok(())
    }

    /// Takes the batch back, empty. What is claimed is rolled back, as if all of it had been written.
    #[inline]
    pub fn take_back(&mut self) {
        self.roll_back(usize::MAX);
        self.lease.take_back();
    }

    /// Whether payloads stay from batch to batch.
    #[must_use]
    #[inline]
    pub const fn keeps_values(&self) -> bool {
        matches!(self.state, State::ValuesFree | State::ValueClaimed)
    }

    /// What is claimed: where its payload begins, and its room.
    #[must_use]
    #[inline]
    pub const fn claimed(&self) -> Option<(NonNull<u8>, u32)> {
        match self.state {
            State::Claimed | State::ValueClaimed => Some((self.payload, self.room)),
            State::Free | State::ValuesFree => None,
        }
    }

    /// Committed events.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.lease.len()
    }

    /// Whether none is committed.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the largest payload; in slots that of every one.
    #[must_use]
    pub const fn max_payload(&self) -> u32 {
        self.limits.max_payload
    }

    /// Claims an event with room for `len` bytes, or for the largest payload. Its payload's first byte and room, which are
    /// the caller's until the claim ends; `None` where the batch is full, or something is claimed already.
    ///
    /// # Errors
    /// [`TooLarge`] where no event of this batch has room for it.
    #[inline]
    pub fn claim(&mut self, len: Option<u32>) -> Result<Option<(NonNull<u8>, u32)>, TooLarge> {
        let largest = self.limits.max_payload;
        let len = len.unwrap_or(largest);
        if len > largest {
            return Err(TooLarge { needed: len as usize, capacity: largest as usize });
        }
        if self.state == State::Claimed || self.state == State::ValueClaimed {
            return Ok(None);
        }
        (self.payload, self.room) = match self.mode {
            Mode::Slots { layout, slots, stride } => {
                let count = self.lease.memory.count;
                if count >= slots {
                    return Ok(None);
                }
                // SAFETY: slots up to `slots` lie within the capacity, each payload behind its prefix.
                (unsafe { self.lease.memory.bytes.add(count as usize * stride + PAYLOAD_OFFSET) }, layout.len)
            }
            Mode::Packed => match self.lease.memory.room() {
                Some(room) if room >= len => (self.lease.memory.payload(), len),
                _ => return Ok(None),
            },
        };
        self.state = if self.state == State::ValuesFree { State::ValueClaimed } else { State::Claimed };
        Ok(Some((self.payload, self.room)))
    }

    /// Claims an event whose payload stays from batch to batch: its payload's first byte. `None` where the batch is full, for
    /// other events, or something is claimed already.
    #[inline(always)]
    pub fn claim_value(&mut self) -> Option<NonNull<u8>> {
        let (Mode::Slots { layout, slots, stride }, State::ValuesFree) = (self.mode, self.state) else { return None };
        let count = self.lease.memory.count;
        if count >= slots {
            return None;
        }
        // SAFETY: slots up to `slots` lie within the capacity, each payload behind its prefix.
        self.payload = unsafe { self.lease.memory.bytes.add(count as usize * stride + PAYLOAD_OFFSET) };
        self.room = layout.len;
        self.state = State::ValueClaimed;
        Some(self.payload)
    }

    /// Makes an event of what is claimed, if its payload stays from batch to batch. Whether it was one.
    #[inline(always)]
    pub fn commit_value(&mut self, ts: Timestamp) -> bool {
        if self.state != State::ValueClaimed {
            return false;
        }
        self.state = State::ValuesFree;
        // SAFETY: the slot is free, as it was when it was claimed, and its payload initialised since it was prepared.
        unsafe { self.lease.memory.commit_slot(self.payload.sub(PAYLOAD_OFFSET), ts, self.limits.id) };
        true
    }

    /// Makes an event of what is claimed: its first `len` bytes are the payload, in slots filled up with zeros. Whether
    /// it was one.
    ///
    /// # Safety
    /// If something is claimed and `len` within its room: the first `len` bytes are initialised, and none from `touched`
    /// on was written since the claim.
    #[inline]
    pub unsafe fn commit(&mut self, ts: Timestamp, len: usize, touched: usize) -> bool {
        let Ok(len) = u32::try_from(len) else { return false };
        if len > self.room {
            return false;
        }
        match self.state {
            State::Claimed => self.state = State::Free,
            State::ValueClaimed => return self.commit_value(ts),
            State::Free | State::ValuesFree => return false,
        }
        match self.mode {
            // SAFETY: as this function's; the room was claimed where the next event's payload is.
            Mode::Packed => unsafe {
                self.lease.memory.prepared = None;
                self.lease.memory.commit(ts, self.limits.id, len);
            },
            Mode::Slots { layout, .. } => {
                let (len, dirty) = (len as usize, self.dirty(touched));
                self.lease.memory.mark = dirty.max(len);
                if dirty > len {
                    // SAFETY: `dirty` is at most the payload's length, all of it the slot's own.
                    unsafe { zero(self.payload.add(len), dirty - len) };
                }
                // SAFETY: the slot is free, as it was when it was claimed. Its payload was initialised when it was
                // prepared, and written up to `len`.
                unsafe { self.lease.memory.commit_slot(self.payload.sub(PAYLOAD_OFFSET), ts, layout.id) };
            }
        }
        true
    }

    /// Gives up what is claimed, of which no byte from `touched` on was written. Whether there was something.
    #[inline]
    pub fn roll_back(&mut self, touched: usize) -> bool {
        let free = match self.state {
            State::Free | State::ValuesFree => return false,
            State::ValueClaimed => State::ValuesFree,
            State::Claimed => State::Free,
        };
        if matches!(self.mode, Mode::Slots { .. }) {
            self.lease.memory.mark = self.dirty(touched);
        }
        self.state = free;
        true
    }

    /// How far the payload of any slot may hold what was written.
    #[inline]
    fn dirty(&self, touched: usize) -> usize {
        self.lease.memory.mark.max(touched.min(self.room as usize))
    }

    /// Adds an event of any type from its raw parameters: see [`Batch::raw`]. In slots there is room for none.
    ///
    /// # Errors
    /// As [`Batch::raw`].
    pub fn raw(
        &mut self,
        ts: Timestamp,
        tid: Option<u64>,
        event_type: u16,
        parameters: &[&[u8]],
    ) -> Result<super::Push, Error> {
        if self.state != State::Free || matches!(self.mode, Mode::Slots { .. }) {
            return Ok(super::Push::Full);
        }
        let mut batch = Batch { lease: &mut self.lease, limits: self.limits, skipped: 0, truncated: 0 };
        batch.raw(ts, tid, event_type, parameters)
    }

    /// What the host is lent: see [`Lease::lend`]. What is claimed is rolled back, as if all of it had been written.
    #[inline]
    pub fn lend(&mut self) -> (*mut *mut abi::Event, u32) {
        self.roll_back(usize::MAX);
        self.lease.lend()
    }
}

/// Out of line, so that what calls it keeps its registers.
///
/// # Safety
/// So many bytes are the caller's.
#[cold]
#[inline(never)]
unsafe fn zero(from: NonNull<u8>, len: usize) {
    // SAFETY: as this function's.
    unsafe { from.write_bytes(0, len) }
}

impl fmt::Debug for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Foreign")
            .field("lease", &self.lease)
            .field("claimed", &self.claimed().is_some())
            .finish_non_exhaustive()
    }
}

// SAFETY: it is a lease, and a pointer into the memory that the lease has.
unsafe impl Send for Foreign {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Event, Pool};
    use std::vec::Vec;

    fn payloads(batch: &mut Foreign) -> Vec<Vec<u8>> {
        let (events, count) = batch.lend();
        let payload = |index: usize| {
            // SAFETY: the events are committed, and the batch is not filled while this runs.
            let event = unsafe { Event::from_ptr(*events.add(index)) }.unwrap();
            event.payload().to_vec()
        };
        (0..count as usize).map(payload).collect()
    }

    /// Claims, writes `written` bytes of which `len` are the payload, and commits.
    fn event(batch: &mut Foreign, len: usize, written: usize) -> bool {
        let Some((payload, room)) = batch.claim(None).unwrap() else { return false };
        assert!(written <= room as usize);
        // SAFETY: so much room was claimed, and so many bytes are written.
        unsafe {
            payload.write_bytes(0xAA, written);
            batch.commit(Timestamp::HOST, len, written)
        }
    }

    #[test]
    fn slots_are_zero_behind_what_was_written_whatever_came_before() {
        static POOL: Pool<1, 3, 512> = Pool::new();
        let mut batch = Foreign::new(POOL.lease().unwrap());
        batch.use_slots(7, 20).unwrap();
        let mut seed = 7u32;
        for _ in 0..500 {
            batch.take_back();
            let mut expected = Vec::new();
            for _ in 0..4 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let written = (seed >> 8) as usize % 21;
                let len = (seed >> 16) as usize % (written + 1);
                match seed >> 24 & 3 {
                    0 => {
                        if let Some((payload, _)) = batch.claim(None).unwrap() {
                            // SAFETY: the room is 20 bytes.
                            unsafe { payload.write_bytes(0xBB, written) };
                            assert!(batch.roll_back(written));
                        }
                    }
                    _ if event(&mut batch, len, written) => {
                        let mut whole = [0u8; 20];
                        whole[..len].fill(0xAA);
                        expected.push(whole.to_vec());
                    }
                    _ => assert_eq!(expected.len(), 3),
                }
            }
            if seed & 1 == 0
                && let Some((payload, room)) = batch.claim(None).unwrap()
            {
                // SAFETY: so much room was claimed; the claim is forgotten.
                unsafe { payload.write_bytes(0xCC, room as usize) };
            }
            assert_eq!(payloads(&mut batch), expected);
        }
    }

    #[test]
    fn values_stay_and_begin_as_zero() {
        static POOL: Pool<1, 2, 256> = Pool::new();
        let mut batch = Foreign::new(POOL.lease().unwrap());
        batch.use_slots(9, 4).unwrap();
        assert!(event(&mut batch, 4, 4) && !batch.keeps_values());
        batch.use_values(9, 4).unwrap();
        assert!(batch.keeps_values());
        for round in 0..3u8 {
            batch.take_back();
            while let Some((value, 4)) = batch.claim(None).unwrap() {
                // SAFETY: 4 bytes were claimed, and are initialised.
                unsafe {
                    assert_eq!(value.cast::<[u8; 4]>().read(), [round, 0, 0, 0]);
                    value.write(round + 1);
                    assert!(batch.commit(Timestamp::HOST, 4, 4));
                }
            }
            assert_eq!(payloads(&mut batch), [[round + 1, 0, 0, 0], [round + 1, 0, 0, 0]]);
        }
        batch.use_values(9, 4).unwrap();
        let (value, _) = batch.claim(None).unwrap().unwrap();
        // SAFETY: as above.
        assert_eq!(unsafe { value.cast::<[u8; 4]>().read() }, [0; 4]);
    }

    #[test]
    fn one_claim_at_a_time_and_none_is_committed_twice() {
        static POOL: Pool<1, 8, 200> = Pool::new();
        let mut batch = Foreign::new(POOL.lease().unwrap());
        assert_eq!((batch.max_payload(), batch.len()), (162, 0));
        assert_eq!(batch.use_packed(Limits::new(9, 163)), Err(TooLarge { needed: 163, capacity: 162 }));
        batch.use_packed(Limits::new(9, 60)).unwrap();
        assert!(batch.claim(Some(61)).is_err());
        let (payload, room) = batch.claim(Some(5)).unwrap().unwrap();
        assert_eq!(room, 5);
        assert!(batch.claimed().is_some() && batch.claim(None).unwrap().is_none());
        // SAFETY: 5 bytes were claimed and are written.
        unsafe {
            payload.write_bytes(b'a', 5);
            assert!(!batch.commit(Timestamp::HOST, 6, 6));
            assert!(batch.commit(Timestamp::HOST, 5, 5));
            assert!(!batch.commit(Timestamp::HOST, 5, 5));
        }
        assert!(!batch.roll_back(0));
        assert!(batch.raw(Timestamp::HOST, None, 3, &[b"x"]).is_err());
        assert!(event(&mut batch, 60, 60) && !event(&mut batch, 60, 60));
        assert_eq!(payloads(&mut batch), [b"aaaaa".to_vec(), [0xAA; 60].to_vec()]);
        assert_eq!(batch.use_slots(9, 163), Err(TooLarge { needed: 163, capacity: 162 }));
        batch.use_slots(9, 162).unwrap();
        assert!(event(&mut batch, 1, 1) && batch.claim(Some(1)).unwrap().is_none());
        batch.use_packed(Limits::new(0, 60)).unwrap();
        assert_eq!(batch.raw(Timestamp::HOST, None, 3, &[b"x"]), Ok(super::super::Push::Committed));
        assert_eq!(batch.len(), 1);
    }
}
