// SPDX-License-Identifier: Apache-2.0
//! Several states beside each other, and on other threads (rules 4.10, 8.2, 11.1 and 11.2).

use std::thread;

use falconet::abi::{EOF, SUCCESS, TIMEOUT};

use super::{
    Check, Subject,
    answers::{self, How},
    beside,
    events::{LentBatch, Stamps},
    raw::{Memory, RawBatch, Reader},
    samples::{self, Sample},
    subject::Loaded,
    witness::Witness,
};
use crate::{Inspector, Library, Logs, Plugin, guard::where_nobody_catches};

/// How many states live at once, as where Falco has several sources and loads its config anew.
const STATES: usize = 4;
/// How many batches are read of each.
const BATCHES: usize = 200;

/// Several states at once: each works as if it were alone.
pub(super) fn several(witness: &Witness, loaded: &Loaded<'_>) {
    let mut inspectors = Vec::new();
    witness.judged(Check::SeveralStates);
    let samples = samples::collect(&witness.quiet(), loaded);
    let alone =
        loaded.start(witness, &Logs::new()).map(|inspector| messages(witness, loaded, &inspector, &samples, "alone"));
    let Ok(alone) = alone else { return };
    for count in 1..=STATES {
        match loaded.start(witness, &Logs::new()) {
            Ok(inspector) => inspectors.push(inspector),
            Err(error) => {
                let message = format!("init number {count}, with {} states alive, fails: {error}", count - 1);
                return witness.found(Check::SeveralStates, message);
            }
        }
    }
    for inspector in &inspectors {
        let now = messages(witness, loaded, inspector, &samples, "with several states alive");
        for message in now.into_iter().filter(|message| !alone.contains(message)) {
            let message = format!("with {STATES} states alive, and not with one: {message}");
            witness.found(Check::SeveralStates, message);
        }
    }
    let plugins: Vec<_> = inspectors.iter().filter_map(|inspector| loaded.plugin(inspector)).collect();
    if let [first, second, ..] = plugins.as_slice()
        && loaded.info().capabilities.source
    {
        beside(witness, loaded.subject, first, second);
    }
    // Those in the middle first: the others must not mind.
    for index in [1, 0, 0, 0] {
        if index < inspectors.len() {
            witness.calling("plugin_destroy, of one state of several");
            drop(inspectors.remove(index));
            witness.calling("plugin_get_last_error, of the others");
            inspectors.iter().filter_map(|inspector| loaded.plugin(inspector)).for_each(|plugin| {
                let _ = plugin.own_last_error();
            });
        }
    }
}

/// What the host finds while the plugin parses some events and is asked for its fields.
pub(super) fn messages(
    witness: &Witness,
    loaded: &Loaded<'_>,
    inspector: &Inspector,
    samples: &[Sample],
    how: &str,
) -> Vec<String> {
    let Some(plugin) = loaded.plugin(inspector) else { return Vec::new() };
    let (requests, quiet) = (samples::requests(loaded), witness.quiet());
    for (sample, num) in samples.iter().zip(1..) {
        beside::shown(&quiet, plugin, sample, num);
        let Some(pages) = sample.place() else { continue };
        let Some(event) = sample.in_place(&pages, num) else { continue };
        for request in requests.iter().filter(|_| loaded.info().capabilities.extract) {
            let call = format!("plugin_extract_fields of {request}, {how}");
            // What it gives is judged elsewhere, and not looked at here.
            let _ = answers::ask_as(&quiet, plugin, &event, &[request], How::default(), &call);
        }
    }
    inspector.findings().take().into_iter().map(|finding| finding.message).collect()
}

/// An instance and what was read of it.
struct Run<'p> {
    reader: Reader<'p>,
    lent: LentBatch,
    stamps: Stamps,
    events: u64,
    over: bool,
    ended: bool,
}

impl<'p> Run<'p> {
    fn open(witness: &Witness, plugin: &'p Plugin, params: &str) -> Result<Self, String> {
        witness.calling("plugin_open");
        let (reader, rc) = Reader::open(plugin, params).map_err(|error| error.to_string())?;
        let (lent, stamps) = (LentBatch::default(), Stamps::new());
        match rc {
            SUCCESS => Ok(Self { reader, lent, stamps, events: 0, over: false, ended: false }),
            _ => Err(plugin.last_error()),
        }
    }

    /// Reads a batch. What is wrong with it is found elsewhere.
    fn step(&mut self, witness: &Witness) {
        witness.calling("plugin_next_batch");
        let batch = self.reader.next();
        self.take(witness, &batch);
    }

    fn take(&mut self, witness: &Witness, batch: &RawBatch) {
        self.lent = LentBatch::default();
        if batch.count_unset() || (batch.count > 0 && batch.events_unset()) {
            self.over = true;
            return;
        }
        if batch.count > 0 {
            self.lent = LentBatch::quietly(witness, &self.reader, batch, self.events + 1, &mut self.stamps);
            self.events += u64::from(batch.count);
        }
        self.ended |= batch.rc == EOF;
        self.over |= batch.rc != SUCCESS && batch.rc != TIMEOUT;
    }
}

/// Two instances read in turn: neither touches the other's memory, and each gives all events.
fn beside(witness: &Witness, subject: &Subject, first: &Plugin, second: &Plugin) {
    let memory = Memory::new();
    let alone = Run::open(witness, first, &subject.params).map(|mut run| {
        (0..BATCHES).for_each(|_| {
            if !run.over {
                run.step(witness);
            }
        });
        (run.events, run.ended)
    });
    let not_beside = |error: &str| {
        let why = format!("no second instance could be opened beside a first one: {error}");
        witness.skipped(Check::BatchShared, why);
    };
    let (alone, ended) = match alone {
        Ok(alone) => alone,
        Err(error) => return not_beside(&error),
    };
    let mut one = match Run::open(witness, first, &subject.params) {
        Ok(run) => run,
        Err(error) => {
            not_beside(&error);
            let message = format!("after one instance was closed, another one cannot be opened: {error}");
            return witness.found(Check::SeveralStates, message);
        }
    };
    let mut other = match Run::open(witness, second, &subject.params) {
        Ok(run) => run,
        Err(error) => {
            not_beside(&error);
            let message = format!("the source of a second state cannot be opened beside the first's: {error}");
            return witness.found(Check::SeveralStates, message);
        }
    };
    for _ in 0..BATCHES {
        if one.over && other.over {
            break;
        }
        if !one.over {
            one.step(witness);
        }
        if !other.over {
            other.step(witness);
        }
        if one.lent.events.is_empty() || other.lent.events.is_empty() {
            continue;
        }
        witness.judged(Check::BatchShared);
        let common = one.lent.overlaps(&other.lent);
        let changed = one.lent.changed(&memory);
        if common || changed > 0 {
            let message = match common {
                true => "the batches of two instances, each of a state of its own, lie in the same memory".to_owned(),
                false => format!("{changed} events of one instance changed in a call of another's next_batch"),
            };
            return witness.found(Check::BatchShared, message);
        }
    }
    witness.skipped(Check::BatchShared, "no two instances had events lent at the same time");
    if ended && (one.events != alone || other.events != alone) {
        let message = format!(
            "a source gave {alone} events alone, and {} and {} of two states that were read in turn",
            one.events, other.events
        );
        witness.found(Check::SeveralStates, message);
    }
    witness.calling("plugin_close");
}

/// What is done on another thread: the number of events, or why there are none.
pub(super) fn whole(witness: &Witness, plugin: &Plugin, subject: &Subject) -> Result<u64, String> {
    let mut run = Run::open(witness, plugin, &subject.params)?;
    for _ in 0..20 {
        if run.over {
            break;
        }
        run.step(witness);
        run.lent.show(witness, plugin, run.reader.source());
    }
    Ok(run.events)
}

/// Init on one thread, all else on another, as in Falco.
pub(super) fn other_thread(witness: &Witness, loaded: &Loaded<'_>) {
    if !loaded.info().capabilities.source {
        return;
    }
    let here = loaded.start(witness, &Logs::new());
    let Ok(here) = here else { return };
    let alone = loaded.plugin(&here).map(|plugin| whole(witness, plugin, loaded.subject));
    let Some(Ok(alone)) = alone else { return };
    witness.calling("plugin_destroy");
    drop(here);
    // What fails on this thread, too, is no matter of threads.
    let Ok(again) = loaded.start(witness, &Logs::new()) else { return };
    if let Some(Err(error)) = loaded.plugin(&again).map(|plugin| whole(witness, plugin, loaded.subject)) {
        let message = format!("an instance of a second state cannot be opened after the first's: {error}");
        witness.found(Check::SeveralStates, message);
        return witness.skipped(Check::OtherThread, "a second instance cannot be opened on the same thread either");
    }
    witness.calling("plugin_destroy");
    drop(again);
    let Ok(inspector) = loaded.start(witness, &Logs::new()) else { return };
    witness.judged(Check::OtherThread);
    let under = witness.under(Check::OtherThread, "on another thread than that of init: ");
    let mut there = None;
    let ran = where_nobody_catches(|| {
        let inspector = inspector;
        there = loaded.plugin(&inspector).map(|plugin| whole(&under, plugin, loaded.subject));
        under.calling("plugin_destroy");
    });
    if ran.is_err() {
        return witness.skipped(Check::OtherThread, "the system gives no other thread");
    }
    let wrong = match there {
        Some(Ok(events)) if events == alone => None,
        Some(Ok(events)) => {
            Some(format!("{events} events came on another thread than that of init, {alone} on its own"))
        }
        Some(Err(error)) => Some(format!("open fails on another thread than that of init: {error}")),
        None => None,
    };
    witness.judge(Check::OtherThread, wrong);
}

/// A thread uses the library, unmaps it, and ends.
pub(super) fn unload(witness: &Witness, subject: &Subject) {
    let path = subject.library.clone();
    let mut done = None;
    let used = || {
        let library = Library::load(path).ok()?;
        witness.calling("plugin_init");
        let plugin = Plugin::init(&library, &subject.config, &Logs::new()).ok()?;
        if library.info().capabilities.source {
            let _ = whole(witness, &plugin, subject);
        }
        witness.calling("plugin_destroy");
        drop(plugin);
        witness.calling_under(Check::Unload, "dlclose after plugin_destroy");
        drop(library);
        witness.calling_under(Check::Unload, "the end of the thread that used the library, which is unmapped");
        Some(())
    };
    // Where there is no other thread, nothing is done.
    let _ = where_nobody_catches(|| done = used());
    if done.is_some() {
        // Threads that are left need a moment to run into what is not there.
        thread::sleep(std::time::Duration::from_millis(30));
        witness.judged(Check::Unload);
    } else {
        witness.skipped(Check::Unload, "it needs other plugins for its init");
    }
}
