// SPDX-License-Identifier: Apache-2.0
//! What a strict parser refuses and the official plugins take, and what they refuse.

use falconet_std::json::{self, Kind, MAX_DEPTH, Reason, Rules, Value, check};

#[track_caller]
fn number(text: &str) {
    for payload in [text.to_owned(), format!("[{text}]"), format!("{{\"a\": {text} }}")] {
        let value = Value::check(payload.as_bytes()).unwrap_or_else(|error| panic!("{payload}: {error}"));
        let inner = value.element(0).or(value.member("a")).unwrap_or(value);
        assert_eq!((inner.kind(), inner.number()), (Kind::Number, Some(text)), "{payload}");
    }
}

#[test]
fn numbers_are_kept_as_they_are_written() {
    for text in ["01", "+1", "-01", "1.", ".5", "1e", "1-2", "nan", "NaN", "-nan", "inf", "-Inf", "+INF"] {
        number(text);
    }
}

#[test]
fn what_is_no_value_is_refused() {
    for text in ["", " ", "-", "+", "-i", "nul", "nu", "n", "tru", "True", "nanx", "infinity", "'a'", "a", "\u{FEFF}1"]
    {
        assert!(Value::check(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn structure_is_strict() {
    for text in [
        "[",
        "]",
        "{",
        "}",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1}",
        "{]",
        "{1:2}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\":1]",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "\"",
        "\"a",
        "\"a\\",
        "\"a\\\"",
        "{\"a",
        "1 2",
        "{}{}",
        "[]]",
        "{\"a\":1}x",
        "truefalse",
        "nullnull",
        "1\0",
    ] {
        let malformed = Value::check(text.as_bytes()).expect_err(text);
        assert!(malformed.offset() <= text.len(), "{text}: {malformed}");
        assert!(json::pointer(text.as_bytes(), "").is_none(), "{text}");
    }
}

#[test]
fn what_follows_the_value_hides_it() {
    assert!(json::pointer(b"{\"a\": 1} ", "/a").is_some());
    for behind in ["x", "{}", ",", "]", "}", "\0", "\"a\": 2"] {
        assert!(json::pointer(format!("{{\"a\": 1}}{behind}").as_bytes(), "/a").is_none(), "{behind}");
    }
    assert!(json::pointer(b"{\"a\": 1, \"b\": [}", "/a").is_none());
}

#[track_caller]
fn unescapes(written: &[u8], to: &[u8]) {
    let payload = [b"[\"", written, b"\"]"].concat();
    let value = json::pointer(&payload, "/0").unwrap();
    let text = value.text().unwrap();
    assert_eq!(text.raw(), written);
    assert_eq!(text.to_bytes().escape_ascii().to_string(), to.escape_ascii().to_string());
    assert_eq!(text.to_str().as_deref(), str::from_utf8(to).ok());
    assert_eq!(text.to_string(), String::from_utf8_lossy(to));
}

#[test]
fn strings_keep_what_json_does_not_know() {
    unescapes(b"\\\"\\\\\\/\\b\\f\\n\\r\\t", b"\"\\/\x08\x0C\n\r\t");
    unescapes(b"raw \n \x00 \x1F \x7F", b"raw \n \x00 \x1F \x7F");
    unescapes(b"\\x \\' \\\xC3\xA9 \\U0041", b"\\x \\' \\\xC3\xA9 \\U0041");
    unescapes(b"\\u00e9 \\u00E9", "é é".as_bytes());
    unescapes(b"\\u", b"\\u");
    unescapes(b"\\u12", b"\\u12");
    unescapes(b"\\u00zz\\n", b"\\u00zz\n");
    unescapes(b"\\u+123", b"\\u+123");
    unescapes(b"\\u12\\n", b"\\u12\n");
    unescapes(b"\xFF \xC3 \\n", b"\xFF \xC3 \n");
    unescapes(b"\\u0000", b"\0");
}

#[test]
fn surrogates_alone_stay_as_written() {
    unescapes(b"\\ud83d\\ude00", "😀".as_bytes());
    unescapes(b"\\ud83d", b"\\ud83d");
    unescapes(b"\\ud83d!", b"\\ud83d!");
    unescapes(b"\\ude00\\n", b"\\ude00\n");
    unescapes(b"\\ud83d\\u12", b"\\ud83d\\u12");
    unescapes(b"\\ud83d\\u0041", "\u{FFFD}".as_bytes());
    unescapes(b"\\ude00\\ud83d", "\u{FFFD}".as_bytes());
}

#[test]
fn of_equal_keys_the_first_counts_and_keys_are_compared_unescaped() {
    let payload = br#"{"\u0061": 1, "a": 2, "b\\c": 3, "b\\\\c": 4, "\ud83d": 5, "\q": 6}"#;
    let found = |key| Value::check(payload).unwrap().member(key).and_then(|value| value.number());
    assert_eq!(found("a"), Some("1"));
    assert_eq!(found("b\\c"), Some("3"));
    assert_eq!(found("b\\\\c"), Some("4"));
    assert_eq!(found("\\ud83d"), Some("5"));
    assert_eq!(found("\\q"), Some("6"));
    assert_eq!(found("\\u0061"), None);
    assert_eq!(Value::check(payload).unwrap().members().unwrap().filter(|(key, _)| *key == "a").count(), 2);
}

#[test]
fn ten_thousand_levels_and_no_more() {
    let nested = |n: usize, inner: &str| format!("{}{inner}{}", "[".repeat(n), "]".repeat(n));
    for rules in [Rules::Lenient, Rules::Strict] {
        let offset = |payload: &str| check(payload.as_bytes(), rules).err().map(|malformed| malformed.offset());
        for levels in [62, 63, 64, 65, 66, 300, MAX_DEPTH - 1] {
            assert_eq!(offset(&nested(levels, "1")), None, "{levels}");
            assert_eq!(
                offset(&format!("{}1{}", "{\"a\":[".repeat(levels / 2), "]}".repeat(levels / 2))),
                None,
                "{levels}"
            );
            assert_eq!(offset(&nested(levels, "1]")), Some(2 * levels + 1), "{levels}");
            assert_eq!(offset(&nested(levels, "}")), Some(levels), "{levels}");
        }
        assert_eq!(offset(&nested(MAX_DEPTH, "")), None);
        assert_eq!(offset(&nested(MAX_DEPTH, "1")), Some(MAX_DEPTH));
        assert_eq!(offset(&nested(MAX_DEPTH + 1, "")), Some(MAX_DEPTH));
        let malformed = check(nested(1_000_000, "").as_bytes(), rules).unwrap_err();
        assert_eq!((malformed.offset(), malformed.reason()), (MAX_DEPTH, Reason::TooDeep));
        assert_eq!(malformed.to_string(), "malformed JSON at byte 10000: it is nested more than 10000 levels deep");
        assert!(check("{\"a\":".repeat(1_000_000).as_bytes(), rules).is_err());
    }
    let objects = format!("{}1{}", "{\"a\":".repeat(299), "}".repeat(299));
    assert!(json::pointer(objects.as_bytes(), &"/a".repeat(299)).is_some());
    let value = Value::check(objects.as_bytes()).unwrap();
    assert_eq!(value.path([b"a"; 299]).and_then(|one| one.number()), Some("1"));
    assert!(json::pointer(&b"[".repeat(1_000_000), &"/0".repeat(1000)).is_none());
    let deep = b"[".repeat(1_000_000);
    assert_eq!(Value::trust(&deep).elements().unwrap().flattened().count(), 0);
}
