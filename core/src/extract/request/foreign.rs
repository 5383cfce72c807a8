// SPDX-License-Identifier: Apache-2.0
//! Values of fields for a program in another language, which gives one with each call.
#![expect(unsafe_code, reason = "the requests are the host's, and the memory is the program's")]

use core::ffi::c_void;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::{NonNull, null};

use super::{List, Request};
use crate::abi;
use crate::event::{Event, Span};
use crate::extract::Dropped;
use crate::extract::memory::{Area, Filled, Offsets, Results};
use crate::extract::value::{Placed, Value};

/// The memory of a program's values: what [`Extraction`](crate::extract::Extraction) is for a plugin's state.
#[doc(hidden)]
pub struct Answers {
    results: Results,
}

/// One field asked of one event, and the values that it has so far.
#[doc(hidden)]
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "pointers of the host: there is nothing safe to print")]
pub struct Asked<'e> {
    /// The event.
    pub event: Event<'e>,
    /// The host's request.
    pub field: NonNull<abi::ExtractField>,
    /// Whether the field is a list.
    pub list: bool,
    /// What it has so far.
    pub values: Values,
    /// Where in the event the next value was read, where that is not where it stands itself.
    pub span: Option<Span>,
}

/// The cells of a field's values.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Values {
    /// The first cell.
    pub first: *mut c_void,
    /// How many there are.
    pub count: u64,
}

/// Why there is no value.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoValue {
    /// It does not fit into a request's memory.
    Room,
    /// A text has a NUL in it, or none behind it.
    Nul,
}

impl Answers {
    /// Empty, in three areas of memory: `cells` and `text` of so many bytes, both multiples of 24, and twice `offsets`
    /// numbers.
    ///
    /// # Safety
    /// All of it is writable, initialised and aligned, and nobody else touches it while this lives, but to read values.
    #[must_use]
    pub unsafe fn of_memory(
        cells: (NonNull<u64>, usize),
        text: (NonNull<u8>, usize),
        offsets: (NonNull<u32>, usize),
    ) -> Self {
        // SAFETY: the second half of the numbers.
        let lengths = unsafe { offsets.0.add(offsets.1) };
        let offsets = (offsets.0.as_ptr(), lengths.as_ptr(), offsets.1);
        let (cells, text) = (Area::new(cells.0.as_ptr().cast(), cells.1), Area::new(text.0.as_ptr(), text.1));
        Self { results: Results::of(cells, text, offsets) }
    }

    /// How many value offsets there is room for.
    #[must_use]
    #[inline]
    pub const fn offsets_len(&self) -> usize {
        self.results.offsets_len()
    }

    /// The arrays of value offsets.
    #[must_use]
    pub const fn offsets(&self) -> abi::ExtractValueOffsets {
        let (start, length) = self.results.offsets();
        abi::ExtractValueOffsets { start, length }
    }

    /// A call begins: its values go behind those of the call before. No value offsets are noted.
    #[inline(always)]
    pub fn begin_call(&mut self) {
        self.results.begin_call();
        self.results.first_use();
        self.results.wanted = Offsets::None;
    }

    /// Notes the value offsets of the field that begins: the only one, or number `field` of several.
    pub fn note_offsets(&mut self, field: Option<usize>) {
        self.results.wanted = field.map_or(Offsets::Values, Offsets::Field);
        self.results.note(0, (0, 0));
    }

    /// Gives the only value of a field, a number or a pointer: the shortest way, where no value offsets are asked for.
    #[must_use]
    #[inline(always)]
    pub fn single<C: Copy>(&mut self, cell: C) -> Option<Values> {
        // `begin_call` has used the cells.
        let Filled { values, count } = self.results.single_more(cell)?;
        Some(Values { first: values, count })
    }

    /// Gives one value, which in a list is one more; what the field has then. An error leaves a list without any value.
    ///
    /// # Errors
    /// [`NoValue`].
    ///
    /// # Safety
    /// The field is a request of the host for this event, readable but for its outputs. In a list `values` is what this
    /// gave last, `count` 0 at first, and no other field's value was given in between.
    #[inline]
    pub unsafe fn give<V: Value>(&mut self, asked: &Asked<'_>, value: V) -> Result<Values, NoValue> {
        let value = Placed { value, span: asked.span };
        // SAFETY: as this function's.
        unsafe {
            if asked.list {
                return self.with(asked, |request| append(request, asked.values, value));
            }
            self.with(asked, |request| request.put::<_, true>(value))
        }
    }

    /// Keeps the cells of a list.
    pub fn end<V: Value>(&mut self, values: Values) {
        self.results.end::<V::Cell>(Filled { values: values.first, count: values.count });
    }

    /// Gives a text: by pointer where it stands in the event with a NUL behind it, else copied.
    ///
    /// # Errors
    /// [`NoValue`].
    ///
    /// # Safety
    /// As [`Answers::give`].
    pub unsafe fn text(&mut self, asked: &Asked<'_>, text: &[u8]) -> Result<Values, NoValue> {
        // SAFETY: as this function's.
        unsafe {
            if let Some(span) = asked.event.span_of(text) {
                return self.give(asked, span);
            }
            let mut made = None;
            self.with(asked, |request| {
                made = request.text(text);
                Filled { values: asked.values.first, count: 1 }
            })?;
            self.give(asked, made)
        }
    }

    /// # Safety
    /// As [`Answers::give`].
    #[inline(always)]
    unsafe fn with(
        &mut self,
        asked: &Asked<'_>,
        give: impl FnOnce(&mut Request<'_>) -> Filled,
    ) -> Result<Values, NoValue> {
        // What a field's function may read of it is not read here.
        let input = abi::EventInput { evt: null(), evtnum: 0, evtsrc: null() };
        self.results.set_dropped(Dropped::No);
        // SAFETY: as this function's.
        let mut request = unsafe { Request::new(asked.event, &input, asked.field.as_ptr(), &mut self.results) };
        let Filled { values, count } = give(&mut request);
        match self.results.dropped() {
            Dropped::No if count > 0 => Ok(Values { first: values, count }),
            Dropped::No | Dropped::Nul | Dropped::Outside => Err(NoValue::Nul),
            Dropped::TooLong | Dropped::Failed => Err(NoValue::Room),
        }
    }
}

fn append<V: Value>(request: &mut Request<'_>, so_far: Values, value: V) -> Filled {
    let values = match so_far.count {
        0 => request.results.list(),
        count => Filled { values: so_far.first, count },
    };
    let mut list = List { request, values, _values: PhantomData };
    list.push(value);
    list.values
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").field("offsets", &self.offsets_len()).finish_non_exhaustive()
    }
}
