// SPDX-License-Identifier: Apache-2.0
//! A config is no capability: the host loads no plugin that has nothing else.

use std::ffi::CStr;

use falconet::{Error, Info, Init, InitSchema, Plugin, SetConfig};

struct Mine;
impl Plugin for Mine {
    type Error = Error;
    const INFO: Info = Info::new(c"mine", c"0.1.0", c"mine", c"you@example.org");
    fn new(_: &Init<'_>) -> Result<Self, Error> {
        Ok(Mine)
    }
}
impl InitSchema for Mine {
    const INIT_SCHEMA: &'static CStr = c"{}";
}
impl SetConfig for Mine {
    fn set_config(&mut self, _: &CStr) -> Result<(), Error> {
        Ok(())
    }
}

falconet::export!(Mine: init_schema, set_config);

fn main() {}
