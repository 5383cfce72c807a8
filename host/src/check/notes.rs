// SPDX-License-Identifier: Apache-2.0
//! What the checks of values could not look at: no finding, but a user who is not told takes it for a pass.

use std::collections::BTreeMap;

use super::{fields::Expected, witness::Witness};
use crate::FieldRequest;

/// Names the fields that are not compared, and those that never had a value.
pub(super) fn tell(witness: &Witness, expected: &Expected) {
    let requests = || expected.requests.iter().enumerate();
    let varying = requests().filter(|(index, _)| !expected.is_steady(*index)).map(|(_, request)| request.as_str());
    let varying = varying.collect::<Vec<_>>().join(", ");
    if !varying.is_empty() {
        witness.note(format!(
            "not compared: {varying}. The same event asked again gave another value, which 5.1 several-fields, 5.2 \
             stale-cache, 5.2 stale-cache-number-0 and 5.4 arg-not-present cannot judge. Right for a time of day or a count \
             of calls; else look for a cache, or memory that is used twice"
        ));
    }
    let events = expected.samples.len();
    if events == 0 {
        return witness.note(
            "there was no event to extract from, so the checks of fields (section 5) saw nothing: give a source that has \
             some with --params or --with"
                .to_owned(),
        );
    }
    // By what the plugin says of it, where the call failed each time.
    let mut without: BTreeMap<Option<&str>, Vec<&str>> = BTreeMap::new();
    for (index, request) in requests().filter(|(_, request)| is_first(expected, request)) {
        let of_field = || requests().filter(|(_, other)| other.field() == request.field());
        let any = of_field().any(|(other, _)| (0..events).any(|event| !expected.of(event, other).is_empty()));
        if !any {
            let failure = expected.failures.get(index).and_then(Option::as_deref);
            without.entry(failure).or_default().push(&request.field().name);
        }
    }
    for (failure, names) in without {
        let why = failure.map_or(String::new(), |text| format!(" (plugin_extract_fields failed: '{text}')"));
        witness.note(format!(
            "never a value in {events} events: {}{why}. The checks of section 5 say nothing of them. Give events that have \
             one with --params, or an argument with --fields 'name[argument]'; if these events have one, look whether the \
             type in plugin_get_fields is the type of the answer",
            names.join(", ")
        ));
    }
}

/// Whether it is the first request for its field.
fn is_first(expected: &Expected, request: &FieldRequest) -> bool {
    let first = expected.requests.iter().find(|other| other.field() == request.field());
    first.is_some_and(|first| first.as_str() == request.as_str())
}
