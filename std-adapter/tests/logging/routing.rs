// SPDX-License-Identifier: Apache-2.0
//! Which state a line of this thread goes to, and how it looks.

use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

use falconet_std::abi::{self, LOG_DEBUG, LOG_ERROR, LOG_INFO, LOG_TRACE, LOG_WARNING};
use falconet_std::logging;
use log::{LevelFilter, debug, error, info, trace, warn};

use crate::common::{State, plugin_destroy};
use crate::{inside, lines, state};

fn one_of_each() {
    error!("e");
    warn!("w");
    info!("i");
    debug!("d");
    trace!("t");
}

const EACH: [(u32, &str); 5] =
    [(LOG_ERROR, "e"), (LOG_WARNING, "w"), (LOG_INFO, "i"), (LOG_DEBUG, "d"), (LOG_TRACE, "t")];

#[test]
fn each_level_lets_through_what_it_says_by_its_severity() {
    for (level, count) in [("off", 0), ("error", 1), ("warn", 2), ("info", 3), ("debug", 4), ("trace", 5)] {
        let state = state("each", level);
        state.logged();
        assert_eq!(inside(&state, one_of_each), abi::SUCCESS);
        assert_eq!(state.logged(), &lines(EACH)[..count], "{level}");
    }
    let state = State::init(cr#"{"name": "none is set"}"#);
    inside(&state, one_of_each);
    assert_eq!(state.logged(), &lines(EACH)[..3], "info is the level at first");
}

#[test]
fn what_a_call_writes_in_init_and_destroy_arrives_too() {
    let state = state("first", "debug");
    assert_eq!(state.logged(), lines([(LOG_DEBUG, "first begins")]));
    let all = Arc::clone(&state.lines);
    drop(state);
    assert_eq!(*all.lock().unwrap(), lines([(LOG_DEBUG, "first ends")]));
}

#[test]
fn the_level_may_change() {
    let state = state("changing", "info");
    inside(&state, || {
        debug!("not yet");
        assert!(!log::log_enabled!(log::Level::Debug));
        assert!(logging::set_level(LevelFilter::Debug));
        assert!(log::log_enabled!(log::Level::Debug));
        debug!("now");
        assert!(logging::set_level(logging::Level::Off));
        error!("no more");
    });
    assert_eq!(state.logged(), lines([(LOG_DEBUG, "now")]));
}

#[test]
fn a_line_of_another_crate_says_whose_it_is() {
    let state = state("targets", "info");
    inside(&state, || {
        info!(target: "hyper::client", "connected");
        info!(target: "logging", "the plugin's crate");
        info!(target: "logging_of_another", "a longer name");
    });
    let expected = [
        (LOG_INFO, "hyper::client: connected"),
        (LOG_INFO, "the plugin's crate"),
        (LOG_INFO, "logging_of_another: a longer name"),
    ];
    assert_eq!(state.logged(), lines(expected));
}

#[test]
fn lines_of_nested_calls_go_to_their_own_states() {
    let (outer, inner) = (state("outer", "info"), Rc::new(state("inner", "warn")));
    let called = Rc::clone(&inner);
    inside(&outer, move || {
        info!("before");
        inside(&called, || {
            info!("below its level");
            warn!("inside");
        });
        info!("after");
    });
    assert_eq!(outer.logged(), lines([(LOG_INFO, "before"), (LOG_INFO, "after")]));
    assert_eq!(inner.logged(), lines([(LOG_WARNING, "inside")]));
}

#[test]
fn a_panic_keeps_the_routing_right() {
    let (outer, inner) = (state("outer", "info"), Rc::new(state("inner", "info")));
    let called = Rc::clone(&inner);
    inside(&outer, move || {
        let rc = inside(&called, || {
            info!("a last word");
            panic!("on purpose");
        });
        assert_eq!(rc, abi::FAILURE);
        info!("after the panic");
    });
    assert_eq!(outer.logged(), lines([(LOG_INFO, "after the panic")]));
    let told = inner.logged();
    assert_eq!(told[0].1, "a last word");
    assert!(told[1].1.contains("routing.rs") && told[1].1.contains("on purpose"), "{told:?}");
    assert!(logging::current().is_none());
}

#[test]
fn a_scope_ends_with_a_panic_and_a_call_in_it_has_its_own_state() {
    let (outer, inner, third) = (state("outer", "info"), Rc::new(state("inner", "info")), state("third", "info"));
    let called = Rc::clone(&inner);
    let log = log_of(&third);
    inside(&outer, move || {
        let caught = catch_unwind(AssertUnwindSafe(|| {
            logging::scope(log, || {
                info!("in the scope");
                inside(&called, || info!("in the call"));
                info!("in the scope again");
                panic!("on purpose");
            });
        }));
        assert!(caught.is_err());
        info!("after the scope");
    });
    assert_eq!(third.logged(), lines([(LOG_INFO, "in the scope"), (LOG_INFO, "in the scope again")]));
    assert_eq!(inner.logged(), lines([(LOG_INFO, "in the call")]));
    assert_eq!(outer.logged(), lines([(LOG_INFO, "after the scope")]));
}

/// The log that a call of this state has.
pub(crate) fn log_of(state: &State) -> falconet_std::Log {
    let log = Rc::new(Cell::new(None));
    let place = Rc::clone(&log);
    inside(state, move || place.set(logging::current()));
    log.get().unwrap()
}

#[test]
fn a_line_outside_of_calls_is_dropped() {
    let state = state("outside", "info");
    info!("nobody's");
    assert!(!logging::set_level(LevelFilter::Trace));
    assert_eq!(state.logged(), []);
}

#[test]
fn a_long_line_is_cut_and_a_nul_is_none() {
    let state = state("long", "info");
    inside(&state, || {
        info!("{}", "é".repeat(1000));
        info!("a\0b");
    });
    let told = state.logged();
    assert_eq!((told[0].1.len(), told[1].1.as_str()), (1022, "a?b"));
}

#[test]
fn a_value_may_log_while_it_is_shown() {
    struct Loud;
    impl fmt::Display for Loud {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            info!("shown");
            f.write_str("loud")
        }
    }
    let state = state("loud", "info");
    inside(&state, || info!("it is {Loud}"));
    assert_eq!(state.logged(), lines([(LOG_INFO, "shown"), (LOG_INFO, "it is loud")]));
}

#[test]
fn host_1_9_a_failed_init_may_log_and_is_destroyed() {
    let state = State::try_init(c"{}");
    assert_eq!(state.rc, abi::FAILURE);
    assert_eq!(state.last_error(), "config: missing field `name`");
    // SAFETY: NULL is survived.
    unsafe { plugin_destroy(std::ptr::null_mut()) };
}
