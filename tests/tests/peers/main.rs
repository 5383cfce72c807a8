// SPDX-License-Identifier: Apache-2.0
//! The peers of `tests/peers` do the same as the examples that they are compared with, and `falconet bench` takes them.
#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use falconet_host::{Library, Logs, Next, Plugin};
use falconet_tests::log_lines::log_lines;
use falconet_tests::plugins::{self, Profile};
use falconet_tests::tools;
use serde_json::Value as Json;

const DEMO: [&str; 3] = ["demo.num", "demo.text", "demo.double"];
const ACCESS_LOG: [&str; 5] = ["access.client", "access.method", "access.path", "access.status", "access.bytes"];

/// An event as a host sees it.
#[derive(Debug, PartialEq)]
struct Seen {
    /// `None` where the host has put its own.
    ts: Option<u64>,
    payload: Vec<u8>,
    text: Option<String>,
    values: Vec<Option<String>>,
}

/// All events of a source, each field asked for alone, as libsinsp does.
fn seen(library: &Path, config: &str, params: &str, fields: &[&str], own_time: bool) -> Vec<Seen> {
    let library = Library::load(library).unwrap();
    let fields: Vec<_> = fields.iter().map(|field| library.field(field).unwrap()).collect();
    let plugin = Plugin::init(&library, config, &Logs::new()).unwrap();
    let mut instance = plugin.open(params).unwrap();
    let mut seen = Vec::new();
    while let Next::Event(event) = instance.next_event().unwrap() {
        let value = |field| {
            let extraction = plugin.extract(&event, std::slice::from_ref(field)).unwrap();
            extraction.first().map(ToString::to_string)
        };
        seen.push(Seen {
            ts: own_time.then(|| event.ts()),
            payload: event.payload().unwrap().to_vec(),
            text: plugin.event_to_string(&event),
            values: fields.iter().map(value).collect(),
        });
    }
    seen
}

/// The peers of demo that can be had here.
fn demos(folder: &Path) -> Vec<PathBuf> {
    let mut peers: Vec<PathBuf> =
        ["demo-falco-plugin", "demo-falco-plugin-tuned"].map(|name| plugins::peer(name, Profile::Dev)).to_vec();
    peers.extend(plugins::demo_c(folder));
    peers
}

#[test]
fn peers_of_demo_give_its_events_and_values() {
    let folder = tempfile::tempdir().unwrap();
    let demo = plugins::demo(Profile::Release);
    for peer in demos(folder.path()) {
        for (config, params) in [("", "1"), ("", "12345"), ("44", "300"), ("4096", "300")] {
            let [ours, theirs] = [&demo, &peer].map(|library| seen(library, config, params, &DEMO, false));
            assert_eq!(ours.len(), params.parse::<usize>().unwrap());
            assert!(ours == theirs, "{}: {config} {params}", peer.display());
        }
        for wrong in ["43", "4097", "x", "64 "] {
            let library = Library::load(&peer).unwrap();
            assert!(Plugin::init(&library, wrong, &Logs::new()).is_err(), "{}: {wrong}", peer.display());
        }
        let library = Library::load(&peer).unwrap();
        let plugin = Plugin::init(&library, "", &Logs::new()).unwrap();
        assert!(plugin.open("many").is_err(), "{}", peer.display());
    }
}

#[test]
fn peers_of_access_log_give_its_events_and_values() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    // What is no line of this kind, too, and the last line without an end.
    let odd = [
        "",
        "x",
        "192.0.2.1 - - [17/May/2015:10:05:03 +0000] \"-\" 400 0",
        "host.example.org - a b [c] [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.0\" 200 -\r",
        "192.0.2.1 - - [17/May/2015:10:05:03 +0000] \"GET /a\\\"b HTTP/1.1\" 200 7 \"-\" \"-\" more",
        "192.0.2.1 - - [no time] \"GET  HTTP/1.1\" 200 99999999999999999999",
        "192.0.2.1 - - [17/May/2015:10:05:03 +0000] \"GET /?q HTTP/1.1\" 200 7 \"-\"",
        "::1 - - [17/May/2015:10:05:03 +0000] \"PUT /last\" 201 7",
    ];
    fs::write(&path, log_lines(2_000) + &odd.join("\n")).unwrap();
    let params = path.to_str().unwrap();
    // The time is the host's where the line has none: only those with one are compared by it.
    let mut ours = seen(&plugins::access_log(Profile::Release), "", params, &ACCESS_LOG, true);
    assert_eq!(ours.len(), 2_000 + odd.len());
    let has_time = |seen: &Seen| seen.ts.is_some_and(|ts| ts < 1_500_000_000_000_000_000);
    for event in &mut ours {
        assert_eq!(event.payload.pop(), Some(0), "the NUL that ends our payload");
        event.ts = event.ts.filter(|ts| *ts < 1_500_000_000_000_000_000);
    }
    assert!(ours.iter().filter(|event| has_time(event)).count() > 2_000);
    let peer = plugins::peer("access-log-falco-plugin", Profile::Dev);
    for config in ["", "regex"] {
        let mut theirs = seen(&peer, config, params, &ACCESS_LOG, true);
        assert_eq!(theirs.len(), ours.len());
        for (ours, theirs) in ours.iter().zip(&mut theirs) {
            theirs.ts = theirs.ts.filter(|ts| *ts < 1_500_000_000_000_000_000);
            // A text of no bytes is no text.
            assert_eq!(ours, theirs, "{config}: {}", String::from_utf8_lossy(&ours.payload));
        }
    }
}

#[test]
fn falconet_bench_takes_the_peers_and_sees_what_they_do_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let demo = plugins::demo(Profile::Release);
    let peers = demos(folder.path());
    let mut command = Command::new(plugins::command());
    command.arg("bench").arg(&demo).args(&peers).args(["--params", "5000", "--max", "5000", "--rounds", "1"]);
    command.args(["--fields", &DEMO.join(","), "--json", "--no-instructions"]);
    let printed = tools::output(&mut command);
    let report: Json = serde_json::from_str(&printed.stdout).unwrap();
    let plugins = report["plugins"].as_array().unwrap();
    assert_eq!(plugins.len(), 1 + peers.len());
    for plugin in plugins {
        let phases = plugin["phases"].as_object().unwrap();
        assert_eq!(phases.len(), 8, "{plugin}");
        assert_eq!(phases["source_each"]["values_per_unit"], 3.0);
        assert_eq!(phases["source"]["bytes_per_event"], 102.0);
    }
    // The SDK of version 0.5.1 writes the values of a call over each other. Nothing else is not alike.
    for difference in report["differences"].as_array().unwrap() {
        let text = difference.as_str().unwrap();
        assert!(text.contains("demo_falco_plugin") && text.contains("all fields asked for in one call"), "{text}");
    }
}
