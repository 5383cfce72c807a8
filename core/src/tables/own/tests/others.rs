// SPDX-License-Identifier: Apache-2.0
//! What others do to an exported table, rightly and wrongly.
#![expect(
    clippy::undocumented_unsafe_blocks,
    reason = "a caller in C, whose pointers are the tables' or wrong on purpose"
)]

use core::ptr::{null, null_mut};
use std::collections::HashSet;
use std::vec::Vec;

use super::foreign::{Caller, Foreign, ToKey};
use super::*;
use crate::abi::StateData;

#[test]
fn host_9_1_the_table_is_handed_over_with_all_its_functions() {
    static SHARED: Shared = Shared::new();
    let foreign = Foreign::of(&SHARED); // its `add_table` checks
    let input = foreign.table(1).input();
    assert_eq!((input.key_type, unsafe { core::ffi::CStr::from_ptr(input.name) }), (abi::ST_STRING, c"users"));
    assert_eq!(foreign.table(2).input().key_type, abi::ST_BOOL);
}

#[test]
fn host_9_2_keys_of_every_kind_are_found() {
    static SHARED: Shared = Shared::new();
    let foreign = Foreign::of(&SHARED);
    let (users, flags) = (foreign.table(1), foreign.table(2));
    for name in [c"", c"root"] {
        users.release(users.add(name));
        let entry = users.get(name).unwrap();
        users.release(entry);
    }
    assert!(users.get(c"roo").is_none() && users.get(c"root0").is_none());
    assert!(users.get(c"12345678").is_none());
    assert_eq!(foreign.last(), "a text is too long for the table (bytes 8, at most 7)");
    assert!(users.add(c"12345678").is_null(), "never cut");
    // A C bool may be anything but zero.
    flags.release(flags.add(true));
    assert!(flags.get(true).is_some() && flags.get(false).is_none());
    assert!(SHARED.flags.lock().unwrap().get(&true).is_some());
}

#[test]
fn host_9_3_a_released_entry_is_refused() {
    static SHARED: Shared = Shared::new();
    let foreign = Foreign::of(&SHARED);
    let clients = foreign.table(0);
    let requests = clients.field(c"requests", abi::ST_UINT64);
    let entry = clients.add(1u64);
    assert_eq!(clients.get(1u64), Some(entry));
    clients.release(entry);
    assert_eq!(clients.read_u64(entry, requests), Some(0));
    clients.release(entry);
    assert!(foreign.errors().is_empty());
    clients.release(entry);
    assert_eq!(foreign.last(), "the entry was released before");
    assert!(clients.read_u64(entry, requests).is_none());
    assert!(!clients.write(entry, requests, StateData { u64: 1 }));
}

#[test]
fn host_9_4_tables_in_entries_share_their_fields() {
    static SHARED: Shared = Shared::new();
    let foreign = Foreign::of(&SHARED);
    let clients = foreign.table(0);
    let ports_field = clients.field(c"ports", abi::ST_TABLE);
    let ports_of = |entry| Caller::nested(unsafe { clients.read(entry, ports_field).unwrap().table });
    // As plugins look fields up at init: by an entry that is never added.
    let sample = clients.create();
    let ports = ports_of(sample);
    assert_eq!(ports.input().key_type, abi::ST_UINT16);
    let packets = ports.field(c"packets", abi::ST_UINT64);
    assert_eq!(ports.add_field(c"packets", abi::ST_UINT64), packets);
    assert!(ports.add_field(c"more", abi::ST_UINT64).is_null());
    assert_eq!(foreign.last(), "the table takes no more fields (added 0)");
    assert_eq!(ports.fields().len(), 2);
    clients.destroy(sample);
    let (one, two) = (clients.add(1u64), clients.add(2u64));
    for (entry, number) in [(one, 10), (two, 20)] {
        let port = ports_of(entry).add(80u16);
        assert!(ports_of(entry).write(port, packets, StateData { u64: number }));
        ports_of(entry).release(port);
    }
    let port = ports_of(two).get(80u16).unwrap();
    assert_eq!(ports_of(two).read_u64(port, packets), Some(20));
    assert!(ports_of(one).read_u64(port, packets).is_none(), "another entry's");
    for port in [1u16, 2, 3] {
        let added = ports_of(one).add(port);
        assert_eq!(added.is_null(), port == 3, "there is room for 3");
        ports_of(one).release(added);
    }
    // An entry at a key again has none of the ports of before.
    clients.release(one);
    assert!(clients.erase(1u64));
    assert_eq!(ports_of(clients.add(1u64)).size(), 0);
    assert!(!clients.write(two, ports_field, StateData { table: null_mut() }));
    assert_eq!(foreign.last(), "a table in an entry is not written as a whole");
}

#[test]
fn host_9_5_a_failed_add_has_consumed_the_entry_and_a_missing_key_is_a_failure() {
    static SHARED: Shared = Shared::new();
    let foreign = Foreign::of(&SHARED);
    let clients = foreign.table(0);
    assert!(!clients.erase(1u64));
    assert_eq!(foreign.last(), "the table has no entry at this key");
    for key in 0..4u64 {
        clients.release(clients.add(key));
    }
    // More often than there are spare slots.
    for _ in 0..20 {
        let entry = clients.create();
        assert!(clients.add_entry(9u64, entry).is_null());
        assert_eq!(foreign.last(), "the table is full (capacity 4)");
        assert!(clients.add_entry(9u64, entry).is_null(), "it is gone");
    }
    let mut made: Vec<_> = (0..4).map(|_| clients.create()).collect();
    assert!(made.iter().all(|entry| !entry.is_null()) && clients.create().is_null());
    let why = "the table has no slot left: entries are made or held, and not released (capacity 4, spare 4)";
    assert_eq!(foreign.last(), why);
    made.drain(..).for_each(|entry| clients.destroy(entry));
    assert!(clients.add_entry(9u64, null_mut()).is_null());
    let live = clients.get(1u64).unwrap();
    assert!(clients.add_entry(9u64, live).is_null());
    assert_eq!(foreign.last(), "the entry was not made to be added, or was added before");
    clients.destroy(live);
    assert_eq!((clients.size(), clients.get(1u64)), (4, Some(live)));
}

#[test]
fn an_entry_is_replaced_in_a_full_table_and_the_old_one_stays_while_it_is_held() {
    static SHARED: Shared = Shared::new();
    let foreign = Foreign::of(&SHARED);
    let clients = foreign.table(0);
    let requests = clients.field(c"requests", abi::ST_UINT64);
    clients.fill(0..4, requests);
    let old = clients.get(3u64).unwrap();
    let new = clients.add(3u64);
    assert_ne!(old, new);
    assert_eq!((clients.read_u64(old, requests), clients.read_u64(new, requests)), (Some(3), Some(0)));
    // Other entries come and go; the held one is nobody else's.
    for key in 10..30u64 {
        assert!(clients.erase(0u64) || clients.erase(key - 1));
        let entry = clients.add(key);
        assert!(entry != old && clients.write(entry, requests, StateData { u64: 99 }));
        clients.release(entry);
    }
    assert_eq!(clients.read_u64(old, requests), Some(3));
    clients.release(old);
    assert!(clients.read(old, requests).is_none());
}

#[test]
fn entries_are_read_and_erased_during_a_walk() {
    static SHARED: Shared = Shared::new();
    let foreign = Foreign::of(&SHARED);
    let clients = foreign.table(0);
    let requests = clients.field(c"requests", abi::ST_UINT64);
    clients.fill(0..4, requests);
    let mut seen = HashSet::new();
    assert!(clients.iterate(|entry| {
        let key = clients.read_u64(entry, requests).unwrap();
        assert!(clients.erase(key) && !clients.erase(key));
        // Still this one's, and the owner is not kept out.
        assert_eq!(clients.read_u64(entry, requests), Some(key));
        assert!(SHARED.clients.lock().is_ok());
        seen.insert(key)
    }));
    assert_eq!((seen.len(), clients.size()), (4, 0));
    for key in 0..4u64 {
        clients.release(clients.add(key));
    }
    let mut number = 0;
    assert!(!clients.iterate(|_| {
        number += 1;
        assert!(clients.clear());
        number < 1
    }));
    assert_eq!((number, clients.size(), foreign.errors().len()), (1, 0, 4));
    // All slots are free again.
    let all: Vec<_> = (0..8).map(|_| clients.create()).collect();
    assert!(all.iter().all(|entry| !entry.is_null()));
}

#[test]
fn fields_are_added_up_to_the_number_and_keep_their_type() {
    static SHARED: Shared = Shared::new();
    let foreign = Foreign::of(&SHARED);
    let clients = foreign.table(0);
    let entry = clients.add(1u64);
    let number = clients.add_field(c"number", abi::ST_INT32);
    assert_eq!(clients.add_field(c"number", abi::ST_INT32), number);
    assert_eq!(clients.field(c"number", abi::ST_INT32), number);
    assert!(clients.add_field(c"number", abi::ST_STRING).is_null());
    assert_eq!(foreign.last(), "the field is of another state type (asked for 9, there is 3)");
    assert!(clients.add_field(c"requests", abi::ST_STRING).is_null());
    assert!(clients.add_field(c"a table", abi::ST_TABLE).is_null() && clients.add_field(c"x", 99).is_null());
    let long = std::ffi::CString::new([b'x'; 48]).unwrap();
    assert!(clients.add_field(&long, abi::ST_BOOL).is_null());
    let text = clients.add_field(c"text", abi::ST_STRING);
    assert!(clients.add_field(c"third", abi::ST_BOOL).is_null());
    assert_eq!(foreign.last(), "the table takes no more fields (added 2)");
    assert!(foreign.table(1).add_field(c"first", abi::ST_BOOL).is_null());
    let listed = clients.fields();
    assert_eq!(listed.len(), 7);
    assert!(
        listed.contains(&("blocked".into(), abi::ST_BOOL, 1)) && listed.contains(&("text".into(), abi::ST_STRING, 0))
    );
    // In an entry that was there before.
    assert_eq!((clients.read_u64(entry, number), clients.read_text(entry, text)), (Some(0), Some(c"".into())));
    assert!(
        clients.write(entry, number, StateData { s64: -2 }) && clients.write(entry, text, c"fifteen bytes..".key())
    );
    assert_eq!(clients.read(entry, number).map(|data| unsafe { data.s32 }), Some(-2));
    assert_eq!(clients.read_text(entry, text), Some(c"fifteen bytes..".into()));
    assert!(!clients.write(entry, text, c"sixteen bytes...".key()));
    assert!(clients.write(entry, text, c"a".key()));
    assert_eq!(clients.read_text(entry, text), Some(c"a".into()));
}

#[test]
fn fields_of_every_kind_are_written_and_read() {
    static SHARED: Shared = Shared::new();
    let foreign = Foreign::of(&SHARED);
    let clients = foreign.table(0);
    let entry = clients.add(1u64);
    let level = clients.field(c"level", abi::ST_INT8);
    let (name, blocked) = (clients.field(c"name", abi::ST_STRING), clients.field(c"blocked", abi::ST_BOOL));
    assert!(clients.write(entry, level, StateData { s64: -3 }) && clients.write(entry, name, c"seven..".key()));
    assert_eq!(clients.read_u64(entry, level), Some(0xFD), "the other bytes are zero");
    assert!(!clients.write(entry, name, c"eight...".key()));
    assert_eq!(foreign.last(), "a text is too long for the table (bytes 8, at most 7)");
    assert!(!clients.write(entry, name, StateData { str: null() }));
    assert_eq!(clients.read_text(entry, name), Some(c"seven..".into()));
    assert!(!clients.write(entry, blocked, StateData { b: 1 }));
    assert_eq!(foreign.last(), "the field is written by the table's owner only");
    SHARED.clients.lock().unwrap().get_mut(&1).unwrap().blocked = true;
    assert_eq!(clients.read(entry, blocked).map(|data| unsafe { data.b }), Some(1));
    assert!(clients.field(c"level", abi::ST_UINT8).is_null() && clients.field(c"own", abi::ST_UINT32).is_null());
}

#[test]
fn wrong_pointers_are_errors() {
    static SHARED: Shared = Shared::new();
    let foreign = Foreign::of(&SHARED);
    let (clients, users) = (foreign.table(0), foreign.table(1));
    let (entry, user) = (clients.add(1u64), users.add(c"x"));
    let (requests, packets) = (clients.field(c"requests", abi::ST_UINT64), users.field(c"packets", abi::ST_UINT64));
    let inner = entry.cast::<u8>().wrapping_add(8).cast();
    let next = entry.cast::<u8>().wrapping_add(1 << 20).cast();
    let before = entry.cast::<u8>().wrapping_sub(8).cast();
    for wrong in [null_mut(), inner, next, before, user, core::ptr::dangling_mut(), usize::MAX as *mut c_void] {
        assert!(clients.read(wrong, requests).is_none());
        assert_eq!(foreign.last(), "this is no entry of the table");
        assert!(!clients.write(wrong, requests, StateData { u64: 1 }));
        clients.release(wrong);
        clients.destroy(wrong);
        assert!(clients.add_entry(7u64, wrong).is_null());
        assert!(foreign.errors().len() >= 4);
    }
    for wrong in [null_mut(), packets, requests.cast::<u8>().wrapping_add(1).cast(), core::ptr::dangling_mut()] {
        assert!(clients.read(entry, wrong).is_none());
        assert_eq!(foreign.last(), "this is no field of the table");
    }
    let input = clients.input();
    assert!(clients.get_with(null()).is_null());
    assert_eq!(foreign.last(), "the key is NULL");
    assert!(users.get_with(&StateData { str: null() }).is_null());
    unsafe {
        assert_eq!(input.reader.read_entry_field.unwrap()(input.table, entry, requests, null_mut()), abi::FAILURE);
        assert_eq!(input.writer.write_entry_field.unwrap()(input.table, entry, requests, null()), abi::FAILURE);
        assert_eq!(input.writer.erase_table_entry.unwrap()(input.table, null()), abi::FAILURE);
        assert_eq!((*input.reader_ext).iterate_entries.unwrap()(input.table, None, null_mut()), 0);
        assert!(input.fields.get_table_field.unwrap()(input.table, null(), abi::ST_BOOL).is_null());
        assert!(input.fields.add_table_field.unwrap()(input.table, null(), abi::ST_BOOL).is_null());
        assert!(input.fields.list_table_fields.unwrap()(input.table, null_mut()).is_null());
        // NULL as the table has nobody to tell.
        let errors = foreign.errors().len();
        assert_eq!(input.reader.get_table_size.unwrap()(null_mut()), u64::MAX);
        assert!(input.reader.get_table_name.unwrap()(null_mut()).is_null());
        assert!(input.reader.get_table_entry.unwrap()(null_mut(), &StateData { u64: 1 }).is_null());
        assert_eq!(input.writer.clear_table.unwrap()(null_mut()), abi::FAILURE);
        assert!(input.writer.create_table_entry.unwrap()(null_mut()).is_null());
        (*input.reader_ext).release_table_entry.unwrap()(null_mut(), entry);
        input.writer.destroy_table_entry.unwrap()(null_mut(), entry);
        assert_eq!(foreign.errors().len(), errors);
    }
    assert_eq!(clients.read_u64(entry, requests), Some(0));
}

#[test]
fn a_field_that_is_not_in_the_entry_is_refused() {
    struct Elsewhere;
    static OUTSIDE: StateTable<u64, Elsewhere, 1> = StateTable::new();
    static LEAKED: core::sync::atomic::AtomicPtr<u64> = core::sync::atomic::AtomicPtr::new(null_mut());
    fn elsewhere(_: &mut Elsewhere) -> &mut u64 {
        let leaked = std::boxed::Box::leak(std::boxed::Box::new(0));
        LEAKED.store(leaked, core::sync::atomic::Ordering::Relaxed);
        leaked
    }
    impl Row for Elsewhere {
        const EMPTY: Self = Self;
        const FIELDS: &'static [EntryField<Self>] = &[EntryField::new(c"leaked", elsewhere)];
    }
    let mut outside = OUTSIDE.lock().unwrap();
    assert!(outside.insert(&1).is_ok());
    drop(outside);
    let sink = unsafe { Sink::new(null(), |_: *const c_void, _: &Error| ()) };
    let table = Caller::nested(OUTSIDE.begin(c"outside", sink).unwrap().cast_mut().cast());
    let (entry, field) = (table.add(1u64), table.field(c"leaked", abi::ST_UINT64));
    assert!(!entry.is_null() && !field.is_null() && table.read(entry, field).is_none());
}
