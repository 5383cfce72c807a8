// SPDX-License-Identifier: Apache-2.0
//! Several plugins together: initialised in order, with shared tables and one open source.

use std::{
    cell::Cell,
    ffi::{CStr, CString},
    fmt,
};

use crate::{
    call::CallError,
    capture::{Capture, OpenSourceError},
    event::{Event, SYSCALL},
    extract::{ExtractError, Extraction},
    field_request::{FieldRequest, RequestError},
    findings::Findings,
    library::Library,
    logs::Logs,
    owner::Shared,
    plugin::{InitError, Plugin, c_text},
    tables::{HostTable, TableRows},
    watch,
};

/// Why a plugin or a table was not taken among the others.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// Another plugin has the same name (rule 1.6).
    #[error("there is another plugin with the name '{0}': names are unique in a host")]
    Name(String),
    /// Another source has the same id (rule 1.6).
    #[error("the plugin '{plugin}' has the id {id}, as '{other}' has: ids are unique in a host")]
    Id {
        /// The plugin.
        plugin: String,
        /// The one that was there before.
        other: String,
        /// The id of both.
        id: u32,
    },
    /// Its init failed.
    #[error("the plugin '{plugin}': {error}")]
    Init {
        /// The plugin.
        plugin: String,
        /// What went wrong.
        error: InitError,
    },
    /// The table is not possible.
    #[error("{0}")]
    Table(String),
}

/// There is no such table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoTableError(pub(crate) String);

/// Several initialised plugins in the order in which they were registered, their tables, and at most one open source.
///
/// ```no_run
/// use falconet_host::{Inspector, Library, Logs, Next};
///
/// let mut inspector = Inspector::new(&Logs::new());
/// inspector.register(&Library::load("libsource.so")?, "")?;
/// inspector.register(&Library::load("libcounter.so")?, "")?;
/// let count = inspector.field("counter.count")?;
/// let mut capture = inspector.open("source", "")?;
/// while let Next::Event(event) = capture.next_event()? {
///     println!("{} {:?}", event.num(), inspector.extract(&event, &count)?.first());
/// }
/// capture.close()?;
/// for finding in inspector.findings().take() {
///     eprintln!("{finding}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Inspector {
    plugins: Vec<Plugin>,
    /// The ids of the plugins that are sources, and the names of their sources.
    sources: Vec<(u32, CString)>,
    shared: Shared,
    logs: Logs,
    routines: bool,
    pub(crate) open: Cell<bool>,
}

impl Inspector {
    /// An inspector without plugins, whose plugins log to `logs`.
    #[must_use]
    pub fn new(logs: &Logs) -> Self {
        let (plugins, sources, shared) = (Vec::new(), Vec::new(), Shared::default());
        Self { plugins, sources, shared, logs: logs.clone(), routines: true, open: Cell::new(false) }
    }

    /// From now on `subscribe` gives NULL, as in a host without threads (rule 8.3).
    #[must_use]
    pub fn without_routines(mut self) -> Self {
        self.routines = false;
        self
    }

    /// Adds a table of the host's own, before the plugins that use it.
    ///
    /// # Errors
    /// [`RegisterError::Table`] if there is one of this name.
    pub fn add_table(&mut self, table: &HostTable) -> Result<(), RegisterError> {
        let added = self.shared.tables.add(std::sync::Arc::new(table.clone()));
        added.map_err(|_| RegisterError::Table(format!("there is a table '{}' already", table.name())))
    }

    /// Initialises a plugin after those that are there. One that exports a table comes before those that use it.
    ///
    /// # Errors
    /// [`RegisterError`]
    pub fn register(&mut self, library: &Library, config: &str) -> Result<&Plugin, RegisterError> {
        let info = library.info();
        for other in self.plugins.iter().map(|plugin| plugin.library().info()) {
            if other.name == info.name {
                return Err(RegisterError::Name(info.name.clone()));
            }
            if info.id != 0 && other.id == info.id {
                let (plugin, other, id) = (info.name.clone(), other.name.clone(), info.id);
                return Err(RegisterError::Id { plugin, other, id });
            }
        }
        let failed = |error| RegisterError::Init { plugin: info.name.clone(), error };
        let source = c_text("plugin_get_event_source", &info.source).map_err(|error| failed(error.into()))?;
        let plugin = Plugin::init_in(library, config, &self.logs, &self.shared).map_err(failed)?;
        if info.id != 0 {
            self.sources.push((info.id, source));
        }
        Ok(self.plugins.push_mut(plugin))
    }

    /// The plugins, in the order in which they were registered.
    #[must_use]
    pub fn plugins(&self) -> &[Plugin] {
        &self.plugins
    }

    /// The plugin of this name.
    #[must_use]
    pub fn plugin(&self, name: &str) -> Option<&Plugin> {
        self.plugins.iter().find(|plugin| plugin.library().info().name == name)
    }

    /// The request that `name` or `name[argument]` makes of the first plugin that has such a field.
    ///
    /// # Errors
    /// [`RequestError`] if no plugin has such a field or the argument does not fit.
    pub fn field(&self, text: &str) -> Result<FieldRequest, RequestError> {
        let fields: Vec<_> = self.plugins.iter().flat_map(|plugin| plugin.library().info().fields.clone()).collect();
        FieldRequest::parse(text, &fields)
    }

    /// Asks the plugin that has the field for its value, one field a call, as the real host does.
    ///
    /// # Errors
    /// [`ExtractError`] if what the plugin gave cannot be read. That there is no value is no error.
    pub fn extract(&self, event: &Event<'_>, request: &FieldRequest) -> Result<Extraction, ExtractError> {
        let has = |plugin: &&Plugin| plugin.library().info().fields.contains(request.field());
        match self.plugins.iter().find(has) {
            Some(plugin) => plugin.extract(event, std::slice::from_ref(request)),
            None => Err(CallError::NoSymbol { symbol: "plugin_extract_fields" }.into()),
        }
    }

    /// The text of an event: that of the plugin whose event it is, else the host's.
    #[must_use]
    pub fn event_text(&self, event: &Event<'_>) -> String {
        let text = self.plugins.iter().find_map(|plugin| plugin.event_to_string(event));
        text.unwrap_or_else(|| event.host_text())
    }

    /// Opens the source of the plugin `name`, then sets the handlers for async events, then tells the plugins that
    /// listen (rule 8.1).
    ///
    /// # Errors
    /// [`OpenSourceError`]; what was opened before is closed again.
    pub fn open(&self, name: &str, params: &str) -> Result<Capture<'_>, OpenSourceError> {
        Capture::open(self, name, params)
    }

    /// The names of all tables.
    #[must_use]
    pub fn table_names(&self) -> Vec<String> {
        self.shared.tables.names()
    }

    /// The plugin that exports a table.
    pub(crate) fn owner_of(&self, table: &str) -> Option<String> {
        self.shared.tables.get(table).and_then(|table| table.owner().map(str::to_owned))
    }

    /// All entries of a table, with all fields.
    ///
    /// # Errors
    /// [`NoTableError`] if there is none of this name; what a plugin's table gives wrong is in the result.
    pub fn read_table(&self, name: &str) -> Result<TableRows, NoTableError> {
        let _watched = watch::doing(|| format!("a function of the table '{name}'"));
        match self.shared.tables.get(name) {
            Some(table) => Ok(TableRows::read(&*table)),
            None => Err(NoTableError(self.shared.tables.without(name))),
        }
    }

    /// What the plugins did against the rules of the host, without any call failing for it.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.shared.findings
    }

    /// The source of an event, as the real host finds it: that of the plugin whose id the event has, `syscall` for
    /// those without an id, none for an id that no plugin has.
    pub(crate) fn source_of(&self, event: &Event<'_>) -> &CStr {
        match event.plugin_id().unwrap_or_default() {
            0 => SYSCALL,
            id => self.sources.iter().find(|(other, _)| *other == id).map_or(c"", |(_, name)| name),
        }
    }

    pub(crate) fn has_routines(&self) -> bool {
        self.routines
    }

    pub(crate) fn logs(&self) -> &Logs {
        &self.logs
    }
}

impl fmt::Debug for Inspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tables = self.table_names();
        f.debug_struct("Inspector").field("plugins", &self.plugins).field("tables", &tables).finish_non_exhaustive()
    }
}
