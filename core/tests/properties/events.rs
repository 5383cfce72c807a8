// SPDX-License-Identifier: Apache-2.0
//! The parser of events against a slow one that knows only `plugin_types.h`, on whole, mutated and random bytes.
#![expect(unsafe_code, reason = "an event arrives from the host as a bare pointer")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

pub(crate) mod reference;

use std::ffi::CStr;

use falconet::event::{EventError, write_async, write_raw};
use falconet::view::WriteView;
use falconet::{Event, Span, Timestamp};
use proptest::prelude::*;

use reference::Parsed;

/// A whole event: time, thread, type, parameters.
pub(crate) type Whole = (u64, u64, u16, Vec<Vec<u8>>);

/// What is done to the bytes of an event.
#[derive(Clone, Debug)]
enum Mutation {
    FlipBit(usize, u8),
    SetByte(usize, u8),
    Truncate(usize),
    Extend(Vec<u8>),
    /// The header's length is so much more, or less.
    Len(i32),
    Type(u16),
    Count(u32),
    /// The length of a parameter, as if lengths were 4 bytes wide.
    ParameterLen(usize, u32),
}

fn any_type() -> impl Strategy<Value = u16> {
    prop_oneof![
        4 => Just(322u16),
        3 => Just(402u16),
        2 => Just(324u16),
        2 => prop::sample::select(vec![0u16, 1, 3, 321, 323, 325, 401, 403, u16::MAX]),
        1 => any::<u16>(),
    ]
}

fn any_event() -> impl Strategy<Value = Whole> {
    let any_bytes = || prop::collection::vec(any::<u8>(), 0..20);
    let parameter = prop_oneof![
        3 => any::<u32>().prop_map(|id| id.to_ne_bytes().to_vec()),
        1 => "[a-z]{0,8}".prop_map(|name| [name.as_bytes(), b"\0"].concat()),
        3 => any_bytes(),
    ];
    // Ids, names and data where they belong, often.
    let parameters = prop_oneof![
        prop::collection::vec(parameter, 0..6),
        (any::<u32>(), "[a-z]{0,8}", any_bytes())
            .prop_map(|(id, name, data)| { vec![id.to_ne_bytes().to_vec(), [name.as_bytes(), b"\0"].concat(), data] }),
        (any::<u32>(), any_bytes()).prop_map(|(id, data)| vec![id.to_ne_bytes().to_vec(), data]),
    ];
    (any::<u64>(), prop_oneof![Just(u64::MAX), any::<u64>()], any_type(), parameters)
}

fn any_mutation() -> impl Strategy<Value = Mutation> {
    let large = prop::sample::select(vec![u32::MAX, u32::MAX - 1, 1 << 31, 0x0001_0000, 0xFFFF, 0x4000_0000]);
    let number = move || prop_oneof![4 => 0u32..30, 1 => large.clone()];
    prop_oneof![
        3 => (0usize..80, 0u8..8).prop_map(|(at, bit)| Mutation::FlipBit(at, bit)),
        2 => (16usize..60, any::<u8>()).prop_map(|(at, byte)| Mutation::SetByte(at, byte)),
        2 => (0usize..100).prop_map(Mutation::Truncate),
        1 => prop::collection::vec(any::<u8>(), 0..10).prop_map(Mutation::Extend),
        2 => prop_oneof![8 => -20i32..20, 1 => any::<i32>()].prop_map(Mutation::Len),
        1 => any_type().prop_map(Mutation::Type),
        2 => number().prop_map(Mutation::Count),
        3 => (0usize..4, number()).prop_map(|(index, len)| Mutation::ParameterLen(index, len)),
    ]
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::FlipBit(at, bit) => bytes.get_mut(*at).into_iter().for_each(|byte| *byte ^= 1 << bit),
            Self::SetByte(at, new) => bytes.get_mut(*at).into_iter().for_each(|byte| *byte = *new),
            Self::Truncate(len) => bytes.truncate(*len),
            Self::Extend(more) => bytes.extend(more),
            Self::Len(by) => {
                if let Some(len) = bytes.get_mut(16..20) {
                    let new = u32::from_ne_bytes(len.try_into().unwrap()).wrapping_add_signed(*by);
                    len.copy_from_slice(&new.to_ne_bytes());
                }
            }
            Self::Type(new) => set(bytes, 20, &new.to_ne_bytes()),
            Self::Count(new) => set(bytes, 22, &new.to_ne_bytes()),
            Self::ParameterLen(index, new) => set(bytes, 26 + 4 * index, &new.to_ne_bytes()),
        }
    }
}

fn set(bytes: &mut [u8], at: usize, new: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + new.len()) {
        place.copy_from_slice(new);
    }
}

/// Both parsers say the same of `bytes`.
pub(crate) fn agree(bytes: &[u8]) -> Result<(), TestCaseError> {
    // Of its very own size, so that a sanitizer sees a read beyond.
    let bytes: Box<[u8]> = bytes.into();
    let expected = Parsed::new(&bytes);
    let event = Event::parse(&bytes);
    prop_assert_eq!(event.is_ok(), expected.is_some(), "{:?} of {:?}", event, bytes);
    if let Err(error) = &event {
        prop_assert!(!error.to_string().is_empty());
    }
    // Where the host's promise holds: so many bytes are readable, and a header.
    if bytes.len() >= 26 && reference::u32_at(&bytes, 16) as usize <= bytes.len() {
        // SAFETY: as the line above says.
        let by_pointer = unsafe { Event::from_ptr(bytes.as_ptr().cast()) };
        prop_assert_eq!(by_pointer.is_ok(), event.is_ok());
        if let (Ok(event), Some(expected)) = (by_pointer, &expected) {
            same(&event, expected)?;
        }
    }
    match (event, expected) {
        (Ok(event), Some(expected)) => same(&event, &expected),
        _ => Ok(()),
    }
}

fn same(event: &Event<'_>, expected: &Parsed<'_>) -> Result<(), TestCaseError> {
    prop_assert_eq!(event.as_bytes(), expected.bytes);
    prop_assert_eq!(event.timestamp(), Timestamp::from_nanos(expected.ts));
    prop_assert_eq!(event.thread_id(), Some(expected.tid).filter(|tid| *tid != u64::MAX));
    prop_assert_eq!(event.event_type(), expected.event_type);
    prop_assert_eq!(&event.parameters().collect::<Vec<_>>(), &expected.parameters);
    for index in 0..expected.parameters.len() + 2 {
        prop_assert_eq!(event.parameter(index), expected.parameters.get(index).copied());
    }
    let plugin = event.plugin();
    match expected.plugin() {
        Some((id, payload)) => {
            let plugin = plugin.map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!((plugin.id, plugin.payload, event.payload()), (id, payload, payload));
            prop_assert_eq!(plugin.view().as_slice(), payload);
            prop_assert_eq!(plugin.payload_as::<[u8; 7]>().ok().map(|bytes| &bytes[..]), payload.get(..7));
        }
        None => {
            prop_assert!(plugin.is_err());
            prop_assert_eq!(event.payload(), b"");
        }
    }
    match (event.as_async(), expected.as_async()) {
        (Ok(event), Some(expected)) => prop_assert_eq!((event.id, event.name.to_bytes(), event.data), expected),
        (Err(EventError::Type { wanted: 402, found }), None) => prop_assert_ne!(found, 402),
        (Err(_), None) => prop_assert_eq!(event.event_type(), 402),
        (got, expected) => prop_assert!(false, "{:?} for {:?}", got, expected),
    }
    for part in event.parameters().filter(|part| !part.is_empty()) {
        let span = event.span_of(part).unwrap();
        prop_assert_eq!(event.get(span).map(<[u8]>::as_ptr_range), Some(part.as_ptr_range()));
    }
    Ok(())
}

proptest! {
    #![proptest_config(super::cases(3000))]

    #[test]
    fn whole_events_are_read_as_they_were_written(whole in any_event(), behind in prop::collection::vec(any::<u8>(), 0..9)) {
        let (ts, tid, event_type, parameters) = &whole;
        let mut memory = [0xAA; 400];
        let mut view = WriteView::new(&mut memory);
        let slices: Vec<&[u8]> = parameters.iter().map(Vec::as_slice).collect();
        let tid = Some(*tid).filter(|tid| *tid != u64::MAX);
        let n = write_raw(&mut view, Timestamp::from_nanos(*ts), tid, *event_type, &slices).unwrap();
        let written = reference::encode(&whole);
        prop_assert_eq!(&memory[..n], &written);
        agree(&written)?;
        prop_assert!(Event::parse(&written).is_ok());
        // What lies behind an event is not looked at.
        agree(&[written, behind].concat())?;
    }

    #[test]
    fn mutated_events_are_read_alike(whole in any_event(), mutations in prop::collection::vec(any_mutation(), 1..5)) {
        let mut bytes = reference::encode(&whole);
        for mutation in mutations {
            mutation.apply(&mut bytes);
            agree(&bytes)?;
        }
    }

    #[test]
    fn random_bytes_are_read_alike(
        mut bytes in prop::collection::vec(any::<u8>(), 0..80),
        event_type in prop::option::of(any_type()),
        len in prop::option::weighted(0.8, 20u32..90),
        count in prop::option::weighted(0.8, 0u32..6),
    ) {
        for (at, number) in [(16, len), (22, count)] {
            if let Some(number) = number {
                set(&mut bytes, at, &number.to_ne_bytes());
            }
        }
        if let Some(event_type) = event_type {
            set(&mut bytes, 20, &event_type.to_ne_bytes());
        }
        agree(&bytes)?;
    }

    #[test]
    fn async_events_are_read_as_they_were_written(
        ts in any::<u64>(),
        id in any::<u32>(),
        name in "[a-z ]{0,20}",
        data in prop::collection::vec(any::<u8>(), 0..30),
        room in 30usize..120,
    ) {
        let name = [name.as_bytes(), b"\0"].concat();
        let name = CStr::from_bytes_with_nul(&name).unwrap();
        let mut memory = vec![0xAA; room];
        let mut view = WriteView::new(&mut memory);
        let needed = 42 + name.count_bytes() + 1 + data.len();
        match write_async(&mut view, Timestamp::from_nanos(ts), id, name, &data) {
            Ok(n) => {
                prop_assert_eq!((n, view.len()), (needed, needed));
                let event = Event::parse(&memory).unwrap();
                let event = event.as_async().unwrap();
                prop_assert_eq!((event.id, event.name, event.data), (id, name, &data[..]));
                agree(&memory)?;
            }
            Err(_) => {
                prop_assert!(needed > room && view.is_empty());
                prop_assert!(memory.iter().all(|byte| *byte == 0xAA), "nothing is written");
            }
        }
    }

    #[test]
    fn spans_never_leave_the_event(whole in any_event(), start in 0usize..120, len in 0usize..120, far in any::<u32>()) {
        let bytes = reference::encode(&whole);
        let event = Event::parse(&bytes).unwrap();
        for (start, end) in [(start, start + len), (start, far as usize), (far as usize, far as usize), (len, start)] {
            let expected = if start > 0 { bytes.get(start..end) } else { None };
            prop_assert_eq!(Span::event(start, end).and_then(|span| event.get(span)), expected);
            let payload = Span::payload(start, end);
            prop_assert_eq!(payload.is_some(), start <= end && end + 38 <= u32::MAX as usize);
            prop_assert_eq!(payload.and_then(|span| event.get(span)), bytes.get(start + 38..end + 38));
        }
    }
}
