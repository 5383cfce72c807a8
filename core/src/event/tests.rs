// SPDX-License-Identifier: Apache-2.0
//! Events byte by byte, and what the parser does with bytes that are none.

use std::vec::Vec;

use zerocopy::IntoBytes;

use super::*;
use crate::view::{ViewError, WriteView};

const TS: Timestamp = Timestamp::from_nanos(0x0102_0304_0506_0708);

fn written(write: impl Fn(&mut WriteView<'_>) -> Result<usize, ViewError>) -> Vec<u8> {
    let mut memory = [0xAA; 256];
    let n = write(&mut WriteView::new(&mut memory)).unwrap();
    assert!(memory[n..].iter().all(|byte| *byte == 0xAA));
    // All or nothing: one byte less is too little room.
    let mut memory = [0xAA; 256];
    let mut short = WriteView::new(&mut memory[..n - 1]);
    assert_eq!(write(&mut short), Err(ViewError::Full { needed: n, available: n - 1 }));
    assert_eq!(short.len(), 0);
    let mut memory = [0; 256];
    write(&mut WriteView::new(&mut memory)).unwrap();
    memory[..n].to_vec()
}

fn plugin_event(payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).unwrap();
    [PluginPrefix::new(TS, 999, len).as_bytes(), payload].concat()
}

/// One event of each kind of layout.
fn samples() -> [Vec<u8>; 6] {
    [
        plugin_event(b"payload"),
        written(|out| write_raw(out, TS, None, PLUGIN_EVENT, &[&[7, 0, 0, 0], b"payload", b"", b"more"])),
        written(|out| write_async(out, TS, 7, c"name", b"data")),
        written(|out| write_raw(out, TS, Some(42), 3, &[b"ab", b"", b"cde"])),
        written(|out| write_raw(out, TS, None, CONTAINER_JSON_2_EVENT, &[b"{}"])),
        written(|out| write_raw(out, TS, None, 1, &[])),
    ]
}

#[cfg(target_endian = "little")]
#[test]
fn host_3_1_the_header_byte_by_byte() {
    let event = written(|out| write_raw(out, TS, Some(0x1112_1314), 0x0203, &[b"ab", b"", b"c"]));
    let golden = [
        8, 7, 6, 5, 4, 3, 2, 1, // ts
        0x14, 0x13, 0x12, 0x11, 0, 0, 0, 0, // tid
        35, 0, 0, 0, // len
        3, 2, // type
        3, 0, 0, 0, // nparams
        2, 0, 0, 0, 1, 0, // lengths
        b'a', b'b', b'c',
    ];
    assert_eq!(event, golden);
}

#[cfg(target_endian = "little")]
#[test]
fn host_3_2_lengths_are_4_bytes_for_three_types_and_2_for_all_others() {
    for event_type in 0..=u16::MAX {
        let wide = matches!(event_type, 322 | 324 | 402);
        assert_eq!(length_width(event_type), if wide { 4 } else { 2 });
    }
    for event_type in [321, 322, 323, 324, 325, 402] {
        let event = written(|out| write_raw(out, TS, None, event_type, &[b"ab", b"c"]));
        let lengths: &[u8] = if length_width(event_type) == 4 { &[2, 0, 0, 0, 1, 0, 0, 0] } else { &[2, 0, 1, 0] };
        assert_eq!(event[26..], [lengths, b"abc"].concat());
        let read: Vec<_> = Event::parse(&event).unwrap().parameters().collect();
        assert_eq!(read, [&b"ab"[..], b"c"]);
    }
    // What a length of 2 bytes cannot say is refused, and nothing is written.
    let (long, mut memory) = ([0; 65_536], [0; 66_000]);
    let mut out = WriteView::new(&mut memory);
    let refused = Err(ViewError::Full { needed: 65_536, available: 65_535 });
    assert_eq!(write_raw(&mut out, TS, None, 3, &[&long]), refused);
    assert_eq!(out.len(), 0);
    assert_eq!(write_raw(&mut out, TS, None, 3, &[&long[1..]]), Ok(65_563));
    out.set_len(0).unwrap();
    assert_eq!(write_raw(&mut out, TS, None, 324, &[&long]), Ok(65_566));
}

#[cfg(target_endian = "little")]
#[test]
fn host_3_3_the_plugin_event_byte_by_byte() {
    let golden = [
        8, 7, 6, 5, 4, 3, 2, 1, // ts
        255, 255, 255, 255, 255, 255, 255, 255, // tid
        40, 0, 0, 0, // len
        0x42, 1, // type 322
        2, 0, 0, 0, // nparams
        4, 0, 0, 0, 2, 0, 0, 0, // lengths
        0xE7, 3, 0, 0, // plugin id 999
        b'h', b'i',
    ];
    assert_eq!(plugin_event(b"hi"), golden);
    let event = Event::parse(&golden).unwrap();
    assert_eq!(event.plugin(), Ok(PluginEvent { id: 999, payload: b"hi" }));
    assert_eq!((event.payload(), event.timestamp(), event.thread_id()), (&b"hi"[..], TS, None));
    assert_eq!(event.payload().as_ptr(), golden[38..].as_ptr(), "in place");
}

#[cfg(target_endian = "little")]
#[test]
fn host_3_4_the_async_event_byte_by_byte() {
    let event = written(|out| write_async(out, TS, 999, c"up", b"xyz"));
    let golden = [
        8, 7, 6, 5, 4, 3, 2, 1, // ts
        255, 255, 255, 255, 255, 255, 255, 255, // tid
        48, 0, 0, 0, // len
        0x92, 1, // type 402
        3, 0, 0, 0, // nparams
        4, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, // lengths, the name's with its NUL
        0xE7, 3, 0, 0, // plugin id 999
        b'u', b'p', 0, b'x', b'y', b'z',
    ];
    assert_eq!(event, golden);
    let read = Event::parse(&golden).unwrap();
    assert_eq!(read.as_async(), Ok(AsyncEvent { id: 999, name: c"up", data: b"xyz" }));
    assert_eq!(read.payload(), b"", "no plugin event");
}

#[test]
fn host_3_4_a_name_without_nul_is_an_error() {
    let event = written(|out| write_raw(out, TS, None, ASYNC_EVENT, &[&[1, 0, 0, 0], b"name", b"\0data"]));
    assert_eq!(Event::parse(&event).unwrap().as_async(), Err(EventError::Name { len: 4 }));
    let event = written(|out| write_raw(out, TS, None, ASYNC_EVENT, &[&[1, 0, 0], b"n\0", b""]));
    assert_eq!(Event::parse(&event).unwrap().as_async(), Err(EventError::PluginId { len: 3 }));
}

#[test]
fn host_3_5_empty_fewer_and_more_parameters_are_legal() {
    let event = written(|out| write_raw(out, TS, None, 3, &[b"a string\0", b""]));
    let event = Event::parse(&event).unwrap();
    let parameters = [Some(&b"a string\0"[..]), Some(b""), None, None];
    assert_eq!([0, 1, 2, usize::MAX].map(|i| event.parameter(i)), parameters);

    let raw = |parameters: &[&[u8]]| written(|out| write_raw(out, TS, None, PLUGIN_EVENT, parameters));
    let id = 999u32.to_ne_bytes();
    let more = raw(&[&id, b"payload", b"more"]);
    assert_eq!(Event::parse(&more).unwrap().plugin().unwrap().payload, b"payload");
    for (fewer, available) in [(raw(&[&id]), 1), (raw(&[]), 0)] {
        let event = Event::parse(&fewer).unwrap();
        assert_eq!(event.plugin(), Err(EventError::Count { needed: 2, available }));
        assert_eq!(event.payload(), b"");
    }
    let empty = plugin_event(b"");
    assert_eq!(Event::parse(&empty).unwrap().payload(), b"");
    assert_eq!(Event::parse(&empty).unwrap().as_async(), Err(EventError::Type { wanted: 402, found: 322 }));
}

#[test]
fn every_truncation_of_every_event_is_an_error() {
    for sample in samples() {
        assert!(Event::parse(&sample).is_ok());
        for cut in 0..sample.len() {
            let needed = if cut < HEADER_LEN { HEADER_LEN } else { sample.len() };
            assert_eq!(Event::parse(&sample[..cut]).err(), Some(EventError::TooShort { needed, available: cut }));
            // A header that agrees with the cut: then the parameters do not.
            let mut lying = sample.clone();
            lying[16..20].copy_from_slice(&u32::try_from(cut).unwrap().to_ne_bytes());
            assert!(Event::parse(&lying).is_err(), "{cut} of {}", sample.len());
            assert!(Event::parse(&lying[..cut]).is_err());
        }
    }
}

#[test]
fn bytes_behind_an_event_are_not_part_of_it() {
    for sample in samples() {
        let mut longer = sample.clone();
        longer.extend_from_slice(b"the next event");
        assert_eq!(Event::parse(&longer).unwrap().as_bytes(), sample);
    }
}

#[test]
fn numbers_of_parameters_and_lengths_that_cannot_be() {
    let patched = |at: usize, bytes: &[u8]| {
        let mut event = samples()[0].clone();
        event[at..at + bytes.len()].copy_from_slice(bytes);
        Event::parse(&event).err()
    };
    let max = u32::MAX.to_ne_bytes();
    let huge = HEADER_LEN + u32::MAX as usize * 4;
    assert_eq!(patched(22, &max), Some(EventError::TooShort { needed: huge, available: 45 }));
    let [id_len, payload_len] = [26, 30].map(|at| patched(at, &max));
    let needed = u64::from(u32::MAX);
    assert_eq!(id_len, Some(EventError::Parameters { needed: needed + 7, available: 11 }));
    assert_eq!(payload_len, Some(EventError::Parameters { needed: needed + 4, available: 11 }));
    assert_eq!(patched(30, &8u32.to_ne_bytes()), Some(EventError::Parameters { needed: 12, available: 11 }));
    assert_eq!(patched(26, &[max, max].concat()), Some(EventError::Parameters { needed: 2 * needed, available: 11 }));
    assert_eq!(patched(16, &max), Some(EventError::TooShort { needed: u32::MAX as usize, available: 45 }));
}

#[test]
fn spans_are_checked_against_the_event_they_are_used_on() {
    let (long, short) = (plugin_event(b"0123456789"), plugin_event(b"01"));
    let (long, short) = (Event::parse(&long).unwrap(), Event::parse(&short).unwrap());
    let span = long.span_of(&long.payload()[3..7]).unwrap();
    assert_eq!((span, span.end()), (Span::payload(3, 7).unwrap(), 45));
    assert_eq!(long.get(span), Some(&b"3456"[..]));
    assert_eq!(short.get(span), None);
    assert_eq!(long.span_of(short.payload()), None);
    assert_eq!(Span::payload(2, 1), None);
    assert_eq!(Span::event(0, 1), None);
    assert_eq!(Span::payload(usize::MAX, usize::MAX), None);
    assert_eq!(Span::event(1, u32::MAX as usize + 1), None);
    assert!(Span::payload(4, 4).unwrap().is_empty());
}

#[test]
fn a_terminated_text_is_one_whose_payload_ends_in_a_nul() {
    let event = |payload| plugin_event(payload);
    let terminated = |payload, start| Event::parse(&event(payload)).unwrap().terminated(start).map(<[u8]>::to_vec);
    assert_eq!(terminated(b"a\0b\0", 38), Some(b"a\0b\0".to_vec()));
    assert_eq!(terminated(b"a\0b\0", 40), Some(b"b\0".to_vec()));
    assert_eq!(terminated(b"a\0b\0", 41), Some(b"\0".to_vec()));
    for start in [42, 43, usize::MAX, 37, 0] {
        assert_eq!(terminated(b"a\0b\0", start), None);
    }
    assert_eq!(terminated(b"ab", 38), None);
    assert_eq!(terminated(b"", 38), None);
}

/// Everything that can be asked of an event; every slice lies in `bytes`.
fn walk(bytes: &[u8]) -> Option<usize> {
    let event = Event::parse(bytes).ok()?;
    let inside = |part: &[u8]| {
        let (all, part) = (bytes.as_ptr_range(), part.as_ptr_range());
        assert!(part.start == part.end || (all.start <= part.start && part.end <= all.end));
    };
    inside(event.as_bytes());
    inside(event.payload());
    assert!(event.as_bytes().len() >= HEADER_LEN);
    let mut all = 0;
    for parameter in event.parameters() {
        inside(parameter);
        all += parameter.len();
    }
    assert!(all <= event.as_bytes().len());
    if let Ok(plugin) = event.plugin() {
        assert_eq!(plugin.payload, event.payload());
    }
    if let Ok(read) = event.as_async() {
        inside(read.name.to_bytes_with_nul());
        inside(read.data);
    }
    for start in [0, 38, 40, bytes.len()] {
        event.terminated(start).into_iter().for_each(inside);
        Span::event(start.max(1), start + 3).and_then(|span| event.get(span)).into_iter().for_each(inside);
    }
    Some(event.parameters().count())
}

/// The check of plugin events alone finds what the check of all events finds.
fn check_as_plugin_event(bytes: &[u8]) {
    let whole = Header::ref_from_prefix(bytes).ok().map(|(header, _)| header.len.get() as usize);
    if whole.is_none_or(|len| len < HEADER_LEN || len > bytes.len()) {
        return;
    }
    // SAFETY: there are as many bytes as the header says.
    #[expect(unsafe_code, reason = "the check is made of what the host points at")]
    let alleged = unsafe { Alleged::from_ptr(bytes.as_ptr().cast()) }.unwrap();
    let expected = Event::parse(bytes).ok().and_then(|event| Some(event.plugin().ok()?.payload));
    assert_eq!(alleged.check_plugin_event().map(|event| event.payload()), expected, "{bytes:?}");
}

#[test]
fn mutated_events_never_panic_and_never_lead_out_of_their_bytes() {
    let mut random = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random >> 33).unwrap() % below
    };
    let samples = samples();
    let mut good = 0;
    for _ in 0..100_000 {
        let mut bytes = samples[next(samples.len())].clone();
        for _ in 0..=next(3) {
            // Mostly the header's numbers and the lengths.
            let below = if next(2) == 0 { bytes.len() } else { bytes.len().min(38) };
            let (at, some) = (next(below), next(256));
            let small = [0, 1, 4, 255, 254, 0x42, 0x92, u8::try_from(some).unwrap()];
            bytes[at] = small[next(small.len())];
        }
        if next(4) == 0 {
            bytes.truncate(next(bytes.len() + 1));
        }
        good += usize::from(walk(&bytes).is_some());
        check_as_plugin_event(&bytes);
    }
    assert!(good > 10_000, "{good} were events still");
}
