// SPDX-License-Identifier: Apache-2.0
//! The gate of async events and of the log as a model that loom runs in every order of its threads' steps, with the
//! orderings of the real code, `src/gate.rs`.
//!
//! The host is a cell: a call reads it, and the host's end writes it, so that loom fails where one meets the other.
//! The models whose orderings are too weak, or that leave a check out, must fail: they show that the model can see it.
#![expect(unsafe_code, reason = "loom's cells are reached as the core's are")]
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use loom::thread;

/// What a model leaves out or weakens; `REAL` is the code.
#[derive(Clone, Copy)]
struct Rules {
    acquire: Ordering,
    both: Ordering,
    release: Ordering,
    first_check: bool,
    second_check: bool,
    /// Whether `shut` waits for callers.
    waits: bool,
    /// Whether `shut` reads the callers by a change of nothing.
    reads_by_change: bool,
}

const REAL: Rules = Rules {
    acquire: Ordering::Acquire,
    both: Ordering::AcqRel,
    release: Ordering::Release,
    first_check: true,
    second_check: true,
    waits: true,
    reads_by_change: true,
};

/// `Gate<W>`, where a way is the number of a host.
struct Gate {
    ticket: AtomicU64,
    callers: AtomicUsize,
    way: UnsafeCell<Option<usize>>,
    rules: Rules,
}

impl Gate {
    fn new(rules: Rules) -> Self {
        Self { ticket: AtomicU64::new(0), callers: AtomicUsize::new(0), way: UnsafeCell::new(None), rules }
    }

    /// `Gate::open`.
    fn open(&self, way: usize) -> u64 {
        // SAFETY: none needed of the model: loom fails where another thread reaches the cell at once.
        self.way.with_mut(|place| unsafe { *place = Some(way) });
        let ticket = self.ticket.load(Ordering::Relaxed) + 1;
        self.ticket.store(ticket, self.rules.release);
        ticket
    }

    /// `Gate::shut`, of an open one.
    fn shut(&self) {
        self.ticket.store(self.ticket.load(Ordering::Relaxed) + 1, self.rules.release);
        if !self.rules.waits {
            return;
        }
        loop {
            let callers = if self.rules.reads_by_change {
                self.callers.fetch_add(0, self.rules.both)
            } else {
                self.callers.load(self.rules.acquire)
            };
            if callers == 0 {
                break;
            }
            thread::yield_now();
        }
    }

    fn is_over(&self, ticket: u64) -> bool {
        self.ticket.load(self.rules.acquire) != ticket
    }

    /// `Gate::enter`.
    fn enter<R>(&self, ticket: u64, call: impl FnOnce(usize) -> R) -> Option<R> {
        if self.rules.first_check && self.is_over(ticket) {
            return None;
        }
        self.callers.fetch_add(1, self.rules.both);
        let result = if self.rules.second_check && self.is_over(ticket) {
            None
        } else {
            // SAFETY: as in `open`.
            self.way.with(|way| unsafe { *way }).map(call)
        };
        self.callers.fetch_sub(1, self.rules.release);
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
        // SAFETY: as in `Gate::open`.
        assert!(self.alive.with(|alive| unsafe { *alive }), "a host that is gone was called");
        self.calls.fetch_add(1, Ordering::Relaxed);
        thread::yield_now();
        // SAFETY: as above.
        assert!(self.alive.with(|alive| unsafe { *alive }), "a host went under a call");
    }

    fn set_alive(&self, now: bool) {
        // SAFETY: as in `Gate::open`.
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

/// Without it a caller that is late calls a host that is gone, or the next one.
#[test]
#[should_panic]
fn without_the_second_check_a_late_caller_is_seen() {
    check(Rules { second_check: false, ..REAL }, true);
}

#[test]
#[should_panic]
fn callers_that_are_only_loaded_may_be_overlooked() {
    check(Rules { reads_by_change: false, ..REAL }, false);
}

#[test]
#[should_panic]
fn orderings_that_are_too_weak_are_seen() {
    check(Rules { both: Ordering::Relaxed, ..REAL }, false);
}

#[test]
#[should_panic]
fn a_caller_that_leaves_without_release_is_seen_to_race() {
    check(Rules { release: Ordering::Relaxed, ..REAL }, false);
}

#[test]
#[should_panic]
fn a_shut_that_does_not_wait_is_seen_to_race() {
    check(Rules { waits: false, ..REAL }, false);
}
