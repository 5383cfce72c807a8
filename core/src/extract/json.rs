// SPDX-License-Identifier: Apache-2.0
//! The JSON of `get_fields` and of lists of names, made and checked at compile time (section 6 of the host's rules).
//!
//! Two passes over the declarations: one measures, one writes. A mistake is a compile error that names the field.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "evaluated at compile time only: a panic here is a compile error"
)]

use super::{Extract, Field};
use crate::abi;

/// Where JSON goes: into `bytes` as far as they reach; `len` counts on.
struct Writer<'a> {
    bytes: &'a mut [u8],
    len: usize,
}

impl Writer<'_> {
    const fn byte(&mut self, byte: u8) {
        if self.len < self.bytes.len() {
            self.bytes[self.len] = byte;
        }
        self.len += 1;
    }

    const fn raw(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            self.byte(bytes[i]);
            i += 1;
        }
    }

    /// `text` as a JSON string, quotes included.
    const fn string(&mut self, text: &str) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        self.byte(b'"');
        let bytes = text.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            match bytes[i] {
                b'"' | b'\\' => {
                    self.byte(b'\\');
                    self.byte(bytes[i]);
                }
                control @ 0..0x20 => {
                    self.raw("\\u00");
                    self.byte(HEX[(control >> 4) as usize]);
                    self.byte(HEX[(control & 15) as usize]);
                }
                byte => self.byte(byte),
            }
            i += 1;
        }
        self.byte(b'"');
    }

    /// `,"key":true`, if so.
    const fn flag(&mut self, key: &str, on: bool, first: &mut bool) {
        if on {
            if !*first {
                self.byte(b',');
            }
            *first = false;
            self.string(key);
            self.raw(":true");
        }
    }
}

/// The name of a host's type in the JSON (rule 6.1).
const fn type_name(ftype: abi::FieldType) -> &'static str {
    match ftype {
        abi::FTYPE_UINT64 => "uint64",
        abi::FTYPE_STRING => "string",
        abi::FTYPE_RELTIME => "reltime",
        abi::FTYPE_ABSTIME => "abstime",
        abi::FTYPE_BOOL => "bool",
        abi::FTYPE_IPADDR => "ipaddr",
        abi::FTYPE_IPNET => "ipnet",
        _ => panic!("a value's TYPE is one of the FTYPE constants of falconet::abi"),
    }
}

const fn write_field<T: Extract>(out: &mut Writer<'_>, field: &Field<T>) {
    out.raw("{\"name\":");
    out.string(field.name);
    out.raw(",\"type\":");
    out.string(type_name(field.ftype));
    if field.list {
        out.raw(",\"isList\":true");
    }
    let argument = field.argument;
    if argument.key || argument.index {
        out.raw(",\"arg\":{");
        let mut first = true;
        out.flag("isRequired", argument.required, &mut first);
        out.flag("isIndex", argument.index, &mut first);
        out.flag("isKey", argument.key, &mut first);
        out.byte(b'}');
    }
    if let Some(display) = field.display {
        out.raw(",\"display\":");
        out.string(display);
    }
    out.raw(",\"desc\":");
    out.string(field.desc);
    if field.add_output {
        out.raw(",\"addOutput\":true");
    }
    if field.hidden || field.info || field.conversation {
        out.raw(",\"properties\":");
        let names = [(field.hidden, "hidden"), (field.info, "info"), (field.conversation, "conversation")];
        let mut before = b'[';
        let mut i = 0;
        while i < names.len() {
            if names[i].0 {
                out.byte(before);
                out.string(names[i].1);
                before = b',';
            }
            i += 1;
        }
        out.byte(b']');
    }
    out.byte(b'}');
}

/// Writes all fields as JSON with a NUL behind, and returns the length with it.
const fn write_fields<T: Extract>(bytes: &mut [u8]) -> usize {
    check_fields(T::FIELDS);
    let mut out = Writer { bytes, len: 0 };
    let mut i = 0;
    while i < T::FIELDS.len() {
        out.raw(if i == 0 { "[" } else { ",\n" });
        write_field(&mut out, &T::FIELDS[i]);
        i += 1;
    }
    out.raw("]\0");
    out.len
}

/// Length of the JSON of a plugin's fields, its NUL included.
#[must_use]
pub const fn fields_json_len<T: Extract>() -> usize {
    write_fields::<T>(&mut [])
}

/// The JSON of a plugin's fields, with a NUL at its end; `N` is [`fields_json_len`].
#[must_use]
pub const fn fields_json<T: Extract, const N: usize>() -> [u8; N] {
    let mut json = [0; N];
    write_fields::<T>(&mut json);
    json
}

/// Writes names as a JSON array with a NUL behind, and returns the length with it.
const fn write_names(names: &[&str], bytes: &mut [u8]) -> usize {
    let mut out = Writer { bytes, len: 0 };
    out.byte(b'[');
    let mut i = 0;
    while i < names.len() {
        if names[i].is_empty() || has_nul(names[i]) {
            panic!("a name in a list of event sources or event names is empty or holds a NUL");
        }
        if i > 0 {
            out.byte(b',');
        }
        out.string(names[i]);
        i += 1;
    }
    out.raw("]\0");
    out.len
}

/// Length of the JSON array of `names`, its NUL included.
#[must_use]
pub const fn names_json_len(names: &[&str]) -> usize {
    write_names(names, &mut [])
}

/// The JSON array of `names`, with a NUL at its end; `N` is [`names_json_len`].
#[must_use]
pub const fn names_json<const N: usize>(names: &[&str]) -> [u8; N] {
    let mut json = [0; N];
    write_names(names, &mut json);
    json
}

const fn check_fields<T: Extract>(fields: &[Field<T>]) {
    if fields.is_empty() {
        panic!("a plugin that extracts has at least one field: FIELDS is empty");
    }
    let mut i = 0;
    while i < fields.len() {
        let field = &fields[i];
        if !is_field_name(field.name) {
            fail(field.name, "is no field name: it is words of letters, digits and _ joined by dots, like access.path");
        }
        if field.desc.is_empty() {
            fail(field.name, "has no description");
        }
        if has_nul(field.desc) {
            fail(field.name, "has a NUL in its description");
        }
        if let Some(display) = field.display
            && (display.is_empty() || has_nul(display))
        {
            fail(field.name, "has an empty display name, or one with a NUL");
        }
        if field.argument.required && !field.argument.key && !field.argument.index {
            fail(
                field.name,
                "requires an argument that is neither a key nor an index: begin with Argument::KEY or INDEX",
            );
        }
        let mut j = 0;
        while j < i {
            if same(fields[j].name, field.name) {
                fail(field.name, "is declared twice");
            }
            j += 1;
        }
        i += 1;
    }
}

/// What the host's filter language takes for a field: at least two words joined by dots, each of which begins with a
/// letter and goes on with letters, digits and `_` (`filter/parser.cpp`).
const fn is_field_name(name: &str) -> bool {
    let name = name.as_bytes();
    let mut dots = 0;
    let mut begins = true;
    let mut i = 0;
    while i < name.len() {
        match name[i] {
            b'a'..=b'z' | b'A'..=b'Z' => begins = false,
            b'0'..=b'9' | b'_' if !begins => {}
            b'.' if !begins => {
                dots += 1;
                begins = true;
            }
            _ => return false,
        }
        i += 1;
    }
    dots > 0 && !begins
}

const fn has_nul(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        if bytes[i] == 0 {
            return true;
        }
        i += 1;
    }
    false
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// A compile error that names the field.
const fn fail(field: &str, what: &str) -> ! {
    let mut bytes = [b' '; 256];
    let mut out = Writer { bytes: &mut bytes, len: 0 };
    out.raw("the field `");
    out.raw(field);
    out.raw("` ");
    out.raw(what);
    let len = if out.len < 256 { out.len } else { 256 };
    match core::str::from_utf8(bytes.split_at(len).0) {
        Ok(text) => panic!("{}", text),
        Err(_) => panic!("a field's declaration is wrong"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::{Argument, List};
    use crate::{Error, Event, Info, Init, Plugin};
    use std::string::String;

    struct All;
    impl Plugin for All {
        type Error = Error;
        const INFO: Info = Info::new(c"all", c"0.1.0", c"all", c"all@example.org");
        fn new(_: &Init<'_>) -> Result<Self, Error> {
            Ok(Self)
        }
    }
    impl Extract for All {
        type Decoded = ();
        const FIELDS: &'static [Field<Self>] = &[
            Field::<Self>::new("a.b", "says \"hi\"\\\n", |_, _, _| 1u64).display("A B").add_output(),
            Field::<Self>::list("a.c", "c", |_, _, _: &mut List<'_, '_, bool>| {})
                .argument(Argument::KEY_OR_INDEX.required())
                .hidden()
                .conversation(),
        ];
        fn decode(&self, _: &Event<'_>) -> Option<()> {
            Some(())
        }
    }

    #[test]
    fn host_6_1_fields_as_json() {
        const LEN: usize = fields_json_len::<All>();
        const JSON: [u8; LEN] = fields_json::<All, LEN>();
        assert_eq!(
            String::from_utf8_lossy(&JSON),
            "[{\"name\":\"a.b\",\"type\":\"uint64\",\"display\":\"A B\",\"desc\":\"says \\\"hi\\\"\\\\\\u000a\",\
             \"addOutput\":true},\n{\"name\":\"a.c\",\"type\":\"bool\",\"isList\":true,\"arg\":{\"isRequired\":true,\
             \"isIndex\":true,\"isKey\":true},\"desc\":\"c\",\"properties\":[\"hidden\",\"conversation\"]}]\0"
        );
    }

    #[test]
    fn host_6_3_names_as_json() {
        const NAMES: &[&str] = &["a", "b\"c"];
        const LEN: usize = names_json_len(NAMES);
        assert_eq!(&names_json::<LEN>(NAMES), b"[\"a\",\"b\\\"c\"]\0");
        assert_eq!(&names_json::<{ names_json_len(&[]) }>(&[]), b"[]\0");
    }

    #[test]
    fn field_names_are_the_filter_languages() {
        for name in ["a.b", "access.path", "Ka.x_1.y2"] {
            assert!(is_field_name(name), "{name}");
        }
        for name in ["", "a", "a.", ".a", "a..b", "a.1", "a b.c", "1.a", "a._", "a.b-c", "a.b[c]"] {
            assert!(!is_field_name(name), "{name}");
        }
    }
}
