// SPDX-License-Identifier: Apache-2.0
//! What a test asks for: `name` or `name[argument]`, looked up in the plugin's own JSON of fields by the host's rules.

use std::ffi::{CStr, CString};

use serde_json::Value as Json;

use super::harness::c_text;

/// A field, as `get_fields` has it.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) list: bool,
    takes: Takes,
}

/// What argument it takes.
#[derive(Clone, Copy, Debug)]
struct Takes {
    required: bool,
    index: bool,
    key: bool,
}

/// The type of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Uint64,
    String,
    Bool,
    RelTime,
    AbsTime,
    IpAddr,
    IpNet,
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "uint64" => Self::Uint64,
            "string" => Self::String,
            "bool" => Self::Bool,
            "reltime" => Self::RelTime,
            "abstime" => Self::AbsTime,
            "ipaddr" => Self::IpAddr,
            "ipnet" => Self::IpNet,
            _ => return None,
        })
    }

    /// The host's number of it.
    pub(super) const fn number(self) -> u32 {
        match self {
            Self::Uint64 => falconet::abi::FTYPE_UINT64,
            Self::String => falconet::abi::FTYPE_STRING,
            Self::Bool => falconet::abi::FTYPE_BOOL,
            Self::RelTime => falconet::abi::FTYPE_RELTIME,
            Self::AbsTime => falconet::abi::FTYPE_ABSTIME,
            Self::IpAddr => falconet::abi::FTYPE_IPADDR,
            Self::IpNet => falconet::abi::FTYPE_IPNET,
        }
    }
}

/// The fields of a plugin.
pub(super) fn fields(json: &CStr) -> Result<Vec<Field>, String> {
    let list: Vec<Json> = serde_json::from_slice(json.to_bytes())
        .map_err(|error| format!("plugin_get_fields gave no list of fields: {error}"))?;
    list.iter()
        .map(|field| {
            Field::of(field).ok_or_else(|| format!("plugin_get_fields gave a field without name or type: {field}"))
        })
        .collect()
}

impl Field {
    fn of(field: &Json) -> Option<Self> {
        let is = |pointer: &str| field.pointer(pointer).and_then(Json::as_bool).unwrap_or(false);
        Some(Self {
            name: field.get("name")?.as_str()?.to_owned(),
            kind: Kind::named(field.get("type")?.as_str()?)?,
            list: is("/isList"),
            takes: Takes { required: is("/arg/isRequired"), index: is("/arg/isIndex"), key: is("/arg/isKey") },
        })
    }
}

/// A field that is asked for.
pub(super) struct Asked<'f> {
    pub(super) field: &'f Field,
    pub(super) id: u32,
    pub(super) name: CString,
    pub(super) key: Option<CString>,
    pub(super) index: Option<u64>,
    pub(super) argument: bool,
}

impl<'f> Asked<'f> {
    /// What `text` asks for. A key is always handed over, an index only where the text is one (rule 5.4).
    pub(super) fn parse(text: &str, fields: &'f [Field]) -> Result<Self, String> {
        let (name, argument) = match text.split_once('[') {
            None => (text, None),
            Some((name, rest)) => match rest.strip_suffix(']') {
                Some(argument) if !argument.contains(']') => (name, Some(argument)),
                _ => return Err(format!("'{text}': an argument is written name[argument]")),
            },
        };
        let Some((id, field)) = fields.iter().enumerate().find(|(_, field)| field.name == name) else {
            let known: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
            return Err(format!("'{text}': the plugin has no field '{name}'; it has {}", known.join(", ")));
        };
        let takes = field.takes;
        if argument.is_none() && takes.required {
            return Err(format!("'{text}': the field needs an argument: {name}[...]"));
        }
        if argument.is_some() && !takes.index && !takes.key {
            return Err(format!("'{text}': the field takes no argument"));
        }
        let index = argument.filter(|_| takes.index).and_then(index);
        if argument.is_some() && index.is_none() && !takes.key {
            return Err(format!("'{text}': the argument is an index: a decimal number without a leading zero"));
        }
        Ok(Self {
            field,
            id: u32::try_from(id).unwrap_or(u32::MAX),
            name: c_text(name),
            key: argument.filter(|_| takes.key).map(c_text),
            index,
            argument: argument.is_some(),
        })
    }

    /// All fields that can be asked for without an argument.
    pub(super) fn all(fields: &'f [Field]) -> Vec<Self> {
        fields.iter().filter_map(|field| Self::parse(&field.name, fields).ok()).collect()
    }
}

/// The index that a text is (rule 6.2).
fn index(text: &str) -> Option<u64> {
    let decimal = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if decimal { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Result<(Option<CString>, Option<u64>, bool), String> {
        let fields = fields(
            cr#"[{"name":"a.plain","type":"string","desc":"d"},
            {"name":"a.key","type":"reltime","desc":"d","arg":{"isKey":true,"isRequired":true}},
            {"name":"a.index","type":"ipaddr","desc":"d","isList":true,"arg":{"isIndex":true}},
            {"name":"a.both","type":"uint64","desc":"d","arg":{"isIndex":true,"isKey":true}}]"#,
        )?;
        Asked::parse(text, &fields).map(|asked| (asked.key, asked.index, asked.argument))
    }

    #[test]
    fn host_5_4_a_key_is_always_set_and_an_index_only_if_numeric() {
        let key = |text: &CStr| Some(text.to_owned());
        assert_eq!(asked("a.plain"), Ok((None, None, false)));
        assert_eq!(asked("a.key[7]"), Ok((key(c"7"), None, true)));
        assert_eq!(asked("a.index"), Ok((None, None, false)));
        assert_eq!(asked("a.index[0]"), Ok((None, Some(0), true)));
        assert_eq!(asked("a.both[7]"), Ok((key(c"7"), Some(7), true)));
        assert_eq!(asked("a.both[07]"), Ok((key(c"07"), None, true)));
        assert_eq!(asked("a.both[]"), Ok((key(c""), None, true)));
    }

    #[test]
    fn what_a_host_would_not_ask_is_refused() {
        for text in ["a.no", "a.plain[x]", "a.key", "a.index[x]", "a.index[01]", "a.index[]", "a.key[x]y", "a.key[x"] {
            let error = asked(text).unwrap_err();
            assert!(error.starts_with(&format!("'{text}': ")), "{error}");
        }
    }
}
