// SPDX-License-Identifier: Apache-2.0
//! What a plugin can do, told from the symbols that it exports (rule 1.2).

use std::fmt;

use falconet::abi::PluginApi;

/// What a plugin can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// It sources events.
    pub source: bool,
    /// It extracts fields.
    pub extract: bool,
    /// It parses events.
    pub parse: bool,
    /// It injects async events.
    pub async_events: bool,
    /// It is told when a capture begins and ends.
    pub capture_listen: bool,
}

impl Capabilities {
    /// The capabilities that these symbols make, or all that is incomplete. `id` and `source` are what the plugin
    /// says of itself: both or neither.
    pub(crate) fn of(api: &PluginApi, id: u32, source: &str) -> Result<Self, String> {
        let mut wrong = Vec::new();
        let mut complete = |capability: &str, parts: &[(&str, bool)], any: bool| {
            let all = parts.iter().all(|(_, there)| *there);
            if any && !all {
                let missing = parts.iter().filter(|(_, there)| !there).map(|(name, _)| format!("plugin_{name}"));
                let missing = missing.collect::<Vec<_>>().join(" and ");
                wrong.push(format!("{capability} is incomplete: {missing} is missing"));
            }
            all
        };
        let (open, close, next_batch) = (api.open.is_some(), api.close.is_some(), api.next_batch.is_some());
        let (extract, get_fields) = (api.extract_fields.is_some(), api.get_fields.is_some());
        let (handler, events) = (api.set_async_event_handler.is_some(), api.get_async_events.is_some());
        let (capture_open, capture_close) = (api.capture_open.is_some(), api.capture_close.is_some());
        let found = Self {
            source: complete(
                "event sourcing",
                &[("open", open), ("close", close), ("next_batch", next_batch)],
                open || close || next_batch,
            ),
            extract: complete("field extraction", &[("extract_fields", extract), ("get_fields", get_fields)], extract),
            parse: api.parse_event.is_some(),
            async_events: complete(
                "async events",
                &[("set_async_event_handler", handler), ("get_async_events", events)],
                handler,
            ),
            capture_listen: complete(
                "capture listening",
                &[("capture_open", capture_open), ("capture_close", capture_close)],
                capture_open,
            ),
        };
        if found.source && (id != 0) == source.is_empty() {
            wrong.push(format!(
                "event sourcing has the id {id} and the event source '{source}': either both or neither must be set"
            ));
        }
        if wrong.is_empty() { Ok(found) } else { Err(wrong.join("; ")) }
    }

    /// Whether there is none at all.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (self.source, "source"),
            (self.extract, "extract"),
            (self.parse, "parse"),
            (self.async_events, "async"),
            (self.capture_listen, "listen"),
        ];
        let names: Vec<_> = names.into_iter().filter_map(|(there, name)| there.then_some(name)).collect();
        f.write_str(&names.join(", "))
    }
}
