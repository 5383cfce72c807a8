// SPDX-License-Identifier: Apache-2.0
//! The C library: its header, what it exports, and programs and plugins in C and C++ that use it.
#![cfg(test)]

mod compile;
mod example;
mod header;
mod installed;
mod layout;
mod packages;
mod programs;
mod readme;
