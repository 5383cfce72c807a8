// SPDX-License-Identifier: Apache-2.0
//! Values from JSON payloads of any source, compatible with the official `json` plugin 0.7.4.
//!
//! | field | value |
//! | --- | --- |
//! | `json.value[pointer]` | what a JSON pointer (RFC 6901) leads to, see [`pointer`](mod@pointer) |
//! | `json.obj` | the whole payload, indented, see [`indent`] |
//! | `json.rawtime` | the event's time in nanoseconds since 1970 |
//!
//! Each has an older name that begins with `jevt.`. None has a value where the payload is no object and no array, by the
//! lenient rules of [`falconet_std::json`].

pub mod indent;
pub mod pointer;

use core::fmt::Write as _;

use falconet::extract::{Argument, Text};
use falconet::view::WriteView;
use falconet::{Error, Event, Extract, Field, Info, Init, Plugin, Request};
use falconet_std::json::{self, Rules, Value};

/// The plugin.
#[derive(Debug)]
pub struct Json;

impl Plugin for Json {
    type Error = Error;

    const INFO: Info = Info::new(c"json", c"0.7.4", c"Values from JSON payloads of any source", c"falconet's authors");

    fn new(_: &Init<'_>) -> Result<Self, Error> {
        Ok(Self)
    }
}

/// What there is to know of a payload that is JSON.
#[derive(Clone, Copy, Debug)]
pub struct Payload {
    /// Whether there are insignificant blanks: texts of objects and arrays are without.
    has_blanks: bool,
}

impl Extract for Json {
    type Decoded = Payload;

    const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::new("json.value", "what a JSON pointer leads to, as text", |_, payload, request| {
            value(payload, request)
        })
        .argument(Argument::KEY.required()),
        Field::<Self>::new("json.obj", "the whole payload, indented", |_, _, request| object(request)),
        Field::<Self>::new("json.rawtime", "the event's time in nanoseconds since 1970", |_, _, request| time(request)),
        Field::<Self>::new("jevt.value", "the older name of json.value", |_, payload, request| value(payload, request))
            .argument(Argument::KEY.required()),
        Field::<Self>::new("jevt.obj", "the older name of json.obj", |_, _, request| object(request)),
        Field::<Self>::new("jevt.rawtime", "the older name of json.rawtime", |_, _, request| time(request)),
    ];

    fn decode(&self, event: &Event<'_>) -> Option<Payload> {
        let payload = event.payload();
        if !matches!(payload.first(), Some(b'{' | b'[')) {
            return None;
        }
        let checked = json::check(payload, Rules::Lenient).ok()?;
        Some(Payload { has_blanks: checked.blanks() > 0 })
    }
}

fn value(payload: &Payload, request: &mut Request<'_>) -> Option<Text> {
    let event = request.event();
    let value = pointer::find(Value::trust(event.payload()), request.key()?.to_bytes())?;
    let text = value.text();
    if let Some(plain) = text.map_or((!payload.has_blanks).then_some(value.as_bytes()), |text| text.as_bytes()) {
        return request.text(until_nul(plain));
    }
    request.text_with(|out| {
        let mut ended = false;
        let write = |piece: &[u8]| write_until_nul(out, piece, &mut ended);
        match text {
            Some(text) => text.write(write),
            None => json::compact(value.as_bytes(), write),
        }
    })
}

fn object(request: &mut Request<'_>) -> Option<Text> {
    let payload = request.event().payload();
    json::check(payload, Rules::Strict).ok()?;
    request.text_with(|out| indent::write(payload, |piece| out.write_all(piece)))
}

fn time(request: &mut Request<'_>) -> Option<Text> {
    let time = request.event().timestamp().raw();
    request.text_with(|out| write!(out, "{time}"))
}

/// What the host sees of a text: a NUL is its end.
fn until_nul(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or(text)
}

fn write_until_nul(out: &mut WriteView<'_>, piece: &[u8], ended: &mut bool) -> Result<(), falconet::view::ViewError> {
    if *ended {
        return Ok(());
    }
    let before = until_nul(piece);
    *ended = before.len() < piece.len();
    out.write_all(before)
}

// The longest value is a whole payload, indented.
falconet::export!(Json: extract; states = 4, memory = 1024 * 1024);
