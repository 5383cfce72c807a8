// SPDX-License-Identifier: Apache-2.0
//! The independent witness, `tests/py/k8s_audit.py`: it agrees with what was recorded, and the host with it.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::iter;
use std::path::Path;
use std::process::{Command, Stdio};

use falconet_host::Library;
use falconet_tests::host::{Skip, root};
use falconet_tests::{plugins, witness};
use serde_json::Value as Json;

use crate::support::{self, Recorded};
use crate::{host, made_up, read, tell};

/// Arguments for fields that need a key.
const KEYS: [(&str, &[&str]); 5] = [
    ("ka.uri.param", &["watch", "timeoutSeconds", "container", "stdin", "command", "dryRun", "nowhere"]),
    ("ka.req.binding.subject.has_name", &["someone"]),
    ("ka.req.volume.hostpath", &["/etc", "/etc*", "/var*", "/absent"]),
    ("json.value", POINTERS),
    ("jevt.value", POINTERS),
];

const POINTERS: &[&str] = &[
    "/user/username",
    "user/username",
    "/user/groups",
    "/user/groups/1",
    "/objectRef",
    "/responseStatus/code",
    "/requestObject/spec/containers/0/image",
    "/requestObject/spec/containers/1/securityContext/privileged",
    "/requestObject/data",
    "/annotations/authorization.k8s.io~1decision",
    "/a/b/2/c~1d",
    "/a/b/1",
    "/a/b",
    "/nowhere",
    "",
];

/// A field with an argument, if any.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) text: String,
    /// Its field alone.
    pub(crate) name: String,
    /// Its field has several values.
    pub(crate) list: bool,
    /// No event has such a value.
    pub(crate) never: bool,
}

/// Every field of both plugins, with arguments.
pub(crate) fn columns() -> Vec<Column> {
    let mut columns = Vec::new();
    for library in [plugins::k8s_audit(), plugins::json()] {
        for field in &Library::load(library).unwrap().info().fields {
            let mut add = |text: String| {
                // The ports of a service ignore the index.
                let never = text.contains("nowhere") || text.ends_with("[9]") && field.name != "ka.req.service.ports";
                columns.push(Column { text, name: field.name.clone(), list: field.list, never });
            };
            if !field.argument.required {
                add(field.name.clone());
            }
            if field.argument.key {
                let keys = KEYS.iter().find(|(name, _)| *name == field.name);
                let (_, keys) = keys.unwrap_or_else(|| panic!("no keys for {}", field.name));
                keys.iter().for_each(|key| add(format!("{}[{key}]", field.name)));
            } else if field.argument.index {
                [0, 1, 9].iter().for_each(|index| add(format!("{}[{index}]", field.name)));
            }
        }
    }
    columns
}

/// Runs the script on a file of events, with these lines for its standard input; what it prints, line by line.
pub(crate) fn ask(what: &str, events: &Path, lines: &[String]) -> Result<Vec<Json>, Skip> {
    let mut command = Command::new("python3");
    command.arg(root().join("tests/py/k8s_audit.py")).arg(what).arg(events);
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut script) = piped.spawn() else { return Err(Skip::new("there is no python3")) };
    // The script reads all before it prints anything.
    script.stdin.take().unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    let output = script.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    Ok(printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// The real events, one a line: those that were recorded, without what cannot be one.
pub(crate) fn real_lines() -> Option<(Vec<Recorded>, Vec<String>)> {
    let data = support::data()?;
    let real: Vec<Recorded> = support::all(&data)
        .into_iter()
        .filter(|recorded| recorded.name.ends_with(".json") && recorded.has_event)
        .collect();
    let lines = real.iter().map(|recorded| String::from_utf8(recorded.input.trim_ascii().to_vec()).unwrap()).collect();
    Some((real, lines))
}

/// Made-up cases of the recorded data that the script is not for: JSON by the lenient rules only, or what the official
/// plugin does with things in places where they do not belong.
const ODD: [&str; 4] = ["escapes_bad", "control_chars_raw", "numbers_odd", "eventlist"];

#[test]
fn it_says_what_was_recorded() {
    let Some(data) = support::data() else { return };
    let recorded: Vec<Recorded> = support::all(&data)
        .into_iter()
        .filter(|recorded| recorded.has_event && !ODD.contains(&recorded.name.as_str()))
        .collect();
    let fields: Vec<String> = support::asked(&data).into_iter().map(|[field, ..]| field).collect();
    let fields: Vec<String> = fields.into_iter().filter(|field| !field.starts_with("evt.")).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    let lines: Vec<&[u8]> = recorded.iter().map(|recorded| recorded.input.trim_ascii()).collect();
    fs::write(file.path(), lines.join(&b'\n')).unwrap();
    let Ok(all) = ask("values", file.path(), &fields) else { return };
    assert_eq!(all.len(), recorded.len());
    let (mut compared, mut wrong) = (0, Vec::new());
    for (recorded, values) in iter::zip(&recorded, &all) {
        for field in &fields {
            let ours = values.get(field).map(witness::printed);
            compared += 1;
            if ours.as_deref() != recorded.field(field) {
                wrong.push(format!("{}: {field}: {ours:?}, recorded {:?}", recorded.name, recorded.field(field)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} values differ:\n{}", wrong.len(), wrong.join("\n"));
    tell(&format!("Python says the same of {} recorded events: {compared} values", recorded.len()));
}

#[test]
fn every_field_has_a_value_in_some_event_and_the_host_prints_what_python_says() {
    let host = host!();
    let columns = columns();
    let lines = made_up::lines();
    let file = tempfile::NamedTempFile::new().unwrap();
    made_up::write(file.path(), &lines, 1);
    let texts: Vec<String> = columns.iter().map(|column| column.text.clone()).collect();
    let Ok(values) = ask("values", file.path(), &texts) else { return };
    let asked: Vec<&str> = texts.iter().map(String::as_str).collect();
    let records = read(&host, file.path(), &asked, None).records();
    assert_eq!((records.len(), values.len()), (lines.len(), lines.len()));
    let (mut compared, mut present, mut wrong) = (0, BTreeSet::new(), Vec::new());
    for (number, (record, values)) in iter::zip(1.., iter::zip(&records, &values)) {
        assert_eq!(record.len(), columns.len(), "{record:?}");
        for (column, printed) in iter::zip(&columns, record) {
            let expected = values.get(&column.text).unwrap_or(&Json::Null);
            compared += 1;
            if *printed != witness::printed(expected) {
                wrong.push(format!("event {number}, {}: {printed:?}, Python says {expected}", column.text));
            }
            if !expected.is_null() {
                present.insert(column.text.as_str());
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} values differ:\n{}", wrong.len(), wrong.join("\n"));
    let missing: Vec<&str> = columns
        .iter()
        .filter(|column| !column.never && !present.contains(&*column.text))
        .map(|column| &*column.text)
        .collect();
    assert!(missing.is_empty(), "fields that no made-up event has a value for: {missing:?}");
    let never: Vec<&Column> = columns.iter().filter(|column| column.never && present.contains(&*column.text)).collect();
    assert!(never.is_empty(), "they were to be without a value: {never:?}");
    tell(&format!("{} made-up events: {compared} values as Python says", lines.len()));

    // Which fields only these have a value for.
    let Some((real, _)) = real_lines() else { return };
    let names: BTreeSet<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let of_real: BTreeSet<&str> = real
        .iter()
        .flat_map(|recorded| &recorded.fields)
        .filter_map(|(field, _)| names.get(field.split('[').next().unwrap()).copied())
        .collect();
    assert_eq!(names.len(), 106);
    tell(&format!("{} of {} fields have a value in made-up events only", names.len() - of_real.len(), names.len()));
}
