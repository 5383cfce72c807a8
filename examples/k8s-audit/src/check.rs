// SPDX-License-Identifier: Apache-2.0
//! Whether a text is JSON, by the lenient rules of the official plugins or strictly: one pass, without recursion.

use core::fmt;

use crate::json::{Text, Value, is_blank, string_len};

/// How deep objects and arrays may stand in each other, as for the API server.
pub const MAX_DEPTH: usize = 10_000;

/// What counts as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// What the official plugins take, see the module.
    Lenient,
    /// RFC 8259, but for bytes of strings that are no UTF-8.
    Strict,
}

/// What [`check`] has found out about a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked<'a> {
    /// The value that the text is.
    pub value: Value<'a>,
    /// How many blanks there are in the value, outside of its strings.
    pub blanks: usize,
}

/// Why a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// Where, in bytes from its start.
    pub at: usize,
    /// What is wrong there.
    pub what: What,
}

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// A value was expected.
    Value,
    /// The name of a member was expected.
    Name,
    /// The colon after a name was expected.
    Colon,
    /// A comma or a closing brace was expected.
    InObject,
    /// A comma or a closing bracket was expected.
    InArray,
    /// A string does not end, or (strict) holds what it must not.
    String,
    /// More than [`MAX_DEPTH`] objects and arrays in each other.
    Deep,
    /// There is something behind the value.
    Trailing,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            What::Value => "a JSON value was expected",
            What::Name => "a member's name in quotes was expected",
            What::Colon => "a colon was expected",
            What::InObject => "a comma or } was expected",
            What::InArray => "a comma or ] was expected",
            What::String => "the string that begins here does not end, or holds a character that must be escaped",
            What::Deep => "objects and arrays are nested more than 10000 deep",
            What::Trailing => "there is more behind the JSON value",
        };
        write!(f, "byte {}: {what}", self.at)
    }
}

impl core::error::Error for Error {}

/// Looks whether `text` is one JSON value, with nothing but blanks around it.
///
/// # Errors
/// [`Error`] says where it is none.
pub fn check(text: &[u8], rules: Rules) -> Result<Checked<'_>, Error> {
    check_members(text, rules, |_, _| {})
}

/// The same, and hands over the members of the value, where it is an object, on the way. They count only if the text as
/// a whole is good.
///
/// # Errors
/// As [`check`].
pub fn check_members<'a>(
    text: &'a [u8],
    rules: Rules,
    each: impl FnMut(Text<'a>, Value<'a>),
) -> Result<Checked<'a>, Error> {
    let objects = [0; WORDS];
    Scan { text, at: 0, blanks: 0, rules, depth: 0, objects, name: (0, 0), value: 0, each }.run()
}

const WORDS: usize = MAX_DEPTH.div_ceil(64);

struct Scan<'a, F> {
    text: &'a [u8],
    at: usize,
    blanks: usize,
    rules: Rules,
    depth: usize,
    /// A bit for each depth: whether it is an object.
    objects: [u64; WORDS],
    /// The last name in the outermost object, without its quotes.
    name: (usize, usize),
    /// Where its value begins.
    value: usize,
    each: F,
}

impl<'a, F: FnMut(Text<'a>, Value<'a>)> Scan<'a, F> {
    fn run(mut self) -> Result<Checked<'a>, Error> {
        self.peek();
        self.blanks = 0;
        let start = self.at;
        loop {
            let next = self.peek();
            if self.depth == 1 {
                self.value = self.at;
            }
            match next {
                Some(b'{') => {
                    if !self.closes(b'}') {
                        self.enter(true)?;
                        self.name()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    if !self.closes(b']') {
                        self.enter(false)?;
                        continue;
                    }
                }
                Some(b'"') => self.string()?,
                _ => self.scalar()?,
            }
            if !self.leave()? {
                break;
            }
        }
        let (end, blanks) = (self.at, self.blanks);
        match self.peek() {
            None => Ok(Checked { value: Value::from_raw(self.slice(start, end)), blanks }),
            Some(_) => Err(self.error(What::Trailing)),
        }
    }

    /// Behind a value: whether another one follows.
    fn leave(&mut self) -> Result<bool, Error> {
        while self.depth > 0 {
            let (word, bit) = ((self.depth - 1) / 64, (self.depth - 1) % 64);
            let object = self.objects.get(word).is_some_and(|word| word >> bit & 1 == 1);
            if self.depth == 1 && object {
                let name = Text::from_raw(self.slice(self.name.0, self.name.1));
                let value = Value::from_raw(self.slice(self.value, self.at));
                (self.each)(name, value);
            }
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    if object {
                        self.name()?;
                    }
                    return Ok(true);
                }
                Some(b'}') if object => self.at += 1,
                Some(b']') if !object => self.at += 1,
                _ => return Err(self.error(if object { What::InObject } else { What::InArray })),
            }
            self.depth -= 1;
        }
        Ok(false)
    }

    fn slice(&self, start: usize, end: usize) -> &'a [u8] {
        self.text.get(start..end).unwrap_or_default()
    }

    /// Goes past an opening bracket and, if it is next, the closing one.
    fn closes(&mut self, close: u8) -> bool {
        self.at += 1;
        let closes = self.peek() == Some(close);
        self.at += usize::from(closes);
        closes
    }

    fn enter(&mut self, object: bool) -> Result<(), Error> {
        let (index, bit) = (self.depth / 64, self.depth % 64);
        match self.objects.get_mut(index) {
            Some(word) if self.depth < MAX_DEPTH => *word = *word & !(1 << bit) | u64::from(object) << bit,
            _ => return Err(self.error(What::Deep)),
        }
        self.depth += 1;
        Ok(())
    }

    /// A member's name and its colon.
    fn name(&mut self) -> Result<(), Error> {
        if self.peek() != Some(b'"') {
            return Err(self.error(What::Name));
        }
        let start = self.at;
        self.string()?;
        if self.depth == 1 {
            self.name = (start + 1, self.at - 1);
        }
        if self.peek() != Some(b':') {
            return Err(self.error(What::Colon));
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<(), Error> {
        let len = match self.rules {
            Rules::Lenient => string_len(self.rest()),
            Rules::Strict => strict_string_len(self.rest()),
        };
        self.at += len.ok_or(self.error(What::String))?;
        Ok(())
    }

    fn scalar(&mut self) -> Result<(), Error> {
        let len = match self.rules {
            Rules::Lenient => lenient_scalar_len(self.rest()),
            Rules::Strict => strict_scalar_len(self.rest()),
        };
        self.at += len.ok_or(self.error(What::Value))?;
        Ok(())
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next byte that is no blank.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.get(self.at)?;
            if !is_blank(byte) {
                return Some(byte);
            }
            self.at += 1;
            self.blanks += 1;
        }
    }

    const fn error(&self, what: What) -> Error {
        Error { at: self.at, what }
    }
}

fn strict_string_len(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += text.get(at..)?.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
        at += match (text.get(at)?, text.get(at + 1)) {
            (b'"', _) => return Some(at + 1),
            (b'\\', Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')) => 2,
            (b'\\', Some(b'u')) if text.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => 6,
            _ => return None,
        };
    }
}

const LITERALS: [&[u8]; 3] = [b"true", b"false", b"null"];

fn lenient_scalar_len(text: &[u8]) -> Option<usize> {
    if let Some(literal) = LITERALS.iter().find(|literal| text.starts_with(literal)) {
        return Some(literal.len());
    }
    let sign = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    if let Some(word) = text.get(sign..sign + 3)
        && (word.eq_ignore_ascii_case(b"nan") || word.eq_ignore_ascii_case(b"inf"))
    {
        return Some(sign + 3);
    }
    let number = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E');
    let len = text.iter().take_while(number).count();
    (len > sign).then_some(len)
}

fn strict_scalar_len(text: &[u8]) -> Option<usize> {
    if let Some(literal) = LITERALS.iter().find(|literal| text.starts_with(literal)) {
        return Some(literal.len());
    }
    let digits = |from: usize| text.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(text.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || whole > 1 && text.get(at) == Some(&b'0') {
        return None;
    }
    at += whole;
    if text.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        at += 1 + Some(fraction).filter(|len| *len > 0)?;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        at += Some(digits(at)).filter(|len| *len > 0)?;
    }
    Some(at)
}
