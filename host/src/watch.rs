// SPDX-License-Identifier: Apache-2.0
//! Which function of a plugin is running on the thread of a command, and for how long, so that one that hangs is told.
//!
//! ```text
//! thread of the command:  calling("plugin_open") .. returned ..   beat .. beat .. beat   (a loop that measures)
//! watching thread:        looks from time to time: the same call, and no beat since?  -> tells, with its name
//! ```
//! Time is counted in looks, not by a clock: a process that was stopped for a while has not hung meanwhile.

use std::{
    borrow::Cow,
    cell::Cell,
    fmt, io,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use crate::library::Library;

/// How often is looked, unless less is watched for.
const LOOK: Duration = Duration::from_millis(250);

/// What the thread of the command is in.
#[derive(Clone, Debug)]
struct Running {
    what: What,
    plugin: Option<Library>,
}

#[derive(Clone, Debug)]
enum What {
    Call(Cow<'static, str>),
    /// A loop, whose beats say which call it is in.
    Loop,
}

/// The function that a loop calls next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    NextBatch = 0,
    ExtractFields = 1,
    EventToString = 2,
}

/// The bits of [`BEATS`] that say which function it is; the others count.
const CALL_BITS: u64 = 3;
const BEAT_CALLS: [&str; 3] = ["plugin_next_batch", "plugin_extract_fields", "plugin_event_to_string"];

static RUNNING: Mutex<Option<Running>> = Mutex::new(None);
/// How often a call began or returned.
static CHANGES: AtomicU64 = AtomicU64::new(0);
static BEATS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// Whether this is the thread of the command. Calls on other threads are waited for on it, and are seen so.
    static WATCHED: Cell<bool> = const { Cell::new(false) };
}

/// A call that has not returned yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// The symbol, or what else the plugin does.
    pub call: String,
    /// The plugin's name, where it is known.
    pub plugin: Option<String>,
    /// For how long at least.
    pub since: Duration,
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = self.plugin.as_ref().map_or(String::new(), |plugin| format!(" of '{plugin}'"));
        write!(f, "{}{of} has not returned for {} s", self.call, self.since.as_secs_f64())
    }
}

/// From now on a thread looks after this one: `stuck` is told, again and again, of a call into a plugin that has not
/// returned for `limit` or longer. To be called once.
///
/// # Errors
/// What the system says where there is no thread to be had.
pub fn watch(limit: Duration, mut stuck: impl FnMut(&Stuck) + Send + 'static) -> io::Result<()> {
    WATCHED.set(true);
    let look = (limit / 10).clamp(Duration::from_millis(1), LOOK);
    let (ready, wait) = mpsc::channel();
    let watching = move || {
        // A thread that begins waits for the loader's lock, which the initialisers of a library hold.
        let _ = ready.send(());
        let (mut last, mut since) = (now(), Duration::ZERO);
        loop {
            thread::sleep(look);
            let now = now();
            since = if now == last { since + look } else { Duration::ZERO };
            last = now;
            let running = if since >= limit { lock().clone() } else { None };
            if let Some(running) = running {
                stuck(&running.stuck(since));
            }
        }
    };
    thread::Builder::new().name("watch".to_owned()).spawn(watching)?;
    wait.recv().map_err(io::Error::other)
}

/// Changes with each call and each beat.
fn now() -> (u64, u64) {
    (CHANGES.load(Ordering::Relaxed), BEATS.load(Ordering::Relaxed))
}

fn lock() -> MutexGuard<'static, Option<Running>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Running {
    fn stuck(self, since: Duration) -> Stuck {
        let call = match self.what {
            What::Call(call) => call.into_owned(),
            What::Loop => {
                let call = usize::try_from(BEATS.load(Ordering::Relaxed) & CALL_BITS).ok();
                call.and_then(|call| BEAT_CALLS.get(call)).copied().unwrap_or_default().to_owned()
            }
        };
        Stuck { call, plugin: self.plugin.map(|plugin| plugin.info().name.clone()), since }
    }
}

/// What the plugin does from now until this is dropped.
#[derive(Debug)]
#[must_use]
pub struct Calling {
    /// What it is in the middle of, and goes on with.
    before: Option<Running>,
    watched: bool,
}

impl Calling {
    fn new(running: impl FnOnce() -> Running) -> Self {
        let watched = WATCHED.get();
        let before = if watched { exchange(Some(running())) } else { None };
        Self { before, watched }
    }
}

impl Drop for Calling {
    fn drop(&mut self) {
        if self.watched {
            drop(exchange(self.before.take()));
        }
    }
}

fn exchange(running: Option<Running>) -> Option<Running> {
    CHANGES.fetch_add(1, Ordering::Relaxed);
    std::mem::replace(&mut lock(), running)
}

/// A function of a plugin is called from now on, on this thread.
pub(crate) fn calling(call: &'static str, plugin: &Library) -> Calling {
    Calling::new(|| Running { what: What::Call(call.into()), plugin: Some(plugin.clone()) })
}

/// As [`calling`], of a library that is not known yet, or of something that has no symbol.
pub(crate) fn doing(what: impl FnOnce() -> String) -> Calling {
    Calling::new(|| Running { what: What::Call(what().into()), plugin: None })
}

/// A loop of calls begins, each of which is a [`beat`].
pub(crate) fn looping(plugin: &Library) -> Calling {
    Calling::new(|| Running { what: What::Loop, plugin: Some(plugin.clone()) })
}

/// The next call of a loop, and a count that grows with the events or batches of the loop. One store, for it is measured.
#[inline]
pub(crate) fn beat(call: Beat, count: u64) {
    BEATS.store((count << CALL_BITS.count_ones()) | call as u64, Ordering::Relaxed);
}

/// This thread waits from now on for what a plugin does on another one, or at the end of the process.
pub fn waiting_for(what: &'static str) -> Calling {
    Calling::new(|| Running { what: What::Call(what.into()), plugin: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_does_not_return_is_told_and_one_that_does_is_not() {
        let (send, receive) = mpsc::channel();
        watch(Duration::from_millis(40), move |stuck| drop(send.send(stuck.clone()))).unwrap();
        let outer = doing(|| "outer".to_owned());
        for _ in 0..40 {
            drop(waiting_for("short"));
            thread::sleep(Duration::from_millis(3));
        }
        assert_eq!(receive.try_recv(), Err(mpsc::TryRecvError::Empty), "calls come and go");
        let inner = waiting_for("inner");
        let stuck = receive.recv_timeout(Duration::from_secs(60)).unwrap();
        assert!(stuck.to_string().starts_with("inner has not returned for 0.0"), "{stuck}");
        drop(inner);
        while receive.recv_timeout(Duration::from_secs(60)).unwrap().call != "outer" {}
        thread::spawn(|| drop(waiting_for("on another thread"))).join().unwrap();
        {
            let _loop = Calling::new(|| Running { what: What::Loop, plugin: None });
            for (count, call) in (7..).zip([Beat::NextBatch, Beat::EventToString, Beat::ExtractFields]) {
                beat(call, count);
            }
            while receive.recv_timeout(Duration::from_secs(60)).unwrap().call != "plugin_extract_fields" {}
        }
        drop(outer);
        thread::sleep(Duration::from_millis(100));
        while receive.try_recv().is_ok() {}
        assert_eq!(receive.recv_timeout(Duration::from_millis(200)), Err(mpsc::RecvTimeoutError::Timeout));
    }
}
