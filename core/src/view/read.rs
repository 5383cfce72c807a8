// SPDX-License-Identifier: Apache-2.0
//! `View`: a window that is read.

use core::fmt;

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::window::Window;
use super::{SeekFrom, ViewError};

/// A read-only window with a cursor.
///
/// What is read in place (`&'a`) lives as long as the memory, not only as long as the view. A clone has a cursor of its
/// own.
///
/// ```
/// use falconet::view::{SeekFrom, View};
/// use zerocopy::little_endian::U32;
///
/// let mut view = View::new(b"\x07\0\0\0payload");
/// let number = view.read_ref::<U32>()?;
/// let payload = view.read_bytes(view.remaining())?;
/// assert_eq!((number.get(), payload), (7, &b"payload"[..]));
///
/// view.seek(SeekFrom::End(-4))?;
/// let mut buffer = [0; 16];
/// assert_eq!(view.read(&mut buffer), 4);
/// assert_eq!(&buffer[..4], b"load");
/// # Ok::<(), falconet::view::ViewError>(())
/// ```
#[derive(Clone)]
pub struct View<'a> {
    window: Window<'a>,
}

impl<'a> View<'a> {
    /// A view of a whole slice: length and capacity are its length, the cursor is at the first byte.
    #[inline]
    #[must_use]
    pub const fn new(memory: &'a [u8]) -> Self {
        Self { window: Window::new(memory) }
    }

    #[inline]
    pub(super) const fn from_window(window: Window<'a>) -> Self {
        Self { window }
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

    /// The first byte of the memory.
    #[inline]
    #[must_use]
    pub const fn as_ptr(&self) -> *const u8 {
        self.window.as_ptr()
    }

    /// The whole content, wherever the cursor is.
    #[inline]
    #[must_use]
    pub const fn as_slice(&self) -> &'a [u8] {
        self.window.content()
    }

    /// Shortens or lengthens what can be read; a cursor beyond the new length moves back to it. Growing shows what the
    /// memory holds.
    ///
    /// # Errors
    /// [`ViewError::LenBeyondCapacity`]; nothing has changed then.
    #[inline]
    pub fn set_len(&mut self, len: usize) -> Result<(), ViewError> {
        self.window.cursor_mut().set_len(len)
    }

    /// Moves the cursor and says where it is then.
    ///
    /// # Errors
    /// [`ViewError::Seek`] where that is before the first byte or beyond the length; the cursor has not moved then.
    #[inline]
    pub fn seek(&mut self, to: SeekFrom) -> Result<usize, ViewError> {
        self.window.cursor_mut().seek(to)
    }

    /// Moves the cursor to the first byte.
    #[inline]
    pub const fn rewind(&mut self) {
        self.window.cursor_mut().rewind();
    }

    /// Copies the next bytes into `into` and says how many: fewer than asked for only at the end.
    #[inline]
    pub fn read(&mut self, into: &mut [u8]) -> usize {
        self.window.reader().read(into)
    }

    /// Fills `into` with the next bytes.
    ///
    /// # Errors
    /// [`ViewError::Short`] where there are fewer; nothing was copied and the cursor has not moved then.
    #[inline]
    pub fn read_exact(&mut self, into: &mut [u8]) -> Result<(), ViewError> {
        self.window.reader().read_exact(into)
    }

    /// The next `n` bytes, in place.
    ///
    /// # Errors
    /// [`ViewError::Short`] where there are fewer; the cursor has not moved then.
    #[inline]
    pub fn read_bytes(&mut self, n: usize) -> Result<&'a [u8], ViewError> {
        self.window.reader().take(n)
    }

    /// The next bytes as a `T`, in place. The type has alignment 1 (use `zerocopy::byteorder` or `repr(C, packed)`) and
    /// takes any bytes.
    ///
    /// # Errors
    /// [`ViewError::Short`] where there are fewer; the cursor has not moved then.
    #[inline]
    pub fn read_ref<T: FromBytes + KnownLayout + Immutable + Unaligned>(&mut self) -> Result<&'a T, ViewError> {
        self.window.reader().read_ref()
    }

    /// The next bytes as a `T`, copied, for types of any alignment.
    ///
    /// # Errors
    /// [`ViewError::Short`] where there are fewer; the cursor has not moved then.
    #[inline]
    pub fn read_value<T: FromBytes>(&mut self) -> Result<T, ViewError> {
        self.window.reader().read_value()
    }
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.window.cursor().debug("View", f)
    }
}
