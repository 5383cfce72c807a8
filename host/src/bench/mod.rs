// SPDX-License-Identifier: Apache-2.0
//! What a plugin costs: one kind of work at a time, done often, with as little of the host around each call as there can be.
//!
//! The rest of this crate checks what a plugin gives, which costs more than many a plugin does. Here only what a host
//! must do is done: events are taken as the real host takes them, each value is read once. So a plugin is checked
//! by [`Plugin`] before it is measured.
//!
//! Times are CPU time of the process, of all its threads, user and system: another process that runs meanwhile is not in
//! them. What the loop around the calls costs is in them, about a nanosecond an event.

mod calls;
mod load;
mod process;

use std::{
    slice,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

pub use load::Load;
pub use process::resident_kib;

use crate::{
    call::CallError,
    event::Event,
    extract::{ExtractError, Extracted, Outcome},
    field_request::FieldRequest,
    instance::{Next, NextError},
    plugin::Plugin,
    value::join,
};

/// How many events are kept for the work that needs no source.
const KEPT: usize = 128;

/// How long a source may give nothing before it is given up.
const SILENCE: Duration = Duration::from_secs(10);

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The events of the source, each taken as a host takes it.
    Source,
    /// The same, and one call for all fields of each event.
    SourceExtract,
    /// The same with a call for each field, as libsinsp asks.
    SourceEach,
    /// The events of the source and the text of each.
    SourceText,
    /// Calls for the first field alone, each of an event that was not asked before.
    ExtractOne,
    /// Calls for all fields, each of an event that was not asked before.
    ExtractAll,
    /// Texts of events.
    Text,
    /// Calls behind the end of the source.
    End,
}

impl Phase {
    /// All of them, in the order of a table.
    pub const ALL: [Self; 8] = [
        Self::Source,
        Self::SourceExtract,
        Self::SourceEach,
        Self::SourceText,
        Self::ExtractOne,
        Self::ExtractAll,
        Self::Text,
        Self::End,
    ];

    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::SourceExtract => "source + all fields",
            Self::SourceEach => "source + fields one by one",
            Self::SourceText => "source + text",
            Self::ExtractOne => "first field alone",
            Self::ExtractAll => "all fields alone",
            Self::Text => "text alone",
            Self::End => "call behind the end",
        }
    }

    /// Whether it asks for fields.
    #[must_use]
    pub const fn extracts(self) -> bool {
        matches!(self, Self::SourceExtract | Self::SourceEach | Self::ExtractOne | Self::ExtractAll)
    }

    /// Whether it asks for texts.
    #[must_use]
    pub const fn texts(self) -> bool {
        matches!(self, Self::SourceText | Self::Text)
    }

    /// The function of the plugin that this phase is about, where it is about one alone and not about a mix.
    #[must_use]
    pub const fn function(self) -> Option<&'static str> {
        match self {
            Self::Source | Self::End => Some("plugin_next_batch"),
            Self::ExtractOne | Self::ExtractAll => Some("plugin_extract_fields"),
            Self::Text => Some("plugin_event_to_string"),
            Self::SourceExtract | Self::SourceEach | Self::SourceText => None,
        }
    }
}

/// What came of a phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// Events, or calls where there is no source in it.
    pub units: u64,
    /// CPU time of all units in nanoseconds.
    pub cpu_ns: u64,
    /// Bytes of the sourced events, headers included.
    pub bytes: u64,
    /// Calls of `plugin_next_batch`.
    pub batches: u64,
    /// Values and texts that there were.
    pub values: u64,
    /// Calls of `plugin_extract_fields` that gave no success.
    pub failures: u64,
    /// By how much the caller's counter grew.
    pub counted: u64,
}

/// Why something could not be measured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The source gave what no host takes.
    #[error(transparent)]
    Next(#[from] NextError),
    /// A value cannot be read.
    #[error(transparent)]
    Extract(#[from] ExtractError),
    /// The source has nothing to give.
    #[error("the source gave no event for {} s: give open params with which it has events at once", SILENCE.as_secs())]
    Silent,
    /// The source is empty.
    #[error("the source ended without an event: give open params with which it has some")]
    NoEvents,
    /// The library cannot be loaded.
    #[error("{0}")]
    Load(String),
}

/// The values and the text of an event, to be compared with those of another plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// The text of the event.
    pub text: Option<String>,
    /// The values of the fields, each asked for alone, in order; `None` where there is none.
    pub values: Vec<Option<String>>,
    /// What is wrong with the values when all are asked for in one call, where something is.
    pub together: Option<String>,
}

/// What is measured, and on what.
#[derive(Clone, Copy, Debug)]
pub struct Work<'a> {
    /// What the source opens.
    pub params: &'a str,
    /// The fields that are asked for.
    pub fields: &'a [FieldRequest],
    /// How many events or calls there are at most; a batch is not cut.
    pub max: u64,
    /// How many calls there are behind the end.
    pub end_calls: u64,
    /// Read before and after: what it grew by is told. For a count of allocations.
    pub counter: fn() -> u64,
}

impl Plugin {
    /// Does the work of a phase. `None` if there is no such work: no fields, no text, no end before `max` events.
    ///
    /// # Errors
    /// [`BenchError`] if a call fails, or the source has no events.
    pub fn measure(&self, phase: Phase, work: &Work<'_>) -> Result<Option<Measured>, BenchError> {
        let no_fields = phase.extracts() && (work.fields.is_empty() || self.api().extract_fields.is_none());
        let no_text = phase.texts() && self.api().event_to_string.is_none();
        if no_fields || no_text {
            return Ok(None);
        }
        calls::measure(self, phase, work)
    }

    /// The texts and values of the first events, checked as [`extract`](Self::extract) checks them.
    ///
    /// # Errors
    /// [`BenchError`] if a call fails, or what it gave cannot be read.
    pub fn samples(&self, params: &str, fields: &[FieldRequest]) -> Result<Vec<Sample>, BenchError> {
        let mut instance = self.open(params)?;
        let mut samples = Vec::new();
        let mut last = Instant::now();
        while samples.len() < KEPT {
            match instance.next_event()? {
                Next::Event(event) => samples.push(self.sample(&event, fields)?),
                Next::Timeout if last.elapsed() > SILENCE => return Err(BenchError::Silent),
                Next::Timeout => continue,
                Next::Eof => break,
            }
            last = Instant::now();
        }
        if samples.is_empty() { Err(BenchError::NoEvents) } else { Ok(samples) }
    }

    fn sample(&self, event: &Event<'_>, fields: &[FieldRequest]) -> Result<Sample, BenchError> {
        let text = self.event_to_string(event);
        let shown = |extracted: &Extracted, field: &FieldRequest| {
            (!extracted.values.is_empty()).then(|| join(&extracted.values, field.field().list))
        };
        let mut values = Vec::with_capacity(fields.len());
        for field in fields {
            let extraction = self.extract(event, slice::from_ref(field))?;
            values.push(extraction.fields.first().and_then(|extracted| shown(extracted, field)));
        }
        let together = match self.extract(event, fields) {
            _ if fields.len() < 2 => None,
            Err(error) => Some(error.to_string()),
            // The call fails where one field fails that does so alone, too: that is no value of all.
            Ok(extraction) if extraction.outcome != Outcome::Success => None,
            Ok(extraction) => {
                let mut all = extraction.fields.iter().zip(fields).zip(&values);
                let other = all.find_map(|((extracted, field), alone)| {
                    let together = shown(extracted, field);
                    (together != *alone).then_some((field, together.unwrap_or_default()))
                });
                other.map(|(field, value)| format!("{field} is '{value}'"))
            }
        };
        Ok(Sample { text, values, together })
    }
}
