// SPDX-License-Identifier: Apache-2.0
//! The C library under C and C++: every function with good and bad input, under sanitizers and valgrind; threads; what it
//! exports.
#![cfg(test)]

mod archive;
mod demo;
mod functions;
mod programs;
