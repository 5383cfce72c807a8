// SPDX-License-Identifier: Apache-2.0
//! An event is decoded once for all fields that are asked of it, and never taken for another event (rule 5.2).

#![expect(clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

mod common;

use common::extract::*;
use common::*;

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use std::ffi::CStr;
    use std::sync::atomic::{AtomicU64, Ordering};

    use falconet::view::WriteView;
    use falconet::{Error, Event, Extract, Field, Info, Init, NextEvent, One, Plugin, Source};

    pub(crate) struct Cached {
        decodes: AtomicU64,
    }

    impl Plugin for Cached {
        type Error = Error;
        const INFO: Info = Info::new(c"cached", c"0.1.0", c"counts its decodes", c"you@example.org");

        fn new(_: &Init<'_>) -> Result<Self, Error> {
            Ok(Self { decodes: AtomicU64::new(0) })
        }
    }

    impl Source for Cached {
        const ID: u32 = 999;
        const EVENT_SOURCE: &'static CStr = c"cached";
        const BATCH_BYTES: usize = 1024;
        const MAX_PAYLOAD: usize = 128;
        type Instance = Empty;

        fn open(&self, _: &CStr) -> Result<Empty, Error> {
            Ok(Empty)
        }
    }

    pub(crate) struct Empty;

    impl NextEvent for Empty {
        type Plugin = Cached;

        fn next(&mut self, _: &Cached, _: &mut WriteView<'_>) -> Result<One, Error> {
            Ok(One::Eof)
        }
    }

    impl Extract for Cached {
        type Decoded = u8;
        const FIELDS: &'static [Field<Self>] = &[
            Field::<Self>::new("c.first", "the first byte", |_, first, _| *first),
            Field::<Self>::new("c.decodes", "decodes so far", |cached, _, _| cached.decodes.load(Ordering::Relaxed)),
        ];

        fn decode(&self, event: &Event<'_>) -> Option<u8> {
            self.decodes.fetch_add(1, Ordering::Relaxed);
            event.payload().first().copied()
        }
    }

    falconet::export!(Cached: source, extract; states = 32, instances = 32);
}

/// First byte and decodes so far, by two calls of one field.
fn first_and_decodes(state: &State, number: u64, event: &[u8]) -> (u64, u64) {
    let first = extract(state, number, event, &[ask(0)]).u64s(0)[0];
    (first, extract(state, number, event, &[ask(1)]).u64s(0)[0])
}

#[test]
fn several_fields_in_calls_of_their_own_cost_one_decode() {
    let state = State::init(c"");
    let event = plugin_event(5, 999, b"a");
    for _ in 0..3 {
        assert_eq!(first_and_decodes(&state, 1, &event), (97, 1));
    }
    let answer = extract(&state, 1, &event, &[ask(0), ask(1), ask(0)]);
    assert_eq!((answer.u64s(1), answer.u64s(2)), (vec![1], vec![97]));
    assert_eq!(first_and_decodes(&state, 2, &event), (97, 2), "another number is another event");
}

#[test]
fn another_number_address_time_or_length_is_another_event() {
    let state = State::init(c"");
    let mut event = plugin_event(5, 999, b"ab");
    assert_eq!(first_and_decodes(&state, 1, &event), (97, 1));
    event[38] = b'b';
    event[..8].copy_from_slice(&6u64.to_ne_bytes());
    assert_eq!(first_and_decodes(&state, 1, &event), (98, 2), "time");
    event[38] = b'c';
    event[16..20].copy_from_slice(&39u32.to_ne_bytes());
    event[30..34].copy_from_slice(&1u32.to_ne_bytes());
    assert_eq!(first_and_decodes(&state, 1, &event), (99, 3), "length");
    let mut moved = event.clone();
    moved[38] = b'd';
    assert_eq!(first_and_decodes(&state, 1, &moved), (100, 4), "address");
}

#[test]
fn events_numbered_0_are_never_taken_for_each_other() {
    let state = State::init(c"");
    let mut event = plugin_event(5, 999, b"a");
    assert_eq!(first_and_decodes(&state, 0, &event).0, 97);
    event[38] = b'b';
    assert_eq!(first_and_decodes(&state, 0, &event).0, 98);
    let answer = extract(&state, 0, &event, &[ask(0), ask(1)]);
    assert_eq!(answer.u64s(1), [5], "one call is one decode all the same");
}

#[test]
fn an_event_that_cannot_be_decoded_has_no_value_of_another() {
    let state = State::init(c"");
    let (good, empty) = (plugin_event(5, 999, b"a"), plugin_event(5, 999, b""));
    for number in 1..4 {
        assert_eq!(first_and_decodes(&state, number, &good).0, 97);
        assert_eq!(extract(&state, number, &empty, &[ask(0)]).count(0), 0);
        assert_eq!(extract(&state, number, &empty, &[ask(0)]).count(0), 0);
    }
}

#[test]
fn two_captures_on_one_state_the_second_begins_with_the_number_at_which_the_first_ended() {
    let state = State::init(c"");
    let mut event = plugin_event(5, 999, b"a");
    let instance = source::open(&state, c"");
    for number in 1..=3 {
        assert_eq!(first_and_decodes(&state, number, &event).0, 97);
    }
    // A capture ends and another begins: same number, address, time and length, another event.
    drop(instance);
    event[38] = b'b';
    assert_eq!(first_and_decodes(&state, 3, &event).0, 98, "after close");
    let _instance = source::open(&state, c"");
    event[38] = b'c';
    assert_eq!(first_and_decodes(&state, 3, &event).0, 99, "after open");
}

#[test]
fn a_state_in_the_slot_of_another_begins_with_nothing_decoded() {
    let event = plugin_event(5, 999, b"a");
    for _ in 0..3 {
        let state = State::init(c"");
        assert_eq!(first_and_decodes(&state, 1, &event), (97, 1));
    }
}

#[test]
fn two_states_have_caches_of_their_own() {
    let (a, b) = (State::init(c""), State::init(c""));
    let event = plugin_event(5, 999, b"a");
    for _ in 0..3 {
        assert_eq!(first_and_decodes(&a, 1, &event), (97, 1));
        assert_eq!(first_and_decodes(&b, 1, &event), (97, 1));
    }
}

#[test]
fn an_event_that_decodes_to_nothing_is_decoded_once_a_call() {
    let state = State::init(c"");
    let (nothing, good) = (plugin_event(1, 999, b""), plugin_event(1, 999, b"a"));
    for asks in [&[ask(0)][..], &[ask(0), ask(1)]] {
        assert_eq!(extract(&state, 1, &nothing, asks).rc, falconet::abi::FAILURE);
    }
    assert_eq!(first_and_decodes(&state, 1, &good), (97, 3));

    // One that is not as every SDK writes it, too: and the next call hears nothing of it.
    let mut odd = plugin_event(1, 999, b"").to_vec();
    odd[22] = 3; // parameters, of which the third is empty
    odd.splice(34..34, [0; 4]);
    odd[16] += 4;
    for asks in [&[ask(0)][..], &[ask(0), ask(1)]] {
        let before = first_and_decodes(&state, 2, &good).1;
        assert_eq!(extract(&state, 3, &odd, asks).rc, falconet::abi::FAILURE);
        let answer = extract(&state, 4, &good, &[ask(0), ask(1)]);
        assert_eq!((answer.u64s(0), answer.u64s(1)), (vec![97], vec![before + 2]));
    }
}

/// It declares plugin events, so its decode need not tell them from others.
#[test]
fn an_event_of_another_type_has_no_values_and_is_not_decoded() {
    let state = State::init(c"");
    let good = plugin_event(1, 999, b"a");
    let before = first_and_decodes(&state, 1, &good).1;
    let mut other = good.to_vec();
    other[20..22].copy_from_slice(&324u16.to_ne_bytes());
    for asks in [&[ask(0)][..], &[ask(0), ask(1)]] {
        assert_eq!(extract(&state, 2, &other, asks).rc, falconet::abi::FAILURE);
    }
    let answer = extract(&state, 3, &good, &[ask(0), ask(1)]);
    assert_eq!((answer.u64s(0), answer.u64s(1)), (vec![97], vec![before + 1]));
}
