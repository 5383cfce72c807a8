// SPDX-License-Identifier: Apache-2.0
//! The host shows `plugin.metric` in 511 bytes (rule 10.1).

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
static BYTES: [u8; 508] = {
    let mut name = [b'x'; 508];
    name[507] = 0;
    name
};
const LONG: &std::ffi::CStr = match std::ffi::CStr::from_bytes_with_nul(&BYTES) {
    Ok(name) => name,
    Err(_) => c"",
};
impl Metrics for Mine {
    const METRICS: &'static [Metric<Counter<u64>>] = &[Metric::new(LONG, |lines: &Counter<u64>| lines)];
}

falconet::export!(Mine: parse, metrics);

fn main() {}
