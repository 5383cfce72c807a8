// SPDX-License-Identifier: Apache-2.0
//! The producers' side: [`Pusher`], with its [`Config`]; and [`Watch`], which only looks.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use falconet::view::WriteView;
use falconet::{Source, Timestamp};

use super::outcome::{Counts, PushError, Taken};
use super::pushed::Pushed;
use super::queue::{End, Shared};
use crate::Error;

/// What happens to an event for which there is no room, because the host is slow.
///
/// ```
/// use falconet_std::sources::Overflow;
/// assert_eq!(Overflow::default(), Overflow::Wait);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// The producer waits until there is, or until the stream ends. Not for one that is called by the host, which would
    /// wait for itself.
    #[default]
    Wait,
    /// It is left out and counted in [`Counts::dropped`].
    Drop,
    /// The producer is told [`PushError::Full`].
    Refuse,
}

/// How a stream is pushed.
///
/// ```
/// use falconet_std::sources::{Config, Overflow};
/// use std::time::Duration;
/// const CONFIG: Config = Config::new().batches(16).overflow(Overflow::Drop).flush(Duration::from_millis(2));
/// # let _ = CONFIG;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    pub(super) batches: usize,
    pub(super) overflow: Overflow,
    pub(super) flush: Duration,
    pub(super) idle: Duration,
    pub(super) grow_to: usize,
}

impl Config {
    /// Longest time in a call of the host: its async events wait for it (rule 4.9).
    const LONGEST: Duration = Duration::from_millis(100);

    /// 8 batches, producers wait for room, a batch is handed over 10 ms after its first event, and no event is larger than
    /// [`Source::MAX_PAYLOAD`].
    #[must_use]
    pub const fn new() -> Self {
        Self { batches: 8, overflow: Overflow::Wait, flush: Duration::from_millis(10), idle: Self::LONGEST, grow_to: 0 }
    }

    /// How many batches there are: one with the host, one that is filled, the others wait. 2 at least, 4,096 at most; each
    /// is of [`Source::BATCH_EVENTS`] and [`Source::BATCH_BYTES`], made when the stream is.
    #[must_use]
    pub const fn batches(mut self, batches: usize) -> Self {
        self.batches = if batches < 2 {
            2
        } else if batches > 4096 {
            4096
        } else {
            batches
        };
        self
    }

    /// What happens when all batches are full.
    #[must_use]
    pub const fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// How long an event may wait for others in its batch. 0: the host gets what there is whenever it asks.
    #[must_use]
    pub const fn flush(mut self, time: Duration) -> Self {
        self.flush = time;
        self
    }

    /// How long the host waits in a call for which there is nothing; 100 ms at most.
    #[must_use]
    pub const fn idle(mut self, time: Duration) -> Self {
        self.idle = if time.as_nanos() > Self::LONGEST.as_nanos() { Self::LONGEST } else { time };
        self
    }

    /// A payload larger than [`Source::MAX_PAYLOAD`], up to so many bytes, is pushed in a batch of its own, made for it.
    /// [`Pusher::push_with`] knows no size before, and has room for `MAX_PAYLOAD` only.
    #[must_use]
    pub const fn grow_to(mut self, bytes: usize) -> Self {
        // An event's length has 32 bits, and its batch too.
        self.grow_to = if bytes > (u32::MAX >> 1) as usize { (u32::MAX >> 1) as usize } else { bytes };
        self
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

/// Makes a stream of events that any thread pushes: the producers' side, which may be cloned, and the instance.
///
/// The stream ends when the last pusher is dropped or [`Pusher::finish`] is called, and all was delivered.
///
/// ```
/// use std::ffi::CStr;
/// use std::time::Duration;
/// use falconet_std::sources::{self, Config, Pushed};
/// use falconet_std::{Error, Info, Init, Plugin, Source, Timestamp};
///
/// struct Clock;
/// impl Plugin for Clock {
///     type Error = Error;
///     const INFO: Info = Info::new(c"clock", c"0.1.0", c"an event a second", c"you@example.org");
///     fn new(_: &Init<'_>) -> Result<Self, Error> {
///         Ok(Self)
///     }
/// }
/// impl Source for Clock {
///     const ID: u32 = 999;
///     const EVENT_SOURCE: &'static CStr = c"clock";
///     type Instance = Pushed<Self>;
///     fn open(&self, _: &CStr) -> Result<Pushed<Self>, Error> {
///         let (_, mut pushed) = sources::push::<Self>(Config::new());
///         // Told to stop and joined when the host closes; an error ends the capture with its message.
///         pushed.spawn("clock", |pusher, stop| {
///             while !stop.wait(Duration::from_secs(1)) {
///                 pusher.push(Timestamp::HOST, b"tick")?;
///             }
///             Ok(())
///         })?;
///         Ok(pushed)
///     }
/// }
/// falconet_std::export!(Clock: source);
/// ```
#[must_use]
pub fn push<P: Source>(config: Config) -> (Pusher<P::Error>, Pushed<P>) {
    let pushed = Pushed::new(config);
    (pushed.pusher(), pushed)
}

/// Pushes events into a stream, from any thread: see [`push`].
///
/// Events are written where the host reads them, under a lock. The events of one thread stay in their order. Nothing that
/// was taken is lost, but what the host has not fetched when it closes ([`Counts::discarded`]).
///
/// ```
/// # use falconet_std::{Error, Info, Init, Plugin, Source};
/// # use falconet_std::sources::Pushed;
/// # struct Demo;
/// # impl Plugin for Demo {
/// #     type Error = Error;
/// #     const INFO: Info = Info::new(c"demo", c"0.1.0", c"a demo", c"you@example.org");
/// #     fn new(_: &Init<'_>) -> Result<Self, Error> { Ok(Self) }
/// # }
/// # impl Source for Demo {
/// #     const ID: u32 = 999;
/// #     const EVENT_SOURCE: &'static std::ffi::CStr = c"demo";
/// #     type Instance = Pushed<Self>;
/// #     fn open(&self, _: &std::ffi::CStr) -> Result<Pushed<Self>, Error> { Ok(Pushed::new(Config::new())) }
/// # }
/// use falconet_std::Timestamp;
/// use falconet_std::sources::{self, Config, PushError, Taken};
/// let (pusher, _pushed) = sources::push::<Demo>(Config::new());
/// pusher.push(Timestamp::HOST, b"by one copy")?;
/// pusher.push_with(Timestamp::HOST, |payload| payload.write_all(b"in place"))?;
/// // Both or neither, and no waiting: a web server answers 429 here.
/// let lines = b"first\nsecond".split(|byte| *byte == b'\n').map(|line| (Timestamp::HOST, line));
/// assert!(matches!(pusher.try_push_all(lines), Ok(Taken::Whole)));
/// assert_eq!(pusher.counts().taken, 4);
/// # Ok::<(), PushError>(())
/// ```
pub struct Pusher<E = Error> {
    shared: Arc<Shared<E>>,
}

impl<E> Pusher<E> {
    pub(super) fn of(shared: &Arc<Shared<E>>) -> Self {
        shared.lock().pushers += 1;
        Self { shared: Arc::clone(shared) }
    }

    pub(super) fn shared(&self) -> &Shared<E> {
        &self.shared
    }

    /// Pushes an event by one copy of its payload; where there is no room, [`Config::overflow`] says what happens.
    ///
    /// # Errors
    /// [`PushError`]: nothing was pushed.
    pub fn push(&self, ts: Timestamp, payload: &[u8]) -> Result<Taken, PushError> {
        self.shared.push(self.shared.plan.config.overflow, ts, payload)
    }

    /// As [`Pusher::push`], but never waits.
    ///
    /// # Errors
    /// [`PushError::Full`] where there is no room, and the others: nothing was pushed.
    pub fn try_push(&self, ts: Timestamp, payload: &[u8]) -> Result<Taken, PushError> {
        self.shared.push(Overflow::Refuse, ts, payload)
    }

    /// Pushes an event whose payload is written in place, with room for [`Source::MAX_PAYLOAD`] bytes.
    ///
    /// Others wait while it is written: it takes no time, and pushes nothing itself, which would wait for ever.
    ///
    /// # Errors
    /// [`PushError::Write`] with what `write` returned, and the others: nothing was pushed.
    pub fn push_with<X>(
        &self,
        ts: Timestamp,
        write: impl FnOnce(&mut WriteView<'_>) -> Result<(), X>,
    ) -> Result<Taken, PushError>
    where
        X: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.shared.push_with(self.shared.plan.config.overflow, ts, write)
    }

    /// As [`Pusher::push_with`], but never waits.
    ///
    /// # Errors
    /// [`PushError::Full`] where there is no room, and the others: nothing was pushed.
    pub fn try_push_with<X>(
        &self,
        ts: Timestamp,
        write: impl FnOnce(&mut WriteView<'_>) -> Result<(), X>,
    ) -> Result<Taken, PushError>
    where
        X: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.shared.push_with(Overflow::Refuse, ts, write)
    }

    /// Pushes all events of a group, one behind the other with none of others between, or none of them.
    ///
    /// The group is gone through several times, so it is an iterator over what lies in memory. One that waits for room is
    /// overtaken by no single event.
    ///
    /// # Errors
    /// [`PushError`]: none was pushed. [`PushError::TooMany`] where they fit into no number of free batches.
    pub fn push_all<'p, G>(&self, group: G) -> Result<Taken, PushError>
    where
        G: IntoIterator<Item = (Timestamp, &'p [u8]), IntoIter: Clone>,
    {
        self.shared.push_all(self.shared.plan.config.overflow, group.into_iter())
    }

    /// As [`Pusher::push_all`], but never waits.
    ///
    /// # Errors
    /// [`PushError::Full`] where there is no room, and the others: none was pushed.
    pub fn try_push_all<'p, G>(&self, group: G) -> Result<Taken, PushError>
    where
        G: IntoIterator<Item = (Timestamp, &'p [u8]), IntoIter: Clone>,
    {
        self.shared.push_all(Overflow::Refuse, group.into_iter())
    }

    /// Ends the stream when all that was pushed is delivered. Nothing more can be pushed.
    pub fn finish(&self) {
        self.shared.end(End::Finished);
    }

    /// Ends the capture with this error when all that was pushed is delivered. Nothing more can be pushed; of several ends
    /// the first counts.
    pub fn fail(&self, error: impl Into<E>) {
        self.shared.end(End::Failed(error.into()));
    }

    /// Whether nothing more can be pushed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.lock().has_ended()
    }

    /// What became of the events so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.lock().counts
    }

    /// Somebody to ask for the counts, who does not keep the stream open.
    #[must_use]
    pub fn watch(&self) -> Watch<E> {
        Watch { shared: Arc::clone(&self.shared) }
    }
}

impl<E> Clone for Pusher<E> {
    fn clone(&self) -> Self {
        Self::of(&self.shared)
    }
}

impl<E> Drop for Pusher<E> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.pushers -= 1;
        if state.pushers == 0 {
            drop(state);
            self.shared.events.notify_all();
        }
    }
}

impl<E> fmt::Debug for Pusher<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pusher").field(&self.counts()).finish()
    }
}

/// Reads the counts of a stream, for metrics, and keeps it neither open nor its batches in memory.
///
/// ```
/// use falconet_std::sources::Watch;
/// fn lost(watch: &Watch) -> u64 {
///     watch.counts().dropped
/// }
/// ```
pub struct Watch<E = Error> {
    shared: Arc<Shared<E>>,
}

impl<E> Watch<E> {
    /// What became of the events so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.lock().counts
    }
}

impl<E> Clone for Watch<E> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<E> fmt::Debug for Watch<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watch").field(&self.counts()).finish()
    }
}
