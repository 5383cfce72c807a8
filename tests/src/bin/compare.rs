// SPDX-License-Identifier: Apache-2.0
//! The comparison tables of README.md: demo and access-log beside their peers, by `falconet bench`, and beside the limit.
//!
//! ```text
//! cargo run --release -p falconet-tests --bin compare [demo] [access-log] [k8s-audit]
//! ```
//! Without an argument it makes all of them. It takes some minutes.

use std::env;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use falconet_tests::host::root;
use falconet_tests::log_lines::log_lines;
use falconet_tests::plugins::{self, Profile};
use falconet_tests::tools;
use memchr::memchr;
use serde_json::Value as Json;

type Failure = Box<dyn std::error::Error>;

const ACCESS_LOG: &str = "access.client,access.method,access.path,access.status,access.bytes";
const K8S_AUDIT: &str = "ka.verb,ka.user.name,ka.target.resource,ka.target.namespace,ka.response.code";
/// Lines of the log: some 100 MB.
const LINES: u64 = 500_000;
/// Rounds of each plugin.
const ROUNDS: &str = "7";

fn main() -> Result<(), Failure> {
    type Comparison = fn(&Path) -> Result<(), Failure>;
    const ALL: [(&str, Comparison); 3] = [("demo", demo), ("access-log", access_log), ("k8s-audit", k8s_audit)];
    let wanted: Vec<String> = env::args().skip(1).collect();
    if let Some(unknown) = wanted.iter().find(|name| ALL.iter().all(|(known, _)| known != name)) {
        return Err(format!("'{unknown}' is none of demo, access-log and k8s-audit").into());
    }
    let folder = tempfile::tempdir()?;
    for (name, compare) in ALL {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            compare(folder.path())?;
        }
    }
    Ok(())
}

/// What `falconet bench` says, as JSON.
fn bench(plugins: &[&Path], rounds: &str, arguments: &[&str]) -> Result<Json, Failure> {
    let mut command = Command::new(plugins::command_of(Profile::Release));
    command.arg("bench").args(plugins).args(["--rounds", rounds, "--json"]).args(arguments);
    let printed = tools::output(&mut command);
    io::stderr().write_all(printed.stderr.as_bytes())?;
    Ok(serde_json::from_str(&printed.stdout)?)
}

fn number(figure: &Json, name: &str) -> f64 {
    figure.get(name).and_then(Json::as_f64).unwrap_or(f64::NAN)
}

fn phase<'a>(report: &'a Json, plugin: usize, phase: &str) -> &'a Json {
    report.pointer(&format!("/plugins/{plugin}/phases/{phase}")).unwrap_or(&Json::Null)
}

/// `-` for what was not measured.
fn shown(number: f64, digits: usize) -> String {
    if number.is_finite() { format!("{number:.digits$}") } else { "-".to_owned() }
}

fn line(out: &mut impl io::Write, cells: &[String]) -> io::Result<()> {
    writeln!(out, "| {} |", cells.join(" | "))
}

fn head(out: &mut impl io::Write, cells: &[&str]) -> io::Result<()> {
    writeln!(out, "| {} |", cells.join(" | "))?;
    writeln!(out, "|{}", " --- |".repeat(cells.len()))
}

fn demo(folder: &Path) -> Result<(), Failure> {
    let mut plugins = vec![("falconet", plugins::demo(Profile::Release))];
    plugins.extend(plugins::demo_c(folder).ok().map(|library| ("C by hand", library)));
    plugins.push(("falco_plugin, tuned", plugins::peer("demo-falco-plugin-tuned", Profile::Release)));
    plugins.push(("falco_plugin", plugins::peer("demo-falco-plugin", Profile::Release)));
    let plugins: Vec<(&str, PathBuf)> = plugins;
    let paths: Vec<&Path> = plugins.iter().map(|(_, path)| path.as_path()).collect();
    let fields = ["--fields", "demo.num,demo.text,demo.double"];
    let small = bench(&paths, ROUNDS, &[&["--params", "1000000"][..], &fields].concat())?;
    let large =
        [&["--params", "300000", "--max", "300000", "--config", "4096", "--no-instructions"][..], &fields].concat();
    let large = bench(&paths, ROUNDS, &large)?;

    let mut out = io::stdout().lock();
    writeln!(out, "demo: nanoseconds (instructions, allocations)\n")?;
    let names = plugins.iter().map(|(name, _)| *name);
    head(&mut out, &["of an event or a call"].into_iter().chain(names).collect::<Vec<_>>())?;
    for (title, report, name) in [
        ("a sourced event of 64 bytes", &small, "source"),
        ("a sourced event of 4,096 bytes", &large, "source"),
        ("sourced, three fields in one call", &small, "source_extract"),
        ("sourced, three fields one by one", &small, "source_each"),
        ("one field alone, of a new event", &small, "extract_one"),
        ("three fields alone", &small, "extract_all"),
        ("the text alone", &small, "text"),
        ("a call behind the end", &small, "end"),
    ] {
        let cell = |plugin: usize| {
            let figure = phase(report, plugin, name);
            let [instructions, allocations] =
                ["instructions", "allocations"].map(|name| shown(number(figure, name), 0));
            let ns = number(figure, "ns");
            format!("{} ({instructions}, {allocations})", shown(ns, usize::from(ns < 100.0)))
        };
        let cells = (0..plugins.len()).map(cell);
        line(&mut out, &[title.to_owned()].into_iter().chain(cells).collect::<Vec<_>>())?;
    }
    for (title, name) in [
        ("CPU time from dlopen to the first batch, µs", "load/total_us"),
        ("resident memory behind the first batch, KiB", "load/resident_kib"),
        ("library, KiB", "file_bytes"),
    ] {
        let cell = |plugin: usize| {
            let value = small.pointer(&format!("/plugins/{plugin}/{name}")).and_then(Json::as_f64).unwrap_or(f64::NAN);
            shown(if name == "file_bytes" { value / 1024.0 } else { value }, 0)
        };
        let cells = (0..plugins.len()).map(cell);
        line(&mut out, &[title.to_owned()].into_iter().chain(cells).collect::<Vec<_>>())?;
    }
    writeln!(out)?;
    Ok(())
}

fn access_log(folder: &Path) -> Result<(), Failure> {
    let log = folder.join("access.log");
    fs::write(&log, log_lines(LINES))?;
    let bytes = fs::metadata(&log)?.len() as f64;
    let params = log.to_str().ok_or("the path of the log is no text")?;
    let max = LINES.to_string();
    let arguments = ["--params", params, "--max", &max, "--fields", ACCESS_LOG];
    let ours = plugins::access_log(Profile::Release);
    let peer = plugins::peer("access-log-falco-plugin", Profile::Release);
    let both = bench(&[&ours, &peer], ROUNDS, &arguments)?;
    // The other way to read lines takes ten times as long: a part of the rounds is enough.
    let regex = bench(&[&peer], "1", &[&arguments[..], &["--config", "regex", "--no-instructions"]].concat());
    let limit = limit(&log)?;

    let mut out = io::stdout().lock();
    writeln!(out, "access-log: GB of log a second (nanoseconds a line, instructions)\n")?;
    head(&mut out, &["work", "falconet", "falco_plugin, our parser", "times", "falco_plugin, regex", "times"])?;
    for (title, name) in [
        ("lines sourced", "source"),
        ("lines sourced, five fields one by one, as libsinsp asks", "source_each"),
        ("lines sourced, five fields in one call", "source_extract"),
    ] {
        let regex = regex.as_ref().map_or(&Json::Null, |regex| phase(regex, 0, name));
        let [ours, same] = [phase(&both, 0, name), phase(&both, 1, name)];
        let rate = |figure: &Json| bytes / LINES as f64 / number(figure, "ns");
        let cell = |figure: &Json| {
            let instructions = shown(number(figure, "instructions"), 0);
            format!("{} ({}, {instructions})", shown(rate(figure), 2), shown(number(figure, "ns"), 0))
        };
        let times = |figure: &Json| shown(rate(ours) / rate(figure), 1);
        line(&mut out, &[title.to_owned(), cell(ours), cell(same), times(same), cell(regex), times(regex)])?;
    }
    let [memory, file] = limit;
    writeln!(
        out,
        "\nThe limit, lines found by memchr alone: {memory:.1} GB/s in memory, {file:.1} GB/s read from the file.\n"
    )?;
    Ok(())
}

/// GB/s of line splitting alone: in memory, and with the reads of the file in blocks of 64 KiB. The best of some rounds.
fn limit(log: &Path) -> Result<[f64; 2], Failure> {
    let bytes = fs::read(log)?;
    let mut best = [0.0_f64; 2];
    for _ in 0..9 {
        let start = Instant::now();
        let in_memory = lines(&bytes).0;
        let [memory, file] = &mut best;
        *memory = memory.max(bytes.len() as f64 / 1e9 / start.elapsed().as_secs_f64());
        let start = Instant::now();
        let in_file = lines_of_file(log)?;
        *file = file.max(bytes.len() as f64 / 1e9 / start.elapsed().as_secs_f64());
        if [in_memory, in_file] != [LINES; 2] {
            return Err(format!("{in_memory} and {in_file} lines were found where {LINES} are").into());
        }
    }
    Ok(best)
}

/// How many lines end in these bytes, and where the last of them does.
fn lines(bytes: &[u8]) -> (u64, usize) {
    let (mut count, mut at) = (0, 0);
    while let Some(feed) = bytes.get(at..).and_then(|rest| memchr(b'\n', rest)) {
        at += feed + 1;
        count += 1;
    }
    (count, at)
}

fn lines_of_file(log: &Path) -> io::Result<u64> {
    let mut file = File::open(log)?;
    let mut block = vec![0; 64 * 1024];
    let (mut count, mut have) = (0, 0);
    loop {
        let read = file.read(block.get_mut(have..).unwrap_or_default())?;
        if read == 0 {
            return Ok(count);
        }
        have += read;
        let (found, end) = lines(block.get(..have).unwrap_or_default());
        count += found;
        block.copy_within(end..have, 0);
        have -= end;
    }
}

fn k8s_audit(folder: &Path) -> Result<(), Failure> {
    let plugin = plugins::library(&root().join("examples/k8s-audit"), Profile::Release);
    let sample = fs::read_to_string(root().join("examples/k8s-audit/sample.jsonl"))?;
    let log = folder.join("audit.jsonl");
    fs::write(&log, sample.repeat(2_000))?;
    let params = log.to_str().ok_or("the path of the log is no text")?;
    let report = bench(&[&plugin], ROUNDS, &["--params", params, "--max", "100000", "--fields", K8S_AUDIT])?;
    let mut out = io::stdout().lock();
    writeln!(out, "k8s-audit, {} bytes an event\n", shown(number(phase(&report, 0, "source"), "bytes_per_event"), 0))?;
    head(&mut out, &["of an event or a call", "nanoseconds", "instructions", "allocations"])?;
    for (title, name) in [
        ("an event sourced", "source"),
        ("sourced, five fields one by one", "source_each"),
        ("one field alone, of a new event", "extract_one"),
        ("five fields alone", "extract_all"),
    ] {
        let figure = phase(&report, 0, name);
        let cells = [("ns", 0), ("instructions", 0), ("allocations", 0)]
            .map(|(name, digits)| shown(number(figure, name), digits));
        line(&mut out, &[&[title.to_owned()], &cells[..]].concat())?;
    }
    Ok(())
}
