// SPDX-License-Identifier: Apache-2.0
//! A field of every type, and a host that asks for them with requests full of poison.
#![expect(unsafe_code, reason = "a host calls a plugin through C symbols")]

mod common;

use std::ptr::{null, null_mut};

use common::extract::*;
use common::*;
use falconet::abi;
use plugin::{FIELDS, field};

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
    use std::time::Duration;

    use falconet::extract::{AbsTime, Argument, CSpan, IpNet, List, RelTime, Text};
    use falconet::log::Counters;
    use falconet::{Error, Event, Extract, Field, Info, Init, Plugin, Request, Span, Timestamp};

    pub(crate) struct Types {
        counters: Counters,
    }

    impl Plugin for Types {
        type Error = Error;
        const INFO: Info = Info::new(c"types", c"0.1.0", c"a field of every type", c"you@example.org");

        fn new(init: &Init<'_>) -> Result<Self, Error> {
            Ok(Self { counters: init.counters() })
        }
    }

    const V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 7);

    fn repeated(request: &mut Request<'_>) -> Option<Text> {
        let n = usize::try_from(request.index()?).ok()?;
        request.text_with(|text| (0..n).try_for_each(|_| text.write_all(b"x")))
    }

    pub(crate) const FIELDS: &[Field<Types>] = &[
        Field::<Types>::new("t.u64", "the first byte", |_, first, _| u64::from(*first)).add_output().info(),
        Field::<Types>::new("t.u8", "the first byte", |_, first, _| *first).display("Byte").conversation(),
        Field::<Types>::new("t.true", "yes", |_, _, _| true),
        Field::<Types>::new("t.false", "no", |_, _, _| false),
        Field::<Types>::new("t.rel", "1.5 s", |_, _, _| Duration::from_millis(1500)),
        Field::<Types>::new("t.rel2", "5 ns", |_, _, _| RelTime(5)),
        Field::<Types>::new("t.abs", "the event's time", |_, _, request| request.event().timestamp()),
        Field::<Types>::new("t.abs2", "6 ns after the epoch", |_, _, _| AbsTime(6)),
        Field::<Types>::new("t.v4", "an address", |_, _, _| Ipv4Addr::new(10, 0, 0, 7)),
        Field::<Types>::new("t.v6", "an address", |_, _, _| V6),
        Field::<Types>::new("t.net", "a net", |_, _, _| IpNet(IpAddr::V4(Ipv4Addr::new(10, 1, 0, 0)))),
        Field::<Types>::new("t.span", "the payload", |_, _, request| {
            request.event().span_of(request.event().payload())
        }),
        Field::<Types>::new("t.cspan", "the payload, by pointer", |_, _, _| CSpan::payload(0)),
        Field::<Types>::new("t.cstr", "a constant", |_, _, _| c"constant"),
        Field::<Types>::new("t.str", "a constant", |_, _, _| "copied"),
        Field::<Types>::new("t.none", "never there", |_, _, _| None::<u64>).hidden(),
        Field::<Types>::new("t.repeat", "x so many times", |_, _, request| repeated(request))
            .argument(Argument::INDEX.required()),
        Field::<Types>::new("t.key", "the key", |_, _, request| {
            let key = request.key()?.to_owned();
            request.text(key.to_bytes())
        })
        .argument(Argument::KEY),
        Field::<Types>::new("t.index", "the index", |_, _, request| request.index())
            .argument(Argument::KEY_OR_INDEX.required()),
        Field::<Types>::list("t.numbers", "0 to index", |_, _, list: &mut List<'_, '_, u64>| {
            list.extend(0..list.index().unwrap_or(3));
        })
        .argument(Argument::INDEX),
        Field::<Types>::list("t.bools", "every second", |_, _, list: &mut List<'_, '_, bool>| {
            list.extend((0..list.index().unwrap_or(5)).map(|i| i % 2 == 0));
        })
        .argument(Argument::INDEX),
        Field::<Types>::list("t.words", "the payload's words", |_, _, list: &mut List<'_, '_, Option<Span>>| {
            let event = list.event();
            list.extend(event.payload().split(|byte| *byte == b' ').map(|word| event.span_of(word)));
        }),
        Field::<Types>::list("t.addresses", "both kinds", |_, _, list: &mut List<'_, '_, IpAddr>| {
            list.push(IpAddr::V4(Ipv4Addr::LOCALHOST));
            list.push(IpAddr::V6(V6));
            list.push(IpAddr::V4(Ipv4Addr::BROADCAST));
        }),
        Field::<Types>::list("t.times", "a list of times", |_, _, list: &mut List<'_, '_, RelTime>| {
            list.extend([RelTime(1), RelTime(2)]);
        }),
        Field::<Types>::list("t.made", "texts that were made", |_, _, list: &mut List<'_, '_, Option<Text>>| {
            for n in 0..3 {
                let text = list.text_with(|text| std::fmt::Write::write_fmt(text, format_args!("made {n}")));
                list.push(text);
            }
        }),
        Field::<Types>::list("t.empty", "nothing", |_, _, _: &mut List<'_, '_, u64>| {}),
        Field::<Types>::new("t.dropped", "values that were dropped", |plugin, _, _| plugin.counters.values_dropped()),
        Field::<Types>::new("t.nul", "a text with a NUL", |_, _, request| request.text(b"a\0b")),
        Field::<Types>::new("t.fallback", "short, because long does not fit", |_, _, request| {
            request.text(&[b'l'; 5000]).or_else(|| request.text(b"short"))
        }),
        Field::<Types>::list("t.partial", "does not fit in the middle", |_, _, list: &mut List<'_, '_, Text>| {
            for len in [2, 3, 5000] {
                let text = vec![b'p'; len];
                if let Some(text) = list.text(&text) {
                    list.push(text);
                }
            }
        }),
        Field::<Types>::new("t.source", "the event's source", |_, _, request| {
            let source = request.source()?.to_owned();
            request.text(source.to_bytes())
        }),
        Field::<Types>::new("t.number", "the event's number", |_, _, request| request.number()),
        Field::<Types>::new("t.time", "a time, or none", |_, _, _| Timestamp::HOST),
    ];

    /// The id of the field `t.<name>`.
    pub(crate) fn field(name: &str) -> u32 {
        let at = FIELDS.iter().position(|field| field.name().strip_prefix("t.") == Some(name));
        at.and_then(|at| u32::try_from(at).ok()).unwrap_or(u32::MAX)
    }

    impl Extract for Types {
        type Decoded = u8;
        const FIELDS: &'static [Field<Self>] = FIELDS;
        const EVENT_SOURCES: &'static [&'static str] = &["types", "other \"source\""];

        fn decode(&self, event: &Event<'_>) -> Option<u8> {
            event.payload().first().copied()
        }
    }

    falconet::export!(Types: extract; states = 64, memory = 1024);
}

/// A plugin event with a payload, at time 77.
fn event(payload: &[u8]) -> Vec<u8> {
    plugin_event(77, 999, payload)
}

/// The answer to one field without argument of `event`.
fn one(state: &State, event: &[u8], name: &str) -> Answer {
    extract(state, 1, event, &[ask(field(name))])
}

#[test]
fn host_1_5_add_output_claims_3_8_and_the_rest_of_extraction_nothing_more() {
    // SAFETY: a function without conditions.
    assert_eq!(text(unsafe { plugin_get_required_api_version() }), "3.8.0");
}

#[test]
fn host_2_1_the_event_types_are_always_declared() {
    let state = State::init(c"");
    let mut count = u32::MAX;
    // SAFETY: the place is writable; NULL is survived.
    let types = unsafe {
        assert!(!plugin_get_extract_event_types(null_mut(), null_mut()).is_null());
        let types = plugin_get_extract_event_types(&raw mut count, state.ptr);
        std::slice::from_raw_parts(types, count as usize)
    };
    assert_eq!(types, [322]);
}

#[test]
fn host_5_3_every_output_is_written_on_every_path() {
    // `extract` poisons them, and checks that each call has written all.
    let state = State::init(c"");
    let good = event(b"abc");
    let all: Vec<_> = (0..u32::try_from(FIELDS.len()).unwrap()).map(ask).collect();
    assert_eq!(extract(&state, 1, &good, &all).rc, abi::SUCCESS);
    let answer = extract(&state, 1, &good, &[ask(0), ask(999), ask(u32::MAX), ask(1)]);
    assert_eq!(answer.rc, abi::FAILURE, "two of the fields are unknown: a call that fails gives no value at all");
    assert_eq!([0, 1, 2, 3].map(|i| answer.count(i)), [0; 4]);

    let none = |answer: Answer| {
        assert_eq!(answer.rc, abi::FAILURE);
        assert_eq!((answer.count(0), answer.count(1)), (0, 0));
    };
    let two = [ask(0), ask(1)];
    let on = |state, evt: *const abi::Event| {
        let input = abi::EventInput { evt, evtnum: 1, evtsrc: null() };
        extract_raw(state, &raw const input, &two, Offsets::Garbage)
    };
    none(extract(&state, 1, &event(b""), &two)); // `decode` says None
    none(extract_raw(state.ptr, null(), &two, Offsets::Garbage));
    none(on(state.ptr, null()));
    none(on(null_mut(), good.as_ptr().cast()));
    let failed = State::init(c"");
    let ptr = failed.ptr;
    drop(failed);
    none(on(ptr, good.as_ptr().cast()));
    for (at, value) in [(16, 10u32), (22, u32::MAX), (22, 3), (26, 5), (30, 4), (30, u32::MAX)] {
        let mut malformed = good.clone();
        malformed[at..at + 4].copy_from_slice(&value.to_ne_bytes());
        none(extract(&state, 1, &malformed, &two));
    }
}

#[test]
fn host_5_3_no_fields_and_null_are_survived() {
    let state = State::init(c"");
    let mut input: abi::FieldExtractInput = poison();
    input.fields = null_mut();
    // SAFETY: the structs live for the calls; NULL is survived.
    unsafe {
        assert_eq!(plugin_extract_fields(state.ptr, null(), null()), abi::FAILURE);
        input.num_fields = 0;
        assert_eq!(plugin_extract_fields(state.ptr, null(), &raw const input), abi::SUCCESS);
        input.num_fields = 2;
        assert_eq!(plugin_extract_fields(state.ptr, null(), &raw const input), abi::FAILURE);
    }
}

#[test]
fn host_5_4_arguments_count_where_they_are_present_only() {
    let state = State::init(c"");
    let event = event(b"abc");
    let asks = |ask| extract(&state, 1, &event, &[ask]);
    assert_eq!(asks(ask_with(field("key"), Some(c"k e y"), None)).strings(0), ["k e y"]);
    assert_eq!(asks(ask_with(field("key"), Some(c""), None)).strings(0), [""]);
    assert_eq!(asks(ask_with(field("key"), None, None)).count(0), 0);
    assert_eq!(asks(ask_with(field("index"), Some(c"12"), Some(12))).u64s(0), [12]);
    assert_eq!(asks(ask_with(field("index"), Some(c"twelve"), None)).count(0), 0);
    // Not present: key and index are what was on the stack.
    for name in ["key", "index"] {
        let mut request = request(&ask(field(name)), c"name");
        request.arg_key = std::ptr::without_provenance(POISON_PTR);
        request.arg_index = 3;
        let input = abi::EventInput { evt: event.as_ptr().cast(), evtnum: 1, evtsrc: null() };
        let call = abi::FieldExtractInput { num_fields: 1, fields: &raw mut request, ..poison() };
        // SAFETY: the structs live for the call.
        assert_eq!(unsafe { plugin_extract_fields(state.ptr, &raw const input, &raw const call) }, abi::SUCCESS);
        assert_eq!(request.res_len, 0, "{name}");
    }
}

#[test]
fn host_5_5_no_value_leaves_no_error_text() {
    let state = State::init(c"");
    assert_eq!(one(&state, &event(b""), "u64").rc, abi::FAILURE);
    assert_eq!(one(&state, &event(b"a"), "none").count(0), 0);
    assert_eq!(state.last_error(), "");
}

#[test]
fn host_5_6_values_of_every_type_are_laid_out_as_the_host_reads_them() {
    let state = State::init(c"");
    let event = event(b"abc");
    let asked = |name| one(&state, &event, name);
    assert_eq!(asked("u64").u64s(0), [97]);
    assert_eq!(asked("u8").u64s(0), [97], "8 bytes whatever the Rust type is");
    assert_eq!((asked("true").bools(0), asked("false").bools(0)), (vec![1u32], vec![0]), "4 bytes");
    assert_eq!((asked("rel").u64s(0), asked("rel2").u64s(0)), (vec![1_500_000_000], vec![5]));
    assert_eq!((asked("abs").u64s(0), asked("abs2").u64s(0)), (vec![77], vec![6]));
    assert_eq!(asked("v4").buffers(0), [[10, 0, 0, 7]]);
    let v6 = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
    assert_eq!(asked("v6").buffers(0), [v6]);
    assert_eq!(asked("net").buffers(0), [[10, 1, 0, 0]]);
    assert_eq!(asked("span").strings(0), ["abc"]);
    assert_eq!(asked("cstr").strings(0), ["constant"]);
    assert_eq!(asked("str").strings(0), ["copied"]);
    assert_eq!(asked("source").strings(0), ["test"]);
    assert_eq!(asked("number").u64s(0), [1]);
    assert_eq!(asked("time").count(0), 0, "no time is no value");
    assert_eq!(asked("cspan").count(0), 0, "without NUL there is no string");
}

#[test]
fn host_5_6_lists_of_every_type() {
    let state = State::init(c"");
    let event = event(b"two words");
    let asked = |name| one(&state, &event, name);
    assert_eq!(asked("numbers").u64s(0), [0, 1, 2]);
    assert_eq!(asked("bools").bools(0), [1, 0, 1, 0, 1]);
    assert_eq!(asked("words").strings(0), ["two", "words"]);
    assert_eq!(asked("times").u64s(0), [1, 2]);
    assert_eq!(asked("made").strings(0), ["made 0", "made 1", "made 2"]);
    assert_eq!(asked("addresses").buffers(0).iter().map(Vec::len).collect::<Vec<_>>(), [4, 16, 4]);
    assert_eq!(asked("empty").count(0), 0);
}

#[test]
fn a_string_that_ends_in_the_event_is_handed_over_by_pointer() {
    let state = State::init(c"");
    let terminated = event(b"abc\0");
    let answer = one(&state, &terminated, "cspan");
    assert_eq!(answer.strings(0), ["abc"]);
    assert_eq!(answer.string_addresses(0), [terminated.as_ptr() as usize + 38]);
    let copied = one(&state, &event(b"abc"), "span").string_addresses(0);
    assert!(!terminated.as_ptr_range().contains(&(copied[0] as *const u8)));
}

#[test]
fn what_does_not_fit_gives_no_value_a_count_and_one_log_line() {
    let state = State::init(c"");
    let event = event(b"abc");
    let repeat = |n| extract(&state, 1, &event, &[ask_with(field("repeat"), None, Some(n))]);
    let dropped = || one(&state, &event, "dropped").u64s(0);
    assert_eq!(repeat(1023).strings(0), ["x".repeat(1023)]);
    assert_eq!(dropped(), [0]);
    let mut count = 0;
    for n in [1024, 1025, 5000, 1 << 30] {
        assert_eq!(repeat(n.min(100_000)).count(0), 0);
        count += 1;
        assert_eq!(dropped(), [count]);
    }
    let lines = state.logged();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0].0, abi::LOG_WARNING);
    assert!(lines[0].1.starts_with("field the.field gives no value: it does not fit"), "{}", lines[0].1);
    assert_eq!(repeat(3).strings(0), ["xxx"]);
}

#[test]
fn a_nul_inside_a_string_gives_no_value() {
    let state = State::init(c"");
    assert_eq!(one(&state, &event(b"a"), "nul").count(0), 0);
    assert_eq!(one(&state, &event(b"a\0b"), "span").count(0), 0);
    assert_eq!(one(&state, &event(b"a"), "dropped").u64s(0), [2]);
    assert!(state.logged()[0].1.contains("NUL"));
    assert_eq!(one(&state, &event(b"a"), "span").strings(0), ["a"]);
}

#[test]
fn a_value_given_instead_of_one_that_does_not_fit_is_not_counted() {
    let state = State::init(c"");
    assert_eq!(one(&state, &event(b"a"), "fallback").strings(0), ["short"]);
    assert_eq!(one(&state, &event(b"a"), "dropped").u64s(0), [0]);
    assert_eq!(state.logged(), []);
}

#[test]
fn what_one_field_could_not_hand_over_is_not_the_next_ones() {
    let state = State::init(c"");
    let event = event(b"two words");
    let names = ["fallback", "none", "words", "nul", "none", "bools", "partial", "numbers", "fallback", "empty"];
    for offered in [&names[..], &names[3..], &names[6..]] {
        let asks: Vec<_> = offered.iter().map(|name| ask(field(name))).collect();
        let answer = extract(&state, 1, &event, &asks);
        assert_eq!(answer.rc, abi::SUCCESS);
        for (i, name) in offered.iter().enumerate() {
            let count = match *name {
                "none" | "nul" | "partial" | "empty" => 0,
                "words" => 2,
                "bools" => 5,
                "numbers" => 3,
                _ => 1,
            };
            assert_eq!(answer.count(i), count, "{name}");
        }
    }
    assert_eq!(one(&state, &event, "dropped").u64s(0), [5], "twice nul, three times partial");
}

#[test]
fn many_values_that_do_not_fit_together_are_counted_one_by_one() {
    let state = State::init(c"");
    let event = event(b"abc");
    // 1,024 bytes of cells are 128; each of these takes one, wherever in the memory the call begins.
    for n in [1, 127, 128, 129, 200, 128, 50, 128] {
        let before = one(&state, &event, "dropped").u64s(0)[0];
        let answer = extract(&state, 1, &event, &vec![ask_with(field("index"), None, Some(7)); n]);
        let values = (0..n).filter(|i| answer.count(*i) == 1).count();
        let dropped = one(&state, &event, "dropped").u64s(0)[0] - before;
        assert_eq!((values, usize::try_from(dropped).unwrap()), (n.min(128), n - n.min(128)), "{n}");
    }
}

#[test]
fn a_list_that_does_not_fit_gives_no_value_rather_than_a_part() {
    let state = State::init(c"");
    let event = event(b"a");
    assert_eq!(one(&state, &event, "partial").count(0), 0);
    assert_eq!(one(&state, &event, "dropped").u64s(0), [1]);
    let list = |name, n| extract(&state, 1, &event, &[ask_with(field(name), None, Some(n))]).count(0);
    assert_eq!((list("numbers", 128), list("numbers", 129)), (128, 0), "1,024 bytes of numbers");
    assert_eq!((list("bools", 256), list("bools", 257)), (256, 0), "1,024 bytes of bools");
    assert_eq!(one(&state, &event, "dropped").u64s(0), [3]);
}

#[test]
fn results_of_one_call_live_together() {
    let state = State::init(c"");
    let event = event(b"two words");
    let names = ["u64", "true", "span", "words", "v4", "v6", "str", "made", "bools", "addresses", "cstr", "times"];
    let asks = names.map(|name| ask(field(name)));
    let answer = extract(&state, 1, &event, &asks);
    assert_eq!(answer.rc, abi::SUCCESS);
    assert_eq!((answer.u64s(0), answer.bools(1)), (vec![116], vec![1]));
    assert_eq!((answer.strings(2), answer.strings(3)), (vec!["two words".into()], vec!["two".into(), "words".into()]));
    assert_eq!((answer.buffers(4)[0].len(), answer.buffers(5)[0].len()), (4, 16));
    assert_eq!((answer.strings(6), answer.strings(7).len()), (vec!["copied".into()], 3));
    assert_eq!((answer.bools(8), answer.buffers(9).len()), (vec![1, 0, 1, 0, 1], 3));
    assert_eq!((answer.strings(10), answer.u64s(11)), (vec!["constant".into()], vec![1, 2]));
}

#[test]
fn the_values_of_a_call_outlive_the_next_call_whatever_both_are() {
    // Rule 5.8: `join()` reads the first field after the second was extracted. Sizes of three calls in a row, in cells
    // (at most 128) and in bytes of text (at most 1,024, a NUL each).
    let state = State::init(c"");
    let event = event(b"abc");
    let sizes = [1u64, 31, 32, 43, 64, 65, 85, 96, 127, 128];
    let call = |name: &str, n| extract(&state, 1, &event, &[ask_with(field(name), None, Some(n))]);
    for first in sizes {
        for second in sizes {
            for third in sizes {
                let _first = call("numbers", first);
                let numbers = call("numbers", second);
                let _third = call("numbers", third);
                assert_eq!(numbers.u64s(0), (0..second).collect::<Vec<_>>(), "{first} {second} {third}");
                let _first = call("repeat", first * 8 - 1);
                let text = call("repeat", second * 8 - 1);
                let other = c(&"y".repeat(usize::try_from(third).unwrap() * 8 - 1));
                let _third = extract(&state, 1, &event, &[ask_with(field("key"), Some(&other), None)]);
                assert_eq!(text.strings(0), ["x".repeat(usize::try_from(second).unwrap() * 8 - 1)]);
            }
        }
    }
}

#[test]
fn host_6_1_the_fields_json_is_what_libsinsp_reads() {
    // SAFETY: a function without conditions.
    let json = text(unsafe { plugin_get_fields() });
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let fields = json.as_array().unwrap();
    assert_eq!(fields.len(), FIELDS.len());
    let types = ["string", "uint64", "bool", "reltime", "abstime", "ipaddr", "ipnet"];
    for field in fields {
        let get = |key: &str| field[key].as_str().unwrap();
        assert!(!get("name").is_empty() && !get("desc").is_empty());
        assert!(types.contains(&get("type")), "{field}");
    }
    let of = |name| &fields[field(name) as usize];
    let is = |value: serde_json::Value, name| assert_eq!(*of(name), value);
    is(
        serde_json::json!({ "name": "t.u64", "type": "uint64", "desc": "the first byte", "addOutput": true,
            "properties": ["info"] }),
        "u64",
    );
    is(
        serde_json::json!({ "name": "t.u8", "type": "uint64", "desc": "the first byte", "display": "Byte",
            "properties": ["conversation"] }),
        "u8",
    );
    is(
        serde_json::json!({ "name": "t.none", "type": "uint64", "desc": "never there", "properties": ["hidden"] }),
        "none",
    );
    is(
        serde_json::json!({ "name": "t.index", "type": "uint64", "desc": "the index",
            "arg": { "isRequired": true, "isIndex": true, "isKey": true } }),
        "index",
    );
    is(serde_json::json!({ "name": "t.key", "type": "string", "desc": "the key", "arg": { "isKey": true } }), "key");
    for (name, kind) in [("words", "string"), ("bools", "bool"), ("addresses", "ipaddr"), ("times", "reltime")] {
        assert_eq!((of(name)["isList"].as_bool(), of(name)["type"].as_str()), (Some(true), Some(kind)));
    }
}

#[test]
fn host_6_2_the_properties_are_an_array_of_the_hosts_words() {
    // SAFETY: a function without conditions.
    let json: serde_json::Value = serde_json::from_str(&text(unsafe { plugin_get_fields() })).unwrap();
    let words: Vec<_> = json.as_array().unwrap().iter().filter_map(|f| f["properties"].as_array()).flatten().collect();
    assert_eq!(words, ["info", "conversation", "hidden"]);
}

#[test]
fn host_6_3_the_sources_are_an_array_of_strings() {
    // SAFETY: a function without conditions.
    let json: serde_json::Value = serde_json::from_str(&text(unsafe { plugin_get_extract_event_sources() })).unwrap();
    assert_eq!(json, serde_json::json!(["types", "other \"source\""]));
}
