// SPDX-License-Identifier: Apache-2.0
//! Imported tables against a host of the tests' own.
#![expect(unsafe_code, reason = "a host's side of the table functions")]

mod fake;

use core::ffi::CStr;
use core::ops::ControlFlow;
use std::string::{String, ToString};
use std::vec::Vec;

use super::*;
use crate::Error;
use crate::error::Message;
use fake::{FAILS, Host};

/// Everything that the tests keep, as a plugin would.
#[derive(Clone, Copy)]
struct Kept {
    threads: Table<i64>,
    names: Table<CStr>,
    comm: Field<CStr>,
    pid: Field<i64>,
    flag: Field<bool>,
    files: Field<Nested<i64>>,
    file_name: Field<CStr>,
    file_size: Field<u32>,
    number: Field<u8>,
    seen: Field<u64>,
}

fn find(tables: &InitTables<'_>) -> Result<Kept, Error> {
    let (threads, names) = (tables.get(c"threads")?, tables.get(c"names")?);
    let files = tables.field(threads, c"files")?;
    Ok(Kept {
        threads,
        names,
        comm: tables.field(threads, c"comm")?,
        pid: tables.field(threads, c"pid")?,
        flag: tables.field(threads, c"flag")?,
        files,
        file_name: tables.field(files, c"name")?,
        file_size: tables.field(files, c"size")?,
        number: tables.field(names, c"number")?,
        seen: tables.add_field(threads, c"seen")?,
    })
}

fn host() -> (std::boxed::Box<Host>, Kept, Session) {
    let mut host = Host::new();
    let (kept, session) = host.init(find);
    assert_eq!(Host::detached(), 0);
    (host, kept.unwrap(), session)
}

fn text<T: core::fmt::Debug>(result: Result<T, Error>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn handles_may_be_kept_anywhere() {
    fn kept<T: Copy + Send + Sync + 'static>() {}
    kept::<Table<CStr>>();
    kept::<Field<CStr>>();
    kept::<Field<Nested<CStr>>>();
    kept::<Session>();
    assert!(size_of::<Table<u64>>() <= 16 && size_of::<Field<u64>>() <= 24);
}

#[test]
fn values_of_every_type_are_written_and_read_back() {
    macro_rules! both {
        ($($name:literal $type:ty: $value:expr),+ $(,)?) => { $({
            let (mut host, kept, _) = host();
            let (field, session) = host.init(|tables| {
                let again: Table<i64> = tables.get(c"threads").unwrap();
                (again, tables.add_field::<$type>(again, $name).unwrap())
            });
            let (threads, field) = field;
            host.write(session, |tables| {
                let entry = tables.add(threads, &-1).unwrap();
                tables.write(&entry, field, $value).unwrap();
                assert_eq!(tables.read(&entry, field), Ok($value));
                // A table of an earlier init is another plugin state's.
                assert_eq!(text(tables.get(kept.threads, &-1)), "the table was found by another plugin state, or at no init at all");
            });
        })+ };
    }
    both!(c"a" u8: u8::MAX, c"b" u16: u16::MAX, c"c" u32: u32::MAX, c"d" u64: u64::MAX, c"e" i8: i8::MIN);
    both!(c"f" i16: i16::MIN, c"g" i32: i32::MIN, c"h" i64: i64::MIN, c"i" bool: true, c"j" CStr: c"hello", c"k" CStr: c"");
    assert_eq!(Host::held(), 0);
}

#[test]
fn host_9_1_names_and_sizes_are_read() {
    let (mut host, kept, session) = host();
    host.write(session, |tables| {
        assert_eq!((tables.name(kept.threads), tables.size(kept.threads)), (Ok(c"threads"), Ok(0)));
        let _entry = tables.add(kept.threads, &1).unwrap();
        assert_eq!(tables.size(kept.threads), Ok(1));
        FAILS.set("size");
        assert_eq!(text(tables.size(kept.threads)), "the host gives no size of the table");
        FAILS.set("name");
        assert_eq!(text(tables.name(kept.threads)), "the host gives no name of the table");
    });
}

#[test]
fn host_9_2_the_key_type_is_checked_on_every_get() {
    let (mut host, ..) = host();
    host.init(|tables| {
        assert!(tables.get::<i64>(c"threads").is_ok());
        let before = text(tables.get::<u64>(c"threads"));
        assert_eq!(before, "the table has keys of another state type (asked for 8, there is 4)");
        assert!(tables.find::<u64>(c"nothing").unwrap().is_none());
        assert_eq!(
            text(tables.get::<u64>(c"nothing")),
            "there is no such table: is its owner loaded before this plugin?"
        );
        FAILS.set("get_table");
        assert_eq!(text(tables.get::<i64>(c"threads")), "the host does not hand out the table");
    });
    assert_eq!(host.accessed.iter().filter(|name| name.as_c_str() == c"nothing").count(), 0);
}

#[test]
fn host_9_2_the_type_of_a_field_is_checked() {
    let (mut host, ..) = host();
    host.init(|tables| {
        let threads: Table<i64> = tables.get(c"threads").unwrap();
        let wrong = text(tables.field::<u64>(threads, c"comm"));
        assert_eq!(wrong, "the field is of another state type (asked for 8, there is 9)");
        assert_eq!(text(tables.add_field::<u64>(threads, c"comm")), wrong);
        assert_eq!(text(tables.field::<u64>(threads, c"nothing")), "the table has no such field");
        let files = tables.field::<Nested<i64>>(threads, c"files").unwrap();
        assert_eq!(text(tables.field::<u64>(files, c"comm")), "the table has no such field");
        FAILS.set("add_field");
        assert_eq!(text(tables.add_field::<u64>(threads, c"new")), "the host does not add the field");
        let mut reason = Message::new();
        tables.append_host_error(&mut reason);
        assert_eq!(reason.as_str(), ": the host says: told to fail");
    });
}

#[test]
fn a_list_shows_all_and_nothing_is_asked_meanwhile() {
    let (mut host, ..) = host();
    host.init(|tables| {
        let mut seen = Vec::new();
        let list = tables.list(|table| {
            seen.push((table.name.to_str().unwrap().to_string(), table.key_type));
            let why = "tables are looked up after a list was shown, not meanwhile";
            assert_eq!(text(tables.get::<i64>(c"threads")), why);
            assert_eq!(text(tables.list(|_| ())), why);
        });
        assert_eq!((list, seen.len(), seen[0].1), (Ok(()), 2, crate::abi::ST_INT64));
        let threads: Table<i64> = tables.get(c"threads").unwrap();
        let mut fields = Vec::new();
        tables
            .list_fields(threads, |field| fields.push((std::ffi::CString::from(field.name), field.read_only)))
            .unwrap();
        assert!(fields.contains(&(c"pid".into(), true)) && fields.contains(&(c"seen".into(), false)));
        let files = tables.field::<Nested<i64>>(threads, c"files").unwrap();
        let mut number = 0;
        tables.list_fields(files, |_| number += 1).unwrap();
        assert_eq!(number, 2);
    });
    assert_eq!(Host::detached(), 0);
}

#[test]
fn a_table_asked_for_twice_is_the_same_and_too_many_are_an_error() {
    let (mut host, ..) = host();
    for i in 0..MAX_TABLES {
        host.add_table(&std::ffi::CString::new(i.to_string()).unwrap());
    }
    host.init(|tables| {
        let threads: Table<i64> = tables.get(c"threads").unwrap();
        let again: Table<i64> = tables.get(c"threads").unwrap();
        assert_eq!(threads.id, again.id);
        let files: Field<Nested<i64>> = tables.field(threads, c"files").unwrap();
        assert_eq!(files.nested, tables.field::<Nested<i64>>(again, c"files").unwrap().nested);
        let get = |i: usize| tables.get::<i64>(&std::ffi::CString::new(i.to_string()).unwrap());
        assert!((2..MAX_TABLES).all(|i| get(i).is_ok()));
        assert_eq!(text(get(0)), "too many tables are asked for (at most 32)");
        assert!(get(2).is_ok() && tables.get::<i64>(c"threads").is_ok());
    });
}

#[test]
fn host_9_3_every_entry_is_released_once_and_no_walks_entry() {
    let (mut host, kept, session) = host();
    host.write(session, |tables| {
        for key in 1..=3 {
            let entry = tables.add(kept.threads, &key).unwrap();
            assert_eq!(Host::held(), 1);
            tables.write(&entry, kept.seen, key.unsigned_abs()).unwrap();
        }
        assert!(tables.get(kept.threads, &9).unwrap().is_none());
        let (first, again) = (tables.get(kept.threads, &1).unwrap(), tables.get(kept.threads, &1).unwrap());
        assert_eq!(Host::held(), 2);
        drop(first);
        assert_eq!(tables.read(&again.unwrap(), kept.seen), Ok(1));
        let got = Host::got();
        let mut sum = 0;
        let end = tables.for_each(kept.threads, |entry, tables| {
            sum += tables.read(entry, kept.seen).unwrap();
            ControlFlow::<()>::Continue(())
        });
        assert_eq!((end, sum, Host::got()), (Ok(ControlFlow::Continue(())), 6, got));
        let end = tables.for_each_mut(kept.threads, |entry, tables| {
            fake::is_entry_writer(tables);
            let seen = tables.read(entry, kept.seen).unwrap();
            tables.write(entry, kept.seen, seen * 10).unwrap();
            // Entries of other keys may be got meanwhile.
            let other = tables.get(kept.threads, &1).unwrap().unwrap();
            assert!(tables.read(&other, kept.seen).unwrap() >= 1);
            ControlFlow::<()>::Continue(())
        });
        assert_eq!(end, Ok(ControlFlow::Continue(())));
        assert_eq!(tables.read(&tables.get(kept.threads, &3).unwrap().unwrap(), kept.seen), Ok(30));
    });
    assert_eq!((Host::held(), Host::detached()), (0, 0));
}

#[test]
fn host_9_4_nested_tables_are_there_while_their_entry_is() {
    let (mut host, kept, session) = host();
    host.write(session, |tables| {
        let thread = tables.add(kept.threads, &1).unwrap();
        let files = tables.nested(&thread, kept.files).unwrap();
        for fd in 0..3 {
            let file = tables.add(files, &fd).unwrap();
            tables.write(&file, kept.file_name, c"/etc/passwd").unwrap();
            tables.write(&file, kept.file_size, 7).unwrap();
        }
        assert_eq!(tables.size(files), Ok(3));
        assert_eq!(tables.name(files), Ok(c"nested"));
        // The parent is held, and the table in it may still lose entries.
        assert_eq!(tables.erase(files, &0), Ok(true));
        let file = tables.get(files, &1).unwrap().unwrap();
        assert_eq!(tables.read(&file, kept.file_name), Ok(c"/etc/passwd"));
        let held = "an entry of the table is still held: drop it before an add, erase or clear (held 1)";
        assert_eq!(text(tables.clear(files)), held);
        drop(file);
        assert_eq!((tables.clear(files), tables.size(files)), (Ok(()), Ok(0)));
        FAILS.set("nested");
        assert_eq!(text(tables.nested(&thread, kept.files)), "the entry has no table in this field");
    });
    assert_eq!((Host::held(), Host::detached()), (0, 0));
}

#[test]
fn host_9_5_erasing_a_missing_key_is_no_error_and_a_failed_add_has_consumed_the_entry() {
    let (mut host, kept, session) = host();
    host.call(session, |access| {
        let tables = &mut Writer::new(access);
        drop(tables.add(kept.names, c"one").unwrap());
        assert_eq!(tables.erase(kept.names, c"two"), Ok(false));
        assert!(tables.get(kept.names, c"two").unwrap().is_none());
        let mut reason = Message::new();
        access.append_host_error(&mut reason);
        assert!(reason.is_empty(), "a missing key is no failure");
        FAILS.set("erase");
        assert_eq!(text(tables.erase(kept.names, c"one")), "the host cannot erase the entry");
        FAILS.set("add");
        assert_eq!(text(tables.add(kept.names, c"one")), "the host cannot add the entry");
        access.append_host_error(&mut reason);
        assert_eq!(reason.as_str(), std::format!(": the host says: {}", fake::error()));
        FAILS.set("create");
        assert_eq!(text(tables.get_or_add(kept.names, c"two")), "the host cannot make an entry");
        FAILS.set("clear");
        assert_eq!(text(tables.clear(kept.names)), "the host cannot clear the table");
        FAILS.set("");
        let entry = tables.get_or_add(kept.names, c"two").unwrap();
        tables.write(&entry, kept.number, 2).unwrap();
        drop(entry);
        // An add over an entry gives an empty one.
        let entry = tables.add(kept.names, c"two").unwrap();
        assert_eq!((tables.read(&entry, kept.number), tables.size(kept.names)), (Ok(0), Ok(2)));
    });
    assert_eq!((Host::held(), Host::detached()), (0, 0));
}

#[test]
fn host_9_6_a_break_is_told_from_a_failure() {
    let (mut host, kept, session) = host();
    host.write(session, |tables| {
        for key in 1..=3 {
            drop(tables.add(kept.threads, &key).unwrap());
        }
        for twice in ["", "again"] {
            FAILS.set(twice);
            let mut seen = 0;
            let end = tables.for_each(kept.threads, |_, _| {
                seen += 1;
                if seen == 2 || twice == "again" { ControlFlow::Break("enough") } else { ControlFlow::Continue(()) }
            });
            assert_eq!(end, Ok(ControlFlow::Break("enough")));
        }
        FAILS.set("iterate");
        let end = tables.for_each(kept.threads, |_, _| ControlFlow::<()>::Continue(()));
        assert_eq!(text(end), "the host cannot go through the table");
        FAILS.set("null");
        let end = tables.for_each_mut(kept.threads, |_, _| ControlFlow::<()>::Continue(()));
        assert_eq!(text(end), "the host gave NULL as an entry of the table");
    });
}

#[test]
fn nothing_is_added_or_erased_while_an_entry_of_the_table_is_held() {
    let (mut host, kept, session) = host();
    host.write(session, |tables| {
        let entry = tables.add(kept.threads, &1).unwrap();
        let held = "an entry of the table is still held: drop it before an add, erase or clear (held 1)";
        assert_eq!(text(tables.add(kept.threads, &2)), held);
        assert_eq!(text(tables.erase(kept.threads, &1)), held);
        assert_eq!(text(tables.clear(kept.threads)), held);
        drop(tables.add(kept.names, c"other tables may").unwrap());
        drop(entry);
        assert_eq!(tables.erase(kept.threads, &1), Ok(true));
    });
}

#[test]
fn a_field_of_another_table_is_an_error_and_never_the_hosts() {
    let (mut host, kept, session) = host();
    host.write(session, |tables| {
        let thread = tables.add(kept.threads, &1).unwrap();
        let name = tables.add(kept.names, c"x").unwrap();
        let wrong = "the field is of another table than the entry";
        assert_eq!(text(tables.read(&name, kept.comm)), wrong);
        assert_eq!(text(tables.read(&thread, kept.file_name)), wrong);
        assert_eq!(text(tables.write(&thread, kept.number, 1)), wrong);
        assert_eq!(text(tables.nested(&name, kept.files)), wrong);
        tables.write(&thread, kept.flag, true).unwrap();
        assert_eq!(tables.read(&thread, kept.flag), Ok(true));
        assert_eq!(text(tables.write(&thread, kept.pid, 1)), "the host cannot write the field");
        FAILS.set("read");
        assert_eq!(text(tables.read(&thread, kept.comm)), "the host cannot read the field");
        FAILS.set("text");
        assert_eq!(text(tables.read(&thread, kept.comm)), "the host gave NULL as the text of a field");
    });
}

#[test]
fn another_states_handles_are_an_error() {
    let (mut host, kept, session) = host();
    let (_, other) = host.init(find);
    assert_ne!(session, other);
    let wrong = "the table was found by another plugin state, or at no init at all";
    for session in [other, Session::NONE] {
        host.write(session, |tables| {
            assert_eq!(text(tables.get(kept.threads, &1)), wrong);
            assert_eq!(text(tables.size(kept.names)), wrong);
            assert_eq!(text(tables.add(kept.names, c"x")), wrong);
            assert_eq!(text(tables.erase(kept.names, c"x")), wrong);
            assert_eq!(text(tables.clear(kept.names)), wrong);
            assert_eq!(text(tables.for_each(kept.names, |_, _| ControlFlow::<()>::Continue(()))), wrong);
        });
    }
    let (field, _) = host.init(|tables| text(tables.field::<CStr>(kept.threads, c"comm")));
    assert_eq!(field, "the table was found by another plugin state");
}

#[test]
fn entries_of_another_callback_are_an_error() {
    let (mut host, kept, session) = host();
    host.call(session, |first| {
        let mut first = Writer::new(first);
        let entry = first.add(kept.threads, &1).unwrap();
        Host::new().call(session, |second| {
            let mut second = Writer::new(second);
            assert_eq!(text(second.read(&entry, kept.comm)), "the entry is of another callback");
            assert_eq!(text(second.write(&entry, kept.seen, 1)), "the entry is of another callback");
        });
    });
}

#[test]
fn functions_that_are_null_are_errors() {
    let (mut host, kept, session) = host();
    let nothing = "the host gives no functions to";
    host.call_with(session, core::ptr::null(), core::ptr::null(), |access| {
        let mut tables = Writer::new(access);
        assert!(text(tables.get(kept.threads, &1)).starts_with(nothing));
        assert!(text(tables.add(kept.threads, &1)).starts_with(nothing));
        assert!(text(tables.erase(kept.threads, &1)).starts_with(nothing));
    });
    let reader = crate::abi::TableReaderVtableExt { release_table_entry: None, ..fake::READER };
    let writer = crate::abi::TableWriterVtable { add_table_entry: None, clear_table: None, ..fake::WRITER };
    host.call_with(session, &raw const reader, &raw const writer, |access| {
        let mut tables = Writer::new(access);
        assert_eq!(text(tables.get(kept.threads, &1)), "the host's release_table_entry is NULL");
        assert_eq!(text(tables.clear(kept.threads)), "the host's clear_table is NULL");
    });
    host.call_with(session, &fake::READER, &raw const writer, |access| {
        assert_eq!(text(Writer::new(access).add(kept.threads, &1)), "the host's add_table_entry is NULL");
    });
    assert_eq!((Host::held(), Host::detached()), (0, 0));
}

#[test]
fn a_host_without_an_error_text_is_survived() {
    let (_, kept, session) = host();
    let mut text = Message::new();
    text.push_str("it failed");
    // SAFETY: the vtables are there; no function is called but those of them.
    let access = unsafe { Access::new(session, &fake::READER, core::ptr::null(), core::ptr::null_mut(), None) };
    FAILS.set("size");
    assert!(Reader::new(&access).size(kept.threads).is_err());
    access.append_host_error(&mut text);
    assert_eq!(text.as_str(), "it failed");
    FAILS.set("");
}
