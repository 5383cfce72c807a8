// SPDX-License-Identifier: Apache-2.0
//! falconet: the zero-copy, allocation-free SDK for Falco plugins.
#![no_std]
#[cfg(test)]
extern crate std;

pub mod abi;
