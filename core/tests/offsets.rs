// SPDX-License-Identifier: Apache-2.0
//! Value offsets, a declared capability: one of each value of a list, one of each field of several.

mod common;

use common::extract::*;
use common::*;
use falconet::Timestamp;
use falconet::abi;
use falconet::event::write_raw;
use falconet::view::WriteView;

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use falconet::extract::{Argument, CSpan, List, Located};
    use falconet::{Error, Event, Extract, Field, Info, Init, Plugin, Span};

    pub(crate) struct Places;

    impl Plugin for Places {
        type Error = Error;
        const INFO: Info = Info::new(c"places", c"0.1.0", c"tells where values stand", c"you@example.org");

        fn new(_: &Init<'_>) -> Result<Self, Error> {
            Ok(Self)
        }
    }

    impl Extract for Places {
        type Decoded = ();
        const FIELDS: &'static [Field<Self>] = &[
            Field::<Self>::new("p.text", "the payload", |_, (), request| {
                request.event().span_of(request.event().payload())
            }),
            Field::<Self>::list("p.words", "its words", |_, (), list: &mut List<'_, '_, Option<Span>>| {
                let event = list.event();
                list.extend(event.payload().split(|byte| *byte == b' ').map(|word| event.span_of(word)));
            }),
            Field::<Self>::new("p.made", "stands nowhere", |_, (), _| 7u64),
            Field::<Self>::new("p.located", "its first byte", |_, (), request| {
                Some(Located::new(*request.event().payload().first()?, Span::payload(0, 1)))
            }),
            Field::<Self>::new("p.cspan", "the payload, by pointer", |_, (), _| CSpan::payload(2)),
            Field::<Self>::list("p.numbers", "0 to index", |_, (), list: &mut List<'_, '_, bool>| {
                list.extend((0..list.index().unwrap_or(0)).map(|_| true));
            })
            .argument(Argument::INDEX),
            Field::<Self>::new("p.none", "no value", |_, (), _| None::<Span>),
        ];

        fn decode(&self, _: &Event<'_>) -> Option<()> {
            Some(())
        }
    }

    falconet::export!(Places: extract, offsets; states = 64, memory = 64);
}

const TEXT: u32 = 0;
const WORDS: u32 = 1;
const MADE: u32 = 2;
const LOCATED: u32 = 3;
const CSPAN: u32 = 4;
const NUMBERS: u32 = 5;
const NONE: u32 = 6;

#[test]
#[expect(unsafe_code, reason = "a host calls a plugin through C symbols")]
fn host_1_5_offsets_claim_3_11() {
    // SAFETY: a function without conditions.
    assert_eq!(text(unsafe { plugin_get_required_api_version() }), "3.11.0");
}

#[test]
fn host_5_7_a_list_has_an_offset_of_each_value() {
    let state = State::init(c"");
    let event = plugin_event(1, 999, b"one three  five");
    let answer = extract_with_offsets(&state, &event, &[ask(WORDS)], Offsets::Wanted);
    assert_eq!(answer.strings(0), ["one", "three", "", "five"]);
    assert_eq!([0, 1, 2, 3].map(|i| answer.offset(i)), [(38, 3), (42, 5), (48, 0), (49, 4)]);
    for (i, word) in answer.strings(0).iter().enumerate() {
        let (start, len) = answer.offset(i);
        assert_eq!(&event[start as usize..][..len as usize], word.as_bytes());
    }
}

#[test]
fn host_5_7_single_values_have_one_offset_or_none() {
    let state = State::init(c"");
    let event = plugin_event(1, 999, b"text\0");
    let offset = |field| extract_with_offsets(&state, &event, &[ask(field)], Offsets::Wanted).offset(0);
    assert_eq!(offset(TEXT), (38, 5));
    assert_eq!(offset(MADE), (0, 0), "computed");
    assert_eq!(offset(LOCATED), (38, 1));
    assert_eq!(offset(CSPAN), (40, 2), "up to its NUL");
}

#[test]
fn host_3_5_a_payload_behind_the_lengths_of_three_parameters_has_its_own_place() {
    let state = State::init(c"");
    let mut memory = [0; 100];
    let parameters: [&[u8]; 3] = [&999u32.to_ne_bytes(), b"a text\0", b"of a later host"];
    let n = write_raw(&mut WriteView::new(&mut memory), Timestamp::from_nanos(1), None, 322, &parameters).unwrap();
    let event = &memory[..n];
    let answer = extract_with_offsets(&state, event, &[ask(CSPAN)], Offsets::Wanted);
    assert_eq!(answer.strings(0), ["text"]);
    assert_eq!(answer.offset(0), (44, 4), "the payload begins at byte 42");
    assert_eq!(&event[44..48], b"text");
}

#[test]
fn host_5_7_several_fields_have_one_offset_each() {
    let state = State::init(c"");
    let event = plugin_event(1, 999, b"one three");
    let asks = [MADE, WORDS, NONE, TEXT].map(ask);
    let answer = extract_with_offsets(&state, &event, &asks, Offsets::Wanted);
    assert_eq!([0, 1, 2, 3].map(|i| answer.offset(i)), [(0, 0), (38, 3), (0, 0), (38, 9)]);
    // What an earlier call has left there is not told again.
    let asks = [NONE, NONE, NONE, NONE].map(ask);
    let answer = extract_with_offsets(&state, &event, &asks, Offsets::Wanted);
    assert_eq!([0, 1, 2, 3].map(|i| answer.offset(i)), [(0, 0); 4]);
}

#[test]
fn host_5_7_more_fields_than_there_is_room_for_offsets_are_unsupported() {
    let state = State::init(c"");
    let event = plugin_event(1, 999, b"a");
    for n in 1..100 {
        let asks = vec![ask(NONE); n];
        let answer = extract_with_offsets(&state, &event, &asks, Offsets::Wanted);
        assert_eq!(answer.rc, abi::SUCCESS);
        assert_eq!(answer.offsets.start.is_null(), answer.offsets.length.is_null());
        // 64 bytes of bools are 16 values, and so many have offsets.
        assert_eq!(answer.offsets.start.is_null(), n > 16, "{n} fields");
    }
}

#[test]
fn host_5_7_a_list_never_has_more_values_than_offsets() {
    let state = State::init(c"");
    let event = plugin_event(1, 999, b"a");
    let numbers = |n, offsets| extract_with_offsets(&state, &event, &[ask_with(NUMBERS, None, Some(n))], offsets);
    let answer = numbers(16, Offsets::Wanted);
    assert_eq!(answer.count(0), 16);
    assert_eq!((0..16).map(|i| answer.offset(i)).collect::<Vec<_>>(), [(0, 0); 16]);
    assert_eq!(numbers(17, Offsets::Wanted).count(0), 0);
    assert_eq!(numbers(17, Offsets::No).count(0), 0, "17 cells of 4 bytes are more than 64 bytes");
}

#[test]
fn host_5_7_offsets_that_are_not_wanted_cost_nothing_and_failures_leave_null() {
    let state = State::init(c"");
    let event = plugin_event(1, 999, b"one three");
    let answer = extract_with_offsets(&state, &event, &[ask(WORDS)], Offsets::No);
    assert_eq!(answer.strings(0), ["one", "three"]);
    let mut malformed = event;
    malformed[30..34].copy_from_slice(&u32::MAX.to_ne_bytes());
    let answer = extract_with_offsets(&state, &malformed, &[ask(WORDS)], Offsets::Wanted);
    assert_eq!(
        (answer.rc, answer.offsets.start.is_null(), answer.offsets.length.is_null()),
        (abi::FAILURE, true, true)
    );
}
