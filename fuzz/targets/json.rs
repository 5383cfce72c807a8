// SPDX-License-Identifier: Apache-2.0
//! JSON of any bytes: nothing panics, the ways to a value agree, and what `serde_json` reads is read as it reads it.
#![no_main]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here is found")]

#[path = "../../std-adapter/tests/json/agree.rs"]
mod agree;

use std::collections::BTreeMap;

use agree::{holds_of_any_bytes, strict_as_serde_json};
use falconet_std::json::{MAX_DEPTH, Rules, Value, check};
use libfuzzer_sys::fuzz_target;
use serde_json::Value as Tree;

/// The value is the tree. Of members with the same key the tree has the last.
fn is(value: Value<'_>, tree: &Tree) {
    match tree {
        Tree::Null => assert!(value.is_null()),
        Tree::Bool(it) => assert_eq!(value.as_bool(), Some(*it)),
        Tree::Number(number) => {
            let text = value.number().unwrap();
            assert_eq!(text.parse::<f64>().ok(), number.as_f64(), "{text}");
        }
        Tree::String(string) => {
            let text = value.text().unwrap();
            assert_eq!(text.to_str().as_deref(), Some(&string[..]));
            assert!(text == **string);
        }
        Tree::Array(elements) => {
            let found: Vec<_> = value.elements().unwrap().collect();
            assert_eq!(found.len(), elements.len());
            found.iter().zip(elements).for_each(|(found, element)| is(*found, element));
        }
        Tree::Object(members) => {
            let key = |key: falconet_std::json::Text<'_>| key.to_str().unwrap().into_owned();
            let last: BTreeMap<_, _> = value.members().unwrap().map(|(name, found)| (key(name), found)).collect();
            assert_eq!(last.len(), members.len());
            for ((key, found), (its, member)) in last.iter().zip(members) {
                assert_eq!(key, its);
                is(*found, member);
                assert!(value.member(key).is_some());
            }
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    // A pointer, a line feed, the payload.
    let at = bytes.iter().position(|byte| *byte == b'\n').unwrap_or_default();
    let (pointer, payload) = bytes.split_at(at);
    let pointer = str::from_utf8(pointer).unwrap_or("/a/0");
    // Of its very own size, so that a sanitizer sees a read beyond.
    let payload: Box<[u8]> = payload.into();
    // Nothing can be nested so deep as `serde_json` takes it, and this does not.
    if payload.len() >= MAX_DEPTH {
        return;
    }
    holds_of_any_bytes(&payload, pointer).unwrap();
    strict_as_serde_json(&payload).unwrap();
    if let Ok(tree) = serde_json::from_slice::<Tree>(&payload) {
        match check(&payload, Rules::Strict) {
            Ok(checked) => is(checked.value(), &tree),
            Err(malformed) => panic!("serde_json reads it: {malformed}"),
        }
    }
});
