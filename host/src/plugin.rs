// SPDX-License-Identifier: Apache-2.0
//! A plugin's state: made by init, destroyed on drop, asked one call at a time.
#![expect(unsafe_code, reason = "the plugin's functions are called with its state")]

use std::{
    cell::RefCell,
    ffi::{CString, c_void},
    fmt, slice,
};

use falconet::abi::{
    EventInput, EventParseInput, FieldExtractInput, InitInput, InitTablesInput, PluginApi, TableFieldsVtable,
    TableReaderVtableExt, TableWriterVtable,
};

use crate::{
    call::{CallError, Code, POISON_RC},
    config,
    event::{Event, PLUGIN_EVENT},
    findings::Findings,
    instance::Instance,
    json_lists::{self, JsonError, OpenParam},
    lent::{Lent, LentText, Places},
    library::Library,
    logs::Logs,
    owner::{self, Owner, Shared, State},
    tables::{self, Access, LentVtables},
    text::text,
    watch,
};

/// What the host says where there is no state to ask for the last error (rule 1.9).
pub(crate) const NO_STATE: &str =
    "the plugin gave no state (NULL), so it has no message: give a state to have the message read";

/// Why init failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// The call itself.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The plugin has a JSON schema for its config, and the config is no JSON.
    #[error("the plugin wants its config as JSON, and this is none: {0}")]
    Config(String),
    /// The config does not fit the plugin's JSON schema.
    #[error("the config does not fit the plugin's schema: {0}")]
    Invalid(String),
    /// The plugin's JSON schema is none.
    #[error("the JSON schema that plugin_get_init_schema gave is broken: {0}")]
    Schema(String),
    /// The plugin said so, and before that it asked for a table that is not there.
    #[error(
        "{error}; it asked for the table '{table}': {known}. A plugin that exports a table is loaded before those that use it"
    )]
    NoTable {
        /// What the plugin said.
        error: CallError,
        /// The table.
        table: String,
        /// The tables that there are.
        known: String,
    },
}

/// Why the open parameters cannot be listed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The call itself.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Its JSON is wrong.
    #[error(transparent)]
    Json(#[from] JsonError),
}

pub(crate) type GetTypes = Option<unsafe extern "C" fn(*mut u32, *mut c_void) -> *mut u16>;

/// What init was lent. Overwritten after the call and kept for as long as the state lives (rule 1.10).
#[derive(Debug)]
struct InitMemory {
    config: LentText,
    reader: Lent<TableReaderVtableExt>,
    writer: Lent<TableWriterVtable>,
    fields: Lent<TableFieldsVtable>,
    tables: Lent<InitTablesInput>,
    input: Lent<InitInput>,
}

impl InitMemory {
    fn new(config: CString, owner: &Owner, with_tables: bool) -> Self {
        let config = LentText::new(config);
        let reader = Lent::new(tables::READER_EXT);
        let writer = Lent::new(tables::WRITER);
        let fields = Lent::new(tables::FIELDS);
        let tables = Lent::new(InitTablesInput {
            list_tables: Some(tables::list_tables),
            get_table: Some(tables::get_table),
            add_table: Some(tables::add_table),
            fields: tables::FIELDS,
            fields_ext: fields.as_ptr(),
            reader_ext: reader.as_ptr(),
            writer_ext: writer.as_ptr(),
        });
        let input = Lent::new(InitInput {
            config: config.as_ptr(),
            owner: owner.as_ptr(),
            get_owner_last_error: Some(owner::last_error),
            tables: if with_tables { tables.as_ptr().cast_const() } else { std::ptr::null() },
            log_fn: Some(owner::log),
        });
        Self { config, reader, writer, fields, tables, input }
    }

    fn poison(&self) {
        self.config.poison();
        self.reader.poison();
        self.writer.poison();
        self.fields.poison();
        self.tables.poison();
        self.input.poison();
    }
}

/// Where the structs lie that it is lent for a call about an event.
pub(crate) struct EventPlaces {
    pub(crate) event: Places<EventInput>,
    pub(crate) extract: Places<FieldExtractInput>,
    pub(crate) parse: Places<EventParseInput>,
}

impl EventPlaces {
    const fn new() -> Self {
        Self { event: Places::new(), extract: Places::new(), parse: Places::new() }
    }
}

/// An initialised plugin. One thread at a time may use it; it may be moved to another.
pub struct Plugin {
    library: Library,
    state: *mut c_void,
    /// The event types from which it extracts; `None` for all.
    extract_types: Option<Vec<u16>>,
    /// The event types that it parses; `None` for all.
    parse_types: Option<Vec<u16>>,
    owner: Owner,
    shared: Shared,
    /// Configs that were lent to it since, overwritten.
    configs: RefCell<Vec<LentText>>,
    /// The vtables that it is lent for each call that has them.
    pub(crate) vtables: LentVtables,
    pub(crate) places: EventPlaces,
    _lent: InitMemory,
}

// SAFETY: the API lets any thread use a state, one at a time; the other members are `Send`, the memory that init was
// lent is never read again.
unsafe impl Send for Plugin {}

impl Plugin {
    /// Calls `plugin_init` with `config`, and with `{}` for an empty one if the plugin has a JSON schema.
    /// What the plugin logs goes to `logs`.
    ///
    /// # Errors
    /// [`InitError`]; a state that came with a failure is destroyed.
    pub fn init(library: &Library, config: &str, logs: &Logs) -> Result<Self, InitError> {
        Self::init_in(library, config, logs, &Shared::default())
    }

    /// As [`init`](Self::init), among the tables of an inspector.
    pub(crate) fn init_in(library: &Library, config: &str, logs: &Logs, shared: &Shared) -> Result<Self, InitError> {
        let call = "plugin_init";
        let info = library.info();
        let config = config::checked(library, config)?;
        let config = c_text(call, config)?;
        let init = library.api().init.ok_or(CallError::NoSymbol { symbol: call })?;
        let owner = Owner::new(info, logs, shared);
        let memory = InitMemory::new(config, &owner, info.capabilities.parse || info.capabilities.extract);
        let mut rc = POISON_RC;
        let called = owner.enter(call, Access::Init);
        let watched = watch::calling(call, library);
        // SAFETY: the input and all that it points to live in `memory`; `rc` is ours.
        let state = unsafe { init(memory.input.as_ptr(), &raw mut rc) };
        drop(watched);
        drop(called);
        memory.poison();
        owner.set_state(State { api: *library.api(), pointer: state });
        // From here on a state is destroyed on every path (rule 1.9).
        let (library, shared) = (library.clone(), shared.clone());
        let mut plugin = Self {
            library,
            state,
            extract_types: None,
            parse_types: None,
            owner,
            shared,
            configs: RefCell::default(),
            vtables: LentVtables::new(),
            places: EventPlaces::new(),
            _lent: memory,
        };
        if !Code::done(call, rc)? {
            let error = CallError::Failed { call, message: plugin.last_error() };
            return Err(match plugin.owner.take_missed().pop() {
                Some(table) => InitError::NoTable { error, known: plugin.shared.tables.without(&table), table },
                None => error.into(),
            });
        }
        let (info, api) = (plugin.library.info(), plugin.api());
        let types = |has, get_types, sources| if has { plugin.types(get_types, sources) } else { None };
        let extract = types(info.capabilities.extract, api.get_extract_event_types, &info.extract_sources);
        let parse = types(info.capabilities.parse, api.get_parse_event_types, &info.parse_sources);
        (plugin.extract_types, plugin.parse_types) = (extract, parse);
        plugin.check_tables();
        Ok(plugin)
    }

    /// Asks the tables that the plugin has exported for all but their entries: what is wrong becomes a finding.
    fn check_tables(&self) {
        let own = |table: &std::sync::Arc<dyn tables::StateTable>| table.owner() == Some(&self.library.info().name);
        let _watched = watch::calling("a function of a table that is exported", &self.library);
        for table in self.shared.tables.all().into_iter().filter(own) {
            table.name();
            for field in table.fields().unwrap_or_default() {
                let name = CString::new(field.name.as_str()).unwrap_or_default();
                if table.field(&name, field.kind).is_err() {
                    let what = format!("list_table_fields has the field '{}', get_table_field has not", field.name);
                    self.owner.inner().found("9.1", format!("the table '{}': {what}", table.label()));
                }
            }
        }
    }

    /// What the plugin did against the rules of the host, without any call failing for it.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.shared.findings
    }

    /// The library that it was made of.
    #[must_use]
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// The event types from which it extracts, `None` for all (rule 2.1).
    #[must_use]
    pub fn extract_types(&self) -> Option<&[u16]> {
        self.extract_types.as_deref()
    }

    /// The event types that it parses, `None` for all (rule 2.1).
    #[must_use]
    pub fn parse_types(&self) -> Option<&[u16]> {
        self.parse_types.as_deref()
    }

    fn types(&self, get_types: GetTypes, sources: &[String]) -> Option<Vec<u16>> {
        let mut count = 0;
        let _watched = watch::calling("a function that names event types", &self.library);
        let types = get_types.map_or(std::ptr::null_mut(), |get_types| {
            // SAFETY: the state is alive, `count` is ours.
            unsafe { get_types(&raw mut count, self.state) }
        });
        if !types.is_null() && count > 0 {
            // SAFETY: the plugin says that `count` types are there, and they live as long as the state.
            return Some(unsafe { slice::from_raw_parts(types, count as usize) }.to_vec());
        }
        let all = sources.is_empty() || sources.iter().any(|source| source == "syscall");
        if all { None } else { Some(vec![PLUGIN_EVENT]) }
    }

    /// The plugin's last error; a fixed text if there is no state or it gives NULL (rule 4.8).
    #[must_use]
    pub fn last_error(&self) -> String {
        let Some(get_last_error) = self.api().get_last_error.filter(|_| !self.state.is_null()) else {
            return NO_STATE.to_owned();
        };
        let _watched = watch::calling("plugin_get_last_error", &self.library);
        // SAFETY: the state is alive; the text lives until the next call into it.
        let message = unsafe { text(get_last_error(self.state)) };
        message.unwrap_or_else(|| "plugin_get_last_error gave NULL: it must always give a text".to_owned())
    }

    /// The bytes of the plugin's last error, `None` for NULL; of a state that is NULL there is none to ask for.
    pub(crate) fn own_last_error(&self) -> Option<Vec<u8>> {
        match self.api().get_last_error.filter(|_| !self.state.is_null()) {
            // SAFETY: the state is alive; the text lives until the next call into it.
            Some(get_last_error) => unsafe { crate::text::bytes(get_last_error(self.state)) },
            None => Some(Vec::new()),
        }
    }

    /// Whether one of the functions that name event types names any.
    pub(crate) fn names_types(&self, get_types: GetTypes) -> bool {
        let mut count = 0;
        // SAFETY: the state is alive, `count` is ours.
        let types = get_types.map(|get_types| unsafe { get_types(&raw mut count, self.state) });
        types.is_some_and(|types| !types.is_null()) && count > 0
    }

    /// Opens the plugin's event source. The instance is closed on drop.
    ///
    /// # Errors
    /// [`CallError`]; a failed open is followed by a close of what it gave (rule 4.7).
    pub fn open(&self, params: &str) -> Result<Instance<'_>, CallError> {
        Instance::open(self, params)
    }

    /// The parameters that open takes, as the plugin suggests them; none if it does not say.
    ///
    /// # Errors
    /// [`OpenError`] if the call fails or its JSON is wrong (rule 4.12).
    pub fn list_open_params(&self) -> Result<Vec<OpenParam>, OpenError> {
        let call = "plugin_list_open_params";
        let Some(list_open_params) = self.api().list_open_params.filter(|_| !self.state.is_null()) else {
            return Ok(Vec::new());
        };
        let mut rc = POISON_RC;
        let watched = watch::calling(call, &self.library);
        // SAFETY: the state is alive, `rc` is ours; the text lives until the next call into the state.
        let json = unsafe { text(list_open_params(self.state, &raw mut rc)) };
        drop(watched);
        if !Code::done(call, rc)? {
            return Err(CallError::Failed { call, message: self.last_error() }.into());
        }
        Ok(json_lists::open_params(&json.unwrap_or_default())?)
    }

    /// What the plugin makes of one of its own events; `None` if it has no text for it (rule 4.11).
    #[must_use]
    pub fn event_to_string(&self, event: &Event<'_>) -> Option<String> {
        let event_to_string = self.api().event_to_string.filter(|_| !self.state.is_null())?;
        let own = event.event_type() == PLUGIN_EVENT && event.plugin_id() == Some(self.library.info().id);
        if !own {
            return None;
        }
        let input = event.input();
        let input = self.places.event.lend(&input);
        let _watched = watch::calling("plugin_event_to_string", &self.library);
        // SAFETY: state and event are alive; the text lives until the next call into the state.
        let string = unsafe { text(event_to_string(self.state, input.as_ptr())) };
        string.filter(|string| !string.is_empty())
    }

    /// The text of an event: the plugin's, else the host's (the length and the first 50 bytes, if they print).
    #[must_use]
    pub fn event_text(&self, event: &Event<'_>) -> String {
        self.event_to_string(event).unwrap_or_else(|| event.host_text())
    }

    pub(crate) fn api(&self) -> &PluginApi {
        self.library.api()
    }

    /// Overwrites a text that was lent and keeps it allocated for as long as the state lives.
    pub(crate) fn keep(&self, text: LentText) {
        text.poison();
        self.configs.borrow_mut().push(text);
    }

    pub(crate) fn state(&self) -> *mut c_void {
        self.state
    }

    pub(crate) fn owner(&self) -> &Owner {
        &self.owner
    }
}

impl Drop for Plugin {
    fn drop(&mut self) {
        self.owner.close();
        if let Some(destroy) = self.api().destroy.filter(|_| !self.state.is_null()) {
            let _watched = watch::calling("plugin_destroy", &self.library);
            // SAFETY: the state came from init, no instance borrows it any more, and it is destroyed only here.
            unsafe { destroy(self.state) };
        }
    }
}

impl fmt::Debug for Plugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plugin").field("library", &self.library).field("state", &self.state).finish_non_exhaustive()
    }
}

/// A text for the plugin, if it can be a C string.
pub(crate) fn c_text(call: &'static str, text: &str) -> Result<CString, CallError> {
    CString::new(text).map_err(|error| CallError::Nul { call, position: error.nul_position() })
}
