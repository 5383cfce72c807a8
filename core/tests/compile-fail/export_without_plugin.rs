// SPDX-License-Identifier: Apache-2.0
//! What is exported is a plugin.

struct Example;

falconet::export!(Example: source);

fn main() {}
