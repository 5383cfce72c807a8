// SPDX-License-Identifier: Apache-2.0
//! The other JSON of a plugin: lists of sources and of async events, and the open parameters (rules 6.3 and 4.12).

use serde_json::Value as Json;

use crate::fields::kind_of;

/// One way to open a plugin's source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenParam {
    /// What to hand to open.
    pub value: String,
    /// What it means, may be empty.
    pub description: String,
    /// What separates several values, may be empty.
    pub separator: String,
}

/// What is wrong with a plugin's JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{symbol} gave a bad text: {what}")]
pub struct JsonError {
    /// The symbol that gave it.
    pub symbol: &'static str,
    /// What is wrong, and what was expected.
    pub what: String,
}

/// A JSON array of texts. An empty text is an empty list, which `required` refuses.
pub(crate) fn texts(symbol: &'static str, json: &str, required: bool) -> Result<Vec<String>, JsonError> {
    let error = |what: String| JsonError { symbol, what };
    let entries = if json.is_empty() { Vec::new() } else { array(symbol, json)? };
    if required && entries.is_empty() {
        return Err(error("an array of at least one text was expected".to_owned()));
    }
    entries
        .iter()
        .map(|entry| match entry.as_str() {
            Some("") => Err(error("an entry is empty".to_owned())),
            Some(text) => Ok(text.to_owned()),
            None => Err(error(format!("an entry is {} where a text was expected", kind_of(entry)))),
        })
        .collect()
}

/// The JSON of `list_open_params`. An empty text is an empty list.
pub(crate) fn open_params(json: &str) -> Result<Vec<OpenParam>, JsonError> {
    let symbol = "plugin_list_open_params";
    let error = |index: usize, what: String| JsonError { symbol, what: format!("entry {index} (from 0): {what}") };
    let entries = if json.is_empty() { Vec::new() } else { array(symbol, json)? };
    entries
        .iter()
        .enumerate()
        .map(|(index, entry)| {
            let text = |key: &str| match entry.get(key) {
                None | Some(Json::Null) => Ok(String::new()),
                Some(Json::String(text)) => Ok(text.clone()),
                Some(other) => Err(error(index, format!("'{key}' is {} where a text was expected", kind_of(other)))),
            };
            if !entry.is_object() {
                return Err(error(index, format!("{} where an object was expected", kind_of(entry))));
            }
            let value = text("value")?;
            if value.is_empty() {
                return Err(error(index, "'value' is missing or empty".to_owned()));
            }
            Ok(OpenParam { value, description: text("desc")?, separator: text("separator")? })
        })
        .collect()
}

fn array(symbol: &'static str, json: &str) -> Result<Vec<Json>, JsonError> {
    match serde_json::from_str(json) {
        Ok(Json::Array(entries)) => Ok(entries),
        Ok(other) => Err(JsonError { symbol, what: format!("{} where an array was expected", kind_of(&other)) }),
        Err(error) => Err(JsonError { symbol, what: format!("no valid JSON: {error}") }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_6_3_lists_are_arrays_of_texts() {
        let of = |json: &str, required| texts("plugin_x", json, required).map_err(|error| error.to_string());
        assert_eq!(of(r#"["a","b"]"#, true), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(of("", false), Ok(Vec::new()));
        assert_eq!(of("[]", false), Ok(Vec::new()));
        let empty = "plugin_x gave a bad text: an array of at least one text was expected".to_owned();
        assert_eq!((of("", true), of("[]", true)), (Err(empty.clone()), Err(empty)));
        assert!(of("{}", false).unwrap_err().ends_with("an object where an array was expected"));
        assert!(of("[1]", false).unwrap_err().ends_with("an entry is a number where a text was expected"));
        assert!(of("nope", false).unwrap_err().contains("no valid JSON"));
    }

    #[test]
    fn host_4_12_open_params_have_values() {
        let error = open_params(r#"[{"value":"a"},{"value":""}]"#).unwrap_err().to_string();
        assert_eq!(error, "plugin_list_open_params gave a bad text: entry 1 (from 0): 'value' is missing or empty");
        let list = open_params(r#"[{"value":"a","desc":"d","separator":","}]"#).unwrap();
        assert_eq!(list, [OpenParam { value: "a".into(), description: "d".into(), separator: ",".into() }]);
        assert!(open_params("[7]").unwrap_err().to_string().ends_with("a number where an object was expected"));
        assert_eq!(open_params(""), Ok(Vec::new()));
    }
}
