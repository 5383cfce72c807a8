// SPDX-License-Identifier: Apache-2.0
//! A value as the piece of the payload that it is.

use std::fmt;
use std::iter::FusedIterator;

use super::scan::Scanner;
use super::{Malformed, Text, pointer};

/// What a value is.
///
/// ```
/// use falconet_std::json::{Kind, Value};
/// assert_eq!(Value::check(b" -inf ")?.kind(), Kind::Number); // see the module
/// # Ok::<(), falconet_std::json::Malformed>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{...}`
    Object,
    /// `[...]`
    Array,
    /// `"..."`
    Text,
    /// Anything numeric.
    Number,
    /// `true` or `false`
    Bool,
    /// `null`
    Null,
}

/// A value where it stands in the payload, with no blanks around it.
///
/// ```
/// use falconet_std::json::Value;
///
/// let payload = Value::check(br#"{"ports": [80, 443], "host": "a.example"}"#)?;
/// let ports = payload.member("ports").and_then(|ports| ports.elements());
/// let ports: Vec<_> = ports.into_iter().flatten().filter_map(|port| port.number()?.parse::<u16>().ok()).collect();
/// assert_eq!(ports, [80, 443]);
/// assert_eq!(payload.member("host").unwrap().as_bytes(), br#""a.example""#);
/// # Ok::<(), falconet_std::json::Malformed>(())
/// ```
#[derive(Clone, Copy)]
pub struct Value<'a> {
    text: &'a [u8],
}

impl<'a> Value<'a> {
    /// The value that is the whole payload, but for blanks around it. All of it is looked at, once.
    ///
    /// # Errors
    /// [`Malformed`], also where something follows the value.
    pub fn check(payload: &'a [u8]) -> Result<Self, Malformed> {
        let mut scanner = Scanner::new(payload);
        let text = scanner.value()?;
        scanner.finish()?;
        Ok(Self { text })
    }

    /// The value that is the whole payload, of which nothing is looked at yet: for one that was checked before, by the
    /// source for example. What is found in a malformed one, if anything, is any piece of it.
    ///
    /// ```
    /// use falconet_std::json::Value;
    /// let value = Value::trust(b"[1, 2");
    /// assert_eq!(value.element(0).and_then(|one| one.number()), Some("1"));
    /// assert!(value.element(9).is_none());
    /// ```
    #[inline]
    #[must_use]
    pub const fn trust(payload: &'a [u8]) -> Self {
        Self { text: payload.trim_ascii() }
    }

    #[inline]
    pub(super) const fn scanner(&self) -> Scanner<'a> {
        Scanner::new(self.text)
    }

    /// The one that stands at a scanner.
    #[inline]
    pub(super) fn at(scanner: &mut Scanner<'a>) -> Option<Self> {
        scanner.value().ok().map(|text| Self { text })
    }

    /// Its JSON text, a piece of the payload: for [`Event::span_of`](falconet::Event::span_of), or to be decoded.
    #[inline]
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.text
    }

    /// What it is, told from how it begins.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.text {
            [b'{', ..] => Kind::Object,
            [b'[', ..] => Kind::Array,
            [b'"', ..] => Kind::Text,
            [b't' | b'f', ..] => Kind::Bool,
            [b'n', b'u', ..] => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// The string, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<Text<'a>> {
        if self.kind() == Kind::Text { self.scanner().string().ok() } else { None }
    }

    /// The number's text, if it is one: as it stands, so parse it as what is expected (`nan` and `+1` can be parsed by
    /// some types, `1e3` only as a float).
    #[must_use]
    pub fn number(&self) -> Option<&'a str> {
        if self.kind() == Kind::Number && !self.text.is_empty() { str::from_utf8(self.text).ok() } else { None }
    }

    /// Whether it is true, if it is true or false.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.text {
            b"true" => Some(true),
            b"false" => Some(false),
            _ => None,
        }
    }

    /// Whether it is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.text == b"null"
    }

    /// The elements of an array.
    #[must_use]
    pub fn elements(&self) -> Option<Elements<'a>> {
        (self.kind() == Kind::Array).then(|| Elements { scanner: self.scanner(), opening: true })
    }

    /// The members of an object, all that have the same key too.
    #[must_use]
    pub fn members(&self) -> Option<Members<'a>> {
        (self.kind() == Kind::Object).then(|| Members { scanner: self.scanner(), opening: true })
    }

    /// Element `index` of an array, counted from 0.
    #[must_use]
    pub fn element(&self, index: usize) -> Option<Self> {
        let mut scanner = self.scanner();
        pointer::to_element(&mut scanner, index)?;
        Self::at(&mut scanner)
    }

    /// The first member of an object whose key is `key`.
    #[must_use]
    pub fn member(&self, key: &str) -> Option<Self> {
        let mut scanner = self.scanner();
        pointer::to_member(&mut scanner, |found| found.is(key.as_bytes()))?;
        Self::at(&mut scanner)
    }

    /// The value that an RFC 6901 pointer leads to from here, as in [`pointer`](super::pointer()). Nothing is looked at
    /// behind it.
    #[must_use]
    pub fn pointer(&self, pointer: &str) -> Option<Self> {
        pointer::find(&mut self.scanner(), pointer)
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({})", self.text.escape_ascii())
    }
}

/// The elements of an array, in order; see [`Value::elements`].
///
/// ```
/// use falconet_std::json::{Kind, Value};
/// let array = Value::check(b"[1, {}, []]")?;
/// let kinds: Vec<_> = array.elements().unwrap().map(|value| value.kind()).collect();
/// assert_eq!(kinds, [Kind::Number, Kind::Object, Kind::Array]);
/// # Ok::<(), falconet_std::json::Malformed>(())
/// ```
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    scanner: Scanner<'a>,
    opening: bool,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        let opening = std::mem::take(&mut self.opening);
        let next = if self.scanner.next_element(opening) { Value::at(&mut self.scanner) } else { None };
        if next.is_none() {
            self.scanner = Scanner::new(&[]);
        }
        next
    }
}

impl FusedIterator for Elements<'_> {}

/// The keys and values of an object, in order; see [`Value::members`].
///
/// ```
/// use falconet_std::json::Value;
/// let object = Value::check(br#"{"a": 1, "\u0062": 2}"#)?;
/// let two = object.members().unwrap().find(|(key, _)| *key == "b");
/// assert_eq!(two.and_then(|(_, value)| value.number()), Some("2"));
/// # Ok::<(), falconet_std::json::Malformed>(())
/// ```
#[derive(Clone, Debug)]
pub struct Members<'a> {
    scanner: Scanner<'a>,
    opening: bool,
}

impl<'a> Iterator for Members<'a> {
    type Item = (Text<'a>, Value<'a>);

    fn next(&mut self) -> Option<(Text<'a>, Value<'a>)> {
        let opening = std::mem::take(&mut self.opening);
        let next = self.scanner.next_key(opening).and_then(|key| Some((key, Value::at(&mut self.scanner)?)));
        if next.is_none() {
            self.scanner = Scanner::new(&[]);
        }
        next
    }
}

impl FusedIterator for Members<'_> {}
