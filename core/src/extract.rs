// SPDX-License-Identifier: Apache-2.0
//! Field extraction: an event and requests in, values out.
//!
//! An author declares [`FIELDS`](Extract::FIELDS), each with a function of the plugin, the decoded event and the
//! request. Everything between the host's structs and that function is done here: the event is checked and decoded
//! once, the value is handed over by pointer where it is borrowed from the event and copied once where it must be,
//! every output of the request is written on every path.
//!
//! Values live in a ring of fixed memory of the plugin state. The values of one call stand together, and they stay
//! untouched for as many bytes of later values as a request may have (rule 5.8). A value that does not fit gives no
//! value, a count and one log line, never a truncated value. Nothing here panics or allocates.

mod cache;
mod dropped;
mod field;
mod json;
mod memory;
mod request;
mod value;

pub use field::{Argument, Field};
#[doc(hidden)]
pub use json::{fields_json, fields_json_len, names_json, names_json_len};
#[doc(hidden)]
pub use memory::{Extraction, Memory};
#[doc(hidden)]
pub use request::{Answers, Asked, NoValue, Values};
pub use request::{List, Request};
pub use value::{AbsTime, CSpan, IpNet, Located, RelTime, Text, Value};

pub(crate) use dropped::Dropped;
#[doc(hidden)]
pub use field::Getter;
pub(crate) use field::{Filled, captures_nothing, getter, is_plain, may_drop};
pub(crate) use memory::Offsets;

use crate::event::{Event, PLUGIN_EVENT};
use crate::plugin::Plugin;

/// A plugin that extracts fields from events.
///
/// ```
/// use falconet::{Event, Error, Extract, Field, Info, Init, Plugin, Span};
///
/// struct Greetings;
/// impl Plugin for Greetings {
///     type Error = Error;
///     const INFO: Info = Info::new(c"greetings", c"0.1.0", c"greets", c"you@example.org");
///     fn new(_: &Init<'_>) -> Result<Self, Error> {
///         Ok(Self)
///     }
/// }
/// impl Extract for Greetings {
///     type Decoded = Option<Span>;
///     const FIELDS: &'static [Field<Self>] = &[
///         Field::<Self>::new("greet.name", "who is greeted", |_, name, _| *name),
///         Field::<Self>::new("greet.length", "length of the name", |_, name, _| name.map(|name| name.len())),
///     ];
///     fn decode(&self, event: &Event<'_>) -> Option<Option<Span>> {
///         let name = event.payload().strip_prefix(b"hello ");
///         Some(name.and_then(|name| event.span_of(name)))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "the capability `extract` needs `impl falconet::Extract for {Self}`",
    label = "does not extract fields",
    note = "write `impl falconet::Extract for {Self}`, or leave `extract` out of `export!`"
)]
pub trait Extract: Plugin {
    /// What [`decode`](Extract::decode) makes of an event, kept for all fields of it: numbers and
    /// [`Span`](crate::Span)s, never references. `()` where there is nothing to decode.
    type Decoded: Copy + Send + 'static;

    /// The fields, in the order of their ids. Their JSON is made, and checked, at compile time.
    const FIELDS: &'static [Field<Self>];

    /// The event types that fields are extracted from (rule 2.1): plugin events unless the author says more. Where they are
    /// all, [`decode`](Extract::decode) is called for nothing else: another event, which no host gives then, has no values.
    const EVENT_TYPES: &'static [u16] = &[PLUGIN_EVENT];

    /// The sources whose events fields are extracted from. None: the plugin's own where it has one, else all.
    const EVENT_SOURCES: &'static [&'static str] = &[];

    /// Reads an event once for all fields; `None` where no field has a value.
    ///
    /// A hot path: it is called once an event that a field is asked of.
    fn decode(&self, event: &Event<'_>) -> Option<Self::Decoded>;
}
