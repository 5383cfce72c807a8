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
//! Nothing in this crate panics, allocates or waits, with the one exception that a `const` evaluation panics, which is
//! a compile error. What the author's own code panics on is the plugin's panic handler's: see [`runtime!`].
#![no_std]

#[cfg(test)]
extern crate std;

pub mod abi;
pub mod batch;
pub mod error;
pub mod event;
#[doc(hidden)]
pub mod export;
pub mod extract;
pub mod log;
pub mod plugin;
pub mod pool;
#[doc(hidden)]
pub mod runtime;
pub mod view;

pub use batch::{Batch, Claim, Oversized};
pub use error::Error;
pub use event::{Event, Span, Timestamp};
pub use extract::{Extract, Field, Request};
pub use log::Log;
pub use plugin::{
    EventText, Info, Init, Instance, Next, NextEvent, One, OpenParams, Plugin, Progress, Source, TextRoom,
};
pub use pool::{Lease, Pool, Scratch};
/// The crate whose types and traits check typed access to events; a payload type derives its traits.
pub use zerocopy;
