// SPDX-License-Identifier: Apache-2.0
//! Random operations against plain models: views, batches, and the parser of events.
//!
//! `PROPTEST_CASES=100000 cargo test -p falconet --test properties` searches longer. A failure prints the smallest input
//! that shows it: make it a test of its own.

mod batches;
mod events;
mod slots;
mod views;

use proptest::test_runner::Config;

/// So many cases, unless the environment says another number.
fn cases(number: u32) -> Config {
    let number = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(number);
    Config { cases: number, failure_persistence: None, ..Config::default() }
}
