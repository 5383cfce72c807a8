// SPDX-License-Identifier: Apache-2.0
//! What extraction gets reads tables and does nothing else; what writes entries neither adds nor erases.

use falconet::tables::{EntryWriter, Field, Reader, Table};

fn extract(tables: &Reader<'_>, threads: Table<i64>, seen: Field<u64>) {
    let entry = tables.get(threads, &1).unwrap().unwrap();
    tables.write(&entry, seen, 1).unwrap();
    tables.clear(threads).unwrap();
}

fn entries(tables: &mut EntryWriter<'_>, threads: Table<i64>) {
    tables.add(threads, &1).unwrap();
}

fn shared(tables: &EntryWriter<'_>, threads: Table<i64>, seen: Field<u64>) {
    let entry = tables.get(threads, &1).unwrap().unwrap();
    tables.write(&entry, seen, 1).unwrap();
}

fn main() {}
