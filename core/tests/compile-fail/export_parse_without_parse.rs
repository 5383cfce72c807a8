// SPDX-License-Identifier: Apache-2.0
//! `parse` is exported, and `Parse` is not implemented.

use falconet::{Error, Info, Init, Plugin};

struct Mine;
impl Plugin for Mine {
    type Error = Error;
    const INFO: Info = Info::new(c"mine", c"0.1.0", c"mine", c"you@example.org");
    fn new(_: &Init<'_>) -> Result<Self, Error> {
        Ok(Mine)
    }
}

falconet::export!(Mine: parse);

fn main() {}
