// SPDX-License-Identifier: Apache-2.0
//! The JSON of `get_fields`, checked by the rules of section 6, and stricter than the host: no duplicate name, no
//! unknown key, no unknown property.

use std::{collections::HashSet, fmt};

use falconet::abi::{
    self, FTYPE_ABSTIME, FTYPE_BOOL, FTYPE_IPADDR, FTYPE_IPNET, FTYPE_RELTIME, FTYPE_STRING, FTYPE_UINT64,
};
use serde_json::{Map, Value as Json};

/// The type of a field's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// `string`: bytes up to a NUL.
    String,
    /// `uint64`.
    U64,
    /// `bool`: four bytes, zero is false.
    Bool,
    /// `reltime`: nanoseconds.
    RelTime,
    /// `abstime`: nanoseconds since 1970.
    AbsTime,
    /// `ipaddr`: 4 or 16 bytes.
    IpAddr,
    /// `ipnet`: 4 or 16 bytes.
    IpNet,
}

impl FieldType {
    const ALL: [Self; 7] =
        [Self::String, Self::U64, Self::Bool, Self::RelTime, Self::AbsTime, Self::IpAddr, Self::IpNet];

    /// Its name in the JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::U64 => "uint64",
            Self::Bool => "bool",
            Self::RelTime => "reltime",
            Self::AbsTime => "abstime",
            Self::IpAddr => "ipaddr",
            Self::IpNet => "ipnet",
        }
    }

    /// Its number in a request (`ftype`).
    #[must_use]
    pub const fn number(self) -> abi::FieldType {
        match self {
            Self::String => FTYPE_STRING,
            Self::U64 => FTYPE_UINT64,
            Self::Bool => FTYPE_BOOL,
            Self::RelTime => FTYPE_RELTIME,
            Self::AbsTime => FTYPE_ABSTIME,
            Self::IpAddr => FTYPE_IPADDR,
            Self::IpNet => FTYPE_IPNET,
        }
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which argument a field takes. None at all if neither `index` nor `key`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FieldArgument {
    /// The field has no value without one.
    pub required: bool,
    /// It may be a number.
    pub index: bool,
    /// It may be any text.
    pub key: bool,
}

impl fmt::Display for FieldArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.index, self.key) {
            (false, false) => return Ok(()),
            (true, false) => "index",
            (false, true) => "key",
            (true, true) => "key or index",
        })?;
        f.write_str(if self.required { ", required" } else { ", optional" })
    }
}

/// One field of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its place in the JSON: the `field_id` of a request.
    pub id: u32,
    /// Its name, which filters and outputs use.
    pub name: String,
    /// The type of its values.
    pub kind: FieldType,
    /// Whether it may have several values.
    pub list: bool,
    /// The argument that it takes.
    pub argument: FieldArgument,
    /// What it means.
    pub description: String,
    /// A short name for listings, empty if there is none.
    pub display: String,
    /// Whether the host is asked to add it to outputs (`addOutput`).
    pub add_output: bool,
    /// `hidden`, `info`, `conversation`.
    pub properties: Vec<String>,
}

/// What is wrong with the JSON of `get_fields`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldsError {
    /// It is no JSON.
    #[error("plugin_get_fields gave no valid JSON: {0}")]
    Json(String),
    /// It is no array of at least one object.
    #[error("plugin_get_fields gave {0} where an array of at least one field was expected")]
    NoArray(&'static str),
    /// An entry that cannot be named further.
    #[error("field {index} (from 0): {what}")]
    Entry {
        /// Its place in the array.
        index: usize,
        /// What is wrong.
        what: String,
    },
    /// A field with a mistake.
    #[error("field '{name}': {what}")]
    Field {
        /// Its name.
        name: String,
        /// What is wrong.
        what: String,
    },
}

/// The fields in the JSON of `get_fields`.
pub(crate) fn parse(json: &str) -> Result<Vec<Field>, FieldsError> {
    let root: Json = serde_json::from_str(json).map_err(|error| FieldsError::Json(error.to_string()))?;
    let entries = match &root {
        Json::Array(entries) if entries.is_empty() => return Err(FieldsError::NoArray("an empty array")),
        Json::Array(entries) => entries,
        other => return Err(FieldsError::NoArray(kind_of(other))),
    };
    let mut names = HashSet::new();
    let mut fields = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let field = parse_entry(index, entry)?;
        if !names.insert(field.name.clone()) {
            return Err(FieldsError::Field { name: field.name, what: "the name is there twice".to_owned() });
        }
        fields.push(field);
    }
    Ok(fields)
}

fn parse_entry(index: usize, entry: &Json) -> Result<Field, FieldsError> {
    let in_entry = |what: String| FieldsError::Entry { index, what };
    let Json::Object(entry) = entry else {
        return Err(in_entry(format!("{} where an object was expected", kind_of(entry))));
    };
    let name = required_text(entry, "name").map_err(in_entry)?;
    let in_field = |what: String| FieldsError::Field { name: name.clone(), what };
    if let Some(bad) = name.chars().find(|c| c.is_whitespace() || c.is_control() || "[](),".contains(*c)) {
        return Err(in_field(format!("the name holds {bad:?}, which a filter cannot spell")));
    }
    known_keys(entry, &["name", "type", "desc", "display", "isList", "addOutput", "properties", "arg"])
        .map_err(in_field)?;
    let kind = required_text(entry, "type").map_err(in_field)?;
    let Some(kind) = FieldType::ALL.into_iter().find(|known| known.name() == kind) else {
        let known = FieldType::ALL.map(FieldType::name).join(", ");
        return Err(in_field(format!("the type '{kind}' is none of {known}")));
    };
    Ok(Field {
        id: u32::try_from(index).map_err(|error| in_entry(error.to_string()))?,
        kind,
        list: flag(entry, "isList").map_err(in_field)?,
        argument: argument(entry).map_err(in_field)?,
        description: required_text(entry, "desc").map_err(in_field)?,
        display: text(entry, "display").map_err(in_field)?.unwrap_or_default(),
        add_output: flag(entry, "addOutput").map_err(in_field)?,
        properties: properties(entry).map_err(in_field)?,
        name,
    })
}

fn argument(entry: &Map<String, Json>) -> Result<FieldArgument, String> {
    let argument = match entry.get("arg") {
        None | Some(Json::Null) => return Ok(FieldArgument::default()),
        Some(Json::Object(argument)) => argument,
        Some(other) => return Err(format!("'arg' is {} where an object was expected", kind_of(other))),
    };
    known_keys(argument, &["isRequired", "isIndex", "isKey"]).map_err(|what| format!("in 'arg': {what}"))?;
    let argument = FieldArgument {
        required: flag(argument, "isRequired")?,
        index: flag(argument, "isIndex")?,
        key: flag(argument, "isKey")?,
    };
    if argument.required && !argument.index && !argument.key {
        return Err("the argument is required, but neither isIndex nor isKey says what it is".to_owned());
    }
    Ok(argument)
}

fn properties(entry: &Map<String, Json>) -> Result<Vec<String>, String> {
    let list = match entry.get("properties") {
        None | Some(Json::Null) => return Ok(Vec::new()),
        Some(Json::Array(list)) => list,
        Some(other) => return Err(format!("'properties' is {} where an array was expected", kind_of(other))),
    };
    list.iter()
        .map(|property| match property.as_str() {
            Some(known @ ("hidden" | "info" | "conversation")) => Ok(known.to_owned()),
            Some(other) => Err(format!("the property '{other}' is none of hidden, info, conversation")),
            None => Err(format!("'properties' holds {} where a text was expected", kind_of(property))),
        })
        .collect()
}

fn known_keys(object: &Map<String, Json>, known: &[&str]) -> Result<(), String> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("the key '{key}' is none of {}", known.join(", "))),
        None => Ok(()),
    }
}

fn flag(object: &Map<String, Json>, key: &str) -> Result<bool, String> {
    match object.get(key) {
        None | Some(Json::Null) => Ok(false),
        Some(Json::Bool(flag)) => Ok(*flag),
        Some(other) => Err(format!("'{key}' is {} where true or false was expected", kind_of(other))),
    }
}

fn text(object: &Map<String, Json>, key: &str) -> Result<Option<String>, String> {
    match object.get(key) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) if text.contains('\0') => Err(format!("'{key}' holds a NUL")),
        Some(Json::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(format!("'{key}' is {} where a text was expected", kind_of(other))),
    }
}

fn required_text(object: &Map<String, Json>, key: &str) -> Result<String, String> {
    match text(object, key)? {
        Some(text) if !text.is_empty() => Ok(text),
        Some(_) => Err(format!("'{key}' is empty")),
        None => Err(format!("'{key}' is missing")),
    }
}

/// What a JSON value is, for a message.
pub(crate) fn kind_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(json: &str) -> String {
        parse(json).unwrap_err().to_string()
    }

    #[test]
    fn host_6_1_fields_are_an_array_of_at_least_one() {
        assert!(error("[").starts_with("plugin_get_fields gave no valid JSON: "));
        assert_eq!(
            error("[]"),
            "plugin_get_fields gave an empty array where an array of at least one field was expected"
        );
        assert_eq!(error("{}"), "plugin_get_fields gave an object where an array of at least one field was expected");
        assert_eq!(error("[7]"), "field 0 (from 0): a number where an object was expected");
    }

    #[test]
    fn host_6_1_name_type_and_desc_are_there() {
        assert_eq!(error(r#"[{"type":"string","desc":"d"}]"#), "field 0 (from 0): 'name' is missing");
        assert_eq!(error(r#"[{"name":"","type":"string","desc":"d"}]"#), "field 0 (from 0): 'name' is empty");
        assert_eq!(error(r#"[{"name":"a.b","desc":"d"}]"#), "field 'a.b': 'type' is missing");
        assert_eq!(error(r#"[{"name":"a.b","type":"string","desc":""}]"#), "field 'a.b': 'desc' is empty");
        let text = error(r#"[{"name":"a.b","type":"uint32","desc":"d"}]"#);
        assert_eq!(
            text,
            "field 'a.b': the type 'uint32' is none of string, uint64, bool, reltime, abstime, ipaddr, ipnet"
        );
    }

    #[test]
    fn stricter_than_the_host_in_names_and_keys() {
        let twice = r#"[{"name":"a","type":"bool","desc":"d"},{"name":"a","type":"bool","desc":"d"}]"#;
        assert_eq!(error(twice), "field 'a': the name is there twice");
        assert_eq!(
            error(r#"[{"name":"a b","type":"bool","desc":"d"}]"#),
            "field 'a b': the name holds ' ', which a filter cannot spell"
        );
        assert!(
            error(r#"[{"name":"a","type":"bool","desc":"d","islist":true}]"#).contains("the key 'islist' is none of")
        );
        assert!(error(r#"[{"name":"a","type":"bool","desc":"d","properties":["x"]}]"#).contains("the property 'x'"));
    }

    #[test]
    fn host_6_2_arguments() {
        let of = |arg: &str| parse(&format!(r#"[{{"name":"a","type":"bool","desc":"d","arg":{arg}}}]"#));
        let text = of(r#"{"isRequired":true}"#).unwrap_err().to_string();
        assert_eq!(text, "field 'a': the argument is required, but neither isIndex nor isKey says what it is");
        let text = of(r#"{"isKey":1}"#).unwrap_err().to_string();
        assert_eq!(text, "field 'a': 'isKey' is a number where true or false was expected");
        assert_eq!(of("7").unwrap_err().to_string(), "field 'a': 'arg' is a number where an object was expected");
        let argument = of(r#"{"isKey":true,"isIndex":true,"isRequired":true}"#).unwrap()[0].argument;
        assert_eq!(argument.to_string(), "key or index, required");
        assert_eq!(of("null").unwrap()[0].argument.to_string(), "");
    }

    #[test]
    fn everything_optional_is_read() {
        let field = &parse(
            r#"[{"name":"a.b","type":"ipnet","desc":"what","display":"A","isList":true,"addOutput":true,
                "properties":["hidden","info","conversation"]}]"#,
        )
        .unwrap()[0];
        assert_eq!((field.kind, field.kind.number(), field.list, field.add_output), (FieldType::IpNet, 41, true, true));
        assert_eq!((field.display.as_str(), field.properties.len(), field.id), ("A", 3, 0));
    }
}
