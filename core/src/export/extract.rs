// SPDX-License-Identifier: Apache-2.0
//! Behind the symbols of the extraction capability.
#![expect(unsafe_code, reason = "called by the host with bare pointers")]

use core::ffi::{c_char, c_void};
use core::ptr::null_mut;

use super::ExportedExtract;
use super::shell::StateOf;
use super::state::{self, Rc};
use crate::abi::{self, FAILURE, SUCCESS};
use crate::event::Event;
use crate::extract::{Extract, Filled, Memory, Offsets, Request, RequestInput, getter};

/// `plugin_extract_fields`. Every output of the request is written on every path (rule 5.3).
///
/// # Safety
/// The host's contract of the symbol: pointers are NULL or valid for the call; the values of the call before the last
/// are used no more.
#[inline]
pub unsafe fn extract_fields<T: ExportedExtract>(
    plugin: *mut c_void,
    event: *const abi::EventInput,
    input: *const abi::FieldExtractInput,
) -> Rc {
    // SAFETY: NULL, or the host's struct, valid for the call.
    let Some(input) = (unsafe { input.as_ref() }) else { return FAILURE };
    let wanted = if T::OFFSETS { input.value_offsets } else { null_mut() };
    // SAFETY: NULL, or the host's struct; only a plugin that claims API 3.11 looks at it (rules 1.5, 5.7).
    unsafe { state::set(wanted, abi::ExtractValueOffsets { start: null_mut(), length: null_mut() }) };
    if input.fields.is_null() {
        return if input.num_fields == 0 { SUCCESS } else { FAILURE };
    }
    // SAFETY: not NULL, so an array of `num_fields` requests, which the host lends for the call; only their outputs
    // may be uninitialised, and these are written, not read.
    let fields = unsafe { core::slice::from_raw_parts_mut(input.fields, input.num_fields as usize) };
    // SAFETY: as this function's.
    unsafe { extract::<T>(plugin, event, fields, wanted) }.unwrap_or_else(|| {
        for field in fields {
            give(field, Filled::NONE);
        }
        FAILURE
    })
}

/// Extracts all fields; `None` where the call, the state or the event is no good.
///
/// # Safety
/// As [`extract_fields`].
#[inline]
unsafe fn extract<T: ExportedExtract>(
    plugin: *mut c_void,
    event: *const abi::EventInput,
    fields: &mut [abi::ExtractField],
    wanted: *mut abi::ExtractValueOffsets,
) -> Option<Rc> {
    // SAFETY: the state is the host's from init, or NULL.
    let (state, value) = unsafe { StateOf::<T>::live(plugin) }?;
    // SAFETY: NULL, or the host's struct, valid for the call.
    let input = unsafe { event.as_ref() }?;
    // SAFETY: NULL, or an event of the host, valid for the call.
    let event = unsafe { Event::from_ptr(input.evt) }.ok()?;
    // SAFETY: the host extracts on one thread at a time for a state (rule 8.2); the reference ends with this call.
    let decoded = unsafe { state.extraction.decoded(input.evtnum, &event, || value.decode(&event)) }?;
    // SAFETY: as above; the values of the call before are kept (rule 5.8).
    let results = unsafe { state.extraction.results() };
    let several = fields.len() > 1;
    let none = RequestInput { number: 0, source: input.evtsrc, key: core::ptr::null(), index: 0, present: false };
    // SAFETY: the source's name is NULL or the host's text, valid for the call.
    let mut request = unsafe { Request::new(event, none, results, Offsets::None) };
    let mut known = true;
    for (index, field) in fields.iter_mut().enumerate() {
        let offsets = match wanted.is_null() {
            true => Offsets::None,
            false if several => Offsets::Field(index),
            false => Offsets::Values,
        };
        let argument = RequestInput {
            number: input.evtnum,
            source: input.evtsrc,
            key: field.arg_key,
            index: field.arg_index,
            present: field.arg_present != 0,
        };
        // SAFETY: the key is NULL or the host's text, valid for the call.
        unsafe { request.next(argument, offsets) };
        known &= (field.field_id as usize) < T::FIELDS.len();
        give(field, dispatch::<T>(field.field_id, value, decoded, &mut request));
        if let Some(why) = request.dropped() {
            dropped::<T>(state, field.field, why);
        }
    }
    // SAFETY: as for `results`.
    unsafe { state.extraction.used(request.results()) };
    if !wanted.is_null() {
        let (start, length) = request.results().offsets();
        // SAFETY: not NULL, so the host's struct.
        unsafe { wanted.write(abi::ExtractValueOffsets { start, length }) };
    }
    Some(if known { SUCCESS } else { FAILURE })
}

/// Writes a request's outputs.
#[inline]
fn give(field: &mut abi::ExtractField, filled: Filled) {
    field.res_len = filled.count;
    field.res = abi::ExtractResult { u64: filled.values.cast() };
}

#[cold]
#[inline(never)]
fn dropped<T: ExportedExtract>(state: &'static StateOf<T>, name: *const c_char, why: &'static str) {
    // SAFETY: NULL, or the field's name as the host has it from `get_fields`, valid for the call.
    let name = unsafe { state::text_or_empty(name) };
    state.head.shared.value_dropped(name.to_bytes(), why);
}

/// Calls the function of field `id`: directly for the first 64, each arm known at compile time.
#[inline]
fn dispatch<T: ExportedExtract>(
    id: u32,
    plugin: &T,
    decoded: &<T as Extract>::Decoded,
    request: &mut Request<'_>,
) -> Filled {
    macro_rules! arms {
        ($($arm:literal)*) => {
            match id {
                $( $arm => (const { getter::<T>($arm) })(plugin, decoded, request), )*
                more => match T::GETTERS.get(more as usize) {
                    Some(get) => get(plugin, decoded, request),
                    None => Filled::NONE,
                },
            }
        };
    }
    arms!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63)
}

/// `plugin_get_extract_event_types` (rule 2.1): always some.
///
/// # Safety
/// The host's contract of the symbol: `count` is NULL or writable.
pub unsafe fn event_types<T: Extract>(count: *mut u32) -> *const u16 {
    const {
        assert!(!T::EVENT_TYPES.is_empty(), "EVENT_TYPES is empty: the host would send every type (rule 2.1)");
        assert!(T::EVENT_TYPES.len() <= u16::MAX as usize, "EVENT_TYPES has more types than there are");
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked above")]
    let types = T::EVENT_TYPES.len() as u32;
    // SAFETY: the host's out-parameter.
    unsafe { state::set(count, types) };
    T::EVENT_TYPES.as_ptr()
}
