// SPDX-License-Identifier: Apache-2.0
//! A plugin's own tables: its own access, and others' through the vtables as a host hands them on.
#![expect(unsafe_code, reason = "a caller in C, and the host's side of the functions")]

mod foreign;
mod model;
mod others;

use core::ffi::c_void;
use core::ops::ControlFlow;
use std::string::String;
use std::string::ToString;
use std::vec::Vec;

use super::*;
use crate::Error;
use crate::abi;
use crate::error::Message;
use crate::tables::{Access, Field, InitTables, Nested, Table, Writer};
use foreign::Foreign;

pub(super) struct Port {
    packets: u64,
    note: Text<8>,
}

impl Row for Port {
    const EMPTY: Self = Self { packets: 0, note: Text::new() };
    const FIELDS: &'static [EntryField<Self>] = &[
        EntryField::new(c"packets", |port: &mut Self| &mut port.packets),
        EntryField::new(c"note", |port: &mut Self| &mut port.note),
    ];
}

pub(super) struct Client {
    requests: u64,
    level: i8,
    name: Text<8>,
    blocked: bool,
    ports: NestedTable<u16, Port, 3>,
    own: u32,
}

impl Row for Client {
    const EMPTY: Self =
        Self { requests: 0, level: 0, name: Text::new(), blocked: false, ports: NestedTable::new(), own: 0 };
    const FIELDS: &'static [EntryField<Self>] = &[
        EntryField::new(c"requests", |client: &mut Self| &mut client.requests),
        EntryField::new(c"level", |client: &mut Self| &mut client.level),
        EntryField::new(c"name", |client: &mut Self| &mut client.name),
        EntryField::new(c"blocked", |client: &mut Self| &mut client.blocked).read_only(),
        EntryField::new(c"ports", |client: &mut Self| &mut client.ports),
    ];
}

pub(super) type Clients = StateTable<u64, Client, 4, 2, 16>;

/// The shared part of a plugin.
pub(super) struct Shared {
    clients: Clients,
    users: StateTable<Text<8>, Port, 2, 0, 8>,
    flags: StateTable<bool, Port, 1>,
}

impl Shared {
    const fn new() -> Self {
        Self { clients: StateTable::new(), users: StateTable::new(), flags: StateTable::new() }
    }
}

const TABLES: &[ExportedTable<Shared>] = &[
    ExportedTable::new(c"clients", |shared: &Shared| &shared.clients),
    ExportedTable::new(c"users", |shared: &Shared| &shared.users),
    ExportedTable::new(c"flags", |shared: &Shared| &shared.flags),
];

fn text<T>(result: Result<T, Error>) -> String {
    result.map(drop).unwrap_err().to_string()
}

#[test]
fn a_table_is_nothing_but_zeros_at_first() {
    const SIZE: usize = size_of::<Shared>();
    static SHARED: Shared = Shared::new();
    // SAFETY: read as bytes, each of them once; padding of a static is there, and zero.
    let zeros = (0..SIZE).all(|at| unsafe { (&raw const SHARED).cast::<u8>().add(at).read_volatile() } == 0);
    assert!(zeros, "it lies in .bss");
}

#[test]
fn the_owner_adds_finds_changes_and_removes() {
    static TABLE: Clients = StateTable::new();
    let mut clients = TABLE.lock().unwrap();
    assert!(clients.is_empty() && clients.get(&1).is_none());
    for key in 1..=4 {
        clients.insert(&key).unwrap().requests = key * 10;
    }
    assert_eq!(text(clients.insert(&5)), "the table is full (capacity 4)");
    assert_eq!(text(clients.get_or_insert(&5)), "the table is full (capacity 4)");
    assert_eq!(clients.get_or_insert(&4).unwrap().requests, 40);
    // Over an entry in a full table.
    assert_eq!(clients.insert(&4).unwrap().requests, 0);
    clients.get_mut(&1).unwrap().own = 7;
    assert_eq!(clients.iter().map(|(key, client)| key + client.requests).sum::<u64>(), 1 + 2 + 3 + 4 + 60);
    assert!(clients.remove(&2) && !clients.remove(&2));
    assert_eq!((clients.len(), clients.get(&1).map(|client| client.own)), (3, Some(7)));
    clients.retain(|key, client| {
        client.level = -1;
        *key != 1
    });
    assert_eq!((clients.len(), clients.get(&3).map(|client| client.level)), (2, Some(-1)));
    assert_eq!(text(TABLE.lock()), "the table is in use at this moment");
    clients.clear();
    assert!(clients.is_empty());
    drop(clients);
    assert!(TABLE.lock().is_ok());
}

#[test]
fn the_owner_uses_tables_in_entries() {
    static TABLE: Clients = StateTable::new();
    let mut clients = TABLE.lock().unwrap();
    let mut ports = clients.insert(&1).unwrap().ports.entries();
    for port in [80, 443, 8080] {
        ports.insert(&port).unwrap().packets = u64::from(port);
    }
    assert!(ports.insert(&22).is_err());
    drop(ports);
    assert_eq!(clients.get_mut(&1).unwrap().ports.entries().get(&443).map(|port| port.packets), Some(443));
    assert_eq!(clients.insert(&1).unwrap().ports.entries().len(), 0);
}

/// A host that hands a plugin's tables to another one, as libsinsp does: its table pointers are inputs.
fn through_a_host<R>(
    shared: &'static Shared,
    init: impl FnOnce(&InitTables<'_>) -> R,
    callback: impl FnOnce(&R, &mut Writer<'_>),
) -> Vec<String> {
    let foreign = Foreign::of(shared);
    let (kept, session) = foreign.init(init);
    let reader = foreign::READER;
    let writer = foreign::WRITER;
    // SAFETY: the vtables are there for the call.
    let access =
        unsafe { Access::new(session, &reader, &writer, core::ptr::from_ref(&*foreign).cast_mut().cast(), None) };
    callback(&kept, &mut Writer::new(&access));
    foreign.errors()
}

#[test]
fn an_imported_table_may_be_an_exported_one() {
    static SHARED: Shared = Shared::new();
    struct Kept {
        clients: Table<u64>,
        name: Field<core::ffi::CStr>,
        requests: Field<u64>,
        blocked: Field<bool>,
        ports: Field<Nested<u16>>,
        packets: Field<u64>,
        added: Field<core::ffi::CStr>,
    }
    let init = |tables: &InitTables<'_>| -> Result<Kept, Error> {
        let clients = tables.get(c"clients")?;
        let ports = tables.field(clients, c"ports")?;
        Ok(Kept {
            clients,
            name: tables.field(clients, c"name")?,
            requests: tables.field(clients, c"requests")?,
            blocked: tables.field(clients, c"blocked")?,
            ports,
            packets: tables.field(ports, c"packets")?,
            added: tables.add_field(clients, c"added")?,
        })
    };
    through_a_host(&SHARED, init, |kept, tables| {
        let kept = kept.as_ref().unwrap();
        for key in 1..=4 {
            let client = tables.add(kept.clients, &key).unwrap();
            tables.write(&client, kept.requests, key * 2).unwrap();
            tables.write(&client, kept.added, c"mine").unwrap();
            let ports = tables.nested(&client, kept.ports).unwrap();
            let port = tables.add(ports, &443).unwrap();
            tables.write(&port, kept.packets, 9).unwrap();
            assert_eq!((tables.name(ports), tables.size(ports)), (Ok(c"ports"), Ok(1)));
        }
        assert!(tables.add(kept.clients, &5).is_err());
        let mut sum = 0;
        let end = tables.for_each_mut(kept.clients, |client, tables| {
            sum += tables.read(client, kept.requests).unwrap();
            assert_eq!(tables.read(client, kept.added), Ok(c"mine"));
            tables.write(client, kept.name, c"1234567").unwrap();
            assert!(tables.write(client, kept.name, c"12345678").is_err());
            assert!(tables.write(client, kept.blocked, true).is_err());
            ControlFlow::<()>::Continue(())
        });
        assert_eq!((end, sum), (Ok(ControlFlow::Continue(())), 20));
        assert_eq!(tables.erase(kept.clients, &1), Ok(true));
        assert_eq!(tables.erase(kept.clients, &1), Ok(false));
        assert_eq!((tables.size(kept.clients), tables.name(kept.clients)), (Ok(3), Ok(c"clients")));
    });
    let mut clients = SHARED.clients.lock().unwrap();
    let client = clients.get_mut(&2).unwrap();
    assert_eq!((client.requests, client.name.as_c_str(), client.blocked), (4, c"1234567", false));
    assert_eq!(client.ports.entries().get(&443).map(|port| port.packets), Some(9));
}

#[test]
fn errors_reach_the_owner_until_the_state_ends() {
    static SHARED: Shared = Shared::new();
    let foreign = Foreign::of(&SHARED);
    let clients = foreign.table(0);
    assert!(clients.get(9u64).is_none());
    assert_eq!(foreign.errors(), ["the table has no entry at this key"]);
    // An error while the owner has the table.
    let guard = SHARED.clients.lock().unwrap();
    assert!(clients.get(9u64).is_none() && clients.size() == u64::MAX && clients.create().is_null());
    drop(guard);
    assert_eq!(foreign.errors().last().unwrap(), "the table is in use at this moment");
    unregister(&SHARED, TABLES);
    let before = foreign.errors().len();
    assert!(clients.get(9u64).is_none());
    assert_eq!(foreign.errors().len(), before);
}

#[test]
fn a_name_that_is_taken_is_the_hosts_error_at_init() {
    static SHARED: Shared = Shared::new();
    static OTHER: Shared = Shared::new();
    let foreign = Foreign::of(&SHARED);
    let (result, _) = foreign.init(|tables| {
        // SAFETY: nothing is told through it.
        let sink = unsafe { Sink::new(core::ptr::null(), |_: *const c_void, _: &Error| ()) };
        let result = register(tables, &OTHER, TABLES, sink);
        let mut message = Message::new();
        tables.append_host_error(&mut message);
        (result, message)
    });
    assert_eq!(text(result.0), "the host does not take the table: is its name taken? (clients 0)");
    assert_eq!(result.1.as_str(), ": the host says: the name is taken");
}

#[test]
fn another_init_begins_with_an_empty_table() {
    static SHARED: Shared = Shared::new();
    for _ in 0..3 {
        let foreign = Foreign::of(&SHARED);
        let clients = foreign.table(0);
        assert_eq!(clients.size(), 0);
        // Never released: the host of before is gone.
        for key in 0..4u64 {
            assert!(!clients.add(key).is_null());
        }
        assert!(!clients.add_field(c"mine", abi::ST_UINT8).is_null());
        assert!(!clients.add_field(c"other", abi::ST_UINT8).is_null());
    }
}

#[test]
fn keys_of_the_same_hash_are_told_apart() {
    static TABLE: Clients = StateTable::new();
    static TEXTS: StateTable<Text<8>, Port, 1> = StateTable::new();
    let mut seen = std::collections::HashMap::new();
    let pair = (0..1_000_000_u64).find_map(|key| Some((seen.insert(raw::hash(&key.to_ne_bytes()), key)?, key)));
    let (one, other) = pair.unwrap();
    let mut clients = TABLE.lock().unwrap();
    clients.insert(&one).unwrap().own = 1;
    assert!(clients.get(&other).is_none());
    clients.insert(&other).unwrap().own = 2;
    assert_eq!(
        (clients.get(&one).map(|client| client.own), clients.get(&other).map(|client| client.own)),
        (Some(1), Some(2))
    );
    assert!(clients.remove(&one) && clients.get(&one).is_none());
    assert_eq!(clients.get(&other).map(|client| client.own), Some(2));
    let mut texts = TEXTS.lock().unwrap();
    texts.insert(&Text::from_bytes(b"root").unwrap()).unwrap();
    let keys: [&[u8]; 6] = [b"root", b"roo", b"root0", b"", b"1234567", b"123456789"];
    assert_eq!(keys.map(|key| texts.raw.key_is(0, key)), [true, false, false, false, false, false]);
}

#[test]
fn an_owner_and_another_thread_use_a_table_in_turn() {
    static SHARED: Shared = Shared::new();
    const ROUNDS: u64 = 20_000;
    let foreign = Foreign::of(&SHARED);
    let owner = std::thread::spawn(|| {
        let mut done = 0;
        for round in 0..ROUNDS {
            // In use: nobody waits.
            let Ok(mut clients) = SHARED.clients.lock() else { continue };
            if let Ok(client) = clients.get_or_insert(&(round % 5)) {
                client.requests = round % 5;
                done += 1;
            }
            clients.remove(&((round + 2) % 5));
            drop(clients);
            if round % 64 == 0 {
                std::thread::yield_now();
            }
        }
        done
    });
    let clients = foreign.table(0);
    let requests = clients.field(c"requests", abi::ST_UINT64);
    let mut got = 0;
    for round in 0..ROUNDS {
        if let Some(entry) = clients.get(round % 5) {
            got += 1;
            if let Some(read) = clients.read_u64(entry, requests) {
                assert_eq!(read, round % 5, "a held entry is no other key's");
            }
            clients.release(entry);
        }
    }
    assert!(owner.join().unwrap() > 0 && got > 0);
    clients.clear();
    let all: Vec<_> = (0..8).map(|_| clients.create()).collect();
    assert!(all.iter().all(|entry| !entry.is_null()), "nothing is held for ever");
}
