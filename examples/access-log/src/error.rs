// SPDX-License-Identifier: Apache-2.0
//! What can go wrong, in words for the one who runs Falco.

use falconet::Error;
use falconet::error::{Message, Report};
use rustix::io::Errno;

use crate::ConfigError;

/// Why the plugin cannot start, open a log or go on reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogError {
    /// The init config is wrong.
    Config(ConfigError),
    /// The open parameters are empty.
    NoPath,
    /// The path is a folder.
    Folder,
    /// The file cannot be opened.
    Open(Errno),
    /// The file cannot be read on.
    Read {
        /// What the system says.
        errno: Errno,
        /// Bytes that were read before.
        offset: u64,
    },
    /// What the SDK says.
    Sdk(Error),
}

impl Report for LogError {
    fn report(&self, text: &mut Message) {
        match self {
            Self::Config(error) => error.report(text),
            Self::NoPath => {
                text.push_str("the open params are empty: give the path of an access log");
            }
            Self::Folder => {
                text.push_str("the path is a folder: give the path of an access log");
            }
            Self::Open(errno) => {
                text.push_str("cannot open the access log: ");
                system(*errno, text);
            }
            Self::Read { errno, offset } => {
                text.push_str("cannot read the access log from byte ");
                text.push_number(*offset);
                text.push_str(" on: ");
                system(*errno, text);
            }
            Self::Sdk(error) => error.report(text),
        }
    }
}

impl From<Error> for LogError {
    fn from(error: Error) -> Self {
        Self::Sdk(error)
    }
}

/// The system's error in words where it is one that a user meets, with its number always.
fn system(errno: Errno, text: &mut Message) {
    text.push_str(match errno {
        Errno::NOENT => "there is no such file",
        Errno::ACCESS | Errno::PERM => "permission denied",
        Errno::NOTDIR => "a part of the path is no folder",
        Errno::LOOP => "too many symbolic links",
        Errno::NAMETOOLONG => "the path is too long",
        Errno::MFILE | Errno::NFILE => "too many open files",
        Errno::IO => "input/output error",
        _ => "the system refuses",
    });
    text.push_str(" (errno ");
    text.push_number(u64::from(errno.raw_os_error().unsigned_abs()));
    text.push_str(")");
}
