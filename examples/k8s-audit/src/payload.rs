// SPDX-License-Identifier: Apache-2.0
//! From a line of a file or the body of a request to audit events.
//!
//! A payload is an `Event`, an `EventList`, or an array of payloads. Each event is handed over with its time and its
//! text without insignificant blanks, nothing else of it changed (but for escapes in the values of `kind` and
//! `stageTimestamp`, which are undone, as the official plugin does it). What cannot be an event is handed over as a
//! [`Fault`], beside the good ones.

use core::fmt;

use falconet::Timestamp;
use falconet_std::json::{self, Elements, Kind, Malformed, Rules, Text, Value};

use crate::time;

/// The events of a payload, one after another.
///
/// It keeps its place and not the payload, so that a batch which is full can be followed by another one:
///
/// ```
/// use k8saudit::payload::Events;
///
/// let payload = br#"[ {"kind": "Event", "stageTimestamp": "2021-02-03T04:05:06Z"}, {"kind": "Pod"} ]"#;
/// let mut events = Events::new(payload, 262_144)?;
/// let event = events.next(payload).unwrap()?;
/// let mut text = Vec::new();
/// event.write(|piece| Ok::<(), ()>(text.extend_from_slice(piece))).unwrap();
/// assert_eq!(text, br#"{"kind":"Event","stageTimestamp":"2021-02-03T04:05:06Z"}"#);
/// assert_eq!(event.len(), text.len());
/// assert!(events.next(payload).unwrap().is_err());
/// assert!(events.next(payload).is_none());
/// # Ok::<(), k8saudit::payload::Fault>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Events {
    /// The payload's only element, which its check has read already, until it was handed over.
    only: Option<Places>,
    /// Where the next element begins, or something before it.
    at: usize,
    /// Where the next item of an `EventList` begins, and where the list of them ends.
    items: (usize, usize),
    max_event_size: usize,
    has_blanks: bool,
}

/// One audit event.
#[derive(Clone, Copy, Debug)]
pub struct AuditEvent<'p> {
    timestamp: Timestamp,
    raw: &'p [u8],
    len: usize,
    has_blanks: bool,
    /// Strings that are written unescaped, in their order; empty for none.
    escaped: [&'p [u8]; 2],
}

/// Why a payload, or a part of it, is no event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The payload is not JSON: nothing of it is read.
    Json(Malformed),
    /// An element is neither an `Event` nor an `EventList` with items.
    NotAudit {
        /// Where it begins, in bytes from the payload's start.
        at: usize,
    },
    /// An event has no `stageTimestamp`.
    NoTime {
        /// Where it begins.
        at: usize,
    },
    /// An event's `stageTimestamp` is no time.
    Time {
        /// Where the event begins.
        at: usize,
        /// What stands there instead, at most 64 bytes of it.
        found: String,
    },
    /// An event is larger than `maxEventSize`.
    TooLarge {
        /// Where it begins.
        at: usize,
        /// Its size without insignificant blanks.
        size: usize,
        /// The largest size.
        max: usize,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => error.fmt(f),
            Self::NotAudit { at } => {
                write!(f, "byte {at}: neither a Kubernetes audit Event nor an EventList with items")
            }
            Self::NoTime { at } => write!(f, "byte {at}: an audit event without stageTimestamp"),
            Self::Time { at, found } => {
                write!(f, "byte {at}: an audit event whose stageTimestamp is no RFC 3339 time: {found}")
            }
            Self::TooLarge { at, size, max } => {
                write!(f, "byte {at}: an audit event of {size} bytes, maxEventSize is {max}")
            }
        }
    }
}

impl core::error::Error for Fault {}

impl From<Malformed> for Fault {
    fn from(error: Malformed) -> Self {
        Self::Json(error)
    }
}

/// What there is to know of an element.
#[derive(Clone, Copy, Debug)]
struct Element<'p> {
    value: Value<'p>,
    kind: Option<Value<'p>>,
    time: Option<Value<'p>>,
    items: Option<Value<'p>>,
}

impl<'p> Element<'p> {
    /// Nothing of it is known yet.
    const fn unknown() -> Self {
        Self { value: Value::trust(b""), kind: None, time: None, items: None }
    }

    fn member(&mut self, name: Text<'_>, value: Value<'p>) {
        let members = [("kind", &mut self.kind), ("stageTimestamp", &mut self.time), ("items", &mut self.items)];
        if let Some((_, member @ None)) = members.into_iter().find(|(its, _)| name == *its) {
            *member = Some(value);
        }
    }

    /// Reads the element that `elements` come to next, in one pass.
    fn next(elements: &mut Elements<'p>) -> Option<Self> {
        let mut element = Self::unknown();
        element.value = elements.next_members(|name, value| element.member(name, value))?;
        Some(element)
    }
}

/// An [`Element`] as places in the payload; the empty place is none.
#[derive(Clone, Copy, Debug)]
struct Places {
    value: (usize, usize),
    kind: (usize, usize),
    time: (usize, usize),
    items: (usize, usize),
}

impl Places {
    fn new(payload: &[u8], element: &Element<'_>) -> Self {
        let place = |value: Option<Value<'_>>| {
            value.map_or((0, 0), |value| (at(payload, value), at(payload, value) + value.as_bytes().len()))
        };
        Self {
            value: place(Some(element.value)),
            kind: place(element.kind),
            time: place(element.time),
            items: place(element.items),
        }
    }

    fn element<'p>(&self, payload: &'p [u8]) -> Option<Element<'p>> {
        let value = |(start, end)| payload.get(start..end).filter(|raw| !raw.is_empty()).map(Value::trust);
        Some(Element {
            value: value(self.value)?,
            kind: value(self.kind),
            time: value(self.time),
            items: value(self.items),
        })
    }
}

impl Events {
    /// The events of a payload.
    ///
    /// # Errors
    /// [`Fault::Json`] where the payload is not one JSON value, by the official plugin's lenient rules.
    pub fn new(payload: &[u8], max_event_size: usize) -> Result<Self, Fault> {
        let mut element = Element::unknown();
        let checked = json::check_members(payload, Rules::Lenient, |name, value| element.member(name, value))?;
        element.value = checked.value();
        let only = (checked.value().kind() != Kind::Array).then(|| Places::new(payload, &element));
        let at = if only.is_some() { payload.len() } else { 0 };
        Ok(Self { only, at, items: (0, 0), max_event_size, has_blanks: checked.blanks() > 0 })
    }

    /// The next event, or what stands in its place; `None` behind the last one. Always of the payload it was made for.
    pub fn next<'p>(&mut self, payload: &'p [u8]) -> Option<Result<AuditEvent<'p>, Fault>> {
        loop {
            let (start, end) = self.items;
            if let Some(items) = payload.get(start..end).filter(|items| !items.is_empty()) {
                let mut elements = Elements::resume(items);
                if let Some(item) = Element::next(&mut elements) {
                    self.items.0 = end - elements.rest().len();
                    return Some(self.event(payload, &Element { kind: None, ..item }));
                }
                self.items = (0, 0);
            }
            let element = match self.only.take() {
                Some(places) => places.element(payload)?,
                None => {
                    let mut elements = Elements::resume(payload.get(self.at..)?).flattened();
                    let element = Element::next(&mut elements)?;
                    self.at = payload.len() - elements.rest().len();
                    element
                }
            };
            match element.kind.and_then(|kind| kind.text()) {
                Some(text) if text == "Event" => return Some(self.event(payload, &element)),
                Some(text) if text == "EventList" => {
                    let items = element.items.filter(|items| items.kind() == Kind::Array);
                    let Some(items) = items else {
                        return Some(Err(Fault::NotAudit { at: at(payload, element.value) }));
                    };
                    let start = at(payload, items);
                    self.items = (start + 1, start + items.as_bytes().len());
                }
                _ => return Some(Err(Fault::NotAudit { at: at(payload, element.value) })),
            }
        }
    }

    fn event<'p>(&self, payload: &[u8], element: &Element<'p>) -> Result<AuditEvent<'p>, Fault> {
        let at = at(payload, element.value);
        let time = element.time.ok_or(Fault::NoTime { at })?;
        let timestamp = time.text().and_then(|text| time::parse(&text.to_bytes()));
        let timestamp = timestamp.ok_or_else(|| Fault::Time { at, found: excerpt(time) })?;
        let escaped = |value: Option<Value<'p>>| {
            value.map(|value| value.as_bytes()).filter(|raw| raw.contains(&b'\\')).unwrap_or_default()
        };
        let mut escaped = [escaped(element.kind), escaped(Some(time))];
        escaped.sort_unstable_by_key(|raw| raw.as_ptr());
        let raw = element.value.as_bytes();
        let mut event = AuditEvent { timestamp, raw, len: raw.len(), has_blanks: self.has_blanks, escaped };
        if !event.is_as_written() {
            let mut len = 0;
            let Ok(()) = event.write(|piece| {
                len += piece.len();
                Ok::<(), core::convert::Infallible>(())
            });
            event.len = len;
        }
        if event.len > self.max_event_size {
            return Err(Fault::TooLarge { at, size: event.len, max: self.max_event_size });
        }
        Ok(event)
    }
}

/// Hands each event of a payload to `each`, and each fault of it.
///
/// # Errors
/// [`Fault::Json`] where the payload is not one JSON value; `each` has not been called then.
pub fn for_each<'p>(
    payload: &'p [u8],
    max_event_size: usize,
    mut each: impl FnMut(Result<AuditEvent<'p>, Fault>),
) -> Result<(), Fault> {
    let mut events = Events::new(payload, max_event_size)?;
    while let Some(event) = events.next(payload) {
        each(event);
    }
    Ok(())
}

impl AuditEvent<'_> {
    /// When the event reached its stage.
    #[must_use]
    pub const fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    /// How many bytes [`write`](Self::write) writes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "an event is never empty")]
    pub const fn len(&self) -> usize {
        self.len
    }

    fn is_as_written(&self) -> bool {
        !self.has_blanks && self.escaped.iter().all(|raw| raw.is_empty())
    }

    /// Writes the event's text, piece by piece: in one where it has no insignificant blanks.
    ///
    /// # Errors
    /// The first one of `write`.
    pub fn write<E>(&self, mut write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        if self.is_as_written() {
            return write(self.raw);
        }
        let mut rest = self.raw;
        for string in self.escaped.into_iter().filter(|string| !string.is_empty()) {
            let start = at(rest, Value::trust(string));
            let (before, behind) = rest.split_at_checked(start).unwrap_or((rest, &[]));
            json::compact(before, &mut write)?;
            // It is `Event` or a time: there is nothing in it to escape again.
            write(b"\"")?;
            Value::trust(string).text().map_or(Ok(()), |text| text.write(&mut write))?;
            write(b"\"")?;
            rest = behind.get(string.len()..).unwrap_or_default();
        }
        json::compact(rest, write)
    }
}

/// Where a value begins in the text that it is a part of.
fn at(text: &[u8], value: Value<'_>) -> usize {
    (value.as_bytes().as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

fn excerpt(value: Value<'_>) -> String {
    let raw = value.as_bytes();
    String::from_utf8_lossy(raw.get(..64).unwrap_or(raw)).into_owned()
}
