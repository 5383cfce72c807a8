// SPDX-License-Identifier: Apache-2.0
//! What is asked of an event, and what the answer must be.

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::{null, null_mut};
use std::slice;

use arbitrary::{Result, Unstructured};
use falconet::Event;
use falconet::abi;

use crate::given::{Given, poison};
use crate::hostile::{
    FIELDS, FIRST, KEY, MADE, MOST, NUMBERS, PIECE, STRING, TEXT, TIMES, WORDS, hostile_plugin as api,
};

/// The payload of which the plugin says something.
fn payload(event: &Given) -> Option<&[u8]> {
    let payload = Event::parse(event.bytes()).ok()?.plugin().ok()?.payload;
    (!payload.is_empty()).then_some(payload)
}

pub(crate) fn event_to_string(u: &mut Unstructured<'_>, state: *mut c_void, live: bool, event: &Given) -> Result<()> {
    let mut input = event.input(1, u.arbitrary()?);
    if u.ratio(1, 16)? {
        input.evt = null();
    }
    // SAFETY: NULL or a state, and an event that lives for the call.
    let text = unsafe { api.event_to_string.unwrap()(state, &raw const input) };
    // One of its source's own, as its SDK writes them (rule 4.11): two parameters, and nothing behind.
    let own = |payload: &&[u8]| event.is_of_today() && event.bytes().len() == 38 + payload.len();
    let payload = payload(event).filter(own).filter(|_| live && !input.evt.is_null());
    assert_eq!(text.is_null(), payload.is_none());
    let Some(payload) = payload else { return Ok(()) };
    // SAFETY: the plugin says that it is a C string.
    let text = unsafe { CStr::from_ptr(text) }.to_bytes();
    let from = payload.get(usize::from(payload[0])..).filter(|rest| rest.last() == Some(&0));
    match from.and_then(|rest| CStr::from_bytes_until_nul(rest).ok()) {
        Some(expected) => assert_eq!(text, expected.to_bytes()),
        None => {
            let copied: Vec<_> = payload.iter().map(|byte| if *byte == 0 { b'?' } else { *byte }).take(31).collect();
            // A cut moves back to the beginning of a character, which has four bytes at most.
            let lost = copied.len() - text.len();
            assert!(copied.starts_with(text) && (lost == 0 || (lost <= 3 && payload.len() > 31)), "{text:?}");
        }
    }
    Ok(())
}

/// A field's argument: key, index, presence.
type Asked = (Option<CString>, u64, bool);

fn any_argument(u: &mut Unstructured<'_>) -> Result<Asked> {
    let len = u.int_in_range(0..=30)?;
    let mut key = u.bytes(len.min(u.len()))?.to_vec();
    key.retain(|byte| *byte != 0);
    let index = match u.int_in_range(0..=3)? {
        0 => u.arbitrary()?,
        1 => u64::from(u.arbitrary::<u8>()?) | u64::from(u.arbitrary::<u8>()?) << 32,
        _ => u64::from(u.arbitrary::<u8>()?),
    };
    Ok((if u.arbitrary()? { CString::new(key).ok() } else { None }, index, u.arbitrary()?))
}

pub(crate) fn extract(u: &mut Unstructured<'_>, state: *mut c_void, live: bool, event: &Given) -> Result<()> {
    let count = if u.ratio(1, 2)? { 1 } else { u.int_in_range(0..=70)? };
    let mut fields = Vec::new();
    let mut arguments = Vec::new();
    for _ in 0..count {
        let id = if u.ratio(1, 64)? { u.arbitrary()? } else { u.int_in_range(0..=FIELDS - 1)? };
        let (key, index, present) = any_argument(u)?;
        let arg_key = key.as_ref().map_or(null(), |key| key.as_ptr());
        let field = if u.arbitrary()? { c"the.field".as_ptr() } else { null() };
        let present_flag = u32::from(present);
        let request = abi::ExtractField { field_id: id, field, arg_key, arg_index: index, ..poison() };
        fields.push(abi::ExtractField { arg_present: present_flag, ..request });
        arguments.push((key, index, present));
    }
    let mut offsets: abi::ExtractValueOffsets = poison();
    let wanted = u.arbitrary()?;
    let no_fields = u.ratio(1, 32)?;
    let asked = abi::FieldExtractInput {
        num_fields: count,
        fields: if no_fields { null_mut() } else { fields.as_mut_ptr() },
        value_offsets: if wanted { &raw mut offsets } else { null_mut() },
        ..poison()
    };
    let mut input = event.input(u.int_in_range(0..=3)?, u.arbitrary()?);
    let (no_event, no_input) = (u.ratio(1, 32)?, u.ratio(1, 32)?);
    if no_event {
        input.evt = null();
    }
    let input = if no_input { null() } else { &raw const input };
    // SAFETY: NULL or a state, and structs, texts and an event that live for the call.
    let rc = unsafe { api.extract_fields.unwrap()(state, input, &raw const asked) };

    let payload = payload(event).filter(|_| live && !no_event && !no_input);
    let known = fields.iter().all(|field| field.field_id < FIELDS);
    if !event.changed && count > 0 {
        assert_eq!(rc == abi::SUCCESS, payload.is_some() && known && !no_fields);
    }
    if no_fields {
        return Ok(());
    }
    let offsets = Some(offsets).filter(|_| wanted && rc == abi::SUCCESS && count > 0 && !offsets.start.is_null());
    for (i, (field, argument)) in fields.iter().zip(&arguments).enumerate() {
        assert!(field.res_len <= MOST, "{}", field.res_len);
        // SAFETY: the outputs are written on every path; any bytes are a pointer to compare.
        assert_eq!(unsafe { field.res.u64 }.is_null(), field.res_len == 0);
        assert!(rc == abi::SUCCESS || field.res_len == 0);
        // Of several fields each has one place in the event, of one each value.
        let places: Vec<_> = offsets.map_or(Vec::new(), |offsets| {
            let entries = if count == 1 { 0..values_of(field) } else { i..i + 1 };
            // SAFETY: the plugin gave arrays of so many entries.
            entries.map(|at| unsafe { (*offsets.start.add(at), *offsets.length.add(at)) }).collect()
        });
        for (start, len) in &places {
            assert!(event.changed || *start as usize + *len as usize <= event.bytes().len(), "{start} {len}");
        }
        let only = count == 1 && !event.changed;
        check(field, argument, payload.filter(|_| only), event, if only { &places } else { &[] });
    }
    Ok(())
}

fn values_of(field: &abi::ExtractField) -> usize {
    usize::try_from(field.res_len).unwrap()
}

/// Reads all values of a field, and compares them with what the payload of an event that was asked alone says.
fn check(
    field: &abi::ExtractField,
    (key, index, present): &Asked,
    payload: Option<&[u8]>,
    event: &Given,
    places: &[(u32, u32)],
) {
    let count = values_of(field);
    if count == 0 {
        let has_value = [FIRST, crate::hostile::LOCATED].contains(&field.field_id);
        assert!(payload.is_none() || !has_value, "there is always a value");
        return;
    }
    let index = Some(*index).filter(|index| *present && *index != u64::MAX);
    match field.field_id {
        FIRST | NUMBERS | TIMES | crate::hostile::LOCATED => {
            // SAFETY: the plugin gave so many values of the field's type.
            let numbers = unsafe { slice::from_raw_parts(field.res.u64, count) };
            let Some(payload) = payload else { return };
            let bytes = || payload.iter().copied().map(u64::from);
            match field.field_id {
                NUMBERS => assert!(numbers.iter().copied().eq(0..index.unwrap_or(3).min(MOST))),
                TIMES => assert!(numbers.iter().copied().eq(bytes())),
                _ => assert!(numbers.iter().copied().eq(bytes().take(1))),
            }
        }
        crate::hostile::ADDRESSES => {
            // SAFETY: as above, and each has as many bytes as it says.
            let buffers = unsafe { slice::from_raw_parts(field.res.buf, count) };
            for buffer in buffers {
                assert!([4, 16].contains(&buffer.len));
                // SAFETY: as the block above says.
                let bytes = unsafe { slice::from_raw_parts(buffer.ptr.cast::<u8>(), buffer.len as usize) };
                assert!(payload.is_none_or(|payload| payload.windows(bytes.len()).any(|window| window == bytes)));
            }
        }
        id => {
            // SAFETY: as above, and each is a C string.
            let pointers: &[*const c_char] = unsafe { slice::from_raw_parts(field.res.str, count) };
            // SAFETY: as the block above says.
            let text = |text: &*const c_char| unsafe { CStr::from_ptr(*text) }.to_bytes();
            let texts: Vec<_> = pointers.iter().map(text).collect();
            let Some(payload) = payload else { return };
            for (text, (start, len)) in texts.iter().zip(places).filter(|(_, place)| **place != (0, 0)) {
                assert_eq!(*text, &event.bytes()[*start as usize..][..*len as usize]);
            }
            let from = |start: Option<u64>| payload.get(usize::try_from(start.unwrap_or_default()).ok()?..);
            match id {
                TEXT => assert_eq!(texts, [payload]),
                STRING => assert_eq!(Some(texts[0]), from(index).and_then(|rest| rest.split(|byte| *byte == 0).next())),
                WORDS => assert!(texts.iter().copied().eq(payload.split(|byte| *byte == b' '))),
                KEY => assert_eq!(Some(texts[0]), key.as_deref().map(CStr::to_bytes)),
                MADE => assert_eq!(texts[0].len() as u64, index.unwrap_or_default().min(MOST)),
                // Its bytes are counted from byte 38 on.
                PIECE if !event.is_of_today() => {}
                PIECE => assert!(payload.windows(texts[0].len().max(1)).any(|piece| piece.starts_with(texts[0]))),
                _ => unreachable!("no such field"),
            }
        }
    }
}
