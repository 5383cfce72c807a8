// SPDX-License-Identifier: Apache-2.0
//! A web server's access log as a Falco source: one event for each line, one field for each part of it.
//!
//! The payload of an event is the line and a NUL, so that the whole line is handed to the host by pointer.
//! Its time is the line's own, where what is before the request is well-formed and the time is one: a line that is cut off
//! or wrong behind that keeps its time, though it has no fields. Any other event has the time at which the host takes it.
//!
//! The init config is empty, or `{"follow": true}`: then the end of the file is waited at for more lines, through
//! rotation and truncation (`tail.rs` says how, and what can be lost).
#![no_std]

#[cfg(test)]
extern crate std;

pub mod address;
mod block;
mod config;
mod error;
mod file;
pub mod line;
pub mod span;
mod tail;
pub mod time;
mod watch;
mod word;

use core::ffi::CStr;

use falconet::extract::{AbsTime, Argument, List, Located};
use falconet::{Event, EventText, Extract, Field, Info, Init, Log, OpenParams, Plugin, Source, TextRoom};

pub use config::{Config, ConfigError};
pub use error::LogError;
use line::Line;
pub use tail::Tail;

#[cfg(not(test))]
falconet::runtime!();

/// The plugin: what it was told, and the host's log.
#[derive(Debug)]
pub struct AccessLog {
    config: Config,
    log: Log,
}

impl Plugin for AccessLog {
    type Error = LogError;
    const INFO: Info = Info::new(c"access_log", c"0.1.0", c"Lines of a web server's access log", c"falconet's authors");

    fn new(init: &Init<'_>) -> Result<Self, LogError> {
        let config = Config::parse(init.config().to_bytes()).map_err(LogError::Config)?;
        Ok(Self { config, log: init.log() })
    }
}

impl Source for AccessLog {
    const ID: u32 = 999;
    const EVENT_SOURCE: &'static CStr = c"access_log";
    const MAX_PAYLOAD: usize = 32 * 1024;
    const BATCH_BYTES: usize = 256 * 1024;
    type Instance = Tail;

    fn open(&self, params: &CStr) -> Result<Tail, LogError> {
        Tail::open(params, self.config, self.log)
    }

    fn open_params(&self, list: &mut OpenParams<'_>) -> Result<(), LogError> {
        list.add("/var/log/nginx/access.log", "nginx on Debian")
            .and_then(|()| list.add("/var/log/apache2/access.log", "Apache httpd on Debian"))
            .map_err(LogError::Sdk)
    }

    fn event_to_string<'e>(&self, event: &Event<'e>, room: TextRoom<'_>) -> Option<EventText<'e>> {
        let line = line_of(event);
        if line.contains(&0) { Some(room.copy(line)) } else { EventText::from_event(event, 0) }
    }
}

impl Extract for AccessLog {
    type Decoded = Line;

    const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::new("access.client", "the client's ip address", |_, line, request| {
            let address = line::client_addr(line_of(&request.event()), line)?;
            Some(Located::new(address, span(line.client())))
        }),
        Field::<Self>::new("access.user", "the authenticated user", |_, line, _| span(line.user())),
        Field::<Self>::new("access.time", "when the server received the request", |_, line, request| {
            line::time(line_of(&request.event()), line).map(AbsTime)
        }),
        Field::<Self>::new("access.method", "the request's method", |_, line, _| span(line.method())),
        Field::<Self>::new("access.path", "the request's target up to its query", |_, line, _| span(line.path())),
        Field::<Self>::new("access.query", "the query's first parameter of a name", |_, line, request| {
            let event = request.event();
            span(line::query_value(line_of(&event), line, request.key()?.to_bytes()))
        })
        .argument(Argument::KEY.required()),
        Field::<Self>::new("access.segment", "one segment of the path, from 0", |_, line, request| {
            span(line::segment(line_of(&request.event()), line, request.index()?))
        })
        .argument(Argument::INDEX.required()),
        Field::<Self>::list("access.segments", "the segments of the path", |_, line, list: &mut List<'_, '_, _>| {
            let event = list.event();
            list.extend(line::segments(line_of(&event), line).map(|segment| span(Some(segment))));
        }),
        Field::<Self>::new("access.protocol", "the request's protocol", |_, line, _| span(line.protocol())),
        Field::<Self>::new("access.status", "the response's status", |_, line, _| line.status()),
        Field::<Self>::new("access.bytes", "the response's size in bytes", |_, line, _| line.bytes()),
        Field::<Self>::new("access.error", "whether the status is 400 or above", |_, line, _| line.error()),
        Field::<Self>::new("access.referer", "the page that the client came from", |_, line, _| span(line.referer())),
        Field::<Self>::new("access.agent", "what the client says it is", |_, line, _| span(line.agent())),
        Field::<Self>::new("access.line", "the whole line", |_, line, _| span(Some(line.whole()))),
    ];

    /// Inlined with all that reads a line: its values are then written where they are kept, and not moved there through two
    /// other places, which costs a sixth of the reading.
    #[inline(always)]
    fn decode(&self, event: &Event<'_>) -> Option<Line> {
        Some(Line::parse(line_of(event)))
    }
}

/// The line of an event: its payload without the NUL that ends it.
fn line_of<'e>(event: &Event<'e>) -> &'e [u8] {
    let payload = event.payload();
    payload.strip_suffix(b"\0").unwrap_or(payload)
}

/// A range of the line as a span of its event.
fn span(range: Option<span::Span>) -> Option<falconet::Span> {
    let range = range?;
    falconet::Span::payload(range.start() as usize, range.end() as usize)
}

falconet::export!(AccessLog: source, extract, offsets; memory = 64 * 1024);
