// SPDX-License-Identifier: Apache-2.0
//! Slots and typed slots, mixed with packed events, against a model: no mode meets another in a batch, nothing stale is
//! lent, and a typed value stays where it was left.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

use std::mem::forget;

use falconet::batch::{Limits, Push, TooLarge};
use falconet::view::WriteView;
use falconet::zerocopy::little_endian::U64;
use falconet::{Batch, Pool, Timestamp};
use proptest::prelude::*;

use super::batches::lent::{self, plugin_event};
use super::batches::{End, any_end};

const EVENTS: usize = 5;
const BYTES: usize = 400;
static POOL: Pool<1, EVENTS, BYTES> = Pool::new();

/// What the payloads of a layout are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Written(usize),
    /// `[u8; 8]`.
    Bytes,
    /// `U64`: as long, and another type.
    Number,
    /// Nothing at all.
    Unit,
}

impl Kind {
    fn len(self) -> usize {
        match self {
            Self::Written(len) => len,
            Self::Bytes | Self::Number => 8,
            Self::Unit => 0,
        }
    }

    /// How many slots of it there are.
    fn slots(self) -> usize {
        let stride = (38 + self.len()).next_multiple_of(8);
        (0..EVENTS).take_while(|i| i * stride + 38 + self.len() <= BYTES).count()
    }
}

/// What is done with a batch.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// Claims of one kind of slots, each with what is written to it.
    Slots(Kind, Vec<(Vec<u8>, Option<usize>, End)>),
    Push(Vec<u8>),
    /// A packed claim that is dropped.
    Claim,
}

fn any_op() -> impl Strategy<Value = Op> {
    let kind = prop_oneof![
        4 => prop::sample::select(vec![0usize, 1, 2, 9, 10, 42, 50]).prop_map(Kind::Written),
        1 => (300usize..500).prop_map(Kind::Written),
        1 => prop::sample::select(vec![usize::MAX, u32::MAX as usize]).prop_map(Kind::Written),
        2 => Just(Kind::Bytes),
        2 => Just(Kind::Number),
        1 => Just(Kind::Unit),
    ];
    let bytes = || prop::collection::vec(1u8..=255, 0..56);
    let claim = (bytes(), prop::option::weighted(0.3, 0usize..60), any_end());
    prop_oneof![
        6 => (kind, prop::collection::vec(claim, 0..7)).prop_map(|(kind, claims)| Op::Slots(kind, claims)),
        1 => bytes().prop_map(Op::Push),
        1 => Just(Op::Claim),
    ]
}

/// A batch whose slots may be prepared.
#[derive(Default)]
struct Model {
    id: u32,
    events: Vec<Vec<u8>>,
    /// The kind of slots that this batch has been asked for last.
    kind: Option<Kind>,
    prepared: Option<(u32, Kind)>,
    /// The typed values that stand in the slots.
    values: Vec<Vec<u8>>,
}

impl Model {
    fn take_back(&mut self, id: u32) {
        self.events.clear();
        self.kind = None;
        self.id = id;
    }

    fn packed_room(&self, payload: usize) -> bool {
        let used: usize = self.events.iter().map(|event| event.len().next_multiple_of(8)).sum();
        self.kind.is_none() && self.events.len() < EVENTS && used + 38 + payload <= BYTES
    }

    /// How many slots of a kind this batch has.
    fn slots(&mut self, kind: Kind) -> Result<usize, TooLarge> {
        if kind.len() > BYTES - 38 {
            return Err(TooLarge { needed: kind.len(), capacity: BYTES - 38 });
        }
        if !self.events.is_empty() && self.prepared != Some((self.id, kind)) {
            return Ok(0);
        }
        if self.prepared != Some((self.id, kind)) {
            self.prepared = Some((self.id, kind));
            self.values = vec![vec![0; kind.len()]; kind.slots()];
        }
        self.kind = Some(kind);
        Ok(kind.slots())
    }

    fn commit(&mut self, ts: u64, payload: &[u8]) {
        self.events.push(plugin_event(ts, self.id, payload));
    }
}

/// Claims of typed slots of a `$type`, which `$write` writes.
macro_rules! typed {
    ($batch:expr, $model:expr, $kind:expr, $claims:expr, $type:ty, $read:expr, $write:expr) => {{
        let expected = $model.slots($kind);
        let mut values = $batch.typed::<$type>();
        prop_assert_eq!(values.as_ref().map(|_| ()).map_err(|error| *error), expected.map(|_| ()));
        for (bytes, _, end) in $claims {
            let slot = $model.events.len();
            let claimed = values.as_mut().unwrap().claim();
            prop_assert_eq!(claimed.is_some(), slot < expected.unwrap());
            let Some(mut claimed) = claimed else { break };
            prop_assert_eq!(&$read(&*claimed)[..], &$model.values[slot][..], "it is as it was left");
            // Only the first bytes are changed.
            let n = bytes.len().min($kind.len());
            $model.values[slot][..n].copy_from_slice(&bytes[..n]);
            $write(&mut *claimed, &$model.values[slot]);
            let written = $model.values[slot].clone();
            match end {
                End::Commit(ts) => {
                    claimed.commit(Timestamp::from_nanos(*ts));
                    $model.commit(*ts, &written);
                }
                End::Drop | End::Forget | End::Swapped => {} // what was written stays
            }
        }
    }};
}

fn apply(op: &Op, batch: &mut Batch<'_>, model: &mut Model) -> Result<(), TestCaseError> {
    match op {
        Op::Slots(Kind::Written(len), claims) => {
            let expected = model.slots(Kind::Written(*len));
            let mut slots = batch.slots(*len);
            prop_assert_eq!(slots.as_ref().map(|_| ()).map_err(|error| *error), expected.map(|_| ()));
            let Ok(slots) = &mut slots else { return Ok(()) };
            for (bytes, cut, end) in claims {
                let mut foreign = [1; 4];
                let mut claimed = slots.claim();
                prop_assert_eq!(claimed.is_some(), model.events.len() < expected.unwrap());
                let Some(slot) = &mut claimed else { break };
                prop_assert_eq!((slot.payload().len(), slot.payload().capacity()), (0, *len));
                let written = slot.payload().write(bytes);
                let mut payload = bytes[..written].to_vec();
                if cut.is_some_and(|cut| slot.payload().set_len(cut).is_ok()) {
                    payload.truncate(cut.unwrap());
                }
                payload.resize(*len, 0);
                match (claimed.unwrap(), end) {
                    (slot, End::Commit(ts)) => {
                        slot.commit(Timestamp::from_nanos(*ts));
                        model.commit(*ts, &payload);
                    }
                    (slot, End::Drop) => drop(slot),
                    (slot, End::Forget) => forget(slot),
                    (mut slot, End::Swapped) => {
                        *slot.payload() = WriteView::new(&mut foreign);
                        slot.commit(Timestamp::HOST);
                    }
                }
            }
        }
        Op::Slots(kind @ Kind::Bytes, claims) => {
            typed!(batch, model, *kind, claims, [u8; 8], |v: &[u8; 8]| *v, |v: &mut [u8; 8], b: &[u8]| {
                v.copy_from_slice(b);
            });
        }
        Op::Slots(kind @ Kind::Number, claims) => {
            typed!(batch, model, *kind, claims, U64, |v: &U64| v.get().to_le_bytes(), |v: &mut U64, b: &[u8]| {
                v.set(u64::from_le_bytes(b.try_into().unwrap()));
            });
        }
        Op::Slots(kind @ Kind::Unit, claims) => {
            typed!(batch, model, *kind, claims, (), |(): &()| [0u8; 0], |(): &mut (), _: &[u8]| {});
        }
        Op::Push(payload) => {
            let room = model.packed_room(payload.len());
            let pushed = batch.push(Timestamp::from_nanos(9), payload);
            prop_assert_eq!(pushed, Ok(if room { Push::Committed } else { Push::Full }));
            if room {
                model.prepared = None;
                model.events.push(plugin_event(9, model.id, payload));
            }
        }
        Op::Claim => {
            let room = model.packed_room(60);
            let claimed = batch.claim();
            prop_assert_eq!(claimed.is_some(), room);
            if let Some(mut event) = claimed {
                model.prepared = None;
                event.payload().write(&[0xAA; 60]);
            }
        }
    }
    prop_assert_eq!(batch.len(), model.events.len());
    Ok(())
}

pub(crate) fn slots_do_what_the_model_does(rounds: &[(u32, Vec<Op>)]) -> Result<(), TestCaseError> {
    let mut lease = POOL.lease().unwrap();
    let mut model = Model::default();
    for (id, ops) in rounds {
        model.take_back(*id);
        let mut batch = lease.fill(Limits::new(*id, 60));
        for op in ops {
            apply(op, &mut batch, &mut model)?;
        }
        prop_assert_eq!(&lent::events(&mut lease), &model.events);
        lent::as_the_host_does(&mut lease);
    }
    Ok(())
}

proptest! {
    #![proptest_config(super::cases(1000))]

    #[test]
    fn slots(
        rounds in prop::collection::vec(
            (prop::sample::select(vec![0u32, 999, 999, 999]), prop::collection::vec(any_op(), 0..4)),
            1..8,
        ),
    ) {
        slots_do_what_the_model_does(&rounds)?;
    }
}
