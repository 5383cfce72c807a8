// SPDX-License-Identifier: Apache-2.0
//! `ReadWriter`: a view of both modes as std reads and writes.

use std::borrow::BorrowMut;
use std::fmt;
use std::io;
use std::marker::PhantomData;

use falconet::view::ViewMut;

use super::contract;
use super::fill::{self, Filled};

/// [`Read`](io::Read), [`BufRead`](io::BufRead), [`Write`](io::Write) and [`Seek`](io::Seek) for a [`ViewMut`] or a
/// `&mut ViewMut`, with one cursor.
///
/// ```
/// use std::io::{Read, Seek, SeekFrom, Write};
///
/// use falconet::view::ViewMut;
/// use falconet_std::io::ReadWriter;
///
/// let mut memory = [0; 16];
/// let mut view = ReadWriter::new(ViewMut::with_len(&mut memory, 0)?);
/// view.write_all(b"to and fro")?;
/// view.seek(SeekFrom::End(-3))?;
/// let mut text = String::new();
/// view.read_to_string(&mut text)?;
/// assert_eq!(text, "fro");
/// assert!(view.seek(SeekFrom::Start(11)).is_err()); // the length is 10
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// See the [module](super) for where it differs from [`io::Cursor`].
pub struct ReadWriter<'a, V = ViewMut<'a>> {
    view: V,
    of: PhantomData<&'a ()>,
}

contract::newtype!(ReadWriter, ViewMut);
contract::read!(ReadWriter, ViewMut);
contract::write!(ReadWriter, ViewMut);
contract::seek!(ReadWriter, ViewMut);
contract::debug!(ReadWriter);

impl<'a, V: BorrowMut<ViewMut<'a>>> ReadWriter<'a, V> {
    /// As [`Writer::read_from`](super::Writer::read_from).
    ///
    /// # Errors
    /// As [`Writer::read_from`](super::Writer::read_from).
    pub fn read_from<R: io::Read + ?Sized>(&mut self, source: &mut R) -> io::Result<Filled> {
        fill::read_from(self.view.borrow_mut(), source)
    }

    /// As [`Writer::read_once_from`](super::Writer::read_once_from).
    ///
    /// # Errors
    /// As [`Writer::read_from`](super::Writer::read_from).
    pub fn read_once_from<R: io::Read + ?Sized>(&mut self, source: &mut R, limit: usize) -> io::Result<usize> {
        fill::read_once_from(self.view.borrow_mut(), source, limit)
    }
}
