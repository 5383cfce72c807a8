// SPDX-License-Identifier: Apache-2.0
//! One line of a web server's access log, read once in one pass into ranges and numbers.
//!
//! # Shape
//! ```text
//! client SP ident SP user SP "[" time "]" SP quoted SP status SP bytes [ SP quoted SP quoted [ SP anything ] ]
//!                                            request                        referer   agent
//! ```
//! - `client` and `ident` are one byte or more that are no space. `user` may hold spaces and may be empty: the time's
//!   `[` is the last ` [` before the first `] "`, so that a user's name with spaces or brackets in it, which anybody
//!   can send, does not hide the line.
//! - `quoted` goes from a `"` to the next one that is not escaped; a backslash escapes the byte after it.
//! - `status` is three decimal digits; `bytes` is `-` or a decimal number that fits in 64 bits.
//! - Without the last two quoted parts it is the common log format; with them the combined one, and what some servers
//!   append to that, after a space, is ignored.
//!
//! A line of any other shape, an empty one too, is **malformed** and has no value but itself. What is inside the parts
//! does not make a line malformed, it only gives no value: a client that is no address, a time that is none (see
//! [`utc_ns`]), a request that is not `method SP target [ SP protocol ]`, such as `-` or the bytes of a TLS handshake.
//!
//! # Values
//! Every value is the bytes of the line, nothing unescaped or percent-decoded. `-` is no value for user, bytes, referer
//! and agent; an empty user, referer or agent is an empty value.
//!
//! In the request, the method is what stands before the first space and is an HTTP token; the protocol is what follows
//! the last space, if it begins with `HTTP/`; the target is what is between, at least one byte, spaces and all. A
//! request without a protocol (HTTP/0.9) has method and target. The path is the target up to the first `?`, the
//! query what follows that.
//!
//! # Panics
//! Nothing here panics, whatever the bytes. Functions that take a [`Line`] and bytes check every range again, so a
//! `Line` of other bytes can give a wrong value but no bad read.
#![forbid(unsafe_code)]

mod head;

use core::net::IpAddr;

use memchr::{memchr, memrchr};

use crate::address;
use crate::span::Span;
use crate::time::{self, Clock};
use crate::word::{self, digit, find};
use head::head;

/// What a line says, as ranges into it; [`Line::default`] says nothing.
///
/// A value that the line does not have is a default `Span`: no part of a line begins and ends at byte 0.
#[derive(Clone, Copy, Default, Debug, PartialEq)]
pub struct Line {
    whole: u32,
    client_end: u32,
    user: Span,
    method: Span,
    path: Span,
    query: Span,
    protocol: Span,
    referer: Span,
    agent: Span,
    /// What has the shape of a time.
    time: Span,
    bytes: Option<u64>,
    status: Option<u16>,
}

impl Line {
    /// Reads a line, given without its line feed and without the carriage return before that.
    #[must_use]
    #[inline(always)]
    pub fn parse(line: &[u8]) -> Self {
        let Ok(whole) = u32::try_from(line.len()) else {
            return Self::default();
        };
        read(line, whole).unwrap_or(Self { whole, ..Self::default() })
    }

    /// All of the line: the only value of a malformed one.
    #[must_use]
    pub fn whole(&self) -> Span {
        Span::new(0, self.whole)
    }

    /// Whether the line has the shape that the [module](self) describes.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        self.status.is_some()
    }

    /// The client as it stands there, address or name; [`client_addr`] has the address.
    #[must_use]
    pub fn client(&self) -> Option<Span> {
        present(Span::new(0, self.client_end))
    }

    /// The authenticated user.
    #[must_use]
    pub fn user(&self) -> Option<Span> {
        present(self.user)
    }

    /// The request's method.
    #[must_use]
    pub fn method(&self) -> Option<Span> {
        present(self.method)
    }

    /// The request's target: path, `?` and query.
    #[must_use]
    pub fn target(&self) -> Option<Span> {
        let path = present(self.path)?;
        Some(Span::new(path.start(), path.end().max(self.query.end())))
    }

    /// The target without its query. It is empty if the target begins with `?`.
    #[must_use]
    pub fn path(&self) -> Option<Span> {
        present(self.path)
    }

    /// What follows the target's first `?`, if it has one.
    #[must_use]
    pub fn query(&self) -> Option<Span> {
        present(self.query)
    }

    /// The request's protocol, such as `HTTP/1.1`.
    #[must_use]
    pub fn protocol(&self) -> Option<Span> {
        present(self.protocol)
    }

    /// The response's status, 0 to 999.
    #[must_use]
    pub fn status(&self) -> Option<u64> {
        self.status.map(u64::from)
    }

    /// Whether the status says that the request failed: 400 and above.
    #[must_use]
    pub fn error(&self) -> Option<bool> {
        self.status.map(|status| status >= 400)
    }

    /// The response's size in bytes.
    #[must_use]
    pub fn bytes(&self) -> Option<u64> {
        self.bytes
    }

    /// The page that the client says it came from.
    #[must_use]
    pub fn referer(&self) -> Option<Span> {
        present(self.referer)
    }

    /// What the client says it is.
    #[must_use]
    pub fn agent(&self) -> Option<Span> {
        present(self.agent)
    }
}

/// The client's address, if the client is one.
#[must_use]
pub fn client_addr(bytes: &[u8], line: &Line) -> Option<IpAddr> {
    address::parse(resolve(bytes, line.client()?)?)
}

/// The time in nanoseconds of UTC since 1970.
#[must_use]
pub fn time(bytes: &[u8], line: &Line) -> Option<u64> {
    time::utc_ns(resolve(bytes, present(line.time)?)?)
}

/// The time of a line's event, in nanoseconds of UTC since 1970: only the beginning of the line is read, up to its request.
///
/// For a well-formed line it is what [`time`] gives. A line of the right shape up to there, and of another one after it,
/// because it was cut off for example, is malformed and has this time nevertheless. The clock is for line after line.
#[must_use]
pub fn time_of(line: &[u8], clock: &mut Clock) -> Option<u64> {
    clock.utc_ns(head(line)?.time?)
}

/// The value of the first parameter of the query that is named `key`, byte for byte.
///
/// Parameters are separated by `&`; a name ends at the first `=`, so a key that holds either is never found. `key=` and
/// `key` alone give an empty value. What is empty between two `&` is no parameter.
#[must_use]
pub fn query_value(bytes: &[u8], line: &Line, key: &[u8]) -> Option<Span> {
    let query = line.query()?;
    if key.contains(&b'=') {
        return None;
    }
    let mut rest = resolve(bytes, query)?;
    loop {
        let (parameter, after) = match memchr(b'&', rest) {
            Some(i) => (rest.get(..i)?, rest.get(i + 1..)),
            None => (rest, None),
        };
        if let Some(value) = parameter.strip_prefix(key)
            && !parameter.is_empty()
        {
            let end = position(query.end(), after.map_or(0, |after| after.len() + 1));
            match value.split_first() {
                None => return Some(Span::new(end, end)),
                Some((b'=', value)) => return Some(Span::new(position(end, value.len()), end)),
                Some(_) => {}
            }
        }
        rest = after?;
    }
}

/// The path's segment number `n`, from 0; see [`segments`].
#[must_use]
pub fn segment(bytes: &[u8], line: &Line, n: u64) -> Option<Span> {
    segments(bytes, line).nth(usize::try_from(n).ok()?)
}

/// The path split at every `/`, a leading one left out.
///
/// Empty segments count: `/a//b/` has `a`, an empty one, `b`, an empty one; `/` has one, an empty one. An empty path
/// has none, nor has a line without a path. A target that is no path is split alike: `*` has `*`.
#[must_use]
pub fn segments<'a>(bytes: &'a [u8], line: &Line) -> Segments<'a> {
    let rest = line.path().and_then(|path| {
        let text = resolve(bytes, path)?;
        (!text.is_empty()).then(|| (text.strip_prefix(b"/").unwrap_or(text), path.end()))
    });
    Segments { rest }
}

/// What [`segments`] returns: the ranges of a path's segments, in order.
#[derive(Clone, Debug)]
pub struct Segments<'a> {
    /// What has not been split yet, and where in the line that ends.
    rest: Option<(&'a [u8], u32)>,
}

impl Iterator for Segments<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        let (text, end) = self.rest.take()?;
        let start = position(end, text.len());
        let Some(slash) = memchr(b'/', text) else {
            return Some(Span::new(start, end));
        };
        let after = text.get(slash + 1..)?;
        self.rest = Some((after, end));
        Some(Span::new(start, position(end, after.len() + 1)))
    }
}

impl core::iter::FusedIterator for Segments<'_> {}

/// Reads a line, of this length; `None` if it is malformed.
#[inline(always)]
fn read(line: &[u8], whole: u32) -> Option<Line> {
    let head = head(line)?;
    let request_end = closing_quote(line, head.request_start)?;
    let [b' ', hundreds, tens, ones, b' ', sized @ ..] = line.get(request_end + 1..)? else {
        return None;
    };
    let status = u16::from(digit(*hundreds)?) * 100 + u16::from(digit(*tens)?) * 10 + u16::from(digit(*ones)?);
    let (bytes, tail) = size(sized)?;
    let (mut referer, mut agent) = (Span::default(), Span::default());
    if !tail.is_empty() {
        let quoted = line.len() - tail.len();
        let referer_end = quoted_part(line, quoted)?;
        let agent_end = quoted_part(line, referer_end + 1)?;
        if !matches!(line.get(agent_end + 1), None | Some(b' ')) {
            return None;
        }
        referer = unless_dash(line, quoted + 2, referer_end);
        agent = unless_dash(line, referer_end + 3, agent_end);
    }
    let request = request(line, head.request_start, request_end).unwrap_or_default();
    Some(Line {
        whole,
        client_end: narrow(head.client_end),
        user: unless_dash(line, head.user_start, head.user_end),
        method: request.method,
        path: request.path,
        query: request.query,
        protocol: request.protocol,
        referer,
        agent,
        time: if head.time.is_some() {
            span(head.user_end + 2, head.user_end + 2 + time::LEN)
        } else {
            Span::default()
        },
        bytes,
        status: Some(status),
    })
}

/// The index of the `"` that ends the quoted text beginning at `start`.
fn closing_quote(line: &[u8], start: usize) -> Option<usize> {
    let mut from = start;
    loop {
        let quote = find(line, from, b'"')?;
        if quote == from || line.get(quote - 1) != Some(&b'\\') || !is_escaped(line.get(from..quote)?) {
            return Some(quote);
        }
        from = quote + 1;
    }
}

/// Whether an odd number of backslashes ends what stands before a quote; those before an earlier quote belong to that.
#[cold]
fn is_escaped(before: &[u8]) -> bool {
    before.iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 1
}

/// The index of the `"` that ends the part which is ` "` at `space` and what follows.
fn quoted_part(line: &[u8], space: usize) -> Option<usize> {
    if !line.get(space..)?.starts_with(b" \"") {
        return None;
    }
    closing_quote(line, space + 2)
}

/// The response's size at the start of `text`, if it is not `-`, and what follows it: nothing, or a space and more.
#[inline(always)]
fn size(text: &[u8]) -> Option<(Option<u64>, &[u8])> {
    let (bytes, tail) = match text {
        [b'-', tail @ ..] => (None, tail),
        _ => {
            let (value, tail) = word::number(text)?;
            (Some(value), tail)
        }
    };
    matches!(tail, [] | [b' ', ..]).then_some((bytes, tail))
}

/// What a request is made of.
#[derive(Default)]
struct Request {
    method: Span,
    path: Span,
    query: Span,
    protocol: Span,
}

/// Method, path, query and protocol of the request from `start` to `end`, or none of them.
#[inline(always)]
fn request(line: &[u8], start: usize, end: usize) -> Option<Request> {
    let method_len = method_len(line.get(start..end)?)?;
    let target_start = start + method_len + 1;
    let rest = line.get(target_start..end)?;
    let target_len = target_len(rest);
    if target_len == 0 {
        return None;
    }
    let target_end = target_start + target_len;
    let (path, query) = match find(line.get(..target_end)?, target_start, b'?') {
        Some(mark) => (span(target_start, mark), span(mark + 1, target_end)),
        None => (span(target_start, target_end), Span::default()),
    };
    let protocol = if target_end < end { span(target_end + 1, end) } else { Span::default() };
    Some(Request { method: span(start, start + method_len), path, query, protocol })
}

/// How long the method is, if the request begins with one and a space.
#[inline]
fn method_len(request: &[u8]) -> Option<usize> {
    let len = match word::capitals(request) {
        Some(len) if request.get(len) == Some(&b' ') => len,
        _ => request.iter().position(|&b| !is_token(b))?,
    };
    (len > 0 && request.get(len) == Some(&b' ')).then_some(len)
}

/// How long the target is at the start of what follows the method: all of it, if no protocol ends it.
#[inline]
fn target_len(rest: &[u8]) -> usize {
    if let Some((head, [name @ .., major, b'.', minor])) = rest.split_last_chunk::<9>()
        && name == b" HTTP/"
        && *major != b' '
        && *minor != b' '
    {
        return head.len();
    }
    let protocol = |&space: &usize| rest.get(space + 1..).is_some_and(|last| last.starts_with(b"HTTP/"));
    memrchr(b' ', rest).filter(protocol).unwrap_or(rest.len())
}

/// Whether a byte may stand in a token, such as a method (RFC 9110, 5.6.2).
const fn is_token(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9'
        | b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~')
}

/// The bytes that a range names, if these bytes have it.
fn resolve(bytes: &[u8], span: Span) -> Option<&[u8]> {
    bytes.get(usize::try_from(span.start()).ok()?..usize::try_from(span.end()).ok()?)
}

/// `None` for the range of a value that is not there.
fn present(span: Span) -> Option<Span> {
    (span.end() > 0).then_some(span)
}

/// The range from `start` to `end`; no value, if all it holds is `-`.
fn unless_dash(line: &[u8], start: usize, end: usize) -> Span {
    if end == start + 1 && line.get(start) == Some(&b'-') { Span::default() } else { span(start, end) }
}

fn span(start: usize, end: usize) -> Span {
    Span::new(narrow(start), narrow(end))
}

/// The position `back` bytes before `end`; 0 if there is none.
fn position(end: u32, back: usize) -> u32 {
    end.saturating_sub(narrow(back))
}

/// An index into a line, whose length [`Line::parse`] has found to fit.
#[expect(clippy::cast_possible_truncation, reason = "no line is longer than a u32 says")]
const fn narrow(index: usize) -> u32 {
    index as u32
}

#[cfg(test)]
mod tests;
