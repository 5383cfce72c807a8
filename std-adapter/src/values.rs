// SPDX-License-Identifier: Apache-2.0
//! std's types as field values: [`Field`], whose functions give whatever is [`IntoValue`].
//!
//! | Rust | the host's type | handed over |
//! | --- | --- | --- |
//! | what the core's fields give ([`Value`]) | as there | as there |
//! | [`String`], `&str`, `Cow<str>`, `Box<str>`, `Arc<str>`, [`CString`](std::ffi::CString) | string | copied once |
//! | `&[u8]`, `Cow<[u8]>` | string, of any bytes but NUL | copied once |
//! | [`SystemTime`](std::time::SystemTime) from 1970 to 2554 | abstime | in a cell |
//! | [`ipnet::IpNet`], [`ipnet::Ipv4Net`], [`ipnet::Ipv6Net`] | ipnet, 4 or 16 bytes | its network's address, copied once |
//! | [`Option`], [`Located`](falconet::extract::Located) of one of these | its type | `None`: no value |
//! | `Vec`, arrays, iterators of them ([`Field::list`]) | a list of its type | one value after another |
//!
//! Change the import, and a plugin's fields may give them:
//!
//! ```
//! use std::net::IpAddr;
//! use std::time::{Duration, SystemTime};
//!
//! use falconet_std::values::{Field, Fields, ListExt, RequestExt};
//! use falconet_std::{Error, Event, Extract, Info, Init, Plugin};
//!
//! struct Fleet { region: String, gateways: Vec<IpAddr>, names: Vec<String>, since: SystemTime }
//! # impl Plugin for Fleet {
//! #     type Error = Error;
//! #     const INFO: Info = Info::new(c"fleet", c"0.1.0", c"a fleet", c"you@example.org");
//! #     fn new(_: &Init<'_>) -> Result<Self, Error> {
//! #         let names = vec!["a".to_owned(), "b".to_owned()];
//! #         let since = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
//! #         Ok(Self { region: "eu".to_owned(), gateways: vec![IpAddr::from([10, 0, 0, 1])], names, since })
//! #     }
//! # }
//! impl Extract for Fleet {
//!     type Decoded = ();
//!     const FIELDS: Fields<Self> = &[
//!         Field::<Self>::new("fleet.since", "when it was started", |fleet, _, _| fleet.since),
//!         Field::<Self>::new("fleet.loud", "its region", |fleet, _, _| fleet.region.to_uppercase()),
//!         Field::<Self>::text("fleet.region", "its region", |fleet, _, _| Some(&fleet.region)),
//!         Field::<Self>::list("fleet.gateways", "its gateways", |fleet, _, _| fleet.gateways.clone()),
//!         // Without the clone:
//!         Field::<Self>::list_with("fleet.names", "its members", |fleet, _, list| list.add_all(&fleet.names)),
//!     ];
//!     fn decode(&self, _: &Event<'_>) -> Option<()> {
//!         Some(())
//!     }
//! }
//! falconet_std::export!(Fleet: extract);
//! # fn main() {
//! use falconet_std::testing::{Event as Made, Harness};
//! let fleet = Harness::<Fleet>::init("").unwrap();
//! let event = Made::plugin(b"");
//! assert_eq!(fleet.extract(&event, "fleet.since"), SystemTime::UNIX_EPOCH + Duration::from_secs(1));
//! assert_eq!(fleet.extract(&event, "fleet.loud"), "EU");
//! assert_eq!(fleet.extract(&event, "fleet.region"), "eu");
//! assert_eq!(fleet.extract(&event, "fleet.gateways"), [IpAddr::from([10, 0, 0, 1])]);
//! assert_eq!(fleet.extract(&event, "fleet.names"), ["a", "b"]);
//! # }
//! ```
//!
//! # What is borrowed
//! A value that owns its text, or whose text is `'static`, is given by [`Field::new`]. A `&str` that is borrowed from the
//! plugin or the decoded event is given by [`Field::text`]: the type of a closure's result cannot depend on what it
//! borrows from, unless it is written down. Anything borrowed from anywhere is given through [`RequestExt::value`],
//! and through [`ListExt::add`] and [`ListExt::add_all`] in a [`Field::list_with`].
//!
//! A text that stands in the event is better given as its span, `request.event().span_of(text)`: it may cost no copy, and
//! its place in the event is known.
//!
//! # What the core's rules say
//! Nothing is allocated here: what a function allocates is the author's. Nothing is truncated: a text that does not fit
//! into a request's memory gives no value, nor does one with a NUL byte, and both are counted and logged; in a list
//! the whole list gives none. What the host has no number for (a time before 1970 or after 2554) gives no value, and is
//! left out of a list. A network's prefix length is not handed over: the API has no place for it.

mod field;
mod kinds;

use falconet::extract::{List, Request, Value};

pub use field::{Field, Fields};

/// What a field's function may give: see [the module](self) for all types.
///
/// A type of the author's own is one by way of another that is:
///
/// ```
/// use falconet_std::extract::{Request, Text};
/// use falconet_std::values::{IntoValue, RequestExt};
/// enum Verdict { Allowed, Denied(String) }
/// impl IntoValue for Verdict {
///     type Value = Text;
///     fn into_value(self, request: &mut Request<'_>) -> Option<Text> {
///         match self {
///             Self::Allowed => request.value("allowed"),
///             Self::Denied(why) => request.value(why),
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "a field's function cannot give `{Self}`",
    label = "not a value of a field",
    note = "a value is an unsigned integer, `bool`, `String`, `&str`, `Cow<str>`, `Duration`, `SystemTime`, `IpAddr`, `ipnet::IpNet`, a value of the core's, or an `Option` of one of them; the host has no signed and no floating-point type",
    note = "for a `Vec` or an iterator of values use `Field::<Self>::list`"
)]
pub trait IntoValue {
    /// The core's value that it becomes, from which the field's type follows.
    type Value: Value;

    /// Becomes the core's value, with the request's memory for a text; `None` for no value.
    fn into_value(self, request: &mut Request<'_>) -> Option<Self::Value>;
}

/// Values of any lifetime, for a function of [`Field::new`] or of the core's [`Field`](falconet::Field).
///
/// ```
/// use falconet_std::extract::Text;
/// use falconet_std::values::RequestExt;
/// use falconet_std::Request;
/// /// The payload as text, where it is one, without its blanks.
/// fn trimmed(request: &mut Request<'_>) -> Option<Text> {
///     let text = std::str::from_utf8(request.event().payload()).ok()?;
///     request.value(text.trim())
/// }
/// ```
pub trait RequestExt {
    /// Makes the value, whatever it borrows from: what this gives is what the function gives.
    fn value<T: IntoValue>(&mut self, value: T) -> Option<T::Value>;
}

impl RequestExt for Request<'_> {
    #[inline]
    fn value<T: IntoValue>(&mut self, value: T) -> Option<T::Value> {
        value.into_value(self)
    }
}

/// Values of any lifetime, for a function of [`Field::list_with`] or of the core's [`Field::list`](falconet::Field::list).
///
/// ```
/// use falconet_std::extract::{List, Text};
/// use falconet_std::values::ListExt;
/// fn lines(list: &mut List<'_, '_, Text>) {
///     let event = list.event();
///     list.add("first of all");
///     list.add_all(String::from_utf8_lossy(event.payload()).lines());
/// }
/// ```
pub trait ListExt<V> {
    /// Adds a value. One that is none is left out; where there is no room for it the whole list gives no value.
    fn add(&mut self, value: impl IntoValue<Value = V>);

    /// Adds one value after another.
    fn add_all(&mut self, values: impl IntoIterator<Item: IntoValue<Value = V>>);
}

impl<V: Value> ListExt<V> for List<'_, '_, V> {
    #[inline]
    fn add(&mut self, value: impl IntoValue<Value = V>) {
        if let Some(value) = value.into_value(self) {
            self.push(value);
        }
    }

    fn add_all(&mut self, values: impl IntoIterator<Item: IntoValue<Value = V>>) {
        values.into_iter().for_each(|value| self.add(value));
    }
}
