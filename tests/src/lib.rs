// SPDX-License-Identifier: Apache-2.0
//! Helpers shared by the tests that cross crates.

pub mod capi;
pub mod host;
pub mod log_lines;
pub mod plugins;
pub mod running;
pub mod sysdig;
pub mod tools;
pub mod witness;
