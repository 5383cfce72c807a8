// SPDX-License-Identifier: Apache-2.0
//! [`Error`]: any error of std, with its causes, as the host's last error.

use std::fmt;

use falconet::error::{Message, Report};

/// An error of any kind, reported to the host with all of its causes: `reading the token: open: permission denied`.
///
/// Every error of std becomes one by `?`, and so does [`anyhow::Error`], with its context. It is allocated when it is made:
/// extraction reports none (rule 5.5), so there is none on its path.
///
/// ```
/// use falconet_std::Error;
/// fn limit(text: &str) -> Result<u32, Error> {
///     use anyhow::Context;
///     if text.is_empty() {
///         return Err(Error::new("no limit is given: a number was expected"));
///     }
///     Ok(text.parse::<u32>().context("reading the limit")?)
/// }
/// assert_eq!(limit("x").unwrap_err().to_string(), "reading the limit: invalid digit found in string");
/// ```
pub struct Error(anyhow::Error);

impl Error {
    /// An error of a text.
    #[must_use]
    pub fn new(text: impl fmt::Display + fmt::Debug + Send + Sync + 'static) -> Self {
        Self(anyhow::Error::msg(text))
    }
}

impl<E: Into<anyhow::Error>> From<E> for Error {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl Report for Error {
    fn report(&self, text: &mut Message) {
        let _cut_is_fine = fmt::Write::write_fmt(text, format_args!("{self}"));
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
