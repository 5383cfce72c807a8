// SPDX-License-Identifier: Apache-2.0
//! Batches at their edges: what is committed stays, what is not leaves nothing, and nothing passes its memory.
#![expect(unsafe_code, reason = "lent events are read by pointer, as a host does")]

use core::mem::{replace, swap};
use std::vec::Vec;

use crate::batch::{Batch, Limits, Oversized, Push, TooLarge};
use crate::event::Timestamp;
use crate::view::{SeekFrom, ViewError, WriteView};
use crate::{Lease, Pool};

const TS: Timestamp = Timestamp::from_nanos(7);

fn limits(max_payload: u32) -> Limits {
    Limits::new(999, max_payload)
}

/// The lent events, as a host reads them.
fn lent(lease: &mut Lease) -> Vec<Vec<u8>> {
    let (events, count) = lease.lend();
    (0..count as usize)
        .map(|i| {
            // SAFETY: lent until the lease is filled again or dropped: so many pointers, each at a whole event.
            unsafe {
                let event = *events.add(i);
                assert_eq!(event as usize % 8, 0, "events begin at multiples of 8");
                let len = (*event).len as usize;
                core::slice::from_raw_parts(event.cast::<u8>(), len).to_vec()
            }
        })
        .collect()
}

fn payloads(lease: &mut Lease) -> Vec<Vec<u8>> {
    lent(lease).iter().map(|event| event[38..].to_vec()).collect()
}

fn commit(batch: &mut Batch<'_>, payload: &[u8]) {
    let mut event = batch.claim_for(payload.len()).unwrap().unwrap();
    event.payload().write_all(payload).unwrap();
    event.commit(TS);
}

#[test]
fn what_is_dropped_is_rolled_back() {
    static POOL: Pool<1, 4, 512> = Pool::new();
    let mut lease = POOL.lease().unwrap();
    let mut batch = lease.fill(limits(64));
    commit(&mut batch, b"first");
    for _ in 0..10 {
        let mut event = batch.claim().unwrap();
        event.payload().write_all(&[0xAA; 64]).unwrap();
    }
    assert_eq!(batch.len(), 1);
    commit(&mut batch, b"second");
    assert_eq!(payloads(&mut lease), [&b"first"[..], b"second"]);
}

#[test]
fn nothing_of_an_earlier_event_reaches_the_host() {
    static POOL: Pool<1, 4, 512> = Pool::new();
    let mut lease = POOL.lease().unwrap();
    let mut batch = lease.fill(limits(64));
    batch.claim().unwrap().payload().write_all(&[0xAA; 64]).unwrap();
    let mut event = batch.claim().unwrap();
    assert_eq!(event.payload().len(), 0);
    event.payload().set_len(8).unwrap();
    event.payload().seek(SeekFrom::Start(2)).unwrap();
    event.payload().write_all(b"x").unwrap();
    event.commit(TS);
    assert_eq!(payloads(&mut lease), [b"\0\0x\0\0\0\0\0"]);
}

#[test]
fn a_view_that_was_swapped_away_is_rolled_back() {
    static POOL: Pool<2, 4, 512> = Pool::new();
    let (mut lease, mut other) = (POOL.lease().unwrap(), POOL.lease().unwrap());
    let mut batch = lease.fill(limits(64));
    let mut memory = [0; 64];
    let mut event = batch.claim().unwrap();
    let mut mine = replace(event.payload(), WriteView::new(&mut memory));
    mine.write_all(b"in the batch").unwrap();
    event.payload().write_all(b"elsewhere").unwrap();
    event.commit(TS);
    assert!(batch.is_empty());

    let mut other_batch = other.fill(limits(64));
    let (mut a, mut b) = (batch.claim().unwrap(), other_batch.claim().unwrap());
    a.payload().write_all(b"a").unwrap();
    swap(a.payload(), b.payload());
    a.commit(TS);
    b.commit(TS);
    assert!(batch.is_empty() && other_batch.is_empty());
    let (mut a, mut b) = (batch.claim().unwrap(), other_batch.claim().unwrap());
    b.payload().write_all(b"whole claims may change hands").unwrap();
    swap(&mut a, &mut b);
    a.commit(TS);
    assert_eq!((batch.len(), other_batch.len()), (0, 1));
}

#[test]
fn a_view_of_the_claims_own_memory_commits_what_it_has_written() {
    static POOL: Pool<1, 4, 512> = Pool::new();
    let mut lease = POOL.lease().unwrap();
    let mut batch = lease.fill(limits(64));
    let mut event = batch.claim().unwrap();
    // The longest way round in safe code: the claim's own memory, lent for as long as the claim, as another view.
    let mut none = [];
    let mut mine = replace(event.payload(), WriteView::new(&mut none));
    *event.payload() = WriteView::new(mine.place([0xAAu8; 16]).unwrap());
    event.payload().write_all(b"abc").unwrap();
    event.commit(TS);
    assert_eq!(payloads(&mut lease), [b"abc"]);
}

#[test]
fn a_batch_is_full_by_events_or_by_bytes() {
    static POOL: Pool<1, 3, 4096> = Pool::new();
    let mut lease = POOL.lease().unwrap();
    let mut batch = lease.fill(limits(1024));
    assert_eq!((batch.capacity(), batch.max_payload()), (3, 1024));
    for _ in 0..3 {
        commit(&mut batch, b"");
    }
    assert!(batch.claim().is_none());
    assert!(batch.claim_for(0).unwrap().is_none());
    assert_eq!(batch.push(TS, b""), Ok(Push::Full));

    // By bytes: 38 + 1024 of 4096 go three times.
    let mut batch = lease.fill(limits(1300));
    while let Some(mut event) = batch.claim() {
        event.payload().write_all(&[1; 1024]).unwrap();
        event.commit(TS);
    }
    assert_eq!(batch.len(), 3);
    let mut batch = lease.fill(limits(2000));
    commit(&mut batch, &[1; 2000]);
    commit(&mut batch, &[2; 1000]);
    assert!(batch.claim().is_none(), "less than the largest payload is left");
    assert!(batch.claim_for(1100).unwrap().is_none());
    assert_eq!(batch.push(TS, &[3; 970]), Ok(Push::Committed), "but a small one fits");
    assert_eq!(payloads(&mut lease).iter().map(Vec::len).collect::<Vec<_>>(), [2000, 1000, 970]);
}

#[test]
fn a_capacity_of_exactly_one_event() {
    static POOL: Pool<1, 8, 48> = Pool::new();
    let mut lease = POOL.lease().unwrap();
    let mut batch = lease.fill(limits(u32::MAX));
    assert_eq!(batch.max_payload(), 10, "what an empty batch has room for");
    assert_eq!(batch.push(TS, &[1; 11]), Err(TooLarge { needed: 11, capacity: 10 }));
    assert_eq!(batch.push(TS, &[1; 10]), Ok(Push::Committed));
    assert_eq!(batch.push(TS, b""), Ok(Push::Full));
    assert_eq!(payloads(&mut lease), [[1; 10]]);

    static HEADER_ONLY: Pool<1, 8, 38> = Pool::new();
    let mut lease = HEADER_ONLY.lease().unwrap();
    let mut batch = lease.fill(limits(100));
    assert_eq!(batch.max_payload(), 0);
    let mut event = batch.claim().unwrap();
    assert_eq!(event.payload().write_all(b"x"), Err(ViewError::Full { needed: 1, available: 0 }));
    event.commit(TS);
    assert!(batch.claim().is_none());
    assert_eq!(payloads(&mut lease), [b""]);
}

#[test]
fn capacities_that_are_no_multiple_of_8() {
    static POOL: Pool<1, 64, 125> = Pool::new();
    let mut lease = POOL.lease().unwrap();
    for len in 0..=87usize {
        let mut batch = lease.fill(limits(87));
        let mut count = 0;
        while batch.push(TS, &std::vec![7; len]) == Ok(Push::Committed) {
            count += 1;
        }
        // Each begins at a multiple of 8, and the last may end anywhere up to 125.
        let stride = (38 + len).next_multiple_of(8);
        assert_eq!(count, (125 - 38 - len) / stride + 1, "{len}");
        assert!(payloads(&mut lease).iter().all(|payload| *payload == std::vec![7; len]));
    }
}

#[test]
fn host_3_6_an_event_of_more_than_64_kib_and_an_empty_one() {
    static POOL: Pool<1, 3, 300_000> = Pool::new();
    let mut lease = POOL.lease().unwrap();
    let mut batch = lease.fill(limits(200_000));
    commit(&mut batch, b"");
    commit(&mut batch, &[9; 200_000]);
    commit(&mut batch, b"");
    assert_eq!(payloads(&mut lease).iter().map(Vec::len).collect::<Vec<_>>(), [0, 200_000, 0]);
    let len = lent(&mut lease)[1][16..20].to_vec();
    assert_eq!(len, 200_038u32.to_ne_bytes());
}

#[test]
fn too_large_is_told_from_full() {
    static POOL: Pool<1, 8, 512> = Pool::new();
    let mut lease = POOL.lease().unwrap();
    let fail = TooLarge { needed: 201, capacity: 200 };
    let mut batch = lease.fill(limits(200));
    commit(&mut batch, &[1; 200]);
    assert_eq!(batch.push(TS, &[2; 201]), Err(fail));
    assert_eq!(batch.claim_for(201).err(), Some(fail));
    assert_eq!(batch.claim_for(usize::MAX).err(), Some(TooLarge { needed: usize::MAX, capacity: 200 }));
    assert_eq!(batch.push(TS, &[2; 200]), Ok(Push::Committed));
    assert_eq!(batch.push(TS, &[3; 200]), Ok(Push::Full));
    assert_eq!(batch.push(TS, &[3; 201]), Err(fail), "also when full");
    assert_eq!(std::format!("{fail}"), "an event is larger than a batch (needed 201, available 200)");
}

#[test]
fn oversized_events_are_skipped_or_truncated_and_counted() {
    static POOL: Pool<1, 8, 512> = Pool::new();
    let mut lease = POOL.lease().unwrap();
    let mut batch = lease.fill(limits(4).oversized(Oversized::Skip));
    assert_eq!(batch.push(TS, b"12345"), Ok(Push::Skipped));
    assert_eq!(batch.push(TS, b"1234"), Ok(Push::Committed));
    batch.skip();
    assert_eq!((batch.len(), batch.skipped(), batch.truncated()), (1, 2, 0));
    let mut batch = lease.fill(limits(4).oversized(Oversized::Truncate));
    assert_eq!((batch.skipped(), batch.truncated()), (0, 0), "counted for each batch");
    for _ in 0..8 {
        assert_eq!(batch.push(TS, b"12345"), Ok(Push::Truncated));
    }
    assert_eq!(batch.push(TS, b"12345"), Ok(Push::Full));
    assert_eq!((batch.len(), batch.truncated()), (8, 8), "what is pushed again is counted once");
    assert!(payloads(&mut lease).iter().all(|payload| payload == b"1234"));
}

#[test]
fn a_batch_that_is_filled_again_is_new_and_writes_time_and_id_anew() {
    static POOL: Pool<1, 2, 512> = Pool::new();
    let mut lease = POOL.lease().unwrap();
    for round in 0..4u64 {
        let mut batch = lease.fill(limits(64));
        assert!(batch.is_empty());
        let mut event = batch.claim().unwrap();
        event.payload().write_all(&round.to_ne_bytes()).unwrap();
        event.commit(if round % 2 == 0 { Timestamp::HOST } else { TS });
        let event = lent(&mut lease).remove(0);
        let ts = if round % 2 == 0 { u64::MAX } else { 7 };
        assert_eq!(event[..16], [ts.to_ne_bytes(), u64::MAX.to_ne_bytes()].concat());
        assert_eq!(event[34..38], 999u32.to_ne_bytes());
        // SAFETY: the host writes into what it is lent.
        unsafe { (**lease.lend().0).ts = 5 };
    }
}
