// SPDX-License-Identifier: Apache-2.0
//! Every fault of `tests/faulty` is found as the check that it is named after, and as no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use falconet_host::check::Check;
use falconet_tests::host::root;
use falconet_tests::tools;

use crate::check;

/// A plugin of `tests/faulty`, the files with its faults, and what it is opened with.
struct Plugin {
    source: &'static str,
    files: &'static [&'static str],
    params: &'static str,
    with_keeper: bool,
}

const PLUGINS: [Plugin; 3] = [
    Plugin { source: "source.c", files: &["source.c", "identity.h", "extract.h"], params: "100", with_keeper: false },
    Plugin { source: "beside.c", files: &["beside.c"], params: "", with_keeper: false },
    Plugin { source: "tables.c", files: &["tables.c"], params: "", with_keeper: true },
];

/// The faults of a plugin, by their macros.
fn faults(plugin: &Plugin) -> BTreeSet<String> {
    let read = |file: &&str| fs::read_to_string(root().join("tests/faulty").join(file)).unwrap();
    let text: String = plugin.files.iter().map(read).collect();
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    text.split(word).filter(|word| word.starts_with("FAULT_") && word.len() > 6).map(str::to_owned).collect()
}

/// The name of the check that finds a fault.
fn name_of(fault: &str) -> String {
    let name = fault.trim_start_matches("FAULT_");
    name.split("__").next().unwrap().to_lowercase().replace('_', "-")
}

/// Compiles a plugin with a macro; `None` where there is no compiler.
fn compile(folder: &Path, name: &str, source: &Path, fault: Option<&str>) -> Option<PathBuf> {
    let library = folder.join(format!("lib{name}.so"));
    let mut compiler = match tools::cc() {
        Ok(compiler) => compiler,
        // It was printed already.
        Err(_) => return None,
    };
    compiler.args(["-O1", "-shared", "-fPIC", "-pthread", "-I"]).arg(root().join("host/tests/fixtures"));
    compiler.args(fault.map(|fault| format!("-D{fault}"))).arg("-o").arg(&library).arg(source);
    tools::output(&mut compiler);
    Some(library)
}

/// What is wrong with what the command says of one fault, or of the plugin without one.
fn wrong(plugin: &Plugin, fault: Option<&str>, folder: &Path, keeper: &Path) -> Option<String> {
    let name = fault.unwrap_or(plugin.source.trim_end_matches(".c"));
    let source = root().join("tests/faulty").join(plugin.source);
    let library = compile(folder, name, &source, fault)?;
    let keeper = keeper.to_str().unwrap();
    let mut arguments = vec!["--params", plugin.params];
    if plugin.with_keeper {
        arguments.extend(["--with", keeper]);
    }
    if name == "FAULT_HANG" {
        arguments.extend(["--timeout", "1"]);
    }
    let checked = check(&library, &arguments);
    let found = checked.findings();
    let expected: Vec<_> = fault.into_iter().map(name_of).collect();
    let code = i32::from(!expected.is_empty());
    let right = found.keys().copied().eq(expected.iter().map(String::as_str)) && checked.code == code;
    (!right).then(|| format!("{name}: expected {expected:?}, exit code {}, found {found:#?}", checked.code))
}

#[test]
fn every_planted_fault_is_found_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let keeper = root().join("host/tests/fixtures/keeper.c");
    let Some(keeper) = compile(folder.path(), "keeper", &keeper, None) else { return };
    let all: Vec<_> = PLUGINS
        .iter()
        .flat_map(|plugin| {
            [None].into_iter().chain(faults(plugin).into_iter().map(Some)).map(move |fault| (plugin, fault))
        })
        .collect();
    // Built once, before the threads ask for it.
    let _ = falconet_tests::plugins::command();
    let next = AtomicUsize::new(0);
    let work = || {
        let take = || all.get(next.fetch_add(1, Ordering::Relaxed));
        std::iter::from_fn(take)
            .filter_map(|(plugin, fault)| wrong(plugin, fault.as_deref(), folder.path(), &keeper))
            .collect::<Vec<_>>()
    };
    let workers = thread::available_parallelism().map_or(2, |count| count.get() + 1);
    let wrong: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), all.len(), wrong.join("\n"));
}

#[test]
fn every_check_has_a_fault_and_every_fault_a_check() {
    let checks: BTreeSet<String> = Check::ALL.iter().map(|check| check.name().to_owned()).collect();
    let planted: BTreeSet<String> = PLUGINS.iter().flat_map(faults).map(|fault| name_of(&fault)).collect();
    let without: Vec<_> = checks.symmetric_difference(&planted).collect();
    assert!(without.is_empty(), "a check without a fault, or a fault without a check: {without:?}");
}

#[test]
fn host_8_5_how_a_call_ended_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let source = root().join("tests/faulty/source.c");
    for (fault, told) in [
        ("FAULT_CRASH", "plugin_next_batch: the process ended with SIGSEGV"),
        ("FAULT_ABORT", "plugin_next_batch: the process ended with SIGABRT"),
        ("FAULT_EXIT", "plugin_next_batch: the process ended itself with the exit code 3"),
        ("FAULT_HANG", "plugin_next_batch did not return within 0.5 s"),
    ] {
        let Some(library) = compile(folder.path(), fault, &source, Some(fault)) else { return };
        let checked = check(&library, &["--params", "100", "--timeout", "0.5"]);
        let findings = checked.findings();
        let messages = &findings[name_of(fault).as_str()];
        assert!(messages.iter().any(|message| message.starts_with(told)), "{fault}: {messages:?}");
        assert!(!checked.passed().is_empty(), "{fault}: what came before was checked");
    }
}

#[test]
fn what_cannot_be_checked_is_no_pass() {
    let folder = tempfile::tempdir().unwrap();
    let source = root().join("tests/faulty/source.c");
    let Some(library) = compile(folder.path(), "source", &source, None) else { return };
    for (arguments, why) in
        [(["--params", "x"], "plugin_open fails with these params"), (["--config", "x"], "init fails with this config")]
    {
        let checked = check(&library, &arguments);
        let stopped = checked.report["stopped"].as_str().unwrap();
        assert!(checked.code == 2 && checked.findings().is_empty() && stopped.starts_with(why), "{stopped}");
    }
    for (field, why) in [("nope", "nope"), ("num[1]", "num")] {
        let checked = check(&library, &["--params", "100", "--fields", field]);
        let stopped = checked.report["stopped"].as_str().unwrap_or_default();
        assert!(checked.code == 2 && checked.findings().is_empty() && stopped.contains(why), "{stopped}");
    }
    for (events, told) in [("101", "100 events came, 101 were expected"), ("99", "100 events came, more than the 99")] {
        let checked = check(&library, &["--params", "100", "--events", events]);
        let findings = checked.findings();
        assert!(checked.code == 1 && findings["events-lost"][0].starts_with(told), "{findings:?}");
    }
    let output = std::process::Command::new(falconet_tests::plugins::command());
    let output = { output }.args(["check", "no-such-file.so"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot open no-such-file.so"));
}

#[test]
fn a_file_that_is_no_library_and_a_closed_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("libtext.so");
    fs::write(&text, "no library").unwrap();
    let checked = check(&text, &[]);
    assert_eq!((checked.findings().keys().copied().collect::<Vec<_>>(), checked.code), (vec!["not-loadable"], 1));
    assert!(Check::NotLoadable.fix().contains("ELF shared library"));
    let mut command = std::process::Command::new(falconet_tests::plugins::command());
    let mut child = command.arg("check").arg(&text).stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn the_text_names_rule_finding_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let source = root().join("tests/faulty/source.c");
    let fault = "FAULT_NEVTS_UNSET";
    let Some(library) = compile(folder.path(), fault, &source, Some(fault)) else { return };
    let mut command = std::process::Command::new(falconet_tests::plugins::command());
    let output = command.arg("check").arg(&library).args(["--params", "100"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    let check = Check::NevtsUnset;
    assert!(text.contains(&format!("FAILED 4.3 nevts-unset: {}\n  found: ", check.what())), "{text}");
    assert!(text.contains(&format!("  to do: {}\n", check.fix())), "{text}");
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let begin = text.find("FAILED").unwrap();
    let finding = text[begin..].split("\n\n").next().unwrap();
    assert!(readme.contains(finding), "README.md shows another text than:\n{finding}");
    let at = |text: &str, what: &str| text.find(what).unwrap_or_else(|| panic!("no {what} in {text}"));
    assert!(at(&text, "FAILED") < at(&text, "\npassed (") && at(&text, "\npassed (") < at(&text, "\nnot applicable ("));
    assert!(text.ends_with(" not applicable\n"), "{text}");
}

#[test]
fn what_the_checks_could_not_look_at_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let source = root().join("tests/faulty/source.c");
    let Some(library) = compile(folder.path(), "source", &source, None) else { return };
    let checked = check(&library, &["--params", "100"]);
    let notes = checked.notes();
    let [varying, never] = notes.as_slice() else { panic!("two notes were expected: {notes:?}") };
    assert!(varying.starts_with("not compared: f.calls. The same event asked again gave another value"), "{varying}");
    assert!(never.starts_with("never a value in 6 events: f.never. The checks of section 5 say nothing"), "{never}");
    assert_eq!((checked.code, checked.findings().len()), (0, 0), "notes are no findings");
    let mut command = std::process::Command::new(falconet_tests::plugins::command());
    let output = command.arg("check").arg(&library).args(["--params", "100"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(notes.iter().all(|note| text.contains(&format!("note: {note}\n"))), "{text}");
    let checked = check(&library, &["--params", "0"]);
    let expected = "the source ended without an event: little could be checked. Give --params";
    assert!(checked.notes().iter().any(|note| note.starts_with(expected)), "{:?}", checked.notes());
}

#[test]
fn host_5_6_an_answer_of_another_type_than_the_field_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let source = root().join("tests/faulty/source.c");
    for (how, told) in [
        ("TEXT_FOR_NUMBER", "the address of the text 'a text': uint64 was declared, a text was given"),
        ("NUMBER_FOR_TEXT", "'f.text': its text is said to be at 0x"),
        ("ONE_POINTER_LESS", "which is not aligned to 8 bytes for string"),
        ("VALUE_IN_PLACE", "'f.num': res is 0x8, where there is no memory: write the address of the value into res"),
    ] {
        let fault = format!("FAULT_VALUE_MALFORMED__{how}");
        let Some(library) = compile(folder.path(), &fault, &source, Some(&fault)) else { return };
        let checked = check(&library, &["--params", "100"]);
        let findings = checked.findings();
        let messages = findings.get("value-malformed").map(Vec::as_slice).unwrap_or_default();
        assert!(messages.iter().any(|message| message.contains(told)), "{fault}: {findings:?}");
    }
}
