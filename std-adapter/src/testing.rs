// SPDX-License-Identifier: Apache-2.0
//! A test kit for plugin authors: a plugin runs in the process of its `#[test]`, called as Falco calls it.
//!
//! A [`Harness`] is a host with one plugin, of this crate or of the core alone (`falconet_std` is a dev-dependency then).
//! It calls the very functions behind the exported symbols, by the type of the plugin that `export!` names.
//!
//! ```
//! use std::ffi::CStr;
//!
//! use falconet_std::values::{Field, Fields};
//! use falconet_std::view::WriteView;
//! use falconet_std::{Error, Event, Extract, Info, Init, NextEvent, One, Plugin, Source, Timestamp};
//!
//! struct Greetings;
//! impl Plugin for Greetings {
//!     type Error = Error;
//!     const INFO: Info = Info::new(c"greetings", c"0.1.0", c"greets", c"you@example.org");
//!     fn new(init: &Init<'_>) -> Result<Self, Error> {
//!         if init.config().is_empty() { Ok(Self) } else { Err(Error::new("no config is taken")) }
//!     }
//! }
//! impl Source for Greetings {
//!     const ID: u32 = 999;
//!     const EVENT_SOURCE: &'static CStr = c"greetings";
//!     type Instance = Lines;
//!     fn open(&self, params: &CStr) -> Result<Lines, Error> {
//!         Ok(Lines(params.to_str()?.lines().map(str::to_owned).collect::<Vec<_>>().into_iter()))
//!     }
//! }
//! struct Lines(std::vec::IntoIter<String>);
//! impl NextEvent for Lines {
//!     type Plugin = Greetings;
//!     fn next(&mut self, _: &Greetings, payload: &mut WriteView<'_>) -> Result<One, Error> {
//!         let Some(line) = self.0.next() else { return Ok(One::Eof) };
//!         payload.write_all(line.as_bytes())?;
//!         Ok(One::Event(Timestamp::from_nanos(7)))
//!     }
//! }
//! impl Extract for Greetings {
//!     type Decoded = ();
//!     const FIELDS: Fields<Self> = &[Field::<Self>::new("greet.name", "who is greeted", |_, _, request| {
//!         let event = request.event();
//!         event.payload().strip_prefix(b"hello ").and_then(|name| event.span_of(name))
//!     })];
//!     fn decode(&self, _: &Event<'_>) -> Option<()> {
//!         Some(())
//!     }
//! }
//! falconet_std::export!(Greetings: source, extract);
//!
//! # fn main() {
//! use falconet_std::testing::{Event as Made, Harness};
//!
//! let plugin = Harness::<Greetings>::init("").unwrap();
//! let events = plugin.open("hello world\nbye").unwrap().drain();
//! assert_eq!(events.len(), 2);
//! assert_eq!((events[0].nanos(), events[0].payload()), (7, &b"hello world"[..]));
//! assert_eq!(plugin.extract(&events[0], "greet.name"), "world");
//! assert!(plugin.extract(&events[1], "greet.name").is_none());
//! assert_eq!(plugin.extract(&Made::plugin(b"hello you"), "greet.name"), "you");
//!
//! let refused = Harness::<Greetings>::init("{}").unwrap_err();
//! assert_eq!(refused.to_string(), "no config is taken");
//! # }
//! ```
//!
//! # What it checks
//! It fills what the plugin is to write with poison before each call, and fails the test with the rule's number where
//! the real host would misread or crash: an output that is not written, a failure without a text, a batch without
//! events, an event that the source may not give, a value out of its type, a line for the log that is none, an async
//! event that is not declared. It writes into events as the real host does (rule 4.1), and overwrites what a plugin
//! may not keep. A panic of the plugin's fails the test, too, where the host would not hear of it.
//!
//! # What it is not
//! A loader: symbols, claimed versions and load order are looked at by the `falconet` command, which loads the library
//! that Falco would, and has state tables. Here there are none, so a plugin that imports tables fails at init, and so
//! does one that exports them; and there are no captures to listen to.
//!
//! # Many tests at once
//! A plugin of the core has as many states as its `export!` says, eight unless told otherwise, and tests run on several
//! threads: [`Harness::init`] waits for a state when all are in use, five seconds at most.

mod async_events;

mod event;
mod extract;
mod field;
mod harness;
mod host;
mod metrics;
mod parse;
mod source;
mod value;

#[cfg(test)]
mod tests;

pub use async_events::Collected;
pub use event::Event;
pub use harness::{Failed, Harness};
pub use host::Line;
pub use metrics::{Metric, Number};
pub use source::{Batch, OpenParam, Status, Stream};
pub use value::Value;
