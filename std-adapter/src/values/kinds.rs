// SPDX-License-Identifier: Apache-2.0
//! [`IntoValue`] for the core's values and std's types.

use std::borrow::Cow;
use std::ffi::{CStr, CString};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use falconet::extract::{AbsTime, CSpan, IpNet, Located, RelTime, Request, Text};
use falconet::{Span, Timestamp};

use super::IntoValue;

/// Small values, given by copy, and by reference for the sake of iterators.
macro_rules! by_copy {
    ($( $type:ty => $value:ty, |$from:ident| $make:expr; )+) => { $(
        impl IntoValue for $type {
            type Value = $value;

            #[inline]
            fn into_value(self, _: &mut Request<'_>) -> Option<$value> {
                let $from = self;
                $make
            }
        }

        impl IntoValue for &$type {
            type Value = $value;

            #[inline]
            fn into_value(self, request: &mut Request<'_>) -> Option<$value> {
                (*self).into_value(request)
            }
        }
    )+ };
}

by_copy! {
    u64 => u64, |number| Some(number);
    u32 => u32, |number| Some(number);
    u16 => u16, |number| Some(number);
    u8 => u8, |number| Some(number);
    usize => usize, |number| Some(number);
    bool => bool, |truth| Some(truth);
    RelTime => RelTime, |time| Some(time);
    Duration => Duration, |time| Some(time);
    AbsTime => AbsTime, |time| Some(time);
    Timestamp => Timestamp, |time| Some(time);
    CSpan => CSpan, |span| Some(span);
    Span => Span, |span| Some(span);
    Text => Text, |text| Some(text);
    Ipv4Addr => Ipv4Addr, |address| Some(address);
    Ipv6Addr => Ipv6Addr, |address| Some(address);
    IpAddr => IpAddr, |address| Some(address);
    IpNet => IpNet, |net| Some(net);
    SystemTime => AbsTime, |time| {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        u64::try_from(since.as_nanos()).ok().map(AbsTime)
    };
    ipnet::IpNet => IpNet, |net| Some(IpNet(net.network()));
    ipnet::Ipv4Net => IpNet, |net| Some(IpNet(net.network().into()));
    ipnet::Ipv6Net => IpNet, |net| Some(IpNet(net.network().into()));
}

/// By pointer.
impl IntoValue for &'static CStr {
    type Value = Self;

    #[inline]
    fn into_value(self, _: &mut Request<'_>) -> Option<Self> {
        Some(self)
    }
}

/// Texts, copied into the request's memory.
macro_rules! texts {
    ($( $type:ty, |$text:ident| $bytes:expr; )+) => { $(
        impl IntoValue for $type {
            type Value = Text;

            #[inline]
            fn into_value(self, request: &mut Request<'_>) -> Option<Text> {
                let $text = &self;
                request.text($bytes)
            }
        }
    )+ };
}

texts! {
    &str, |text| text.as_bytes();
    &&str, |text| text.as_bytes();
    String, |text| text.as_bytes();
    &String, |text| text.as_bytes();
    Cow<'_, str>, |text| text.as_bytes();
    &Cow<'_, str>, |text| text.as_bytes();
    Box<str>, |text| text.as_bytes();
    &Box<str>, |text| text.as_bytes();
    Rc<str>, |text| text.as_bytes();
    Arc<str>, |text| text.as_bytes();
    &Arc<str>, |text| text.as_bytes();
    CString, |text| text.as_bytes();
    &CString, |text| text.as_bytes();
    &[u8], |bytes| bytes;
    Cow<'_, [u8]>, |bytes| bytes;
}

impl<T: IntoValue> IntoValue for Option<T> {
    type Value = T::Value;

    #[inline]
    fn into_value(self, request: &mut Request<'_>) -> Option<T::Value> {
        self?.into_value(request)
    }
}

/// With its place in the event.
impl<T: IntoValue> IntoValue for Located<T> {
    type Value = Located<T::Value>;

    #[inline]
    fn into_value(self, request: &mut Request<'_>) -> Option<Located<T::Value>> {
        Some(Located::new(self.value.into_value(request)?, self.span))
    }
}
