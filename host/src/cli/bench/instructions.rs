// SPDX-License-Identifier: Apache-2.0
//! Instructions inside of a plugin's functions and of what those call, counted by callgrind where valgrind is.
//!
//! Two runs of unlike length are counted, and their difference is divided by the difference of their units: what is done
//! once is not in a figure.

use anyhow::Context as _;
use falconet_host::{Measured, Phase};

use super::child::Job;

/// Units of the shorter and of the longer run.
const UNITS: [u64; 2] = [6_400, 19_200];

/// How much longer anything takes under callgrind.
const SLOWER: f64 = 50.0;

/// CPU time of sourcing up to which the end of the source is looked for: callgrind takes some fifty times that.
const MOST_NS: u64 = 250_000_000;

/// Instructions a unit; `None` where the phase is not about one function, or there are too few events. `source` is what
/// sourcing has taken.
pub(super) fn of(job: &Job, phase: Phase, source: &Measured) -> anyhow::Result<Option<f64>> {
    let Some(function) = phase.function() else { return Ok(None) };
    if phase == Phase::End && source.cpu_ns > MOST_NS {
        return Ok(None);
    }
    let mut runs = [(0, 0); 2];
    for (run, units) in runs.iter_mut().zip(UNITS) {
        // Behind the end, a run is longer by its calls alone.
        let max = if phase == Phase::End { job.max } else { units };
        let timeout = job.timeout * SLOWER;
        let (phases, count, samples) = (vec![phase], false, false);
        let job = Job { max, end_calls: units, phases, count, samples, timeout, ..job.clone() };
        let Some(counted) = counted(&job, function, phase)? else { return Ok(None) };
        *run = counted;
    }
    let [less, more] = runs;
    if more.0 <= less.0 {
        return Ok(None);
    }
    let [units, instructions] = [more.0 - less.0, more.1.saturating_sub(less.1)];
    Ok(Some(instructions as f64 / units as f64))
}

/// Units and instructions of one run; `None` if there is no such work.
fn counted(job: &Job, function: &str, phase: Phase) -> anyhow::Result<Option<(u64, u64)>> {
    let toggle = format!("--toggle-collect={function}");
    let arguments = ["--tool=callgrind", "--callgrind-out-file=/dev/null", toggle.as_str()];
    let (round, said) = job.run_by("valgrind", &arguments).context("valgrind")?;
    let Some(measured) = round.phases.get(&phase) else { return Ok(None) };
    let collected = said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    let collected: u64 = collected.context("callgrind has not said how many instructions it collected")?;
    Ok(Some((measured.units, collected)))
}
