// SPDX-License-Identifier: Apache-2.0
//! The push queue against a model: a list of what was taken, for any order of calls of both sides.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use falconet_std::sources::{Config, PushError, Taken};
use falconet_std::{Timestamp, abi};
use proptest::prelude::*;

use crate::common::source::*;
use crate::common::*;
use crate::plugin::stream;

#[derive(Clone, Debug)]
enum Step {
    Push(usize),
    InPlace(usize),
    /// An in-place one that fails.
    Fails,
    Group(Vec<usize>),
    Next,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let len = prop_oneof![4 => 0..=64_usize, 1 => 65..=200_usize];
    let step = prop_oneof![
        6 => len.clone().prop_map(Step::Push),
        3 => (0..=64_usize).prop_map(Step::InPlace),
        1 => Just(Step::Fails),
        3 => proptest::collection::vec(len, 0..12).prop_map(Step::Group),
        4 => Just(Step::Next),
    ];
    proptest::collection::vec(step, 0..80)
}

proptest! {
    #[test]
    fn what_is_taken_is_delivered_in_order(steps in steps(), batches in 2..5_usize, flushes: bool, grow in 0..2_usize) {
        static NAME: AtomicU32 = AtomicU32::new(0);
        let name = format!("model {}", NAME.fetch_add(1, Ordering::Relaxed));
        let flush = if flushes { Duration::ZERO } else { Duration::from_secs(3600) };
        let config = Config::new().batches(batches).flush(flush).idle(Duration::ZERO).grow_to(grow * 150);
        let state = State::init(c"");
        let pusher = stream(&name, config);
        let instance = open(&state, &c(&format!("push:{name}")));
        let (mut taken, mut delivered, mut number) = (Vec::new(), Vec::new(), 0_u8);
        let mut payload = |len: usize| {
            number = number.wrapping_add(1);
            vec![number; len]
        };
        let admitted = |len: usize| len <= 64.max(grow * 150);
        for step in steps {
            match step {
                Step::Push(len) => {
                    let payload = payload(len);
                    match pusher.try_push(Timestamp::HOST, &payload) {
                        Ok(Taken::Whole) => taken.push(payload),
                        Ok(other) => prop_assert!(other == Taken::Skipped && !admitted(len)),
                        Err(error) => prop_assert!(matches!(error, PushError::Full)),
                    }
                }
                Step::InPlace(len) => {
                    let payload = payload(len);
                    if pusher.try_push_with(Timestamp::HOST, |view| view.write_all(&payload)).is_ok() {
                        taken.push(payload);
                    }
                }
                Step::Fails => {
                    let failed = pusher.try_push_with(Timestamp::HOST, |view| {
                        view.write_all(b"never seen").unwrap();
                        Err("as asked")
                    });
                    prop_assert!(matches!(failed, Err(PushError::Write(_) | PushError::Full)));
                }
                Step::Group(lens) => {
                    let group: Vec<_> = lens.iter().map(|len| payload(*len)).collect();
                    match pusher.try_push_all(group.iter().map(|payload| (Timestamp::HOST, &payload[..]))) {
                        Ok(_) => taken.extend(group.into_iter().filter(|payload| admitted(payload.len()))),
                        Err(PushError::Full | PushError::TooMany { .. }) => {}
                        Err(error) => prop_assert!(false, "{}", error),
                    }
                }
                Step::Next => {
                    let batch = instance.next();
                    delivered.extend(batch.events.iter().map(|event| event[38..].to_vec()));
                }
            }
            prop_assert_eq!(pusher.counts().taken, taken.len() as u64);
            prop_assert_eq!(pusher.counts().delivered, delivered.len() as u64);
        }
        drop(pusher);
        loop {
            let batch = instance.next();
            delivered.extend(batch.events.iter().map(|event| event[38..].to_vec()));
            if batch.rc == abi::EOF {
                break;
            }
        }
        prop_assert_eq!(delivered, taken);
    }
}
