// SPDX-License-Identifier: Apache-2.0
//! access-log in the real host: listed, printed, filtered; its values against `falconet run` and Python.

use std::fs;
use std::path::Path;
use std::process::Command;

use falconet_tests::host::RealHost;
use falconet_tests::plugins::{self, Profile};
use falconet_tests::sysdig::{self, Run};
use falconet_tests::witness::{self, Encoding, Line};
use serde_json::Value as Json;

use crate::host;

/// Every field, and arguments that both logs have.
const FIELDS: [&str; 22] = [
    "access.client",
    "access.user",
    "access.time",
    "access.method",
    "access.path",
    "access.query[q]",
    "access.query[page]",
    "access.query[say]",
    "access.query[flav]",
    "access.query[nowhere]",
    "access.segment[0]",
    "access.segment[1]",
    "access.segment[2]",
    "access.segment[9]",
    "access.segments",
    "access.protocol",
    "access.status",
    "access.bytes",
    "access.error",
    "access.referer",
    "access.agent",
    "access.line",
];

fn arguments<'a>(prefix: &'a str, end: char) -> impl Iterator<Item = &'static str> + 'a {
    FIELDS.iter().filter_map(move |field| field.strip_prefix(prefix)?.strip_suffix(end))
}

fn parse(log: &Path, encoding: Encoding) -> Option<Vec<Line>> {
    let keys: Vec<&str> = arguments("access.query[", ']').collect();
    let numbers: Vec<u32> = arguments("access.segment[", ']').map(|number| number.parse().unwrap()).collect();
    witness::parse(log, &keys, &numbers, encoding).ok()
}

/// The plugin in the real host, reading a log.
fn run(host: &RealHost, log: &Path, columns: &[&str], filter: Option<&str>) -> Run {
    let format = sysdig::format(columns);
    let input = sysdig::input("access_log", log);
    let arguments = ["-I".as_ref(), input.as_os_str(), "-p".as_ref(), format.as_ref()];
    sysdig::run(host, &plugins::access_log(Profile::Release), arguments.into_iter().chain(filter.map(AsRef::as_ref)))
}

#[test]
fn host_1_1_it_is_listed_in_dev_and_release_builds() {
    let host = host!();
    for profile in Profile::ALL {
        let list = sysdig::run(&host, &plugins::access_log(profile), ["-Il"]).succeeded();
        let lines = list.lines();
        let has = |line: &str| assert!(lines.iter().any(|found| found.trim() == line), "{line}\n{}", list.shown());
        has("1 Plugins Loaded:");
        has("Name: access_log");
        has("Version: 0.1.0");
        has("- Event Sourcing (ID=999, source='access_log')");
        has("- Field Extraction");
        assert_eq!(lines.iter().filter(|line| line.starts_with("  - ")).count(), 2, "{}", list.shown());
    }
}

#[test]
fn host_4_12_its_open_params_are_suggested() {
    let host = host!();
    let info = sysdig::run(&host, &plugins::access_log(Profile::Release), ["--plugin-info", "access_log"]).succeeded();
    let text = info.lines().join("\n");
    for expected in
        ["/var/log/nginx/access.log: nginx on Debian", "/var/log/apache2/access.log: Apache httpd on Debian"]
    {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
}

#[test]
fn host_6_1_its_fields_are_listed_with_their_types() {
    let host = host!();
    let list = sysdig::run(&host, &plugins::access_log(Profile::Release), ["-lv"]).succeeded();
    let lines = list.lines();
    for field in FIELDS {
        let name = field.split('[').next().unwrap();
        let at = lines.iter().position(|line| line.split_whitespace().next() == Some(name));
        assert!(at.is_some(), "{name} is not listed:\n{}", list.shown());
    }
}

#[test]
fn it_prints_its_own_text() {
    let host = host!();
    let log = &witness::logs()[0];
    let run = run(&host, log, &["evt.num", "evt.pluginname", "evt.source", "evt.plugininfo"], None).succeeded();
    let content = fs::read(log).unwrap();
    let lines = content.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let lines: Vec<String> = lines.map(|line| Encoding::Latin1.decode(line)).collect();
    let rows = run.rows();
    assert_eq!(rows.len(), lines.len());
    for (index, (row, line)) in rows.iter().zip(&lines).enumerate() {
        // Where there is no text the host says something of its own.
        if !line.is_empty() {
            let number = (index + 1).to_string();
            assert_eq!(row[..], [number.as_str(), "access_log", "access_log", line], "line {}", index + 1);
        }
    }
}

/// `falconet run --json` of the same log.
fn falconet_run(log: &Path) -> Vec<Json> {
    let output = Command::new(plugins::command())
        .arg("run")
        .arg(plugins::access_log(Profile::Release))
        .arg(log)
        .args(["--json", "--fields", &FIELDS.join(",")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn host_5_6_values_are_those_of_falconet_run_and_of_python() {
    let host = host!();
    for log in witness::logs() {
        let columns: Vec<&str> = ["evt.num", "evt.rawtime"].into_iter().chain(FIELDS).collect();
        let sysdig = run(&host, &log, &columns, None).succeeded().rows();
        let falconet = falconet_run(&log);
        let lossy = |text: &str| {
            let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(c).unwrap()).collect();
            Encoding::Lossy.decode(&bytes)
        };
        assert_eq!(sysdig.len(), falconet.len(), "{}", log.display());
        for (row, object) in sysdig.iter().zip(&falconet) {
            assert_eq!(row[0], object["num"].to_string());
            for (column, field) in FIELDS.iter().enumerate() {
                let value = object["fields"].get(*field).unwrap();
                assert_eq!(
                    lossy(&row[column + 2]),
                    witness::printed(value),
                    "{}, line {}, {field}",
                    log.display(),
                    row[0]
                );
            }
            // Where the line has a time, it is the event's in both.
            if object["fields"]["access.time"].is_u64() {
                assert_eq!((&row[1], object["ts"].to_string()), (&row[4], row[4].clone()), "line {}", row[0]);
            }
        }
        let (Some(exact), Some(witness)) = (parse(&log, Encoding::Latin1), parse(&log, Encoding::Lossy)) else {
            return;
        };
        assert_eq!((sysdig.len(), sysdig.len()), (exact.len(), witness.len()), "{}", log.display());
        for ((row, object), (exact, witness)) in sysdig.iter().zip(&falconet).zip(exact.iter().zip(&witness)) {
            let place = |field: &str| format!("{}, line {}, {field}", log.display(), exact.num);
            assert_eq!(row[0], exact.num.to_string());
            for (column, field) in FIELDS.iter().enumerate() {
                assert_eq!(row[column + 2], exact.printed(field), "sysdig: {}", place(field));
                let value = object["fields"].get(*field).filter(|value| !value.is_null());
                assert_eq!(value, witness.fields.get(*field), "falconet run: {}", place(field));
            }
        }
        println!("{}: {} lines, {} fields", log.display(), sysdig.len(), FIELDS.len());
    }
}

/// A filter, and what it means.
type Filter = (&'static str, fn(&Line) -> bool);

const FILTERS: [Filter; 9] = [
    ("access.status >= 400", |line| line.fields.get("access.status").and_then(Json::as_u64).is_some_and(|s| s >= 400)),
    ("access.error = true", |line| line.fields.get("access.error") == Some(&Json::Bool(true))),
    ("access.query[q] exists", |line| line.fields.contains_key("access.query[q]")),
    ("access.query[page] contains 1", |line| line.texts("access.query[page]").iter().any(|page| page.contains('1'))),
    ("access.client = 83.149.9.216 and access.segments intersects (presentations, images)", |line| {
        let segments = line.texts("access.segments");
        line.texts("access.client") == ["83.149.9.216"]
            && segments.iter().any(|s| ["presentations", "images"].contains(s))
    }),
    ("access.client = 2001:db8::1 or access.client in (192.0.2.10, 198.51.100.7)", |line| {
        let clients = ["2001:db8::1", "192.0.2.10", "198.51.100.7"];
        line.texts("access.client").iter().any(|client| clients.contains(client))
    }),
    ("access.bytes > 100000 and access.method = GET", |line| {
        let large = line.fields.get("access.bytes").and_then(Json::as_u64).is_some_and(|bytes| bytes > 100_000);
        large && line.texts("access.method") == ["GET"]
    }),
    ("access.path startswith /blog or access.segment[1] = items", |line| {
        line.texts("access.path").iter().any(|path| path.starts_with("/blog"))
            || line.texts("access.segment[1]") == ["items"]
    }),
    ("not access.referer exists and access.agent contains Mozilla", |line| {
        let agents = line.texts("access.agent");
        !line.fields.contains_key("access.referer") && agents.iter().any(|agent| agent.contains("Mozilla"))
    }),
];

#[test]
fn host_5_5_filters_count_what_python_counts() {
    let host = host!();
    let mut met = [0; FILTERS.len()];
    for log in witness::logs() {
        let Some(witness) = parse(&log, Encoding::Latin1) else { return };
        for ((filter, means), met) in FILTERS.iter().zip(&mut met) {
            let run = run(&host, &log, &["evt.num"], Some(filter)).succeeded();
            let expected: Vec<u64> = witness.iter().filter(|line| means(line)).map(|line| line.num).collect();
            assert_eq!(crate::numbers(&run), expected, "{}: {filter}", log.display());
            println!("{}: {filter}: {}", log.display(), expected.len());
            *met += expected.len();
        }
    }
    if witness::real_log().is_some() {
        assert!(met.iter().all(|met| *met > 0), "a filter that no line meets shows nothing: {met:?}");
    }
}

#[test]
fn host_4_7_a_missing_file_is_told_with_its_path() {
    let host = host!();
    let missing = tempfile::tempdir().unwrap().path().join("missing.log");
    let run = run(&host, &missing, &["evt.num"], None);
    assert_eq!(run.code, Some(1), "{}", run.shown());
    let expected =
        format!("cannot open the access log: there is no such file (errno 2) (open params: \"{}\")", missing.display());
    assert!(run.stderr.contains(&expected), "{}", run.shown());
    assert!(run.stdout.is_empty(), "{}", run.shown());
}

#[test]
fn host_1_9_a_config_that_it_does_not_take_is_told() {
    let host = host!();
    let plugin = plugins::access_log(Profile::Release);
    let with_config = format!("{}:{{\"a\":1}}", plugin.display());
    let run = sysdig::run(&host, with_config.as_ref(), ["-Il"]);
    assert_eq!(run.code, Some(1), "{}", run.shown());
    assert!(run.stderr.contains("could not initialize plugin: the init config"), "{}", run.shown());
}

#[test]
fn host_1_6_two_plugins_of_one_name_are_refused() {
    let host = host!();
    // Two files, so that it is not the loader that finds them alike.
    let copies = Profile::ALL.map(|profile| plugins::Copy::of(&plugins::access_log(profile)).unwrap());
    let [first, second] = copies.each_ref().map(plugins::Copy::path);
    let run = sysdig::run(&host, first, ["-H".as_ref(), second.as_os_str(), "-Il".as_ref()]);
    assert_ne!(run.code, Some(0), "{}", run.shown());
    assert!(run.stderr.contains("found another plugin with name access_log"), "{}", run.shown());
}
