// SPDX-License-Identifier: Apache-2.0
//! What holds of any bytes, beside `serde_json`; `fuzz/` asks the same of more of them.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use falconet_std::json::{self, Elements, Rules, Tokens, Value, check, compact};
use proptest::prelude::*;
use serde::de::IgnoredAny;

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

pub(crate) fn holds_of_any_bytes(payload: &[u8], pointer: &str) -> Result<(), TestCaseError> {
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
            let strict = serde_json::from_slice::<IgnoredAny>(payload);
            prop_assert!(strict.is_err(), "strictly valid, leniently refused: {}", malformed);
        }
    }
    Ok(())
}

pub(crate) fn strict_as_serde_json(payload: &[u8]) -> Result<(), TestCaseError> {
    let strict = check(payload, Rules::Strict);
    // serde_json looks at bytes that are no UTF-8 only where it makes a string of them.
    let expected = serde_json::from_slice::<IgnoredAny>(payload);
    prop_assert_eq!(strict.is_ok(), expected.is_ok(), "{:?}: {}", strict, payload.escape_ascii());
    if let Ok(strict) = strict {
        let lenient = check(payload, Rules::Lenient).unwrap();
        prop_assert_eq!(lenient.value().as_bytes(), strict.value().as_bytes());
        prop_assert_eq!(lenient.blanks(), strict.blanks());
    }
    Ok(())
}
