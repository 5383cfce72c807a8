// SPDX-License-Identifier: Apache-2.0
//! A batch that is filled over many calls: [`Filling`], a lease and its [`Batch`] in one value.
#![expect(unsafe_code, reason = "the batch borrows the lease that stands beside it")]

use std::fmt;
use std::ptr::NonNull;

use falconet::batch::{Batch, Claim, Limits, Push, TooLarge};
use falconet::{Lease, Timestamp};

/// A lease and the batch that fills it; or neither. The seat is made once, so that a new lease costs no allocation.
pub(super) struct Filling {
    /// Borrows what is at `seat`: gone before anything there is touched.
    batch: Option<Batch<'static>>,
    /// A box.
    seat: NonNull<Option<Lease>>,
}

// SAFETY: it owns the box, and both the lease and the batch may be sent.
unsafe impl Send for Filling
where
    Batch<'static>: Send,
    Lease: Send,
{
}

impl Filling {
    /// Neither.
    pub(super) fn new() -> Self {
        Self { batch: None, seat: NonNull::from(Box::leak(Box::new(None))) }
    }

    /// Begins a batch; one that is there already is given back to its owner.
    pub(super) fn begin(&mut self, lease: Lease, limits: Limits) {
        self.batch = None;
        // SAFETY: the box lives until this is dropped, and the only borrow of it has just ended. The new one ends before
        // the seat is touched again: here, in `finish` and in `drop` the batch goes first, and no caller gets it but for
        // the length of a borrow of this.
        let seat = unsafe { &mut *self.seat.as_ptr() };
        self.batch = Some(seat.insert(lease).fill(limits));
    }

    /// Ends the batch.
    pub(super) fn finish(&mut self) -> Option<Lease> {
        self.batch = None;
        // SAFETY: the box lives, and its only borrow has just ended.
        unsafe { &mut *self.seat.as_ptr() }.take()
    }

    /// As [`Batch::push`]; full where there is no batch.
    pub(super) fn push(&mut self, ts: Timestamp, payload: &[u8]) -> Result<Push, TooLarge> {
        self.batch.as_mut().map_or(Ok(Push::Full), |batch| batch.push(ts, payload))
    }

    /// As [`Batch::claim`].
    pub(super) fn claim(&mut self) -> Option<Claim<'_>> {
        self.batch.as_mut()?.claim()
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        self.batch = None;
        // SAFETY: it was leaked in `new`, and its only borrow has just ended.
        drop(unsafe { Box::from_raw(self.seat.as_ptr()) });
    }
}

impl fmt::Debug for Filling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Filling").field(&self.batch).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batches::Batches;

    #[test]
    fn it_is_filled_over_many_calls_and_moves() {
        let batches = Batches::new(2, 3, 1024);
        let mut filling = Filling::new();
        assert_eq!(filling.push(Timestamp::HOST, b"nowhere"), Ok(Push::Full));
        assert!(filling.claim().is_none() && filling.finish().is_none());
        for _ in 0..3 {
            filling.begin(batches.lease().unwrap(), Limits::new(999, 64));
            assert_eq!(filling.push(Timestamp::HOST, b"one"), Ok(Push::Committed));
            let mut elsewhere = Box::new(filling);
            let mut claim = elsewhere.claim().unwrap();
            claim.payload().write_all(b"two").unwrap();
            claim.commit(Timestamp::HOST);
            let _rolled_back = elsewhere.claim().unwrap();
            filling = *elsewhere;
            assert_eq!(filling.push(Timestamp::HOST, b"three"), Ok(Push::Committed));
            assert_eq!(filling.push(Timestamp::HOST, b"four"), Ok(Push::Full));
            assert_eq!(filling.finish().unwrap().len(), 3);
        }
        filling.begin(batches.lease().unwrap(), Limits::new(999, 64));
        assert!(format!("{filling:?}").contains("999"));
        filling.begin(batches.lease().unwrap(), Limits::new(999, 64));
        assert_eq!(batches.free(), 1); // the one before is back
        drop(filling);
        assert_eq!(batches.free(), 2);
    }
}
