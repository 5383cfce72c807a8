// SPDX-License-Identifier: Apache-2.0
//! Typed decoding: what borrows, and what its errors say.

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;

use falconet_std::json::{self, DecodeError};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::counting;

#[test]
fn strings_are_borrowed_and_nothing_is_allocated() {
    let payload = br#"["in place", 7, [true, null]]"#;
    let mut text = "";
    let count = counting::allocations(|| {
        let decoded: (&str, u8, (bool, Option<u8>)) = json::decode(payload).unwrap();
        assert_eq!((decoded.1, decoded.2), (7, (true, None)));
        text = decoded.0;
    });
    assert_eq!(count, 0);
    assert_eq!(text.as_ptr(), payload[2..].as_ptr());
}

#[test]
fn escapes_need_a_string_of_their_own() {
    assert!(json::decode::<&str>(br#""a\n""#).is_err());
    assert_eq!(json::decode::<Cow<'_, str>>(br#""a\n""#).unwrap(), "a\n");
}

#[track_caller]
fn fails<'de, T: Deserialize<'de>>(payload: &'de [u8]) -> DecodeError {
    json::decode::<T>(payload).map(|_| ()).unwrap_err()
}

#[test]
fn errors_name_the_path_and_the_byte() {
    let error = fails::<HashMap<&str, Vec<u16>>>(b"{\n  \"ports\": [80,\n  \"x\"]\n}");
    assert_eq!(error.to_string(), "ports[1]: invalid type: string \"x\", expected u16, at byte 23");
    assert_eq!((error.path(), error.offset(), error.inner().line()), ("ports[1]", 23, 3));
    assert!(error.source().is_some());
}

#[test]
fn errors_of_the_whole_name_no_path() {
    assert_eq!(fails::<u8>(b"").to_string(), "EOF while parsing a value, at byte 0");
    assert_eq!(fails::<u8>(b"true").to_string(), "invalid type: boolean `true`, expected u8, at byte 4");
    assert_eq!(fails::<u8>(b"1 2").to_string(), "trailing characters, at byte 3");
    assert_eq!(fails::<u8>(b"01").to_string(), "invalid number, at byte 2");
    assert_eq!(fails::<u8>(b"\n\n").offset(), 2);
}

#[test]
fn deep_nesting_is_an_error() {
    assert!(fails::<serde_json::Value>(&b"[".repeat(1_000_000)).to_string().contains("recursion limit"));
    assert!(json::decode::<IgnoredAny>(&b"[".repeat(1_000_000)).is_err());
}
