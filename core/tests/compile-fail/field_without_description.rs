// SPDX-License-Identifier: Apache-2.0
//! A field has a description.

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
    const FIELDS: &'static [Field<Self>] = &[Field::<Self>::new("example.number", "", |_, _, _| 1u64)];

    fn decode(&self, _: &Event<'_>) -> Option<()> {
        Some(())
    }
}

falconet::export!(Example: extract);

fn main() {}
