// SPDX-License-Identifier: Apache-2.0
//! Every value that the official plugin was seen to extract, compared with ours, in the project's own host.
#![cfg(test)]

#[path = "../../k8s-audit/tests/support/mod.rs"]
mod support;

#[test]
fn the_fields_are_those_of_the_official_plugin() {
    let plugin = support::load("json");
    let info = plugin.library().info();
    let fields: Vec<_> = info.fields.iter().map(|field| (field.name.as_str(), field.argument.required)).collect();
    let expected = [
        ("json.value", true),
        ("json.obj", false),
        ("json.rawtime", false),
        ("jevt.value", true),
        ("jevt.obj", false),
        ("jevt.rawtime", false),
    ];
    assert_eq!(fields, expected);
    assert!(info.fields.iter().all(|field| field.kind.name() == "string" && !field.list && !field.argument.index));
    assert!(info.extract_sources.is_empty(), "events of any source");
}

#[test]
fn every_recorded_value_is_ours_too() {
    let Some(data) = support::recorded::data() else { return };
    let plugin = support::load("json");
    let asked = support::recorded::asked(&data);
    let (mut compared, mut wrong) = (0, Vec::new());
    for (number, recorded) in (1..).zip(support::recorded::all(&data)) {
        // The payload and the time as the host has printed them.
        let (Some(payload), Some(nanos)) = (recorded.field("evt.plugininfo"), recorded.field("evt.rawtime")) else {
            assert!(!recorded.has_event, "{}", recorded.name);
            continue;
        };
        let also = recorded.fields.iter().map(|(field, _)| field.as_str());
        let fields: std::collections::BTreeSet<_> =
            asked.iter().map(|[field, ..]| field.as_str()).chain(also).collect();
        for field in fields.into_iter().filter(|field| field.starts_with('j')) {
            let ours = support::printed(&plugin, payload.as_bytes(), nanos.parse().unwrap(), number, field);
            let theirs = recorded.field(field);
            compared += 1;
            if ours.as_deref() != theirs {
                wrong.push(format!("{}: {field}: {ours:?}, recorded {theirs:?}", recorded.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} values differ:\n{}", wrong.len(), wrong.join("\n"));
    println!("{compared} values");
}

#[test]
fn made_up_payloads() {
    let plugin = support::load("json");
    let mut number = 0;
    let mut of = |payload: &str, field: &str| {
        number += 1;
        support::printed(&plugin, payload.as_bytes(), 7, number, field)
    };
    for payload in ["", "1", "\"x\"", " {}", "x", "{", "{} {}", "{\"a\":}"] {
        for field in ["json.value[]", "json.value[/a]", "json.obj", "json.rawtime", "jevt.rawtime"] {
            assert_eq!(of(payload, field), None, "{field} of {payload:?}");
        }
    }
    assert_eq!(of("{\"a\" : [ 1, {\"b\": \"\\u00e9 \"} ]}", "json.value[/a]").unwrap(), "[1,{\"b\":\"\\u00e9 \"}]");
    assert_eq!(of("{\"a\" : [ 1, {\"b\": \"\\u00e9 \"} ]}", "json.value[/a/1/b]").unwrap(), "\u{e9} ");
    assert_eq!(of("[ 1 ]\n", "json.value[]").unwrap(), "[1]");
    assert_eq!(of("[ 1 ]\n", "json.obj").unwrap(), "[\n  1\n]\n");
    assert_eq!(of("[1]", "json.rawtime").unwrap(), "7");
    assert_eq!(of("{\"a\":nan}", "json.value[/a]").unwrap(), "nan");
    assert_eq!(of("{\"a\":nan}", "json.obj"), None, "not JSON by the strict rules");
    assert_eq!(of("{\"a\":\"x\ty\"}", "json.obj"), None, "a control character in a string");
    assert_eq!(of("{\"a\":\"x\\u0000y\"}", "json.value[/a]").unwrap(), "x", "a NUL is the end in the host");
    assert_eq!(of("{\"a\":\"x\0y\"}", "json.value[]").unwrap(), "{\"a\":\"x");
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    assert_eq!(of(&deep, "json.value[/0/0]").map(|text| text.len()), Some(20_000 - 4));
}
