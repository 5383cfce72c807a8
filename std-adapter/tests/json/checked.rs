// SPDX-License-Identifier: Apache-2.0
//! What a check finds: the strict rules are `serde_json`'s, members and blanks are counted on the way, and what goes over
//! checked text agrees with it.

use std::fmt;

use falconet_std::json::{Elements, Kind, Reason, Rules, Tokens, Value, check, check_members, compact};
use proptest::prelude::*;
use serde::de::{MapAccess, Visitor};
use serde_json::Value as Tree;

use super::agree::strict_as_serde_json;
use super::cases;
use super::generate::{any_key, any_tree, write};

fn compacted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    compact(text, |piece| {
        out.extend_from_slice(piece);
        Ok::<(), ()>(())
    })
    .unwrap();
    out
}

/// The members of an object as `serde_json` reads them, those with the same key too.
struct All(Vec<(String, Tree)>);

impl<'de> serde::Deserialize<'de> for All {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = All;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<All, M::Error> {
                let mut all = Vec::new();
                while let Some(member) = map.next_entry()? {
                    all.push(member);
                }
                Ok(All(all))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

proptest! {
    #![proptest_config(cases(3000))]

    #[test]
    fn the_strict_rules_are_serde_jsons(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "{", "}", "[", "]", ":", ",", "\"", "\\", "\\\"", "\\u00e9", "\\ud83d", "\\u1", "\"a\"", "\"a\":", "0",
                "12", "-", "+1", ".5", "1.5e3", "e", "nan", "null", "true", " ", "\n", "\t", "é", "\0", "\x1f", "\x7f",
            ]),
            0..12,
        ),
        tree in any_tree(),
        choices in prop::collection::vec(any::<u8>(), 1..50),
        faults in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        strict_as_serde_json(pieces.concat().as_bytes())?;
        strict_as_serde_json(format!("\"{}\"", pieces.concat()).as_bytes())?;
        strict_as_serde_json(format!("[{}]", pieces.concat()).as_bytes())?;
        let mut payload = write(&tree, &choices);
        for (at, byte) in faults {
            let at = at.index(payload.len());
            payload[at] = byte;
        }
        strict_as_serde_json(&payload)?;
    }

    #[test]
    fn any_nesting_is_taken_as_serde_json_takes_it(
        levels in prop::collection::vec(any::<bool>(), 0..200),
        wrong in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut payload: Vec<u8> = levels.iter().flat_map(|object| if *object { &b"{\"a\":"[..] } else { b"[" }).copied().collect();
        payload.extend_from_slice(b"{}");
        let closing = payload.len();
        payload.extend(levels.iter().rev().map(|object| if *object { b'}' } else { b']' }));
        if let Some(wrong) = wrong.filter(|_| !levels.is_empty()) {
            let at = closing + wrong.index(levels.len());
            payload[at] ^= b'}' ^ b']';
            prop_assert_eq!(check(&payload, Rules::Lenient).map_err(|malformed| malformed.offset()).err(), Some(at));
        }
        strict_as_serde_json(&payload)?;
    }

    #[test]
    fn members_with_the_same_key_are_all_there(
        members in prop::collection::vec((any_key(), any_tree()), 0..6),
        choices in prop::collection::vec(any::<u8>(), 1..50),
    ) {
        // An array of pairs, and then its brackets and commas made those of an object.
        let written: Vec<_> = members.iter().map(|(key, member)| {
            [write(&Tree::from(&key[..]), &choices), write(member, &choices)].join(&b':')
        }).collect();
        let payload = [&b" { "[..], &written.join(&b','), b" }"].concat();
        let All(expected) = serde_json::from_slice(&payload).unwrap();
        prop_assert_eq!(&expected, &members);
        let mut found = Vec::new();
        let checked = check_members(&payload, Rules::Strict, |key, value| found.push((key, value))).unwrap();
        prop_assert_eq!(found.len(), members.len());
        for (((key, value), (its_key, tree)), (again, same)) in
            found.iter().zip(&members).zip(checked.value().members().unwrap())
        {
            prop_assert!(*key == **its_key && again.raw().as_ptr() == key.raw().as_ptr());
            prop_assert_eq!(&serde_json::from_slice::<Tree>(value.as_bytes()).unwrap(), tree);
            prop_assert_eq!(same.as_bytes(), value.as_bytes());
            let first = members.iter().find(|(key, _)| key == its_key).map(|(_, tree)| tree);
            let found = checked.value().member(its_key).unwrap();
            prop_assert_eq!(serde_json::from_slice::<Tree>(found.as_bytes()).ok(), first.cloned());
        }
    }

    #[test]
    fn surrogates_in_pairs_are_as_in_serde_json(units in prop::collection::vec(
        prop_oneof![0xD700..0xE100_u16, any::<u16>()], 0..6,
    ), between in "[a\\\\n]{0,2}") {
        let between = between.replace('\\', "\\\\");
        let raw: Vec<_> = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
        let payload = format!("\"{}\"", raw.join(&between));
        strict_as_serde_json(payload.as_bytes())?;
        let text = Value::check(payload.as_bytes()).unwrap().text().unwrap();
        let mut written = Vec::new();
        text.write(|piece| { written.extend_from_slice(piece); Ok::<(), ()>(()) }).unwrap();
        prop_assert_eq!(&written[..], &*text.to_bytes());
        prop_assert!(text == written[..]);
        match serde_json::from_str::<String>(&payload) {
            Ok(string) => prop_assert_eq!(text.to_str(), Some(string.into())),
            Err(_) => prop_assert!(String::from_utf16(&units).is_err() || !between.is_empty()),
        }
    }

    #[test]
    fn blanks_are_counted_and_dropped(tree in any_tree(), choices in prop::collection::vec(any::<u8>(), 1..50)) {
        let payload = write(&tree, &choices);
        let checked = check(&payload, Rules::Lenient).unwrap();
        let compacted = compacted(&payload);
        prop_assert_eq!(&serde_json::from_slice::<Tree>(&compacted).unwrap(), &tree);
        prop_assert_eq!(checked.blanks(), payload.trim_ascii().len() - compacted.len());
        prop_assert_eq!(checked.value().as_bytes(), payload.trim_ascii());
        prop_assert_eq!(check(&compacted, Rules::Strict).unwrap().blanks(), 0);
        prop_assert_eq!(Tokens::new(&payload).collect::<Vec<_>>().concat(), compacted);
    }

    #[test]
    fn elements_go_on_where_they_were_left(
        trees in prop::collection::vec(any_tree(), 0..6), choices in prop::collection::vec(any::<u8>(), 1..50),
    ) {
        let payload = write(&Tree::from(trees.clone()), &choices);
        let all: Vec<_> = Value::check(&payload).unwrap().elements().unwrap().map(|value| value.as_bytes()).collect();
        prop_assert_eq!(all.len(), trees.len());
        let mut elements = Value::check(&payload).unwrap().elements().unwrap();
        for (element, tree) in all.iter().zip(&trees) {
            let mut members = Vec::new();
            let found = elements.next_members(|key, value| members.push((key.to_string(), value.as_bytes()))).unwrap();
            prop_assert_eq!(found.as_bytes(), *element);
            prop_assert_eq!(members.len(), tree.as_object().map_or(0, serde_json::Map::len));
            for ((key, member), (its, tree)) in members.iter().zip(tree.as_object().into_iter().flatten()) {
                prop_assert_eq!(key, its);
                prop_assert_eq!(&serde_json::from_slice::<Tree>(member).unwrap(), tree);
            }
            // The end of the value is that of the rest: blanks may follow in the payload.
            let text = payload.trim_ascii();
            elements = Elements::resume(&text[text.len() - elements.rest().len()..]);
        }
        prop_assert!(elements.next().is_none());
        let mut flat = 0;
        let mut arrays = trees;
        while let Some(tree) = arrays.pop() {
            match tree {
                Tree::Array(inner) => arrays.extend(inner),
                _ => flat += 1,
            }
        }
        let flattened = Value::trust(&payload).elements().unwrap().flattened();
        prop_assert!(flattened.clone().all(|value| value.kind() != Kind::Array));
        prop_assert_eq!(flattened.count(), flat);
    }
}

#[test]
fn what_only_the_lenient_rules_take() {
    for text in [
        "nan",
        "NaN",
        "-nan",
        "+nan",
        "inf",
        "-Inf",
        "+1",
        "01",
        "-01.50",
        "1.",
        ".5",
        "1e",
        "--1",
        "e5",
        "1+2",
        "\"a\tb\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u00zz\"",
    ] {
        assert!(check(text.as_bytes(), Rules::Lenient).is_ok(), "{text}");
        assert!(check(text.as_bytes(), Rules::Strict).is_err(), "{text}");
        let wrapped = format!(" {{\"a\": [{text} , {text}]}} ");
        let value = check(wrapped.as_bytes(), Rules::Lenient).unwrap().value();
        let elements: Vec<_> = value.member("a").unwrap().elements().unwrap().map(|value| value.as_bytes()).collect();
        assert_eq!(elements, [text.as_bytes(); 2], "{wrapped}");
    }
}

#[test]
fn what_no_rules_take_is_told_with_its_place() {
    for (text, offset, reason) in [
        ("", 0, Reason::Value),
        ("  ", 2, Reason::Value),
        ("-", 0, Reason::Value),
        ("nul", 0, Reason::Value),
        ("True", 0, Reason::Value),
        ("{", 1, Reason::Key),
        ("{a:1}", 1, Reason::Key),
        ("{\"a\":1,}", 7, Reason::Key),
        ("[{\"a\":1,}]", 8, Reason::Key),
        ("{\"a\"}", 4, Reason::Colon),
        ("[{\"a\"}]", 5, Reason::Colon),
        ("{\"a\":}", 5, Reason::Value),
        ("{\"a\":1]", 6, Reason::InObject),
        ("{\"a\":1", 6, Reason::InObject),
        ("[1,]", 3, Reason::Value),
        ("[1}", 2, Reason::InArray),
        ("[1 2]", 3, Reason::InArray),
        ("[[1 2]]", 4, Reason::InArray),
        ("\"a", 0, Reason::String),
        ("[\"a\\\"", 1, Reason::String),
        ("{\"a", 1, Reason::String),
        ("{} {}", 3, Reason::Trailing),
        ("[]]", 2, Reason::Trailing),
        ("\u{feff}{}", 0, Reason::Value),
    ] {
        for rules in [Rules::Lenient, Rules::Strict] {
            let malformed = check(text.as_bytes(), rules).unwrap_err();
            assert_eq!((malformed.offset(), malformed.reason()), (offset, reason), "{text} {rules:?}");
        }
    }
}
