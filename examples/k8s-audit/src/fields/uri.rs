// SPDX-License-Identifier: Apache-2.0
//! A parameter of a request's URI, by the rules of the official plugin, which are those of Go's `net/url`.
//!
//! `&` separates parameters, `+` is a blank, `%XX` a byte; the first value counts. There is none at all where anything
//! in the URI is malformed: an escape in its path, its query or its fragment, a control character, a `;` in the query.

/// The first value of a parameter, as it is written; `None` where there is none, or the URI is malformed.
pub(super) fn param<'u>(uri: &'u [u8], name: &[u8]) -> Option<Param<'u>> {
    let mut value = None;
    for pair in query(uri)?.split(|byte| *byte == b'&') {
        if pair.contains(&b';') || !is_escaped_well(pair) {
            return None;
        }
        let (key, its) = cut(pair, b'=');
        if !pair.is_empty() && value.is_none() && Param(key).is(name) {
            value = Some(Param(its.unwrap_or_default()));
        }
    }
    value
}

/// The query of a URI that is well formed as a whole.
fn query(uri: &[u8]) -> Option<&[u8]> {
    let (uri, fragment) = cut(uri, b'#');
    if uri.iter().any(u8::is_ascii_control) || !fragment.is_none_or(is_escaped_well) {
        return None;
    }
    if uri == b"*" {
        return Some(b"");
    }
    let (scheme, rest) = scheme(uri)?;
    let (path, query) = cut(rest, b'?');
    let path = match path.strip_prefix(b"//") {
        Some(rest) if scheme || !rest.starts_with(b"/") => {
            let end = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at_checked(end)?;
            if !is_authority(authority) {
                return None;
            }
            path
        }
        _ if path.starts_with(b"/") => path,
        // Something like mailto:someone: there is no path in it to be malformed.
        _ if scheme => b"",
        _ if cut(path, b'/').0.contains(&b':') => return None,
        _ => path,
    };
    is_escaped_well(path).then_some(query.unwrap_or_default())
}

/// Whether there is a scheme, and what follows it; `None` for a colon with nothing before it.
fn scheme(uri: &[u8]) -> Option<(bool, &[u8])> {
    for (i, byte) in uri.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if i > 0 => {}
            b':' if i == 0 => return None,
            b':' => return Some((true, uri.get(i + 1..)?)),
            _ => break,
        }
    }
    Some((false, uri))
}

/// Whether the part of a URI with the host is well formed: `user:password@host:port`.
fn is_authority(text: &[u8]) -> bool {
    let (user, host) = match text.iter().rposition(|byte| *byte == b'@') {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default()),
        None => (&b""[..], text),
    };
    let user_is_good = is_escaped_well(user)
        && user.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte));
    let host_bytes_are_good = host
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"-_.~!$&'()*+,;=:[]<>\"%".contains(byte));
    let port = match host.iter().rposition(|byte| *byte == b']') {
        Some(end) if host.starts_with(b"[") => match host.get(end + 1..) {
            Some([b':', port @ ..]) => port,
            Some([]) => b"",
            _ => return false,
        },
        _ if host.starts_with(b"[") => return false,
        _ => host.rsplit(|byte| *byte == b':').next().filter(|port| port.len() < host.len()).unwrap_or_default(),
    };
    user_is_good && host_bytes_are_good && is_escaped_well(host) && port.iter().all(u8::is_ascii_digit)
}

/// What is before and behind the first `byte`.
fn cut(text: &[u8], byte: u8) -> (&[u8], Option<&[u8]>) {
    let mut parts = text.splitn(2, |its| *its == byte);
    (parts.next().unwrap_or_default(), parts.next())
}

fn is_escaped_well(text: &[u8]) -> bool {
    let mut escapes = text.split(|byte| *byte == b'%');
    let _before = escapes.next();
    escapes.all(|behind| behind.get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)))
}

/// The name or the value of a parameter as it is written, its escapes well formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Param<'u>(&'u [u8]);

impl Param<'_> {
    fn is(self, text: &[u8]) -> bool {
        let mut rest = text;
        let same = self.write(|piece| {
            rest = rest.strip_prefix(piece).ok_or(())?;
            Ok::<(), ()>(())
        });
        same.is_ok() && rest.is_empty()
    }

    /// Writes it unescaped, piece by piece.
    pub(super) fn write<E>(self, mut write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut rest = self.0;
        while let Some(at) = rest.iter().position(|byte| matches!(byte, b'%' | b'+')) {
            let (plain, escape) = rest.split_at_checked(at).unwrap_or((rest, &[]));
            if !plain.is_empty() {
                write(plain)?;
            }
            rest = match escape {
                [b'%', high, low, behind @ ..] => {
                    write(&[digit(*high) << 4 | digit(*low)])?;
                    behind
                }
                [_, behind @ ..] => {
                    write(b" ")?;
                    behind
                }
                [] => escape,
            };
        }
        if rest.is_empty() { Ok(()) } else { write(rest) }
    }
}

const fn digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'f' => byte - b'a' + 10,
        b'A'..=b'F' => byte - b'A' + 10,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(uri: &str, name: &str) -> Option<String> {
        let mut text = Vec::new();
        let value = param(uri.as_bytes(), name.as_bytes())?;
        let Ok(()) = value.write(|piece| {
            text.extend_from_slice(piece);
            Ok::<(), core::convert::Infallible>(())
        });
        Some(String::from_utf8_lossy(&text).into_owned())
    }

    #[test]
    fn the_first_value_counts_unescaped() {
        for (uri, expected) in [
            ("/api?a=1", Some("1")),
            ("/api?b=2&a=1&a=3", Some("1")),
            ("/api?a=&a=3", Some("")),
            ("/api?a&a=3", Some("")),
            ("/api?a=b=c", Some("b=c")),
            ("/api?a=b%20c+d%2bE%2C", Some("b c d+E,")),
            ("/api?%61=1", Some("1")),
            ("/api?&&a=1&", Some("1")),
            ("/api?b=1?a=2", None),
            ("/api?a=1?b", Some("1?b")),
            ("/api??a=1", None),
            ("?a=1", Some("1")),
            ("api?a=1", Some("1")),
            ("/api", None),
            ("/api?", None),
            ("", None),
            ("*", None),
            ("*?a=1", Some("1")),
            ("/api#f?a=1", None),
            ("/api?a=1#f", Some("1")),
            ("/a b?a=1 2", Some("1 2")),
            ("https://h:1/api?a=1", Some("1")),
            ("https://u:p@h?a=1", Some("1")),
            ("https://[::1]:8/?a=1", Some("1")),
            ("//h/api?a=1", Some("1")),
            ("///api?a=1", Some("1")),
            ("mailto:x%zz?a=1", Some("1")),
            ("/a:b?a=1", Some("1")),
            ("a/b:c?a=1", Some("1")),
        ] {
            assert_eq!(of(uri, "a").as_deref(), expected, "{uri}");
        }
        assert_eq!(of("/api?=1", ""), Some("1".to_owned()));
        assert_eq!(of("/api?", ""), None);
    }

    #[test]
    fn anything_malformed_leaves_no_value() {
        for uri in [
            "/api?a=1;b=2",
            "/api?a=1&b=;",
            "/api?a=%",
            "/api?a=%2",
            "/api?a=1&%zz=2",
            "/api?a=1&b=%g0",
            "/api%2?a=1",
            "/api?a=1#%zz",
            "/api\n?a=1",
            "/api?a=1\u{7f}",
            ":?a=1",
            "1a:b?a=1",
            "a b:c?a=1",
            "http://h:x/?a=1",
            "http://h h/?a=1",
            "http://[::1/?a=1",
            "http://[::1]8/?a=1",
        ] {
            assert_eq!(of(uri, "a"), None, "{uri}");
        }
    }
}
