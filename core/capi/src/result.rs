// SPDX-License-Identifier: Apache-2.0
//! Values for the field that is asked: `falconet_result_u64` and its like.
//!
//! In a list each is one more value. The host's own request says the type, so a value of another one is refused: the host
//! would read it as what it is not.
#![expect(unsafe_code, reason = "symbols for C")]

use core::ffi::c_char;
use core::net::IpAddr;
use core::ptr::NonNull;

use sdk::abi::ExtractField;
use sdk::extract::{Answers, Asked, NoValue, Values};
use sdk::{Event, Span};

use crate::code::{
    Code, FALCONET_ERROR_ANSWERED, FALCONET_ERROR_ARGUMENT, FALCONET_ERROR_FIELD_TYPE, FALCONET_ERROR_NO_FIELD,
    FALCONET_ERROR_NULL, FALCONET_ERROR_ROOM, FALCONET_ERROR_TEXT, FALCONET_OK, Failed, done,
};
use crate::extract::{
    FAILED, FALCONET_TYPE_ABSTIME, FALCONET_TYPE_BOOL, FALCONET_TYPE_IPADDR, FALCONET_TYPE_IPNET,
    FALCONET_TYPE_RELTIME, FALCONET_TYPE_STRING, FALCONET_TYPE_UINT64, NO_VALUES, give,
};
use crate::pointer::{bytes, get_mut};
use crate::results::{Results, results};
use crate::types::Extraction;

/// Gives a number or a pointer to the field that is asked, of the type `ftype`; `slow` does so where that is not the only
/// value of a field whose offsets nobody asks for.
///
/// # Safety
/// Unless it is NULL, the extraction was begun by the caller.
#[inline(always)]
unsafe fn single<C: Copy, V>(
    extraction: *mut Extraction,
    ftype: u32,
    cell: C,
    value: V,
    slow: unsafe fn(&mut Extraction, u32, V) -> Code,
) -> Code {
    // SAFETY: as this function's. Plain is the type of a present request only.
    unsafe {
        let Some(call) = extraction.as_mut() else { return FALCONET_ERROR_NULL };
        if call.plain == ftype
            && let Some(values) = (*call.results.cast::<Results>()).answers.single(cell)
        {
            call.plain = 0;
            give(NonNull::new_unchecked(call.field.cast()), values);
            return FALCONET_OK;
        }
        slow(call, ftype, value)
    }
}

/// Gives a value of the type `ftype` to the field that is asked.
///
/// # Safety
/// The extraction was begun by the caller.
#[inline(always)]
unsafe fn answer(
    call: &mut Extraction,
    ftype: u32,
    value: impl FnOnce(&mut Answers, &Asked<'_>) -> Result<Values, NoValue>,
) -> Code {
    // SAFETY: as this function's: the present request is the host's, and the event is as it was read.
    let answer = || unsafe {
        let field = NonNull::new(call.field.cast::<ExtractField>()).ok_or(Failed(FALCONET_ERROR_NO_FIELD))?;
        if call.field_type != ftype {
            return Err(Failed(FALCONET_ERROR_FIELD_TYPE));
        }
        // Of a field that is neither a list nor has its offsets asked for only `plain` is kept.
        let counted = call.list || !call.offsets.is_null();
        let values = Values { first: call.values, count: if counted { call.values_count } else { 0 } };
        if !call.list && (values.count > 0 || !counted && call.plain == 0) {
            return Err(Failed(FALCONET_ERROR_ANSWERED));
        }
        if values.count == FAILED {
            return Err(Failed(FALCONET_ERROR_ROOM));
        }
        // Its end is told with its start.
        let told = counted && call.at_start != 0;
        let span = if told { Span::event(call.at_start as usize, call.at_end as usize) } else { None };
        let results = results(call.results.cast())?;
        let asked = Asked { event: event(call), field, list: call.list, values, span };
        call.at_start = 0;
        match value(&mut results.answers, &asked) {
            Ok(values) => {
                (call.plain, call.values, call.values_count) = (0, values.first, values.count);
                give(field, values);
                Ok(())
            }
            Err(why) => {
                // A part of a list would be a wrong value.
                if call.list {
                    call.values_count = FAILED;
                    give(field, NO_VALUES);
                }
                Err(why.into())
            }
        }
    };
    done(answer())
}

/// The event that fields are asked of.
///
/// # Safety
/// As [`answer`].
#[inline]
unsafe fn event<'e>(call: &Extraction) -> Event<'e> {
    // SAFETY: what `falconet_extraction_begin` has read, and the host leaves as it is for the call.
    unsafe {
        let bytes = core::slice::from_raw_parts(call.event, call.event_len);
        Event::from_parts(bytes, core::slice::from_raw_parts(call.payload, call.payload_len))
    }
}

/// # Safety
/// As [`answer`].
#[cold]
#[inline(never)]
unsafe fn slow_number(call: &mut Extraction, ftype: u32, value: u64) -> Code {
    // SAFETY: as this function's.
    unsafe { answer(call, ftype, |answers, asked| answers.give(asked, value)) }
}

/// # Safety
/// As [`answer`].
#[cold]
#[inline(never)]
unsafe fn slow_bool(call: &mut Extraction, ftype: u32, value: bool) -> Code {
    // SAFETY: as this function's.
    unsafe { answer(call, ftype, |answers, asked| answers.give(asked, value)) }
}

/// # Safety
/// As [`answer`]; the text is as `falconet_result_c_str` asks for.
#[cold]
#[inline(never)]
unsafe fn slow_c_str(call: &mut Extraction, ftype: u32, text: NonNull<c_char>) -> Code {
    let at = text.addr().get().wrapping_sub(call.event.addr());
    if at < call.event_len {
        // SAFETY: what `falconet_extraction_begin` has read, and the host leaves as it is for the call.
        let bytes = unsafe { core::slice::from_raw_parts(call.event, call.event_len) };
        // The payload is the event's end, and its last byte proves that every text in it ends.
        let payload = call.payload.addr().wrapping_sub(call.event.addr());
        let in_payload = at >= payload && payload.checked_add(call.payload_len) == Some(call.event_len);
        if !in_payload || bytes.last() != Some(&0) {
            return FALCONET_ERROR_TEXT;
        }
        let tail = bytes.get(at..).unwrap_or_default();
        if !call.offsets.is_null() && call.at_start == 0 {
            let len = tail.iter().position(|byte| *byte == 0).unwrap_or(0);
            let end = at.checked_add(len).and_then(|end| Span::event(at, end));
            (call.at_start, call.at_end) = end.map_or((0, 0), |span| (span.start(), span.end()));
        }
    }
    // A pointer is a cell of 8 bytes, as a number is.
    let cell = text.as_ptr().expose_provenance() as u64;
    // SAFETY: as this function's; the host reads a field of this type by pointer.
    unsafe { slow_number(call, ftype, cell) }
}

/// # Safety
/// As [`answer`].
#[cold]
#[inline(never)]
unsafe fn give_address(call: &mut Extraction, ftype: u32, value: IpAddr) -> Code {
    // SAFETY: as this function's.
    unsafe { answer(call, ftype, |answers, asked| answers.give(asked, value)) }
}

/// Gives a number to the field that is asked, of type FALCONET_TYPE_UINT64.
///
/// In a list it is one more value; else FALCONET_ERROR_ANSWERED for a second one. FALCONET_ERROR_FIELD_TYPE where the field
/// has another type; FALCONET_ERROR_ROOM where it does not fit into the memory for results: a list has no values at all
/// then; FALCONET_ERROR_NO_FIELD, FALCONET_ERROR_NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_result_u64(extraction: *mut Extraction, value: u64) -> Code {
    // SAFETY: the caller's extraction, or NULL; its field is a request of the host's.
    unsafe { single(extraction, FALCONET_TYPE_UINT64, value, value, slow_number) }
}

/// Gives true or false to the field that is asked, of type FALCONET_TYPE_BOOL. As falconet_result_u64.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_result_bool(extraction: *mut Extraction, value: bool) -> Code {
    // SAFETY: as in `falconet_result_u64`.
    unsafe { single(extraction, FALCONET_TYPE_BOOL, u32::from(value), value, slow_bool) }
}

/// Gives a time span in nanoseconds to the field that is asked, of type FALCONET_TYPE_RELTIME. As falconet_result_u64.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_result_reltime(extraction: *mut Extraction, nanos: u64) -> Code {
    // SAFETY: as in `falconet_result_u64`.
    unsafe { single(extraction, FALCONET_TYPE_RELTIME, nanos, nanos, slow_number) }
}

/// Gives a time in nanoseconds since 1970-01-01 UTC to the field that is asked, of type FALCONET_TYPE_ABSTIME. As
/// falconet_result_u64.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_result_abstime(extraction: *mut Extraction, nanos: u64) -> Code {
    // SAFETY: as in `falconet_result_u64`.
    unsafe { single(extraction, FALCONET_TYPE_ABSTIME, nanos, nanos, slow_number) }
}

/// Gives a text of `len` bytes to the field that is asked, of type FALCONET_TYPE_STRING; NULL where `len` is 0.
///
/// Where it stands in the event with a NUL behind it, it is handed over by pointer; else it is copied. FALCONET_ERROR_TEXT
/// where it has a NUL in it, which the host would take for its end; FALCONET_ERROR_SIZE; for the rest as
/// falconet_result_u64.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_result_string(extraction: *mut Extraction, text: *const c_char, len: usize) -> Code {
    // SAFETY: the caller's bytes; and as in `falconet_result_u64`.
    let give = || unsafe {
        let text = bytes(text.cast(), len)?;
        let call = get_mut(extraction)?;
        match answer(call, FALCONET_TYPE_STRING, |answers, asked| answers.text(asked, text)) {
            FALCONET_OK => Ok(()),
            code => Err(Failed(code)),
        }
    };
    done(give())
}

/// Gives a C string to the field that is asked, of type FALCONET_TYPE_STRING, by pointer: it is not copied, nor looked at.
///
/// It stands in the event's payload, whose last byte is NUL (FALCONET_ERROR_TEXT where it is not), or it is static, or the
/// caller keeps it until the call after the next. FALCONET_ERROR_NULL for a NULL; for the rest as falconet_result_u64.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_result_c_str(extraction: *mut Extraction, text: *const c_char) -> Code {
    let Some(text) = NonNull::new(text.cast_mut()) else { return FALCONET_ERROR_NULL };
    // SAFETY: as in `falconet_result_u64`; the text is the caller's.
    unsafe {
        let Some(call) = extraction.as_mut() else { return FALCONET_ERROR_NULL };
        // A text in the event needs a proof of its end.
        let place = text.addr().get().wrapping_sub(call.payload.addr());
        if place < call.payload_len && *call.payload.add(call.payload_len - 1) == 0 {
            return single(extraction, FALCONET_TYPE_STRING, text, text, slow_c_str);
        }
        slow_c_str(call, FALCONET_TYPE_STRING, text)
    }
}

/// Gives an ip address of 4 or 16 bytes, in network order, to the field that is asked, of type FALCONET_TYPE_IPADDR. It is
/// copied.
///
/// FALCONET_ERROR_ARGUMENT where `len` is neither; for the rest as falconet_result_u64.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_result_ipaddr(extraction: *mut Extraction, address: *const u8, len: usize) -> Code {
    // SAFETY: the caller's bytes, and as in `falconet_result_u64`.
    unsafe {
        match (self::address(address, len), get_mut(extraction)) {
            (Ok(value), Ok(call)) => give_address(call, FALCONET_TYPE_IPADDR, value),
            (Err(Failed(code)), _) | (_, Err(Failed(code))) => code,
        }
    }
}

/// Gives an ip network, by its address of 4 or 16 bytes, to the field that is asked, of type FALCONET_TYPE_IPNET. As
/// falconet_result_ipaddr.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_result_ipnet(extraction: *mut Extraction, address: *const u8, len: usize) -> Code {
    // SAFETY: the caller's bytes, and as in `falconet_result_u64`.
    unsafe {
        match (self::address(address, len), get_mut(extraction)) {
            (Ok(value), Ok(call)) => give_address(call, FALCONET_TYPE_IPNET, value),
            (Err(Failed(code)), _) | (_, Err(Failed(code))) => code,
        }
    }
}

/// An address of C.
///
/// # Safety
/// Unless it is NULL, so many bytes are readable there.
unsafe fn address(address: *const u8, len: usize) -> Result<IpAddr, Failed> {
    if len != 4 && len != 16 {
        return Err(Failed(FALCONET_ERROR_ARGUMENT));
    }
    // SAFETY: as this function's.
    let octets = unsafe { bytes(address.cast(), len) }?;
    let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    let v6 = <[u8; 16]>::try_from(octets).map(IpAddr::from);
    v4.or(v6).map_err(|_| Failed(FALCONET_ERROR_ARGUMENT))
}
