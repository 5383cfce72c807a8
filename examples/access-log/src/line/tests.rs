// SPDX-License-Identifier: Apache-2.0
//! Tests of the parser: shapes, values, edges, and bytes that are no log at all.

use std::format;
use std::string::String;
use std::vec::Vec;

use super::*;

const START: &str = "192.0.2.1 - ada [17/May/2015:10:05:03 +0000] ";
const END: &str = " 200 512 \"http://example.org/\" \"curl/8\"";

/// The text of a value, as a test reads best.
fn text(line: &str, span: Option<Span>) -> Option<&str> {
    span.map(|span| &line[span.start() as usize..span.end() as usize])
}

fn with_request(request: &str) -> String {
    format!("{START}\"{request}\"{END}")
}

#[test]
fn a_combined_line_has_every_value() {
    let line = &with_request("GET /a/b.html?x=1&y=2 HTTP/1.1");
    let parsed = Line::parse(line.as_bytes());
    assert!(parsed.is_well_formed());
    assert_eq!(text(line, Some(parsed.whole())), Some(line.as_str()));
    assert_eq!(text(line, parsed.client()), Some("192.0.2.1"));
    assert_eq!(client_addr(line.as_bytes(), &parsed), Some(IpAddr::from([192, 0, 2, 1])));
    assert_eq!(text(line, parsed.user()), Some("ada"));
    assert_eq!(time(line.as_bytes(), &parsed), Some(1_431_857_103_000_000_000));
    assert_eq!(text(line, parsed.method()), Some("GET"));
    assert_eq!(text(line, parsed.target()), Some("/a/b.html?x=1&y=2"));
    assert_eq!(text(line, parsed.path()), Some("/a/b.html"));
    assert_eq!(text(line, parsed.query()), Some("x=1&y=2"));
    assert_eq!(text(line, parsed.protocol()), Some("HTTP/1.1"));
    assert_eq!(parsed.status(), Some(200));
    assert_eq!(parsed.error(), Some(false));
    assert_eq!(parsed.bytes(), Some(512));
    assert_eq!(text(line, parsed.referer()), Some("http://example.org/"));
    assert_eq!(text(line, parsed.agent()), Some("curl/8"));
}

#[test]
fn a_dash_is_no_value() {
    let line = "host.example.org - - [-] \"-\" 408 - \"-\" \"-\"";
    let parsed = Line::parse(line.as_bytes());
    let expected = Line {
        whole: narrow(line.len()),
        client_end: narrow("host.example.org".len()),
        status: Some(408),
        ..Line::default()
    };
    assert_eq!(parsed, expected);
    assert_eq!(parsed.error(), Some(true));
    assert_eq!(client_addr(line.as_bytes(), &parsed), None);
    for span in [parsed.user(), parsed.method(), parsed.path(), parsed.query(), parsed.target()] {
        assert_eq!(span, None);
    }
}

#[test]
fn an_empty_part_is_an_empty_value() {
    let line = "h -  [] \"\" 200 0 \"\" \"\"";
    let parsed = Line::parse(line.as_bytes());
    assert_eq!(text(line, parsed.user()), Some(""));
    assert_eq!(text(line, parsed.referer()), Some(""));
    assert_eq!(text(line, parsed.agent()), Some(""));
    assert_eq!(parsed.bytes(), Some(0));
    assert_eq!((time(line.as_bytes(), &parsed), parsed.method()), (None, None));
}

#[test]
fn what_follows_the_size_may_be_missing_or_more() {
    for (tail, referer, agent) in [
        ("", None, None),
        (" \"r\" \"a\"", Some("r"), Some("a")),
        (" \"-\" \"a\"", None, Some("a")),
        (" \"r\" \"a\" \"198.51.100.7\" 0.004", Some("r"), Some("a")),
        (" \"r\" \"a\" ", Some("r"), Some("a")),
        (r#" "r\"s" "a\\" "#, Some(r#"r\"s"#), Some(r"a\\")),
        (r#" "\\\"" "\"\"""#, Some(r#"\\\""#), Some(r#"\"\""#)),
    ] {
        let line = &format!("{START}\"GET / HTTP/1.1\" 200 512{tail}");
        let parsed = Line::parse(line.as_bytes());
        assert!(parsed.is_well_formed(), "{line}");
        assert_eq!(text(line, parsed.referer()), referer, "{line}");
        assert_eq!(text(line, parsed.agent()), agent, "{line}");
    }
}

#[test]
fn a_user_may_hold_what_would_end_it() {
    for user in ["ada lovelace", "a [b", "a] [b", " ", "[", "- -", r#"a\"b"#, "\u{e9}"] {
        let line = &format!("::1 - {user} [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5");
        let parsed = Line::parse(line.as_bytes());
        assert_eq!(text(line, parsed.user()), Some(user), "{line}");
        assert_eq!(time(line.as_bytes(), &parsed), Some(1_431_857_103_000_000_000), "{line}");
    }
}

#[test]
fn a_line_of_another_shape_has_no_value() {
    let good = with_request("GET / HTTP/1.1");
    for line in [
        "",
        " ",
        "-",
        "\"",
        "not a log line",
        " - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5",
        "h  - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5",
        "h - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5",
        "h - - 17/May/2015:10:05:03 +0000 \"GET / HTTP/1.1\" 200 5",
        "h - - [17/May/2015:10:05:03 +0000 \"GET / HTTP/1.1\" 200 5",
        "h - - [17/May/2015:10:05:03 +0000]\"GET / HTTP/1.1\" 200 5",
        "h - - [17/May/2015:10:05:03 +0000] GET / HTTP/1.1 200 5",
        "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1 200 5",
        "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\\\" 200 5",
        "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\"200 5",
        "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\"",
        "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200",
        "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 ",
        "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" - 5",
        "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 20 5",
        "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 2000 5",
        "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 2x0 5",
        "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5k",
        "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 -5",
        "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 18446744073709551616",
        "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5 ",
        "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5\r",
        "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5 0.004",
        "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5 \"r\"",
        "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5 \"r\" ",
        "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5 \"r\" \"a",
        "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5 \"r\" \"a\\\"",
        "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5 \"r\" \"a\"x",
        "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5 \"r\"  \"a\"",
        &format!("{good}\r"),
        &format!(" {good}"),
        good.trim_end_matches('"'),
    ] {
        let parsed = Line::parse(line.as_bytes());
        assert_eq!(parsed, Line { whole: narrow(line.len()), ..Line::default() }, "{line:?}");
        assert!(!parsed.is_well_formed());
        assert_eq!(parsed.client(), None);
        assert_eq!(client_addr(line.as_bytes(), &parsed), None);
        assert_eq!(segments(line.as_bytes(), &parsed).count(), 0);
    }
}

#[test]
fn a_request_is_method_target_protocol_or_none_of_them() {
    type Parts<'a> = Option<(&'a str, &'a str, Option<&'a str>)>;
    let table: [(&str, Parts<'_>); 23] = [
        ("GET / HTTP/1.1", Some(("GET", "/", Some("HTTP/1.1")))),
        ("GET /", Some(("GET", "/", None))),
        ("GET / ", Some(("GET", "/ ", None))),
        ("GET /a b/c?d e=f HTTP/2.0", Some(("GET", "/a b/c?d e=f", Some("HTTP/2.0")))),
        ("GET /a HTTP/9 b", Some(("GET", "/a HTTP/9 b", None))),
        ("GET /a  HTTP/1.1", Some(("GET", "/a ", Some("HTTP/1.1")))),
        ("GET / HTTP/", Some(("GET", "/", Some("HTTP/")))),
        ("GET / http/1.1", Some(("GET", "/ http/1.1", None))),
        ("GET HTTP/1.1", Some(("GET", "HTTP/1.1", None))),
        ("OPTIONS * HTTP/1.1", Some(("OPTIONS", "*", Some("HTTP/1.1")))),
        ("CONNECT example.org:443 HTTP/1.1", Some(("CONNECT", "example.org:443", Some("HTTP/1.1")))),
        ("GET http://example.org/x HTTP/1.1", Some(("GET", "http://example.org/x", Some("HTTP/1.1")))),
        ("M-SEARCH ! HTTP/1.1", Some(("M-SEARCH", "!", Some("HTTP/1.1")))),
        ("get / x", Some(("get", "/ x", None))),
        (r#"GET /\"q\" HTTP/1.1"#, Some(("GET", r#"/\"q\""#, Some("HTTP/1.1")))),
        ("GET  HTTP/1.1", None),
        ("GET ", None),
        ("GET", None),
        ("", None),
        ("-", None),
        (" / HTTP/1.1", None),
        (r"\x16\x03\x01\x02 \x01\xfc HTTP/1.1", None),
        ("\u{e9} / HTTP/1.1", None),
    ];
    for (request, expected) in table {
        let line = &with_request(request);
        let parsed = Line::parse(line.as_bytes());
        assert_eq!(parsed.status(), Some(200), "{request}");
        let got = parsed.method().map(|method| {
            (text(line, Some(method)).unwrap(), text(line, parsed.target()).unwrap(), text(line, parsed.protocol()))
        });
        assert_eq!(got, expected, "{request}");
        if expected.is_none() {
            assert_eq!((parsed.path(), parsed.query(), parsed.protocol()), (None, None, None), "{request}");
        }
    }
}

#[test]
fn a_target_is_path_and_query() {
    for (target, path, query) in [
        ("/a", "/a", None),
        ("/a?", "/a", Some("")),
        ("/a?b", "/a", Some("b")),
        ("/a?b?c", "/a", Some("b?c")),
        ("?b", "", Some("b")),
        ("?", "", Some("")),
        ("/%3F?%3f", "/%3F", Some("%3f")),
    ] {
        let line = &with_request(&format!("GET {target} HTTP/1.1"));
        let parsed = Line::parse(line.as_bytes());
        assert_eq!(text(line, parsed.target()), Some(target));
        assert_eq!(text(line, parsed.path()), Some(path), "{target}");
        assert_eq!(text(line, parsed.query()), query, "{target}");
    }
}

#[test]
fn a_query_gives_the_first_value_of_a_key() {
    for (query, key, expected) in [
        ("a=1&b=2", "a", Some("1")),
        ("a=1&b=2", "b", Some("2")),
        ("a=1&b=2", "c", None),
        ("a=1&a=2", "a", Some("1")),
        ("a=&a=2", "a", Some("")),
        ("a&a=2", "a", Some("")),
        ("b&a", "a", Some("")),
        ("ab=1&a=2", "a", Some("2")),
        ("ab&a=2", "a", Some("2")),
        ("a=b=c", "a", Some("b=c")),
        ("a=b=c", "a=b", None),
        ("a=b", "a=", None),
        ("A=1&a=2", "a", Some("2")),
        ("%61=1", "a", None),
        ("%61=1", "%61", Some("1")),
        ("a+b=c+d", "a+b", Some("c+d")),
        ("&&a=1&", "a", Some("1")),
        ("a=1;b=2", "b", None),
        ("a=1?b=2", "a", Some("1?b=2")),
        ("=1", "", Some("1")),
        ("a=1&&=2", "", Some("2")),
        ("a=1&&", "", None),
        ("", "", None),
        ("", "a", None),
    ] {
        let line = &with_request(&format!("GET /?{query} HTTP/1.1"));
        let parsed = Line::parse(line.as_bytes());
        let got = query_value(line.as_bytes(), &parsed, key.as_bytes());
        assert_eq!(text(line, got), expected, "{query} {key}");
    }
    let line = &with_request("GET / HTTP/1.1");
    assert_eq!(query_value(line.as_bytes(), &Line::parse(line.as_bytes()), b""), None);
}

#[test]
fn a_path_is_split_at_slashes() {
    for (target, expected) in [
        ("/", &[""][..]),
        ("/a", &["a"]),
        ("/a/", &["a", ""]),
        ("/a//b/", &["a", "", "b", ""]),
        ("//", &["", ""]),
        ("//a", &["", "a"]),
        ("?a/b", &[]),
        ("/a?b/c", &["a"]),
        ("a/b", &["a", "b"]),
        ("*", &["*"]),
        ("http://example.org/x", &["http:", "", "example.org", "x"]),
    ] {
        let line = &with_request(&format!("GET {target} HTTP/1.1"));
        let parsed = Line::parse(line.as_bytes());
        let spans: Vec<Span> = segments(line.as_bytes(), &parsed).collect();
        let got: Vec<&str> = spans.iter().map(|&span| text(line, Some(span)).unwrap()).collect();
        assert_eq!(got, expected, "{target}");
        for (n, span) in (0..).zip(spans) {
            assert_eq!(segment(line.as_bytes(), &parsed, n), Some(span), "{target} {n}");
        }
        assert_eq!(segment(line.as_bytes(), &parsed, expected.len() as u64), None, "{target}");
        assert_eq!(segment(line.as_bytes(), &parsed, u64::MAX), None, "{target}");
    }
}

#[test]
fn the_status_decides_what_is_an_error() {
    for (status, error) in [(0, false), (100, false), (304, false), (399, false), (400, true), (599, true), (999, true)]
    {
        let parsed = Line::parse(format!("h - - [] \"\" {status:03} -").as_bytes());
        assert_eq!((parsed.status(), parsed.error()), (Some(status), Some(error)));
    }
}

#[test]
fn ranges_of_other_bytes_are_checked() {
    let long = with_request("GET /a/b/c?d=e HTTP/1.1");
    let parsed = Line::parse(long.as_bytes());
    for len in 0..long.len() {
        let other = &long.as_bytes()[..len];
        let _ = client_addr(other, &parsed);
        let _ = query_value(other, &parsed, b"d");
        assert!(segments(other, &parsed).count() <= 3);
    }
}

#[test]
fn the_time_is_read_without_the_rest() {
    const TIME: Option<u64> = Some(1_431_857_103_000_000_000);
    for (line, expected) in [
        // Cut off, or wrong, only where the time was read already.
        ("h - - [17/May/2015:10:05:03 +0000] \"", TIME),
        ("h - - [17/May/2015:10:05:03 +0000] \"GET / HT", TIME),
        ("h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 2", TIME),
        ("h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 18446744073709551616", TIME),
        ("2001:db8::1 who - [17/May/2015:12:05:03 +0200] \"", TIME),
        ("h - a [b] c [17/May/2015:10:05:03 +0000] \"x", TIME),
        ("h -  [17/May/2015:10:05:03 +0000] \"x", TIME),
        // Wrong before.
        ("", None),
        ("17/May/2015:10:05:03 +0000", None),
        (" - - [17/May/2015:10:05:03 +0000] \"x", None),
        ("h  - [17/May/2015:10:05:03 +0000] \"x", None),
        ("h - [17/May/2015:10:05:03 +0000] \"x", None),
        ("h - - [17/May/2015:10:05:03 +0000]", None),
        ("h - - [17/May/2015:10:05:03 +0000] ", None),
        ("h - - [17/May/2015:10:05:03 +0000] x", None),
        ("h - - [17/May/2015:10:05:03 +0000]\"x", None),
        ("h - - [17/May/2015:10:05:03 +0000 \"x", None),
        ("h - - 17/May/2015:10:05:03 +0000] \"x", None),
        ("h - - [] \"x", None),
        ("h - - [17/May/2015:10:05:03] \"x", None),
        ("h - - [17/Mai/2015:10:05:03 +0000] \"x", None),
        ("h - - [17/May/2015:10:05:03 ,0000] \"x", None),
        ("h - - [17/May/2015:25:05:03 +0000] \"x", None),
        // The brackets are the last before the first `] \"`, which another time behind them does not change.
        ("h - - [17/May/2015:10:05:03 +0000] \"x [17/May/2016:10:05:03 +0000] \"x", TIME),
        ("h - - [no] \"x [17/May/2015:10:05:03 +0000] \"x", None),
        ("h - - [17/] \"/2015:10:05:03 +0000] \"x", None),
        ("h - - [17/ [a/2015:10:05:03 +0000] \"x", None),
    ] {
        assert_eq!(time_of(line.as_bytes(), &mut Clock::default()), expected, "{line}");
        assert!(!Line::parse(line.as_bytes()).is_well_formed(), "{line}");
    }
}

/// Calls everything there is, and checks that every range lies in the line.
fn exercise(bytes: &[u8], clock: &mut Clock) {
    let parsed = Line::parse(bytes);
    assert_eq!(parsed.whole().len() as usize, bytes.len());
    let spans = [
        parsed.client(),
        parsed.user(),
        parsed.method(),
        parsed.target(),
        parsed.path(),
        parsed.query(),
        parsed.protocol(),
        parsed.referer(),
        parsed.agent(),
        query_value(bytes, &parsed, b"q"),
        query_value(bytes, &parsed, b""),
        segment(bytes, &parsed, 0),
        segment(bytes, &parsed, 3),
    ];
    for span in spans.into_iter().flatten().chain(segments(bytes, &parsed)) {
        assert!(span.start() <= span.end(), "{:?}", bytes.escape_ascii());
        assert!(span.end() as usize <= bytes.len(), "{:?}", bytes.escape_ascii());
        assert!(parsed.is_well_formed());
    }
    let _ = client_addr(bytes, &parsed);
    let head = time_of(bytes, clock);
    if parsed.is_well_formed() {
        assert_eq!(head, time(bytes, &parsed), "{:?}", bytes.escape_ascii());
    } else {
        assert_eq!(time(bytes, &parsed), None);
    }
}

#[test]
fn no_bytes_make_it_panic() {
    const SYNTAX: &[u8] = b" \"\\[]-/?&=:+%.0195aHTP\r\n\0\xff";
    let seeds = [
        with_request("GET /a//b/?q=1&r&q= HTTP/1.1"),
        with_request(r"\x16\x03\x01 -"),
        String::from("2001:db8::1 - a [b [29/Feb/2024:23:59:60 -0130] \"POST /\\\"x HTTP/1.0\" 503 -"),
        String::from("- - - [] \"\" 000 0 \"\\\\\" \"\" extra"),
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % below
    };
    let (mut well_formed, mut clock) = (0, Clock::default());
    for round in 0..200_000 {
        let mut bytes = seeds[round % seeds.len()].clone().into_bytes();
        for _ in 0..=random(4) {
            let at = random(bytes.len());
            match random(5) {
                0 => bytes[at] = SYNTAX[random(SYNTAX.len())],
                1 => bytes.insert(at, SYNTAX[random(SYNTAX.len())]),
                2 => drop(bytes.drain(at..(at + 1 + random(3)).min(bytes.len()))),
                3 => bytes.truncate(at + 1),
                _ => {
                    let piece = bytes[at..(at + random(12)).min(bytes.len())].to_vec();
                    let to = random(bytes.len());
                    bytes.splice(to..to, piece);
                }
            }
            if bytes.is_empty() {
                break;
            }
        }
        exercise(&bytes, &mut clock);
        well_formed += usize::from(Line::parse(&bytes).is_well_formed());
    }
    // The mutations neither all break the line nor all leave it whole.
    assert!((40_000..160_000).contains(&well_formed), "{well_formed}");
}
