// SPDX-License-Identifier: Apache-2.0
//! Events of a test, owned: what a stream gave, or what the test makes.

use std::borrow::Cow;
use std::ffi::{CStr, CString};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use falconet::event::{ASYNC_EVENT, PLUGIN_EVENT, PluginPrefix};
use falconet::zerocopy::IntoBytes;
use falconet::{Timestamp, abi, event};

use super::host;

/// The number of the next event that a test makes: none has the number of another one, as in a capture.
static NEXT: AtomicU64 = AtomicU64::new(1 << 32);

/// An event: all its bytes, its number in its capture, and its source.
///
/// ```
/// use falconet_std::testing::Event;
/// let event = Event::plugin(b"GET /").at(7).of_source(c"access_log");
/// assert_eq!((event.nanos(), event.payload(), event.text()), (7, &b"GET /"[..], "GET /".into()));
/// assert_eq!((event.event_type(), event.bytes().len()), (322, 43));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    bytes: Vec<u8>,
    number: u64,
    source: Option<CString>,
}

impl Event {
    /// A plugin event with this payload, stamped now, of the source with the id 999.
    #[must_use]
    pub fn plugin(payload: impl AsRef<[u8]>) -> Self {
        let payload = payload.as_ref();
        let len = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        let prefix = PluginPrefix::new(Timestamp::from_nanos(host::now()), 999, len);
        Self::numbered_next([prefix.as_bytes(), payload].concat())
    }

    /// An event of any type, of its bytes.
    ///
    /// # Panics
    /// Where the bytes are no event: its lengths go beyond them, or leave some over.
    #[must_use]
    #[track_caller]
    #[expect(clippy::panic, reason = "a test kit fails the test")]
    pub fn of_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        match Self::checked(bytes.into()) {
            Ok(event) => event,
            Err(why) => panic!("the bytes of a test's event are none: {why}"),
        }
    }

    pub(super) fn checked(bytes: Vec<u8>) -> Result<Self, String> {
        let parsed = event::Event::parse(&bytes).map_err(|error| error.to_string())?;
        let (len, available) = (parsed.as_bytes().len(), bytes.len());
        if len != available {
            return Err(format!("an event says that it has {len} bytes, and there are {available}"));
        }
        if parsed.event_type() == PLUGIN_EVENT {
            parsed.plugin().map_err(|error| error.to_string())?;
        }
        if parsed.event_type() == ASYNC_EVENT {
            parsed.as_async().map_err(|error| error.to_string())?;
        }
        Ok(Self::numbered_next(bytes))
    }

    fn numbered_next(bytes: Vec<u8>) -> Self {
        Self { bytes, number: NEXT.fetch_add(1, Ordering::Relaxed), source: None }
    }

    /// The same, at another time: nanoseconds since 1970.
    #[must_use]
    pub fn at(mut self, nanos: u64) -> Self {
        if let Some(ts) = self.bytes.first_chunk_mut() {
            *ts = nanos.to_ne_bytes();
        }
        self
    }

    /// The same, with another number in its capture. 0 is that of an event which the host makes up.
    ///
    /// A plugin may keep what it has decoded of an event while number, address, time and length are the same (rule 5.2):
    /// in a capture no two events have a number in common.
    #[must_use]
    pub fn numbered(mut self, number: u64) -> Self {
        self.number = number;
        self
    }

    /// The same, of another source; an event without one is of a source that the plugin takes.
    #[must_use]
    pub fn of_source(mut self, source: &CStr) -> Self {
        self.source = Some(source.to_owned());
        self
    }

    /// The core's event, borrowed from this one.
    ///
    /// ```
    /// use falconet_std::testing::Event;
    /// assert_eq!(Event::plugin(b"abc").get().unwrap().plugin().unwrap().id, 999);
    /// ```
    #[must_use]
    pub fn get(&self) -> Option<event::Event<'_>> {
        event::Event::parse(&self.bytes).ok()
    }

    /// Its number in its capture, from 1.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The source, where it is known.
    #[must_use]
    pub fn source(&self) -> Option<&CStr> {
        self.source.as_deref()
    }

    /// When it happened: nanoseconds since 1970.
    #[must_use]
    pub fn nanos(&self) -> u64 {
        self.get().map_or(0, |event| event.timestamp().raw())
    }

    /// When it happened.
    #[must_use]
    pub fn time(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_nanos(self.nanos())
    }

    /// Its type: 322 for a plugin event.
    #[must_use]
    pub fn event_type(&self) -> u16 {
        self.get().map_or(0, |event| event.event_type())
    }

    /// Its thread, as it stands in the header; `u64::MAX`: none.
    pub(super) fn thread(&self) -> u64 {
        self.get().and_then(|event| event.thread_id()).unwrap_or(u64::MAX)
    }

    /// The payload of a plugin event; empty for any other one.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        self.get().and_then(|event| event.plugin().ok()).map_or(&[], |event| event.payload)
    }

    /// The payload as text, bytes that are none replaced by U+FFFD.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.payload())
    }

    /// The name and the data of an async event.
    #[must_use]
    pub fn as_async(&self) -> Option<(&str, &[u8])> {
        let event = self.get()?.as_async().ok()?;
        Some((event.name.to_str().ok()?, event.data))
    }

    /// All its bytes, header included.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What a plugin is handed to know the event by.
    pub(super) fn input(&self, source: &CStr) -> abi::EventInput {
        let source = self.source.as_deref().unwrap_or(source);
        abi::EventInput { evt: self.bytes.as_ptr().cast(), evtnum: self.number, evtsrc: source.as_ptr() }
    }
}
