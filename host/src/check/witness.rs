// SPDX-License-Identifier: Apache-2.0
//! What a child tells its parent: lines of JSON, each before the next thing that may end the child.

use std::{
    io::{self, Write as _},
    os::{
        fd::{AsFd as _, AsRawFd as _, RawFd},
        unix::net::UnixStream,
    },
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::Check;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Message {
    /// What the plugin says of itself.
    Plugin { name: String, version: String, api_version: String, capabilities: String },
    /// What is called next. If that ends the child, it is a finding of `under`, or else of the way in which it ended.
    Calling { call: String, under: Option<Check> },
    /// A finding.
    Found { check: Check, message: String },
    /// The check was made.
    Judged(Check),
    /// The check could not be made.
    Skipped { check: Check, why: String },
    /// Something that is no finding, and that the user should know.
    Note(String),
    /// Nothing further can be checked with these params and this config.
    Stopped(String),
    /// Memory was touched that must not be: a number of [`Kind`](crate::guard::Kind).
    Touched(u32),
    /// The scenario is at its end.
    Done,
}

/// Tells the parent.
#[derive(Clone, Debug)]
pub(super) struct Witness {
    stream: Arc<Mutex<UnixStream>>,
    /// Says nothing of checks.
    quiet: bool,
    /// What ends the child is a finding of this check, if no other is named; and what is said before each call then.
    under: Option<(Check, &'static str)>,
}

impl Witness {
    /// The parent is at the other end of the standard input, which is a socket.
    pub(super) fn on_stdin() -> io::Result<Self> {
        let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        Ok(Self { stream: Arc::new(Mutex::new(stream)), quiet: false, under: None })
    }

    /// One that tells of calls only.
    pub(super) fn quiet(&self) -> Self {
        Self { quiet: true, ..self.clone() }
    }

    /// One of whose calls those that end the child are a finding of `check`.
    pub(super) fn under(&self, check: Check, how: &'static str) -> Self {
        Self { quiet: true, under: Some((check, how)), ..self.clone() }
    }

    pub(super) fn descriptor(&self) -> RawFd {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner).as_raw_fd()
    }

    fn tell(&self, message: &Message) {
        let of_check =
            matches!(message, Message::Found { .. } | Message::Judged(_) | Message::Skipped { .. } | Message::Note(_));
        if self.quiet && of_check {
            return;
        }
        let Ok(mut line) = serde_json::to_vec(message) else { return };
        line.push(b'\n');
        // A parent that is gone has no use for the rest.
        if self.stream.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line).is_err() {
            std::process::exit(0);
        }
    }

    /// Says what is called next.
    pub(super) fn calling(&self, call: &str) {
        let (under, how) = self.under.unzip();
        self.tell(&Message::Calling { call: format!("{}{call}", how.unwrap_or_default()), under });
    }

    /// Says what is called next, and of which check it is a finding if that ends the child.
    pub(super) fn calling_under(&self, check: Check, call: &str) {
        match self.under {
            Some(_) => self.calling(call),
            None => self.tell(&Message::Calling { call: call.to_owned(), under: Some(check) }),
        }
    }

    pub(super) fn found(&self, check: Check, message: impl Into<String>) {
        self.tell(&Message::Found { check, message: message.into() });
    }

    pub(super) fn judged(&self, check: Check) {
        self.tell(&Message::Judged(check));
    }

    /// Judges a check: a finding if there is a message.
    pub(super) fn judge(&self, check: Check, wrong: Option<String>) {
        self.judged(check);
        if let Some(message) = wrong {
            self.found(check, message);
        }
    }

    pub(super) fn skipped(&self, check: Check, why: impl Into<String>) {
        self.tell(&Message::Skipped { check, why: why.into() });
    }

    pub(super) fn note(&self, text: String) {
        self.tell(&Message::Note(text));
    }

    pub(super) fn stopped(&self, why: impl Into<String>) {
        self.tell(&Message::Stopped(why.into()));
    }

    pub(super) fn plugin(&self, info: &crate::Info) {
        self.tell(&Message::Plugin {
            name: info.name.clone(),
            version: info.version_text.clone(),
            api_version: info.api_version.to_string(),
            capabilities: info.capabilities.to_string(),
        });
    }

    pub(super) fn done(&self) {
        self.tell(&Message::Done);
    }
}
