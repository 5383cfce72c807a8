// SPDX-License-Identifier: Apache-2.0
//! The plugin that is used: loaded, initialised, opened, read, each with the same arguments every time.

use std::fs;
use std::path::PathBuf;
use std::slice;

use falconet_host::{FieldRequest, Instance, Library, Logs, Next, Plugin, Value};

use crate::{Failure, ensure};

/// An event as it must arrive each time: its payload and the value of the field.
pub(crate) type Payload = (Vec<u8>, Option<Value>);

/// A library, and what its functions are given.
pub(crate) struct Used<'a> {
    pub(crate) library: PathBuf,
    pub(crate) config: &'a str,
    pub(crate) params: &'a str,
    pub(crate) field: &'a str,
}

impl Used<'_> {
    pub(crate) fn load(&self) -> Result<Library, Failure> {
        Ok(Library::load(&self.library)?)
    }

    pub(crate) fn init(&self, library: &Library) -> Result<Plugin, Failure> {
        Ok(Plugin::init(library, self.config, &Logs::new())?)
    }

    pub(crate) fn open<'p>(&self, plugin: &'p Plugin) -> Result<Reader<'p>, Failure> {
        let field = plugin.library().field(self.field)?;
        Ok(Reader { plugin, instance: plugin.open(self.params)?, field, read: 0 })
    }

    /// All events of a first run.
    pub(crate) fn first_read(&self) -> Result<Vec<Payload>, Failure> {
        let library = self.load()?;
        let plugin = self.init(&library)?;
        let mut reader = self.open(&plugin)?;
        let mut payloads = Vec::new();
        while let Some(payload) = reader.next()? {
            payloads.push(payload);
        }
        ensure(payloads.len() >= 20, || format!("{} events are too few", payloads.len()))?;
        Ok(payloads)
    }

    /// Fails if a part of the library is still in this process's memory.
    pub(crate) fn is_unmapped(&self) -> Result<(), Failure> {
        let maps = fs::read_to_string("/proc/self/maps")?;
        let name = self.library.to_string_lossy();
        let left: Vec<&str> = maps.lines().filter(|line| line.ends_with(&*name)).collect();
        ensure(left.is_empty(), || format!("it is still mapped:\n{}", left.join("\n")))
    }
}

/// An open instance.
pub(crate) struct Reader<'p> {
    plugin: &'p Plugin,
    instance: Instance<'p>,
    field: FieldRequest,
    read: u64,
}

impl Reader<'_> {
    /// The next event, `None` at the end, and where there is nothing time after time.
    fn next(&mut self) -> Result<Option<Payload>, Failure> {
        let mut timeouts = 0;
        loop {
            match self.instance.next_event()? {
                Next::Timeout if timeouts < 3 => timeouts += 1,
                Next::Timeout | Next::Eof => return Ok(None),
                Next::Event(event) => {
                    self.read += 1;
                    ensure(event.num() == self.read, || format!("event {} has the number {}", self.read, event.num()))?;
                    let extraction = self.plugin.extract(&event, slice::from_ref(&self.field))?;
                    let payload = event.payload().ok_or("an event without a payload")?.to_vec();
                    return Ok(Some((payload, extraction.first().cloned())));
                }
            }
        }
    }

    /// Reads events, which have to be these.
    pub(crate) fn reads(&mut self, expected: &[Payload]) -> Result<(), Failure> {
        for expected in expected {
            let event = self.next()?;
            ensure(event.as_ref() == Some(expected), || {
                format!("event {} is {event:?} instead of {expected:?}", self.read)
            })?;
        }
        Ok(())
    }

    /// Fails unless it is at the end, for ever.
    pub(crate) fn ends(&mut self) -> Result<(), Failure> {
        (0..3).try_for_each(|_| ensure(self.next()?.is_none(), || "there are more events".to_owned()))
    }
}
