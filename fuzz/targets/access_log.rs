// SPDX-License-Identifier: Apache-2.0
//! Any bytes as a line of an access log: every part of it is inside the line, where it belongs.
#![no_main]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what fails here is found")]

#[path = "../../examples/access-log/src"]
#[allow(unreachable_pub, dead_code, reason = "of a library, of which a part is used")]
mod access_log {
    pub(crate) mod address;
    pub(crate) mod line;
    pub(crate) mod span;
    pub(crate) mod time;
    pub(crate) mod word;
}

// Where they look for each other.
use access_log::{address, line, span, time, word};
use libfuzzer_sys::fuzz_target;
use line::{Line, client_addr, query_value, segment, segments};
use span::Span;
use time::Clock;

fn part(line: &[u8], span: Option<Span>) -> Option<&[u8]> {
    span.map(|span| line.get(span.start() as usize..span.end() as usize).unwrap())
}

/// The time between the last ` [` before the first `] "` behind the ident, and that.
fn time_of(line: &[u8]) -> Option<u64> {
    let mut spaces = line.iter().enumerate().filter(|(_, byte)| **byte == b' ').map(|(at, _)| at);
    let user = (spaces.next()?, spaces.next()?).1;
    let end = user + line.get(user..)?.windows(3).position(|three| three == b"] \"")?;
    let start = user + line.get(user..end)?.windows(2).rposition(|two| two == b" [")? + 2;
    time::utc_ns(line.get(start..end)?)
}

fn parts_are_in_order(bytes: &[u8], line: &Line) {
    let mut end = 0;
    let parts = [line.client(), line.user(), line.method(), line.path(), line.query(), line.protocol()];
    for span in parts.into_iter().chain([line.referer(), line.agent()]).flatten() {
        assert!(end <= span.start() && span.start() <= span.end() && span.end() as usize <= bytes.len(), "{line:?}");
        end = span.end();
    }
    let [path, query, target] = [line.path(), line.query(), line.target()].map(|span| part(bytes, span));
    let joined = path.map(|path| [path, query.map_or(&b""[..], |_| b"?"), query.unwrap_or_default()].concat());
    assert_eq!(target, joined.as_deref());
}

fn read(key: &[u8], bytes: &[u8], clock: &mut Clock) {
    // Of its very own size, so that a sanitizer sees a read beyond.
    let bytes: Box<[u8]> = bytes.into();
    let line = Line::parse(&bytes);
    assert_eq!(part(&bytes, Some(line.whole())), Some(&bytes[..]));
    parts_are_in_order(&bytes, &line);
    let well_formed = line.is_well_formed();
    assert_eq!((line.client().is_some(), line.status().is_some()), (well_formed, well_formed));
    assert!(line.status() <= Some(999) && (well_formed || line.bytes().is_none()));
    assert_eq!(line.error(), line.status().map(|status| status >= 400));
    let time = line::time(&bytes, &line);
    assert_eq!(time, time_of(&bytes).filter(|_| well_formed));
    let alone = line::time_of(&bytes, clock);
    assert_eq!(alone, line::time_of(&bytes, &mut Clock::default()), "the lines before make no difference");
    assert!(alone == time || !well_formed);
    assert_eq!(client_addr(&bytes, &line), part(&bytes, line.client()).and_then(address::parse));

    let pieces: Vec<&[u8]> = segments(&bytes, &line).map(|span| part(&bytes, Some(span)).unwrap()).collect();
    let path = part(&bytes, line.path()).unwrap_or_default();
    assert_eq!(pieces.join(&b'/'), path.strip_prefix(b"/").unwrap_or(path));
    for n in 0..=pieces.len() {
        let found = part(&bytes, segment(&bytes, &line, n as u64));
        assert_eq!(found, pieces.get(n).copied());
    }

    let query = part(&bytes, line.query()).unwrap_or_default();
    let mut parameters = query.split(|byte| *byte == b'&').filter(|parameter| !parameter.is_empty());
    let expected = parameters.find_map(|parameter| {
        let end = parameter.iter().position(|byte| *byte == b'=').unwrap_or(parameter.len());
        (&parameter[..end] == key).then(|| parameter.get(end + 1..).unwrap_or_default())
    });
    assert_eq!(part(&bytes, query_value(&bytes, &line, key)), expected);
    // Bytes of another line than was parsed.
    let _ = (client_addr(key, &line), query_value(key, &line, b"a"), segments(key, &line).count());
}

fuzz_target!(|bytes: &[u8]| {
    // A key, and behind a line feed the lines.
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let (key, mut clock) = (lines.next().unwrap_or_default(), Clock::default());
    lines.for_each(|line| read(key, line, &mut clock));
});
