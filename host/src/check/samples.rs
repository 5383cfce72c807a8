// SPDX-License-Identifier: Apache-2.0
//! Events to extract from: those of a source, or made up where there is none.

use std::ffi::CString;

use falconet::abi::SUCCESS;

use super::{Check, raw::Reader, subject::Loaded, witness::Witness};
use crate::{Event, FieldRequest, Logs, PLUGIN_EVENT, encode_plugin_event, guard::Pages};

/// How many events are kept, and looked at.
const KEPT: usize = 6;
const SEEN: usize = 200;
const BATCHES: usize = 50;

/// Where the parts of a plugin event lie.
const LEN: usize = 16;
const DATA_LEN: usize = 30;
pub(super) const PAYLOAD: usize = 38;

/// An event, copied, with the name of its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) bytes: Vec<u8>,
    pub(super) source: CString,
}

impl Sample {
    /// A copy in guarded memory.
    pub(super) fn place(&self) -> Option<Pages> {
        Pages::event(&self.bytes).ok()
    }

    /// The event in a place that `place` gave for a sample of this length.
    pub(super) fn in_place<'a>(&'a self, pages: &'a Pages, num: u64) -> Option<Event<'a>> {
        Event::from_bytes(pages.bytes(), num, &self.source).ok()
    }

    /// The same event with another payload, if it is a plugin event.
    pub(super) fn with_payload(&self, payload: &[u8]) -> Option<Self> {
        let event = Event::from_bytes(&self.bytes, 1, c"").ok()?;
        if event.event_type() != PLUGIN_EVENT || event.nparams() != 2 {
            return None;
        }
        let mut bytes = self.bytes.get(..PAYLOAD)?.to_vec();
        bytes.extend(payload);
        let (len, data) = (u32::try_from(bytes.len()).ok()?, u32::try_from(payload.len()).ok()?);
        bytes.get_mut(LEN..LEN + 4)?.copy_from_slice(&len.to_ne_bytes());
        bytes.get_mut(DATA_LEN..DATA_LEN + 4)?.copy_from_slice(&data.to_ne_bytes());
        Some(Self { bytes, source: self.source.clone() })
    }

    /// The same event with the time of another.
    pub(super) fn at_time_of(&self, other: &Self) -> Self {
        let mut bytes = self.bytes.clone();
        if let (Some(ts), Some(from)) = (bytes.get_mut(..8), other.bytes.get(..8)) {
            ts.copy_from_slice(from);
        }
        Self { bytes, source: self.source.clone() }
    }
}

/// Some unlike events that the plugin takes: those of the source, else made up.
pub(super) fn collect(witness: &Witness, loaded: &Loaded<'_>) -> Vec<Sample> {
    let Ok(inspector) = loaded.start(witness, &Logs::new()) else { return Vec::new() };
    let Some(plugin) = loaded.plugin(&inspector) else { return Vec::new() };
    let mut samples = loaded.source(&inspector).map(|source| read(witness, source, &loaded.subject.params));
    let samples = samples.get_or_insert_default();
    if samples.is_empty() {
        *samples = made_up(loaded);
    }
    samples
        .retain(|sample| Event::from_bytes(&sample.bytes, 1, &sample.source).is_ok_and(|event| plugin.takes(&event)));
    witness.calling("plugin_destroy");
    std::mem::take(samples)
}

/// The first events of a source, and more of its lengths, so that two unlike ones of one length are among them.
fn read(witness: &Witness, source: &crate::Plugin, params: &str) -> Vec<Sample> {
    let mut samples: Vec<Sample> = Vec::new();
    witness.calling("plugin_open");
    let Ok((reader, SUCCESS)) = Reader::open(source, params) else { return samples };
    let mut seen = 0;
    for _ in 0..BATCHES {
        witness.calling("plugin_next_batch");
        let batch = reader.next();
        let unset = batch.count_unset() || (batch.count > 0 && batch.events_unset());
        if !unset {
            witness.calling_under(Check::BatchReadOnly, "the host writes into the events of plugin_next_batch");
            for pointer in reader.pointers(&batch) {
                let Ok(event) = reader.take(pointer, 1) else { continue };
                seen += 1;
                let bytes = event.bytes().to_vec();
                let unlike = samples.iter().all(|sample| sample.bytes.get(26..) != bytes.get(26..));
                if unlike && samples.len() < KEPT {
                    samples.push(Sample { bytes, source: reader.source().to_owned() });
                }
            }
        }
        let over = batch.rc != SUCCESS && batch.rc != falconet::abi::TIMEOUT;
        if over || seen >= SEEN || samples.len() >= KEPT {
            break;
        }
    }
    witness.calling("plugin_close");
    samples
}

/// Plugin events for plugins that take those of others: JSON, a line of text, a few bytes.
fn made_up(loaded: &Loaded<'_>) -> Vec<Sample> {
    let info = loaded.info();
    let name = info.extract_sources.first().or(info.parse_sources.first()).map_or("falconet", String::as_str);
    let Ok(source) = CString::new(name) else { return Vec::new() };
    let id = if info.id == 0 { 999 } else { info.id };
    let payloads: [&[u8]; 4] = [
        b"{\"a\":1,\"b\":\"two\",\"c\":[true,null],\"d\":{\"e\":\"x\"}}",
        b"{\"a\":2,\"b\":\"six\",\"c\":[true,null],\"d\":{\"e\":\"y\"}}",
        b"a line of text, 192.0.2.1 200\0",
        b"\x01\x02\x03\x04\x05\x06\x07\x08\0",
    ];
    let ts = |index: usize| 1_700_000_000_000_000_000 + index as u64;
    let sample = |(index, payload): (usize, &[u8])| Sample {
        bytes: encode_plugin_event(ts(index), id, payload),
        source: source.clone(),
    };
    payloads.into_iter().enumerate().map(sample).collect()
}

/// What is asked of each event: each field without an argument, and with one that it may take; and what the user names.
pub(super) fn requests(loaded: &Loaded<'_>) -> Vec<FieldRequest> {
    let mut requests = Vec::new();
    for field in &loaded.info().fields {
        requests.extend(FieldRequest::plain(field));
        for argument in ["0", "a", "/a", "b"] {
            let text = format!("{}[{argument}]", field.name);
            if field.argument.index || field.argument.key {
                requests.extend(FieldRequest::parse(&text, std::slice::from_ref(field)));
            }
        }
    }
    for text in &loaded.subject.fields {
        requests.extend(loaded.library.field(text).ok().filter(|request| !requests.contains(request)));
    }
    requests
}
