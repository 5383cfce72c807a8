// SPDX-License-Identifier: Apache-2.0
//! More fields than are called directly: those are called through a table, all of them right.

mod common;

use common::extract::*;
use common::*;
use falconet::abi;

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use falconet::{Error, Event, Extract, Field, Info, Init, Plugin};

    pub(crate) struct Many;

    impl Plugin for Many {
        type Error = Error;
        const INFO: Info = Info::new(c"many", c"0.1.0", c"has many fields", c"you@example.org");

        fn new(_: &Init<'_>) -> Result<Self, Error> {
            Ok(Self)
        }
    }

    macro_rules! fields {
        ($( $tens:literal: $($ones:literal)* );*) => { &[ $($(
            Field::<Self>::new(concat!("m.f", $tens, $ones), "its number", |_, first, _| {
                u64::from(*first) * 1000 + $tens * 10 + $ones
            }),
        )*)* ] };
    }

    impl Extract for Many {
        type Decoded = u8;
        const FIELDS: &'static [Field<Self>] = fields!(
            0: 0 1 2 3 4 5 6 7 8 9; 1: 0 1 2 3 4 5 6 7 8 9; 2: 0 1 2 3 4 5 6 7 8 9; 3: 0 1 2 3 4 5 6 7 8 9;
            4: 0 1 2 3 4 5 6 7 8 9; 5: 0 1 2 3 4 5 6 7 8 9; 6: 0 1 2 3 4 5 6 7 8 9; 7: 0 1 2 3 4);

        fn decode(&self, event: &Event<'_>) -> Option<u8> {
            event.payload().first().copied()
        }
    }

    falconet::export!(Many: extract; states = 4);
}

#[test]
fn every_field_of_75_gives_its_own_value() {
    let state = State::init(c"");
    let event = plugin_event(1, 999, b"\x05");
    for id in 0..75 {
        assert_eq!(extract(&state, 1, &event, &[ask(id)]).u64s(0), [5000 + u64::from(id)]);
    }
    let all: Vec<_> = (0..75).map(ask).collect();
    let answer = extract(&state, 1, &event, &all);
    assert_eq!(answer.rc, abi::SUCCESS);
    assert_eq!((0..75).map(|i| answer.u64s(i)[0]).collect::<Vec<_>>(), (5000..5075).collect::<Vec<_>>());
    // Behind the first 64 a value lies in the ring, from call to call: there is always room for a request's.
    for _ in 0..1000 {
        assert_eq!(extract(&state, 1, &event, &[ask(74)]).u64s(0), [5074]);
    }
    for id in [75, 76, 1000, u32::MAX] {
        let answer = extract(&state, 1, &event, &[ask(id)]);
        assert_eq!((answer.rc, answer.count(0)), (abi::FAILURE, 0));
    }
}

#[test]
#[expect(unsafe_code, reason = "a host calls a plugin through C symbols")]
fn host_6_1_all_75_are_listed() {
    // SAFETY: a function without conditions.
    let json: serde_json::Value = serde_json::from_str(&text(unsafe { plugin_get_fields() })).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 75);
}

#[test]
#[expect(unsafe_code, reason = "a host calls a plugin through C symbols")]
fn host_6_3_no_sources_are_an_empty_array() {
    // SAFETY: a function without conditions.
    assert_eq!(text(unsafe { plugin_get_extract_event_sources() }), "[]");
}
