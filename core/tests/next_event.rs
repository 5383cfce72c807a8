// SPDX-License-Identifier: Apache-2.0
//! A source that gives one event at a time: the SDK fills the batches, and loses nothing on the way.

mod common;

use common::source::*;
use common::*;
use falconet::abi;

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use std::ffi::CStr;

    use falconet::view::WriteView;
    use falconet::{Error, Info, Init, NextEvent, One, Plugin, Progress, Source, Timestamp};

    pub(crate) struct Letters;

    impl Plugin for Letters {
        type Error = Error;
        const INFO: Info = Info::new(c"letters", c"0.1.0", c"an event a letter", c"you@example.org");

        fn new(_: &Init<'_>) -> Result<Self, Error> {
            Ok(Self)
        }
    }

    impl Source for Letters {
        const ID: u32 = 999;
        const EVENT_SOURCE: &'static CStr = c"letters";
        const BATCH_EVENTS: usize = 4;
        const BATCH_BYTES: usize = 1024;
        const MAX_PAYLOAD: usize = 64;
        type Instance = Text;

        fn open(&self, params: &CStr) -> Result<Text, Error> {
            Ok(Text { letters: params.to_bytes().to_vec(), at: 0 })
        }
    }

    pub(crate) struct Text {
        letters: Vec<u8>,
        at: usize,
    }

    impl NextEvent for Text {
        type Plugin = Letters;

        /// `.` is a timeout, `-` left out, `!` an error, `+` too much for an event, `,` the last event at the moment; every
        /// other letter an event.
        fn next(&mut self, _: &Letters, payload: &mut WriteView<'_>) -> Result<One, Error> {
            let Some(letter) = self.letters.get(self.at) else { return Ok(One::Eof) };
            self.at += 1;
            payload.write_all(&[*letter])?;
            match letter {
                b'.' => Ok(One::Timeout),
                b'-' => Ok(One::Skip),
                b',' => Ok(One::Last(Timestamp::HOST)),
                b'!' => Err(Error::new("an exclamation mark").with("at", self.at as u64)),
                b'+' => {
                    payload.write_all(&[0; 64])?;
                    Ok(One::Eof)
                }
                _ => Ok(One::Event(Timestamp::from_nanos(self.at as u64))),
            }
        }

        fn progress(&self) -> Option<Progress> {
            Some(Progress::of(self.at as u64, self.letters.len() as u64))
        }
    }

    falconet::export!(Letters: source; states = 16, instances = 16);
}

/// All calls until the end: rc and payloads.
fn calls(params: &str, state: &State) -> Vec<(abi::Rc, String)> {
    let instance = open(state, &c(params));
    let mut calls = Vec::new();
    loop {
        let batch = instance.next();
        calls.push((batch.rc, batch.payloads().concat()));
        if batch.rc == abi::EOF || calls.len() > 20 {
            return calls;
        }
    }
}

#[test]
fn batches_are_filled_and_the_end_is_told_with_the_last_one() {
    let state = State::init(c"");
    let expected = [(abi::SUCCESS, "abcd".to_owned()), (abi::EOF, "ef".to_owned())];
    assert_eq!(calls("abcdef", &state), expected);
    assert_eq!(calls("abcd", &state), [(abi::SUCCESS, "abcd".to_owned()), (abi::EOF, String::new())]);
    assert_eq!(calls("", &state), [(abi::EOF, String::new())]);
}

#[test]
fn host_4_5_events_before_a_timeout_or_an_error_are_delivered() {
    let state = State::init(c"");
    let expected = [(abi::TIMEOUT, "ab"), (abi::TIMEOUT, ""), (abi::FAILURE, "c"), (abi::EOF, "d")];
    assert_eq!(calls("ab..c!d", &state), expected.map(|(rc, text)| (rc, text.to_owned())));
    assert_eq!(state.last_error(), "an exclamation mark (at 6)");
}

#[test]
fn the_last_event_at_the_moment_is_handed_over_at_once() {
    let state = State::init(c"");
    let expected = [(abi::SUCCESS, "ab,"), (abi::SUCCESS, ","), (abi::EOF, "c")];
    assert_eq!(calls("ab,,c", &state), expected.map(|(rc, text)| (rc, text.to_owned())));
}

#[test]
fn a_skipped_event_is_left_out_and_the_next_one_asked_for() {
    let state = State::init(c"");
    assert_eq!(calls("-a--b-", &state), [(abi::EOF, "ab".to_owned())]);
}

#[test]
fn an_event_that_does_not_fit_says_what_was_needed_and_what_was_there() {
    let state = State::init(c"");
    let instance = open(&state, c"a+b");
    let batch = instance.next();
    assert_eq!((batch.rc, batch.payloads().concat()), (abi::FAILURE, "a".to_owned()));
    assert_eq!(state.last_error(), "a write goes beyond the event's room (needed 64, available 63)");
    assert_eq!(instance.next().payloads(), ["b"]);
}

#[test]
fn progress_is_the_instances() {
    let state = State::init(c"");
    let instance = open(&state, c"abcdefgh");
    assert_eq!(instance.progress(), 0);
    let _half = instance.next();
    assert_eq!(instance.progress(), 5000);
}
