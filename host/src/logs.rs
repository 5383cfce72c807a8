// SPDX-License-Identifier: Apache-2.0
//! What plugins say through `log_fn`: kept in order, or handed to a callback as it comes.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use falconet::abi::{
    LOG_CRITICAL, LOG_DEBUG, LOG_ERROR, LOG_FATAL, LOG_INFO, LOG_NOTICE, LOG_TRACE, LOG_WARNING, LogSeverity,
};

/// How grave a message is, gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// The program cannot go on.
    Fatal,
    /// Something is badly broken.
    Critical,
    /// Something failed.
    Error,
    /// Something looks wrong.
    Warning,
    /// Something worth notice.
    Notice,
    /// Something worth knowing.
    Info,
    /// For who looks for mistakes.
    Debug,
    /// Step by step.
    Trace,
    /// A number that the API does not have.
    Unknown(LogSeverity),
}

impl From<LogSeverity> for Severity {
    fn from(severity: LogSeverity) -> Self {
        match severity {
            LOG_FATAL => Self::Fatal,
            LOG_CRITICAL => Self::Critical,
            LOG_ERROR => Self::Error,
            LOG_WARNING => Self::Warning,
            LOG_NOTICE => Self::Notice,
            LOG_INFO => Self::Info,
            LOG_DEBUG => Self::Debug,
            LOG_TRACE => Self::Trace,
            other => Self::Unknown(other),
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Fatal => "fatal",
            Self::Critical => "critical",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
            Self::Unknown(number) => return write!(f, "severity {number}"),
        };
        f.write_str(name)
    }
}

/// One message of a plugin. It prints as `warning: access_log: text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    /// How grave it is.
    pub severity: Severity,
    /// Who speaks: what the plugin gave, else the plugin's name.
    pub component: String,
    /// What it says, bytes that are no UTF-8 replaced by U+FFFD.
    pub message: String,
}

impl fmt::Display for LogRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.severity, self.component, self.message)
    }
}

type Callback = dyn Fn(&LogRecord) + Send + Sync;

/// Where the messages of a plugin go. Clones share what is kept; any thread of a plugin may log.
///
/// ```
/// let logs = falconet_host::Logs::new();
/// assert!(logs.take().is_empty());
/// ```
#[derive(Clone, Default)]
pub struct Logs {
    records: Arc<Mutex<Vec<LogRecord>>>,
    callback: Option<Arc<Callback>>,
}

impl Logs {
    /// Logs that are kept until they are taken.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Logs that are not kept but handed to `callback` as they come, on the thread that logs.
    #[must_use]
    pub fn with_callback(callback: impl Fn(&LogRecord) + Send + Sync + 'static) -> Self {
        Self { callback: Some(Arc::new(callback)), ..Self::default() }
    }

    /// What was logged since the last call, in order.
    #[must_use]
    pub fn take(&self) -> Vec<LogRecord> {
        std::mem::take(&mut *self.records.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn push(&self, record: LogRecord) {
        match &self.callback {
            Some(callback) => callback(&record),
            None => self.records.lock().unwrap_or_else(PoisonError::into_inner).push(record),
        }
    }
}

impl fmt::Debug for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logs").field("callback", &self.callback.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_have_names_and_unknown_ones_keep_their_number() {
        assert_eq!(Severity::from(4).to_string(), "warning");
        assert_eq!(Severity::from(0).to_string(), "severity 0");
        assert_eq!(Severity::from(99).to_string(), "severity 99");
    }
}
