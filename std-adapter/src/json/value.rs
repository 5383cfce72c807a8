// SPDX-License-Identifier: Apache-2.0
//! A value as the piece of the payload that it is.

use std::fmt;

use super::{Elements, Malformed, Members, Rules, Text, check, pointer};

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
    /// The value that is the whole payload, but for blanks around it, as [`check`](super::check()) finds it by the
    /// lenient rules.
    ///
    /// # Errors
    /// [`Malformed`], also where something follows the value.
    pub fn check(payload: &'a [u8]) -> Result<Self, Malformed> {
        check(payload, Rules::Lenient).map(|checked| checked.value())
    }

    /// The value that is the whole payload, of which nothing is looked at yet: for one that was checked before, by the
    /// source for example, or for a part of such that [`as_bytes`](Self::as_bytes) gave. What is found in a malformed
    /// one, if anything, is any piece of it.
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

    /// The same of a text that has no blanks around it.
    #[inline]
    pub(super) const fn exactly(text: &'a [u8]) -> Self {
        Self { text }
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
    #[inline]
    #[must_use]
    pub fn text(&self) -> Option<Text<'a>> {
        let [b'"', raw @ .., b'"'] = self.text else { return None };
        Some(Text::of(raw))
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
    #[inline]
    #[must_use]
    pub fn elements(&self) -> Option<Elements<'a>> {
        self.text.strip_prefix(b"[").map(Elements::behind_bracket)
    }

    /// The members of an object, all that have the same key too.
    #[inline]
    #[must_use]
    pub fn members(&self) -> Option<Members<'a>> {
        self.text.strip_prefix(b"{").map(Members::behind_bracket)
    }

    /// Element `index` of an array, counted from 0.
    #[must_use]
    pub fn element(&self, index: usize) -> Option<Self> {
        self.elements()?.nth(index)
    }

    /// The first member of an object whose key is `key`, a text or bytes.
    #[inline]
    #[must_use]
    pub fn member(&self, key: impl AsRef<[u8]>) -> Option<Self> {
        let key = key.as_ref();
        self.members()?.find(|(found, _)| *found == *key).map(|(_, value)| value)
    }

    /// What `keys` lead to, each the key of a member of the object before.
    ///
    /// ```
    /// use falconet_std::json::Value;
    /// let value = Value::check(br#"{"spec": {"app/name": {"x": 1}}}"#)?;
    /// assert_eq!(value.path(["spec", "app/name", "x"]).and_then(|x| x.number()), Some("1"));
    /// # Ok::<(), falconet_std::json::Malformed>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn path<K: AsRef<[u8]>>(&self, keys: impl IntoIterator<Item = K>) -> Option<Self> {
        keys.into_iter().try_fold(*self, |value, key| value.member(key))
    }

    /// The value that an RFC 6901 pointer leads to from here, as in [`pointer`](super::pointer()). Nothing is looked at
    /// behind it.
    #[must_use]
    pub fn pointer(&self, pointer: &str) -> Option<Self> {
        pointer::find(*self, pointer)
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({})", self.text.escape_ascii())
    }
}
