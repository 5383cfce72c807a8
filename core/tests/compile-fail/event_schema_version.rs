// SPDX-License-Identifier: Apache-2.0
//! A schema version is three numbers.

use std::ffi::CStr;

use falconet::{Error, Event, EventSchema, Info, Init, Parse, Parsing, Plugin};

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
impl EventSchema for Mine {
    const EVENT_SCHEMA: &'static CStr = c"4";
}

falconet::export!(Mine: parse, event_schema);

fn main() {}
