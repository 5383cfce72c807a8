// SPDX-License-Identifier: Apache-2.0
//! A range of bytes in a line, kept instead of a reference to it.
#![forbid(unsafe_code)]

/// The bytes from `start` up to, not including, `end`.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// The bytes from `start` up to `end`.
    #[must_use]
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// Where the range begins.
    #[must_use]
    pub const fn start(self) -> u32 {
        self.start
    }

    /// Where the range ends: the first byte that is no longer in it.
    #[must_use]
    pub const fn end(self) -> u32 {
        self.end
    }

    /// How many bytes it covers.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.end.saturating_sub(self.start)
    }

    /// Whether it covers none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }
}
