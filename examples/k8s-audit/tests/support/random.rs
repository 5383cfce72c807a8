// SPDX-License-Identifier: Apache-2.0
//! Numbers and texts by chance, the same in each run.
#![allow(dead_code, reason = "not every test uses all of it")]

/// A xorshift generator.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    pub(crate) fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    /// Bytes that have much to do with JSON.
    pub(crate) fn bytes(&mut self) -> Vec<u8> {
        const PIECES: [&[u8]; 36] = [
            b"{",
            b"}",
            b"[",
            b"]",
            b"\"",
            b":",
            b",",
            b" ",
            b"\n",
            b"\\",
            b"\\\"",
            b"\\u00e9",
            b"\\ud83d",
            b"\\ude00",
            b"\\u1",
            b"\"a\"",
            b"\"kind\":",
            b"\"Event\"",
            b"\"EventList\"",
            b"\"items\":",
            b"\"stageTimestamp\":",
            b"\"2021-02-03T04:05:06Z\"",
            b"\"auditID\":1",
            b"0",
            b"-",
            b"+1",
            b"1.5e3",
            b"nan",
            b"-inf",
            b"null",
            b"true",
            b"\0",
            b"\xff",
            b"\xc3\xa9",
            b"\t",
            b"x",
        ];
        (0..self.below(24)).flat_map(|_| self.one(&PIECES).to_vec()).collect()
    }

    /// The tokens of a JSON value, lenient ones too.
    pub(crate) fn tokens(&mut self, depth: usize, tokens: &mut Vec<Vec<u8>>) {
        let kinds = if depth == 0 { 6 } else { 10 };
        match self.below(kinds) {
            0 => tokens.push(self.one(&["null", "true", "false", "nan", "-inf", "+1", "01", "-1.50e+3"]).into()),
            1..6 => tokens.push(self.string()),
            kind => {
                let object = kind < 8;
                tokens.push(if object { b"{".into() } else { b"[".into() });
                for i in 0..self.below(4) {
                    if i > 0 {
                        tokens.push(b",".into());
                    }
                    if object {
                        tokens.push(self.string());
                        tokens.push(b":".into());
                    }
                    self.tokens(depth - 1, tokens);
                }
                tokens.push(if object { b"}".into() } else { b"]".into() });
            }
        }
    }

    fn string(&mut self) -> Vec<u8> {
        const PIECES: [&[u8]; 12] =
            [b"a", b" ", b"  ", b"\n", b"{", b"]", b",", b"\\\"", b"\\\\", b"\\u0020", b"\\x", b"\xc3\xa9"];
        let mut text = b"\"".to_vec();
        for _ in 0..self.below(6) {
            text.extend_from_slice(self.one(&PIECES));
        }
        text.push(b'"');
        text
    }

    /// The tokens with blanks between them.
    pub(crate) fn spread(&mut self, tokens: &[Vec<u8>]) -> Vec<u8> {
        let mut text = Vec::new();
        for token in tokens {
            text.extend_from_slice(self.one(&["", "", " ", "\n", "\r\n", "\t \t"]).as_bytes());
            text.extend_from_slice(token);
        }
        text.extend_from_slice(self.one(&["", " ", "\n"]).as_bytes());
        text
    }
}
