// SPDX-License-Identifier: Apache-2.0
//! What wakes a host that is asleep in `next_batch`: without it the call would end after its 100 ms.

use std::time::{Duration, Instant};

use falconet_std::batch::Limits;
use falconet_std::sources::{self, Config, Pusher, Taken};
use falconet_std::{Next, Timestamp, batches};

use crate::common::source::*;
use crate::common::*;
use crate::plugin::{Tested, stream};

const HOST: Timestamp = Timestamp::HOST;
const LONG: Duration = Duration::from_secs(3600);

/// How many events a call gives, during which `then` is done; the quickest of some, which others' load does not touch.
fn woken(name: &str, config: Config, before: impl Fn(&Pusher, &Instance<'_>), then: impl Fn(Pusher) + Sync) -> usize {
    let state = State::init(c"");
    let mut events = 0;
    for _ in 0..20 {
        let pusher = stream(name, config);
        let instance = open(&state, &c(&format!("push:{name}")));
        before(&pusher, &instance);
        let quick = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(10));
                then(pusher);
            });
            let begun = Instant::now();
            events = instance.next().events.len();
            let quick = begun.elapsed() < Duration::from_millis(80);
            drop(instance); // ends who waits
            quick
        });
        if quick {
            return events;
        }
    }
    usize::MAX
}

fn nothing(_: &Pusher, _: &Instance<'_>) {}

#[test]
fn a_full_batch_does() {
    let config = Config::new().flush(LONG);
    let push = |pusher: Pusher| {
        // At once: the first event alone wakes, too.
        assert_eq!(pusher.push_all([(HOST, &b"x"[..]); 8]).unwrap(), Taken::Whole);
        std::thread::sleep(Duration::from_millis(120));
    };
    assert_eq!(woken("full batch", config, nothing, push), 8);
}

#[test]
fn the_first_event_of_a_batch_does_and_its_time_runs() {
    let config = Config::new().flush(Duration::from_millis(5));
    let push = |pusher: Pusher| {
        pusher.push(HOST, b"x").unwrap();
        std::thread::sleep(Duration::from_millis(120));
    };
    assert_eq!(woken("first event", config, nothing, push), 1);
}

#[test]
fn a_producer_that_waits_for_room_does() {
    let config = Config::new().batches(2).flush(LONG);
    let before = |pusher: &Pusher, instance: &Instance<'_>| {
        (0..8 + 3).for_each(|_| assert_eq!(pusher.push(HOST, b"x").unwrap(), Taken::Whole));
        assert_eq!(instance.next().events.len(), 8);
    };
    let push = |pusher: Pusher| {
        let _taken_or_closed = pusher.push_all((0..5).map(|_| (HOST, &[0; 64][..])));
        std::thread::sleep(Duration::from_millis(120));
    };
    assert_eq!(woken("blocked", config, before, push), 3);
}

#[test]
fn the_end_does() {
    assert_eq!(woken("dropped", Config::new().flush(LONG), nothing, drop), 0);
    let finish = |pusher: Pusher| {
        pusher.finish();
        std::thread::sleep(Duration::from_millis(120));
    };
    assert_eq!(woken("finished", Config::new().flush(LONG), nothing, finish), 0);
}

#[test]
fn what_was_skipped_is_told_with_the_next_batch() {
    let (pusher, mut pushed) = sources::push::<Tested>(Config::new().idle(Duration::ZERO));
    let mut lease = batches::lease(1, 100);
    (0..3).for_each(|_| assert_eq!(pusher.push(HOST, &[0; 65]).unwrap(), Taken::Skipped));
    for skipped in [3, 0] {
        let mut batch = lease.fill(Limits::new(999, 64));
        assert_eq!((pushed.next_batch(&mut batch).unwrap(), batch.skipped()), (Next::Timeout, skipped));
    }
}
