// SPDX-License-Identifier: Apache-2.0
//! Plugins that others wrote. What is found of each was looked at by hand and is right.

use falconet_tests::host::{Skip, real_host, root};
use falconet_tests::plugins::{self, Profile};
use falconet_tests::tools;

use crate::{Checked, check};

fn names(checked: &Checked) -> Vec<&str> {
    checked.findings().keys().copied().collect()
}

/// The plugin in C against which the authors measure: made for one instance and for well-formed events. It requires 3.12
/// and uses nothing after 3.11, measures text without a bound, has one static batch, and one place for
/// the results of all fields that are asked alone, of all states.
#[test]
fn the_limit_in_c() {
    let Some(bench) = tools::neutral_bench() else {
        Skip::new("the neutral bench is not there");
        return;
    };
    let Ok(host) = real_host() else { return };
    let Ok(mut cc) = tools::cc() else { return };
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("libdemo.so");
    cc.args(["-shared", "-fPIC", "-isystem"])
        .arg(&host.include)
        .arg("-o")
        .arg(&library)
        .arg(bench.join("demo_limit.c"));
    tools::output(&mut cc);
    let checked = check(&library, &["--params", "1000", "--events", "1000"]);
    let found = ["batch-shared", "claim-too-high", "reads-past-event", "result-dangles", "results-share-memory"];
    assert_eq!((names(&checked), checked.code), (found.to_vec(), 1));
}

/// Tables of the official Rust SDK 0.5.1: each extraction starts anew in the memory of the one before.
#[test]
fn the_official_rust_sdk() {
    let checked = check(&plugins::peer_tables(), &["--config", "owner"]);
    assert_eq!((names(&checked), checked.code), (vec!["results-share-memory"], 1));
}

/// `examples/demo` with the official Rust SDK 0.5.1. Numbers are written into memory that the SDK gives back before the call
/// returns, so that those of one call lie in each other's place.
#[test]
fn demo_with_the_official_rust_sdk() {
    let folder = root().join("tests/peers/demo-falco-plugin");
    if !folder.exists() {
        Skip::new("tests/peers/demo-falco-plugin is not there");
        return;
    }
    let checked = check(&plugins::library(&folder, Profile::Release), &["--params", "1000", "--events", "1000"]);
    assert_eq!((names(&checked), checked.code), (vec!["results-share-memory", "several-fields"], 1));
}
