// SPDX-License-Identifier: Apache-2.0
//! Instructions of the demo plugin with std, `tests/fixtures/demo-std`: what its guard costs beside `examples/demo`.

use falconet_tests::host::root;
use falconet_tests::plugins::{self, Profile};

use crate::budget::{Figures, short};
use crate::demo::MEASURES;

pub(crate) const FIGURES: &[&str] = &[
    "demo_std.source_64",
    "demo_std.extract_1_miss",
    "demo_std.extract_1_hit",
    "demo_std.extract_3",
    "demo_std.event_to_string",
    "demo_std.eof",
];

/// A call may need so much more than the core's.
const MORE: f64 = 45.0;
/// An event in a batch of 128 may need so many times the core's.
const TIMES: f64 = 1.15;

/// A plugin moves to std by its imports and its export line: nothing else of the fixture differs from the demo.
#[test]
fn it_is_the_demo_but_for_imports_and_export() {
    let code = |file: &str| {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        let (begin, end) = (text.find("/// Where the text begins").unwrap(), text.find("falconet_std::export!"));
        text[begin..end.or_else(|| text.find("falconet::export!")).unwrap()].to_owned()
    };
    assert_eq!(code("tests/fixtures/demo-std/src/lib.rs"), code("examples/demo/src/lib.rs"));
}

#[test]
fn instructions() {
    let (core, std) = (plugins::demo(Profile::Release), plugins::demo_std());
    let mut figures = Figures::default();
    for name in FIGURES {
        let of_core = name.replace("demo_std.", "demo.");
        let (_, measure) = MEASURES.iter().find(|(measured, _)| *measured == of_core).unwrap();
        let (Ok(less), Ok(more)) = (measure(&core), measure(&std)) else { return };
        figures.add(name, more);
        println!("{name}: {} more than the core's {}", short(more - less), short(less));
        let most = if name.ends_with("source_64") { less * TIMES } else { less + MORE };
        assert!(more <= most, "{name}: {more}, and the core's is {less}");
    }
    figures.finish();
}
