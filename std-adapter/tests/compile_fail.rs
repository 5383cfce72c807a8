// SPDX-License-Identifier: Apache-2.0
//! What must not compile does not, and the compiler says what to do instead.
//!
//! Each file of `compile-fail/` is one mistake, with what `cargo check` says of it beside it. After a change look at
//! what `TRYBUILD=overwrite cargo test -p falconet-std --test compile_fail` makes of the texts, as an author would read it.

use std::process::Command;

/// The texts are those of the pinned compiler; another one has its own.
fn is_pinned_compiler() -> bool {
    let pinned = include_str!("../../rust-toolchain.toml").lines().find_map(|line| line.strip_prefix("channel = "));
    let rustc = std::env::var_os("RUSTC").unwrap_or("rustc".into());
    let version = Command::new(rustc).arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    let version = String::from_utf8_lossy(&version).split_whitespace().nth(1).map(str::to_owned);
    version.is_some() && version.as_deref() == pinned.map(|pinned| pinned.trim_matches('"'))
}

#[test]
fn mistakes_are_compile_errors_that_say_what_to_do() {
    if !is_pinned_compiler() {
        println!("skipped: the compiler is not the one of rust-toolchain.toml");
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/compile-fail/*.rs");
}
