// SPDX-License-Identifier: Apache-2.0
//! Every value that the official plugins were seen to extract is printed by the real host with ours.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fs, iter};

use crate::support::{self, Recorded};
use crate::{host, read, tell};

/// The fields that were asked of every event, and those that were asked of some only.
fn columns(data: &Path, recorded: &[Recorded]) -> (Vec<String>, Vec<String>) {
    let asked: Vec<String> = support::asked(data).into_iter().map(|[field, ..]| field).collect();
    let all: BTreeSet<&String> = recorded.iter().flat_map(|event| &event.fields).map(|(field, _)| field).collect();
    let also = all.into_iter().filter(|field| !asked.contains(field)).cloned().collect();
    (asked, also)
}

/// Compares what the host prints of the events at `path` with what was recorded of them, in this order; how many values
/// there were, and how many of them the events have.
fn compare(path: &Path, recorded: &[&Recorded], asked: &[String], also: &[String]) -> (usize, usize) {
    let Ok(host) = falconet_tests::host::real_host() else { return (0, 0) };
    let columns: Vec<&str> = asked.iter().chain(also).map(String::as_str).collect();
    let run = read(&host, path, &columns, None);
    assert!(!run.stderr.contains("rror"), "{}", run.stderr);
    let records = run.records();
    assert_eq!(records.len(), recorded.len(), "events of {}", path.display());
    let (mut compared, mut present, mut wrong) = (0, 0, Vec::new());
    for (record, recorded) in iter::zip(&records, recorded) {
        assert_eq!(record.len(), columns.len(), "{}: {record:?}", recorded.name);
        for (at, (field, ours)) in iter::zip(&columns, record).enumerate() {
            let theirs = recorded.field(field);
            // Of the further fields it is known only where they have a value.
            if at >= asked.len() && theirs.is_none() {
                continue;
            }
            compared += 1;
            present += usize::from(theirs.is_some());
            if ours != theirs.unwrap_or("<NA>") {
                wrong.push(format!("{}: {field}: {ours:?}, recorded {theirs:?}", recorded.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} values differ:\n{}", wrong.len(), wrong.join("\n"));
    (compared, present)
}

/// The files of a folder as a source reads them: by modification time, then by name.
fn in_order(folder: &Path) -> Vec<(SystemTime, PathBuf)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> =
        entries.map(|entry| (entry.metadata().unwrap().modified().unwrap(), entry.path())).collect();
    files.sort();
    files
}

#[test]
fn every_recorded_value_is_printed() {
    let _host = host!();
    let Some(data) = support::data() else { return };
    let recorded = support::all(&data);
    let (asked, also) = columns(&data, &recorded);
    let folder = data.join("k8s-audit");
    let of_file = |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        recorded.iter().find(|recorded| recorded.name == name).unwrap_or_else(|| panic!("{name} was not recorded"))
    };
    let real: Vec<&Recorded> =
        in_order(&folder).iter().map(|(_, path)| of_file(path)).filter(|recorded| recorded.has_event).collect();
    assert_eq!(real.len(), 31);
    let (compared, present) = compare(&folder, &real, &asked, &also);
    tell(&format!("{} real events: {compared} values as recorded, {present} of them present", real.len()));

    // The made-up ones are lines of one file.
    let made_up: Vec<&Recorded> =
        recorded.iter().filter(|recorded| !recorded.name.ends_with(".json") && recorded.has_event).collect();
    assert_eq!(made_up.len(), 38);
    let file = tempfile::NamedTempFile::new().unwrap();
    let lines: Vec<&[u8]> = made_up.iter().map(|recorded| recorded.input.as_slice()).collect();
    assert!(lines.iter().all(|line| !line.contains(&b'\n')));
    fs::write(file.path(), lines.join(&b'\n')).unwrap();
    let (compared, present) = compare(file.path(), &made_up, &asked, &also);
    tell(&format!("{} made-up events: {compared} values as recorded, {present} of them present", made_up.len()));
}
