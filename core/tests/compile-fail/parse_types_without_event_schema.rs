// SPDX-License-Identifier: Apache-2.0
//! Other events than plugin events are parsed by a version of the event table (rule 2.2).

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
    const PARSE_TYPES: &'static [u16] = &[322, 3];
    fn parse(&mut self, _: &Event<'_>, _: &mut Parsing<'_, Self>) -> Result<(), Error> {
        Ok(())
    }
}

falconet::export!(Mine: parse);

fn main() {}
