// SPDX-License-Identifier: Apache-2.0
//! Finding where a JSON value ends.

use std::error::Error;
use std::fmt;

use super::Text;

/// Levels of nesting, a value within counted: as many as the official plugins take.
const DEPTH: usize = 300;

/// Where and why a payload is no JSON, not even leniently.
///
/// ```
/// use falconet_std::json::Value;
///
/// let malformed = Value::check(b"[1, 2").unwrap_err();
/// assert_eq!(malformed.offset(), 5);
/// assert_eq!(malformed.to_string(), "malformed JSON at byte 5: a ',' or ']' is missing");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    offset: usize,
    why: &'static str,
}

impl Malformed {
    /// The byte where it was seen, counted from 0 of the payload.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed JSON at byte {}: {}", self.offset, self.why)
    }
}

impl Error for Malformed {}

/// A position in JSON text.
#[derive(Clone, Debug)]
pub(super) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    open: Nesting,
}

impl<'a> Scanner<'a> {
    #[inline]
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, open: Nesting { depth: 0, objects: [0; DEPTH.div_ceil(64)] } }
    }

    const fn malformed<T>(&self, why: &'static str) -> Result<T, Malformed> {
        Err(Malformed { offset: self.at, why })
    }

    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    #[inline]
    const fn skip(&mut self, n: usize) {
        self.at += n;
    }

    /// The next byte that is no blank, where the position is then.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.bytes.get(self.at) {
                Some(byte) if *byte > b' ' => return Some(*byte), // the most frequent first
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.skip(1),
                other => return other.copied(),
            }
        }
    }

    /// Skips `byte` if it is next.
    #[inline]
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        if is_next {
            self.skip(1);
        }
        is_next
    }

    /// Skips the quoted string whose quote is next, and gives what it quotes.
    #[inline]
    pub(super) fn string(&mut self) -> Result<Text<'a>, Malformed> {
        self.skip(1);
        let start = self.at;
        let mut escaped = false;
        loop {
            self.skip(up_to_special(self.rest()));
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    let raw = self.bytes.get(start..self.at).unwrap_or_default();
                    self.skip(1);
                    return Ok(Text::new(raw, escaped));
                }
                Some(_) => {
                    escaped = true;
                    self.skip(2);
                }
                None => {
                    self.at = self.bytes.len();
                    return self.malformed("a string has no end");
                }
            }
        }
    }

    /// Skips a key and its colon.
    #[inline]
    fn key(&mut self) -> Result<Text<'a>, Malformed> {
        if self.peek() != Some(b'"') {
            return self.malformed("a key is missing");
        }
        let key = self.string()?;
        if !self.take(b':') {
            return self.malformed("a ':' is missing");
        }
        Ok(key)
    }

    /// Skips one value, however deep, and gives its text.
    #[inline]
    pub(super) fn value(&mut self) -> Result<&'a [u8], Malformed> {
        let _ = self.peek();
        let (start, depth) = (self.at, self.open.depth);
        while !self.begin()? {}
        self.close(depth)?;
        Ok(self.bytes.get(start..self.at).unwrap_or_default())
    }

    /// Behind a value: skips what is left of all containers around it, behind which is nothing but blanks.
    pub(super) fn finish(&mut self) -> Result<(), Malformed> {
        self.close(0)?;
        match self.peek() {
            None => Ok(()),
            Some(_) => self.malformed("something follows the value"),
        }
    }

    /// Begins a value, and is done with it unless it is a container that has something in it.
    #[inline]
    fn begin(&mut self) -> Result<bool, Malformed> {
        match self.peek() {
            Some(b'{') => {
                self.skip(1);
                let empty = self.take(b'}');
                if !empty {
                    self.enter(true)?;
                    self.key()?;
                }
                Ok(empty)
            }
            Some(b'[') => {
                self.skip(1);
                let empty = self.take(b']');
                if !empty {
                    self.enter(false)?;
                }
                Ok(empty)
            }
            Some(b'"') => self.string().map(|_| true),
            _ => self.scalar().map(|()| true),
        }
    }

    /// Behind a value: skips what is left of the containers around it that are deeper than `depth`.
    #[inline]
    fn close(&mut self, depth: usize) -> Result<(), Malformed> {
        while self.open.depth > depth {
            let is_object = self.open.innermost_is_object();
            match self.peek() {
                Some(b',') => {
                    self.skip(1);
                    if is_object {
                        self.key()?;
                    }
                    while !self.begin()? {}
                }
                Some(b'}') if is_object => self.leave(),
                Some(b']') if !is_object => self.leave(),
                _ if is_object => return self.malformed("a ',' or '}' is missing"),
                _ => return self.malformed("a ',' or ']' is missing"),
            }
        }
        Ok(())
    }

    #[inline]
    fn enter(&mut self, is_object: bool) -> Result<(), Malformed> {
        match self.open.enter(is_object) {
            Some(()) => Ok(()),
            None => self.malformed("it is nested more than 300 levels deep"),
        }
    }

    #[inline]
    const fn leave(&mut self) {
        self.skip(1);
        self.open.depth = self.open.depth.saturating_sub(1);
    }

    /// Skips a number or a word.
    #[inline]
    fn scalar(&mut self) -> Result<(), Malformed> {
        let rest = self.rest();
        let numeric = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'e' | b'E' | b'+');
        let n = match rest {
            [b't', b'r', b'u', b'e', ..] | [b'n', b'u', b'l', b'l', ..] => 4,
            [b'f', b'a', b'l', b's', b'e', ..] => 5,
            _ => match rest.iter().take_while(numeric).count() {
                1 if matches!(rest, [b'-' | b'+', ..]) => 1 + not_finite(rest.get(1..)),
                0 => not_finite(Some(rest)),
                n => n,
            },
        };
        if n == 0 || (n == 1 && matches!(rest, [b'-' | b'+', ..])) {
            return self.malformed("a value is missing");
        }
        self.skip(n);
        Ok(())
    }

    /// The next key of an object, with its value next: of one that is next if it is to be opened, else of the one whose
    /// value was just skipped.
    #[inline]
    pub(super) fn next_key(&mut self, open: bool) -> Option<Text<'a>> {
        if !self.take(if open { b'{' } else { b',' }) {
            return None;
        }
        if open {
            self.enter(true).ok()?;
        }
        self.key().ok()
    }

    /// Whether there is a next element of an array, which is next then. As [`next_key`](Self::next_key).
    #[inline]
    pub(super) fn next_element(&mut self, open: bool) -> bool {
        self.take(if open { b'[' } else { b',' }) && self.peek() != Some(b']') && (!open || self.enter(false).is_ok())
    }
}

/// The length of the word for a number that is not finite, if it begins `rest`.
fn not_finite(rest: Option<&[u8]>) -> usize {
    let is = |word: &[u8]| word.eq_ignore_ascii_case(b"nan") || word.eq_ignore_ascii_case(b"inf");
    if rest.and_then(|rest| rest.get(..3)).is_some_and(is) { 3 } else { 0 }
}

/// How many bytes there are before a quote or a backslash, eight looked at at a time.
#[inline]
fn up_to_special(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 0xFF;
    // The lowest byte that is zero has its high bit set, and none below it.
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    let mut rest = bytes;
    while let Some((eight, behind)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*eight);
        let special = zero(word ^ (ONES * b'"' as u64)) | zero(word ^ (ONES * b'\\' as u64));
        if special != 0 {
            return bytes.len() - rest.len() + special.trailing_zeros() as usize / 8;
        }
        rest = behind;
    }
    let n = rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\')).count();
    bytes.len() - rest.len() + n
}

/// The containers around a position: which of them are objects, a bit each.
#[derive(Clone, Debug)]
struct Nesting {
    depth: usize,
    objects: [u64; DEPTH.div_ceil(64)],
}

impl Nesting {
    /// `None` where a value within would be too deep.
    #[inline]
    fn enter(&mut self, is_object: bool) -> Option<()> {
        let depth = self.depth + 1;
        if depth >= DEPTH {
            return None;
        }
        let word = self.objects.get_mut(depth / 64)?;
        let bit = 1 << (depth % 64);
        *word = if is_object { *word | bit } else { *word & !bit };
        self.depth = depth;
        Some(())
    }

    #[inline]
    fn innermost_is_object(&self) -> bool {
        self.objects.get(self.depth / 64).is_some_and(|word| word >> (self.depth % 64) & 1 == 1)
    }
}
