// SPDX-License-Identifier: Apache-2.0
//! Instructions and allocations of `examples/demo`, and of the fixture `rules` where demo cannot do something.

use std::path::Path;

use falconet_tests::host::Skip;
use falconet_tests::plugins::{self, Profile};

use crate::bench::{Subject, bench, fields};
use crate::budget::Figures;

pub(crate) const FIGURES: &[&str] = &[
    "demo.source_64",
    "demo.source_512",
    "demo.source_4096",
    "demo.extract_1_miss",
    "demo.extract_1_hit",
    "demo.extract_3",
    "demo.event_to_string",
    "demo.eof",
    "demo.eof_again",
    "rules.timeout",
    "demo.allocations",
    "rules.allocations",
];

/// What the plugin's fields are called; the bench asks for all three or for the first.
pub(crate) const FIELDS: [&str; 3] = ["demo.num", "demo.text", "demo.double"];

const NEXT_BATCH: &str = "plugin_next_batch";

/// Events for `drain`: whole batches, and numbers of five digits in what is between.
const EVENTS: [u64; 2] = [25_600, 38_400];

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

/// A figure of any library that is the demo plugin, as a function of its path.
pub(crate) type Measure = fn(&Path) -> Result<f64, Skip>;

fn source(library: &Path, config: &str) -> Result<f64, Skip> {
    Subject { library, config }.instructions(NEXT_BATCH, EVENTS, |events| (events.to_string(), words(["drain"])))
}

fn extraction(library: &Path, work: &str, names: &[&str]) -> Result<f64, Skip> {
    let fields = fields(library, names);
    Subject { library, config: "64" }.extraction("128", work, &fields)
}

fn calls_without_events(library: &Path, params: &str) -> Result<f64, Skip> {
    let subject = Subject { library, config: "" };
    subject.instructions(NEXT_BATCH, [1_000, 3_000], |calls| {
        (params.to_owned(), vec!["idle".to_owned(), calls.to_string()])
    })
}

/// What is measured of demo, and can be measured of any other library that is that plugin.
pub(crate) const MEASURES: [(&str, Measure); 9] = [
    ("demo.source_64", |library| source(library, "64")),
    ("demo.source_512", |library| source(library, "512")),
    ("demo.source_4096", |library| source(library, "4096")),
    ("demo.extract_1_miss", |library| extraction(library, "fresh", &FIELDS[..1])),
    ("demo.extract_1_hit", |library| extraction(library, "again", &FIELDS[..1])),
    ("demo.extract_3", |library| extraction(library, "fresh", &FIELDS)),
    ("demo.event_to_string", |library| {
        Subject { library, config: "64" }.instructions("plugin_event_to_string", [1_000, 3_000], |texts| {
            ("128".to_owned(), vec!["text".to_owned(), texts.to_string()])
        })
    }),
    ("demo.eof", |library| Subject { library, config: "" }.instructions_once(NEXT_BATCH, "0", &["drain"])),
    ("demo.eof_again", |library| calls_without_events(library, "300")),
];

#[test]
fn instructions() {
    let demo = plugins::demo(Profile::Release);
    let mut figures = Figures::default();
    for (name, measure) in MEASURES {
        let Ok(measured) = measure(&demo) else { return };
        figures.add(name, measured);
    }
    let Ok(timeout) = calls_without_events(&plugins::rules(), "events=300 wait") else { return };
    figures.add("rules.timeout", timeout);
    figures.finish();
}

#[test]
fn nothing_is_allocated() {
    let Ok(bench) = bench() else { return };
    let (demo, rules) = (plugins::demo(Profile::Release), plugins::rules());
    let mut figures = Figures::default();
    for (name, library, params, config, names, failures) in [
        ("demo.allocations", &demo, "300", "512", FIELDS, 300 * 4 + 1 + 9 + 16),
        (
            "rules.allocations",
            &rules,
            "events=3 timeout events=200 fail=300",
            "",
            ["rules.num", "rules.text", "rules.nums"],
            0,
        ),
    ] {
        let subject = Subject { library, config };
        let fields = fields(library, &names);
        let work: Vec<&str> = ["tour"].into_iter().chain(fields.iter().map(String::as_str)).collect();
        let printed = subject.run(&bench.counting, params, &work);
        assert_eq!((printed.number("counted"), printed.number("last")), (1.0, 2.0), "{printed}");
        assert!(printed.number("events") > 200.0 && printed.number("values") > 1_000.0, "{printed}");
        assert!(printed.number("failures") >= f64::from(failures), "{printed}");
        figures.add(name, printed.number("allocations"));
    }
    figures.finish();
}
