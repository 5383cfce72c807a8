// SPDX-License-Identifier: Apache-2.0
//! Any bytes, and JSON with faults: nothing panics, and the ways to a value agree.

use falconet_std::json::{self, Elements, Tokens, Value, compact};
use proptest::prelude::*;

use super::cases;
use super::generate::{any_tree, write};

/// All that can be asked of a value, down to some depth.
fn walk(value: Value<'_>, payload: &[u8], depth: usize) {
    assert!(payload.as_ptr_range().start <= value.as_bytes().as_ptr_range().start);
    assert!(value.as_bytes().as_ptr_range().end <= payload.as_ptr_range().end);
    let _ = (value.kind(), value.number(), value.as_bool(), value.is_null(), format!("{value:?}"));
    if let Some(text) = value.text() {
        let _ = (text.as_str(), text.to_str(), format!("{text} {text:?}"), text == "a");
        assert!(text.to_bytes().len() <= text.raw().len());
    }
    if depth > 0 {
        value.elements().into_iter().flatten().for_each(|element| walk(element, payload, depth - 1));
        value.members().into_iter().flatten().for_each(|(_, member)| walk(member, payload, depth - 1));
    }
    let _ = (value.element(1), value.member("a"), value.path(["a", "b"]));
}

/// What goes over checked text only, of any.
fn go_over(payload: &[u8]) {
    let len = |text| Tokens::new(text).map(<[u8]>::len).sum::<usize>();
    let mut compacted = Vec::new();
    compact(payload, |piece| {
        compacted.extend_from_slice(piece);
        Ok::<(), ()>(())
    })
    .unwrap();
    assert!(compacted.len() <= payload.len() && len(payload) <= payload.len());
    for elements in [Elements::resume(payload), Elements::resume(payload).flattened()] {
        let mut again = elements.clone();
        elements.take(99).for_each(|element| walk(element, payload, 2));
        while again.next_members(|_, value| walk(value, payload, 2)).is_some() {}
        assert!(payload.ends_with(again.rest()));
    }
}

fn holds_of_any_bytes(payload: &[u8], pointer: &str) -> Result<(), TestCaseError> {
    walk(Value::trust(payload), payload, 4);
    go_over(payload);
    let _ = Value::trust(payload).pointer(pointer);
    let checked = Value::check(payload);
    let found = checked.ok().and_then(|value| value.pointer(pointer));
    let at_once = json::pointer(payload, pointer);
    prop_assert_eq!(found.map(|value| value.as_bytes()), at_once.map(|value| value.as_bytes()));
    match checked {
        Ok(value) => walk(value, payload, 4),
        Err(malformed) => {
            prop_assert!(malformed.offset() <= payload.len());
            let strict = serde_json::from_slice::<serde::de::IgnoredAny>(payload);
            prop_assert!(strict.is_err(), "strictly valid, leniently refused: {}", malformed);
        }
    }
    Ok(())
}

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
