// SPDX-License-Identifier: Apache-2.0
//! Findings: what plugins did against the rules of the host without any call failing for it.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// One rule that a plugin broke, and how often it broke it in the same way.
///
/// It prints as `counter: plugin_parse_event returned with 1 entry ... (rule 9.3, 5 times)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The name of the plugin.
    pub plugin: String,
    /// The number of the rule in `docs/host.md`.
    pub rule: &'static str,
    /// What was done, and what to do instead.
    pub message: String,
    /// How often.
    pub count: u64,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plugin, rule, message, count } = self;
        match count {
            0 | 1 => write!(f, "{plugin}: {message} (rule {rule})"),
            count => write!(f, "{plugin}: {message} (rule {rule}, {count} times)"),
        }
    }
}

/// Where findings are kept until they are taken. Clones share them.
///
/// ```
/// let findings = falconet_host::Findings::default();
/// assert!(findings.take().is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Findings(Arc<Mutex<Vec<Finding>>>);

impl Findings {
    /// What was found since the last call, in the order of the first time.
    #[must_use]
    pub fn take(&self) -> Vec<Finding> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn add(&self, plugin: &str, rule: &'static str, message: String) {
        let mut findings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match findings.iter_mut().find(|found| found.plugin == plugin && found.message == message) {
            Some(found) => found.count += 1,
            None => findings.push(Finding { plugin: plugin.to_owned(), rule, message, count: 1 }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_again_is_counted() {
        let findings = Findings::default();
        for message in ["a", "b", "a"] {
            findings.add("p", "9.3", message.to_owned());
        }
        let texts: Vec<_> = findings.take().iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["p: a (rule 9.3, 2 times)", "p: b (rule 9.3)"]);
        assert!(findings.take().is_empty());
    }
}
