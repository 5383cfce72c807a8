// SPDX-License-Identifier: Apache-2.0
//! Plugins linked statically into a host in C: two of one archive, which gives the host their two tables and nothing
//! that could collide.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::process::Command;

use falconet_tests::host::{Skip, real_host, root};
use falconet_tests::{plugins, tools};

/// Compiles `static_link.c` with the archive and runs it.
fn run(name: &str, arguments: &[&str]) -> Result<String, Skip> {
    let archive = plugins::archive();
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join(name);
    let mut cc = tools::cc()?;
    cc.args(arguments).arg("-o").arg(&program).arg(root().join("tests/c/static_link.c")).arg(&archive);
    tools::output(&mut cc);
    Ok(tools::output(&mut Command::new(&program)).stdout)
}

const PRINTED: &str = "events=5 extracted=15\nan event is no number (event 6, sum 15)\n";

#[test]
fn a_host_in_c_with_structs_of_its_own_runs_both_plugins() {
    let Ok(printed) = run("own", &[]) else { return };
    assert_eq!(printed, PRINTED);
}

#[test]
fn host_1_7_a_host_in_c_with_the_official_header_runs_both_plugins() {
    let Ok(host) = real_host() else { return };
    let include = host.include.to_str().unwrap();
    // The header declares functions without parameters as `()`.
    let Ok(printed) = run("official", &["-DOFFICIAL", "-isystem", include]) else { return };
    assert_eq!(printed, PRINTED);
}

#[test]
fn the_archive_gives_two_tables_and_no_symbol_of_a_plugin() {
    let Ok(names) = tools::defined_symbols(&plugins::archive()) else { return };
    for table in ["numbers_plugin", "sum_plugin"] {
        assert_eq!(names.iter().filter(|name| *name == table).count(), 1, "{table}");
    }
    // What else there is belongs to Rust: mangled, or what compilers call.
    let of_rust = |name: &str| ["_R", "_ZN", "__", "rust_eh_personality"].iter().any(|begin| name.starts_with(begin));
    let tables = ["numbers_plugin", "sum_plugin"];
    let others: Vec<_> = names.iter().filter(|name| !tables.contains(&name.as_str()) && !of_rust(name)).collect();
    assert!(others.is_empty(), "{others:?}");
    assert!(!names.iter().any(|name| name.contains("plugin_")), "{names:?}");
}
