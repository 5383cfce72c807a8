// SPDX-License-Identifier: Apache-2.0
//! falconet-std: Falco plugins for authors who have std, on falconet's core.
//!
//! The traits and the batches are the core's: a plugin moves here by its import, `falconet_std` for `falconet`, and by
//! its export line, [`export!`]. What it gains:
//!
//! - states and instances are boxed, as many as the host asks for, and batches may be of any size ([`batches`]);
//! - a panic is caught at every entry point: the call fails with its message and place, the host goes on;
//! - errors are whatever implements [`std::error::Error`], with their causes ([`Error`]);
//! - the config is a type, with its schema and errors that name the key ([`config`]);
//! - `log::info!` and its like reach the host ([`logging`]);
//! - `std::io` on the views of events ([`io`]), and values out of JSON payloads ([`json`]);
//! - sources ready made, pulled or pushed by other threads ([`sources`]), tasks beside them ([`task`]);
//! - fields of std's types ([`values`]), and a kit to test plugins with ([`testing`]).

pub mod batches;
#[doc(hidden)]
pub mod boxed;
pub mod config;
mod failure;
mod here;
pub mod io;
pub mod json;
pub mod logging;
#[doc(hidden)]
pub mod panics;
pub mod sources;
pub mod task;
pub mod testing;
pub mod values;

pub use failure::Error;
pub use falconet::*;
