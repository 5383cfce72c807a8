// SPDX-License-Identifier: Apache-2.0
//! The fixed memory that values are handed over in: a ring for cells, a ring for texts, arrays for value offsets.
//!
//! A ring here is a bump allocator of three requests' shares that starts again at 0 between two calls, when less than a
//! share is left. So a call's values never wrap, every call has its whole share, and the values of a call stay untouched
//! at least through the next one: `join(first, second)` of the host reads the first field after the second (rule 5.8).
//!
//! A field without an argument has one value of an event, and so a place of its own instead: the same field of the next
//! event is put there, too.
#![expect(unsafe_code, reason = "the host reads values in this memory by pointer after the call")]

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::{NonNull, null_mut};

use super::cache::Cache;
use super::dropped::{Dropped, holds_nul};
use crate::event::{Alleged, Event};

/// A plugin state's extraction memory, in its static slot. All zero at its start.
///
/// `CELLS` cells of 8 bytes and `TEXT` bytes, each three times a request's share; `OFFSETS` value offsets.
#[repr(C, align(8))]
pub struct Extraction<D, const FIXED: usize, const CELLS: usize, const TEXT: usize, const OFFSETS: usize> {
    results: UnsafeCell<Results>,
    cache: UnsafeCell<Cache<D>>,
    fixed: UnsafeCell<[[u64; 2]; FIXED]>,
    cells: UnsafeCell<[u64; CELLS]>,
    text: UnsafeCell<[u8; TEXT]>,
    starts: UnsafeCell<[u32; OFFSETS]>,
    lengths: UnsafeCell<[u32; OFFSETS]>,
}

impl<D: Copy, const FIXED: usize, const CELLS: usize, const TEXT: usize, const OFFSETS: usize>
    Extraction<D, FIXED, CELLS, TEXT, OFFSETS>
{
    /// Empty.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "made by `export!` in a static, and nowhere else")]
    pub const fn new() -> Self {
        const { assert!(CELLS >= 24 && CELLS.is_multiple_of(3), "a request has at least 8 cells") };
        const { assert!(TEXT >= 192 && TEXT.is_multiple_of(24), "a request has at least 64 bytes, a multiple of 8") };
        Self {
            results: UnsafeCell::new(Results::NONE),
            cache: UnsafeCell::new(Cache::new()),
            fixed: UnsafeCell::new([[0; 2]; FIXED]),
            cells: UnsafeCell::new([0; CELLS]),
            text: UnsafeCell::new([0; TEXT]),
            starts: UnsafeCell::new([0; OFFSETS]),
            lengths: UnsafeCell::new([0; OFFSETS]),
        }
    }
}

impl<D, const FIXED: usize, const CELLS: usize, const TEXT: usize, const OFFSETS: usize> fmt::Debug
    for Extraction<D, FIXED, CELLS, TEXT, OFFSETS>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extraction").field("cells", &CELLS).field("text", &TEXT).finish_non_exhaustive()
    }
}

/// What the shell needs of an [`Extraction`], whatever its sizes are. Only `export!` names an implementation.
pub trait Memory {
    /// What an event is decoded to.
    type Decoded: 'static;

    /// Makes it ready for a new state.
    ///
    /// # Safety
    /// No other call on this state's extraction is under way.
    unsafe fn begin(&self);

    /// Drops the decoded event: another capture begins or ends (rule 5.2).
    ///
    /// # Safety
    /// As [`Memory::begin`].
    unsafe fn forget(&self);

    /// What the event is decoded to, where it was kept: never something zero-sized. `PLAIN`: a plugin event as every SDK
    /// writes it, whose payload begins at its fixed place; else one without a payload.
    ///
    /// # Safety
    /// As [`Memory::begin`]; the reference is dropped before the next call.
    unsafe fn kept<const PLAIN: bool>(&self, number: u64, alleged: Alleged<'_>) -> Option<&Self::Decoded>;

    /// Keeps an event and what it was decoded to.
    ///
    /// # Safety
    /// As [`Memory::kept`], whose reference is dropped before.
    unsafe fn keep<'a>(&'a self, number: u64, event: &Event<'_>, decoded: Self::Decoded) -> &'a Self::Decoded;

    /// What the present call's event was decoded to.
    ///
    /// # Safety
    /// As [`Memory::kept`]; this call has it from there, or has kept it.
    unsafe fn present_decoded(&self) -> &Self::Decoded;

    /// Begins a call: its values go behind those of the call before.
    ///
    /// # Safety
    /// As [`Memory::begin`], which has been called.
    unsafe fn begin_call(&self);

    /// The place of a field's only value, for fields without an argument: they have one value of an event.
    fn place(&self, field: usize) -> Option<Place>;

    /// The memory for the present call's values.
    ///
    /// # Safety
    /// As [`Memory::begin`]; no other reference from here is in use.
    #[expect(clippy::mut_from_ref, reason = "an UnsafeCell's content")]
    unsafe fn present(&self) -> &mut Results;
}

impl<D: Copy + 'static, const FIXED: usize, const CELLS: usize, const TEXT: usize, const OFFSETS: usize> Memory
    for Extraction<D, FIXED, CELLS, TEXT, OFFSETS>
{
    type Decoded = D;

    unsafe fn begin(&self) {
        // SAFETY: the caller is the only one in this state's extraction.
        unsafe {
            let results = self.present();
            // Where the rings go on does not matter.
            (results.cells.base, results.cells.share) = (self.cells.get().cast(), CELLS / 3 * 8);
            (results.text.base, results.text.share) = (self.text.get().cast(), TEXT / 3);
            (results.starts, results.lengths) = (self.starts.get().cast(), self.lengths.get().cast());
            results.offsets_len = OFFSETS;
            self.forget();
        }
    }

    unsafe fn forget(&self) {
        // SAFETY: the caller is the only one in this state's extraction.
        unsafe { (*self.cache.get()).forget() }
    }

    #[inline(always)]
    unsafe fn kept<const PLAIN: bool>(&self, number: u64, alleged: Alleged<'_>) -> Option<&D> {
        // SAFETY: the caller is the only one in this state's extraction, and drops the reference before the next call.
        unsafe { &*self.cache.get() }.get::<PLAIN>(number, alleged)
    }

    #[inline(always)]
    unsafe fn keep<'a>(&'a self, number: u64, event: &Event<'_>, decoded: D) -> &'a D {
        // SAFETY: as above; a reference from before is used no more.
        unsafe { &mut *self.cache.get() }.keep(number, event, decoded)
    }

    #[inline(always)]
    unsafe fn present_decoded(&self) -> &D {
        // SAFETY: as above, and decoded, as the caller says.
        unsafe { (*self.cache.get()).decoded() }
    }

    #[inline(always)]
    fn place(&self, field: usize) -> Option<Place> {
        // SAFETY: there are FIXED places.
        (field < FIXED).then(|| Place(unsafe { self.fixed.get().cast::<[u64; 2]>().add(field) }))
    }

    #[inline]
    unsafe fn present(&self) -> &mut Results {
        // SAFETY: the caller is the only one in this state's extraction, and has no other reference.
        unsafe { &mut *self.results.get() }
    }

    #[inline(always)]
    unsafe fn begin_call(&self) {
        // SAFETY: as this function's.
        unsafe { self.present() }.begin_call();
    }
}

/// The place of one field's cell: 16 bytes, aligned to 8, of an [`Extraction`].
#[derive(Clone, Copy, Debug)]
pub struct Place(*mut [u64; 2]);

impl Place {
    /// Puts the cell.
    ///
    /// # Safety
    /// The extraction that gave the place lives, and no other call on it is under way.
    #[inline(always)]
    pub(super) unsafe fn put<C: Copy>(self, cell: C) -> Filled {
        const { assert!(size_of::<C>() <= 16 && align_of::<C>() <= 8) };
        // SAFETY: the place is large and aligned enough for a C; the caller says that it is there.
        unsafe { self.0.cast::<C>().write(cell) };
        Filled { values: self.0.cast(), count: 1 }
    }
}

/// An array of bytes that values are put into one after another: `at <= end <= 3 * share`.
#[derive(Clone, Copy)]
pub(super) struct Area {
    base: *mut u8,
    at: usize,
    /// Where the present call's share ends.
    end: usize,
    /// Bytes of a call's share, a third of all.
    share: usize,
}

impl Area {
    pub(super) const fn new(base: *mut u8, size: usize) -> Self {
        Self { base, at: 0, end: 0, share: size / 3 }
    }

    /// A call begins to use it: starts again at 0 where less than a share is left.
    const fn begin(&mut self) {
        if self.at > self.share * 2 {
            self.at = 0;
        }
        self.end = self.at + self.share;
    }
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

/// The memory of the present extraction call's values.
pub struct Results {
    cells: Area,
    text: Area,
    /// Where this call's texts begin, once it has used them: all bytes from here to `text.at` were written by it.
    text_begin: usize,
    call: Call,
    starts: *mut u32,
    lengths: *mut u32,
    offsets_len: usize,
    /// Between two calls: none.
    pub(crate) wanted: Offsets,
}

/// What there is to say of the present call: four bytes, written as one.
#[derive(Clone, Copy)]
#[repr(align(4))]
struct Call {
    /// It has not used the cells yet.
    fresh: bool,
    /// It has not used the texts yet.
    fresh_text: bool,
    dropped: Dropped,
    _fourth: u8,
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
    pub(crate) const NONE: Self = Self { values: null_mut(), count: 0 };
}

impl Results {
    const NONE: Self = Self {
        cells: Area::new(null_mut(), 0),
        text: Area::new(null_mut(), 0),
        text_begin: 0,
        starts: null_mut(),
        lengths: null_mut(),
        offsets_len: 0,
        call: Call { fresh: false, fresh_text: false, dropped: Dropped::No, _fourth: 0 },
        wanted: Offsets::None,
    };

    /// Empty, in two areas of whole cells, with arrays of so many offsets.
    pub(super) const fn of(cells: Area, text: Area, offsets: (*mut u32, *mut u32, usize)) -> Self {
        let (starts, lengths, offsets_len) = offsets;
        Self { cells, text, starts, lengths, offsets_len, ..Self::NONE }
    }

    /// Begins a call: its values go behind those of the call before.
    #[inline(always)]
    pub(super) const fn begin_call(&mut self) {
        self.call = Call { fresh: true, fresh_text: true, dropped: Dropped::No, _fourth: 0 };
    }

    /// Why the value that was made last is not handed over.
    #[inline(always)]
    pub(crate) const fn dropped(&self) -> Dropped {
        self.call.dropped
    }

    /// The value that was made last is not handed over, or (`No`) it is.
    pub(crate) const fn set_dropped(&mut self, dropped: Dropped) {
        self.call.dropped = dropped;
    }

    /// Before the cells are used: the first time in a call, starts again at 0 where less than a share is left.
    pub(super) fn first_use(&mut self) {
        if self.call.fresh {
            self.call.fresh = false;
            self.cells.begin();
        }
    }

    /// As `first_use`, before the texts are used.
    fn first_text(&mut self) {
        if self.call.fresh_text {
            self.call.fresh_text = false;
            self.text.begin();
            self.text_begin = self.text.at;
        }
    }

    /// Puts one cell into the ring.
    pub(super) fn single<C: Copy>(&mut self, cell: C) -> Option<Filled> {
        self.first_use();
        self.single_more(cell)
    }

    /// The same, where the call has used the cells already.
    #[inline(always)]
    pub(super) fn single_more<C: Copy>(&mut self, cell: C) -> Option<Filled> {
        let at = self.cells.at;
        let end = at + size_of::<C>().next_multiple_of(8);
        if end > self.cells.end {
            return None;
        }
        self.cells.at = end;
        // SAFETY: `at..end` lies within the cells; `at` is a multiple of 8, and so is the array's address: aligned as any cell.
        let place = unsafe {
            let place = self.cells.base.add(at).cast::<C>();
            place.write(cell);
            place
        };
        Some(Filled { values: place.cast(), count: 1 })
    }

    /// Begins a list: its cells stand one behind another from here on.
    pub(super) fn list(&mut self) -> Filled {
        self.first_use();
        // SAFETY: `at` is at most the size.
        Filled { values: unsafe { self.cells.base.add(self.cells.at) }.cast(), count: 0 }
    }

    /// Puts the next cell of a list that was begun; nothing else puts cells until [`Results::end`].
    pub(super) fn append<C: Copy>(&mut self, list: &mut Filled, cell: C) -> Option<()> {
        let len = usize::try_from(list.count).ok()?.checked_mul(size_of::<C>())?;
        len.checked_add(size_of::<C>()).filter(|end| *end <= self.cells.end - self.cells.at)?;
        // SAFETY: the list begins at `cells.at`, and `cells.at + end` is within the cells; each C is aligned, because
        // the list's start is a multiple of 8.
        unsafe { self.cells.base.add(self.cells.at + len).cast::<C>().write(cell) };
        list.count += 1;
        Some(())
    }

    /// Keeps the cells of a list.
    pub(super) fn end<C>(&mut self, list: Filled) {
        let len = usize::try_from(list.count).unwrap_or(0).saturating_mul(size_of::<C>());
        self.cells.at = (self.cells.at + len.next_multiple_of(8)).min(self.cells.end);
    }

    /// The room for texts that is left to this call.
    pub(super) fn text_room(&mut self) -> &mut [MaybeUninit<u8>] {
        self.first_text();
        let (at, end) = (self.text.at, self.text.end);
        // SAFETY: `at..end` lies within the text array, and no value of this call is there.
        unsafe { core::slice::from_raw_parts_mut(self.text.base.add(at).cast(), end - at) }
    }

    /// Copies a text, with a NUL behind it, and tells where it begins.
    pub(super) fn copy_text(&mut self, text: &[u8]) -> Result<usize, Dropped> {
        let room = self.text_room();
        let (to, behind) = room.split_at_mut_checked(text.len()).ok_or(Dropped::TooLong)?;
        let nul = behind.first_mut().ok_or(Dropped::TooLong)?;
        if holds_nul(text) {
            return Err(Dropped::Nul);
        }
        to.write_copy_of_slice(text);
        nul.write(0);
        let start = self.text.at;
        self.text.at = start + text.len() + 1;
        Ok(start)
    }

    /// Keeps the first `len` bytes of [`Results::text_room`] with a NUL behind them, and tells where they begin.
    ///
    /// # Safety
    /// The first `len` bytes of the room are initialised.
    pub(super) unsafe fn seal_text(&mut self, len: usize) -> Result<usize, Dropped> {
        self.first_text();
        let (start, limit) = (self.text.at, self.text.end);
        let end = start.checked_add(len).filter(|end| *end < limit).ok_or(Dropped::TooLong)?;
        // SAFETY: `start..=end` is in the text array, and the caller says that `start..end` is initialised.
        unsafe {
            if holds_nul(core::slice::from_raw_parts(self.text.base.add(start), len)) {
                return Err(Dropped::Nul);
            }
            self.text.base.add(end).write(0);
        }
        self.text.at = end + 1;
        Ok(start)
    }

    /// The text of `len` bytes that this call has kept at `start` with a NUL behind it.
    #[inline]
    pub(super) fn text(&self, start: usize, len: usize) -> Option<NonNull<u8>> {
        let end = start
            .checked_add(len)
            .filter(|end| !self.call.fresh_text && start >= self.text_begin && *end < self.text.at)?;
        // SAFETY: `start..=end` is in the part of the text array that this call has written.
        let (text, nul) = unsafe { (self.text.base.add(start), *self.text.base.add(end)) };
        if nul == 0 { NonNull::new(text) } else { None }
    }

    /// Copies an address' bytes, aligned to 8, and tells where they are.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Option<NonNull<u8>> {
        self.first_text();
        let (at, limit) = (self.text.at, self.text.end);
        let aligned = at.next_multiple_of(8);
        let end = aligned.checked_add(bytes.len()).filter(|end| *end <= limit)?;
        // SAFETY: `at..end` is in the text array, and no value of this call lies there; `bytes` is elsewhere, for the
        // array is reached through raw pointers only.
        let place = unsafe {
            self.text.base.add(at).write_bytes(0, aligned - at);
            let place = self.text.base.add(aligned);
            place.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            place
        };
        self.text.at = end;
        NonNull::new(place)
    }

    /// Notes where value `index` of the present field stands in the event: start and length in bytes. False where
    /// there is no place to note it.
    pub(crate) fn note(&mut self, index: usize, (start, length): (u32, u32)) -> bool {
        let at = match self.wanted {
            Offsets::None => return true,
            Offsets::Field(_) if index > 0 => return true,
            Offsets::Field(field) => field,
            Offsets::Values => index,
        };
        if at >= self.offsets_len {
            return false;
        }
        // SAFETY: both arrays have `offsets_len` elements.
        unsafe {
            self.starts.add(at).write(start);
            self.lengths.add(at).write(length);
        }
        true
    }

    /// How many value offsets there is room for.
    pub(crate) const fn offsets_len(&self) -> usize {
        self.offsets_len
    }

    /// The arrays of starts and lengths.
    pub(crate) const fn offsets(&self) -> (*mut u32, *mut u32) {
        (self.starts, self.lengths)
    }
}

#[cfg(test)]
mod tests;
