// SPDX-License-Identifier: Apache-2.0
//! An entry is borrowed while the table is locked, and one at a time to be changed.

use falconet::tables::{EntryField, Row, StateTable};

struct Count(u64);

impl Row for Count {
    const EMPTY: Self = Self(0);
    const FIELDS: &'static [EntryField<Self>] = &[];
}

static COUNTS: StateTable<u64, Count, 4> = StateTable::new();

fn unlocked() -> u64 {
    let mut counts = COUNTS.lock().unwrap();
    let count = counts.get_or_insert(&1).unwrap();
    drop(counts);
    count.0
}

fn two() {
    let mut counts = COUNTS.lock().unwrap();
    let one = counts.get_mut(&1).unwrap();
    let two = counts.get_mut(&1).unwrap();
    one.0 = two.0;
}

fn removed() {
    let mut counts = COUNTS.lock().unwrap();
    for (key, _) in counts.iter() {
        counts.remove(key);
    }
}

fn main() {}
