// SPDX-License-Identifier: Apache-2.0
//! States and instances are made and destroyed many times: everything is given back (rule 11.2).

use std::{
    fs,
    time::{Duration, Instant},
};

use falconet::abi::{FAILURE, SUCCESS};

use super::{Check, raw::Reader, subject::Loaded, witness::Witness};
use crate::{Logs, Plugin};

/// How often, before and between measures. Static slots of a plugin are fewer.
const WARM: usize = 20;
const CYCLES: usize = 40;
/// For how long.
const TIME: Duration = Duration::from_secs(4);
/// Batches read of each instance.
const BATCHES: usize = 3;

/// What a process has.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    files: usize,
    threads: usize,
    bytes: usize,
}

impl Held {
    fn now() -> Self {
        let count = |folder: &str| fs::read_dir(folder).map_or(0, Iterator::count);
        Self { files: count("/proc/self/fd"), threads: count("/proc/self/task"), bytes: crate::guard::heap() }
    }
}

/// Makes and destroys states, then instances.
pub(super) fn run(witness: &Witness, loaded: &Loaded<'_>) {
    witness.judged(Check::NotGivenBack);
    // Nothing is kept of what is logged, or it would be taken for a leak.
    let logs = Logs::with_callback(|_| {});
    let held = measured(|round| {
        let inspector = match loaded.start(witness, &logs) {
            Ok(inspector) => inspector,
            Err(error) => return Err(format!("the plugin could not be initialised after {round} times: {error}")),
        };
        if let Some(plugin) = loaded.plugin(&inspector) {
            instance(witness, plugin, &loaded.subject.params, round)?;
        }
        witness.calling("plugin_destroy");
        Ok(())
    });
    judge(witness, "init and destroy", held);
    let Ok(inspector) = loaded.start(witness, &logs) else { return };
    let Some(plugin) = loaded.plugin(&inspector).filter(|_| loaded.info().capabilities.source) else { return };
    let held = measured(|round| instance(witness, plugin, &loaded.subject.params, round));
    judge(witness, "open and close", held);
}

/// Opens, reads a little, closes.
fn instance(witness: &Witness, plugin: &Plugin, params: &str, round: usize) -> Result<(), String> {
    if !plugin.library().info().capabilities.source {
        return Ok(());
    }
    witness.calling("plugin_open");
    let Ok((reader, rc)) = Reader::open(plugin, params) else { return Ok(()) };
    // What is neither success nor failure is judged elsewhere.
    if rc == FAILURE {
        let message = plugin.last_error();
        return Err(format!("the source could not be opened after {round} times: {message}"));
    }
    for _ in 0..BATCHES {
        witness.calling("plugin_next_batch");
        if reader.next().rc != SUCCESS {
            break;
        }
    }
    witness.calling("plugin_close");
    drop(reader);
    Ok(())
}

/// What is held after each of three measures, `None` if there is no time for them, or why a round failed.
fn measured(mut round: impl FnMut(usize) -> Result<(), String>) -> Result<Option<[Held; 3]>, String> {
    let mut held = [Held::default(); 3];
    let (mut done, since) = (0, Instant::now());
    for (held, rounds) in held.iter_mut().zip([WARM, CYCLES, CYCLES]) {
        for _ in 0..rounds {
            if since.elapsed() > TIME {
                return Ok(None);
            }
            round(done)?;
            done += 1;
        }
        *held = Held::now();
    }
    Ok(Some(held))
}

fn judge(witness: &Witness, what: &str, held: Result<Option<[Held; 3]>, String>) {
    let [first, second, third] = match held {
        Ok(Some(held)) => held,
        Ok(None) => return witness.skipped(Check::Leaks, format!("{what} take too long for it")),
        Err(why) => return witness.found(Check::NotGivenBack, why),
    };
    // Growth in both halves is growth with each round; memory that is kept once is not.
    let grows =
        |of: fn(&Held) -> usize, least: usize| of(&second) >= of(&first) + least && of(&third) >= of(&second) + least;
    let mut wrong = Vec::new();
    if grows(|held| held.files, CYCLES / 2) {
        wrong.push(format!("{} open files", third.files - second.files));
    }
    if grows(|held| held.threads, CYCLES / 2) {
        wrong.push(format!("{} threads", third.threads - second.threads));
    }
    if grows(|held| held.bytes, CYCLES * 8) {
        wrong.push(format!("{} bytes of the heap", third.bytes - second.bytes));
    }
    let wrong = (!wrong.is_empty()).then(|| format!("{CYCLES} times {what} left {} behind", wrong.join(", ")));
    witness.judge(Check::Leaks, wrong);
}
