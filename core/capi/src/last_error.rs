// SPDX-License-Identifier: Apache-2.0
//! The text that `plugin_get_last_error` gives: `falconet_last_error`.
#![expect(unsafe_code, reason = "symbols for C")]

use core::ffi::{CStr, c_char, c_void};

use sdk::error::Message;

use crate::code::{self, Code, FALCONET_ERROR_NULL, Failed, done};
use crate::pointer::{bytes, get_mut};
use crate::types::LastError;

const _: () =
    assert!(size_of::<Message>() <= size_of::<LastError>() && align_of::<Message>() <= align_of::<LastError>());

/// The core's text that a text of C stands for.
///
/// # Safety
/// Unless it is NULL, it is the caller's own, and all zero or made by the functions here.
unsafe fn message<'a>(error: *mut LastError) -> Result<&'a mut Message, Failed> {
    // SAFETY: as this function's. A message has no other fields than a number and bytes: whatever is in them is one.
    unsafe { get_mut(error.cast::<Message>()) }
}

/// Empties the text. FALCONET_ERROR_NULL, FALCONET_ERROR_ALIGNMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_last_error_clear(error: *mut LastError) -> Code {
    // SAFETY: the caller's text.
    unsafe { done(message(error).map(Message::clear)) }
}

/// Replaces the text by a C string, which is copied. What does not fit is cut at the end of a character.
///
/// FALCONET_ERROR_NULL, FALCONET_ERROR_ALIGNMENT: nothing has changed then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_last_error_set(error: *mut LastError, text: *const c_char) -> Code {
    if text.is_null() {
        return FALCONET_ERROR_NULL;
    }
    // SAFETY: the caller's text, twice.
    unsafe {
        done(message(error).map(|message| {
            message.clear();
            message.push_bytes(CStr::from_ptr(text).to_bytes());
        }))
    }
}

/// Replaces the text by that of a code: falconet_error_text. FALCONET_ERROR_NULL, FALCONET_ERROR_ALIGNMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_last_error_set_code(error: *mut LastError, code: Code) -> Code {
    // SAFETY: the caller's text, and a static one.
    unsafe { falconet_last_error_set(error, code::text(code).as_ptr()) }
}

/// Appends `len` bytes, which are copied; NULL where `len` is 0. What does not fit is cut at the end of a character, and a
/// NUL becomes `?`.
///
/// FALCONET_ERROR_NULL, FALCONET_ERROR_ALIGNMENT, FALCONET_ERROR_SIZE: nothing has changed then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_last_error_add(error: *mut LastError, from: *const c_void, len: usize) -> Code {
    // SAFETY: the caller's text and bytes.
    unsafe {
        done(message(error).and_then(|message| {
            message.push_bytes(bytes(from, len)?);
            Ok(())
        }))
    }
}

/// Appends a C string. As falconet_last_error_add.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_last_error_add_text(error: *mut LastError, text: *const c_char) -> Code {
    if text.is_null() {
        return FALCONET_ERROR_NULL;
    }
    // SAFETY: the caller's text, twice.
    unsafe {
        let text = CStr::from_ptr(text).to_bytes();
        falconet_last_error_add(error, text.as_ptr().cast(), text.len())
    }
}

/// Appends a number in decimal. As falconet_last_error_add.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_last_error_add_number(error: *mut LastError, number: u64) -> Code {
    // SAFETY: the caller's text.
    unsafe {
        done(message(error).map(|message| {
            message.push_number(number);
        }))
    }
}

/// The text, for the host: never NULL, and empty for NULL. It is valid until the text is changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_last_error_get(error: *mut LastError) -> *const c_char {
    // SAFETY: the caller's text, or NULL.
    unsafe { message(error).map_or(c"".as_ptr(), |message| message.as_c_str().as_ptr()) }
}
