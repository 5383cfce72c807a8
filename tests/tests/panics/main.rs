// SPDX-License-Identifier: Apache-2.0
//! A plugin that panics in every entry point: what the host is told, what is refused behind it, and what goes on.
//!
//! The plugin is `tests/fixtures/panics`: its source is in this program, called by the hostile host of the core's tests,
//! and its library is in the real host.

#[path = "../../fixtures/panics/src/bomb.rs"]
mod bomb;
#[path = "../../../core/tests/common/mod.rs"]
mod common;
mod every;
mod places;
#[path = "../../fixtures/panics/src/plugin.rs"]
mod plugin;
mod process;
mod real;

use plugin::Panics;

falconet_std::export!(
    Panics: source, extract, parse, metrics, async_events, dump_state, listen, set_config
);
