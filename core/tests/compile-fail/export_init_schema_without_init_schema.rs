// SPDX-License-Identifier: Apache-2.0
//! `init_schema` is exported, and `InitSchema` is not implemented.

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

falconet::export!(Mine: parse, init_schema);

fn main() {}
