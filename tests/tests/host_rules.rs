// SPDX-License-Identifier: Apache-2.0
//! Each rule of `docs/host.md` that is covered so far has a test with its number, and no test has another number.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use falconet_tests::host::root;

/// Section and number: the order is that of the page.
type Rule = (u32, u32);

/// The rules that no test has to show yet. It can only shrink: one that has a test must be taken out.
const NOT_YET: &[Rule] = &[(11, 3)];

/// The rules of the page, each from a line that begins `- **4.3** `.
fn rules() -> Vec<Rule> {
    let page = fs::read_to_string(root().join("docs/host.md")).unwrap();
    page.lines()
        .filter_map(|line| line.strip_prefix("- **")?.split_once("** ")?.0.split_once('.'))
        .filter_map(|(section, number)| rule(section, number))
        .collect()
}

fn rule(section: &str, number: &str) -> Option<Rule> {
    let decimal = |text: &str| text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    (decimal(section) && decimal(number)).then_some(())?;
    Some((section.parse().ok()?, number.parse().ok()?))
}

/// The tests named `host_<section>_<number>_<words>` in all Rust files of the project, and where each is.
fn tests(wrong: &mut Vec<String>) -> Vec<(Rule, String)> {
    let mut files = Vec::new();
    for dir in ["core", "host", "std-adapter", "tests", "examples"] {
        rust_files(&root().join(dir), &mut files);
    }
    assert!(files.len() > 5, "no sources found: {files:?}");
    files.iter().flat_map(|file| tests_in(file, wrong)).collect()
}

fn rust_files(dir: &Path, found: &mut Vec<PathBuf>) {
    // Not every folder is there in every state of the project.
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                rust_files(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn tests_in(file: &Path, wrong: &mut Vec<String>) -> Vec<(Rule, String)> {
    let source = fs::read_to_string(file).unwrap();
    let mut found = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        if line == "#[test]" {
            is_test = true;
        } else if let Some(name) = line.strip_prefix("fn host_") {
            let name = name.split(['(', '<']).next().unwrap();
            let place = format!("{}: host_{name}", file.strip_prefix(root()).unwrap_or(file).display());
            match (rule_and_words(name), is_test) {
                (Some(rule), true) => found.push((rule, place)),
                (Some(_), false) => wrong.push(format!("{place} has a rule's number and is no #[test]")),
                (None, true) => wrong.push(format!("{place}: a test of the host is host_<section>_<number>_<words>")),
                (None, false) => {}
            }
            is_test = false;
        } else if !line.starts_with("#[") && !line.starts_with("//") {
            is_test = false;
        }
    }
    found
}

/// The rule in `4_3_words`.
fn rule_and_words(name: &str) -> Option<Rule> {
    let (section, rest) = name.split_once('_')?;
    let (number, words) = rest.split_once('_')?;
    rule(section, number).filter(|_| !words.is_empty())
}

#[test]
fn rules_and_tests_belong_together() {
    let rules = rules();
    let mut by_rule: BTreeMap<Rule, Vec<String>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for ((section, number), place) in tests(&mut wrong) {
        if !rules.contains(&(section, number)) {
            wrong.push(format!("{place}: docs/host.md has no rule {section}.{number}"));
        }
        by_rule.entry((section, number)).or_default().push(place);
    }
    for rule @ (section, number) in &rules {
        match (by_rule.get(rule), NOT_YET.contains(rule)) {
            (None, false) => wrong.push(format!("rule {section}.{number} has no test")),
            (Some(places), true) => {
                wrong
                    .push(format!("rule {section}.{number} has a test, take it out of NOT_YET: {}", places.join(", ")));
            }
            (Some(_), false) | (None, true) => {}
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_page_numbers_its_rules_in_order() {
    let page = fs::read_to_string(root().join("docs/host.md")).unwrap();
    let rules = rules();
    assert_eq!(
        rules.len(),
        page.lines().filter(|line| line.starts_with("- **")).count(),
        "a rule is numbered otherwise"
    );
    assert!(rules.len() > 60, "{rules:?}");
    let mut expected = (0, 0);
    for rule in rules {
        expected = if rule.0 == expected.0 { (rule.0, expected.1 + 1) } else { (expected.0 + 1, 1) };
        assert_eq!(rule, expected);
    }
    assert!(NOT_YET.is_sorted());
}
