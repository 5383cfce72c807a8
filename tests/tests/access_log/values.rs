// SPDX-License-Identifier: Apache-2.0
//! The values of every field of every line, against Python's parse of the same log.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use falconet_host::{Event, Extracted, FieldRequest, Next, Outcome, Plugin, Value};
use falconet_tests::plugins::Profile;
use falconet_tests::witness::{self, Encoding, Line};
use serde_json::Value as Json;

use crate::{Loaded, assert_same_lines, expected_of, load, text};

/// Keys that the logs have, once or twice in a query, with an empty value or none, and one that none has.
const KEYS: [&str; 12] = ["q", "page", "say", "name", "plus", "Q", "utm_group", "?d", "flav", "source", "f", "nowhere"];
const SEGMENTS: [u32; 4] = [0, 1, 2, 3];

fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap()
}

fn requests(loaded: &Loaded) -> Vec<FieldRequest> {
    let plain = loaded.library.info().fields.iter().filter(|field| !field.argument.required);
    let names = plain.map(|field| field.name.clone());
    let keys = KEYS.iter().map(|key| format!("access.query[{key}]"));
    let segments = SEGMENTS.iter().map(|number| format!("access.segment[{number}]"));
    let requests: Vec<_> = names.chain(keys).chain(segments).map(|name| loaded.library.field(&name).unwrap()).collect();
    assert_eq!(requests.len(), 13 + KEYS.len() + SEGMENTS.len());
    requests
}

/// Values as Python gives them, no loss of bytes; `None` where there is none.
fn as_json(extracted: &Extracted, list: bool) -> Option<Json> {
    let mut values = extracted.values.iter().map(|value| match value {
        Value::String(bytes) => Json::from(Encoding::Latin1.decode(bytes)),
        other => other.to_json(),
    });
    if list { Some(values.collect::<Vec<_>>()).filter(|all| !all.is_empty()).map(Json::from) } else { values.next() }
}

/// The value that Python expects. An address is compared as one: its text may be written in several ways.
fn expected(line: &Line, request: &FieldRequest) -> Option<Json> {
    let value = line.fields.get(request.as_str()).cloned()?;
    let address = value.as_str().filter(|_| request.as_str() == "access.client");
    Some(address.map_or(value.clone(), |text| text.parse::<IpAddr>().unwrap().to_string().into()))
}

/// The bytes of the event where the values are said to lie: those of the values.
fn check_offsets(
    event: &Event<'_>,
    request: &FieldRequest,
    extracted: &Extracted,
    computed: &mut BTreeMap<String, u64>,
) {
    let offsets = extracted.offsets.as_ref().unwrap_or_else(|| panic!("{} has no offsets", request.as_str()));
    assert_eq!(offsets.len(), extracted.values.len(), "one for each value");
    for (value, offset) in extracted.values.iter().zip(offsets) {
        let at = &event.bytes()[offset.start as usize..][..offset.length as usize];
        match value {
            Value::String(bytes) => {
                assert!(offset.start >= 38, "event {}, {}: {offset:?}", event.num(), request.as_str());
                assert_eq!(bytes, at, "event {}, {}: {offset:?}", event.num(), request.as_str());
            }
            Value::IpAddr(address) => {
                assert_eq!(str::from_utf8(at).unwrap().parse(), Ok(*address), "event {}", event.num());
            }
            _ => {
                assert_eq!((offset.start, offset.length), (0, 0), "computed values lie nowhere");
                *computed.entry(request.field().name.clone()).or_default() += 1;
            }
        }
    }
}

fn compare(plugin: &Plugin, requests: &[FieldRequest], log: &Path, witness: &[Line]) {
    let before = now();
    let mut instance = plugin.open(&text(log)).unwrap();
    let mut lines = Vec::new();
    let mut computed = BTreeMap::new();
    loop {
        let event = match instance.next_event().unwrap() {
            Next::Event(event) => event,
            Next::Timeout => continue,
            Next::Eof => break,
        };
        let line = witness.get(lines.len()).expect("Python has as many lines");
        let place = format!("{}, line {}", log.display(), line.num);
        assert_eq!(event.num(), line.num);
        match line.ts {
            Some(ts) => assert_eq!(event.ts(), ts, "{place}"),
            None => assert!((before..=now()).contains(&event.ts()), "{place}: the host's clock, not {}", event.ts()),
        }
        let together = plugin.extract(&event, requests).unwrap();
        for (index, request) in requests.iter().enumerate() {
            let alone = plugin.extract_with_offsets(&event, request).unwrap();
            let extracted = &alone.fields[0];
            let value = as_json(extracted, request.field().list);
            assert_eq!(value, expected(line, request), "{place}, {}", request.as_str());
            assert_eq!(together.fields[index].values, extracted.values, "{place}, {}: in one call", request.as_str());
            if !extracted.values.is_empty() {
                assert_eq!(alone.outcome, Outcome::Success);
                check_offsets(&event, request, extracted, &mut computed);
            }
        }
        lines.push(event.payload().unwrap().strip_suffix(b"\0").unwrap().to_vec());
    }
    assert_eq!(lines.len(), witness.len(), "{}", log.display());
    assert_same_lines(&lines, &expected_of(&fs::read(log).unwrap()), &text(log));
    println!("{}: {} lines, values without a place in the event: {computed:?}", log.display(), lines.len());
}

#[test]
fn every_value_of_every_line_is_pythons() {
    for log in witness::logs() {
        let Ok(witness) = witness::parse(&log, &KEYS, &SEGMENTS, Encoding::Latin1) else { return };
        assert!(witness.len() >= 40, "{}", witness.len());
        for profile in Profile::ALL {
            let loaded = load(profile);
            compare(&loaded.init(), &requests(&loaded), &log, &witness);
            assert_eq!(loaded.logged(), [""; 0]);
        }
    }
}

#[test]
fn the_sample_shows_every_field_with_and_without_a_value() {
    let log = &witness::logs()[0];
    let Ok(witness) = witness::parse(log, &KEYS[..6], &SEGMENTS, Encoding::Latin1) else { return };
    let loaded = load(Profile::Release);
    for request in requests(&loaded) {
        let name = request.as_str();
        let with = witness.iter().filter(|line| line.fields.contains_key(name)).count();
        let asked = KEYS[6..].iter().all(|key| name != format!("access.query[{key}]"));
        assert!(!asked || with > 0, "no line of the sample has {name}");
        assert!(with < witness.len() || name == "access.line", "every line of the sample has {name}");
    }
    assert!(witness.iter().any(|line| line.texts("access.client").iter().any(|client| client.contains(':'))), "IPv6");
}
