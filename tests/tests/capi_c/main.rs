// SPDX-License-Identifier: Apache-2.0
//! The C library under C and C++: every function with good and bad input, under sanitizers and valgrind; threads; what it
//! exports.
#![cfg(test)]

mod demo;
mod functions;
mod programs;
