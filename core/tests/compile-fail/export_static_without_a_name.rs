// SPDX-License-Identifier: Apache-2.0
//! A static plugin has a symbol; and it knows the words of `export!`.

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

falconet::export_static!(Mine: parse);
falconet::export_static!(mine_plugin = Mine: parse, offsets);

fn main() {}
