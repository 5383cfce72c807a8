// SPDX-License-Identifier: Apache-2.0
//! The C library: its header, what it exports, and programs and plugins in C and C++ that use it.
#![cfg(test)]

mod header;
