// SPDX-License-Identifier: Apache-2.0
//! What is asked of a plugin: `name` or `name[argument]`, resolved against its fields by the host's rules.

use std::{ffi::CString, fmt};

use crate::fields::Field;

/// The argument of a request, as the host hands it over (rule 5.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// The text, for every field that takes a key.
    pub key: Option<CString>,
    /// The number, for every field that takes an index, if the text is one.
    pub index: Option<u64>,
}

/// One field asked of a plugin, with its argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRequest {
    field: Field,
    name: CString,
    argument: Option<Argument>,
    text: String,
}

/// Why a text asks for no field of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// No field has this name.
    #[error("'{text}': the plugin has no field '{name}'; it has {known}")]
    Unknown {
        /// What was asked.
        text: String,
        /// The name in it.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// The brackets are not `[...]` at the end.
    #[error("'{text}': an argument is written name[argument], with nothing after the closing bracket")]
    Brackets {
        /// What was asked.
        text: String,
    },
    /// The field takes no argument.
    #[error("'{text}': the field takes no argument")]
    NotAllowed {
        /// What was asked.
        text: String,
    },
    /// The field has no value without an argument.
    #[error("'{text}': the field needs an argument ({takes}): {text}[...]")]
    Required {
        /// What was asked.
        text: String,
        /// What kind of argument.
        takes: String,
    },
    /// The field takes a number only, and this is none.
    #[error("'{text}': the argument must be an index: decimal digits with no leading zero, at most 64 bits")]
    NoIndex {
        /// What was asked.
        text: String,
    },
    /// A NUL byte, which no C string can hold.
    #[error("'{text}': a NUL byte cannot be handed to a plugin")]
    Nul {
        /// What was asked.
        text: String,
    },
}

impl FieldRequest {
    /// The request that `text` makes of these `fields`.
    ///
    /// # Errors
    /// [`RequestError`] if the name is unknown or the argument is not what the field takes.
    pub fn parse(text: &str, fields: &[Field]) -> Result<Self, RequestError> {
        let text = text.trim().to_owned();
        let (name, argument) = match text.split_once('[') {
            None if text.contains(']') => return Err(RequestError::Brackets { text }),
            None => (text.as_str(), None),
            // The host takes the argument up to the first closing bracket.
            Some((name, rest)) => match rest.split_once(']') {
                Some((argument, "")) => (name, Some(argument)),
                _ => return Err(RequestError::Brackets { text }),
            },
        };
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            let known = fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(", ");
            let known = if known.is_empty() { "none".to_owned() } else { known };
            return Err(RequestError::Unknown { name: name.to_owned(), text, known });
        };
        let takes = field.argument;
        let argument = match argument {
            None if takes.required => return Err(RequestError::Required { text, takes: takes.to_string() }),
            None => None,
            Some(_) if !takes.index && !takes.key => return Err(RequestError::NotAllowed { text }),
            Some(argument) => {
                let index = takes.index.then(|| parse_index(argument)).flatten();
                if index.is_none() && !takes.key {
                    return Err(RequestError::NoIndex { text });
                }
                let key = match takes.key.then(|| CString::new(argument)).transpose() {
                    Ok(key) => key,
                    Err(_) => return Err(RequestError::Nul { text }),
                };
                Some(Argument { key, index })
            }
        };
        let Ok(name) = CString::new(name) else { return Err(RequestError::Nul { text }) };
        Ok(Self { field: field.clone(), name, argument, text })
    }

    /// The request for a field without an argument; `None` if it needs one.
    pub(crate) fn plain(field: &Field) -> Option<Self> {
        Self::parse(&field.name, std::slice::from_ref(field)).ok()
    }

    /// The field that is asked for.
    #[must_use]
    pub fn field(&self) -> &Field {
        &self.field
    }

    /// Its name as the plugin gets it.
    pub(crate) fn name(&self) -> &CString {
        &self.name
    }

    /// The argument, if one was given.
    #[must_use]
    pub fn argument(&self) -> Option<&Argument> {
        self.argument.as_ref()
    }

    /// The request as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for FieldRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The index that a text is (rule 6.2): decimal digits, no leading zero, at most 64 bits.
fn parse_index(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = text.len() > 1 && text.starts_with('0');
    if digits && !leading_zero { text.parse().ok() } else { None }
}

/// Splits `a,b[c,d],e` at the commas outside brackets; empty pieces are left out.
///
/// ```
/// assert_eq!(falconet_host::split_fields("a, b[c,d],e"), ["a", "b[c,d]", "e"]);
/// ```
#[must_use]
pub fn split_fields(text: &str) -> Vec<&str> {
    let mut inside = false;
    let pieces = text.split(move |c: char| {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            _ => {}
        }
        c == ',' && !inside
    });
    pieces.map(str::trim).filter(|piece| !piece.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Vec<Field> {
        let json = r#"[{"name":"a.plain","type":"string","desc":"d"},
            {"name":"a.key","type":"string","desc":"d","arg":{"isKey":true,"isRequired":true}},
            {"name":"a.index","type":"string","desc":"d","arg":{"isIndex":true}},
            {"name":"a.both","type":"string","desc":"d","arg":{"isIndex":true,"isKey":true}}]"#;
        crate::fields::parse(json).unwrap()
    }

    fn parse(text: &str) -> Result<FieldRequest, RequestError> {
        FieldRequest::parse(text, &fields())
    }

    fn key_and_index(text: &str) -> (Option<String>, Option<u64>) {
        let argument = parse(text).unwrap().argument().unwrap().clone();
        (argument.key.map(|key| key.into_string().unwrap()), argument.index)
    }

    #[test]
    fn host_6_2_an_index_is_decimal_with_no_leading_zero() {
        assert_eq!(key_and_index("a.index[0]"), (None, Some(0)));
        assert_eq!(key_and_index("a.index[18446744073709551615]"), (None, Some(u64::MAX)));
        for text in
            ["a.index[]", "a.index[01]", "a.index[-1]", "a.index[+1]", "a.index[x]", "a.index[18446744073709551616]"]
        {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains("must be an index"), "{error}");
        }
    }

    #[test]
    fn host_5_4_a_key_is_always_set_and_an_index_only_if_numeric() {
        assert_eq!(key_and_index("a.both[7]"), (Some("7".to_owned()), Some(7)));
        assert_eq!(key_and_index("a.both[07]"), (Some("07".to_owned()), None));
        assert_eq!(key_and_index("a.both[x]"), (Some("x".to_owned()), None));
        assert_eq!(key_and_index("a.key[7]"), (Some("7".to_owned()), None));
        assert_eq!(key_and_index("a.key[]"), (Some(String::new()), None));
        assert_eq!(key_and_index("a.key[x, y]"), (Some("x, y".to_owned()), None));
    }

    #[test]
    fn errors_say_what_was_asked() {
        let error = |text: &str| parse(text).unwrap_err().to_string();
        assert_eq!(error("a.no"), "'a.no': the plugin has no field 'a.no'; it has a.plain, a.key, a.index, a.both");
        assert_eq!(error("a.plain[x]"), "'a.plain[x]': the field takes no argument");
        assert_eq!(error("a.key"), "'a.key': the field needs an argument (key, required): a.key[...]");
        for text in ["a.key[", "a.key[x", "a.key]", "a.key[x]y", "a.key[x]]"] {
            assert!(error(text).contains("is written name[argument]"), "{text}");
        }
        assert!(parse("a.index").unwrap().argument().is_none());
    }

    #[test]
    fn commas_in_brackets_do_not_split() {
        assert_eq!(split_fields("a,b[c]"), ["a", "b[c]"]);
        assert_eq!(split_fields(" a ,, b[x,y] , "), ["a", "b[x,y]"]);
        assert!(split_fields("").is_empty());
    }
}
