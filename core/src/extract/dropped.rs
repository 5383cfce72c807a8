// SPDX-License-Identifier: Apache-2.0
//! Why a value that was made is not handed over, and the search for the commonest reason.

/// Why the value that was made last is not handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dropped {
    /// It is, or there is none.
    No,
    /// It does not fit into a request's memory.
    TooLong,
    /// It holds a NUL byte, which the host would take for its end.
    Nul,
    /// It is a span that leaves the event.
    Outside,
    /// Writing it failed, with an error of the plugin's own.
    Failed,
}

impl Dropped {
    /// The reason in words.
    pub(crate) const fn why(self) -> &'static str {
        match self {
            Self::No => "",
            Self::TooLong => "it does not fit into the memory of a request (raise `memory` in `export!`)",
            Self::Nul => "it holds a NUL byte, which the host would take for its end",
            Self::Outside => "its span leaves the event",
            Self::Failed => "writing its text failed (does it fit into the memory of a request?)",
        }
    }
}

/// Whether a text holds a NUL byte: 8 bytes a step, because nearly all have none.
pub(super) fn holds_nul(text: &[u8]) -> bool {
    /// Borrows go from the lowest zero byte upwards only, so that there is one where the result is not 0.
    const fn in_word(word: u64) -> bool {
        const ONES: u64 = u64::from_ne_bytes([1; 8]);
        word.wrapping_sub(ONES) & !word & ONES << 7 != 0
    }
    let (words, rest) = text.as_chunks();
    if words.iter().any(|word| in_word(u64::from_ne_bytes(*word))) {
        return true;
    }
    // The last 8 bytes have the rest in them.
    match text.last_chunk() {
        Some(last) => in_word(u64::from_ne_bytes(*last)),
        None => rest.contains(&0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_is_found_wherever_it_is_and_nothing_else() {
        for len in 0..40 {
            for other in [1, 0x7F, 0x80, 0x81, 0xFF] {
                let mut text = std::vec![other; len];
                assert!(!holds_nul(&text), "{text:?}");
                for at in 0..len {
                    text[at] = 0;
                    assert!(holds_nul(&text), "{text:?}");
                    text[at] = other;
                }
            }
        }
    }
}
