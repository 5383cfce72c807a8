// SPDX-License-Identifier: Apache-2.0
//! The fixed memory that values are handed over in: a ring for cells, a ring for texts, arrays for value offsets.
//!
//! A ring here is a bump allocator that starts again at 0 between two calls, when less than one request's share is
//! left. So a call's values never wrap, every call has its whole share, and a value outlives the call by at least
//! one share of later values: `join(first, second)` of the host reads the first field after the second (rule 5.8).
#![expect(unsafe_code, reason = "the host reads values in this memory by pointer after the call")]

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use super::cache::{Cache, Key};
use super::request::{NUL, TOO_LONG};
use crate::event::Event;

/// A plugin state's extraction memory, in its static slot. All zero at its start.
///
/// `CELLS` cells of 8 bytes and `TEXT` bytes (a multiple of 8), each twice a request's share; `OFFSETS` value offsets.
#[repr(C, align(8))]
pub struct Extraction<D, const CELLS: usize, const TEXT: usize, const OFFSETS: usize> {
    cache: UnsafeCell<Cache<D>>,
    at: UnsafeCell<Cursors>,
    cells: UnsafeCell<[u64; CELLS]>,
    text: UnsafeCell<[u8; TEXT]>,
    starts: UnsafeCell<[u32; OFFSETS]>,
    lengths: UnsafeCell<[u32; OFFSETS]>,
}

/// Where the next value goes, in cells and in bytes.
#[derive(Clone, Copy)]
struct Cursors {
    cell: usize,
    text: usize,
}

impl<D: Copy, const CELLS: usize, const TEXT: usize, const OFFSETS: usize> Extraction<D, CELLS, TEXT, OFFSETS> {
    /// Empty.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "made by `export!` in a static, and nowhere else")]
    pub const fn new() -> Self {
        const { assert!(CELLS >= 8 && CELLS.is_multiple_of(2), "a request has at least 4 cells") };
        const { assert!(TEXT >= 64 && TEXT.is_multiple_of(16), "a request has at least 32 bytes, and a multiple of 8") };
        Self {
            cache: UnsafeCell::new(Cache::new()),
            at: UnsafeCell::new(Cursors { cell: 0, text: 0 }),
            cells: UnsafeCell::new([0; CELLS]),
            text: UnsafeCell::new([0; TEXT]),
            starts: UnsafeCell::new([0; OFFSETS]),
            lengths: UnsafeCell::new([0; OFFSETS]),
        }
    }
}

impl<D, const CELLS: usize, const TEXT: usize, const OFFSETS: usize> fmt::Debug
    for Extraction<D, CELLS, TEXT, OFFSETS>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extraction").field("cells", &CELLS).field("text", &TEXT).finish_non_exhaustive()
    }
}

/// What the shell needs of an [`Extraction`], whatever its sizes are. Only `export!` names an implementation.
pub trait Memory {
    /// What an event is decoded to.
    type Decoded: 'static;

    /// Drops the decoded event: another capture begins or ends (rule 5.2).
    ///
    /// # Safety
    /// No other call on this state's extraction is under way.
    unsafe fn forget(&self);

    /// The decoded event, kept or fresh; a zero-sized one is always fresh.
    ///
    /// # Safety
    /// As [`Memory::forget`], and the reference is dropped before the next call.
    unsafe fn decoded<'a>(
        &'a self,
        number: u64,
        event: &Event<'_>,
        decode: impl FnOnce() -> Option<Self::Decoded>,
    ) -> Option<&'a Self::Decoded>;

    /// The memory for one call's values.
    ///
    /// # Safety
    /// As [`Memory::forget`]; the values of the call before the last may be overwritten from now on.
    unsafe fn results(&self) -> Results;

    /// Keeps what a call has used.
    ///
    /// # Safety
    /// As [`Memory::forget`].
    unsafe fn used(&self, results: &Results);
}

impl<D: Copy + 'static, const CELLS: usize, const TEXT: usize, const OFFSETS: usize> Memory
    for Extraction<D, CELLS, TEXT, OFFSETS>
{
    type Decoded = D;

    unsafe fn forget(&self) {
        // SAFETY: the caller is the only one in this state's extraction.
        unsafe { (*self.cache.get()).forget() }
    }

    #[inline]
    unsafe fn decoded<'a>(
        &'a self,
        number: u64,
        event: &Event<'_>,
        decode: impl FnOnce() -> Option<D>,
    ) -> Option<&'a D> {
        // SAFETY: the caller is the only one in this state's extraction, and drops the reference before the next call.
        let cache = unsafe { &mut *self.cache.get() };
        if size_of::<D>() == 0 {
            cache.forget();
        }
        cache.get(if size_of::<D>() == 0 { Key::NONE } else { Key::new(number, event) }, decode)
    }

    #[inline]
    unsafe fn results(&self) -> Results {
        // SAFETY: the caller is the only one in this state's extraction; Cursors is Copy.
        let at = unsafe { *self.at.get() };
        let cell = if at.cell > CELLS / 2 { 0 } else { at.cell };
        let text = if at.text > TEXT / 2 { 0 } else { at.text };
        Results {
            cells: Area::new(self.cells.get().cast(), cell * 8, (cell + CELLS / 2) * 8),
            text: Area::new(self.text.get().cast(), text, text + TEXT / 2),
            text_begin: text,
            starts: Area::new(self.starts.get().cast(), 0, OFFSETS * 4),
            lengths: Area::new(self.lengths.get().cast(), 0, OFFSETS * 4),
        }
    }

    #[inline]
    unsafe fn used(&self, results: &Results) {
        let at = Cursors { cell: results.cells.at.div_ceil(8), text: results.text.at };
        // SAFETY: the caller is the only one in this state's extraction.
        unsafe { *self.at.get() = at }
    }
}

/// A stretch of bytes that values are put into one after another: `at <= end`, all within one array.
#[derive(Clone, Copy)]
pub(crate) struct Area {
    base: *mut u8,
    at: usize,
    end: usize,
}

impl Area {
    const fn new(base: *mut u8, at: usize, end: usize) -> Self {
        Self { base, at, end }
    }

    /// Room for a `T` at the next aligned place, or `None`. `base` is aligned to 8, and so is every `T` here.
    #[inline]
    fn take<T>(&mut self) -> Option<NonNull<T>> {
        let at = self.at.next_multiple_of(align_of::<T>());
        let end = at.checked_add(size_of::<T>()).filter(|end| *end <= self.end)?;
        self.at = end;
        // SAFETY: `at < end`, and the area up to `end` lies within the array at `base`.
        NonNull::new(unsafe { self.base.add(at) }.cast())
    }
}

/// The memory of one extraction call's values.
pub struct Results {
    cells: Area,
    text: Area,
    /// Where this call's texts begin: all bytes from here to `text.at` were written by this call.
    text_begin: usize,
    starts: Area,
    lengths: Area,
}

impl fmt::Debug for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Results").finish_non_exhaustive()
    }
}

/// Where a value's cells lie and how many they are: what the host is told.
#[derive(Clone, Copy, Debug)]
pub struct Filled {
    pub(crate) values: *mut c_void,
    pub(crate) count: u64,
}

impl Filled {
    /// No value.
    pub(crate) const NONE: Self = Self { values: core::ptr::null_mut(), count: 0 };
}

impl Results {
    /// Puts one cell, on its own.
    #[inline]
    pub(super) fn single<C: Copy>(&mut self, cell: C) -> Option<Filled> {
        self.cells.at = self.cells.at.next_multiple_of(8);
        let place = self.cells.take::<C>()?;
        // SAFETY: `take` gave room for a C, aligned.
        unsafe { place.write(cell) };
        Some(Filled { values: place.as_ptr().cast(), count: 1 })
    }

    /// Begins a list: its cells stand one behind another from here on, as long as nothing but [`Results::append`]
    /// puts cells.
    pub(super) fn begin(&mut self) -> Filled {
        self.cells.at = self.cells.at.next_multiple_of(8);
        // SAFETY: `at` is at most `end` rounded up to 8, and the array's size is a multiple of 8.
        Filled { values: unsafe { self.cells.base.add(self.cells.at) }.cast(), count: 0 }
    }

    /// Puts the next cell of the list that was begun last.
    pub(super) fn append<C: Copy>(&mut self, list: &mut Filled, cell: C) -> Option<()> {
        let place = self.cells.take::<C>()?;
        // SAFETY: `take` gave room for a C, aligned.
        unsafe { place.write(cell) };
        list.count += 1;
        Some(())
    }

    /// Takes a list's cells back.
    pub(super) fn undo(&mut self, list: Filled) {
        self.cells.at = (list.values as usize).saturating_sub(self.cells.base as usize).min(self.cells.at);
    }

    /// The room for texts that is left to this call.
    pub(super) fn text_room(&mut self) -> &mut [MaybeUninit<u8>] {
        let len = self.text.end - self.text.at;
        // SAFETY: the bytes from `at` to `end` are the text array's, and no value of this call lies there.
        unsafe { core::slice::from_raw_parts_mut(self.text.base.add(self.text.at).cast(), len) }
    }

    /// Keeps the first `len` bytes of [`Results::text_room`] with a NUL behind them, and tells where they begin.
    ///
    /// # Safety
    /// The first `len` bytes of the room are initialised.
    pub(super) unsafe fn seal_text(&mut self, len: usize) -> Result<usize, &'static str> {
        let start = self.text.at;
        let end = start.checked_add(len).filter(|end| *end < self.text.end).ok_or(TOO_LONG)?;
        // SAFETY: `start..=end` is in the text array, and the caller says that `start..end` is initialised.
        unsafe {
            if core::slice::from_raw_parts(self.text.base.add(start), len).contains(&0) {
                return Err(NUL);
            }
            self.text.base.add(end).write(0);
        }
        self.text.at = end + 1;
        Ok(start)
    }

    /// The text of `len` bytes that this call has kept at `start` with a NUL behind it.
    #[inline]
    pub(super) fn text(&self, start: usize, len: usize) -> Option<NonNull<u8>> {
        let end = start.checked_add(len).filter(|end| start >= self.text_begin && *end < self.text.at)?;
        // SAFETY: `start..=end` is in the part of the text array that this call has written.
        let (text, nul) = unsafe { (self.text.base.add(start), *self.text.base.add(end)) };
        if nul == 0 { NonNull::new(text) } else { None }
    }

    /// Copies an address' bytes, aligned to 8, and tells where they are.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Option<NonNull<u8>> {
        let aligned = self.text.at.next_multiple_of(8);
        let end = aligned.checked_add(bytes.len()).filter(|end| *end <= self.text.end)?;
        // SAFETY: `at..end` is in the text array, and no value of this call lies there; `bytes` is elsewhere, for the
        // array is reached through raw pointers only.
        let place = unsafe {
            self.text.base.add(self.text.at).write_bytes(0, aligned - self.text.at);
            let place = self.text.base.add(aligned);
            place.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            place
        };
        self.text.at = end;
        NonNull::new(place)
    }

    /// Notes where value `index` stands in the event: start and length in bytes.
    pub(super) fn offset(&mut self, index: usize, (start, length): (u32, u32)) {
        let at = index.saturating_mul(4);
        if at < self.starts.end && at < self.lengths.end {
            // SAFETY: `at` is the place of a u32 in both arrays.
            unsafe {
                self.starts.base.add(at).cast::<u32>().write(start);
                self.lengths.base.add(at).cast::<u32>().write(length);
            }
        }
    }

    /// How many value offsets there is room for.
    pub(super) const fn offsets_len(&self) -> usize {
        self.starts.end / 4
    }

    /// The arrays of starts and lengths.
    pub(crate) fn offsets(&self) -> (*mut u32, *mut u32) {
        (self.starts.base.cast(), self.lengths.base.cast())
    }
}
