// SPDX-License-Identifier: Apache-2.0
//! Any bytes, and JSON with faults: nothing panics, and the ways to a value agree.

use proptest::prelude::*;

use super::agree::holds_of_any_bytes;
use super::cases;
use super::generate::{any_tree, write};

fn any_pointer() -> impl Strategy<Value = String> {
    prop_oneof![8 => "(/[ab01~]{0,2}){0,4}", 1 => any::<String>()]
}

proptest! {
    #![proptest_config(cases(3000))]

    #[test]
    fn any_bytes(payload in prop::collection::vec(any::<u8>(), 0..60), pointer in any_pointer()) {
        holds_of_any_bytes(&payload, &pointer)?;
    }

    #[test]
    fn what_looks_like_json(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "{", "}", "[", "]", ":", ",", "\"", "\\", "\"a\"", "\"b\":", "\\u", "\\ud8", "00", "1", "-", "e", "nan",
                "null", "true", " ", "\n", "\"\\u0061\"", "\"a\": [", "é", "\0",
            ]),
            0..30,
        ),
        pointer in any_pointer(),
    ) {
        holds_of_any_bytes(pieces.concat().as_bytes(), &pointer)?;
    }

    #[test]
    fn json_with_faults(
        tree in any_tree(),
        choices in prop::collection::vec(any::<u8>(), 1..50),
        faults in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..4), 0..4),
        pointer in any_pointer(),
    ) {
        let mut payload = write(&tree, &choices);
        for (at, byte, kind) in faults {
            let at = at.index(payload.len() + 1);
            match kind {
                0 => payload.insert(at, byte),
                1 => payload.insert(at, b"{}[]\",:\\"[usize::from(byte % 8)]),
                2 => payload.truncate(at),
                _ => { payload.drain(at..payload.len().min(at + usize::from(byte % 8))); }
            }
        }
        holds_of_any_bytes(&payload, &pointer)?;
    }
}
