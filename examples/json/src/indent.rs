// SPDX-License-Identifier: Apache-2.0
//! A JSON text with a line for each member and element, indented by two blanks, as Go's `json.Indent` does it.
//!
//! Empty objects and arrays stay on their line; blanks behind the whole value stay as they are.

use falconet_std::json::Tokens;

/// Writes a text that is JSON by the strict rules, piece by piece.
///
/// # Errors
/// The first one of `write`.
pub fn write<E>(text: &[u8], mut write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    let mut depth = 0_usize;
    // A bracket was opened, and what is in it would be the first in its line.
    let mut opened = false;
    let mut tokens = Tokens::new(text);
    while let Some(token) = tokens.next() {
        let closes = matches!(token, b"}" | b"]");
        if closes {
            depth = depth.saturating_sub(1);
        }
        if opened != closes {
            new_line(depth, &mut write)?;
        }
        opened = false;
        write(token)?;
        match token {
            b"{" | b"[" => (opened, depth) = (true, depth + 1),
            b"," => new_line(depth, &mut write)?,
            b":" => write(b" ")?,
            b"}" | b"]" if depth == 0 => return write(tokens.rest()),
            _ => {}
        }
    }
    Ok(())
}

fn new_line<E>(depth: usize, write: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    const BLANKS: &[u8] = &[b' '; 64];
    write(b"\n")?;
    let mut left = depth * 2;
    while left > 0 {
        let piece = BLANKS.get(..left).unwrap_or(BLANKS);
        write(piece)?;
        left -= piece.len();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use falconet_std::json::{Rules, check};

    fn indented(text: &str) -> String {
        check(text.as_bytes(), Rules::Strict).unwrap();
        let mut out = Vec::new();
        let Ok(()) = super::write(text.as_bytes(), |piece| {
            out.extend_from_slice(piece);
            Ok::<(), core::convert::Infallible>(())
        });
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn members_and_elements_have_lines_of_their_own() {
        assert_eq!(
            indented(r#" {"a":[1,{"b" :"x, {y}"},[]], "c":{ } ,"d":[null] } "#.trim_start()),
            concat!(
                "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x, {y}\"\n    },\n    []\n  ],\n",
                "  \"c\": {},\n  \"d\": [\n    null\n  ]\n} "
            )
        );
        assert_eq!(indented("{}"), "{}");
        assert_eq!(indented("[[ ]]\n"), "[\n  []\n]\n");
        assert_eq!(indented(&("[".repeat(50) + &"]".repeat(50))).lines().count(), 99);
    }
}
