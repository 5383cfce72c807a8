// SPDX-License-Identifier: Apache-2.0
//! A source with the id 0 and no event source of its own (rules 1.2, 1.3, 4.2).
#![expect(unsafe_code, reason = "a host calls a plugin through C symbols")]

mod common;

use common::source::*;
use common::*;
use falconet::abi;

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use std::ffi::CStr;

    use falconet::view::WriteView;
    use falconet::{Error, Info, Init, NextEvent, One, Plugin, Source, Timestamp};

    pub(crate) struct Anonymous;

    impl Plugin for Anonymous {
        type Error = Error;
        const INFO: Info = Info::new(c"anonymous", c"0.1.0", c"has no source", c"you@example.org");

        fn new(_: &Init<'_>) -> Result<Self, Error> {
            Ok(Self)
        }
    }

    impl Source for Anonymous {
        const ID: u32 = 0;
        const EVENT_SOURCE: &'static CStr = c"";
        type Instance = Once;

        fn open(&self, _: &CStr) -> Result<Once, Error> {
            Ok(Once(false))
        }
    }

    pub(crate) struct Once(bool);

    impl NextEvent for Once {
        type Plugin = Anonymous;

        fn next(&mut self, _: &Anonymous, payload: &mut WriteView<'_>) -> Result<One, Error> {
            if std::mem::replace(&mut self.0, true) {
                return Ok(One::Eof);
            }
            payload.write_all(b"once")?;
            Ok(One::Event(Timestamp::HOST))
        }
    }

    falconet::export!(Anonymous: source);
}

#[test]
fn host_1_3_an_empty_event_source_is_not_null() {
    // SAFETY: functions without conditions.
    let (id, source) = unsafe { (plugin_get_id(), plugin_get_event_source()) };
    assert_eq!((id, text(source)), (0, String::new()));
}

#[test]
fn host_4_2_an_event_that_would_have_no_id_is_a_clear_error() {
    let state = State::init(c"");
    let batch = open(&state, c"").next();
    assert_eq!((batch.rc, batch.events.len()), (abi::FAILURE, 0));
    let expected = "a source without an id gave a plugin event without one, which no host takes: use Batch::raw";
    assert_eq!(state.last_error(), expected);
}
