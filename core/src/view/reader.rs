// SPDX-License-Identifier: Apache-2.0
//! How content is read: a cursor beside the bytes that it moves over.

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::ViewError;
use super::cursor::Cursor;
use super::window::copy;

/// What [`View`](super::View) and [`ViewMut`](super::ViewMut) read with; they differ in `'m`, how long what is read
/// stays borrowed.
pub(super) struct Reader<'c, 'm> {
    pub(super) cursor: &'c mut Cursor,
    /// As many bytes as the cursor's length.
    pub(super) content: &'m [u8],
}

impl<'m> Reader<'_, 'm> {
    #[inline]
    pub(super) fn take(self, n: usize) -> Result<&'m [u8], ViewError> {
        let taken = self.cursor.take(n)?;
        self.content.get(taken).ok_or(ViewError::Short { needed: n, available: 0 })
    }

    #[inline]
    pub(super) fn read(self, into: &mut [u8]) -> usize {
        let n = into.len().min(self.cursor.remaining());
        self.take(n).map_or(0, |bytes| copy(bytes, into))
    }

    #[inline]
    pub(super) fn read_exact(self, into: &mut [u8]) -> Result<(), ViewError> {
        copy(self.take(into.len())?, into);
        Ok(())
    }

    // For both typed reads: the bytes are as many as `T` has, so zerocopy cannot refuse them, and the cursor has not
    // moved in vain.

    #[inline]
    pub(super) fn read_ref<T: FromBytes + KnownLayout + Immutable + Unaligned>(self) -> Result<&'m T, ViewError> {
        let needed = size_of::<T>();
        let bytes = self.take(needed)?;
        T::ref_from_bytes(bytes).map_err(|_| ViewError::Short { needed, available: bytes.len() })
    }

    #[inline]
    pub(super) fn read_value<T: FromBytes>(self) -> Result<T, ViewError> {
        let needed = size_of::<T>();
        let bytes = self.take(needed)?;
        T::read_from_bytes(bytes).map_err(|_| ViewError::Short { needed, available: bytes.len() })
    }
}
