// SPDX-License-Identifier: Apache-2.0
//! The lines of one open file, with a limit to their length.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};

/// Bytes that are read at once.
const BLOCK: usize = 64 << 10;

/// Reads a file line by line, and beyond its end when it has grown.
#[derive(Debug)]
pub(super) struct Lines {
    reader: BufReader<File>,
    /// The line, or what is there of it.
    line: Vec<u8>,
    /// The line was handed out.
    complete: bool,
    /// The line is too long: what is left of it does not count.
    skipping: bool,
    max: usize,
    offset: u64,
}

/// What comes next in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A line that is not blank.
    Line,
    /// The end of a line that is too long.
    TooLong,
    /// The end of the file, maybe after the beginning of a line.
    End,
}

impl Lines {
    /// Lines of at most `max` bytes without their end, from where the file stands.
    pub(super) fn new(file: File, max: usize) -> Self {
        let reader = BufReader::with_capacity(BLOCK, file);
        Self { reader, line: Vec::new(), complete: false, skipping: false, max, offset: 0 }
    }

    /// Reads up to the end of the next line that is not blank.
    pub(super) fn next(&mut self) -> io::Result<Piece> {
        self.forget_complete();
        loop {
            let block = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                block => block?,
            };
            if block.is_empty() {
                return Ok(Piece::End);
            }
            let end = memchr::memchr(b'\n', block);
            let used = end.map_or(block.len(), |at| at + 1);
            // Two more for CRLF.
            if self.line.len() + used > self.max.saturating_add(2) {
                self.skipping = true;
                self.line.clear();
            } else if !self.skipping {
                self.line.extend_from_slice(block.get(..used).unwrap_or_default());
            }
            self.reader.consume(used);
            self.offset += used as u64;
            if end.is_some()
                && let Some(piece) = self.finished()
            {
                return Ok(piece);
            }
        }
    }

    /// At the end: takes what is there of a line as one, if that is not blank.
    pub(super) fn rest(&mut self) -> Option<Piece> {
        self.forget_complete();
        self.finished()
    }

    /// The line that was found last.
    pub(super) fn line(&self) -> &[u8] {
        self.line.trim_ascii()
    }

    /// Bytes read.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The file, to ask for its size.
    pub(super) fn file(&self) -> &File {
        self.reader.get_ref()
    }

    /// Goes to a place in the file, where a line begins.
    pub(super) fn seek(&mut self, offset: u64) -> io::Result<()> {
        self.reader.seek(SeekFrom::Start(offset))?;
        self.offset = offset;
        self.skipping = false;
        self.line.clear();
        Ok(())
    }

    fn forget_complete(&mut self) {
        if self.complete {
            self.line.clear();
            self.complete = false;
        }
    }

    /// What the line that ends here is; `None` if it is blank.
    fn finished(&mut self) -> Option<Piece> {
        self.complete = true;
        let content = self.line.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        if std::mem::take(&mut self.skipping) || content.unwrap_or(&self.line).len() > self.max {
            return Some(Piece::TooLong);
        }
        if self.line().is_empty() {
            self.forget_complete();
            return None;
        }
        Some(Piece::Line)
    }
}

#[cfg(test)]
impl Lines {
    pub(super) fn capacity(&self) -> usize {
        self.line.capacity()
    }
}
