// SPDX-License-Identifier: Apache-2.0
//! A plugin's state: made by init, destroyed on drop, asked one call at a time.
#![expect(unsafe_code, reason = "the plugin's functions are called with its state")]

use std::{
    ffi::{CString, c_void},
    fmt, slice,
};

use falconet::abi::{
    InitInput, InitTablesInput, PluginApi, TableFieldsVtable, TableReaderVtableExt, TableWriterVtable, since,
};

use crate::{
    call::{CallError, Code, POISON_RC},
    event::{Event, PLUGIN_EVENT},
    instance::Instance,
    json_lists::{self, JsonError, OpenParam},
    lent::{Lent, LentText},
    library::Library,
    logs::Logs,
    owner::{self, Owner},
    tables,
    text::text,
};

/// What the host says where there is no state to ask for the last error (rule 1.9).
const NO_STATE: &str = "the plugin gave no state (NULL), so it has no message: give a state to have the message read";

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

/// An initialised plugin. One thread at a time may use it; it may be moved to another.
pub struct Plugin {
    library: Library,
    state: *mut c_void,
    /// The event types from which it extracts; `None` for all.
    extract_types: Option<Vec<u16>>,
    owner: Owner,
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
        let call = "plugin_init";
        let info = library.info();
        let config = match &info.init_schema {
            Some(_) if config.is_empty() => "{}",
            Some(_) => match serde_json::from_str::<serde::de::IgnoredAny>(config) {
                Ok(_) => config,
                Err(error) => return Err(InitError::Config(error.to_string())),
            },
            None => config,
        };
        let config = c_text(call, config)?;
        let init = library.api().init.ok_or(CallError::NoSymbol { symbol: call })?;
        let owner = Owner::new(&info.name, logs, library.claims(since::LOG));
        let memory = InitMemory::new(config, &owner, info.capabilities.parse || info.capabilities.extract);
        let mut rc = POISON_RC;
        // SAFETY: the input and all that it points to live in `memory`; `rc` is ours.
        let state = unsafe { init(memory.input.as_ptr(), &raw mut rc) };
        memory.poison();
        // From here on a state is destroyed on every path (rule 1.9).
        let mut plugin = Self { library: library.clone(), state, extract_types: None, owner, _lent: memory };
        if !Code::done(call, rc)? {
            return Err(CallError::Failed { call, message: plugin.last_error() }.into());
        }
        plugin.extract_types = plugin.types();
        Ok(plugin)
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

    fn types(&self) -> Option<Vec<u16>> {
        let mut count = 0;
        let get_types = self.api().get_extract_event_types.filter(|_| self.library.info().capabilities.extract);
        let types = get_types.map_or(std::ptr::null_mut(), |get_types| {
            // SAFETY: the state is alive, `count` is ours.
            unsafe { get_types(&raw mut count, self.state) }
        });
        if !types.is_null() && count > 0 {
            // SAFETY: the plugin says that `count` types are there, and they live as long as the state.
            return Some(unsafe { slice::from_raw_parts(types, count as usize) }.to_vec());
        }
        let sources = &self.library.info().extract_sources;
        let all = sources.is_empty() || sources.iter().any(|source| source == "syscall");
        if all { None } else { Some(vec![PLUGIN_EVENT]) }
    }

    /// The plugin's last error; a fixed text if there is no state or it gives NULL (rule 4.8).
    #[must_use]
    pub fn last_error(&self) -> String {
        let Some(get_last_error) = self.api().get_last_error.filter(|_| !self.state.is_null()) else {
            return NO_STATE.to_owned();
        };
        // SAFETY: the state is alive; the text lives until the next call into it.
        let message = unsafe { text(get_last_error(self.state)) };
        message.unwrap_or_else(|| "plugin_get_last_error gave NULL: it must always give a text".to_owned())
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
        // SAFETY: the state is alive, `rc` is ours; the text lives until the next call into the state.
        let json = unsafe { text(list_open_params(self.state, &raw mut rc)) };
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
        // SAFETY: state and event are alive; the text lives until the next call into the state.
        let string = unsafe { text(event_to_string(self.state, &raw const input)) };
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

    pub(crate) fn state(&self) -> *mut c_void {
        self.state
    }

    pub(crate) fn owner(&self) -> *mut c_void {
        self.owner.as_ptr()
    }
}

impl Drop for Plugin {
    fn drop(&mut self) {
        if let Some(destroy) = self.api().destroy.filter(|_| !self.state.is_null()) {
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
