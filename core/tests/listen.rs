// SPDX-License-Identifier: Apache-2.0
//! Capture listening through the exported symbols: routines keep their period, end when they are to, and give back
//! their slot.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use common::listen::*;
use common::*;
use falconet::abi;

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    use std::time::Duration;

    use falconet::listen::{Again, Capture, Routine};
    use falconet::{Error, Info, Init, Listen, Plugin, Shared, Shares};

    pub(crate) static SHARED: std::sync::Mutex<Vec<(String, Shared<Ticking>)>> = std::sync::Mutex::new(Vec::new());

    pub(crate) struct Ticking {
        config: String,
        routines: Vec<Routine>,
        log: falconet::Log,
    }

    #[derive(Debug)]
    pub(crate) struct Ticks {
        pub(crate) runs: AtomicU64,
        pub(crate) ended: AtomicU64,
        pub(crate) slow: AtomicBool,
    }

    impl Plugin for Ticking {
        type Error = Error;
        const INFO: Info = Info::new(c"ticking", c"0.1.0", c"ticks", c"you@example.org");

        fn new(init: &Init<'_>) -> Result<Self, Error> {
            let config = init.config_str()?.to_owned();
            SHARED.lock().map_err(|_| "poisoned")?.push((config.clone(), init.shared::<Self>()?));
            Ok(Self { config, routines: Vec::new(), log: init.log() })
        }
    }

    impl Shares for Ticking {
        type Shared = Ticks;
        const SHARED: Ticks = Ticks { runs: AtomicU64::new(0), ended: AtomicU64::new(0), slow: AtomicBool::new(false) };
    }

    fn tick(ticks: &Shared<Ticking>) -> Again {
        ticks.runs.fetch_add(1, Ordering::SeqCst);
        if ticks.slow.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(60));
        }
        ticks.ended.fetch_add(1, Ordering::SeqCst);
        Again::Yes
    }

    fn three_times(ticks: &Shared<Ticking>) -> Again {
        ticks.ended.fetch_add(1, Ordering::SeqCst);
        if ticks.runs.fetch_add(1, Ordering::SeqCst) < 2 { Again::Yes } else { Again::No }
    }

    impl Listen for Ticking {
        fn capture_open(&mut self, capture: &mut Capture<'_, Self>) -> Result<(), Error> {
            let (period, count) = match &*self.config {
                "20 ms" | "destroyed" => (Duration::from_millis(20), 1),
                "an hour" => (Duration::from_hours(1), 1),
                "no pause" => (Duration::ZERO, 1),
                "nanoseconds" => (Duration::from_nanos(10), 1),
                "ages" => (Duration::MAX, 1),
                "slow" => (Duration::from_millis(1), 1),
                "all" => (Duration::from_millis(1), 3),
                "too many" => (Duration::from_millis(1), 4),
                "ends" => {
                    self.routines.push(capture.subscribe(Duration::from_millis(1), three_times)?);
                    return Ok(());
                }
                "tries" => {
                    for _ in 0..5 {
                        if let Err(error) = capture.subscribe(Duration::from_millis(1), tick) {
                            self.log.info(error.text());
                        }
                    }
                    return Ok(());
                }
                "short" => {
                    for _ in 0..3 {
                        self.routines.push(capture.subscribe(Duration::from_millis(1), |_| Again::No)?);
                    }
                    return Ok(());
                }
                "at close" | "none" => return Ok(()),
                "fail" => (Duration::from_millis(1), 1),
                _ => return Err("what config?".into()),
            };
            for _ in 0..count {
                self.routines.push(capture.subscribe(period, tick)?);
            }
            if self.config == "fail" { Err("no capture today".into()) } else { Ok(()) }
        }

        fn capture_close(&mut self, capture: &mut Capture<'_, Self>) -> Result<(), Error> {
            self.say_what_is_over();
            if self.config == "at close" || self.config == "short" {
                self.routines.push(capture.subscribe(Duration::from_millis(1), tick)?);
            }
            if self.config == "none" { Err("no close today".into()) } else { Ok(()) }
        }
    }

    impl Ticking {
        fn say_what_is_over(&self) {
            let over = self.routines.iter().filter(|routine| routine.is_over()).count();
            self.log.info(&format!("{over} of {} are over", self.routines.len()));
        }
    }

    impl Drop for Ticking {
        fn drop(&mut self) {
            if self.config == "destroyed" {
                std::mem::forget(std::mem::take(&mut self.routines));
            }
        }
    }

    // `set_config` says which routines are over, and drops the handles if its text is empty.
    impl falconet::SetConfig for Ticking {
        fn set_config(&mut self, config: &std::ffi::CStr) -> Result<(), Error> {
            if config.is_empty() {
                self.routines.clear();
            } else {
                self.say_what_is_over();
            }
            Ok(())
        }
    }

    falconet::export!(Ticking: listen, set_config; routines = 3, states = 16);
}

/// A state, and what it shares.
struct Ticker {
    state: State,
    ticks: falconet::Shared<plugin::Ticking>,
}

impl Ticker {
    fn new(config: &str) -> Self {
        let state = State::init(&c(config));
        let mut all = plugin::SHARED.lock().unwrap();
        let at = all.iter().rposition(|(of, _)| of == config).unwrap();
        Self { state, ticks: all.remove(at).1 }
    }

    fn runs(&self) -> u64 {
        self.ticks.runs.load(Ordering::SeqCst)
    }

    fn drop_handles(&self) {
        assert_eq!(parse::set_config(&self.state, c""), abi::SUCCESS);
    }

    fn logged(&self) -> Vec<String> {
        self.state.logged().into_iter().map(|(_, line)| line).collect()
    }
}

fn until(what: &str, is: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is() {
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}: not after 20 s");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn calls(pool: &Arc<Pool>) -> u64 {
    pool.calls.load(Ordering::Relaxed)
}

#[test]
fn host_8_3_a_routine_keeps_its_period_and_leaves_the_processor_alone() {
    let (ticker, running) = (Ticker::new("20 ms"), Pool::with(2));
    let begin = Instant::now();
    assert_eq!(running.pool.open(&ticker.state), abi::SUCCESS);
    until("10 runs", || ticker.runs() >= 10);
    let (runs, calls, took) = (ticker.runs(), calls(&running.pool), begin.elapsed());
    assert!(took >= Duration::from_millis(20 * 9), "10 runs have 9 pauses of 20 ms between: {took:?}");
    assert!(calls <= 4 * runs + 4, "{calls} calls for {runs} runs: a pause of 20 ms is 2 calls");
    assert_eq!(running.pool.close(&ticker.state), abi::SUCCESS);
    running.pool.purge();
}

#[test]
fn host_8_3_a_period_of_nothing_is_a_pause_all_the_same() {
    for config in ["no pause", "nanoseconds"] {
        let (ticker, running) = (Ticker::new(config), Pool::with(1));
        let begin = Instant::now();
        assert_eq!(running.pool.open(&ticker.state), abi::SUCCESS);
        until("20 runs", || ticker.runs() >= 20);
        assert!(begin.elapsed() >= Duration::from_millis(19), "{config}: a processor is kept busy with nothing");
        assert_eq!(running.pool.close(&ticker.state), abi::SUCCESS);
        running.pool.purge();
    }
}

#[test]
fn a_long_period_runs_once_at_first_and_ends_within_one_step() {
    for config in ["an hour", "ages"] {
        let (ticker, running) = (Ticker::new(config), Pool::with(1));
        assert_eq!(running.pool.open(&ticker.state), abi::SUCCESS);
        until("the first run", || ticker.runs() == 1);
        let before = calls(&running.pool);
        std::thread::sleep(Duration::from_millis(50));
        assert!(calls(&running.pool) - before <= 7, "10 ms are slept at a time");
        ticker.drop_handles();
        until("the end", || running.pool.is_empty());
        assert_eq!(ticker.runs(), 1);
    }
}

#[test]
fn a_routine_that_says_no_is_over_and_its_slot_is_free() {
    let (ticker, running) = (Ticker::new("ends"), Pool::with(2));
    // Each of these takes a slot, and there are 3.
    for round in 1..=5 {
        ticker.ticks.runs.store(0, Ordering::SeqCst);
        assert_eq!(running.pool.open(&ticker.state), abi::SUCCESS);
        until("the end", || running.pool.is_empty());
        assert_eq!(ticker.runs(), 3);
        assert_eq!(running.pool.close(&ticker.state), abi::SUCCESS);
        running.pool.purge();
        assert_eq!(ticker.logged(), [format!("{round} of {round} are over")]);
    }
}

#[test]
fn a_routine_that_says_no_frees_its_slot_in_the_same_capture() {
    let (ticker, pool) = (Ticker::new("short"), Pool::idle());
    assert_eq!(pool.open(&ticker.state), abi::SUCCESS);
    assert_eq!(parse::set_config(&ticker.state, c"?"), abi::SUCCESS);
    pool.take().into_iter().for_each(|task| assert!(!task.step()));
    assert_eq!(parse::set_config(&ticker.state, c"?"), abi::SUCCESS);
    assert_eq!(ticker.logged(), ["0 of 3 are over", "3 of 3 are over"]);
    // It subscribes another one here, for which there is a slot.
    assert_eq!(pool.close(&ticker.state), abi::SUCCESS, "{}", ticker.state.last_error());
    assert_eq!(pool.take().len(), 1);
}

#[test]
fn a_dropped_handle_ends_its_routine_and_frees_its_slot_in_the_same_capture() {
    let (ticker, running) = (Ticker::new("20 ms"), Pool::with(1));
    assert_eq!(running.pool.open(&ticker.state), abi::SUCCESS);
    until("a run", || ticker.runs() > 0);
    ticker.drop_handles();
    until("the end", || running.pool.is_empty());
    let runs = ticker.runs();
    std::thread::sleep(Duration::from_millis(30));
    assert_eq!(ticker.runs(), runs);
}

#[test]
fn what_the_host_does_not_offer_is_an_error_and_the_slot_is_free_again() {
    let (ticker, pool) = (Ticker::new("20 ms"), Pool::idle());
    let none = abi::RoutineVtable { subscribe: None, ..vtable() };
    for _ in 0..4 {
        assert_eq!(pool.open_with(&ticker.state, None), abi::FAILURE);
        assert_eq!(ticker.state.last_error(), "the host offers no routines for this capture");
        assert_eq!(pool.open_with(&ticker.state, Some(none)), abi::FAILURE);
        assert_eq!(ticker.state.last_error(), "the host offers no routines for this capture");
        pool.refuses.store(true, Ordering::Relaxed);
        assert_eq!(pool.open(&ticker.state), abi::FAILURE);
        assert_eq!(ticker.state.last_error(), "the host takes no routine (it has no threads for them)");
    }
    pool.refuses.store(false, Ordering::Relaxed);
    assert_eq!(pool.open(&ticker.state), abi::SUCCESS);
}

#[test]
fn a_refused_routine_leaves_its_slot_in_the_same_capture() {
    let (ticker, pool) = (Ticker::new("tries"), Pool::idle());
    pool.refuses.store(true, Ordering::Relaxed);
    assert_eq!(pool.open(&ticker.state), abi::SUCCESS);
    // There are 3 slots, and 5 are asked for.
    assert_eq!(ticker.logged(), ["the host takes no routine (it has no threads for them)"; 5]);
    pool.refuses.store(false, Ordering::Relaxed);
    assert_eq!(pool.open(&ticker.state), abi::SUCCESS);
    assert!(ticker.logged().iter().all(|line| line.starts_with("all routines are in use")));
    assert_eq!(pool.take().len(), 3);
}

#[test]
fn as_many_routines_as_slots_and_no_more() {
    let (ticker, pool) = (Ticker::new("all"), Pool::idle());
    assert_eq!(pool.open(&ticker.state), abi::SUCCESS);
    let tasks = pool.take();
    tasks.iter().for_each(|task| assert!(task.step()));
    assert_eq!(ticker.runs(), 3);
    let (other, pool) = (Ticker::new("too many"), Pool::idle());
    assert_eq!(pool.open(&other.state), abi::FAILURE);
    let expected = "all routines are in use: end one, or raise `routines` in the plugin's export! (routines 3)";
    assert_eq!(other.state.last_error(), expected);
}

#[test]
fn a_capture_that_does_not_open_ends_the_routines_that_it_began() {
    for config in ["fail", "too many"] {
        let (ticker, pool) = (Ticker::new(config), Pool::idle());
        assert_eq!(pool.open(&ticker.state), abi::FAILURE);
        let tasks = pool.take();
        assert!(!tasks.is_empty());
        for task in tasks {
            assert!(!task.step(), "{config}: the host would call it on and on");
        }
        assert_eq!(ticker.runs(), 0);
    }
}

#[test]
fn capture_close_ends_all_and_the_next_capture_has_all_slots() {
    let (ticker, pool) = (Ticker::new("all"), Pool::idle());
    for round in 1..=4 {
        assert_eq!(pool.open(&ticker.state), abi::SUCCESS);
        let tasks = pool.take();
        assert_eq!(tasks.len(), 3);
        assert!(tasks[0].step(), "it runs");
        assert_eq!(pool.close(&ticker.state), abi::SUCCESS);
        assert_eq!(ticker.logged(), [format!("{} of {} are over", 3 * round, 3 * round)]);
        // The host may call one once more before it empties its pool, and never calls the others again.
        assert!(tasks[0].step() && tasks[1].step());
        assert_eq!(ticker.runs(), round);
    }
}

#[test]
fn host_8_3_no_routine_leaves_the_hosts_list_while_the_capture_ends() {
    let (ticker, running) = (Ticker::new("all"), Pool::with(2));
    assert_eq!(running.pool.open(&ticker.state), abi::SUCCESS);
    until("some runs", || ticker.runs() >= 10);
    assert_eq!(running.pool.close(&ticker.state), abi::SUCCESS);
    // Other plugins' turn: a run may end, no other begins, and nothing is waited for by spinning.
    std::thread::sleep(Duration::from_millis(10));
    let (runs, before, begin) = (ticker.runs(), calls(&running.pool), Instant::now());
    std::thread::sleep(Duration::from_millis(30));
    assert_eq!(running.pool.left.load(Ordering::Relaxed), 0, "the host would take it out of a list that it clears");
    assert!(u128::from(calls(&running.pool) - before) <= 2 * (begin.elapsed().as_millis() + 1));
    running.pool.purge();
    assert_eq!(ticker.runs(), runs);
}

#[test]
fn a_routine_that_runs_while_the_capture_is_closed_ends_its_run() {
    let (ticker, running) = (Ticker::new("slow"), Pool::with(1));
    ticker.ticks.slow.store(true, Ordering::SeqCst);
    assert_eq!(running.pool.open(&ticker.state), abi::SUCCESS);
    until("a run", || ticker.runs() == 1);
    assert_eq!(running.pool.close(&ticker.state), abi::SUCCESS);
    assert_eq!(ticker.ticks.ended.load(Ordering::SeqCst), 0, "capture_close does not wait for it");
    assert_eq!(ticker.logged(), ["1 of 1 are over"]);
    running.pool.purge();
    assert_eq!((ticker.runs(), ticker.ticks.ended.load(Ordering::SeqCst)), (1, 1));
}

#[test]
fn what_is_subscribed_as_the_capture_ends_does_not_run() {
    let (ticker, pool) = (Ticker::new("at close"), Pool::idle());
    for _ in 0..5 {
        assert_eq!(pool.open(&ticker.state), abi::SUCCESS);
        assert_eq!(pool.close(&ticker.state), abi::SUCCESS);
        pool.take().into_iter().for_each(|task| assert!(task.step()));
    }
    assert_eq!(ticker.runs(), 0);
}

#[test]
fn a_destroyed_states_routines_end_and_do_not_wake_with_the_next_state() {
    let (ticker, pool) = (Ticker::new("destroyed"), Pool::idle());
    let Ticker { state, ticks } = ticker;
    assert_eq!(pool.open(&state), abi::SUCCESS);
    let tasks = pool.take();
    assert!(tasks[0].step());
    let address = state.ptr;
    drop((ticks, state)); // no capture_close
    let mut others = Vec::new();
    while others.last().is_none_or(|other: &Ticker| other.state.ptr != address) {
        others.push(Ticker::new("destroyed"));
        assert!(others.len() <= 16);
    }
    assert!(!tasks[0].step());
    assert!(others.iter().all(|other| other.runs() == 0));
}

#[test]
fn errors_and_null_are_said() {
    let (ticker, pool) = (Ticker::new("none"), Pool::idle());
    assert_eq!(pool.open(&ticker.state), abi::SUCCESS);
    assert_eq!(pool.close(&ticker.state), abi::FAILURE);
    assert_eq!(ticker.state.last_error(), "no close today");
    assert_eq!(open_and_close_with_null(ticker.state.ptr), [abi::FAILURE; 2]);
    assert!(ticker.state.last_error().contains("the input is NULL"), "{}", ticker.state.last_error());
    assert_eq!(open_and_close_with_null(null_mut()), [abi::FAILURE; 2]);
}
