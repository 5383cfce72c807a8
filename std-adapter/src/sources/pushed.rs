// SPDX-License-Identifier: Apache-2.0
//! The host's side of a pushed stream: [`Pushed`], an instance that hands over what producers have filled.

use std::any::Any;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use falconet::{Batch, Instance, Next, Plugin, Source};

use super::outcome::Counts;
use super::push::{Config, Pusher};
use super::queue::{End, Plan, Shared};
use super::threads::{Stop, Threads};

/// An instance whose events are pushed by other threads: see [`push`](super::push()).
///
/// When it is dropped, which is when the host closes, producers that wait are told so, and the threads spawned here have
/// ended.
///
/// Within an instance of the author's own it is called by its [`next_batch`](Pushed::next_batch).
///
/// ```
/// # use falconet_std::{Error, Info, Init, Plugin};
/// # struct Both;
/// # impl Plugin for Both {
/// #     type Error = Error;
/// #     const INFO: Info = Info::new(c"both", c"0.1.0", c"a demo", c"you@example.org");
/// #     fn new(_: &Init<'_>) -> Result<Self, Error> { Ok(Self) }
/// # }
/// use falconet_std::sources::{Config, Pushed};
/// use falconet_std::{Batch, Instance, Next, Source, Timestamp};
/// struct Stream {
///     greeted: bool,
///     pushed: Pushed<Both>,
/// }
/// impl Instance for Stream {
///     type Plugin = Both;
///     fn next_batch(&mut self, _: &Both, batch: &mut Batch<'_>) -> Result<Next, Error> {
///         if !std::mem::replace(&mut self.greeted, true) {
///             let _greeting = batch.push(Timestamp::HOST, b"hello")?;
///             return Ok(Next::More);
///         }
///         self.pushed.next_batch(batch)
///     }
/// }
/// impl Source for Both {
///     const ID: u32 = 999;
///     const EVENT_SOURCE: &'static std::ffi::CStr = c"both";
///     type Instance = Stream;
///     fn open(&self, _: &std::ffi::CStr) -> Result<Stream, Error> {
///         Ok(Stream { greeted: false, pushed: Pushed::new(Config::new()) })
///     }
/// }
/// ```
pub struct Pushed<P: Source> {
    shared: Arc<Shared<P::Error>>,
    threads: Threads,
}

impl<P: Source> Pushed<P> {
    /// A stream without pushers, which would end at once: [`Pushed::pusher`] makes one, and [`Pushed::spawn`].
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { shared: Arc::new(Shared::new(Plan::of::<P>(config))), threads: Threads::new() }
    }

    /// One more pusher.
    #[must_use]
    pub fn pusher(&self) -> Pusher<P::Error> {
        Pusher::of(&self.shared)
    }

    /// What became of the events so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.lock().counts
    }

    /// Runs a producer in a thread of this name, of which the system shows 15 bytes.
    ///
    /// It is told to stop and joined when the host closes: every wait of its own ends by the [`Stop`] or by
    /// [`Pushed::on_close`]. An error that it returns is [`Pusher::fail`]; when it panics, the capture fails with the text
    /// after what was pushed is delivered.
    ///
    /// # Errors
    /// The system's, where it makes no more threads.
    pub fn spawn<F>(&mut self, name: &str, produce: F) -> io::Result<()>
    where
        F: FnOnce(&Pusher<P::Error>, &Stop) -> Result<(), P::Error> + Send + 'static,
        P::Error: Send,
    {
        let pusher = self.pusher();
        let of = name.to_owned();
        self.threads.spawn(name, move |stop| match catch_unwind(AssertUnwindSafe(|| produce(&pusher, stop))) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => pusher.fail(error),
            Err(panic) => pusher.shared().end(End::Panicked(told(&of, panic))),
        })
    }

    /// Does this when the host closes, before the threads are joined: ends a wait of theirs, for example.
    pub fn on_close(&mut self, call: impl FnOnce() + Send + 'static) {
        self.threads.on_stop(call);
    }

    /// What tells the threads spawned here to stop.
    #[must_use]
    pub const fn stopper(&self) -> &Stop {
        self.threads.stopper()
    }

    /// Hands over the oldest full batch, or the one being filled when its flush time is over; waits for one up to 100 ms.
    ///
    /// Where `batch` has events already, they are handed over first.
    ///
    /// # Errors
    /// That of [`Pusher::fail`], after all was delivered.
    ///
    /// # Panics
    /// Where a thread of [`Pushed::spawn`] did, after all was delivered: the host is told its text.
    pub fn next_batch(&mut self, batch: &mut Batch<'_>) -> Result<Next, P::Error> {
        if !batch.is_empty() {
            return Ok(Next::More);
        }
        let plan = &self.shared.plan;
        let mut until = None;
        let mut state = self.shared.lock();
        (0..state.skipped()).for_each(|_| batch.skip());
        loop {
            if let Some(full) = state.next(plan, Instant::now) {
                state.counts.delivered += full.lease.len() as u64;
                // Given back here: then there is room for one who waits.
                drop(batch.hand_over(full.lease));
                let blocked = state.blocked > 0;
                drop(state);
                if blocked {
                    self.shared.room.notify_all();
                }
                return Ok(Next::More);
            }
            if state.has_ended() {
                return match state.end.replace(End::Finished) {
                    Some(End::Failed(error)) => Err(error),
                    Some(End::Panicked(text)) => {
                        drop(state);
                        resume_unwind(Box::new(text))
                    }
                    Some(End::Finished) | None => Ok(Next::Eof),
                };
            }
            let now = Instant::now();
            let until = *until.get_or_insert_with(|| now + self.shared.idle());
            if now >= until {
                return Ok(Next::Timeout);
            }
            let rest = state.due(plan).map_or(until, |due| due.min(until)).saturating_duration_since(now);
            state.asleep = true;
            state = self.shared.events.wait_timeout(state, rest).unwrap_or_else(PoisonError::into_inner).0;
            state.asleep = false;
        }
    }
}

/// What a thread said when it panicked.
fn told(thread: &str, panic: Box<dyn Any + Send>) -> String {
    let said = panic.downcast_ref::<&str>().copied();
    let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no message)");
    let text = format!("thread {thread}: {said}");
    // The payload may panic when it is dropped: so it is not.
    std::mem::forget(panic);
    text
}

impl<P: Source<Instance = Self>> Instance for Pushed<P>
where
    P::Error: Send,
{
    type Plugin = P;

    fn next_batch(&mut self, _: &P, batch: &mut Batch<'_>) -> Result<Next, <P as Plugin>::Error> {
        Self::next_batch(self, batch)
    }
}

impl<P: Source> Drop for Pushed<P> {
    fn drop(&mut self) {
        // Who waits for room is told; then the threads are, by their own drop, and joined.
        self.shared.close();
    }
}

impl<P: Source> fmt::Debug for Pushed<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pushed").field("counts", &self.counts()).field("threads", &self.threads).finish()
    }
}
