// SPDX-License-Identifier: Apache-2.0
//! Lines by regular expressions, as strict as `examples/access-log` is.

use falco_plugin::anyhow::Error;
use regex::bytes::{Captures, Regex};

use crate::Parts;
use crate::time::utc_ns;

/// A line: client, ident, user, time, request, status, bytes, and referer, agent and more or nothing.
const LINE: &str = r#"(?s-u)^([^ ]+) [^ ]+ (.*?) \[([^\[]*?)\] "((?:[^"\\]|\\.)*)" ([0-9]{3}) (-|[0-9]+)(?: "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*"(?: .*)?)?$"#;

/// What is before a line's request.
const HEAD: &str = r#"(?s-u)^[^ ]+ [^ ]+ .*? \[([^\[]*?)\] ""#;

/// A request: method, target, and a protocol or none.
const REQUEST: &str = r"(?s-u)^([A-Za-z0-9!#$%&'*+.^_`|~-]+) (.+?)(?: HTTP/[^ ]*)?$";

/// The expressions, compiled.
pub(crate) struct Pattern {
    line: Regex,
    head: Regex,
    request: Regex,
}

impl Pattern {
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self { line: Regex::new(LINE)?, head: Regex::new(HEAD)?, request: Regex::new(REQUEST)? })
    }

    /// The time of a line's event in nanoseconds since 1970.
    pub(crate) fn time(&self, line: &[u8]) -> Option<u64> {
        utc_ns(self.head.captures(line)?.get(1)?.as_bytes())
    }

    /// What a line says; nothing, if it is no line of this kind.
    pub(crate) fn parts(&self, line: &[u8]) -> Parts {
        self.line.captures(line).and_then(|captures| self.of(&captures)).unwrap_or_default()
    }

    fn of(&self, line: &Captures<'_>) -> Option<Parts> {
        let text = |group: usize| std::str::from_utf8(line.get(group)?.as_bytes()).ok();
        let bytes = match text(6)? {
            "-" => None,
            digits => Some(digits.parse::<u64>().ok()?),
        };
        let mut parts = Parts {
            client: Some(line.get(1)?.range()),
            status: Some(text(5)?.parse().ok()?),
            bytes,
            ..Parts::default()
        };
        let request = line.get(4)?;
        if let Some(found) = self.request.captures(request.as_bytes()) {
            let [method, target] = [found.get(1)?, found.get(2)?];
            let path = target.as_bytes().iter().position(|byte| *byte == b'?').unwrap_or(target.len());
            let from = request.start() + target.start();
            parts.method = Some(request.start() + method.start()..request.start() + method.end());
            parts.path = Some(from..from + path);
        }
        Some(parts)
    }
}
