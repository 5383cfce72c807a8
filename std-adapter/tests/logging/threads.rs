// SPDX-License-Identifier: Apache-2.0
//! Lines of several threads: of calls at the same time, and of threads that the plugin has started.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use falconet_std::abi::{LOG_DEBUG, LOG_INFO, LOG_WARNING};
use falconet_std::logging;
use falconet_std::sources::{Stop, Threads};
use falconet_std::task::Task;
use log::{LevelFilter, debug, info, warn};

use crate::routing::log_of;
use crate::{inside, lines, state};

#[test]
fn two_states_on_two_threads_have_a_level_each() {
    let work = |name: &'static str, level: &'static str| {
        thread::spawn(move || {
            let state = state(name, level);
            state.logged();
            for round in 0..200 {
                inside(&state, move || {
                    debug!("{name} {round}");
                    warn!("{name} {round}");
                });
            }
            state.logged()
        })
    };
    let (loud, quiet) = (work("loud", "debug"), work("quiet", "warn"));
    let (loud, quiet) = (loud.join().unwrap(), quiet.join().unwrap());
    assert_eq!((loud.len(), quiet.len()), (400, 200));
    assert!(loud.iter().all(|(_, line)| line.starts_with("loud ")));
    assert!(quiet.iter().all(|(severity, line)| *severity == LOG_WARNING && line.starts_with("quiet ")));
    assert_eq!(loud.iter().filter(|(severity, _)| *severity == LOG_DEBUG).count(), 200);
}

#[test]
fn a_spawned_thread_has_the_log_and_the_level_of_its_state() {
    let (first, other) = (state("first", "info"), state("other", "info"));
    inside(&first, || {
        let mut threads = Threads::new();
        let work = |_: &Stop| {
            debug!("below its level");
            info!("from the thread");
            // And so has what it starts.
            let mut inner = Threads::new();
            inner.spawn("inner", |_| info!("from its thread")).unwrap();
        };
        threads.spawn("outer", work).unwrap();
    });
    assert_eq!(first.logged(), lines([(LOG_INFO, "from the thread"), (LOG_INFO, "from its thread")]));
    assert_eq!(other.logged(), []);
}

#[test]
fn a_task_has_the_log_that_it_was_given() {
    let (given, other) = (state("given", "info"), state("other", "info"));
    let log = log_of(&given);
    inside(&other, move || {
        let (done, told) = channel();
        let task = Task::spawn("task", log, move |_| {
            info!("at work");
            done.send(()).unwrap();
        });
        told.recv().unwrap();
        drop(task.unwrap());
    });
    assert_eq!(given.logged(), lines([(LOG_INFO, "at work")]));
    assert_eq!(other.logged(), []);
}

#[test]
fn a_thread_of_std_has_none_unless_it_is_given_one() {
    let state = state("given", "info");
    let log = log_of(&state);
    inside(&state, move || {
        let dropped = thread::spawn(|| info!("nobody's"));
        dropped.join().unwrap();
        let scoped = thread::spawn(move || {
            logging::scope(log, || info!("in the scope"));
            info!("nobody's again");
        });
        scoped.join().unwrap();
        let adopted = thread::spawn(move || {
            logging::adopt(log);
            info!("adopted");
        });
        adopted.join().unwrap();
    });
    assert_eq!(state.logged(), lines([(LOG_INFO, "in the scope"), (LOG_INFO, "adopted")]));
}

#[test]
fn a_call_on_a_thread_that_was_given_a_log_has_its_own_state() {
    let (given, called) = (state("given", "info"), state("called", "info"));
    let log = log_of(&given);
    let told = thread::spawn(move || {
        logging::adopt(log);
        inside(&called, move || {
            logging::adopt(log); // for what is outside of calls
            info!("in the call");
        });
        info!("outside");
        called.logged()
    });
    assert_eq!(told.join().unwrap(), lines([(LOG_INFO, "in the call")]));
    assert_eq!(given.logged(), lines([(LOG_INFO, "outside")]));
}

#[test]
fn a_thread_that_is_left_behind_says_nothing_more() {
    let first = state("first", "info");
    let (told, lines_of_first) = (channel(), Arc::clone(&first.lines));
    let (go, gone) = channel();
    let (send, receive) = told;
    let (done, set) = channel();
    inside(&first, move || {
        let mut threads = Threads::new();
        let work = move |_: &Stop| {
            info!("at work");
            gone.recv().unwrap();
            info!("too late");
            done.send(logging::set_level(LevelFilter::Trace)).unwrap();
        };
        threads.spawn("left", work).unwrap();
        send.send(threads).unwrap();
    });
    let threads = receive.recv().unwrap();
    drop(first);
    let second = state("second", "info");
    go.send(()).unwrap();
    drop(threads);
    assert!(!set.recv().unwrap());
    let first: Vec<_> = lines_of_first.lock().unwrap().drain(..).collect();
    assert!(first.iter().all(|line| line.1 == "at work"), "{first:?}");
    assert_eq!(second.logged(), []);
}
