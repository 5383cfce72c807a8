// SPDX-License-Identifier: Apache-2.0
//! What is decoded is kept for the event's other fields: it is `Copy`, with spans for references.

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
    type Decoded = String;
    const FIELDS: &'static [Field<Self>] = &[Field::<Self>::new("example.text", "a text", |_, text, _| text.len())];

    fn decode(&self, _: &Event<'_>) -> Option<String> {
        Some(String::new())
    }
}

falconet::export!(Example: extract);

fn main() {}
