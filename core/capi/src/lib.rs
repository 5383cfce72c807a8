// SPDX-License-Identifier: Apache-2.0
//! The C library of falconet: the core's views, batches, pools, events and results as functions for C and C++.
//!
//! `include/falconet.h` is generated from this crate. A function here checks and converts what C gives, and calls the
//! core's safe code; nothing here panics or allocates. The comments at items are those of the header, and speak to
//! programmers in C.
#![no_std]

#[cfg(test)]
extern crate std;

pub mod batch;
pub mod code;
pub mod event;
pub mod extract;
pub mod host;
pub mod last_error;
mod pointer;
pub mod pool;
pub mod push;
pub mod result;
pub mod results;
pub mod slots;
pub mod types;
pub mod view;
pub mod view_mut;
pub mod write_view;

#[cfg(not(test))]
sdk::runtime!();
