// SPDX-License-Identifier: Apache-2.0
//! `include/falconet.h` is what cbindgen makes of `core/capi` today.

use std::fs;

use falconet_tests::host::root;

/// The header, made anew.
fn generated() -> String {
    let config = cbindgen::Config::from_file(root().join("cbindgen.toml")).unwrap();
    let made = cbindgen::Builder::new().with_crate(root().join("core/capi")).with_config(config).generate().unwrap();
    let mut text = Vec::new();
    made.write(&mut text);
    String::from_utf8(text).unwrap()
}

#[test]
fn the_header_is_the_one_that_is_generated() {
    let path = root().join("include/falconet.h");
    let generated = generated();
    if std::env::var_os("FALCONET_WRITE_HEADER").is_some() {
        fs::write(&path, &generated).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let differs = committed.lines().zip(generated.lines()).position(|(a, b)| a != b);
    assert!(
        committed == generated,
        "include/falconet.h is not what core/capi gives, from line {} on: write it anew with\n    \
         FALCONET_WRITE_HEADER=1 cargo test -p falconet-tests --test capi the_header_is",
        differs.unwrap_or_else(|| committed.lines().count().min(generated.lines().count())) + 1
    );
}
