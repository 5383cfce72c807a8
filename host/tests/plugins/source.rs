// SPDX-License-Identifier: Apache-2.0
//! Events: open, batches, what the host writes, how a batch ends (section 4).

use falconet_host::{Library, Logs, Next, Plugin, Progress, Status};

use crate::{compiled, init, lines};

/// The error of the first event of the plugin opened so.
fn first_error(library: &Library, params: &str) -> String {
    let plugin = init(library, "");
    let mut instance = plugin.open(params).unwrap();
    instance.next_event().unwrap_err().to_string()
}

#[test]
fn host_4_1_the_host_fills_in_id_tid_and_time() {
    let plugin = compiled!("good.c");
    let plugin = init(&plugin.library(), "");
    let mut instance = plugin.open("2").unwrap();
    for (num, times) in [(1, 1_700_000_000_000_000_000..u64::MAX), (2, 1_000_000_001..1_000_000_002)] {
        let Next::Event(event) = instance.next_event().unwrap() else { panic!("an event was expected") };
        assert_eq!((event.num(), event.plugin_id(), event.tid()), (num, Some(999), u64::MAX));
        assert!(times.contains(&event.ts()), "{}", event.ts());
        assert_eq!(event.payload().unwrap(), format!("event {}\0", num - 1).as_bytes());
    }
    assert!(matches!(instance.next_event().unwrap(), Next::Eof));
    assert!(matches!(instance.next_event().unwrap(), Next::Eof), "the end may be asked again (rule 4.6)");
}

#[test]
fn host_4_2_only_its_own_events_come_from_a_source_with_an_id() {
    let plugin = compiled!("faulty.c");
    let library = plugin.library();
    let of = |params: &str| {
        let error = first_error(&library, params);
        error.strip_prefix("event 0 (from 0) of a batch of 1: ").unwrap_or(&error).to_owned()
    };
    assert_eq!(of("wrong id"), "the event has the plugin id 998, the plugin is 999: leave 0 and the host fills it in");
    assert_eq!(
        of("wrong type"),
        "the event has the type 402 and 2 parameters: a source with an id gives 322 with 2 only"
    );
    assert_eq!(
        of("three params"),
        "the event has the type 322 and 3 parameters: a source with an id gives 322 with 2 only"
    );
    assert_eq!(of("long data"), "the event's len is 43, its header and parameters are 44 bytes");
    assert_eq!(of("short len"), "the event's len is 25, its header and the lengths of its 2 parameters need 26");
    assert_eq!(
        of("no room for lengths"),
        "the event's len is 30, its header and the lengths of its 2 parameters need 34"
    );
    assert_eq!(of("id of 2"), "the plugin id of the event is 2 bytes long where 4 were expected");
    assert_eq!(of("event null"), "the pointer to the event is NULL");
    let plugin = init(&library, "");
    for params in ["own id", "id 0"] {
        let mut instance = plugin.open(params).unwrap();
        let Next::Event(event) = instance.next_event().unwrap() else { panic!("an event was expected") };
        assert_eq!((event.plugin_id(), event.tid(), event.ts()), (Some(999), u64::MAX, 5), "{params}");
    }
}

#[test]
fn host_4_2_a_source_without_an_id_sets_it_in_its_events() {
    let plugin = compiled!("faulty.c", "ID=0", "SOURCE=\"\"");
    let library = plugin.library();
    let error = first_error(&library, "id 0");
    assert!(error.ends_with("the event has the plugin id 0: a source without an id must set the id of its 322 events"));
    let plugin = init(&library, "");
    let mut instance = plugin.open("own id").unwrap();
    let Next::Event(event) = instance.next_event().unwrap() else { panic!("an event was expected") };
    assert_eq!((event.plugin_id(), event.source()), (Some(999), c"syscall"));
}

#[test]
fn host_4_3_out_params_are_written_on_every_path() {
    let plugin = compiled!("faulty.c");
    let library = plugin.library();
    let unwritten =
        |what: &str| format!("plugin_next_batch returned without writing {what}: it must be written on every path");
    assert_eq!(first_error(&library, "nevts unset"), unwritten("nevts"));
    assert_eq!(first_error(&library, "nevts unset at eof"), unwritten("nevts"));
    assert_eq!(first_error(&library, "evts unset"), unwritten("evts"));
    assert_eq!(first_error(&library, "evts null"), "plugin_next_batch gave 1 events and NULL for their array");
    assert!(first_error(&library, "rc 9").starts_with("plugin_next_batch gave the rc 9, which is none of"));
}

#[test]
fn host_4_4_success_without_events_is_an_error() {
    let plugin = compiled!("faulty.c");
    let library = plugin.library();
    let error = first_error(&library, "empty");
    assert_eq!(error, "plugin_next_batch gave success and no event: give -1 (timeout) where there is nothing yet");
    let plugin = init(&library, "");
    let mut instance = plugin.open("timeout").unwrap();
    assert!(matches!(instance.next_event().unwrap(), Next::Timeout));
    assert!(matches!(instance.next_event().unwrap(), Next::Event(_)), "a timeout is not the end");
    drop(instance);
    let mut instance = plugin.open("end").unwrap();
    assert!(matches!(instance.next_event().unwrap(), Next::Eof));
}

#[test]
fn host_4_5_events_come_before_the_failure_that_came_with_them() {
    let plugin = compiled!("good.c");
    let plugin = init(&plugin.library(), "");
    let mut instance = plugin.open("5!").unwrap();
    for num in 1..=5 {
        let Next::Event(event) = instance.next_event().unwrap() else { panic!("an event was expected") };
        assert_eq!(event.num(), num);
    }
    assert_eq!(instance.next_event().unwrap_err().to_string(), "plugin_next_batch failed: failed after 5 events");
}

#[test]
fn host_4_5_batches_tell_how_they_ended() {
    let (good, faulty) = (compiled!("good.c"), compiled!("faulty.c"));
    let plugin = init(&good.library(), "");
    let mut instance = plugin.open("5").unwrap();
    let ended = [(); 3].map(|()| {
        let batch = instance.next_batch().unwrap();
        (batch.events.len(), batch.status)
    });
    assert_eq!(ended, [(3, Status::More), (2, Status::Eof), (0, Status::Eof)]);
    let plugin = init(&faulty.library(), "");
    let mut instance = plugin.open("event and failure").unwrap();
    let batch = instance.next_batch().unwrap();
    let Status::Failed(error) = batch.status else { panic!("a failure was expected") };
    assert_eq!((batch.events.len(), error.to_string().as_str()), (1, "plugin_next_batch failed: kept for the host"));
}

#[test]
fn host_4_7_a_failed_open_is_followed_by_close() {
    let plugin = compiled!("faulty.c");
    let library = plugin.library();
    let logs = Logs::new();
    let plugin = Plugin::init(&library, "", &logs).unwrap();
    assert_eq!(plugin.open("open fails").unwrap_err().to_string(), "plugin_open failed: cannot open that");
    assert_eq!(lines(&logs), ["info: faulty: close(NULL)"]);
    let error = plugin.open("open rc unset").unwrap_err().to_string();
    assert_eq!(error, "plugin_open returned without writing rc: it must be written on every path");
    let error = plugin.open("open ends").unwrap_err().to_string();
    assert!(error.starts_with("plugin_open gave the rc 2 (end), which has no meaning for this call"), "{error}");
    assert_eq!(lines(&logs).len(), 2, "each was closed");
}

#[test]
fn host_4_8_a_null_error_is_told() {
    let plugin = compiled!("faulty.c");
    let plugin = init(&plugin.library(), "");
    let error = plugin.open("null error").unwrap_err().to_string();
    assert_eq!(error, "plugin_open failed: plugin_get_last_error gave NULL: it must always give a text");
}

#[test]
fn host_4_10_instances_of_one_library_on_several_threads() {
    let plugin = compiled!("good.c");
    let library = plugin.library();
    let counts: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (1..=4_usize)
            .map(|limit| {
                let plugin = init(&library, "");
                scope.spawn(move || {
                    let mut instance = plugin.open(&(limit * 10).to_string()).unwrap();
                    let mut count = 0;
                    while let Next::Event(event) = instance.next_event().unwrap() {
                        count += 1;
                        assert_eq!(event.num(), count);
                    }
                    count
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(counts, [10, 20, 30, 40]);
}

#[test]
fn host_4_11_texts_of_events_are_the_plugins_or_the_hosts() {
    let plugin = compiled!("good.c");
    let plugin = init(&plugin.library(), "");
    let mut instance = plugin.open("3").unwrap();
    let mut texts = Vec::new();
    while let Next::Event(event) = instance.next_event().unwrap() {
        texts.push(plugin.event_text(&event));
    }
    assert_eq!(texts, ["event 0 of good", "datalen=8 data=<binary>", "event 2 of good"]);
}

#[test]
fn host_4_12_open_params_have_values() {
    let (good, faulty) = (compiled!("good.c"), compiled!("faulty.c"));
    let params = init(&good.library(), "").list_open_params().unwrap();
    assert_eq!((params.len(), params[0].value.as_str(), params[0].description.as_str()), (1, "5", "five events"));
    let error = init(&faulty.library(), "").list_open_params().unwrap_err().to_string();
    assert_eq!(error, "plugin_list_open_params gave a bad text: entry 0 (from 0): 'value' is missing or empty");
}

#[test]
fn progress_is_told_and_must_be_written() {
    let (good, faulty) = (compiled!("good.c"), compiled!("faulty.c"));
    let plugin = init(&good.library(), "");
    let mut instance = plugin.open("6").unwrap();
    instance.next_event().unwrap();
    let expected = Progress { hundredths: 5000, text: Some("3 done".to_owned()) };
    assert_eq!(instance.progress().unwrap(), Some(expected));
    let plugin = init(&faulty.library(), "");
    let error = plugin.open("x").unwrap().progress().unwrap_err().to_string();
    assert_eq!(error, "plugin_get_progress returned without writing progress_pct: it must be written on every path");
}
