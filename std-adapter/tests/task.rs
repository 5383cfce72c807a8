// SPDX-License-Identifier: Apache-2.0
//! Tasks end when they are told to, and what goes wrong in one is told to the host and ends nothing else.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's plugin and helpers fail as tests do")]

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use falconet_std::async_event::{Emitter, EventName};
use falconet_std::log::Severity;
use falconet_std::task::{Producer, Stop, Task};
use falconet_std::testing::Harness;
use falconet_std::{AsyncEvents, Error, Info, Init, Log, Plugin, SetConfig, Timestamp};

/// A plugin whose config says what its producer does.
struct Clock {
    what: String,
    log: Log,
    producer: Producer,
}

const TICK: EventName<Clock> = EventName::new("tick");

/// Producers that have come to their end.
static ENDED: AtomicU64 = AtomicU64::new(0);

impl Plugin for Clock {
    type Error = Error;
    const INFO: Info = Info::new(c"clock", c"0.1.0", c"ticks", c"you@example.org");

    fn new(init: &Init<'_>) -> Result<Self, Error> {
        let log = init.log();
        LOG.set(Some(log));
        Ok(Self { what: init.config_str()?.to_owned(), log, producer: Producer::new("clock", log) })
    }
}

impl AsyncEvents for Clock {
    const ASYNC_EVENTS: &'static [&'static str] = &["tick"];

    fn start(&mut self, emitter: Emitter<Self>) -> Result<(), Error> {
        let what = self.what.clone();
        self.log.debug("start");
        self.producer.start(emitter, move |emitter, stop| -> Result<(), Error> {
            let _ended = CountAtEnd;
            emitter.emit(TICK, Timestamp::HOST, what.as_bytes())?;
            match &*what {
                "panic" => panic!("the spring broke"),
                "fail" => return Err(Error::new("the spring is loose")),
                "busy" => loop {
                    // An inert emitter says so, and that is no failure.
                    emitter.emit(TICK, Timestamp::from_nanos(7), b"busy")?;
                },
                _ => assert!(stop.wait(Duration::MAX)),
            }
            Ok(())
        })?;
        Ok(())
    }

    fn stop(&mut self) {
        self.producer.stop();
        assert!(!self.producer.is_running());
        self.log.debug("stop");
    }
}

impl SetConfig for Clock {
    fn set_config(&mut self, config: &std::ffi::CStr) -> Result<(), Error> {
        match self.producer.is_running() {
            true => Err(Error::new("not while it runs")),
            false => {
                self.what = config.to_str()?.to_owned();
                Ok(())
            }
        }
    }
}

struct CountAtEnd;

impl Drop for CountAtEnd {
    fn drop(&mut self) {
        ENDED.fetch_add(1, Ordering::SeqCst);
    }
}

falconet_std::export!(Clock: async_events, set_config);

thread_local! {
    /// The log of the state that this thread has made last.
    static LOG: Cell<Option<Log>> = const { Cell::new(None) };
}

fn a_host() -> (Harness<Clock>, Log) {
    let host = Harness::<Clock>::init("").unwrap();
    (host, LOG.get().unwrap())
}

/// Waits until something is so, ten seconds at most.
fn until(so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !so() {
        assert!(Instant::now() < end, "it is not so after ten seconds");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Tests that look at [`ENDED`], one at a time.
static ONE: Mutex<()> = Mutex::new(());

#[test]
fn host_7_3_a_producer_has_ended_when_its_handler_is_taken_back() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    for what in ["wait", "busy"] {
        let before = ENDED.load(Ordering::SeqCst);
        let clock = Harness::<Clock>::init(what).unwrap();
        let events = clock.start_async().unwrap();
        assert_eq!(events.wait_for(1)[0].as_async(), Some(("tick", what.as_bytes())));
        assert_eq!(ENDED.load(Ordering::SeqCst), before);
        assert_eq!(clock.set_config("other").unwrap_err(), "not while it runs");
        let _rest = events.stop();
        assert_eq!(ENDED.load(Ordering::SeqCst), before + 1, "{what}");
        let texts: Vec<_> = clock.logged().into_iter().map(|line| line.text).collect();
        assert_eq!(texts, ["start", "stop"], "an end on demand is no failure");
    }
}

#[test]
fn host_11_2_a_producer_has_ended_when_its_state_is_destroyed() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let before = ENDED.load(Ordering::SeqCst);
    let clock = Harness::<Clock>::init("wait").unwrap();
    let events = clock.start_async().unwrap();
    assert_eq!(events.wait_for(1).len(), 1);
    // A host that destroys the state with the capture open.
    std::mem::forget(events);
    drop(clock);
    assert_eq!(ENDED.load(Ordering::SeqCst), before + 1);
}

#[test]
fn a_panic_and_an_error_are_told_and_end_the_task_only() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let told = [
        ("panic", "task clock panicked and has ended: the spring broke"),
        ("fail", "task clock failed: the spring is loose"),
    ];
    for (what, line) in told {
        let before = ENDED.load(Ordering::SeqCst);
        let clock = Harness::<Clock>::init(what).unwrap();
        let events = clock.start_async().unwrap();
        until(|| ENDED.load(Ordering::SeqCst) > before);
        let _one = events.stop();
        let lines = clock.logged();
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert_eq!(lines[1], (Severity::Error, line));
        // The plugin goes on.
        assert_eq!(clock.set_config("wait"), Ok(()));
        assert_eq!(clock.start_async().unwrap().wait_for(1).len(), 1);
    }
}

#[test]
fn a_task_stops_at_once_and_is_joined() {
    let (host, log) = a_host();
    let ended = Arc::new(AtomicBool::new(false));
    let of_task = Arc::clone(&ended);
    let task = Task::spawn("waits", log, move |stop| {
        while !stop.wait(Duration::from_secs(3600)) {}
        thread::sleep(Duration::from_millis(20));
        of_task.store(true, Ordering::SeqCst);
    })
    .unwrap();
    assert!(!task.is_finished());
    let began = Instant::now();
    task.stop();
    assert!(ended.load(Ordering::SeqCst) && began.elapsed() < Duration::from_secs(60));
    assert!(host.logged().is_empty());
}

#[test]
fn a_panic_with_any_payload_is_caught() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("again");
        }
    }
    let (host, log) = a_host();
    let task = Task::spawn("bomb", log, |_: &Stop| -> () { std::panic::panic_any(Bomb) }).unwrap();
    until(|| task.is_finished());
    assert_eq!(host.logged()[0], (Severity::Error, "task bomb panicked and has ended: (no message)"));
    let task = Task::spawn("text", log, |_: &Stop| -> () { panic!("{} of them", 2) }).unwrap();
    drop(task);
    assert_eq!(host.logged()[0], (Severity::Error, "task text panicked and has ended: 2 of them"));
}

#[test]
fn work_may_own_the_handle_that_ends_it() {
    let (host, log) = a_host();
    let (give, take) = mpsc::channel::<Task>();
    let (done, wait) = mpsc::channel();
    let task = Task::spawn("own", log, move |stop| {
        drop(take.recv().unwrap());
        done.send(stop.is_stopped()).unwrap();
    })
    .unwrap();
    give.send(task).unwrap();
    assert!(wait.recv_timeout(Duration::from_secs(10)).unwrap());
    drop(host);
}

#[test]
fn a_name_that_no_thread_can_have_is_an_error() {
    let (_host, log) = a_host();
    let error = Task::spawn("a\0b", log, |_| {}).unwrap_err();
    assert_eq!(error.to_string(), "a task's name has a NUL byte");
}

#[test]
fn a_stop_is_told_to_all_who_wait() {
    let stop = Stop::new();
    let waiters: Vec<_> =
        (0..4).map(|_| stop.clone()).map(|stop| thread::spawn(move || stop.wait(Duration::MAX))).collect();
    assert!(!stop.wait(Duration::ZERO) && !stop.is_stopped());
    stop.stop();
    stop.stop();
    assert!(stop.is_stopped() && stop.wait(Duration::MAX));
    assert!(waiters.into_iter().all(|waiter| waiter.join().unwrap()));
}
