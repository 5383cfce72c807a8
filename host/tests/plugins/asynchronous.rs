// SPDX-License-Identifier: Apache-2.0
//! Async events: what the handler takes, when events come, when it is set and taken back (section 7).

use falconet_host::{Event, Inspector, Library, Logs, Next};

use crate::{compiled, findings, lines, run};

/// What the plugin said of the handler and of what it sent.
fn said(logs: &Logs) -> Vec<String> {
    let lines = lines(logs);
    let said = lines.iter().filter_map(|line| line.strip_prefix("debug: injector: "));
    said.filter(|line| ["handler", "sent", "dumped"].iter().any(|what| line.starts_with(what)))
        .map(str::to_owned)
        .collect()
}

/// Runs `good` beside the injector: what that said, and what was found.
fn sent(good: &Library, injector: &Library, config: &str) -> (Vec<String>, Vec<String>) {
    let logs = Logs::new();
    let mut inspector = Inspector::new(&logs);
    inspector.register(good, "").unwrap();
    inspector.register(injector, config).unwrap();
    run(&inspector, "good", "1");
    (said(&logs), findings(&inspector))
}

#[test]
fn host_7_1_an_async_event_is_checked() {
    let (good, injector) = (compiled!("good.c"), compiled!("injector.c"));
    let (good, injector) = (good.library(), injector.library());
    let nul = "the name of the async event must end with its only NUL, which its length counts";
    for (config, told) in [
        ("null", "the async event is NULL"),
        ("type", "the async event has the type 322 and 3 parameters: 402 and 3 were expected"),
        ("nparams", "the async event has the type 402 and 2 parameters: 402 and 3 were expected"),
        ("len", "the async event's len is 20"),
        ("lengths", "the async event is broken: the event's len is 51, its header and parameters are 52 bytes"),
        ("id length", "the plugin id of the async event is 5 bytes long where 4 were expected"),
        ("no nul", nul),
        ("inner nul", nul),
        ("undeclared", "the async event 'tack' is not declared by plugin_get_async_events, which has tick, tock"),
        ("tid", "the async event has the tid 7: in a plugin's source it must be -1"),
    ] {
        let (said, found) = sent(&good, &injector, config);
        assert_eq!(said, ["handler 1: ".to_owned(), format!("sent 1: {told}"), "handler 0: ".to_owned()], "{config}");
        assert_eq!(found, [format!("injector: {told} (rule 7.1)")], "{config}");
    }
    let (said, found) = sent(&good, &injector, "");
    assert_eq!(said, ["handler 1: ", "sent 0: ", "handler 0: "]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn host_4_9_async_events_come_before_later_ones_of_the_source() {
    let (good, injector, keeper) =
        (compiled!("good.c"), compiled!("injector.c"), compiled!("keeper.c", "TYPES={322,402}"));
    let logs = Logs::new();
    let mut inspector = Inspector::new(&logs);
    for (library, config) in [(good.library(), ""), (injector.library(), "two"), (keeper.library(), "")] {
        inspector.register(&library, config).unwrap();
    }
    let mut capture = inspector.open("good", "2").unwrap();
    let mut seen = Vec::new();
    while let Next::Event(event) = capture.next_event().unwrap() {
        let text = inspector.event_text(&event);
        seen.push((event.num(), event.source().to_str().unwrap().to_owned(), event.plugin_id().unwrap(), text));
        if event.num() == 1 {
            let (name, data) = event.async_event().unwrap();
            assert_eq!((name, data), (c"tock", &b""[..]));
            assert!(event.ts() < u64::MAX, "an event without a time gets one, and comes first");
        }
    }
    drop(capture);
    let of_good = |num: u64, text: &str| (num, "good".to_owned(), 999, text.to_owned());
    let expected = [
        of_good(1, "tock datalen=0 data="),
        of_good(2, "tick datalen=4 data=data"),
        of_good(3, "tock datalen=4 data=late"),
        // The time of the first event of `good` is now, that of the second 1000000001.
        of_good(4, "event 0 of good"),
        of_good(5, "datalen=8 data=<binary>"),
    ];
    assert_eq!(seen, expected);
    let parsed = lines(&logs).iter().filter(|line| line.ends_with("type 402")).count();
    assert_eq!(parsed, 3, "async events are parsed as others are");
}

#[test]
fn host_4_9_async_events_come_on_a_timeout() {
    let (faulty, injector) = (compiled!("faulty.c"), compiled!("injector.c"));
    let mut inspector = Inspector::new(&Logs::new());
    inspector.register(&faulty.library(), "").unwrap();
    inspector.register(&injector.library(), "").unwrap();
    let mut capture = inspector.open("faulty", "timeout").unwrap();
    let Next::Event(event) = capture.next_event().unwrap() else { panic!("an event was expected") };
    assert_eq!((event.event_type(), event.ts(), event.source()), (402, 1_000_000_000, c"faulty"));
    let Next::Event(event) = capture.next_event().unwrap() else { panic!("an event was expected") };
    assert_eq!((event.event_type(), event.num()), (322, 2), "the timeout was used up");
}

#[test]
fn host_7_2_events_of_the_future_and_beyond_the_queue_are_dropped() {
    let (good, injector) = (compiled!("good.c"), compiled!("injector.c"));
    let (good, injector) = (good.library(), injector.library());
    for (config, count, told) in [
        ("future", 1, "warning: falconet: an async event of 'injector' is too far in the future: dropped"),
        ("flood", 4097, "warning: falconet: an async event of 'injector' found the queue full: dropped"),
    ] {
        let logs = Logs::new();
        let mut inspector = Inspector::new(&logs);
        inspector.register(&good, "").unwrap();
        inspector.register(&injector, config).unwrap();
        assert_eq!(run(&inspector, "good", "1"), count);
        let lines = lines(&logs);
        assert!(lines.iter().any(|line| line == told), "{lines:?}");
        assert!(!lines.iter().any(|line| line.contains("sent 1")), "it is a success: {lines:?}");
        assert!(findings(&inspector).is_empty());
    }
}

#[test]
fn host_7_3_no_event_comes_after_the_handler_was_taken_back() {
    let (good, injector) = (compiled!("good.c"), compiled!("injector.c"));
    let (good, injector) = (good.library(), injector.library());
    let (said, found) = sent(&good, &injector, "late");
    let told = "an async event came after plugin_set_async_event_handler had returned from NULL: join the producer in that call";
    assert_eq!(said.last(), Some(&format!("sent 1: {told}")));
    assert_eq!(found, [format!("injector: {told} (rule 7.3)")]);
    let (said, found) = sent(&good, &injector, "while taken");
    assert_eq!(said[2..], ["handler 0: ", "sent 0: "], "while the call runs they are taken");
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn host_7_3_a_producer_of_its_own_thread_is_joined() {
    let (timeout, injector) = (compiled!("faulty.c"), compiled!("injector.c"));
    let logs = Logs::new();
    let mut inspector = Inspector::new(&logs);
    inspector.register(&timeout.library(), "").unwrap();
    inspector.register(&injector.library(), "thread").unwrap();
    for _ in 0..2 {
        let mut capture = inspector.open("faulty", "end").unwrap();
        assert!(matches!(capture.next_event().unwrap(), Next::Eof), "what is queued at the end is lost (rule 7.2)");
        capture.close().unwrap();
    }
    assert!(findings(&inspector).is_empty());
}

#[test]
fn host_7_4_events_for_another_source_are_refused() {
    let (good, injector) = (compiled!("good.c"), compiled!("injector.c", "SOURCES=\"[\\\"other\\\"]\""));
    let (said, found) = sent(&good.library(), &injector.library(), "");
    assert_eq!(said[1], "sent 1: the async events of the plugin are not for the open source 'good'");
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn host_7_5_a_dumped_state_is_checked() {
    let injector = compiled!("injector.c");
    let injector = injector.library();
    let dump = |config: &str| {
        let logs = Logs::new();
        let mut inspector = Inspector::new(&logs);
        let plugin = inspector.register(&injector, config).unwrap();
        let dumped = plugin.dump_state().map_err(|error| error.to_string());
        (dumped, said(&logs), findings(&inspector))
    };
    let (dumped, said, found) = dump("");
    let dumped = dumped.unwrap();
    let event = Event::from_bytes(&dumped[0], 1, c"x").unwrap();
    assert_eq!((event.ts(), event.plugin_id(), event.async_event()), (5, Some(999), Some((c"tick", &b"state"[..]))));
    assert_eq!((dumped.len(), said, found), (1, vec!["dumped 0: ".to_owned()], vec![]));
    let (_, said, found) = dump("dump time");
    let told = "an event of plugin_dump_state has no time: the host fills in neither time nor id";
    assert_eq!((said, found), (vec![format!("dumped 1: {told}")], vec![format!("injector: {told} (rule 7.5)")]));
    let (_, _, found) = dump("dump name");
    assert!(found[0].starts_with("injector: the async event 'tack' is not declared by"), "{found:?}");
    assert_eq!(dump("dump rc").0, Err("plugin_dump_state failed: ".to_owned()));
}

#[test]
fn host_8_1_handlers_are_set_after_the_source_is_open_and_errors_close_it() {
    let (good, injector) = (compiled!("good.c"), compiled!("injector.c"));
    let logs = Logs::new();
    let mut inspector = Inspector::new(&logs);
    inspector.register(&good.library(), "").unwrap();
    let injector = injector.library();
    inspector.register(&injector, "quiet").unwrap();
    drop(logs.take());
    run(&inspector, "good", "0");
    let order: Vec<_> = lines(&logs).iter().map(|line| line.rsplit(": ").nth(1).unwrap_or(line).to_owned()).collect();
    let expected =
        ["good", "handler 1", "subscribed 1", "good", "handler 0", "runs 1", "unsubscribed 0", "again 1", "stopped 1"];
    assert_eq!(order, expected, "open, handler, capture_open; close, handler, capture_close");

    for (config, opens, told) in [
        ("refuse", false, "the plugin 'injector': plugin_set_async_event_handler failed: no handler wanted"),
        ("open fails", false, "the plugin 'injector': plugin_capture_open failed: no capture wanted"),
        ("close rc", true, "the plugin 'injector': plugin_set_async_event_handler failed: "),
        ("capture rc", true, "the plugin 'injector': plugin_capture_close failed: "),
    ] {
        let mut inspector = Inspector::new(&logs);
        inspector.register(&good.library(), "").unwrap();
        inspector.register(&injector, config).unwrap();
        drop(logs.take());
        let opened = inspector.open("good", "0");
        assert_eq!(opened.is_ok(), opens, "{config}");
        let error = opened.and_then(falconet_host::Capture::close).unwrap_err().to_string();
        assert_eq!(error, told);
        assert!(lines(&logs).iter().any(|line| line == "info: good: close"), "{config}");
        assert!(findings(&inspector).is_empty(), "{config}");
    }
}

#[test]
fn host_10_1_names_of_async_events_have_31_bytes() {
    let name = "x".repeat(32);
    let define = format!("EVENTS=\"[\\\"tick\\\",\\\"tock\\\",\\\"{name}\\\"]\"");
    let (good, injector) = (compiled!("good.c"), compiled!("injector.c", &define));
    let (_, found) = sent(&good.library(), &injector.library(), "");
    assert_eq!(found, [format!("injector: the name of the async event '{name}' is longer than 31 bytes (rule 10.1)")]);
}
