// SPDX-License-Identifier: Apache-2.0
//! `config` is exported of a plugin that has no config type.

use falconet_std::{Error, Event, Info, Init, Parse, Parsing, Plugin};

struct Counts;

impl Plugin for Counts {
    type Error = Error;
    const INFO: Info = Info::new(c"counts", c"0.1.0", c"counts", c"you@example.org");

    fn new(_: &Init<'_>) -> Result<Self, Error> {
        Ok(Self)
    }
}

impl Parse for Counts {
    fn parse(&mut self, _: &Event<'_>, _: &mut Parsing<'_, Self>) -> Result<(), Error> {
        Ok(())
    }
}

falconet_std::export!(Counts: parse, config);

fn main() {}
