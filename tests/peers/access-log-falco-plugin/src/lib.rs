// SPDX-License-Identifier: Apache-2.0
//! Source and five fields of `examples/access-log` with the official Rust SDK: what a line costs there.
//!
//! Init config: how lines are read. Empty: with the very code of `examples/access-log`, so that what is left is the SDK's
//! part. `regex`: with a regular expression of the same strictness, as is usual. Open params: the file's path.
//! An event's payload is its line.

mod pattern;

/// The files of `examples/access-log` that read a line, as they are. What is not used belongs to fields that are not here.
#[expect(dead_code, unreachable_pub, reason = "the whole files are taken")]
#[path = "../../../../examples/access-log/src"]
mod example {
    pub(crate) mod address;
    pub(crate) mod line;
    pub(crate) mod span;
    pub(crate) mod time;
    pub(crate) mod word;
}

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::IpAddr;
use std::ops::Range;

use falco_plugin::anyhow::{Context as _, Error, bail};
use falco_plugin::base::Plugin;
use falco_plugin::event::PluginEvent;
use falco_plugin::event::events::Event;
use falco_plugin::extract::{ExtractFieldInfo, ExtractPlugin, ExtractRequest, field};
use falco_plugin::source::{EventBatch, EventInput, SourcePlugin, SourcePluginInstance};
use falco_plugin::tables::TablesInput;
use falco_plugin::{FailureReason, extract_plugin, plugin, source_plugin};

use example::{address, line, span, time, word};
use pattern::Pattern;

/// Events of a batch.
const BATCH: usize = 128;

/// What a line says of the five fields, as ranges of it.
#[derive(Debug, Default)]
pub struct Parts {
    client: Option<Range<usize>>,
    method: Option<Range<usize>>,
    path: Option<Range<usize>>,
    status: Option<u64>,
    bytes: Option<u64>,
}

enum Reader {
    Line,
    Pattern(Box<Pattern>),
}

impl Reader {
    /// The time of a line's event in nanoseconds since 1970: only what is before the request is read.
    fn time(&self, line: &[u8], clock: &mut time::Clock) -> Option<u64> {
        match self {
            Self::Line => line::time_of(line, clock),
            Self::Pattern(pattern) => pattern.time(line),
        }
    }

    fn parts(&self, text: &[u8]) -> Parts {
        match self {
            Self::Line => {
                let line = line::Line::parse(text);
                let range = |span: span::Span| Some(span.start().try_into().ok()?..span.end().try_into().ok()?);
                Parts {
                    client: line.client().and_then(range),
                    method: line.method().and_then(range),
                    path: line.path().and_then(range),
                    status: line.status(),
                    bytes: line.bytes(),
                }
            }
            Self::Pattern(pattern) => pattern.parts(text),
        }
    }

    /// The address that a text is: only where the field is asked for, as in `examples/access-log`.
    fn address(&self, text: &[u8]) -> Option<IpAddr> {
        match self {
            Self::Line => address::parse(text),
            Self::Pattern(_) => str::from_utf8(text).ok()?.parse().ok(),
        }
    }
}

struct AccessLog {
    reader: Reader,
}

impl Plugin for AccessLog {
    const NAME: &'static CStr = c"access_log";
    const PLUGIN_VERSION: &'static CStr = c"0.1.0";
    const DESCRIPTION: &'static CStr = c"Lines of a web server's access log, with the official Rust SDK";
    const CONTACT: &'static CStr = c"falconet's authors";
    type ConfigType = String;

    fn new(_: Option<&TablesInput>, config: String) -> Result<Self, Error> {
        let reader = match config.as_str() {
            "" => Reader::Line,
            "regex" => Reader::Pattern(Box::new(Pattern::new()?)),
            _ => bail!("the init config is empty, or regex"),
        };
        Ok(Self { reader })
    }
}

type Plain<'a> = Event<PluginEvent<&'a [u8]>>;

impl SourcePlugin for AccessLog {
    type Instance = Lines;
    const EVENT_SOURCE: &'static CStr = c"access_log";
    const PLUGIN_ID: u32 = 999;
    type Event<'a> = Plain<'a>;

    fn open(&mut self, params: Option<&str>) -> Result<Lines, Error> {
        let path = params.context("the open params are the path of a log")?;
        let file = File::open(path).with_context(|| format!("cannot open {path}"))?;
        Ok(Lines { file: BufReader::with_capacity(64 * 1024, file), line: Vec::new(), clock: time::Clock::default() })
    }

    fn event_to_string(&mut self, event: &EventInput<Plain<'_>>) -> Result<CString, Error> {
        Ok(CString::new(event.event()?.params.event_data)?)
    }
}

struct Lines {
    file: BufReader<File>,
    /// The line before, whose memory is used again.
    line: Vec<u8>,
    clock: time::Clock,
}

impl SourcePluginInstance for Lines {
    type Plugin = AccessLog;

    fn next_batch(&mut self, plugin: &mut AccessLog, batch: &mut EventBatch<'_>) -> Result<(), Error> {
        batch.reserve(BATCH);
        for number in 0..BATCH {
            self.line.clear();
            if self.file.read_until(b'\n', &mut self.line)? == 0 {
                if number == 0 {
                    return Err(FailureReason::Eof.into());
                }
                break;
            }
            let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let mut event = Self::plugin_event(line);
            if let Some(time) = plugin.reader.time(line, &mut self.clock) {
                event.metadata.ts = time;
            }
            batch.add(event)?;
        }
        Ok(())
    }
}

impl AccessLog {
    /// What the line of the event says, read once a call.
    fn parts<'c>(&self, context: &'c mut Option<Parts>, line: &[u8]) -> &'c Parts {
        context.get_or_insert_with(|| self.reader.parts(line))
    }

    fn client(&mut self, request: ExtractRequest<Self>) -> Result<Option<IpAddr>, Error> {
        let event = request.event.event()?;
        let line = event.params.event_data;
        let client = self.parts(request.context, line).client.clone();
        Ok(client.and_then(|client| self.reader.address(line.get(client)?)))
    }

    fn method(&mut self, request: ExtractRequest<Self>) -> Result<Option<CString>, Error> {
        let event = request.event.event()?;
        text(event.params.event_data, self.parts(request.context, event.params.event_data).method.clone())
    }

    fn path(&mut self, request: ExtractRequest<Self>) -> Result<Option<CString>, Error> {
        let event = request.event.event()?;
        text(event.params.event_data, self.parts(request.context, event.params.event_data).path.clone())
    }

    fn status(&mut self, request: ExtractRequest<Self>) -> Result<Option<u64>, Error> {
        let event = request.event.event()?;
        Ok(self.parts(request.context, event.params.event_data).status)
    }

    fn bytes(&mut self, request: ExtractRequest<Self>) -> Result<Option<u64>, Error> {
        let event = request.event.event()?;
        Ok(self.parts(request.context, event.params.event_data).bytes)
    }
}

/// A range of a line as a text of its own, which the SDK wants.
fn text(line: &[u8], range: Option<Range<usize>>) -> Result<Option<CString>, Error> {
    let text = range.and_then(|range| line.get(range));
    Ok(text.map(CString::new).transpose()?)
}

impl ExtractPlugin for AccessLog {
    type Event<'a> = Plain<'a>;
    type ExtractContext = Option<Parts>;
    const EXTRACT_FIELDS: &'static [ExtractFieldInfo<Self>] = &[
        field("access.client", &Self::client).with_description("the client's ip address"),
        field("access.method", &Self::method).with_description("the request's method"),
        field("access.path", &Self::path).with_description("the request's target up to its query"),
        field("access.status", &Self::status).with_description("the response's status"),
        field("access.bytes", &Self::bytes).with_description("the response's size in bytes"),
    ];
}

plugin!(AccessLog);
source_plugin!(AccessLog);
extract_plugin!(AccessLog);
