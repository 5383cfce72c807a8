// SPDX-License-Identifier: Apache-2.0
//! Sources ready made, through the exported symbols: pulled ones, and pushed ones with all that may go wrong.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

#[path = "../../../core/tests/common/mod.rs"]
mod common;
#[path = "../../../core/tests/common/counting.rs"]
#[expect(unsafe_code, reason = "an allocator that counts")]
mod counting;
mod groups;
mod model;
mod plugin;
mod pull;
mod push;
mod wake;
