// SPDX-License-Identifier: Apache-2.0
//! How fast one thread pushes events of 64 bytes, with a host's loop in the same run, beside `std::sync::mpsc` with a
//! `Vec<u8>` for each: `cargo run --release -p falconet-std --example push`.
#![expect(clippy::print_stdout, reason = "it prints its result")]
#![expect(unsafe_code, reason = "a host calls a plugin through C symbols")]

use std::ffi::{CStr, c_char, c_void};
use std::ptr::{null, null_mut};
use std::sync::mpsc::{channel, sync_channel};
use std::time::{Duration, Instant};

use falconet::abi;
use falconet_std::sources::{self, Config, Pushed};
use falconet_std::{Batch, Error, Info, Init, Instance, Next, Plugin, Source, Timestamp};

const EVENTS: u64 = 10_000_000;
const PAYLOAD: [u8; 64] = [7; 64];

/// Pushes, or sends through a channel.
struct Bench;

impl Plugin for Bench {
    type Error = Error;
    const INFO: Info = Info::new(c"bench", c"0.1.0", c"events as fast as they go", c"you@example.org");

    fn new(_: &Init<'_>) -> Result<Self, Error> {
        Ok(Self)
    }
}

impl Source for Bench {
    const ID: u32 = 999;
    const EVENT_SOURCE: &'static CStr = c"bench";
    const BATCH_EVENTS: usize = 1024;
    type Instance = Stream;

    fn open(&self, params: &CStr) -> Result<Stream, Error> {
        match params.to_bytes() {
            b"push" | b"push_with" => {
                let in_place = params == c"push_with";
                let mut pushed = Pushed::new(Config::new());
                pushed.spawn("producer", move |pusher, _| {
                    for _ in 0..EVENTS {
                        if in_place {
                            pusher.push_with(Timestamp::HOST, |payload| payload.write_all(&PAYLOAD))?;
                        } else {
                            pusher.push(Timestamp::HOST, &PAYLOAD)?;
                        }
                    }
                    Ok(())
                })?;
                Ok(Stream::Pushed(pushed))
            }
            _ => {
                let (bounded, at_most) = sync_channel(8 * Self::BATCH_EVENTS);
                let (unbounded, any) = channel();
                let is_bounded = params == c"sync_channel";
                let mut threads = sources::Threads::new();
                threads.spawn("producer", move |_| {
                    for _ in 0..EVENTS {
                        let payload = PAYLOAD.to_vec();
                        if (if is_bounded { bounded.send(payload) } else { unbounded.send(payload) }).is_err() {
                            return;
                        }
                    }
                })?;
                Ok(Stream::Channel(if is_bounded { at_most } else { any }, threads))
            }
        }
    }
}

enum Stream {
    Pushed(Pushed<Bench>),
    Channel(std::sync::mpsc::Receiver<Vec<u8>>, #[expect(dead_code, reason = "joined")] sources::Threads),
}

impl Instance for Stream {
    type Plugin = Bench;

    fn next_batch(&mut self, _: &Bench, batch: &mut Batch<'_>) -> Result<Next, Error> {
        let receive = match self {
            Self::Pushed(pushed) => return pushed.next_batch(batch),
            Self::Channel(receive, _) => receive,
        };
        while batch.len() < batch.capacity() {
            let wait = if batch.is_empty() { Duration::from_millis(100) } else { Duration::ZERO };
            match receive.recv_timeout(wait) {
                Ok(payload) => {
                    let _pushed = batch.push(Timestamp::HOST, &payload)?;
                }
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => break,
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return Ok(Next::Eof),
            }
        }
        Ok(Next::More)
    }
}

falconet_std::export!(Bench: source);

unsafe extern "C" {
    fn plugin_init(input: *const abi::InitInput, rc: *mut abi::Rc) -> *mut c_void;
    fn plugin_destroy(state: *mut c_void);
    fn plugin_open(state: *mut c_void, params: *const c_char, rc: *mut abi::Rc) -> *mut c_void;
    fn plugin_close(state: *mut c_void, instance: *mut c_void);
    fn plugin_next_batch(
        state: *mut c_void,
        instance: *mut c_void,
        nevts: *mut u32,
        evts: *mut *mut *mut abi::Event,
    ) -> abi::Rc;
}

/// The host's loop: it looks at every event. Gives events a second, and calls.
fn run(params: &CStr) -> (f64, u64) {
    let input = abi::InitInput {
        config: c"".as_ptr(),
        owner: null_mut(),
        get_owner_last_error: None,
        tables: null(),
        log_fn: None,
    };
    let (mut rc, mut nevts, mut evts) = (abi::FAILURE, 0, null_mut());
    let (mut events, mut calls) = (0, 0);
    // SAFETY: as the API says.
    unsafe {
        let state = plugin_init(&raw const input, &raw mut rc);
        let begun = Instant::now();
        let instance = plugin_open(state, params.as_ptr(), &raw mut rc);
        loop {
            rc = plugin_next_batch(state, instance, &raw mut nevts, &raw mut evts);
            calls += 1;
            for i in 0..nevts as usize {
                let event = *evts.add(i);
                (*event).tid = u64::MAX;
                let len = (*event).len;
                assert_eq!(len, 38 + 64);
                events += 1;
            }
            if rc == abi::EOF || rc == abi::FAILURE {
                break;
            }
        }
        let time = begun.elapsed().as_secs_f64();
        assert_eq!((rc, events), (abi::EOF, EVENTS));
        plugin_close(state, instance);
        plugin_destroy(state);
        (EVENTS as f64 / time, calls)
    }
}

fn main() {
    let best = |how| (0..3).map(|_| run(how)).fold((0.0, 0), |a, b| if a.0 > b.0 { a } else { b });
    // As many events in flight as the batches hold, or any number.
    let (bounded, channel) = (best(c"sync_channel"), best(c"channel"));
    println!("sync_channel   : {:5.1} million events a second", bounded.0 / 1e6);
    println!("channel        : {:5.1} million events a second", channel.0 / 1e6);
    let channel = if bounded.0 > channel.0 { bounded } else { channel };
    for how in [c"push", c"push_with"] {
        let best = best(how);
        let (rate, ratio) = (best.0 / 1e6, best.0 / channel.0);
        println!(
            "{:15}: {rate:5.1} million events a second, {} calls, {ratio:.1} times mpsc",
            how.to_string_lossy(),
            best.1
        );
    }
}
