// SPDX-License-Identifier: Apache-2.0
//! What the bytes of an event mean: [`Event`] and the layouts of plugin event 322 and async event 402.
//!
//! Every event (TYP: `plugin_types.h`, `struct ss_plugin_event`), native endian, at any alignment:
//!
//! ```text
//!  0        8        16       20     22       26              26 + n * w
//!  +--------+--------+--------+------+--------+---------------+------------------+
//!  | ts u64 | tid u64| len u32| type | nparams| n lengths     | n parameters     |
//!  |        |        |        | u16  | u32    | of w = 2 or 4 | one after another|
//!  +--------+--------+--------+------+--------+---------------+------------------+
//! ```
//!
//! Lengths are 4 bytes wide for the types 322, 324 and 402, 2 bytes for all others (rule 3.2). All of them are
//! checked once, against the bytes there are; then access is free. Malformed input is an [`EventError`], never a panic.

mod encode;
mod parse;
#[cfg(test)]
mod tests;

use core::ffi::CStr;
use core::fmt;
use core::num::NonZeroU32;

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

pub use encode::{AsyncPrefix, Header, PluginPrefix, write_async, write_raw};
pub(crate) use encode::{async_prefix_len, raw_len, write_async_prefix};
#[doc(hidden)]
pub use parse::Alleged;
pub use parse::{Event, Parameters};

use crate::view::View;

/// Type of a plugin event (`PPME_PLUGINEVENT_E`): parameters plugin id and payload.
pub const PLUGIN_EVENT: u16 = 322;
/// Type of an async event (`PPME_ASYNCEVENT_E`): parameters plugin id, name, data.
pub const ASYNC_EVENT: u16 = 402;
/// Type of `PPME_CONTAINER_JSON_2_E`, the third type with lengths of 4 bytes.
pub const CONTAINER_JSON_2_EVENT: u16 = 324;

/// Size of an event's header in bytes.
pub const HEADER_LEN: usize = 26;
/// Where the payload of a plugin event begins, in bytes from the event's start.
pub const PAYLOAD_OFFSET: usize = crate::abi::EVENT_PAYLOAD_OFFSET;

/// Width in bytes of each parameter length of an event type (rule 3.2).
#[must_use]
pub const fn length_width(event_type: u16) -> usize {
    match event_type {
        PLUGIN_EVENT | CONTAINER_JSON_2_EVENT | ASYNC_EVENT => 4,
        _ => 2,
    }
}

/// When an event happened, in nanoseconds since 1970-01-01 UTC.
///
/// ```
/// use falconet::Timestamp;
/// assert_eq!(Timestamp::from_nanos(1_431_857_103_000_000_000).nanos(), Some(1_431_857_103_000_000_000));
/// assert_eq!(Timestamp::HOST.nanos(), None); // the host's clock, when it takes the event
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The host sets its own time when it takes the event (rule 4.1).
    pub const HOST: Self = Self(u64::MAX);

    /// A time in nanoseconds since the epoch. `u64::MAX` is [`Timestamp::HOST`].
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The nanoseconds, or `None` for [`Timestamp::HOST`].
    #[must_use]
    pub const fn nanos(self) -> Option<u64> {
        if self.0 == u64::MAX { None } else { Some(self.0) }
    }

    /// What stands in the event's header.
    #[must_use]
    pub const fn raw(self) -> u64 {
        self.0
    }
}

impl From<u64> for Timestamp {
    fn from(nanos: u64) -> Self {
        Self::from_nanos(nanos)
    }
}

impl From<Option<u64>> for Timestamp {
    /// Nanoseconds where they are known, else the host's clock.
    fn from(nanos: Option<u64>) -> Self {
        nanos.map_or(Self::HOST, Self)
    }
}

/// A range of an event's bytes: how a value that is borrowed from the event is handed over, without its lifetime.
///
/// Counted from the event's first byte. It is checked against the present event whenever it is used, so a span that
/// was made from another event gives a wrong value at worst, never a bad read.
///
/// ```
/// use falconet::Span;
/// let span = Span::payload(4, 9).unwrap();
/// assert_eq!((span.start(), span.len()), (42, 5)); // the payload begins at byte 38
/// assert_eq!(size_of::<Option<Span>>(), 8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    start: NonZeroU32,
    end: u32,
}

impl Span {
    /// The bytes `start..end` of a plugin event's payload, which begins at byte 38 as long as plugin events have their
    /// two parameters (for any other event use [`Event::span_of`]); `None` where `end < start` or the numbers leave 32 bits.
    #[must_use]
    #[inline]
    pub const fn payload(start: usize, end: usize) -> Option<Self> {
        match (start.checked_add(PAYLOAD_OFFSET), end.checked_add(PAYLOAD_OFFSET)) {
            (Some(start), Some(end)) => Self::event(start, end),
            _ => None,
        }
    }

    /// The bytes `start..end` of the whole event, header included; `None` where `end < start`, `start` is 0 or the
    /// numbers leave 32 bits.
    #[must_use]
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "checked: end fits 32 bits, and start is no larger")]
    pub const fn event(start: usize, end: usize) -> Option<Self> {
        if start > end || end > u32::MAX as usize {
            return None;
        }
        match NonZeroU32::new(start as u32) {
            Some(start) => Some(Self { start, end: end as u32 }),
            None => None,
        }
    }

    /// First byte, counted from the event's start.
    #[must_use]
    #[inline]
    pub const fn start(self) -> u32 {
        self.start.get()
    }

    /// One past the last byte, counted from the event's start.
    #[must_use]
    #[inline]
    pub const fn end(self) -> u32 {
        self.end
    }

    /// Length in bytes.
    #[must_use]
    #[inline]
    pub const fn len(self) -> u32 {
        self.end - self.start.get()
    }

    /// True for a span of no bytes.
    #[must_use]
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// A plugin event (322), read: the parameters of an [`Event`].
///
/// ```
/// use falconet::event::{Event, PluginPrefix};
/// use falconet::Timestamp;
/// use zerocopy::IntoBytes;
/// let mut bytes = [0; 38 + 5];
/// bytes[..38].copy_from_slice(PluginPrefix::new(Timestamp::HOST, 999, 5).as_bytes());
/// bytes[38..].copy_from_slice(b"hello");
/// let event = Event::parse(&bytes).unwrap();
/// let plugin = event.plugin().unwrap();
/// assert_eq!((plugin.id, plugin.payload), (999, &b"hello"[..]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PluginEvent<'a> {
    /// Id of the plugin that made the event; 0 before the host has filled it in.
    pub id: u32,
    /// The plugin's own bytes.
    pub payload: &'a [u8],
}

impl<'a> PluginEvent<'a> {
    /// The payload as a read-only view.
    #[must_use]
    pub fn view(&self) -> View<'a> {
        View::new(self.payload)
    }

    /// The first bytes of the payload as a `T`, by reference: no copy.
    ///
    /// # Errors
    /// [`EventError::TooShort`] where the payload has fewer bytes than a `T`.
    pub fn payload_as<T: FromBytes + KnownLayout + Immutable + Unaligned>(&self) -> Result<&'a T, EventError> {
        match T::ref_from_prefix(self.payload) {
            Ok((value, _)) => Ok(value),
            Err(_) => Err(EventError::TooShort { needed: size_of::<T>(), available: self.payload.len() }),
        }
    }
}

/// An async event (402), read: the parameters of an [`Event`].
///
/// ```
/// use falconet::event::{write_async, Event};
/// use falconet::{Timestamp, view::WriteView};
/// let mut memory = [0; 64];
/// let n = write_async(&mut WriteView::new(&mut memory), Timestamp::HOST, 999, c"rotated", b"/var/log").unwrap();
/// let event = Event::parse(&memory[..n]).unwrap();
/// let rotated = event.as_async().unwrap();
/// assert_eq!((rotated.name, rotated.data), (c"rotated", &b"/var/log"[..]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsyncEvent<'a> {
    /// Id of the plugin whose source is open; 0 for syscalls.
    pub id: u32,
    /// The event's name.
    pub name: &'a CStr,
    /// The data that belong to the name.
    pub data: &'a [u8],
}

/// Why bytes are no event, or not the event that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventError {
    /// The pointer to the event is NULL.
    Null,
    /// Fewer bytes than the header, the lengths or the payload type need.
    TooShort {
        /// Bytes needed.
        needed: usize,
        /// Bytes there are.
        available: usize,
    },
    /// The parameters are longer together than the bytes that are left for them.
    Parameters {
        /// Bytes that the lengths add up to.
        needed: u64,
        /// Bytes there are after the lengths.
        available: usize,
    },
    /// Another event type than the one asked for.
    Type {
        /// Type asked for.
        wanted: u16,
        /// Type of the event.
        found: u16,
    },
    /// Fewer parameters than the type has.
    Count {
        /// Parameters needed.
        needed: usize,
        /// Parameters there are.
        available: usize,
    },
    /// A parameter that is a 4-byte plugin id has another length.
    PluginId {
        /// Its length.
        len: usize,
    },
    /// The name of an async event has no NUL within its parameter.
    Name {
        /// Length of the parameter.
        len: usize,
    },
}

impl EventError {
    /// Text, what was needed, what was there.
    pub(crate) const fn parts(self) -> (&'static str, u64, u64) {
        match self {
            Self::Null => ("the event is NULL: bytes were expected", 1, 0),
            Self::TooShort { needed, available } => ("the event is too short", needed as u64, available as u64),
            Self::Parameters { needed, available } => {
                ("the event's parameters are longer than the event", needed, available as u64)
            }
            Self::Type { wanted, found } => ("the event has another type", wanted as u64, found as u64),
            Self::Count { needed, available } => ("the event has too few parameters", needed as u64, available as u64),
            Self::PluginId { len } => ("the event's plugin id has another length", 4, len as u64),
            Self::Name { len } => ("the async event's name has no NUL", 1, len as u64),
        }
    }
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&crate::Error::from(*self), f)
    }
}

impl core::error::Error for EventError {}
