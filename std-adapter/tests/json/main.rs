// SPDX-License-Identifier: Apache-2.0
//! JSON: values beside `serde_json` on what is valid, the official plugins' leniency on what is not, no panic on anything.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

pub(crate) mod agree;
mod checked;
#[path = "../common/counting.rs"]
mod counting;
mod decode;
mod garbage;
mod generate;
mod lenient;
mod official;
mod valid;

use proptest::test_runner::Config;

/// So many cases, unless the environment says another number.
fn cases(number: u32) -> Config {
    let number = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(number);
    Config { cases: number, failure_persistence: None, ..Config::default() }
}
