// SPDX-License-Identifier: Apache-2.0
//! What a library says before and after its init (sections 1, 2 and 6).

use falconet::abi::{MAX_ERRLEN, PluginApi, since};

use super::{Beside, Check, Subject, beside, samples, states, subject::Loaded, witness::Witness};
use crate::{CallError, FieldsError, InitError, Inspector, Library, LoadError, Logs, OpenError, Plugin, RegisterError};

/// The checks that loading makes.
const LOADED: [Check; 13] = [
    Check::NotLoadable,
    Check::SymbolsMissing,
    Check::IdentityTexts,
    Check::CapabilitySymbols,
    Check::IdAndSource,
    Check::NoCapability,
    Check::SourceNull,
    Check::SourceReserved,
    Check::ApiVersion,
    Check::InitSchema,
    Check::FieldsJson,
    Check::FieldEntry,
    Check::ListsJson,
];

/// Loads the library.
pub(super) fn run(witness: &Witness, subject: &Subject) {
    witness.calling("loading the library, and asking what it is");
    let library = match Library::load(&subject.library) {
        Ok(library) => library,
        Err(error) => {
            if let Some(check) = refused(&error) {
                witness.judge(check, Some(error.to_string()));
            }
            return witness.stopped(format!("the library cannot be used: {error}"));
        }
    };
    for text in &subject.fields {
        let Err(error) = library.field(text) else { continue };
        let beside = |with: &Beside| Library::load(&with.library).is_ok_and(|library| library.field(text).is_ok());
        if !subject.with.iter().any(beside) {
            return witness.stopped(error.to_string());
        }
    }
    LOADED.into_iter().for_each(|check| witness.judged(check));
    witness.plugin(library.info());
    orphans(witness, library.api());
    claims(witness, &library);
}

/// The check that a library did not pass which cannot be loaded.
fn refused(error: &LoadError) -> Option<Check> {
    Some(match error {
        LoadError::File { .. } => return None,
        LoadError::Dlopen { .. } => Check::NotLoadable,
        LoadError::MissingSymbol("plugin_get_fields") => Check::FieldsJson,
        LoadError::MissingSymbol(_) => Check::SymbolsMissing,
        LoadError::NullText("plugin_get_event_source") => Check::SourceNull,
        LoadError::NullText("plugin_get_fields") => Check::FieldsJson,
        LoadError::NullText("plugin_get_async_events") | LoadError::Json(_) => Check::ListsJson,
        LoadError::NullText("plugin_get_required_api_version")
        | LoadError::Version { symbol: "plugin_get_required_api_version", .. }
        | LoadError::Incompatible { .. }
        | LoadError::StaticLayout(_) => Check::ApiVersion,
        LoadError::NullText(_) | LoadError::EmptyText(_) | LoadError::Version { .. } => Check::IdentityTexts,
        LoadError::Capabilities(text) if text.contains("is incomplete") => Check::CapabilitySymbols,
        LoadError::Capabilities(_) => Check::IdAndSource,
        LoadError::NoCapability => Check::NoCapability,
        LoadError::ReservedSource(_) => Check::SourceReserved,
        LoadError::Fields(FieldsError::Json(_) | FieldsError::NoArray(_)) => Check::FieldsJson,
        LoadError::Fields(_) => Check::FieldEntry,
        LoadError::SchemaType(_) | LoadError::Schema(_) => Check::InitSchema,
    })
}

/// Symbols that the host never calls, because another one is missing.
fn orphans(witness: &Witness, api: &PluginApi) {
    let (source, extract, parse) = (api.open.is_some(), api.extract_fields.is_some(), api.parse_event.is_some());
    let (events, listen) = (api.set_async_event_handler.is_some(), api.capture_open.is_some());
    let symbols = [
        ("get_id", api.get_id.is_some(), source, "open"),
        ("get_event_source", api.get_event_source.is_some(), source, "open"),
        ("list_open_params", api.list_open_params.is_some(), source, "open"),
        ("get_progress", api.get_progress.is_some(), source, "open"),
        ("event_to_string", api.event_to_string.is_some(), source, "open"),
        ("get_fields", api.get_fields.is_some(), extract, "extract_fields"),
        ("get_extract_event_types", api.get_extract_event_types.is_some(), extract, "extract_fields"),
        ("get_extract_event_sources", api.get_extract_event_sources.is_some(), extract, "extract_fields"),
        ("get_parse_event_types", api.get_parse_event_types.is_some(), parse, "parse_event"),
        ("get_parse_event_sources", api.get_parse_event_sources.is_some(), parse, "parse_event"),
        ("get_async_events", api.get_async_events.is_some(), events, "set_async_event_handler"),
        ("get_async_event_sources", api.get_async_event_sources.is_some(), events, "set_async_event_handler"),
        ("dump_state", api.dump_state.is_some(), events, "set_async_event_handler"),
        ("capture_close", api.capture_close.is_some(), listen, "capture_open"),
    ];
    witness.judged(Check::OrphanSymbol);
    for (symbol, there, called, by) in symbols {
        if there && !called {
            witness.found(Check::OrphanSymbol, format!("plugin_{symbol} is never called without plugin_{by}"));
        }
    }
}

/// What each minor version of the API brought, as far as the symbols and the fields show its use.
fn used(library: &Library) -> Vec<(u32, String)> {
    let api = library.api();
    let symbols = [
        ("set_config", api.set_config.is_some(), since::SET_CONFIG),
        ("get_metrics", api.get_metrics.is_some(), since::METRICS),
        ("capture_open", api.capture_open.is_some(), since::CAPTURE_LISTEN),
        ("capture_close", api.capture_close.is_some(), since::CAPTURE_LISTEN),
        ("dump_state", api.dump_state.is_some(), since::DUMP_STATE),
        ("get_required_event_schema_version", api.get_required_event_schema_version.is_some(), since::SCHEMA_VERSION),
    ];
    let symbols = symbols.into_iter().filter(|(_, there, _)| *there);
    let mut used: Vec<_> = symbols.map(|(name, _, minor)| (minor, format!("plugin_{name}"))).collect();
    if let Some(field) = library.info().fields.iter().find(|field| field.add_output) {
        used.push((since::ADD_OUTPUT, format!("addOutput of the field '{}'", field.name)));
    }
    used
}

/// Whether the symbols and the fields came with the claimed version or before it. An older host does not find them.
fn claims(witness: &Witness, library: &Library) {
    let claimed = library.info().api_version;
    witness.judged(Check::ClaimTooLow);
    for (minor, what) in used(library) {
        if claimed.minor < minor {
            let message = format!("{what} came with 3.{minor}.0, and {claimed} is required");
            witness.found(Check::ClaimTooLow, message);
        }
    }
}

/// Whether something needs the claimed version. `offsets` says whether the plugin tells value offsets.
pub(super) fn claim_too_high(witness: &Witness, library: &Library, offsets: bool) {
    let info = library.info();
    let capabilities = info.capabilities;
    // Log and tables may be used on paths that nobody has seen.
    let mut needed = vec![(since::LOG, "log_fn, if it is used".to_owned())];
    if capabilities.extract || capabilities.parse || capabilities.capture_listen {
        needed.push((since::TABLES_EXT, "the functions of state tables, if it uses any".to_owned()));
    }
    if capabilities.capture_listen {
        needed.push((since::CAPTURE_OWNER_ERROR, "the owner's error in capture_open".to_owned()));
    }
    if offsets {
        needed.push((since::VALUE_OFFSETS, "value_offsets".to_owned()));
    }
    needed.extend(used(library));
    let (minor, what) = needed.into_iter().max().unwrap_or_default();
    let claimed = info.api_version;
    let wrong = (claimed.minor > minor).then(|| {
        let older = match claimed.minor - 1 {
            last if last == minor => format!("hosts of 3.{minor}"),
            last => format!("hosts from 3.{minor} to 3.{last}"),
        };
        format!(
            "plugin_get_required_api_version gives {claimed}, and the newest that the plugin is seen to need came with \
             3.{minor}.0 ({what}). So {older} refuse it, though they could run it: give 3.{minor}.0"
        )
    });
    witness.judge(Check::ClaimTooHigh, wrong);
}

/// The check that a failed call did not pass, if it broke a rule by it.
pub(super) fn rc_of(error: &CallError) -> Option<Check> {
    let (CallError::NotWritten { call, what: "rc" }
    | CallError::UnknownRc { call, .. }
    | CallError::MisplacedRc { call, .. }) = error
    else {
        return None;
    };
    Some(match *call {
        "plugin_init" => Check::InitRcUnset,
        "plugin_open" => Check::OpenRcUnset,
        "plugin_list_open_params" => Check::OpenParamsRcUnset,
        _ => return None,
    })
}

/// Judges a message of the plugin.
pub(super) fn judge_message(witness: &Witness, plugin: &Plugin, after: &str) -> Option<String> {
    if plugin.state().is_null() {
        // The host asks no state that is not there.
        return None;
    }
    witness.calling(&format!("plugin_get_last_error after {after}"));
    witness.judged(Check::LastErrorNull);
    let Some(message) = plugin.own_last_error() else {
        witness.found(Check::LastErrorNull, format!("NULL after {after}"));
        return None;
    };
    let too_long = (message.len() >= MAX_ERRLEN)
        .then(|| format!("a message of {} bytes with its NUL after {after}", message.len() + 1));
    witness.judge(Check::ErrorTooLong, too_long);
    Some(String::from_utf8_lossy(&message).into_owned())
}

/// Initialises the plugin, well and badly.
pub(super) fn init(witness: &Witness, loaded: &Loaded<'_>) {
    let logs = Logs::new();
    let info = loaded.info();
    let tables_null = !(info.capabilities.parse || info.capabilities.extract);
    match tables_null {
        true => witness.judged(Check::TablesNull),
        false => witness.skipped(Check::TablesNull, "the plugin extracts or parses, so tables is never NULL"),
    }
    let (findings, started) = loaded.start_with(witness, &logs, &loaded.subject.config);
    beside::found(witness, loaded, &findings);
    let inspector = match started {
        Ok(inspector) => inspector,
        Err(RegisterError::Init { error, .. }) => {
            init_failed(witness, &error);
            return witness.stopped(format!("init fails with this config, --config sets another: {error}"));
        }
        Err(error) => return witness.stopped(error.to_string()),
    };
    witness.judged(Check::InitRcUnset);
    let Some(plugin) = loaded.plugin(&inspector) else { return };
    let null = plugin.state().is_null();
    witness.judge(Check::StateNull, null.then(|| "init gave success and NULL".to_owned()));
    judge_message(witness, plugin, "a good init");
    if types(witness, plugin) {
        witness.calling("plugin_get_required_event_schema_version");
        witness.judge(Check::EventSchema, plugin.schema_warning());
    } else {
        witness.skipped(Check::EventSchema, "the event types are not named, or there are none to name");
    }
    if loaded.library.takes_config() {
        witness.calling("plugin_set_config");
        if let Err(InitError::Call(error @ (CallError::UnknownRc { .. } | CallError::MisplacedRc { .. }))) =
            plugin.set_config(&loaded.subject.config)
        {
            witness.found(Check::CallRc, error.to_string());
        }
        after_set_config(witness, loaded, &inspector);
    }
    if info.capabilities.source {
        witness.calling("plugin_list_open_params");
        open_params(witness, plugin);
    }
    witness.calling("plugin_destroy");
    drop(inspector);
    bad_config(witness, loaded);
    log_unclaimed(witness, loaded, &logs);
}

/// Uses the plugin after `set_config`, so that a pointer to what it was lent then is followed, if it was kept.
fn after_set_config(witness: &Witness, loaded: &Loaded<'_>, inspector: &Inspector) {
    let Some(plugin) = loaded.plugin(inspector) else { return };
    if loaded.info().capabilities.source {
        // What goes wrong there is found where a source is checked.
        let _ = states::whole(&witness.quiet(), plugin, loaded.subject);
    }
    let samples = samples::collect(&witness.quiet(), loaded);
    states::messages(witness, loaded, inspector, &samples, "after plugin_set_config");
}

/// Whether the log was used without a claim of the version that it came with.
pub(super) fn log_unclaimed(witness: &Witness, loaded: &Loaded<'_>, logs: &Logs) {
    let called = logs.take().iter().any(|record| record.message.starts_with("log_fn was called, but"));
    if called {
        let claimed = loaded.info().api_version;
        witness.found(Check::ClaimTooLow, format!("log_fn came with 3.{}.0, and {claimed} is required", since::LOG));
    }
}

fn init_failed(witness: &Witness, error: &InitError) {
    let InitError::Call(error) = error else {
        if let InitError::Schema(why) = error {
            witness.judge(Check::InitSchema, Some(why.clone()));
        }
        return;
    };
    match (rc_of(error), error) {
        (Some(check), error) => witness.judge(check, Some(error.to_string())),
        (None, CallError::Failed { message, .. }) => {
            let silent = message.is_empty() || message == crate::plugin::NO_STATE;
            let message = if message.is_empty() { "the state's message is empty" } else { message };
            witness.judge(Check::InitFailureSilent, silent.then(|| message.to_owned()));
            let long = (message.len() >= MAX_ERRLEN).then(|| format!("init's message has {} bytes", message.len()));
            witness.judge(Check::ErrorTooLong, long);
        }
        (None, _) => {}
    }
}

/// Whether the event types are named.
fn types(witness: &Witness, plugin: &Plugin) -> bool {
    let mut all = true;
    let (api, info) = (plugin.api(), plugin.library().info());
    let capabilities = info.capabilities;
    let (extract, parse) = (&info.extract_sources, &info.parse_sources);
    for (there, get_types, name, sources) in [
        (capabilities.extract, api.get_extract_event_types, "plugin_get_extract_event_types", extract),
        (capabilities.parse, api.get_parse_event_types, "plugin_get_parse_event_types", parse),
    ] {
        if !there {
            continue;
        }
        witness.calling(name);
        let named = get_types.is_some() && plugin.names_types(get_types);
        all &= named;
        let how = if get_types.is_some() { "gives none" } else { "is not exported" };
        // A source's own events are meant where nothing else is named; a plugin that takes only those of plugins gets 322.
        let own = capabilities.source && !info.source.is_empty();
        let every = if sources.is_empty() { !own } else { sources.iter().any(|source| source == "syscall") };
        let wrong = !named && every;
        witness.judge(Check::TypesNotExported, wrong.then(|| format!("{name} {how}: every type is given to it")));
    }
    all && (capabilities.extract || capabilities.parse)
}

fn open_params(witness: &Witness, plugin: &Plugin) {
    if plugin.api().list_open_params.is_none() {
        let why = "plugin_list_open_params is not exported";
        witness.skipped(Check::OpenParamsRcUnset, why);
        return witness.skipped(Check::OpenParamsJson, why);
    }
    witness.judged(Check::OpenParamsRcUnset);
    match plugin.list_open_params() {
        Ok(_) => witness.judged(Check::OpenParamsJson),
        Err(OpenError::Json(error)) => witness.judge(Check::OpenParamsJson, Some(error.to_string())),
        Err(OpenError::Call(error)) => {
            if let Some(check) = rc_of(&error) {
                witness.found(check, error.to_string());
            }
        }
    }
}

/// A config that hardly any plugin takes; how init refuses it, if it does.
fn bad_config(witness: &Witness, loaded: &Loaded<'_>) {
    let config = "\u{1}no config\u{2}";
    if loaded.info().init_schema.is_some() {
        return witness.skipped(
            Check::InitFailureSilent,
            "the plugin has a schema for its config, and the host refuses a bad one itself",
        );
    }
    match loaded.start_with(witness, &Logs::new(), config).1 {
        Ok(inspector) => {
            witness.skipped(Check::InitFailureSilent, "init takes a config that makes no sense");
            witness.calling("plugin_destroy");
            drop(inspector);
        }
        Err(RegisterError::Init { error, .. }) => init_failed(witness, &error),
        Err(_) => {}
    }
}
