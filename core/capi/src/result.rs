// SPDX-License-Identifier: Apache-2.0
//! Values for the field that is asked: `falconet_result_u64` and its like.
//!
//! In a list each is one more value. The host's own request says the type, so a value of another one is refused: the host
//! would read it as what it is not.
#![expect(unsafe_code, reason = "symbols for C")]

use core::ffi::c_char;
use core::net::IpAddr;
use core::ptr::NonNull;

use sdk::Span;
use sdk::abi::ExtractField;
use sdk::extract::{Answers, Asked, NoValue, Values};

use crate::code::{
    Code, FALCONET_ERROR_ANSWERED, FALCONET_ERROR_ARGUMENT, FALCONET_ERROR_FIELD_TYPE, FALCONET_ERROR_NO_FIELD,
    FALCONET_ERROR_NULL, FALCONET_ERROR_ROOM, Failed, done,
};
use crate::extract::{
    FAILED, FALCONET_TYPE_ABSTIME, FALCONET_TYPE_BOOL, FALCONET_TYPE_IPADDR, FALCONET_TYPE_IPNET,
    FALCONET_TYPE_RELTIME, FALCONET_TYPE_STRING, FALCONET_TYPE_UINT64, NO_VALUES, give,
};
use crate::pointer::{bytes, get_mut};
use crate::results::results;
use crate::types::Extraction;

/// Gives a value of the type `ftype` to the field that is asked.
///
/// # Safety
/// Unless it is NULL, the extraction was begun by the caller.
#[inline(always)]
unsafe fn answer(
    extraction: *mut Extraction,
    ftype: u32,
    value: impl FnOnce(&mut Answers, &Asked<'_>) -> Result<Values, NoValue>,
) -> Code {
    // SAFETY: as this function's: the present request is the host's, and the event is as it was read.
    let answer = || unsafe {
        let call = get_mut(extraction)?;
        let field = NonNull::new(call.field.cast::<ExtractField>()).ok_or(Failed(FALCONET_ERROR_NO_FIELD))?;
        if (*field.as_ptr()).ftype != ftype {
            return Err(Failed(FALCONET_ERROR_FIELD_TYPE));
        }
        let list = (*field.as_ptr()).flist != 0;
        if call.values_count != 0 {
            if !list {
                return Err(Failed(FALCONET_ERROR_ANSWERED));
            }
            if call.values_count == FAILED {
                return Err(Failed(FALCONET_ERROR_ROOM));
            }
        }
        let results = results(call.results.cast())?;
        let span = Span::event(call.at_start as usize, call.at_end as usize);
        let values = Values { first: call.values, count: call.values_count };
        let asked = Asked { event: call.event.get()?, field, list, values, span };
        call.at_start = 0;
        match value(&mut results.answers, &asked) {
            Ok(values) => {
                (call.values, call.values_count) = (values.first, values.count);
                give(field, values);
                Ok(())
            }
            Err(why) => {
                // A part of a list would be a wrong value.
                if list {
                    call.values_count = FAILED;
                    give(field, NO_VALUES);
                }
                Err(why.into())
            }
        }
    };
    done(answer())
}

/// Gives a number to the field that is asked, of type FALCONET_TYPE_UINT64.
///
/// In a list it is one more value; else FALCONET_ERROR_ANSWERED for a second one. FALCONET_ERROR_FIELD_TYPE where the field
/// has another type; FALCONET_ERROR_ROOM where it does not fit into the memory for results: a list has no values at all
/// then; FALCONET_ERROR_NO_FIELD, FALCONET_ERROR_NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_result_u64(extraction: *mut Extraction, value: u64) -> Code {
    // SAFETY: the caller's extraction, or NULL; its field is a request of the host's.
    unsafe { answer(extraction, FALCONET_TYPE_UINT64, |answers, asked| answers.give(asked, value)) }
}

/// Gives true or false to the field that is asked, of type FALCONET_TYPE_BOOL. As falconet_result_u64.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_result_bool(extraction: *mut Extraction, value: bool) -> Code {
    // SAFETY: as in `falconet_result_u64`.
    unsafe { answer(extraction, FALCONET_TYPE_BOOL, |answers, asked| answers.give(asked, value)) }
}

/// Gives a time span in nanoseconds to the field that is asked, of type FALCONET_TYPE_RELTIME. As falconet_result_u64.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_result_reltime(extraction: *mut Extraction, nanos: u64) -> Code {
    // SAFETY: as in `falconet_result_u64`.
    unsafe { answer(extraction, FALCONET_TYPE_RELTIME, |answers, asked| answers.give(asked, nanos)) }
}

/// Gives a time in nanoseconds since 1970-01-01 UTC to the field that is asked, of type FALCONET_TYPE_ABSTIME. As
/// falconet_result_u64.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_result_abstime(extraction: *mut Extraction, nanos: u64) -> Code {
    // SAFETY: as in `falconet_result_u64`.
    unsafe { answer(extraction, FALCONET_TYPE_ABSTIME, |answers, asked| answers.give(asked, nanos)) }
}

/// Gives a text of `len` bytes to the field that is asked, of type FALCONET_TYPE_STRING; NULL where `len` is 0.
///
/// Where it stands in the event with a NUL behind it, it is handed over by pointer; else it is copied. FALCONET_ERROR_TEXT
/// where it has a NUL in it, which the host would take for its end; FALCONET_ERROR_SIZE; for the rest as
/// falconet_result_u64.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_result_string(extraction: *mut Extraction, text: *const c_char, len: usize) -> Code {
    // SAFETY: the caller's bytes.
    let text = match unsafe { bytes(text.cast(), len) } {
        Ok(text) => text,
        Err(Failed(code)) => return code,
    };
    // SAFETY: as in `falconet_result_u64`.
    unsafe { answer(extraction, FALCONET_TYPE_STRING, |answers, asked| answers.text(asked, text)) }
}

/// Gives a C string to the field that is asked, of type FALCONET_TYPE_STRING, by pointer: it is not copied, nor looked at.
///
/// It stands in the event's payload, whose last byte is NUL (FALCONET_ERROR_TEXT where it is not), or it is static, or the
/// caller keeps it until the call after the next. FALCONET_ERROR_NULL for a NULL; for the rest as falconet_result_u64.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_result_c_str(extraction: *mut Extraction, text: *const c_char) -> Code {
    let Some(text) = NonNull::new(text.cast_mut()) else { return FALCONET_ERROR_NULL };
    // SAFETY: as in `falconet_result_u64`; the text is the caller's.
    unsafe { answer(extraction, FALCONET_TYPE_STRING, |answers, asked| answers.c_str(asked, text)) }
}

/// Gives an ip address of 4 or 16 bytes, in network order, to the field that is asked, of type FALCONET_TYPE_IPADDR. It is
/// copied.
///
/// FALCONET_ERROR_ARGUMENT where `len` is neither; for the rest as falconet_result_u64.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_result_ipaddr(extraction: *mut Extraction, address: *const u8, len: usize) -> Code {
    // SAFETY: the caller's bytes, and as in `falconet_result_u64`.
    unsafe {
        match self::address(address, len) {
            Ok(value) => answer(extraction, FALCONET_TYPE_IPADDR, |answers, asked| answers.give(asked, value)),
            Err(Failed(code)) => code,
        }
    }
}

/// Gives an ip network, by its address of 4 or 16 bytes, to the field that is asked, of type FALCONET_TYPE_IPNET. As
/// falconet_result_ipaddr.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_result_ipnet(extraction: *mut Extraction, address: *const u8, len: usize) -> Code {
    // SAFETY: the caller's bytes, and as in `falconet_result_u64`.
    unsafe {
        match self::address(address, len) {
            Ok(value) => answer(extraction, FALCONET_TYPE_IPNET, |answers, asked| answers.give(asked, value)),
            Err(Failed(code)) => code,
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
