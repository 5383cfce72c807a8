// SPDX-License-Identifier: Apache-2.0
//! A view as one would write it without a thought for memory: a `Vec<u8>` and a cursor.

use falconet::view::{SeekFrom, ViewError};

/// What the memory holds before, and no operation writes.
pub(super) const STALE: u8 = 0xAA;

/// The content, the cursor, the capacity; and all of the memory, which a read-only view may grow over.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) content: Vec<u8>,
    pub(super) offset: usize,
    pub(super) capacity: usize,
    /// Whether the memory's owner reads all of it as initialised afterwards.
    pub(super) lent_as_bytes: bool,
    memory: Vec<u8>,
}

impl Model {
    pub(super) fn new(memory: &[u8], len: usize, lent_as_bytes: bool) -> Self {
        let content = memory[..len].to_vec();
        Self { content, offset: 0, capacity: memory.len(), lent_as_bytes, memory: memory.to_vec() }
    }

    fn space(&self) -> usize {
        self.capacity - self.offset
    }

    /// The bytes that a read of `n` gives.
    pub(super) fn read(&mut self, n: usize) -> Result<Vec<u8>, ViewError> {
        let rest = &self.content[self.offset..];
        let bytes = rest.get(..n).ok_or(ViewError::Short { needed: n, available: rest.len() })?.to_vec();
        self.offset += n;
        Ok(bytes)
    }

    pub(super) fn read_some(&mut self, n: usize) -> Vec<u8> {
        self.read(n.min(self.content.len() - self.offset)).unwrap()
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), ViewError> {
        if bytes.len() > self.space() {
            return Err(ViewError::Full { needed: bytes.len(), available: self.space() });
        }
        for byte in bytes {
            if self.offset == self.content.len() {
                self.content.push(*byte);
            } else {
                self.content[self.offset] = *byte;
            }
            self.offset += 1;
        }
        Ok(())
    }

    pub(super) fn write_some(&mut self, bytes: &[u8]) -> usize {
        let n = bytes.len().min(self.space());
        self.write(&bytes[..n]).unwrap();
        n
    }

    /// The room that a filler gets, or the error of one that gets none. The content behind the cursor is gone.
    pub(super) fn room(&mut self) -> Result<usize, ViewError> {
        if self.space() == 0 {
            return Err(ViewError::Full { needed: 1, available: 0 });
        }
        self.content.truncate(self.offset);
        Ok(self.space())
    }

    /// `stays`: growing shows the memory, as a read-only view does; else zeros.
    pub(super) fn set_len(&mut self, len: usize, stays: bool) -> Result<(), ViewError> {
        if len > self.capacity {
            return Err(ViewError::LenBeyondCapacity { len, capacity: self.capacity });
        }
        if stays {
            self.content = self.memory[..len].to_vec();
        } else {
            self.content.resize(len, 0);
        }
        self.offset = self.offset.min(len);
        Ok(())
    }

    pub(super) fn seek(&mut self, to: SeekFrom) -> Result<usize, ViewError> {
        let target = match to {
            SeekFrom::Start(n) => i128::from(n),
            SeekFrom::Current(n) => self.offset as i128 + i128::from(n),
            SeekFrom::End(n) => self.content.len() as i128 + i128::from(n),
        };
        match usize::try_from(target) {
            Ok(offset) if offset <= self.content.len() => {
                self.offset = offset;
                Ok(offset)
            }
            _ => Err(ViewError::Seek { to, offset: self.offset, len: self.content.len() }),
        }
    }

    /// Only the content is left to a reader.
    pub(super) fn narrow_to_read(&mut self) {
        self.memory = self.content.clone();
        self.capacity = self.content.len();
    }
}
