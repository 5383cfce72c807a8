// SPDX-License-Identifier: Apache-2.0
//! Parsing through the exported symbols: with `&mut self`, before extraction, and nothing of a malformed event.
#![expect(unsafe_code, reason = "a host calls a plugin through C symbols")]

mod common;

use std::ptr::{null, null_mut};

use common::extract::*;
use common::parse::*;
use common::*;
use falconet::abi;

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use falconet::event::{ASYNC_EVENT, PLUGIN_EVENT};
    use falconet::{Error, Event, EventSchema, Extract, Field, Info, Init, Log, Parse, Parsing, Plugin};

    pub(crate) struct Sums {
        log: Log,
        events: u64,
        total: u64,
    }

    impl Plugin for Sums {
        type Error = Error;
        const INFO: Info = Info::new(c"sums", c"0.1.0", c"sums payloads up", c"you@example.org");

        fn new(init: &Init<'_>) -> Result<Self, Error> {
            Ok(Self { log: init.log(), events: 0, total: 0 })
        }
    }

    impl Parse for Sums {
        const PARSE_TYPES: &'static [u16] = &[PLUGIN_EVENT, ASYNC_EVENT, 3];
        const PARSE_SOURCES: &'static [&'static str] = &["syscall", "a \"source\""];

        fn parse(&mut self, event: &Event<'_>, call: &mut Parsing<'_, Self>) -> Result<(), Error> {
            self.events += 1;
            let line = format!("{} {} {:?}", self.events, call.number(), call.source());
            self.log.info(&line);
            if event.payload() == b"refuse" {
                return Err(Error::new("not this one").with("event", call.number()));
            }
            self.total += event.payload().iter().map(|byte| u64::from(*byte)).sum::<u64>();
            Ok(())
        }
    }

    impl Extract for Sums {
        type Decoded = u64;
        const FIELDS: &'static [Field<Self>] = &[Field::<Self>::new("sums.total", "so far", |_, total, _| *total)];

        fn decode(&self, _: &Event<'_>) -> Option<u64> {
            Some(self.total)
        }
    }

    impl EventSchema for Sums {}

    falconet::export!(Sums: parse, extract, event_schema);
}

#[test]
fn host_2_1_types_and_sources_are_said_with_and_without_a_state() {
    let state = State::init(c"");
    assert_eq!(parse_types(state.ptr), [322, 402, 3]);
    assert_eq!(parse_types(null_mut()), [322, 402, 3]);
    // SAFETY: NULL is a count that is not wanted.
    assert!(!unsafe { plugin_get_parse_event_types(null_mut(), state.ptr) }.is_null());
    // SAFETY: a function without conditions.
    let sources: Vec<String> = serde_json::from_str(&text(unsafe { plugin_get_parse_event_sources() })).unwrap();
    assert_eq!(sources, ["syscall", "a \"source\""]);
}

#[test]
fn host_2_2_a_plugin_of_other_events_says_its_schema_version_and_claims_3_12() {
    // SAFETY: functions without conditions.
    unsafe {
        assert_eq!(text(plugin_get_required_event_schema_version(null_mut())), "4.0.0");
        let state = State::init(c"");
        assert_eq!(text(plugin_get_required_event_schema_version(state.ptr)), "4.0.0");
        assert_eq!(text(plugin_get_required_api_version()), "3.12.0");
    }
}

#[test]
fn a_parser_changes_its_own_state_and_no_other() {
    let (a, b) = (State::init(c""), State::init(c""));
    for n in 1..=3 {
        assert_eq!(parse(&a, n, &plugin_event(n, 999, b"\x01")), abi::SUCCESS);
    }
    assert_eq!(parse(&b, 7, &plugin_event(1, 999, b"\x01")), abi::SUCCESS);
    let lines = |state: &State| state.logged().into_iter().map(|(_, line)| line).collect::<Vec<_>>();
    assert_eq!(lines(&a), [r#"1 1 Some("test")"#, r#"2 2 Some("test")"#, r#"3 3 Some("test")"#]);
    assert_eq!(lines(&b), [r#"1 7 Some("test")"#]);
}

#[test]
fn host_8_4_what_was_parsed_of_an_event_is_there_when_its_fields_are_asked() {
    let state = State::init(c"");
    let mut total = 0;
    // Always in the same place: for the cache of decoded events only the number differs.
    let mut place = plugin_event(0, 999, &[0]);
    for (number, byte) in [(1, 5), (2, 7), (3, 11), (0, 1), (0, 1)] {
        place[38] = byte;
        total += u64::from(byte);
        assert_eq!(parse(&state, number, &place), abi::SUCCESS);
        for _ in 0..2 {
            assert_eq!(extract(&state, number, &place, &[ask(0)]).u64s(0), [total]);
        }
    }
}

#[test]
fn an_error_is_the_last_error_and_the_next_event_is_parsed() {
    let state = State::init(c"");
    assert_eq!(parse(&state, 12, &plugin_event(1, 999, b"refuse")), abi::FAILURE);
    assert_eq!(state.last_error(), "not this one (event 12)");
    assert_eq!(parse(&state, 13, &plugin_event(1, 999, b"take")), abi::SUCCESS);
}

#[test]
fn null_is_survived_and_said() {
    let state = State::init(c"");
    let bytes = plugin_event(1, 999, b"x");
    let event = abi::EventInput { evt: bytes.as_ptr().cast(), evtnum: 1, evtsrc: null() };
    let no_event = abi::EventInput { evt: null(), ..event };
    let input: abi::EventParseInput = poison();
    // SAFETY: NULL, or structs that live for the calls.
    unsafe {
        for (e, i) in [(null(), &raw const input), (&raw const event, null()), (null(), null())] {
            assert_eq!(plugin_parse_event(state.ptr, e, i), abi::FAILURE);
            assert!(state.last_error().contains("plugin_parse_event was called with NULL"), "{}", state.last_error());
        }
        assert_eq!(plugin_parse_event(state.ptr, &raw const no_event, &raw const input), abi::FAILURE);
        assert!(state.last_error().contains("a NULL event"), "{}", state.last_error());
        assert_eq!(plugin_parse_event(null_mut(), &raw const event, &raw const input), abi::FAILURE);
        assert!(state.logged().is_empty(), "the parser was called");
        assert_eq!(plugin_parse_event(state.ptr, &raw const event, &raw const input), abi::SUCCESS);
    }
    assert_eq!(state.logged()[0].1, "1 1 None");
}

#[test]
fn a_malformed_event_is_refused_before_the_parser_sees_it() {
    let state = State::init(c"");
    let whole = plugin_event(1, 999, b"payload");
    let with = |at: usize, value: u32| {
        let mut event = whole.clone();
        event[at..at + 4].copy_from_slice(&value.to_ne_bytes());
        event
    };
    let (len, nparams, id_len, payload_len) = (16, 22, 26, 30);
    let mut said = Vec::new();
    for event in [
        with(len, 0),
        with(len, 25),
        with(len, 26),
        with(len, 37),
        with(nparams, u32::MAX),
        with(nparams, 9),
        with(id_len, u32::MAX),
        with(payload_len, 8),
        with(payload_len, u32::MAX - 3),
    ] {
        assert_eq!(parse(&state, 1, &event), abi::FAILURE, "{event:?}");
        said.push(state.last_error());
        assert_eq!(parse(&state, 1, &whole), abi::SUCCESS);
        assert_eq!(state.logged().len(), 1, "the parser saw the malformed one: {event:?}");
    }
    for text in &said {
        assert!(text.contains("event") && text.bytes().any(|b| b.is_ascii_digit() || b == b'N'), "{said:#?}");
    }
}
