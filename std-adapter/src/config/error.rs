// SPDX-License-Identifier: Apache-2.0
//! [`ConfigError`]: which key is wrong, and what was expected.

use std::error::Error;
use std::fmt;

use serde_path_to_error::{Path, Segment};

/// Why a config was refused.
///
/// ```
/// use falconet_std::config;
/// use std::collections::BTreeMap;
///
/// let error = config::read::<BTreeMap<String, Vec<u8>>>(cr#"{"sizes": [1, 256]}"#).unwrap_err();
/// assert_eq!(error.path(), ".sizes[1]");
/// assert_eq!(error.to_string(), "config: .sizes[1]: invalid value: integer `256`, expected u8");
///
/// let error = config::read::<BTreeMap<String, u8>>(cr#"{"size": "#).unwrap_err();
/// assert_eq!(error.to_string(), "config: .size: EOF while parsing a value at line 1 column 8");
/// ```
#[derive(Debug)]
pub struct ConfigError {
    path: String,
    error: serde_json::Error,
}

impl ConfigError {
    pub(super) fn new(error: serde_path_to_error::Error<serde_json::Error>) -> Self {
        Self { path: written(error.path()), error: error.into_inner() }
    }

    /// Something is behind the config.
    pub(super) const fn of_text(error: serde_json::Error) -> Self {
        Self { path: String::new(), error }
    }

    /// The way to what is wrong, as `.server.ports[1]`; empty for the whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// A path as jq has it; a key that is none there is quoted.
fn written(path: &Path) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("[{index}]")),
            Segment::Map { key } | Segment::Enum { variant: key } => match key.as_str() {
                key if key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') => {
                    text.push('.');
                    text.push_str(key);
                }
                key => text.push_str(&format!(".{key:?}")),
            },
            Segment::Unknown => {}
        }
    }
    text
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("config: ")?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        let words = self.error.to_string();
        if !self.error.is_data() {
            return f.write_str(&words);
        }
        // The path says where, and a user who writes YAML has never seen this text.
        let place = format!(" at line {} column {}", self.error.line(), self.error.column());
        f.write_str(words.strip_suffix(&place).unwrap_or(&words))
    }
}

impl Error for ConfigError {}
