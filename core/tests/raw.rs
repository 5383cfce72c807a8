// SPDX-License-Identifier: Apache-2.0
//! Raw events of any type (rule 4.2): byte by byte through `plugin_next_batch`, and what is refused.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use common::source::*;
use common::*;
use falconet::batch::{Limits, Oversized, Push};
use falconet::{Pool, Timestamp, abi};

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use std::ffi::CStr;

    use falconet::batch::Push;
    use falconet::{Batch, Error, Info, Init, Instance, Next, Plugin, Source, Timestamp};

    pub(crate) struct Raw;

    impl Plugin for Raw {
        type Error = Error;
        const INFO: Info = Info::new(c"raw", c"0.1.0", c"gives events of all types", c"you@example.org");

        fn new(_: &Init<'_>) -> Result<Self, Error> {
            Ok(Self)
        }
    }

    impl Source for Raw {
        const ID: u32 = 0;
        const EVENT_SOURCE: &'static CStr = c"";
        const BATCH_EVENTS: usize = 6;
        const BATCH_BYTES: usize = 1024;
        const MAX_PAYLOAD: usize = 64;
        type Instance = Script;

        fn open(&self, params: &CStr) -> Result<Script, Error> {
            Ok(Script { full: params == c"full", calls: 0 })
        }
    }

    pub(crate) struct Script {
        full: bool,
        calls: u64,
    }

    impl Instance for Script {
        type Plugin = Raw;

        fn next_batch(&mut self, _: &Raw, batch: &mut Batch<'_>) -> Result<Next, Error> {
            self.calls += 1;
            if self.full {
                while batch.raw(Timestamp::from_nanos(self.calls), None, 3, &[&[7; 100]])? != Push::Full {}
                return Ok(Next::More);
            }
            let ts = Timestamp::from_nanos(self.calls);
            let id = 77u32.to_ne_bytes();
            let _ = batch.raw(ts, Some(42), 3, &[&1i64.to_ne_bytes(), b"/etc/passwd\0", b""])?;
            let _ = batch.raw(Timestamp::HOST, None, 322, &[&id, b"of another plugin"])?;
            let _ = batch.raw(ts, Some(0), 324, &[b"{}\0"])?;
            let _ = batch.raw(ts, None, 402, &[&id, b"name\0", b"data"])?;
            if let Some(mut claim) = batch.claim() {
                claim.payload().write_all(b"rolled back: it leaves no gap")?;
            }
            let _ = batch.raw(ts, None, 1, &[])?;
            let _ = batch.raw(ts, None, 1, &[b"x"])?;
            if batch.raw(ts, None, 1, &[])? != Push::Full {
                return Err("a batch takes more events than it has".into());
            }
            Ok(Next::More)
        }
    }

    falconet::export!(Raw: source);
}

/// An event of any type, byte by byte as `plugin_types.h` has it; `width` is that of its lengths.
fn raw(ts: u64, tid: u64, event_type: u16, width: usize, parameters: &[&[u8]]) -> Vec<u8> {
    let mut tail = Vec::new();
    for parameter in parameters {
        let len = u32::try_from(parameter.len()).unwrap();
        match width {
            2 => tail.extend(u16::try_from(len).unwrap().to_ne_bytes()),
            _ => tail.extend(len.to_ne_bytes()),
        }
    }
    tail.extend(parameters.concat());
    let mut event = Vec::new();
    event.extend(ts.to_ne_bytes());
    event.extend(tid.to_ne_bytes());
    event.extend(u32::try_from(26 + tail.len()).unwrap().to_ne_bytes());
    event.extend(event_type.to_ne_bytes());
    event.extend(u32::try_from(parameters.len()).unwrap().to_ne_bytes());
    event.extend(tail);
    event
}

fn arrived(batch: &mut falconet::Lease) -> Vec<Vec<u8>> {
    lent(batch).into_iter().map(|(_, bytes)| bytes).collect()
}

/// Addresses and bytes of the events in a batch that is lent.
#[expect(unsafe_code, reason = "lent events are read by pointer, as a host does")]
fn lent(batch: &mut falconet::Lease) -> Vec<(usize, Vec<u8>)> {
    let (events, count) = batch.lend();
    (0..count as usize)
        .map(|i| {
            // SAFETY: the batch has so many events, each as long as its header says.
            unsafe {
                let event = *events.add(i);
                let len = (*event).len as usize;
                (event as usize, std::slice::from_raw_parts(event.cast::<u8>(), len).to_vec())
            }
        })
        .collect()
}

const NONE: u64 = u64::MAX;

#[test]
fn host_4_2_a_source_without_an_id_gives_events_of_any_type() {
    let state = State::init(c"");
    let instance = open(&state, c"");
    for call in 1..=3 {
        let batch = instance.next();
        assert_eq!(batch.rc, abi::SUCCESS, "{}", state.last_error());
        let id = 77u32.to_ne_bytes();
        let expected = [
            raw(call, 42, 3, 2, &[&1i64.to_ne_bytes(), b"/etc/passwd\0", b""]),
            raw(u64::MAX, NONE, 322, 4, &[&id, b"of another plugin"]),
            raw(call, 0, 324, 4, &[b"{}\0"]),
            raw(call, NONE, 402, 4, &[&id, b"name\0", b"data"]),
            raw(call, NONE, 1, 2, &[]),
            raw(call, NONE, 1, 2, &[b"x"]),
        ];
        assert_eq!(batch.events, expected);
        assert_eq!(&batch.events[1][34..38], id, "the id of a 322 is at 34");
        for pointer in &batch.pointers {
            assert_eq!(*pointer as usize % 8, 0, "each event begins at a multiple of 8");
        }
    }
}

#[test]
fn a_batch_is_full_and_the_next_one_is_not() {
    let state = State::init(c"");
    let instance = open(&state, c"full");
    for call in 1..=3 {
        let batch = instance.next();
        // 128 bytes each: 26 + 2 + 100. 6 events are what the batch has pointers for.
        assert_eq!((batch.rc, batch.events.len()), (abi::SUCCESS, 6));
        assert!(batch.events.iter().all(|event| *event == raw(call, NONE, 3, 2, &[&[7; 100]])));
    }
}

#[test]
fn a_source_with_an_id_gives_none() {
    static POOL: Pool<1, 4, 256> = Pool::new();
    let mut lease = POOL.lease().unwrap();
    let mut batch = lease.fill(Limits::new(999, 64));
    for event_type in [1, 322] {
        let error = batch.raw(Timestamp::HOST, None, event_type, &[&[1; 4], b""]).unwrap_err();
        let expected = "a source with an id gives plugin events only: raw ones need the id 0 (id 999)";
        assert_eq!(error.to_string(), expected);
    }
    assert!(batch.is_empty());
}

#[test]
fn host_4_2_a_plugin_event_has_an_id_that_is_not_0() {
    static POOL: Pool<1, 4, 256> = Pool::new();
    let mut lease = POOL.lease().unwrap();
    let mut batch = lease.fill(Limits::new(0, 64));
    let bad: [&[&[u8]]; 7] = [
        &[],
        &[&[0; 4], b"payload"],
        &[&[1; 3], b"payload"],
        &[&[1; 5], b"payload"],
        &[&[1; 4]],
        &[&[1; 4], b"payload", b""],
        &[b"", b""],
    ];
    for parameters in bad {
        let error = batch.raw(Timestamp::HOST, None, 322, parameters).unwrap_err();
        assert!(error.to_string().starts_with("a raw plugin event has two parameters"), "{error}");
    }
    assert_eq!(batch.raw(Timestamp::HOST, None, 322, &[&[0, 0, 0, 1], b""]), Ok(Push::Committed));
    assert_eq!(arrived(&mut lease), [raw(u64::MAX, NONE, 322, 4, &[&[0, 0, 0, 1], b""])]);
}

#[test]
fn what_never_fits_is_too_large_and_what_does_not_fit_now_is_full() {
    static POOL: Pool<1, 9, 128> = Pool::new();
    let mut lease = POOL.lease().unwrap();
    let mut batch = lease.fill(Limits::new(0, 64));
    let largest = [1; 128 - 28];
    let error = batch.raw(Timestamp::HOST, None, 1, &[&[1; 128 - 27]]).unwrap_err().to_string();
    assert!(error.contains("129") && error.contains("128"), "{error}");
    assert_eq!(batch.raw(Timestamp::HOST, None, 1, &[&largest]), Ok(Push::Committed));
    assert_eq!(batch.raw(Timestamp::HOST, None, 1, &[]), Ok(Push::Full));
    assert!(batch.raw(Timestamp::HOST, None, 1, &[&[1; 128 - 27]]).is_err(), "too large in a full batch as well");
    assert_eq!(arrived(&mut lease), [raw(u64::MAX, NONE, 1, 2, &[&largest])]);

    // 26 bytes end at 26, and the next begins at 32, then at 64 and 96; the last one has room for 32 bytes.
    let mut batch = lease.fill(Limits::new(0, 64));
    for n in 0..3 {
        assert_eq!(batch.raw(Timestamp::from_nanos(n), None, 1, &[]), Ok(Push::Committed));
    }
    assert_eq!(batch.raw(Timestamp::HOST, None, 1, &[&[2; 5]]), Ok(Push::Full));
    assert_eq!(batch.raw(Timestamp::HOST, None, 1, &[&[2; 4]]), Ok(Push::Committed));
    assert_eq!(batch.raw(Timestamp::HOST, None, 1, &[]), Ok(Push::Full));
    assert_eq!(arrived(&mut lease).len(), 4);
}

#[test]
fn a_parameter_longer_than_its_length_can_say_is_an_error() {
    static POOL: Pool<1, 4, 200_000> = Pool::new();
    let mut lease = POOL.lease().unwrap();
    let long = vec![3; 65_536];
    let mut batch = lease.fill(Limits::new(0, 64).oversized(Oversized::Skip));
    let error = batch.raw(Timestamp::HOST, None, 3, &[b"", &long]).unwrap_err().to_string();
    assert!(error.contains("65536") && error.contains("65535"), "{error}");
    assert_eq!(batch.skipped(), 0);
    assert_eq!(batch.raw(Timestamp::HOST, None, 3, &[b"", &long[1..]]), Ok(Push::Committed));
    assert_eq!(batch.raw(Timestamp::HOST, None, 324, &[&long]), Ok(Push::Committed));
    assert_eq!(
        arrived(&mut lease),
        [raw(u64::MAX, NONE, 3, 2, &[b"", &long[1..]]), raw(u64::MAX, NONE, 324, 4, &[&long])]
    );
}

#[test]
fn what_is_oversized_is_skipped_and_counted_where_the_source_says_so() {
    static POOL: Pool<1, 4, 128> = Pool::new();
    let mut lease = POOL.lease().unwrap();
    let mut batch = lease.fill(Limits::new(0, 64).oversized(Oversized::Skip));
    assert_eq!(batch.raw(Timestamp::HOST, None, 1, &[&[1; 128]]), Ok(Push::Skipped));
    assert_eq!(batch.raw(Timestamp::HOST, None, 1, &[&[1; 8]]), Ok(Push::Committed));
    assert_eq!((batch.skipped(), batch.len()), (1, 1));
    let mut batch = lease.fill(Limits::new(0, 64).oversized(Oversized::Truncate));
    assert!(batch.raw(Timestamp::HOST, None, 1, &[&[1; 128]]).is_err(), "a raw event is not cut");
}

#[test]
fn raw_events_and_claims_stand_one_after_the_other() {
    static POOL: Pool<1, 8, 512> = Pool::new();
    let mut lease = POOL.lease().unwrap();
    for round in 0..3 {
        let ts = Timestamp::from_nanos(round);
        let mut batch = lease.fill(Limits::new(0, 64));
        let mut claim = batch.claim().unwrap();
        claim.payload().write_all(b"claimed").unwrap();
        claim.commit(ts);
        assert_eq!(batch.raw(ts, Some(1), 5, &[b"odd"]), Ok(Push::Committed));
        assert_eq!(batch.push(ts, b"pushed"), Ok(Push::Committed));
        let mut claim = batch.claim_for(3).unwrap().unwrap();
        claim.payload().write_all(b"xyz").unwrap(); // and not committed
        assert_eq!(batch.raw(ts, Some(2), 324, &[b"last"]), Ok(Push::Committed));
        assert_eq!(batch.len(), 4);
        let lent = lent(&mut lease);
        assert!(lent.iter().all(|(address, _)| address % 8 == 0));
        let end = |i: usize| lent[i].0 + lent[i].1.len();
        assert!((0..3).all(|i| end(i) <= lent[i + 1].0));
        let events: Vec<_> = lent.into_iter().map(|(_, bytes)| bytes).collect();
        let expected = [
            plugin_event(round, 0, b"claimed"),
            raw(round, 1, 5, 2, &[b"odd"]),
            plugin_event(round, 0, b"pushed"),
            raw(round, 2, 324, 4, &[b"last"]),
        ];
        assert_eq!(events, expected);
    }
}

#[test]
fn raw_events_and_slots_never_mix_in_a_batch() {
    static POOL: Pool<1, 8, 512> = Pool::new();
    let mut lease = POOL.lease().unwrap();
    let mut batch = lease.fill(Limits::new(0, 64));
    batch.slots(8).unwrap().claim().unwrap().commit(Timestamp::HOST);
    assert_eq!(batch.raw(Timestamp::HOST, None, 1, &[]), Ok(Push::Full));
    assert_eq!(arrived(&mut lease), [plugin_event(u64::MAX, 0, &[0; 8])]);

    let mut batch = lease.fill(Limits::new(0, 64));
    assert_eq!(batch.raw(Timestamp::HOST, None, 1, &[&[0xFF; 100]]), Ok(Push::Committed));
    assert!(batch.slots(8).unwrap().claim().is_none());
    let mut batch = lease.fill(Limits::new(0, 64));
    batch.slots(8).unwrap().claim().unwrap().commit(Timestamp::HOST);
    assert_eq!(arrived(&mut lease), [plugin_event(u64::MAX, 0, &[0; 8])], "prepared anew after the raw event");
}
