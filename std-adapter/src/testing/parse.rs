// SPDX-License-Identifier: Apache-2.0
//! Events that the plugin parses.
#![expect(unsafe_code, reason = "a host calls a plugin by C functions")]

use std::ptr::null_mut;

use falconet::abi;
use falconet::export::{ExportedParse, parse};

use super::extract::NO_TABLES;
use super::harness::{first_source, wrong};
use super::{Event, Failed, Harness, host};

const NO_WRITER: abi::TableWriterVtable = abi::TableWriterVtable {
    clear_table: None,
    erase_table_entry: None,
    create_table_entry: None,
    destroy_table_entry: None,
    add_table_entry: None,
    write_entry_field: None,
};

impl<P: ExportedParse> Harness<P> {
    /// `plugin_parse_event` (capability `parse`), which the host calls for every event before fields of it are extracted
    /// (rule 8.4).
    ///
    /// # Errors
    /// The plugin's own; the real host does not look at it.
    ///
    /// # Panics
    /// Where the plugin breaks a rule of the host, or panics, and where it takes no events of this type or source.
    #[track_caller]
    pub fn parse(&self, event: &Event) -> Result<(), Failed> {
        if !P::PARSE_TYPES.contains(&event.event_type()) {
            let (types, actual) = (P::PARSE_TYPES, event.event_type());
            wrong(&format!("no host asks this: PARSE_TYPES is {types:?}, the event's type is {actual}"));
        }
        let sources = P::PARSE_SOURCES;
        if let Some(source) = event.source().and_then(|source| source.to_str().ok())
            && !(sources.is_empty() || sources.contains(&source))
        {
            wrong(&format!("no host asks this: PARSE_SOURCES is {sources:?}, the event's is {source:?}"));
        }
        let input = abi::EventParseInput {
            owner: std::ptr::from_ref(self.host()).cast_mut().cast(),
            get_owner_last_error: Some(host::no_error),
            table_reader: NO_TABLES,
            table_writer: NO_WRITER,
            table_reader_ext: null_mut(),
            table_writer_ext: null_mut(),
        };
        let source = first_source(<P as ExportedParse>::SOURCES);
        let event_input = event.input(&source);
        // SAFETY: the state is what init gave; the structs and the event live for the call.
        let rc = unsafe { parse::parse_event::<P>(self.state(), &raw const event_input, &raw const input) };
        self.check_whole();
        self.done("plugin_parse_event", rc)
    }
}
