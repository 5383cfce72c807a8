// SPDX-License-Identifier: Apache-2.0
//! A routine captures nothing: it works on the shared part, which outlives its runs.

use falconet::listen::{Again, Capture};
use falconet::metrics::Counter;
use std::time::Duration;
use falconet::{Error, Info, Init, Listen, Plugin, Shares};

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
impl Listen for Mine {
    fn capture_open(&mut self, capture: &mut Capture<'_, Self>) -> Result<(), Error> {
        let step = 2;
        let _routine = capture.subscribe(Duration::from_secs(1), move |lines| {
            lines.add(step);
            Again::Yes
        })?;
        Ok(())
    }
}

falconet::export!(Mine: listen);

fn main() {}
