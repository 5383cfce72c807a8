// SPDX-License-Identifier: Apache-2.0
//! What a field's function is asked: [`Request`], and [`List`] for a field of many values.
#![expect(unsafe_code, reason = "the argument's key and the source's name arrive as C strings")]

use core::ffi::{CStr, c_char};
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use super::memory::{Filled, Results};
use super::value::{Text, Value};
use crate::event::Event;
use crate::view::WriteView;

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
    input: RequestInput,
    results: Results,
    dropped: Option<&'static str>,
    /// How many value offsets are wanted: none, one of each field, or one of each value.
    offsets: Offsets,
}

/// What the host says of a request, as it says it.
#[derive(Clone, Copy)]
pub(crate) struct RequestInput {
    pub(crate) number: u64,
    pub(crate) source: *const c_char,
    pub(crate) key: *const c_char,
    pub(crate) index: u64,
    pub(crate) present: bool,
}

/// Which value offsets are noted (rule 5.7).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offsets {
    /// None are asked for.
    None,
    /// One field: those of all its values.
    Values,
    /// Several fields: those of this field's first value.
    Field(usize),
}

impl<'e> Request<'e> {
    /// # Safety
    /// The pointers of `input` are NULL or C strings that live, unchanged, as long as the request.
    #[inline]
    pub(crate) unsafe fn new(event: Event<'e>, input: RequestInput, results: Results, offsets: Offsets) -> Self {
        Self { event, input, results, dropped: None, offsets }
    }

    /// The next field of the same call.
    ///
    /// # Safety
    /// As [`Request::new`].
    #[inline]
    pub(crate) unsafe fn next(&mut self, input: RequestInput, offsets: Offsets) {
        self.input = input;
        self.offsets = offsets;
        self.dropped = None;
        if let Offsets::Field(index) = offsets {
            self.results.offset(index, (0, 0));
        }
    }

    /// Why the present field's value was not handed over, where one was made.
    #[inline]
    pub(crate) const fn dropped(&self) -> Option<&'static str> {
        self.dropped
    }

    #[inline]
    pub(crate) const fn results(&self) -> &Results {
        &self.results
    }

    #[inline]
    pub(super) const fn results_mut(&mut self) -> &mut Results {
        &mut self.results
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
        self.input.number
    }

    /// The name of the event's source.
    #[must_use]
    pub fn source(&self) -> Option<&CStr> {
        c_str(self.input.source)
    }

    /// The argument as a key, `name[key]`; `None` where the field was asked without.
    #[must_use]
    pub fn key(&self) -> Option<&CStr> {
        if self.input.present { c_str(self.input.key) } else { None }
    }

    /// The argument as an index, `name[3]`; `None` where the field was asked without, or with a key that is no number.
    #[must_use]
    pub const fn index(&self) -> Option<u64> {
        if self.input.present && self.input.index != u64::MAX { Some(self.input.index) } else { None }
    }

    /// Copies a text into the request's memory; `None` where it does not fit or holds a NUL byte, which the host
    /// would take for its end.
    pub fn text(&mut self, text: &[u8]) -> Option<Text> {
        self.text_with(|out| out.write_all(text))
    }

    /// Writes a text straight into the request's memory; `None` where `write` fails, and where the text holds a NUL
    /// byte or leaves no room for one behind it.
    pub fn text_with<E>(&mut self, write: impl FnOnce(&mut WriteView<'_>) -> Result<(), E>) -> Option<Text> {
        let room = self.results.text_room();
        let first = room.as_ptr();
        let mut out = WriteView::from_uninit(room);
        let written = write(&mut out).is_ok() && core::ptr::eq(out.as_ptr(), first.cast());
        let len = out.len();
        let text = if written {
            // SAFETY: the view begins where the room does, and nothing else can while the room is borrowed: it is the
            // one made above, whose first `len` bytes are initialised.
            unsafe { self.results.seal_text(len) }
        } else {
            Err(TOO_LONG)
        };
        text.map(|start| Text { start, len }).map_err(|why| self.drop_value(why)).ok()
    }

    /// The present value is not handed over: counted, and logged once.
    #[cold]
    pub(super) fn drop_value(&mut self, why: &'static str) {
        self.dropped = Some(why);
    }

    /// Hands over a single value.
    #[inline]
    pub(super) fn put<V: Value>(&mut self, value: V) -> Filled {
        if self.offsets != Offsets::None {
            self.note(&value, 0);
        }
        let Some(cell) = value.cell(self) else { return Filled::NONE };
        self.results.single(cell).unwrap_or_else(|| self.no_room())
    }

    /// Hands over a list of values.
    pub(super) fn put_list<V: Value>(&mut self, fill: impl FnOnce(&mut List<'_, 'e, V>)) -> Filled {
        let values = self.results.begin();
        let mut list = List { request: self, values, whole: true, _values: PhantomData };
        fill(&mut list);
        let (values, whole) = (list.values, list.whole);
        if whole && values.count > 0 {
            return values;
        }
        self.results.undo(values);
        Filled::NONE
    }

    #[cold]
    fn no_room(&mut self) -> Filled {
        self.drop_value(TOO_LONG);
        Filled::NONE
    }

    #[cold]
    #[inline(never)]
    fn note<V: Value>(&mut self, value: &V, index: usize) {
        let at = match self.offsets {
            Offsets::Values => index,
            Offsets::Field(field) if index == 0 => field,
            _ => return,
        };
        let offset = value.offset(&self.event).unwrap_or((0, 0));
        self.results.offset(at, offset);
    }
}

pub(super) const TOO_LONG: &str = "it does not fit into the memory of a request (raise `memory` in `export!`)";
pub(super) const NUL: &str = "it holds a NUL byte, which the host would take for its end";

fn c_str<'a>(text: *const c_char) -> Option<&'a CStr> {
    if text.is_null() {
        return None;
    }
    // SAFETY: `Request::new` and `Request::next` say that it is a C string which outlives the request; the callers
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
    whole: bool,
    _values: PhantomData<fn(V)>,
}

impl<V: Value> List<'_, '_, V> {
    /// Adds a value. Where it has no cell (it is `None`, or out of its event) it is left out; where there is no room
    /// for it the whole list gives no value, for a part of it would be a wrong value.
    pub fn push(&mut self, value: V) {
        let request = &mut *self.request;
        if !self.whole {
            return;
        }
        if request.offsets != Offsets::None {
            let index = usize::try_from(self.values.count).unwrap_or(usize::MAX);
            if request.offsets == Offsets::Values && index >= request.results.offsets_len() {
                request.drop_value(TOO_LONG);
                self.whole = false;
                return;
            }
            request.note(&value, index);
        }
        match value.cell(request) {
            Some(cell) if request.results.append(&mut self.values, cell).is_none() => request.drop_value(TOO_LONG),
            _ => {}
        }
        self.whole = request.dropped.is_none();
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
