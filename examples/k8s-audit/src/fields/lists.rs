// SPDX-License-Identifier: Apache-2.0
//! What a path leads to through objects and arrays, and the list fields that are made of it.

use falconet::extract::{List, Located, Text};
use falconet::{Event, Request};
use falconet_std::json::{Kind, Value};

use super::text::{self, Until};
use super::{Found, Part};

/// A list of texts that stand nowhere as they are.
pub(super) type Texts<'r, 'e> = List<'r, 'e, Option<Text>>;

/// Hands over what a path of names leads to from `value`; `None` where it leads nowhere, with nothing handed over.
///
/// Where there is an array on the way, an index goes on with its element of this number. Without one, the path goes on
/// from each of its elements, and `None` is handed over for those that it leads nowhere from. An object in the place of
/// an array is taken for its element, whatever the index is. The name `""` is the value itself.
fn walk<'e>(
    mut value: Value<'e>,
    path: &[&str],
    index: Option<u64>,
    each: &mut dyn FnMut(Option<Value<'e>>),
) -> Option<()> {
    let mut path = path;
    while let Some((name, rest)) = path.split_first() {
        if let Some(mut elements) = value.elements() {
            let Some(index) = index else {
                // None of them is an array, so that each call has a shorter path.
                for element in elements.flattened() {
                    if walk(element, path, None, each).is_none() {
                        each(None);
                    }
                }
                return Some(());
            };
            value = elements.nth(usize::try_from(index).ok()?)?;
        }
        if !name.is_empty() {
            value = value.member(name)?;
        }
        path = rest;
    }
    each(Some(value));
    Some(())
}

/// Hands over what a path leads to from the request's object, see [`walk`].
pub(super) fn requested<'e>(
    found: &Found,
    event: &Event<'e>,
    path: &[&str],
    index: Option<u64>,
    mut each: impl FnMut(Option<Value<'e>>),
) -> Option<()> {
    walk(found.part(event, Part::RequestObject)?, path, index, &mut each)
}

/// The values at a path of the request's object; `index` as the argument says. Those that are not there are left out.
pub(super) fn values(found: &Found, list: &mut Texts<'_, '_>, path: &[&str]) -> Option<()> {
    let (event, index) = (list.event(), list.index());
    requested(found, &event, path, index, |value| {
        if let Some(value) = value {
            let text = text::of(list, found, value);
            list.push(text);
        }
    })
}

/// The values at a path, by `make`; none at all where one of them is not there.
pub(super) fn all_values(
    found: &Found,
    list: &mut Texts<'_, '_>,
    path: &[&str],
    make: fn(&mut Request<'_>, &Found, Value<'_>) -> Option<Text>,
) -> Option<()> {
    let (event, index, mut missing) = (list.event(), list.index(), false);
    requested(found, &event, path, index, |value| missing |= value.is_none())?;
    if missing {
        return None;
    }
    requested(found, &event, path, index, |value| {
        if let Some(value) = value {
            let text = make(list, found, value);
            list.push(text);
        }
    })
}

/// The values at a path, and what the pod says, or `0`, for each that is not there.
pub(super) fn effective(found: &Found, list: &mut Texts<'_, '_>, path: &[&str], pod: &[&str]) -> Option<()> {
    let (event, index) = (list.event(), list.index());
    let object = found.part(&event, Part::RequestObject)?;
    let pod = object.path(pod).unwrap_or(Value::trust(b"0"));
    walk(object, path, index, &mut |value| {
        let text = text::of(list, found, value.unwrap_or(pod));
        list.push(text);
    })
}

/// The words of each array at a path, joined by blanks; none at all where something else than words stands there.
pub(super) fn joined_words(found: &Found, list: &mut Texts<'_, '_>, path: &[&str]) -> Option<()> {
    let (event, index, mut wrong) = (list.event(), list.index(), false);
    requested(found, &event, path, index, |words| {
        wrong |= words
            .is_some_and(|words| words.elements().is_none_or(|mut words| words.any(|word| word.kind() != Kind::Text)));
    })?;
    if wrong {
        return None;
    }
    requested(found, &event, path, index, |words| {
        let Some(words) = words.and_then(|words| words.elements()) else { return };
        let text = list.text_with(|out| {
            let mut out = Until::nul(out);
            words.clone().enumerate().try_for_each(|(i, word)| {
                if i > 0 {
                    out.write(b" ")?;
                }
                out.write_value(word, found)
            })
        });
        list.push(text);
    })
}

/// The elements of each array at a path; what is no array is left out.
pub(super) fn flattened(found: &Found, list: &mut Texts<'_, '_>, path: &[&str]) -> Option<()> {
    let (event, index) = (list.event(), list.index());
    requested(found, &event, path, index, |values| {
        for value in values.and_then(|values| values.elements()).into_iter().flatten() {
            let text = text::of(list, found, value);
            list.push(text);
        }
    })
}

/// The value at a path from a part of the event, through objects only.
pub(super) fn value(found: &Found, request: &mut Request<'_>, part: Part, path: &[&str]) -> Option<Located<Text>> {
    let event = request.event();
    let value = found.part(&event, part)?.path(path)?;
    let text = text::of(request, found, value)?;
    Some(Located::new(text, event.span_of(value.as_bytes())))
}

/// The elements of the array at a path from a part of the event, through objects only.
pub(super) fn elements(
    found: &Found,
    list: &mut List<'_, '_, Option<Located<Text>>>,
    part: Part,
    path: &[&str],
) -> Option<()> {
    let event = list.event();
    for value in found.part(&event, part)?.path(path)?.elements()? {
        let text = text::of(list, found, value);
        list.push(text.map(|text| Located::new(text, event.span_of(value.as_bytes()))));
    }
    Some(())
}
