// SPDX-License-Identifier: Apache-2.0
//! Files of JSON lines: one file or the files of a folder, read [once](Files), or one file [followed](Tail).
//!
//! A line is what the webhook takes as a body: an event, a list of events, an array of those. Lines end with LF or CRLF,
//! the last one needs no end, blanks around it are cut, blank lines do not count. A line may be as long as
//! [`Config::max_line_size`](crate::config::Config::max_line_size) says; a longer one is skipped and counted, and reading
//! goes on behind it. (The official plugin ends the capture at a line of 64 KiB.) Memory: one buffer of 64 KiB, and one
//! for the line, reused, at most twice as large as the longest line may be.

mod follow;
mod lines;
mod watch;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

pub use follow::Tail;

use lines::{Lines, Piece};

use crate::warn::Warnings;

/// A file, or the files of a folder, to be read once.
#[derive(Debug)]
pub struct Files {
    max_line: usize,
    is_folder: bool,
    /// The next ones, in reverse order.
    next: Vec<PathBuf>,
    current: Option<(PathBuf, Lines)>,
    warnings: Warnings,
    skipped: u64,
    read: u64,
    size: u64,
}

impl Files {
    /// Opens a file, or a folder: its regular files, hidden ones too, not those of its folders, the oldest first by the
    /// time of their last modification, then by name. A symbolic link is what it points to.
    ///
    /// # Errors
    /// [`FileError`] where there is no such file, or it cannot be read.
    pub fn open(path: &Path, max_line: usize) -> Result<Self, FileError> {
        let meta = fs::metadata(path).map_err(FileError::of("cannot open", path))?;
        let is_folder = meta.is_dir();
        let (next, size) = match is_folder {
            true => files_of(path)?,
            false => (vec![path.to_owned()], meta.len()),
        };
        let mut files =
            Self { max_line, is_folder, next, current: None, warnings: Warnings::default(), skipped: 0, read: 0, size };
        if !is_folder {
            files.open_next()?;
        }
        Ok(files)
    }

    /// The next line that is not blank; `None` after the last line of the last file.
    ///
    /// # Errors
    /// [`FileError`] where a file cannot be opened or read. One that is gone since the folder was opened is left out,
    /// with a warning.
    pub fn next_line(&mut self) -> Result<Option<&[u8]>, FileError> {
        loop {
            let Some((path, lines)) = &mut self.current else {
                if !self.open_next()? {
                    return Ok(None);
                }
                continue;
            };
            let before = lines.offset();
            let piece = match lines.next().map_err(FileError::of("cannot read", path))? {
                Piece::End => lines.rest(),
                piece => Some(piece),
            };
            self.read += lines.offset() - before;
            match piece {
                Some(Piece::Line) => break,
                Some(_) => {
                    self.skipped += 1;
                    let (path, end) = (path.display(), lines.offset());
                    let max = self.max_line;
                    self.warnings
                        .warn(format_args!("{path}: skipped a line of over {max} bytes, ending at byte {end}"));
                }
                None => self.current = None,
            }
        }
        Ok(self.current.as_ref().map(|(_, lines)| lines.line()))
    }

    /// The line that [`Files::next_line`] gave last; empty where it gave none.
    #[must_use]
    pub fn line(&self) -> &[u8] {
        self.current.as_ref().map(|(_, lines)| lines.line()).unwrap_or_default()
    }

    /// Where that line is: its file, and the byte behind it.
    #[must_use]
    pub fn place(&self) -> (&Path, u64) {
        self.current.as_ref().map_or((Path::new(""), 0), |(path, lines)| (path, lines.offset()))
    }

    /// Lines that were too long.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Bytes read, and bytes that there were when it was opened.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        (self.read, self.size)
    }

    /// Opens the next file that there is; false after the last.
    fn open_next(&mut self) -> Result<bool, FileError> {
        while let Some(path) = self.next.pop() {
            match File::open(&path) {
                Ok(file) => {
                    let lines = Lines::new(file, self.max_line);
                    self.current = Some((path, lines));
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound && self.is_folder => {
                    log::warn!("{} is gone before it was read", path.display());
                }
                Err(error) => return Err(FileError::of("cannot open", &path)(error)),
            }
        }
        Ok(false)
    }
}

/// The regular files of a folder, the newest first, and the bytes in them.
fn files_of(folder: &Path) -> Result<(Vec<PathBuf>, u64), FileError> {
    let mut files = Vec::new();
    let mut size = 0;
    for entry in fs::read_dir(folder).map_err(FileError::of("cannot list", folder))? {
        let path = entry.map_err(FileError::of("cannot list", folder))?.path();
        match fs::metadata(&path) {
            Ok(meta) if meta.is_file() => {
                size += meta.len();
                files.push((meta.modified().map_err(FileError::of("cannot open", &path))?, path));
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(FileError::of("cannot open", &path)(error));
            }
            Ok(_) | Err(_) => {}
        }
    }
    files.sort_unstable_by(|one, other| other.cmp(one));
    Ok((files.into_iter().map(|(_, path)| path).collect(), size))
}

/// Why a file cannot be read: the system's reason is in its text, and not its source, which would be told once more.
#[derive(Debug, thiserror::Error)]
#[error("{what} {}: {reason}", path.display())]
pub struct FileError {
    what: &'static str,
    path: PathBuf,
    reason: io::Error,
}

impl FileError {
    fn of(what: &'static str, path: &Path) -> impl Fn(io::Error) -> Self {
        move |reason| Self { what, path: path.to_owned(), reason }
    }

    fn new(what: &'static str, path: &Path, reason: &'static str) -> Self {
        Self { what, path: path.to_owned(), reason: io::Error::other(reason) }
    }
}

#[cfg(test)]
mod tests;
