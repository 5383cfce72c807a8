// SPDX-License-Identifier: Apache-2.0
//! Strings: in place where they have no escapes, unescaped piece by piece where they have.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;

/// A string or a key, as it stands between its quotes.
///
/// ```
/// use falconet_std::json::Value;
///
/// let plain = Value::check(br#""in place""#)?.text().unwrap();
/// assert_eq!(plain.as_str(), Some("in place"));
///
/// let escaped = Value::check(br#""a\u0062\/\ud83d\ude00""#)?.text().unwrap();
/// assert_eq!(escaped.as_str(), None);
/// assert_eq!(escaped.to_str().as_deref(), Some("ab/😀"));
/// assert!(escaped == "ab/😀"); // and so does not allocate, nor does `Display`
/// # Ok::<(), falconet_std::json::Malformed>(())
/// ```
///
/// `Display` shows bytes that are no UTF-8 as U+FFFD.
#[derive(Clone, Copy)]
pub struct Text<'a> {
    raw: &'a [u8],
    escaped: bool,
}

impl<'a> Text<'a> {
    /// What stands between the quotes that `quoted` begins and ends with.
    #[inline]
    pub(super) const fn quoted(quoted: &'a [u8], escaped: bool) -> Self {
        let raw = if let [_, raw @ .., _] = quoted { raw } else { &[] };
        Self { raw, escaped }
    }

    /// What stands between quotes.
    #[inline]
    pub(super) fn of(raw: &'a [u8]) -> Self {
        Self { raw, escaped: raw.contains(&b'\\') }
    }

    /// What stands between the quotes, escapes as written: a piece of the payload.
    #[inline]
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Whether there is a backslash in it, so that it is not what it stands for.
    #[inline]
    #[must_use]
    pub const fn is_escaped(&self) -> bool {
        self.escaped
    }

    /// The string in place: a piece of the payload. `None` where it has escapes or is no UTF-8.
    #[inline]
    #[must_use]
    pub fn as_str(&self) -> Option<&'a str> {
        str::from_utf8(self.as_bytes()?).ok()
    }

    /// The string's bytes in place, UTF-8 or not. `None` where it has escapes.
    #[inline]
    #[must_use]
    pub const fn as_bytes(&self) -> Option<&'a [u8]> {
        if self.escaped { None } else { Some(self.raw) }
    }

    /// The string, in place where it has no escapes. `None` where it is no UTF-8.
    #[must_use]
    pub fn to_str(&self) -> Option<Cow<'a, str>> {
        match self.to_bytes() {
            Cow::Borrowed(bytes) => str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
        }
    }

    /// The string's bytes, UTF-8 or not, in place where it has no escapes.
    #[must_use]
    pub fn to_bytes(&self) -> Cow<'a, [u8]> {
        if !self.escaped {
            return Cow::Borrowed(self.raw);
        }
        let mut bytes = Vec::with_capacity(self.raw.len()); // unescaping never lengthens
        let Ok(()) = self.write(|piece| {
            bytes.extend_from_slice(piece);
            Ok::<(), Infallible>(())
        });
        Cow::Owned(bytes)
    }

    /// Writes the string unescaped, in as few pieces as there are between its escapes. None of them is empty, and all
    /// together are no longer than it stands in the payload.
    ///
    /// ```
    /// use falconet::view::WriteView;
    /// use falconet_std::json::Value;
    ///
    /// let text = Value::check(br#""a\tb""#)?.text().unwrap();
    /// let mut memory = [0; 8];
    /// let mut view = WriteView::new(&mut memory);
    /// text.write(|piece| view.write_all(piece)).unwrap();
    /// assert_eq!(&memory[..3], b"a\tb");
    /// # Ok::<(), falconet_std::json::Malformed>(())
    /// ```
    ///
    /// # Errors
    /// The first one of `write`, which is not called again then.
    pub fn write<E>(&self, mut write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        self.pieces().try_for_each(|piece| write(piece.bytes(&mut [0; 4])))
    }

    /// Whether it is these bytes, unescaped.
    #[inline]
    fn is(&self, bytes: &[u8]) -> bool {
        if self.escaped { self.is_all_of(bytes.iter().copied()) } else { self.raw == bytes }
    }

    pub(super) fn is_all_of(&self, mut bytes: impl Iterator<Item = u8>) -> bool {
        let equal = self.pieces().all(|piece| piece.bytes(&mut [0; 4]).iter().all(|byte| bytes.next() == Some(*byte)));
        equal && bytes.next().is_none()
    }

    const fn pieces(&self) -> Pieces<'a> {
        Pieces { rest: self.raw }
    }
}

impl PartialEq<str> for Text<'_> {
    #[inline]
    fn eq(&self, other: &str) -> bool {
        self.is(other.as_bytes())
    }
}

impl PartialEq<[u8]> for Text<'_> {
    #[inline]
    fn eq(&self, other: &[u8]) -> bool {
        self.is(other)
    }
}

impl PartialEq<&str> for Text<'_> {
    #[inline]
    fn eq(&self, other: &&str) -> bool {
        self.is(other.as_bytes())
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        for piece in self.pieces() {
            for chunk in piece.bytes(&mut [0; 4]).utf8_chunks() {
                f.write_str(chunk.valid())?;
                if !chunk.invalid().is_empty() {
                    f.write_char(char::REPLACEMENT_CHARACTER)?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.raw.escape_ascii())
    }
}

/// A part of an unescaped string.
enum Piece<'a> {
    /// As written.
    Raw(&'a [u8]),
    /// What an escape stands for.
    Char(char),
}

impl Piece<'_> {
    fn bytes<'b>(&'b self, room: &'b mut [u8; 4]) -> &'b [u8] {
        match self {
            Self::Raw(bytes) => bytes,
            Self::Char(char) => char.encode_utf8(room).as_bytes(),
        }
    }
}

/// The parts of a string, each as long as can be. A backslash that begins no escape is a part of its own, and what
/// follows it is plain.
struct Pieces<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let (piece, used) = match self.rest {
            [] => return None,
            [b'\\', escape @ ..] => match unescape(escape) {
                Some((char, used)) => (Piece::Char(char), used + 1),
                None => (Piece::Raw(b"\\"), 1),
            },
            rest => {
                let n = rest.iter().take_while(|byte| **byte != b'\\').count();
                (Piece::Raw(rest.get(..n).unwrap_or_default()), n)
            }
        };
        self.rest = self.rest.get(used..).unwrap_or_default();
        Some(piece)
    }
}

/// What an escape behind its backslash stands for, and how long it is.
fn unescape(escape: &[u8]) -> Option<(char, usize)> {
    let char = match escape.first()? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\x08',
        b'f' => '\x0C',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unescape_unicode(escape),
        _ => return None,
    };
    Some((char, 1))
}

/// A `u` with four hexadecimal digits, or two of these with a backslash between if the first is a surrogate.
fn unescape_unicode(escape: &[u8]) -> Option<(char, usize)> {
    let first = code_unit(escape)?;
    if let Some(char) = char::from_u32(first) {
        return Some((char, 5));
    }
    let second = escape.get(5..)?.strip_prefix(b"\\").and_then(code_unit)?;
    let pair = match (first, second) {
        (0xD800..0xDC00, 0xDC00..0xE000) => char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)),
        _ => None,
    };
    Some((pair.unwrap_or(char::REPLACEMENT_CHARACTER), 11))
}

/// The number that a `u` and its four hexadecimal digits give.
fn code_unit(escape: &[u8]) -> Option<u32> {
    let digits = escape.strip_prefix(b"u")?.first_chunk::<4>()?;
    digits.iter().try_fold(0, |number, digit| Some(number << 4 | char::from(*digit).to_digit(16)?))
}
