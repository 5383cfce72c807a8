// SPDX-License-Identifier: Apache-2.0
//! A field's function captures nothing.

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
    const FIELDS: &'static [Field<Self>] = {
        const fn field(number: u64) -> Field<Example> {
            Field::<Example>::new("example.number", "a number", move |_, _, _| number)
        }
        &[field(7)]
    };

    fn decode(&self, _: &Event<'_>) -> Option<()> {
        Some(())
    }
}

falconet::export!(Example: extract);

fn main() {}
