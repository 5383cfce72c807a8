// SPDX-License-Identifier: Apache-2.0
//! Every value that the official plugin was seen to extract, compared with ours, in the project's own host.

#![cfg(test)]

mod support;

use k8saudit::payload::{AuditEvent, Events};

const MAX_EVENT_SIZE: usize = 262_144;

fn compact(event: &AuditEvent<'_>) -> Vec<u8> {
    let mut text = Vec::new();
    event
        .write(|piece| {
            text.extend_from_slice(piece);
            Ok::<(), ()>(())
        })
        .unwrap();
    assert_eq!(text.len(), event.len());
    text
}

#[test]
fn the_fields_are_those_of_the_official_plugin() {
    let Some(data) = support::recorded::data() else { return };
    let plugin = support::load("k8saudit");
    let library = plugin.library();
    let fields = &library.info().fields;
    let mut names = std::collections::BTreeSet::new();
    for [field, ftype, list, argument] in support::recorded::asked(&data) {
        if !field.starts_with("ka.") {
            continue;
        }
        let name = field.split('[').next().unwrap();
        names.insert(name.to_owned());
        let ours = fields.iter().find(|ours| ours.name == name).unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!((ours.list, ftype.as_str()), (list == "list", "string"), "{name}");
        assert_eq!(ours.kind.name(), "string", "{name}");
        let takes = ours.argument;
        let expected = match argument.as_str() {
            "-" => (false, false, false),
            "index" => (false, true, false),
            "required,key" => (true, false, true),
            other => panic!("{name}: {other}"),
        };
        assert_eq!((takes.key, takes.index, takes.required), expected, "{name}");
    }
    assert_eq!((names.len(), fields.len()), (100, 100));
    assert_eq!(fields.iter().filter(|field| field.list).count(), 61);
    assert_eq!(fields.iter().filter(|field| field.list && field.argument.index).count(), 53);
}

#[test]
fn every_recorded_value_is_ours_too() {
    let Some(data) = support::recorded::data() else { return };
    let plugin = support::load("k8saudit");
    let asked = support::recorded::asked(&data);
    let (mut compared, mut wrong) = (0, Vec::new());
    for (number, recorded) in (1..).zip(support::recorded::all(&data)) {
        let name = &recorded.name;
        let mut events = Events::new(&recorded.input, MAX_EVENT_SIZE).unwrap();
        let event = match events.next(&recorded.input) {
            Some(Ok(event)) => event,
            fault => {
                assert!(!recorded.has_event, "{name}: {fault:?}");
                continue;
            }
        };
        assert!(recorded.has_event && events.next(&recorded.input).is_none(), "{name}: one event");
        let payload = compact(&event);
        let nanos = event.timestamp().nanos().unwrap();
        assert_eq!(Some(nanos.to_string().as_str()), recorded.field("evt.rawtime"), "{name}");
        let text = String::from_utf8(payload.clone()).unwrap();
        assert_eq!(Some(text.as_str()), recorded.field("evt.plugininfo"), "{name}: the payload");

        let also = recorded.fields.iter().map(|(field, _)| field.as_str());
        let fields: std::collections::BTreeSet<_> =
            asked.iter().map(|[field, ..]| field.as_str()).chain(also).collect();
        for field in fields.into_iter().filter(|field| field.starts_with("ka.")) {
            let ours = support::printed(&plugin, &payload, nanos, number, field);
            let theirs = recorded.field(field);
            compared += 1;
            // What follows the fields' table in the recorded data was asked of some cases only.
            if ours.as_deref() != theirs {
                wrong.push(format!("{name}: {field}: {ours:?}, recorded {theirs:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} values differ:\n{}", wrong.len(), wrong.join("\n"));
    println!("{compared} values");
}
