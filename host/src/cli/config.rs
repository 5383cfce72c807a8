// SPDX-License-Identifier: Apache-2.0
//! The config of a run: the command line's or else the crate's, and what `--follow` sets in it.

use anyhow::Context as _;
use falconet_host::{Defaults, JsonObject};
use serde_json::{Value, json};

/// The config as the plugin gets it.
pub(super) fn of_run(given: Option<&str>, follow: bool, defaults: &Defaults) -> anyhow::Result<String> {
    let config = given.or(defaults.config.as_deref()).unwrap_or_default();
    if !follow {
        return Ok(config.to_owned());
    }
    let patch = match &defaults.follow_config {
        Some(patch) => patch.clone(),
        None => JsonObject::from_iter([("follow".to_owned(), json!(true))]),
    };
    let mut object = match config.trim() {
        "" => JsonObject::new(),
        text => serde_json::from_str(text).with_context(|| {
            let patch = Value::Object(patch.clone());
            format!("--follow sets {patch} in the plugin's config, which must be empty or a JSON object, not '{text}'")
        })?,
    };
    merge(&mut object, patch);
    Ok(Value::Object(object).to_string())
}

/// Sets all that `patch` has: an object is merged into an object, anything else is replaced.
fn merge(object: &mut JsonObject, patch: JsonObject) {
    for (key, value) in patch {
        match (object.get_mut(&key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            (_, value) => {
                object.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(given: Option<&str>, follow: bool, config: Option<&str>, follow_config: Option<&str>) -> String {
        let follow_config = follow_config.map(|text| serde_json::from_str(text).unwrap());
        let defaults = Defaults { config: config.map(str::to_owned), follow_config, ..Defaults::default() };
        of_run(given, follow, &defaults).unwrap_or_else(|error| format!("{error:#}"))
    }

    #[test]
    fn without_follow_the_config_is_passed_on_as_it_is() {
        assert_eq!(of(None, false, None, Some(r#"{"a":1}"#)), "");
        assert_eq!(of(None, false, Some("default"), None), "default");
        assert_eq!(of(Some(" x "), false, Some("default"), None), " x ");
    }

    #[test]
    fn follow_is_merged_into_a_json_object() {
        for empty in [None, Some(""), Some(" \n"), Some("{}"), Some(r#"{"follow":false}"#)] {
            assert_eq!(of(empty, true, None, None), r#"{"follow":true}"#);
        }
        assert_eq!(of(None, true, Some(r#"{"b":[1],"z":null}"#), None), r#"{"b":[1],"follow":true,"z":null}"#);
        let nested = r#"{"source":{"follow":true,"poll":{"ms":10}}}"#;
        assert_eq!(of(None, true, None, Some(nested)), nested);
        assert_eq!(
            of(Some(r#"{"source":{"path":"x","poll":5}}"#), true, None, Some(nested)),
            r#"{"source":{"follow":true,"path":"x","poll":{"ms":10}}}"#
        );
    }

    #[test]
    fn a_config_that_is_no_json_object_cannot_be_merged_into() {
        for config in ["verbose", "[]", "{\"a\":1} x"] {
            let told = of(Some(config), true, None, None);
            let begin = format!(
                "--follow sets {{\"follow\":true}} in the plugin's config, which must be empty or a JSON object, not '{config}': "
            );
            assert!(told.starts_with(&begin), "{told}");
        }
    }
}
