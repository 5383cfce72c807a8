// SPDX-License-Identifier: Apache-2.0
//! Where things end in JSON text that was checked before. Of any other text these give a part.

pub(super) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Without the blanks at its start.
#[inline]
pub(super) const fn blanks(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text
        && is_blank(*first)
    {
        text = rest;
    }
    text
}

/// What of `text` is before this end of it.
#[inline]
pub(super) fn before<'a>(text: &'a [u8], end: &[u8]) -> &'a [u8] {
    text.get(..text.len().saturating_sub(end.len())).unwrap_or(text)
}

/// What is behind the string that `text` begins with, and whether there is a backslash in it. `None` where it has no
/// end.
#[inline]
pub(super) fn behind_string(text: &[u8]) -> Option<(&[u8], bool)> {
    let (mut rest, mut escaped) = (text.get(1..)?, false);
    loop {
        rest = match to_special::<false>(rest) {
            [b'"', behind @ ..] => return Some((behind, escaped)),
            [_, _, behind @ ..] => behind,
            _ => return None,
        };
        escaped = true;
    }
}

/// What is behind the value that `text` begins with; all of it where it begins with none.
#[inline]
pub(super) fn behind_value(text: &[u8]) -> &[u8] {
    match text {
        [b'"', ..] => behind_string(text).map_or(&[], |(behind, _)| behind),
        [b'{' | b'[', ..] => behind_container(text),
        _ => behind_scalar(text),
    }
}

#[inline]
pub(super) fn behind_scalar(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let [byte, behind @ ..] = rest
        && !is_blank(*byte)
        && !matches!(byte, b',' | b':' | b'}' | b']')
    {
        rest = behind;
    }
    rest
}

fn behind_container(text: &[u8]) -> &[u8] {
    let (mut rest, mut depth) = (text, 0_usize);
    loop {
        rest = match rest {
            [b'"', ..] => match behind_string(rest) {
                Some((behind, _)) => behind,
                None => return &[],
            },
            [b'{' | b'[', behind @ ..] => {
                depth += 1;
                behind
            }
            [b'}' | b']', behind @ ..] if depth <= 1 => return behind,
            [b'}' | b']', behind @ ..] => {
                depth -= 1;
                behind
            }
            [_, behind @ ..] => behind,
            [] => return rest,
        };
    }
}

/// From the first quote, backslash or (`CONTROLS`) control character on, eight bytes looked at at a time.
#[inline(always)]
pub(super) fn to_special<const CONTROLS: bool>(text: &[u8]) -> &[u8] {
    const ONES: u64 = u64::MAX / 0xFF;
    // The lowest byte that is less than `n` has its high bit set, and none below it.
    let less = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word & (ONES << 7);
    let mut rest = text;
    while let Some((eight, behind)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*eight);
        let mut special = less(word ^ (ONES * b'"' as u64), 1) | less(word ^ (ONES * b'\\' as u64), 1);
        if CONTROLS {
            special |= less(word, 0x20);
        }
        if special != 0 {
            return rest.get(special.trailing_zeros() as usize / 8..).unwrap_or_default();
        }
        rest = behind;
    }
    while let [byte, behind @ ..] = rest
        && !matches!(byte, b'"' | b'\\')
        && !(CONTROLS && *byte < 0x20)
    {
        rest = behind;
    }
    rest
}
