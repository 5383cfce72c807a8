// SPDX-License-Identifier: Apache-2.0
//! How long a call into a plugin may take: one that does not return ends the command, or is told.

use std::{
    io::{self, Write as _},
    time::Duration,
};

use anyhow::Context as _;
use clap::Args;
use falconet_host::{Stuck, watch};

/// Longer than any call of a plugin that works, but for downloads at init and open.
pub(super) const DEFAULT: f64 = 60.0;

/// What a call does that does not return.
const FAILURE: i32 = 1;

/// `--timeout` of the commands that end then.
#[derive(Args)]
pub(super) struct Limit {
    /// How long each call into the plugin may take: one that takes longer ends the command, with an error and exit code 1.
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT, value_parser = seconds)]
    timeout: f64,
}

impl Limit {
    pub(super) fn seconds(&self) -> f64 {
        self.timeout
    }

    /// Watches this thread from now on.
    pub(super) fn watch(&self) -> anyhow::Result<()> {
        watch_for(self.timeout)
    }
}

/// A number of seconds from a thousandth on.
pub(super) fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.001..=1e9).contains(seconds));
    seconds.ok_or_else(|| "a number of seconds from 0.001 to 1e9 was expected".to_owned())
}

/// Ends the process when a call of this thread into a plugin takes longer.
pub(super) fn watch_for(seconds: f64) -> anyhow::Result<()> {
    watch(Duration::from_secs_f64(seconds), end).context("cannot start the thread that looks after the plugin")
}

/// Ends the process with an error.
pub(super) fn end(stuck: &Stuck) {
    // A closed stderr is no reason to stay.
    let _ = writeln!(io::stderr(), "error: {stuck}: {}", advice(stuck));
    // No destructor runs: those of the plugin may hang as well.
    signal_hook::low_level::exit(FAILURE);
}

/// What was expected, and what to do.
fn advice(stuck: &Stuck) -> &'static str {
    match stuck.call.as_str() {
        "plugin_next_batch" => {
            "it should give -1 (timeout) after some ten milliseconds without an event, so that the host can do other \
             things. Mend that, or give the source more time with --timeout SECONDS"
        }
        _ => {
            "the host waits for ever, so each call must come to its end. Find what it waits for, a lock or a loop for \
             example, or give it more time with --timeout SECONDS"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_a_number_above_nothing() {
        assert_eq!((seconds("0.5"), seconds("60")), (Ok(0.5), Ok(60.0)));
        for text in ["", "x", "0", "-1", "nan", "inf", "1e10"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
