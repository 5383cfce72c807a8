// SPDX-License-Identifier: Apache-2.0
//! The command itself: what it prints, how it ends.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Command, Output, Stdio},
};

use crate::{compiled, fixture};

fn falconet() -> Command {
    Command::new(env!("CARGO_BIN_EXE_falconet"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What it printed, after it ended well.
fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// The error that it ended with.
fn error(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    let text = text(&output.stderr);
    text.lines().last().unwrap().strip_prefix("error: ").unwrap().to_owned()
}

#[test]
fn run_prints_events_as_columns() {
    let plugin = compiled!("good.c");
    let fields = "good.num,good.list,good.none,good.ip[6]";
    let output =
        falconet().arg("run").arg(&plugin.path).args(["2", "--fields", fields, "--config", "c"]).output().unwrap();
    let stdout = stdout(&output);
    let lines: Vec<Vec<&str>> = stdout.lines().map(|line| line.split('\t').collect()).collect();
    let header = ["num", "time", "source", "text", "good.num", "good.list", "good.none", "good.ip[6]"];
    assert_eq!(lines[0], header);
    assert_eq!(lines[1][2..], ["good", "event 0 of good", "1", "(a,b,c)", "<NA>", "2001:db8::1"]);
    assert_eq!(lines[2][..4], ["2", "1970-01-01T00:00:01.000000001Z", "good", "datalen=8 data=<binary>"]);
    let stderr = text(&output.stderr);
    assert!(stderr.contains("info: good: config 'c'\n"), "{stderr}");
    assert!(stderr.contains("2 events, 92 bytes, "), "{stderr}");
}

#[test]
fn run_prints_json() {
    let plugin = compiled!("good.c");
    let fields = "good.abs, good.list,good.none,good.even,good.text";
    let output =
        falconet().arg("run").arg(&plugin.path).args(["9", "--json", "--max", "2", "--fields", fields]).output();
    let stdout = stdout(&output.unwrap());
    assert_eq!(stdout.lines().count(), 2);
    let line = stdout.lines().nth(1).unwrap();
    let expected = concat!(
        r#"{"num":2,"time":"1970-01-01T00:00:01.000000001Z","ts":1000000001,"source":"good","#,
        r#""text":"datalen=8 data=<binary>","fields":{"good.abs":1000000001,"good.list":["a","b,c"],"good.none":null,"#,
        r#""good.even":true,"good.text":"event 1"}}"#
    );
    assert_eq!(line, expected);
}

#[test]
fn run_leaves_out_the_text_and_does_not_ask_for_it() {
    let plugin = compiled!("hangs.c");
    let run = |more: &[&str]| {
        let mut command = falconet();
        command.arg("run").arg(&plugin.path).args(["--no-text", "--fields", "h.num", "--timeout", "20"]).args(more);
        // It would never return from the text.
        stdout(&command.env("HANG", "event_to_string").output().unwrap())
    };
    let time = "1970-01-01T00:00:00.000000001Z";
    let columns = run(&[]);
    assert!(columns.starts_with(&format!("num\ttime\tsource\th.num\n1\t{time}\thangs\t1\n")), "{columns}");
    let json = run(&["--json", "--max", "1"]);
    let expected = format!(r#"{{"num":1,"time":"{time}","ts":1,"source":"hangs","fields":{{"h.num":1}}}}"#);
    assert_eq!(json.trim_end(), expected);
}

#[test]
fn errors_say_which_call_failed_and_exit_with_1() {
    let (good, faulty) = (compiled!("good.c"), compiled!("faulty.c"));
    let run = |plugin: &Path, args: &[&str]| falconet().arg("run").arg(plugin).args(args).output().unwrap();
    let output = run(&good.path, &["4!"]);
    assert_eq!(error(&output), "plugin_next_batch failed: failed after 4 events");
    assert_eq!(text(&output.stdout).lines().count(), 4, "what came before is printed");
    assert_eq!(error(&run(&faulty.path, &["open fails"])), "plugin_open failed: cannot open that");
    assert_eq!(error(&run(&faulty.path, &["x", "--config", "fail"])), "plugin_init failed: no such luck");
    let unknown = error(&run(&good.path, &["1", "--fields", "good.nope"]));
    assert!(unknown.starts_with("--fields: 'good.nope': the plugin has no field 'good.nope'; it has good.num, "));
    assert!(error(&run(Path::new("no/such.so"), &[])).starts_with("cannot open no/such.so: "));
    let bad = error(&run(&faulty.path, &["x", "--fields", "f.null_string"]));
    assert_eq!(
        bad,
        "event 1: plugin_extract_fields, field 'f.null_string': value 0 (from 0): a string is NULL, which crashes the real host"
    );
}

#[test]
fn a_closed_stdout_ends_it_quietly() {
    let plugin = compiled!("good.c");
    let mut run = falconet();
    run.arg("run").arg(&plugin.path).arg("100000000").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut run = run.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(run.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let output = run.wait_with_output().unwrap();
    assert!(output.status.success() && line.starts_with("1\t"), "{line}");
    assert!(!text(&output.stderr).contains("error"), "{}", text(&output.stderr));
}

#[test]
fn follow_is_set_in_the_config_of_a_plugin_that_it_knows_nothing_of() {
    let plugin = compiled!("good.c");
    let run = |args: &[&str]| falconet().arg("run").arg(&plugin.path).arg("1").args(args).output().unwrap();
    let config_of = |args: &[&str]| {
        let output = run(args);
        assert!(output.status.success());
        let stderr = text(&output.stderr);
        let line = stderr.lines().find_map(|line| line.strip_prefix("info: good: config '")).unwrap();
        line.strip_suffix('\'').unwrap().to_owned()
    };
    assert_eq!(config_of(&[]), "");
    assert_eq!(config_of(&["--follow"]), r#"{"follow":true}"#);
    assert_eq!(config_of(&["--config", r#"{"a":{"b":1}}"#, "--follow"]), r#"{"a":{"b":1},"follow":true}"#);
    assert!(
        error(&run(&["--config", "x", "--follow"])).starts_with("--follow sets {\"follow\":true} in the plugin's ")
    );
}

#[test]
fn ctrl_c_ends_a_run_in_order() {
    let plugin = compiled!("good.c");
    let mut run = falconet();
    run.arg("run").arg(&plugin.path).arg("1000000000").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut run = run.spawn().unwrap();
    let mut stdout = BufReader::new(run.stdout.take().unwrap());
    let mut printed = String::new();
    stdout.read_line(&mut printed).unwrap();
    assert!(Command::new("kill").arg("-INT").arg(run.id().to_string()).status().unwrap().success());
    stdout.read_to_string(&mut printed).unwrap();
    let output = run.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(printed.ends_with('\n'), "the last line is whole");
    let summary = format!("{} events, ", printed.lines().count());
    assert!(text(&output.stderr).contains(&summary), "{summary:?} in {}", text(&output.stderr));
}

#[test]
fn info_tells_all() {
    let (good, faulty) = (compiled!("good.c"), compiled!("faulty.c", "API=\"3.12.0\""));
    let shown = stdout(&falconet().arg("info").arg(&good.path).output().unwrap());
    for part in [
        "capabilities   source, extract",
        "good.request",
        "key or index, optional",
        "five events",
        "libc.",
        "plugin_init",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let shown = stdout(&falconet().arg("info").arg(&faulty.path).output().unwrap());
    assert!(shown.contains("not known: plugin_list_open_params gave a bad text"), "{shown}");
}

/// Copies the fixture crate to a folder of its own, its metadata changed by `edit`.
fn copied_crate(edit: impl Fn(String) -> String) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    let manifest = fs::read_to_string(fixture("crate/Cargo.toml")).unwrap();
    fs::write(folder.path().join("Cargo.toml"), edit(manifest)).unwrap();
    for file in ["sample.txt", "src/lib.rs"] {
        fs::copy(fixture("crate").join(file), folder.path().join(file)).unwrap();
    }
    folder
}

fn in_crate(folder: &Path, args: &[&str]) -> Output {
    let mut command = falconet();
    command.args(args).env("CARGO_TARGET_DIR", "target").current_dir(folder).output().unwrap()
}

#[test]
fn a_crate_is_built_and_run_with_its_defaults() {
    let folder = copied_crate(|manifest| manifest);
    let root = folder.path().canonicalize().unwrap();
    let built = stdout(&in_crate(&root, &["build", "."]));
    let library = root.join("target/release").join(format!("libfixture.{}", std::env::consts::DLL_EXTENSION));
    assert_eq!(built.lines().last(), library.to_str());
    assert!(library.exists());

    let ran = stdout(&in_crate(&root, &["run", ".", "--json"]));
    let line: serde_json::Value = serde_json::from_str(&ran).unwrap();
    let payload = format!("{{\"greeting\":\"hello\"}} {}", root.join("sample.txt").display());
    let shown: String = payload.chars().take(50).collect();
    let more = if payload.len() > 50 { "..." } else { "" };
    assert_eq!(line["text"], format!("datalen={} data={shown}{more}", payload.len()));
    assert_eq!(line["fields"]["fixture.num"], 1);

    let ran = stdout(&in_crate(&root, &["run", ".", "other", "--follow", "--fields", ""]));
    assert!(
        ran.ends_with("\tfixture\tdatalen=50 data={\"greeting\":\"hello\",\"source\":{\"wait\":\"yes\"}} other\n"),
        "{ran}"
    );

    let ran = stdout(&in_crate(&root, &["run", ".", "other", "--config", "", "--fields", ""]));
    assert!(ran.ends_with("\tfixture\tdatalen=6 data= other\n"), "{ran}");
    let ran = stdout(&in_crate(&root, &["run", built.trim_end(), "p"]));
    assert!(ran.ends_with("\tfixture\tdatalen=2 data= p\n"), "a library file has no defaults: {ran}");
}

#[test]
fn crates_that_make_no_plugin_are_told() {
    let of = |edit: fn(String) -> String| error(&in_crate(copied_crate(edit).path(), &["build", "."]));
    let no_cdylib = of(|manifest| manifest.replace("cdylib", "rlib"));
    let expected =
        "the crate 'fixture' makes no shared library: add crate-type = [\"cdylib\"] under [lib] in its Cargo.toml";
    assert_eq!(no_cdylib, expected);
    let unknown = of(|manifest| manifest.replace("params =", "parms ="));
    assert!(
        unknown.contains("[package.metadata.falconet] of ") && unknown.contains("unknown field `parms`"),
        "{unknown}"
    );
    for (value, told) in [
        ("7", "'follow-config' is a table, or the text of a JSON object"),
        ("'[]'", "'follow-config' is a text, but no JSON object: "),
    ] {
        let folder =
            copied_crate(|manifest| manifest.replace("follow-config =", &format!("follow-config = {value} #")));
        let wrong = error(&in_crate(folder.path(), &["build", "."]));
        assert!(wrong.contains(told), "{wrong}");
    }
    let workspace = of(|_| "[workspace]\n".to_owned());
    assert!(workspace.contains("is no crate (a workspace without one?)"), "{workspace}");
    let folder = copied_crate(|manifest| manifest);
    fs::write(folder.path().join("src/lib.rs"), "fn broken(").unwrap();
    let output = in_crate(folder.path(), &["build", "."]);
    let told = error(&output);
    assert!(
        told.starts_with("cargo build failed for the crate 'fixture' (") && told.ends_with("its messages are above")
    );
    assert!(text(&output.stderr).contains("src/lib.rs:1"), "cargo's diagnostics are on stderr");
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(
        error(&in_crate(empty.path(), &["build", "."])),
        ". has no Cargo.toml: the folder of a plugin's crate was expected"
    );
}

#[test]
fn package_packs_the_library_under_the_plugins_name() {
    let plugin = compiled!("good.c");
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("not/there/yet");
    let archive = out.join("good-1.2.3-rc1-linux-x86_64.tar.gz");
    let package = || falconet().arg("package").arg(&plugin.path).arg("--out").arg(&out).output().unwrap();
    let output = package();
    assert_eq!(stdout(&output), format!("{}\n", archive.display()));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("library        libgood.so, ") && stderr.contains("note: the library has"), "{stderr}");
    let listed = Command::new("tar").arg("-tzf").arg(&archive).output().unwrap();
    assert_eq!(text(&listed.stdout), "libgood.so\n");
    let unpacked = Command::new("tar").arg("-xOzf").arg(&archive).output().unwrap();
    assert_eq!(unpacked.stdout, fs::read(&plugin.path).unwrap());
    // The same bytes again, and nothing else in the folder.
    let first = fs::read(&archive).unwrap();
    stdout(&package());
    assert_eq!(fs::read(&archive).unwrap(), first);
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);
}

#[test]
fn package_says_why_it_cannot() {
    let plugin = compiled!("good.c");
    let package = |out: &str| falconet().arg("package").arg(&plugin.path).args(["--out", out]).output().unwrap();
    let text = error(&package("/dev/null/here"));
    assert!(text.starts_with("cannot write /dev/null/here/good-1.2.3-rc1-linux-x86_64.tar.gz: "), "{text}");
    let plugin = compiled!("identity.c", "SOURCING", "NAME=\"Some Name\"");
    let text = error(&falconet().arg("package").arg(&plugin.path).output().unwrap());
    assert!(text.starts_with("the plugin's name is 'Some Name': the plugins registry takes a small letter"), "{text}");
}

#[test]
fn a_library_that_was_cut_off_is_an_error_and_no_crash() {
    let plugin = compiled!("good.c");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.so");
    let bytes = fs::read(&plugin.path).unwrap();
    // Some ends lie in the headers, some in what is loaded.
    for len in [1, 63, 64, 500, 5000, bytes.len() / 2] {
        fs::write(&path, &bytes[..len]).unwrap();
        for command in ["info", "run", "package"] {
            let text = error(&falconet().arg(command).arg(&path).output().unwrap());
            assert!(text.contains("cut.so"), "{command}, {len} bytes: {text}");
        }
    }
    assert!(error(&falconet().arg("info").arg(&path).output().unwrap()).contains("it was cut off"));
}
