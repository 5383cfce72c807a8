// SPDX-License-Identifier: Apache-2.0
//! RFC 6901: the way to one value.

use super::check::{Rules, check_parts};
use super::{Kind, Text, Value};

/// The value that an RFC 6901 pointer leads to in a payload, or `None` where there is none or the payload is malformed
/// (anywhere: use [`Value::trust`] for one that was checked before).
///
/// A pointer is empty, for the whole, or a `/` before each key or index. In a key `~1` stands for `/` and `~0` for `~`;
/// any other `~` for itself. An index has no sign and no leading zero. Of equal keys the first is taken.
///
/// ```
/// use falconet_std::json;
///
/// let payload = br#"{"a/b": [10, {"~": true}], "a/b": "second"}"#;
/// let found = |pointer| json::pointer(payload, pointer).map(|value| value.as_bytes());
/// assert_eq!(found("/a~1b/0"), Some(&b"10"[..]));
/// assert_eq!(found("/a~1b/1/~0"), Some(&b"true"[..]));
/// assert_eq!(found(""), Some(&payload[..]));
/// assert_eq!(found("/a~1b/00"), None);
/// assert_eq!(found("a~1b"), None);
/// ```
#[must_use]
pub fn pointer<'a>(payload: &'a [u8], pointer: &str) -> Option<Value<'a>> {
    if pointer.is_empty() {
        return Value::check(payload).ok();
    }
    // The first step is made while all is checked, those from there in what it has led to.
    let (token, behind) = step(pointer)?;
    let (at, mut elements, mut found) = (index(token), 0, None);
    let checked = check_parts(payload, Rules::Lenient, |key, value| {
        let is_it = match key {
            Some(key) => found.is_none() && is_key(key, token),
            None => at == Some(elements),
        };
        elements += 1;
        if is_it {
            found = Some(value);
        }
    });
    checked.ok()?;
    find(found?, behind)
}

/// What a pointer leads to from a value.
pub(super) fn find<'a>(mut value: Value<'a>, mut pointer: &str) -> Option<Value<'a>> {
    while !pointer.is_empty() {
        let (token, behind) = step(pointer)?;
        value = match value.kind() {
            Kind::Object => value.members()?.find(|(key, _)| is_key(*key, token))?.1,
            Kind::Array => value.element(index(token)?)?,
            _ => return None,
        };
        pointer = behind;
    }
    Some(value)
}

/// The first token of a pointer that has one, and the pointer from there.
fn step(pointer: &str) -> Option<(&str, &str)> {
    let tokens = pointer.strip_prefix('/')?;
    Some(tokens.split_at(tokens.find('/').unwrap_or(tokens.len())))
}

fn is_key(key: Text<'_>, token: &str) -> bool {
    if token.contains('~') { key.is_all_of(unescape(token)) } else { key == *token }
}

fn index(token: &str) -> Option<usize> {
    let plain = token == "0" || !token.starts_with(['0', '+']);
    if plain { token.parse().ok() } else { None }
}

/// The bytes of the key that a token stands for.
fn unescape(token: &str) -> impl Iterator<Item = u8> {
    let mut rest = token.as_bytes();
    std::iter::from_fn(move || {
        let (byte, behind) = match rest {
            [b'~', b'0', behind @ ..] => (b'~', behind),
            [b'~', b'1', behind @ ..] => (b'/', behind),
            [byte, behind @ ..] => (*byte, behind),
            [] => return None,
        };
        rest = behind;
        Some(byte)
    })
}
