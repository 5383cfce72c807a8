// SPDX-License-Identifier: Apache-2.0
//! Instructions and allocations of `examples/access-log`, on a log that is made here and is the same each time.

use std::fs;

use falconet_tests::host::Skip;
use falconet_tests::log_lines::log_lines;
use falconet_tests::plugins::{self, Profile};

use crate::bench::{Subject, bench, fields};
use crate::budget::Figures;

pub(crate) const FIGURES: &[&str] = &[
    "access_log.source",
    "access_log.decode",
    "access_log.extract_1_hit",
    "access_log.extract_5",
    "access_log.allocations",
];

const FIVE: [&str; 5] = ["access.client", "access.method", "access.path", "access.status", "access.bytes"];

#[test]
fn instructions() {
    let _said = measure();
}

fn measure() -> Result<(), Skip> {
    let library = plugins::access_log(Profile::Release);
    let subject = Subject { library: &library, config: "" };
    let folder = tempfile::tempdir().unwrap();
    let path_of = |lines: u64| {
        let path = folder.path().join(format!("{lines}.log"));
        let log = log_lines(lines);
        assert_eq!(log.lines().count() as u64, lines);
        fs::write(&path, log).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let mut figures = Figures::default();
    let source = subject
        .instructions("plugin_next_batch", [4_000, 12_000], |lines| (path_of(lines), vec!["drain".to_owned()]))?;
    figures.add("access_log.source", source);
    let log = path_of(64);
    let status = fields(&library, &["access.status"]);
    let fresh = subject.extraction(&log, "fresh", &status)?;
    let again = subject.extraction(&log, "again", &status)?;
    figures.add("access_log.decode", fresh - again);
    figures.add("access_log.extract_1_hit", again);
    figures.add("access_log.extract_5", subject.extraction(&log, "fresh", &fields(&library, &FIVE))?);
    figures.finish();
    Ok(())
}

#[test]
fn nothing_is_allocated() {
    let Ok(bench) = bench() else { return };
    let library = plugins::access_log(Profile::Release);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    fs::write(&path, log_lines(300)).unwrap();
    let fields = fields(&library, &FIVE);
    let work: Vec<&str> = ["tour"].into_iter().chain(fields.iter().map(String::as_str)).collect();
    let printed = Subject { library: &library, config: "" }.run(&bench.counting, path.to_str().unwrap(), &work);
    assert_eq!((printed.number("counted"), printed.number("events")), (1.0, 300.0), "{printed}");
    assert!(printed.number("failures") > 600.0, "{printed}");
    let mut figures = Figures::default();
    figures.add("access_log.allocations", printed.number("allocations"));
    figures.finish();
}
