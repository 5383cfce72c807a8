// SPDX-License-Identifier: Apache-2.0
//! `set_config` is exported, and `SetConfig` is not implemented.

use falconet::{Error, Event, Info, Init, Parse, Parsing, Plugin};

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

falconet::export!(Mine: parse, set_config);

fn main() {}
