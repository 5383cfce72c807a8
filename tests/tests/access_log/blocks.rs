// SPDX-License-Identifier: Apache-2.0
//! Lines against the sizes inside the plugin: the block it reads, the largest event, the batch.

use falconet_tests::plugins::Profile;

use crate::{LONGEST, Loaded, assert_same_lines, expected_of, lines_of, load};

/// Bytes that the plugin reads at once.
const BLOCK: usize = 64 * 1024;

/// Lines of pseudo-random lengths and bytes, the same ones for the same seed: most short, some longer than an event or
/// a block, some ended by CR LF, the last one perhaps by nothing.
pub(crate) fn random_lines(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut content = Vec::with_capacity(len + 80_000);
    while content.len() < len {
        let longest = [0, 40, 300, 300, 300, 3000, 3000, 40_000, 40_000, 200_000];
        let longest = if next(20) == 0 { longest[9] } else { longest[usize::try_from(next(9)).unwrap()] };
        for _ in 0..next(longest + 1) {
            content.push(b"abcdefgh \"[]\\\r/?&=."[usize::try_from(next(19)).unwrap()]);
        }
        content.extend_from_slice(if next(4) == 0 { b"\r\n" } else { b"\n" });
    }
    if seed.is_multiple_of(2) {
        content.truncate(content.len() - 1);
        while content.last() == Some(&b'\r') {
            content.pop();
        }
    }
    content
}

/// Compares the lines with the model, and the messages with the number of lines that are too long.
fn check(loaded: &Loaded, content: &[u8], what: &str) {
    assert_same_lines(&lines_of(&loaded.init(), content), &expected_of(content), what);
    let too_long = content.split(|byte| *byte == b'\n').filter(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.len() > LONGEST
    });
    let logged = loaded.logged();
    assert_eq!(logged.len(), too_long.count(), "{what}: a message for each line that is too long: {logged:?}");
}

#[test]
fn random_lines_are_read_as_they_are() {
    let loaded = load(Profile::Release);
    for seed in 1..=12 {
        check(&loaded, &random_lines(seed, 700_000), &format!("seed {seed}"));
    }
    check(&load(Profile::Dev), &random_lines(13, 700_000), "seed 13");
}

#[test]
fn lines_end_anywhere_around_the_end_of_a_block() {
    let loaded = load(Profile::Release);
    for end in ["\n", "\r\n"] {
        for blocks in 1..=2 {
            for past in 0..=6 {
                // The line in the middle ends from 3 bytes before the end of a block up to 3 bytes behind it.
                let middle = blocks * BLOCK + past - 3;
                let mut content = Vec::new();
                while content.len() + 2000 < middle {
                    content.extend(vec![b'x'; 999]);
                    content.push(b'\n');
                }
                content.resize(middle - end.len(), b'm');
                content.extend(end.bytes());
                assert_eq!(content.len(), middle);
                content.extend(format!("after{end}last").bytes());
                check(&loaded, &content, &format!("{blocks} blocks, {past} - 3 past, {end:?}"));
            }
        }
    }
}

#[test]
fn a_line_that_never_fits_is_skipped_and_logged() {
    let loaded = load(Profile::Release);
    let sizes =
        [LONGEST - 1, LONGEST, LONGEST + 1, BLOCK - 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK - 1, 2 * BLOCK, 300_000];
    for size in sizes {
        for end in ["\n", "\r\n", ""] {
            for before in ["", "before\n"] {
                let after = if end.is_empty() { "" } else { "after\n" };
                let content = [before.as_bytes(), &vec![b'l'; size], end.as_bytes(), after.as_bytes()].concat();
                check(&loaded, &content, &format!("{size} bytes, {end:?}, after {before:?}"));
            }
        }
    }
}

#[test]
fn the_message_says_how_long_a_line_may_be_and_where_the_long_one_ends() {
    let loaded = load(Profile::Release);
    let content = [&b"before\n"[..], &vec![b'l'; 100_000], b"\nafter\n"].concat();
    assert_eq!(lines_of(&loaded.init(), &content), [&b"before"[..], b"after"]);
    assert_eq!(
        loaded.logged(),
        ["warning: access_log: skipped a line of more than 32767 bytes that ends before byte 100008"]
    );
}

#[test]
fn several_long_lines_in_a_row_are_as_many_messages() {
    let loaded = load(Profile::Release);
    let long = [vec![b'l'; 70_000], vec![b'\n']].concat();
    let content = [&long[..], &long, b"between\n", &long, &long].concat();
    check(&loaded, &content, "four long lines");
}
