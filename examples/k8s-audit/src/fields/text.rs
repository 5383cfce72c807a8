// SPDX-License-Identifier: Apache-2.0
//! The text of a value, written into the memory of the request: strings unescaped, anything else as its JSON.

use falconet::Request;
use falconet::extract::Text;
use falconet::view::{ViewError, WriteView};
use falconet_std::json::{self, Value};

use super::Found;

/// A text in the making that ends at the first of some bytes, a NUL above all: in the host it is the end of a value.
pub(super) struct Until<'o, 'v> {
    out: &'o mut WriteView<'v>,
    ends: &'static [u8],
    ended: bool,
}

impl<'o, 'v> Until<'o, 'v> {
    /// One that ends at a NUL.
    pub(super) const fn nul(out: &'o mut WriteView<'v>) -> Self {
        Self { out, ends: b"\0", ended: false }
    }

    /// Writes what is before the text's end.
    pub(super) fn write(&mut self, piece: &[u8]) -> Result<(), ViewError> {
        if self.ended {
            return Ok(());
        }
        let before = before(piece, self.ends);
        self.ended = before.len() < piece.len();
        self.out.write_all(before)
    }

    /// Writes the text of a value.
    pub(super) fn write_value(&mut self, value: Value<'_>, found: &Found) -> Result<(), ViewError> {
        match value.text() {
            Some(text) => text.write(|piece| self.write(piece)),
            None if found.has_blanks => json::compact(value.as_bytes(), |piece| self.write(piece)),
            None => self.write(value.as_bytes()),
        }
    }
}

/// What is before the first of these bytes.
fn before<'a>(text: &'a [u8], ends: &[u8]) -> &'a [u8] {
    text.split(|byte| ends.contains(byte)).next().unwrap_or(text)
}

/// The text of a value.
pub(super) fn of(request: &mut Request<'_>, found: &Found, value: Value<'_>) -> Option<Text> {
    until(request, found, value, b"\0")
}

/// The text of a container's image up to its tag or digest, or the port of its registry.
pub(super) fn repository(request: &mut Request<'_>, found: &Found, value: Value<'_>) -> Option<Text> {
    until(request, found, value, b"\0:@")
}

fn until(request: &mut Request<'_>, found: &Found, value: Value<'_>, ends: &'static [u8]) -> Option<Text> {
    let as_it_stands = match value.text() {
        Some(text) => text.as_bytes(),
        None => (!found.has_blanks).then_some(value.as_bytes()),
    };
    match as_it_stands {
        Some(text) => request.text(before(text, ends)),
        None => request.text_with(|out| Until { out, ends, ended: false }.write_value(value, found)),
    }
}

/// A string, unescaped.
pub(super) fn unescaped(request: &mut Request<'_>, text: json::Text<'_>) -> Option<Text> {
    match text.as_bytes() {
        Some(text) => request.text(before(text, b"\0")),
        None => request.text_with(|out| {
            let mut out = Until::nul(out);
            text.write(|piece| out.write(piece))
        }),
    }
}
