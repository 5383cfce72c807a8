// SPDX-License-Identifier: Apache-2.0
//! Events that other threads push: order, flush time, overflow, ends, close.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::time::{Duration, Instant};

use falconet_std::sources::{Config, Overflow, PushError, Pusher, Taken};
use falconet_std::{Error, Timestamp, abi};

use crate::common::source::*;
use crate::common::*;
use crate::plugin::{stream, watch};

const HOST: Timestamp = Timestamp::HOST;
/// Longer than any test.
const LONG: Duration = Duration::from_secs(3600);

/// One test at a time counts threads and has the one watch.
static SERIAL: Mutex<()> = Mutex::new(());

/// Threads of this process whose name the plugin gave.
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task")
        .unwrap()
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .filter(|name| ["producer", "sleeper", "panics", "fails"].contains(&name.trim()))
        .count()
}

/// All events up to the end.
fn rest(instance: &Instance<'_>) -> (Vec<Vec<u8>>, abi::Rc) {
    let mut events = Vec::new();
    loop {
        let batch = instance.next();
        events.extend(batch.events.iter().map(|event| event[38..].to_vec()));
        if batch.rc != abi::SUCCESS && batch.rc != abi::TIMEOUT {
            return (events, batch.rc);
        }
    }
}

#[test]
fn every_event_of_every_producer_arrives_once_in_its_order() {
    let _serial = SERIAL.lock().unwrap_or_else(PoisonError::into_inner);
    let state = State::init(c"");
    let instance = open(&state, c"threads:900");
    let mut next = [0_u64; 3];
    let (events, rc) = rest(&instance);
    for event in events {
        let (producer, number) = (event[0], u64::from_le_bytes(event[1..9].try_into().unwrap()));
        assert_eq!(event.len(), 9 + usize::try_from(number * 7 % 50).unwrap());
        assert!(event[9..].iter().all(|byte| *byte == producer), "torn");
        assert_eq!(std::mem::replace(&mut next[usize::from(producer)], number + 1), number);
    }
    assert_eq!((rc, next), (abi::EOF, [900; 3]));
    assert_eq!(instance.next().rc, abi::EOF); // rule 4.6
    let counts = watch().counts();
    assert_eq!((counts.taken, counts.delivered, counts.discarded), (2700, 2700, 0));
    drop(instance);
    assert_eq!(threads(), 0);
}

#[test]
fn a_close_ends_producers_that_wait_and_joins_them() {
    let _serial = SERIAL.lock().unwrap_or_else(PoisonError::into_inner);
    for calls in 0..12 {
        let state = State::init(c"");
        let instance = open(&state, c"threads:1000000");
        (0..calls).for_each(|_| drop(instance.next()));
        assert_eq!(threads(), 4);
        let begun = Instant::now();
        if calls % 2 == 0 {
            drop(instance);
        } else {
            std::mem::forget(instance); // destroy closes what is open
            drop(state);
        }
        assert_eq!(threads(), 0);
        assert!(begun.elapsed() < Duration::from_secs(10));
        let counts = watch().counts();
        assert_eq!(counts.taken, counts.delivered + counts.discarded);
    }
}

#[test]
fn what_ends_a_thread_ends_the_capture_behind_its_events() {
    let _serial = SERIAL.lock().unwrap_or_else(PoisonError::into_inner);
    for (how, events, message) in [("threads:error", 20, "as asked"), ("threads:panic", 1, "thread panics: as asked")] {
        let state = State::init(c"");
        let instance = open(&state, &c(how));
        let (payloads, rc) = rest(&instance);
        assert_eq!((payloads.len(), rc), (events, abi::FAILURE));
        assert!(state.last_error().contains(message), "{}", state.last_error());
    }
    assert_eq!(threads(), 0);
}

#[test]
fn a_batch_is_handed_over_when_it_is_full_or_its_time_is_over() {
    let state = State::init(c"");
    let flush = Duration::from_millis(60);
    let pusher = stream("flush", Config::new().flush(flush));
    let instance = open(&state, c"push:flush");
    let begun = Instant::now();
    pusher.push(HOST, b"alone").unwrap();
    let mut calls = 1;
    while instance.next().events.is_empty() {
        calls += 1;
    }
    assert!(begun.elapsed() >= flush && calls < 10, "{:?}, {calls}", begun.elapsed());
    (0..8).for_each(|_| assert_eq!(pusher.push(HOST, b"one of 8").unwrap(), Taken::Whole));
    let begun = Instant::now();
    assert_eq!(instance.next().events.len(), 8);
    assert!(begun.elapsed() < flush);
    // Nothing: asleep as long as it may be, and no longer.
    let begun = Instant::now();
    assert_eq!(instance.next().rc, abi::TIMEOUT);
    assert!((90..2000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    // Asleep when the event comes.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(20));
            (0..8).for_each(|_| assert_eq!(pusher.push(HOST, b"wakes").unwrap(), Taken::Whole));
        });
        assert_eq!(instance.next().events.len(), 8);
    });
}

#[test]
fn without_a_flush_time_the_host_gets_what_there_is() {
    let state = State::init(c"");
    let pusher = stream("at once", Config::new().flush(Duration::ZERO).idle(Duration::ZERO));
    let instance = open(&state, c"push:at once");
    for n in 0..20_u8 {
        assert_eq!(instance.next().rc, abi::TIMEOUT);
        pusher.push(n.into_ts(), &[n]).unwrap();
        let batch = instance.next();
        assert_eq!((batch.rc, batch.events.len(), batch.events[0][38]), (abi::SUCCESS, 1, n));
        assert_eq!(u64::from_ne_bytes(batch.events[0][..8].try_into().unwrap()), u64::from(n));
    }
    drop(pusher);
    assert_eq!(instance.next().rc, abi::EOF);
}

trait IntoTs {
    fn into_ts(self) -> Timestamp;
}

impl IntoTs for u8 {
    fn into_ts(self) -> Timestamp {
        Timestamp::from_nanos(u64::from(self))
    }
}

/// Pushes until there is no room.
fn fill(pusher: &Pusher) -> u64 {
    let mut taken = 0;
    while pusher.try_push(HOST, b"x").is_ok() {
        taken += 1;
    }
    taken
}

#[test]
fn a_full_queue_refuses_or_drops_and_counts() {
    let state = State::init(c"");
    let pusher = stream("full", Config::new().batches(3).overflow(Overflow::Drop).flush(LONG));
    let instance = open(&state, c"push:full");
    assert_eq!(fill(&pusher), 3 * 8);
    assert_eq!(pusher.push(HOST, b"lost").unwrap(), Taken::Dropped);
    assert_eq!(pusher.push_with(HOST, |_| -> Result<(), Error2> { panic!("not called") }).unwrap(), Taken::Dropped);
    assert_eq!(pusher.push_all([(HOST, &b"a"[..]), (HOST, b"b")]).unwrap(), Taken::Dropped);
    assert!(matches!(pusher.try_push_with(HOST, |_| Ok::<_, Error2>(())), Err(PushError::Full)));
    let counts = pusher.counts();
    assert_eq!((counts.taken, counts.dropped, counts.refused), (24, 4, 2));
    // The host has one from now on, and gives none back yet.
    assert_eq!(instance.next().events.len(), 8);
    assert_eq!(fill(&pusher), 0);
    assert_eq!(instance.next().events.len(), 8);
    assert_eq!(fill(&pusher), 8);
    pusher.finish();
    assert!(matches!(pusher.push(HOST, b"late"), Err(PushError::Closed)));
    let (events, rc) = rest(&instance);
    assert_eq!((events.len(), rc, pusher.counts().delivered), (16, abi::EOF, 32));
}

type Error2 = std::fmt::Error;

#[test]
fn one_who_waits_is_let_in_one_after_another() {
    let state = State::init(c"");
    let pusher = stream("wait", Config::new().batches(2).flush(LONG));
    let instance = open(&state, c"push:wait");
    assert_eq!(fill(&pusher), 16);
    let begin = Arc::new(Barrier::new(4));
    let producers: Vec<_> = (0..3_u8)
        .map(|producer| {
            let (pusher, begin) = (pusher.clone(), Arc::clone(&begin));
            std::thread::spawn(move || {
                begin.wait();
                (0..100_u8).for_each(|n| assert_eq!(pusher.push(HOST, &[producer, n]).unwrap(), Taken::Whole));
            })
        })
        .collect();
    drop(pusher);
    begin.wait();
    let (events, rc) = rest(&instance);
    producers.into_iter().for_each(|producer| producer.join().unwrap());
    assert_eq!((events.len(), rc), (316, abi::EOF));
    for producer in 0..3 {
        let of: Vec<_> = events[16..].iter().filter(|event| event[0] == producer).map(|event| event[1]).collect();
        assert_eq!(of, (0..100).collect::<Vec<_>>());
    }
}

#[test]
fn a_failure_comes_behind_the_events_and_the_first_end_counts() {
    let state = State::init(c"");
    let pusher = stream("fails", Config::new().flush(LONG));
    let instance = open(&state, c"push:fails");
    (0..11).for_each(|_| assert_eq!(pusher.push(HOST, b"before").unwrap(), Taken::Whole));
    pusher.fail(Error::new("the socket is gone"));
    pusher.fail(Error::new("not this one"));
    pusher.finish();
    assert!(pusher.is_closed());
    let (events, rc) = rest(&instance);
    assert_eq!((events.len(), rc), (11, abi::FAILURE));
    assert_eq!(state.last_error(), "the socket is gone");
    assert_eq!(instance.next().rc, abi::EOF);
}

#[test]
fn at_close_what_is_left_is_counted_and_producers_are_told() {
    let state = State::init(c"");
    let pusher = stream("close", Config::new().batches(4).flush(LONG));
    let instance = open(&state, c"push:close");
    (0..12).for_each(|_| assert_eq!(pusher.push(HOST, b"x").unwrap(), Taken::Whole));
    assert_eq!(instance.next().events.len(), 8);
    let blocked = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let ended = loop {
                    match pusher.push(HOST, b"more") {
                        Ok(_) => {}
                        Err(error) => break error,
                    }
                };
                assert!(matches!(ended, PushError::Closed));
                blocked.fetch_add(1, Ordering::Relaxed);
            });
        }
        std::thread::sleep(Duration::from_millis(20));
        drop(instance);
    });
    assert_eq!(blocked.into_inner(), 3);
    let counts = pusher.counts();
    assert_eq!((counts.taken, counts.delivered, counts.discarded), (8 + 24, 8, 24));
    assert!(matches!(pusher.try_push_all([(HOST, &b"a"[..])]), Err(PushError::Closed)));
}

#[test]
fn oversized_events_are_skipped_or_grow() {
    let state = State::init(c"");
    let pusher = stream("large", Config::new().batches(2).grow_to(10_000).flush(LONG));
    let instance = open(&state, c"push:large");
    assert_eq!(pusher.push(HOST, &[1; 64]).unwrap(), Taken::Whole);
    assert_eq!(pusher.push(HOST, &[2; 10_000]).unwrap(), Taken::Whole);
    assert_eq!(pusher.push(HOST, &[3; 10_001]).unwrap(), Taken::Skipped);
    assert_eq!(pusher.push(HOST, &[4; 65]).unwrap(), Taken::Whole);
    assert!(matches!(pusher.try_push(HOST, &[5; 65]), Err(PushError::Full)), "as many as batches");
    let full = pusher.push_with(HOST, |payload| payload.write_all(&[6; 65])).unwrap_err();
    assert_eq!((full.to_string().as_str(), pusher.counts().skipped), ("writing an event", 1));
    assert_eq!(pusher.push(HOST, &[7]).unwrap(), Taken::Whole);
    pusher.finish();
    let (events, rc) = rest(&instance);
    let lens: Vec<_> = events.iter().map(|event| (event[0], event.len())).collect();
    assert_eq!((lens, rc), (vec![(1, 64), (2, 10_000), (4, 65), (7, 1)], abi::EOF));

    let pusher = stream("larger", Config::new().batches(2).grow_to(10_000));
    let instance = open(&state, c"push:larger");
    for _ in 0..5 {
        assert_eq!(pusher.try_push(HOST, &[8; 9_000]).unwrap(), Taken::Whole);
        assert_eq!(instance.next().events[0].len(), 9_038);
    }
}

#[test]
fn a_writer_that_panics_harms_nobody() {
    let state = State::init(c"");
    let pusher = stream("panic", Config::new());
    let instance = open(&state, c"push:panic");
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        pusher.push_with(HOST, |payload| -> Result<(), Error2> {
            payload.write_all(b"never seen").unwrap();
            std::panic::resume_unwind(Box::new("in the middle"))
        })
    }));
    assert!(panicked.is_err());
    pusher.push(HOST, b"seen").unwrap();
    drop(pusher);
    assert_eq!(rest(&instance), (vec![b"seen".to_vec()], abi::EOF));
}

#[test]
fn neither_side_allocates() {
    crate::counting::assert_that_it_counts();
    let state = State::init(c"");
    let pusher = stream("frugal", Config::new().batches(3).flush(Duration::ZERO));
    let instance = open(&state, c"push:frugal");
    let round = || {
        for n in 0..11_u8 {
            pusher.try_push(HOST, &[n; 20]).unwrap();
        }
        pusher.try_push_with(HOST, |payload| payload.write_all(b"in place")).unwrap();
        pusher.try_push_all([(HOST, &b"a"[..]), (HOST, b"b")]).unwrap();
        (0..2).map(|_| raw_next(state.ptr, instance.ptr).1).sum::<u32>()
    };
    assert_eq!((round(), round()), (14, 14)); // the instance's first own batch goes back here
    for _ in 0..100 {
        assert_eq!(crate::counting::frugal(round), 14);
    }
}
