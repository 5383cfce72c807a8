// SPDX-License-Identifier: Apache-2.0
//! The events of a batch while they are lent: what the host left there, and whether it stays.

use std::{collections::BTreeMap, ffi::CStr};

use super::{
    Check,
    answers::{self, How},
    raw::{Memory, RawBatch, Reader},
    witness::Witness,
};
use crate::{Event, EventError, FieldRequest, Plugin};

/// An event as the host left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LentEvent {
    pub(super) address: usize,
    pub(super) bytes: Vec<u8>,
}

/// The batch that is lent now.
#[derive(Debug, Default)]
pub(super) struct LentBatch {
    pub(super) events: Vec<LentEvent>,
}

/// The check that an event did not pass.
pub(super) fn broken(error: &EventError) -> Check {
    match error {
        EventError::Null | EventError::Short { .. } | EventError::Truncated { .. } => Check::EventHeader,
        EventError::Lengths { .. } | EventError::IdLength(_) => Check::EventParams,
        EventError::Foreign { .. } => Check::EventType,
        EventError::WrongId { .. } | EventError::NoId => Check::EventId,
    }
}

/// The times that the host wrote into events, by the address of each.
pub(super) type Stamps = BTreeMap<usize, u64>;

impl LentBatch {
    /// Takes the events of a batch as the host does. `num` is the number of the first.
    pub(super) fn take(
        witness: &Witness,
        reader: &Reader<'_>,
        batch: &RawBatch,
        num: u64,
        stamps: &mut Stamps,
    ) -> Self {
        let mut events = Vec::new();
        witness
            .calling_under(Check::BatchReadOnly, "the host writes id, tid and ts into the events of plugin_next_batch");
        for (pointer, num) in reader.pointers(batch).into_iter().zip(num..) {
            let address = pointer.addr();
            let before = reader.ts(pointer);
            if before.is_some() && before == stamps.remove(&address) {
                let ts = before.unwrap_or_default();
                witness.found(
                    Check::TsNotReset,
                    format!("event {num} has the ts {ts}, which the host wrote there for an earlier event"),
                );
            }
            match reader.take(pointer, num) {
                Ok(event) => {
                    if before == Some(u64::MAX) {
                        stamps.insert(address, event.ts());
                    }
                    events.push(LentEvent { address, bytes: event.bytes().to_vec() });
                }
                Err(error) => witness.found(broken(&error), format!("event {num}: {error}")),
            }
        }
        Self { events }
    }

    /// The same, where the events are judged elsewhere.
    pub(super) fn quietly(
        witness: &Witness,
        reader: &Reader<'_>,
        batch: &RawBatch,
        num: u64,
        stamps: &mut Stamps,
    ) -> Self {
        Self::take(&witness.quiet(), reader, batch, num, stamps)
    }

    /// Has the plugin say what the first events are, as the host does while they are lent.
    pub(super) fn show(&self, witness: &Witness, plugin: &Plugin, source: &CStr) {
        let requests: Vec<_> = plugin.library().info().fields.iter().filter_map(FieldRequest::plain).collect();
        for (event, num) in self.events.iter().zip(1..4) {
            let Ok(event) = Event::from_bytes(&event.bytes, num, source) else { continue };
            witness.calling("plugin_event_to_string");
            let _ = plugin.event_to_string(&event);
            for request in requests.iter().filter(|_| plugin.takes(&event)) {
                // What it gives is judged elsewhere, and not looked at here.
                let _ = answers::ask(&witness.quiet(), plugin, &event, &[request], How::default());
            }
        }
    }

    /// Whether a byte is in both batches.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let range = |event: &LentEvent| event.address..event.address + event.bytes.len();
        self.events
            .iter()
            .map(range)
            .any(|one| other.events.iter().map(range).any(|other| one.start < other.end && other.start < one.end))
    }

    /// How many of the events no longer have the bytes that the host left; where the memory is gone they have not.
    pub(super) fn changed(&self, memory: &Memory) -> usize {
        let differs = |event: &&LentEvent| memory.read(event.address, event.bytes.len()).as_ref() != Some(&event.bytes);
        self.events.iter().filter(differs).count()
    }

    /// How many of the places of these events hold another event now that was never given: one with lengths that fit, a
    /// payload that is new, and a ts that was written anew.
    pub(super) fn written_anew(&self, memory: &Memory) -> usize {
        let anew = |event: &&LentEvent| {
            let Some(head) = memory.read(event.address, 26) else { return false };
            let len = head.get(16..20).and_then(|len| len.try_into().ok()).map_or(0, u32::from_ne_bytes) as usize;
            let most = event.bytes.len().max(64) * 4;
            let Some(now) = (26..=most).contains(&len).then(|| memory.read(event.address, len)).flatten() else {
                return false;
            };
            let fits = Event::from_bytes(&now, 1, c"").is_ok();
            let same = |range: std::ops::Range<usize>| event.bytes.get(range.clone()) == now.get(range);
            fits && !same(0..8) && event.bytes.get(38..) != now.get(38..)
        };
        self.events.iter().filter(anew).count()
    }

    /// Whether the same events are given once more: the same places with the same bytes.
    pub(super) fn again(&self, memory: &Memory, addresses: &[usize]) -> bool {
        let same = self.events.iter().map(|event| event.address).eq(addresses.iter().copied());
        same && !self.events.is_empty() && self.changed(memory) == 0
    }
}
