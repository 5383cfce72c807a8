// SPDX-License-Identifier: Apache-2.0
//! falconet: the zero-copy, allocation-free SDK for Falco plugins. `no_std`, no heap.
//!
//! A plugin is a shared library that Falco loads. It sources events in batches and extracts fields from them:
//!
//! ```text
//! host pointers -> view -> event -> batch (leased from a pool) -> plugin traits -> exported symbols
//! ```
//!
//! Write a type that implements [`Plugin`], [`Source`] and [`Extract`], and export it with [`export!`]. The rules of
//! the host that these documents cite by number (rule 4.3) are in the project's `docs/host.md`.
//!
//! Nothing in this crate panics or allocates, but for evaluations at compile time, whose panic is a compile error; and
//! nothing waits, but for `plugin_destroy`, for log lines that other threads are writing at this moment. What the author's own code panics on is the plugin's panic handler's: see [`runtime!`].
#![no_std]

#[cfg(test)]
extern crate std;

pub mod abi;
pub mod async_event;
pub mod batch;
pub mod config;
pub mod error;
pub mod event;
#[doc(hidden)]
pub mod export;
pub mod extract;
mod gate;
pub mod listen;
pub mod log;
pub mod metrics;
pub mod parse;
pub mod plugin;
pub mod pool;
#[doc(hidden)]
pub mod runtime;
pub mod shared;
pub mod source;
pub mod tables;
pub mod text;
pub mod view;

pub use async_event::AsyncEvents;
pub use batch::{Batch, Claim, Oversized};
pub use config::{EventSchema, InitSchema, SetConfig};
pub use error::Error;
pub use event::{Event, Span, Timestamp};
pub use extract::{Extract, Field, Request};
pub use listen::Listen;
pub use log::Log;
pub use metrics::Metrics;
pub use parse::{Parse, Parsing};
pub use plugin::{Info, Init, Plugin};
pub use pool::{Lease, Pool, Scratch};
pub use shared::{Shared, Shares};
pub use source::{Instance, Next, NextEvent, One, Progress, Source};
pub use text::{EventText, OpenParams, TextRoom};
/// The crate whose types and traits check typed access to events.
///
/// A payload type derives its traits, and says where they are: `#[zerocopy(crate = "falconet::zerocopy")]`.
pub use zerocopy;
