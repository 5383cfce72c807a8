// SPDX-License-Identifier: Apache-2.0
//! Several plugins together: names and ids, which plugin gets which event, and in what order (rules 1.6, 2.1, 8.4).

use falconet_host::{Inspector, Logs, Next, Outcome};

use crate::{compiled, findings, lines, run};

#[test]
fn host_1_6_names_and_ids_are_unique() {
    let (good, faulty) = (compiled!("good.c"), compiled!("faulty.c"));
    let mut inspector = Inspector::new(&Logs::new());
    inspector.register(&good.library(), "").unwrap();
    let error = inspector.register(&good.library(), "").unwrap_err().to_string();
    assert_eq!(error, "there is another plugin with the name 'good': names are unique in a host");
    let error = inspector.register(&faulty.library(), "").unwrap_err().to_string();
    assert_eq!(error, "the plugin 'faulty' has the id 999, as 'good' has: ids are unique in a host");
    assert_eq!(inspector.plugins().len(), 1);
    let error = inspector.register(&compiled!("faulty.c", "ID=7").library(), "fail").unwrap_err().to_string();
    assert_eq!(error, "the plugin 'faulty': plugin_init failed: no such luck");
}

#[test]
fn one_source_is_open_at_a_time() {
    let good = compiled!("good.c");
    let mut inspector = Inspector::new(&Logs::new());
    inspector.register(&good.library(), "").unwrap();
    let error = inspector.open("better", "").unwrap_err().to_string();
    assert_eq!(error, "there is no plugin 'better'; there are good");
    let capture = inspector.open("good", "1").unwrap();
    let error = inspector.open("good", "1").unwrap_err().to_string();
    assert_eq!(error, "a source is open already: an inspector has one at a time");
    capture.close().unwrap();
    drop(inspector.open("good", "1").unwrap());
}

/// What the keeper saw of two events of `good`.
fn seen(macros: &[&str]) -> Option<Vec<String>> {
    let (good, keeper) = (crate::compile("good.c", &[])?, crate::compile("keeper.c", macros)?);
    let logs = Logs::new();
    let mut inspector = Inspector::new(&logs);
    inspector.register(&good.library(), "").unwrap();
    inspector.register(&keeper.library(), "").unwrap();
    run(&inspector, "good", "2");
    let lines = lines(&logs);
    Some(lines.iter().filter_map(|line| line.strip_prefix("debug: keeper: ")).map(str::to_owned).collect())
}

#[test]
fn host_2_1_a_plugin_parses_events_of_its_types_and_sources() {
    let both = ["event 1 type 322", "event 2 type 322"];
    for (macros, expected) in [
        (&[][..], &both[..]),
        (&["SOURCES=\"[\\\"good\\\"]\""], &both),
        (&["SOURCES=\"[\\\"other\\\"]\""], &[]),
        (&["TYPES={402}"], &[]),
    ] {
        let Some(seen) = seen(macros) else { return };
        assert_eq!(seen, expected, "{macros:?}");
    }
}

#[test]
fn a_failed_parse_is_told_once_and_counted() {
    let (good, keeper) = (compiled!("good.c"), compiled!("keeper.c"));
    let logs = Logs::new();
    let mut inspector = Inspector::new(&logs);
    inspector.register(&good.library(), "").unwrap();
    let keeper = keeper.library();
    inspector.register(&keeper, "parse fails").unwrap();
    let mut capture = inspector.open("good", "3").unwrap();
    while let Next::Event(event) = capture.next_event().unwrap() {
        assert_eq!(inspector.plugins()[1].parse(&event).unwrap(), Outcome::Failure);
    }
    assert_eq!(capture.parse_failures(), 3);
    drop(capture);
    let told = "warning: falconet: plugin_parse_event of 'keeper' failed for event 1: cannot parse that (later failures are only counted)";
    assert_eq!(lines(&logs).iter().filter(|line| line.starts_with("warning")).collect::<Vec<_>>(), [told]);

    let mut inspector = Inspector::new(&logs);
    inspector.register(&good.library(), "").unwrap();
    inspector.register(&keeper, "parse rc").unwrap();
    run(&inspector, "good", "1");
    assert!(findings(&inspector)[0].starts_with("keeper: plugin_parse_event gave the rc 9, which is none of"));
}

#[test]
fn host_8_4_an_event_is_parsed_before_any_plugin_extracts_from_it() {
    let (good, keeper, user) = (compiled!("good.c"), compiled!("keeper.c"), compiled!("user.c"));
    let mut inspector = Inspector::new(&Logs::new());
    for library in [good.library(), keeper.library(), user.library()] {
        inspector.register(&library, "").unwrap();
    }
    let requests = ["good.num", "user.count"].map(|name| inspector.field(name).unwrap());
    let mut capture = inspector.open("good", "4").unwrap();
    let mut values = Vec::new();
    while let Next::Event(event) = capture.next_event().unwrap() {
        assert!(!inspector.event_text(&event).is_empty());
        let value = |request| inspector.extract(&event, request).unwrap().first().unwrap().as_u64().unwrap();
        values.push((value(&requests[0]), value(&requests[1])));
    }
    assert_eq!(values, [(1, 1), (2, 1), (3, 2), (4, 2)], "what the keeper counted of this event too");
    let error = inspector.field("good.nope").unwrap_err().to_string();
    assert!(error.contains("good.num") && error.contains("user.count"), "{error}");
}

#[test]
fn host_4_2_a_source_without_an_id_gives_events_of_any_type() {
    let (any, good) = (compiled!("any.c"), compiled!("good.c"));
    let keeper = compiled!("keeper.c", "TYPES={306,322,324,402}");
    let logs = Logs::new();
    let mut inspector = Inspector::new(&logs);
    for library in [any.library(), good.library(), keeper.library()] {
        inspector.register(&library, "").unwrap();
    }
    let mut capture = inspector.open("any", "scagu").unwrap();
    let mut seen = Vec::new();
    while let Next::Event(event) = capture.next_event().unwrap() {
        let first = event.param(0).unwrap_or_default().len();
        seen.push((event.event_type(), event.source().to_str().unwrap().to_owned(), first, event.tid() == u64::MAX));
    }
    capture.close().unwrap();
    let of = |event_type: u16, source: &str, first: usize, no_thread: bool| {
        (event_type, source.to_owned(), first, no_thread)
    };
    let expected = [
        of(306, "syscall", 3, false),
        of(324, "syscall", 3, false),
        of(402, "syscall", 4, true),
        of(322, "good", 4, true),
        of(322, "", 4, true),
    ];
    assert_eq!(seen, expected, "the source is found by the id");
    let parsed: Vec<_> = lines(&logs).iter().filter_map(|line| line.rsplit(' ').next()?.parse::<u16>().ok()).collect();
    assert_eq!(parsed, [306, 324, 402, 322], "an event of a plugin that is not there is nobody's");
    for (params, told) in [
        ("x", "the event's len is 33, its header and the lengths of its 2 parameters need 34"),
        ("y", "the event's len is 37, its header and parameters are 33 bytes"),
        ("n", "the event has the plugin id 0: a source without an id must set the id of its 322 events"),
    ] {
        let error = inspector.open("any", params).unwrap().next_event().unwrap_err().to_string();
        assert_eq!(error, format!("event 0 (from 0) of a batch of 1: {told}"), "{params}");
    }
}
