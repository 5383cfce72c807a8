// SPDX-License-Identifier: Apache-2.0
//! A crate exports one plugin, once.

use falconet::{Error, Event, Extract, Field, Info, Init, Plugin};

struct First;

impl Plugin for First {
    type Error = Error;
    const INFO: Info = Info::new(c"first", c"0.1.0", c"an example", c"you@example.org");

    fn new(_: &Init<'_>) -> Result<Self, Error> {
        Ok(Self)
    }
}

impl Extract for First {
    type Decoded = ();
    const FIELDS: &'static [Field<Self>] = &[Field::<Self>::new("first.one", "one", |_, _, _| 1u64)];

    fn decode(&self, _: &Event<'_>) -> Option<()> {
        Some(())
    }
}

struct Second;

impl Plugin for Second {
    type Error = Error;
    const INFO: Info = Info::new(c"second", c"0.1.0", c"an example", c"you@example.org");

    fn new(_: &Init<'_>) -> Result<Self, Error> {
        Ok(Self)
    }
}

impl Extract for Second {
    type Decoded = ();
    const FIELDS: &'static [Field<Self>] = &[Field::<Self>::new("second.one", "one", |_, _, _| 1u64)];

    fn decode(&self, _: &Event<'_>) -> Option<()> {
        Some(())
    }
}

mod first {
    falconet::export!(super::First: extract);
}
mod second {
    falconet::export!(super::Second: extract);
}

fn main() {}
