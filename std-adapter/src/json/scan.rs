// SPDX-License-Identifier: Apache-2.0
//! Going through JSON text that may be anything: every byte is looked at, and nothing recurses.

use super::check::{MAX_DEPTH, Reason};
use super::skip::{self, before, is_blank};
use super::{Text, Value};

/// A position in JSON text. Where a function fails, it is where the fault was seen.
pub(super) struct Scanner<'a, const STRICT: bool> {
    /// What is not passed yet.
    rest: &'a [u8],
    blanks: usize,
}

impl<'a, const STRICT: bool> Scanner<'a, STRICT> {
    #[inline]
    pub(super) const fn new(text: &'a [u8]) -> Self {
        Self { rest: text, blanks: 0 }
    }

    #[inline]
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Blanks passed.
    #[inline]
    pub(super) const fn blanks(&self) -> usize {
        self.blanks
    }

    #[inline]
    pub(super) const fn forget_blanks(&mut self) {
        self.blanks = 0;
    }

    /// What has been passed since this was the rest.
    #[inline]
    pub(super) fn since(&self, start: &'a [u8]) -> Value<'a> {
        Value::exactly(before(start, self.rest))
    }

    /// The next byte that is no blank, where the position is then.
    #[inline(always)]
    pub(super) const fn peek(&mut self) -> Option<u8> {
        loop {
            match self.rest {
                [byte, ..] if *byte > b' ' => return Some(*byte), // the most frequent first
                [byte, rest @ ..] if is_blank(*byte) => {
                    self.rest = rest;
                    self.blanks += 1;
                }
                [byte, ..] => return Some(*byte),
                [] => return None,
            }
        }
    }

    /// Passes a byte that was peeked at.
    #[inline(always)]
    const fn skip(&mut self) {
        if let [_, rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    /// Passes an opening bracket, and the closing one if it is next.
    #[inline(always)]
    pub(super) fn opens_and_closes(&mut self, close: u8) -> bool {
        self.skip();
        let closes = self.peek() == Some(close);
        if closes {
            self.skip();
        }
        closes
    }

    /// Behind a value in an object or array: passes the comma or the closing bracket; whether it was the comma.
    #[inline(always)]
    pub(super) fn goes_on(&mut self, in_object: bool) -> Result<bool, Reason> {
        let goes_on = match self.peek() {
            Some(b',') => true,
            Some(b'}') if in_object => false,
            Some(b']') if !in_object => false,
            _ => return Err(if in_object { Reason::InObject } else { Reason::InArray }),
        };
        self.skip();
        Ok(goes_on)
    }

    /// Passes a key and its colon.
    #[inline(always)]
    pub(super) fn key(&mut self) -> Result<Text<'a>, Reason> {
        if self.peek() != Some(b'"') {
            return Err(Reason::Key);
        }
        let start = self.rest;
        let escaped = self.string()?;
        let key = before(start, self.rest);
        if self.peek() != Some(b':') {
            return Err(Reason::Colon);
        }
        self.skip();
        Ok(Text::quoted(key, escaped))
    }

    /// Passes the string whose quote is next. Whether there is a backslash in it.
    #[inline(always)]
    fn string(&mut self) -> Result<bool, Reason> {
        let behind = if STRICT { behind_strict_string(self.rest) } else { skip::behind_string(self.rest) };
        let (rest, escaped) = behind.ok_or(Reason::String)?;
        self.rest = rest;
        Ok(escaped)
    }

    /// Passes a number or a word.
    #[inline]
    fn scalar(&mut self) -> Result<(), Reason> {
        let len = match self.rest {
            [b't', b'r', b'u', b'e', ..] | [b'n', b'u', b'l', b'l', ..] => 4,
            [b'f', b'a', b'l', b's', b'e', ..] => 5,
            rest if STRICT => strict_number_len(rest),
            rest => lenient_number_len(rest),
        };
        self.rest = self.rest.get(len..).filter(|_| len > 0).ok_or(Reason::Value)?;
        Ok(())
    }

    /// Passes one value, however deep.
    #[inline]
    pub(super) fn value(&mut self) -> Result<Value<'a>, Reason> {
        self.peek();
        let start = self.rest;
        // A copy, so that it can stay in registers, and to begin anew with.
        let mut scanner = Self { ..*self };
        let mut done = scanner.levels(&mut Shallow::default());
        if done == Err(Reason::TooDeep) {
            scanner = Self { ..*self };
            done = scanner.deep();
        }
        *self = scanner;
        done.map(|()| self.since(start))
    }

    #[cold]
    #[inline(never)]
    fn deep(&mut self) -> Result<(), Reason> {
        self.levels(&mut Deep { depth: 0, objects: [0; _] })
    }

    #[inline(always)]
    fn levels(&mut self, open: &mut impl Levels) -> Result<(), Reason> {
        let mut member = false;
        loop {
            if member {
                self.key()?;
            }
            match self.peek() {
                Some(b'"') => {
                    self.string()?;
                }
                Some(bracket @ (b'{' | b'[')) => {
                    // The closing bracket of either is two more than the opening one.
                    if !self.opens_and_closes(bracket + 2) {
                        member = bracket == b'{';
                        if !open.enter(member) {
                            return Err(Reason::TooDeep);
                        }
                        continue;
                    }
                }
                _ => self.scalar()?,
            }
            // Behind a value.
            loop {
                if open.is_empty() {
                    return Ok(());
                }
                member = open.is_in_object();
                if self.goes_on(member)? {
                    break;
                }
                open.leave();
            }
        }
    }
}

/// The objects and arrays around a position.
trait Levels {
    /// False where a value within would be too deep.
    fn enter(&mut self, object: bool) -> bool;
    fn leave(&mut self);
    fn is_empty(&self) -> bool;
    /// Whether the innermost is an object.
    fn is_in_object(&self) -> bool;
}

/// Up to 63 levels: a bit for each, behind a one. Nearly all there is fits, and stays in a register.
struct Shallow(u64);

impl Default for Shallow {
    #[inline]
    fn default() -> Self {
        Self(1)
    }
}

impl Levels for Shallow {
    #[inline]
    fn enter(&mut self, object: bool) -> bool {
        let has_room = self.0 >> 63 == 0;
        self.0 = self.0 << 1 | u64::from(object);
        has_room
    }

    #[inline]
    fn leave(&mut self) {
        self.0 >>= 1;
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.0 == 1
    }

    #[inline]
    fn is_in_object(&self) -> bool {
        self.0 & 1 == 1
    }
}

/// As many as may be, inside of one more and with one more inside.
struct Deep {
    depth: usize,
    objects: [u64; MAX_DEPTH.div_ceil(64)],
}

impl Levels for Deep {
    fn enter(&mut self, object: bool) -> bool {
        let depth = self.depth + 1;
        let Some(word) = self.objects.get_mut(depth / 64).filter(|_| depth < MAX_DEPTH - 1) else { return false };
        let bit = 1 << (depth % 64);
        *word = if object { *word | bit } else { *word & !bit };
        self.depth = depth;
        true
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    fn is_empty(&self) -> bool {
        self.depth == 0
    }

    fn is_in_object(&self) -> bool {
        self.objects.get(self.depth / 64).is_some_and(|word| word >> (self.depth % 64) & 1 == 1)
    }
}

fn behind_strict_string(text: &[u8]) -> Option<(&[u8], bool)> {
    let (mut rest, mut escaped) = (text.get(1..)?, false);
    loop {
        rest = match skip::to_special::<true>(rest) {
            [b'"', behind @ ..] => return Some((behind, escaped)),
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', behind @ ..] => behind,
            [b'\\', b'u', a, b, c, d, behind @ ..] if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) => {
                behind
            }
            _ => return None,
        };
        escaped = true;
    }
}

/// 0 where there is none.
fn strict_number_len(text: &[u8]) -> usize {
    let digits = |from: usize| text.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(text.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || whole > 1 && text.get(at) == Some(&b'0') {
        return 0;
    }
    at += whole;
    if text.get(at) == Some(&b'.') {
        match digits(at + 1) {
            0 => return 0,
            fraction => at += 1 + fraction,
        }
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        match digits(at) {
            0 => return 0,
            exponent => at += exponent,
        }
    }
    at
}

/// 0 where there is none.
#[inline]
fn lenient_number_len(text: &[u8]) -> usize {
    let numeric = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'e' | b'E' | b'+');
    let sign = usize::from(matches!(text, [b'-' | b'+', ..]));
    match text.iter().take_while(numeric).count() {
        len if len > sign => len,
        _ if is_not_finite(text.get(sign..)) => sign + 3,
        _ => 0,
    }
}

/// Whether the word for a number that is not finite begins `rest`.
fn is_not_finite(rest: Option<&[u8]>) -> bool {
    let is = |word: &[u8]| word.eq_ignore_ascii_case(b"nan") || word.eq_ignore_ascii_case(b"inf");
    rest.and_then(|rest| rest.get(..3)).is_some_and(is)
}
