// SPDX-License-Identifier: Apache-2.0
//! Random operations against plain models: views, batches, and the parser of events.
//!
//! `PROPTEST_CASES=100000 cargo test -p falconet --test properties` searches longer. A failure prints the smallest input
//! that shows it: make it a test of its own. `fuzz/` does the same operations to the same models, and chooses them by
//! what code they reach.

pub(crate) mod batches;
pub(crate) mod events;
pub(crate) mod slots;
pub(crate) mod views;

use proptest::test_runner::Config;

/// So many cases, unless the environment says another number.
fn cases(number: u32) -> Config {
    let number = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(number);
    Config { cases: number, failure_persistence: None, ..Config::default() }
}
