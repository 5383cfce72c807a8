// SPDX-License-Identifier: Apache-2.0
//! A plugin's error can be shown to the host.

use falconet::{Info, Init, Plugin};

struct Example;

impl Plugin for Example {
    type Error = std::io::Error;
    const INFO: Info = Info::new(c"example", c"0.1.0", c"an example", c"you@example.org");

    fn new(_: &Init<'_>) -> Result<Self, std::io::Error> {
        Ok(Self)
    }
}

fn main() {}
