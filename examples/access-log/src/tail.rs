// SPDX-License-Identifier: Apache-2.0
//! An open log file: read in blocks, handed over line by line.
//!
//! The kernel reads into a leased buffer, and each line is moved once, into its event. A line that the end of the buffer
//! cuts in two is read again from its start (a pipe cannot be, there its first part is moved to the buffer's start).

use core::ffi::CStr;

use falconet::error::Message;
use falconet::log::Severity;
use falconet::pool::Buffer;
use falconet::{Batch, Instance, Log, Next, Progress, Scratch, Timestamp};
use memchr::memchr;
use rustix::fd::OwnedFd;
use rustix::fs::{FileType, Mode, OFlags, SeekFrom};
use rustix::io::Errno;

use crate::line::Line;
use crate::{AccessLog, LogError};

/// Bytes of a block; a line with its line feed is shorter, or it is skipped.
const BLOCK: usize = 64 * 1024;

/// One for each instance that may be open at once.
static BLOCKS: Scratch<8, BLOCK> = Scratch::new();

/// A log file being read.
#[derive(Debug)]
pub struct Tail {
    file: OwnedFd,
    log: Log,
    block: Buffer<BLOCK>,
    /// What has been read and not handed over: `start..end` of the block.
    start: usize,
    end: usize,
    /// Bytes read from the file so far, up to `end`.
    offset: u64,
    /// The file's size when it was opened; 0 for a pipe.
    size: u64,
    /// Not a file on a disk: a read may wait for whoever writes.
    waits: bool,
    /// The rest of a line that is too long is being skipped.
    skipping: bool,
}

impl Tail {
    /// Opens the log at a path.
    ///
    /// # Errors
    /// [`LogError`] where there is no path, no such file, or no buffer left.
    pub fn open(path: &CStr, log: Log) -> Result<Self, LogError> {
        if path.is_empty() {
            return Err(LogError::NoPath);
        }
        let block = BLOCKS.lease().map_err(falconet::Error::from)?;
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = retry(|| rustix::fs::open(path, flags, Mode::empty())).map_err(LogError::Open)?;
        let stat = rustix::fs::fstat(&file).map_err(LogError::Open)?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        if kind == FileType::Directory {
            return Err(LogError::Folder);
        }
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        let waits = kind != FileType::RegularFile;
        Ok(Self { file, log, block, start: 0, end: 0, offset: 0, size, waits, skipping: false })
    }

    /// Reads more behind what is in the block. False at the end of the file.
    fn refill(&mut self) -> Result<bool, LogError> {
        if self.start > 0 {
            self.make_room();
        } else if self.end == BLOCK {
            self.skipping = true;
            self.end = 0;
        }
        let room = self.block.get_mut(self.end..).unwrap_or_default();
        let read = retry(|| rustix::io::read(&self.file, &mut *room));
        let read = read.map_err(|errno| LogError::Read { errno, offset: self.offset })?;
        self.end += read;
        self.offset += read as u64;
        Ok(read > 0)
    }

    /// Makes room behind the part of a line that is left in the block.
    fn make_room(&mut self) {
        let left = self.end.saturating_sub(self.start);
        let back = i64::try_from(left).map_or(0, |left| -left);
        if left == 0 || rustix::fs::seek(&self.file, SeekFrom::Current(back)).is_ok() {
            self.offset -= left as u64;
            self.end = 0;
        } else {
            self.block.copy_within(self.start..self.end, 0);
            self.end = left;
        }
        self.start = 0;
    }

    /// How many bytes of the block the next line takes, its line feed included. `None`: more must be read.
    fn next_line(&self) -> Option<usize> {
        memchr(b'\n', self.block.get(self.start..self.end)?).map(|feed| feed + 1)
    }

    /// A line that can never fit is left out.
    fn skip(&self, batch: &mut Batch<'_>, before: usize) {
        batch.skip();
        let mut text = Message::<128>::new();
        text.push_str("skipped a line of more than ");
        text.push_number(batch.max_payload().saturating_sub(1) as u64);
        text.push_str(" bytes that ends before byte ");
        let left = self.end.saturating_sub(before) as u64;
        text.push_number(self.offset.saturating_sub(left));
        self.log.message(Severity::Warning, &text);
    }
}

impl Instance for Tail {
    type Plugin = AccessLog;

    fn next_batch(&mut self, _: &AccessLog, batch: &mut Batch<'_>) -> Result<Next, LogError> {
        loop {
            let taken = match self.next_line() {
                Some(taken) => taken,
                // What is there goes to the host before a wait for more.
                None if self.waits && !batch.is_empty() => return Ok(Next::More),
                None if self.refill()? => continue,
                // The file's end: what is left is a line without a line feed, if anything.
                None if self.start < self.end || self.skipping => self.end - self.start,
                None => return Ok(Next::Eof),
            };
            let after = self.start + taken;
            let line = self.block.get(self.start..after).unwrap_or_default();
            let line = match line.strip_suffix(b"\n") {
                Some(ended) => ended.strip_suffix(b"\r").unwrap_or(ended),
                None => line,
            };
            match batch.claim_for(line.len() + 1) {
                Ok(None) => return Ok(Next::More),
                Ok(Some(mut event)) if !self.skipping => {
                    event.payload().write_all(line).map_err(falconet::Error::from)?;
                    event.payload().write_all(b"\0").map_err(falconet::Error::from)?;
                    event.commit(Timestamp::from(Line::parse(line).time()));
                }
                Ok(Some(_)) | Err(_) => {
                    self.skipping = false;
                    self.skip(batch, after);
                }
            }
            self.start = after;
        }
    }

    fn progress(&self) -> Option<Progress> {
        let handed_over = self.offset - self.end.saturating_sub(self.start) as u64;
        (self.size > 0).then(|| Progress::of(handed_over, self.size))
    }
}

/// Repeats a system call that a signal has interrupted.
fn retry<T>(mut call: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            other => return other,
        }
    }
}
