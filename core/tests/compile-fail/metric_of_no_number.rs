// SPDX-License-Identifier: Apache-2.0
//! A metric is a counter or a gauge.

use falconet::metrics::{Counter, Metric};
use falconet::{Error, Event, Info, Init, Metrics, Parse, Parsing, Plugin, Shares};

struct Mine;
impl Plugin for Mine {
    type Error = Error;
    const INFO: Info = Info::new(c"mine", c"0.1.0", c"mine", c"you@example.org");
    fn new(_: &Init<'_>) -> Result<Self, Error> {
        Ok(Mine)
    }
}
impl Parse for Mine {
    fn parse(&mut self, _: &Event<'_>, _: &mut Parsing<'_, Self>) -> Result<(), Error> {
        Ok(())
    }
}
impl Shares for Mine {
    type Shared = Counter<u64>;
    const SHARED: Counter<u64> = Counter::new();
}
impl Metrics for Mine {
    const METRICS: &'static [Metric<Counter<u64>>] = &[Metric::new(c"lines", |_: &Counter<u64>| &1u64)];
}

falconet::export!(Mine: parse, metrics);

fn main() {}
