// SPDX-License-Identifier: Apache-2.0
//! What is checked: a library with its config and params, and the plugins beside it.

use std::path::PathBuf;

use super::{Check, witness::Witness};
use crate::{Findings, Inspector, Library, LoadError, Logs, Plugin, RegisterError};

/// A plugin that is loaded before the one that is checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Its library.
    pub library: PathBuf,
    /// Its config.
    pub config: String,
}

/// What is checked, and with what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The library.
    pub library: PathBuf,
    /// The config for init.
    pub config: String,
    /// What to open, if the plugin is a source; or what the first source beside it opens.
    pub params: String,
    /// Plugins that are loaded before it: owners of tables that it uses, a source of events for it.
    pub with: Vec<Beside>,
    /// Fields that are asked besides those that need no argument, such as `name[argument]`.
    pub fields: Vec<String>,
    /// How many events the params give, if that is known.
    pub events: Option<u64>,
}

/// The libraries of a subject.
#[derive(Debug)]
pub(super) struct Loaded<'a> {
    pub(super) subject: &'a Subject,
    pub(super) library: Library,
    with: Vec<(Library, &'a str)>,
}

impl<'a> Loaded<'a> {
    /// Loads all. The plugin that is checked has been loaded in a child before.
    pub(super) fn new(subject: &'a Subject) -> Result<Self, LoadError> {
        let with = subject.with.iter().map(|with| Ok((Library::load(&with.library)?, with.config.as_str())));
        let with = with.collect::<Result<_, LoadError>>()?;
        let library = Library::load(&subject.library)?;
        // Never unloaded: that is a check of its own.
        std::mem::forget(library.clone());
        Ok(Self { library, subject, with })
    }

    pub(super) fn info(&self) -> &crate::Info {
        self.library.info()
    }

    /// An inspector with all plugins initialised, the one that is checked last.
    pub(super) fn start(&self, witness: &Witness, logs: &Logs) -> Result<Inspector, RegisterError> {
        self.start_with(witness, logs, &self.subject.config).1
    }

    /// The same with another config; and what is found meanwhile.
    pub(super) fn start_with(
        &self,
        witness: &Witness,
        logs: &Logs,
        config: &str,
    ) -> (Findings, Result<Inspector, RegisterError>) {
        let mut inspector = Inspector::new(logs);
        let findings = inspector.findings().clone();
        let started = self.register(witness, &mut inspector, config);
        (findings, started.map(|()| inspector))
    }

    fn register(&self, witness: &Witness, inspector: &mut Inspector, config: &str) -> Result<(), RegisterError> {
        for (library, config) in &self.with {
            witness.calling(&format!("plugin_init of '{}'", library.info().name));
            inspector.register(library, config)?;
        }
        let call = format!("plugin_init({config:?})");
        let capabilities = self.info().capabilities;
        match capabilities.parse || capabilities.extract {
            true => witness.calling(&call),
            false => witness.calling_under(Check::TablesNull, &call),
        }
        inspector.register(&self.library, config).map(drop)
    }

    /// The plugin that is checked, in an inspector of [`start`](Self::start).
    pub(super) fn plugin<'i>(&self, inspector: &'i Inspector) -> Option<&'i Plugin> {
        inspector.plugin(&self.info().name)
    }

    /// The plugin of the inspector that gives events: the one that is checked, else the first source.
    pub(super) fn source<'i>(&self, inspector: &'i Inspector) -> Option<&'i Plugin> {
        let sources = |plugin: &&Plugin| plugin.library().info().capabilities.source;
        self.plugin(inspector).filter(sources).or_else(|| inspector.plugins().iter().find(sources))
    }
}
