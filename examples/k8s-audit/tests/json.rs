// SPDX-License-Identifier: Apache-2.0
//! The JSON reader: what is accepted, what is found, and that nothing in a text makes it fail.
#![cfg(test)]

#[path = "support/random.rs"]
mod random;

use k8saudit::check::{Error, MAX_DEPTH, Rules, What, check, check_members};
use k8saudit::json::{Elements, Value, compact};
use random::Random;

fn accepted(text: &[u8], rules: Rules) -> bool {
    check(text, rules).is_ok()
}

fn compacted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let Ok(()) = compact(text, |piece| {
        out.extend_from_slice(piece);
        Ok::<(), core::convert::Infallible>(())
    });
    out
}

#[test]
fn what_only_the_lenient_rules_accept() {
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
        assert!(accepted(text.as_bytes(), Rules::Lenient), "{text}");
        assert!(!accepted(text.as_bytes(), Rules::Strict), "{text}");
        let wrapped = format!(" {{\"a\": [{text} , {text}]}} ");
        assert!(accepted(wrapped.as_bytes(), Rules::Lenient), "{wrapped}");
        let elements: Vec<_> = Value::new(wrapped.as_bytes()).get(b"a").unwrap().elements().map(Value::raw).collect();
        assert_eq!(elements, [text.as_bytes(); 2], "{wrapped}");
    }
}

#[test]
fn what_no_rules_accept() {
    for (text, at, what) in [
        ("", 0, What::Value),
        ("  ", 2, What::Value),
        ("-", 0, What::Value),
        ("+", 0, What::Value),
        ("nul", 0, What::Value),
        ("tru", 0, What::Value),
        ("True", 0, What::Value),
        ("Infinity", 0, What::Value),
        ("{", 1, What::Name),
        ("{a:1}", 1, What::Name),
        ("{\"a\":1,}", 7, What::Name),
        ("{\"a\"}", 4, What::Colon),
        ("{\"a\":}", 5, What::Value),
        ("{\"a\":1]", 6, What::InObject),
        ("{\"a\":1", 6, What::InObject),
        ("[1,]", 3, What::Value),
        ("[1}", 2, What::InArray),
        ("[1 2]", 3, What::InArray),
        ("\"a", 0, What::String),
        ("\"a\\\"", 0, What::String),
        ("{} {}", 3, What::Trailing),
        ("[]]", 2, What::Trailing),
        ("\u{feff}{}", 0, What::Value),
    ] {
        assert_eq!(check(text.as_bytes(), Rules::Strict), Err(Error { at, what }), "{text}");
        // The lenient rules know infinity by its first three letters.
        let at_and_what = if text == "Infinity" { (3, What::Trailing) } else { (at, what) };
        let error = Error { at: at_and_what.0, what: at_and_what.1 };
        assert_eq!(check(text.as_bytes(), Rules::Lenient), Err(error), "{text}");
    }
    assert_eq!(check(b"[1 2]", Rules::Lenient).unwrap_err().to_string(), "byte 3: a comma or ] was expected");
}

#[test]
fn deep_nesting_is_read_without_recursion() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for (depth, accepts) in [(MAX_DEPTH, true), (MAX_DEPTH + 1, false)] {
            let text = open.repeat(depth) + "1" + &close.repeat(depth);
            for rules in [Rules::Lenient, Rules::Strict] {
                assert_eq!(accepted(text.as_bytes(), rules), accepts, "{depth}");
            }
            assert_eq!(compacted(text.as_bytes()), text.as_bytes());
            assert_eq!(Value::new(text.as_bytes()).raw().len(), text.len());
        }
    }
    let text = "[".repeat(500_000);
    assert_eq!(check(text.as_bytes(), Rules::Lenient), Err(Error { at: MAX_DEPTH + 1, what: What::Deep }));
    assert_eq!(Elements::flat(text.as_bytes()).count(), 0);
}

#[test]
fn the_strict_rules_are_those_of_serde_json() {
    let mut random = Random::new(1);
    let mut valid = 0;
    for _ in 0..200_000 {
        let mut tokens = Vec::new();
        let text = if random.below(2) == 0 {
            random.bytes()
        } else {
            random.tokens(3, &mut tokens);
            random.spread(&tokens)
        };
        let expected = serde_json::from_slice::<serde::de::IgnoredAny>(&text).is_ok();
        // Bytes that are no UTF-8 are none of its business.
        if core::str::from_utf8(&text).is_ok() {
            assert_eq!(accepted(&text, Rules::Strict), expected, "{}", String::from_utf8_lossy(&text));
            valid += usize::from(expected);
        }
        assert!(accepted(&text, Rules::Lenient) || !accepted(&text, Rules::Strict));
    }
    assert!(valid > 10_000, "{valid}");
}

#[test]
fn compaction_drops_insignificant_blanks_and_nothing_else() {
    let mut random = Random::new(2);
    for _ in 0..50_000 {
        let mut tokens = Vec::new();
        random.tokens(4, &mut tokens);
        let text = random.spread(&tokens);
        let checked = check(&text, Rules::Lenient).unwrap_or_else(|why| panic!("{why}: {}", text.escape_ascii()));
        assert_eq!(compacted(&text), tokens.concat());
        assert_eq!(checked.blanks, text.trim_ascii().len() - tokens.concat().len());
        assert_eq!(checked.value.raw(), text.trim_ascii());
    }
}

#[test]
fn the_members_that_the_check_hands_over_are_those_of_the_value() {
    let mut random = Random::new(5);
    let mut seen = 0;
    for _ in 0..50_000 {
        let mut tokens = Vec::new();
        random.tokens(3, &mut tokens);
        let text = random.spread(&tokens);
        let mut members = Vec::new();
        let checked = check_members(&text, Rules::Lenient, |name, value| members.push((name, value))).unwrap();
        assert_eq!(members, checked.value.members().collect::<Vec<_>>(), "{}", text.escape_ascii());
        assert_eq!(checked.value, Value::new(&text));
        seen += members.len();
    }
    assert!(seen > 10_000, "{seen}");
}

#[test]
fn no_bytes_make_it_fail() {
    let mut random = Random::new(3);
    for _ in 0..200_000 {
        let text = random.bytes();
        let _checked = (check(&text, Rules::Lenient), check(&text, Rules::Strict));
        let _shorter = compacted(&text);
        let value = Value::new(&text);
        let inner = value.members().map(|(_, value)| value).chain(value.elements()).chain(value.flat_elements());
        for value in inner.chain(Elements::flat(&text)) {
            let _found =
                (value.get(b"a"), value.path(&["kind", "items"]), value.as_text().map(|text| text.to_cow().len()));
        }
    }
}

#[test]
fn the_first_of_members_with_one_name_counts() {
    let value = Value::new(br#"{"a":1,"\u0061":2,"a":3,"b\/c":4}"#);
    assert_eq!(value.get(b"a").unwrap().raw(), b"1");
    assert_eq!(value.get(b"b/c").unwrap().raw(), b"4");
    assert_eq!(value.get(br"\u0061"), None);
    assert_eq!(Value::new(br#"{"\u0061":2,"a":3}"#).get(b"a").unwrap().raw(), b"2");
    assert_eq!(Value::new(br#"{"a\x":1}"#).get(br"a\x").unwrap().raw(), b"1", "a kept escape is part of the name");
}

#[test]
fn escapes_are_undone_and_those_that_are_none_stay() {
    for (raw, expected) in [
        (r#"a\"\\\/\b\f\n\r\tz"#, "a\"\\/\u{8}\u{c}\n\r\tz"),
        (r"\u00e9\u20AC", "\u{e9}\u{20ac}"),
        (r"\ud83d\ude00", "\u{1f600}"),
        (r"\ud83d", r"\ud83d"),
        (r"\ude00", r"\ude00"),
        (r"\ud83dx\ude00", r"\ud83dx\ude00"),
        (r"\ud83d\u12", r"\ud83d\u12"),
        (r"\ud83d\u0041", "\u{fffd}"),
        (r"\ude00\ud83d", "\u{fffd}"),
        (r"\x\u12\u00zz", r"\x\u12\u00zz"),
        (r"\u+123", r"\u+123"),
        (r"\u0000", "\0"),
    ] {
        let text = format!("\"{raw}\"");
        let text = Value::new(text.as_bytes()).as_text().unwrap();
        assert_eq!(text.to_cow(), expected.as_bytes(), "{raw}");
        assert!(text.is(expected.as_bytes()) && !text.is(b"other"), "{raw}");
        assert_eq!(text.raw(), raw.as_bytes());
    }
}

#[test]
fn arrays_in_arrays_are_flat_where_asked() {
    let text = br#" [ [1, []], {"a": [2]}, [[["[3]"]]] , null] "#;
    let flat: Vec<_> = Elements::flat(text).map(|value| String::from_utf8_lossy(value.raw()).into_owned()).collect();
    assert_eq!(flat, ["1", "{\"a\": [2]}", "\"[3]\"", "null"]);
    assert_eq!(Value::new(text).flat_elements().count(), 4);
    assert_eq!(Value::new(text).elements().count(), 4);
    assert_eq!(Value::new(b"1").elements().count() + Value::new(b"[]").members().count(), 0);
}
