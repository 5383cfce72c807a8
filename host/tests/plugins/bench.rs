// SPDX-License-Identifier: Apache-2.0
//! `falconet bench`: what it measures is there, and what goes wrong in a plugin is told, not shared.

use std::{path::Path, process::Command};

use serde_json::Value as Json;

use crate::{Compiled, compiled};

/// The fields of `good.c` that do not fail.
const FIELDS: &str = "good.num,good.text,good.list,good.none,good.even,good.ip";

fn bench(plugins: &[&Path], arguments: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_falconet"));
    command.arg("bench").args(plugins).args(["--rounds", "2", "--max", "3000", "--fields", FIELDS]).args(arguments);
    command.output().unwrap()
}

fn report(output: &std::process::Output) -> Json {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{why}: {stderr}"))
}

fn error(output: &std::process::Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8_lossy(&output.stderr).lines().last().unwrap().to_owned()
}

fn number(figure: &Json, name: &str) -> f64 {
    figure[name].as_f64().unwrap_or_else(|| panic!("no number {name} in {figure}"))
}

fn both() -> Option<[Compiled; 2]> {
    Some([crate::compile("good.c", &[])?, crate::compile("good.c", &["ALLOCATES"])?])
}

#[test]
fn bench_measures_each_phase_of_two_plugins() {
    let Some([plain, other]) = both() else { return };
    let output = bench(&[&plain.path, &other.path], &["--params", "3000", "--json", "--no-instructions"]);
    let report = report(&output);
    let plugins = report["plugins"].as_array().unwrap();
    assert_eq!((plugins.len(), &report["rounds"], &report["params"]), (2, &Json::from(2), &Json::from("3000")));
    assert_eq!(report["differences"], Json::Array(Vec::new()));
    for plugin in plugins {
        assert_eq!((plugin["name"].as_str(), plugin["version"].as_str()), (Some("good"), Some("1.2.3-rc1")));
        assert!(number(&plugin["load"], "total_us") > 0.0);
        let phases = &plugin["phases"];
        for (phase, values) in [
            ("source", 0.0),
            ("source_extract", 5.0),
            ("source_each", 5.0),
            ("source_text", 1.0),
            ("extract_one", 1.0),
            ("extract_all", 5.0),
            ("text", 1.0),
        ] {
            let figure = &phases[phase];
            assert_eq!((number(figure, "units"), number(figure, "failures")), (3000.0, 0.0), "{phase}");
            // One event of these has no text.
            assert!((number(figure, "values_per_unit") - values).abs() < 0.01, "{phase}: {figure}");
            let [least, ns, most] = ["least_ns", "ns", "most_ns"].map(|name| number(figure, name));
            assert!(least > 0.0 && least <= ns && ns <= most, "{figure}");
        }
        assert_eq!(number(&phases["end"], "units"), 100_000.0);
        assert_eq!(number(&phases["source"], "events_per_batch"), 3.0);
    }
    assert_eq!(number(&plugins[0]["phases"]["source"], "ratio"), 1.0);
    assert!(number(&plugins[1]["phases"]["source"], "ratio") > 0.0);
}

#[test]
fn bench_counts_what_a_plugin_allocates() {
    if cfg!(not(all(target_os = "linux", target_env = "gnu"))) {
        return;
    }
    let Some([plain, other]) = both() else { return };
    let output = bench(&[&plain.path, &other.path], &["--params", "3000", "--json", "--no-instructions"]);
    let report = report(&output);
    let allocations = |plugin: usize, phase: &str| number(&report["plugins"][plugin]["phases"][phase], "allocations");
    for phase in ["source", "source_extract", "source_each", "extract_one", "extract_all", "text", "end"] {
        assert_eq!(allocations(0, phase), 0.0, "{phase}");
    }
    // With ALLOCATES it takes memory once in each extraction.
    assert_eq!([allocations(1, "source"), allocations(1, "text")], [0.0, 0.0]);
    assert_eq!([allocations(1, "extract_one"), allocations(1, "source_extract")], [1.0, 1.0]);
    assert_eq!(allocations(1, "source_each"), 6.0);
}

#[test]
fn bench_tells_what_two_plugins_do_not_do_alike() {
    let plain = compiled!("good.c");
    let other = compiled!("good.c", "OTHER_TEXT");
    let output = bench(&[&plain.path, &other.path], &["--params", "5", "--json", "--no-instructions"]);
    let differences = report(&output)["differences"].to_string();
    let [left, right] = [&plain, &other].map(|plugin| plugin.path.display());
    assert!(
        differences.contains(&format!("event 1: good.text is 'event 0' in {left}, 'other' in {right}")),
        "{differences}"
    );
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("the source gave 5 events only"), "{stderr}");
}

#[test]
fn bench_outlives_a_plugin_that_crashes_and_says_where() {
    let plain = compiled!("good.c");
    let trap = compiled!("good.c", "TRAP");
    let error = error(&bench(&[&plain.path, &trap.path], &["--params", "3000", "--no-instructions"]));
    assert!(error.contains(&trap.path.display().to_string()), "{error}");
    assert!(error.contains("ended by signal 4") && error.contains("at 'source'"), "{error}");
}

#[test]
fn bench_passes_on_why_a_plugin_fails() {
    let plain = compiled!("good.c");
    let failed = error(&bench(&[&plain.path], &["--params", "200!", "--no-instructions"]));
    assert!(failed.contains("at 'source': plugin_next_batch failed: failed after 200 events"), "{failed}");
    let failed = error(&bench(&[&plain.path], &["--params", "0", "--no-instructions"]));
    assert!(failed.contains("the source ended without an event: give open params"), "{failed}");
    let mut no_field = Command::new(env!("CARGO_BIN_EXE_falconet"));
    no_field.arg("bench").arg(&plain.path).args(["--params", "9", "--fields", "good.no"]);
    let failed = error(&no_field.output().unwrap());
    assert!(failed.contains("at 'load': 'good.no': the plugin has no field 'good.no'; it has good.num"), "{failed}");
    let failed = error(&bench(&[Path::new("no-such-plugin.so")], &[]));
    assert!(failed.contains("no-such-plugin.so: at 'load': cannot open no-such-plugin.so"), "{failed}");
}

#[test]
fn bench_prints_tables_with_instructions_where_valgrind_is() {
    let plain = compiled!("good.c");
    let output = bench(&[&plain.path], &["--params", "30000", "--markdown"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let cells = |row: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("| {row} "))).unwrap_or_else(|| panic!("{text}"));
        line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
    };
    let source = cells("source");
    assert_eq!((source[2].as_str(), source[4].as_str()), ("plugin.so", "1.00"));
    assert!(text.contains("| load us |") && text.contains("median of 2 rounds"), "{text}");
    if Command::new("valgrind").arg("--version").output().is_ok() {
        let column = cells("work").iter().position(|cell| cell == "instructions").unwrap();
        let [source, extract, all] = ["source", "first field alone", "all fields alone"]
            .map(|row| cells(row)[column].parse::<u32>().unwrap_or_else(|why| panic!("{row}: {why}: {text}")));
        assert!(source > 100 && extract > 10 && all > extract, "{text}");
        assert_eq!(cells("source + text")[column], "-");
    }
}
