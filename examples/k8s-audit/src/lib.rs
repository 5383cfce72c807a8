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
//! | [`sink`] | where both deliver what they read |
//! | [`check`], [`json`] | JSON by the lenient rules of the official plugin |

pub mod check;
pub mod config;
mod fields;
pub mod files;
pub mod json;
pub mod params;
pub mod payload;
pub mod sink;
pub mod time;
mod warn;
pub mod webhook;

use falconet::{Error, Event, Extract, Field, Info, Init, Plugin};

pub use fields::Found;

/// The plugin.
#[derive(Debug)]
pub struct K8sAudit;

impl Plugin for K8sAudit {
    type Error = Error;

    const INFO: Info =
        Info::new(c"k8saudit", c"0.18.0", c"Kubernetes audit events and their fields", c"falconet's authors");

    fn new(_: &Init<'_>) -> Result<Self, Error> {
        Ok(Self)
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
falconet::export!(K8sAudit: extract, offsets; states = 4, memory = 512 * 1024);
