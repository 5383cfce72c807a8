// SPDX-License-Identifier: Apache-2.0
//! A text is borrowed from the host: it is read before anything is written, and before its entry is released.

use core::ffi::CStr;
use falconet::tables::{Field, Reader, Table, Writer};

fn written(tables: &mut Writer<'_>, threads: Table<i64>, comm: Field<CStr>) {
    let entry = tables.get(threads, &1).unwrap().unwrap();
    let text = tables.read(&entry, comm).unwrap();
    tables.write(&entry, comm, c"another").unwrap();
    assert!(!text.is_empty());
}

fn erased(tables: &mut Writer<'_>, threads: Table<i64>, names: Table<CStr>, comm: Field<CStr>) {
    let entry = tables.get(threads, &1).unwrap().unwrap();
    let text = tables.read(&entry, comm).unwrap();
    tables.erase(names, text).unwrap();
}

fn released(tables: &Reader<'_>, threads: Table<i64>, comm: Field<CStr>) {
    let entry = tables.get(threads, &1).unwrap().unwrap();
    let text = tables.read(&entry, comm).unwrap();
    drop(entry);
    assert!(!text.is_empty());
}

fn main() {}
