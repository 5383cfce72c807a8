// SPDX-License-Identifier: Apache-2.0
//! `ViewMut`: a window that is read and written, until it is narrowed to one of both.

use core::fmt;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::window::WindowMut;
use super::{SeekFrom, View, ViewError, WriteView};

/// A window that is read and written with one cursor.
///
/// ```
/// use falconet::view::{SeekFrom, ViewMut};
///
/// let mut memory = [0; 16];
/// let mut view = ViewMut::with_len(&mut memory, 0)?;
/// view.write_all(b"to and fro")?;
/// view.seek(SeekFrom::Start(3))?;
/// assert_eq!(view.read_bytes(3)?, b"and");
/// view.write_all(b" back")?;
///
/// let reader = view.into_read();
/// assert_eq!(reader.as_slice(), b"to and back");
/// # Ok::<(), falconet::view::ViewError>(())
/// ```
///
/// What is read in place stays borrowed from the view. There is no `as_write` beside [`as_read`](Self::as_read): what is
/// written through a borrowed view would not lengthen this one.
pub struct ViewMut<'a> {
    window: WindowMut<'a>,
}

impl<'a> ViewMut<'a> {
    /// A view of a whole slice: length and capacity are its length, the cursor is at the first byte.
    #[inline]
    #[must_use]
    pub const fn new(memory: &'a mut [u8]) -> Self {
        Self { window: WindowMut::full(memory) }
    }

    /// A view of a slice whose first `len` bytes are the content.
    ///
    /// # Errors
    /// [`ViewError::LenBeyondCapacity`] where the slice is shorter.
    #[inline]
    pub fn with_len(memory: &'a mut [u8], len: usize) -> Result<Self, ViewError> {
        let mut window = WindowMut::full(memory);
        window.set_len(len)?;
        Ok(Self { window })
    }

    #[inline]
    pub(super) const fn window_mut(&mut self) -> &mut WindowMut<'a> {
        &mut self.window
    }

    #[inline]
    pub(super) const fn from_window(window: WindowMut<'a>) -> Self {
        Self { window }
    }

    /// Gives up writing. The position stays; the capacity becomes the length, because what lies beyond is no content and
    /// a [`View`] could show it.
    #[inline]
    #[must_use]
    pub const fn into_read(self) -> View<'a> {
        View::from_window(self.window.into_read())
    }

    /// Gives up reading. Length, capacity and position stay.
    #[inline]
    #[must_use]
    pub const fn into_write(self) -> WriteView<'a> {
        let capacity = self.capacity();
        WriteView::from_window(self.window, capacity)
    }

    /// A view of the content for reading, which begins where the cursor is and moves a cursor of its own. See
    /// [`into_read`](Self::into_read).
    #[inline]
    #[must_use]
    pub const fn as_read(&self) -> View<'_> {
        View::from_window(self.window.as_read())
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

    /// How many bytes there are from the cursor to the length: what reads can still give.
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

    /// The whole content, wherever the cursor is.
    #[inline]
    #[must_use]
    pub const fn as_slice(&self) -> &[u8] {
        self.window.as_read().content()
    }

    /// The whole content, wherever the cursor is, to be changed in place.
    #[inline]
    pub const fn as_mut_slice(&mut self) -> &mut [u8] {
        self.window.content_mut()
    }

    /// Gives up content, or adds zero bytes to it. A cursor beyond the new length moves back to it.
    ///
    /// # Errors
    /// [`ViewError::LenBeyondCapacity`]; nothing has changed then.
    #[inline]
    pub fn set_len(&mut self, len: usize) -> Result<(), ViewError> {
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

    /// As [`View::read`].
    #[inline]
    pub fn read(&mut self, into: &mut [u8]) -> usize {
        self.window.reader().read(into)
    }

    /// As [`View::read_exact`].
    ///
    /// # Errors
    /// [`ViewError::Short`]; nothing was copied and the cursor has not moved then.
    #[inline]
    pub fn read_exact(&mut self, into: &mut [u8]) -> Result<(), ViewError> {
        self.window.reader().read_exact(into)
    }

    /// As [`View::read_bytes`], borrowed from this view.
    ///
    /// # Errors
    /// [`ViewError::Short`]; the cursor has not moved then.
    #[inline]
    pub fn read_bytes(&mut self, n: usize) -> Result<&[u8], ViewError> {
        self.window.reader().take(n)
    }

    /// As [`View::read_ref`], borrowed from this view.
    ///
    /// # Errors
    /// [`ViewError::Short`]; the cursor has not moved then.
    #[inline]
    pub fn read_ref<T: FromBytes + KnownLayout + Immutable + Unaligned>(&mut self) -> Result<&T, ViewError> {
        self.window.reader().read_ref()
    }

    /// As [`View::read_value`].
    ///
    /// # Errors
    /// [`ViewError::Short`]; the cursor has not moved then.
    #[inline]
    pub fn read_value<T: FromBytes>(&mut self) -> Result<T, ViewError> {
        self.window.reader().read_value()
    }

    /// As [`WriteView::write`].
    #[inline]
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        self.window.write(bytes)
    }

    /// As [`WriteView::write_all`].
    ///
    /// # Errors
    /// [`ViewError::Full`]; nothing was written then.
    #[inline]
    pub fn write_all(&mut self, bytes: &[u8]) -> Result<(), ViewError> {
        self.window.write_all(bytes)
    }

    /// As [`WriteView::place`].
    ///
    /// # Errors
    /// [`ViewError::Full`]; nothing was written then.
    #[inline]
    pub fn place<T: IntoBytes + Unaligned>(&mut self, value: T) -> Result<&mut T, ViewError> {
        self.window.place(value)
    }
}

impl fmt::Write for ViewMut<'_> {
    #[inline]
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        self.write_all(piece.as_bytes()).map_err(|_| fmt::Error)
    }
}

impl fmt::Debug for ViewMut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.window.cursor().debug("ViewMut", f)
    }
}
