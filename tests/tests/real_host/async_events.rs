// SPDX-License-Identifier: Apache-2.0
//! `examples/heartbeat` beside `examples/access-log`: its async events appear in the real host's output.

use std::ffi::{OsStr, OsString};

use falconet_tests::host::{RealHost, root};
use falconet_tests::plugins::{self, Profile};
use falconet_tests::sysdig::{self, Run};

use crate::host;

const COLUMNS: [&str; 5] = ["evt.type", "evt.source", "evt.asynctype", "thread.tid", "evt.info"];

/// Both plugins with more arguments; access-log follows, so that there are timeouts.
fn with_heartbeat(host: &RealHost, heartbeat: &str, arguments: &[&OsStr]) -> Run {
    let mut log = plugins::access_log(Profile::Release).into_os_string();
    log.push(r#":{"follow":true}"#);
    let mut beat = plugins::heartbeat().into_os_string();
    beat.push(format!(":{heartbeat}"));
    let first: Vec<OsString> = vec!["-H".into(), log, "-H".into(), beat];
    sysdig::run_with(host, first, arguments)
}

fn sample() -> OsString {
    sysdig::input("access_log", root().join("examples/access-log/sample.log"))
}

/// The numbers in the data of the heartbeats among these rows.
fn heartbeats(rows: &[Vec<String>]) -> Vec<u64> {
    let beats = rows.iter().filter(|row| row[0] == "heartbeat");
    beats
        .map(|row| {
            assert_eq!(row[1..3], ["access_log", "heartbeat"], "{row:?}");
            let data = row[4].strip_prefix("plugin_id=999 name=heartbeat data=");
            data.and_then(|data| data.parse().ok()).unwrap_or_else(|| panic!("{row:?}"))
        })
        .collect()
}

#[test]
fn host_7_1_async_events_of_a_thread_stand_among_those_of_the_source() {
    let host = host!();
    let format = sysdig::format(&COLUMNS);
    let input = sample();
    let lines = std::fs::read(root().join("examples/access-log/sample.log")).unwrap();
    let lines = lines.iter().filter(|byte| **byte == b'\n').count();
    let all = (lines + 20).to_string();
    let run = with_heartbeat(
        &host,
        "5",
        &["-I".as_ref(), &input, "-n".as_ref(), all.as_ref(), "-p".as_ref(), format.as_ref()],
    );
    let rows = run.succeeded().rows();
    assert_eq!(rows.iter().filter(|row| row[0] == "pluginevent").count(), lines);
    let beats = heartbeats(&rows);
    assert_eq!(beats, (1..=20).collect::<Vec<_>>(), "every heartbeat, in its order");
}

#[test]
fn host_7_3_a_capture_file_has_the_events_and_its_reader_gets_no_more() {
    let host = host!();
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("events.scap");
    let input = sample();
    let written = with_heartbeat(
        &host,
        "5",
        &["-q".as_ref(), "-I".as_ref(), &input, "-n".as_ref(), "90".as_ref(), "-w".as_ref(), capture.as_ref()],
    )
    .succeeded();
    assert!(capture.exists(), "{}", written.shown());
    let format = sysdig::format(&COLUMNS);
    let run =
        with_heartbeat(&host, "1", &["-r".as_ref(), capture.as_ref(), "-p".as_ref(), format.as_ref()]).succeeded();
    let beats = heartbeats(&run.rows());
    assert!(!beats.is_empty(), "{}", run.shown());
    // The host opens the file a moment after it has set the handler: what was emitted between is not in it.
    let first = beats[0];
    assert!(first <= 3, "{beats:?}");
    assert_eq!(beats, (first..first + beats.len() as u64).collect::<Vec<_>>());
}

#[test]
fn a_bad_config_is_a_clear_error() {
    let host = host!();
    let input = sample();
    let run = with_heartbeat(&host, "often", &["-I".as_ref(), &input]);
    assert_ne!(run.code, Some(0));
    assert!(run.stderr.contains("milliseconds between two heartbeats, from 1, like 1000"), "{}", run.shown());
}
