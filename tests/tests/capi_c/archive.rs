// SPDX-License-Identifier: Apache-2.0
//! What the archive gives to a program that links it: the functions of the header, and nothing else by a name of C.

use std::collections::BTreeSet;

use falconet_tests::plugins::Profile;
use falconet_tests::{capi, tools};

use crate::functions::{functions, header};

#[test]
fn the_archive_has_no_names_of_c_but_those_of_the_header() {
    let Ok(names) = tools::defined_symbols(&capi::archive(Profile::Release)) else { return };
    // What else there is belongs to Rust: mangled, or what compilers call.
    let of_rust = |name: &str| ["_R", "_ZN", "__", "rust_eh_personality"].iter().any(|begin| name.starts_with(begin));
    let names: BTreeSet<&str> = names.iter().map(String::as_str).filter(|name| !of_rust(name)).collect();
    let header = header();
    let declared: BTreeSet<&str> = functions(&header).into_keys().collect();
    assert_eq!(names, declared);
}
