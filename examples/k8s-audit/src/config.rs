// SPDX-License-Identifier: Apache-2.0
//! The init config: keys and defaults of the official plugin.

use std::ffi::CStr;
use std::fmt;
use std::path::PathBuf;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// The schema of the config, for the host's check: as the official one, so that it refuses what that refuses. Keys in
/// other letter case, and unknown ones, pass it.
pub const SCHEMA: &CStr = cr#"{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "title": "k8saudit config",
  "type": "object",
  "properties": {
    "sslCertificate": {
      "type": "string",
      "title": "SSL certificate",
      "description": "PEM file with the certificate and the key of the https webhook (Default: /etc/falco/falco.pem)",
      "default": "/etc/falco/falco.pem"
    },
    "useAsync": {
      "type": "boolean",
      "title": "Use async extraction",
      "description": "Of the official plugin; accepted and without effect here (Default: true)",
      "default": true
    },
    "maxEventSize": {
      "type": "integer",
      "title": "Maximum event size",
      "description": "Bytes of the largest audit event; larger ones are left out (Default: 262144)",
      "default": 262144
    },
    "webhookMaxBatchSize": {
      "type": "integer",
      "title": "Maximum webhook request size",
      "description": "Bytes of the largest body of a webhook request (Default: 12582912)",
      "default": 12582912
    }
  },
  "additionalProperties": true
}
"#;

/// The init config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// PEM file with the certificate and the key of an `https` webhook.
    pub ssl_certificate: PathBuf,
    /// Kept for compatibility: it chooses between two ways of the official plugin's calls.
    pub use_async: bool,
    /// Bytes of the largest event; with 0 every event is too large.
    pub max_event_size: usize,
    /// Bytes of the largest body of a webhook request.
    pub webhook_max_batch_size: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            ssl_certificate: PathBuf::from("/etc/falco/falco.pem"),
            use_async: true,
            max_event_size: 256 << 10,
            webhook_max_batch_size: 12 << 20,
        }
    }
}

impl Config {
    /// Reads a config: the text of a JSON object, or nothing for the defaults. Beside it, the keys that mean nothing, for
    /// a warning. Letter case of keys does not count, and of a key that comes twice the last value does.
    ///
    /// # Errors
    /// [`ConfigError`] says which key has which wrong value.
    pub fn parse(text: &str) -> Result<(Self, Vec<String>), ConfigError> {
        let mut config = Self::default();
        let mut unknown = Vec::new();
        if text.trim_ascii().is_empty() {
            return Ok((config, unknown));
        }
        let Entries(entries) = serde_json::from_str(text).map_err(|error| match error.is_data() {
            true => ConfigError::NotAnObject,
            false => ConfigError::NotJson(error.to_string()),
        })?;
        for (key, value) in entries {
            let known = |name: &str| key.eq_ignore_ascii_case(name);
            if known("sslCertificate") {
                let path =
                    value.as_str().ok_or_else(|| ConfigError::wrong(&key, "a string, the path of a file", &value));
                config.ssl_certificate = path?.into();
            } else if known("useAsync") {
                config.use_async = value.as_bool().ok_or_else(|| ConfigError::wrong(&key, "true or false", &value))?;
            } else if known("maxEventSize") {
                config.max_event_size = size(&key, &value)?;
            } else if known("webhookMaxBatchSize") {
                config.webhook_max_batch_size = size(&key, &value)?;
            } else {
                unknown.push(key);
            }
        }
        Ok((config, unknown))
    }

    /// Bytes of the longest line of a file: a line may have many events, as a webhook request, so the same holds for
    /// both, and an event of the largest size fits into a line.
    #[must_use]
    pub fn max_line_size(&self) -> usize {
        self.max_event_size.max(self.webhook_max_batch_size)
    }
}

fn size(key: &str, value: &Value) -> Result<usize, ConfigError> {
    let size = value.as_u64().and_then(|size| usize::try_from(size).ok());
    size.ok_or_else(|| ConfigError::wrong(key, "a whole number of bytes, 0 or more", value))
}

/// Why a config cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The text does not parse; why, and where.
    #[error("the init config is not JSON: {0}")]
    NotJson(String),
    /// It is JSON of another kind.
    #[error("the init config is not a JSON object")]
    NotAnObject,
    /// A key has a value that it cannot have.
    #[error("the init config has a wrong value at `{key}`: expected {expected}, found {found}")]
    Wrong {
        /// The key, as it is written.
        key: String,
        /// What it can have.
        expected: &'static str,
        /// The value, cut if it is long.
        found: String,
    },
}

impl ConfigError {
    fn wrong(key: &str, expected: &'static str, found: &Value) -> Self {
        let mut text = found.to_string();
        if let Some((cut, _)) = text.char_indices().nth(60) {
            text.truncate(cut);
            text.push_str("...");
        }
        Self::Wrong { key: key.to_owned(), expected, found: text }
    }
}

/// The entries of an object in their order.
struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;
        impl<'de> Visitor<'de> for Entry {
            type Value = Entries;
            fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
                text.write_str("an object")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Entries, M::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_the_defaults() {
        for text in ["", " \n", "{}", "{ }"] {
            assert_eq!(Config::parse(text), Ok((Config::default(), vec![])), "{text:?}");
        }
        let Config { ssl_certificate, use_async, max_event_size, webhook_max_batch_size } = Config::default();
        assert_eq!(ssl_certificate.to_str(), Some("/etc/falco/falco.pem"));
        assert_eq!((use_async, max_event_size, webhook_max_batch_size), (true, 262_144, 12_582_912));
    }

    #[test]
    fn the_schema_has_the_defaults() {
        let schema: Value = serde_json::from_slice(SCHEMA.to_bytes()).unwrap();
        let all: serde_json::Map<_, _> =
            schema["properties"].as_object().unwrap().iter().map(|(k, v)| (k.clone(), v["default"].clone())).collect();
        assert_eq!(all.len(), 4);
        let (config, unknown) = Config::parse(&Value::Object(all).to_string()).unwrap();
        assert_eq!((config, unknown), (Config::default(), vec![]));
    }

    #[test]
    fn keys_in_any_letter_case_the_last_counts_and_unknown_ones_are_reported() {
        let text = r#"{"SSLCERTIFICATE":"/x.pem","useasync":false,"MaxEventSize":1,"maxEventSize":0,
            "webhookMaxBatchsize":77,"webhookMaxBatchSizes":1,"":{"a":[]}}"#;
        let (config, unknown) = Config::parse(text).unwrap();
        assert_eq!(config.ssl_certificate.to_str(), Some("/x.pem"));
        assert_eq!((config.use_async, config.max_event_size, config.webhook_max_batch_size), (false, 0, 77));
        assert_eq!(unknown, ["webhookMaxBatchSizes", ""]);
        assert_eq!(config.max_line_size(), 77);
    }

    #[test]
    fn errors_say_where_and_what() {
        for (text, says) in [
            (r#"{"maxEventSize":-1}"#, "`maxEventSize`: expected a whole number of bytes, 0 or more, found -1"),
            (r#"{"MAXEVENTSIZE":1.5}"#, "`MAXEVENTSIZE`: expected a whole number of bytes, 0 or more, found 1.5"),
            (r#"{"webhookMaxBatchSize":"1"}"#, "`webhookMaxBatchSize`: expected a whole number"),
            (r#"{"webhookMaxBatchSize":-12}"#, "found -12"),
            (r#"{"webhookMaxBatchSize":99999999999999999999}"#, "found 1e+20"),
            (r#"{"useAsync":"yes"}"#, r#"`useAsync`: expected true or false, found "yes""#),
            (r#"{"useAsync":null}"#, "found null"),
            (r#"{"sslCertificate":7}"#, "`sslCertificate`: expected a string, the path of a file, found 7"),
            ("[]", "not a JSON object"),
            ("null", "not a JSON object"),
            ("7", "not a JSON object"),
            (r#"{"a":1"#, "not JSON: EOF while parsing an object at line 1 column 6"),
            ("{} {}", "not JSON: trailing characters"),
            ("maxEventSize: 1", "not JSON: expected value at line 1"),
        ] {
            let error = Config::parse(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
        let long = format!(r#"{{"useAsync":"{}"}}"#, "é".repeat(1000));
        assert!(Config::parse(&long).unwrap_err().to_string().len() < 260);
    }
}
