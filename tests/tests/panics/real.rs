// SPDX-License-Identifier: Apache-2.0
//! The real host with a plugin that panics in every entry point that it calls: it tells it, and ends or goes on as with
//! any failure, never by a signal.

use std::ffi::OsStr;

use falconet_tests::host::{RealHost, real_host};
use falconet_tests::plugins;
use falconet_tests::sysdig::{self, Run};

use crate::every::told;

/// The plugin in the real host, with a place to panic in. The fields are asked for, and the event's text.
fn run(host: &RealHost, place: &str, more: &[&OsStr]) -> Run {
    let plugin = format!("{}:{place}", plugins::panics().display());
    let run = sysdig::run(host, plugin.as_ref(), more);
    assert!(run.code.is_some_and(|code| code < 126), "{place} has ended the host: {}", run.shown());
    // What std prints, or the C++ library.
    for text in ["stack backtrace", "note: run with", "thread '", "terminate called"] {
        assert!(!run.stderr.contains(text), "{place}: {}", run.shown());
    }
    run
}

/// The same, reading 60 events.
fn read(host: &RealHost, place: &str) -> Run {
    let format = sysdig::format(&["panics.num", "panics.text", "evt.plugininfo"]);
    run(host, place, ["-I", "panics:60", "-p", &format].map(OsStr::new).as_slice())
}

/// How many of the source's events came through: those that have a text, the plugin's or the host's.
fn events(run: &Run) -> usize {
    run.rows().iter().filter(|row| row.get(2).is_some_and(|text| text != "<NA>")).count()
}

/// The end of what the host is told: its library was compiled from its own folder.
fn message(place: &str) -> String {
    told(place, "as asked").replace("fixtures/panics/", "")
}

#[test]
fn the_host_tells_every_panic_and_ends_or_goes_on_as_with_any_failure() {
    let Ok(host) = real_host() else { return };
    // The place, the exit code (rule 4.13), and how many events came before.
    for (place, code, before) in [
        ("init", 1, 0..=0),
        ("open", 1, 0..=0),
        ("start", 1, 0..=0),
        ("capture_open", 1, 0..=0),
        ("next_batch", 0, 0..=0),
        ("committed", 0, 3..=3),
        // The host notices it when it asks for the next batch, at the latest.
        ("event_to_string", 0, 0..=16),
        ("decode", 0, 0..=16),
        ("field", 0, 0..=16),
        ("parse", 0, 0..=16),
        // It is told when all events were printed.
        ("capture_close", 1, 60..=60),
    ] {
        let run = read(&host, place);
        assert!(run.stderr.contains(&message(place)), "{place}: {}", run.shown());
        assert_eq!(run.code, Some(code), "{place}: {}", run.shown());
        assert!(before.contains(&events(&run)), "{place}: {}", run.shown());
    }
}

#[test]
fn what_the_host_does_not_call_or_ends_with_leaves_every_event() {
    let Ok(host) = real_host() else { return };
    for place in ["", "stop", "drop_plugin", "drop_instance", "drop_shared", "set_config", "metrics", "dump_state"] {
        let run = read(&host, place).succeeded();
        assert_eq!(events(&run), 60, "{place}: {}", run.shown());
        let rows = run.rows();
        let mut own = rows.iter().filter(|row| row[0] != "<NA>").enumerate();
        assert!(own.all(|(num, row)| row[0] == num.to_string() && row[2] == format!("event {num}")), "{}", run.shown());
    }
}

#[test]
fn a_routine_that_panics_ends_the_reading_or_comes_too_late() {
    let Ok(host) = real_host() else { return };
    let run = read(&host, "routine");
    assert_eq!(run.code, Some(0), "{}", run.shown());
    assert!(events(&run) == 60 || run.stderr.contains("the plugin panicked at "), "{}", run.shown());
}

#[test]
fn host_7_5_a_dump_that_panics_is_a_dump_that_fails() {
    let Ok(host) = real_host() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("capture");
    let arguments = ["-I".as_ref(), "panics:60".as_ref(), "-w".as_ref(), file.as_os_str()];
    let run = run(&host, "dump_state", &arguments);
    assert!(run.code == Some(1) && run.stderr.contains("dump error for plugin 'panics'"), "{}", run.shown());
}

#[test]
fn a_list_of_open_params_that_panics_is_told() {
    let Ok(host) = real_host() else { return };
    let run = run(&host, "list_open_params", &["--plugin-info", "panics"].map(OsStr::new));
    assert!(run.code == Some(1) && run.stderr.contains(&message("list_open_params")), "{}", run.shown());
}
