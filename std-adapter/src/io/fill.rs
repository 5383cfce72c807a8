// SPDX-License-Identifier: Apache-2.0
//! Reading a source into a view's own memory.
//!
//! A [`Read`](io::Read) gets initialised memory only (its uninitialised form is not stable), so a window of the room is
//! made content, zeroed by the view, before it is lent. Zeroing costs 10 to 15 % of what reading as much from a cached
//! file does, but 256 KiB of it for one line would cost more than the call: so the first window is small, and each that
//! is filled doubles the next. Fewer than `FIRST` bytes, or as many as were read, are zeroed in vain.
//!
//! A write-only view has no safe way to lend content, and the way round it through [`WriteView::fill_with`] would note
//! the whole capacity as touched, which a slot pays for with every later event.
#![expect(unsafe_code, reason = "a write-only view gives its content by pointer only")]

use std::io;
use std::slice;

use falconet::view::{self, ViewError, ViewMut, WriteView};

/// Zeroed in a quarter of a microsecond, where a read from a cached file takes at least one.
const FIRST: usize = 16 * 1024;

/// How reading from a source ended, with the number of bytes read.
///
/// ```
/// use falconet::view::WriteView;
/// use falconet_std::io::{Filled, Writer};
///
/// let mut memory = [0; 64];
/// let filled = Writer::new(WriteView::new(&mut memory)).read_from(&mut &b"a short file"[..])?;
/// assert_eq!(filled, Filled::Eof(12));
/// assert_eq!(filled.bytes(), 12);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a full event may have left something in the source"]
pub enum Filled {
    /// The source has ended: this is all of it.
    Eof(usize),
    /// The event is full: there may be more in the source.
    Full(usize),
}

impl Filled {
    /// How many bytes were read.
    #[inline]
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Eof(n) | Self::Full(n) => n,
        }
    }

    /// Whether the event is full.
    #[inline]
    #[must_use]
    pub const fn is_full(self) -> bool {
        matches!(self, Self::Full(_))
    }
}

/// A view that can be written and lends its content.
pub(super) trait Fill {
    fn offset(&self) -> usize;
    fn len(&self) -> usize;
    fn space(&self) -> usize;
    fn set_len(&mut self, len: usize) -> Result<(), ViewError>;
    fn seek(&mut self, to: usize) -> Result<usize, ViewError>;
    fn content_mut(&mut self) -> &mut [u8];
}

impl Fill for ViewMut<'_> {
    fn offset(&self) -> usize {
        self.offset()
    }

    fn len(&self) -> usize {
        self.len()
    }

    fn space(&self) -> usize {
        self.space()
    }

    fn set_len(&mut self, len: usize) -> Result<(), ViewError> {
        self.set_len(len)
    }

    fn seek(&mut self, to: usize) -> Result<usize, ViewError> {
        self.seek(view::SeekFrom::Start(to as u64))
    }

    fn content_mut(&mut self) -> &mut [u8] {
        self.as_mut_slice()
    }
}

impl Fill for WriteView<'_> {
    fn offset(&self) -> usize {
        self.offset()
    }

    fn len(&self) -> usize {
        self.len()
    }

    fn space(&self) -> usize {
        self.space()
    }

    fn set_len(&mut self, len: usize) -> Result<(), ViewError> {
        self.set_len(len)
    }

    fn seek(&mut self, to: usize) -> Result<usize, ViewError> {
        self.seek(view::SeekFrom::Start(to as u64))
    }

    fn content_mut(&mut self) -> &mut [u8] {
        // SAFETY: a view's first `len` bytes are initialised and writable, and nobody else reaches them while it is
        // borrowed. Nothing but bytes can be stored through the slice, so they stay initialised.
        unsafe { slice::from_raw_parts_mut(self.as_mut_ptr(), self.len()) }
    }
}

pub(super) fn read_from<R: io::Read + ?Sized>(view: &mut impl Fill, source: &mut R) -> io::Result<Filled> {
    let mut size = FIRST;
    let mut bytes: usize = 0;
    while view.space() > 0 {
        let mut window = Window::open(view, size);
        while window.wanted() > 0 {
            match window.read(source)? {
                0 => return Ok(Filled::Eof(bytes)),
                n => bytes = bytes.saturating_add(n),
            }
        }
        drop(window);
        size = size.saturating_mul(2);
    }
    Ok(Filled::Full(bytes))
}

pub(super) fn read_once_from<R: io::Read + ?Sized>(
    view: &mut impl Fill,
    source: &mut R,
    limit: usize,
) -> io::Result<usize> {
    let mut window = Window::open(view, limit);
    if window.wanted() == 0 { Ok(0) } else { window.read(source) }
}

/// Some bytes from the cursor on, made content so that they can be lent. Dropped, also by a panic of the source, it
/// takes back what was not read.
struct Window<'v, V: Fill> {
    view: &'v mut V,
    /// How long the view is if nothing more is read.
    len: usize,
    /// Where the next byte read goes.
    offset: usize,
    end: usize,
}

impl<'v, V: Fill> Window<'v, V> {
    fn open(view: &'v mut V, size: usize) -> Self {
        let (len, offset) = (view.len(), view.offset());
        let end = offset.saturating_add(size.min(view.space()));
        if end > len {
            let _ = view.set_len(end); // not beyond the capacity
        }
        Self { view, len, offset, end }
    }

    /// How many bytes a read is asked for.
    const fn wanted(&self) -> usize {
        self.end.saturating_sub(self.offset)
    }

    /// One read that is not interrupted.
    fn read<R: io::Read + ?Sized>(&mut self, source: &mut R) -> io::Result<usize> {
        let wanted = self.wanted();
        let buffer = self.view.content_mut().get_mut(self.offset..self.end).unwrap_or_default();
        let n = loop {
            match source.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        if n > wanted {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.offset = self.offset.saturating_add(n);
        self.len = self.len.max(self.offset);
        Ok(n)
    }
}

impl<V: Fill> Drop for Window<'_, V> {
    fn drop(&mut self) {
        let _ = self.view.set_len(self.len); // it was as long, or has been lengthened to beyond
        let _ = self.view.seek(self.offset); // not beyond that length
    }
}
