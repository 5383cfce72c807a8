// SPDX-License-Identifier: Apache-2.0
//! Any bytes as a library's file: what it says, or an error that says what is wrong.
#![no_main]
#![expect(clippy::unwrap_used, reason = "what fails here is found")]

#[path = "../../host/src/binary.rs"]
#[allow(dead_code, unreachable_pub, reason = "of a library, of which a part is used")]
mod binary;
#[path = "../../host/src/version.rs"]
#[allow(dead_code, unreachable_pub, reason = "of a library, of which a part is used")]
mod version;

use std::fs;

use binary::{Binary, whole};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = std::env::temp_dir().join(format!("falconet-fuzz-{}.so", std::process::id()));
    fs::write(&path, bytes).unwrap();
    let (read, loaded) = (Binary::read(&path), whole(&path));
    fs::remove_file(&path).unwrap();
    match read {
        Ok(binary) => assert_eq!(binary.size, bytes.len() as u64),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    if let Err(error) = loaded {
        assert!(error.contains("cut off"), "{error}");
    }
});
