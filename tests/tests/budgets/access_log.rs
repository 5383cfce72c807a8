// SPDX-License-Identifier: Apache-2.0
//! Instructions and allocations of `examples/access-log`, on a log that is made here and is the same each time.

use std::fmt::Write as _;
use std::fs;

use falconet_tests::host::Skip;
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

/// Lines in the combined format, drawn from a few of each part by a generator of its own.
fn log(lines: u64) -> String {
    const METHODS: [&str; 4] = ["GET", "GET", "POST", "HEAD"];
    const PATHS: [&str; 5] = [
        "/",
        "/images/logo-large.png",
        "/blog/2015/05/a-post-with-a-long-name.html?page=2&q=zero+copy",
        "/presentations/a/b/c/index.html",
        "/search?q=%E2%9C%93&from=0&size=25&sort=newest",
    ];
    const REFERERS: [&str; 3] = ["-", "https://www.example.org/", "https://search.example.com/?q=plugins&hl=en"];
    const AGENTS: [&str; 3] = [
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Mozilla/5.0 (compatible; ExampleBot/2.1; +https://www.example.com/bot.html)",
        "curl/8.14.1",
    ];
    let mut seed = 1u64;
    let mut draw = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    let mut log = String::new();
    for line in 0..lines {
        let (hour, minute, second) = (line / 3600 % 24, line / 60 % 60, line % 60);
        let client = if draw(8) == 0 {
            format!("2001:db8::{:x}", draw(65_536))
        } else {
            format!("192.0.{}.{}", draw(256), draw(256))
        };
        writeln!(
            log,
            "{client} - {} [17/May/2015:{hour:02}:{minute:02}:{second:02} +0000] \"{} {} HTTP/1.1\" {} {} \"{}\" \"{}\"",
            ["-", "-", "alice"][draw(3)],
            METHODS[draw(METHODS.len())],
            PATHS[draw(PATHS.len())],
            [200, 200, 304, 404, 500][draw(5)],
            draw(200_000),
            REFERERS[draw(REFERERS.len())],
            AGENTS[draw(AGENTS.len())],
        )
        .unwrap();
    }
    log
}

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
        let log = log(lines);
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
    fs::write(&path, log(300)).unwrap();
    let fields = fields(&library, &FIVE);
    let work: Vec<&str> = ["tour"].into_iter().chain(fields.iter().map(String::as_str)).collect();
    let printed = Subject { library: &library, config: "" }.run(&bench.counting, path.to_str().unwrap(), &work);
    assert_eq!((printed.number("counted"), printed.number("events")), (1.0, 300.0), "{printed}");
    assert!(printed.number("failures") > 600.0, "{printed}");
    let mut figures = Figures::default();
    figures.add("access_log.allocations", printed.number("allocations"));
    figures.finish();
}
