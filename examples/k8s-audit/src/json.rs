// SPDX-License-Identifier: Apache-2.0
//! JSON read in place and leniently: values, members and elements as slices of a text that was [checked](crate::check).
//!
//! Accepted as the official plugins accept it: numbers with leading zeros or a plus, `nan` and `inf` with or without a
//! sign and in any case, raw control characters in strings, escapes that are none (they stay as they are written). Of
//! members with the same name the first counts, and names are compared unescaped.
//!
//! Nothing here recurses, panics, or allocates (but for [`Text::to_cow`] of an escaped text). In a text that was not
//! checked, the values are arbitrary parts of it.

use std::borrow::Cow;

pub(crate) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The length of the string that `text` begins with, quotes included.
pub(crate) fn string_len(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += text.get(at..)?.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
        if text.get(at) == Some(&b'"') {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// The length of the value that a checked text begins with.
fn value_len(text: &[u8]) -> usize {
    let len = match text.first() {
        Some(b'"') => string_len(text),
        Some(b'{' | b'[') => container_len(text),
        _ => text.iter().position(|byte| is_blank(*byte) || matches!(byte, b',' | b'}' | b']')),
    };
    len.unwrap_or(text.len())
}

fn container_len(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        at += text.get(at..)?.iter().position(|byte| matches!(byte, b'"' | b'{' | b'[' | b'}' | b']'))?;
        match text.get(at)? {
            b'"' => {
                at += string_len(text.get(at..)?)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            _ if depth <= 1 => return Some(at + 1),
            _ => depth -= 1,
        }
        at += 1;
    }
}

/// One value of a checked text, without blanks around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a>(&'a [u8]);

impl<'a> Value<'a> {
    /// The value that a checked text is.
    #[must_use]
    pub fn new(text: &'a [u8]) -> Self {
        let text = trim(text);
        Self(text.get(..value_len(text)).unwrap_or(text))
    }

    /// The value again that [`raw`](Self::raw) gave this text of: nothing is read.
    #[must_use]
    pub const fn from_raw(raw: &'a [u8]) -> Self {
        Self(raw)
    }

    /// As it is written.
    #[must_use]
    pub const fn raw(self) -> &'a [u8] {
        self.0
    }

    /// Whether it is an object.
    #[must_use]
    pub fn is_object(self) -> bool {
        self.0.first() == Some(&b'{')
    }

    /// Whether it is an array.
    #[must_use]
    pub fn is_array(self) -> bool {
        self.0.first() == Some(&b'[')
    }

    /// The content of a string.
    #[must_use]
    pub fn as_text(self) -> Option<Text<'a>> {
        self.0.strip_prefix(b"\"")?.strip_suffix(b"\"").map(Text)
    }

    /// The first member of this name, of an object.
    #[must_use]
    pub fn get(self, name: &[u8]) -> Option<Self> {
        self.members().find(|(its, _)| its.is(name)).map(|(_, value)| value)
    }

    /// What a path of names leads to, through objects.
    #[must_use]
    pub fn path(self, names: &[&str]) -> Option<Self> {
        names.iter().try_fold(self, |value, name| value.get(name.as_bytes()))
    }

    /// The members of an object, in their order; none of another value.
    #[must_use]
    pub fn members(self) -> Members<'a> {
        Members(self.0.strip_prefix(b"{").unwrap_or_default())
    }

    /// The elements of an array; none of another value.
    #[must_use]
    pub fn elements(self) -> Elements<'a> {
        Elements::new(self.0.strip_prefix(b"[").unwrap_or_default())
    }

    /// The elements of an array and of the arrays in it, however deep; none of another value.
    #[must_use]
    pub fn flat_elements(self) -> Elements<'a> {
        Elements::flat(self.0.strip_prefix(b"[").unwrap_or_default())
    }
}

fn trim(mut text: &[u8]) -> &[u8] {
    while let Some((first, rest)) = text.split_first()
        && is_blank(*first)
    {
        text = rest;
    }
    text
}

/// Cuts a value off the front of what is left.
fn take<'a>(rest: &mut &'a [u8]) -> Option<Value<'a>> {
    let (value, behind) = rest.split_at_checked(value_len(rest)).filter(|(value, _)| !value.is_empty())?;
    *rest = behind;
    Some(Value(value))
}

/// The members of an object: name and value.
#[derive(Clone, Debug)]
pub struct Members<'a>(&'a [u8]);

impl<'a> Iterator for Members<'a> {
    type Item = (Text<'a>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let mut rest = trim(self.0);
        if let Some(behind) = rest.strip_prefix(b",") {
            rest = trim(behind);
        }
        let name = take(&mut rest)?.as_text()?;
        rest = trim(trim(rest).strip_prefix(b":")?);
        let value = take(&mut rest)?;
        self.0 = rest;
        Some((name, value))
    }
}

/// The elements of an array.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    rest: &'a [u8],
    flat: bool,
}

impl<'a> Elements<'a> {
    /// What follows in a checked text from an array's opening bracket, or from an element, on.
    #[must_use]
    pub const fn new(text: &'a [u8]) -> Self {
        Self { rest: text, flat: false }
    }

    /// The values that a text consists of, those of arrays instead of the arrays themselves.
    #[must_use]
    pub const fn flat(text: &'a [u8]) -> Self {
        Self { rest: text, flat: true }
    }

    /// What is left of the text behind the last element.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The members of the next element, if it is an object: [`end_object`](Self::end_object) goes past it when they have
    /// been read, so that it need not be read a second time for its end.
    pub fn next_object(&mut self) -> Option<Members<'a>> {
        self.go_to_next();
        self.rest.strip_prefix(b"{").map(Members)
    }

    /// Goes past the object whose members were read, and gives it.
    pub fn end_object(&mut self, members: &Members<'a>) -> Value<'a> {
        let behind = trim(members.0);
        let behind = behind.strip_prefix(b"}").unwrap_or(behind);
        let object = self.rest.get(..self.rest.len().saturating_sub(behind.len())).unwrap_or_default();
        self.rest = behind;
        Value(object)
    }

    fn go_to_next(&mut self) {
        loop {
            self.rest = trim(self.rest);
            match self.rest.split_first() {
                Some((b',', rest)) => self.rest = rest,
                Some((b'[' | b']', rest)) if self.flat => self.rest = rest,
                _ => return,
            }
        }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        self.go_to_next();
        take(&mut self.rest)
    }
}

/// The content of a string as it is written, without its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    /// The text again that [`raw`](Self::raw) gave this of: nothing is read.
    #[must_use]
    pub const fn from_raw(raw: &'a [u8]) -> Self {
        Self(raw)
    }

    /// As it is written.
    #[must_use]
    pub const fn raw(self) -> &'a [u8] {
        self.0
    }

    /// The text itself, where no character of it is escaped.
    #[must_use]
    pub fn as_plain(self) -> Option<&'a [u8]> {
        (!self.0.contains(&b'\\')).then_some(self.0)
    }

    /// Whether it is this text.
    #[must_use]
    pub fn is(self, text: &[u8]) -> bool {
        let equal = self.0 == text;
        // A text is never longer than it is written, and most are no shorter either.
        if !equal && self.0.len() < text.len() || self.as_plain().is_some() {
            return equal;
        }
        let mut rest = text;
        let same = self.write(|piece| {
            rest = rest.strip_prefix(piece).ok_or(())?;
            Ok::<(), ()>(())
        });
        same.is_ok() && rest.is_empty()
    }

    /// The text, unescaped.
    #[must_use]
    pub fn to_cow(self) -> Cow<'a, [u8]> {
        self.as_plain().map_or_else(
            || {
                let mut text = Vec::with_capacity(self.0.len());
                let Ok(()) = self.write(|piece| {
                    text.extend_from_slice(piece);
                    Ok::<(), core::convert::Infallible>(())
                });
                Cow::Owned(text)
            },
            Cow::Borrowed,
        )
    }

    /// Writes the text unescaped, piece by piece.
    ///
    /// # Errors
    /// The first one of `write`.
    pub fn write<E>(self, mut write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut rest = self.0;
        while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
            let (plain, escaped) = rest.split_at_checked(at).unwrap_or((rest, &[]));
            if !plain.is_empty() {
                write(plain)?;
            }
            let (len, character) = escape(escaped);
            match character {
                Some(character) => write(character.encode_utf8(&mut [0; 4]).as_bytes())?,
                None => write(escaped.get(..len).unwrap_or(escaped))?,
            }
            rest = escaped.get(len..).unwrap_or_default();
        }
        if rest.is_empty() { Ok(()) } else { write(rest) }
    }
}

/// The length of the escape that `text` begins with, and its character; `None` where it stays as it is written.
fn escape(text: &[u8]) -> (usize, Option<char>) {
    let character = match text.get(1) {
        Some(byte @ (b'"' | b'\\' | b'/')) => char::from(*byte),
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode(text),
        _ => return (2, None),
    };
    (2, Some(character))
}

fn unicode(text: &[u8]) -> (usize, Option<char>) {
    let Some(first) = unit(text) else { return (2, None) };
    if !matches!(first, 0xd800..=0xdfff) {
        return (6, char::from_u32(first));
    }
    // One half of a pair. With an escape behind it that is not the other half, the two are no character together.
    let Some(second) = text.get(6..).and_then(unit) else { return (6, None) };
    let character = match (first, second) {
        (0xd800..=0xdbff, 0xdc00..=0xdfff) => char::from_u32(0x1_0000 + ((first & 0x3ff) << 10 | second & 0x3ff)),
        _ => None,
    };
    (12, Some(character.unwrap_or(char::REPLACEMENT_CHARACTER)))
}

/// The number that a `\u` and its four hexadecimal digits give.
fn unit(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |number, digit| Some(number << 4 | char::from(*digit).to_digit(16)?))
}

/// Writes a text without the blanks outside of its strings, in as few pieces as there are.
///
/// # Errors
/// The first one of `write`.
pub fn compact<E>(text: &[u8], mut write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    let mut rest = text;
    while !rest.is_empty() {
        rest = trim(rest);
        let mut len = 0;
        while let Some(byte) = rest.get(len)
            && !is_blank(*byte)
        {
            len += if *byte == b'"' { rest.get(len..).and_then(string_len).unwrap_or(rest.len() - len) } else { 1 };
        }
        let (piece, behind) = rest.split_at_checked(len).unwrap_or((rest, &[]));
        if !piece.is_empty() {
            write(piece)?;
        }
        rest = behind;
    }
    Ok(())
}
