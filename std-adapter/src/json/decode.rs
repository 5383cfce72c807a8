// SPDX-License-Identifier: Apache-2.0
//! Typed decoding that borrows from the payload, and says in plain words what did not fit.

use std::error::Error;
use std::fmt;

use serde::Deserialize;
use serde_json::Deserializer;

/// Decodes a whole payload. A `&'de str` or `&'de [u8]` in `T` is borrowed from it; one with escapes needs a
/// `Cow<'de, str>` with `#[serde(borrow)]`. JSON is taken strictly; see the [module](super) for the lenient way.
///
/// ```
/// use falconet_std::json;
///
/// let payload = br#"{"user": "alice", "groups": ["a", "b"]}"#;
/// let decoded: std::collections::BTreeMap<&str, serde_json::Value> = json::decode(payload)?;
/// assert_eq!(decoded["user"], "alice");
///
/// let (name, ports): (&str, Vec<u16>) = json::decode(br#"["web", [80, 443]]"#)?;
/// assert_eq!((name, ports.len()), ("web", 2));
///
/// let error = json::decode::<(&str, Vec<u16>)>(br#"["web", [80, -1]]"#).unwrap_err();
/// assert_eq!(error.to_string(), "[1][1]: invalid value: integer `-1`, expected u16, at byte 15");
/// # Ok::<(), json::DecodeError>(())
/// ```
///
/// # Errors
/// [`DecodeError`] where the payload is no JSON, has another shape than `T`, or something follows the value. Only then
/// it is decoded once more, to tell the path; a payload that fits costs no more than with `serde_json` alone.
pub fn decode<'de, T: Deserialize<'de>>(payload: &'de [u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(payload).map_err(|error| DecodeError::new::<T>(payload, error))
}

/// What of a payload did not fit, and where.
///
/// ```
/// use falconet_std::json;
///
/// let error = json::decode::<Vec<u8>>(b"[1, 256]").unwrap_err();
/// assert_eq!((error.path(), error.offset()), ("[1]", 7));
/// assert_eq!(error.to_string(), "[1]: invalid value: integer `256`, expected u8, at byte 7");
/// ```
#[derive(Debug)]
pub struct DecodeError {
    path: String,
    offset: usize,
    error: serde_json::Error,
}

impl DecodeError {
    #[cold]
    fn new<'de, T: Deserialize<'de>>(payload: &'de [u8], error: serde_json::Error) -> Self {
        let mut deserializer = Deserializer::from_slice(payload);
        let path = match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
            Err(error) => error.path().to_string(),
            Ok(_) => String::new(), // something follows
        };
        let path = if path == "." { String::new() } else { path };
        let lines = payload.split_inclusive(|byte| *byte == b'\n');
        let before: usize = lines.take(error.line().saturating_sub(1)).map(<[u8]>::len).sum();
        let offset = before.saturating_add(error.column()).min(payload.len());
        Self { path, offset, error }
    }

    /// The way to the value that did not fit, as `user.groups[1]`; empty for the whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// How many bytes had been read when it was seen: it is before or at this byte.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// What `serde_json` says.
    #[must_use]
    pub const fn inner(&self) -> &serde_json::Error {
        &self.error
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        // A payload's lines say little: the place is given in bytes.
        let words = self.error.to_string();
        let place = format!(" at line {} column {}", self.error.line(), self.error.column());
        write!(f, "{}, at byte {}", words.strip_suffix(&place).unwrap_or(&words), self.offset)
    }
}

impl Error for DecodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}
