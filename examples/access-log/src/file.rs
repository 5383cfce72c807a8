// SPDX-License-Identifier: Apache-2.0
//! An open log file: what kind of file it is, and bytes from a place in it.
#![forbid(unsafe_code)]

use core::ffi::CStr;

use rustix::fd::OwnedFd;
use rustix::fs::{FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::LogError;

/// An open file, or a pipe or a device, which have no places to read from.
#[derive(Debug)]
pub(crate) struct File {
    fd: OwnedFd,
    /// As it was when it was opened.
    stat: Stat,
}

/// What a read does where a pipe has nothing at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Empty {
    /// It waits for whoever writes.
    Waits,
    /// It gives nothing.
    IsNothing,
}

impl File {
    /// Opens what is at a path.
    pub(crate) fn open(path: &CStr, empty: Empty) -> Result<Self, LogError> {
        let mut flags = OFlags::RDONLY | OFlags::CLOEXEC;
        flags.set(OFlags::NONBLOCK, empty == Empty::IsNothing);
        let fd = retry(|| rustix::fs::open(path, flags, Mode::empty())).map_err(LogError::Open)?;
        let stat = rustix::fs::fstat(&fd).map_err(LogError::Open)?;
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            return Err(LogError::Folder);
        }
        Ok(Self { fd, stat })
    }

    /// A file on a disk, whose bytes have places.
    pub(crate) fn is_regular(&self) -> bool {
        is_regular(&self.stat)
    }

    /// Its size when it was opened; 0 for a pipe.
    pub(crate) fn size_at_open(&self) -> u64 {
        size(&self.stat)
    }

    /// Its size now.
    pub(crate) fn size(&self) -> Result<u64, Errno> {
        rustix::fs::fstat(&self.fd).map(|stat| size(&stat))
    }

    /// Whether this is the very file that `stat` is of, whatever it is called.
    pub(crate) fn is(&self, stat: &Stat) -> bool {
        (self.stat.st_dev, self.stat.st_ino) == (stat.st_dev, stat.st_ino)
    }

    /// Reads from byte `offset` on, or what comes next from what has no places. 0 at the end.
    pub(crate) fn read(&self, bytes: &mut [u8], offset: u64) -> Result<usize, Errno> {
        if self.is_regular() {
            return retry(|| rustix::io::pread(&self.fd, &mut *bytes, offset));
        }
        match retry(|| rustix::io::read(&self.fd, &mut *bytes)) {
            Err(Errno::AGAIN) => Ok(0),
            read => read,
        }
    }
}

/// Whether what `stat` is of is a file on a disk.
pub(crate) fn is_regular(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
}

fn size(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or(0)
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
