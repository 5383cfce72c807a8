// SPDX-License-Identifier: Apache-2.0
//! The beginning of a line, up to its request: client, ident, user and time.
#![forbid(unsafe_code)]

use memchr::{memchr, memrchr};

use crate::time;
use crate::word::find;

/// What stands before the request: indices into the line, and the time where it has the shape of one.
pub(super) struct Head<'a> {
    pub(super) client_end: usize,
    pub(super) user_start: usize,
    pub(super) user_end: usize,
    pub(super) time: Option<time::Text<'a>>,
    pub(super) request_start: usize,
}

/// Reads a line up to its request; `None` if it is malformed up to there.
#[inline(always)]
pub(super) fn head(line: &[u8]) -> Option<Head<'_>> {
    let client_end = find(line, 0, b' ').filter(|&end| end > 0)?;
    // Nobody is asked who they are any more: that spares the search.
    let ident_end = match line.get(client_end..)? {
        [_, b'-', b' ', ..] => client_end + 2,
        _ => find(line, client_end + 1, b' ').filter(|&end| end > client_end + 1)?,
    };
    let user_start = ident_end + 1;
    if let Some((user_end, time)) = user_before_time(line, user_start) {
        let request_start = user_end + time::LEN + 5;
        return Some(Head { client_end, user_start, user_end, time: Some(time), request_start });
    }
    let rest = line.get(user_start..)?;
    let quote = quote_after_bracket(rest)?;
    let (user, time) = split_user(rest.get(..quote - 2)?)?;
    let time = time.try_into().ok().and_then(time::Text::of);
    Some(Head {
        client_end,
        user_start,
        user_end: user_start + user.len(),
        time,
        request_start: user_start + quote + 1,
    })
}

/// Where the user ends, and the time, in `user [time] "`, where the user has no space and the time the shape of one, as in
/// nearly all lines: that spares the search for their ends.
///
/// No ` [` and no `] "` can stand in either of them, so that the search would find the same.
#[inline]
fn user_before_time(line: &[u8], start: usize) -> Option<(usize, time::Text<'_>)> {
    let end = find(line, start, b' ')?;
    let [b'[', time @ .., b']', b' ', b'"'] = line.get(end + 1..)?.first_chunk::<{ time::LEN + 4 }>()? else {
        return None;
    };
    Some((end, time::Text::of(time)?))
}

/// The index of the first `"` that ends `] "`.
#[cold]
#[inline(never)]
fn quote_after_bracket(text: &[u8]) -> Option<usize> {
    let mut start = 0;
    loop {
        let quote = start + memchr(b'"', text.get(start..)?)?;
        if text.get(..quote)?.ends_with(b"] ") {
            return Some(quote);
        }
        start = quote + 1;
    }
}

/// `user [time` as user and time, at the last ` [`.
#[cold]
#[inline(never)]
fn split_user(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut end = text.len();
    loop {
        let bracket = memrchr(b'[', text.get(..end)?)?;
        if let Some(user) = text.get(..bracket)?.strip_suffix(b" ") {
            return Some((user, text.get(bracket + 1..)?));
        }
        end = bracket;
    }
}
