// SPDX-License-Identifier: Apache-2.0
//! What a field's function is asked: [`Request`], and [`List`] for a field of many values.
#![expect(unsafe_code, reason = "the argument's key and the source's name arrive as C strings")]

mod foreign;

use core::ffi::{CStr, c_char};
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use super::dropped::Dropped;
use super::memory::{Filled, Offsets, Place, Results};
use super::value::{Text, Value};
use crate::abi;
use crate::error::Error;
use crate::event::Event;
use crate::export::ExportedImports;
use crate::tables::{Access, Reader};
use crate::view::WriteView;

pub use foreign::{Answers, Asked, NoValue, Values};

/// One field asked of one event: the event, the argument, and memory for values that are not borrowed from the event.
///
/// ```
/// use falconet::extract::{Request, Text};
/// /// `greet.loud`: the payload in capitals, made in the request's own memory.
/// fn loud(request: &mut Request<'_>) -> Option<Text> {
///     let payload = request.event().payload();
///     request.text_with(|text| {
///         payload.iter().try_for_each(|byte| text.write_all(&[byte.to_ascii_uppercase()]))
///     })
/// }
/// ```
pub struct Request<'e> {
    event: Event<'e>,
    input: &'e abi::EventInput,
    field: *const abi::ExtractField,
    results: &'e mut Results,
    /// Where the field's only value goes; `None`: into the ring.
    pub(crate) place: Option<Place>,
    /// The host's tables, for a plugin that uses them.
    pub(crate) tables: Option<&'e Access<'e>>,
}

impl<'e> Request<'e> {
    /// # Safety
    /// `field` is a request of the host for this event: readable but for its outputs, while this value lives. Its key,
    /// and the source's name in `input`, are NULL or C strings that live as long.
    #[inline]
    pub(crate) unsafe fn new(
        event: Event<'e>,
        input: &'e abi::EventInput,
        field: *const abi::ExtractField,
        results: &'e mut Results,
    ) -> Self {
        Self { event, input, field, results, place: None, tables: None }
    }

    #[inline]
    pub(super) const fn results(&self) -> &Results {
        self.results
    }

    #[inline]
    pub(super) const fn results_mut(&mut self) -> &mut Results {
        self.results
    }

    /// Whether there is an argument; its key and its index as the host gives them.
    const fn argument(&self) -> (bool, *const c_char, u64) {
        // SAFETY: `new` says that the inputs are readable; outputs are not read.
        unsafe { ((*self.field).arg_present != 0, (*self.field).arg_key, (*self.field).arg_index) }
    }

    /// The event that the field is asked of.
    #[must_use]
    #[inline]
    pub const fn event(&self) -> Event<'e> {
        self.event
    }

    /// The event's number in its capture, from 1; 0 for an event that the host made up.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.input.evtnum
    }

    /// The name of the event's source.
    #[must_use]
    pub fn source(&self) -> Option<&CStr> {
        c_str(self.input.evtsrc)
    }

    /// The argument as a key, `name[key]`; `None` where the field was asked without.
    #[must_use]
    pub fn key(&self) -> Option<&CStr> {
        let (present, key, _) = self.argument();
        if present { c_str(key) } else { None }
    }

    /// The argument as an index, `name[3]`; `None` where the field was asked without, or with a key that is no number.
    #[must_use]
    pub const fn index(&self) -> Option<u64> {
        let (present, _, index) = self.argument();
        if present && index != u64::MAX { Some(index) } else { None }
    }

    /// State tables, to be read with the handles that the plugin found at init. `plugin` is the plugin itself, with
    /// `import_tables` in its `export!`.
    ///
    /// # Errors
    /// Where the host gave none at init.
    #[inline]
    pub fn tables<P: ExportedImports>(&self, plugin: &P) -> Result<Reader<'e>, Error> {
        let _of_its_type = plugin;
        self.tables.map(Reader::new).ok_or(Error::new("the host gave no state tables to this plugin at init"))
    }

    /// Copies a text into the request's memory; `None` where it does not fit or holds a NUL byte, which the host
    /// would take for its end.
    pub fn text(&mut self, text: &[u8]) -> Option<Text> {
        let start = self.results.copy_text(text);
        self.kept(start, text.len())
    }

    /// Writes a text straight into the request's memory; `None` where `write` fails, and where the text holds a NUL
    /// byte or leaves no room for one behind it.
    pub fn text_with<E>(&mut self, write: impl FnOnce(&mut WriteView<'_>) -> Result<(), E>) -> Option<Text> {
        let room = self.results.text_room();
        let first = room.as_ptr();
        let mut out = WriteView::from_uninit(room);
        let written = write(&mut out).is_ok() && core::ptr::eq(out.as_ptr(), first.cast());
        let len = out.len();
        let start = if written {
            // SAFETY: the view begins where the room does, and nothing else can while the room is borrowed: it is the
            // one made above, whose first `len` bytes are initialised.
            unsafe { self.results.seal_text(len) }
        } else {
            Err(Dropped::Failed)
        };
        self.kept(start, len)
    }

    fn kept(&mut self, start: Result<usize, Dropped>, len: usize) -> Option<Text> {
        match start {
            Ok(start) => Some(Text { start, len }),
            Err(why) => {
                self.results.set_dropped(why);
                None
            }
        }
    }

    /// Hands over a single value; `NOTE`: its offset may be asked for.
    #[inline(always)]
    pub(super) fn put<V: Value, const NOTE: bool>(&mut self, value: V) -> Filled {
        if NOTE && self.results.wanted != Offsets::None {
            note(&value, 0, self.event, self.results);
        }
        match (value.cell(self), self.place) {
            // SAFETY: the shell that made the request gives the place of its own extraction, for this call.
            (Some(cell), Some(place)) => unsafe { place.put(cell) },
            (Some(cell), None) => self.results.single(cell).unwrap_or_else(|| no_room(self.results)),
            (None, _) => Filled::NONE,
        }
    }

    /// Hands over a list of values.
    pub(super) fn put_list<V: Value>(&mut self, fill: impl FnOnce(&mut List<'_, 'e, V>)) -> Filled {
        let values = self.results.list();
        let mut list = List { request: self, values, _values: PhantomData };
        fill(&mut list);
        let values = list.values;
        if self.results.dropped() != Dropped::No || values.count == 0 {
            return Filled::NONE;
        }
        self.results.end::<V::Cell>(values);
        values
    }
}

#[cold]
#[inline(never)]
fn no_room(results: &mut Results) -> Filled {
    results.set_dropped(Dropped::TooLong);
    Filled::NONE
}

/// Notes where a value stands in the event.
#[cold]
#[inline(never)]
fn note<V: Value>(value: &V, index: usize, event: Event<'_>, results: &mut Results) {
    if !results.note(index, value.offset(&event).unwrap_or((0, 0))) {
        results.set_dropped(Dropped::TooLong);
    }
}

fn c_str<'a>(text: *const c_char) -> Option<&'a CStr> {
    if text.is_null() {
        return None;
    }
    // SAFETY: `Request::new` says that it is a C string which outlives the request; the callers
    // shorten the lifetime to that of their borrow of the request.
    Some(unsafe { CStr::from_ptr(text) })
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("event", &self.event)
            .field("number", &self.number())
            .field("key", &self.key())
            .field("index", &self.index())
            .finish_non_exhaustive()
    }
}

/// The values of a list field, one behind another. It is a [`Request`], too.
///
/// ```
/// use falconet::{extract::List, Span};
/// /// `greet.words`: the payload's words.
/// fn words(list: &mut List<'_, '_, Span>) {
///     let event = list.event();
///     for word in event.payload().split(|byte| *byte == b' ') {
///         list.extend(event.span_of(word));
///     }
/// }
/// ```
pub struct List<'r, 'e, V> {
    request: &'r mut Request<'e>,
    values: Filled,
    _values: PhantomData<fn(V)>,
}

impl<V: Value> List<'_, '_, V> {
    /// Adds a value. Where it has no cell (it is `None`, or out of its event) it is left out; where there is no room
    /// for it the whole list gives no value, for a part of it would be a wrong value.
    pub fn push(&mut self, value: V) {
        let request = &mut *self.request;
        if request.results.dropped() != Dropped::No {
            return;
        }
        if request.results.wanted != Offsets::None {
            let index = usize::try_from(self.values.count).unwrap_or(usize::MAX);
            note(&value, index, request.event, request.results);
        }
        if let Some(cell) = value.cell(request)
            && request.results.append(&mut self.values, cell).is_none()
        {
            no_room(request.results);
        }
    }
}

impl<V: Value> Extend<V> for List<'_, '_, V> {
    fn extend<I: IntoIterator<Item = V>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.push(value));
    }
}

impl<'e, V> Deref for List<'_, 'e, V> {
    type Target = Request<'e>;

    fn deref(&self) -> &Request<'e> {
        self.request
    }
}

impl<'e, V> DerefMut for List<'_, 'e, V> {
    fn deref_mut(&mut self) -> &mut Request<'e> {
        self.request
    }
}

impl<V> fmt::Debug for List<'_, '_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List").field("values", &self.values.count).field("request", &self.request).finish()
    }
}
