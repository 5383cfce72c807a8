// SPDX-License-Identifier: Apache-2.0
//! `falconet info`: what a plugin is, without running it.

use std::{
    io::{self, Write},
    path::Path,
};

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use falconet_host::{Binary, Info, Library, Logs, Plugin, SYMBOLS, Version};

use super::target;

/// Prints all that is known of the plugin.
pub(super) fn main(path: &Path) -> anyhow::Result<()> {
    let (library, defaults) = target::open(path)?;
    let out = &mut io::stdout().lock();
    identity(out, &library)?;
    fields(out, library.info())?;
    open_params(out, &library, defaults.config.as_deref().unwrap_or_default())?;
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
    writeln!(out, "config         {}", if info.init_schema.is_some() { "JSON, with a schema" } else { "text" })?;
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

fn open_params(out: &mut impl Write, library: &Library, config: &str) -> io::Result<()> {
    if !library.info().capabilities.source {
        return Ok(());
    }
    writeln!(out, "\nopen parameters")?;
    let logs = Logs::new();
    let plugin = match Plugin::init(library, config, &logs) {
        Ok(plugin) => plugin,
        Err(error) => return writeln!(out, "not known, because init fails with the default config: {error}"),
    };
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
