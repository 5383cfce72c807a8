// SPDX-License-Identifier: Apache-2.0
//! Values of fields, owned, and how they print.

use std::{borrow::Cow, fmt, net::IpAddr};

use serde_json::Value as Json;

/// One value of a field.
///
/// It prints as the real host prints it: times as nanoseconds, bytes of a string that are no UTF-8 as U+FFFD.
/// Networks print as their address, where the host prints only `<IPNET>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number.
    U64(u64),
    /// The bytes of a string, without the NUL; any bytes but NUL.
    String(Vec<u8>),
    /// A truth.
    Bool(bool),
    /// Nanoseconds.
    RelTime(u64),
    /// Nanoseconds since 1970.
    AbsTime(u64),
    /// An address.
    IpAddr(IpAddr),
    /// The address of a network.
    IpNet(IpAddr),
}

impl Value {
    /// The number, if it is one or a time.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::U64(number) | Self::RelTime(number) | Self::AbsTime(number) => Some(*number),
            _ => None,
        }
    }

    /// The bytes, if it is a string.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::String(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The text, if it is a string, bytes that are no UTF-8 replaced by U+FFFD.
    #[must_use]
    pub fn to_text(&self) -> Option<Cow<'_, str>> {
        self.as_bytes().map(String::from_utf8_lossy)
    }

    /// The value as JSON: numbers and times as numbers, addresses as texts.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::U64(number) | Self::RelTime(number) | Self::AbsTime(number) => Json::from(*number),
            Self::Bool(truth) => Json::from(*truth),
            Self::String(bytes) => Json::from(String::from_utf8_lossy(bytes)),
            Self::IpAddr(address) | Self::IpNet(address) => Json::from(address.to_string()),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::U64(number) | Self::RelTime(number) | Self::AbsTime(number) => write!(f, "{number}"),
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::String(bytes) => f.write_str(&String::from_utf8_lossy(bytes)),
            Self::IpAddr(address) | Self::IpNet(address) => write!(f, "{address}"),
        }
    }
}

/// The values of a field as the host prints them: `<NA>` for none, `(a,b)` for a list.
///
/// ```
/// use falconet_host::{Value, join};
/// assert_eq!(join(&[Value::U64(1), Value::U64(2)], true), "(1,2)");
/// assert_eq!(join(&[Value::U64(1)], false), "1");
/// assert_eq!(join(&[], true), "<NA>");
/// ```
#[must_use]
pub fn join(values: &[Value], list: bool) -> String {
    match values {
        [] => "<NA>".to_owned(),
        [value] if !list => value.to_string(),
        values => format!("({})", values.iter().map(Value::to_string).collect::<Vec<_>>().join(",")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_print_as_the_host_prints_them() {
        let v6: IpAddr = "2001:db8::1".parse().unwrap();
        let texts = [
            (Value::U64(u64::MAX), "18446744073709551615"),
            (Value::Bool(true), "true"),
            (Value::AbsTime(1_000_000_000), "1000000000"),
            (Value::IpAddr(v6), "2001:db8::1"),
            (Value::String(b"a\xffb".to_vec()), "a\u{fffd}b"),
        ];
        for (value, text) in texts {
            assert_eq!(value.to_string(), text);
        }
        assert_eq!(Value::U64(u64::MAX).to_json().to_string(), "18446744073709551615");
        assert_eq!(Value::IpNet(v6).to_json(), Json::from("2001:db8::1"));
        assert_eq!(join(&[Value::Bool(false)], true), "(false)");
    }
}
