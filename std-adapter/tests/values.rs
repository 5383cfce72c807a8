// SPDX-License-Identifier: Apache-2.0
//! Every type of value through the exported symbols, read as the host reads it.
#![expect(unsafe_code, reason = "a host calls a plugin through C symbols")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "common/counting.rs"]
mod counting;
#[path = "../../core/tests/common/mod.rs"]
mod host;

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use falconet_std::abi;
use falconet_std::testing::{Event, Harness, Value};
use host::extract::*;
use host::{State, plugin_event, text};
use plugin::Everything;

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use std::borrow::Cow;
    use std::ffi::CString;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
    use std::sync::Arc;
    use std::time::{Duration, SystemTime};

    use falconet_std::extract::{AbsTime, Argument, CSpan, IpNet, Located, RelTime};
    use falconet_std::values::{Field, Fields, ListExt, RequestExt};
    use falconet_std::{Error, Event, Extract, Info, Init, Plugin, Timestamp};

    #[derive(Debug)]
    pub(crate) struct Everything {
        name: String,
        shared: Arc<str>,
        addresses: Vec<IpAddr>,
        names: Vec<String>,
    }

    impl Plugin for Everything {
        type Error = Error;
        const INFO: Info = Info::new(c"everything", c"0.1.0", c"values of every type", c"you@example.org");

        fn new(_: &Init<'_>) -> Result<Self, Error> {
            Ok(Self {
                name: "plugin".to_owned(),
                shared: "shared".into(),
                addresses: vec![Ipv4Addr::new(10, 0, 0, 1).into(), Ipv6Addr::LOCALHOST.into()],
                names: ["one", "two", "three"].map(str::to_owned).to_vec(),
            })
        }
    }

    const SECOND: Duration = Duration::from_secs(1);
    const START: SystemTime = SystemTime::UNIX_EPOCH;

    impl Extract for Everything {
        type Decoded = u16;

        const FIELDS: Fields<Self> = &[
            Field::<Self>::new("text.string", "d", |plugin, _, _| plugin.name.to_uppercase()),
            Field::<Self>::new("text.static", "d", |_, _, _| "static"),
            Field::<Self>::text("text.plugin", "d", |plugin, _, _| Some(&plugin.name)),
            Field::<Self>::text("text.lookup", "d", |plugin, decoded, _| {
                plugin.names.get(usize::from(*decoded)).map(String::as_str)
            }),
            Field::<Self>::new("text.cow", "d", |_, _, _| Cow::Borrowed("cow")),
            Field::<Self>::new("text.shared", "d", |plugin, _, request| request.value(&plugin.shared)),
            Field::<Self>::new("text.boxed", "d", |_, _, _| Box::<str>::from("boxed")),
            Field::<Self>::new("text.c_string", "d", |_, _, _| CString::new("c string").ok()),
            Field::<Self>::new("text.c_str", "d", |_, _, _| c"c str"),
            Field::<Self>::new("text.event", "d", |_, _, request| {
                let event = request.event();
                request.value(String::from_utf8_lossy(event.payload()).trim())
            }),
            Field::<Self>::new("text.bytes", "d", |_, _, request| request.value(&b"by\xFFtes"[..])),
            Field::<Self>::new("text.key", "d", |_, _, request| request.key().map(|key| key.to_owned()))
                .argument(Argument::KEY),
            Field::<Self>::new("text.span", "d", |_, _, request| request.event().span_of(request.event().payload())),
            Field::<Self>::new("text.located", "d", |plugin, _, request| {
                let event = request.event();
                Located::new(plugin.name.clone(), event.span_of(event.payload()))
            }),
            Field::<Self>::new("text.c_span", "d", |_, _, _| CSpan::payload(0)),
            Field::<Self>::new("text.nul", "d", |_, _, _| "a\0b".to_owned()),
            Field::<Self>::new("text.long", "d", |_, _, _| "x".repeat(70_000)),
            Field::<Self>::new("text.empty", "d", |_, _, _| String::new()),
            Field::<Self>::new("time.system", "d", |_, _, _| START + SECOND),
            Field::<Self>::new("time.before", "d", |_, _, _| START - SECOND),
            Field::<Self>::new("time.far", "d", |_, _, _| START.checked_add(Duration::from_secs(1 << 35))),
            Field::<Self>::new("time.duration", "d", |_, _, _| Some(SECOND)),
            Field::<Self>::new("time.rel", "d", |_, _, _| RelTime(5)),
            Field::<Self>::new("time.abs", "d", |_, _, _| AbsTime(6)),
            Field::<Self>::new("time.stamp", "d", |_, _, _| Timestamp::from_nanos(7)),
            Field::<Self>::new("net.address", "d", |plugin, _, _| plugin.addresses.first().copied()),
            Field::<Self>::new("net.v6", "d", |_, _, _| Ipv6Addr::LOCALHOST),
            Field::<Self>::new("net.net", "d", |_, _, _| "10.1.2.3/8".parse::<ipnet::IpNet>().ok()),
            Field::<Self>::new("net.v4net", "d", |_, _, _| ipnet::Ipv4Net::new(Ipv4Addr::new(10, 1, 2, 3), 16).ok()),
            Field::<Self>::new("net.v6net", "d", |_, _, _| "2001:db8::1/32".parse::<ipnet::Ipv6Net>().ok()),
            Field::<Self>::new("net.core", "d", |_, _, _| IpNet([127, 0, 0, 0].into())),
            Field::<Self>::new("number.decoded", "d", |_, decoded, _| *decoded),
            Field::<Self>::new("number.usize", "d", |plugin, _, _| plugin.name.len()),
            Field::<Self>::new("number.none", "d", |_, _, _| None::<Option<u64>>),
            Field::<Self>::new("truth.bool", "d", |plugin, _, _| plugin.names.is_empty()),
            Field::<Self>::list("list.strings", "d", |plugin, _, _| plugin.names.clone()),
            Field::<Self>::list("list.iterator", "d", |_, decoded, _| (0..*decoded).map(|n| n.to_string())),
            Field::<Self>::list("list.array", "d", |_, _, _| [START, START - SECOND, START + SECOND]),
            Field::<Self>::list("list.options", "d", |_, _, _| vec![Some(1u64), None, Some(3)]),
            Field::<Self>::list("list.none", "d", |_, _, _| Vec::<bool>::new()),
            Field::<Self>::list_with("list.borrowed", "d", |plugin, _, list| list.add_all(&plugin.names)),
            Field::<Self>::list_with("list.addresses", "d", |plugin, _, list| list.add_all(&plugin.addresses)),
            Field::<Self>::list("list.nul", "d", |_, _, _| ["fine", "a\0b", "fine"]),
            Field::<Self>::list("list.long", "d", |_, _, _| vec!["x".repeat(5_000); 20]),
            Field::<Self>::list("list.spans", "d", |_, _, request| {
                let event = request.event();
                event.payload().split(|byte| *byte == b' ').map(move |word| event.span_of(word)).collect::<Vec<_>>()
            }),
            Field::<Self>::list("list.nets", "d", |_, _, _| "10.0.0.0/8".parse::<ipnet::IpNet>()),
            Field::<Self>::list("list.truths", "d", |_, _, _| [true, false, true]),
        ];

        fn decode(&self, event: &Event<'_>) -> Option<u16> {
            u16::try_from(event.payload().iter().filter(|byte| **byte == b' ').count()).ok()
        }
    }

    falconet_std::export!(Everything: extract, offsets; memory = 65_536);
}

/// The id of a field.
fn id(name: &str) -> u32 {
    let at = <Everything as falconet_std::Extract>::FIELDS.iter().position(|field| field.name() == name);
    u32::try_from(at.unwrap()).unwrap()
}

/// A field of an event that is gone when this returns: none whose value lies in the event.
fn ask_one(state: &State, payload: &[u8], name: &str) -> Answer {
    extract_with_offsets(state, &plugin_event(1, 999, payload), &[ask(id(name))], Offsets::Wanted)
}

#[test]
fn texts_are_strings_of_the_host() {
    let state = State::init(c"");
    let texts = [
        ("text.string", "PLUGIN"),
        ("text.static", "static"),
        ("text.plugin", "plugin"),
        ("text.lookup", "two"),
        ("text.cow", "cow"),
        ("text.shared", "shared"),
        ("text.boxed", "boxed"),
        ("text.c_string", "c string"),
        ("text.c_str", "c str"),
        ("text.event", "an event"),
        ("text.span", " an event"),
        ("text.located", "plugin"),
        ("text.empty", ""),
    ];
    for (name, expected) in texts {
        let payload: &[u8] = if name == "text.lookup" { b"an event" } else { b" an event" };
        let answer = ask_one(&state, payload, name);
        assert_eq!((answer.rc, answer.strings(0)), (abi::SUCCESS, vec![expected.to_owned()]), "{name}");
    }
    let answer = extract_with_offsets(
        &state,
        &plugin_event(2, 999, b"x"),
        &[ask_with(id("text.key"), Some(c"the key"), None)],
        Offsets::No,
    );
    assert_eq!(answer.strings(0), ["the key"]);
    // Of several fields asked at once all are right (rule 5.1).
    let asks: Vec<_> = texts.iter().filter(|(name, _)| *name != "text.lookup").map(|(name, _)| ask(id(name))).collect();
    let answer = extract_with_offsets(&state, &plugin_event(3, 999, b" an event"), &asks, Offsets::No);
    for (i, (name, expected)) in texts.iter().filter(|(name, _)| *name != "text.lookup").enumerate() {
        assert_eq!(answer.strings(i), [*expected], "{name}");
    }
}

#[test]
fn times_and_networks_are_what_the_host_reads() {
    let state = State::init(c"");
    let numbers = [
        ("time.system", 1_000_000_000),
        ("time.duration", 1_000_000_000),
        ("time.rel", 5),
        ("time.abs", 6),
        ("time.stamp", 7),
        ("number.decoded", 1),
        ("number.usize", 6),
    ];
    for (name, expected) in numbers {
        assert_eq!(ask_one(&state, b"a b", name).u64s(0), [expected], "{name}");
    }
    assert_eq!(ask_one(&state, b"a b", "truth.bool").bools(0), [0]);
    let v6 = "2001:db8::".parse::<std::net::Ipv6Addr>().unwrap().octets().to_vec();
    let buffers = [
        ("net.address", vec![10, 0, 0, 1]),
        ("net.v6", std::net::Ipv6Addr::LOCALHOST.octets().to_vec()),
        ("net.net", vec![10, 0, 0, 0]),
        ("net.v4net", vec![10, 1, 0, 0]),
        ("net.v6net", v6),
        ("net.core", vec![127, 0, 0, 0]),
    ];
    for (name, expected) in buffers {
        assert_eq!(ask_one(&state, b"a b", name).buffers(0), [expected], "{name}");
    }
}

#[test]
fn what_is_none_and_what_does_not_fit_gives_no_value() {
    let state = State::init(c"");
    let none = [
        "text.nul",
        "text.long",
        "time.before",
        "time.far",
        "number.none",
        "list.none",
        "list.nul",
        "list.long",
        // It is followed by no NUL.
        "text.c_span",
    ];
    for name in none {
        let answer = ask_one(&state, b"a b", name);
        assert_eq!((answer.rc, answer.count(0)), (abi::SUCCESS, 0), "{name}");
    }
    let logged = state.logged();
    assert_eq!(logged.len(), 1, "a text that is not handed over is in the log: {logged:?}");
    assert!(logged[0].1.contains("NUL"), "{logged:?}");
    // By pointer into the event, which is there as long as the host reads.
    let event = plugin_event(1, 999, b"a\0");
    let answer = extract_with_offsets(&state, &event, &[ask(id("text.c_span"))], Offsets::No);
    assert_eq!(answer.strings(0), ["a"]);
}

#[test]
fn lists_are_the_values_one_behind_another() {
    let state = State::init(c"");
    let strings: [(&str, &[&str]); 4] = [
        ("list.strings", &["one", "two", "three"]),
        ("list.iterator", &["0", "1"]),
        ("list.borrowed", &["one", "two", "three"]),
        ("list.spans", &["a", "b", "c"]),
    ];
    for (name, expected) in strings {
        assert_eq!(ask_one(&state, b"a b c", name).strings(0), expected, "{name}");
    }
    assert_eq!(ask_one(&state, b"", "list.array").u64s(0), [0, 1_000_000_000], "a time before 1970 is left out");
    assert_eq!(ask_one(&state, b"", "list.options").u64s(0), [1, 3]);
    assert_eq!(ask_one(&state, b"", "list.truths").bools(0), [1, 0, 1]);
    assert_eq!(ask_one(&state, b"", "list.nets").buffers(0), [[10, 0, 0, 0]]);
    let addresses = ask_one(&state, b"", "list.addresses").buffers(0);
    assert_eq!(addresses.iter().map(Vec::len).collect::<Vec<_>>(), [4, 16]);
}

#[test]
fn a_span_has_its_offset_and_a_computed_value_none() {
    let state = State::init(c"");
    let offsets = |name: &str, values: usize| {
        let answer = ask_one(&state, b"a bc d", name);
        assert_eq!(answer.count(0), values);
        (0..values).map(|i| answer.offset(i)).collect::<Vec<_>>()
    };
    assert_eq!(offsets("text.span", 1), [(38, 6)]);
    assert_eq!(offsets("text.located", 1), [(38, 6)]);
    assert_eq!(offsets("list.spans", 3), [(38, 1), (40, 2), (43, 1)]);
    for (name, values) in [("text.string", 1), ("time.system", 1), ("net.net", 1), ("list.strings", 3)] {
        assert_eq!(offsets(name, values), vec![(0, 0); values], "{name}");
    }
}

#[test]
fn a_fields_type_follows_from_its_value() {
    // SAFETY: the plugin's constant.
    let json = text(unsafe { plugin_get_fields() });
    let fields: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    for field in fields {
        let (name, kind) = (field["name"].as_str().unwrap(), field["type"].as_str().unwrap());
        let expected = match name {
            "time.duration" | "time.rel" => "reltime",
            "list.array" => "abstime",
            "net.address" | "net.v6" | "list.addresses" => "ipaddr",
            "list.nets" => "ipnet",
            "list.options" => "uint64",
            "list.none" | "list.truths" | "truth.bool" => "bool",
            _ => match name.split_once('.').unwrap().0 {
                "text" | "list" => "string",
                "time" => "abstime",
                "net" => "ipnet",
                _ => "uint64",
            },
        };
        assert_eq!(kind, expected, "{name}");
        assert_eq!(field["isList"].as_bool().unwrap_or(false), name.starts_with("list."), "{name}");
    }
}

#[test]
fn a_value_costs_no_allocation_but_the_authors() {
    let state = State::init(c"");
    let event = plugin_event(1, 999, b"a b");
    let input = abi::EventInput { evt: event.as_ptr().cast(), evtnum: 1, evtsrc: c"test".as_ptr() };
    let counted = |name: &str| {
        let name_of = host::c(name);
        let mut field = request(&ask(id(name)), &name_of);
        let call = abi::FieldExtractInput {
            num_fields: 1,
            fields: &raw mut field,
            value_offsets: std::ptr::null_mut(),
            ..host::poison()
        };
        let allocations = counting::allocations(|| {
            // SAFETY: the structs and the event live for the call.
            let rc = unsafe { plugin_extract_fields(state.ptr, &raw const input, &raw const call) };
            assert_eq!(rc, abi::SUCCESS);
        });
        assert!(field.res_len > 0, "{name}");
        allocations
    };
    for name in ["text.static", "text.plugin", "text.shared", "text.event", "text.bytes", "net.net", "time.system"] {
        assert_eq!(counted(name), 0, "{name}");
    }
    assert_eq!((counted("list.borrowed"), counted("list.addresses")), (0, 0));
    assert_eq!((counted("text.string"), counted("text.boxed"), counted("list.strings")), (1, 1, 4));
}

#[test]
fn the_test_kit_reads_the_same() {
    let plugin = Harness::<Everything>::init("").unwrap();
    let event = Event::plugin(b"a b");
    let all = plugin.extract_all(&event);
    for (name, value) in &all {
        assert_eq!(*value, plugin.extract(&event, name), "{name}: alone, and together with all others");
    }
    let of = |name: &str| all.iter().find(|(known, _)| known == name).unwrap().1.clone();
    assert_eq!(of("text.string"), "PLUGIN");
    assert_eq!(of("text.bytes").as_bytes(), Some(&b"by\xFFtes"[..]));
    assert_eq!(of("time.system"), SystemTime::UNIX_EPOCH + Duration::from_secs(1));
    assert_eq!(of("time.duration"), Duration::from_secs(1));
    assert_eq!(of("net.net"), IpAddr::from([10, 0, 0, 0]));
    assert_eq!(of("truth.bool"), false);
    assert_eq!(of("list.truths"), [true, false, true]);
    assert_eq!(of("list.options"), vec![1, 3]);
    assert_eq!(of("list.none"), Value::None);
    assert_eq!(plugin.extract(&event, "text.key[k]"), "k");
    assert_eq!(plugin.offsets(&event, "list.spans"), [Some(38..39), Some(40..41)]);
    assert_eq!(plugin.offsets(&event, "text.string"), [None]);
    assert!(plugin.logged().iter().any(|line| line.text.contains("gives no value")));
}
