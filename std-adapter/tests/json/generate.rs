// SPDX-License-Identifier: Apache-2.0
//! Valid JSON of all shapes, written in different ways.

use std::fmt::Write;

use proptest::prelude::*;
use serde_json::Value;

/// Keys that meet, and that pointers must escape.
pub(crate) fn any_key() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[ab/~01]{0,3}", 1 => "\\PC{0,4}"]
}

pub(crate) fn any_tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        any::<String>().prop_map(Value::from),
        "[a-z\"\\\\/]{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any_key(), inner, 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// The tree's JSON with blanks and escapes where `choices` say so, which are used in turns.
pub(crate) fn write(tree: &Value, choices: &[u8]) -> Vec<u8> {
    let mut writer = Writer { text: String::new(), choices: choices.iter().cycle() };
    writer.value(tree);
    writer.text.into_bytes()
}

struct Writer<'c> {
    text: String,
    choices: std::iter::Cycle<std::slice::Iter<'c, u8>>,
}

impl Writer<'_> {
    fn blank(&mut self) {
        self.text.push_str(match self.choices.next().map(|choice| choice % 16) {
            Some(0) => " ",
            Some(1) => "\n",
            Some(2) => "\t\r ",
            _ => "",
        });
    }

    fn string(&mut self, string: &str) {
        self.text.push('"');
        for char in string.chars() {
            let mut units = [0; 2];
            match (self.choices.next().map(|choice| choice % 8), char) {
                (Some(0), _) | (_, '\0'..' ') => {
                    for unit in char.encode_utf16(&mut units) {
                        write!(self.text, "\\u{unit:04x}").unwrap();
                    }
                }
                (Some(1), '/') | (_, '"' | '\\') => self.text.extend(['\\', char]),
                _ => self.text.push(char),
            }
        }
        self.text.push('"');
    }

    fn value(&mut self, tree: &Value) {
        self.blank();
        match tree {
            Value::String(string) => self.string(string),
            Value::Array(elements) => {
                self.text.push('[');
                for (i, element) in elements.iter().enumerate() {
                    self.text.push_str(if i > 0 { "," } else { "" });
                    self.value(element);
                }
                self.blank();
                self.text.push(']');
            }
            Value::Object(members) => {
                self.text.push('{');
                for (i, (key, value)) in members.iter().enumerate() {
                    self.text.push_str(if i > 0 { "," } else { "" });
                    self.blank();
                    self.string(key);
                    self.blank();
                    self.text.push(':');
                    self.value(value);
                }
                self.blank();
                self.text.push('}');
            }
            plain => self.text.push_str(&plain.to_string()),
        }
        self.blank();
    }
}
