// SPDX-License-Identifier: Apache-2.0
//! RFC 6901: the way to one value.

use super::scan::Scanner;
use super::{Text, Value};

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
    let mut scanner = Scanner::new(payload);
    let found = find(&mut scanner, pointer)?;
    scanner.finish().is_ok().then_some(found)
}

/// Skips the value that a pointer leads to and what stands before it.
pub(super) fn find<'a>(scanner: &mut Scanner<'a>, pointer: &str) -> Option<Value<'a>> {
    if pointer.is_empty() {
        return Value::at(scanner);
    }
    for token in pointer.strip_prefix('/')?.split('/') {
        match scanner.peek()? {
            b'{' if token.contains('~') => to_member(scanner, |key| key.is_all_of(unescape(token)))?,
            b'{' => to_member(scanner, |key| key.is(token.as_bytes()))?,
            b'[' => to_element(scanner, index(token)?)?,
            _ => return None,
        }
    }
    Value::at(scanner)
}

/// Moves to the value of the first key that is `wanted`.
#[inline]
pub(super) fn to_member<'a>(scanner: &mut Scanner<'a>, wanted: impl Fn(Text<'a>) -> bool) -> Option<()> {
    let mut key = scanner.next_key(true)?;
    while !wanted(key) {
        scanner.value().ok()?;
        key = scanner.next_key(false)?;
    }
    Some(())
}

/// Moves to an element.
#[inline]
pub(super) fn to_element(scanner: &mut Scanner<'_>, index: usize) -> Option<()> {
    let mut is_there = scanner.next_element(true);
    for _ in 0..index {
        if !is_there {
            return None;
        }
        scanner.value().ok()?;
        is_there = scanner.next_element(false);
    }
    is_there.then_some(())
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
