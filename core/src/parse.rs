// SPDX-License-Identifier: Apache-2.0
//! Parsing: [`Parse`] sees every event before fields of it are extracted (rule 8.4), and keeps state.

use core::ffi::CStr;
use core::fmt;
use core::marker::PhantomData;

use crate::error::Error;
use crate::event::{Event, PLUGIN_EVENT};
use crate::export::ExportedImports;
use crate::plugin::Plugin;
use crate::tables::Writer;

/// A plugin that parses events.
///
/// ```
/// use falconet::{Error, Event, Info, Init, Parse, Parsing, Plugin};
///
/// struct Longest { bytes: usize }
/// impl Plugin for Longest {
///     type Error = Error;
///     const INFO: Info = Info::new(c"longest", c"0.1.0", c"the longest event", c"you@example.org");
///     fn new(_: &Init<'_>) -> Result<Self, Error> {
///         Ok(Self { bytes: 0 })
///     }
/// }
/// impl Parse for Longest {
///     fn parse(&mut self, event: &Event<'_>, _: &mut Parsing<'_, Self>) -> Result<(), Error> {
///         self.bytes = self.bytes.max(event.payload().len());
///         Ok(())
///     }
/// }
/// falconet::export!(Longest: parse);
/// ```
#[diagnostic::on_unimplemented(
    message = "the capability `parse` needs `impl falconet::Parse for {Self}`",
    label = "does not parse events",
    note = "write `impl falconet::Parse for {Self}`, or leave `parse` out of `export!`"
)]
pub trait Parse: Plugin {
    /// The event types that are parsed (rule 2.1): plugin events unless the author says more, and then with
    /// `event_schema` in `export!`.
    const PARSE_TYPES: &'static [u16] = &[PLUGIN_EVENT];

    /// The sources whose events are parsed. None: the plugin's own where it has one, else all.
    const PARSE_SOURCES: &'static [&'static str] = &[];

    /// Parses an event. A hot path: it is called once for every event of the types and sources that are declared.
    ///
    /// # Errors
    /// The host goes on; it looks at no message on this path, which is why [`counters`](crate::Init::counters) and
    /// metrics are there.
    fn parse(&mut self, event: &Event<'_>, call: &mut Parsing<'_, Self>) -> Result<(), Self::Error>;
}

/// What the host gives to one [`Parse::parse`]. See [`Parse`] for an example.
pub struct Parsing<'c, P> {
    number: u64,
    source: Option<&'c CStr>,
    tables: Option<Writer<'c>>,
    _plugin: PhantomData<fn(P)>,
}

impl<'c, P> Parsing<'c, P> {
    pub(crate) const fn new(number: u64, source: Option<&'c CStr>, tables: Option<Writer<'c>>) -> Self {
        Self { number, source, tables, _plugin: PhantomData }
    }

    /// The event's number in its capture, from 1; 0 for an event that the host made up.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The name of the event's source.
    #[must_use]
    pub const fn source(&self) -> Option<&'c CStr> {
        self.source
    }

    /// State tables, to be read and written with the handles that the plugin found at init.
    ///
    /// # Errors
    /// Where the host gave none at init.
    pub fn tables(&mut self) -> Result<&mut Writer<'c>, Error>
    where
        P: ExportedImports,
    {
        self.tables.as_mut().ok_or(Error::new("the host gave no state tables to this plugin at init"))
    }
}

impl<P> fmt::Debug for Parsing<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parsing").field("number", &self.number).field("source", &self.source).finish_non_exhaustive()
    }
}
