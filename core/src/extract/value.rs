// SPDX-License-Identifier: Apache-2.0
//! The types that a field's value may have: [`Value`] and the ones that Rust has no type for.

mod foreign;

use core::ffi::{CStr, c_char, c_void};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::time::Duration;

use super::dropped::{Dropped, holds_nul};
use super::request::Request;
use crate::abi;
use crate::event::{Event, PAYLOAD_OFFSET, Span, Timestamp};

pub(super) use foreign::Placed;

/// A value that a field may give. Its type is the field's type: there is nothing else to declare.
///
/// | Rust | the host's type | handed over |
/// | --- | --- | --- |
/// | `u8` to `u64`, `usize` | uint64 | in a cell |
/// | `bool` | bool, 4 bytes | in a cell |
/// | [`Span`] | string | copied once, NUL added; by pointer where a NUL already follows it |
/// | [`CSpan`] | string | by pointer into the event |
/// | [`Text`] | string | by pointer to where it was written |
/// | `&'static CStr` | string | by pointer |
/// | `&'static str` | string | copied once |
/// | [`RelTime`], [`Duration`] | reltime | in a cell |
/// | [`AbsTime`], [`Timestamp`] | abstime | in a cell |
/// | [`IpAddr`], [`Ipv4Addr`], [`Ipv6Addr`] | ipaddr, 4 or 16 bytes | copied once |
/// | [`IpNet`] | ipnet, 4 or 16 bytes | copied once |
/// | [`Option`] of one of these | its type | `None`: no value |
/// | [`Located`] of one of these | its type | with a place in the event for value offsets |
///
/// ```
/// use falconet::{abi, extract::Value};
/// assert_eq!(<Option<u16> as Value>::TYPE, abi::FTYPE_UINT64);
/// ```
///
/// A text that stands in the event is given as its span, `request.event().span_of(text)`, never as the `&str` or `&[u8]`
/// itself: a function that returns one is refused with "lifetime may not live long enough".
///
/// The trait is sealed: the host reads the cells by the type that is declared, so a wrong pair of both would be a bad
/// read in the host.
#[diagnostic::on_unimplemented(
    message = "a field's function cannot give `{Self}`",
    label = "not a value of a field",
    note = "a value is an unsigned integer, `bool`, `Span`, `CSpan`, `Text`, `&'static str`, `&'static CStr`, `RelTime`, `Duration`, `AbsTime`, `Timestamp`, `IpAddr` (v4 or v6), `IpNet`, or an `Option` or `Located` of one of them; the host has no signed and no floating-point type",
    note = "for a text that stands in the event give its span (`request.event().span_of(text)`), for one that is made write it with `request.text(..)`, for a list use `Field::<Self>::list`"
)]
pub trait Value: Sized + sealed::Sealed {
    /// The host's type (`FTYPE_*`).
    const TYPE: abi::FieldType;

    /// Whether one may be made and then not be handed over: too long, with a NUL byte, outside of its event.
    const DROPS: bool = true;

    /// What stands in the host's array of results.
    type Cell: Copy;

    /// Makes the cell, using the request's memory for what it points at; `None` for no value.
    fn cell(self, request: &mut Request<'_>) -> Option<Self::Cell>;

    /// Where the value stands in the event: start from the event's first byte, and length.
    fn offset(&self, _event: &Event<'_>) -> Option<(u32, u32)> {
        None
    }
}

/// What keeps others from implementing [`Value`].
mod sealed {
    use super::{
        AbsTime, CSpan, CStr, Duration, IpAddr, IpNet, Ipv4Addr, Ipv6Addr, Located, RelTime, Span, Text, Timestamp,
        Value,
    };

    /// Cells and declared types of all implementations agree.
    pub trait Sealed {}

    macro_rules! seal {
        ($($type:ty),+) => { $( impl Sealed for $type {} )+ };
    }
    seal!(u64, u32, u16, u8, usize, bool, RelTime, Duration, AbsTime, Timestamp, &'static CStr, &'static str);
    seal!(CSpan, Span, Text, Ipv4Addr, Ipv6Addr, IpAddr, IpNet);
    impl<V: Value> Sealed for Option<V> {}
    impl<V: Value> Sealed for Located<V> {}
}

impl<V: Value> Value for Option<V> {
    const TYPE: abi::FieldType = V::TYPE;
    const DROPS: bool = V::DROPS;
    type Cell = V::Cell;

    #[inline]
    fn cell(self, request: &mut Request<'_>) -> Option<V::Cell> {
        self?.cell(request)
    }

    fn offset(&self, event: &Event<'_>) -> Option<(u32, u32)> {
        self.as_ref()?.offset(event)
    }
}

macro_rules! scalar {
    ($( $type:ty, $ftype:ident, $cell:ty, |$value:ident| $make:expr; )+) => { $(
        impl Value for $type {
            const TYPE: abi::FieldType = abi::$ftype;
            const DROPS: bool = false;
            type Cell = $cell;

            #[inline]
            fn cell(self, _: &mut Request<'_>) -> Option<$cell> {
                let $value = self;
                $make
            }
        }
    )+ };
}

scalar! {
    u64, FTYPE_UINT64, u64, |value| Some(value);
    u32, FTYPE_UINT64, u64, |value| Some(u64::from(value));
    u16, FTYPE_UINT64, u64, |value| Some(u64::from(value));
    u8, FTYPE_UINT64, u64, |value| Some(u64::from(value));
    usize, FTYPE_UINT64, u64, |value| u64::try_from(value).ok();
    bool, FTYPE_BOOL, abi::Bool, |value| Some(abi::Bool::from(value));
    RelTime, FTYPE_RELTIME, u64, |value| Some(value.0);
    Duration, FTYPE_RELTIME, u64, |value| u64::try_from(value.as_nanos()).ok();
    AbsTime, FTYPE_ABSTIME, u64, |value| Some(value.0);
    Timestamp, FTYPE_ABSTIME, u64, |value| value.nanos();
    &'static CStr, FTYPE_STRING, *const c_char, |value| Some(value.as_ptr());
}

/// A time span in nanoseconds.
///
/// ```
/// use falconet::{abi, extract::{RelTime, Value}};
/// assert_eq!(RelTime::TYPE, abi::FTYPE_RELTIME);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RelTime(pub u64);

/// A point in time, in nanoseconds since 1970-01-01 UTC.
///
/// ```
/// use falconet::{abi, extract::{AbsTime, Value}};
/// assert_eq!(AbsTime::TYPE, abi::FTYPE_ABSTIME);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AbsTime(pub u64);

/// An ip network, by its address: the host compares addresses with it (TYP: `FTYPE_IPNET`).
///
/// ```
/// use falconet::{abi, extract::{IpNet, Value}};
/// assert_eq!(IpNet::TYPE, abi::FTYPE_IPNET);
/// let _loopback = IpNet([127, 0, 0, 0].into());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpNet(pub IpAddr);

/// A string that stands in the event's payload from a place up to its NUL.
///
/// It is handed over by pointer, without a look at its bytes: the payload's last byte must be NUL, which proves that
/// the string ends. Where it is not there is no value.
///
/// ```
/// use falconet::extract::CSpan;
/// let text = CSpan::payload(8); // the string that begins at the payload's ninth byte
/// assert_eq!(text.start(), 46);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CSpan {
    start: u32,
}

impl CSpan {
    /// The string that begins at byte `start` of a plugin event's payload.
    #[must_use]
    #[inline]
    pub const fn payload(start: u32) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "38")]
        Self { start: start.saturating_add(PAYLOAD_OFFSET as u32) }
    }

    /// First byte, counted from the event's start.
    #[must_use]
    #[inline]
    pub const fn start(self) -> u32 {
        self.start
    }
}

impl Value for CSpan {
    const TYPE: abi::FieldType = abi::FTYPE_STRING;
    const DROPS: bool = false;
    type Cell = *const c_char;

    #[inline]
    fn cell(self, request: &mut Request<'_>) -> Option<*const c_char> {
        Some(request.event().terminated(self.start as usize)?.as_ptr().cast())
    }

    fn offset(&self, event: &Event<'_>) -> Option<(u32, u32)> {
        let text = event.terminated(self.start as usize)?;
        let len = text.iter().position(|byte| *byte == 0)?;
        // Not always where `start` says: the payload of an event with more than two parameters begins later.
        Some((event.span_of(text)?.start(), u32::try_from(len).ok()?))
    }
}

impl Value for Span {
    const TYPE: abi::FieldType = abi::FTYPE_STRING;
    type Cell = *const c_char;

    fn cell(self, request: &mut Request<'_>) -> Option<*const c_char> {
        let event = request.event();
        let Some(bytes) = event.get(self) else {
            request.results_mut().set_dropped(Dropped::Outside);
            return None;
        };
        if event.as_bytes().get(self.end() as usize) == Some(&0) {
            if holds_nul(bytes) {
                request.results_mut().set_dropped(Dropped::Nul);
                return None;
            }
            return Some(bytes.as_ptr().cast());
        }
        request.text(bytes)?.cell(request)
    }

    fn offset(&self, event: &Event<'_>) -> Option<(u32, u32)> {
        event.get(*self).map(|_| (self.start(), self.len()))
    }
}

/// A string in the request's memory, made by [`Request::text`] or [`Request::text_with`]. It belongs to the call that
/// made it: given in another one it is no value.
///
/// ```
/// use falconet::extract::{Request, Text};
/// fn answer(request: &mut Request<'_>) -> Option<Text> {
///     request.text(b"42")
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Text {
    pub(super) start: usize,
    pub(super) len: usize,
}

impl Value for Text {
    const TYPE: abi::FieldType = abi::FTYPE_STRING;
    type Cell = *const c_char;

    #[inline]
    fn cell(self, request: &mut Request<'_>) -> Option<*const c_char> {
        Some(request.results().text(self.start, self.len)?.as_ptr().cast_const().cast())
    }
}

impl Value for &'static str {
    const TYPE: abi::FieldType = abi::FTYPE_STRING;
    type Cell = *const c_char;

    fn cell(self, request: &mut Request<'_>) -> Option<*const c_char> {
        request.text(self.as_bytes())?.cell(request)
    }
}

impl Value for Ipv4Addr {
    const TYPE: abi::FieldType = abi::FTYPE_IPADDR;
    type Cell = abi::ByteBuffer;

    fn cell(self, request: &mut Request<'_>) -> Option<abi::ByteBuffer> {
        address(request, &self.octets())
    }
}

impl Value for Ipv6Addr {
    const TYPE: abi::FieldType = abi::FTYPE_IPADDR;
    type Cell = abi::ByteBuffer;

    fn cell(self, request: &mut Request<'_>) -> Option<abi::ByteBuffer> {
        address(request, &self.octets())
    }
}

impl Value for IpAddr {
    const TYPE: abi::FieldType = abi::FTYPE_IPADDR;
    type Cell = abi::ByteBuffer;

    fn cell(self, request: &mut Request<'_>) -> Option<abi::ByteBuffer> {
        match self {
            Self::V4(v4) => v4.cell(request),
            Self::V6(v6) => v6.cell(request),
        }
    }
}

impl Value for IpNet {
    const TYPE: abi::FieldType = abi::FTYPE_IPNET;
    type Cell = abi::ByteBuffer;

    fn cell(self, request: &mut Request<'_>) -> Option<abi::ByteBuffer> {
        self.0.cell(request)
    }
}

fn address(request: &mut Request<'_>, octets: &[u8]) -> Option<abi::ByteBuffer> {
    match request.results_mut().bytes(octets) {
        Some(ptr) => Some(abi::ByteBuffer {
            len: u32::try_from(octets.len()).ok()?,
            ptr: ptr.as_ptr().cast_const().cast::<c_void>(),
        }),
        None => {
            request.results_mut().set_dropped(Dropped::TooLong);
            None
        }
    }
}

/// A value and the span of the event that it was read from, for hosts that ask for value offsets.
///
/// ```
/// use falconet::{extract::Located, Span};
/// let status = Located::new(200u16, Span::payload(10, 13));
/// assert_eq!(status.value, 200);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located<V> {
    /// The value.
    pub value: V,
    /// Where it stands in the event, if anywhere.
    pub span: Option<Span>,
}

impl<V> Located<V> {
    /// A value that was read from `span`.
    #[must_use]
    pub const fn new(value: V, span: Option<Span>) -> Self {
        Self { value, span }
    }
}

impl<V: Value> Value for Located<V> {
    const TYPE: abi::FieldType = V::TYPE;
    const DROPS: bool = V::DROPS;
    type Cell = V::Cell;

    #[inline]
    fn cell(self, request: &mut Request<'_>) -> Option<V::Cell> {
        self.value.cell(request)
    }

    fn offset(&self, event: &Event<'_>) -> Option<(u32, u32)> {
        self.span?.offset(event)
    }
}
