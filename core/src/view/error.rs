// SPDX-License-Identifier: Apache-2.0
//! What a view refuses, with what was asked and what was there.

use core::error::Error;
use core::fmt;

use super::SeekFrom;

/// Why a view refused something. Unless the function says otherwise, the view is as it was before.
///
/// All numbers are bytes.
///
/// ```
/// use falconet::view::{View, ViewError};
///
/// let mut view = View::new(b"abc");
/// assert_eq!(view.read_bytes(4), Err(ViewError::Short { needed: 4, available: 3 }));
/// assert_eq!(view.offset(), 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ViewError {
    /// The pointer to the memory is NULL.
    Null,
    /// The capacity is more than `isize::MAX`, which no memory has.
    CapacityTooLarge {
        /// The capacity asked for.
        capacity: usize,
    },
    /// The length is more than the capacity.
    LenBeyondCapacity {
        /// The length asked for.
        len: usize,
        /// The capacity of the view.
        capacity: usize,
    },
    /// A read needs more bytes than there are between the cursor and the length.
    Short {
        /// What the read needs.
        needed: usize,
        /// What there is.
        available: usize,
    },
    /// A write needs more room than there is between the cursor and the capacity.
    Full {
        /// What the write needs.
        needed: usize,
        /// What there is.
        available: usize,
    },
    /// A seek leads to before the first byte or beyond the length.
    Seek {
        /// Where it should have gone.
        to: SeekFrom,
        /// Where the cursor is.
        offset: usize,
        /// The length of the view.
        len: usize,
    },
    /// What a filler gave back is not the beginning of the room that it was handed.
    NotTheRoom {
        /// The length of what it gave back.
        len: usize,
        /// The length of the room.
        available: usize,
    },
}

impl fmt::Display for ViewError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Null => f.write_str("the pointer is NULL"),
            Self::CapacityTooLarge { capacity } => write!(f, "no memory has a capacity of {capacity} bytes"),
            Self::LenBeyondCapacity { len, capacity } => {
                write!(f, "a length of {len} bytes is beyond the capacity of {capacity}")
            }
            Self::Short { needed, available } => write!(f, "{needed} bytes needed, {available} left to read"),
            Self::Full { needed, available } => write!(f, "{needed} bytes needed, room for {available}"),
            Self::Seek { to, offset, len } => write!(f, "no seek to {to} from offset {offset} of {len} bytes"),
            Self::NotTheRoom { len, available } => {
                write!(f, "the {len} bytes given back do not begin the room of {available} bytes that was handed out")
            }
        }
    }
}

impl Error for ViewError {}

/// Why [`WriteView::fill_with`](super::WriteView::fill_with) added nothing.
///
/// ```
/// use falconet::view::{FillError, ViewError, WriteView};
///
/// let mut memory = [0; 8];
/// let mut view = WriteView::new(&mut memory);
/// assert_eq!(view.fill_with(|_| Err("nothing there")), Err(FillError::Filler("nothing there")));
///
/// let mut none = WriteView::new(&mut []);
/// let refused = none.fill_with(|_| Err("never called"));
/// assert_eq!(refused, Err(FillError::View(ViewError::Full { needed: 1, available: 0 })));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillError<E> {
    /// The filler failed, with its own error.
    Filler(E),
    /// The view refused: there is no room ([`ViewError::Full`], and the filler was not called), or what the filler gave
    /// back is not the beginning of its room ([`ViewError::NotTheRoom`]).
    View(ViewError),
}

impl<E> From<ViewError> for FillError<E> {
    fn from(error: ViewError) -> Self {
        Self::View(error)
    }
}

impl<E: fmt::Display> fmt::Display for FillError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Filler(error) => error.fmt(f),
            Self::View(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> Error for FillError<E> {}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::ToString;

    use super::*;

    #[test]
    fn errors_say_what_was_asked_and_what_was_there() {
        assert_eq!(ViewError::Null.to_string(), "the pointer is NULL");
        assert_eq!(
            ViewError::LenBeyondCapacity { len: 9, capacity: 8 }.to_string(),
            "a length of 9 bytes is beyond the capacity of 8"
        );
        assert_eq!(ViewError::Short { needed: 4, available: 3 }.to_string(), "4 bytes needed, 3 left to read");
        assert_eq!(ViewError::Full { needed: 4, available: 3 }.to_string(), "4 bytes needed, room for 3");
        let seek = |to| ViewError::Seek { to, offset: 2, len: 7 }.to_string();
        assert_eq!(seek(SeekFrom::Start(8)), "no seek to start+8 from offset 2 of 7 bytes");
        assert_eq!(seek(SeekFrom::Current(-3)), "no seek to current-3 from offset 2 of 7 bytes");
        assert_eq!(seek(SeekFrom::End(1)), "no seek to end+1 from offset 2 of 7 bytes");
        let huge = ViewError::CapacityTooLarge { capacity: usize::MAX }.to_string();
        assert!(huge.contains(&format!("{}", usize::MAX)));
        assert!(ViewError::NotTheRoom { len: 5, available: 4 }.to_string().contains("5 bytes"));
    }

    #[test]
    fn a_fill_error_reads_like_the_error_inside() {
        assert_eq!(FillError::Filler("EIO").to_string(), "EIO");
        assert_eq!(FillError::<&str>::from(ViewError::Null).to_string(), "the pointer is NULL");
    }
}
