// SPDX-License-Identifier: Apache-2.0
//! What is valid is found as `serde_json` finds it, by every way there is.

use falconet::Timestamp;
use falconet::event::{Event, PluginPrefix};
use falconet::zerocopy::IntoBytes;
use falconet_std::json::{self, Kind, Value};
use proptest::prelude::*;
use serde_json::Value as Tree;

use super::generate::{any_key, any_tree, write};
use super::{cases, counting};

/// The value is the tree, all of it.
fn is(value: Value<'_>, tree: &Tree) -> Result<(), TestCaseError> {
    prop_assert_eq!(&serde_json::from_slice::<Tree>(value.as_bytes()).unwrap(), tree);
    prop_assert_eq!(value.as_bytes().trim_ascii(), value.as_bytes());
    prop_assert_eq!(value.is_null(), tree.is_null());
    prop_assert_eq!(value.as_bool(), tree.as_bool());
    prop_assert_eq!(value.number().is_some(), tree.is_number());
    prop_assert_eq!(value.text().is_some(), tree.is_string());
    prop_assert_eq!(value.elements().is_some(), tree.is_array());
    prop_assert_eq!(value.members().is_some(), tree.is_object());
    match tree {
        Tree::Null => prop_assert_eq!(value.kind(), Kind::Null),
        Tree::Bool(_) => prop_assert_eq!(value.kind(), Kind::Bool),
        Tree::Number(number) => {
            prop_assert_eq!(value.kind(), Kind::Number);
            prop_assert_eq!(value.number().and_then(|text| text.parse().ok()), number.as_f64());
        }
        Tree::String(string) => {
            let text = value.text().unwrap();
            prop_assert_eq!(text.to_str(), Some(string.into()));
            prop_assert_eq!(&*text.to_bytes(), string.as_bytes());
            prop_assert_eq!(&text.to_string(), string);
            prop_assert_eq!(text.as_str(), (!text.is_escaped()).then_some(&string[..]));
            let longer = string.clone() + "x";
            prop_assert!(text == **string && text != *longer);
        }
        Tree::Array(elements) => {
            prop_assert_eq!(value.elements().unwrap().count(), elements.len());
            for (i, (found, element)) in value.elements().unwrap().zip(elements).enumerate() {
                is(found, element)?;
                prop_assert_eq!(value.element(i).unwrap().as_bytes(), found.as_bytes());
            }
            prop_assert!(value.element(elements.len()).is_none() && value.element(usize::MAX).is_none());
        }
        Tree::Object(members) => {
            prop_assert_eq!(value.members().unwrap().count(), members.len());
            for ((found_key, found), (key, member)) in value.members().unwrap().zip(members) {
                prop_assert!(found_key == **key);
                is(found, member)?;
                prop_assert_eq!(value.member(key).unwrap().as_bytes(), found.as_bytes());
            }
        }
    }
    Ok(())
}

/// A pointer to each value of the tree.
fn pointers(tree: &Tree, to_it: &str, all: &mut Vec<String>) {
    all.push(to_it.to_owned());
    match tree {
        Tree::Array(elements) => {
            elements.iter().enumerate().for_each(|(i, element)| pointers(element, &format!("{to_it}/{i}"), all));
        }
        Tree::Object(members) => members.iter().for_each(|(key, member)| {
            pointers(member, &format!("{to_it}/{}", key.replace('~', "~0").replace('/', "~1")), all);
        }),
        _ => {}
    }
}

fn found_as_in_the_tree(payload: &[u8], tree: &Tree, pointer: &str) -> Result<(), TestCaseError> {
    let found = json::pointer(payload, pointer);
    let trusted = Value::trust(payload).pointer(pointer);
    prop_assert_eq!(found.map(|value| value.as_bytes()), trusted.map(|value| value.as_bytes()));
    let found = found.map(|value| serde_json::from_slice::<Tree>(value.as_bytes()).unwrap());
    prop_assert_eq!(found.as_ref(), tree.pointer(pointer), "{}", pointer);
    Ok(())
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn all_of_a_valid_payload_is_found(tree in any_tree(), choices in prop::collection::vec(any::<u8>(), 1..50)) {
        let payload = write(&tree, &choices);
        prop_assert_eq!(&serde_json::from_slice::<Tree>(&payload).unwrap(), &tree);
        is(Value::check(&payload).unwrap(), &tree)?;
        is(Value::trust(&payload), &tree)?;
        let mut all = Vec::new();
        pointers(&tree, "", &mut all);
        for pointer in all {
            found_as_in_the_tree(&payload, &tree, &pointer)?;
        }
    }

    #[test]
    fn any_pointer_finds_what_it_finds_in_a_tree(
        tree in any_tree(),
        choices in prop::collection::vec(any::<u8>(), 1..50),
        tokens in prop::collection::vec(prop_oneof![any_key(), "[0-9+-]{1,2}", "[~01a]{0,4}"], 0..4),
        leading in prop::sample::select(vec!["/", "/", "/", ""]),
    ) {
        let payload = write(&tree, &choices);
        found_as_in_the_tree(&payload, &tree, &format!("{leading}{}", tokens.join("/")))?;
    }
}

#[test]
fn rfc_6901s_own_examples() {
    let payload = br#"{"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6,
        " ": 7, "m~n": 8}"#;
    let found = |pointer| json::pointer(payload, pointer).and_then(|value| str::from_utf8(value.as_bytes()).ok());
    assert_eq!(found("").map(str::len), Some(payload.len()));
    assert_eq!(found("/foo"), Some(r#"["bar", "baz"]"#));
    assert_eq!(found("/foo/0"), Some(r#""bar""#));
    for (i, pointer) in ["/", "/a~1b", "/c%d", "/e^f", "/g|h", "/i\\j", "/k\"l", "/ ", "/m~0n"].iter().enumerate() {
        assert_eq!(found(pointer), Some(&*i.to_string()), "{pointer}");
    }
    for nowhere in ["foo", "/foo/2", "/foo/-", "/foo/00", "/foo/+1", "/foo/0/x", "/nope", "/foo/99999999999999999999"] {
        assert_eq!(found(nowhere), None, "{nowhere}");
    }
}

#[test]
fn a_values_text_is_a_piece_of_the_payload() {
    let payload = br#" {"a": [10, "text"]} "#;
    let text = json::pointer(payload, "/a/1").unwrap();
    assert_eq!(text.as_bytes().as_ptr(), payload[12..].as_ptr());
    assert_eq!(text.text().unwrap().raw().as_ptr(), payload[13..].as_ptr());
    assert_eq!(json::pointer(payload, "").unwrap().as_bytes(), payload.trim_ascii());
}

#[test]
fn an_event_has_a_span_of_what_is_found() {
    let payload = br#"{"user": {"name": "alice"}}"#;
    let prefix = PluginPrefix::new(Timestamp::HOST, 999, u32::try_from(payload.len()).unwrap());
    let bytes = [prefix.as_bytes(), payload].concat();
    let event = Event::parse(&bytes).unwrap();
    let name = json::pointer(event.payload(), "/user/name").and_then(|value| value.text()).unwrap();
    let span = event.span_of(name.raw()).unwrap();
    assert_eq!(event.get(span), Some(&b"alice"[..]));
}

#[test]
fn finding_costs_no_allocation() {
    let payload = br#"{"a": {"\u0062~": [1, "t\next", true, null]}, "c": 1e3}"#;
    let count = counting::allocations(|| {
        let array = json::pointer(payload, "/a/b~0").unwrap();
        assert!(array.element(1).unwrap().text().unwrap() == "t\next");
        assert_eq!(array.elements().unwrap().filter_map(|value| value.as_bool()).count(), 1);
        let payload = Value::check(payload).unwrap();
        assert_eq!(payload.members().unwrap().count(), 2);
        assert_eq!(payload.member("c").unwrap().number(), Some("1e3"));
        assert!(Value::check(b"[1, 2").is_err());
    });
    assert_eq!(count, 0);
}
