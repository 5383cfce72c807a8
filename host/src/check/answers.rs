// SPDX-License-Identifier: Apache-2.0
//! What a plugin answers when it is asked for fields, kept as pointers, as the host keeps it, and read when one likes.
#![expect(unsafe_code, reason = "what the plugin wrote is read, now and later")]

use falconet::abi::{ExtractField, ExtractValueOffsets};

use std::sync::OnceLock;

use super::{Check, raw::Memory, witness::Witness};
use crate::{
    Event, FieldRequest, FieldType, Plugin, Value,
    call::POISON_ADDRESS,
    extract::{poisoned, read_values, results},
    owner::Called,
};

/// The byte with which the C library overwrites what is freed, in the processes of this check.
const FREED: u8 = 165;
/// How many of it in a row are no accident.
const FREED_RUN: usize = 8;

/// What one call wrote.
pub(super) struct Answer<'p> {
    /// Whether it was a success.
    pub(super) done: bool,
    fields: Vec<ExtractField>,
    offsets: ExtractValueOffsets,
    /// Keeps what the plugin was lent.
    _called: Called<'p>,
}

/// How a call is made.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct How {
    /// Places of the values are asked for.
    pub(super) offsets: bool,
    /// What stands in `arg_index` where there is no argument, in place of the host's `u64::MAX`.
    pub(super) absent_index: Option<u64>,
}

/// Asks for fields of an event in one call; `None` if its rc is none.
pub(super) fn ask<'p>(
    witness: &Witness,
    plugin: &'p Plugin,
    event: &Event<'_>,
    requests: &[&FieldRequest],
    how: How,
) -> Option<Answer<'p>> {
    let names: Vec<_> = requests.iter().map(|request| request.as_str()).collect();
    let names = if names.len() > 3 { format!("{} fields", names.len()) } else { names.join(", ") };
    ask_as(witness, plugin, event, requests, how, &format!("plugin_extract_fields of {names}"))
}

/// The same, with a name for the call.
pub(super) fn ask_as<'p>(
    witness: &Witness,
    plugin: &'p Plugin,
    event: &Event<'_>,
    requests: &[&FieldRequest],
    how: How,
    call: &str,
) -> Option<Answer<'p>> {
    witness.calling(call);
    let mut fields: Vec<_> = requests.iter().map(|request| poisoned(request)).collect();
    if let Some(index) = how.absent_index {
        fields.iter_mut().filter(|field| field.arg_present == 0).for_each(|field| field.arg_index = index);
    }
    let mut offsets = ExtractValueOffsets { start: std::ptr::null_mut(), length: std::ptr::null_mut() };
    match plugin.ask(event, &mut fields, how.offsets.then_some(&mut offsets)) {
        Ok((done, _called)) => Some(Answer { done, fields, offsets, _called }),
        Err(error) => {
            witness.found(Check::CallRc, error.to_string());
            None
        }
    }
}

/// Asks for a field with a struct that ends before `value_offsets`. What it gives is judged elsewhere.
pub(super) fn ask_as_before_offsets(plugin: &Plugin, event: &Event<'_>, request: &FieldRequest) {
    let _ = plugin.ask_as_before_offsets(event, &mut [poisoned(request)]);
}

/// Takes memory of the sizes that results have, and overwrites it: what was freed is something else then.
pub(super) fn use_the_heap() {
    let blocks: Vec<_> = (1..64_usize).flat_map(|size| [vec![FREED; size * 16], vec![FREED; size * 16]]).collect();
    drop(std::hint::black_box(blocks));
}

impl Answer<'_> {
    /// The values of the field at `index`, as they are in memory now; what is wrong with them.
    pub(super) fn values(&self, requests: &[&FieldRequest], index: usize) -> Result<Vec<Value>, (Check, String)> {
        let (Some(request), Some(field)) = (requests.get(index), self.fields.get(index)) else { return Ok(Vec::new()) };
        if !self.done {
            return Ok(Vec::new());
        }
        if let Some(what) = of_another_type(request, field) {
            return Err((Check::ValueMalformed, format!("the field '{request}': {what}")));
        }
        // SAFETY: the plugin says by its success that its results are there; where they are gone too early, this process
        // ends, or reads something else: both are findings, and why it is a process of its own.
        let values = unsafe { read_values(request, field) };
        let values = values.map_err(|what| {
            let check = if what.contains("was not written") { Check::ResLenUnset } else { Check::ValueMalformed };
            (check, format!("the field '{request}': {what}"))
        })?;
        if let Some(Value::Bool(true)) = values.first() {
            // SAFETY: as above, of 4 bytes.
            let whole = unsafe { field.res.boolean.read() };
            if whole != 1 {
                return Err((Check::BoolSize, format!("the field '{request}' is {whole:#x}")));
            }
        }
        let freed = |value: &Value| match value {
            Value::String(bytes) => bytes.windows(FREED_RUN).any(|run| run.iter().all(|byte| *byte == FREED)),
            Value::U64(number) | Value::AbsTime(number) | Value::RelTime(number) => {
                *number == u64::from_ne_bytes([FREED; 8])
            }
            _ => false,
        };
        match values.iter().any(freed) {
            true => Err((Check::ResultDangles, format!("the field '{request}' lies in memory that is freed"))),
            false => Ok(values),
        }
    }

    /// Whether the plugin wrote one of the arrays of places, and both.
    pub(super) fn told_places(&self) -> (bool, bool) {
        let (start, length) = (!self.offsets.start.is_null(), !self.offsets.length.is_null());
        (start || length, start && length)
    }

    /// The places of `count` values; they must have been told.
    pub(super) fn places(&self, count: usize) -> Vec<(u32, u32)> {
        let (start, length) = (self.offsets.start, self.offsets.length);
        // SAFETY: both arrays are there, and have as many entries as there are values (rule 5.7).
        let place = |index| unsafe { (start.add(index).read_unaligned(), length.add(index).read_unaligned()) };
        if self.told_places().1 { (0..count).map(place).collect() } else { Vec::new() }
    }
}

/// Values of a list that are looked at.
const LOOKED_AT: u64 = 64;
/// How long a text may be to be known as one, without its NUL.
const TEXT: usize = 63;

/// What shows that the answer is of another type than the field: a number where an address was expected, or the address of
/// a text where a number was. What else is wrong with the value is told where it is read.
fn of_another_type(request: &FieldRequest, field: &ExtractField) -> Option<String> {
    static MEMORY: OnceLock<Memory> = OnceLock::new();
    let memory = MEMORY.get_or_init(Memory::new);
    // Where this process cannot look at itself, nothing is told.
    memory.read(std::ptr::from_ref(&MEMORY).addr(), 1)?;
    let kind = request.field().kind;
    let (size, align) = match kind {
        FieldType::Bool => (4, 4),
        FieldType::IpAddr | FieldType::IpNet => (16, 8),
        _ => (8, 8),
    };
    let address = results(field).addr();
    let count = if request.field().list { field.res_len.min(LOOKED_AT) } else { field.res_len.min(1) };
    if count == 0 || address == 0 || address == POISON_ADDRESS || !address.is_multiple_of(align) {
        return None;
    }
    let Some(bytes) = memory.read(address, size * usize::try_from(count).ok()?) else {
        return Some(format!(
            "res is {address:#x}, where there is no memory: write the address of the value into res, not the value"
        ));
    };
    let word = |value: &[u8]| Some(u64::from_ne_bytes(value.get(..8)?.try_into().ok()?));
    bytes.chunks(size).filter_map(word).find_map(|word| {
        let at = usize::try_from(word).ok()?;
        match kind {
            FieldType::String if at != 0 && memory.read(at, 1).is_none() => Some(format!(
                "its text is said to be at {at:#x}, where there is no memory: a string was declared, was a number given?"
            )),
            FieldType::U64 | FieldType::RelTime | FieldType::AbsTime => text_at(memory, at).map(|text| {
                format!("its value is {word:#x}, the address of the text '{text}': {kind} was declared, a text was given")
            }),
            _ => None,
        }
    })
}

/// A text of at least two printable characters and a NUL.
fn text_at(memory: &Memory, address: usize) -> Option<String> {
    // The end of what is there may be near.
    let bytes = [TEXT + 1, 16, 8, 4].into_iter().find_map(|len| memory.read(address, len))?;
    let end = bytes.iter().position(|byte| *byte == 0)?;
    let text = bytes.get(..end).filter(|text| end > 1 && text.iter().all(|byte| (b' '..=b'~').contains(byte)))?;
    Some(String::from_utf8_lossy(text).into_owned())
}
