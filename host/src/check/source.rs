// SPDX-License-Identifier: Apache-2.0
//! A source is read to its end, and asked beyond it (section 4).

use std::{
    cell::Cell,
    thread,
    time::{Duration, Instant},
};

use falconet::abi::{EOF, FAILURE, NOT_SUPPORTED, SUCCESS, TIMEOUT};

use super::{
    Check,
    events::{LentBatch, Stamps},
    load::{self, judge_message},
    raw::{Memory, RawBatch, Reader},
    subject::Loaded,
    witness::Witness,
};
use crate::{
    Logs, Plugin,
    call::{Code, POISON_U32},
};

/// How long a source is read, and how many of its batches, at most.
const TIME: Duration = Duration::from_millis(1500);
const BATCHES: usize = 2000;
/// After how many timeouts in a row nothing more is expected.
const TIMEOUTS: usize = 25;
const PAUSE: Duration = Duration::from_millis(2);
/// For how long a call may keep async events waiting.
const BLOCKS: Duration = Duration::from_secs(1);
const NO_FAILURE: &str = "no call of plugin_next_batch failed";
/// How often a source is asked after its end.
const AGAIN: usize = 3;

/// How far a source was read.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) events: u64,
    pub(super) ended: bool,
    /// A rule was broken that leaves nothing to read.
    pub(super) broken: bool,
}

/// Opens the source with the params; `None` is told.
pub(super) fn open<'p>(witness: &Witness, plugin: &'p Plugin, params: &str) -> Option<Reader<'p>> {
    witness.calling(&format!("plugin_open({params:?})"));
    let (reader, rc) = Reader::open(plugin, params).ok()?;
    witness.judged(Check::OpenRcUnset);
    match Code::done("plugin_open", rc) {
        Ok(true) => Some(reader),
        Ok(false) => {
            let message = judge_message(witness, plugin, "a failed plugin_open");
            let silent = message.as_ref().is_some_and(String::is_empty);
            witness.judge(Check::FailureSilent, silent.then(|| "plugin_open failed without one".to_owned()));
            let message = message.unwrap_or_default();
            witness.stopped(format!("plugin_open fails with these params, give others with --params: {message}"));
            witness.calling_under(Check::CloseNull, "plugin_close after a failed plugin_open");
            None
        }
        Err(error) => {
            if let Some(check) = load::rc_of(&error) {
                witness.found(check, error.to_string());
            }
            None
        }
    }
}

/// Reads the source of the plugin that is checked.
pub(super) fn run(witness: &Witness, loaded: &Loaded<'_>) {
    let logs = Logs::new();
    let Ok(inspector) = loaded.start(witness, &logs) else { return };
    let Some(plugin) = loaded.plugin(&inspector).filter(|_| loaded.info().capabilities.source) else { return };
    let Some(reader) = open(witness, plugin, &loaded.subject.params) else { return };
    let memory = Memory::new();
    let read = read(witness, plugin, &reader, &memory);
    if !read.broken {
        expected(witness, loaded, &read);
    }
    witness.calling("plugin_close");
    drop(reader);
    load::log_unclaimed(witness, loaded, &logs);
    witness.calling("plugin_destroy");
}

fn expected(witness: &Witness, loaded: &Loaded<'_>, read: &Read) {
    if let Some(expected) = loaded.subject.events {
        let events = read.events;
        let (more, fewer) = (events > expected, read.ended && events < expected);
        let end = if read.ended { "" } else { " and not the end" };
        if more {
            let why = "either the number is wrong, or events come twice";
            let message = format!("{events} events came{end}, more than the {expected} that were expected: {why}");
            witness.found(Check::EventsLost, message);
        } else if fewer {
            witness.found(Check::EventsLost, format!("{events} events came, {expected} were expected"));
        } else if read.ended {
            witness.judged(Check::EventsLost);
        }
    }
}

/// Reads to the end or to the limits, judging each batch.
fn read(witness: &Witness, plugin: &Plugin, reader: &Reader<'_>, memory: &Memory) -> Read {
    let (mut read, mut lent, mut stamps) = (Read::default(), LentBatch::default(), Stamps::new());
    let (since, mut timeouts) = (Instant::now(), 0);
    for _ in 0..BATCHES {
        if since.elapsed() > TIME || timeouts > TIMEOUTS {
            break;
        }
        let Some(batch) = next(witness, reader, &mut read, &lent, memory) else { return read };
        if batch.count > 0 {
            judge_events(witness);
            lent = LentBatch::take(witness, reader, &batch, read.events + 1, &mut stamps);
            read.events += u64::from(batch.count);
        } else {
            lost(witness, &batch, &lent, memory);
        }
        let message = (batch.rc == FAILURE || batch.rc == NOT_SUPPORTED).then(|| failed(witness, plugin));
        used(witness, plugin, reader, &batch, &lent, memory);
        match batch.rc {
            SUCCESS => timeouts = 0,
            TIMEOUT => {
                timeouts += 1;
                thread::sleep(PAUSE);
            }
            EOF => {
                read.ended = true;
                if read.events == 0 {
                    nothing_came(witness, "the source ended without an event");
                }
                after_the_end(witness, reader, &lent, memory);
                witness.skipped(Check::ErrorOverwritten, NO_FAILURE);
                return read;
            }
            _ => {
                let now = judge_message(witness, plugin, "the events that came with a failure");
                let lost = (batch.count > 0 && now != message.flatten())
                    .then(|| "it was there when the call returned, and gone after its events".to_owned());
                witness.judge(Check::ErrorOverwritten, lost);
                return read;
            }
        }
    }
    if read.events == 0 {
        nothing_came(witness, "no event came");
    }
    witness.skipped(Check::ErrorOverwritten, NO_FAILURE);
    let why = "the source did not end within the time of this check";
    witness.skipped(Check::EofNotSticky, why);
    witness.skipped(Check::EventsLost, why);
    read
}

/// Calls next_batch, and judges what can be told before its events are looked at. `None` if nothing can be read.
fn next(
    witness: &Witness,
    reader: &Reader<'_>,
    read: &mut Read,
    lent: &LentBatch,
    memory: &Memory,
) -> Option<RawBatch> {
    witness.calling("plugin_next_batch");
    let batch = reader.next();
    let broken = Cell::new(false);
    let wrong = |check: Check, message: Option<String>| {
        broken.set(broken.get() || message.is_some());
        witness.judge(check, message);
    };
    let code = Code::of("plugin_next_batch", batch.rc);
    wrong(Check::NextBatchRc, code.as_ref().err().map(ToString::to_string));
    let rc = batch.rc;
    wrong(Check::NevtsUnset, batch.count_unset().then(|| format!("nevts was left as it was with the rc {rc}")));
    let some = batch.count > 0 && !batch.count_unset();
    let unset = some && batch.events_unset();
    wrong(Check::EvtsUnset, unset.then(|| format!("nevts is {}, and evts unwritten or NULL", batch.count)));
    let empty = rc == SUCCESS && batch.count == 0;
    wrong(Check::SuccessEmpty, empty.then(|| "success with no event".to_owned()));
    let blocked = (batch.took > BLOCKS).then(|| format!("a call took {} ms", batch.took.as_millis()));
    witness.judge(Check::NextBatchBlocks, blocked);
    if broken.get() {
        read.broken = true;
        return None;
    }
    if rc != SUCCESS {
        let addresses: Vec<_> = reader.pointers(&batch).into_iter().map(<*mut _>::addr).collect();
        let again = lent.again(memory, &addresses);
        let how = format!("the {} events of the last batch came again with the rc {rc}", batch.count);
        wrong(Check::BatchReplayed, again.then_some(how));
        if again {
            read.broken = true;
            return None;
        }
    }
    Some(batch)
}

/// What every event of a batch is looked at for.
const OF_EVENTS: [Check; 7] = [
    Check::EventHeader,
    Check::EventParams,
    Check::BatchReadOnly,
    Check::TsNotReset,
    Check::EventType,
    Check::EventId,
    Check::BatchChanged,
];

fn judge_events(witness: &Witness) {
    for check in OF_EVENTS {
        witness.judged(check);
    }
}

fn nothing_came(witness: &Witness, why: &str) {
    for check in OF_EVENTS.into_iter().chain([Check::EventsLost, Check::BatchShared]) {
        witness.skipped(check, why);
    }
    witness.note(format!("{why}: little could be checked. Give --params of a source that has some"));
}

/// Whether events were written into the places of the last batch, and none was given.
fn lost(witness: &Witness, batch: &RawBatch, lent: &LentBatch, memory: &Memory) {
    if batch.rc == SUCCESS || lent.events.is_empty() {
        return;
    }
    let count = lent.written_anew(memory);
    let rc = batch.rc;
    let wrong =
        (count > 0).then(|| format!("{count} new events were written into the batch, and none given with the rc {rc}"));
    witness.judge(Check::EventsLost, wrong);
}

/// The message of a failure, read as soon as it is there.
fn failed(witness: &Witness, plugin: &Plugin) -> Option<String> {
    let message = judge_message(witness, plugin, "a failed plugin_next_batch");
    let silent = message.as_ref().is_some_and(String::is_empty);
    witness.judge(Check::FailureSilent, silent.then(|| "plugin_next_batch failed without one".to_owned()));
    message
}

/// Uses the plugin as the host does while a batch is lent; the batch must stay as it is.
fn used(witness: &Witness, plugin: &Plugin, reader: &Reader<'_>, batch: &RawBatch, lent: &LentBatch, memory: &Memory) {
    witness.calling("plugin_get_progress");
    if plugin.api().get_progress.is_none() {
        witness.skipped(Check::Progress, "plugin_get_progress is not exported");
    }
    if let Some(hundredths) = reader.progress() {
        let wrong = match hundredths {
            POISON_U32 => Some("progress_pct was left as it was".to_owned()),
            0..=10_000 => None,
            more => Some(format!("it gave {more}")),
        };
        witness.judge(Check::Progress, wrong);
    }
    lent.show(witness, plugin, reader.source());
    let changed = lent.changed(memory);
    if batch.count > 0 && changed > 0 {
        let message = format!("{changed} of {} events changed before the next call of next_batch", lent.events.len());
        witness.found(Check::BatchChanged, message);
    }
}

fn after_the_end(witness: &Witness, reader: &Reader<'_>, lent: &LentBatch, memory: &Memory) {
    witness.judged(Check::EofNotSticky);
    for _ in 0..AGAIN {
        witness.calling("plugin_next_batch after the end");
        let batch = reader.next();
        if batch.count_unset() {
            witness.found(Check::NevtsUnset, "nevts was left as it was after the end");
            return;
        }
        let addresses: Vec<_> = match batch.count > 0 && !batch.events_unset() {
            true => reader.pointers(&batch).into_iter().map(<*mut _>::addr).collect(),
            false => Vec::new(),
        };
        if lent.again(memory, &addresses) {
            witness.found(Check::BatchReplayed, "the events of the last batch came again after the end");
            return;
        }
        if batch.rc != EOF || batch.count > 0 {
            let message = format!("it gave the rc {} and {} events after the end", batch.rc, batch.count);
            witness.found(Check::EofNotSticky, message);
            return;
        }
    }
}

/// Opens with params that make no sense, and closes NULL.
pub(super) fn open_fails(witness: &Witness, loaded: &Loaded<'_>) {
    let Ok(inspector) = loaded.start(witness, &Logs::new()) else { return };
    let Some(plugin) = loaded.plugin(&inspector).filter(|_| loaded.info().capabilities.source) else { return };
    let params = "\u{1}no such thing\u{2}";
    witness.calling(&format!("plugin_open({params:?})"));
    let Ok((reader, rc)) = Reader::open(plugin, params) else { return };
    witness.judged(Check::OpenRcUnset);
    match Code::done("plugin_open", rc) {
        Ok(true) => {}
        Ok(false) => {
            let message = judge_message(witness, plugin, "a failed plugin_open");
            let wrong =
                message.is_some_and(|message| message.is_empty()).then(|| "plugin_open failed without one".to_owned());
            witness.judge(Check::FailureSilent, wrong);
        }
        Err(error) => load::rc_of(&error).into_iter().for_each(|check| witness.found(check, error.to_string())),
    }
    witness.judged(Check::CloseNull);
    let null = if reader.is_null() { "NULL" } else { "what it gave" };
    witness.calling_under(Check::CloseNull, &format!("plugin_close of {null} after plugin_open"));
    drop(reader);
    witness.calling_under(Check::CloseNull, "plugin_close of NULL");
    super::raw::close_null(plugin);
    witness.calling("plugin_destroy");
}
