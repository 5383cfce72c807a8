// SPDX-License-Identifier: Apache-2.0
//! One call of `plugin_extract_fields`: requests in, one after another. Values are in `result`.
#![expect(unsafe_code, reason = "symbols for C")]

use core::ffi::c_char;
use core::ptr::{NonNull, null, null_mut};

use sdk::abi::{
    self, EventInput as HostEventInput, ExtractField, ExtractValueOffsets, FieldExtractInput as HostExtractInput,
};
use sdk::event;
use sdk::extract::Values;

use crate::code::{Code, FALCONET_ERROR_NO_FIELD, FALCONET_ERROR_NULL, FALCONET_NONE, Failed, done};
use crate::event::text_or_empty;
use crate::pointer::{checked, get, get_mut};
use crate::results::{Results, results};
use crate::types::{Event, Extraction};

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
/// `extraction` is the caller's, on its stack for example, and for this call only.
///
/// All outputs of all requests are written: whatever happens later, a field that gets no value has none. That is also done
/// where there is an error, unless `input` is NULL or has no requests to write to.
///
/// FALCONET_ERROR_NULL; FALCONET_ERROR_EVENT where the event is none; FALCONET_ERROR_RESULTS: return FALCONET_RC_FAILURE
/// then. `extraction` is written only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_extraction_begin(
    results: *mut Results,
    event: *const HostEventInput,
    input: *const HostExtractInput,
    extraction: *mut Extraction,
) -> Code {
    // SAFETY: the caller's memory for results, the host's structs, and the caller's output.
    done(unsafe { begin(results, event, input, extraction) })
}

/// # Safety
/// As [`falconet_extraction_begin`].
#[inline(always)]
unsafe fn begin(
    results: *mut Results,
    event: *const HostEventInput,
    input: *const HostExtractInput,
    extraction: *mut Extraction,
) -> Result<(), Failed> {
    // Members that came with a later version of the API than is claimed may not be there, so there is no reference.
    let input = checked(input.cast_mut())?.as_ptr().cast_const();
    // SAFETY: the host's struct; value offsets are only read under a claim that has them.
    unsafe {
        let (fields, count) = ((*input).fields, (*input).num_fields);
        if count > 0 {
            let first = checked(fields)?;
            for index in 0..count as usize {
                give(first.add(index), NO_VALUES);
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
        let event = get(event)?;
        let out = checked(extraction)?;
        let read = event::Event::from_ptr(event.evt)?;
        results.answers.begin_call();
        out.write(Extraction {
            event: Event::of(&read),
            number: event.evtnum,
            source: text_or_empty(event.evtsrc),
            results: core::ptr::from_mut(results).cast(),
            fields: fields.cast(),
            offsets: offsets.cast(),
            count,
            next: 0,
            field: null_mut(),
            values: null_mut(),
            values_count: 0,
            at_start: 0,
            at_end: 0,
        });
    }
    Ok(())
}

/// Goes on to the next field that is asked: `id` is its number in the list of plugin_get_fields, from 0.
///
/// FALCONET_NONE, which is no error, where there are no more: the call is done, and what the host asked is answered. A field
/// that got no value has none. FALCONET_ERROR_NULL, FALCONET_ERROR_RESULTS. `id` is written only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_extraction_next(extraction: *mut Extraction, id: *mut u32) -> Code {
    // SAFETY: the caller's extraction, begun, and its output, not NULL.
    let next = || unsafe {
        let call = get_mut(extraction)?;
        let out = checked(id)?;
        let results = results(call.results.cast())?;
        if call.values_count > 0 {
            keep_list(call, results);
        }
        if call.next >= call.count {
            call.field = null_mut();
            if !call.offsets.is_null() {
                call.offsets.cast::<ExtractValueOffsets>().write(results.answers.offsets());
            }
            return Err(Failed(FALCONET_NONE));
        }
        let field = call.fields.cast::<ExtractField>().add(call.next as usize);
        if !call.offsets.is_null() {
            results.answers.note_offsets((call.count > 1).then_some(call.next as usize));
        }
        call.next += 1;
        call.field = field.cast();
        (call.values_count, call.at_start) = (0, 0);
        out.write((*field).field_id);
        Ok(())
    };
    done(next())
}

/// Keeps the cells of a list that is complete.
///
/// # Safety
/// The extraction is one that was begun.
#[inline]
unsafe fn keep_list(call: &mut Extraction, results: &mut Results) {
    let values = Values { first: call.values, count: call.values_count };
    // SAFETY: the present request of the host's.
    let (list, ftype) = unsafe {
        let Some(field) = call.field.cast::<ExtractField>().as_ref() else { return };
        (field.flist != 0, field.ftype)
    };
    if list && values.count != FAILED {
        match ftype {
            FALCONET_TYPE_BOOL => results.answers.end::<bool>(values),
            FALCONET_TYPE_IPADDR | FALCONET_TYPE_IPNET => results.answers.end::<core::net::IpAddr>(values),
            _ => results.answers.end::<u64>(values),
        }
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

/// The type of the field that is asked, one of FALCONET_TYPE_UINT64 and its like; 0 where none is asked.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_extraction_type(extraction: *const Extraction) -> u32 {
    // SAFETY: the caller's extraction, or NULL.
    unsafe { asked(extraction).map_or(0, |field| field.ftype) }
}

/// Whether the field that is asked is a list: then each value that is given is one more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_extraction_is_list(extraction: *const Extraction) -> bool {
    // SAFETY: the caller's extraction, or NULL.
    unsafe { asked(extraction).is_ok_and(|field| field.flist != 0) }
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
        let start = at.addr().wrapping_sub(call.event.bytes.addr());
        let end = start.checked_add(len).filter(|end| *end <= call.event.len);
        let span = end.and_then(|end| sdk::Span::event(start, end));
        let span = span.ok_or(Failed(crate::code::FALCONET_ERROR_ARGUMENT))?;
        (call.at_start, call.at_end) = (span.start(), span.end());
        Ok(())
    };
    done(tell())
}
