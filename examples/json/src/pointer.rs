// SPDX-License-Identifier: Apache-2.0
//! JSON pointers (RFC 6901) as the official plugin reads them: a value by names and numbers.
//!
//! The first slash may be left out. In a step `~1` is a slash and `~0` a tilde. A number of an array's element may have
//! leading zeros and a sign. An empty pointer is the whole value, `/` the member whose name is empty.

use std::borrow::Cow;

use falconet_std::json::{Kind, Value};

/// What a pointer leads to; `None` where it leads nowhere.
#[must_use]
pub fn find<'a>(value: Value<'a>, pointer: &[u8]) -> Option<Value<'a>> {
    if pointer.is_empty() {
        return Some(value);
    }
    let pointer = pointer.strip_prefix(b"/").unwrap_or(pointer);
    pointer.split(|byte| *byte == b'/').try_fold(value, |value, step| {
        let name = unescaped(step);
        if value.kind() == Kind::Array { value.element(number(&name)?) } else { value.member(&name) }
    })
}

fn unescaped(step: &[u8]) -> Cow<'_, [u8]> {
    if !step.contains(&b'~') {
        return Cow::Borrowed(step);
    }
    let mut name = Vec::with_capacity(step.len());
    let mut rest = step;
    while let Some((byte, behind)) = rest.split_first() {
        let (byte, behind) = match (byte, behind) {
            (b'~', [b'1', behind @ ..]) => (b'/', behind),
            (b'~', [b'0', behind @ ..]) => (b'~', behind),
            _ => (*byte, behind),
        };
        name.push(byte);
        rest = behind;
    }
    Cow::Owned(name)
}

/// A number of 64 bits that is not negative.
fn number(text: &[u8]) -> Option<usize> {
    let number: i64 = core::str::from_utf8(text).ok()?.parse().ok()?;
    usize::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &'static str, pointer: &str) -> Option<&'static str> {
        find(Value::trust(text.as_bytes()), pointer.as_bytes())
            .and_then(|value| core::str::from_utf8(value.as_bytes()).ok())
    }

    #[test]
    fn names_and_numbers_lead_to_a_value() {
        const TEXT: &str =
            r#"{"a": {"b": [10, {"c": null}]}, "": {"": 1}, "x/y": 2, "x~y": 3, "~1": 4, "\u0064": 5, "1": 6}"#;
        for (pointer, expected) in [
            ("", Some(TEXT)),
            ("/a/b/0", Some("10")),
            ("a/b/0", Some("10")),
            ("/a/b/00", Some("10")),
            ("/a/b/+1/c", Some("null")),
            ("/a/b/-0", Some("10")),
            ("/a/b/-1", None),
            ("/a/b/2", None),
            ("/a/b/99999999999999999999", None),
            ("/a/b/", None),
            ("/a/b/1x", None),
            ("/a/b/-", None),
            ("/a/b/0/0", None),
            ("/", Some("{\"\": 1}")),
            ("//", Some("1")),
            ("/x~1y", Some("2")),
            ("/x/y", None),
            ("/x~0y", Some("3")),
            ("/x~y", Some("3")),
            ("/~01", Some("4")),
            ("/d", Some("5")),
            ("/1", Some("6")),
            ("/none", None),
        ] {
            assert_eq!(of(TEXT, pointer), expected, "{pointer}");
        }
        assert_eq!(of("[1,[2]]", "/1/0"), Some("2"));
    }
}
