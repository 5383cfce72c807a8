// SPDX-License-Identifier: Apache-2.0
//! An emitter takes the names of its own plugin.

use falconet::async_event::{Emitter, EventName};
use falconet::Timestamp;
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
    const ASYNC_EVENTS: &'static [&'static str] = &["raised"];
    fn start(&mut self, emitter: Emitter<Self>) -> Result<(), Error> {
        emitter.emit(THEIRS, Timestamp::HOST, b"")?;
        Ok(())
    }
    fn stop(&mut self) {}
}

struct Theirs;
const THEIRS: EventName<Theirs> = EventName::new("raised");

falconet::export!(Mine: async_events);

fn main() {}
