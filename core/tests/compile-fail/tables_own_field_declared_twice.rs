// SPDX-License-Identifier: Apache-2.0
//! Two fields of an entry have different names.

use falconet::tables::{EntryField, Row, StateTable};

struct Count(u64, u64);

impl Row for Count {
    const EMPTY: Self = Self(0, 0);
    const FIELDS: &'static [EntryField<Self>] = &[
        EntryField::new(c"count", |count: &mut Self| &mut count.0),
        EntryField::new(c"count", |count: &mut Self| &mut count.1),
    ];
}

static COUNTS: StateTable<u64, Count, 4> = StateTable::new();

fn main() {
    let _ = COUNTS.lock();
}
