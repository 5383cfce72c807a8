// SPDX-License-Identifier: Apache-2.0
//! Values of fields: each alone, several at once, read at once and later (rules 5.1 to 5.8).

use falconet::abi::since;

use super::{
    Check,
    answers::{self, How},
    load, notes,
    samples::{self, Sample},
    subject::Loaded,
    witness::Witness,
};
use crate::{Event, FieldRequest, Logs, Plugin, Value};

/// All pairs of fields are tried up to this many.
const PAIRS: usize = 24;
/// Why values are not compared.
pub(super) const VARYING: &str = "the values are others each time the same event is asked for them";

/// What a fresh state gives for each event and request.
pub(super) struct Expected {
    pub(super) samples: Vec<Sample>,
    pub(super) requests: Vec<FieldRequest>,
    /// The values, by event and request.
    pub(super) values: Vec<Vec<Vec<Value>>>,
    /// By request, whether the same event has the same value each time: not so a time of day, or a number of calls.
    pub(super) steady: Vec<bool>,
    /// By request, what the plugin said when the first call for it failed.
    pub(super) failures: Vec<Option<String>>,
}

impl Expected {
    /// Asks for each field of each event alone. `None` if that says that nothing further can be asked.
    pub(super) fn new(witness: &Witness, loaded: &Loaded<'_>, judge: bool) -> Option<Self> {
        if !loaded.info().capabilities.extract {
            return None;
        }
        let (samples, requests) = (samples::collect(witness, loaded), samples::requests(loaded));
        let inspector = loaded.start(witness, &Logs::new()).ok()?;
        let plugin = loaded.plugin(&inspector)?;
        let mut values = Vec::new();
        let mut broken = false;
        let mut failures = vec![None; requests.len()];
        for (sample, num) in samples.iter().zip(1..) {
            let pages = sample.place()?;
            let event = sample.in_place(&pages, num)?;
            let mut of_event = Vec::new();
            for (request, failure) in requests.iter().zip(&mut failures) {
                let answer = answers::ask(witness, plugin, &event, &[request], How::default())?;
                if !answer.done && failure.is_none() {
                    witness.calling("plugin_get_last_error after a failed plugin_extract_fields");
                    *failure = plugin.own_last_error().map(|text| String::from_utf8_lossy(&text).into_owned());
                }
                witness.calling_under(Check::ResultDangles, &format!("reading '{request}' right after its extraction"));
                let at_once = answer.values(&[request], 0);
                answers::use_the_heap();
                let values = at_once.and_then(|at_once| match answer.values(&[request], 0) {
                    Ok(values) if values == at_once => Ok(values),
                    _ => Err((Check::ResultDangles, format!("the field '{request}' lies in memory that is freed"))),
                });
                of_event.push(match values {
                    Ok(values) => values,
                    Err((check, message)) => {
                        broken = true;
                        if judge {
                            witness.found(check, message);
                        }
                        Vec::new()
                    }
                });
            }
            values.push(of_event);
        }
        witness.calling("plugin_destroy");
        drop(inspector);
        if broken {
            return None;
        }
        let steady = vec![true; requests.len()];
        let mut expected = Self { samples, requests, values, steady, failures };
        expected.ask_again(&witness.quiet(), loaded);
        Some(expected)
    }

    /// Asks another new state for the same, in another order and twice: values that differ then are nothing to compare.
    fn ask_again(&mut self, witness: &Witness, loaded: &Loaded<'_>) {
        let Ok(inspector) = loaded.start(witness, &Logs::new()) else { return };
        let Some(plugin) = loaded.plugin(&inspector) else { return };
        for (sample, place) in self.samples.iter().enumerate().rev() {
            let Some(pages) = place.place() else { return };
            let Some(event) = place.in_place(&pages, (self.samples.len() + sample) as u64 + 1) else { return };
            for (index, request) in self.requests.iter().enumerate().rev() {
                for _ in 0..2 {
                    let Some(answer) = answers::ask(witness, plugin, &event, &[request], How::default()) else {
                        return;
                    };
                    let same = answer.values(&[request], 0).is_ok_and(|values| values == self.of(sample, index));
                    if let Some(steady) = self.steady.get_mut(index) {
                        *steady &= same;
                    }
                }
            }
        }
        witness.calling("plugin_destroy");
    }

    /// Whether the values of a field can be compared with those of another call.
    pub(super) fn is_steady(&self, request: usize) -> bool {
        self.steady.get(request).copied().unwrap_or_default()
    }

    /// Whether any field has a value that can be compared.
    pub(super) fn has_steady_values(&self) -> bool {
        let steady = |values: &Vec<Vec<Value>>| {
            values.iter().enumerate().any(|(index, values)| self.is_steady(index) && !values.is_empty())
        };
        self.values.iter().any(steady)
    }

    /// The values of a field of an event.
    pub(super) fn of(&self, sample: usize, request: usize) -> &[Value] {
        self.values.get(sample).and_then(|values| values.get(request)).map_or(&[], Vec::as_slice)
    }

    /// Whether any field has a value.
    pub(super) fn has_values(&self) -> bool {
        self.values.iter().flatten().any(|values| !values.is_empty())
    }
}

/// Makes the checks of values.
pub(super) fn run(witness: &Witness, loaded: &Loaded<'_>) {
    if !loaded.info().capabilities.extract {
        return load::claim_too_high(witness, &loaded.library, false);
    }
    for check in [Check::CallRc, Check::ResLenUnset, Check::ValueMalformed, Check::BoolSize] {
        witness.judged(check);
    }
    let Some(expected) = Expected::new(witness, loaded, true) else { return };
    notes::tell(witness, &expected);
    let logs = Logs::new();
    let Ok(inspector) = loaded.start(witness, &logs) else { return };
    let Some(plugin) = loaded.plugin(&inspector) else { return };
    if expected.has_values() {
        several(witness, plugin, &expected);
        absent(witness, plugin, &expected);
        load::claim_too_high(witness, &loaded.library, places(witness, plugin, &expected));
        shared(witness, plugin, &expected);
        later(witness, loaded, plugin, &expected);
    } else {
        let why = "no field had a value: give events with --params or --with, and arguments with --fields";
        for check in [Check::SeveralFields, Check::ResultDangles, Check::ResultsShared, Check::OffsetsRange] {
            witness.skipped(check, why);
        }
        // Who knows what the plugin tells of values that nobody has seen.
        load::claim_too_high(witness, &loaded.library, true);
    }
    witness.calling("plugin_destroy");
    load::log_unclaimed(witness, loaded, &logs);
}

/// Extraction as by a host that is older than `value_offsets`: whether the plugin looks at the member.
pub(super) fn old_host(witness: &Witness, loaded: &Loaded<'_>) {
    let Some(expected) = Expected::new(&witness.quiet(), loaded, false) else { return };
    let Ok(inspector) = loaded.start(witness, &Logs::new()) else { return };
    let Some(plugin) = loaded.plugin(&inspector) else { return };
    each(&expected, |_, event| {
        for request in &expected.requests {
            witness.calling(&format!("plugin_extract_fields of {request}, as by a host older than 3.11"));
            answers::ask_as_before_offsets(plugin, event, request);
        }
    });
    witness.calling("plugin_destroy");
}

/// Each event in guarded memory, with its index.
fn each(expected: &Expected, mut run: impl FnMut(usize, &Event<'_>)) {
    for (index, sample) in expected.samples.iter().enumerate() {
        let pages = sample.place();
        let event = pages.as_ref().and_then(|pages| sample.in_place(pages, index as u64 + 1));
        if let Some(event) = event {
            run(index, &event);
        }
    }
}

/// All fields in one call; those that have no value alone make the call fail, so they are left out.
fn several(witness: &Witness, plugin: &Plugin, expected: &Expected) {
    match expected.has_steady_values() {
        true => witness.judged(Check::SeveralFields),
        false => witness.skipped(Check::SeveralFields, VARYING),
    }
    each(expected, |sample, event| {
        let with_value = |index: &usize| !expected.of(sample, *index).is_empty();
        let indices: Vec<_> = (0..expected.requests.len()).filter(with_value).collect();
        let requests: Vec<_> = indices.iter().filter_map(|index| expected.requests.get(*index)).collect();
        let Some(answer) = answers::ask(witness, plugin, event, &requests, How::default()) else { return };
        for (place, index) in indices.into_iter().enumerate() {
            witness.calling_under(Check::SeveralFields, "reading the values of a call for several fields");
            let values = answer.values(&requests, place).map_err(|(_, what)| what);
            let alone = expected.of(sample, index);
            if values.as_deref() != Ok(alone) && (values.is_err() || expected.is_steady(index)) {
                let name = requests.get(place).map_or("", |request| request.as_str());
                let message = format!("'{name}' was {} alone, and {} among others", show(alone), told(&values));
                witness.found(Check::SeveralFields, message);
            }
        }
    });
}

fn show(values: &[Value]) -> String {
    let text = crate::join(values, values.len() != 1);
    let short: String = text.chars().take(60).collect();
    format!("'{}'", short.escape_debug())
}

fn told(values: &Result<Vec<Value>, String>) -> String {
    match values {
        Ok(values) => show(values),
        Err(what) => format!("wrong ({what})"),
    }
}

/// Other numbers in `arg_index` where there is no argument.
fn absent(witness: &Witness, plugin: &Plugin, expected: &Expected) {
    let optional = |request: &FieldRequest| {
        let takes = request.field().argument;
        request.argument().is_none() && (takes.index || takes.key)
    };
    if !expected.requests.iter().any(optional) {
        return witness.skipped(Check::ArgPresent, "no field has an argument that may be left out");
    }
    let compared = |(index, request): &(usize, &FieldRequest)| optional(request) && expected.is_steady(*index);
    if !expected.requests.iter().enumerate().any(|field| compared(&field)) {
        return witness.skipped(Check::ArgPresent, VARYING);
    }
    witness.judged(Check::ArgPresent);
    each(expected, |sample, event| {
        for (index, request) in expected.requests.iter().enumerate().filter(compared) {
            let how = How { absent_index: Some(0), ..How::default() };
            let Some(answer) = answers::ask(witness, plugin, event, &[request], how) else { continue };
            let values = answer.values(&[request], 0).map_err(|(_, what)| what);
            if values.as_deref() != Ok(expected.of(sample, index)) {
                let (was, is) = (show(expected.of(sample, index)), told(&values));
                let message = format!("'{request}' is {was} with the host's arg_index, and {is} with 0 in its place");
                witness.found(Check::ArgPresent, message);
            }
        }
    });
}

/// The places of values. Whether any were told.
fn places(witness: &Witness, plugin: &Plugin, expected: &Expected) -> bool {
    let mut any = false;
    let claimed = plugin.library().claims(since::VALUE_OFFSETS);
    each(expected, |sample, event| {
        for (index, request) in expected.requests.iter().enumerate() {
            let how = How { offsets: true, ..How::default() };
            let Some(answer) = answers::ask(witness, plugin, event, &[request], how) else { continue };
            let values = expected.of(sample, index);
            let now = match expected.is_steady(index) {
                true => values.to_vec(),
                false => answer.values(&[request], 0).unwrap_or_default(),
            };
            let values = now.as_slice();
            let (one, both) = answer.told_places();
            if !answer.done || values.is_empty() || !one {
                continue;
            }
            any = true;
            if !claimed {
                let version = plugin.library().info().api_version;
                let message =
                    format!("value_offsets came with 3.{}.0, and {version} is required", since::VALUE_OFFSETS);
                witness.found(Check::ClaimTooLow, message);
                continue;
            }
            witness.judged(Check::OffsetsRange);
            witness.judged(Check::OffsetsWrong);
            if !both {
                witness.found(Check::OffsetsRange, format!("'{request}' has one array of places without the other"));
                continue;
            }
            for (value, (start, length)) in values.iter().zip(answer.places(values.len())) {
                place(witness, event, request, value, (start as usize, length as usize));
            }
        }
    });
    if !any {
        let why = "the plugin tells no places of values";
        witness.skipped(Check::OffsetsRange, why);
        witness.skipped(Check::OffsetsWrong, why);
    }
    any
}

/// One value and its place: text that is in the event as it is must be where the place says. What is around it may be in
/// the place, too: the quotes of a JSON string, for example.
fn place(witness: &Witness, event: &Event<'_>, request: &FieldRequest, value: &Value, (start, length): (usize, usize)) {
    let bytes = event.bytes();
    let Some(there) = bytes.get(start..start.saturating_add(length)) else {
        let message = format!("'{request}' is said to be at {start}, {length} bytes long, in {} bytes", bytes.len());
        return witness.found(Check::OffsetsRange, message);
    };
    if let Value::String(text) = value
        && length > 0
        && !text.is_empty()
        && !has(there, text)
        && has(bytes, text)
    {
        let there = String::from_utf8_lossy(there);
        let message = format!(
            "'{request}' is {}, and '{}' is where it is said to be",
            show(std::slice::from_ref(value)),
            there.escape_debug()
        );
        witness.found(Check::OffsetsWrong, message);
    }
}

fn has(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

/// A value that is read after another field was extracted.
fn shared(witness: &Witness, plugin: &Plugin, expected: &Expected) {
    let count = expected.requests.len();
    if count < 2 {
        return witness.skipped(Check::ResultsShared, "there is one field only");
    }
    witness.judged(Check::ResultsShared);
    each(expected, |sample, event| {
        for (index, first) in expected.requests.iter().enumerate() {
            for (other, second) in expected.requests.iter().enumerate() {
                let tried = count <= PAIRS || other == (index + 1) % count;
                if first.field() == second.field() || expected.of(sample, index).is_empty() || !tried {
                    continue;
                }
                let Some(answer) = answers::ask(witness, plugin, event, &[first], How::default()) else { continue };
                let Ok(at_once) = answer.values(&[first], 0) else { continue };
                let _ = answers::ask(witness, plugin, event, &[second], How::default());
                witness
                    .calling_under(Check::ResultsShared, &format!("reading '{first}' after '{second}' was extracted"));
                let values = answer.values(&[first], 0).map_err(|(_, what)| what);
                if values.as_ref() != Ok(&at_once) {
                    let (was, is) = (show(&at_once), told(&values));
                    let message = format!("'{first}' was {was}, and {is} after '{second}' was extracted");
                    witness.found(Check::ResultsShared, message);
                }
            }
        }
    });
}

/// A value that is read after calls that are no extraction on its state.
fn later(witness: &Witness, loaded: &Loaded<'_>, plugin: &Plugin, expected: &Expected) {
    let Ok(beside) = loaded.start(witness, &Logs::new()) else { return };
    let Some(other) = loaded.plugin(&beside) else { return };
    // Without a state they are one.
    let two = !other.state().is_null();
    witness.judged(Check::ResultDangles);
    let last = expected.samples.len() as u64;
    each(expected, |sample, event| {
        // Another event, so that what comes in the same place is something else.
        let next = expected.samples.get((sample + 1) % expected.samples.len());
        let pages = next.filter(|_| two).and_then(Sample::place);
        let next = next.zip(pages.as_ref()).and_then(|(next, pages)| next.in_place(pages, last));
        for (index, request) in expected.requests.iter().enumerate() {
            let Some(answer) = answers::ask(witness, plugin, event, &[request], How::default()) else { continue };
            let Ok(values) = answer.values(&[request], 0) else { continue };
            if expected.of(sample, index).is_empty() || values.is_empty() {
                continue;
            }
            let still = |after: &str| {
                let call = format!("reading '{request}' after {after}, before the next extraction on its state");
                witness.calling_under(Check::ResultDangles, &call);
                let now = answer.values(&[request], 0).map_err(|(_, what)| what);
                let same = now.as_ref() == Ok(&values);
                if !same {
                    let message = format!("'{request}' was {}, and {} after {after}", show(&values), told(&now));
                    witness.found(Check::ResultDangles, message);
                }
                same
            };
            witness.calling("plugin_event_to_string");
            let _ = plugin.event_to_string(event);
            if !still("event_to_string") {
                continue;
            }
            witness.calling("plugin_get_last_error");
            let _ = plugin.own_last_error();
            if let Some(next) = next.as_ref().filter(|_| still("get_last_error")) {
                let _ = answers::ask(witness, other, next, &[request], How::default());
                still("an extraction on another state, which another thread may do at any moment");
            }
        }
    });
    witness.calling("plugin_destroy");
}
