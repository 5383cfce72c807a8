// SPDX-License-Identifier: Apache-2.0
//! The types that fields are extracted from are declared: none would be all.

use falconet::{Error, Event, Extract, Field, Info, Init, Plugin};

struct Example;

impl Plugin for Example {
    type Error = Error;
    const INFO: Info = Info::new(c"example", c"0.1.0", c"an example", c"you@example.org");

    fn new(_: &Init<'_>) -> Result<Self, Error> {
        Ok(Self)
    }
}

impl Extract for Example {
    type Decoded = ();
    const FIELDS: &'static [Field<Self>] = &[Field::<Self>::new("example.number", "a number", |_, _, _| 1u64)];
    const EVENT_TYPES: &'static [u16] = &[];

    fn decode(&self, _: &Event<'_>) -> Option<()> {
        Some(())
    }
}

falconet::export!(Example: extract);

fn main() {}
