// SPDX-License-Identifier: Apache-2.0
//! The C library: its header, what it exports, and the examples in C.
#![cfg(test)]

mod compile;
mod example;
mod header;
mod installed;
mod layout;
mod lines;
mod packages;
mod readme;
