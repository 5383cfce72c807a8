// SPDX-License-Identifier: Apache-2.0
//! Parsing: an event is shown to a plugin that keeps state, before anything is extracted from it (rule 8.4).
#![expect(unsafe_code, reason = "the plugin's function is called")]

use falconet::abi::EventParseInput;

use crate::{
    call::{CallError, Code},
    event::Event,
    extract::Outcome,
    owner,
    plugin::Plugin,
    tables::{self, Access},
    watch,
};

const CALL: &str = "plugin_parse_event";

impl Plugin {
    /// Whether the plugin parses events of this type and source.
    #[must_use]
    pub fn parses(&self, event: &Event<'_>) -> bool {
        let info = self.library().info();
        info.capabilities.parse && event.is_of(&info.parse_sources, self.parse_types())
    }

    /// Shows the plugin an event. The real host never looks at a failure; its text is [`last_error`](Self::last_error).
    ///
    /// # Errors
    /// [`CallError`] if the plugin does not parse, or its rc is none of the call's.
    pub fn parse(&self, event: &Event<'_>) -> Result<Outcome, CallError> {
        let parse_event = self.api().parse_event.ok_or(CallError::NoSymbol { symbol: CALL })?;
        if !self.parses(event) {
            return Ok(Outcome::NotAsked);
        }
        let vtables = self.vtables.lend();
        let input = EventParseInput {
            owner: self.owner().as_ptr(),
            get_owner_last_error: Some(owner::last_error),
            table_reader: tables::READER,
            table_writer: tables::WRITER,
            table_reader_ext: vtables.reader(),
            table_writer_ext: vtables.writer(),
        };
        let event_input = event.input();
        let (event_input, input) = (self.places.event.lend(&event_input), self.places.parse.lend(&input));
        let _called = self.owner().enter(CALL, Access::Write);
        let _watched = watch::calling(CALL, self.library());
        // SAFETY: state and event are alive; the input and all that it points to are ours and live during the call.
        let rc = unsafe { parse_event(self.state(), event_input.as_ptr(), input.as_ptr()) };
        Ok(if Code::done(CALL, rc)? { Outcome::Success } else { Outcome::Failure })
    }
}
