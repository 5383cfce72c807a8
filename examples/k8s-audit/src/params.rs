// SPDX-License-Identifier: Apache-2.0
//! The open params: what to read or where to listen, from one text.
//!
//! | params | events come from |
//! | --- | --- |
//! | `/path` or `path` | a file, or the files of a folder, once; blanks around it do not count, the rest is taken as it is |
//! | `file:///path` | a file that is followed, from its end on |
//! | `http://host:port/path`, `https://...` | a webhook; no host: all addresses, IPv4 and IPv6 |
//!
//! In a URL `%20` and the like are decoded; of a web address, what follows `?` or `#` does not count.

use std::net::Ipv6Addr;
use std::path::PathBuf;

/// What to open.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenParams {
    /// A file or a folder to read once.
    Read(PathBuf),
    /// A file to follow; its path is absolute.
    Follow(PathBuf),
    /// A web address to listen at.
    Listen(Endpoint),
}

/// Where a webhook listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `https`.
    pub tls: bool,
    /// A name or an address, an IPv6 one without its brackets; empty for all addresses.
    pub host: String,
    /// 0 for any that is free.
    pub port: u16,
    /// Decoded, begins with `/`.
    pub path: String,
}

impl OpenParams {
    /// Reads the open params.
    ///
    /// # Errors
    /// [`ParamsError`] says in plain words what is wrong. Whether there is such a file is found when it is opened.
    pub fn parse(params: &str) -> Result<Self, ParamsError> {
        let params = params.trim();
        if params.is_empty() {
            return Err(ParamsError::Empty);
        }
        let Some((scheme, rest)) = scheme(params) else {
            return Ok(Self::Read(params.into()));
        };
        match scheme.to_ascii_lowercase().as_str() {
            "file" => followed(rest).map(Self::Follow),
            "http" => endpoint(rest, false).map(Self::Listen),
            "https" => endpoint(rest, true).map(Self::Listen),
            _ => Err(ParamsError::Scheme(scheme.to_owned())),
        }
    }
}

/// Splits `scheme:rest`.
fn scheme(params: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = params.split_once(':')?;
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '+' | '-' | '.'));
    is_scheme.then_some((scheme, rest))
}

/// The path of `file://` and this.
fn followed(rest: &str) -> Result<PathBuf, ParamsError> {
    let path = match rest.strip_prefix("//") {
        Some(rest) => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            if !host.is_empty() && !host.eq_ignore_ascii_case("localhost") {
                return Err(ParamsError::FileHost(host.to_owned()));
            }
            path
        }
        None => rest,
    };
    if !path.starts_with('/') {
        return Err(ParamsError::RelativeFile(rest.to_owned()));
    }
    if path.contains(['?', '#']) {
        return Err(ParamsError::FileQuery);
    }
    if path.ends_with('/') {
        return Err(ParamsError::FollowedFolder);
    }
    decoded(path).map(PathBuf::from)
}

fn endpoint(rest: &str, tls: bool) -> Result<Endpoint, ParamsError> {
    let rest = rest.strip_prefix("//").ok_or(ParamsError::NoSlashes)?;
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err(ParamsError::User);
    }
    let bad_host = || ParamsError::Host(authority.to_owned());
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracketed) => {
            let (host, port) = bracketed.split_once(']').ok_or_else(bad_host)?;
            host.parse::<Ipv6Addr>().map_err(|_| bad_host())?;
            let port = match port.is_empty() {
                true => None,
                false => Some(port.strip_prefix(':').ok_or_else(bad_host)?),
            };
            (host, port)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    if host.contains(|char: char| char.is_whitespace() || char.is_control() || matches!(char, '%' | '[' | ']')) {
        return Err(bad_host());
    }
    let port = port.filter(|port| !port.is_empty()).ok_or(ParamsError::NoPort)?;
    if port.contains(':') {
        return Err(bad_host());
    }
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let number = port.parse().ok().filter(|_| digits).ok_or_else(|| ParamsError::Port(port.to_owned()))?;
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    if path.is_empty() {
        return Err(ParamsError::NoPath);
    }
    Ok(Endpoint { tls, host: host.to_owned(), port: number, path: decoded(path)? })
}

/// The text of a URL's path.
fn decoded(path: &str) -> Result<String, ParamsError> {
    let bytes = percent_decoded(path.as_bytes()).ok_or_else(|| ParamsError::Escape(path.to_owned()))?;
    let text = String::from_utf8(bytes).map_err(|_| ParamsError::Escape(path.to_owned()))?;
    match text.contains(char::is_control) {
        true => Err(ParamsError::Control),
        false => Ok(text),
    }
}

/// With the bytes that `%XX` stands for; `None` where what follows `%` is not two hexadecimal digits.
pub(crate) fn percent_decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        decoded.push(match byte {
            b'%' => {
                let (digits, after) = rest.split_first_chunk::<2>()?;
                rest = after;
                let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
                u8::try_from(high? * 16 + low?).ok()?
            }
            byte => byte,
        });
    }
    Some(decoded)
}

/// Why open params cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParamsError {
    /// There are none.
    #[error(
        "no open params: expected the path of a file or folder, file:///path, http://host:port/path or https://host:port/path"
    )]
    Empty,
    /// A URL of another kind.
    #[error(
        "scheme {0:?} is not supported: only file, http and https are (for a file of that name, write ./ before it)"
    )]
    Scheme(String),
    /// A followed file whose path is not absolute.
    #[error("a followed file needs an absolute path: file:///path, not \"file:{0}\"")]
    RelativeFile(String),
    /// A followed file on another machine, or a slash too few.
    #[error(
        "a followed file is on this machine: {0:?} is read as the name of another (file:///path has three slashes)"
    )]
    FileHost(String),
    /// A followed file with `?` or `#`.
    #[error("write %3F for `?` and %23 for `#` in the URL of a file")]
    FileQuery,
    /// A path of a followed file that ends in `/`.
    #[error("a folder cannot be followed, only a file")]
    FollowedFolder,
    /// A web address that does not begin with `//`.
    #[error("a web address is http://host:port/path or https://host:port/path: the two slashes are missing")]
    NoSlashes,
    /// A web address with a user.
    #[error("a user name in a web address to listen at means nothing")]
    User,
    /// A host that cannot be one.
    #[error("{0:?} is not host:port (an IPv6 address is in brackets: [::1]:9765)")]
    Host(String),
    /// A web address without a port.
    #[error("the web address has no port: http://host:port/path")]
    NoPort,
    /// A port that is not a number up to 65535.
    #[error("{0:?} is not a port: expected a number up to 65535")]
    Port(String),
    /// A web address without a path.
    #[error("the web address has no path: http://host:port/path (a path of / takes every one)")]
    NoPath,
    /// `%` without two hexadecimal digits behind it, or a text that is not UTF-8.
    #[error("wrong %XX escape in {0:?}")]
    Escape(String),
    /// A control character.
    #[error("a control character in the path")]
    Control,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listen(tls: bool, host: &str, port: u16, path: &str) -> OpenParams {
        OpenParams::Listen(Endpoint { tls, host: host.into(), port, path: path.into() })
    }

    #[test]
    fn what_is_understood() {
        let read = |path: &str| OpenParams::Read(path.into());
        let follow = |path: &str| OpenParams::Follow(path.into());
        for (params, expected) in [
            ("/var/log/audit.log", read("/var/log/audit.log")),
            (" \taudit.log\n", read("audit.log")),
            ("a b%zz?#.json", read("a b%zz?#.json")),
            ("./x:y", read("./x:y")),
            ("/x:y", read("/x:y")),
            ("1:x", read("1:x")),
            (":x", read(":x")),
            ("file:///var/log/audit.log", follow("/var/log/audit.log")),
            ("FILE:///a%20b%C3%A9", follow("/a bé")),
            ("file://localhost/a", follow("/a")),
            ("file:/a", follow("/a")),
            ("http://localhost:9765/k8s-audit", listen(false, "localhost", 9765, "/k8s-audit")),
            (" https://127.0.0.1:443/ ", listen(true, "127.0.0.1", 443, "/")),
            ("HTTP://:0/a/", listen(false, "", 0, "/a/")),
            ("http://[::1]:80/p", listen(false, "::1", 80, "/p")),
            ("http://[::]:65535/p%41?q=1#f", listen(false, "::", 65535, "/pA")),
        ] {
            assert_eq!(OpenParams::parse(params), Ok(expected), "{params:?}");
        }
    }

    #[test]
    fn what_is_refused_and_why() {
        use ParamsError::*;
        for (params, error) in [
            ("", Empty),
            ("  ", Empty),
            ("ftp://h:1/p", Scheme("ftp".into())),
            ("C:x", Scheme("C".into())),
            ("file:rel", RelativeFile("rel".into())),
            ("file:", RelativeFile(String::new())),
            ("file://", RelativeFile("//".into())),
            ("file://var/log/x", FileHost("var".into())),
            ("file:///a?b", FileQuery),
            ("file:///", FollowedFolder),
            ("file:///a%zz", Escape("/a%zz".into())),
            ("file:///a%f", Escape("/a%f".into())),
            ("file:///a%ff", Escape("/a%ff".into())),
            ("file:///a%00", Control),
            ("http:/h:1/p", NoSlashes),
            ("http://h:1", NoPath),
            ("http://h:1?x", NoPath),
            ("http://h/p", NoPort),
            ("http://h:/p", NoPort),
            ("http:///p", NoPort),
            ("http://[::1]/p", NoPort),
            ("http://h:65536/p", Port("65536".into())),
            ("http://h:-1/p", Port("-1".into())),
            ("http://h:+1/p", Port("+1".into())),
            ("http://h:http/p", Port("http".into())),
            ("http://::1:80/p", Host("::1:80".into())),
            ("http://[::1:80/p", Host("[::1:80".into())),
            ("http://[::1]80/p", Host("[::1]80".into())),
            ("http://[x]:80/p", Host("[x]:80".into())),
            ("http://a b:80/p", Host("a b:80".into())),
            ("http://u:p@h:1/p", User),
        ] {
            assert_eq!(OpenParams::parse(params), Err(error), "{params:?}");
        }
    }

    #[test]
    fn errors_are_plain_words() {
        let text = |params| OpenParams::parse(params).unwrap_err().to_string();
        assert!(text("x-y://z").starts_with("scheme \"x-y\" is not supported"));
        assert!(text("http://h:70000/p").contains("\"70000\" is not a port"));
    }
}
