// SPDX-License-Identifier: Apache-2.0
//! What becomes of a log that is followed: whether it was cut, and which file comes after it.
//!
//! A file is known by its device and inode, whatever it is called; its path counts as it was opened, so that a symbolic
//! link which is set to another file is a rotation as well. While the old file is open its inode cannot be another
//! file's.
//!
//! # Which file comes next
//! The one at the path, once there is another and it has bytes: until then whoever writes may not have gone over to it.
//!
//! If the old file is called `path.2` or higher by now, as by tools that number the files they rotate, there were more
//! rotations than looks, and the file with the next lower number comes before the one at the path. (Not if it was last
//! written to before the old one: some tools number upwards.) The names may change while they are read:
//! ```text
//! path -> path.1 -> path.2 -> path.3    each file moves up, the oldest first, so that none is overwritten
//! 0       1         2         3 ...     read in this order: no file is missed, and the last one seen below the old
//!                                       one is its successor; it is opened by that name, and taken if it is still it
//! ```
#![forbid(unsafe_code)]

use core::ffi::CStr;

use falconet::Log;
use falconet::error::{Message, Report};
use falconet::log::Severity;
use rustix::fs::Stat;
use rustix::io::Errno;

use crate::LogError;
use crate::file::{self, Empty, File};

/// The highest number that is looked for.
const NUMBERS: u32 = 99;

/// So many numbers in a row may be missing below a higher one: one while a tool renames, more where some were removed.
const MISSING: u32 = 4;

/// A path that is looked at again and again, and those of the files that it was rotated to.
#[derive(Debug)]
pub(crate) struct Watch {
    path: Path,
    /// Why the next file cannot be opened, if that was logged.
    told: Option<LogError>,
}

/// What a look finds.
#[derive(Debug)]
pub(crate) enum Found {
    /// The same file, no shorter than it was read.
    Same,
    /// The same file, shorter than it was read: all that is in it is new.
    Cut,
    /// The file that comes after it.
    Newer(File),
}

impl Watch {
    pub(crate) fn new(path: &CStr) -> Result<Self, LogError> {
        let path = Path::new(path).ok_or(LogError::Open(Errno::NAMETOOLONG))?;
        Ok(Self { path, told: None })
    }

    /// Looks what has become of a file that was read up to byte `offset`, its end.
    pub(crate) fn look(&mut self, file: &File, offset: u64, log: Log) -> Result<Found, LogError> {
        let size = file.size().map_err(|errno| LogError::Read { errno, offset })?;
        if size < offset && file.is_regular() {
            return Ok(Found::Cut);
        }
        match self.next_of(file, log) {
            Ok(next) => {
                self.told = None;
                Ok(next.map_or(Found::Same, Found::Newer))
            }
            Err(error) => {
                self.tell(error, "waiting for it", log);
                Ok(Found::Same)
            }
        }
    }

    /// The file that comes after another; `None` where there is none yet.
    fn next_of(&mut self, file: &File, log: Log) -> Result<Option<File>, LogError> {
        let path = self.stat(0);
        if path.is_ok_and(|path| file.is(&path)) {
            return Ok(None);
        }
        let (number, stat) = self.name_of_next(file, path).map_err(LogError::Open)?;
        if number == 0 && stat.st_size == 0 && file::is_regular(&stat) {
            return Ok(None);
        }
        let next = match File::open(self.path.numbered(number), Empty::IsNothing) {
            // It has just been renamed.
            Err(LogError::Open(Errno::NOENT)) if number > 0 => return Ok(None),
            Err(error) if number > 0 => {
                self.tell(error, "the lines of a rotated file are left out", log);
                return File::open(self.path.numbered(0), Empty::IsNothing).map(Some);
            }
            next => next?,
        };
        Ok(next.is(&stat).then_some(next))
    }

    /// What the file is called that comes after one which has left the path: a number, or 0 for the path itself.
    fn name_of_next(&mut self, file: &File, path: Result<Stat, Errno>) -> Result<(u32, Stat), Errno> {
        let path = path.map(|stat| (0, stat));
        let mut below = path;
        let mut missing = 0;
        for number in 1..=NUMBERS {
            match self.stat(number) {
                Ok(here) if file.is(&here) => match below {
                    Ok((1.., stat)) if stat.st_size > 0 && is_older(&stat, &here) => break,
                    below => return below,
                },
                Ok(here) => (below, missing) = (Ok((number, here)), 0),
                Err(_) if missing == MISSING => break,
                Err(_) => missing += 1,
            }
        }
        path
    }

    fn stat(&mut self, number: u32) -> Result<Stat, Errno> {
        rustix::fs::stat(self.path.numbered(number))
    }

    /// Says once why a file cannot be opened, and what is done then.
    fn tell(&mut self, error: LogError, then: &str, log: Log) {
        if self.told.replace(error) == Some(error) {
            return;
        }
        let mut text = Message::new();
        error.report(&mut text);
        text.push_str("; ");
        text.push_str(then);
        let gone = error == LogError::Open(Errno::NOENT);
        log.message(if gone { Severity::Info } else { Severity::Warning }, &text);
    }
}

/// Whether a file was last written to before another.
fn is_older(file: &Stat, other: &Stat) -> bool {
    (file.st_mtime, file.st_mtime_nsec) < (other.st_mtime, other.st_mtime_nsec)
}

/// A path in memory of fixed size, with room for a number after it.
#[derive(Debug)]
struct Path {
    bytes: [u8; Path::LONGEST + Path::SUFFIX],
    len: usize,
}

impl Path {
    /// Bytes of the longest path that the system takes, its NUL included.
    const LONGEST: usize = 4096;
    /// Bytes of `.99`, as many as [`NUMBERS`] needs.
    const SUFFIX: usize = 3;

    fn new(path: &CStr) -> Option<Self> {
        let path = path.to_bytes();
        let mut bytes = [0; Self::LONGEST + Self::SUFFIX];
        if path.len() >= Self::LONGEST {
            return None;
        }
        bytes.get_mut(..path.len())?.copy_from_slice(path);
        Some(Self { bytes, len: path.len() })
    }

    /// `path.number`, or the path itself for 0.
    fn numbered(&mut self, number: u32) -> &CStr {
        let mut suffix = Message::<{ Self::SUFFIX + 1 }>::new();
        if number > 0 {
            suffix.push_str(".");
            suffix.push_number(u64::from(number));
        }
        if let Some(behind) = self.bytes.get_mut(self.len..) {
            let suffix = suffix.as_bytes().iter().chain(core::iter::repeat(&0));
            for (to, from) in behind.iter_mut().zip(suffix).take(Self::SUFFIX + 1) {
                *to = *from;
            }
        }
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;
    use std::string::String;

    #[test]
    fn a_path_takes_numbers_and_gives_them_up() {
        let longest = "x".repeat(Path::LONGEST - 1);
        for path in ["access.log", "", longest.as_str()] {
            let mut numbered = Path::new(&CString::new(path).unwrap()).unwrap();
            for (number, suffix) in [(0, ""), (7, ".7"), (99, ".99"), (1, ".1"), (0, "")] {
                let expected = String::from(path) + suffix;
                assert_eq!(numbered.numbered(number).to_str(), Ok(expected.as_str()));
            }
        }
        assert!(Path::new(&CString::new(longest + "x").unwrap()).is_none());
    }
}
