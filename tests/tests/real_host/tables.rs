// SPDX-License-Identifier: Apache-2.0
//! State tables in the real host: `examples/access-counter` exports one, `examples/access-stats` reads it.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use falconet_tests::host::{RealHost, root};
use falconet_tests::plugins::{self, Profile};
use falconet_tests::sysdig::{self, Run};
use falconet_tests::witness;

use crate::host;

/// access-log with these plugins, loaded in this order, over a log.
fn run(host: &RealHost, plugins: &[PathBuf], log: &Path) -> Run {
    let mut first: Vec<OsString> = vec!["-H".into(), plugins::access_log(Profile::Release).into()];
    for plugin in plugins {
        first.extend(["-H".into(), plugin.clone().into_os_string()]);
    }
    let format = sysdig::format(&["access.line", "access_stats.requests"]);
    let input = sysdig::input("access_log", log);
    sysdig::run_with(host, first, ["-I".as_ref(), input.as_os_str(), "-p".as_ref(), format.as_ref()])
}

/// What each line's client has asked so far, the line included, for clients that are among the first `clients`.
fn counted(log: &Path, clients: usize) -> Vec<String> {
    let mut counts: HashMap<Vec<u8>, u64> = HashMap::new();
    let bytes = fs::read(log).unwrap();
    let lines = bytes.strip_suffix(b"\n").unwrap_or(&bytes).split(|byte| *byte == b'\n');
    let count = |line: &[u8]| {
        let client = &line[..line.iter().position(|byte| *byte == b' ').filter(|end| (1..64).contains(end))?];
        if counts.len() == clients && !counts.contains_key(client) {
            return None;
        }
        let count = counts.entry(client.to_vec()).or_default();
        *count += 1;
        Some(*count)
    };
    lines.map(count).map(|count| count.map_or("<NA>".to_owned(), |count| count.to_string())).collect()
}

#[test]
fn host_9_1_a_table_of_one_plugin_is_read_by_another_and_the_numbers_are_right() {
    let host = host!();
    for log in witness::logs() {
        let rows = run(&host, &[plugins::access_counter(&[]), plugins::access_stats()], &log).succeeded().rows();
        let counts: Vec<_> = rows.iter().map(|row| row[1].clone()).collect();
        assert_eq!(counts, counted(&log, 4096), "{}", log.display());
    }
}

#[test]
fn host_9_2_the_owner_of_a_table_is_loaded_before_its_users() {
    let host = host!();
    let log = root().join("examples/access-log/sample.log");
    for plugins in [vec![plugins::access_stats(), plugins::access_counter(&[])], vec![plugins::access_stats()]] {
        let run = run(&host, &plugins, &log);
        assert_ne!(run.code, Some(0));
        let expected = "there is no table access_clients: load the plugin access_counter before access_stats";
        assert!(run.stderr.contains(expected), "{}", run.shown());
    }
}

#[test]
fn a_full_table_counts_on_for_those_who_are_in_it_and_says_so() {
    let host = host!();
    for log in witness::logs() {
        let counter = plugins::access_counter(&["--features", "small"]);
        let rows = run(&host, &[counter, plugins::access_stats()], &log).succeeded().rows();
        let counts: Vec<_> = rows.iter().map(|row| row[1].clone()).collect();
        assert_eq!(counts, counted(&log, 16), "{}", log.display());
    }
    // The real host does not look at the error of a parser; our own loader does.
    let log = root().join("examples/access-log/sample.log");
    let command = std::process::Command::new(plugins::command())
        .arg("run")
        .arg(plugins::access_log(Profile::Release))
        .arg(log)
        .arg("--with")
        .arg(plugins::access_counter(&["--features", "small"]))
        .args(["--metrics", "--table", "access_clients"])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&command.stderr);
    assert!(stderr.contains("the table is full"), "{stderr}");
    assert!(stderr.contains("16 entries"), "{stderr}");
}
