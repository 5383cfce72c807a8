// SPDX-License-Identifier: Apache-2.0
//! The independent witness of access-log: `tests/py/parse_access_log.py`, run on a log.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

use serde_json::Value as Json;

use crate::host::{Skip, root};

/// What Python makes of one line.
#[derive(Clone, Debug)]
pub struct Line {
    /// The line's number, from 1: that of its event.
    pub num: u64,
    /// The line's own time in nanoseconds, if it has one: of a malformed line, too, where only what follows it is wrong.
    pub ts: Option<u64>,
    /// The values by their names with arguments, such as `access.query[q]`; what has none is not there.
    pub fields: BTreeMap<String, Json>,
}

impl Line {
    /// The values of a field that is text or a list of texts; empty where it has none.
    #[must_use]
    pub fn texts(&self, field: &str) -> Vec<&str> {
        match self.fields.get(field) {
            Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).collect(),
            Some(value) => value.as_str().into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// The value of a field, as the host prints it.
    #[must_use]
    pub fn printed(&self, field: &str) -> String {
        self.fields.get(field).map_or_else(|| "<NA>".to_owned(), printed)
    }
}

/// A value as the host prints it: lists in parentheses, with commas between, but none behind empty texts that a list
/// begins with.
#[must_use]
pub fn printed(value: &Json) -> String {
    match value {
        Json::Null => "<NA>".to_owned(),
        Json::String(text) => text.clone(),
        Json::Array(items) => {
            let mut list = String::new();
            for item in items {
                if !list.is_empty() {
                    list.push(',');
                }
                list.push_str(&printed(item));
            }
            format!("({list})")
        }
        other => other.to_string(),
    }
}

/// How bytes that need not be UTF-8 become text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Those that are none become U+FFFD.
    Lossy,
    /// Each becomes the character of its number: nothing is lost.
    Latin1,
}

impl Encoding {
    /// The text.
    #[must_use]
    pub fn decode(self, bytes: &[u8]) -> String {
        match self {
            Self::Lossy => String::from_utf8_lossy(bytes).into_owned(),
            Self::Latin1 => bytes.iter().copied().map(char::from).collect(),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Lossy => "lossy",
            Self::Latin1 => "latin-1",
        }
    }
}

/// The logs to compare on: the sample, and the real one where it is.
#[must_use]
pub fn logs() -> Vec<PathBuf> {
    let sample = root().join("examples/access-log/sample.log");
    [sample].into_iter().chain(real_log()).collect()
}

/// 7,000 lines of a public web server, beside the project where its authors work. Elsewhere the test that asks says
/// that it goes on without.
#[must_use]
pub fn real_log() -> Option<PathBuf> {
    let log = root().join("../shared/data/access.log");
    if log.exists() {
        return Some(log);
    }
    static SAID: Once = Once::new();
    // Not `eprintln!`, which the test harness keeps to itself when a test passes.
    SAID.call_once(|| {
        let _ = writeln!(std::io::stderr(), "without the real log, which is not at {}", log.display());
    });
    None
}

/// What Python makes of a log, asked for these keys of `access.query` and numbers of `access.segment`.
///
/// # Errors
/// [`Skip`] where there is no Python.
///
/// # Panics
/// If the script fails.
pub fn parse(log: &Path, keys: &[&str], numbers: &[u32], encoding: Encoding) -> Result<Vec<Line>, Skip> {
    let mut command = Command::new("python3");
    command.arg(root().join("tests/py/parse_access_log.py")).args(["--encoding", encoding.name()]);
    command.args(keys.iter().flat_map(|key| ["--query", key]));
    command.args(numbers.iter().flat_map(|number| ["--segment".to_owned(), number.to_string()]));
    command.arg(log);
    let Ok(output) = command.output() else { return Err(Skip::new("there is no python3")) };
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{why}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(line).collect())
}

#[expect(clippy::panic, reason = "it is how a test fails, and this is only called in tests")]
fn line(json: &str) -> Line {
    let parsed = serde_json::from_str::<Json>(json);
    let fields = parsed.as_ref().ok().and_then(|line| line["fields"].as_object());
    let (Ok(line), Some(fields)) = (&parsed, fields) else { panic!("no line of the script: {json}") };
    let fields = fields.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    Line { num: line["num"].as_u64().unwrap_or_default(), ts: line["ts"].as_u64(), fields }
}
