// SPDX-License-Identifier: Apache-2.0
//! Capture files: what is written with `-w` and read back with `-r` is what was printed at first.

use std::ffi::OsStr;
use std::path::Path;

use falconet_tests::host::RealHost;
use falconet_tests::plugins::{self, Profile};
use falconet_tests::sysdig::{self, Run};
use falconet_tests::witness;

use crate::host;

/// Writes a capture, and gives what a replay prints in these columns.
fn written_and_replayed(host: &RealHost, plugin: &Path, input: &OsStr, columns: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("events.scap");
    let written = sysdig::run(host, plugin, ["-q".as_ref(), "-I".as_ref(), input, "-w".as_ref(), capture.as_os_str()])
        .succeeded();
    assert!(capture.exists(), "{}", written.shown());
    let format = sysdig::format(columns);
    sysdig::run(host, plugin, ["-r".as_ref(), capture.as_os_str(), "-p".as_ref(), format.as_ref()]).succeeded()
}

#[test]
fn host_3_3_a_capture_of_access_log_prints_the_same_lines() {
    let host = host!();
    let plugin = plugins::access_log(Profile::Release);
    let columns = ["evt.num", "access.time", "access.client", "access.segments", "access.status", "access.line"];
    for log in witness::logs() {
        let input = sysdig::input("access_log", &log);
        let replayed = written_and_replayed(&host, &plugin, &input, &columns).rows();
        let format = sysdig::format(&columns);
        let live = sysdig::run(&host, &plugin, ["-I".as_ref(), input.as_os_str(), "-p".as_ref(), format.as_ref()]);
        let live = live.succeeded().rows();
        assert!(live.len() >= 40, "{}", live.len());
        assert_eq!(replayed.len(), live.len(), "{}", log.display());
        for (replayed, live) in replayed.iter().zip(&live) {
            assert_eq!(replayed, live, "{}", log.display());
        }
    }
}

#[test]
fn host_3_6_events_from_nothing_to_1_mib_are_written_and_read_back() {
    let host = host!();
    let sizes = [0, 1, 65_488, 65_489, 65_497, 65_498, 65_535, 65_536, 70_000, 200_000, 262_144, 700_000, 1_048_576];
    let params: String = sizes.iter().map(|size| format!("size={size} events=1 ")).collect();
    let columns = ["rules.size", "rules.num", "rules.text"];
    let replayed = written_and_replayed(&host, &plugins::rules(), &sysdig::input("rules", params), &columns).rows();
    assert_eq!(replayed.len(), sizes.len());
    for ((num, size), row) in sizes.iter().enumerate().zip(&replayed) {
        assert_eq!(row[..2], [size.to_string(), num.to_string()]);
        let letter = char::from(b'a' + u8::try_from(num).unwrap());
        assert!(row[2].len() == *size && row[2].chars().all(|c| c == letter), "the text of event {num}, {size} bytes");
    }
}
