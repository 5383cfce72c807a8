// SPDX-License-Identifier: Apache-2.0
//! A packed batch as a list of events, and the sum that says what still fits.

use falconet::batch::{Oversized, Push, TooLarge};

use super::lent::plugin_event;

pub(super) struct Model {
    id: u32,
    max_payload: usize,
    max_events: usize,
    bytes: usize,
    oversized: Oversized,
    /// The committed events, whole.
    pub(super) events: Vec<Vec<u8>>,
    pub(super) skipped: u64,
    pub(super) truncated: u64,
}

impl Model {
    /// Of `(events, bytes)`, for `(id, largest payload, oversized)`.
    pub(super) fn new(size: (usize, usize), limits: (u32, u32, Oversized)) -> Self {
        Self {
            id: limits.0,
            max_payload: (limits.1 as usize).min(size.1 - 38),
            max_events: size.0,
            bytes: size.1,
            oversized: limits.2,
            events: Vec::new(),
            skipped: 0,
            truncated: 0,
        }
    }

    pub(super) fn max_payload(&self) -> usize {
        self.max_payload
    }

    pub(super) fn fits(&self, payload: usize) -> Result<(), TooLarge> {
        let capacity = self.max_payload;
        if payload > capacity { Err(TooLarge { needed: payload, capacity }) } else { Ok(()) }
    }

    /// Whether the next event may have so large a payload: each begins at a multiple of 8.
    pub(super) fn has_room(&self, payload: usize) -> bool {
        let used: usize = self.events.iter().map(|event| event.len().next_multiple_of(8)).sum();
        self.events.len() < self.max_events && used + 38 + payload <= self.bytes
    }

    pub(super) fn commit(&mut self, ts: u64, payload: &[u8]) {
        self.events.push(plugin_event(ts, self.id, payload));
    }

    pub(super) fn push(&mut self, ts: u64, payload: &[u8]) -> Result<Push, TooLarge> {
        let (kept, pushed) = match (self.fits(payload.len()), self.oversized) {
            (Ok(()), _) => (payload, Push::Committed),
            (Err(too_large), Oversized::Fail) => return Err(too_large),
            (Err(_), Oversized::Skip) => {
                self.skipped += 1;
                return Ok(Push::Skipped);
            }
            (Err(_), Oversized::Truncate) => (&payload[..self.max_payload], Push::Truncated),
        };
        if !self.has_room(kept.len()) {
            return Ok(Push::Full);
        }
        self.commit(ts, kept);
        self.truncated += u64::from(pushed == Push::Truncated);
        Ok(pushed)
    }
}
