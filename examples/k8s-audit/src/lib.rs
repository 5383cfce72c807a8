// SPDX-License-Identifier: Apache-2.0
//! Kubernetes audit events for Falco, compatible with the official `k8saudit` plugin 0.18.0.
//!
//! | where | what |
//! | --- | --- |
//! | [`payload`] | from the bytes of a line or a request to events |
//! | [`time`] | the time of an event |
//! | `fields` | the 100 `ka.*` fields |
//! | [`params`], [`config`] | what a user opens, and how |
//! | [`files`] | files, folders, and a file that is followed |
//! | [`webhook`] | the server that a Kubernetes API server sends events to |
//! | [`source`] | what is opened: both of them, into batches |
//! | [`sink`] | where the webhook delivers what it receives |

pub mod config;
mod fields;
pub mod files;
pub mod params;
pub mod payload;
pub mod sink;
pub mod source;
pub mod time;
mod warn;
pub mod webhook;

use std::ffi::CStr;

use falconet_std::{Error, Event, EventText, Extract, Field, Info, Init, InitSchema, Plugin, Source, TextRoom};

use crate::config::Config;
use crate::source::Stream;

pub use fields::Found;

/// The plugin.
#[derive(Debug)]
pub struct K8sAudit {
    config: Config,
}

impl Plugin for K8sAudit {
    type Error = Error;

    const INFO: Info =
        Info::new(c"k8saudit", c"0.18.0", c"Kubernetes audit events and their fields", c"falconet's authors");

    fn new(init: &Init<'_>) -> Result<Self, Error> {
        let (config, unknown) = Config::parse(init.config_str()?)?;
        for key in unknown {
            init.log().warning(&format!("the config's key {key} is not known, and ignored"));
        }
        Ok(Self { config })
    }
}

impl InitSchema for K8sAudit {
    const INIT_SCHEMA: &'static CStr = config::SCHEMA;
}

impl Source for K8sAudit {
    const ID: u32 = 1;
    const EVENT_SOURCE: &'static CStr = c"k8s_audit";
    // Many, for the queue of a webhook is to have room for the largest body though its events are small.
    const BATCH_EVENTS: usize = 4096;
    const BATCH_BYTES: usize = 512 * 1024;
    // The largest event by the default config; one that is larger by another gets a batch of its own.
    const MAX_PAYLOAD: usize = 256 * 1024;
    // An event's text is the whole of it.
    const TEXT_BYTES: usize = Self::MAX_PAYLOAD + 1;
    type Instance = Stream;

    fn open(&self, params: &CStr) -> Result<Stream, Error> {
        Stream::open(params.to_str()?, &self.config)
    }

    fn event_to_string<'e>(&self, event: &Event<'e>, text: TextRoom<'_>) -> Option<EventText<'e>> {
        Some(text.copy(event.payload()))
    }
}

impl Extract for K8sAudit {
    type Decoded = Found;

    const FIELDS: &'static [Field<Self>] = &fields::FIELDS;
    const EVENT_SOURCES: &'static [&'static str] = &["k8s_audit"];

    fn decode(&self, event: &Event<'_>) -> Option<Found> {
        Found::new(event)
    }
}

// The longest values are whole parts of an event, which is 256 KiB at most unless the config says more.
falconet_std::export!(K8sAudit: source, extract, offsets, init_schema; memory = 512 * 1024);
