// SPDX-License-Identifier: Apache-2.0
//! `listen` is exported, and `Listen` is not implemented.

use falconet::metrics::Counter;
use falconet::{Error, Info, Init, Plugin, Shares};

struct Mine;
impl Plugin for Mine {
    type Error = Error;
    const INFO: Info = Info::new(c"mine", c"0.1.0", c"mine", c"you@example.org");
    fn new(_: &Init<'_>) -> Result<Self, Error> {
        Ok(Mine)
    }
}
impl Shares for Mine {
    type Shared = Counter<u64>;
    const SHARED: Counter<u64> = Counter::new();
}

falconet::export!(Mine: listen);

fn main() {}
