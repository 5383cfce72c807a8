// SPDX-License-Identifier: Apache-2.0
//! Background work with an end: [`Task`] is a thread that is stopped and joined, [`Producer`] one that emits async events.
//!
//! The host may unmap a plugin as soon as it has destroyed its state (rule 11.2), and it demands that a producer of async
//! events has ended when it takes its handler back (rule 7.3). So no thread may be left to itself: one of these is
//! joined when its handle is dropped, at the latest with the plugin value.
//!
//! ```
//! use std::time::Duration;
//!
//! use falconet_std::async_event::{Emitter, EventName};
//! use falconet_std::task::Producer;
//! use falconet_std::{AsyncEvents, Error, Info, Init, Plugin, Timestamp};
//!
//! struct Ticks { producer: Producer }
//! const TICK: EventName<Ticks> = EventName::new("tick");
//!
//! impl Plugin for Ticks {
//!     type Error = Error;
//!     const INFO: Info = Info::new(c"ticks", c"0.1.0", c"ticks", c"you@example.org");
//!     fn new(init: &Init<'_>) -> Result<Self, Error> {
//!         Ok(Self { producer: Producer::new("ticks", init.log()) })
//!     }
//! }
//! impl AsyncEvents for Ticks {
//!     const ASYNC_EVENTS: &'static [&'static str] = &["tick"];
//!     fn start(&mut self, emitter: Emitter<Self>) -> Result<(), Error> {
//!         self.producer.start(emitter, |emitter, stop| -> Result<(), Error> {
//!             while !stop.wait(Duration::from_millis(1)) {
//!                 emitter.emit(TICK, Timestamp::HOST, b"tock")?;
//!             }
//!             Ok(())
//!         })?;
//!         Ok(())
//!     }
//!     fn stop(&mut self) {
//!         self.producer.stop();
//!     }
//! }
//! falconet_std::export!(Ticks: async_events);
//! # fn main() {
//! let ticks = falconet_std::testing::Harness::<Ticks>::init("").unwrap();
//! let events = ticks.start_async().unwrap();
//! assert_eq!(events.wait_for(2)[1].as_async(), Some(("tick", &b"tock"[..])));
//! # }
//! ```

mod outcome;
mod producer;

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use falconet::Log;
use falconet::error::Message;
use falconet::log::Severity;

use crate::logging;
use crate::sources::Threads;

pub use crate::sources::Stop;
pub use outcome::Outcome;
pub use producer::Producer;

/// A thread that works until it is told to stop. Dropping it tells it, and waits for its end.
///
/// ```
/// use std::time::Duration;
/// use falconet_std::task::Task;
/// use falconet_std::{Log, Shared};
/// # use falconet_std::{Error, Event, Info, Init, Parse, Parsing, Plugin, Shares};
/// # use std::sync::atomic::{AtomicU64, Ordering};
/// # struct Poller { _task: Task }
/// # impl Shares for Poller {
/// #     type Shared = AtomicU64;
/// #     const SHARED: AtomicU64 = AtomicU64::new(0);
/// # }
/// # impl Parse for Poller {
/// #     fn parse(&mut self, _: &Event<'_>, _: &mut Parsing<'_, Self>) -> Result<(), Error> { Ok(()) }
/// # }
/// # falconet_std::export!(Poller: parse, shares);
/// impl Plugin for Poller {
///     type Error = Error;
///     const INFO: Info = Info::new(c"poller", c"0.1.0", c"polls", c"you@example.org");
///     fn new(init: &Init<'_>) -> Result<Self, Error> {
///         let polls = init.shared::<Self>()?;
///         let _task = Task::spawn("poll", init.log(), move |stop| {
///             while !stop.wait(Duration::from_millis(1)) {
///                 polls.fetch_add(1, Ordering::Relaxed);
///             }
///         })?;
///         Ok(Self { _task })
///     }
/// }
/// # fn main() { drop(falconet_std::testing::Harness::<Poller>::init("").unwrap()) }
/// ```
///
/// # What the work owes
/// It looks at its [`Stop`] often, and waits by [`Stop::wait`] rather than by a sleep: the host waits meanwhile. What
/// else it waits for has a timeout. It does not own its own task, by an `Arc` for example: dropped by its own work, a
/// task is told to stop and cannot be joined.
///
/// # Panics in it
/// They end the task and nothing else: the plugin and the host go on. The panic's message is an error in the host's log;
/// the place is on stderr, as with any thread.
#[derive(Debug)]
pub struct Task {
    // Told to stop and joined when it is dropped; nobody locks it.
    _thread: Mutex<Threads>,
    finished: Arc<AtomicBool>,
}

impl Task {
    /// Begins to work, in a thread of this name (of which the system shows 15 bytes). What goes wrong is told to `log`.
    ///
    /// # Errors
    /// Where the system gives no thread, and where the name has a NUL byte.
    pub fn spawn<R: Outcome>(name: &str, log: Log, work: impl FnOnce(&Stop) -> R + Send + 'static) -> io::Result<Self> {
        // What fails because it is told to stop has not failed.
        Self::of_work(name, log, |stop| work(stop).failure().filter(|_| !stop.is_stopped()))
    }

    /// As [`Task::spawn`], of work that gives why it failed.
    fn of_work(name: &str, log: Log, work: impl FnOnce(&Stop) -> Option<Message> + Send + 'static) -> io::Result<Self> {
        if name.contains('\0') {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a task's name has a NUL byte"));
        }
        let finished = Arc::new(AtomicBool::new(false));
        let (ends, of) = (Arc::clone(&finished), name.to_owned());
        let mut thread = Threads::new();
        thread.spawn(name, move |stop| {
            match catch_unwind(AssertUnwindSafe(|| logging::scope(log, || work(stop)))) {
                Ok(None) => {}
                Ok(Some(why)) => report(log, &of, " failed: ", why.as_bytes()),
                Err(panic) => panicked(log, &of, panic),
            }
            ends.store(true, Ordering::Release);
        })?;
        Ok(Self { _thread: Mutex::new(thread), finished })
    }

    /// Whether the work has ended, of itself or by a panic.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.finished.load(Ordering::Acquire)
    }

    /// Tells it to stop, and waits for its end. Dropping it does the same.
    pub fn stop(self) {
        drop(self);
    }
}

fn report(log: Log, name: &str, what: &str, why: &[u8]) {
    let mut text = Message::<{ falconet::abi::MAX_ERRLEN }>::new();
    text.push_str("task ");
    text.push_str(name);
    text.push_str(what);
    text.push_bytes(why);
    log.message(Severity::Error, &text);
}

#[cold]
fn panicked(log: Log, name: &str, panic: Box<dyn Any + Send>) {
    let why = panic.downcast_ref::<&str>().copied();
    let why = why.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    report(log, name, " panicked and has ended: ", why.unwrap_or("(no message)").as_bytes());
    // The author's payload may panic when it is dropped.
    let _twice = catch_unwind(AssertUnwindSafe(|| drop(panic)));
}
