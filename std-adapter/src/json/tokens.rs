// SPDX-License-Identifier: Apache-2.0
//! JSON text as the words and signs that it is made of, for who writes it anew.

use std::iter::FusedIterator;

use super::skip::{before, behind_scalar, behind_value, blanks, is_blank};

/// The tokens of text that was [checked](super::check), or of a part of such: strings with their quotes, numbers,
/// words, and `{`, `}`, `[`, `]`, `,`, `:`. Blanks between them are left out.
///
/// ```
/// use falconet_std::json::Tokens;
/// let tokens: Vec<_> = Tokens::new(br#"{"a b": [1 , true]}"#).map(|token| str::from_utf8(token).unwrap()).collect();
/// assert_eq!(tokens, ["{", "\"a b\"", ":", "[", "1", ",", "true", "]", "}"]);
/// ```
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Tokens<'a> {
    /// Those of this text.
    #[must_use]
    pub const fn new(text: &'a [u8]) -> Self {
        Self { rest: text }
    }

    /// What is left of the text behind the last token.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = blanks(self.rest);
        let behind = match rest {
            [b'"', ..] => behind_value(rest),
            [b'{' | b'[' | b'}' | b']' | b',' | b':', behind @ ..] => behind,
            [] => return None,
            _ => behind_scalar(rest),
        };
        let token = before(rest, behind);
        self.rest = behind;
        Some(token)
    }
}

impl FusedIterator for Tokens<'_> {}

/// Writes text that was [checked](super::check), or a part of such, without the blanks outside of its strings: in as few
/// pieces as there are between them.
///
/// ```
/// use falconet_std::json;
/// let mut text = Vec::new();
/// json::compact(br#"{"a b": [1, 2]}"#, |piece| Ok::<(), ()>(text.extend_from_slice(piece)))?;
/// assert_eq!(text, br#"{"a b":[1,2]}"#);
/// # Ok::<(), ()>(())
/// ```
///
/// # Errors
/// The first one of `write`, which is not called again then.
pub fn compact<E>(text: &[u8], mut write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    let mut rest = blanks(text);
    while !rest.is_empty() {
        let mut behind = rest;
        while let [byte, next @ ..] = behind
            && !is_blank(*byte)
        {
            behind = if *byte == b'"' { behind_value(behind) } else { next };
        }
        write(before(rest, behind))?;
        rest = blanks(behind);
    }
    Ok(())
}
