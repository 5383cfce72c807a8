// SPDX-License-Identifier: Apache-2.0
//! The path of a followed file: which files have come to it.
//!
//! A file is known by its device and inode. Every file that has been seen is kept open until it has been read, so that
//! its inode cannot be another file's.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Time between two looks at the path, and at the end of the file.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// Newer files that are kept open beside the one that is read; while there are so many, no more are looked for.
const MOST: usize = 64;

/// A path that is looked at again and again.
#[derive(Debug)]
pub(super) struct Watch {
    path: PathBuf,
    /// The device and inode of the last file found.
    last: Option<(u64, u64)>,
    found: std::collections::VecDeque<File>,
    looked: Option<Instant>,
    /// Why the path could not be opened, if that was logged.
    told: Option<String>,
}

impl Watch {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, last: None, found: Default::default(), looked: None, told: None }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Looks at the path, unless that was just done.
    pub(super) fn look_if_due(&mut self) {
        if self.looked.is_none_or(|looked| looked.elapsed() >= PAUSE) {
            self.look();
        }
    }

    /// Looks at the path: opens the file there if it is another one than the last.
    pub(super) fn look(&mut self) {
        self.looked = Some(Instant::now());
        match self.newer() {
            Ok(newer) => {
                self.found.extend(newer);
                self.told = None;
            }
            // Between two files of a rotation there is none.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                let text = error.to_string();
                if self.told.as_ref() != Some(&text) {
                    log::warn!("{}: {text}; waiting for a file that can be read", self.path.display());
                    self.told = Some(text);
                }
            }
        }
    }

    fn newer(&mut self) -> io::Result<Option<File>> {
        if self.found.len() >= MOST || self.last == Some(id(&regular(fs::metadata(&self.path)?)?)) {
            return Ok(None);
        }
        let file = File::open(&self.path)?;
        let newer = id(&regular(file.metadata()?)?);
        Ok((self.last.replace(newer) != Some(newer)).then_some(file))
    }

    /// Whether whoever writes has gone over to a file that came later: it has bytes, or there is one after it.
    pub(super) fn has_next(&self) -> bool {
        match self.found.front() {
            Some(file) => self.found.len() > 1 || file.metadata().is_ok_and(|meta| meta.len() > 0),
            None => false,
        }
    }

    /// The next file.
    pub(super) fn take_next(&mut self) -> Option<File> {
        self.found.pop_front()
    }
}

fn id(meta: &Metadata) -> (u64, u64) {
    (meta.dev(), meta.ino())
}

fn regular(meta: Metadata) -> io::Result<Metadata> {
    match meta.is_file() {
        true => Ok(meta),
        false => Err(io::Error::other("not a regular file")),
    }
}
