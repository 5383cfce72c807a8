// SPDX-License-Identifier: Apache-2.0
//! Versions of three numbers, compared as numbers, and when a host serves a plugin (rule 1.4).

use std::{fmt, str::FromStr};

use falconet::abi::{API_MAJOR, API_MINOR};

/// A version of three numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// A host and a plugin must agree on it.
    pub major: u32,
    /// What is new and compatible.
    pub minor: u32,
    /// What is mended.
    pub patch: u32,
}

/// A text that is no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no version: three numbers such as 0.1.0 were expected")]
pub struct ParseVersionError {
    text: String,
}

impl Version {
    /// The version of the plugin API that this host serves.
    pub const HOST: Self = Self::new(API_MAJOR, API_MINOR, 0);

    /// The version of the event schema that the real host of this API has under its live drivers.
    pub const EVENT_SCHEMA: Self = Self::new(4, 5, 1);

    /// A version from its three numbers.
    #[must_use]
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { major, minor, patch }
    }

    /// Why a host of version `host` refuses a plugin that requires this one, or `None` if it serves it.
    #[must_use]
    pub fn refused_by(self, host: Self) -> Option<&'static str> {
        if self.major != host.major {
            Some("the major versions differ")
        } else if self.minor > host.minor {
            Some("the host's minor version is less than the required one")
        } else if self.minor == host.minor && self.patch > host.patch {
            Some("the host's patch version is less than the required one")
        } else {
            None
        }
    }
}

impl FromStr for Version {
    type Err = ParseVersionError;

    /// Three decimal numbers with dots between them; what follows a `-` or `+` is left out, as the host does.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseVersionError { text: text.to_owned() };
        let numbers = text.split(['-', '+']).next().unwrap_or_default();
        let mut parts = numbers.split('.').map(|part| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<u32>().ok()).flatten()
        });
        let mut number = || parts.next().flatten().ok_or_else(error);
        let version = Self::new(number()?, number()?, number()?);
        if parts.next().is_some() { Err(error()) } else { Ok(version) }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_1_4_versions_are_compared_as_numbers() {
        let host = Version::new(3, 12, 0);
        let of = |text: &str| text.parse::<Version>().unwrap().refused_by(host);
        assert_eq!(of("3.9.0"), None, "as texts 3.9 would be greater than 3.12");
        assert_eq!(of("3.12.0"), None);
        assert_eq!(of("3.0.99"), None, "the patch counts only where the minors are equal");
        assert_eq!(of("3.13.0"), Some("the host's minor version is less than the required one"));
        assert_eq!(of("3.12.1"), Some("the host's patch version is less than the required one"));
        assert_eq!(of("2.0.0"), Some("the major versions differ"));
        assert_eq!(of("4.0.0"), Some("the major versions differ"));
    }

    #[test]
    fn a_version_is_three_numbers() {
        assert_eq!("10.20.30".parse(), Ok(Version::new(10, 20, 30)));
        assert_eq!("0.1.0-rc1".parse(), Ok(Version::new(0, 1, 0)));
        for text in
            ["", "1", "1.2", "1.2.", "1..3", "1.2.3.4", "a.b.c", " 1.2.3", "+1.2.3", "-1.2.3", "1.2.99999999999"]
        {
            let error = text.parse::<Version>().unwrap_err().to_string();
            assert_eq!(error, format!("'{text}' is no version: three numbers such as 0.1.0 were expected"));
        }
    }
}
