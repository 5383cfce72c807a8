// SPDX-License-Identifier: Apache-2.0
//! `Writer`: a write-only view as std writes, and what a source reads straight into it.

use std::borrow::BorrowMut;
use std::fmt;
use std::io;
use std::marker::PhantomData;

use falconet::view::WriteView;

use super::contract;
use super::fill::{self, Filled};

/// [`Write`](io::Write) and [`Seek`](io::Seek) for a [`WriteView`] or a `&mut WriteView`, as a claimed event gives it.
///
/// ```
/// use std::io::{ErrorKind, Write};
///
/// use falconet::view::WriteView;
/// use falconet_std::io::Writer;
///
/// let mut memory = [0; 8];
/// let mut view = WriteView::new(&mut memory);
/// let mut writer = Writer::new(&mut view);
/// write!(writer, "{}+{}", 1, 2)?;
/// assert_eq!(writer.write(b" is three")?, 5);
/// assert_eq!(writer.write_all(b"!").unwrap_err().kind(), ErrorKind::WriteZero);
/// assert_eq!(view.len(), 8);
/// assert_eq!(&memory, b"1+2 is t");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// See the [module](super) for where it differs from [`io::Cursor`].
pub struct Writer<'a, V = WriteView<'a>> {
    view: V,
    of: PhantomData<&'a ()>,
}

contract::newtype!(Writer, WriteView);
contract::write!(Writer, WriteView);
contract::seek!(Writer, WriteView);
contract::debug!(Writer);

impl<'a, V: BorrowMut<WriteView<'a>>> Writer<'a, V> {
    /// Reads `source` into the event at the cursor, until it ends or the event is full, and says which of both. There is
    /// no buffer between: a file's or a socket's `read(2)` writes the memory that the host will read.
    ///
    /// It is as [`Write::write_all`](io::Write::write_all) of what the source gives: content behind the cursor is
    /// replaced, and the length grows as far as the cursor goes. Because a [`Read`](io::Read) may look at what it is to
    /// fill, that is zeroed before, in steps that follow the amount read. Against reads into memory that need not be
    /// zeroed this has cost 5 to 30 % more time for a cached file. Where even
    /// that counts, see [`WriteView::fill_with`].
    ///
    /// A full event leaves the rest in the source, and not a byte is lost. One that is filled to the last byte is full,
    /// also if the source has just ended: that is only seen by reading on.
    ///
    /// ```
    /// use falconet::view::WriteView;
    /// use falconet_std::io::{Filled, Writer};
    ///
    /// let mut source = &b"0123456789"[..];
    /// let (mut first, mut second) = ([0; 6], [0; 6]);
    /// assert_eq!(Writer::new(WriteView::new(&mut first)).read_from(&mut source)?, Filled::Full(6));
    /// assert_eq!(Writer::new(WriteView::new(&mut second)).read_from(&mut source)?, Filled::Eof(4));
    /// assert_eq!((&first, &second), (b"012345", b"6789\0\0"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// The source's own, but for [`Interrupted`](io::ErrorKind::Interrupted), after which it is read again. What was
    /// read before is content, as after [`Read::read_to_end`](io::Read::read_to_end), and the cursor is behind it. (So a
    /// source that must not block may be read with this: it ends with [`WouldBlock`](io::ErrorKind::WouldBlock).)
    /// [`InvalidData`](io::ErrorKind::InvalidData) where the source says that it has read more than it was asked for.
    pub fn read_from<R: io::Read + ?Sized>(&mut self, source: &mut R) -> io::Result<Filled> {
        fill::read_from(self.view.borrow_mut(), source)
    }

    /// As [`read_from`](Self::read_from) with one read of at most `limit` bytes, so that it gives what a socket or a
    /// pipe has and does not wait for more; says how many bytes. 0 is the end of the source, or that `limit` or the
    /// event's space is 0.
    ///
    /// ```
    /// use falconet::view::WriteView;
    /// use falconet_std::io::Writer;
    ///
    /// let mut memory = [0; 6];
    /// let mut writer = Writer::new(WriteView::new(&mut memory));
    /// assert_eq!(writer.read_once_from(&mut &b"0123456789"[..], 4)?, 4);
    /// assert_eq!(writer.read_once_from(&mut &b"ab"[..], 4)?, 2);
    /// assert_eq!(&memory, b"0123ab");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`read_from`](Self::read_from).
    pub fn read_once_from<R: io::Read + ?Sized>(&mut self, source: &mut R, limit: usize) -> io::Result<usize> {
        fill::read_once_from(self.view.borrow_mut(), source, limit)
    }
}
