// SPDX-License-Identifier: Apache-2.0
//! `tests/budgets.toml`: read once, and compared with what was measured.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::OnceLock;
use std::{fs, io};

use falconet_tests::host::root;
use serde::Deserialize;

/// The file: `[<plugin>.<figure>]`, and the exported symbols.
#[derive(Deserialize)]
struct File {
    exports: BTreeMap<String, BTreeSet<String>>,
    #[serde(flatten)]
    figures: BTreeMap<String, BTreeMap<String, Budget>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Budget {
    what: String,
    budget: f64,
    /// What is wanted, where the budget is more than that.
    target: Option<f64>,
    /// What C by hand needs.
    c: Option<f64>,
}

fn file() -> &'static File {
    static FILE: OnceLock<File> = OnceLock::new();
    FILE.get_or_init(|| {
        let text = fs::read_to_string(root().join("tests/budgets.toml")).unwrap();
        toml::from_str(&text).unwrap_or_else(|why| panic!("tests/budgets.toml: {why}"))
    })
}

fn budget(name: &str) -> &'static Budget {
    let budget = name.split_once('.').and_then(|(plugin, figure)| file().figures.get(plugin)?.get(figure));
    budget.unwrap_or_else(|| panic!("tests/budgets.toml has no [{name}]"))
}

/// The names of all figures, sorted.
pub(crate) fn names() -> Vec<String> {
    let sections = file().figures.iter();
    let mut names: Vec<String> =
        sections.flat_map(|(plugin, figures)| figures.keys().map(move |name| format!("{plugin}.{name}"))).collect();
    names.sort();
    names
}

/// The symbols that a library exports, by the file.
pub(crate) fn exports(plugin: &str) -> &'static BTreeSet<String> {
    &file().exports[plugin]
}

/// What one test has measured. All of it is told before the test fails.
#[derive(Default)]
pub(crate) struct Figures {
    over: Vec<String>,
}

impl Figures {
    /// Compares a figure with its budget, and tells it.
    pub(crate) fn add(&mut self, name: &str, measured: f64) {
        let Budget { what, budget, target, c } = budget(name);
        let mut line = format!("{name}: {} of {}", short(measured), short(*budget));
        for (word, figure) in [("target", target), ("C by hand", c)] {
            if let Some(figure) = figure {
                write!(line, ", {word} {}", short(*figure)).unwrap();
            }
        }
        println!("{line}: {what}");
        if measured > *budget || !measured.is_finite() {
            self.over.push(format!("{name} is {} and its budget {}: {what}", short(measured), short(*budget)));
        }
        if measured.is_finite() && target.is_some_and(|target| target >= *budget) {
            self.over.push(format!("{name} has a target that is not below its budget"));
        }
    }

    /// Fails if a figure was above its budget.
    pub(crate) fn finish(self) {
        assert!(self.over.is_empty(), "over the budgets of tests/budgets.toml:\n{}", self.over.join("\n"));
    }
}

/// Two digits at most behind the point, and none where it is a whole number.
pub(crate) fn short(figure: f64) -> String {
    let text = format!("{figure:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Tells something without the harness keeping it to itself.
pub(crate) fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
