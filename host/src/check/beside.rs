// SPDX-License-Identifier: Apache-2.0
//! What a plugin does beside its source: async events, captures, tables, metrics, routines (sections 7 to 9).

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use super::{
    Check,
    answers::{self, How},
    samples::{self, Sample},
    subject::Loaded,
    witness::Witness,
};
use crate::{
    CallError, Findings, Inspector, Logs, MetricsError, Next, OpenSourceError, Plugin, async_events::Sink,
    routines::Routines,
};

/// How long events are read, and how many.
const TIME: Duration = Duration::from_millis(400);
const EVENTS: u64 = 2000;
const PAUSE: Duration = Duration::from_millis(2);
/// How long a producer that was not stopped has for its next event.
const AFTER: Duration = Duration::from_millis(80);
/// How long routines run, and how often they return in this time if they wait at all.
const ROUTINES: Duration = Duration::from_millis(100);
const RUNS: u64 = 3000;

/// Tells what the host has found while it was called by the plugin.
pub(super) fn found(witness: &Witness, loaded: &Loaded<'_>, findings: &Findings) {
    for finding in findings.take().into_iter().filter(|finding| finding.plugin == loaded.info().name) {
        let check = match finding.rule {
            "7.1" => Check::AsyncEvent,
            "7.3" => Check::AsyncHandler,
            "7.5" => Check::DumpState,
            "8.3" => Check::Routines,
            "9.1" => Check::TableExported,
            "9.2" => Check::TableMisused,
            "9.3" => Check::EntryNotReleased,
            "9.4" => Check::SubtableKept,
            "9.6" => Check::TableTooLate,
            "10.1" => Check::NameTooLong,
            "1.10" => Check::LentKept,
            _ => Check::CallRc,
        };
        witness.found(check, finding.message);
    }
}

fn judged(witness: &Witness, loaded: &Loaded<'_>) {
    let capabilities = loaded.info().capabilities;
    let with_tables = capabilities.parse || capabilities.extract || capabilities.capture_listen;
    let judge = |there: bool, checks: &[Check]| {
        checks.iter().filter(|_| there).for_each(|check| witness.judged(*check));
    };
    judge(capabilities.async_events, &[Check::AsyncEvent, Check::AsyncFuture, Check::AsyncHandler, Check::NameTooLong]);
    judge(capabilities.async_events || capabilities.capture_listen, &[Check::CloseFails]);
    judge(loaded.library.dumps_state(), &[Check::DumpState]);
    judge(capabilities.capture_listen, &[Check::Routines]);
    judge(
        with_tables,
        &[
            Check::CallRc,
            Check::TableExported,
            Check::TableMisused,
            Check::EntryNotReleased,
            Check::SubtableKept,
            Check::TableTooLate,
        ],
    );
}

/// Reads events with all that a host does meanwhile.
pub(super) fn run(witness: &Witness, loaded: &Loaded<'_>) {
    let logs = Logs::new();
    // Before the state that is used: several at once are a check of their own.
    let samples = samples::collect(&witness.quiet(), loaded);
    let Ok(inspector) = loaded.start(witness, &logs) else { return };
    let Some(plugin) = loaded.plugin(&inspector) else { return };
    judged(witness, loaded);
    match loaded.source(&inspector).map(|source| source.library().info().name.clone()) {
        Some(source) => captured(witness, loaded, &inspector, &source),
        None => alone(witness, loaded, plugin, &samples),
    }
    tables(witness, &inspector, plugin);
    if loaded.library.dumps_state() {
        witness.calling("plugin_dump_state");
        if let Err(error @ (CallError::UnknownRc { .. } | CallError::MisplacedRc { .. })) = plugin.dump_state() {
            witness.found(Check::CallRc, error.to_string());
        }
    }
    let capabilities = loaded.info().capabilities;
    if capabilities.async_events || capabilities.capture_listen {
        witness.calling("threads of the plugin, after the capture was closed");
        thread::sleep(AFTER);
    }
    found(witness, loaded, inspector.findings());
    for record in logs.take() {
        if record.message.contains("is too far in the future: dropped") {
            witness.found(Check::AsyncFuture, record.message);
        }
    }
    witness.calling("plugin_destroy");
}

/// With a source: its own, or that of a plugin beside it.
fn captured(witness: &Witness, loaded: &Loaded<'_>, inspector: &Inspector, source: &str) {
    witness.calling("plugin_open, plugin_set_async_event_handler, plugin_capture_open");
    let mut capture = match inspector.open(source, &loaded.subject.params) {
        Ok(capture) => capture,
        Err(OpenSourceError::Call { error, .. }) => return refused(witness, &error),
        Err(error) => return witness.stopped(error.to_string()),
    };
    let Some(plugin) = loaded.plugin(inspector) else { return };
    let (requests, quiet) = (samples::requests(loaded), witness.quiet());
    let since = Instant::now();
    let mut count = 0;
    while count < EVENTS && since.elapsed() < TIME {
        witness.calling("plugin_next_batch, plugin_parse_event");
        match capture.next_event() {
            Ok(Next::Event(event)) => {
                count += 1;
                for request in requests.iter().filter(|_| count < 50 && plugin.takes(&event)) {
                    // What it gives is judged elsewhere, and not looked at here.
                    let _ = answers::ask(&quiet, plugin, &event, &[request], How::default());
                }
            }
            Ok(Next::Timeout) => thread::sleep(PAUSE),
            Ok(Next::Eof) => {
                // The threads of a plugin need a moment.
                if loaded.info().capabilities.async_events {
                    thread::sleep(AFTER);
                }
                break;
            }
            // That is judged elsewhere.
            Err(_) => break,
        }
    }
    witness.calling("plugin_close, plugin_set_async_event_handler(NULL), plugin_capture_close");
    if let Err(error) = capture.close() {
        witness.found(Check::CloseFails, error.to_string());
    }
}

/// A call that makes up a capture failed: a finding if its rc is none, else the end of what can be checked.
fn refused(witness: &Witness, error: &CallError) {
    if matches!(error, CallError::UnknownRc { .. } | CallError::MisplacedRc { .. }) {
        return witness.found(super::load::rc_of(error).unwrap_or(Check::CallRc), error.to_string());
    }
    witness.stopped(format!("a capture cannot begin: {error}"));
}

/// Without a source: the plugin is told of a capture all the same, and is shown events that are made up.
fn alone(witness: &Witness, loaded: &Loaded<'_>, plugin: &Plugin, samples: &[Sample]) {
    let info = loaded.info();
    if info.capabilities.async_events {
        witness.calling("plugin_set_async_event_handler");
        let source = info.async_sources.first().map_or("syscall", String::as_str).to_owned();
        let plugin_id = if source == "syscall" { 0 } else { 999 };
        if let Err(error) = plugin.set_async_handler(Some(Sink { queue: Arc::default(), source, plugin_id })) {
            return refused(witness, &error);
        }
    }
    let routines = Routines::new();
    if info.capabilities.capture_listen {
        witness.calling("plugin_capture_open");
        if let Err(error) = plugin.capture_open(Some(&routines)) {
            return refused(witness, &error);
        }
    }
    for (sample, num) in samples.iter().zip(1..) {
        shown(witness, plugin, sample, num);
    }
    if info.capabilities.async_events {
        witness.calling("threads of the plugin, while it has a handler");
        thread::sleep(AFTER);
        witness.calling("plugin_set_async_event_handler(NULL)");
        if let Err(error) = plugin.set_async_handler(None) {
            witness.found(Check::CloseFails, error.to_string());
        }
    }
    if info.capabilities.capture_listen {
        witness.calling("plugin_capture_close");
        if let Err(error) = plugin.capture_close() {
            witness.found(Check::CloseFails, error.to_string());
        }
        witness.calling("routines, which the host waits for");
        routines.purge();
        plugin.owner().inner().end_routines();
    }
}

/// Has the plugin parse an event.
pub(super) fn shown(witness: &Witness, plugin: &Plugin, sample: &Sample, num: u64) {
    let Some(pages) = sample.place() else { return };
    let Some(event) = sample.in_place(&pages, num) else { return };
    if plugin.parses(&event) {
        witness.calling("plugin_parse_event");
        if let Err(error) = plugin.parse(&event) {
            witness.found(Check::CallRc, error.to_string());
        }
    }
}

/// All entries of the tables that the plugin exports.
fn tables(witness: &Witness, inspector: &Inspector, plugin: &Plugin) {
    let name = &plugin.library().info().name;
    for table in inspector.table_names().into_iter().filter(|table| inspector.owner_of(table).as_ref() == Some(name)) {
        witness.calling(&format!("the functions of the table '{table}'"));
        if let Ok(rows) = inspector.read_table(&table) {
            for error in rows.errors {
                witness.found(Check::TableExported, format!("the table '{table}': {error}"));
            }
        }
    }
}

/// Metrics, on this thread, on another one, and on another one while this one uses the plugin.
pub(super) fn metrics(witness: &Witness, loaded: &Loaded<'_>) {
    let Ok(inspector) = loaded.start(witness, &Logs::new()) else { return };
    let Some(plugin) = loaded.plugin(&inspector) else { return };
    let Some(metrics) = plugin.metrics() else {
        let why = "plugin_get_metrics is not exported";
        witness.skipped(Check::MetricValues, why);
        witness.skipped(Check::NameTooLong, "the plugin has neither metrics nor async events");
        return witness.skipped(Check::MetricsThread, why);
    };
    witness.judged(Check::MetricValues);
    witness.calling("plugin_get_metrics");
    let names = match metrics.read() {
        Ok(metrics) => metrics.into_iter().map(|metric| metric.name).collect::<Vec<_>>(),
        Err(error) => {
            let too_long = matches!(&error, MetricsError::Metric { what, .. } if what.contains("is longer than"));
            let check = if too_long { Check::NameTooLong } else { Check::MetricValues };
            return witness.found(check, error.to_string());
        }
    };
    witness.judged(Check::NameTooLong);
    witness.judged(Check::MetricsThread);
    let read = || match metrics.read() {
        Ok(read) if read.iter().map(|metric| &metric.name).eq(&names) => None,
        Ok(read) => Some(format!("it gave {} metrics where {} were before", read.len(), names.len())),
        Err(error) => Some(error.to_string()),
    };
    witness.calling_under(Check::MetricsThread, "plugin_get_metrics on another thread");
    let wrong = thread::scope(|scope| scope.spawn(|| (0..20).find_map(|_| read())).join().unwrap_or(None));
    if let Some(wrong) = wrong {
        return witness.found(Check::MetricsThread, format!("on another thread: {wrong}"));
    }
    if loaded.source(&inspector).is_none() {
        return;
    }
    let under = witness.under(Check::MetricsThread, "while another thread calls plugin_get_metrics: ");
    let stop = std::sync::atomic::AtomicBool::new(false);
    let wrong = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                if let Some(wrong) = read() {
                    return Some(wrong);
                }
                thread::sleep(Duration::from_micros(100));
            }
            None
        });
        let name = loaded.source(&inspector).map(|source| source.library().info().name.clone());
        captured(&under, loaded, &inspector, &name.unwrap_or_default());
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        reader.join().unwrap_or(None)
    });
    if let Some(wrong) = wrong {
        witness.found(Check::MetricsThread, format!("while events were read: {wrong}"));
    }
    witness.calling("plugin_destroy");
}

/// Routines of a capture: they wait between their runs, and the host can wait for them.
pub(super) fn routines(witness: &Witness, loaded: &Loaded<'_>) {
    if !loaded.info().capabilities.capture_listen {
        return;
    }
    let Ok(inspector) = loaded.start(witness, &Logs::new()) else { return };
    let Some(plugin) = loaded.plugin(&inspector) else { return };
    let routines = Routines::new();
    witness.calling("plugin_capture_open");
    if plugin.capture_open(Some(&routines)).is_err() {
        return;
    }
    let (before, subscribed) = routines.runs();
    if subscribed == 0 && before == 0 {
        witness.skipped(Check::RoutineSpins, "no routine was subscribed in capture_open");
    } else {
        witness.calling("routines of the plugin");
        thread::sleep(ROUTINES);
        let runs = routines.runs().0 - before;
        let millis = ROUTINES.as_millis();
        let wrong =
            (runs > RUNS * subscribed.max(1) as u64).then(|| format!("it returned {runs} times in {millis} ms"));
        witness.judge(Check::RoutineSpins, wrong);
    }
    witness.calling("plugin_capture_close");
    let _ = plugin.capture_close();
    witness.calling("routines, which the host waits for");
    routines.purge();
    plugin.owner().inner().end_routines();
    found(witness, loaded, inspector.findings());
    witness.calling("plugin_destroy");
}

/// A capture in a host without threads: subscribe gives NULL.
pub(super) fn no_routines(witness: &Witness, loaded: &Loaded<'_>) {
    if !loaded.info().capabilities.capture_listen {
        return;
    }
    let Ok(inspector) = loaded.start(witness, &Logs::new()) else { return };
    let Some(plugin) = loaded.plugin(&inspector) else { return };
    let under = witness.under(Check::SubscribeNull, "where subscribe gives NULL: ");
    under.calling("plugin_capture_open");
    let opened = plugin.capture_open(None);
    let silent = opened.is_err() && plugin.own_last_error().is_none_or(|message| message.is_empty());
    let message = silent.then(|| "capture_open fails without a message".to_owned());
    witness.judge(Check::SubscribeNull, message);
    under.calling("plugin_capture_close");
    if opened.is_ok() {
        let _ = plugin.capture_close();
    }
    under.calling("plugin_destroy");
}
