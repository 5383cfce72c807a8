// SPDX-License-Identifier: Apache-2.0
//! Lease, hand-over and return as a model that loom runs in every order of its threads' steps, with the orderings of
//! the real code: a slot's flag is taken with a compare-exchange (acquire, as `spin::Mutex::try_lock`) and given back
//! with a store (release, as its guard's drop). The batch's memory is a cell in which loom sees every race.
//!
//! The models whose orderings are too weak must fail: they show that the model can see it.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::VecDeque;

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;

/// `Pool`: batches of one event each, its number; 0 is none.
struct Pool {
    slots: Vec<Slot>,
    acquire: Ordering,
    release: Ordering,
}

struct Slot {
    leased: AtomicBool,
    event: UnsafeCell<u32>,
}

/// `Lease`: the memory of its slot is its alone.
struct Lease {
    pool: Arc<Pool>,
    index: usize,
}

/// Where batches wait, with the orderings of any queue.
type Queue = Mutex<VecDeque<Lease>>;

impl Pool {
    fn new(slots: usize, acquire: Ordering, release: Ordering) -> Arc<Self> {
        let slot = |_| Slot { leased: AtomicBool::new(false), event: UnsafeCell::new(0) };
        Arc::new(Self { slots: (0..slots).map(slot).collect(), acquire, release })
    }

    /// `Pool::lease`: a try, never a wait.
    fn lease(pool: &Arc<Self>) -> Option<Lease> {
        let taken = |slot: &Slot| slot.leased.compare_exchange(false, true, pool.acquire, Ordering::Relaxed).is_ok();
        let index = pool.slots.iter().position(taken)?;
        Some(Lease { pool: pool.clone(), index })
    }

    /// `Pool::free`.
    fn free(&self) -> usize {
        self.slots.iter().filter(|slot| !slot.leased.load(Ordering::Relaxed)).count()
    }
}

impl Lease {
    fn slot(&self) -> &Slot {
        self.pool.slots.get(self.index).unwrap()
    }

    /// `Lease::fill`, and a commit. The batch is not the host's while it is filled.
    #[expect(unsafe_code, reason = "loom's cells are reached as the core's are")]
    fn fill(&mut self, event: u32) {
        // SAFETY: none needed of the model: loom fails where another thread reaches the cell at once.
        self.slot().event.with_mut(|place| unsafe { *place = event });
    }

    /// What the host reads of what it is lent.
    #[expect(unsafe_code, reason = "loom's cells are reached as the core's are")]
    fn read(&self) -> u32 {
        // SAFETY: as in `fill`.
        self.slot().event.with(|place| unsafe { *place })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.slot().leased.store(false, self.pool.release);
    }
}

/// A producer: fills batches, its own or such as came back, and sends them whole. How many it sent.
fn produce(pool: &Arc<Pool>, filled: &Queue, empty: &Queue, events: std::ops::Range<u32>) -> Vec<u32> {
    events
        .filter(|event| {
            let returned = empty.lock().unwrap().pop_front();
            let Some(mut lease) = returned.or_else(|| Pool::lease(pool)) else { return false };
            lease.fill(*event);
            filled.lock().unwrap().push_back(lease);
            true
        })
        .collect()
}

/// An instance and its host: each `next_batch` hands over what is there, then the host reads until the next one.
struct Instance {
    own: Lease,
}

impl Instance {
    fn next_batch(&mut self, filled: &Queue, empty: Option<&Queue>) -> Option<u32> {
        let next = filled.lock().unwrap().pop_front()?;
        // `Batch::hand_over`: what was lent until this call is given back, to be filled or to its pool.
        let own = std::mem::replace(&mut self.own, next);
        match empty {
            Some(empty) => empty.lock().unwrap().push_back(own),
            None => drop(own),
        }
        let first = self.own.read();
        thread::yield_now(); // the host takes its time
        assert_eq!(self.own.read(), first, "a lent batch was touched");
        Some(first)
    }
}

/// Two producers and an instance; every event that was sent is read once, or still waits, and all slots are free.
fn two_producers(slots: usize, gives_back: bool, acquire: Ordering, release: Ordering) {
    let mut limits = loom::model::Builder::new();
    limits.preemption_bound = Some(3);
    limits.check(move || {
        let pool = Pool::new(slots, acquire, release);
        let (filled, empty) = (Arc::new(Queue::default()), Arc::new(Queue::default()));
        let mut instance = Instance { own: Pool::lease(&pool).unwrap() };

        let producers: Vec<_> = [1..3, 11..12]
            .into_iter()
            .map(|events| {
                let (pool, filled, empty) = (pool.clone(), filled.clone(), empty.clone());
                thread::spawn(move || produce(&pool, &filled, &empty, events))
            })
            .collect();
        let to_fill = gives_back.then_some(&*empty);
        let mut read: Vec<_> = (0..2).filter_map(|_| instance.next_batch(&filled, to_fill)).collect();
        let mut sent: Vec<_> = producers.into_iter().flat_map(|producer| producer.join().unwrap()).collect();
        while let Some(event) = instance.next_batch(&filled, to_fill) {
            read.push(event);
        }
        read.sort_unstable();
        sent.sort_unstable();
        assert_eq!(read, sent);

        drop(instance);
        empty.lock().unwrap().clear();
        assert_eq!(pool.free(), slots);
    });
}

#[test]
fn handed_over_and_dropped() {
    two_producers(2, false, Ordering::Acquire, Ordering::Release);
}

#[test]
fn handed_over_and_filled_again() {
    two_producers(2, true, Ordering::Acquire, Ordering::Release);
}

#[test]
fn as_many_batches_as_threads() {
    two_producers(3, true, Ordering::Acquire, Ordering::Release);
}

#[test]
fn a_close_gives_back_what_producers_wait_for() {
    loom::model(|| {
        let pool = Pool::new(1, Ordering::Acquire, Ordering::Release);
        let mut own = Pool::lease(&pool).unwrap();
        own.fill(7);
        let producer = {
            let pool = pool.clone();
            thread::spawn(move || Pool::lease(&pool).map(|mut lease| lease.fill(8)).is_some())
        };
        assert_eq!(own.read(), 7, "lent until the close");
        drop(own);
        let _either = producer.join().unwrap();
        assert_eq!(pool.free(), 1);
        assert!(matches!(Pool::lease(&pool).unwrap().read(), 7 | 8));
    });
}

#[test]
#[should_panic(expected = "Causality violation")]
fn a_lease_without_acquire_is_seen_to_race() {
    two_producers(2, false, Ordering::Relaxed, Ordering::Release);
}

#[test]
#[should_panic(expected = "Causality violation")]
fn a_return_without_release_is_seen_to_race() {
    two_producers(2, false, Ordering::Acquire, Ordering::Relaxed);
}
