// SPDX-License-Identifier: Apache-2.0
//! One call of `plugin_extract_fields`: requests in, one after another. Values are in `result`.
#![expect(unsafe_code, reason = "symbols for C")]

use core::ffi::c_char;
use core::ptr::{NonNull, null, null_mut};

use sdk::Event;
use sdk::abi::{
    self, EventInput as HostEventInput, ExtractField, ExtractValueOffsets, FieldExtractInput as HostExtractInput,
};
use sdk::extract::Values;

use crate::code::{Code, FALCONET_ERROR_NO_FIELD, FALCONET_ERROR_NULL, FALCONET_NONE, FALCONET_OK, Failed, done};
use crate::event::text_or_empty;
use crate::pointer::{checked, get, get_mut};
use crate::results::{Results, results};
use crate::types::Extraction;

/// Type of a field: a number.
pub const FALCONET_TYPE_UINT64: u32 = 8;
/// Type of a field: a text.
pub const FALCONET_TYPE_STRING: u32 = 9;
/// Type of a field: a time span in nanoseconds.
pub const FALCONET_TYPE_RELTIME: u32 = 20;
/// Type of a field: nanoseconds since 1970-01-01 UTC.
pub const FALCONET_TYPE_ABSTIME: u32 = 21;
/// Type of a field: true or false.
pub const FALCONET_TYPE_BOOL: u32 = 25;
/// Type of a field: an ip address.
pub const FALCONET_TYPE_IPADDR: u32 = 40;
/// Type of a field: an ip network.
pub const FALCONET_TYPE_IPNET: u32 = 41;

const _: () = assert!(FALCONET_TYPE_UINT64 == abi::FTYPE_UINT64 && FALCONET_TYPE_STRING == abi::FTYPE_STRING);
const _: () = assert!(FALCONET_TYPE_RELTIME == abi::FTYPE_RELTIME && FALCONET_TYPE_ABSTIME == abi::FTYPE_ABSTIME);
const _: () = assert!(FALCONET_TYPE_BOOL == abi::FTYPE_BOOL && FALCONET_TYPE_IPADDR == abi::FTYPE_IPADDR);
const _: () = assert!(FALCONET_TYPE_IPNET == abi::FTYPE_IPNET);

const NO_OFFSETS: ExtractValueOffsets = ExtractValueOffsets { start: null_mut(), length: null_mut() };

/// Writes the outputs of a request.
///
/// # Safety
/// `field` is a request of the host's, whose outputs may be uninitialised.
#[inline]
pub(crate) unsafe fn give(field: NonNull<ExtractField>, values: Values) {
    // SAFETY: writable as the caller says; they are not read.
    unsafe {
        (&raw mut (*field.as_ptr()).res_len).write(values.count);
        (&raw mut (*field.as_ptr()).res).write(abi::ExtractResult { u64: values.first.cast() });
    }
}

/// No value.
pub(crate) const NO_VALUES: Values = Values { first: null_mut(), count: 0 };

/// Begins a call of plugin_extract_fields: `input` is what the host asks of the event `event`, both as it gave them.
/// `extraction` is the caller's, on its stack for example, for this call only, and tells the first field that is asked:
///
///     for (code = falconet_extraction_begin(results, event, input, &call); code == FALCONET_OK;
///          code = falconet_extraction_next(&call))
///         switch (call.id) { ... }
///     return code == FALCONET_NONE ? FALCONET_RC_SUCCESS : FALCONET_RC_FAILURE;
///
/// The outputs of all requests are written first: whatever happens later, a field that gets no value has none. That is also
/// done where there is an error, unless `input` is NULL or has no requests to write to.
///
/// FALCONET_NONE, which is no error, where nothing is asked; FALCONET_ERROR_NULL; FALCONET_ERROR_EVENT where the event is
/// none; FALCONET_ERROR_RESULTS. `extraction` is written only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_extraction_begin(
    results: *mut Results,
    event: *const HostEventInput,
    input: *const HostExtractInput,
    extraction: *mut Extraction,
) -> Code {
    // SAFETY: the caller's memory for results, the host's structs, and the caller's output. Value offsets are only read under
    // a claim that has them.
    unsafe {
        // What the real host asks goes straight through, in a function that calls none: a plugin event as every SDK writes it.
        if let (false, Some(event), Ok(own), Ok(out)) =
            (input.is_null(), event.as_ref(), self::results(results), checked(extraction))
            && let (Some(first), Some(last)) = (NonNull::new((*input).fields), (*input).num_fields.checked_sub(1))
            && let Some(read) = Event::plain_from_ptr(event.evt)
            && (!own.offsets || (*input).value_offsets.is_null())
            && (*first.as_ptr()).flist == 0
        {
            give(first, NO_VALUES);
            start(out, own, &read);
            ask_first(out.as_ptr(), first.as_ptr(), last, null_mut());
            return if last == 0 { FALCONET_OK } else { no_more_values(first, last) };
        }
        begin_any(results, event, input, extraction)
    }
}

/// Writes the outputs of the `more` requests behind the first: there is no value. Always FALCONET_OK.
///
/// # Safety
/// So many requests of the host's are there.
#[cold]
#[inline(never)]
unsafe fn no_more_values(first: NonNull<ExtractField>, more: u32) -> Code {
    let mut field = first;
    for left in (0..more).rev() {
        // SAFETY: as this function's.
        unsafe {
            field = field.add(1);
            give(field, NO_VALUES);
        }
        core::hint::black_box(left); // not eight at a time
    }
    FALCONET_OK
}

/// # Safety
/// As [`falconet_extraction_begin`].
#[cold]
#[inline(never)]
unsafe fn begin_any(
    results: *mut Results,
    event: *const HostEventInput,
    input: *const HostExtractInput,
    extraction: *mut Extraction,
) -> Code {
    // Members that came with a later version of the API than is claimed may not be there, so there is no reference.
    // SAFETY: as this function's.
    let begin = || unsafe {
        let input = checked(input.cast_mut())?.as_ptr().cast_const();
        let (fields, count) = ((*input).fields, (*input).num_fields);
        if let Some(last) = count.checked_sub(1) {
            let first = checked(fields)?;
            give(first, NO_VALUES);
            if last > 0 {
                no_more_values(first, last);
            }
        }
        let results = self::results(results)?;
        let mut offsets: *mut ExtractValueOffsets = null_mut();
        if results.offsets {
            offsets = (*input).value_offsets;
            if !offsets.is_null() {
                checked(offsets)?.write(NO_OFFSETS);
                // The host indexes them by field: none are better than too few.
                if count as usize > results.answers.offsets_len() {
                    offsets = null_mut();
                }
            }
        }
        let out = checked(extraction)?;
        let event = Event::from_ptr(get(event)?.evt)?;
        let last = count.checked_sub(1).ok_or(Failed(FALCONET_NONE))?;
        start(out, results, &event);
        let call = out.as_ptr();
        ask_first(call, fields, last, offsets);
        if (*fields).flist != 0 {
            ask_list(call);
        }
        if !offsets.is_null() {
            note_offsets(call, results);
        }
        Ok(())
    };
    done(begin())
}

/// Fills in what all requests of a call have in common.
///
/// # Safety
/// The extraction is the caller's output.
#[inline(always)]
unsafe fn start(out: NonNull<Extraction>, results: &mut Results, event: &Event<'_>) {
    results.answers.begin_call();
    let call = out.as_ptr();
    // SAFETY: as this function's.
    unsafe {
        (*call).payload = event.payload().as_ptr();
        (*call).payload_len = event.payload().len();
        (*call).event = event.as_bytes().as_ptr();
        (*call).event_len = event.as_bytes().len();
        (*call).results = core::ptr::from_mut(results).cast();
    }
}

/// Makes the first request the present one; `left` come behind it.
///
/// # Safety
/// The extraction is the caller's output; so many requests of the host's begin at `first`.
#[inline(always)]
unsafe fn ask_first(call: *mut Extraction, first: *mut ExtractField, left: u32, offsets: *mut ExtractValueOffsets) {
    // SAFETY: as this function's.
    unsafe {
        (*call).last = first.add(left as usize).cast();
        (*call).offsets = offsets.cast();
        (*call).first = first.cast();
        (*call).quick = left;
        (*call).list = false;
        ask_plain(call, first);
    }
}

/// Makes a request the present one, always FALCONET_OK. What is only looked at where value offsets are asked for, or of a list, is written there.
///
/// # Safety
/// The extraction was begun, or is about to be; the field is a request of the host's.
#[inline(always)]
unsafe fn ask(call: *mut Extraction, field: *mut ExtractField) -> Code {
    // SAFETY: as this function's; of a request the inputs are read.
    unsafe {
        ask_plain(call, field);
        if (*field).flist != 0 { ask_list(call) } else { FALCONET_OK }
    }
}

/// As [`ask`], as if it were no list.
///
/// # Safety
/// As there.
#[inline(always)]
unsafe fn ask_plain(call: *mut Extraction, field: *mut ExtractField) {
    // SAFETY: as this function's; of a request the inputs are read.
    unsafe {
        let (id, field_type) = ((*field).field_id, (*field).ftype);
        (*call).field = field.cast();
        (*call).id = id;
        (*call).field_type = field_type;
        (*call).plain = field_type;
    }
}

/// The present request is a list. Always FALCONET_OK.
///
/// # Safety
/// As [`ask`].
#[cold]
#[inline(never)]
unsafe fn ask_list(call: *mut Extraction) -> Code {
    // SAFETY: as this function's.
    unsafe {
        (*call).list = true;
        ((*call).plain, (*call).quick) = (0, 0);
        ((*call).values, (*call).values_count, (*call).at_start) = (null_mut(), 0, 0);
    }
    FALCONET_OK
}

/// Value offsets are asked for: begins to note those of the present request.
///
/// # Safety
/// As [`ask`].
#[cold]
#[inline(never)]
unsafe fn note_offsets(call: *mut Extraction, results: &mut Results) {
    // SAFETY: as this function's; both are requests of one array.
    let several = unsafe {
        ((*call).plain, (*call).quick) = (0, 0);
        ((*call).values, (*call).values_count, (*call).at_start) = (null_mut(), 0, 0);
        ((*call).first != (*call).last).then(|| {
            let first = (*call).first.cast::<ExtractField>();
            usize::try_from((*call).field.cast::<ExtractField>().offset_from(first)).unwrap_or(0)
        })
    };
    results.answers.note_offsets(several);
}

/// Goes on to the next field that is asked: its number is `extraction->id`.
///
/// FALCONET_NONE, which is no error, where there are no more: the call is done, and what the host asked is answered. A field
/// that got no value has none. FALCONET_ERROR_NO_FIELD where the call was done before; FALCONET_ERROR_NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_extraction_next(extraction: *mut Extraction) -> Code {
    // SAFETY: the caller's extraction, begun.
    unsafe {
        let Some(call) = extraction.as_mut() else { return FALCONET_ERROR_NULL };
        let Some(left) = call.quick.checked_sub(1) else {
            if call.list || !call.offsets.is_null() || call.field.is_null() {
                return next_of_any(call);
            }
            (call.field, call.plain) = (null_mut(), 0);
            return FALCONET_NONE;
        };
        call.quick = left;
        ask(call, call.field.cast::<ExtractField>().add(1))
    }
}

/// As [`falconet_extraction_next`], where a list is to be kept, or offsets are to be noted, or the call was done before.
///
/// # Safety
/// As there.
#[cold]
#[inline(never)]
unsafe fn next_of_any(call: &mut Extraction) -> Code {
    if call.field.is_null() {
        return FALCONET_ERROR_NO_FIELD;
    }
    // SAFETY: the extraction is one that was begun, and not done: behind the present request there are more up to the last.
    unsafe {
        let results = match results(call.results.cast()) {
            Ok(results) => results,
            Err(Failed(code)) => return code,
        };
        if call.list && call.values_count > 0 && call.values_count != FAILED {
            keep_list(call, results);
        }
        call.list = false;
        if call.field != call.last {
            let field = call.field.cast::<ExtractField>().add(1);
            let left = call.last.cast::<ExtractField>().offset_from(field);
            call.quick = u32::try_from(left).unwrap_or(0);
            ask(call, field);
            if !call.offsets.is_null() {
                note_offsets(call, results);
            }
            return FALCONET_OK;
        }
        if !call.offsets.is_null() {
            call.offsets.cast::<ExtractValueOffsets>().write(results.answers.offsets());
        }
        (call.field, call.plain) = (null_mut(), 0);
        FALCONET_NONE
    }
}

/// Keeps the cells of a list that is complete.
#[cold]
#[inline(never)]
fn keep_list(call: &Extraction, results: &mut Results) {
    let values = Values { first: call.values, count: call.values_count };
    match call.field_type {
        FALCONET_TYPE_BOOL => results.answers.end::<bool>(values),
        FALCONET_TYPE_IPADDR | FALCONET_TYPE_IPNET => results.answers.end::<core::net::IpAddr>(values),
        _ => results.answers.end::<u64>(values),
    }
}

/// In place of a number of values: the list has none any more, because one did not fit.
pub(crate) const FAILED: u64 = u64::MAX;

/// The present request.
///
/// # Safety
/// Unless it is NULL, the extraction was begun by the caller.
#[inline]
unsafe fn asked<'a>(extraction: *const Extraction) -> Result<&'a ExtractField, Failed> {
    // SAFETY: as this function's; a request of the host's, of which outputs are not read.
    unsafe { get(extraction)?.field.cast::<ExtractField>().as_ref().ok_or(Failed(FALCONET_ERROR_NO_FIELD)) }
}

/// The name of the field that is asked, valid for the call; never NULL, empty where none is asked.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_extraction_name(extraction: *const Extraction) -> *const c_char {
    // SAFETY: the caller's extraction, or NULL.
    unsafe { asked(extraction).map_or(c"".as_ptr(), |field| text_or_empty(field.field)) }
}

/// The argument as a key, `name[key]`, valid for the call; NULL where the field is asked without, or none is asked.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_extraction_key(extraction: *const Extraction) -> *const c_char {
    // SAFETY: the caller's extraction, or NULL.
    unsafe { asked(extraction).map_or(null(), |field| if field.arg_present != 0 { field.arg_key } else { null() }) }
}

/// The argument as an index, `name[3]`.
///
/// FALCONET_NONE, which is no error, where the field is asked without, or with a key that is no number;
/// FALCONET_ERROR_NO_FIELD, FALCONET_ERROR_NULL. `index` is written only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_extraction_index(extraction: *const Extraction, index: *mut u64) -> Code {
    // SAFETY: the caller's extraction, or NULL, and its output, not NULL.
    unsafe {
        done(asked(extraction).and_then(|field| {
            let out = checked(index)?;
            if field.arg_present == 0 || field.arg_index == u64::MAX {
                return Err(Failed(FALCONET_NONE));
            }
            out.write(field.arg_index);
            Ok(())
        }))
    }
}

/// Tells where in the event the next value was read: `len` bytes at `at`, for a host that asks for value offsets. A text
/// that is handed over from the event needs no such word.
///
/// FALCONET_ERROR_ARGUMENT where these are no bytes of the event; FALCONET_ERROR_NO_FIELD, FALCONET_ERROR_NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_extraction_at(extraction: *mut Extraction, at: *const u8, len: usize) -> Code {
    let tell = || {
        // SAFETY: the caller's extraction, or NULL, begun.
        let call = unsafe {
            asked(extraction)?;
            get_mut(extraction)?
        };
        if at.is_null() {
            return Err(Failed(FALCONET_ERROR_NULL));
        }
        let start = at.addr().wrapping_sub(call.event.addr());
        let end = start.checked_add(len).filter(|end| *end <= call.event_len);
        let span = end.and_then(|end| sdk::Span::event(start, end));
        let span = span.ok_or(Failed(crate::code::FALCONET_ERROR_ARGUMENT))?;
        if !call.offsets.is_null() {
            (call.at_start, call.at_end) = (span.start(), span.end());
        }
        Ok(())
    };
    done(tell())
}
