// SPDX-License-Identifier: Apache-2.0
//! A plugin's shared library: loaded, checked as the real host checks it, and what it says of itself.
#![expect(unsafe_code, reason = "the library's functions that need no state are called here")]

use std::{
    ffi::c_char,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use falconet::abi::{PluginApi, SCHEMA_JSON, SCHEMA_NONE, since};
use libloading::os::unix::{RTLD_LOCAL, RTLD_NOW};

use crate::{
    binary,
    capabilities::Capabilities,
    field_request::{FieldRequest, RequestError},
    fields::{self, Field, FieldsError},
    json_lists::{self, JsonError},
    symbols,
    text::text,
    version::Version,
    watch,
};

/// What a plugin says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: Version,
    /// Its version as it is written, with what follows the three numbers.
    pub version_text: String,
    /// What it does.
    pub description: String,
    /// Who made it.
    pub contact: String,
    /// The API version that it requires.
    pub api_version: Version,
    /// Its id, 0 if it has none or is no source.
    pub id: u32,
    /// Its event source, empty if it has none or is no source.
    pub source: String,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Its fields, in the order of their ids.
    pub fields: Vec<Field>,
    /// The sources from which it extracts: those declared and its own; empty means all.
    pub extract_sources: Vec<String>,
    /// The sources that it parses: those declared and its own; empty means all.
    pub parse_sources: Vec<String>,
    /// The sources into which it injects events: those declared and its own; empty means all.
    pub async_sources: Vec<String>,
    /// The names of its async events.
    pub async_events: Vec<String>,
    /// The JSON schema of its config, if there is one.
    pub init_schema: Option<String>,
}

/// Why a library was not accepted as a plugin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be found or read.
    #[error("cannot open {path}: {message}")]
    File {
        /// The path.
        path: PathBuf,
        /// The system's message.
        message: String,
    },
    /// The dynamic linker refused it.
    #[error("cannot load {path}: {message}")]
    Dlopen {
        /// The path.
        path: PathBuf,
        /// The text of `dlerror`.
        message: String,
    },
    /// A symbol that every plugin has is missing.
    #[error("the library has no symbol '{0}', which every plugin must export: is it a Falco plugin?")]
    MissingSymbol(&'static str),
    /// A function gave NULL where a text is needed.
    #[error("{0} gave NULL where a text was expected")]
    NullText(&'static str),
    /// A function gave an empty text.
    #[error("{0} gave an empty text")]
    EmptyText(&'static str),
    /// A function gave no version.
    #[error("{symbol}: {error}")]
    Version {
        /// The symbol.
        symbol: &'static str,
        /// What is wrong.
        error: crate::version::ParseVersionError,
    },
    /// The plugin requires another API version.
    #[error("the plugin requires the API version {required}, this host has {host}: {reason}")]
    Incompatible {
        /// What the plugin requires.
        required: Version,
        /// What the host has.
        host: Version,
        /// Why they do not fit.
        reason: &'static str,
    },
    /// Symbols of a capability are missing, or id and source do not fit.
    #[error("broken capabilities: {0}")]
    Capabilities(String),
    /// No capability at all.
    #[error(
        "the plugin has no capability: it exports none of plugin_open, plugin_extract_fields, plugin_parse_event, plugin_set_async_event_handler, plugin_capture_open"
    )]
    NoCapability,
    /// The event source belongs to the host.
    #[error("the event source '{0}' is reserved: syscall, internal and plugins are the host's")]
    ReservedSource(String),
    /// The fields are wrong.
    #[error(transparent)]
    Fields(#[from] FieldsError),
    /// Another JSON text is wrong.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The kind of the init schema is none of the API's.
    #[error("plugin_get_init_schema gave the schema type {0}, which is neither 0 (none) nor 1 (JSON)")]
    SchemaType(u32),
    /// A static plugin's struct has the layout that was before 3.10.
    #[error(
        "the plugin requires the API version {0}, but the layout of plugin_api changed at 3.10: a static plugin of today's layout claims at least 3.10.0"
    )]
    StaticLayout(Version),
    /// The init schema is no JSON object.
    #[error("plugin_get_init_schema gave no JSON object: {0}")]
    Schema(String),
}

struct Inner {
    path: PathBuf,
    api: PluginApi,
    info: Info,
    /// Unloads the code behind `api` when the last owner is gone.
    library: Option<libloading::os::unix::Library>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        let _watched = watch::waiting_for("unloading the library, where its destructors run,");
        drop(self.library.take());
    }
}

/// A plugin's library, loaded and checked. Clones are cheap; it is unloaded with the last clone and plugin.
#[derive(Clone)]
pub struct Library(Arc<Inner>);

impl Library {
    /// Loads the library at `path` (`RTLD_NOW`, `RTLD_LOCAL`) and checks it by the rules 1.1 to 1.4 and section 6.
    ///
    /// # Errors
    /// [`LoadError`]; the library is unloaded again.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, LoadError> {
        let path = path.as_ref();
        // A name without a slash would be looked for in the system's library folders.
        let path =
            path.canonicalize().map_err(|error| LoadError::File { path: path.into(), message: error.to_string() })?;
        binary::whole(&path).map_err(|message| LoadError::File { path: path.clone(), message })?;
        let watched = watch::doing(|| format!("loading {}, where its initialisers run,", path.display()));
        // SAFETY: running the initialisers of a plugin is what loading one means; who names it trusts it.
        let library = unsafe { libloading::os::unix::Library::open(Some(&path), RTLD_NOW | RTLD_LOCAL) };
        drop(watched);
        let library = library.map_err(|error| LoadError::Dlopen { path: path.clone(), message: dlerror(&error) })?;
        let api = symbols::resolve(&library);
        let info = describe(&api)?;
        Ok(Self(Arc::new(Inner { path, api, info, library: Some(library) })))
    }

    /// The plugin that is linked into this program and has these functions, checked by the same rules. It has no path.
    ///
    /// # Errors
    /// [`LoadError`]; [`LoadError::StaticLayout`] if it claims less than 3.10, where the struct has another layout
    /// (rule 1.7).
    ///
    /// # Safety
    /// The functions do what the API says of them: they are called with nothing more known of them.
    ///
    /// ```
    /// use falconet::abi::PluginApi;
    /// // A plugin's is made by `falconet::export_static!`; this one has no functions.
    /// static EMPTY: PluginApi = PluginApi::NONE;
    /// // SAFETY: there is none that could do something else than the API says.
    /// let refused = unsafe { falconet_host::Library::from_api(&EMPTY) };
    /// assert!(refused.unwrap_err().to_string().contains("plugin_get_required_api_version"));
    /// ```
    pub unsafe fn from_api(api: &'static PluginApi) -> Result<Self, LoadError> {
        // The first member has been the first in every layout.
        let symbol = "plugin_get_required_api_version";
        let claimed = version(symbol, &required(symbol, api.get_required_api_version)?)?;
        if claimed.major == Version::HOST.major && claimed.minor < since::DUMP_STATE {
            return Err(LoadError::StaticLayout(claimed));
        }
        let info = describe(api)?;
        Ok(Self(Arc::new(Inner { path: PathBuf::new(), api: *api, info, library: None })))
    }

    /// Where it was loaded from; empty for a static plugin.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// What it says of itself.
    #[must_use]
    pub fn info(&self) -> &Info {
        &self.0.info
    }

    /// Whether it tells metrics.
    #[must_use]
    pub fn has_metrics(&self) -> bool {
        self.0.api.get_metrics.is_some()
    }

    /// Whether it dumps its state as async events.
    #[must_use]
    pub fn dumps_state(&self) -> bool {
        self.0.api.dump_state.is_some()
    }

    /// Whether its config can be changed after init.
    #[must_use]
    pub fn takes_config(&self) -> bool {
        self.0.api.set_config.is_some()
    }

    /// The functions that it exports.
    pub(crate) fn api(&self) -> &PluginApi {
        &self.0.api
    }

    /// The request that `name` or `name[argument]` makes of this plugin.
    ///
    /// # Errors
    /// [`RequestError`] if there is no such field or the argument does not fit.
    pub fn field(&self, text: &str) -> Result<FieldRequest, RequestError> {
        FieldRequest::parse(text, &self.0.info.fields)
    }

    /// Whether the plugin claims an API version with at least this minor number (rule 1.5).
    #[must_use]
    pub fn claims(&self, minor: u32) -> bool {
        self.0.info.api_version.minor >= minor
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library").field("path", &self.0.path).field("name", &self.0.info.name).finish_non_exhaustive()
    }
}

/// The linker's own message, without what libloading says around it.
fn dlerror(error: &libloading::Error) -> String {
    match error {
        libloading::Error::DlOpen { source, .. } => format!("{source}"),
        other => other.to_string(),
    }
}

type TextFn = Option<unsafe extern "C" fn() -> *const c_char>;

/// The text that a function without arguments gives, or `None` if it gives NULL or is not exported.
fn optional(symbol: &'static str, function: TextFn) -> Option<String> {
    let _watched = watch::waiting_for(symbol);
    // SAFETY: the functions of this type need no state, and give NULL or a C string that lives as long as the library.
    function.and_then(|function| unsafe { text(function()) })
}

/// The text that a required function gives.
fn required(symbol: &'static str, function: TextFn) -> Result<String, LoadError> {
    if function.is_none() {
        return Err(LoadError::MissingSymbol(symbol));
    }
    optional(symbol, function).ok_or(LoadError::NullText(symbol))
}

fn not_empty(symbol: &'static str, function: TextFn) -> Result<String, LoadError> {
    let text = required(symbol, function)?;
    if text.is_empty() { Err(LoadError::EmptyText(symbol)) } else { Ok(text) }
}

fn version(symbol: &'static str, text: &str) -> Result<Version, LoadError> {
    text.parse().map_err(|error| LoadError::Version { symbol, error })
}

fn describe(api: &PluginApi) -> Result<Info, LoadError> {
    let symbol = "plugin_get_required_api_version";
    let api_version = version(symbol, &required(symbol, api.get_required_api_version)?)?;
    if let Some(reason) = api_version.refused_by(Version::HOST) {
        return Err(LoadError::Incompatible { required: api_version, host: Version::HOST, reason });
    }
    let missing = [
        ("plugin_init", api.init.is_none()),
        ("plugin_destroy", api.destroy.is_none()),
        ("plugin_get_last_error", api.get_last_error.is_none()),
    ];
    if let Some((symbol, _)) = missing.into_iter().find(|(_, missing)| *missing) {
        return Err(LoadError::MissingSymbol(symbol));
    }
    let version_text = required("plugin_get_version", api.get_version)?;
    let (id, source) = identity(api)?;
    let capabilities = Capabilities::of(api, id, &source).map_err(LoadError::Capabilities)?;
    if capabilities.is_empty() {
        return Err(LoadError::NoCapability);
    }
    if ["syscall", "internal", "plugins"].contains(&source.as_str()) {
        return Err(LoadError::ReservedSource(source));
    }
    let sources = |has: bool, symbol: &'static str, function: TextFn| -> Result<Vec<String>, JsonError> {
        if !has {
            return Ok(Vec::new());
        }
        let mut list = json_lists::texts(symbol, &optional(symbol, function).unwrap_or_default(), false)?;
        // The host adds a plugin's own source to those that it declares.
        if capabilities.source && !source.is_empty() && !list.contains(&source) {
            list.push(source.clone());
        }
        Ok(list)
    };
    Ok(Info {
        name: not_empty("plugin_get_name", api.get_name)?,
        version: version("plugin_get_version", &version_text)?,
        version_text,
        description: required("plugin_get_description", api.get_description)?,
        contact: required("plugin_get_contact", api.get_contact)?,
        api_version,
        capabilities,
        fields: match capabilities.extract {
            true => fields::parse(&required("plugin_get_fields", api.get_fields)?)?,
            false => Vec::new(),
        },
        extract_sources: sources(
            capabilities.extract,
            "plugin_get_extract_event_sources",
            api.get_extract_event_sources,
        )?,
        parse_sources: sources(capabilities.parse, "plugin_get_parse_event_sources", api.get_parse_event_sources)?,
        async_sources: sources(
            capabilities.async_events,
            "plugin_get_async_event_sources",
            api.get_async_event_sources,
        )?,
        async_events: match capabilities.async_events {
            true => {
                let symbol = "plugin_get_async_events";
                json_lists::texts(symbol, &required(symbol, api.get_async_events)?, true)?
            }
            false => Vec::new(),
        },
        init_schema: init_schema(api)?,
        id: if capabilities.source { id } else { 0 },
        source: if capabilities.source { source } else { String::new() },
    })
}

/// The id and the event source, 0 and empty where the plugin says nothing (rules 1.2 and 1.3).
fn identity(api: &PluginApi) -> Result<(u32, String), LoadError> {
    if api.open.is_none() || api.close.is_none() || api.next_batch.is_none() {
        return Ok((0, String::new()));
    }
    let watched = watch::waiting_for("plugin_get_id");
    // SAFETY: the function needs no state and takes no argument.
    let id = api.get_id.map_or(0, |get_id| unsafe { get_id() });
    drop(watched);
    let source = match api.get_event_source {
        None => String::new(),
        function => required("plugin_get_event_source", function)?,
    };
    Ok((id, source))
}

fn init_schema(api: &PluginApi) -> Result<Option<String>, LoadError> {
    let Some(get_init_schema) = api.get_init_schema else { return Ok(None) };
    let mut kind = SCHEMA_NONE;
    let watched = watch::waiting_for("plugin_get_init_schema");
    // SAFETY: the function needs no state, `kind` is ours, and the text lives as long as the library.
    let schema = unsafe { text(get_init_schema(&raw mut kind)) };
    drop(watched);
    match (schema, kind) {
        (Some(schema), SCHEMA_JSON) if !schema.is_empty() => {
            match serde_json::from_str::<serde_json::Map<_, _>>(&schema) {
                Ok(_) => Ok(Some(schema)),
                Err(error) => Err(LoadError::Schema(error.to_string())),
            }
        }
        (_, SCHEMA_NONE | SCHEMA_JSON) => Ok(None),
        (_, other) => Err(LoadError::SchemaType(other)),
    }
}
