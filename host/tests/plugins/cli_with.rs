// SPDX-License-Identifier: Apache-2.0
//! The command with several plugins: order, tables, metrics, async events, findings.

use std::{
    path::Path,
    process::{Command, Output},
};

use crate::compiled;

fn falconet(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_falconet")).args(args).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", stderr(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The last line of a run that ended with 1.
fn error(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", stderr(output));
    stderr(output).lines().last().unwrap().strip_prefix("error: ").unwrap().to_owned()
}

#[test]
fn several_plugins_run_together() {
    let (good, keeper, user) = (compiled!("good.c"), compiled!("keeper.c"), compiled!("user.c"));
    let (good, keeper, user) = (text(&good.path), text(&keeper.path), text(&user.path));
    let with = ["--with", keeper, "--with", user];
    let fields = ["--fields", "good.num,user.count", "--table", "counts"];
    let output = falconet(&[&["run", good, "3"][..], &with, &fields].concat());
    let lines = stdout(&output);
    let columns: Vec<Vec<&str>> = lines.lines().map(|line| line.split('\t').skip(4).collect()).collect();
    assert_eq!(columns, [["good.num", "user.count"], ["1", "1"], ["2", "1"], ["3", "2"]]);
    let told = stderr(&output);
    assert!(told.contains("table counts, uint64 keys, 2 entries\n"), "{told}");
    let row: Vec<_> =
        told.lines().find(|line| line.contains("odd")).unwrap().split(['│', '┆']).map(str::trim).collect();
    assert_eq!(row[1..5], ["1", "2", "odd", "{half=21}"]);
    // Before PLUGIN on the command line is before it in the order.
    let output = falconet(&[&["run"][..], &with, &[good, "1", "--json"], &fields].concat());
    assert!(stdout(&output).contains(r#""fields":{"good.num":1,"user.count":1}"#));
    let table = stderr(&output).lines().find(|line| line.starts_with('{')).unwrap().to_owned();
    assert!(table.contains(r#""table":"counts""#) && table.contains(r#""name":"odd""#), "{table}");
}

#[test]
fn host_9_2_a_wrong_order_is_told() {
    let (good, keeper, user) = (compiled!("good.c"), compiled!("keeper.c"), compiled!("user.c"));
    let (good, keeper, user) = (text(&good.path), text(&keeper.path), text(&user.path));
    let output = falconet(&["run", good, "1", "--with", user, "--with", keeper]);
    let told = error(&output);
    assert!(told.starts_with("the plugin 'user': plugin_init failed: no table: "), "{told}");
    assert!(told.ends_with("A plugin that exports a table is loaded before those that use it"), "{told}");
    let told = error(&falconet(&["run", good, "1", "--with", keeper, "--table", "others"]));
    assert_eq!(told, "--table: there is no table 'others'; there are counts");
    let told = error(&falconet(&["run", good, "1", "--with", "no/such.so"]));
    assert!(told.starts_with("--with no/such.so: cannot open no/such.so: "), "{told}");
    let told = error(&falconet(&["run", good, "1", "--with", good]));
    assert_eq!(told, "there is another plugin with the name 'good': names are unique in a host");
}

#[test]
fn findings_are_told_at_the_end_and_are_an_error() {
    let (good, keeper, user) = (compiled!("good.c"), compiled!("keeper.c"), compiled!("user.c"));
    let user = format!("{}=leak got", text(&user.path));
    let output = falconet(&["run", text(&good.path), "2", "--with", text(&keeper.path), "--with", &user]);
    assert_eq!(error(&output), "a rule of the host was broken: see the finding above");
    let finding = "finding: user: plugin_parse_event returned and kept 1 entry of the table 'counts' got by get_table_entry: release each with release_table_entry (rule 9.3, 2 times)\n";
    assert!(stderr(&output).contains(finding), "{}", stderr(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 2, "the events are printed");
}

#[test]
fn async_events_and_metrics_are_printed() {
    let (good, injector) = (compiled!("good.c"), compiled!("injector.c"));
    let (good, two) = (text(&good.path), format!("{}=two", text(&injector.path)));
    let output = falconet(&["run", good, "2", "--with", &two, "--metrics"]);
    let texts: Vec<String> = stdout(&output).lines().map(|line| line.split('\t').nth(3).unwrap().to_owned()).collect();
    let tick = "tick datalen=4 data=data";
    assert_eq!(texts[..3], ["tock datalen=0 data=", tick, "tock datalen=4 data=late"]);
    let told = stderr(&output);
    assert!(told.contains("metric injector.u32 1\n") && told.contains("metric injector.d 0.5\n"), "{told}");
    let output = falconet(&["run", good, "1", "--with", &two, "--metrics", "--json"]);
    assert!(stderr(&output).contains(r#"{"metrics":{"injector.d":0.5,"#), "{}", stderr(&output));
    let bad = format!("{}=metric name", text(&injector.path));
    let told = error(&falconet(&["run", good, "1", "--with", &bad, "--metrics"]));
    assert!(
        told.starts_with("metrics of 'injector': plugin_get_metrics, metric 2 (from 0): its name is NULL"),
        "{told}"
    );
}

#[test]
fn host_2_2_the_schema_version_is_a_warning() {
    let (good, keeper) = (compiled!("good.c"), compiled!("keeper.c", "TYPES={322,402}"));
    let output = falconet(&["run", text(&good.path), "1", "--with", text(&keeper.path)]);
    assert_eq!(stdout(&output).lines().count(), 1);
    assert!(stderr(&output).contains("warning: keeper: it takes events other than 322"), "{}", stderr(&output));
    let shown = stdout(&falconet(&["info", text(&keeper.path)]));
    for part in [
        "capabilities   parse\n",
        "parses         all sources\n",
        "parse types    322, 402\n",
        "event schema   (not said) (this host: 4.5.1)\n",
        "warning        it takes events other than 322",
        "metrics        no\n",
        "table counts, uint64 keys\n",
    ] {
        assert!(shown.contains(part), "{part:?} in {shown}");
    }
}

#[test]
fn info_tells_of_async_events_metrics_and_schemas() {
    let injector = compiled!("injector.c", r#"SCHEMA="{\"type\":\"object\"}""#);
    let shown = stdout(&falconet(&["info", text(&injector.path)]));
    for part in [
        "capabilities   async, listen\n",
        "async into     all sources\n",
        "async events   tick, tock\n",
        "metrics        yes\n",
        "dumps state    yes\n",
        "config         JSON, with a schema\n",
        "new config     taken at run time\n",
        "config schema  {\"type\":\"object\"}\n",
    ] {
        assert!(shown.contains(part), "{part:?} in {shown}");
    }
}
