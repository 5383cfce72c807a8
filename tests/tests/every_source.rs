// SPDX-License-Identifier: Apache-2.0
//! A plugin that extracts from every source and has none: a state for each source at the same time (rule 11.1), and
//! values that stay where they are (5.8), with nothing decoded that belongs to another event (5.2).
#![expect(clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

#[path = "../../core/tests/common/mod.rs"]
mod common;

use std::ffi::CStr;
use std::sync::Barrier;
use std::thread;

use common::extract::*;
use common::*;

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use core::net::{IpAddr, Ipv4Addr};
    use std::sync::atomic::{AtomicU64, Ordering};

    use falconet::extract::{Argument, List, Text};
    use falconet::{Error, Event, Extract, Field, Info, Init, Plugin};

    pub(crate) struct Anywhere {
        number: u64,
        decodes: AtomicU64,
    }

    impl Plugin for Anywhere {
        type Error = Error;
        const INFO: Info = Info::new(c"anywhere", c"0.1.0", c"extracts from every source", c"you@example.org");

        fn new(init: &Init<'_>) -> Result<Self, Error> {
            let number = init.config_str()?.parse().map_err(|_| Error::new("the config is a number"))?;
            Ok(Self { number, decodes: AtomicU64::new(0) })
        }
    }

    pub(crate) const FIELDS: &[Field<Anywhere>] = &[
        Field::<Anywhere>::new("any.first", "the first byte", |_, first, _| *first),
        Field::<Anywhere>::new("any.state", "the number in the state's config", |state, _, _| state.number),
        Field::<Anywhere>::new("any.decodes", "decodes so far", |state, _, _| state.decodes.load(Ordering::Relaxed)),
        Field::<Anywhere>::new("any.key", "a copy of the key", |_, _, request| {
            let key = request.key()?.to_owned();
            request.text(key.to_bytes())
        })
        .argument(Argument::KEY.required()),
        Field::<Anywhere>::list("any.copies", "copies of the first byte", |_, first, list: &mut List<'_, '_, Text>| {
            for times in 1..4 {
                let text = vec![*first; times];
                if let Some(text) = list.text(&text) {
                    list.push(text);
                }
            }
        }),
        Field::<Anywhere>::list("any.numbers", "0 to the first byte", |_, first, list: &mut List<'_, '_, u64>| {
            list.extend(0..u64::from(*first));
        }),
        Field::<Anywhere>::new("any.address", "an address that ends with the first byte", |_, first, _| {
            IpAddr::V4(Ipv4Addr::new(192, 0, 2, *first))
        }),
        Field::<Anywhere>::new("any.odd", "whether the first byte is odd", |_, first, _| first % 2 == 1),
        Field::<Anywhere>::new("any.source", "the event's source", |_, _, request| {
            let source = request.source()?.to_owned();
            request.text(source.to_bytes())
        }),
    ];

    /// The id of the field `any.<name>`.
    pub(crate) fn field(name: &str) -> u32 {
        let at = FIELDS.iter().position(|field| field.name().strip_prefix("any.") == Some(name));
        at.and_then(|at| u32::try_from(at).ok()).unwrap_or(u32::MAX)
    }

    impl Extract for Anywhere {
        type Decoded = u8;
        const FIELDS: &'static [Field<Self>] = FIELDS;

        fn decode(&self, event: &Event<'_>) -> Option<u8> {
            self.decodes.fetch_add(1, Ordering::Relaxed);
            event.payload().first().copied()
        }
    }

    falconet::export!(Anywhere: extract; states = 16);
}

use plugin::field;

const SOURCES: [&CStr; 3] = [c"syscall", c"access_log", c"k8s_audit"];

fn number(state: &State, evtnum: u64, event: &[u8], name: &str) -> u64 {
    extract(state, evtnum, event, &[ask(field(name))]).u64s(0)[0]
}

/// As the host asks: an event of the source that the state is for.
fn source_of(state: &State, evtnum: u64, event: &[u8], source: &CStr) -> String {
    let input = falconet::abi::EventInput { evt: event.as_ptr().cast(), evtnum, evtsrc: source.as_ptr() };
    let answer = extract_raw(state.ptr, &raw const input, &[ask(field("source"))], Offsets::No);
    answer.strings(0).remove(0)
}

fn states() -> Vec<State> {
    (0..SOURCES.len()).map(|number| State::init(&c(&number.to_string()))).collect()
}

#[test]
fn host_11_1_it_names_no_source_and_has_a_state_for_each_at_the_same_time() {
    // SAFETY: a function without conditions.
    #[expect(unsafe_code, reason = "a host calls a plugin through C symbols")]
    let sources = text(unsafe { plugin_get_extract_event_sources() });
    assert_eq!(sources, "[]", "all sources");
    let states = states();
    // The sources number their events alike; the same bytes even lie at the same place.
    let mut event = plugin_event(5, 999, b"a");
    for evtnum in 1..=20 {
        for (at, (state, source)) in states.iter().zip(SOURCES).enumerate() {
            let first = b'a' + u8::try_from(at).unwrap();
            event[38] = first;
            for _ in 0..2 {
                assert_eq!(number(state, evtnum, &event, "first"), u64::from(first));
                assert_eq!(number(state, evtnum, &event, "state"), at as u64);
            }
            assert_eq!(number(state, evtnum, &event, "decodes"), evtnum, "once for each event of its own source");
            assert_eq!(source_of(state, evtnum, &event, source), source.to_str().unwrap());
        }
    }
}

#[test]
fn host_11_1_the_states_of_sources_work_on_threads_of_their_own() {
    let together = Barrier::new(SOURCES.len());
    thread::scope(|scope| {
        for (at, source) in SOURCES.into_iter().enumerate() {
            let together = &together;
            scope.spawn(move || {
                together.wait();
                for _ in 0..50 {
                    let state = State::init(&c(&at.to_string()));
                    for first in 1..=50 {
                        let evtnum = u64::from(first);
                        let event = plugin_event(5, 999, &[first]);
                        assert_eq!(number(&state, evtnum, &event, "state"), at as u64);
                        let numbers = extract(&state, evtnum, &event, &[ask(field("numbers"))]);
                        assert_eq!(numbers.count(0), usize::from(first));
                        assert_eq!(source_of(&state, evtnum, &event, source), source.to_str().unwrap());
                    }
                }
            });
        }
    });
}

#[test]
fn host_11_1_one_of_the_states_goes_and_the_others_stay() {
    let mut states = states();
    let event = plugin_event(5, 999, b"a");
    for left in (1..=SOURCES.len()).rev() {
        for (at, state) in states.iter().enumerate() {
            assert_eq!(number(state, 1, &event, "state"), at as u64, "{left} are left");
        }
        drop(states.pop());
    }
}

/// A request, and how its answer reads, with the bytes that the host looks at.
type Reads = (&'static str, Option<&'static CStr>, fn(&Answer) -> Vec<u8>);

fn strings(answer: &Answer) -> Vec<u8> {
    answer.strings(0).join("\n").into_bytes()
}

fn numbers(answer: &Answer) -> Vec<u8> {
    answer.u64s(0).iter().flat_map(|number| number.to_ne_bytes()).collect()
}

const READS: [Reads; 9] = [
    ("first", None, numbers),
    ("state", None, numbers),
    ("key", Some(c"one key"), strings),
    ("key", Some(c"another, longer key"), strings),
    ("copies", None, strings),
    ("numbers", None, numbers),
    ("address", None, |answer| answer.buffers(0).concat()),
    ("odd", None, |answer| answer.bools(0).iter().flat_map(|odd| odd.to_ne_bytes()).collect()),
    ("source", None, strings),
];

/// One call for one field, as libsinsp makes it.
fn call(state: &State, event: &[u8], (name, key, _): Reads) -> Answer {
    let ask = if key.is_some() { ask_with(field(name), key, None) } else { ask(field(name)) };
    extract(state, 1, event, &[ask])
}

#[test]
fn host_5_8_a_first_fields_result_is_there_after_a_second_was_extracted() {
    let state = State::init(c"7");
    let event = plugin_event(5, 999, &[3]);
    let alone: Vec<Vec<u8>> = READS.iter().map(|read| read.2(&call(&state, &event, *read))).collect();
    for (first, expected) in READS.iter().zip(&alone) {
        for (second, also) in READS.iter().zip(&alone) {
            // As `join()` of both: the second is extracted before the first is read.
            let (one, two) = (call(&state, &event, *first), call(&state, &event, *second));
            assert_eq!((&first.2(&one), &second.2(&two)), (expected, also), "{} and {}", first.0, second.0);
        }
    }
}

#[test]
fn host_5_8_results_of_one_call_do_not_share_memory_either() {
    let state = State::init(c"7");
    let event = plugin_event(5, 999, &[3]);
    let asks =
        READS.map(|(name, key, _)| if key.is_some() { ask_with(field(name), key, None) } else { ask(field(name)) });
    let together = extract(&state, 1, &event, &asks);
    let single = |at: usize| Answer { rc: together.rc, fields: vec![together.fields[at]], offsets: together.offsets };
    let together: Vec<Vec<u8>> = (0..READS.len()).map(|at| READS[at].2(&single(at))).collect();
    let alone: Vec<Vec<u8>> = READS.iter().map(|read| read.2(&call(&state, &event, *read))).collect();
    assert_eq!(together, alone);
}

#[test]
fn host_5_2_an_event_numbered_0_is_no_other_event_numbered_0() {
    let state = State::init(c"1");
    let mut event = plugin_event(5, 999, b"a");
    for first in b'a'..=b'z' {
        event[38] = first;
        assert_eq!(number(&state, 0, &event, "first"), u64::from(first), "same address, time and length");
    }
    // Neither is one with a number.
    assert_eq!(number(&state, 1, &event, "first"), u64::from(b'z'));
    event[38] = b'a';
    assert_eq!(number(&state, 0, &event, "first"), u64::from(b'a'));
}

#[test]
fn host_5_2_a_plugin_that_hears_of_no_capture_tells_the_second_by_its_times() {
    let state = State::init(c"1");
    let mut event = plugin_event(5, 999, b"a");
    for evtnum in 1..=3 {
        assert_eq!(number(&state, evtnum, &event, "first"), u64::from(b'a'));
    }
    // The next capture: what is asked first has the number of the last one, its address and its length.
    event[..8].copy_from_slice(&6u64.to_ne_bytes());
    event[38] = b'b';
    assert_eq!(number(&state, 3, &event, "first"), u64::from(b'b'));
    assert_eq!(number(&state, 3, &event, "decodes"), 4);
}
