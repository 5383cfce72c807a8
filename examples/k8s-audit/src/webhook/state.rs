// SPDX-License-Identifier: Apache-2.0
//! What the connections of a webhook share: limits, memory for bodies, counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::Limits;
use crate::config::Config;
use crate::warn::Warnings;

/// What a webhook has received so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Requests, of every kind.
    pub requests: u64,
    /// Events that were queued.
    pub events: u64,
    /// Items of lists that could never be events.
    pub left_out: u64,
    /// Requests that were refused because the queue, or the memory for bodies, was full: they come again.
    pub full: u64,
    /// Requests that were refused for another reason.
    pub refused: u64,
}

/// What the connections share.
#[derive(Debug)]
pub(super) struct State {
    pub(super) path: String,
    pub(super) max_body: usize,
    pub(super) limits: Limits,
    pub(super) warnings: Warnings,
    pub(super) requests: AtomicU64,
    pub(super) events: AtomicU64,
    pub(super) left_out: AtomicU64,
    pub(super) full: AtomicU64,
    pub(super) refused: AtomicU64,
    /// Bytes of memory that bodies have.
    bodies: AtomicUsize,
}

impl State {
    pub(super) fn new(path: String, config: &Config, limits: Limits) -> Self {
        Self {
            path,
            max_body: config.webhook_max_batch_size,
            limits,
            warnings: Warnings::default(),
            requests: AtomicU64::new(0),
            events: AtomicU64::new(0),
            left_out: AtomicU64::new(0),
            full: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            bodies: AtomicUsize::new(0),
        }
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            requests: self.requests.load(Relaxed),
            events: self.events.load(Relaxed),
            left_out: self.left_out.load(Relaxed),
            full: self.full.load(Relaxed),
            refused: self.refused.load(Relaxed),
        }
    }

    /// No memory yet, for one body.
    pub(super) fn room(self: &Arc<Self>) -> Room {
        Room { state: Arc::clone(self), bytes: 0 }
    }
}

/// Memory that one body has of what there is for all; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Room {
    state: Arc<State>,
    bytes: usize,
}

impl Room {
    /// Takes so much more; false if there is no more.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let most = self.state.limits.body_bytes.max(self.state.max_body);
        let used = self.state.bodies.fetch_add(bytes, Relaxed) + bytes;
        if used > most {
            self.state.bodies.fetch_sub(bytes, Relaxed);
            return false;
        }
        self.bytes += bytes;
        true
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.state.bodies.fetch_sub(self.bytes, Relaxed);
    }
}

/// When a connection last had a request.
#[derive(Debug)]
pub(super) struct Activity {
    since: Instant,
    requests: AtomicUsize,
    /// The end of the last request, in milliseconds since the connection began.
    last: AtomicU64,
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { since: Instant::now(), requests: AtomicUsize::new(0), last: AtomicU64::new(0) })
    }

    /// A request that lasts until this is dropped.
    pub(super) fn request(self: &Arc<Self>) -> Request {
        self.requests.fetch_add(1, Relaxed);
        Request(Arc::clone(self))
    }

    /// For how long there has been no request; nothing while there is one.
    pub(super) fn idle(&self) -> Option<Duration> {
        let last = Duration::from_millis(self.last.load(Relaxed));
        (self.requests.load(Relaxed) == 0).then(|| self.since.elapsed().saturating_sub(last))
    }
}

/// See [`Activity::request`].
#[derive(Debug)]
pub(super) struct Request(Arc<Activity>);

impl Drop for Request {
    fn drop(&mut self) {
        let now = u64::try_from(self.0.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.last.store(now, Relaxed);
        self.0.requests.fetch_sub(1, Relaxed);
    }
}
