// SPDX-License-Identifier: Apache-2.0
//! Errors and how their text reaches the host: [`Error`], [`Report`], [`Shown`], [`Message`].
//!
//! An error costs nothing until it is reported: [`Error`] is a static text and up to two named numbers, written
//! without `core::fmt` (whose machinery would be most of a small plugin). Errors that implement `Display` are
//! welcome through [`Shown`]. Nothing here panics or allocates.

use core::convert::Infallible;
use core::ffi::CStr;
use core::fmt;

use crate::abi;
use crate::batch::TooLarge;
use crate::event::EventError;
use crate::view::ViewError;

/// A text of fixed size for the host: `N` bytes, the last of them always NUL.
///
/// What does not fit is cut at a character's boundary; a NUL byte becomes `?`, because the host would read no further.
///
/// ```
/// use falconet::error::Message;
/// let mut text = Message::<16>::new();
/// text.push_str("needed ");
/// text.push_number(4096);
/// assert_eq!(text.as_str(), "needed 4096");
/// text.push_str(" and much more");
/// assert_eq!(text.as_str(), "needed 4096 and"); // 15 bytes and a NUL
/// ```
#[derive(Clone)]
pub struct Message<const N: usize = { abi::MAX_ERRLEN }> {
    text: Text<[u8; N]>,
}

/// A text in a message of any size.
#[derive(Clone)]
pub(crate) struct Text<B: ?Sized> {
    /// Bytes of the text; what stands behind it begins with a NUL.
    len: usize,
    bytes: B,
}

impl<const N: usize> Message<N> {
    /// An empty text.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(N > 0, "a message needs room for its NUL") };
        Self { text: Text { len: 0, bytes: [0; N] } }
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// The bytes so far, without the NUL.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.text.bytes.get(..self.text.len).unwrap_or_default()
    }

    /// The bytes so far, and their NUL.
    pub(crate) fn as_bytes_with_nul(&self) -> &[u8] {
        self.text.bytes.get(..=self.text.len).unwrap_or(&[0])
    }

    /// The text so far; empty where raw bytes that are no UTF-8 were pushed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// True when nothing was written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.text.len == 0
    }

    /// The bytes with their NUL, for a C reader.
    #[must_use]
    pub const fn as_ptr(&self) -> *const core::ffi::c_char {
        self.text.bytes.as_ptr().cast()
    }

    /// The bytes with their NUL, as a C text.
    #[must_use]
    pub fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_with_nul(self.as_bytes_with_nul()).unwrap_or_default()
    }

    /// Appends text, as much as there is room for. Returns whether all of it was.
    pub fn push_str(&mut self, text: &str) -> bool {
        self.push_bytes(text.as_bytes())
    }

    /// Appends raw bytes, as many as there is room for. Returns whether all of them were.
    pub fn push_bytes(&mut self, bytes: &[u8]) -> bool {
        push(&mut self.text, bytes)
    }

    /// Appends a number in decimal.
    pub fn push_number(&mut self, number: u64) -> bool {
        push_number(&mut self.text, number)
    }

    /// The text, whatever its size is.
    pub(crate) const fn text(&mut self) -> &mut Text<[u8]> {
        &mut self.text
    }

    /// Gives up what is behind the first `len` bytes.
    pub(crate) fn truncate(&mut self, len: usize) {
        if len <= self.text.len
            && let Some(nul) = self.text.bytes.get_mut(len)
        {
            *nul = 0;
            self.text.len = len;
        }
    }
}

impl Text<[u8]> {
    /// Empties it.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
        if let Some(nul) = self.bytes.first_mut() {
            *nul = 0;
        }
    }

    /// The bytes so far, and their NUL.
    pub(crate) fn as_bytes_with_nul(&self) -> &[u8] {
        self.bytes.get(..=self.len).unwrap_or(&[0])
    }

    /// Puts a text of any length in place of what is there: as a whole, where [`push`] goes byte by byte.
    pub(crate) fn set(&mut self, text: &[u8]) {
        self.clear();
        let take = text.get(..fitting(text, self.bytes.len().saturating_sub(1))).unwrap_or_default();
        let Some(room) = self.bytes.get_mut(..take.len()) else { return };
        room.copy_from_slice(take);
        for byte in room {
            *byte = if *byte == 0 { b'?' } else { *byte };
        }
        self.len = take.len();
        if let Some(nul) = self.bytes.get_mut(take.len()) {
            *nul = 0;
        }
    }
}

impl fmt::Debug for Text<[u8]> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Text").field("len", &self.len).field("room", &self.bytes.len()).finish()
    }
}

/// Appends; what does not fit is cut and is no error.
impl fmt::Write for Text<[u8]> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        push(self, text.as_bytes());
        Ok(())
    }
}

/// How many of `bytes` go into `room` bytes. A cut in the middle of a UTF-8 character moves back to its first byte, three
/// bytes at most: what goes on for longer is no character.
fn fitting(bytes: &[u8], room: usize) -> usize {
    let mut take = room;
    while bytes.get(take).is_some_and(|byte| byte & 0xC0 == 0x80) && take > room.saturating_sub(3) {
        take -= 1;
    }
    take.min(bytes.len())
}

/// Byte by byte: what the host is told is short and rare, and this is a part of every plugin.
#[inline(never)]
fn push(text: &mut Text<[u8]>, bytes: &[u8]) -> bool {
    let take = fitting(bytes, text.bytes.len().saturating_sub(text.len).saturating_sub(1));
    let mut len = text.len;
    for byte in bytes.iter().take(take) {
        let Some(to) = text.bytes.get_mut(len) else { break };
        *to = if *byte == 0 { b'?' } else { *byte };
        len += 1;
    }
    if let Some(nul) = text.bytes.get_mut(len) {
        *nul = 0;
    }
    text.len = len;
    take == bytes.len()
}

/// Appends digit by digit. Where one has no room, those behind it have none either.
#[inline(never)]
fn push_number(text: &mut Text<[u8]>, number: u64) -> bool {
    let tens = number / 10;
    if tens > 0 {
        push_number(text, tens);
    }
    push(text, &[b'0' | (number % 10) as u8])
}

impl<const N: usize> Default for Message<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Debug for Message<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Appends; what does not fit is cut and is no error.
impl<const N: usize> fmt::Write for Message<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push_str(text);
        Ok(())
    }
}

/// An error that can tell the host what went wrong.
///
/// Implemented by [`Error`], by [`Shown`] for everything that is `Display`, and by hand where a message has parts.
///
/// ```
/// use falconet::error::{Message, Report};
/// struct Missing<'a>(&'a [u8]);
/// impl Report for Missing<'_> {
///     fn report(&self, text: &mut Message) {
///         text.push_bytes(self.0);
///         text.push_str(" is not there");
///     }
/// }
/// let mut text = Message::new();
/// Missing(b"/var/log/access.log").report(&mut text);
/// assert_eq!(text.as_str(), "/var/log/access.log is not there");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be reported to the host",
    note = "use `falconet::Error`, wrap a type that implements `Display` as `falconet::error::Shown<{Self}>`, or implement `Report`"
)]
pub trait Report {
    /// Writes the message into `text`, which is at most [`MAX_ERRLEN`](abi::MAX_ERRLEN) bytes and empty at first.
    fn report(&self, text: &mut Message);
}

impl Report for Infallible {
    fn report(&self, _: &mut Message) {}
}

/// A static text and up to two named numbers: what was wrong, what was needed, what was there.
///
/// ```
/// use falconet::Error;
/// let error = Error::new("the payload size is out of range").with("given", 12).with("least", 44);
/// assert_eq!(error.to_string(), "the payload size is out of range (given 12, least 44)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    text: &'static str,
    numbers: [Option<(&'static str, u64)>; 2],
}

impl Error {
    /// An error of a static text.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self { text, numbers: [None; 2] }
    }

    /// Adds a named number; a third is left out.
    #[must_use]
    pub const fn with(mut self, name: &'static str, number: u64) -> Self {
        match self.numbers {
            [None, _] => self.numbers[0] = Some((name, number)),
            [_, None] => self.numbers[1] = Some((name, number)),
            _ => {}
        }
        self
    }

    /// The static text.
    #[must_use]
    pub const fn text(&self) -> &'static str {
        self.text
    }
}

impl Report for Error {
    fn report(&self, text: &mut Message) {
        text.push_str(self.text);
        let mut before = " (";
        for (name, number) in self.numbers.iter().flatten() {
            text.push_str(before);
            text.push_str(name);
            text.push_str(" ");
            text.push_number(*number);
            before = ", ";
        }
        if self.numbers[0].is_some() {
            text.push_str(")");
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Message::new();
        self.report(&mut text);
        f.write_str(text.as_str())
    }
}

impl core::error::Error for Error {}

impl From<&'static str> for Error {
    fn from(text: &'static str) -> Self {
        Self::new(text)
    }
}

impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl From<TooLarge> for Error {
    #[inline]
    fn from(error: TooLarge) -> Self {
        Self::of("an event is larger than a batch", error.needed, error.capacity)
    }
}

impl From<ViewError> for Error {
    /// Inlined behind a write, for example, the others' texts are not in the library.
    #[inline(always)]
    fn from(error: ViewError) -> Self {
        let (text, needed, available) = match error {
            ViewError::Null => ("a view's memory is NULL", 1, 0),
            ViewError::CapacityTooLarge { capacity } => {
                ("a view's capacity is too large", capacity, isize::MAX as usize)
            }
            ViewError::LenBeyondCapacity { len, capacity } => ("a view's length is beyond its capacity", len, capacity),
            ViewError::Short { needed, available } => ("a read goes beyond the end", needed, available),
            ViewError::Full { needed, available } => ("a write goes beyond the event's room", needed, available),
            ViewError::Seek { offset, len, .. } => {
                let error = Self::new("a seek goes out of a view");
                return error.with("from", offset as u64).with("of", len as u64);
            }
            ViewError::NotTheRoom { len, available } => ("what a filler gave back is not its room", len, available),
        };
        Self::of(text, needed, available)
    }
}

impl Error {
    /// The commonest error: so much was needed, and so much was there.
    #[cold]
    #[inline(never)]
    fn of(text: &'static str, needed: usize, available: usize) -> Self {
        Self::new(text).with("needed", needed as u64).with("available", available as u64)
    }
}

impl From<EventError> for Error {
    #[cold]
    fn from(error: EventError) -> Self {
        let (text, needed, available) = error.parts();
        Self::new(text).with("needed", needed).with("available", available)
    }
}

/// Reports anything that is `Display`, through `core::fmt`.
///
/// ```
/// use falconet::error::{Message, Report, Shown};
/// fn parse(text: &str) -> Result<u32, Shown<core::num::ParseIntError>> {
///     Ok(text.parse()?)
/// }
/// let mut text = Message::new();
/// parse("twelve").unwrap_err().report(&mut text);
/// assert_eq!(text.as_str(), "invalid digit found in string");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown<E>(pub E);

impl<E: fmt::Display> Report for Shown<E> {
    fn report(&self, text: &mut Message) {
        let _cut_is_fine = fmt::Write::write_fmt(text, format_args!("{}", self.0));
    }
}

impl<E> From<E> for Shown<E> {
    fn from(error: E) -> Self {
        Self(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn numbers_are_written_in_decimal() {
        for number in [0, 7, 10, 4096, u64::MAX] {
            let mut text = Message::<32>::new();
            assert!(text.push_number(number));
            assert_eq!(text.as_str(), number.to_string());
        }
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        let mut text = Message::<4>::new();
        assert!(!text.push_str("aé€"));
        assert_eq!(text.as_str(), "aé");
        let mut text = Message::<4>::new();
        assert!(!text.push_str("ab€"));
        assert_eq!(text.as_str(), "ab");
    }

    #[test]
    fn a_nul_is_never_in_the_middle() {
        let mut text = Message::<8>::new();
        text.push_bytes(b"a\0b");
        assert_eq!(text.as_str(), "a?b");
        text.clear();
        assert!(text.is_empty());
        assert_eq!(text.text.bytes[0], 0);
        assert_eq!(text.as_c_str(), c"");
        text.push_str("a");
        assert_eq!(text.as_c_str(), c"a");
    }

    #[test]
    fn a_nul_follows_the_text() {
        let mut text = Message::<8>::new();
        for (pushed, whole) in [("1234567890", &b"1234567\0"[..]), ("é", b"\xC3\xA9\0"), ("", b"\0"), ("1", b"1\0")] {
            text.clear();
            text.push_str(pushed);
            assert_eq!(&text.text.bytes[..whole.len()], whole);
        }
        text.clear();
        text.push_str("1234567");
        text.truncate(3);
        text.truncate(5);
        assert_eq!((text.as_str(), &text.text.bytes[..4]), ("123", &b"123\0"[..]));
        text.push_bytes(&[0xFF; 2]);
        assert_eq!((text.as_bytes().len(), text.as_str()), (5, ""));
    }

    /// As it may be where a program in C has overwritten it.
    #[test]
    fn a_length_beyond_the_room_takes_nothing() {
        for len in [8, 9, usize::MAX] {
            let mut text = Message::<8>::new();
            text.text.len = len;
            assert!(!text.push_str("a") && !text.push_number(7));
            assert_eq!((text.text.len, text.text.bytes), (len, [0; 8]));
        }
    }

    #[test]
    fn bytes_that_are_no_utf_8_are_cut_and_do_not_all_go() {
        let mut text = Message::<8>::new();
        text.push_bytes(&[0x80; 9]);
        assert_eq!(text.as_bytes(), [0x80; 4], "no character has more than three bytes behind its first");
        let text: &mut Text<[u8]> = &mut text.text;
        text.set(&[0xBF; 1000]);
        assert_eq!(text.as_bytes_with_nul(), b"\xBF\xBF\xBF\xBF\0");
        text.set(&[0x80; 7]);
        assert_eq!(text.as_bytes_with_nul(), b"\x80\x80\x80\x80\x80\x80\x80\0", "it fits");
    }

    #[test]
    fn anything_that_can_be_shown_is_cut_and_is_no_error() {
        let mut text = Message::new();
        Shown(std::format!("{:2000}|", 1)).report(&mut text);
        assert_eq!(text.as_bytes().len(), abi::MAX_ERRLEN - 1);
        // SAFETY: a message ends in a NUL.
        #[expect(unsafe_code, reason = "read as a host does")]
        let read = unsafe { CStr::from_ptr(text.as_ptr()) };
        assert_eq!(read.to_bytes(), text.as_bytes());
        text.clear();
        Shown(ViewError::Full { needed: 2, available: 1 }).report(&mut text);
        assert_eq!(text.as_str(), "2 bytes needed, room for 1");
    }

    #[test]
    fn a_third_number_is_left_out() {
        let error = Error::new("x").with("a", 1).with("b", 2).with("c", 3);
        assert_eq!(error.to_string(), "x (a 1, b 2)");
    }
}
