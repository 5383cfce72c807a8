// SPDX-License-Identifier: Apache-2.0
//! From the pointers of C to references: what can be checked of them is checked here.
#![expect(unsafe_code, reason = "pointers of C")]

use core::ffi::c_void;
use core::ptr::NonNull;

use crate::code::{FALCONET_ERROR_ALIGNMENT, FALCONET_ERROR_NULL, FALCONET_ERROR_OVERLAP, FALCONET_ERROR_SIZE, Failed};

/// A pointer that is not NULL, and aligned.
#[inline]
pub(crate) fn checked<T>(pointer: *mut T) -> Result<NonNull<T>, Failed> {
    let pointer = NonNull::new(pointer).ok_or(Failed(FALCONET_ERROR_NULL))?;
    if pointer.is_aligned() { Ok(pointer) } else { Err(Failed(FALCONET_ERROR_ALIGNMENT)) }
}

/// What is to be read.
///
/// # Safety
/// If it is not NULL and aligned, there is a T, which nobody writes for `'a`.
#[inline]
pub(crate) unsafe fn get<'a, T>(pointer: *const T) -> Result<&'a T, Failed> {
    // SAFETY: not NULL and aligned; the rest as the caller says.
    Ok(unsafe { checked(pointer.cast_mut())?.as_ref() })
}

/// What is to be read and written.
///
/// # Safety
/// If it is not NULL and aligned, there is a T, which nobody else touches for `'a`.
#[inline]
pub(crate) unsafe fn get_mut<'a, T>(pointer: *mut T) -> Result<&'a mut T, Failed> {
    // SAFETY: not NULL and aligned; the rest as the caller says.
    Ok(unsafe { checked(pointer)?.as_mut() })
}

/// So many bytes; NULL is fine for none.
///
/// # Safety
/// If it is not NULL, so many bytes there are readable, initialised, and nobody writes them for `'a`.
#[inline]
pub(crate) unsafe fn bytes<'a>(pointer: *const c_void, len: usize) -> Result<&'a [u8], Failed> {
    if len == 0 {
        return Ok(&[]);
    }
    if len > isize::MAX.unsigned_abs() {
        return Err(Failed(FALCONET_ERROR_SIZE));
    }
    let pointer = checked(pointer.cast_mut().cast::<u8>())?;
    // SAFETY: not NULL, and no longer than memory is; the rest as the caller says.
    Ok(unsafe { core::slice::from_raw_parts(pointer.as_ptr(), len) })
}

/// So many bytes to be written; NULL is fine for none.
///
/// # Safety
/// If it is not NULL, so many bytes there are writable, and nobody else touches them for `'a`.
#[inline]
pub(crate) unsafe fn bytes_mut<'a>(pointer: *mut c_void, len: usize) -> Result<&'a mut [u8], Failed> {
    if len == 0 {
        return Ok(&mut []);
    }
    if len > isize::MAX.unsigned_abs() {
        return Err(Failed(FALCONET_ERROR_SIZE));
    }
    let pointer = checked(pointer.cast::<u8>())?;
    // SAFETY: not NULL, and no longer than memory is; the rest as the caller says. Bytes of C are initialised.
    Ok(unsafe { core::slice::from_raw_parts_mut(pointer.as_ptr(), len) })
}

/// That none of `len` bytes at `pointer` is one of `view_len` bytes at `view`.
#[inline]
pub(crate) fn apart(pointer: *const c_void, len: usize, view: *const u8, view_len: usize) -> Result<(), Failed> {
    let (at, view) = (pointer.addr(), view.addr());
    if len > 0 && view_len > 0 && at < view.saturating_add(view_len) && view < at.saturating_add(len) {
        return Err(Failed(FALCONET_ERROR_OVERLAP));
    }
    Ok(())
}

/// Writes an output that may be left out.
///
/// # Safety
/// `out` is NULL, or aligned and writable.
#[inline]
pub(crate) unsafe fn give<T>(out: *mut T, value: T) {
    if let Ok(out) = checked(out) {
        // SAFETY: not NULL; writable as the caller says.
        unsafe { out.write(value) }
    }
}
