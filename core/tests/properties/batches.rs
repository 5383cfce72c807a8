// SPDX-License-Identifier: Apache-2.0
//! Packed batches of several leases at once against a model: what is lent equals the model's events byte for byte.
#![expect(unsafe_code, reason = "lent events are read by pointer, as a host does")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

pub(crate) mod lent;
mod model;

use falconet::batch::{Limits, Oversized, Push};
use falconet::view::{SeekFrom, WriteView};
use falconet::{Batch, Claim, Lease, Pool, Timestamp};
use proptest::prelude::*;

use model::Model;

static SMALL: Pool<3, 4, 200> = Pool::new();
static LARGE: Pool<2, 9, 700> = Pool::new();

/// What is done with a batch.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Claim(Writes, End),
    ClaimFor(usize, Writes, End),
    Push(u64, Vec<u8>),
    Skip,
}

/// What is written to a claimed payload.
#[derive(Clone, Debug)]
pub(crate) struct Writes {
    pub(crate) bytes: Vec<u8>,
    /// Then the length is set, if it fits.
    pub(crate) len: Option<usize>,
    /// Then this is written at the beginning.
    pub(crate) again: Vec<u8>,
}

/// How a claim ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    Commit(u64),
    Drop,
    Forget,
    /// Committed with another view in the place of its own.
    Swapped,
}

#[derive(Clone, Debug)]
pub(crate) struct Round {
    pub(crate) limits: Vec<(u32, u32, Oversized)>,
    pub(crate) ops: Vec<(usize, Op)>,
    /// The lease that is given back afterwards, for another.
    pub(crate) returned: usize,
}

pub(crate) fn any_end() -> impl Strategy<Value = End> {
    let ts = prop_oneof![Just(u64::MAX), Just(0), any::<u64>()];
    prop_oneof![6 => ts.prop_map(End::Commit), 2 => Just(End::Drop), 1 => Just(End::Forget), 1 => Just(End::Swapped)]
}

fn any_writes() -> impl Strategy<Value = Writes> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..120);
    let len = prop::option::weighted(0.3, 0usize..150);
    let again = prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(any::<u8>(), 0..10)];
    (bytes(), len, again).prop_map(|(bytes, len, again)| Writes { bytes, len, again })
}

fn any_round() -> impl Strategy<Value = Round> {
    let op = prop_oneof![
        4 => (any_writes(), any_end()).prop_map(|(writes, end)| Op::Claim(writes, end)),
        4 => (size(), any_writes(), any_end()).prop_map(|(len, writes, end)| Op::ClaimFor(len, writes, end)),
        4 => (any::<u64>(), prop::collection::vec(any::<u8>(), 0..180)).prop_map(|(ts, bytes)| Op::Push(ts, bytes)),
        1 => Just(Op::Skip),
    ];
    let oversized = prop::sample::select(vec![Oversized::Fail, Oversized::Skip, Oversized::Truncate]);
    let id = prop::sample::select(vec![0u32, 999, u32::MAX]);
    let max = prop_oneof![4 => 0u32..100, 1 => 100u32..800, 1 => Just(u32::MAX)];
    let limits = prop::collection::vec((id, max, oversized), 5);
    (limits, prop::collection::vec((0usize..5, op), 0..40), 0usize..5).prop_map(|(limits, ops, returned)| Round {
        limits,
        ops,
        returned,
    })
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![6 => 0usize..120, 1 => 0usize..800, 1 => prop::sample::select(vec![usize::MAX, 1 << 32, u32::MAX as usize])]
}

impl Writes {
    /// Writes to a claim what fits, and says what its payload is then.
    fn write(&self, event: &mut Claim<'_>) -> Vec<u8> {
        let view = event.payload();
        let written = view.write(&self.bytes);
        let mut expected = self.bytes[..written].to_vec();
        if let Some(len) = self.len
            && view.set_len(len).is_ok()
        {
            expected.resize(len, 0);
        }
        view.seek(SeekFrom::Start(0)).unwrap();
        let again = view.write(&self.again);
        expected.resize(expected.len().max(again), 0);
        expected[..again].copy_from_slice(&self.again[..again]);
        expected
    }
}

/// Ends a claim; the model gets what is committed.
fn end<'b>(mut event: Claim<'b>, foreign: &'b mut [u8], writes: &Writes, end: End, model: &mut Model) {
    let payload = writes.write(&mut event);
    match end {
        End::Commit(ts) => {
            event.commit(Timestamp::from_nanos(ts));
            model.commit(ts, &payload);
        }
        End::Drop | End::Forget => {} // a claim needs no drop to be rolled back
        End::Swapped => {
            *event.payload() = WriteView::new(foreign);
            event.payload().write(b"foreign");
            event.commit(Timestamp::HOST);
        }
    }
}

fn apply(op: &Op, batch: &mut Batch<'_>, model: &mut Model) -> Result<(), TestCaseError> {
    let mut foreign = [1; 8];
    match op {
        Op::Claim(writes, how) => {
            let room = model.max_payload();
            let event = batch.claim();
            prop_assert_eq!(event.is_some(), model.has_room(room));
            if let Some(mut event) = event {
                let view = event.payload();
                prop_assert_eq!((view.len(), view.offset(), view.capacity()), (0, 0, room));
                end(event, &mut foreign, writes, *how, model);
            }
        }
        Op::ClaimFor(len, writes, how) => {
            let event = batch.claim_for(*len);
            let expected = model.fits(*len).map(|()| model.has_room(*len));
            prop_assert_eq!(event.as_ref().map(Option::is_some).map_err(|error| *error), expected);
            if let Ok(Some(mut event)) = event {
                prop_assert_eq!(event.payload().capacity(), *len);
                end(event, &mut foreign, writes, *how, model);
            }
        }
        Op::Push(ts, payload) => {
            prop_assert_eq!(batch.push(Timestamp::from_nanos(*ts), payload), model.push(*ts, payload));
        }
        Op::Skip => {
            batch.skip();
            model.skipped += 1;
        }
    }
    prop_assert_eq!((batch.len(), batch.is_empty()), (model.events.len(), model.events.is_empty()));
    prop_assert_eq!((batch.skipped(), batch.truncated()), (model.skipped, model.truncated));
    Ok(())
}

pub(crate) fn lent_is_what_was_committed(rounds: Vec<Round>) -> Result<(), TestCaseError> {
    let sizes = |i: usize| if i < 3 { (4, 200) } else { (9, 700) };
    let lease = |i: usize| if i < 3 { SMALL.lease().unwrap() } else { LARGE.lease().unwrap() };
    let mut leases: Vec<Lease> = (0..5).map(lease).collect();
    prop_assert!(SMALL.lease().is_err() && LARGE.lease().is_err());
    for round in rounds {
        let mut models: Vec<_> =
            round.limits.iter().enumerate().map(|(i, limits)| Model::new(sizes(i), *limits)).collect();
        let mut batches: Vec<_> = leases
            .iter_mut()
            .zip(&round.limits)
            .map(|(lease, (id, max, oversized))| lease.fill(Limits::new(*id, *max).oversized(*oversized)))
            .collect();
        for (i, op) in &round.ops {
            prop_assert_eq!(batches[*i].max_payload(), models[*i].max_payload());
            prop_assert_eq!(batches[*i].capacity(), sizes(*i).0);
            apply(op, &mut batches[*i], &mut models[*i])?;
        }
        for (lease, model) in leases.iter_mut().zip(&models) {
            prop_assert_eq!(&lent::events(lease), &model.events);
            lent::as_the_host_does(lease);
        }
        // Another thread may give it back, and another one take it.
        drop(leases.remove(round.returned));
        prop_assert_eq!(SMALL.free() + LARGE.free(), 1);
        leases.insert(round.returned, lease(round.returned));
    }
    drop(leases);
    prop_assert_eq!((SMALL.free(), LARGE.free()), (3, 2));
    Ok(())
}

proptest! {
    #![proptest_config(super::cases(400))]

    #[test]
    fn packed(rounds in prop::collection::vec(any_round(), 1..5)) {
        lent_is_what_was_committed(rounds)?;
    }
}

#[test]
fn pushes_and_what_became_of_them_are_told_apart() {
    let mut model = Model::new((1, 100), (1, 10, Oversized::Truncate));
    assert_eq!(model.push(0, &[1; 11]), Ok(Push::Truncated));
    assert_eq!(model.push(0, &[1; 11]), Ok(Push::Full));
}
