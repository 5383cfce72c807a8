// SPDX-License-Identifier: Apache-2.0
//! std's traits on views: every operation in random order beside `io::Cursor`, sources of all kinds, no allocation.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests fail as tests do")]

mod allocation;
#[path = "../common/counting.rs"]
mod counting;
mod cursor;
mod operations;
mod sources;
