// SPDX-License-Identifier: Apache-2.0
//! Texts that a source makes for the host: [`OpenParams`], and [`EventText`] with its [`TextRoom`].

use core::ffi::c_char;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::error::{Error, Message, Text};
use crate::event::Event;

/// The list of parameters that a user may open, as the JSON that the host reads.
///
/// ```
/// use falconet::{Error, OpenParams};
/// fn list(list: &mut OpenParams<'_>) -> Result<(), Error> {
///     list.add("/var/log/nginx/access.log", "nginx on Debian")
/// }
/// ```
#[derive(Debug)]
pub struct OpenParams<'a> {
    /// What is there of an earlier list, until the first parameter is added.
    json: &'a mut Message<{ OpenParams::CAPACITY }>,
    empty: bool,
}

impl<'a> OpenParams<'a> {
    /// Bytes of the whole list as JSON.
    pub const CAPACITY: usize = 4096;

    #[inline]
    pub(crate) const fn new(json: &'a mut Message<{ OpenParams::CAPACITY }>) -> Self {
        Self { json, empty: true }
    }

    /// Adds a parameter and what it means.
    ///
    /// # Errors
    /// Where the value is empty (rule 4.12), or the list is longer than [`CAPACITY`](OpenParams::CAPACITY); the list is
    /// as it was before then.
    pub fn add(&mut self, value: &str, description: &str) -> Result<(), Error> {
        if value.is_empty() {
            return Err(Error::new("an open parameter in a list must not be empty"));
        }
        if self.empty {
            self.json.clear();
        }
        let before = self.json.as_bytes().len();
        let whole = self.json.push_str(if self.empty { "[{\"value\":" } else { ",{\"value\":" })
            && push_json(self.json, value)
            && self.json.push_str(",\"desc\":")
            && push_json(self.json, description)
            && self.json.push_str("}");
        // Room is left for the bracket at the end.
        if whole && self.json.as_bytes().len() + 1 < Self::CAPACITY {
            self.empty = false;
            return Ok(());
        }
        self.json.truncate(before);
        Err(Error::new("the list of open parameters is too long").with("bytes", Self::CAPACITY as u64))
    }

    /// The list as the host reads it.
    #[inline]
    pub(crate) fn end(self) -> *const c_char {
        if self.empty {
            return c"[]".as_ptr();
        }
        let _room_is_left = self.json.push_str("]");
        self.json.as_ptr()
    }
}

/// Appends `text` as a JSON string; whether it fits.
fn push_json<const N: usize>(json: &mut Message<N>, text: &str) -> bool {
    const HEX: &str = "0123456789abcdef";
    let mut whole = json.push_str("\"");
    for c in text.chars() {
        whole = whole
            && match c {
                '"' => json.push_str("\\\""),
                '\\' => json.push_str("\\\\"),
                '\0'..'\x20' => {
                    let (high, low) = (c as usize >> 4, c as usize & 15);
                    json.push_str("\\u00")
                        && json.push_str(HEX.get(high..=high).unwrap_or("0"))
                        && json.push_str(HEX.get(low..=low).unwrap_or("0"))
                }
                c => json.push_str(c.encode_utf8(&mut [0; 4])),
            };
    }
    whole && json.push_str("\"")
}

/// Room for an event's text that does not stand in the event: see [`Source::event_to_string`](crate::Source::event_to_string).
#[derive(Debug)]
pub struct TextRoom<'t> {
    text: &'t mut Text<[u8]>,
}

/// An event's text for the host, made by [`EventText::from_event`] or [`TextRoom`].
///
/// ```
/// use falconet::{Event, EventText, TextRoom};
/// /// A payload that ends in a NUL is its own text; another one is copied.
/// fn text<'e>(event: &Event<'e>, room: TextRoom<'_>) -> Option<EventText<'e>> {
///     EventText::from_event(event, 0).or_else(|| Some(room.copy(event.payload())))
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct EventText<'e> {
    /// In the event or in the state's own room, both with a NUL behind it.
    text: NonNull<u8>,
    event: PhantomData<&'e [u8]>,
}

impl<'e> EventText<'e> {
    /// The text that stands in a plugin event's payload from byte `start` up to a NUL, by pointer; `None` where the
    /// payload's last byte is not NUL.
    #[must_use]
    #[inline]
    pub fn from_event(event: &Event<'e>, start: usize) -> Option<Self> {
        let text = event.terminated(start.checked_add(crate::event::PAYLOAD_OFFSET)?)?;
        Some(Self::at(text))
    }

    #[inline]
    const fn at(text: &[u8]) -> Self {
        Self { text: NonNull::from_ref(text).cast(), event: PhantomData }
    }

    #[inline]
    pub(crate) const fn as_ptr(self) -> *const c_char {
        self.text.as_ptr().cast_const().cast()
    }
}

impl TextRoom<'_> {
    pub(crate) fn new(text: &mut Text<[u8]>) -> TextRoom<'_> {
        TextRoom { text }
    }

    /// Copies a text; what is longer than the room is cut, and a NUL becomes `?`.
    #[must_use]
    pub fn copy<'e>(self, text: &[u8]) -> EventText<'e> {
        self.text.set(text);
        EventText::at(self.text.as_bytes_with_nul())
    }

    /// Writes a formatted text; what is longer than the room is cut.
    #[must_use]
    pub fn write<'e>(self, text: fmt::Arguments<'_>) -> EventText<'e> {
        self.text.clear();
        let _cut_is_fine = fmt::Write::write_fmt(self.text, text);
        EventText::at(self.text.as_bytes_with_nul())
    }
}
