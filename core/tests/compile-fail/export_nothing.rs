// SPDX-License-Identifier: Apache-2.0
//! A plugin has at least one capability.

use falconet::{Error, Info, Init, Plugin};

struct Example;

impl Plugin for Example {
    type Error = Error;
    const INFO: Info = Info::new(c"example", c"0.1.0", c"an example", c"you@example.org");

    fn new(_: &Init<'_>) -> Result<Self, Error> {
        Ok(Self)
    }
}

falconet::export!(Example);
falconet::export!(Example:);

fn main() {}
