// SPDX-License-Identifier: Apache-2.0
//! A plugin's state is read by instances on other threads.

use std::cell::Cell;

use falconet::{Error, Info, Init, Plugin};

struct Example {
    opened: Cell<u32>,
}

impl Plugin for Example {
    type Error = Error;
    const INFO: Info = Info::new(c"example", c"0.1.0", c"an example", c"you@example.org");

    fn new(_: &Init<'_>) -> Result<Self, Error> {
        Ok(Self { opened: Cell::new(0) })
    }
}

fn main() {}
