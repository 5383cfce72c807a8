// SPDX-License-Identifier: Apache-2.0
//! What stderr shows during a run: a bar where it is a terminal, and the plugin's log lines.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use falconet_host::{Capture, LogRecord};
use indicatif::{ProgressBar, ProgressStyle};

const EVERY: Duration = Duration::from_millis(100);

/// A bar on stderr, or nothing where that is no terminal.
#[derive(Clone)]
pub(super) struct Progress {
    bar: ProgressBar,
    last: Instant,
    shares_terminal: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        let bar = if io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        let last = Instant::now();
        Self { bar, last, shares_terminal: io::stderr().is_terminal() && io::stdout().is_terminal() }
    }

    /// Shows how far `capture` has come, at most ten times a second.
    pub(super) fn update(&mut self, capture: &Capture<'_>, events: u64) {
        if self.bar.is_hidden() || self.last.elapsed() < EVERY {
            return;
        }
        self.last = Instant::now();
        match capture.progress() {
            Ok(Some(progress)) => {
                if self.bar.length().is_none() {
                    self.bar.set_length(10_000);
                    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent}% {msg}") {
                        self.bar.set_style(style);
                    }
                }
                self.bar.set_position(u64::from(progress.hundredths));
                self.bar.set_message(format!("{events} events {}", progress.text.unwrap_or_default()));
            }
            _ => {
                self.bar.set_message(format!("{events} events"));
                self.bar.tick();
            }
        }
    }

    /// Writes to the terminal, the bar out of the way if it is on the same.
    pub(super) fn around<R>(&self, write: impl FnOnce() -> R) -> R {
        if self.shares_terminal { self.bar.suspend(write) } else { write() }
    }

    /// Writes a log line to stderr as it comes.
    pub(super) fn log(&self, record: &LogRecord) {
        self.line(&record.to_string());
    }

    /// Writes a line to stderr as it comes.
    pub(super) fn line(&self, line: &str) {
        // There is nowhere to say that stderr is closed.
        self.bar.suspend(|| drop(writeln!(io::stderr(), "{line}")));
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
