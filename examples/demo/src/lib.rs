// SPDX-License-Identifier: Apache-2.0
//! The plugin that is measured: events of one size with a counter and a text, three fields of them.
//!
//! Init config: bytes of a payload, 44 to 4,096 (64 where there is none). Open params: the number of events.
//! Payload: the counter, little-endian, then `event number <n>` and zeros.
#![no_std]
#![deny(unsafe_code)]

use core::ffi::CStr;

use falconet::extract::CSpan;
use falconet::zerocopy::little_endian::U64;
use falconet::{Batch, Error, Event, EventText, Extract, Field, Info, Init, Instance, Next, Plugin, Source, TextRoom};
use falconet::{Progress, Timestamp};

falconet::runtime!();

/// Where the text begins in a payload: behind the counter.
const TEXT: u32 = 8;

/// The plugin: how long its payloads are.
#[derive(Debug)]
pub struct Demo {
    payload: usize,
}

impl Plugin for Demo {
    type Error = Error;
    const INFO: Info = Info::new(c"demo", c"0.1.0", c"A counter and its text", c"falconet's authors");

    fn new(init: &Init<'_>) -> Result<Self, Error> {
        let payload = match init.config().to_bytes() {
            b"" => Some(64),
            digits => number(digits).and_then(|number| usize::try_from(number).ok()),
        };
        match payload {
            Some(payload @ 44..=4096) => Ok(Self { payload }),
            _ => Err(Error::new("the init config is the payload's size in bytes, from 44 to 4096")),
        }
    }
}

impl Source for Demo {
    const ID: u32 = 999;
    const EVENT_SOURCE: &'static CStr = c"demo";
    const MAX_PAYLOAD: usize = 4096;
    const BATCH_BYTES: usize = 128 * (4096 + 48);
    type Instance = Counter;

    fn open(&self, params: &CStr) -> Result<Counter, Error> {
        let end = number(params.to_bytes()).ok_or(Error::new("the open params are the number of events"))?;
        Ok(Counter { next: 0, end })
    }

    fn event_to_string<'e>(&self, event: &Event<'e>, _: TextRoom<'_>) -> Option<EventText<'e>> {
        EventText::from_event(event, TEXT as usize)
    }
}

/// An open source: it counts.
#[derive(Debug)]
pub struct Counter {
    next: u64,
    end: u64,
}

impl Instance for Counter {
    type Plugin = Demo;

    fn next_batch(&mut self, plugin: &Demo, batch: &mut Batch<'_>) -> Result<Next, Error> {
        if self.next == self.end {
            return Ok(Next::Eof);
        }
        let mut slots = batch.slots(plugin.payload)?;
        while self.next < self.end
            && let Some(mut event) = slots.claim()
        {
            let payload = event.payload();
            payload.place(U64::new(self.next))?;
            payload.write_all(b"event number ")?;
            payload.write_decimal(self.next)?;
            event.commit(Timestamp::HOST);
            self.next += 1;
        }
        Ok(Next::More)
    }

    fn progress(&self) -> Option<Progress> {
        Some(Progress::of(self.next, self.end))
    }
}

impl Extract for Demo {
    type Decoded = u64;

    const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::new("demo.num", "the counter", |_, number, _| *number),
        Field::<Self>::new("demo.text", "the text", |_, _, _| CSpan::payload(TEXT)),
        Field::<Self>::new("demo.double", "twice the counter", |_, number, _| number.wrapping_mul(2)),
    ];

    fn decode(&self, event: &Event<'_>) -> Option<u64> {
        let (number, _) = event.payload().split_first_chunk()?;
        Some(u64::from_le_bytes(*number))
    }
}

/// A decimal number; `None` for anything else, also for one of more than 64 bits.
fn number(digits: &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for digit in digits {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    if digits.is_empty() { None } else { Some(number) }
}

falconet::export!(Demo: source, extract);
