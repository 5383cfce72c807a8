// SPDX-License-Identifier: Apache-2.0
//! Plugins in the real host, sysdig on libsinsp: the examples, and the rules that only a host can show.
#![cfg(test)]

mod access_log;
mod async_events;
mod captures;
mod fields;
mod interop;
mod rules;
mod tables;

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::Command;

use falconet_tests::host::{RealHost, Skip, real_host, root};
use falconet_tests::plugins;
use falconet_tests::sysdig::{self, Run};
use tempfile::TempDir;

/// The real host; a test that gets none returns, which it has said then.
macro_rules! host {
    () => {
        match falconet_tests::host::real_host() {
            Ok(host) => host,
            Err(_skip) => return,
        }
    };
}
use host;

/// The `rules` plugin in the real host, with these open params and columns.
fn run_rules(host: &RealHost, params: &str, columns: &[&str]) -> Run {
    let format = sysdig::format(columns);
    let input = sysdig::input("rules", params);
    sysdig::run(host, &plugins::rules(), ["-I".as_ref(), input.as_os_str(), "-p".as_ref(), format.as_ref()])
}

/// The first column, as numbers.
fn numbers(run: &Run) -> Vec<u64> {
    run.rows().iter().map(|row| row[0].parse().unwrap_or_else(|_| panic!("{row:?}\n{}", run.shown()))).collect()
}

/// The plugin that injects an async event, compiled with the official header.
fn async_plugin(host: &RealHost) -> Result<(TempDir, std::path::PathBuf), Skip> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("libasync_events.so");
    let mut compiler = Command::new("cc");
    compiler.args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-isystem"]);
    compiler.arg(&host.include).arg("-o").arg(&path).arg(root().join("tests/c/async_events.c"));
    let Ok(output) = compiler.output() else { return Err(Skip::new("there is no C compiler, cc")) };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok((folder, path))
}

fn exists(path: &Path) -> bool {
    fs::metadata(path).is_ok()
}

#[test]
fn the_versions_are_those_that_the_tests_need() {
    let Ok(host) = real_host() else { return };
    // Not `println!`, which the test harness keeps to itself when a test passes.
    writeln!(io::stderr(), "the real host: {}", host.versions.replace('\n', ", ")).unwrap();
    let sysdig = host.versions.lines().find_map(|line| line.strip_prefix("sysdig ")).unwrap();
    let mut numbers = sysdig.split(['.', '+', '-']).map_while(|number| number.parse::<u32>().ok());
    assert!((numbers.next(), numbers.next()) >= (Some(0), Some(41)), "{sysdig}");
    assert!(exists(&host.include.join("plugin/plugin_api.h")));
}
