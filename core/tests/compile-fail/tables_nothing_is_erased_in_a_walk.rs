// SPDX-License-Identifier: Apache-2.0
//! A walk's function adds and erases nothing: the tables of the host would break.

use core::ops::ControlFlow;
use falconet::tables::{Entry, Field, Table, Writer};

fn walk(tables: &mut Writer<'_>, threads: Table<i64>) {
    let _end = tables.for_each(threads, |_, _| {
        let _erased = tables.erase(threads, &1);
        ControlFlow::<()>::Continue(())
    });
}

fn walk_mut(tables: &mut Writer<'_>, threads: Table<i64>) {
    let _end = tables.for_each_mut(threads, |_, inner| {
        let _erased = inner.erase(threads, &1);
        ControlFlow::<()>::Continue(())
    });
}

fn walk_outer(tables: &mut Writer<'_>, threads: Table<i64>) {
    let _end = tables.for_each_mut(threads, |_, _| {
        let _erased = tables.erase(threads, &1);
        ControlFlow::<()>::Continue(())
    });
}

fn read_only(tables: &mut Writer<'_>, threads: Table<i64>, seen: Field<u64>) {
    let _end = tables.for_each(threads, |entry, inner| {
        let _written = inner.write(entry, seen, 1);
        ControlFlow::<()>::Continue(())
    });
}

fn kept<'c>(tables: &mut Writer<'c>, threads: Table<i64>) {
    let mut last: Option<&Entry<'c>> = None;
    let _end = tables.for_each(threads, |entry, _| {
        last = Some(entry);
        ControlFlow::<()>::Continue(())
    });
}

fn main() {}
