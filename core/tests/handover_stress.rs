// SPDX-License-Identifier: Apache-2.0
//! Leases, hand-over and return between two producers, two pools and a host: no event is lost, doubled or torn.
//!
//! All that threads share here is the pools, two queues and two counters, none of it precompiled in std, so that
//! ThreadSanitizer sees all of it without a std of its own:
//!
//! ```text
//! echo race:test::event::CompletedTest > /tmp/suppressions # libtest's own channel, in the precompiled std
//! TSAN_OPTIONS=suppressions=/tmp/suppressions RUSTFLAGS="-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer" \
//!     cargo +nightly test -p falconet --test handover_stress --target x86_64-unknown-linux-gnu
//! ```
#![expect(unsafe_code, reason = "lent events are read by pointer, as a host does")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail as tests do")]

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use falconet::batch::{Limits, Push};
use falconet::{Event, Lease, Pool, Timestamp};
use spin::Mutex;

/// The producers' pool, and the instance's with one batch more than it has instances.
static PRODUCERS: Pool<3, 8, 1024> = Pool::new();
static SOURCE: Pool<2, 8, 1024> = Pool::new();

/// Batches on their way to the host, and back.
static FILLED: Mutex<VecDeque<Lease>> = Mutex::new(VecDeque::new());
static EMPTY: Mutex<VecDeque<Lease>> = Mutex::new(VecDeque::new());

/// Of one producer.
const EVENTS: u64 = 50_000;
const LIMITS: Limits = Limits::new(999, 128);

/// Producers that are done.
static DONE: AtomicU64 = AtomicU64::new(0);

/// The event's number and its producer, over and over.
fn payload(producer: u64, number: u64) -> Vec<u8> {
    let words = usize::try_from(1 + number % 16).unwrap();
    (number << 1 | producer).to_le_bytes().repeat(words)
}

fn produce(producer: u64) {
    let mut made = 0;
    while made < EVENTS {
        // A batch that came back, or one of either pool: whichever is free, the host's pool too.
        let free = EMPTY.lock().pop_front();
        let free = free.or_else(|| PRODUCERS.lease().ok()).or_else(|| SOURCE.lease().ok());
        let Some(mut lease) = free else {
            thread::yield_now();
            continue;
        };
        let mut batch = lease.fill(LIMITS);
        let mut events = 1 + made % 8;
        while events > 0 && made < EVENTS {
            match made % 3 {
                0 => drop(batch.claim()), // rolled back
                _ => events -= 1,
            }
            if batch.push(Timestamp::from_nanos(made), &payload(producer, made)) != Ok(Push::Committed) {
                break; // full
            }
            made += 1;
        }
        FILLED.lock().push_back(lease);
    }
    DONE.fetch_add(1, Ordering::Release);
}

/// Reads what is lent, as a host does; twice, for it must not change in between.
fn read(own: &mut Lease) -> Vec<(u64, u64)> {
    let (events, count) = own.lend();
    let look = || -> Vec<(u64, u64)> {
        (0..count as usize)
            .map(|i| {
                // SAFETY: lent until the next `next_batch`.
                let event = unsafe { Event::from_ptr(*events.add(i)) }.unwrap();
                let word = u64::from_le_bytes(event.payload().first_chunk().copied().unwrap());
                let (producer, number) = (word & 1, word >> 1);
                assert_eq!(event.payload(), payload(producer, number), "torn");
                assert_eq!(event.timestamp().nanos(), Some(number));
                (producer, number)
            })
            .collect()
    };
    let first = look();
    thread::yield_now();
    assert_eq!(look(), first);
    first
}

/// An instance's `next_batch`, called until the producers are done; what the host has read.
fn consume() -> Vec<(u64, u64)> {
    let mut own = SOURCE.lease().expect("the instance's own batch");
    let mut all = Vec::new();
    loop {
        let done = DONE.load(Ordering::Acquire) == 2;
        let filled = FILLED.lock().pop_front();
        let mut batch = own.fill(LIMITS); // the batch before is not the host's any more
        match filled {
            Some(filled) => {
                let empty = batch.hand_over(filled).expect("an empty batch takes another");
                EMPTY.lock().push_back(empty);
                all.extend(read(&mut own));
            }
            None if done => return all,
            None => thread::yield_now(),
        }
    }
}

#[test]
fn two_producers_two_pools_one_instance() {
    let host = thread::spawn(consume);
    while SOURCE.free() == 2 {
        thread::yield_now(); // until the instance has its own
    }
    let producers = [thread::spawn(|| produce(0)), thread::spawn(|| produce(1))];
    for producer in producers {
        producer.join().unwrap();
    }
    let mut all = host.join().unwrap();
    all.sort_unstable();
    let expected: Vec<_> = (0..2).flat_map(|producer| (0..EVENTS).map(move |number| (producer, number))).collect();
    assert!(all == expected, "{} of {} events, or not each once", all.len(), expected.len());
    assert!(FILLED.lock().is_empty());
    EMPTY.lock().clear();
    assert_eq!((PRODUCERS.free(), SOURCE.free()), (3, 2));
}
