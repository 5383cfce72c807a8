// SPDX-License-Identifier: Apache-2.0
//! `falconet info`: what a plugin is, without running it.

use std::{
    io::{self, Write},
    path::Path,
};

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use falconet_host::{Binary, Info, Inspector, Library, Logs, Plugin, RegisterError, SYMBOLS, Version};

use super::{limit::Limit, target};

/// Prints all that is known of the plugin.
pub(super) fn main(path: &Path, limit: &Limit) -> anyhow::Result<()> {
    limit.watch()?;
    let (library, defaults) = target::open(path)?;
    let out = &mut io::stdout().lock();
    identity(out, &library)?;
    fields(out, library.info())?;
    let inspector = &mut Inspector::new(&Logs::new());
    let plugin = inspector.register(&library, defaults.config.as_deref().unwrap_or_default());
    let names = match plugin {
        Ok(plugin) => {
            initialised(out, plugin)?;
            inspector.table_names()
        }
        Err(RegisterError::Init { error, .. }) => {
            writeln!(
                out,
                "\nnot known, because init fails with the default config: open parameters, event types, tables: {error}"
            )?;
            Vec::new()
        }
        Err(error) => return Err(error.into()),
    };
    for name in names {
        table_fields(out, inspector, &name)?;
    }
    for finding in inspector.findings().take() {
        writeln!(out, "\nfinding        {finding}")?;
    }
    binary(out, library.path())?;
    Ok(())
}

fn identity(out: &mut impl Write, library: &Library) -> io::Result<()> {
    let info = library.info();
    let lists = [
        ("extracts from", &info.extract_sources, info.capabilities.extract),
        ("parses", &info.parse_sources, info.capabilities.parse),
        ("async into", &info.async_sources, info.capabilities.async_events),
    ];
    writeln!(out, "name           {}", info.name)?;
    writeln!(out, "version        {}", info.version_text)?;
    writeln!(out, "description    {}", info.description)?;
    writeln!(out, "contact        {}", info.contact)?;
    writeln!(out, "API version    {} (this host: {})", info.api_version, Version::HOST)?;
    writeln!(out, "capabilities   {}", info.capabilities)?;
    if info.capabilities.source {
        writeln!(out, "id             {}", info.id)?;
        writeln!(out, "source         {}", if info.source.is_empty() { "(none)" } else { &info.source })?;
    }
    for (name, list, there) in lists {
        if there {
            let list = if list.is_empty() { "all sources".to_owned() } else { list.join(", ") };
            writeln!(out, "{name:<14} {list}")?;
        }
    }
    if info.capabilities.async_events {
        writeln!(out, "async events   {}", info.async_events.join(", "))?;
    }
    let has = |there: bool| if there { "yes" } else { "no" };
    writeln!(out, "metrics        {}", has(library.has_metrics()))?;
    writeln!(out, "dumps state    {}", has(library.dumps_state()))?;
    writeln!(out, "config         {}", if info.init_schema.is_some() { "JSON, with a schema" } else { "text" })?;
    writeln!(out, "new config     {}", if library.takes_config() { "taken at run time" } else { "only at init" })?;
    if let Some(schema) = &info.init_schema {
        let one_line = serde_json::from_str::<serde_json::Value>(schema).map(|schema| schema.to_string());
        writeln!(out, "config schema  {}", one_line.unwrap_or_else(|_| schema.clone()))?;
    }
    writeln!(out, "library        {}", library.path().display())
}

fn fields(out: &mut impl Write, info: &Info) -> io::Result<()> {
    if info.fields.is_empty() {
        return Ok(());
    }
    let mut table = table(&["name", "type", "list", "argument", "description"]);
    for field in &info.fields {
        let list = if field.list { "yes" } else { "" };
        let argument = field.argument.to_string();
        table.add_row([&field.name, field.kind.name(), list, &argument, &field.description]);
    }
    writeln!(out, "\nfields\n{table}")
}

/// What is known only after init.
fn initialised(out: &mut impl Write, plugin: &Plugin) -> io::Result<()> {
    let capabilities = plugin.library().info().capabilities;
    for (name, there, types) in [
        ("extract types", capabilities.extract, plugin.extract_types()),
        ("parse types", capabilities.parse, plugin.parse_types()),
    ] {
        let list = |types: &[u16]| types.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
        if there {
            writeln!(out, "{name:<14} {}", types.map_or("all".to_owned(), list))?;
        }
    }
    let schema = plugin.schema_version();
    writeln!(
        out,
        "event schema   {} (this host: {})",
        schema.as_deref().unwrap_or("(not said)"),
        Version::EVENT_SCHEMA
    )?;
    if let Some(warning) = plugin.schema_warning() {
        writeln!(out, "warning        {warning}")?;
    }
    if capabilities.source {
        open_params(out, plugin)?;
    }
    Ok(())
}

fn open_params(out: &mut impl Write, plugin: &Plugin) -> io::Result<()> {
    writeln!(out, "\nopen parameters")?;
    match plugin.list_open_params() {
        Err(error) => writeln!(out, "not known: {error}"),
        Ok(params) if params.is_empty() => writeln!(out, "none suggested"),
        Ok(params) => {
            let mut table = table(&["value", "description", "separator"]);
            for param in &params {
                table.add_row([&param.value, &param.description, &param.separator]);
            }
            writeln!(out, "{table}")
        }
    }
}

fn table_fields(out: &mut impl Write, inspector: &Inspector, name: &str) -> anyhow::Result<()> {
    let rows = inspector.read_table(name)?;
    writeln!(out, "\ntable {name}, {} keys", rows.key_type)?;
    let mut table = table(&["field", "type", "read-only"]);
    for field in &rows.fields {
        table.add_row([field.name.as_str(), field.kind.name(), if field.read_only { "yes" } else { "" }]);
    }
    writeln!(out, "{table}")?;
    Ok(())
}

fn binary(out: &mut impl Write, path: &Path) -> io::Result<()> {
    let binary = match Binary::read(path) {
        Ok(binary) => binary,
        Err(error) => return writeln!(out, "\nfile           {error}"),
    };
    let (own, other): (Vec<&String>, Vec<_>) = binary.exports.iter().partition(|name| SYMBOLS.contains(&name.as_str()));
    writeln!(out, "\nfile           {} bytes", binary.size)?;
    writeln!(out, "needs          {}", none_or(&binary.needed.join(", ")))?;
    writeln!(out, "highest glibc  {}", binary.glibc.as_deref().unwrap_or("(none)"))?;
    writeln!(out, "exports        {} symbols of the plugin API, {} others", own.len(), other.len())?;
    for name in own.into_iter().chain(other) {
        writeln!(out, "  {name}")?;
    }
    Ok(())
}

fn none_or(text: &str) -> &str {
    if text.is_empty() { "(none)" } else { text }
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(header.iter().copied());
    table
}
