// SPDX-License-Identifier: Apache-2.0
//! A routine works on the shared part: `listen` needs `Shares`.

use falconet::listen::Capture;
use falconet::{Error, Info, Init, Listen, Plugin};

struct Mine;
impl Plugin for Mine {
    type Error = Error;
    const INFO: Info = Info::new(c"mine", c"0.1.0", c"mine", c"you@example.org");
    fn new(_: &Init<'_>) -> Result<Self, Error> {
        Ok(Mine)
    }
}
impl Listen for Mine {
    fn capture_open(&mut self, _: &mut Capture<'_, Self>) -> Result<(), Error> {
        Ok(())
    }
}

falconet::export!(Mine: listen);

fn main() {}
