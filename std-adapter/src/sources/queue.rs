// SPDX-License-Identifier: Apache-2.0
//! What pushers and the instance share: the batch being filled, the full ones, who waits for what.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use falconet::batch::{Limits, Oversized, Push, TooLarge};
use falconet::event::PAYLOAD_OFFSET;
use falconet::{Lease, Source, Timestamp};

use super::filling::Filling;
use super::outcome::{Counts, PushError, Taken};
use super::push::{Config, Overflow};
use crate::batches::{self, Batches};

/// The sizes of a source's batches, and its author's choices.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    id: u32,
    events: usize,
    bytes: usize,
    max_payload: usize,
    oversized: Oversized,
    pub(super) config: Config,
}

impl Plan {
    pub(super) fn of<P: Source>(config: Config) -> Self {
        let max_payload = P::MAX_PAYLOAD.min(P::BATCH_BYTES.saturating_sub(PAYLOAD_OFFSET));
        let (events, bytes) = (P::BATCH_EVENTS.max(1), P::BATCH_BYTES.max(PAYLOAD_OFFSET));
        Self { id: P::ID, events, bytes, max_payload, oversized: P::OVERSIZED, config }
    }

    fn limits(&self, payload: usize) -> Limits {
        Limits::new(self.id, u32::try_from(payload).unwrap_or(u32::MAX))
    }

    /// Whether a batch with so many bytes and events has room for one more.
    const fn has_room(&self, (bytes, events): (usize, usize), payload: usize) -> bool {
        events < self.events && bytes + PAYLOAD_OFFSET + payload <= self.bytes
    }

    /// What a payload becomes: whole or cut, or nothing, or one for a batch of its own.
    fn admit<'p>(&self, payload: &'p [u8]) -> Result<Admitted<'p>, TooLarge> {
        if payload.len() <= self.max_payload {
            return Ok(Admitted::Event(payload, Taken::Whole));
        }
        if payload.len() <= self.config.grow_to {
            return Ok(Admitted::Grown(payload));
        }
        let most = self.max_payload.max(self.config.grow_to);
        match self.oversized {
            Oversized::Fail => Err(TooLarge { needed: payload.len(), capacity: most }),
            Oversized::Skip => Ok(Admitted::Skip),
            Oversized::Truncate => {
                Ok(Admitted::Event(payload.get(..self.max_payload).unwrap_or_default(), Taken::Truncated))
            }
        }
    }
}

/// Batches that a group needs, or that there are for it.
struct Space {
    /// Bytes and events of the batch being filled.
    level: Option<(usize, usize)>,
    free: usize,
    grown: usize,
}

impl Space {
    /// Whether these payloads fit: what [`State::make_room`] and [`State::put`] do, without doing it.
    fn fits<'p, G: Iterator<Item = (Timestamp, &'p [u8])>>(mut self, plan: &Plan, group: G) -> bool {
        for (_, payload) in group {
            self.level = match (plan.admit(payload), self.level) {
                (Ok(Admitted::Skip) | Err(_), level) => level,
                (Ok(Admitted::Grown(_)), level) => {
                    self.grown += 1;
                    level.filter(|(_, events)| *events == 0)
                }
                (Ok(Admitted::Event(payload, _)), level) => match level {
                    Some(level) if plan.has_room(level, payload.len()) => {
                        Some((level.0 + size(payload.len()), level.1 + 1))
                    }
                    _ => {
                        let Some(less) = self.free.checked_sub(1) else { return false };
                        self.free = less;
                        Some((size(payload.len()), 1))
                    }
                },
            };
        }
        self.grown <= plan.config.batches
    }
}

#[derive(Clone, Copy)]
enum Admitted<'p> {
    Event(&'p [u8], Taken),
    Grown(&'p [u8]),
    Skip,
}

/// A batch that waits to be handed over.
pub(super) struct Full {
    pub(super) lease: Lease,
    /// It is larger than the others, made for one event.
    grown: bool,
}

/// How a stream ends when all of it was delivered.
pub(super) enum End<E> {
    /// [`finish`](super::Pusher::finish), or the instance was dropped.
    Finished,
    Failed(E),
    /// A thread panicked: its name and what it said.
    Panicked(String),
}

pub(super) struct State<E> {
    filling: Filling,
    /// Bytes and events of the batch being filled; `None` without one.
    level: Option<(usize, usize)>,
    /// When the first event of the batch being filled was pushed.
    first: Option<Instant>,
    full: VecDeque<Full>,
    /// How many of the full ones are grown.
    grown: usize,
    /// `None` when the instance is gone.
    batches: Option<Batches>,
    pub(super) pushers: usize,
    pub(super) end: Option<End<E>>,
    pub(super) counts: Counts,
    /// Skipped since the host was told.
    skipped: u64,
    /// The instance sleeps and was not woken yet.
    pub(super) asleep: bool,
    /// Producers that sleep until there is room.
    pub(super) blocked: usize,
    /// Groups among them, which single events do not overtake.
    groups: usize,
}

pub(super) struct Shared<E> {
    state: Mutex<State<E>>,
    /// For producers.
    pub(super) room: Condvar,
    /// For the instance.
    pub(super) events: Condvar,
    pub(super) plan: Plan,
}

type Guard<'s, E> = MutexGuard<'s, State<E>>;

/// Bytes that an event takes in a batch.
const fn size(payload: usize) -> usize {
    (PAYLOAD_OFFSET + payload).next_multiple_of(8)
}

impl<E> State<E> {
    /// Whether nothing more may be pushed.
    pub(super) const fn has_ended(&self) -> bool {
        self.end.is_some() || self.pushers == 0
    }

    /// Puts the batch being filled behind the full ones, if it has events.
    fn seal(&mut self) {
        if self.level.is_some_and(|(_, events)| events > 0) {
            self.level = None;
            self.first = None;
            self.full.extend(self.filling.finish().map(|lease| Full { lease, grown: false }));
        }
    }

    /// Makes room for an event of this payload in the batch being filled, or in a new one.
    fn make_room(&mut self, plan: &Plan, payload: usize) -> bool {
        if self.level.is_some_and(|level| plan.has_room(level, payload)) {
            return true;
        }
        self.seal();
        match self.batches.as_ref().and_then(Batches::lease) {
            Some(lease) => {
                self.filling.begin(lease, plan.limits(plan.max_payload));
                self.level = Some((0, 0));
                true
            }
            None => false,
        }
    }

    /// Counts an event that was just committed.
    fn added(&mut self, plan: &Plan, payload: usize) {
        self.counts.taken += 1;
        let Some((bytes, events)) = &mut self.level else { return };
        *bytes += size(payload);
        *events += 1;
        if *events == 1 {
            self.first = Some(Instant::now());
        }
        if *events == plan.events {
            self.seal();
        }
    }

    /// Whether the instance is to be woken: once for a sleep. It is when a batch is full, and when one begins, because
    /// its flush time runs from then on.
    fn wake(&mut self) -> bool {
        let begun = self.level.is_some_and(|(_, events)| events == 1);
        let wake = self.asleep && (begun || !self.full.is_empty());
        self.asleep &= !wake;
        wake
    }

    /// Pushes what there is room for already.
    fn put(&mut self, plan: &Plan, ts: Timestamp, admitted: Admitted<'_>) -> Result<Taken, PushError> {
        let (payload, taken) = match admitted {
            Admitted::Event(payload, taken) => (payload, taken),
            Admitted::Skip => {
                self.counts.skipped += 1;
                self.skipped += 1;
                return Ok(Taken::Skipped);
            }
            Admitted::Grown(payload) => {
                let mut lease = batches::lease(1, size(payload.len()));
                lease
                    .fill(plan.limits(payload.len()))
                    .push(ts, payload)
                    .map_err(PushError::TooLarge)
                    .and_then(whole)?;
                self.seal();
                self.full.push_back(Full { lease, grown: true });
                self.grown += 1;
                self.counts.taken += 1;
                return Ok(Taken::Whole);
            }
        };
        let pushed = self.filling.batch().map_or(Ok(Push::Full), |mut batch| batch.push(ts, payload));
        pushed.map_err(PushError::TooLarge).and_then(whole)?;
        self.counts.truncated += u64::from(taken == Taken::Truncated);
        self.added(plan, payload.len());
        Ok(taken)
    }

    /// The batch that is to be handed over now.
    pub(super) fn next(&mut self, plan: &Plan, now: impl FnOnce() -> Instant) -> Option<Full> {
        if self.full.is_empty()
            && let Some(first) = self.first
            && (self.blocked > 0 || self.has_ended() || now().saturating_duration_since(first) >= plan.config.flush)
        {
            self.seal();
        }
        let full = self.full.pop_front()?;
        self.grown -= usize::from(full.grown);
        Some(full)
    }

    /// When the batch being filled is to be handed over, at the latest.
    pub(super) fn due(&self, plan: &Plan) -> Option<Instant> {
        self.first?.checked_add(plan.config.flush)
    }

    /// Events skipped since this was asked last.
    pub(super) const fn skipped(&mut self) -> u64 {
        std::mem::replace(&mut self.skipped, 0)
    }
}

/// What cannot be: there was room.
fn whole(pushed: Push) -> Result<(), PushError> {
    if pushed == Push::Committed { Ok(()) } else { Err(PushError::Full) }
}

impl<E> Shared<E> {
    pub(super) fn new(plan: Plan) -> Self {
        let batches = plan.config.batches;
        let state = State {
            filling: Filling::default(),
            level: None,
            first: None,
            full: VecDeque::with_capacity(2 * batches),
            grown: 0,
            batches: Some(Batches::new(batches, plan.events, plan.bytes)),
            pushers: 0,
            end: None,
            counts: Counts::default(),
            skipped: 0,
            asleep: false,
            blocked: 0,
            groups: 0,
        };
        Self { state: Mutex::new(state), room: Condvar::new(), events: Condvar::new(), plan }
    }

    pub(super) fn lock(&self) -> Guard<'_, E> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Unlocks, and wakes the instance if it has something to do.
    fn unlock(&self, mut state: Guard<'_, E>) {
        let wake = state.wake();
        drop(state);
        if wake {
            self.events.notify_one();
        }
    }

    /// Sleeps until somebody makes room, who then holds the lock no more.
    fn sleep<'s>(&'s self, mut state: Guard<'s, E>) -> Guard<'s, E> {
        state.blocked += 1;
        // What is being filled is handed over now, not when it is due.
        if std::mem::replace(&mut state.asleep, false) {
            self.events.notify_one();
        }
        state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.blocked -= 1;
        state
    }

    /// Waits until `ready`, by the overflow's rule; `None` where the events are dropped.
    fn ready(
        &self,
        overflow: Overflow,
        events: u64,
        mut ready: impl FnMut(&mut State<E>) -> bool,
    ) -> Result<Option<Guard<'_, E>>, PushError> {
        let mut state = self.lock();
        loop {
            if state.has_ended() {
                return Err(PushError::Closed);
            }
            if ready(&mut state) {
                return Ok(Some(state));
            }
            match overflow {
                Overflow::Wait => state = self.sleep(state),
                Overflow::Drop => {
                    state.counts.dropped += events;
                    self.unlock(state);
                    return Ok(None);
                }
                Overflow::Refuse => {
                    state.counts.refused += events;
                    self.unlock(state);
                    return Err(PushError::Full);
                }
            }
        }
    }

    pub(super) fn push(&self, overflow: Overflow, ts: Timestamp, payload: &[u8]) -> Result<Taken, PushError> {
        let plan = &self.plan;
        let admitted = plan.admit(payload).map_err(PushError::TooLarge)?;
        let ready = self.ready(overflow, 1, |state| match admitted {
            Admitted::Skip => true,
            _ if state.groups > 0 => false,
            Admitted::Event(payload, _) => state.make_room(plan, payload.len()),
            Admitted::Grown(_) => state.grown < plan.config.batches,
        })?;
        let Some(mut state) = ready else { return Ok(Taken::Dropped) };
        let taken = state.put(plan, ts, admitted);
        self.unlock(state);
        taken
    }

    pub(super) fn push_with<X>(
        &self,
        overflow: Overflow,
        ts: Timestamp,
        write: impl FnOnce(&mut falconet::view::WriteView<'_>) -> Result<(), X>,
    ) -> Result<Taken, PushError>
    where
        X: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let plan = &self.plan;
        let room = |state: &mut State<E>| state.groups == 0 && state.make_room(plan, plan.max_payload);
        let Some(mut state) = self.ready(overflow, 1, room)? else { return Ok(Taken::Dropped) };
        let mut batch = state.filling.batch();
        let written = match batch.as_mut().and_then(|batch| batch.claim()) {
            None => Err(PushError::Full), // cannot be: there was room
            Some(mut claim) => match write(claim.payload()) {
                Ok(()) => {
                    let len = claim.payload().len();
                    claim.commit(ts);
                    Ok(len)
                }
                Err(error) => Err(PushError::Write(error.into())),
            },
        };
        if let Ok(len) = written {
            state.added(plan, len);
        }
        self.unlock(state);
        written.map(|_| Taken::Whole)
    }

    /// Pushes all of a group or none.
    pub(super) fn push_all<'p, G>(&self, overflow: Overflow, group: G) -> Result<Taken, PushError>
    where
        G: Iterator<Item = (Timestamp, &'p [u8])> + Clone,
    {
        let plan = &self.plan;
        let mut events = 0;
        for (_, payload) in group.clone() {
            plan.admit(payload).map_err(PushError::TooLarge)?;
            events += 1;
        }
        // When all is empty the host still has one of the batches.
        let most = Space { level: None, free: plan.config.batches - 1, grown: 0 };
        if !most.fits(plan, group.clone()) {
            return Err(PushError::TooMany { events, batches: plan.config.batches });
        }
        let mut registered = false;
        let ready = self.ready(overflow, events, |state| {
            let free = state.batches.as_ref().map_or(0, Batches::free);
            let fits = Space { level: state.level, free, grown: state.grown }.fits(plan, group.clone());
            if !fits && overflow == Overflow::Wait && !registered {
                registered = true;
                state.groups += 1;
            }
            fits
        });
        let mut state = match ready {
            Ok(Some(state)) => state,
            other => {
                self.leave_line(&mut self.lock(), registered);
                return other.map(|_| Taken::Dropped);
            }
        };
        self.leave_line(&mut state, registered);
        let mut taken = Ok(Taken::Whole);
        for (ts, payload) in group {
            let put = plan.admit(payload).map_err(PushError::TooLarge).and_then(|admitted| {
                if let Admitted::Event(payload, _) = admitted {
                    state.make_room(plan, payload.len());
                }
                state.put(plan, ts, admitted)
            });
            taken = taken.and_then(|before: Taken| put.map(|put| before.max(put)));
        }
        self.unlock(state);
        taken
    }

    /// Lets others go before a group that waited.
    fn leave_line(&self, state: &mut State<E>, registered: bool) {
        if registered {
            state.groups -= 1;
            if state.blocked > 0 {
                self.room.notify_all();
            }
        }
    }

    /// Nothing more is pushed; the first end is the one that counts.
    pub(super) fn end(&self, end: End<E>) {
        let mut state = self.lock();
        state.end.get_or_insert(end);
        state.asleep = false;
        drop(state);
        self.room.notify_all();
        self.events.notify_all();
    }

    /// The instance is gone, and what was not delivered with it.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.seal();
        state.counts.discarded += state.full.iter().map(|full| full.lease.len() as u64).sum::<u64>();
        let _given_back = state.filling.finish();
        state.level = None;
        state.full = VecDeque::new();
        state.grown = 0;
        state.batches = None;
        drop(state);
        self.end(End::Finished);
    }

    pub(super) fn idle(&self) -> Duration {
        self.plan.config.idle
    }
}
