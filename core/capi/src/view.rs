// SPDX-License-Identifier: Apache-2.0
//! Read-only views: `falconet_view`.
#![expect(unsafe_code, reason = "symbols for C")]

use core::ffi::c_void;

use sdk::view::{self, SeekFrom};

use crate::code::{Code, FALCONET_ERROR_ARGUMENT, FALCONET_ERROR_VIEW, Failed, done};
use crate::pointer::{apart, bytes_mut, checked, get, get_mut, give};
use crate::types::View;

/// For falconet_view_seek and its like: counted from the first byte.
pub const FALCONET_SEEK_START: i32 = 0;
/// For falconet_view_seek and its like: counted from the cursor.
pub const FALCONET_SEEK_CURRENT: i32 = 1;
/// For falconet_view_seek and its like: counted from the length.
pub const FALCONET_SEEK_END: i32 = 2;

/// What C says of a seek.
#[inline]
pub(crate) fn seek_from(from: i32, distance: i64) -> Result<SeekFrom, Failed> {
    match from {
        FALCONET_SEEK_START => {
            u64::try_from(distance).map(SeekFrom::Start).map_err(|_| Failed(FALCONET_ERROR_ARGUMENT))
        }
        FALCONET_SEEK_CURRENT => Ok(SeekFrom::Current(distance)),
        FALCONET_SEEK_END => Ok(SeekFrom::End(distance)),
        _ => Err(Failed(FALCONET_ERROR_ARGUMENT)),
    }
}

/// A position in a view's memory, as a seek takes it.
#[inline]
pub(crate) const fn position(offset: usize) -> SeekFrom {
    SeekFrom::Start(offset as u64)
}

impl View {
    pub(crate) const fn of(view: &view::View<'_>) -> Self {
        Self { ptr: view.as_ptr(), len: view.len(), capacity: view.capacity(), offset: view.offset() }
    }
}

/// The view of the core that a view of C stands for.
///
/// # Safety
/// The view is the caller's own, and its memory is as it was promised when it was made.
#[inline]
unsafe fn with<R>(view: *mut View, act: impl FnOnce(&mut view::View<'_>) -> Result<R, Failed>) -> Result<R, Failed> {
    // SAFETY: as this function's.
    unsafe {
        let of_c = get_mut(view)?;
        let broken = |_| Failed(FALCONET_ERROR_VIEW);
        let mut view = view::View::from_raw_parts(of_c.ptr, of_c.len, of_c.capacity).map_err(broken)?;
        view.seek(position(of_c.offset)).map_err(broken)?;
        let result = act(&mut view);
        (of_c.len, of_c.offset) = (view.len(), view.offset());
        result
    }
}

/// Makes a read-only view of `capacity` bytes at `memory`, of which the first `len` are the content. The cursor is at the
/// first byte.
///
/// The memory stays the caller's: initialised, and not written by anybody, as long as the view is used. There is nothing
/// to free.
///
/// FALCONET_ERROR_NULL for a NULL; FALCONET_ERROR_LEN where `len` is more than `capacity`; FALCONET_ERROR_SIZE where no
/// memory is so large. `view` is written only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_new(
    memory: *const c_void,
    len: usize,
    capacity: usize,
    view: *mut View,
) -> Code {
    let make = || {
        let out = checked(view)?;
        // SAFETY: the caller's memory, as the header asks for; the output is not NULL.
        unsafe {
            let view = view::View::from_raw_parts(memory.cast(), len, capacity)?;
            out.write(View::of(&view));
        }
        Ok(())
    };
    done(make())
}

/// Copies the next bytes into `into`, at most `size` of them, and moves the cursor. `count`, which may be NULL, is how many
/// they were: fewer than `size` only at the end.
///
/// `into` may be NULL where `size` is 0. FALCONET_ERROR_NULL, FALCONET_ERROR_SIZE; FALCONET_ERROR_OVERLAP where `into` lies
/// in the view's memory; FALCONET_ERROR_VIEW. Nothing was copied then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_read(
    view: *mut View,
    into: *mut c_void,
    size: usize,
    count: *mut usize,
) -> Code {
    // SAFETY: the caller's view and memory.
    unsafe {
        done(with(view, |view| {
            apart(into, size, view.as_ptr(), view.capacity())?;
            give(count, view.read(bytes_mut(into, size)?));
            Ok(())
        }))
    }
}

/// Fills `into` with the next `size` bytes, and moves the cursor.
///
/// FALCONET_ERROR_SHORT where there are fewer; for the rest as falconet_view_read. Nothing was copied then, and the cursor
/// has not moved.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_read_exact(view: *mut View, into: *mut c_void, size: usize) -> Code {
    // SAFETY: the caller's view and memory.
    unsafe {
        done(with(view, |view| {
            apart(into, size, view.as_ptr(), view.capacity())?;
            Ok(view.read_exact(bytes_mut(into, size)?)?)
        }))
    }
}

/// The next `size` bytes in place: `bytes` points at them, in the view's memory, and the cursor moves behind them.
///
/// FALCONET_ERROR_NULL; FALCONET_ERROR_SHORT where there are fewer; FALCONET_ERROR_VIEW. The cursor has not moved then, and
/// `bytes` is not written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_take(view: *mut View, size: usize, bytes: *mut *const u8) -> Code {
    // SAFETY: the caller's view; the output is not NULL.
    unsafe {
        done(with(view, |view| {
            let out = checked(bytes)?;
            out.write(view.read_bytes(size)?.as_ptr());
            Ok(())
        }))
    }
}

/// Moves the cursor to `distance` bytes from `from`, one of FALCONET_SEEK_START, FALCONET_SEEK_CURRENT and
/// FALCONET_SEEK_END. `offset`, which may be NULL, is where it is then.
///
/// FALCONET_ERROR_SEEK where that is before the first byte or beyond the length; FALCONET_ERROR_ARGUMENT for another `from`
/// or a negative distance from the first byte; FALCONET_ERROR_NULL, FALCONET_ERROR_VIEW. The cursor has not moved then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_seek(view: *mut View, from: i32, distance: i64, offset: *mut usize) -> Code {
    // SAFETY: the caller's view and output.
    unsafe {
        done(with(view, |view| {
            give(offset, view.seek(seek_from(from, distance)?)?);
            Ok(())
        }))
    }
}

/// Shortens or lengthens what can be read; a cursor beyond the new length moves back to it. Growing shows what the memory
/// holds.
///
/// FALCONET_ERROR_LEN where `len` is more than the capacity; FALCONET_ERROR_NULL, FALCONET_ERROR_VIEW.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_set_len(view: *mut View, len: usize) -> Code {
    // SAFETY: the caller's view.
    unsafe { done(with(view, |view| Ok(view.set_len(len)?))) }
}

/// Bytes of content; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_len(view: *const View) -> usize {
    // SAFETY: the caller's view, or NULL.
    unsafe { get(view).map_or(0, |view| view.len) }
}

/// Up to where the length can grow; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_capacity(view: *const View) -> usize {
    // SAFETY: the caller's view, or NULL.
    unsafe { get(view).map_or(0, |view| view.capacity) }
}

/// Where the cursor is; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_offset(view: *const View) -> usize {
    // SAFETY: the caller's view, or NULL.
    unsafe { get(view).map_or(0, |view| view.offset) }
}

/// Bytes from the cursor to the length, which reads can still give; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_remaining(view: *const View) -> usize {
    // SAFETY: the caller's view, or NULL.
    unsafe { get(view).map_or(0, |view| view.len.saturating_sub(view.offset)) }
}

/// The first byte of the view's memory; NULL for NULL, and for what is no view.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_ptr(view: *const View) -> *const u8 {
    // SAFETY: the caller's view, or NULL.
    unsafe { get(view).map_or(core::ptr::null(), |view| view.ptr) }
}
