// SPDX-License-Identifier: Apache-2.0
//! Every place in a host that checks every output: the failing value, the text, the log, and what comes after.

use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

use falconet::abi;

use crate::common::async_events::Inspector;
use crate::common::extract::{ask, extract};
use crate::common::listen::Pool;
use crate::common::parse::{metrics, parse, set_config};
use crate::common::source::{NO_INSTANCE, event_to_string, list_open_params, open, raw_next, try_open};
use crate::common::{State, c};
use crate::places::{PLACES, event};
use crate::plugin::ALIVE;

/// What lives is counted for the process: one test at a time.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Plugins, instances, shared parts, threads.
pub(crate) fn alive() -> [i64; 4] {
    ALIVE.each_ref().map(|alive| alive.load(Ordering::SeqCst))
}

/// What the host is told of a panic at a place.
pub(crate) fn told(place: &str, what: &str) -> String {
    let source = include_str!("../../fixtures/panics/src/plugin.rs");
    let line =
        source.lines().position(|line| line.contains(&format!("at(\"{place}\")"))).map_or(0, |before| before + 1);
    format!("fixtures/panics/src/plugin.rs:{line}: {what}; it takes no further calls")
}

/// The state has panicked, and tells it.
fn tells(state: &State, place: &str, what: &str) -> String {
    let text = state.last_error();
    assert!(text.starts_with("the plugin panicked at "), "{place}: {text}");
    assert!(text.ends_with(&told(place, what)), "{place}: {text}");
    text
}

/// Every call is refused, with the same text.
fn refuses_all(state: &State, text: &str) {
    let inspector = Inspector::new();
    let pool = Pool::idle();
    let refused = [
        try_open(state, c"10").1,
        raw_next(state.ptr, NO_INSTANCE).0,
        extract(state, 9, &event(1), &[ask(0)]).rc,
        parse(state, 9, &event(1)),
        set_config(state, c"{}"),
        inspector.set(state),
        inspector.dump(state),
        pool.open(state),
    ];
    assert_eq!(refused, [abi::FAILURE; 8], "{text}");
    assert_eq!(list_open_params(state), Err(text.to_owned()));
    assert_eq!(event_to_string(state, &event(1)), None);
    assert!(metrics(state.ptr).is_empty());
    // What ends something is no failure: the host would not go on with the end of others.
    assert_eq!([inspector.unset(state), pool.close(state)], [abi::SUCCESS; 2]);
    assert_eq!(state.last_error(), text);
}

/// A state without a fault, and all that it does.
pub(crate) fn works(state: &State) {
    let inspector = Inspector::new();
    let pool = Pool::with(1);
    assert_eq!((inspector.set(state), pool.pool.open(state)), (abi::SUCCESS, abi::SUCCESS));
    let instance = open(state, c"60");
    let mut seen = 0;
    loop {
        let batch = instance.next();
        for bytes in &batch.events {
            assert_eq!(parse(state, seen + 1, bytes), abi::SUCCESS);
            let answer = extract(state, seen + 1, bytes, &[ask(0), ask(1)]);
            assert_eq!(answer.strings(1), [format!("event {seen}")]);
            assert_eq!(event_to_string(state, bytes).map(|(_, text)| text), Some(format!("event {seen}")));
            seen += 1;
        }
        if batch.rc == abi::EOF {
            break;
        }
    }
    assert_eq!((seen, instance.progress()), (60, 10_000));
    assert_eq!(metrics(state.ptr).len(), 1);
    while inspector.calls() == 0 {
        std::thread::yield_now();
    }
    drop(instance);
    assert_eq!((inspector.unset(state), pool.pool.close(state)), (abi::SUCCESS, abi::SUCCESS));
    pool.pool.purge();
    assert!(!inspector.taken().is_empty());
    assert_eq!(state.last_error(), "");
}

/// The panic of a place, from init to destroy.
fn panics(place: &crate::places::Place, kind: &str, what: &str) {
    let other = State::init(c"");
    let whole = alive();
    let state = State::init(&c(&format!("{} {kind}", place.name)));
    assert!((place.fails)(&state), "{} has not failed", place.name);
    let text = tells(&state, place.name, what);
    let logged: Vec<_> = state.logged().into_iter().filter(|(_, line)| !line.starts_with("field ")).collect();
    assert_eq!(logged, [(abi::LOG_CRITICAL, text.clone())], "{}", place.name);
    refuses_all(&state, &text);
    assert!(state.logged().is_empty(), "a refused call is no new line");
    let [_, instances, _, threads] = alive();
    assert_eq!((instances, threads), (0, 0), "{}: what was opened and begun has ended", place.name);
    works(&other);
    drop(state);
    assert_eq!(alive(), whole, "{}", place.name);
    works(&other);
}

#[test]
fn every_call_fails_with_message_and_place_and_refuses_what_comes_after() {
    let _alone = alone();
    for place in PLACES {
        panics(place, "", "as asked");
    }
    assert_eq!(alive(), [0; 4]);
}

#[test]
fn what_it_panics_with_may_be_anything() {
    let _alone = alone();
    for place in PLACES {
        panics(place, "formatted", &format!("as asked, in {}", place.name));
        panics(place, "number", "(no message)");
        // It panics when it is dropped, and so does what that panics with.
        panics(place, "chain", "(no message)");
    }
    assert_eq!(alive(), [0; 4]);
}

#[test]
fn host_1_9_a_panic_in_init_is_an_init_that_fails() {
    let _alone = alone();
    for (kind, what) in
        [("", "as asked"), ("formatted", "as asked, in init"), ("number", "(no message)"), ("chain", "(no message)")]
    {
        let state = State::try_init(&c(&format!("init {kind}")));
        assert!(state.rc == abi::FAILURE && !state.ptr.is_null());
        let text = tells(&state, "init", what);
        assert_eq!(state.logged(), [(abi::LOG_CRITICAL, text.clone())]);
        refuses_all(&state, &text);
        drop(state);
        assert_eq!(alive(), [0; 4]);
    }
}

#[test]
fn a_panic_when_an_instance_is_closed_breaks_its_state() {
    let _alone = alone();
    let state = State::init(c"drop_instance");
    let (first, second) = (open(&state, c"10"), open(&state, c"10"));
    drop(first);
    let text = tells(&state, "drop_instance", "as asked");
    assert_eq!(alive()[1], 1, "its parts are dropped all the same");
    refuses_all(&state, &text);
    // The other one is closed as well, and panics as well: the first text stays, and both are in the log.
    drop(second);
    assert_eq!((state.last_error(), alive()[1]), (text.clone(), 0));
    assert_eq!(state.logged(), [(abi::LOG_CRITICAL, text.clone()), (abi::LOG_CRITICAL, text)]);
    drop(state);
    assert_eq!(alive(), [0; 4]);
}

#[test]
fn panics_in_destroy_are_in_the_log_and_drop_everything_once() {
    let _alone = alone();
    for (place, left) in [("drop_plugin", false), ("drop_instance", true), ("drop_shared", false), ("stop", true)] {
        let state = State::init(&c(place));
        let lines = state.lines.clone();
        let instance = open(&state, c"10");
        assert_eq!(instance.next().events.len(), 10);
        let inspector = Inspector::new();
        if left {
            // The host leaves it to destroy.
            std::mem::forget(instance);
            assert_eq!(inspector.set(&state), abi::SUCCESS);
        } else {
            drop(instance);
        }
        drop(state);
        let lines = lines.lock().unwrap();
        let all: Vec<&str> = lines.iter().map(|(_, line)| &**line).collect();
        let expected = if place == "drop_shared" { "as asked" } else { &*told(place, "as asked") };
        assert!(matches!(&*all, [line] if line.contains(expected)), "{place}: {all:?}");
        assert_eq!(alive(), [0; 4], "{place}");
    }
}

#[test]
fn errors_that_panic_when_they_are_told_or_dropped() {
    let _alone = alone();
    for place in ["report", "drop_error"] {
        let calls: [fn(&State) -> bool; 5] = [
            |state| try_open(state, c"refuse").1 == abi::FAILURE,
            |state| {
                let batch = open(state, c"10").next();
                batch.rc == abi::FAILURE && batch.events.len() == 3
            },
            |state| parse(state, 1, &crate::common::plugin_event(1, 999, b"")) == abi::FAILURE,
            |state| set_config(state, c"refuse") == abi::FAILURE,
            |state| {
                let inspector = Inspector::new();
                inspector.refuse(b"no\0");
                inspector.dump(state) == abi::FAILURE
            },
        ];
        for (number, call) in calls.iter().enumerate() {
            let state = State::init(&c(place));
            assert!(call(&state), "{place}: call {number}");
            let text = tells(&state, place, "as asked");
            refuses_all(&state, &text);
            drop(state);
            assert_eq!(alive(), [0; 4], "{place}: call {number}");
        }
    }
    let state = State::try_init(c"report_init");
    assert_eq!(state.rc, abi::FAILURE);
    tells(&state, "report", "as asked");
    drop(state);
    assert_eq!(alive(), [0; 4]);
}

#[test]
fn a_broken_state_gives_back_what_it_has_open_and_begun() {
    let _alone = alone();
    let state = State::init(c"parse");
    let inspector = Inspector::new();
    let pool = Pool::with(2);
    assert_eq!((inspector.set(&state), pool.pool.open(&state)), (abi::SUCCESS, abi::SUCCESS));
    let instance = open(&state, c"10");
    while alive()[3] == 0 {
        std::thread::yield_now();
    }
    assert_eq!(parse(&state, 1, &event(1)), abi::FAILURE);
    let text = tells(&state, "parse", "as asked");
    // The routine leaves, the handler may be taken back: the thread is joined, and the instance closed.
    assert_eq!(instance.next().rc, abi::FAILURE);
    assert_eq!((inspector.unset(&state), pool.pool.close(&state)), (abi::SUCCESS, abi::SUCCESS));
    pool.pool.purge();
    assert_eq!(alive(), [1, 1, 1, 0]);
    drop(instance);
    assert_eq!(alive(), [1, 0, 1, 0]);
    assert_eq!(state.last_error(), text);
    // A thread that no NULL handler has ended is ended by destroy.
    let other = State::init(c"field");
    assert_eq!(inspector.set(&other), abi::SUCCESS);
    assert_eq!(extract(&other, 1, &event(1), &[ask(0)]).rc, abi::FAILURE);
    drop((state, other));
    assert_eq!(alive(), [0; 4]);
}

#[test]
fn a_panic_of_another_thread_breaks_the_state_during_a_call() {
    let _alone = alone();
    let state = State::init(c"metrics");
    let instance = open(&state, c"100000");
    let address = state.ptr.expose_provenance();
    std::thread::scope(|scope| {
        scope.spawn(move || assert!(metrics(std::ptr::with_exposed_provenance_mut(address)).is_empty()));
        while instance.next().rc != abi::FAILURE {}
    });
    tells(&state, "metrics", "as asked");
}

#[test]
#[ignore = "it ends its process: a test of `process` runs it"]
fn ends_the_process() {
    let _never = list_open_params(&State::init(c"twice"));
}
