// SPDX-License-Identifier: Apache-2.0
//! `falconet check`: it finds every fault that is planted and no other, and nothing in the plugins of this project.
#![cfg(test)]

mod faults;
mod foreign;
mod ours;
mod rules;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use falconet_tests::plugins;
use serde_json::Value as Json;

/// What a run of the command said.
struct Checked {
    /// 0, 1 or 2.
    code: i32,
    report: Json,
}

impl Checked {
    /// What was found, by the name of the check.
    fn findings(&self) -> BTreeMap<&str, Vec<&str>> {
        let checks = self.report["checks"].as_array().expect("an array of checks");
        let failed = checks.iter().filter(|check| check["verdict"] == "failed");
        failed
            .map(|check| {
                let findings = check["findings"].as_array().into_iter().flatten().filter_map(Json::as_str);
                (check["name"].as_str().unwrap(), findings.collect())
            })
            .collect()
    }

    /// What is no finding.
    fn notes(&self) -> Vec<&str> {
        self.report["notes"].as_array().into_iter().flatten().filter_map(Json::as_str).collect()
    }

    /// The checks that passed.
    fn passed(&self) -> Vec<&str> {
        let checks = self.report["checks"].as_array().into_iter().flatten();
        checks.filter(|check| check["verdict"] == "passed").filter_map(|check| check["name"].as_str()).collect()
    }
}

/// Runs `falconet check LIBRARY ARGUMENTS --json`.
fn check(library: &Path, arguments: &[&str]) -> Checked {
    let output =
        Command::new(plugins::command()).arg("check").arg(library).args(arguments).arg("--json").output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let report = serde_json::from_str(&stdout).unwrap_or_else(|why| panic!("{why}: {stdout}{stderr}"));
    Checked { code: output.status.code().expect("an exit code"), report }
}
