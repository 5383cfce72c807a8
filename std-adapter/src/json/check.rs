// SPDX-License-Identifier: Apache-2.0
//! Whether a payload is JSON, and what its members are, in one pass.

use std::error::Error;
use std::fmt;

use super::scan::Scanner;
use super::{Text, Value};

/// Levels of nesting, a value within counted, as many as a Kubernetes API server takes.
///
/// The official plugins stop at 300, and what is nested deeper passes them unseen.
pub const MAX_DEPTH: usize = 10_000;

/// What counts as JSON.
///
/// ```
/// use falconet_std::json::{Rules, check};
/// assert!(check(b"[+1, NaN]", Rules::Lenient).is_ok());
/// assert!(check(b"[+1, NaN]", Rules::Strict).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// What the official plugins take, see the [module](super).
    Lenient,
    /// RFC 8259, but that strings may have bytes that are no UTF-8.
    Strict,
}

/// What [`check`] has found out about a payload.
///
/// ```
/// use falconet_std::json::{Rules, check};
/// let checked = check(b" [1, 2] ", Rules::Lenient)?;
/// assert_eq!(checked.value().as_bytes(), b"[1, 2]");
/// assert_eq!(checked.blanks(), 1);
/// # Ok::<(), falconet_std::json::Malformed>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Checked<'a> {
    value: Value<'a>,
    blanks: usize,
}

impl<'a> Checked<'a> {
    /// The value that the payload is, without the blanks around it.
    #[inline]
    #[must_use]
    pub const fn value(&self) -> Value<'a> {
        self.value
    }

    /// How many bytes of the value are blanks outside of its strings: those that [`compact`](super::compact) drops.
    #[inline]
    #[must_use]
    pub const fn blanks(&self) -> usize {
        self.blanks
    }
}

/// Looks at all of a payload, once: it has to be one value, with nothing but blanks around it.
///
/// ```
/// use falconet_std::json::{Reason, Rules, check};
/// let malformed = check(br#"{"a": 1} x"#, Rules::Lenient).unwrap_err();
/// assert_eq!((malformed.offset(), malformed.reason()), (9, Reason::Trailing));
/// ```
///
/// # Errors
/// [`Malformed`], which says where it is none.
pub fn check(payload: &[u8], rules: Rules) -> Result<Checked<'_>, Malformed> {
    check_parts(payload, rules, |_, _| {})
}

/// As [`check`], and hands over the members of the value on the way, where it is an object: keys and values of all of
/// them, in their order, each a piece of the payload. They count only if the check is good in the end.
///
/// ```
/// use falconet_std::json::{Rules, check_members};
///
/// let payload = br#"{"verb": "get", "user": {"verb": "x"}, "verb": "list"}"#;
/// let mut verb = None;
/// check_members(payload, Rules::Lenient, |key, value| {
///     if key == "verb" && verb.is_none() {
///         verb = value.text().and_then(|text| text.as_str());
///     }
/// })?;
/// assert_eq!(verb, Some("get"));
/// # Ok::<(), falconet_std::json::Malformed>(())
/// ```
///
/// # Errors
/// As [`check`].
#[inline]
pub fn check_members<'a>(
    payload: &'a [u8],
    rules: Rules,
    mut each: impl FnMut(Text<'a>, Value<'a>),
) -> Result<Checked<'a>, Malformed> {
    check_parts(payload, rules, |key, value| {
        if let Some(key) = key {
            each(key, value);
        }
    })
}

/// The same with the elements of an array too, which have no key.
#[inline]
pub(super) fn check_parts<'a>(
    payload: &'a [u8],
    rules: Rules,
    each: impl FnMut(Option<Text<'a>>, Value<'a>),
) -> Result<Checked<'a>, Malformed> {
    match rules {
        Rules::Lenient => whole(Scanner::<false>::new(payload), each),
        Rules::Strict => whole(Scanner::<true>::new(payload), each),
    }
}

#[inline]
fn whole<'a, const STRICT: bool>(
    mut scanner: Scanner<'a, STRICT>,
    each: impl FnMut(Option<Text<'a>>, Value<'a>),
) -> Result<Checked<'a>, Malformed> {
    let payload = scanner.rest();
    parts(&mut scanner, each).map_err(|reason| Malformed { offset: payload.len() - scanner.rest().len(), reason })
}

#[inline]
fn parts<'a, const STRICT: bool>(
    scanner: &mut Scanner<'a, STRICT>,
    mut each: impl FnMut(Option<Text<'a>>, Value<'a>),
) -> Result<Checked<'a>, Reason> {
    let first = scanner.peek();
    let start = scanner.rest();
    scanner.forget_blanks();
    match first {
        Some(b'{') => {
            let mut more = !scanner.opens_and_closes(b'}');
            while more {
                let key = scanner.key()?;
                each(Some(key), scanner.value()?);
                more = scanner.goes_on(true)?;
            }
        }
        Some(b'[') => {
            let mut more = !scanner.opens_and_closes(b']');
            while more {
                each(None, scanner.value()?);
                more = scanner.goes_on(false)?;
            }
        }
        _ => {
            scanner.value()?;
        }
    }
    let checked = Checked { value: scanner.since(start), blanks: scanner.blanks() };
    if scanner.peek().is_some() { Err(Reason::Trailing) } else { Ok(checked) }
}

/// Where and why a payload is no JSON.
///
/// ```
/// use falconet_std::json::{Reason, Value};
///
/// let malformed = Value::check(b"[1, 2").unwrap_err();
/// assert_eq!((malformed.offset(), malformed.reason()), (5, Reason::InArray));
/// assert_eq!(malformed.to_string(), "malformed JSON at byte 5: a ',' or ']' is missing");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    offset: usize,
    reason: Reason,
}

impl Malformed {
    /// The byte where it was seen, counted from 0 of the payload; its length where the end was seen.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// What is wrong there.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }
}

/// What is wrong with a payload that is [`Malformed`].
///
/// ```
/// use falconet_std::json::{Reason, Value};
/// assert_eq!(Value::check(b"[,]").unwrap_err().reason(), Reason::Value);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// There is no value.
    Value,
    /// There is no key in quotes.
    Key,
    /// There is no `:` behind a key.
    Colon,
    /// There is neither `,` nor `}` behind a member.
    InObject,
    /// There is neither `,` nor `]` behind an element.
    InArray,
    /// The string or key that begins there has no end, or (strictly) a character or an escape that it must not have.
    String,
    /// There are more than [`MAX_DEPTH`] levels.
    TooDeep,
    /// Something follows the value.
    Trailing,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.reason {
            Reason::Value => "a value is missing",
            Reason::Key => "a key in quotes is missing",
            Reason::Colon => "a ':' is missing",
            Reason::InObject => "a ',' or '}' is missing",
            Reason::InArray => "a ',' or ']' is missing",
            Reason::String => "the string that begins here has no end, or what must be escaped",
            Reason::TooDeep => "it is nested more than 10000 levels deep",
            Reason::Trailing => "something follows the value",
        };
        write!(f, "malformed JSON at byte {}: {why}", self.offset)
    }
}

impl Error for Malformed {}
