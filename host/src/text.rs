// SPDX-License-Identifier: Apache-2.0
//! Texts that a plugin hands over: pointers to C strings, NULL told apart.
#![expect(unsafe_code, reason = "C strings are read here and nowhere else")]

use std::ffi::{CStr, c_char};

/// The bytes of a C string, without its NUL, or `None` for NULL.
///
/// # Safety
/// `pointer` is NULL or points to bytes that end with a NUL and that nobody writes during the call.
pub(crate) unsafe fn bytes(pointer: *const c_char) -> Option<Vec<u8>> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: not NULL, and NUL-terminated by this function's contract.
    Some(unsafe { CStr::from_ptr(pointer) }.to_bytes().to_vec())
}

/// The text of a C string, what is no UTF-8 replaced by U+FFFD, or `None` for NULL.
///
/// # Safety
/// As [`bytes`].
pub(crate) unsafe fn text(pointer: *const c_char) -> Option<String> {
    // SAFETY: the contract is the same.
    unsafe { bytes(pointer) }.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
