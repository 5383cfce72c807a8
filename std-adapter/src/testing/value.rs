// SPDX-License-Identifier: Apache-2.0
//! Values of fields, owned, that compare with Rust's own: [`Value`].

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

/// What a field gave.
///
/// It compares with what it was made of:
///
/// ```
/// use std::time::Duration;
/// use falconet_std::testing::Value;
/// assert_eq!(Value::U64(200), 200);
/// assert_eq!(Value::String(b"GET".to_vec()), "GET");
/// assert_eq!(Value::RelTime(Duration::from_millis(3)), Duration::from_millis(3));
/// assert_eq!(Value::List(vec![Value::U64(1), Value::U64(2)]), [1, 2]);
/// assert_ne!(Value::None, "");
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// No value.
    None,
    /// A number (`uint64`).
    U64(u64),
    /// A truth.
    Bool(bool),
    /// The bytes of a string, without its NUL.
    String(Vec<u8>),
    /// A time span.
    RelTime(Duration),
    /// A point in time.
    AbsTime(SystemTime),
    /// An address.
    IpAddr(IpAddr),
    /// The address of a network.
    IpNet(IpAddr),
    /// The values of a list field, at least one.
    List(Vec<Value>),
}

impl Value {
    /// Whether there is no value.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// The number, if it is one.
    #[must_use]
    pub const fn as_u64(&self) -> Option<u64> {
        if let Self::U64(number) = self { Some(*number) } else { None }
    }

    /// The bytes, if it is a string.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        if let Self::String(bytes) = self { Some(bytes) } else { None }
    }

    /// The text, if it is a string; bytes that are none replaced by U+FFFD.
    #[must_use]
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        self.as_bytes().map(String::from_utf8_lossy)
    }

    /// The values of a list; none of no value, and itself of any other one.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        match self {
            Self::None => &[],
            Self::List(values) => values,
            other => std::slice::from_ref(other),
        }
    }
}

/// As a test wants to read it: the value itself.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::U64(number) => fmt::Debug::fmt(number, f),
            Self::Bool(truth) => fmt::Debug::fmt(truth, f),
            Self::String(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => fmt::Debug::fmt(text, f),
                Err(_) => write!(f, "b\"{}\"", bytes.escape_ascii()),
            },
            Self::RelTime(time) => fmt::Debug::fmt(time, f),
            Self::AbsTime(time) => fmt::Debug::fmt(time, f),
            Self::IpAddr(address) => fmt::Debug::fmt(address, f),
            Self::IpNet(address) => write!(f, "net {address}"),
            Self::List(values) => f.debug_list().entries(values).finish(),
        }
    }
}

macro_rules! compare {
    ($( $type:ty, $variant:ident; )+) => { $(
        impl PartialEq<$type> for Value {
            fn eq(&self, other: &$type) -> bool {
                matches!(self, Self::$variant(value) if value == other)
            }
        }
    )+ };
}

// One type of integers and no more, so that a literal is one of it.
compare! {
    u64, U64;
    bool, Bool;
    Duration, RelTime;
    SystemTime, AbsTime;
}

impl PartialEq<IpAddr> for Value {
    fn eq(&self, other: &IpAddr) -> bool {
        matches!(self, Self::IpAddr(address) | Self::IpNet(address) if address == other)
    }
}

impl PartialEq<str> for Value {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == Some(other.as_bytes())
    }
}

impl PartialEq<&str> for Value {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl PartialEq<String> for Value {
    fn eq(&self, other: &String) -> bool {
        *self == **other
    }
}

/// A list, of as many values.
impl<T> PartialEq<[T]> for Value
where
    Self: PartialEq<T>,
{
    fn eq(&self, other: &[T]) -> bool {
        matches!(self, Self::List(values) if values.len() == other.len() && values.iter().zip(other).all(|(a, b)| a == b))
    }
}

impl<T> PartialEq<Vec<T>> for Value
where
    Self: PartialEq<T>,
{
    fn eq(&self, other: &Vec<T>) -> bool {
        <Self as PartialEq<[T]>>::eq(self, other)
    }
}

impl<T, const N: usize> PartialEq<[T; N]> for Value
where
    Self: PartialEq<T>,
{
    fn eq(&self, other: &[T; N]) -> bool {
        <Self as PartialEq<[T]>>::eq(self, other)
    }
}
