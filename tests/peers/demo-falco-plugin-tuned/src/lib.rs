// SPDX-License-Identifier: Apache-2.0
//! `examples/demo` with the official Rust SDK, as fast as its API allows in safe code: one payload that is used again,
//! numbers written by hand, the counter kept for the other fields of a call, no text in the error of the end.
//!
//! Init config: bytes of a payload, 44 to 4,096 (64 where there is none). Open params: the number of events.
//! Payload: the counter, little-endian, then `event number <n>` and zeros.

use std::ffi::{CStr, CString};
use std::io::{self, Write as _};

use falco_plugin::anyhow::{Context as _, Error, ensure};
use falco_plugin::base::Plugin;
use falco_plugin::event::PluginEvent;
use falco_plugin::event::events::Event;
use falco_plugin::extract::{ExtractFieldInfo, ExtractPlugin, ExtractRequest, field};
use falco_plugin::source::{EventBatch, EventInput, SourcePlugin, SourcePluginInstance};
use falco_plugin::tables::TablesInput;
use falco_plugin::{FailureReason, extract_plugin, plugin, source_plugin};

/// Events of a batch.
const BATCH: usize = 128;
/// Where the text begins in a payload: behind the counter.
const TEXT: usize = 8;

struct Demo {
    payload: usize,
}

impl Plugin for Demo {
    const NAME: &'static CStr = c"demo";
    const PLUGIN_VERSION: &'static CStr = c"0.1.0";
    const DESCRIPTION: &'static CStr = c"A counter and its text, with the official Rust SDK";
    const CONTACT: &'static CStr = c"falconet's authors";
    type ConfigType = String;

    fn new(_: Option<&TablesInput>, config: String) -> Result<Self, Error> {
        let payload = if config.is_empty() { 64 } else { config.parse()? };
        ensure!((44..=4096).contains(&payload), "the init config is the payload's size in bytes, from 44 to 4096");
        Ok(Self { payload })
    }
}

type Plain<'a> = Event<PluginEvent<&'a [u8]>>;

/// The counter of an event.
fn number(event: &Plain<'_>) -> Result<u64, Error> {
    let number = event.params.event_data.first_chunk().context("the payload is too short")?;
    Ok(u64::from_le_bytes(*number))
}

/// The text of an event.
fn text(event: &Plain<'_>) -> Result<CString, Error> {
    let text = event.params.event_data.get(TEXT..).context("the payload is too short")?;
    Ok(CStr::from_bytes_until_nul(text)?.to_owned())
}

impl SourcePlugin for Demo {
    type Instance = Counter;
    const EVENT_SOURCE: &'static CStr = c"demo";
    const PLUGIN_ID: u32 = 999;
    type Event<'a> = Plain<'a>;

    fn open(&mut self, params: Option<&str>) -> Result<Counter, Error> {
        let end = params.context("the open params are the number of events")?.parse()?;
        Ok(Counter { next: 0, end, payload: vec![0; self.payload] })
    }

    fn event_to_string(&mut self, event: &EventInput<Plain<'_>>) -> Result<CString, Error> {
        text(&event.event()?)
    }
}

struct Counter {
    next: u64,
    end: u64,
    /// The payload of the event before.
    payload: Vec<u8>,
}

/// Writes a decimal number, two digits a step.
fn decimal(to: &mut &mut [u8], mut number: u64) -> io::Result<()> {
    let mut digits = [0; 20];
    let mut pairs = digits.rchunks_exact_mut(2);
    let mut written = 0;
    while let Some([tens, ones]) = pairs.next().filter(|_| number > 0 || written == 0) {
        let [pair, ..] = (number % 100).to_le_bytes();
        (*tens, *ones) = (b'0' + pair / 10, b'0' + pair % 10);
        written += if number < 10 { 1 } else { 2 };
        number /= 100;
    }
    to.write_all(digits.get(digits.len() - written..).unwrap_or_default())
}

impl SourcePluginInstance for Counter {
    type Plugin = Demo;

    fn next_batch(&mut self, _: &mut Demo, batch: &mut EventBatch<'_>) -> Result<(), Error> {
        if self.next == self.end {
            return Err(FailureReason::Eof.into());
        }
        batch.reserve(BATCH);
        let end = self.end.min(self.next + BATCH as u64);
        while self.next < end {
            // Numbers only grow: what is behind this one is zero still.
            let mut to = self.payload.as_mut_slice();
            to.write_all(&self.next.to_le_bytes())?;
            to.write_all(b"event number ")?;
            decimal(&mut to, self.next)?;
            batch.add(Self::plugin_event(&self.payload))?;
            self.next += 1;
        }
        Ok(())
    }
}

impl Demo {
    fn num(&mut self, request: ExtractRequest<Self>) -> Result<u64, Error> {
        if let Some(number) = *request.context {
            return Ok(number);
        }
        let number = number(&request.event.event()?)?;
        *request.context = Some(number);
        Ok(number)
    }

    fn text(&mut self, request: ExtractRequest<Self>) -> Result<CString, Error> {
        text(&request.event.event()?)
    }

    fn double(&mut self, request: ExtractRequest<Self>) -> Result<u64, Error> {
        Ok(self.num(request)? * 2)
    }
}

impl ExtractPlugin for Demo {
    type Event<'a> = Plain<'a>;
    type ExtractContext = Option<u64>;
    const EXTRACT_FIELDS: &'static [ExtractFieldInfo<Self>] = &[
        field("demo.num", &Self::num).with_description("the counter"),
        field("demo.text", &Self::text).with_description("the text"),
        field("demo.double", &Self::double).with_description("twice the counter"),
    ];
}

plugin!(Demo);
source_plugin!(Demo);
extract_plugin!(Demo);
