// SPDX-License-Identifier: Apache-2.0
//! Elements and members, one after another.

use std::iter::FusedIterator;

use super::skip::{before, behind_string, behind_value, blanks};
use super::{Text, Value};

/// The elements of an array, in order; see [`Value::elements`].
///
/// ```
/// use falconet_std::json::{Kind, Value};
/// let array = Value::check(b"[1, {}, []]")?;
/// let kinds: Vec<_> = array.elements().unwrap().map(|value| value.kind()).collect();
/// assert_eq!(kinds, [Kind::Number, Kind::Object, Kind::Array]);
/// # Ok::<(), falconet_std::json::Malformed>(())
/// ```
///
/// Who cannot keep a borrow from one call to the next keeps the place instead:
///
/// ```
/// use falconet_std::json::{Elements, Value};
/// let array = Value::check(b"[10, 20, 30] ")?;
/// let mut elements = array.elements().unwrap();
/// elements.next();
/// let at = array.as_bytes().len() - elements.rest().len();
/// let others: Vec<_> = Elements::resume(&array.as_bytes()[at..]).filter_map(|value| value.number()).collect();
/// assert_eq!(others, ["20", "30"]);
/// # Ok::<(), falconet_std::json::Malformed>(())
/// ```
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    rest: &'a [u8],
    flat: bool,
}

impl<'a> Elements<'a> {
    #[inline]
    pub(super) const fn behind_bracket(rest: &'a [u8]) -> Self {
        Self { rest, flat: false }
    }

    /// Those of an array that are left where another one had come to: of its [`rest`](Self::rest). They are again
    /// [`flattened`](Self::flattened) only if this is said again.
    #[inline]
    #[must_use]
    pub const fn resume(rest: &'a [u8]) -> Self {
        Self { rest, flat: false }
    }

    /// What is left of the array's text behind the last element, its closing bracket included.
    #[inline]
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Instead of an element that is an array its elements, however deep.
    ///
    /// ```
    /// use falconet_std::json::Value;
    /// let array = Value::check(b"[1, [2, [], [[3]]], {}]")?;
    /// assert_eq!(array.elements().unwrap().flattened().count(), 4);
    /// # Ok::<(), falconet_std::json::Malformed>(())
    /// ```
    #[inline]
    #[must_use]
    pub const fn flattened(self) -> Self {
        Self { flat: true, ..self }
    }

    /// The next element. If it is an object its members are handed over on the way to its end, so that its text is read
    /// once and not twice.
    ///
    /// ```
    /// use falconet_std::json::Value;
    /// let mut elements = Value::check(br#"[{"a": 1, "b": 2}, "c"]"#)?.elements().unwrap();
    /// let mut keys = Vec::new();
    /// let object = elements.next_members(|key, _| keys.push(key.to_string())).unwrap();
    /// assert_eq!((object.as_bytes(), keys), (&br#"{"a": 1, "b": 2}"#[..], vec!["a".to_owned(), "b".to_owned()]));
    /// assert_eq!(elements.next_members(|_, _| unreachable!()).unwrap().as_bytes(), br#""c""#);
    /// # Ok::<(), falconet_std::json::Malformed>(())
    /// ```
    pub fn next_members(&mut self, mut each: impl FnMut(Text<'a>, Value<'a>)) -> Option<Value<'a>> {
        self.go_to_next();
        let Some(behind) = self.rest.strip_prefix(b"{") else { return take(&mut self.rest) };
        let mut members = Members::behind_bracket(behind);
        members.by_ref().for_each(|(key, value)| each(key, value));
        let behind = blanks(members.rest);
        let behind = behind.strip_prefix(b"}").unwrap_or(behind);
        let object = before(self.rest, behind);
        self.rest = behind;
        Some(Value::exactly(object))
    }

    #[inline]
    fn go_to_next(&mut self) {
        loop {
            self.rest = blanks(self.rest);
            match self.rest {
                [b',', rest @ ..] => self.rest = rest,
                [b'[' | b']', rest @ ..] if self.flat => self.rest = rest,
                _ => return,
            }
        }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Value<'a>;

    #[inline]
    fn next(&mut self) -> Option<Value<'a>> {
        self.go_to_next();
        take(&mut self.rest)
    }
}

impl FusedIterator for Elements<'_> {}

/// Cuts a value off the front of what is left.
#[inline]
fn take<'a>(rest: &mut &'a [u8]) -> Option<Value<'a>> {
    let behind = behind_value(rest);
    let value = before(rest, behind);
    *rest = behind;
    (!value.is_empty()).then(|| Value::exactly(value))
}

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
    rest: &'a [u8],
}

impl<'a> Members<'a> {
    #[inline]
    pub(super) const fn behind_bracket(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// What is left of the object's text behind the last member, its closing bracket included.
    #[inline]
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (Text<'a>, Value<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let mut rest = blanks(self.rest);
        if let [b',', behind @ ..] = rest {
            rest = blanks(behind);
        }
        let (behind, escaped) = if let [b'"', ..] = rest { behind_string(rest)? } else { return None };
        let key = Text::quoted(before(rest, behind), escaped);
        rest = blanks(blanks(behind).strip_prefix(b":")?);
        let value = take(&mut rest)?;
        self.rest = rest;
        Some((key, value))
    }
}

impl FusedIterator for Members<'_> {}
