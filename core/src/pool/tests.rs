// SPDX-License-Identifier: Apache-2.0
//! Leases: counted, given back, sent to other threads.

use std::thread;
use std::vec::Vec;

use super::*;
use crate::Timestamp;
use crate::batch::Push;

fn sent<T: Send>() {}
fn shared<T: Sync>() {}

#[test]
fn leases_are_sent_and_pools_are_shared() {
    sent::<Lease>();
    sent::<Buffer<8>>();
    shared::<Pool<1, 1, 64>>();
    shared::<Scratch<1, 8>>();
}

#[test]
fn a_pool_has_as_many_leases_as_batches() {
    static POOL: Pool<3, 1, 64> = Pool::new();
    for _ in 0..3 {
        let mut leases: Vec<_> =
            (0..3).map(|n| (POOL.free() == 3 - n).then(|| POOL.lease().unwrap()).unwrap()).collect();
        assert_eq!(POOL.lease().err(), Some(NoneFree { slots: 3 }));
        leases.remove(1);
        assert_eq!(POOL.free(), 1);
        leases.push(POOL.lease().unwrap());
        assert_eq!(std::format!("{}", NoneFree { slots: 3 }), "all 3 slots are in use");
    }
    assert_eq!(POOL.free(), 3);
}

#[test]
fn leases_never_share_memory() {
    static POOL: Pool<4, 2, 100> = Pool::new();
    let mut leases: Vec<_> = (0..4).map(|_| POOL.lease().unwrap()).collect();
    for (i, lease) in leases.iter_mut().enumerate() {
        let mut batch = lease.fill(Limits::new(999, 62));
        assert_eq!(batch.push(Timestamp::HOST, &[u8::try_from(i).unwrap(); 62]), Ok(Push::Committed));
    }
    for (i, lease) in leases.iter_mut().enumerate() {
        let (events, count) = lease.lend();
        assert_eq!(count, 1);
        // SAFETY: lent until the lease is filled again or dropped.
        let payload = unsafe { core::slice::from_raw_parts((*events).cast::<u8>().add(38), 62) };
        assert!(payload.iter().all(|byte| usize::from(*byte) == i));
    }
}

#[test]
fn a_lease_is_filled_on_one_thread_lent_on_another_and_given_back_on_a_third() {
    static POOL: Pool<1, 8, 1024> = Pool::new();
    for _ in 0..50 {
        let mut lease = POOL.lease().unwrap();
        let mut lease = thread::spawn(move || {
            assert_eq!(lease.fill(Limits::new(999, 64)).push(Timestamp::HOST, b"sent"), Ok(Push::Committed));
            lease
        })
        .join()
        .unwrap();
        assert_eq!(lease.lend().1, 1);
        thread::spawn(move || drop(lease)).join().unwrap();
        assert_eq!(POOL.free(), 1);
    }
}

#[test]
fn threads_that_lease_at_once_get_batches_of_their_own() {
    static POOL: Pool<2, 4, 512> = Pool::new();
    thread::scope(|scope| {
        for id in 0..4u8 {
            scope.spawn(move || {
                let mut filled = 0;
                while filled < 500 {
                    // A try, never a wait.
                    let Ok(mut lease) = POOL.lease() else {
                        thread::yield_now();
                        continue;
                    };
                    assert_eq!(lease.fill(Limits::new(1, 64)).push(Timestamp::HOST, &[id; 64]), Ok(Push::Committed));
                    // SAFETY: lent until the lease is filled again or dropped.
                    let payload = unsafe { core::slice::from_raw_parts((*lease.lend().0).cast::<u8>().add(38), 64) };
                    assert_eq!(payload, [id; 64]);
                    filled += 1;
                }
            });
        }
    });
    assert_eq!(POOL.free(), 2);
}

#[test]
fn a_pool_is_all_zero_at_its_start() {
    static POOL: Pool<2, 4, 64> = Pool::new();
    // SAFETY: no lease was ever taken, so every byte is as it was made; padding is of a static of zero bytes.
    let bytes = unsafe { core::slice::from_raw_parts((&raw const POOL).cast::<u8>(), size_of_val(&POOL)) };
    assert!(bytes.iter().all(|byte| *byte == 0), "so it lies in .bss");
}

#[test]
fn scratch_buffers_are_leased_one_at_a_time() {
    static SCRATCH: Scratch<2, 16> = Scratch::new();
    let (mut a, b) = (SCRATCH.lease().unwrap(), SCRATCH.lease().unwrap());
    assert_eq!(SCRATCH.lease().err(), Some(NoneFree { slots: 2 }));
    a.fill(1);
    assert_eq!(*b, [0; 16]);
    drop(b);
    assert!(SCRATCH.lease().is_ok());
}
