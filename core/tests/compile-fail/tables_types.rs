// SPDX-License-Identifier: Apache-2.0
//! Keys and fields are of the types that the plugin API has, and a nested table is no value.

use falconet::tables::{Field, InitTables, Nested, Table, Writer};

fn key(tables: &InitTables<'_>) {
    let _table: Table<f64> = tables.get(c"threads").unwrap();
}

fn field(tables: &InitTables<'_>, threads: Table<i64>) {
    let _field = tables.field::<String>(threads, c"comm");
}

fn nested(tables: &mut Writer<'_>, threads: Table<i64>, files: Field<Nested<i64>>) {
    let entry = tables.get(threads, &1).unwrap().unwrap();
    let _files = tables.read(&entry, files);
}

fn key_of_another_type(tables: &mut Writer<'_>, threads: Table<i64>) {
    let _entry = tables.get(threads, c"one");
}

fn main() {}
