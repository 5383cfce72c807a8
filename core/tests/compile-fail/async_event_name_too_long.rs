// SPDX-License-Identifier: Apache-2.0
//! The host knows 31 bytes of the name of an async event (rule 10.1).

use falconet::async_event::Emitter;
use falconet::{AsyncEvents, Error, Info, Init, Plugin};

struct Mine;
impl Plugin for Mine {
    type Error = Error;
    const INFO: Info = Info::new(c"mine", c"0.1.0", c"mine", c"you@example.org");
    fn new(_: &Init<'_>) -> Result<Self, Error> {
        Ok(Mine)
    }
}
impl AsyncEvents for Mine {
    const ASYNC_EVENTS: &'static [&'static str] = &["a name of just thirty-two bytes!"];
    fn start(&mut self, _: Emitter<Self>) -> Result<(), Error> {
        Ok(())
    }
    fn stop(&mut self) {}
}

falconet::export!(Mine: async_events);

fn main() {}
