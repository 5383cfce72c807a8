// SPDX-License-Identifier: Apache-2.0
//! Sources and their ends in the real host, shown by the plugin `rules`, whose open params are what it does.

use std::time::{SystemTime, UNIX_EPOCH};

use falconet_host::{Library, Logs, Next, Plugin};
use falconet_tests::plugins;
use falconet_tests::sysdig;

use crate::{async_plugin, host, numbers, run_rules};

#[test]
fn host_1_9_the_message_of_a_failed_init_is_shown() {
    let host = host!();
    let with_config = format!("{}:fail", plugins::rules().display());
    let run = sysdig::run(&host, with_config.as_ref(), ["-Il"]);
    assert_eq!(run.code, Some(1), "{}", run.shown());
    assert!(run.stderr.contains("asked to fail at init"), "{}", run.shown());
}

#[test]
fn host_1_8_the_open_params_are_listed() {
    let host = host!();
    let info = sysdig::run(&host, &plugins::rules(), ["--plugin-info", "rules"]).succeeded();
    let text = info.lines().join("\n");
    for expected in ["events=3 timeout events=2: five events in two batches", "refuse: an \"error\""] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
}

#[test]
fn host_1_6_two_sources_of_one_id_are_refused() {
    let host = host!();
    let access_log = plugins::access_log(plugins::Profile::Release);
    let run = sysdig::run(&host, &plugins::rules(), ["-H".as_ref(), access_log.as_os_str(), "-Il".as_ref()]);
    assert_ne!(run.code, Some(0), "both have the id 999: {}", run.shown());
    assert!(run.stderr.contains("found another plugin with ID 999"), "{}", run.shown());
}

#[test]
fn host_2_1_an_event_of_another_type_is_not_extracted_from() {
    let host = host!();
    let Ok((_folder, injector)) = async_plugin(&host) else { return };
    let format = sysdig::format(&["evt.is_async", "rules.num", "rules.addresses"]);
    let arguments = ["-H".as_ref(), injector.as_os_str(), "-I".as_ref(), "rules:timeout events=2".as_ref()];
    let run = sysdig::run(&host, &plugins::rules(), arguments.into_iter().chain(["-p".as_ref(), format.as_ref()]));
    let run = run.succeeded();
    // `rules.addresses` has a value for every plugin event; the types that are exported keep the async one away.
    let addresses = "(192.0.2.1,2001:db8::1)";
    assert_eq!(run.rows(), [["true", "<NA>", "<NA>"], ["false", "0", addresses], ["false", "1", addresses]]);
}

#[test]
fn host_3_4_an_async_event_is_read_by_its_name() {
    let host = host!();
    let Ok((_folder, injector)) = async_plugin(&host) else { return };
    let format = sysdig::format(&["evt.asynctype", "evt.is_async", "evt.source"]);
    let arguments = ["-H".as_ref(), injector.as_os_str(), "-I".as_ref(), "rules:timeout events=1".as_ref()];
    let run = sysdig::run(&host, &plugins::rules(), arguments.into_iter().chain(["-p".as_ref(), format.as_ref()]));
    assert_eq!(run.succeeded().rows(), [["ping", "true", "rules"], ["<NA>", "false", "rules"]]);
}

#[test]
fn host_4_9_a_timeout_gives_async_events_their_turn() {
    let host = host!();
    let Ok((_folder, injector)) = async_plugin(&host) else { return };
    let types = |params: &str| {
        let format = sysdig::format(&["evt.asynctype"]);
        let input = sysdig::input("rules", params);
        let arguments = ["-H".as_ref(), injector.as_os_str(), "-I".as_ref(), input.as_os_str()];
        let run = sysdig::run(&host, &plugins::rules(), arguments.into_iter().chain(["-p".as_ref(), format.as_ref()]));
        run.succeeded().rows().concat()
    };
    // The source's events are of 1970, the injected one is of now.
    assert_eq!(types("timeout events=2"), ["ping", "<NA>", "<NA>"]);
    assert_eq!(types("events=2"), ["<NA>"; 2], "without a timeout it is lost at the end");
    assert_eq!(types("ts=4000000000000000000 events=2"), ["ping", "<NA>", "<NA>"], "before an event of a later time");
    // Once there was an event, its time is what a timeout goes by, not the clock.
    assert_eq!(types("events=2 timeout timeout events=2"), ["<NA>"; 4], "the last event is of 1970");
}

#[test]
fn host_4_1_the_host_stamps_what_has_no_time_and_fills_in_the_id() {
    let host = host!();
    let now = || u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap();
    let columns = ["evt.rawtime", "rules.time", "evt.pluginname"];
    let before = now();
    // More events than a batch holds, so that memory is used again; then times of its own in memory that had the host's.
    let run = run_rules(&host, "ts=host events=300 timeout ts=7 events=300", &columns).succeeded();
    let rows = run.rows();
    assert_eq!(rows.len(), 600);
    for (index, row) in rows.iter().enumerate() {
        let ts: u64 = row[0].parse().unwrap();
        match index.checked_sub(300) {
            None => assert!((before..=now()).contains(&ts), "event {index}: {ts}"),
            Some(later) => assert_eq!(ts, 7 + later as u64, "event {index}"),
        }
        assert_eq!((&row[1], row[2].as_str()), (&row[0], "rules"), "event {index}");
    }
}

#[test]
fn host_4_3_a_timeout_or_an_end_without_events_repeats_none() {
    let host = host!();
    for params in [
        "events=10 batch timeout timeout events=5 batch timeout eof",
        "timeout events=10 timeout timeout events=5",
        "events=10 batch events=5 batch",
    ] {
        let run = run_rules(&host, params, &["rules.num"]).succeeded();
        assert_eq!(numbers(&run), (0..15).collect::<Vec<_>>(), "{params}");
    }
    let run = run_rules(&host, "events=10 batch fail", &["rules.num"]);
    assert_eq!(numbers(&run), (0..10).collect::<Vec<_>>());
}

#[test]
fn host_4_4_a_batch_without_events_is_no_error() {
    let host = host!();
    let run = run_rules(&host, "batch batch events=2 batch batch events=1 batch", &["rules.num"]).succeeded();
    assert_eq!(numbers(&run), [0, 1, 2]);
}

#[test]
fn host_4_5_what_was_committed_comes_before_the_timeout_the_end_or_the_failure() {
    let host = host!();
    for (params, events) in [("events=3 timeout events=2", 5), ("events=200 eof", 200), ("events=7 fail", 7)] {
        let run = run_rules(&host, params, &["rules.num"]);
        assert_eq!(numbers(&run), (0..events).collect::<Vec<_>>(), "{params}");
        let told = run.stderr.contains("asked to fail after 7 events");
        assert_eq!(told, params.ends_with("fail"), "{}", run.shown());
    }
}

#[test]
fn host_4_6_the_end_stays_the_end() {
    let host = host!();
    // What stands behind `eof` is never asked for.
    let run = run_rules(&host, "events=2 eof events=2", &["rules.num"]).succeeded();
    assert_eq!(numbers(&run), [0, 1]);
    // The real host's command does not ask again; the project's own loader does.
    let library = Library::load(plugins::rules()).unwrap();
    let plugin = Plugin::init(&library, "", &Logs::new()).unwrap();
    let mut instance = plugin.open("events=2 eof events=2").unwrap();
    for _ in 0..2 {
        assert!(matches!(instance.next_event().unwrap(), Next::Event(_)));
    }
    for _ in 0..5 {
        assert!(matches!(instance.next_event().unwrap(), Next::Eof));
    }
}

#[test]
fn host_4_7_a_failed_open_is_told_and_closed() {
    let host = host!();
    let run = run_rules(&host, "refuse this", &["rules.num"]);
    assert_eq!(run.code, Some(1), "{}", run.shown());
    assert!(run.stderr.contains("asked not to open (open params: \"refuse this\")"), "{}", run.shown());
}

#[test]
fn host_4_8_a_long_message_is_cut_by_the_host_and_no_more_is_read() {
    let host = host!();
    for len in [200, 255, 256, 257, 1000, 5000] {
        let run = run_rules(&host, &format!("events=1 fail={len}"), &["rules.num"]);
        let begin = "asked to fail after 1 events";
        let at = run.stderr.find(begin).unwrap_or_else(|| panic!("{}", run.shown()));
        let message: String =
            run.stderr[at..].chars().take_while(|c| *c == '.' || c.is_alphanumeric() || *c == ' ').collect();
        let shown = message.trim_end().len();
        assert!(shown <= 256 && shown >= len.min(250), "{len}: {shown} bytes of it are shown: {}", run.shown());
    }
}

#[test]
fn host_4_11_the_text_is_the_plugins_or_the_hosts() {
    let host = host!();
    let run = run_rules(&host, "size=3 events=7", &["rules.num", "evt.plugininfo"]).succeeded();
    let texts: Vec<String> = run.rows().into_iter().map(|row| row[1].clone()).collect();
    // Every fifth has no text of its own: there the host says how long the payload is.
    assert_eq!(texts[1..5], ["bbb", "ccc", "ddd", "eee"]);
    assert_eq!(texts[6], "ggg");
    for (number, text) in [(0, &texts[0]), (5, &texts[5])] {
        assert!(text.contains("datalen=12"), "event {number}: {text}");
    }
}

#[test]
fn host_4_13_a_failure_in_mid_stream_is_told_and_the_exit_code_is_0() {
    let host = host!();
    let run = run_rules(&host, "events=300 fail", &["rules.num"]);
    assert_eq!(numbers(&run), (0..300).collect::<Vec<_>>());
    assert!(run.stderr.contains("asked to fail after 300 events"), "{}", run.shown());
    assert_eq!(run.code, Some(0), "{}", run.shown());
}
