// SPDX-License-Identifier: Apache-2.0
//! Groups of events that are taken all or not at all.

use std::time::Duration;

use falconet_std::sources::{Config, PushError, Pusher, Taken};
use falconet_std::{Timestamp, abi};

use crate::common::source::*;
use crate::common::*;
use crate::plugin::stream;

const HOST: Timestamp = Timestamp::HOST;
const LONG: Duration = Duration::from_secs(3600);

fn group(pusher: &Pusher, events: usize, payload: &[u8]) -> Result<Taken, PushError> {
    pusher.try_push_all((0..events).map(|_| (HOST, payload)))
}

#[test]
fn a_group_is_taken_whole_or_refused() {
    let state = State::init(c"");
    let pusher = stream("groups", Config::new().batches(3).flush(LONG));
    let instance = open(&state, c"push:groups");
    pusher.push(HOST, b"x").unwrap();
    // 5 of 64 bytes are a batch, or 4 with the one before.
    assert_eq!(group(&pusher, 5, &[1; 64]).unwrap(), Taken::Whole);
    assert!(matches!(group(&pusher, 10, &[2; 64]), Err(PushError::Full)));
    assert_eq!(pusher.counts().taken, 6);
    assert!(matches!(group(&pusher, 11, &[3; 64]), Err(PushError::TooMany { events: 11, batches: 3 })));
    assert_eq!(group(&pusher, 9, &[4; 64]).unwrap(), Taken::Whole);
    assert!(matches!(group(&pusher, 1, &[5; 64]), Err(PushError::Full)));
    assert_eq!(group(&pusher, 0, b"").unwrap(), Taken::Whole);
    // What can never fit is left out, as with single events.
    let skipped = pusher.push_all([(HOST, &[6; 65][..])]).unwrap();
    assert_eq!((skipped, pusher.counts().skipped, pusher.counts().refused), (Taken::Skipped, 1, 11));
    pusher.finish();
    let mut lens = Vec::new();
    let mut seen = Vec::new();
    loop {
        let batch = instance.next();
        lens.push(batch.events.len());
        seen.extend(batch.events.iter().map(|event| event[38]));
        if batch.rc == abi::EOF {
            break;
        }
    }
    assert_eq!(lens, [5, 5, 5, 0]);
    assert_eq!(seen, [b'x', 1, 1, 1, 1, 1, 4, 4, 4, 4, 4, 4, 4, 4, 4]);
}

#[test]
fn a_group_that_waits_is_not_starved() {
    let state = State::init(c"");
    let pusher = stream("line", Config::new().batches(3).flush(LONG));
    let instance = open(&state, c"push:line");
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let pusher = pusher.clone();
            scope.spawn(move || while pusher.push(HOST, b"s").is_ok() {});
        }
        let other = pusher.clone();
        scope.spawn(move || {
            for _ in 0..50 {
                other.push_all((0..10).map(|_| (HOST, &[b'g'; 64][..]))).unwrap();
            }
            other.finish();
        });
        drop(pusher);
        let (mut run, mut groups) = (0, 0);
        loop {
            let batch = instance.next();
            for payload in batch.payloads() {
                if payload.starts_with('g') {
                    run += 1;
                } else {
                    assert_eq!(run % 10, 0, "an event within a group");
                }
                groups += usize::from(payload.starts_with('g'));
            }
            if batch.rc == abi::EOF {
                break;
            }
        }
        assert_eq!(groups, 500);
    });
}

#[test]
fn groups_may_hold_large_events() {
    let state = State::init(c"");
    let pusher = stream("large groups", Config::new().batches(2).grow_to(1000).flush(LONG));
    let instance = open(&state, c"push:large groups");
    let (small, large) = ([1; 9], [2; 1000]);
    let mixed = [&small[..], &large, &small, &large].map(|payload| (HOST, payload));
    // The host has one of the two batches, when it has one: two small ones with a large one between never fit then.
    assert!(matches!(pusher.try_push_all(mixed), Err(PushError::TooMany { .. })));
    assert_eq!(pusher.try_push_all([mixed[0], mixed[1], mixed[3]]).unwrap(), Taken::Whole);
    assert!(matches!(pusher.try_push_all([mixed[1]]), Err(PushError::Full)));
    drop(pusher);
    let lens: Vec<_> = (0..3).map(|_| instance.next().events[0].len() - 38).collect();
    assert_eq!((lens, instance.next().rc), (vec![9, 1000, 1000], abi::EOF));
}

#[test]
fn a_group_that_waits_is_not_overtaken() {
    let state = State::init(c"");
    let pusher = stream("overtake", Config::new().batches(2).flush(LONG));
    let instance = open(&state, c"push:overtake");
    assert_eq!(group(&pusher, 5, &[1; 64]).unwrap(), Taken::Whole);
    pusher.push(HOST, b"x").unwrap();
    assert_eq!(instance.next().events.len(), 5); // the host has one, the other has room for 4
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| pusher.push_all((0..5).map(|_| (HOST, &[2; 64][..]))));
        while pusher.try_push(HOST, b"x").is_ok() {
            assert!(!waits.is_finished());
            std::thread::sleep(Duration::from_millis(20));
        }
        // Not for want of room: the batch holds 8 of these, and would have been full only after as many.
        assert!(pusher.counts().taken < 6 + 7);
        while !waits.is_finished() {
            let _batch = instance.next();
        }
        assert_eq!(waits.join().unwrap().unwrap(), Taken::Whole);
    });
}
