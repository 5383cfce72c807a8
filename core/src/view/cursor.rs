// SPDX-License-Identifier: Apache-2.0
//! Where a view stands: the arithmetic of `offset <= len <= capacity`, with no memory in sight.

use core::fmt;
use core::ops::Range;

use super::ViewError;

/// Where a seek goes, counted in bytes. It is `std::io::SeekFrom` without std.
///
/// ```
/// use falconet::view::{SeekFrom, View};
///
/// let mut view = View::new(b"0123456789");
/// assert_eq!(view.seek(SeekFrom::Start(4)), Ok(4));
/// assert_eq!(view.seek(SeekFrom::Current(-1)), Ok(3));
/// assert_eq!(view.seek(SeekFrom::End(-2)), Ok(8));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeekFrom {
    /// From the first byte.
    Start(u64),
    /// From the cursor; negative is back.
    Current(i64),
    /// From the length (not the capacity); only 0 and less can succeed.
    End(i64),
}

impl fmt::Display for SeekFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(n) => write!(f, "start+{n}"),
            Self::Current(n) => write!(f, "current{n:+}"),
            Self::End(n) => write!(f, "end{n:+}"),
        }
    }
}

/// The position of a view. Its fields are private to this file, which keeps `offset <= len <= capacity <= isize::MAX`;
/// the unsafe code of `window` stands on it.
#[derive(Clone, Copy)]
pub(super) struct Cursor {
    offset: usize,
    len: usize,
    capacity: usize,
}

impl Cursor {
    #[inline]
    pub(super) const fn new(len: usize, capacity: usize) -> Result<Self, ViewError> {
        if capacity > isize::MAX.unsigned_abs() {
            return Err(ViewError::CapacityTooLarge { capacity });
        }
        if len > capacity {
            return Err(ViewError::LenBeyondCapacity { len, capacity });
        }
        Ok(Self { offset: 0, len, capacity })
    }

    /// The cursor of a memory whose every byte is content. A slice never has more than `isize::MAX` bytes, so `full` is
    /// its length.
    #[inline]
    pub(super) const fn full(memory: &[u8]) -> Self {
        Self { offset: 0, len: memory.len(), capacity: memory.len() }
    }

    /// The cursor of a memory that has no content yet.
    #[inline]
    pub(super) const fn empty<T>(memory: &[T]) -> Self {
        const { assert!(size_of::<T>() == 1) }
        Self { offset: 0, len: 0, capacity: memory.len() }
    }

    /// The same position with no room behind the content.
    #[inline]
    pub(super) const fn trimmed(self) -> Self {
        Self { capacity: self.len, ..self }
    }

    #[inline]
    pub(super) const fn offset(&self) -> usize {
        self.offset
    }

    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) const fn capacity(&self) -> usize {
        self.capacity
    }

    /// From the cursor to the length.
    #[inline]
    pub(super) const fn remaining(&self) -> usize {
        self.len.saturating_sub(self.offset)
    }

    /// From the cursor to the capacity.
    #[inline]
    pub(super) const fn space(&self) -> usize {
        self.capacity.saturating_sub(self.offset)
    }

    #[inline]
    pub(super) const fn rewind(&mut self) {
        self.offset = 0;
    }

    /// The new offset, which is stored only if it is within the length.
    pub(super) fn seek(&mut self, to: SeekFrom) -> Result<usize, ViewError> {
        let target = match to {
            SeekFrom::Start(n) => usize::try_from(n).ok(),
            SeekFrom::Current(n) => moved(self.offset, n),
            SeekFrom::End(n) => moved(self.len, n),
        };
        match target {
            Some(offset) if offset <= self.len => {
                self.offset = offset;
                Ok(offset)
            }
            _ => Err(ViewError::Seek { to, offset: self.offset, len: self.len }),
        }
    }

    /// Whoever grows the length initialises the bytes in between.
    #[inline]
    pub(super) fn set_len(&mut self, len: usize) -> Result<(), ViewError> {
        if len > self.capacity {
            return Err(ViewError::LenBeyondCapacity { len, capacity: self.capacity });
        }
        self.len = len;
        self.offset = self.offset.min(len);
        Ok(())
    }

    /// Gives up the content from the cursor on.
    #[inline]
    pub(super) const fn truncate(&mut self) {
        self.len = self.offset;
    }

    /// Moves the cursor over `n` bytes of content and says where they lie.
    #[inline]
    pub(super) fn take(&mut self, n: usize) -> Result<Range<usize>, ViewError> {
        let start = self.offset;
        match start.checked_add(n) {
            Some(end) if end <= self.len => {
                self.offset = end;
                Ok(start..end)
            }
            _ => Err(ViewError::Short { needed: n, available: self.remaining() }),
        }
    }

    /// Moves the cursor over `n` bytes of content or room, which are content from now on, and says where they begin.
    /// Whoever claims them writes them.
    #[inline]
    pub(super) fn claim(&mut self, n: usize) -> Result<usize, ViewError> {
        let start = self.offset;
        match start.checked_add(n) {
            Some(end) if end <= self.capacity => {
                self.offset = end;
                self.len = self.len.max(end);
                Ok(start)
            }
            _ => Err(ViewError::Full { needed: n, available: self.space() }),
        }
    }

    /// What `Debug` of a view shows: the position, not the bytes.
    pub(super) fn debug(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("offset", &self.offset)
            .field("len", &self.len)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

/// `base + by`, or nothing where that is no position.
fn moved(base: usize, by: i64) -> Option<usize> {
    let distance = usize::try_from(by.unsigned_abs()).ok()?;
    if by < 0 { base.checked_sub(distance) } else { base.checked_add(distance) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(offset: usize, len: usize, capacity: usize) -> Cursor {
        Cursor { offset, len, capacity }
    }

    #[test]
    fn a_refused_seek_stores_nothing() {
        let mut cursor = at(3, 5, 8);
        for to in [
            SeekFrom::Start(6),
            SeekFrom::Start(u64::MAX),
            SeekFrom::Current(3),
            SeekFrom::Current(-4),
            SeekFrom::Current(i64::MIN),
            SeekFrom::Current(i64::MAX),
            SeekFrom::End(1),
            SeekFrom::End(-6),
            SeekFrom::End(i64::MIN),
            SeekFrom::End(i64::MAX),
        ] {
            assert_eq!(cursor.seek(to), Err(ViewError::Seek { to, offset: 3, len: 5 }));
            assert_eq!((cursor.offset, cursor.len, cursor.capacity), (3, 5, 8));
        }
    }

    #[test]
    fn a_seek_reaches_every_offset_up_to_len() {
        let mut cursor = at(3, 5, 8);
        assert_eq!(cursor.seek(SeekFrom::Start(5)), Ok(5));
        assert_eq!(cursor.seek(SeekFrom::Current(-5)), Ok(0));
        assert_eq!(cursor.seek(SeekFrom::Current(0)), Ok(0));
        assert_eq!(cursor.seek(SeekFrom::End(-5)), Ok(0));
        assert_eq!(cursor.seek(SeekFrom::End(0)), Ok(5));
        assert_eq!(cursor.remaining(), 0);
        assert_eq!(cursor.space(), 3);
    }

    #[test]
    fn the_largest_positions_do_not_overflow() {
        let largest = isize::MAX.unsigned_abs();
        let mut cursor = at(largest, largest, largest);
        assert!(cursor.seek(SeekFrom::Current(i64::MAX)).is_err());
        assert!(cursor.seek(SeekFrom::Current(1)).is_err());
        assert!(cursor.claim(usize::MAX).is_err());
        assert!(cursor.take(usize::MAX).is_err());
        assert!(cursor.set_len(usize::MAX).is_err());
        assert_eq!(cursor.offset, largest);
        assert_eq!(cursor.claim(0), Ok(largest));
    }

    #[test]
    fn lengths_and_capacities_that_cannot_be() {
        let beyond = isize::MAX.unsigned_abs() + 1;
        assert_eq!(Cursor::new(0, beyond).err(), Some(ViewError::CapacityTooLarge { capacity: beyond }));
        assert_eq!(Cursor::new(4, 3).err(), Some(ViewError::LenBeyondCapacity { len: 4, capacity: 3 }));
        assert!(Cursor::new(0, 0).is_ok());
        assert!(Cursor::new(0, beyond - 1).is_ok());
    }

    #[test]
    fn a_shorter_len_takes_the_cursor_with_it() {
        let mut cursor = at(5, 7, 8);
        assert_eq!(cursor.set_len(6), Ok(()));
        assert_eq!((cursor.offset, cursor.len), (5, 6));
        assert_eq!(cursor.set_len(2), Ok(()));
        assert_eq!((cursor.offset, cursor.len), (2, 2));
        assert_eq!(cursor.set_len(9), Err(ViewError::LenBeyondCapacity { len: 9, capacity: 8 }));
        assert_eq!((cursor.offset, cursor.len), (2, 2));
    }
}
