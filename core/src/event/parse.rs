// SPDX-License-Identifier: Apache-2.0
//! From alleged bytes to an [`Event`] whose lengths are all checked.
#![expect(unsafe_code, reason = "an event arrives from the host as a bare pointer")]

use core::ffi::CStr;

use zerocopy::native_endian::{U16, U32};
use zerocopy::{FromBytes, IntoBytes};

use super::encode::Header;
use super::length_width;
use super::{ASYNC_EVENT, AsyncEvent, EventError, HEADER_LEN, PAYLOAD_OFFSET, PLUGIN_EVENT, PluginEvent, Span};
use crate::abi;

/// Where an event's number of parameters stands, and behind it their lengths.
const COUNT_OFFSET: usize = HEADER_LEN - size_of::<U32>();
/// Length of the first parameter of plugin and async events.
const PLUGIN_ID_LEN: usize = size_of::<u32>();
/// Two parameters, the first of 4 bytes.
const PLAIN_COUNTS: [u8; 8] = {
    let ([a, b, c, d], [e, f, g, h]) = (2u32.to_ne_bytes(), 4u32.to_ne_bytes());
    [a, b, c, d, e, f, g, h]
};

/// An event whose header and parameter lengths have been checked against the bytes there are.
///
/// ```
/// use falconet::event::{write_raw, Event};
/// use falconet::{Timestamp, view::WriteView};
/// let mut memory = [0; 64];
/// let n = write_raw(&mut WriteView::new(&mut memory), Timestamp::from_nanos(7), Some(42), 3, &[b"ab", b""]).unwrap();
/// let event = Event::parse(&memory[..n]).unwrap();
/// assert_eq!((event.event_type(), event.timestamp().nanos(), event.thread_id()), (3, Some(7), Some(42)));
/// assert_eq!(event.parameters().collect::<Vec<_>>(), [&b"ab"[..], b""]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// Exactly the event: header, lengths, parameters.
    bytes: &'a [u8],
    /// The payload of a plugin event, else empty.
    payload: &'a [u8],
}

impl<'a> Event<'a> {
    /// Checks the event at the start of `bytes`; bytes behind the length in its header are not looked at.
    ///
    /// # Errors
    /// [`EventError`] where the header, the lengths or the parameters need more bytes than there are.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, EventError> {
        let short = EventError::TooShort { needed: HEADER_LEN, available: bytes.len() };
        let (header, _) = Header::ref_from_prefix(bytes).map_err(|_| short)?;
        let len = header.len.get() as usize;
        let short = EventError::TooShort { needed: len.max(HEADER_LEN), available: bytes.len() };
        Self::check(bytes.get(..len).filter(|bytes| bytes.len() >= HEADER_LEN).ok_or(short)?)
    }

    /// Checks the event that the host points at.
    ///
    /// # Safety
    /// `event` is NULL, or points at an event as the host makes them: as many readable bytes as its header's `len`
    /// says, at least the header, unchanged for `'a`.
    ///
    /// # Errors
    /// As [`Event::parse`]; [`EventError::Null`] for NULL.
    #[inline]
    pub unsafe fn from_ptr(event: *const abi::Event) -> Result<Self, EventError> {
        // SAFETY: as this function's.
        unsafe { Alleged::from_ptr(event) }.ok_or(EventError::Null)?.check()
    }

    /// An event that was checked before: all of its bytes, and its payload.
    ///
    /// # Safety
    /// They are what [`as_bytes`](Event::as_bytes) and [`payload`](Event::payload) of an event gave.
    #[doc(hidden)]
    #[must_use]
    #[inline]
    pub const unsafe fn from_parts(bytes: &'a [u8], payload: &'a [u8]) -> Self {
        Self { bytes, payload }
    }

    /// The event that the host points at, where it is a plugin event as every SDK writes it.
    ///
    /// # Safety
    /// As [`Event::from_ptr`].
    #[doc(hidden)]
    #[must_use]
    #[inline(always)]
    pub unsafe fn plain_from_ptr(event: *const abi::Event) -> Option<Self> {
        // SAFETY: as this function's.
        Self::plain(unsafe { Alleged::from_ptr(event) }?.as_bytes())
    }

    /// The plugin event as every SDK writes it: one comparison each for its type, for its count together with the id's
    /// length, and for the payload's length.
    #[inline(always)]
    pub(crate) fn plain(bytes: &'a [u8]) -> Option<Self> {
        let (prefix, payload) = super::PluginPrefix::ref_from_prefix(bytes).ok()?;
        let counts = prefix.as_bytes().get(COUNT_OFFSET..COUNT_OFFSET + 8);
        if prefix.header.event_type.get() != PLUGIN_EVENT || counts != Some(&PLAIN_COUNTS) {
            return None;
        }
        if plain_payload_len(bytes) != Some(prefix.payload_len.get()) {
            return None;
        }
        Some(Self { bytes, payload })
    }

    /// `bytes` are exactly one event by its own `len`.
    #[inline]
    fn check(bytes: &'a [u8]) -> Result<Self, EventError> {
        match Self::plain(bytes) {
            Some(event) => Ok(event),
            None => Self::check_any(bytes),
        }
    }

    /// Inlined where why it is no event is not asked, the reasons are not in the library.
    #[inline]
    fn check_any(bytes: &'a [u8]) -> Result<Self, EventError> {
        let short = |needed| EventError::TooShort { needed, available: bytes.len() };
        let (header, rest) = Header::ref_from_prefix(bytes).map_err(|_| short(HEADER_LEN))?;
        let width = length_width(header.event_type.get());
        let lengths = (header.nparams.get() as usize).saturating_mul(width);
        let (lengths, data) = rest.split_at_checked(lengths).ok_or(short(HEADER_LEN.saturating_add(lengths)))?;
        let (mut needed, mut payload) = (0, 0);
        for (index, len) in (Lengths { bytes: lengths, width }).enumerate() {
            if index == 1 && needed == PLUGIN_ID_LEN as u64 && header.event_type.get() == PLUGIN_EVENT {
                payload = len;
            }
            needed += len as u64;
        }
        if needed > data.len() as u64 {
            return Err(EventError::Parameters { needed, available: data.len() });
        }
        let behind_id = data.get(PLUGIN_ID_LEN..).unwrap_or_default();
        Ok(Self { bytes, payload: behind_id.get(..payload).unwrap_or_default() })
    }

    /// When it happened; [`Timestamp::HOST`](super::Timestamp::HOST) while the host has not set it.
    #[must_use]
    #[inline]
    pub fn timestamp(&self) -> super::Timestamp {
        super::Timestamp::from_nanos(self.header().map_or(u64::MAX, |header| header.ts.get()))
    }

    /// The thread it belongs to, or `None` (plugin events have none, rule 4.1).
    #[must_use]
    #[inline]
    pub fn thread_id(&self) -> Option<u64> {
        self.header().map(|header| header.tid.get()).filter(|tid| *tid != u64::MAX)
    }

    /// Its type, as in libscap's event table.
    #[must_use]
    #[inline]
    pub fn event_type(&self) -> u16 {
        self.header().map_or(0, |header| header.event_type.get())
    }

    /// All of its bytes, header included.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The payload of a plugin event; empty for every other type.
    #[must_use]
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The bytes of a span, or `None` where it leaves the event.
    #[must_use]
    #[inline]
    pub fn get(&self, span: Span) -> Option<&'a [u8]> {
        self.bytes.get(span.start() as usize..span.end() as usize)
    }

    /// The span of `part`, a slice of this event's bytes; `None` where it is none.
    ///
    /// Parse a payload into ordinary slices, and keep spans of them.
    /// ```
    /// use falconet::{event::{Event, PluginPrefix}, Timestamp};
    /// use zerocopy::IntoBytes;
    /// let mut bytes = [0; 38 + 5];
    /// bytes[..38].copy_from_slice(PluginPrefix::new(Timestamp::HOST, 999, 5).as_bytes());
    /// let event = Event::parse(&bytes).unwrap();
    /// let (_, tail) = event.payload().split_at(3);
    /// let span = event.span_of(tail).unwrap();
    /// assert_eq!((span.start(), span.len()), (41, 2));
    /// assert_eq!(event.span_of(b"elsewhere"), None);
    /// ```
    #[must_use]
    #[inline]
    pub fn span_of(&self, part: &[u8]) -> Option<Span> {
        let start = (part.as_ptr() as usize).checked_sub(self.bytes.as_ptr() as usize)?;
        let end = start.checked_add(part.len())?;
        if end > self.bytes.len() {
            return None;
        }
        Span::event(start, end)
    }

    /// All parameters, in order.
    #[must_use]
    pub fn parameters(&self) -> Parameters<'a> {
        let width = length_width(self.event_type());
        let lengths = self.header().map_or(0, |header| (header.nparams.get() as usize).saturating_mul(width));
        let rest = self.bytes.get(HEADER_LEN..).unwrap_or_default();
        let (lengths, data) = rest.split_at_checked(lengths).unwrap_or_default();
        Parameters { lengths: Lengths { bytes: lengths, width }, data }
    }

    /// Parameter `index` from 0; `None` where the event has no such parameter (rule 3.5: an event may have fewer or
    /// more than today's table says).
    #[must_use]
    pub fn parameter(&self, index: usize) -> Option<&'a [u8]> {
        self.parameters().nth(index)
    }

    /// The event as a plugin event.
    ///
    /// # Errors
    /// [`EventError`] for another type, missing parameters or an id of another length than 4.
    pub fn plugin(&self) -> Result<PluginEvent<'a>, EventError> {
        self.wanted(PLUGIN_EVENT)?;
        self.plugin_parameters()
    }

    fn plugin_parameters(&self) -> Result<PluginEvent<'a>, EventError> {
        self.wanted(PLUGIN_EVENT)?;
        let mut parameters = self.parameters();
        match (parameters.next(), parameters.next()) {
            (Some(id), Some(payload)) => Ok(PluginEvent { id: plugin_id(id)?, payload }),
            (first, _) => Err(EventError::Count { needed: 2, available: usize::from(first.is_some()) }),
        }
    }

    /// The event as an async event.
    ///
    /// # Errors
    /// [`EventError`] for another type, missing parameters, an id of another length than 4 or a name without NUL.
    pub fn as_async(&self) -> Result<AsyncEvent<'a>, EventError> {
        self.wanted(ASYNC_EVENT)?;
        let mut parameters = self.parameters();
        match (parameters.next(), parameters.next(), parameters.next()) {
            (Some(id), Some(name), Some(data)) => Ok(AsyncEvent {
                id: plugin_id(id)?,
                name: CStr::from_bytes_until_nul(name).map_err(|_| EventError::Name { len: name.len() })?,
                data,
            }),
            _ => Err(EventError::Count { needed: 3, available: self.parameters().count() }),
        }
    }

    fn wanted(&self, wanted: u16) -> Result<(), EventError> {
        let found = self.event_type();
        if found == wanted { Ok(()) } else { Err(EventError::Type { wanted, found }) }
    }

    #[inline]
    fn header(&self) -> Option<&'a Header> {
        Header::ref_from_prefix(self.bytes).ok().map(|(header, _)| header)
    }

    /// Where a plugin event's payload ends in a NUL, its bytes from `start` on: a C string for certain.
    #[inline]
    pub(crate) fn terminated(&self, start: usize) -> Option<&'a [u8]> {
        let text = self.payload.get(start.checked_sub(PAYLOAD_OFFSET)?..)?;
        if *text.last()? != 0 {
            core::hint::cold_path();
            return None;
        }
        Some(text)
    }
}

fn plugin_id(bytes: &[u8]) -> Result<u32, EventError> {
    U32::read_from_bytes(bytes).map(U32::get).map_err(|_| EventError::PluginId { len: bytes.len() })
}

/// An event of the host of which nothing is known but that its header, and as many bytes as it says, are readable.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Alleged<'a> {
    event: &'a Header,
    bytes: &'a [u8],
}

impl<'a> Alleged<'a> {
    /// `None` for NULL.
    ///
    /// # Safety
    /// As [`Event::from_ptr`].
    #[inline(always)]
    pub(crate) unsafe fn from_ptr(event: *const abi::Event) -> Option<Self> {
        // SAFETY: NULL, or the caller's event, which has a readable header, unchanged for 'a, and has alignment 1.
        let header = unsafe { event.cast::<Header>().as_ref() }?;
        // SAFETY: the caller says that `len` bytes are readable and unchanged for 'a; u32 is below isize::MAX.
        let bytes = unsafe { core::slice::from_raw_parts(event.cast::<u8>(), header.len.get() as usize) };
        Some(Self { event: header, bytes })
    }

    #[inline(always)]
    pub(crate) const fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    #[inline(always)]
    pub(crate) fn ts(self) -> u64 {
        self.event.ts.get()
    }

    /// The event, which is none as every SDK writes it, checked.
    #[inline]
    pub(crate) fn check_any(self) -> Option<Event<'a>> {
        Event::check_any(self.bytes).ok()
    }

    /// The event, which is none as every SDK writes it, where it is a plugin event, checked. One of today's has two
    /// parameters; a later one may have more (rule 3.5).
    #[inline]
    pub(crate) fn check_plugin_event(self) -> Option<Event<'a>> {
        let (header, rest) = Header::ref_from_prefix(self.bytes).ok()?;
        let lengths = (header.nparams.get() as usize).checked_mul(size_of::<U32>())?;
        let (lengths, parameters) = rest.split_at_checked(lengths)?;
        let lengths = <[U32]>::ref_from_bytes(lengths).ok()?;
        let [id, payload, more @ ..] = lengths else { return None };
        if header.event_type.get() != PLUGIN_EVENT || id.get() as usize != PLUGIN_ID_LEN {
            return None;
        }
        let (payload, mut rest) = parameters.get(PLUGIN_ID_LEN..)?.split_at_checked(payload.get() as usize)?;
        for len in more {
            rest = rest.get(len.get() as usize..)?;
        }
        Some(self.with_payload(payload))
    }

    /// The event, checked before, with its payload.
    #[inline]
    pub(crate) const fn with_payload(self, payload: &'a [u8]) -> Event<'a> {
        Event { bytes: self.bytes, payload }
    }

    /// The event, checked.
    #[inline]
    pub(crate) fn check(self) -> Result<Event<'a>, EventError> {
        if self.bytes.len() < HEADER_LEN {
            return Err(EventError::TooShort { needed: HEADER_LEN, available: self.bytes.len() });
        }
        Event::check(self.bytes)
    }

    /// The plugin event as every SDK writes it.
    ///
    /// # Safety
    /// [`Event::plain`] found one in as many bytes before.
    #[inline(always)]
    pub(crate) unsafe fn plain_again(self) -> Event<'a> {
        let len = plain_payload_len(self.bytes).unwrap_or(0) as usize;
        // SAFETY: a plain event has its payload, and nothing behind it.
        let payload = unsafe { core::slice::from_raw_parts(self.bytes.as_ptr().add(PAYLOAD_OFFSET), len) };
        Event { bytes: self.bytes, payload }
    }
}

/// How long the payload of a plugin event is, as every SDK writes it, by the event's own length. In 32 bits, so that it is
/// compared with what stands in the event by one instruction.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "38")]
fn plain_payload_len(event: &[u8]) -> Option<u32> {
    Some(u32::try_from(event.len()).ok()?.wrapping_sub(PAYLOAD_OFFSET as u32))
}

/// The parameters of an [`Event`], in order.
#[derive(Clone, Debug)]
pub struct Parameters<'a> {
    lengths: Lengths<'a>,
    data: &'a [u8],
}

impl<'a> Iterator for Parameters<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (parameter, rest) = self.data.split_at_checked(self.lengths.next()?)?;
        self.data = rest;
        Some(parameter)
    }
}

/// The array of parameter lengths, each of `width` bytes.
#[derive(Clone, Debug)]
struct Lengths<'a> {
    bytes: &'a [u8],
    width: usize,
}

impl Iterator for Lengths<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let (len, rest) = self.bytes.split_at_checked(self.width)?;
        self.bytes = rest;
        match self.width {
            4 => U32::read_from_bytes(len).ok().map(|len| len.get() as usize),
            _ => U16::read_from_bytes(len).ok().map(|len| usize::from(len.get())),
        }
    }
}
