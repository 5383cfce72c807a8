// SPDX-License-Identifier: Apache-2.0
//! A batch that is filled over many calls: [`Filling`].

use falconet::Lease;
use falconet::batch::{Batch, Limits};

/// A lease that is being filled, and what its events may be; or neither.
#[derive(Debug, Default)]
pub(super) struct Filling(Option<(Lease, Limits)>);

impl Filling {
    /// Begins a batch; one that is there already is given back to its owner.
    pub(super) fn begin(&mut self, mut lease: Lease, limits: Limits) {
        let _empty = lease.fill(limits);
        self.0 = Some((lease, limits));
    }

    /// Ends the batch.
    pub(super) fn finish(&mut self) -> Option<Lease> {
        self.0.take().map(|(lease, _)| lease)
    }

    /// The batch, to be filled further.
    pub(super) fn batch(&mut self) -> Option<Batch<'_>> {
        self.0.as_mut().map(|(lease, limits)| lease.go_on(*limits))
    }
}

#[cfg(test)]
mod tests {
    use falconet::Timestamp;
    use falconet::batch::Push;

    use super::*;
    use crate::batches::Batches;

    #[test]
    fn it_is_filled_over_many_calls_and_moves() {
        let batches = Batches::new(2, 3, 1024);
        let mut filling = Filling::default();
        assert!(filling.batch().is_none() && filling.finish().is_none());
        for _ in 0..3 {
            filling.begin(batches.lease().unwrap(), Limits::new(999, 64));
            let push = |filling: &mut Filling, payload| filling.batch().unwrap().push(Timestamp::HOST, payload);
            assert_eq!(push(&mut filling, b"one"), Ok(Push::Committed));
            let mut elsewhere = Box::new(filling);
            {
                let mut batch = elsewhere.batch().unwrap();
                let mut claim = batch.claim().unwrap();
                claim.payload().write_all(b"two").unwrap();
                claim.commit(Timestamp::HOST);
                let _rolled_back = batch.claim().unwrap();
            }
            filling = *elsewhere;
            assert_eq!(push(&mut filling, b"333"), Ok(Push::Committed));
            assert_eq!(push(&mut filling, b"444"), Ok(Push::Full));
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
