// SPDX-License-Identifier: Apache-2.0
//! Events: the bytes, checked once, and what they mean (section 3).
//!
//! ```text
//! 0       8       16     20     22        26             26 + nparams * n
//! | ts u64 | tid u64 | len u32 | type u16 | nparams u32 | a length for each | the parameters |
//! ```
//! A length is 4 bytes (`n`) for the types 322, 324 and 402, 2 bytes for all others; numbers are in native order.
#![expect(unsafe_code, reason = "events lie in the plugin's memory and are written there as the real host does")]

use std::{
    ffi::{CStr, CString},
    slice,
};

use falconet::abi::{self, EVENT_PAYLOAD_OFFSET, EventInput};

use crate::time;

/// The type of a plugin's own events: plugin id and payload.
pub const PLUGIN_EVENT: u16 = 322;
/// A type with lengths of 4 bytes.
pub const CONTAINER_JSON_2: u16 = 324;
/// The type of async events: plugin id, name, data.
pub const ASYNC_EVENT: u16 = 402;

/// The source of events that no plugin with an id gives.
pub(crate) const SYSCALL: &CStr = c"syscall";

const HEADER: usize = size_of::<abi::Event>();
const ID: usize = EVENT_PAYLOAD_OFFSET - 4;

/// What is wrong with an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// The pointer to it is NULL.
    #[error("the pointer to the event is NULL")]
    Null,
    /// Its own length does not even hold its header and lengths.
    #[error("the event's len is {len}, its header and the lengths of its {nparams} parameters need {needed}")]
    Short {
        /// The event's len.
        len: u32,
        /// Its number of parameters.
        nparams: u32,
        /// The bytes that are needed.
        needed: u64,
    },
    /// The parameters are longer or shorter than what len leaves for them.
    #[error("the event's len is {len}, its header and parameters are {sum} bytes")]
    Lengths {
        /// The event's len.
        len: u32,
        /// What the lengths of header and parameters add up to.
        sum: u64,
    },
    /// The bytes given are fewer than the event's len.
    #[error("the event's len is {len}, but only {available} bytes are there")]
    Truncated {
        /// The event's len, or the size of a header if not even that is there.
        len: usize,
        /// The bytes that are there.
        available: usize,
    },
    /// A source with an id gave something else than a plugin event (rule 4.2).
    #[error("the event has the type {event_type} and {nparams} parameters: a source with an id gives 322 with 2 only")]
    Foreign {
        /// The event's type.
        event_type: u16,
        /// Its number of parameters.
        nparams: u32,
    },
    /// A plugin event whose first parameter is no id.
    #[error("the plugin id of the event is {0} bytes long where 4 were expected")]
    IdLength(u32),
    /// A plugin event with an id that is not the plugin's.
    #[error("the event has the plugin id {actual}, the plugin is {expected}: leave 0 and the host fills it in")]
    WrongId {
        /// The plugin's id.
        expected: u32,
        /// The event's.
        actual: u32,
    },
    /// A source without an id gave a plugin event without one.
    #[error("the event has the plugin id 0: a source without an id must set the id of its 322 events")]
    NoId,
}

/// The source that gives events: its id, and its name as the plugin gets it.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) id: u32,
    pub(crate) name: CString,
}

/// An event, borrowed from where it lies.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// What the plugin is handed back: the pointer that it gave.
    pointer: *const abi::Event,
    bytes: &'a [u8],
    num: u64,
    source: &'a CStr,
}

impl<'a> Event<'a> {
    /// An event in memory of the caller, as number `num` of a capture of `source`.
    ///
    /// # Errors
    /// [`EventError`] if its lengths do not fit the bytes. Bytes after its len are left out.
    pub fn from_bytes(bytes: &'a [u8], num: u64, source: &'a CStr) -> Result<Self, EventError> {
        let available = bytes.len();
        let Some(len) = u32_at(bytes, 16).filter(|_| available >= HEADER) else {
            return Err(EventError::Truncated { len: HEADER, available });
        };
        let Some(bytes) = bytes.get(..len as usize) else {
            return Err(EventError::Truncated { len: len as usize, available });
        };
        if bytes.len() < HEADER {
            return Err(EventError::Short { len, nparams: 0, needed: HEADER as u64 });
        }
        check_lengths(bytes, len)?;
        Ok(Self { pointer: bytes.as_ptr().cast(), bytes, num, source })
    }

    /// Checks an event of a plugin and writes into it as the real host does (rules 4.1 and 4.2).
    ///
    /// # Safety
    /// `pointer` is NULL or points to an event whose `len` bytes may be read and written, and that nobody else uses
    /// during `'a`.
    pub(crate) unsafe fn take(pointer: *mut abi::Event, num: u64, source: &'a Source) -> Result<Self, EventError> {
        if pointer.is_null() {
            return Err(EventError::Null);
        }
        // SAFETY: an event has a header, by this function's contract; it may lie at any address.
        let header = unsafe { pointer.read_unaligned() };
        if (header.len as usize) < HEADER {
            let (len, nparams) = (header.len, header.nparams);
            return Err(EventError::Short { len, nparams, needed: HEADER as u64 });
        }
        let bytes = pointer.cast::<u8>();
        {
            // SAFETY: `len` bytes may be read, by this function's contract.
            let bytes = unsafe { slice::from_raw_parts(bytes, header.len as usize) };
            check_origin(bytes, &header, source.id)?;
        }
        if header.r#type == PLUGIN_EVENT {
            // SAFETY: `check_origin` saw 4 bytes of id there; the memory may be written.
            let id = unsafe { bytes.add(ID).cast::<u32>() };
            // SAFETY: as above.
            if unsafe { id.read_unaligned() } == 0 {
                // SAFETY: as above.
                unsafe { id.write_unaligned(source.id) };
            }
            // SAFETY: the header may be written.
            unsafe { (&raw mut (*pointer).tid).write_unaligned(u64::MAX) };
        }
        if header.ts == u64::MAX {
            // SAFETY: the header may be written.
            unsafe { (&raw mut (*pointer).ts).write_unaligned(time::now()) };
        }
        // SAFETY: `len` bytes may be read, and nobody writes them during `'a`.
        let bytes = unsafe { slice::from_raw_parts(bytes.cast_const(), header.len as usize) };
        Ok(Self { pointer, bytes, num, source: &source.name })
    }

    /// Its number in the capture, from 1.
    #[must_use]
    pub fn num(&self) -> u64 {
        self.num
    }

    /// Its time in nanoseconds since 1970.
    #[must_use]
    pub fn ts(&self) -> u64 {
        u64_at(self.bytes, 0).unwrap_or_default()
    }

    /// Its thread, `u64::MAX` for a plugin event.
    #[must_use]
    pub fn tid(&self) -> u64 {
        u64_at(self.bytes, 8).unwrap_or_default()
    }

    /// Its type.
    #[must_use]
    pub fn event_type(&self) -> u16 {
        u16_at(self.bytes, 20).unwrap_or_default()
    }

    /// The number of its parameters.
    #[must_use]
    pub fn nparams(&self) -> u32 {
        u32_at(self.bytes, 22).unwrap_or_default()
    }

    /// The name of the source that gave it.
    #[must_use]
    pub fn source(&self) -> &'a CStr {
        self.source
    }

    /// Whether it is of one of these sources (none declared means all) and types (`None` means all). An event without
    /// a source is nobody's.
    pub(crate) fn is_of(&self, sources: &[String], types: Option<&[u16]>) -> bool {
        let source = self.source.to_bytes();
        let of_source = sources.is_empty() || sources.iter().any(|name| name.as_bytes() == source);
        !source.is_empty() && of_source && types.is_none_or(|types| types.contains(&self.event_type()))
    }

    /// All its bytes, header included.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The bytes of parameter `index`, from 0.
    #[must_use]
    pub fn param(&self, index: u32) -> Option<&'a [u8]> {
        let lengths = Lengths::of(self.event_type(), self.nparams());
        if index >= lengths.count {
            return None;
        }
        let before: u64 = (0..index).map(|earlier| u64::from(lengths.get(self.bytes, earlier))).sum();
        let start = usize::try_from(lengths.end() + before).ok()?;
        self.bytes.get(start..)?.get(..lengths.get(self.bytes, index) as usize)
    }

    /// The plugin id, if it is a plugin or async event.
    #[must_use]
    pub fn plugin_id(&self) -> Option<u32> {
        let carries = matches!(self.event_type(), PLUGIN_EVENT | ASYNC_EVENT);
        self.param(0).filter(|id| carries && id.len() == 4).and_then(|id| u32_at(id, 0))
    }

    /// The payload, if it is a plugin event.
    #[must_use]
    pub fn payload(&self) -> Option<&'a [u8]> {
        if self.event_type() == PLUGIN_EVENT { self.param(1) } else { None }
    }

    /// The name and the data, if it is an async event.
    #[must_use]
    pub fn async_event(&self) -> Option<(&'a CStr, &'a [u8])> {
        if self.event_type() != ASYNC_EVENT {
            return None;
        }
        Some((CStr::from_bytes_until_nul(self.param(1)?).ok()?, self.param(2)?))
    }

    /// The event under another number and source.
    pub(crate) fn told_as(self, num: u64, source: &'a CStr) -> Self {
        Self { num, source, ..self }
    }

    /// What the host says of an event for which the plugin has no text.
    pub(crate) fn host_text(&self) -> String {
        if let Some((name, data)) = self.async_event() {
            return format!("{} {}", name.to_string_lossy(), data_text(data));
        }
        let Some(data) = self.payload() else {
            return format!("type={} nparams={} len={}", self.event_type(), self.nparams(), self.bytes.len());
        };
        data_text(data)
    }

    /// What the plugin is handed to know the event by.
    pub(crate) fn input(&self) -> EventInput {
        EventInput { evt: self.pointer, evtnum: self.num, evtsrc: self.source.as_ptr() }
    }
}

/// The length of data and its beginning, if that prints.
fn data_text(data: &[u8]) -> String {
    let shown = data.get(..50).unwrap_or(data);
    let text = match shown.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        true => String::from_utf8_lossy(shown),
        false => "<binary>".into(),
    };
    let more = if data.len() > 50 && text != "<binary>" { "..." } else { "" };
    format!("datalen={} data={text}{more}", data.len())
}

/// The bytes of a plugin event (322). Payloads are below 4 GiB: lengths are 32 bits.
///
/// ```
/// use falconet_host::{Event, encode_plugin_event};
/// let bytes = encode_plugin_event(7, 999, b"payload");
/// let event = Event::from_bytes(&bytes, 1, c"access_log")?;
/// assert_eq!((event.ts(), event.plugin_id(), event.payload()), (7, Some(999), Some(&b"payload"[..])));
/// # Ok::<(), falconet_host::EventError>(())
/// ```
#[must_use]
pub fn encode_plugin_event(ts: u64, id: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let len = u32::try_from(EVENT_PAYLOAD_OFFSET + payload.len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(EVENT_PAYLOAD_OFFSET + payload.len());
    bytes.extend(ts.to_ne_bytes());
    bytes.extend(u64::MAX.to_ne_bytes());
    bytes.extend(len.to_ne_bytes());
    bytes.extend(PLUGIN_EVENT.to_ne_bytes());
    bytes.extend(2_u32.to_ne_bytes());
    bytes.extend(4_u32.to_ne_bytes());
    bytes.extend(length.to_ne_bytes());
    bytes.extend(id.to_ne_bytes());
    bytes.extend(payload);
    bytes
}

/// Where the lengths of the parameters lie (rule 3.2).
struct Lengths {
    count: u32,
    size: usize,
}

impl Lengths {
    fn of(event_type: u16, count: u32) -> Self {
        let large = matches!(event_type, PLUGIN_EVENT | CONTAINER_JSON_2 | ASYNC_EVENT);
        Self { count, size: if large { 4 } else { 2 } }
    }

    /// Where the parameters begin.
    fn end(&self) -> u64 {
        HEADER as u64 + u64::from(self.count) * self.size as u64
    }

    fn get(&self, bytes: &[u8], index: u32) -> u32 {
        let at = HEADER + index as usize * self.size;
        let length = if self.size == 4 { u32_at(bytes, at) } else { u16_at(bytes, at).map(u32::from) };
        length.unwrap_or_default()
    }
}

/// Checks that header, lengths and parameters make up exactly `bytes`, which hold at least a header.
fn check_lengths(bytes: &[u8], len: u32) -> Result<(), EventError> {
    let nparams = u32_at(bytes, 22).unwrap_or_default();
    let lengths = Lengths::of(u16_at(bytes, 20).unwrap_or_default(), nparams);
    if lengths.end() > bytes.len() as u64 {
        return Err(EventError::Short { len, nparams, needed: lengths.end() });
    }
    let params: u64 = (0..nparams).map(|index| u64::from(lengths.get(bytes, index))).sum();
    let sum = lengths.end() + params;
    if sum == bytes.len() as u64 { Ok(()) } else { Err(EventError::Lengths { len, sum }) }
}

/// Checks what a source with this id may give (rule 4.2), and the lengths.
fn check_origin(bytes: &[u8], header: &abi::Event, id: u32) -> Result<(), EventError> {
    let (len, event_type, nparams) = (header.len, header.r#type, header.nparams);
    if id != 0 && (event_type != PLUGIN_EVENT || nparams != 2) {
        return Err(EventError::Foreign { event_type, nparams });
    }
    check_lengths(bytes, len)?;
    if event_type != PLUGIN_EVENT {
        return Ok(());
    }
    if nparams != 2 {
        return Err(EventError::Foreign { event_type, nparams });
    }
    let length = u32_at(bytes, HEADER).unwrap_or_default();
    if length != 4 {
        return Err(EventError::IdLength(length));
    }
    match u32_at(bytes, ID).unwrap_or_default() {
        0 if id == 0 => Err(EventError::NoId),
        actual if id != 0 && actual != 0 && actual != id => Err(EventError::WrongId { expected: id, actual }),
        _ => Ok(()),
    }
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> Result<Event<'_>, EventError> {
        Event::from_bytes(bytes, 1, c"test")
    }

    fn put(bytes: &mut [u8], at: usize, number: u32) {
        bytes[at..at + 4].copy_from_slice(&number.to_ne_bytes());
    }

    #[test]
    fn host_3_3_a_plugin_event_is_read_and_written() {
        let bytes = encode_plugin_event(7, 999, b"abc");
        let event = of(&bytes).unwrap();
        assert_eq!((event.bytes().len(), event.event_type(), event.nparams()), (41, 322, 2));
        assert_eq!((event.plugin_id(), event.payload(), event.param(2)), (Some(999), Some(&b"abc"[..]), None));
        assert_eq!(event.host_text(), "datalen=3 data=abc");
    }

    #[test]
    fn host_3_2_other_types_have_lengths_of_two_bytes() {
        let mut bytes = encode_plugin_event(7, 0, b"");
        bytes.truncate(26);
        bytes[20..22].copy_from_slice(&306_u16.to_ne_bytes());
        bytes.extend(3_u16.to_ne_bytes());
        bytes.extend(0_u16.to_ne_bytes());
        bytes.extend(b"ab\0");
        let len = u32::try_from(bytes.len()).unwrap();
        put(&mut bytes, 16, len);
        let event = of(&bytes).unwrap();
        assert_eq!((event.param(0), event.param(1), event.payload()), (Some(&b"ab\0"[..]), Some(&b""[..]), None));
    }

    #[test]
    fn lengths_that_do_not_fit_are_told() {
        let good = encode_plugin_event(7, 999, b"abc");
        assert_eq!(of(&good[..25]).unwrap_err(), EventError::Truncated { len: 26, available: 25 });
        assert_eq!(of(&good[..40]).unwrap_err(), EventError::Truncated { len: 41, available: 40 });
        let mut bad = good.clone();
        put(&mut bad, 16, 20);
        assert_eq!(of(&bad).unwrap_err(), EventError::Short { len: 20, nparams: 0, needed: 26 });
        let mut bad = good.clone();
        put(&mut bad, 22, u32::MAX);
        let needed = 26 + 4 * u64::from(u32::MAX);
        assert_eq!(of(&bad).unwrap_err(), EventError::Short { len: 41, nparams: u32::MAX, needed });
        let mut bad = good;
        put(&mut bad, 30, 4);
        assert_eq!(of(&bad).unwrap_err(), EventError::Lengths { len: 41, sum: 42 });
    }

    #[test]
    fn host_4_11_the_hosts_own_text() {
        let text = |payload: &[u8]| of(&encode_plugin_event(7, 999, payload)).unwrap().host_text();
        assert_eq!(text(b""), "datalen=0 data=");
        assert_eq!(text(b"a\0"), "datalen=2 data=<binary>");
        assert_eq!(text(&[b'x'; 51]), format!("datalen=51 data={}...", "x".repeat(50)));
        assert_eq!(text(&[b"x".repeat(50), vec![0]].concat()), format!("datalen=51 data={}...", "x".repeat(50)));
    }
}
