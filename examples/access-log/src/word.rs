// SPDX-License-Identifier: Apache-2.0
//! Many bytes looked at in one step, where a loop would end at another byte in each line, which no processor can guess.
#![forbid(unsafe_code)]

use wide::u8x16;

/// The index of the first `needle` in a text from byte `from` on.
///
/// For what is expected to be near: `memchr` is faster over hundreds of bytes, and slower to start.
#[inline]
pub(crate) fn find(text: &[u8], from: usize, needle: u8) -> Option<usize> {
    let mut at = from;
    while let Some(chunk) = text.get(at..)?.first_chunk() {
        let places = places(chunk, needle);
        if places != 0 {
            return Some(at + places.trailing_zeros() as usize);
        }
        at += CHUNK;
    }
    // What is left, looked at together with what is before it.
    let Some(chunk) = text.last_chunk() else {
        return text.iter().skip(at).position(|&byte| byte == needle).map(|index| at + index);
    };
    let seen = u32::try_from((at + CHUNK).checked_sub(text.len())?).ok()?;
    let places = places(chunk, needle).checked_shr(seen).filter(|&places| places != 0)?;
    Some(at + places.trailing_zeros() as usize)
}

const CHUNK: usize = 32;

/// A bit for each byte, the lowest for the first: whether it is the `needle`.
#[inline]
fn places(chunk: &[u8; CHUNK], needle: u8) -> u32 {
    let (Some(low), Some(high)) = (chunk.first_chunk::<16>(), chunk.last_chunk::<16>()) else { return 0 };
    let needles = u8x16::splat(needle);
    let [low, high] = [low, high].map(|half| u8x16::from(*half).simd_eq(needles).to_bitmask());
    low | high << 16
}

/// Which bytes may stand where in 16 of them.
pub(crate) struct Shape {
    first: [u8; 16],
    more: [u8; 16],
}

impl Shape {
    /// `0` stands for a digit, `A` for a letter (or one of the six characters between `Z` and `a`), `+` for a sign (or a
    /// comma), every other byte for itself.
    pub(crate) const fn new(text: [u8; 16]) -> Self {
        let mut more = [0; 16];
        let (mut rest, mut shown) = (more.as_mut_slice(), text.as_slice());
        while let ([more, others @ ..], [byte, after @ ..]) = (rest, shown) {
            *more = match *byte {
                b'0' => b'9' - b'0',
                b'A' => b'z' - b'A',
                b'+' => b'-' - b'+',
                _ => 0,
            };
            (rest, shown) = (others, after);
        }
        Self { first: text, more }
    }

    /// Whether 16 bytes have this shape.
    #[inline]
    pub(crate) fn fits(&self, text: [u8; 16]) -> bool {
        let above = u8x16::from(text) - u8x16::from(self.first);
        above.min(u8x16::from(self.more)).simd_eq(above).to_bitmask() == 0xffff
    }
}

const EACH: u64 = u64::from_le_bytes([1; 8]);
const TOP: u64 = EACH << 7;

/// The decimal number at the start of a text, and what follows it; `None` if there is none or 64 bits do not hold it.
#[inline]
pub(crate) fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    if let Some((chunk, _)) = text.split_first_chunk::<8>() {
        let digits = u64::from_le_bytes(*chunk) ^ (EACH * u64::from(b'0'));
        // The top bit of each byte that is above 9.
        let others = (((digits & !TOP) + EACH * (0x7f - 9)) | digits) & TOP;
        let len = others.trailing_zeros() / 8;
        if others != 0 && len > 0 {
            return Some((eight_digits(digits << (64 - 8 * len)), text.get(len as usize..)?));
        }
    }
    number_by_digit(text)
}

/// The number that eight digits make, each the value of its byte, the first one that of 10 millions.
const fn eight_digits(digits: u64) -> u64 {
    const OUTER: u64 = 0x0000_00ff_0000_00ff;
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let low = (pairs & OUTER).wrapping_mul(100 + (1_000_000 << 32));
    let high = ((pairs >> 16) & OUTER).wrapping_mul(1 + (10_000 << 32));
    low.wrapping_add(high) >> 32
}

/// The same as [`number`], of any length.
#[cold]
#[inline(never)]
fn number_by_digit(text: &[u8]) -> Option<(u64, &[u8])> {
    let (first, mut rest) = text.split_first()?;
    let mut value = u64::from(digit(*first)?);
    while let [byte, after @ ..] = rest
        && let Some(next) = digit(*byte)
    {
        value = value.checked_mul(10)?.checked_add(u64::from(next))?;
        rest = after;
    }
    Some((value, rest))
}

/// The value of a decimal digit.
pub(crate) const fn digit(byte: u8) -> Option<u8> {
    let value = byte.wrapping_sub(b'0');
    if value <= 9 { Some(value) } else { None }
}

/// How many capital letters a text begins with; `None` where that is all of its first eight bytes or of the text.
#[inline]
pub(crate) fn capitals(text: &[u8]) -> Option<usize> {
    let word = u64::from_le_bytes(*text.first_chunk()?);
    let low = word & !TOP;
    // Top bits: at least `A`; above `Z`.
    let (from, above) = (low + EACH * (0x80 - 0x41), low + EACH * (0x7f - 0x5a));
    let others = !(from & !above & !word) & TOP;
    (others != 0).then(|| (others.trailing_zeros() / 8) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn the_first_one_is_found() {
        for len in 0..100 {
            let mut text = vec![b'!'; len];
            assert_eq!(find(&text, 0, b' '), None, "{len}");
            for at in (0..len).rev() {
                text[at] = b' ';
                for from in 0..=at {
                    assert_eq!(find(&text, from, b' '), Some(at), "{len} {from}");
                }
                assert_eq!(find(&text, at + 1, b' '), (at + 1 < len).then_some(at + 1), "{len} {at}");
            }
            assert_eq!((find(&text, len, b' '), find(&text, len + 1, b' ')), (None, None));
        }
    }

    #[test]
    fn each_byte_of_a_shape_counts() {
        const SHAPE: Shape = Shape::new(*b"0A+ [/0:00000AAA");
        const FITS: [u8; 16] = *b"5b- [/9:01234zAn";
        assert!(SHAPE.fits(FITS));
        for at in 0..16 {
            for byte in 0..=u8::MAX {
                let mut text = FITS;
                text[at] = byte;
                let expected = match at {
                    0 | 6 | 8..=12 => byte.is_ascii_digit(),
                    1 | 13.. => (b'A'..=b'z').contains(&byte),
                    2 => b"+,-".contains(&byte),
                    _ => byte == FITS[at],
                };
                assert_eq!(SHAPE.fits(text), expected, "{at} {byte}");
            }
        }
    }

    #[test]
    fn a_number_is_read_whatever_its_length() {
        for text in
            ["0", "7", "07", "1234567", "12345678", "123456789", "18446744073709551615", "00000000000000000000001"]
        {
            for tail in ["", " ", " \"r\" \"a\"", "x", "/", ":::::::::"] {
                let whole = std::format!("{text}{tail}");
                let expected = (text.parse().unwrap(), tail.as_bytes());
                assert_eq!(number(whole.as_bytes()), Some(expected), "{whole}");
            }
        }
        for none in ["", " ", "-", "x12345678", "/", ":23456789", "18446744073709551616", "\u{661}234567890"] {
            assert_eq!(number(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn capitals_end_at_the_first_other_byte() {
        for byte in 0..=u8::MAX {
            let expected = (!byte.is_ascii_uppercase()).then_some(3);
            assert_eq!(capitals(&[b'A', b'Q', b'Z', byte, b'A', b'A', b'A', b'A']), expected, "{byte}");
            assert_eq!(
                capitals(&[byte, b' ', b' ', b' ', b' ', b' ', b' ', b' ']),
                Some(usize::from(byte.is_ascii_uppercase()))
            );
        }
        assert_eq!(capitals(b"GET"), None);
    }
}
