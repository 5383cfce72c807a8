// SPDX-License-Identifier: Apache-2.0
//! What is told of each plugin: medians over the rounds, ratios to the first plugin, and how far the rounds lie apart.

use std::{collections::BTreeMap, path::PathBuf};

use falconet_host::{Measured, Phase};
use serde::Serialize;

use super::child::Round;

/// All that was measured.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) rounds: usize,
    pub(super) max: u64,
    pub(super) params: String,
    pub(super) config: String,
    pub(super) fields: Vec<String>,
    pub(super) plugins: Vec<Figures>,
    /// What is not the same of the first events of two plugins.
    pub(super) differences: Vec<String>,
}

/// The figures of a plugin.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    pub(super) library: PathBuf,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) file_bytes: u64,
    pub(super) load: LoadFigures,
    pub(super) phases: BTreeMap<Phase, Figure>,
}

/// Medians of the way to the first batch.
#[derive(Debug, Serialize)]
pub(super) struct LoadFigures {
    pub(super) dlopen_us: f64,
    pub(super) init_us: f64,
    pub(super) open_us: f64,
    pub(super) first_batch_us: f64,
    pub(super) total_us: f64,
    pub(super) resident_kib: Option<f64>,
}

/// The figures of a phase. A unit is an event, or a call where no source is in the phase.
#[derive(Debug, Serialize)]
pub(super) struct Figure {
    pub(super) units: u64,
    /// CPU time of a unit: the median of the rounds, the least and the most.
    pub(super) ns: f64,
    pub(super) least_ns: f64,
    pub(super) most_ns: f64,
    /// The median over the first plugin's.
    pub(super) ratio: Option<f64>,
    /// GB (10^9 bytes) of sourced events a second of CPU time.
    pub(super) gb_per_s: Option<f64>,
    pub(super) bytes_per_event: Option<f64>,
    pub(super) events_per_batch: Option<f64>,
    pub(super) values_per_unit: f64,
    pub(super) failures: u64,
    /// How often memory was taken, a unit.
    pub(super) allocations: Option<f64>,
    /// Instructions inside of the plugin, a unit.
    pub(super) instructions: Option<f64>,
}

impl LoadFigures {
    pub(super) fn of(rounds: &[Round]) -> Self {
        let us = |part: fn(&Round) -> u64| median(rounds.iter().map(|round| part(round) as f64 / 1e3));
        let resident: Option<Vec<u64>> = rounds.iter().map(|round| round.load.resident_kib).collect();
        Self {
            dlopen_us: us(|round| round.load.dlopen_ns),
            init_us: us(|round| round.load.init_ns),
            open_us: us(|round| round.load.open_ns),
            first_batch_us: us(|round| round.load.batch_ns),
            total_us: us(|round| round.load.total_ns()),
            resident_kib: resident.map(|kib| median(kib.into_iter().map(|kib| kib as f64))),
        }
    }
}

impl Figure {
    /// The figure of a phase in all rounds; `None` where it was not measured.
    pub(super) fn of(phase: Phase, rounds: &[Round], counted: &Round, instructions: Option<f64>) -> Option<Self> {
        let all: Vec<&Measured> = rounds.iter().filter_map(|round| round.phases.get(&phase)).collect();
        let first = *all.first()?;
        let ns = |measured: &&Measured| measured.cpu_ns as f64 / measured.units.max(1) as f64;
        let units = first.units.max(1) as f64;
        let ns_of_all = || all.iter().map(ns);
        let median_ns = median(ns_of_all());
        let sourced = (first.bytes > 0).then_some(first.bytes as f64 / units);
        let allocations = counted.phases.get(&phase).filter(|_| counted.counted);
        Some(Self {
            units: first.units,
            ns: median_ns,
            least_ns: ns_of_all().fold(f64::INFINITY, f64::min),
            most_ns: ns_of_all().fold(0.0, f64::max),
            ratio: None,
            gb_per_s: sourced.map(|bytes| bytes / median_ns),
            bytes_per_event: sourced,
            events_per_batch: sourced.map(|_| units / first.batches.max(1) as f64),
            values_per_unit: first.values as f64 / units,
            failures: first.failures,
            allocations: allocations.map(|counted| counted.counted as f64 / counted.units.max(1) as f64),
            instructions,
        })
    }
}

/// The middle one, or the mean of the middle two; 0 of none.
pub(super) fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    let middle = |index: usize| figures.get(index).copied().unwrap_or_default();
    let half = figures.len() / 2;
    if figures.len() % 2 == 1 { middle(half) } else { (middle(half) + middle(half.saturating_sub(1))) / 2.0 }
}

/// What a plugin makes of fields that are asked for in one call and not of each alone; the first such event.
pub(super) fn together(name: &str, round: &Round) -> Option<String> {
    let mut samples = round.samples.iter().enumerate();
    let (index, what) = samples.find_map(|(index, sample)| Some((index, sample.together.as_ref()?)))?;
    Some(format!("{name}: all fields asked for in one call, event {}: {what}; one by one they are right", index + 1))
}

/// What is not the same in the first events of the first plugin and of another one.
pub(super) fn differences(names: [&str; 2], fields: &[String], rounds: [&Round; 2]) -> Vec<String> {
    let [first, other] = rounds.map(|round| &round.samples);
    let mut differences = Vec::new();
    if first.len() != other.len() {
        let [first, other] = [first.len(), other.len()];
        differences.push(format!("{} gave {first} of the first 128 events, {} gave {other}", names[0], names[1]));
    }
    let or_none = |text: &Option<String>| text.as_ref().map_or("nothing".to_owned(), |text| format!("'{text}'"));
    for (index, (left, right)) in first.iter().zip(other).enumerate() {
        let mut differ = |what: &str, left: &Option<String>, right: &Option<String>| {
            if left != right {
                let (left, right) = (or_none(left), or_none(right));
                differences.push(format!(
                    "event {}: {what} is {left} in {}, {right} in {}",
                    index + 1,
                    names[0],
                    names[1]
                ));
            }
        };
        differ("the text", &left.text, &right.text);
        for (field, (left, right)) in fields.iter().zip(left.values.iter().zip(&right.values)) {
            differ(field, left, right);
        }
        if differences.len() > 8 {
            differences.push("and more".to_owned());
            break;
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), 2.5);
        assert_eq!(median(std::iter::empty()), 0.0);
    }
}
