// SPDX-License-Identifier: Apache-2.0
//! A plugin beside a source: while a capture is open it puts an async event `heartbeat` into it, again and again.
//!
//! Init config: milliseconds between two heartbeats, 1,000 where there is none; it may change at run time. A heartbeat's
//! data is its number. The metrics `heartbeats` and `refused` count them.
//!
//! It has std, for its thread, and nothing but the core of falconet.
#![deny(unsafe_code)]

use std::ffi::CStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use falconet::async_event::{EmitError, Emitter, EventName};
use falconet::metrics::{Counter, Metric};
use falconet::{AsyncEvents, Error, Info, Init, Metrics, Plugin, SetConfig, Shared, Shares, Timestamp};

/// The plugin: it keeps the thread of the open capture.
#[derive(Debug)]
pub struct Heartbeat {
    beats: Shared<Self>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread works on.
#[derive(Debug)]
pub struct Beats {
    /// Milliseconds between two heartbeats.
    period: AtomicU64,
    heartbeats: Counter<u64>,
    refused: Counter<u64>,
}

const HEARTBEAT: EventName<Heartbeat> = EventName::new("heartbeat");

impl Plugin for Heartbeat {
    type Error = Error;
    const INFO: Info = Info::new(c"heartbeat", c"0.1.0", c"A heartbeat in every capture", c"falconet's authors");

    fn new(init: &Init<'_>) -> Result<Self, Error> {
        let beats = init.shared::<Self>()?;
        beats.period.store(period(init.config())?, Ordering::Relaxed);
        Ok(Self { beats, thread: None })
    }
}

impl Shares for Heartbeat {
    type Shared = Beats;
    const SHARED: Beats = Beats { period: AtomicU64::new(0), heartbeats: Counter::new(), refused: Counter::new() };
}

impl Metrics for Heartbeat {
    const METRICS: &'static [Metric<Beats>] = &[
        Metric::new(c"heartbeats", |beats: &Beats| &beats.heartbeats),
        Metric::new(c"refused", |beats: &Beats| &beats.refused),
    ];
}

impl AsyncEvents for Heartbeat {
    const ASYNC_EVENTS: &'static [&'static str] = &["heartbeat"];

    fn start(&mut self, emitter: Emitter<Self>) -> Result<(), Error> {
        let beats = self.beats.clone();
        self.thread = Some(thread::spawn(move || beat(&beats, emitter)));
        Ok(())
    }

    fn stop(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A thread that panicked has ended, too.
            let _ended = thread.join();
        }
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.stop();
    }
}

impl SetConfig for Heartbeat {
    fn set_config(&mut self, config: &CStr) -> Result<(), Error> {
        self.beats.period.store(period(config)?, Ordering::Relaxed);
        Ok(())
    }
}

/// The thread: emits heartbeats until the capture ends.
fn beat(beats: &Beats, emitter: Emitter<Heartbeat>) {
    while !emitter.is_stopped() {
        let number = beats.heartbeats.get() + 1;
        match emitter.emit_with(HEARTBEAT, Timestamp::HOST, |data| data.write_decimal(number)) {
            Ok(()) => beats.heartbeats.add(1),
            Err(EmitError::Stopped) => return,
            Err(_) => beats.refused.add(1),
        }
        thread::park_timeout(Duration::from_millis(beats.period.load(Ordering::Relaxed)));
    }
}

/// The period that a config says.
fn period(config: &CStr) -> Result<u64, Error> {
    let wrong = Error::new("the config is milliseconds between two heartbeats, from 1, like 1000");
    match config.to_str() {
        Ok("") => Ok(1000),
        Ok(text) => text.parse().ok().filter(|period| *period > 0).ok_or(wrong),
        Err(_) => Err(wrong),
    }
}

falconet::export!(Heartbeat: async_events, metrics, set_config);
