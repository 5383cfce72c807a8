// SPDX-License-Identifier: Apache-2.0
//! Batches filled by threads and handed over by the instance: every event arrives once, whole and in its producer's
//! order, and every batch is given back. (`handover_stress` is the one for ThreadSanitizer: channels are std's own.)
#![expect(clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

mod common;

use std::sync::{Mutex, PoisonError};

use common::source::*;
use common::*;
use falconet::abi;

/// The pools are the process's: one test at a time.
static SERIAL: Mutex<()> = Mutex::new(());

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use std::ffi::CStr;
    use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError, channel, sync_channel};
    use std::thread::{self, JoinHandle};
    use std::time::Duration;

    use falconet::batch::{Limits, Push};
    use falconet::{Batch, Error, Info, Init, Instance, Lease, Next, Plugin, Pool, Source, Timestamp};

    /// The producers' own, of other sizes than the source's.
    pub(crate) static FIRST: Pool<2, 16, 4096> = Pool::new();
    pub(crate) static SECOND: Pool<2, 7, 1000> = Pool::new();
    /// Too small for the source's largest payload.
    pub(crate) static TINY: Pool<1, 2, 100> = Pool::new();

    pub(crate) struct HandsOver;

    impl Plugin for HandsOver {
        type Error = Error;
        const INFO: Info = Info::new(c"hands_over", c"0.1.0", c"batches from threads", c"you@example.org");

        fn new(_: &Init<'_>) -> Result<Self, Error> {
            Ok(Self)
        }
    }

    impl Source for HandsOver {
        const ID: u32 = 999;
        const EVENT_SOURCE: &'static CStr = c"hands_over";
        const BATCH_EVENTS: usize = 16;
        const BATCH_BYTES: usize = 4096;
        const MAX_PAYLOAD: usize = 512;
        type Instance = Stream;

        /// How many events each producer makes, or `tiny`.
        fn open(&self, params: &CStr) -> Result<Stream, Error> {
            if params == c"tiny" {
                return Ok(Stream::Tiny { called: 0 });
            }
            let events = params.to_str().ok().and_then(|text| text.parse().ok()).ok_or("a number of events")?;
            let (filled, batches) = sync_channel(3);
            let (first, to_first) = channel();
            let (second, to_second) = channel();
            Ok(Stream::Threads {
                producers: vec![
                    Producer::spawn(0, events, || FIRST.lease().ok(), filled.clone(), to_first),
                    Producer::spawn(1, events, || SECOND.lease().ok(), filled, to_second),
                ],
                batches: Some(batches),
                to_fill: vec![first, second],
                ready: None,
                turn: 0,
            })
        }
    }

    pub(crate) enum Stream {
        Threads {
            producers: Vec<JoinHandle<()>>,
            batches: Option<Receiver<Lease>>,
            /// Where batches that the host is done with go.
            to_fill: Vec<Sender<Lease>>,
            /// Refused because there were events before it.
            ready: Option<Lease>,
            turn: usize,
        },
        Tiny {
            called: u32,
        },
    }

    struct Producer;

    impl Producer {
        /// Sends batches of up to `events` events until they are made or nobody wants them any more.
        fn spawn(
            id: u8,
            events: u64,
            lease: fn() -> Option<Lease>,
            filled: SyncSender<Lease>,
            to_fill: Receiver<Lease>,
        ) -> JoinHandle<()> {
            thread::spawn(move || {
                let mut made = 0;
                while made < events {
                    let mut next = match to_fill.try_recv() {
                        Ok(next) => next,
                        Err(TryRecvError::Disconnected) => return, // closed
                        Err(TryRecvError::Empty) => match lease() {
                            Some(next) => next,
                            None => {
                                thread::sleep(Duration::from_micros(100));
                                continue;
                            }
                        },
                    };
                    let mut batch = next.fill(const { Limits::of::<HandsOver>() });
                    // Batches of every length, the empty one too.
                    for _ in 0..made * 7 % 13 {
                        if made == events || batch.push(Timestamp::HOST, &payload(id, made)) != Ok(Push::Committed) {
                            break;
                        }
                        made += 1;
                    }
                    if batch.is_empty() && batch.push(Timestamp::HOST, &payload(id, made)) == Ok(Push::Committed) {
                        made += 1;
                    }
                    if filled.send(next).is_err() {
                        return; // closed: the batch is dropped
                    }
                }
            })
        }
    }

    /// Producer, number, and a text of them that is as long as the number says.
    pub(crate) fn payload(producer: u8, number: u64) -> Vec<u8> {
        let mut payload = vec![producer];
        payload.extend(number.to_le_bytes());
        payload.extend((0..number * 31 % 400).map(|i| (number + i * 3).to_le_bytes()[0] ^ producer));
        payload
    }

    impl Instance for Stream {
        type Plugin = HandsOver;

        fn next_batch(&mut self, _: &HandsOver, batch: &mut Batch<'_>) -> Result<Next, Error> {
            let (batches, to_fill, ready, turn) = match self {
                Self::Threads { batches, to_fill, ready, turn, .. } => (batches, to_fill, ready, turn),
                Self::Tiny { called } => return tiny(called, batch),
            };
            *turn += 1;
            let filled = match ready.take() {
                Some(lease) => lease,
                None => match batches.as_ref().map(|batches| batches.recv_timeout(Duration::from_millis(2))) {
                    Some(Ok(lease)) => lease,
                    Some(Err(RecvTimeoutError::Timeout)) => return Ok(Next::Timeout),
                    _ => return Ok(Next::Eof),
                },
            };
            // Now and then an event of its own comes before: the batch is refused, and kept for the next call.
            if turn.is_multiple_of(5) && batch.push(Timestamp::HOST, &payload(2, 0)) == Ok(Push::Committed) {
                *ready = Some(batch.hand_over(filled).err().ok_or("a batch with events was given away")?);
                return Ok(Next::More);
            }
            let own = batch.hand_over(filled).map_err(|_| "an empty batch refuses")?;
            // Its fellow may be done: then it is dropped.
            let _gone = to_fill[*turn % 2].send(own);
            Ok(Next::More)
        }
    }

    /// Hands over a batch that is too small for the largest payload, then goes on with its own events.
    fn tiny(called: &mut u32, batch: &mut Batch<'_>) -> Result<Next, Error> {
        *called += 1;
        if *called == 1 {
            let mut tiny = TINY.lease()?;
            let pushed = tiny.fill(Limits::new(999, 512)).push(Timestamp::HOST, b"tiny")?;
            batch.hand_over(tiny).map_err(|_| "an empty batch refuses")?;
            return if pushed == Push::Committed { Ok(Next::More) } else { Ok(Next::Eof) };
        }
        match batch.push(Timestamp::HOST, &[7; 512])? {
            Push::Full => Ok(Next::More), // it will fit into an empty one: here it is empty
            _ => Ok(Next::Eof),
        }
    }

    impl Drop for Stream {
        fn drop(&mut self) {
            if let Self::Threads { producers, batches, to_fill, .. } = self {
                drop(batches.take()); // who sends fails now
                to_fill.clear();
                for producer in producers.drain(..) {
                    let _joined = producer.join();
                }
            }
        }
    }

    falconet::export!(HandsOver: source; instances = 3);
}

fn free() -> (usize, usize, usize) {
    (plugin::FIRST.free(), plugin::SECOND.free(), plugin::TINY.free())
}

#[test]
fn every_event_arrives_once_and_whole() {
    let _serial = SERIAL.lock().unwrap_or_else(PoisonError::into_inner);
    let state = State::init(c"");
    for _ in 0..3 {
        let instance = open(&state, c"3000");
        let mut next = [0u64; 2];
        let mut own = 0;
        loop {
            let batch = instance.next();
            for event in &batch.events {
                let (producer, number) = (event[38], u64::from_le_bytes(event[39..47].try_into().unwrap()));
                assert_eq!(event[38..], plugin::payload(producer, number), "torn");
                assert_eq!(event[34..38], 999u32.to_ne_bytes());
                match next.get_mut(usize::from(producer)) {
                    Some(next) => {
                        assert_eq!(number, *next, "of producer {producer}");
                        *next += 1;
                    }
                    None => own += 1,
                }
            }
            if batch.rc == abi::EOF {
                break;
            }
        }
        assert_eq!(next, [3000; 2]);
        assert!(own > 10);
        drop(instance);
        assert_eq!(free(), (2, 2, 1));
    }
}

#[test]
fn what_is_lent_stays_while_producers_fill_other_batches() {
    let _serial = SERIAL.lock().unwrap_or_else(PoisonError::into_inner);
    let state = State::init(c"");
    let instance = open(&state, c"300");
    loop {
        let batch = instance.next();
        let (lent, first) = (batch.now(), batch.now());
        std::thread::yield_now();
        assert_eq!(lent, first);
        assert_eq!(batch.now(), lent, "until the next next_batch");
        if batch.rc == abi::EOF {
            break;
        }
    }
}

#[test]
fn a_close_in_the_middle_gives_every_batch_back() {
    let _serial = SERIAL.lock().unwrap_or_else(PoisonError::into_inner);
    for calls in 0..20 {
        let state = State::init(c"");
        // The producers of both want the same batches.
        let instances = [open(&state, c"100000"), open(&state, c"100000")];
        for instance in &instances {
            (0..calls).for_each(|_| drop(instance.next()));
        }
        drop(instances);
        assert_eq!(free(), (2, 2, 1));
    }
    // The source's own are free, too: as many instances open as there are.
    let state = State::init(c"");
    let all = [open(&state, c"0"), open(&state, c"0"), open(&state, c"0")];
    assert_eq!(try_open(&state, c"0").1, abi::FAILURE);
    drop(all);
}

#[test]
fn a_small_batch_is_no_trap_for_large_events() {
    let _serial = SERIAL.lock().unwrap_or_else(PoisonError::into_inner);
    let state = State::init(c"");
    let instance = open(&state, c"tiny");
    assert_eq!(instance.next().payloads(), ["tiny"]);
    // An event that can never fit is told from one that will: not TIMEOUT for ever.
    let batch = instance.next();
    assert_eq!((batch.rc, batch.events.len()), (abi::FAILURE, 0));
    let expected = "an event is larger than a batch (needed 512, available 62)";
    assert_eq!(state.last_error(), expected);
    drop(instance);
    assert_eq!(free(), (2, 2, 1));
}
