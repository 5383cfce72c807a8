// SPDX-License-Identifier: Apache-2.0
//! An open source among several plugins: each event is parsed by those that parse, async events come in between.

use std::sync::Arc;

use crate::{
    async_events::{AsyncQueue, Sink},
    call::CallError,
    event::Event,
    extract::Outcome,
    inspector::Inspector,
    instance::{Instance, Next, NextError, Peek, Progress},
    logs::Severity,
    plugin::Plugin,
    routines::Routines,
    time,
};

/// Why a source could not be opened, or not be closed in order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenSourceError {
    /// No plugin has this name.
    #[error("there is no plugin '{name}'; there are {known}")]
    NoPlugin {
        /// What was asked for.
        name: String,
        /// The names of the plugins.
        known: String,
    },
    /// A source is open.
    #[error("a source is open already: an inspector has one at a time")]
    AlreadyOpen,
    /// A call failed.
    #[error("the plugin '{plugin}': {error}")]
    Call {
        /// The plugin.
        plugin: String,
        /// What went wrong.
        error: CallError,
    },
}

/// The open source of an [`Inspector`]. Closed on drop; [`close`](Self::close) tells what went wrong then.
#[derive(Debug)]
pub struct Capture<'i> {
    inspector: &'i Inspector,
    /// `None` once it is closed.
    instance: Option<Instance<'i>>,
    queue: Arc<AsyncQueue>,
    routines: Option<Arc<Routines>>,
    /// The plugins that were given a handler, and those that were told of the capture.
    handlers: Vec<&'i Plugin>,
    listeners: Vec<&'i Plugin>,
    /// The async event that was given last.
    current: Vec<u8>,
    num: u64,
    parse_failures: u64,
}

fn failed(plugin: &Plugin, error: CallError) -> OpenSourceError {
    OpenSourceError::Call { plugin: plugin.library().info().name.clone(), error }
}

impl<'i> Capture<'i> {
    pub(crate) fn open(inspector: &'i Inspector, name: &str, params: &str) -> Result<Self, OpenSourceError> {
        let Some(plugin) = inspector.plugin(name) else {
            let known = inspector.plugins().iter().map(|plugin| plugin.library().info().name.as_str());
            let (name, known) = (name.to_owned(), known.collect::<Vec<_>>().join(", "));
            return Err(OpenSourceError::NoPlugin { name, known });
        };
        if inspector.open.get() {
            return Err(OpenSourceError::AlreadyOpen);
        }
        let instance = plugin.open(params).map_err(|error| failed(plugin, error))?;
        inspector.open.set(true);
        // From here on what was opened is closed on every path.
        let mut capture = Self {
            inspector,
            instance: Some(instance),
            queue: Arc::default(),
            routines: inspector.has_routines().then(Routines::new),
            handlers: Vec::new(),
            listeners: Vec::new(),
            current: Vec::new(),
            num: 0,
            parse_failures: 0,
        };
        let info = plugin.library().info();
        let source = if info.id == 0 { "syscall".to_owned() } else { info.source.clone() };
        for plugin in inspector.plugins().iter().filter(|plugin| plugin.library().info().capabilities.async_events) {
            let (queue, source) = (Arc::clone(&capture.queue), source.clone());
            plugin
                .set_async_handler(Some(Sink { queue, source, plugin_id: info.id }))
                .map_err(|error| failed(plugin, error))?;
            capture.handlers.push(plugin);
        }
        for plugin in inspector.plugins().iter().filter(|plugin| plugin.library().info().capabilities.capture_listen) {
            plugin.capture_open(capture.routines.as_ref()).map_err(|error| failed(plugin, error))?;
            capture.listeners.push(plugin);
        }
        Ok(capture)
    }

    /// The next event, parsed by every plugin that parses such events, in the order of the plugins; or what the source
    /// says where it has none. Events are numbered from 1, async ones too.
    ///
    /// An async event comes on a timeout, or before an event of the source with a later time (rules 4.9 and 7.2).
    ///
    /// # Errors
    /// [`NextError`] if the source failed, or gave what no host takes.
    pub fn next_event(&mut self) -> Result<Next<'_>, NextError> {
        let inspector = self.inspector;
        let Some(instance) = &mut self.instance else { return Ok(Next::Eof) };
        let limit = match instance.peek()? {
            Peek::Eof => return Ok(Next::Eof),
            Peek::Timeout => None,
            Peek::Event(ts) => Some(ts),
        };
        let event = match (self.queue.pop(limit.unwrap_or_else(time::now)), limit) {
            (Some(bytes), _) => {
                self.current = bytes;
                Event::from_bytes(&self.current, 0, c"").map_err(|error| NextError::Event {
                    index: 0,
                    count: 1,
                    error,
                })?
            }
            (None, None) => return Ok(Next::Timeout),
            (None, Some(_)) => match instance.next_event()? {
                Next::Event(event) => event,
                other => return Ok(other),
            },
        };
        self.num += 1;
        let event = event.told_as(self.num, inspector.source_of(&event));
        for plugin in inspector.plugins().iter().filter(|plugin| plugin.parses(&event)) {
            match plugin.parse(&event) {
                Ok(Outcome::Success | Outcome::NotAsked) => {}
                Ok(Outcome::Failure) => {
                    self.parse_failures += 1;
                    if self.parse_failures == 1 {
                        let message = format!(
                            "plugin_parse_event of '{}' failed for event {}: {} (later failures are only counted)",
                            plugin.library().info().name,
                            self.num,
                            plugin.last_error()
                        );
                        plugin.owner().inner().log(Severity::Warning, message);
                    }
                }
                Err(error) => plugin.owner().inner().found("1.8", error.to_string()),
            }
        }
        Ok(Next::Event(event))
    }

    /// How far the source has come, `None` if it does not tell.
    ///
    /// # Errors
    /// [`CallError::NotWritten`] if the plugin left the out-param as it was.
    pub fn progress(&self) -> Result<Option<Progress>, CallError> {
        self.instance.as_ref().map_or(Ok(None), Instance::progress)
    }

    /// How often `plugin_parse_event` failed, which the real host never looks at.
    #[must_use]
    pub fn parse_failures(&self) -> u64 {
        self.parse_failures
    }

    /// Closes the source, takes back the handlers, tells the listeners, and waits for their routines (rule 8.1).
    ///
    /// # Errors
    /// The first [`OpenSourceError`]; the rest is done all the same.
    pub fn close(mut self) -> Result<(), OpenSourceError> {
        self.end().into_iter().next().map_or(Ok(()), Err)
    }

    fn end(&mut self) -> Vec<OpenSourceError> {
        if self.instance.take().is_none() {
            return Vec::new();
        }
        let mut errors = Vec::new();
        for plugin in self.handlers.drain(..) {
            errors.extend(plugin.set_async_handler(None).err().map(|error| failed(plugin, error)));
        }
        for plugin in self.listeners.drain(..) {
            errors.extend(plugin.capture_close().err().map(|error| failed(plugin, error)));
        }
        if let Some(routines) = self.routines.take() {
            routines.purge();
        }
        for plugin in self.inspector.plugins() {
            plugin.owner().inner().end_routines();
        }
        self.inspector.open.set(false);
        errors
    }
}

impl Drop for Capture<'_> {
    fn drop(&mut self) {
        for error in self.end() {
            let record = crate::logs::LogRecord {
                severity: Severity::Error,
                component: "falconet".to_owned(),
                message: error.to_string(),
            };
            self.inspector.logs().push(record);
        }
    }
}
