// SPDX-License-Identifier: Apache-2.0
//! A call that never returns ends the command, with its name, or is told where a source may wait.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::compiled;

fn falconet(plugin: &Path, hang: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_falconet"));
    let (name, rest) = arguments.split_first().unwrap();
    command.arg(name).arg(plugin).args(rest).env("HANG", hang);
    command
}

/// Waits for the end, which must come.
fn output(command: &mut Command) -> Output {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let since = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if since.elapsed() > Duration::from_secs(30) {
            child.kill().unwrap();
            panic!("{command:?} does not end: {:?}", child.wait_with_output());
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

/// The last line on stderr of a command that ended with 1.
fn error(command: &mut Command) -> String {
    let Output { status, stderr, .. } = output(command);
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{stderr}");
    stderr.lines().last().unwrap().to_owned()
}

#[test]
fn host_8_5_a_call_that_never_returns_ends_info_and_run_with_its_name() {
    let plugin = compiled!("hangs.c");
    let loading = format!("loading {}, where its initialisers run,", plugin.path.display());
    let of = |call: &str| format!("plugin_{call} of 'hangs'");
    let unloading = "unloading the library, where its destructors run,".to_owned();
    let exit = "what the plugin does at the end of the process".to_owned();
    let run = ["run", "--fields", "h.num", "--metrics"];
    for (hang, call, info) in [
        ("constructor", loading, true),
        ("get_name", "plugin_get_name".to_owned(), true),
        ("init", of("init"), true),
        ("list_open_params", of("list_open_params"), true),
        ("destroy", of("destroy"), true),
        ("destructor", unloading, true),
        ("exit", exit, true),
        ("open", of("open"), false),
        ("capture_open", of("capture_open"), false),
        ("next_batch", of("next_batch"), false),
        ("busy", of("next_batch"), false),
        ("event_to_string", of("event_to_string"), false),
        ("extract_fields", of("extract_fields"), false),
        ("close", of("close"), false),
        ("capture_close", of("capture_close"), false),
        ("routine", "a routine".to_owned(), false),
        ("get_metrics", "plugin_get_metrics".to_owned(), false),
    ] {
        let arguments: &[&str] = if info { &["info"] } else { &run };
        let mut command = falconet(&plugin.path, hang, arguments);
        let told = error(command.args(["--timeout", "0.3"]));
        assert!(
            told.starts_with(&format!("error: {call}")) && told.contains(" has not returned for 0."),
            "{hang}: {told}"
        );
        assert!(told.contains("--timeout SECONDS"), "{hang}: {told}");
    }
    let told = error(&mut falconet(&plugin.path, "get_name", &["package", "--timeout", "0.3"]));
    assert!(told.starts_with("error: plugin_get_name has not returned for 0."), "{told}");
}

#[test]
fn host_8_5_a_call_that_never_returns_ends_bench_with_its_name() {
    let plugin = compiled!("hangs.c");
    for (hang, place, call) in [
        ("init", "load", "plugin_init"),
        ("extract_fields", "check", "plugin_extract_fields"),
        ("next_batch", "check", "plugin_next_batch"),
        ("destroy", "close", "plugin_destroy"),
    ] {
        let mut command = falconet(&plugin.path, hang, &["bench", "--max", "10", "--no-instructions"]);
        let told = error(command.args(["--timeout", "0.5"]));
        let expected = format!("at '{place}': {call} of 'hangs' has not returned for 0.5");
        assert!(told.contains(&expected), "{hang}: {told}");
    }
}

#[test]
fn host_8_5_a_call_that_hangs_while_it_is_measured_is_told_too() {
    // It hangs in the loops alone: what is checked before is less than that.
    for (function, place, call) in [
        ("NEXT_BATCH", "source", "plugin_next_batch"),
        ("EXTRACT", "source + all fields", "plugin_extract_fields"),
        ("TEXT", "source + text", "plugin_event_to_string"),
    ] {
        let define = format!("HANGS_IN_{function}");
        let plugin = compiled!("good.c", define.as_str());
        let arguments = [
            "bench",
            "--params",
            "3000",
            "--max",
            "3000",
            "--fields",
            "good.num",
            "--no-instructions",
            "--timeout",
            "1",
        ];
        let told = error(&mut falconet(&plugin.path, "", &arguments));
        assert!(told.contains(&format!("at '{place}': {call} of 'good' has not returned for 1")), "{function}: {told}");
    }
}

#[test]
fn bench_does_not_wait_for_what_a_plugin_has_started() {
    let plugin = compiled!("hangs.c");
    let arguments = ["bench", "--max", "10", "--rounds", "1", "--no-instructions", "--markdown"];
    let Output { status, stdout, stderr } = output(&mut falconet(&plugin.path, "child", &arguments));
    let told = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{told}");
    assert!(String::from_utf8_lossy(&stdout).contains("| source "), "{told}");
}

#[test]
fn host_4_9_a_source_that_blocks_is_told_of_and_waited_for() {
    let plugin = compiled!("hangs.c");
    let mut command = falconet(&plugin.path, "next_batch", &["run"]);
    let mut run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut note, mut stderr) = (String::new(), BufReader::new(run.stderr.take().unwrap()));
    stderr.read_line(&mut note).unwrap();
    let expected = "note: plugin_next_batch of 'hangs' has not returned for 10";
    assert!(note.starts_with(expected) && note.contains("The run goes on"), "{note}");
    // What came before is not kept back.
    let (mut stdout, mut line) = (BufReader::new(run.stdout.take().unwrap()), String::new());
    stdout.read_line(&mut line).unwrap();
    assert!(line.starts_with("1\t"), "{line}");
    assert!(run.try_wait().unwrap().is_none(), "it goes on");
    assert!(Command::new("kill").arg("-INT").arg(run.id().to_string()).status().unwrap().success());
    assert_eq!(run.wait().unwrap().code(), Some(130));
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert!(!rest.contains("has not returned"), "once: {rest}");
}

#[test]
fn what_came_before_a_hang_is_printed() {
    let plugin = compiled!("hangs.c");
    let output = output(&mut falconet(&plugin.path, "next_batch", &["run", "--timeout", "0.3"]));
    assert_eq!((output.status.code(), output.stdout.split(|byte| *byte == b'\n').count()), (Some(1), 4));
    let usage = falconet(&plugin.path, "", &["info", "--timeout", "0"]).output().unwrap();
    assert_eq!(usage.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&usage.stderr).contains("a number of seconds from 0.001 to 1e9 was expected"));
}
