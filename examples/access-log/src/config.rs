// SPDX-License-Identifier: Apache-2.0
//! The init config: nothing, or a JSON object whose only key is `follow`.
//!
//! Read strictly and in place: what is misspelt is an error that says where, never a default.
#![forbid(unsafe_code)]

use falconet::error::Message;

/// What the init config says.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Config {
    /// Whether the file's end is waited at for more lines; without it, the end of the file is the end of the events.
    pub follow: bool,
}

impl Config {
    /// Reads the config: nothing but white space, or `{}`, or `{"follow": true}`, or `{"follow": false}`.
    ///
    /// # Errors
    /// [`ConfigError`] for everything else.
    pub fn parse(text: &[u8]) -> Result<Self, ConfigError> {
        let mut reader = Reader { text, at: 0 };
        let mut config = Self::default();
        if reader.peek().is_none() {
            return Ok(config);
        }
        reader.expect(b"{", "a JSON object")?;
        if !reader.take(b"}") {
            config.follow = reader.follow()?;
            if reader.take(b",") {
                reader.follow()?;
                return Err(reader.error(Wrong::Twice));
            }
            reader.expect(b"}", "a comma or the closing brace")?;
        }
        match reader.peek() {
            None => Ok(config),
            Some(_) => Err(reader.error(Wrong::Expected("nothing more"))),
        }
    }
}

/// What is wrong with an init config, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigError {
    at: usize,
    wrong: Wrong,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    /// Something else was expected here.
    Expected(&'static str),
    /// A key that is none of ours.
    Key(Excerpt),
    /// The key stands there a second time.
    Twice,
}

impl ConfigError {
    /// Appends what is wrong, what was expected and what to do.
    pub fn report<const N: usize>(&self, text: &mut Message<N>) {
        text.push_str("the init config ");
        match &self.wrong {
            Wrong::Expected(what) => {
                text.push_str("is wrong: ");
                text.push_str(what);
                text.push_str(" was expected");
            }
            Wrong::Key(key) => {
                text.push_str("has an unknown key \"");
                key.push_to(text);
                text.push_str("\"");
            }
            Wrong::Twice => {
                text.push_str("has the key \"follow\" twice");
            }
        }
        text.push_str(" at byte ");
        text.push_number(self.at as u64);
        text.push_str(" (from 0); give {\"follow\": true} to wait for more lines at the file's end, or leave it empty");
    }
}

/// The first bytes of a text, owned, for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Excerpt {
    bytes: [u8; 32],
    len: usize,
}

impl Excerpt {
    fn of(text: &[u8]) -> Self {
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(text) {
            *to = *from;
        }
        Self { bytes, len: text.len() }
    }

    fn push_to<const N: usize>(&self, text: &mut Message<N>) {
        text.push_bytes(self.bytes.get(..self.len).unwrap_or(&self.bytes));
        if self.len > self.bytes.len() {
            text.push_str("...");
        }
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        let space = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        self.at += self.rest().iter().take_while(space).count();
        self.rest().first().copied()
    }

    /// Goes past `what`, behind white space, if it is there.
    fn take(&mut self, what: &[u8]) -> bool {
        self.peek();
        let there = self.rest().starts_with(what);
        if there {
            self.at += what.len();
        }
        there
    }

    fn expect(&mut self, what: &[u8], name: &'static str) -> Result<(), ConfigError> {
        if self.take(what) { Ok(()) } else { Err(self.error(Wrong::Expected(name))) }
    }

    /// `"follow": true` or `"follow": false`.
    fn follow(&mut self) -> Result<bool, ConfigError> {
        const KEY: &str = "the key \"follow\"";
        self.peek();
        let key = match self.rest().split_first() {
            Some((b'"', key)) => key,
            _ => return Err(self.error(Wrong::Expected(KEY))),
        };
        let end = key.iter().position(|byte| *byte == b'"');
        let name = end.and_then(|end| key.get(..end)).ok_or(self.error(Wrong::Expected(KEY)))?;
        if name != b"follow" {
            return Err(self.error(Wrong::Key(Excerpt::of(name))));
        }
        self.at += name.len() + 2;
        self.expect(b":", "a colon after \"follow\"")?;
        let value = self.take(b"true");
        if !value {
            self.expect(b"false", "true or false as the value of \"follow\"")?;
        }
        Ok(value)
    }

    const fn error(&self, wrong: Wrong) -> ConfigError {
        ConfigError { at: self.at, wrong }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;
    use std::string::{String, ToString as _};

    fn told(config: &str) -> Result<bool, String> {
        Config::parse(config.as_bytes()).map(|config| config.follow).map_err(|error| {
            let mut text = Message::<1024>::new();
            error.report(&mut text);
            text.as_str().to_string()
        })
    }

    #[test]
    fn what_may_be_said() {
        for nothing in ["", " ", "\n\t\r ", "{}", " { } ", "{\n}", "{\"follow\":false}", "{ \"follow\" : false }\n"] {
            assert_eq!(told(nothing), Ok(false), "{nothing:?}");
        }
        for follow in ["{\"follow\":true}", "{\"follow\": true}", "\r\n{\t\"follow\"\n:\ttrue\r}\n"] {
            assert_eq!(told(follow), Ok(true), "{follow:?}");
        }
    }

    #[test]
    fn anything_else_says_what_and_where() {
        const OBJECT: &str = "is wrong: a JSON object was expected";
        const KEY: &str = "is wrong: the key \"follow\" was expected";
        const VALUE: &str = "is wrong: true or false as the value of \"follow\" was expected";
        const END: &str = "is wrong: a comma or the closing brace was expected";
        const MORE: &str = "is wrong: nothing more was expected";
        const TWICE: &str = "has the key \"follow\" twice";
        for (config, expected, at) in [
            ("x", OBJECT, 0),
            (" null", OBJECT, 1),
            ("[]", OBJECT, 0),
            ("true", OBJECT, 0),
            ("follow=true", OBJECT, 0),
            ("\u{feff}{}", OBJECT, 0),
            ("{", KEY, 1),
            ("{ ", KEY, 2),
            ("{,}", KEY, 1),
            ("{follow:true}", KEY, 1),
            ("{'follow':true}", KEY, 1),
            ("{\"follow", KEY, 1),
            ("{\"follow\":true,}", KEY, 15),
            ("{\"follow\"}", "is wrong: a colon after \"follow\" was expected", 9),
            ("{\"follow\" true}", "is wrong: a colon after \"follow\" was expected", 10),
            ("{\"follow\":", VALUE, 10),
            ("{\"follow\":}", VALUE, 10),
            ("{\"follow\": 1}", VALUE, 11),
            ("{\"follow\": \"true\"}", VALUE, 11),
            ("{\"follow\": null}", VALUE, 11),
            ("{\"follow\": True}", VALUE, 11),
            ("{\"follow\":truely}", END, 14),
            ("{\"follow\":true", END, 14),
            ("{\"follow\":true \"follow\":true}", END, 15),
            ("{\"follow\":true}{}", MORE, 15),
            ("{} x", MORE, 3),
            ("{\"follow\":true,\"follow\":true}", TWICE, 28),
            ("{\"a\":1}", "has an unknown key \"a\"", 1),
            ("{\"\":1}", "has an unknown key \"\"", 1),
            ("{\"Follow\":true}", "has an unknown key \"Follow\"", 1),
            ("{\"follow\":true, \"from_end\":true}", "has an unknown key \"from_end\"", 16),
            ("{\"\\u0066ollow\":true}", "has an unknown key \"\\u0066ollow\"", 1),
            (
                "{\"a_key_that_is_longer_than_any_message_needs\":1}",
                "has an unknown key \"a_key_that_is_longer_than_any_me...\"",
                1,
            ),
        ] {
            let todo = "give {\"follow\": true} to wait for more lines at the file's end, or leave it empty";
            let text = format!("the init config {expected} at byte {at} (from 0); {todo}");
            assert_eq!(told(config), Err(text), "{config:?}");
        }
    }

    #[test]
    fn no_prefix_of_a_config_is_taken_for_it() {
        let config = "{\"follow\": true}";
        for len in 1..config.len() {
            assert!(told(&config[..len]).is_err(), "{:?}", &config[..len]);
        }
    }
}
