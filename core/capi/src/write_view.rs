// SPDX-License-Identifier: Apache-2.0
//! Write-only views: `falconet_write_view`.
#![expect(unsafe_code, reason = "symbols for C")]

use core::ffi::c_void;
use core::ptr::null_mut;

use sdk::view;

use crate::code::{Code, FALCONET_ERROR_VIEW, Failed, done};
use crate::pointer::{apart, bytes, checked, get, get_mut, give};
use crate::types::WriteView;
use crate::view::{position, seek_from};

impl WriteView {
    /// No view.
    pub(crate) const NONE: Self = Self { ptr: null_mut(), len: 0, capacity: 0, offset: 0, touched: 0 };
}

/// The view of the core that a view of C stands for.
///
/// # Safety
/// The view is the caller's own, and its memory is as it was promised when it was made.
#[inline]
pub(crate) unsafe fn with<R>(
    view: *mut WriteView,
    act: impl FnOnce(&mut view::WriteView<'_>) -> Result<R, Failed>,
) -> Result<R, Failed> {
    // SAFETY: as this function's.
    unsafe {
        let of_c = get_mut(view)?;
        let broken = |_| Failed(FALCONET_ERROR_VIEW);
        let mut view = view::WriteView::from_raw_parts(of_c.ptr, of_c.len, of_c.capacity).map_err(broken)?;
        view.seek(position(of_c.offset)).map_err(broken)?;
        let result = act(&mut view);
        (of_c.len, of_c.offset) = (view.len(), view.offset());
        of_c.touched = of_c.touched.max(view.touched());
        result
    }
}

/// Makes a write-only view of `capacity` bytes at `memory`, with no content yet.
///
/// The memory stays the caller's, and nobody else reads or writes it as long as the view is used. It need not be
/// initialised, and afterwards it is as far as the view's length. There is nothing to free.
///
/// FALCONET_ERROR_NULL for a NULL; FALCONET_ERROR_SIZE where no memory is so large. `view` is written only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_write_view_new(memory: *mut c_void, capacity: usize, view: *mut WriteView) -> Code {
    let make = || {
        let out = checked(view)?;
        // SAFETY: the caller's memory, as the header asks for; the output is not NULL.
        unsafe {
            let view = view::WriteView::from_raw_parts(memory.cast(), 0, capacity)?;
            out.write(WriteView { ptr: memory.cast(), capacity: view.capacity(), ..WriteView::NONE });
        }
        Ok(())
    };
    done(make())
}

/// Copies `len` bytes to the cursor, or as many as fit, and moves it. The length grows as far as the cursor goes. `count`,
/// which may be NULL, is how many they were: fewer than `len` only at the capacity.
///
/// `from` may be NULL where `len` is 0. FALCONET_ERROR_NULL, FALCONET_ERROR_SIZE; FALCONET_ERROR_OVERLAP where `from` lies
/// in the view's memory; FALCONET_ERROR_VIEW. Nothing was written then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_write_view_write(
    view: *mut WriteView,
    from: *const c_void,
    len: usize,
    count: *mut usize,
) -> Code {
    // SAFETY: the caller's view, bytes and output.
    unsafe {
        done(with(view, |view| {
            apart(from, len, view.as_ptr(), view.capacity())?;
            give(count, view.write(bytes(from, len)?));
            Ok(())
        }))
    }
}

/// Copies all of `len` bytes to the cursor, and moves it. The length grows as far as the cursor goes.
///
/// FALCONET_ERROR_ROOM where they do not fit; for the rest as falconet_write_view_write. Nothing was written then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_write_view_write_all(view: *mut WriteView, from: *const c_void, len: usize) -> Code {
    // SAFETY: the caller's view and bytes.
    unsafe {
        done(with(view, |view| {
            apart(from, len, view.as_ptr(), view.capacity())?;
            Ok(view.write_all(bytes(from, len)?)?)
        }))
    }
}

/// Writes a number in decimal at the cursor, without leading zeros and without a NUL, and moves the cursor.
///
/// FALCONET_ERROR_ROOM where it does not fit; FALCONET_ERROR_NULL, FALCONET_ERROR_VIEW. Nothing was written then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_write_view_write_decimal(view: *mut WriteView, number: u64) -> Code {
    // SAFETY: the caller's view.
    unsafe { done(with(view, |view| Ok(view.write_decimal(number)?))) }
}

/// Makes the next `len` bytes content, all zero, and moves the cursor behind them: `at` points at them, to be filled in
/// in place.
///
/// The place is in the view's memory, and is the caller's as long as that is. FALCONET_ERROR_ROOM where it does not fit;
/// FALCONET_ERROR_NULL, FALCONET_ERROR_VIEW. Nothing has changed then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_write_view_place(view: *mut WriteView, len: usize, at: *mut *mut u8) -> Code {
    // SAFETY: the caller's view and output, which is not NULL.
    unsafe {
        done(with(view, |view| {
            let out = checked(at)?;
            let place = view.as_mut_ptr().wrapping_add(view.offset());
            if len > view.space() {
                return Err(view::ViewError::Full { needed: len, available: view.space() }.into());
            }
            // The bytes are the view's, as the line above says, and initialised by this.
            place.write_bytes(0, len);
            view.advance(len)?;
            out.write(place);
            Ok(())
        }))
    }
}

/// The raw room from the cursor to the capacity: `room` points at it, `size` is its bytes. Fill it by hand, and report with
/// falconet_write_view_advance.
///
/// All content from the cursor on is given up first: the length moves back to the cursor. FALCONET_ERROR_NULL,
/// FALCONET_ERROR_VIEW.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_write_view_room(view: *mut WriteView, room: *mut *mut u8, size: *mut usize) -> Code {
    // SAFETY: the caller's view and outputs, which are not NULL. Bytes of C are initialised.
    unsafe {
        done(with(view, |view| {
            let (out, out_size) = (checked(room)?, checked(size)?);
            let room = view.room();
            out_size.write(room.len());
            out.write(room.as_mut_ptr().cast());
            Ok(())
        }))
    }
}

/// Makes the next `len` bytes content, as they are, and moves the cursor behind them. The caller has just written them, in
/// the room that falconet_write_view_room gave.
///
/// FALCONET_ERROR_ROOM where there are fewer; FALCONET_ERROR_NULL, FALCONET_ERROR_VIEW. Nothing has changed then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_write_view_advance(view: *mut WriteView, len: usize) -> Code {
    // SAFETY: the caller's view, and bytes that it has written.
    unsafe { done(with(view, |view| Ok(view.advance(len)?))) }
}

/// Moves the cursor, as falconet_view_seek does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_write_view_seek(
    view: *mut WriteView,
    from: i32,
    distance: i64,
    offset: *mut usize,
) -> Code {
    // SAFETY: the caller's view and output.
    unsafe {
        done(with(view, |view| {
            give(offset, view.seek(seek_from(from, distance)?)?);
            Ok(())
        }))
    }
}

/// Gives up content, or adds zero bytes to it. A cursor beyond the new length moves back to it.
///
/// FALCONET_ERROR_LEN where `len` is more than the capacity; FALCONET_ERROR_NULL, FALCONET_ERROR_VIEW. Nothing has changed
/// then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_write_view_set_len(view: *mut WriteView, len: usize) -> Code {
    // SAFETY: the caller's view.
    unsafe { done(with(view, |view| Ok(view.set_len(len)?))) }
}

/// Bytes of content; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_write_view_len(view: *const WriteView) -> usize {
    // SAFETY: the caller's view, or NULL.
    unsafe { get(view).map_or(0, |view| view.len) }
}

/// Up to where the length can grow; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_write_view_capacity(view: *const WriteView) -> usize {
    // SAFETY: the caller's view, or NULL.
    unsafe { get(view).map_or(0, |view| view.capacity) }
}

/// Where the cursor is; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_write_view_offset(view: *const WriteView) -> usize {
    // SAFETY: the caller's view, or NULL.
    unsafe { get(view).map_or(0, |view| view.offset) }
}

/// Bytes from the cursor to the capacity, which can be written; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_write_view_space(view: *const WriteView) -> usize {
    // SAFETY: the caller's view, or NULL.
    unsafe { get(view).map_or(0, |view| view.capacity.saturating_sub(view.offset)) }
}

/// The first byte of the view's memory; NULL for NULL, and for what is no view.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_write_view_ptr(view: *mut WriteView) -> *mut u8 {
    // SAFETY: the caller's view, or NULL.
    unsafe { get(view).map_or(null_mut(), |view| view.ptr) }
}
