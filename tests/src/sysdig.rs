// SPDX-License-Identifier: Apache-2.0
//! Running the real host's command, and reading what it prints.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

use crate::host::RealHost;
use crate::witness::Encoding;

/// Between the columns of [`format`]: the host takes a name up to a space, and no log has this control character.
const BETWEEN: &str = " \u{1f} ";

/// A format for `-p` that prints these fields as columns, `<NA>` where one has no value. Read with [`Run::rows`].
#[must_use]
pub fn format(fields: &[&str]) -> String {
    // The asterisk is for lines that lack a value: they would not be printed at all.
    format!("*{}", fields.iter().map(|field| format!("%{field}")).collect::<Vec<_>>().join(BETWEEN))
}

/// Behind the last column of [`format_records`].
const END: &str = " \u{1e}";

/// The same for values of more than one line. Read with [`Run::records`].
#[must_use]
pub fn format_records(fields: &[&str]) -> String {
    format(fields) + END
}

/// The value of `-I` that opens a plugin's source.
#[must_use]
pub fn input(plugin: &str, params: impl AsRef<OsStr>) -> OsString {
    let mut input = OsString::from(format!("{plugin}:"));
    input.push(params);
    input
}

/// A run of the command that has ended.
#[derive(Clone, Debug)]
pub struct Run {
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it printed to stderr.
    pub stderr: String,
    /// The exit code, `None` if a signal ended it.
    pub code: Option<i32>,
}

impl Run {
    /// The lines, each byte as the character of its number.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let stdout = self.stdout.strip_suffix(b"\n").unwrap_or(&self.stdout);
        if stdout.is_empty() {
            return Vec::new();
        }
        stdout.split(|byte| *byte == b'\n').map(|line| Encoding::Latin1.decode(line)).collect()
    }

    /// The columns of each line that was printed with [`format()`].
    #[must_use]
    pub fn rows(&self) -> Vec<Vec<String>> {
        self.lines().iter().map(|line| line.split(BETWEEN).map(str::to_owned).collect()).collect()
    }

    /// The columns of each event that was printed with [`format_records`].
    #[must_use]
    pub fn records(&self) -> Vec<Vec<String>> {
        let text = String::from_utf8_lossy(&self.stdout);
        let end = format!("{END}\n");
        let mut records: Vec<_> = text.split(&end).collect();
        assert_eq!(records.pop(), Some(""), "what is behind the last event");
        records.iter().map(|record| record.split(BETWEEN).map(str::to_owned).collect()).collect()
    }

    /// Both outputs, for a failure.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("exit {:?}\n{}\n{}", self.code, String::from_utf8_lossy(&self.stdout), self.stderr)
    }

    /// The same, after a look that it was a success.
    ///
    /// # Panics
    /// If it was none.
    #[must_use]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.shown());
        self
    }
}

/// Runs sysdig with a plugin and more arguments. One that hangs is ended, without an exit code.
///
/// # Panics
/// If it cannot be started.
pub fn run<I: AsRef<OsStr>>(host: &RealHost, plugin: &Path, arguments: impl IntoIterator<Item = I>) -> Run {
    run_with(host, [OsStr::new("-H"), plugin.as_os_str()].map(OsStr::to_owned), arguments)
}

/// Runs sysdig with arguments only, in two parts for convenience.
///
/// # Panics
/// If it cannot be started.
#[expect(clippy::panic, reason = "it is how a test fails, and this is only called in tests")]
pub fn run_with<I: AsRef<OsStr>, J: AsRef<OsStr>>(
    host: &RealHost,
    first: impl IntoIterator<Item = I>,
    arguments: impl IntoIterator<Item = J>,
) -> Run {
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", "60"]).arg(&host.sysdig).args(first).args(arguments);
    let output = command.output().unwrap_or_else(|why| panic!("{command:?}: {why}"));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    Run { stdout: output.stdout, stderr, code: output.status.code() }
}
