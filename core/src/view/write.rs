// SPDX-License-Identifier: Apache-2.0
//! `WriteView`: a window that is written, and shows nothing of what was there before.

use core::fmt;
use core::mem::MaybeUninit;

use zerocopy::{IntoBytes, Unaligned};

use super::window::WindowMut;
use super::{FillError, SeekFrom, ViewError};

/// A write-only window with a cursor.
///
/// Memory is reused from event to event. Here no byte of an earlier event can be read, and none can become content and
/// so reach the host: a new view has length 0, writing extends the length without a gap, and growing zero-fills.
///
/// ```
/// use core::fmt::Write;
/// use falconet::view::WriteView;
/// use zerocopy::little_endian::U16;
///
/// let mut memory = *b"what an earlier event has left behind";
/// let mut view = WriteView::new(&mut memory);
/// let count = view.place(U16::new(0))?;
/// count.set(0x3130);
/// view.write_all(b" is one, ")?;
/// write!(view, "{} is two", 2)?;
/// let len = view.len();
/// assert_eq!(&memory[..len], b"01 is one, 2 is two");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// As [`fmt::Write`] each piece is written whole or not at all. A `write!` of several pieces may fail after some of them:
/// keep [`len`](Self::len) before it to go back to with [`set_len`](Self::set_len).
pub struct WriteView<'a> {
    window: WindowMut<'a>,
    /// How far the memory may have been written, if farther than the length.
    touched: usize,
}

impl<'a> WriteView<'a> {
    /// A view of length 0 whose capacity is that of the slice.
    #[inline]
    #[must_use]
    pub const fn new(memory: &'a mut [u8]) -> Self {
        Self { window: WindowMut::empty(memory), touched: 0 }
    }

    /// A view of length 0 over memory that need not be initialised, and that is only as far as the length afterwards.
    ///
    /// ```
    /// use core::mem::MaybeUninit;
    /// use falconet::view::WriteView;
    ///
    /// let mut memory = [MaybeUninit::uninit(); 64];
    /// let mut view = WriteView::from_uninit(&mut memory);
    /// view.write_all(b"event")?;
    /// assert_eq!((view.len(), view.capacity()), (5, 64));
    /// # Ok::<(), falconet::view::ViewError>(())
    /// ```
    #[inline]
    #[must_use]
    pub const fn from_uninit(memory: &'a mut [MaybeUninit<u8>]) -> Self {
        Self { window: WindowMut::uninit(memory), touched: 0 }
    }

    #[inline]
    pub(super) const fn from_window(window: WindowMut<'a>, touched: usize) -> Self {
        Self { window, touched }
    }

    #[inline]
    pub(super) const fn window_mut(&mut self) -> &mut WindowMut<'a> {
        &mut self.window
    }

    /// Whether it was made of bytes, and not of room for bytes as a claim's view is. What was placed in a claim's memory
    /// can be borrowed as bytes, and so be the memory of another view; room for bytes nobody can make of it.
    #[inline]
    pub(crate) const fn is_of_bytes(&self) -> bool {
        self.window.owner_counts_on_init()
    }

    /// From here on any byte may have been written.
    #[inline]
    pub(super) const fn touch_all(&mut self) {
        self.touched = self.capacity();
    }

    /// How many bytes of content there are.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.window.cursor().len()
    }

    /// Whether there is no content.
    #[inline]
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Up to where the length can grow. It never changes.
    #[inline]
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.window.cursor().capacity()
    }

    /// Where the cursor is.
    #[inline]
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.window.cursor().offset()
    }

    /// How many bytes there are from the cursor to the length: what writes replace before they extend it.
    #[inline]
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.window.cursor().remaining()
    }

    /// How many bytes there are from the cursor to the capacity: what can be written.
    #[inline]
    #[must_use]
    pub const fn space(&self) -> usize {
        self.window.cursor().space()
    }

    /// How far, counted from the first byte, the memory may have been written through this view: at least
    /// [`len`](Self::len), and farther where content was given up or raw room was handed out. What sends more than the
    /// content, or uses the memory again for something that does, zeroes up to here.
    #[inline]
    #[must_use]
    pub const fn touched(&self) -> usize {
        if self.touched > self.len() { self.touched } else { self.len() }
    }

    /// The first byte of the memory.
    #[inline]
    #[must_use]
    pub const fn as_ptr(&self) -> *const u8 {
        self.window.as_mut_ptr()
    }

    /// The first byte of the memory.
    #[inline]
    pub const fn as_mut_ptr(&mut self) -> *mut u8 {
        self.window.as_mut_ptr()
    }

    /// Gives up content, or adds zero bytes to it. A cursor beyond the new length moves back to it.
    ///
    /// # Errors
    /// [`ViewError::LenBeyondCapacity`]; nothing has changed then.
    #[inline]
    pub fn set_len(&mut self, len: usize) -> Result<(), ViewError> {
        self.touched = self.touched();
        self.window.set_len(len)
    }

    /// Moves the cursor and says where it is then.
    ///
    /// # Errors
    /// [`ViewError::Seek`] where that is before the first byte or beyond the length; the cursor has not moved then.
    #[inline]
    pub fn seek(&mut self, to: SeekFrom) -> Result<usize, ViewError> {
        self.window.seek(to)
    }

    /// Moves the cursor to the first byte.
    #[inline]
    pub const fn rewind(&mut self) {
        self.window.rewind();
    }

    /// Copies `bytes` to the cursor and says how many: fewer than there are only at the capacity. The length grows as far
    /// as the cursor goes.
    #[inline]
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        self.window.write(bytes)
    }

    /// Copies all of `bytes` to the cursor. The length grows as far as the cursor goes.
    ///
    /// # Errors
    /// [`ViewError::Full`] where they do not fit; nothing was written then.
    #[inline]
    pub fn write_all(&mut self, bytes: &[u8]) -> Result<(), ViewError> {
        self.window.write_all(bytes)
    }

    /// Moves `value` to the cursor and lends it, to be completed in place. The type has alignment 1 (use
    /// `zerocopy::byteorder` or `repr(C, packed)`) and no padding. The length grows as far as the cursor goes.
    ///
    /// # Errors
    /// [`ViewError::Full`] where it does not fit; nothing was written then.
    #[inline]
    pub fn place<T: IntoBytes + Unaligned>(&mut self, value: T) -> Result<&mut T, ViewError> {
        self.window.place(value)
    }

    /// Lets `filler` write to the room from the cursor to the capacity, makes content of what it wrote, and says how many
    /// bytes that is.
    ///
    /// The filler gives back the beginning of its room as bytes, which proves that they are initialised. This is what
    /// `rustix::io::read` does with a `&mut [MaybeUninit<u8>]`:
    /// `view.fill_with(|room| rustix::io::read(&file, room).map(|(bytes, _)| bytes))`.
    ///
    /// All content from the cursor on is given up first: the length is that of what lies before the cursor and of what
    /// was filled in, also when the filler fails. (Else it could store uninitialised bytes over content.) To append, call
    /// it with the cursor at the length, where it is after every write.
    ///
    /// Over memory lent as `&mut [u8]` ([`new`](Self::new), or narrowed from a [`ViewMut`](super::ViewMut)) the rest of
    /// the room is zeroed afterwards, because its owner reads it as initialised. Over other memory that costs nothing.
    ///
    /// ```
    /// use core::mem::MaybeUninit;
    /// use falconet::view::{FillError, WriteView};
    ///
    /// fn clock(room: &mut [MaybeUninit<u8>]) -> Result<&mut [u8], &'static str> {
    ///     let room = room.get_mut(..5).ok_or("too small")?;
    ///     Ok(room.write_copy_of_slice(b"12:00"))
    /// }
    ///
    /// let mut memory = [MaybeUninit::uninit(); 12];
    /// let mut view = WriteView::from_uninit(&mut memory);
    /// assert_eq!(view.fill_with(clock), Ok(5));
    /// assert_eq!(view.fill_with(clock), Ok(5));
    /// assert_eq!(view.fill_with(clock), Err(FillError::Filler("too small")));
    /// assert_eq!(view.len(), 10);
    /// ```
    ///
    /// # Errors
    /// [`FillError::Filler`] with the filler's own error; [`FillError::View`] with [`ViewError::Full`] where there is no
    /// room at all (the filler is not called: a read of no bytes would look like the end of a file), or with
    /// [`ViewError::NotTheRoom`] where it gave back something else than the beginning of its room. An empty slice from
    /// anywhere is "nothing". After an error nothing was added.
    #[inline]
    pub fn fill_with<E, F>(&mut self, filler: F) -> Result<usize, FillError<E>>
    where
        F: FnOnce(&mut [MaybeUninit<u8>]) -> Result<&mut [u8], E>,
    {
        self.touch_all();
        self.window.fill_with(filler)
    }
}

impl fmt::Write for WriteView<'_> {
    #[inline]
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        self.write_all(piece.as_bytes()).map_err(|_| fmt::Error)
    }
}

impl fmt::Debug for WriteView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.window.cursor().debug("WriteView", f)
    }
}
