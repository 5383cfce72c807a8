// SPDX-License-Identifier: Apache-2.0
//! A slot of a table is used again as it is: an entry has nothing to drop.

use falconet::tables::{EntryField, Row, StateTable};

struct Named {
    name: Option<Box<u64>>,
}

impl Row for Named {
    const EMPTY: Self = Self { name: None };
    const FIELDS: &'static [EntryField<Self>] = &[];
}

static NAMED: StateTable<u64, Named, 4> = StateTable::new();

fn main() {}
