// SPDX-License-Identifier: Apache-2.0
//! Batches whose events all have payloads of one size: slots of fixed stride with headers prepared once.
//!
//! ```text
//! | prefix 38 | payload, always the same length | pad | prefix 38 | payload ... | pad | ...
//! ```
//!
//! The first batch of a lease prepares every header and pointer; from then on an event costs its payload and a
//! timestamp. [`Slots`] are write-only: what an event does not write is zero. [`Typed`] slots are values that stay from
//! batch to batch, so that only what changes is written.

use core::any::TypeId;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use zerocopy::native_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::{Batch, Memory, TooLarge};
use crate::event::{PAYLOAD_OFFSET, PluginPrefix, Timestamp};
use crate::view::WriteView;

/// What a batch's memory is prepared for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) id: u32,
    /// Length of every payload.
    pub(super) len: u32,
    /// The type of every payload, where it is always valid.
    pub(super) typed: Option<TypeId>,
}

impl Layout {
    /// From one slot to the next: a multiple of 8.
    pub(super) const fn stride(self) -> usize {
        (PAYLOAD_OFFSET + self.len as usize).next_multiple_of(8)
    }
}

impl Memory {
    /// Prepares the slots of a layout, unless they are; how many there are.
    pub(super) fn prepare(&mut self, layout: Layout) -> u32 {
        // The last slot needs no pad behind its payload.
        let stride = layout.stride();
        let pad = stride - PAYLOAD_OFFSET - layout.len as usize;
        let fit = (self.capacity as usize + pad) / stride;
        let slots = self.max_events.min(u32::try_from(fit).unwrap_or(u32::MAX));
        if self.prepared != Some(layout) {
            self.write_prefixes(layout, slots);
        }
        slots
    }

    /// Where the next free slot begins.
    #[inline]
    fn free_slot(&self, layout: Layout, slots: u32) -> Option<NonNull<u8>> {
        // SAFETY: slots up to `slots` lie within the capacity.
        (self.count < slots).then(|| unsafe { self.bytes.add(self.count as usize * layout.stride()) })
    }

    /// Makes the next free slot the batch's next event.
    ///
    /// # Safety
    /// `event` is what [`Memory::free_slot`] gave, and its payload is initialised.
    #[inline]
    pub(super) unsafe fn commit_slot(&mut self, event: NonNull<u8>, ts: Timestamp, id: u32) {
        // SAFETY: a free slot is the batch's own; it begins with the timestamp, and the id stands in front of the
        // payload, both at any alignment. The host may have written to both.
        unsafe {
            event.cast::<U64>().write(U64::new(ts.raw()));
            event.add(PAYLOAD_OFFSET - size_of::<U32>()).cast::<U32>().write(U32::new(id));
        }
        self.count += 1;
    }

    #[cold]
    #[inline(never)]
    fn write_prefixes(&mut self, layout: Layout, slots: u32) {
        self.prepared = Some(layout);
        self.mark = 0;
        let prefix = PluginPrefix::new(Timestamp::HOST, layout.id, layout.len);
        let mut event = self.bytes.as_ptr();
        for index in 0..slots as usize {
            // SAFETY: `prepare` counts the slots whose payloads end within the capacity, and at most `max_events`; the
            // prefix has alignment 1.
            unsafe {
                event.cast::<PluginPrefix>().write(prefix);
                event.add(PAYLOAD_OFFSET).write_bytes(0, layout.len as usize);
                self.events.add(index).write(event.cast());
            }
            event = event.wrapping_add(layout.stride());
        }
    }
}

impl Batch<'_> {
    /// Uses the batch, which must be empty, for events with payloads of exactly `len` bytes.
    ///
    /// Ask for the same `len` in every batch of an instance: another one prepares all slots anew.
    ///
    /// # Errors
    /// [`TooLarge`] where no slot of this length fits.
    ///
    /// ```
    /// use falconet::{batch::Limits, Pool, Timestamp};
    /// static POOL: Pool<1, 2, 4096> = Pool::new();
    /// let mut lease = POOL.lease().unwrap();
    /// let mut batch = lease.fill(Limits::new(999, 64));
    /// let mut slots = batch.slots(64).unwrap();
    /// while let Some(mut event) = slots.claim() {
    ///     event.payload().write_all(b"62 zero bytes follow").unwrap();
    ///     event.commit(Timestamp::HOST);
    /// }
    /// assert_eq!(batch.len(), 2);
    /// ```
    #[inline]
    pub fn slots(&mut self, len: usize) -> Result<Slots<'_>, TooLarge> {
        let (layout, slots) = self.prepare(len, None)?;
        Ok(Slots { memory: &mut self.lease.memory, slots, layout })
    }

    /// Uses the batch, which must be empty, for events whose payload is a `T`.
    ///
    /// A slot's value is what the event before in this slot left there, all zero at first: write what changes.
    ///
    /// # Errors
    /// [`TooLarge`] where no `T` fits.
    ///
    /// ```
    /// use falconet::{batch::Limits, Pool, Timestamp};
    /// use falconet::zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned, little_endian::U64};
    ///
    /// #[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
    /// #[zerocopy(crate = "falconet::zerocopy")]
    /// #[repr(C)]
    /// struct Tick { number: U64, name: [u8; 8] }
    ///
    /// static POOL: Pool<1, 2, 4096> = Pool::new();
    /// let mut lease = POOL.lease().unwrap();
    /// for round in 0..3u64 {
    ///     let mut batch = lease.fill(Limits::new(999, 64));
    ///     let mut ticks = batch.typed::<Tick>().unwrap();
    ///     while let Some(mut tick) = ticks.claim() {
    ///         if round == 0 {
    ///             tick.name = *b"tick\0\0\0\0"; // stays
    ///         }
    ///         assert_eq!(&tick.name[..4], b"tick");
    ///         tick.number.set(round);
    ///         tick.commit(Timestamp::HOST);
    ///     }
    /// }
    /// ```
    #[inline]
    pub fn typed<T>(&mut self) -> Result<Typed<'_, T>, TooLarge>
    where
        T: FromBytes + IntoBytes + KnownLayout + Immutable + Unaligned + 'static,
    {
        let (layout, slots) = self.prepare(size_of::<T>(), Some(TypeId::of::<T>()))?;
        Ok(Typed { memory: &mut self.lease.memory, slots, layout, _values: PhantomData })
    }

    /// The layout, prepared, and how many slots the batch has of it: none where other events are in it already.
    #[inline]
    fn prepare(&mut self, len: usize, typed: Option<TypeId>) -> Result<(Layout, u32), TooLarge> {
        let capacity = self.lease.memory.largest_payload();
        let layout = match u32::try_from(len) {
            Ok(len) if len <= capacity => Layout { id: self.limits.id, len, typed },
            _ => return Err(TooLarge { needed: len, capacity: capacity as usize }),
        };
        if self.lease.memory.count > 0 && self.lease.memory.prepared != Some(layout) {
            return Ok((layout, 0));
        }
        // From here on no event of another layout has room.
        self.lease.memory.used = self.lease.memory.capacity;
        Ok((layout, self.lease.memory.prepare(layout)))
    }
}

/// Slots for payloads of one length, write-only: see [`Batch::slots`].
pub struct Slots<'b> {
    memory: &'b mut Memory,
    slots: u32,
    layout: Layout,
}

impl Slots<'_> {
    /// Claims the next slot; `None` when the batch is full: hand it over.
    #[inline]
    pub fn claim(&mut self) -> Option<Slot<'_>> {
        let event = self.memory.free_slot(self.layout, self.slots)?;
        let len = self.layout.len as usize;
        // SAFETY: the slot's payload is the batch's own; the claim borrows the batch for the view's whole life.
        let room = unsafe { core::slice::from_raw_parts_mut(event.add(PAYLOAD_OFFSET).cast().as_ptr(), len) };
        // Until the claim is committed or dropped any byte may have been written, also if it is forgotten.
        let mark = core::mem::replace(&mut self.memory.mark, len);
        Some(Slot { memory: self.memory, event, view: WriteView::from_uninit(room), mark, id: self.layout.id })
    }
}

impl fmt::Debug for Slots<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slots").field("slots", &self.slots).field("memory", &self.memory).finish()
    }
}

/// One event of [`Slots`] being written. Dropped, it is rolled back.
///
/// See [`Batch::slots`] for an example.
pub struct Slot<'s> {
    memory: &'s mut Memory,
    event: NonNull<u8>,
    view: WriteView<'s>,
    /// The highest payload byte that any slot may hold a stale byte below, before this claim.
    mark: usize,
    id: u32,
}

impl<'s> Slot<'s> {
    /// The payload, write-only, empty at first. What is not written is zero in the event.
    #[inline]
    pub fn payload(&mut self) -> &mut WriteView<'s> {
        &mut self.view
    }

    /// Hands the event to the batch. Where [`Slot::payload`] was replaced by another view it is rolled back.
    #[inline]
    pub fn commit(mut self, ts: Timestamp) {
        let Some(dirty) = self.dirty() else { return };
        let written = self.view.len();
        if let Some(stale) = dirty.checked_sub(written).filter(|stale| *stale > 0) {
            // SAFETY: `dirty` is at most the payload's length, all of it the slot's own.
            unsafe { self.event.add(PAYLOAD_OFFSET + written).write_bytes(0, stale) };
        }
        self.mark = dirty;
        // SAFETY: the slot is free; its payload was initialised when it was prepared, written up to `written`, and is
        // zeroed above as far as it may have been written since.
        unsafe { self.memory.commit_slot(self.event, ts, self.id) };
    }

    /// How far the payload of any slot may hold what was written, or `None` where the view was replaced.
    #[inline]
    fn dirty(&self) -> Option<usize> {
        // SAFETY: only an address within the slot is computed.
        let payload = unsafe { self.event.add(PAYLOAD_OFFSET) };
        let own = core::ptr::eq(self.view.as_ptr(), payload.as_ptr()) && !self.view.is_of_bytes();
        own.then(|| self.mark.max(self.view.touched()))
    }
}

impl Drop for Slot<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(dirty) = self.dirty() {
            self.memory.mark = dirty;
        }
    }
}

impl fmt::Debug for Slot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("view", &self.view).finish()
    }
}

/// Slots whose payloads are values that stay from batch to batch: see [`Batch::typed`].
pub struct Typed<'b, T> {
    memory: &'b mut Memory,
    slots: u32,
    layout: Layout,
    _values: PhantomData<&'b mut T>,
}

impl<T: FromBytes + IntoBytes + KnownLayout + Immutable + Unaligned> Typed<'_, T> {
    /// Claims the next value; `None` when the batch is full: hand it over.
    #[inline]
    pub fn claim(&mut self) -> Option<TypedSlot<'_, T>> {
        let event = self.memory.free_slot(self.layout, self.slots)?;
        // SAFETY: the slot's payload is as long as a T and the batch's own; the claim borrows the batch for the
        // reference's whole life. All its bytes are initialised (zeroed when prepared, and written as Ts since), any
        // initialised bytes are a T (FromBytes), at any address (Unaligned).
        let value = unsafe { event.add(PAYLOAD_OFFSET).cast::<T>().as_mut() };
        Some(TypedSlot { memory: self.memory, event, value, id: self.layout.id })
    }
}

impl<T> fmt::Debug for Typed<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Typed").field("slots", &self.slots).field("memory", &self.memory).finish()
    }
}

/// One event of [`Typed`] slots: a `T` in the host-visible memory. Dropped, it is rolled back: not delivered, but what
/// was written stays in the slot.
///
/// See [`Batch::typed`] for an example.
pub struct TypedSlot<'s, T> {
    memory: &'s mut Memory,
    event: NonNull<u8>,
    value: &'s mut T,
    id: u32,
}

impl<T> TypedSlot<'_, T> {
    /// Hands the event to the batch.
    #[inline]
    pub fn commit(self, ts: Timestamp) {
        // SAFETY: the slot is free, and its payload a valid T.
        unsafe { self.memory.commit_slot(self.event, ts, self.id) };
    }
}

impl<T> Deref for TypedSlot<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.value
    }
}

impl<T> DerefMut for TypedSlot<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for TypedSlot<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedSlot").field("value", &self.value).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{Limits, Push};
    use crate::{Event, Pool};
    use std::vec::Vec;
    use zerocopy::little_endian::U16;

    /// Payloads of what is lent.
    fn lent(lease: &mut crate::Lease) -> Vec<Vec<u8>> {
        let (events, count) = lease.lend();
        (0..count as usize)
            .map(|index| {
                // SAFETY: the events are committed, and the lease is not filled while this runs.
                let event = unsafe { Event::from_ptr(*events.add(index)) }.unwrap();
                assert_eq!(event.plugin().unwrap().id, 999);
                event.payload().to_vec()
            })
            .collect()
    }

    #[test]
    fn no_stale_byte_is_ever_sent() {
        static POOL: Pool<1, 3, 512> = Pool::new();
        let mut lease = POOL.lease().unwrap();
        let mut seed = 7u32;
        for _ in 0..500 {
            let mut batch = lease.fill(Limits::new(999, 64));
            let mut slots = batch.slots(20).unwrap();
            let mut expected = Vec::new();
            while let Some(mut event) = slots.claim() {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let len = seed as usize >> 8 & 31;
                let written = event.payload().write(&[0xAA; 32][..len]);
                match seed >> 16 & 7 {
                    0 => drop(event),
                    1 => core::mem::forget(event),
                    2 => {
                        event.payload().set_len(written / 2).unwrap();
                        event.commit(Timestamp::HOST);
                        expected.push(written / 2);
                    }
                    3 => {
                        let mut other = [1; 4];
                        let mut other = WriteView::new(&mut other);
                        core::mem::swap(event.payload(), &mut other);
                        event.commit(Timestamp::HOST);
                    }
                    _ => {
                        event.commit(Timestamp::HOST);
                        expected.push(written);
                    }
                }
            }
            let payloads = lent(&mut lease);
            assert_eq!(payloads.len(), expected.len());
            for (payload, written) in payloads.iter().zip(expected) {
                let mut whole = [0; 20];
                whole[..written].fill(0xAA);
                assert_eq!(payload, &whole);
            }
        }
    }

    #[test]
    fn a_view_over_a_placed_value_does_not_hide_what_was_written() {
        static POOL: Pool<1, 1, 256> = Pool::new();
        let mut lease = POOL.lease().unwrap();
        let mut batch = lease.fill(Limits::new(999, 64));
        let mut slots = batch.slots(16).unwrap();
        let mut elsewhere = [0; 1];
        let mut event = slots.claim().unwrap();
        let mut own = core::mem::replace(event.payload(), WriteView::new(&mut elsewhere));
        let placed = own.place([0xAA; 16]).unwrap();
        *event.payload() = WriteView::new(placed); // at the same address, of length 0, not touched
        event.commit(Timestamp::HOST);
        assert_eq!(batch.len(), 0); // rolled back
        let mut slots = batch.slots(16).unwrap();
        slots.claim().unwrap().commit(Timestamp::HOST);
        assert_eq!(lent(&mut lease), [[0; 16]]);
    }

    #[test]
    fn layouts_never_mix_in_a_batch() {
        static POOL: Pool<1, 4, 1024> = Pool::new();
        let mut lease = POOL.lease().unwrap();
        let mut batch = lease.fill(Limits::new(999, 64));
        assert_eq!(batch.push(Timestamp::HOST, b"packed"), Ok(Push::Committed));
        assert!(batch.slots(8).unwrap().claim().is_none());
        assert_eq!(lent(&mut lease), [b"packed"]);

        let mut batch = lease.fill(Limits::new(999, 64));
        batch.slots(8).unwrap().claim().unwrap().commit(Timestamp::HOST);
        assert!(batch.claim().is_none());
        assert!(batch.typed::<[u8; 8]>().unwrap().claim().is_none());
        batch.slots(8).unwrap().claim().unwrap().commit(Timestamp::HOST);
        assert_eq!(lent(&mut lease), [[0; 8], [0; 8]]);

        let mut batch = lease.fill(Limits::new(999, 64));
        assert_eq!(batch.push(Timestamp::HOST, &[0xFF; 64]), Ok(Push::Committed));
        let mut batch = lease.fill(Limits::new(999, 64));
        batch.slots(8).unwrap().claim().unwrap().commit(Timestamp::HOST);
        assert_eq!(lent(&mut lease), [[0; 8]]); // prepared anew after the packed event

        let mut batch = lease.fill(Limits::new(999, 64));
        assert_eq!(batch.slots(5000).unwrap_err(), TooLarge { needed: 5000, capacity: 1024 - 38 });
    }

    #[test]
    fn typed_values_stay_and_begin_as_zero() {
        static POOL: Pool<1, 2, 256> = Pool::new();
        let mut lease = POOL.lease().unwrap();
        for round in 0..3u16 {
            let mut batch = lease.fill(Limits::new(999, 64));
            let mut slots = batch.typed::<U16>().unwrap();
            while let Some(mut value) = slots.claim() {
                assert_eq!(value.get(), round);
                value.set(round + 1);
                value.commit(Timestamp::from_nanos(u64::from(round)));
            }
            assert_eq!(lent(&mut lease), [(round + 1).to_le_bytes(); 2]);
        }
    }

    #[test]
    fn as_many_slots_as_fit() {
        static POOL: Pool<1, 8, 100> = Pool::new(); // two of 48 and 4 bytes, or one of 96 and 4
        let mut lease = POOL.lease().unwrap();
        for (len, fit) in [(10, 2), (11, 1), (0, 2), (62, 1)] {
            let mut batch = lease.fill(Limits::new(999, 100));
            let mut slots = batch.slots(len).unwrap();
            let mut claimed = 0;
            while let Some(mut event) = slots.claim() {
                assert_eq!(event.payload().capacity(), len);
                event.commit(Timestamp::HOST);
                claimed += 1;
            }
            assert_eq!(claimed, fit, "{len}");
        }
    }
}
