// SPDX-License-Identifier: Apache-2.0
//! The memory under a view: the one place where its bytes are touched.
//!
//! Raw pointers only: a reference kept in a struct would be a new claim on the memory each time the struct moves, and
//! would take it from the host that also holds a pointer to it.
#![expect(unsafe_code, reason = "memory that may belong to the host or to C is reached by pointer")]

use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ptr::{self, NonNull};
use core::slice;

use zerocopy::{IntoBytes, Unaligned};

use super::cursor::Cursor;
use super::decimal;
use super::reader::Reader;
use super::{FillError, SeekFrom, ViewError};

/// Memory that is read. For `'a`, the cursor's whole capacity behind `memory` is readable and initialised, and nobody
/// writes it: it is a `&'a [u8]`, or was vouched for as such in `from_raw`.
#[derive(Clone)]
pub(super) struct Window<'a> {
    memory: NonNull<u8>,
    cursor: Cursor,
    borrowed: PhantomData<&'a [u8]>,
}

// SAFETY: a window is a `&[u8]` with a position, which may be sent to other threads.
unsafe impl Send for Window<'_> {}
// SAFETY: a shared window gives away nothing but the `&[u8]`.
unsafe impl Sync for Window<'_> {}

impl<'a> Window<'a> {
    #[inline]
    pub(super) const fn new(memory: &'a [u8]) -> Self {
        Self { cursor: Cursor::full(memory), memory: NonNull::from_ref(memory).cast(), borrowed: PhantomData }
    }

    /// # Safety
    /// Unless it is an error, the memory is as the invariant of this type says.
    #[inline]
    pub(super) unsafe fn from_raw(memory: *const u8, len: usize, capacity: usize) -> Result<Self, ViewError> {
        let memory = NonNull::new(memory.cast_mut()).ok_or(ViewError::Null)?;
        Ok(Self { memory, cursor: Cursor::new(len, capacity)?, borrowed: PhantomData })
    }

    #[inline]
    pub(super) const fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// Any position within the capacity will do: all of it is initialised.
    #[inline]
    pub(super) const fn cursor_mut(&mut self) -> &mut Cursor {
        &mut self.cursor
    }

    #[inline]
    pub(super) const fn as_ptr(&self) -> *const u8 {
        self.memory.as_ptr()
    }

    #[inline]
    pub(super) const fn content(&self) -> &'a [u8] {
        // SAFETY: `len <= capacity <= isize::MAX` (cursor), and the invariant of this type: readable, initialised and
        // unwritten for 'a.
        unsafe { slice::from_raw_parts(self.memory.as_ptr(), self.cursor.len()) }
    }

    #[inline]
    pub(super) const fn reader(&mut self) -> Reader<'_, 'a> {
        Reader { content: self.content(), cursor: &mut self.cursor }
    }
}

/// Memory that is written. For `'a`, the cursor's whole capacity behind `memory` is writable and nobody else reaches
/// it, and the first `len` bytes are initialised: it is a `&'a mut [u8]` or a `&'a mut [MaybeUninit<u8>]`, or was
/// vouched for as such in `from_raw`.
pub(super) struct WindowMut<'a> {
    memory: NonNull<u8>,
    cursor: Cursor,
    /// Whether the owner may count on every byte being initialised afterwards, as after lending a `&mut [u8]`.
    owner_counts_on_init: bool,
    borrowed: PhantomData<&'a mut [u8]>,
}

// SAFETY: a window is a `&mut [u8]` with a position, which may be sent to other threads.
unsafe impl Send for WindowMut<'_> {}
// SAFETY: a shared window gives away nothing but a `&[u8]` of the content.
unsafe impl Sync for WindowMut<'_> {}

impl<'a> WindowMut<'a> {
    /// All of it is content.
    #[inline]
    pub(super) const fn full(memory: &'a mut [u8]) -> Self {
        let cursor = Cursor::full(memory);
        Self { cursor, memory: NonNull::from_mut(memory).cast(), owner_counts_on_init: true, borrowed: PhantomData }
    }

    /// None of it is content.
    #[inline]
    pub(super) const fn empty(memory: &'a mut [u8]) -> Self {
        let cursor = Cursor::empty(memory);
        Self { cursor, memory: NonNull::from_mut(memory).cast(), owner_counts_on_init: true, borrowed: PhantomData }
    }

    /// None of it is content, and what is left unwritten may stay uninitialised.
    #[inline]
    pub(super) const fn uninit(memory: &'a mut [MaybeUninit<u8>]) -> Self {
        let cursor = Cursor::empty(memory);
        Self { cursor, memory: NonNull::from_mut(memory).cast(), owner_counts_on_init: false, borrowed: PhantomData }
    }

    /// # Safety
    /// Unless it is an error, the memory is as the invariant of this type says.
    #[inline]
    pub(super) unsafe fn from_raw(
        memory: *mut u8,
        len: usize,
        capacity: usize,
        owner_counts_on_init: bool,
    ) -> Result<Self, ViewError> {
        let memory = NonNull::new(memory).ok_or(ViewError::Null)?;
        Ok(Self { memory, cursor: Cursor::new(len, capacity)?, owner_counts_on_init, borrowed: PhantomData })
    }

    #[inline]
    pub(super) const fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// Whether the memory was handed over as initialised.
    #[inline]
    pub(super) const fn owner_counts_on_init(&self) -> bool {
        self.owner_counts_on_init
    }

    #[inline]
    pub(super) const fn as_mut_ptr(&self) -> *mut u8 {
        self.memory.as_ptr()
    }

    #[inline]
    pub(super) fn seek(&mut self, to: SeekFrom) -> Result<usize, ViewError> {
        self.cursor.seek(to)
    }

    #[inline]
    pub(super) const fn rewind(&mut self) {
        self.cursor.rewind();
    }

    /// Zero-fills where it grows.
    #[inline]
    pub(super) fn set_len(&mut self, len: usize) -> Result<(), ViewError> {
        let old = self.cursor.len();
        self.cursor.set_len(len)?;
        self.zero(old, len);
        Ok(())
    }

    /// The content alone, to be read: the room behind it may not be initialised.
    #[inline]
    pub(super) const fn into_read(self) -> Window<'a> {
        Window { memory: self.memory, cursor: self.cursor.trimmed(), borrowed: PhantomData }
    }

    /// As `into_read`, as long as this is borrowed and so not written.
    #[inline]
    pub(super) const fn as_read(&self) -> Window<'_> {
        Window { memory: self.memory, cursor: self.cursor.trimmed(), borrowed: PhantomData }
    }

    #[inline]
    pub(super) const fn content_mut(&mut self) -> &mut [u8] {
        // SAFETY: `len <= capacity <= isize::MAX` (cursor), and the invariant of this type: writable, initialised up to
        // len, and reached by nobody else while this is borrowed.
        unsafe { slice::from_raw_parts_mut(self.memory.as_ptr(), self.cursor.len()) }
    }

    #[inline]
    pub(super) const fn reader(&mut self) -> Reader<'_, '_> {
        // SAFETY: as in `content_mut`; the bytes are no part of the cursor that is lent beside them.
        let content = unsafe { slice::from_raw_parts(self.memory.as_ptr(), self.cursor.len()) };
        Reader { content, cursor: &mut self.cursor }
    }

    #[inline]
    pub(super) fn write(&mut self, bytes: &[u8]) -> usize {
        let fits = bytes.get(..self.cursor.space()).unwrap_or(bytes);
        self.write_all(fits).map_or(0, |()| fits.len())
    }

    #[inline]
    pub(super) fn write_all(&mut self, bytes: &[u8]) -> Result<(), ViewError> {
        let start = self.cursor.claim(bytes.len())?;
        // SAFETY: `start + bytes.len() <= capacity` (claim), writable, and reached by nobody else (invariant), so that
        // `bytes` cannot overlap it. They are initialised, so what claim made content is.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.memory.as_ptr().add(start), bytes.len()) };
        Ok(())
    }

    #[inline]
    pub(super) fn place<T: IntoBytes + Unaligned>(&mut self, value: T) -> Result<&mut T, ViewError> {
        let start = self.cursor.claim(size_of::<T>())?;
        // SAFETY: `start + size_of::<T>() <= capacity` (claim), writable, and reached by nobody else while this is
        // borrowed (invariant). `T: Unaligned` lies at any address. `T: IntoBytes` has no byte that is not initialised,
        // neither in `value` nor in what may be stored through the reference, so what claim made content is and stays.
        unsafe {
            let mut place = self.memory.add(start).cast::<T>();
            place.write(value);
            Ok(place.as_mut())
        }
    }

    #[inline]
    pub(super) fn write_decimal(&mut self, number: u64) -> Result<(), ViewError> {
        let n = decimal::digits(number);
        let start = self.cursor.claim(n)?;
        // SAFETY: `start + n <= capacity` (claim), writable, and reached by nobody else while this is borrowed
        // (invariant). `decimal::write` writes all of it, so what claim made content is.
        let room = unsafe { slice::from_raw_parts_mut(self.memory.as_ptr().add(start).cast(), n) };
        decimal::write(room, number);
        Ok(())
    }

    /// Everything from the cursor to the capacity, which is no content any more.
    ///
    /// # Safety
    /// If `owner_counts_on_init`, every byte of the room is initialised when the window is given up.
    #[inline]
    pub(super) unsafe fn room(&mut self) -> &mut [MaybeUninit<u8>] {
        self.cursor.truncate();
        let (start, n) = (self.cursor.offset(), self.cursor.space());
        // SAFETY: `start + n <= capacity <= isize::MAX` (cursor), writable, and reached by nobody else while this is
        // borrowed (invariant). It ends where the content begins, so storing uninitialised bytes de-initialises no
        // content; whether the owner minds is the caller's promise.
        unsafe { slice::from_raw_parts_mut(self.memory.as_ptr().add(start).cast(), n) }
    }

    /// # Safety
    /// Unless it is an error, the `n` bytes at the cursor are initialised.
    #[inline]
    pub(super) unsafe fn advance(&mut self, n: usize) -> Result<(), ViewError> {
        self.cursor.claim(n).map(|_| ())
    }

    #[inline]
    pub(super) fn fill_with<E, F>(&mut self, filler: F) -> Result<usize, FillError<E>>
    where
        F: FnOnce(&mut [MaybeUninit<u8>]) -> Result<&mut [u8], E>,
    {
        let (start, available) = (self.cursor.offset(), self.cursor.space());
        if available == 0 {
            return Err(ViewError::Full { needed: 1, available }.into());
        }
        let zero_from = if self.owner_counts_on_init { start } else { self.cursor.capacity() };
        let mut tail = Tail { window: self, zero_from };
        // SAFETY: where the owner counts on it, `tail` initialises the room when it is dropped, at every way out of
        // this function, and nothing else can drop or forget it.
        let room = unsafe { tail.window.room() };
        let first = room.as_ptr().cast::<u8>();
        let filled = filler(room).map_err(FillError::Filler)?;
        // A slice of bytes is initialised by its type, and one that begins where the room does is the room's: nobody
        // else reaches that memory. An empty one proves nothing and need not.
        let n = filled.len();
        if n > available || (n > 0 && filled.as_ptr() != first) {
            return Err(ViewError::NotTheRoom { len: n, available }.into());
        }
        tail.window.cursor.claim(n)?;
        tail.zero_from = tail.zero_from.max(start.saturating_add(n));
        Ok(n)
    }

    /// Zeroes `from..to` as far as it lies within the capacity.
    #[inline]
    fn zero(&mut self, from: usize, to: usize) {
        let n = to.min(self.cursor.capacity()).saturating_sub(from);
        if n > 0 {
            // SAFETY: `from + n <= capacity` by the line above, writable, and reached by nobody else (invariant).
            unsafe { ptr::write_bytes(self.memory.as_ptr().add(from), 0, n) };
        }
    }
}

/// Zeroes the end of a window's memory when dropped, also when a filler panics.
struct Tail<'w, 'a> {
    window: &'w mut WindowMut<'a>,
    zero_from: usize,
}

impl Drop for Tail<'_, '_> {
    #[inline]
    fn drop(&mut self) {
        self.window.zero(self.zero_from, self.window.cursor.capacity());
    }
}

/// Copies as many bytes as there are in both, and says how many. Unlike `copy_from_slice` it has no panic path.
#[inline]
pub(super) fn copy(from: &[u8], to: &mut [u8]) -> usize {
    let n = from.len().min(to.len());
    // SAFETY: both have `n` bytes, and `to` is exclusive, so they do not overlap.
    unsafe { ptr::copy_nonoverlapping(from.as_ptr(), to.as_mut_ptr(), n) };
    n
}
