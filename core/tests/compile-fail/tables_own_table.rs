// SPDX-License-Identifier: Apache-2.0
//! A table of a plugin's own: keys and fields are of the types that the API has, and an entry needs no drop.

use falconet::tables::{EntryField, Row, StateTable};

struct Named {
    name: String,
    count: f32,
}

impl Row for Named {
    const EMPTY: Self = Self { name: String::new(), count: 0.0 };
    const FIELDS: &'static [EntryField<Self>] = &[EntryField::new(c"count", |named: &mut Self| &mut named.count)];
}

static BY_FLOAT: StateTable<f32, Named, 4> = StateTable::new();

fn main() {}
