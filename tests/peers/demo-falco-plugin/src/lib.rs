// SPDX-License-Identifier: Apache-2.0
//! `examples/demo` with the official Rust SDK, written as its documentation shows it: an event is made, then added.
//!
//! Init config: bytes of a payload, 44 to 4,096 (64 where there is none). Open params: the number of events.
//! Payload: the counter, little-endian, then `event number <n>` and zeros.

use std::ffi::{CStr, CString};

use falco_plugin::anyhow::{Context as _, Error, anyhow, ensure};
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
        Ok(Counter { next: 0, end })
    }

    fn event_to_string(&mut self, event: &EventInput<Plain<'_>>) -> Result<CString, Error> {
        text(&event.event()?)
    }
}

struct Counter {
    next: u64,
    end: u64,
}

impl SourcePluginInstance for Counter {
    type Plugin = Demo;

    fn next_batch(&mut self, plugin: &mut Demo, batch: &mut EventBatch<'_>) -> Result<(), Error> {
        if self.next == self.end {
            return Err(anyhow!("no more events").context(FailureReason::Eof));
        }
        for _ in 0..BATCH {
            if self.next == self.end {
                break;
            }
            let mut payload = Vec::with_capacity(plugin.payload);
            payload.extend(self.next.to_le_bytes());
            payload.extend(format!("event number {}", self.next).as_bytes());
            payload.resize(plugin.payload, 0);
            batch.add(Self::plugin_event(&payload))?;
            self.next += 1;
        }
        Ok(())
    }
}

impl Demo {
    fn num(&mut self, request: ExtractRequest<Self>) -> Result<u64, Error> {
        number(&request.event.event()?)
    }

    fn text(&mut self, request: ExtractRequest<Self>) -> Result<CString, Error> {
        text(&request.event.event()?)
    }

    fn double(&mut self, request: ExtractRequest<Self>) -> Result<u64, Error> {
        Ok(number(&request.event.event()?)? * 2)
    }
}

impl ExtractPlugin for Demo {
    type Event<'a> = Plain<'a>;
    type ExtractContext = ();
    const EXTRACT_FIELDS: &'static [ExtractFieldInfo<Self>] = &[
        field("demo.num", &Self::num).with_description("the counter"),
        field("demo.text", &Self::text).with_description("the text"),
        field("demo.double", &Self::double).with_description("twice the counter"),
    ];
}

plugin!(Demo);
source_plugin!(Demo);
extract_plugin!(Demo);
