// SPDX-License-Identifier: Apache-2.0
//! The gate of async events as a model that loom runs in every order of its threads' steps, with the orderings of the
//! real code: `src/gate.rs` and the `spin::RwLock` in it (`try_read`, `write` and their guards' drops).
//!
//! The host is a cell: a call reads it, and the host's end writes it, so that loom fails where one meets the other.
//! The models whose orderings are too weak, or that leave a check out, must fail: they show that the model can see it.
#![expect(unsafe_code, reason = "loom's cells are reached as the core's are")]
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use loom::thread;

/// `spin::RwLock`'s bits: one writer, or so many readers.
const WRITER: usize = 1;
const READER: usize = 4;

/// What a model leaves out or weakens; `REAL` is the code.
#[derive(Clone, Copy)]
struct Rules {
    acquire: Ordering,
    release: Ordering,
    first_check: bool,
    second_check: bool,
    /// Whether `shut` takes the lock, which waits for readers.
    lock: bool,
}

const REAL: Rules =
    Rules { acquire: Ordering::Acquire, release: Ordering::Release, first_check: true, second_check: true, lock: true };

/// `Gate<W>`, where a way is the number of a host.
struct Gate {
    ticket: AtomicU64,
    lock: AtomicUsize,
    way: UnsafeCell<Option<usize>>,
    rules: Rules,
}

impl Gate {
    fn new(rules: Rules) -> Self {
        Self { ticket: AtomicU64::new(0), lock: AtomicUsize::new(0), way: UnsafeCell::new(None), rules }
    }

    /// `*self.way.write() = way`.
    fn write(&self, way: Option<usize>) {
        if self.rules.lock {
            while self.lock.compare_exchange_weak(0, WRITER, self.rules.acquire, Ordering::Relaxed).is_err() {
                thread::yield_now();
            }
        }
        // SAFETY: none needed of the model: loom fails where another thread reaches the cell at once.
        self.way.with_mut(|place| unsafe { *place = way });
        if self.rules.lock {
            self.lock.fetch_and(!WRITER, self.rules.release);
        }
    }

    /// `Gate::open`.
    fn open(&self, way: usize) -> u64 {
        let ticket = self.ticket.fetch_add(1, Ordering::Relaxed) + 1;
        self.write(Some(way));
        ticket
    }

    /// `Gate::shut`.
    fn shut(&self) {
        self.ticket.fetch_add(1, Ordering::Relaxed);
        self.write(None);
    }

    fn is_over(&self, ticket: u64) -> bool {
        self.ticket.load(Ordering::Relaxed) != ticket
    }

    /// `Gate::enter`.
    fn enter<R>(&self, ticket: u64, call: impl FnOnce(usize) -> R) -> Option<R> {
        if self.rules.first_check && self.is_over(ticket) {
            return None;
        }
        if self.lock.fetch_add(READER, self.rules.acquire) & WRITER != 0 {
            self.lock.fetch_sub(READER, self.rules.release);
            return None;
        }
        let result = if self.rules.second_check && self.is_over(ticket) {
            None
        } else {
            // SAFETY: as in `write`.
            self.way.with(|way| unsafe { *way }).map(call)
        };
        self.lock.fetch_sub(READER, self.rules.release);
        result
    }
}

/// A host: alive until its capture ends. One that is called later, or at that moment, is a race that loom sees.
#[derive(Default)]
struct Host {
    alive: UnsafeCell<bool>,
    calls: AtomicU64,
}

impl Host {
    /// The handler: the host is there.
    fn call(&self) {
        // SAFETY: as in `Gate::write`.
        assert!(self.alive.with(|alive| unsafe { *alive }), "a host that is gone was called");
        self.calls.fetch_add(1, Ordering::Relaxed);
        thread::yield_now();
        // SAFETY: as above.
        assert!(self.alive.with(|alive| unsafe { *alive }), "a host went under a call");
    }

    fn set_alive(&self, now: bool) {
        // SAFETY: as in `Gate::write`.
        self.alive.with_mut(|alive| unsafe { *alive = now });
    }
}

struct World {
    gate: Gate,
    hosts: [Host; 2],
}

/// Two threads emit with the first capture's ticket, while it ends, and, if `reopens`, another one begins, whose host is
/// another. How often each was called.
fn capture(rules: Rules, reopens: bool) -> impl Fn() + Sync + Send + 'static {
    move || {
        let world = Arc::new(World { gate: Gate::new(rules), hosts: [Host::default(), Host::default()] });
        world.hosts[0].set_alive(true);
        let ticket = world.gate.open(0);
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let world = world.clone();
                thread::spawn(move || world.gate.enter(ticket, |host| world.hosts[host].call()).is_some())
            })
            .collect();

        world.gate.shut();
        world.hosts[0].set_alive(false); // the NULL handler has returned
        assert!(world.gate.is_over(ticket));
        assert!(world.gate.enter(ticket, |_| ()).is_none());
        if reopens {
            world.hosts[1].set_alive(true);
            let next = world.gate.open(1);
            // Nobody holds a lock for long: the new capture's own emitter is let in.
            assert!(world.gate.enter(next, |host| assert_eq!(host, 1)).is_some());
            world.gate.shut();
            world.hosts[1].set_alive(false);
        }
        let entered: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        let entered = entered.into_iter().filter(|entered| *entered).count() as u64;
        assert_eq!(world.hosts[1].calls.load(Ordering::Relaxed), 0, "an old ticket called the new host");
        assert_eq!(world.hosts[0].calls.load(Ordering::Relaxed), entered);
    }
}

fn check(rules: Rules, reopens: bool) {
    let mut limits = loom::model::Builder::new();
    limits.preemption_bound = Some(if reopens { 2 } else { 3 });
    limits.check(capture(rules, reopens));
}

#[test]
fn host_7_3_after_shut_no_call_is_under_way_and_none_begins() {
    check(REAL, false);
}

#[test]
fn reopening_does_not_wake_an_old_ticket() {
    check(REAL, true);
}

#[test]
fn the_first_check_is_for_speed_only() {
    check(Rules { first_check: false, ..REAL }, true);
}

#[test]
#[should_panic(expected = "an old ticket called the new host")]
fn without_the_second_check_an_old_ticket_calls_the_new_host() {
    check(Rules { second_check: false, ..REAL }, true);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn a_lock_without_acquire_is_seen_to_race() {
    check(Rules { acquire: Ordering::Relaxed, ..REAL }, false);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn a_lock_without_release_is_seen_to_race() {
    check(Rules { release: Ordering::Relaxed, ..REAL }, false);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn a_shut_that_does_not_wait_is_seen_to_race() {
    check(Rules { lock: false, ..REAL }, false);
}
