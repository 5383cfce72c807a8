// SPDX-License-Identifier: Apache-2.0
//! What is told on stderr at the end of a run: metrics, tables, findings. Events alone are on stdout.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context as _, bail};
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use falconet_host::{Cell, Inspector, Metrics, TableRows};
use serde_json::{Map, Value};

/// How often metrics are asked for, as a host's web server is.
const EVERY: Duration = Duration::from_millis(100);

/// Asks for metrics from a thread of its own while events flow, as the real host does.
pub(super) struct Poll {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<anyhow::Result<()>>,
}

fn ask(metrics: &Metrics) -> anyhow::Result<Vec<falconet_host::Metric>> {
    metrics.read().with_context(|| format!("metrics of '{}'", metrics.plugin()))
}

impl Poll {
    pub(super) fn start(inspector: &Inspector) -> io::Result<Self> {
        let metrics: Vec<_> = inspector.plugins().iter().filter_map(|plugin| plugin.metrics()).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new().name("metrics".to_owned()).spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                for metrics in &metrics {
                    ask(metrics)?;
                }
                thread::park_timeout(EVERY);
            }
            Ok(())
        })?;
        Ok(Self { stop, thread })
    }

    /// Ends it, with the error that it met.
    pub(super) fn stop(self) -> anyhow::Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        let _watched = falconet_host::waiting_for("plugin_get_metrics on another thread");
        self.thread.join().unwrap_or_else(|_| bail!("the thread that asks for metrics has panicked"))
    }
}

/// Prints the metrics of all plugins: `metric PLUGIN.NAME VALUE`, or one JSON object.
pub(super) fn metrics(out: &mut impl Write, inspector: &Inspector, json: bool) -> anyhow::Result<()> {
    let mut object = Map::new();
    for metrics in inspector.plugins().iter().filter_map(|plugin| plugin.metrics()) {
        for metric in ask(&metrics)? {
            let name = format!("{}.{}", metrics.plugin(), metric.name);
            match json {
                true => drop(object.insert(name, metric.value.to_json())),
                false => writeln!(out, "metric {name} {}", metric.value)?,
            }
        }
    }
    if json {
        writeln!(out, "{}", serde_json::json!({ "metrics": Value::Object(object) }))?;
    }
    Ok(())
}

/// Prints a table, as a table or as one JSON object.
pub(super) fn table(out: &mut impl Write, inspector: &Inspector, name: &str, json: bool) -> anyhow::Result<()> {
    let rows = inspector.read_table(name).context("--table")?;
    match json {
        true => writeln!(out, "{}", rows.to_json())?,
        false => writeln!(out, "table {name}, {} keys, {} entries\n{}", rows.key_type, rows.rows.len(), drawn(&rows))?,
    }
    match rows.errors.is_empty() {
        true => Ok(()),
        false => bail!("the table '{name}' cannot be read: {}", rows.errors.join("; ")),
    }
}

fn drawn(rows: &TableRows) -> Table {
    let with_keys = rows.rows.iter().any(|row| row.key.is_some());
    let mut table = Table::new();
    let header = with_keys.then_some("(key)").into_iter().chain(rows.fields.iter().map(|field| field.name.as_str()));
    table.load_style(UTF8_FULL_CONDENSED).set_header(header);
    for row in &rows.rows {
        let key = with_keys.then(|| row.key.as_ref().map_or_else(String::new, ToString::to_string));
        let cell = |cell: &Option<Cell>| cell.as_ref().map_or_else(|| "<NA>".to_owned(), ToString::to_string);
        table.add_row(key.into_iter().chain(row.cells.iter().map(cell)));
    }
    table
}

/// Prints the findings; an error if there are any.
pub(super) fn findings(out: &mut impl Write, inspector: &Inspector) -> anyhow::Result<()> {
    let findings = inspector.findings().take();
    for finding in &findings {
        writeln!(out, "finding: {finding}")?;
    }
    match findings.len() {
        0 => Ok(()),
        1 => bail!("a rule of the host was broken: see the finding above"),
        count => bail!("rules of the host were broken: see the {count} findings above"),
    }
}
