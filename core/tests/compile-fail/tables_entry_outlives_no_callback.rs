// SPDX-License-Identifier: Apache-2.0
//! An entry, and a table in it, is the callback's: it cannot be kept.

use falconet::tables::{Entry, Field, Nested, Reader, Table, TableRef, Writer};

struct Plugin {
    threads: Table<i64>,
    files: Field<Nested<i64>>,
    kept: Option<Entry<'static>>,
    files_of_one: Option<TableRef<'static, i64>>,
}

fn parse(plugin: &mut Plugin, tables: &mut Writer<'_>) {
    plugin.kept = tables.get(plugin.threads, &1).unwrap();
}

fn extract(plugin: &mut Plugin, tables: &Reader<'_>) {
    let entry = tables.get(plugin.threads, &1).unwrap().unwrap();
    plugin.files_of_one = Some(tables.nested(&entry, plugin.files).unwrap());
}

fn released<'a>(plugin: &Plugin, tables: &'a Reader<'_>) -> u64 {
    let entry = tables.get(plugin.threads, &1).unwrap().unwrap();
    let files = tables.nested(&entry, plugin.files).unwrap();
    drop(entry);
    tables.size(files).unwrap()
}

fn main() {}
