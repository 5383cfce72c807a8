// SPDX-License-Identifier: Apache-2.0
//! A file that is followed: what is appended to it, from its end on.
//!
//! The file need not be there yet, but its folder. A last line without its end is held back until that comes, also one
//! that was begun before the file was opened. Each line comes once, in order, also through
//!
//! - **rotation**: another file comes to the path, because the old one was renamed, replaced or removed. The old one is
//!   read until the new one has bytes, then once more to its end, its last line counts even if it is incomplete, and the
//!   new one is read from its start. Of several rotations each file is read, also while there is a backlog;
//! - **truncation** (`copytruncate`): the file is shorter than what was read of it. A line that was held back counts, and
//!   the file is read from its start.
//!
//! The path and the end of the file are looked at every 100 ms. Lost is what came and went between two looks: a whole
//! file, or what was written and truncated; and a file that was truncated and has grown again beyond what was read of it
//! in that time is read on from there.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use super::FileError;
use super::lines::{Lines, Piece};
use super::watch::{self, Watch};
use crate::warn::Warnings;

/// A followed file.
#[derive(Debug)]
pub struct Tail {
    watch: Watch,
    max_line: usize,
    current: Option<Lines>,
    skipped: u64,
    warnings: Warnings,
}

impl Tail {
    /// How long to wait when there is no line before asking again.
    pub const PAUSE: Duration = watch::PAUSE;

    /// Follows the file at a path, from the end that it has now.
    ///
    /// # Errors
    /// [`FileError`] where the folder of the file is missing, or what is at the path is no file or cannot be read.
    pub fn open(path: &Path, max_line: usize) -> Result<Self, FileError> {
        let mut tail = Self {
            watch: Watch::new(path.to_owned()),
            max_line,
            current: None,
            skipped: 0,
            warnings: Warnings::default(),
        };
        match fs::metadata(path) {
            Ok(meta) if meta.is_file() => {
                fs::File::open(path).map_err(FileError::of("cannot follow", path))?;
            }
            Ok(_) => return Err(FileError::new("cannot follow", path, "not a regular file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let folder = path.parent().filter(|folder| folder.is_dir());
                folder.ok_or_else(|| FileError::new("cannot follow", path, "its folder does not exist"))?;
                log::info!("{} is not there yet: it is read from its start once it is", path.display());
            }
            Err(error) => return Err(FileError::of("cannot follow", path)(error)),
        }
        tail.watch.look();
        if let Some(mut file) = tail.watch.take_next() {
            let begin = begin_of_last_line(&mut file, max_line).map_err(FileError::of("cannot read", path))?;
            let mut lines = Lines::new(file, max_line);
            lines.seek(begin).map_err(FileError::of("cannot read", path))?;
            tail.current = Some(lines);
        }
        Ok(tail)
    }

    /// The next line that is not blank and has its end; `None` if there is none yet: wait for [`PAUSE`](Self::PAUSE).
    ///
    /// # Errors
    /// [`FileError`] where the file cannot be read.
    pub fn next_line(&mut self) -> Result<Option<&[u8]>, FileError> {
        self.watch.look_if_due();
        // The new file is seen before the end of the old one, so that the old one was read to its end after it.
        let mut has_next = self.watch.has_next();
        loop {
            let Some(lines) = &mut self.current else {
                let Some(file) = self.watch.take_next() else {
                    return Ok(None);
                };
                self.current = Some(Lines::new(file, self.max_line));
                has_next = self.watch.has_next();
                continue;
            };
            let of = FileError::of("cannot read", self.watch.path());
            let mut piece = lines.next().map_err(&of)?;
            if piece == Piece::End {
                let is_cut = lines.file().metadata().map_err(&of)?.len() < lines.offset();
                if !is_cut && !has_next {
                    return Ok(None);
                }
                match lines.rest() {
                    Some(rest) => piece = rest,
                    None if is_cut => {
                        log::info!("{} was truncated: it is read from its start", self.watch.path().display());
                        lines.seek(0).map_err(&of)?;
                        continue;
                    }
                    None => {
                        log::info!("{} was rotated: its new file is read now", self.watch.path().display());
                        self.current = None;
                        continue;
                    }
                }
            }
            if piece == Piece::Line {
                break;
            }
            self.skipped += 1;
            let (path, max) = (self.watch.path().display(), self.max_line);
            self.warnings.warn(format_args!("{path}: skipped a line of over {max} bytes"));
        }
        Ok(self.current.as_ref().map(Lines::line))
    }

    /// The line that [`Tail::next_line`] gave last; empty where it gave none.
    #[must_use]
    pub fn line(&self) -> &[u8] {
        self.current.as_ref().map(Lines::line).unwrap_or_default()
    }

    /// Where that line is: the followed path, and the byte behind it.
    #[must_use]
    pub fn place(&self) -> (&Path, u64) {
        (self.watch.path(), self.current.as_ref().map_or(0, Lines::offset))
    }

    /// Lines that were too long.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped
    }
}

/// Where the last line of a file begins that has no end yet; the end of the file if there is none, or if it is too long.
fn begin_of_last_line(file: &mut fs::File, max_line: usize) -> io::Result<u64> {
    const BLOCK: usize = 4096;
    let end = file.seek(SeekFrom::End(0))?;
    let mut begin = end;
    let mut block = [0; BLOCK];
    while begin > 0 && end - begin <= max_line as u64 {
        let len = begin.min(BLOCK as u64);
        begin -= len;
        let block = block.get_mut(..usize::try_from(len).unwrap_or(BLOCK)).unwrap_or_default();
        file.seek(SeekFrom::Start(begin))?;
        match file.read_exact(block) {
            // It was truncated just now.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(end),
            read => read?,
        }
        if let Some(at) = memchr::memrchr(b'\n', block) {
            return Ok(begin + at as u64 + 1);
        }
    }
    Ok(if begin == 0 { 0 } else { end })
}

#[cfg(test)]
mod tests;
