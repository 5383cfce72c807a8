// SPDX-License-Identifier: Apache-2.0
//! How an event is written: columns with tabs between them, or one JSON object a line.

use std::io::{self, Write};

use falconet_host::{Event, Extracted, FieldRequest, Value, utc};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// The names of the columns, that of the text if it is one.
pub(super) fn header(out: &mut impl Write, text: bool, fields: &[FieldRequest]) -> io::Result<()> {
    write!(out, "num\ttime\tsource{}", if text { "\ttext" } else { "" })?;
    for field in fields {
        write!(out, "\t{}", printable(field.as_str().as_bytes()))?;
    }
    writeln!(out)
}

/// One event as columns.
pub(super) fn columns(
    out: &mut impl Write,
    event: &Event<'_>,
    text: Option<&str>,
    fields: &[(&FieldRequest, Extracted)],
) -> io::Result<()> {
    let source = printable(event.source().to_bytes());
    write!(out, "{}\t{}\t{source}", event.num(), utc(event.ts()))?;
    if let Some(text) = text {
        write!(out, "\t{}", printable(text.as_bytes()))?;
    }
    for (request, extracted) in fields {
        let text = cell(&extracted.values, request.field().list);
        write!(out, "\t{text}")?;
    }
    writeln!(out)
}

/// The values of a field as the host prints them, strings from their bytes so that those which are no UTF-8 show.
fn cell(values: &[Value], list: bool) -> String {
    let text = |value: &Value| match value.as_bytes() {
        Some(bytes) => printable(bytes),
        None => value.to_string(),
    };
    match values {
        [] => "<NA>".to_owned(),
        [value] if !list => text(value),
        values => format!("({})", values.iter().map(text).collect::<Vec<_>>().join(",")),
    }
}

/// One event as a JSON object. Bytes that are no UTF-8 become U+FFFD.
pub(super) fn json(
    out: &mut impl Write,
    event: &Event<'_>,
    text: Option<&str>,
    fields: &[(&FieldRequest, Extracted)],
) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Line { event, text, fields }).map_err(io::Error::from)?;
    writeln!(out)
}

struct Line<'a> {
    event: &'a Event<'a>,
    text: Option<&'a str>,
    fields: &'a [(&'a FieldRequest, Extracted)],
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("num", &self.event.num())?;
        map.serialize_entry("time", &utc(self.event.ts()))?;
        map.serialize_entry("ts", &self.event.ts())?;
        map.serialize_entry("source", &self.event.source().to_string_lossy())?;
        if let Some(text) = self.text {
            map.serialize_entry("text", text)?;
        }
        map.serialize_entry("fields", &FieldsOf(self.fields))?;
        map.end()
    }
}

struct FieldsOf<'a>(&'a [(&'a FieldRequest, Extracted)]);

impl Serialize for FieldsOf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(request, extracted)| {
            let values = extracted.values.iter().map(Value::to_json);
            let value = match request.field().list {
                _ if extracted.values.is_empty() => serde_json::Value::Null,
                true => values.collect(),
                false => values.into_iter().next().unwrap_or_default(),
            };
            (request.as_str(), value)
        }))
    }
}

/// Text for one cell: control characters, tab and newline among them, and bytes that are no UTF-8 as `\xNN` or such.
fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                c if c.is_control() => text.extend(c.escape_default()),
                c => text.push(c),
            }
        }
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use falconet_host::{Field, FieldArgument, FieldType, encode_plugin_event};

    fn request(name: &str, list: bool) -> FieldRequest {
        let (argument, description) = (FieldArgument { key: true, ..FieldArgument::default() }, "d".to_owned());
        let name_of = name.split('[').next().unwrap().to_owned();
        let (display, properties) = (String::new(), Vec::new());
        let kind = FieldType::String;
        let field =
            Field { id: 0, name: name_of, kind, list, argument, description, display, add_output: false, properties };
        FieldRequest::parse(name, &[field]).unwrap()
    }

    fn written(write: impl Fn(&mut Vec<u8>, &Event<'_>, &[(&FieldRequest, Extracted)]) -> io::Result<()>) -> String {
        let bytes = encode_plugin_event(1_000_000_000_000_000_001, 999, b"x");
        let event = Event::from_bytes(&bytes, 3, c"test").unwrap();
        let (a, b, c) = (request("a", false), request("b[k]", true), request("c", false));
        let of = |values| Extracted { values, offsets: None };
        let fields = [
            (&a, of(vec![Value::String(b"q\t\xff\"".to_vec())])),
            (&b, of(vec![Value::U64(1), Value::U64(u64::MAX)])),
            (&c, of(vec![])),
        ];
        let mut out = Vec::new();
        write(&mut out, &event, &fields).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_have_tabs_between_them_and_none_inside() {
        let line = written(|out, event, fields| columns(out, event, Some("a\nb\x1b"), fields));
        assert_eq!(
            line,
            "3\t2001-09-09T01:46:40.000000001Z\ttest\ta\\nb\\u{1b}\tq\\t\\xff\"\t(1,18446744073709551615)\t<NA>\n"
        );
    }

    #[test]
    fn json_has_numbers_lists_and_nulls() {
        let line = written(|out, event, fields| json(out, event, Some("a\nb"), fields));
        let expected = concat!(
            r#"{"num":3,"time":"2001-09-09T01:46:40.000000001Z","ts":1000000000000000001,"source":"test","text":"a\nb","#,
            r#""fields":{"a":"q\t�\"","b[k]":[1,18446744073709551615],"c":null}}"#,
            "\n"
        );
        assert_eq!(line, expected);
    }
}
