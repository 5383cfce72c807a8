// SPDX-License-Identifier: Apache-2.0
//! Events that are like an earlier one in some way, and memory of events that is gone (rules 3.5 and 5.2).

use super::{
    Check,
    answers::{self, How},
    fields::{Expected, VARYING},
    samples::{PAYLOAD, Sample},
    subject::Loaded,
    witness::Witness,
};
use crate::{Logs, Plugin};

/// Two events with unlike values.
fn unlike(expected: &Expected, same_length: bool) -> Option<(usize, usize)> {
    let samples = || expected.samples.iter().enumerate();
    let pairs = samples().flat_map(|(one, first)| samples().map(move |(other, second)| (one, first, other, second)));
    let mut fit = pairs.filter(|(_, first, _, second)| !same_length || first.bytes.len() == second.bytes.len());
    let differ = |one: usize, other: usize| {
        (0..expected.requests.len())
            .any(|index| expected.is_steady(index) && expected.of(one, index) != expected.of(other, index))
    };
    fit.find(|(one, _, other, _)| differ(*one, *other)).map(|(one, _, other, _)| (one, other))
}

/// Asks for all fields of an event, and compares them with those of event `sample`.
fn compare(
    witness: &Witness,
    plugin: &Plugin,
    event: &crate::Event<'_>,
    expected: &Expected,
    sample: usize,
) -> Option<String> {
    let mut wrong = None;
    for (index, request) in expected.requests.iter().enumerate() {
        let answer = answers::ask(witness, plugin, event, &[request], How::default())?;
        let values = answer.values(&[request], 0).unwrap_or_default();
        let right = expected.of(sample, index);
        if values != right && expected.is_steady(index) {
            let (is, should) = (crate::join(&values, true), crate::join(right, true));
            wrong.get_or_insert(format!("'{request}' is {is}, and {should} in a new state"));
        }
    }
    wrong
}

/// An event with the number of the one before, as where a capture follows another; two events with number 0.
pub(super) fn numbers(witness: &Witness, loaded: &Loaded<'_>) {
    let Some(expected) = Expected::new(witness, loaded, false) else { return };
    if expected.has_values() && !expected.has_steady_values() {
        witness.skipped(Check::CacheKey, VARYING);
        return witness.skipped(Check::CacheNumberZero, VARYING);
    }
    let why = "no two events with unlike values came";
    match unlike(&expected, false) {
        Some(pair) => same_number(witness, loaded, &expected, pair),
        None => witness.skipped(Check::CacheKey, why),
    }
    match unlike(&expected, true) {
        Some(pair) => number_zero(witness, loaded, &expected, pair),
        None => witness.skipped(Check::CacheNumberZero, format!("{why}, which are of one length")),
    }
}

fn same_number(witness: &Witness, loaded: &Loaded<'_>, expected: &Expected, (one, other): (usize, usize)) {
    let Ok(inspector) = loaded.start(witness, &Logs::new()) else { return };
    let Some(plugin) = loaded.plugin(&inspector) else { return };
    let (Some(first), Some(second)) = (expected.samples.get(one), expected.samples.get(other)) else { return };
    let (Some(place), Some(elsewhere)) = (first.place(), second.place()) else { return };
    let (Some(event), Some(next)) = (first.in_place(&place, 1), second.in_place(&elsewhere, 1)) else { return };
    let _ = compare(witness, plugin, &event, expected, one);
    let wrong = compare(witness, plugin, &next, expected, other);
    let wrong = wrong.map(|what| format!("two events with the number 1, at unlike addresses: of the second, {what}"));
    witness.judge(Check::CacheKey, wrong);
    witness.calling("plugin_destroy");
}

fn number_zero(witness: &Witness, loaded: &Loaded<'_>, expected: &Expected, (one, other): (usize, usize)) {
    let Ok(inspector) = loaded.start(witness, &Logs::new()) else { return };
    let Some(plugin) = loaded.plugin(&inspector) else { return };
    let (Some(first), Some(second)) = (expected.samples.get(one), expected.samples.get(other)) else { return };
    let second = second.at_time_of(first);
    let Some(place) = first.place() else { return };
    {
        let Some(event) = first.in_place(&place, 0) else { return };
        let _ = compare(witness, plugin, &event, expected, one);
    }
    place.fill(&second.bytes);
    let Some(next) = second.in_place(&place, 0) else { return };
    // The time is another one now, and so may be what is made of it.
    let Some(fresh) = timed(witness, loaded, expected, &second) else { return };
    let wrong = compare(witness, plugin, &next, &fresh, 0);
    let wrong = wrong
        .map(|what| format!("two events with the number 0, of one length, time and address: of the second, {what}"));
    witness.judge(Check::CacheNumberZero, wrong);
    witness.calling("plugin_destroy");
}

/// What a new state gives for one event.
fn timed(witness: &Witness, loaded: &Loaded<'_>, expected: &Expected, sample: &Sample) -> Option<Expected> {
    let inspector = loaded.start(witness, &Logs::new()).ok()?;
    let plugin = loaded.plugin(&inspector)?;
    let pages = sample.place()?;
    let event = sample.in_place(&pages, 1)?;
    let values = expected.requests.iter().map(|request| {
        let answer = answers::ask(witness, plugin, &event, &[request], How::default());
        answer.and_then(|answer| answer.values(&[request], 0).ok()).unwrap_or_default()
    });
    let values = vec![values.collect()];
    witness.calling("plugin_destroy");
    Some(Expected {
        samples: vec![sample.clone()],
        requests: expected.requests.clone(),
        values,
        steady: expected.steady.clone(),
        failures: expected.failures.clone(),
    })
}

/// The memory of the event before cannot be touched any more.
pub(super) fn kept(witness: &Witness, loaded: &Loaded<'_>) {
    let Some(expected) = Expected::new(witness, loaded, false) else { return };
    let Ok(inspector) = loaded.start(witness, &Logs::new()) else { return };
    let Some(plugin) = loaded.plugin(&inspector) else { return };
    for (sample, num) in expected.samples.iter().zip(1..) {
        let Some(pages) = sample.place() else { return };
        {
            let Some(event) = sample.in_place(&pages, num) else { return };
            let _ = compare(witness, plugin, &event, &expected, 0);
            witness.calling("plugin_event_to_string");
            let _ = plugin.event_to_string(&event);
        }
        pages.forbid();
    }
    if expected.samples.len() > 1 {
        witness.judged(Check::EventKept);
    }
    witness.calling("plugin_destroy");
}

/// Events of which a part is missing: nothing behind them may be read.
pub(super) fn past_the_end(witness: &Witness, loaded: &Loaded<'_>) {
    let Some(expected) = Expected::new(witness, loaded, false) else { return };
    let Ok(inspector) = loaded.start(witness, &Logs::new()) else { return };
    let Some(plugin) = loaded.plugin(&inspector) else { return };
    let mut num = 0;
    for sample in &expected.samples {
        let Some(payload) = sample.bytes.get(PAYLOAD..) else { continue };
        let len = payload.len();
        let mut lengths: Vec<usize> = (0..=len.min(48)).chain([len / 2, len.saturating_sub(1)]).collect();
        lengths.dedup();
        let cut = lengths.into_iter().filter_map(|len| payload.get(..len).map(<[u8]>::to_vec));
        let without_nul = payload.iter().map(|byte| if *byte == 0 { b'x' } else { *byte }).collect();
        for payload in cut.chain([without_nul, vec![b'x'; len], vec![0xff; len]]) {
            let Some(other) = sample.with_payload(&payload) else { continue };
            let Some(pages) = other.place() else { return };
            num += 1;
            let Some(event) = other.in_place(&pages, num) else { continue };
            for request in &expected.requests {
                let call = format!(
                    "plugin_extract_fields of {request}, from an event with {} bytes of payload",
                    payload.len()
                );
                if let Some(answer) = answers::ask_as(witness, plugin, &event, &[request], How::default(), &call) {
                    // The host measures strings: one without a NUL goes on behind the event.
                    let _ = answer.values(&[request], 0);
                }
            }
            witness.calling(&format!("plugin_event_to_string of an event with {} bytes of payload", payload.len()));
            let _ = plugin.event_to_string(&event);
        }
    }
    if num > 0 {
        witness.judged(Check::ReadsPastEvent);
    }
    witness.calling("plugin_destroy");
}
