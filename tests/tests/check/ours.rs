// SPDX-License-Identifier: Apache-2.0
//! The plugins of this project keep every rule that is checked.

use std::fs;
use std::path::{Path, PathBuf};

use falconet_tests::host::root;
use falconet_tests::plugins::{self, Profile};

use crate::check;

/// Nothing is found; the checks named are among those that passed.
fn passes(library: &Path, arguments: &[&str], made: &[&str]) {
    let checked = check(library, arguments);
    let findings = checked.findings();
    assert!(findings.is_empty() && checked.code == 0, "{}: {findings:#?}", library.display());
    let passed = checked.passed();
    let missing: Vec<_> = made.iter().filter(|name| !passed.contains(name)).collect();
    assert!(missing.is_empty(), "{}: not made: {missing:?}", library.display());
}

const SOURCE: [&str; 5] = ["batch-replayed", "eof-not-sticky", "ts-not-reset", "batch-shared", "other-thread"];
const FIELDS: [&str; 5] = ["several-fields", "stale-cache", "event-kept", "reads-past-event", "results-share-memory"];

#[test]
fn demo() {
    let made = [&SOURCE[..], &FIELDS, &["leaks", "not-given-back", "unload", "claim-too-high"]].concat();
    for profile in Profile::ALL {
        passes(&plugins::demo(profile), &["--params", "1000", "--events", "1000"], &made);
    }
    passes(&plugins::demo_std(), &["--params", "1000", "--events", "1000"], &made);
}

fn sample() -> PathBuf {
    root().join("examples/access-log/sample.log")
}

#[test]
fn access_log() {
    let params = sample();
    let log = fs::read(&params).unwrap();
    // Empty lines are events, too, and the last one has no end.
    let lines = log.split(|byte| *byte == b'\n').count().to_string();
    let fields = "access.query[q]";
    let arguments = ["--params", params.to_str().unwrap(), "--events", &lines, "--fields", fields];
    passes(&plugins::access_log(Profile::Release), &arguments, &FIELDS);
}

#[test]
fn access_counter_and_access_stats() {
    let (log, counter, stats) =
        (plugins::access_log(Profile::Release), plugins::access_counter(&[]), plugins::access_stats());
    let params = sample();
    let mut arguments = vec!["--params", params.to_str().unwrap(), "--with", log.to_str().unwrap()];
    passes(&counter, &arguments, &["entry-not-released", "table-exported", "rc-unknown"]);
    arguments.extend(["--with", counter.to_str().unwrap()]);
    passes(&stats, &arguments, &["entry-not-released", "table-used-outside", "event-kept"]);
}

#[test]
fn heartbeat() {
    passes(&plugins::heartbeat(), &[], &["async-event", "async-after-null", "metrics-thread", "close-fails"]);
}

#[test]
fn json_and_k8s_audit() {
    let library = |name: &str| plugins::library(&root().join("examples").join(name), Profile::Dev);
    passes(&library("json"), &["--fields", "json.value[/a],json.value[/b]"], &["several-fields", "stale-cache"]);
    let folder = tempfile::tempdir().unwrap();
    let params = folder.path().join("audit.json");
    let event = |number: u32| {
        format!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"{number:08}","stage":"ResponseComplete","verb":"get","requestURI":"/api/v1/namespaces/n/pods/p{number}","user":{{"username":"u{number}","groups":["g"]}},"stageTimestamp":"2024-01-01T00:00:{:02}.000000Z"}}"#,
            number % 60
        )
    };
    fs::write(&params, (0..200).map(|number| event(number) + "\n").collect::<String>()).unwrap();
    let arguments = ["--params", params.to_str().unwrap(), "--events", "200"];
    passes(&library("k8s-audit"), &arguments, &[&SOURCE[..], &FIELDS].concat());
}

#[test]
fn fixtures() {
    passes(&plugins::table_owner(), &[], &["table-exported"]);
    // Numbers out of payloads that are made up say how long its lists are.
    let arguments = ["--params", "events=40 timeout events=30", "--events", "70"];
    passes(&plugins::rules(), &arguments, &[&SOURCE[..], &FIELDS].concat());
}
