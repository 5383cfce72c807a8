// SPDX-License-Identifier: Apache-2.0
//! The block that a log is read into: what was read and not handed over, found line by line.
//!
//! ```text
//! bytes:  | handed over | line LF line LF begin of a line | room to read into |
//!         0             start                             end                 BLOCK
//! file:                                                   ^ offset
//! ```
//!
//! The kernel reads into a leased buffer, and each line is moved once, into its event. What more there is of a line is
//! read behind its beginning, however many reads that takes. A line that the end of the block cuts in two is read again
//! from its start (a pipe cannot be, there its first part is moved to the block's start). A line that fills more than
//! half of the block fits into no event, and its bytes are dropped as they come.
#![forbid(unsafe_code)]

use falconet::pool::Buffer;
use falconet::{Scratch, Source};

use crate::file::File;
use crate::word::find;
use crate::{AccessLog, LogError};

/// Bytes of a block.
const BLOCK: usize = 64 * 1024;

// What is left of a line that fits is never more than half of a full block: reading it again cannot overwrite it.
const _: () = assert!(<AccessLog as Source>::MAX_PAYLOAD <= BLOCK / 2);

/// One for each instance that may be open at once.
static BLOCKS: Scratch<8, BLOCK> = Scratch::new();

#[derive(Debug)]
pub(crate) struct Block {
    bytes: Buffer<BLOCK>,
    /// What has been read and not handed over: `start..end`.
    start: usize,
    end: usize,
    /// Where in the file `end` is.
    offset: u64,
    /// The first part of a line that is too long was dropped.
    skipping: bool,
}

impl Block {
    pub(crate) fn lease() -> Result<Self, LogError> {
        let bytes = BLOCKS.lease().map_err(falconet::Error::from)?;
        Ok(Self { bytes, start: 0, end: 0, offset: 0, skipping: false })
    }

    /// How many bytes the next line takes, its line feed included. `None`: more must be read.
    pub(crate) fn line(&self) -> Option<usize> {
        find(self.bytes.get(..self.end)?, self.start, b'\n').map(|feed| feed + 1 - self.start)
    }

    /// How many bytes the beginning of a line takes that is all there is; `None` where there is none.
    pub(crate) fn beginning(&self) -> Option<usize> {
        (self.start < self.end || self.skipping).then(|| self.end.saturating_sub(self.start))
    }

    /// The next bytes.
    pub(crate) fn peek(&self, len: usize) -> &[u8] {
        self.bytes.get(self.start..self.start + len).unwrap_or_default()
    }

    /// Whether the next bytes are not all of their line.
    pub(crate) const fn is_skipping(&self) -> bool {
        self.skipping
    }

    /// Goes past a line, or the beginning of one that gets no longer.
    pub(crate) const fn take(&mut self, len: usize) {
        self.start += len;
        self.skipping = false;
    }

    /// How many bytes of the file have been handed over.
    pub(crate) fn handed_over(&self) -> u64 {
        self.offset.saturating_sub(self.end.saturating_sub(self.start) as u64)
    }

    /// How many bytes of the file have been read.
    pub(crate) const fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads from the start of a file next. For a block from which all was taken.
    pub(crate) const fn restart(&mut self) {
        self.offset = 0;
    }

    /// Reads more of a file behind what is there. False at its end.
    pub(crate) fn read(&mut self, file: &File) -> Result<bool, LogError> {
        let left = self.end.saturating_sub(self.start);
        if left == 0 {
            (self.start, self.end) = (0, 0);
        } else if self.end == BLOCK {
            if left > BLOCK / 2 {
                (self.start, self.end, self.skipping) = (0, 0, true);
            } else if file.is_regular() {
                return self.read_again(file, left);
            } else {
                self.bytes.copy_within(self.start..self.end, 0);
                (self.start, self.end) = (0, left);
            }
        }
        let read = self.fill(file, self.end, self.offset)?;
        self.end += read;
        self.offset += read as u64;
        Ok(read > 0)
    }

    /// Reads again the `left` bytes of a line that the end of the block has cut, and more. False if there is no more.
    fn read_again(&mut self, file: &File, left: usize) -> Result<bool, LogError> {
        let from = self.offset.saturating_sub(left as u64);
        let read = self.fill(file, 0, from)?;
        if read < left {
            // The file has shrunk. What it had of the line is still there, behind all that was read over.
            return Ok(false);
        }
        (self.start, self.end) = (0, read);
        self.offset = from + read as u64;
        Ok(read > left)
    }

    /// Reads from `offset` of a file into the block from byte `at` on.
    fn fill(&mut self, file: &File, at: usize, offset: u64) -> Result<usize, LogError> {
        let room = self.bytes.get_mut(at..).unwrap_or_default();
        file.read(room, offset).map_err(|errno| LogError::Read { errno, offset })
    }
}
