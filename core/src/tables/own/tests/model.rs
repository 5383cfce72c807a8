// SPDX-License-Identifier: Apache-2.0
//! Random operations on an exported table, with entries held, against a `HashMap`.

use core::ffi::c_void;
use std::collections::HashMap;
use std::sync::Mutex;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::foreign::Foreign;
use super::*;
use crate::abi::StateData;

#[derive(Clone, Debug)]
enum Op {
    Add(u64),
    Get(u64),
    Create,
    Destroy(usize),
    AddMade(usize, u64),
    Release(usize),
    Erase(u64),
    Write(usize, u64),
    Clear,
    Walk(Option<u64>),
    OwnerInsert(u64, u64),
    OwnerRemove(u64),
}

fn any_op() -> impl Strategy<Value = Op> {
    let key = || 0..7_u64;
    prop_oneof![
        4 => key().prop_map(Op::Add),
        4 => key().prop_map(Op::Get),
        2 => Just(Op::Create),
        1 => (0..4_usize).prop_map(Op::Destroy),
        2 => ((0..4_usize), key()).prop_map(|(index, key)| Op::AddMade(index, key)),
        4 => (0..9_usize).prop_map(Op::Release),
        3 => key().prop_map(Op::Erase),
        4 => ((0..9_usize), any::<u64>()).prop_map(|(index, value)| Op::Write(index, value)),
        1 => Just(Op::Clear),
        1 => proptest::option::of(key()).prop_map(Op::Walk),
        2 => (key(), any::<u64>()).prop_map(|(key, value)| Op::OwnerInsert(key, value)),
        2 => key().prop_map(Op::OwnerRemove),
    ]
}

/// What the model knows: entries are numbered, whatever slot they are in.
#[derive(Default)]
struct Model {
    values: Vec<u64>,
    live: HashMap<u64, usize>,
    held: Vec<(*mut c_void, usize)>,
    made: Vec<(*mut c_void, usize)>,
}

impl Model {
    fn entry(&mut self) -> usize {
        self.values.push(0);
        self.values.len() - 1
    }

    /// Slots that are in use: those of the index, and others that somebody holds.
    fn slots(&self) -> usize {
        let mut used: Vec<usize> = self.live.values().copied().chain(self.held.iter().map(|held| held.1)).collect();
        used.extend(self.made.iter().map(|made| made.1));
        used.sort_unstable();
        used.dedup();
        used.len()
    }
}

static SHARED: Shared = Shared::new();
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn run(ops: &[Op]) {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let foreign = Foreign::of(&SHARED);
    let table = foreign.table(0);
    let requests = table.field(c"requests", abi::ST_UINT64);
    let mut model = Model::default();
    for op in ops {
        let room = model.slots() < 8;
        match *op {
            Op::Add(key) => {
                let entry = table.add(key);
                let fits = room && (model.live.contains_key(&key) || model.live.len() < 4);
                assert_eq!(!entry.is_null(), fits, "{op:?}");
                if fits {
                    let number = model.entry();
                    model.live.insert(key, number);
                    model.held.push((entry, number));
                }
            }
            Op::Get(key) => {
                let entry = table.get(key);
                assert_eq!(entry.is_some(), model.live.contains_key(&key), "{op:?}");
                if let Some(entry) = entry {
                    model.held.push((entry, model.live[&key]));
                }
            }
            Op::Create => {
                let entry = table.create();
                assert_eq!(!entry.is_null(), room, "{op:?}");
                if room {
                    let number = model.entry();
                    model.made.push((entry, number));
                }
            }
            Op::Destroy(index) if index < model.made.len() => table.destroy(model.made.swap_remove(index).0),
            Op::AddMade(index, key) if index < model.made.len() => {
                let (made, number) = model.made.swap_remove(index);
                let entry = table.add_entry(key, made);
                let fits = model.live.contains_key(&key) || model.live.len() < 4;
                assert_eq!(entry, if fits { made } else { core::ptr::null_mut() }, "{op:?}");
                if fits {
                    model.live.insert(key, number);
                    model.held.push((entry, number));
                }
            }
            Op::Release(index) if index < model.held.len() => table.release(model.held.swap_remove(index).0),
            Op::Erase(key) => assert_eq!(table.erase(key), model.live.remove(&key).is_some(), "{op:?}"),
            Op::Write(index, value) if index < model.held.len() => {
                let (entry, number) = model.held[index];
                assert!(table.write(entry, requests, StateData { u64: value }));
                model.values[number] = value;
            }
            Op::Clear => {
                assert!(table.clear());
                model.live.clear();
            }
            Op::Walk(erase) => {
                let mut seen = Vec::new();
                let mut erased = false;
                assert!(table.iterate(|entry| {
                    seen.push(table.read_u64(entry, requests).unwrap());
                    erased |= erase.is_some_and(|key| table.erase(key));
                    true
                }));
                let mut expected: Vec<u64> = model.live.values().map(|number| model.values[*number]).collect();
                let gone = erase.filter(|_| erased).and_then(|key| model.live.remove(&key));
                if let Some(gone) = gone.filter(|_| seen.len() < expected.len()) {
                    // It was erased before the walk came to it.
                    let at = expected.iter().position(|value| *value == model.values[gone]).unwrap();
                    expected.swap_remove(at);
                }
                seen.sort_unstable();
                expected.sort_unstable();
                assert_eq!(seen, expected);
            }
            Op::OwnerInsert(key, value) => {
                let mut clients = SHARED.clients.lock().unwrap();
                let entry = clients.insert(&key);
                let fits = room && (model.live.contains_key(&key) || model.live.len() < 4);
                assert_eq!(entry.is_ok(), fits, "{op:?}");
                if let Ok(entry) = entry {
                    entry.requests = value;
                    let number = model.entry();
                    model.values[number] = value;
                    model.live.insert(key, number);
                }
            }
            Op::OwnerRemove(key) => {
                assert_eq!(SHARED.clients.lock().unwrap().remove(&key), model.live.remove(&key).is_some());
            }
            _ => {}
        }
        assert_eq!(table.size(), model.live.len() as u64);
        for (entry, number) in &model.held {
            assert_eq!(
                table.read_u64(*entry, requests),
                Some(model.values[*number]),
                "a held entry is its own after {op:?}"
            );
        }
        let clients = SHARED.clients.lock().unwrap();
        for (key, number) in &model.live {
            assert_eq!(clients.get(key).map(|client| client.requests), Some(model.values[*number]));
        }
    }
    unregister(&SHARED, TABLES);
}

#[test]
fn an_exported_table_is_what_a_map_is() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(400);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(ops in proptest::collection::vec(any_op(), 1..60))| run(&ops));
}
