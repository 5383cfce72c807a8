// SPDX-License-Identifier: Apache-2.0
//! Each rule of `docs/host.md` has a check, or a reason why there is none.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use falconet_host::check::{Check, NOT_CHECKED};
use falconet_tests::host::root;
use falconet_tests::plugins;

#[test]
fn every_rule_has_a_check_or_a_reason() {
    let page = fs::read_to_string(root().join("docs/host.md")).unwrap();
    let rules: BTreeSet<&str> =
        page.lines().filter_map(|line| line.strip_prefix("- **")?.split_once("**")).map(|(rule, _)| rule).collect();
    let checked: BTreeSet<&str> = Check::ALL.iter().map(|check| check.rule()).collect();
    let reasons: BTreeSet<&str> = NOT_CHECKED.iter().map(|(rule, _)| *rule).collect();
    let both: Vec<_> = checked.intersection(&reasons).collect();
    assert!(both.is_empty(), "a check, and a reason for none: {both:?}");
    let known = &checked | &reasons;
    let differ: Vec<_> = known.symmetric_difference(&rules).collect();
    assert!(differ.is_empty(), "not in docs/host.md, or neither with a check nor with a reason: {differ:?}");
}

#[test]
fn names_are_unique_and_the_list_has_them_all() {
    let names: BTreeSet<&str> = Check::ALL.iter().map(|check| check.name()).collect();
    assert_eq!(names.len(), Check::ALL.len());
    let output = Command::new(plugins::command()).args(["check", "--list"]).output().unwrap();
    assert!(output.status.success());
    let list = String::from_utf8(output.stdout).unwrap();
    for check in Check::ALL {
        assert!(list.contains(&format!("{:<5} {}\n", check.rule(), check.name())), "{}", check.name());
        assert!(list.contains(check.what()) && list.contains(check.fix()), "{}", check.name());
    }
    for (rule, why) in NOT_CHECKED {
        assert!(list.contains(&format!("{rule:<5} {why}")), "{rule}");
    }
}
