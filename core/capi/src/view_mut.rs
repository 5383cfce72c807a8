// SPDX-License-Identifier: Apache-2.0
//! Views that are read and written: `falconet_view_mut`.
#![expect(unsafe_code, reason = "symbols for C")]

use core::ffi::c_void;
use core::ptr::null_mut;

use sdk::view;

use crate::code::{Code, FALCONET_ERROR_VIEW, Failed, done};
use crate::pointer::{apart, bytes, bytes_mut, checked, get, get_mut, give};
use crate::types::{View, ViewMut, WriteView};
use crate::view::{position, seek_from};

/// The view of the core that a view of C stands for.
///
/// # Safety
/// The view is the caller's own, and its memory is as it was promised when it was made.
#[inline]
unsafe fn with<R>(
    view: *mut ViewMut,
    act: impl FnOnce(&mut view::ViewMut<'_>) -> Result<R, Failed>,
) -> Result<R, Failed> {
    // SAFETY: as this function's.
    unsafe {
        let of_c = get_mut(view)?;
        let broken = |_| Failed(FALCONET_ERROR_VIEW);
        let mut view = view::ViewMut::from_raw_parts(of_c.ptr, of_c.len, of_c.capacity).map_err(broken)?;
        view.seek(position(of_c.offset)).map_err(broken)?;
        let result = act(&mut view);
        (of_c.len, of_c.offset) = (view.len(), view.offset());
        result
    }
}

/// Makes a view of `capacity` bytes at `memory`, of which the first `len` are the content, to be read and written. The
/// cursor is at the first byte.
///
/// The memory stays the caller's, and nobody else reads or writes it as long as the view is used. The first `len` bytes are
/// initialised. There is nothing to free.
///
/// FALCONET_ERROR_NULL for a NULL; FALCONET_ERROR_LEN where `len` is more than `capacity`; FALCONET_ERROR_SIZE where no
/// memory is so large. `view` is written only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_mut_new(
    memory: *mut c_void,
    len: usize,
    capacity: usize,
    view: *mut ViewMut,
) -> Code {
    let make = || {
        let out = checked(view)?;
        // SAFETY: the caller's memory, as the header asks for; the output is not NULL.
        unsafe {
            view::ViewMut::from_raw_parts(memory.cast(), len, capacity)?;
            out.write(ViewMut { ptr: memory.cast(), len, capacity, offset: 0 });
        }
        Ok(())
    };
    done(make())
}

/// Gives up writing: `read` has the content and the cursor of `view`, which is no view any more.
///
/// The capacity of `read` is the length of `view`, because what lies beyond is no content. FALCONET_ERROR_NULL,
/// FALCONET_ERROR_VIEW. Nothing has changed then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_mut_into_read(view: *mut ViewMut, read: *mut View) -> Code {
    // SAFETY: the caller's view and output, which is not NULL.
    unsafe {
        let narrow = || {
            let out = checked(read)?;
            let read = with(view, |view| Ok(View::of(&view.as_read())))?;
            get_mut(view)?.ptr = null_mut();
            out.write(read);
            Ok(())
        };
        done(narrow())
    }
}

/// Gives up reading: `write` has length, capacity and cursor of `view`, which is no view any more.
///
/// FALCONET_ERROR_NULL, FALCONET_ERROR_VIEW. Nothing has changed then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_mut_into_write(view: *mut ViewMut, write: *mut WriteView) -> Code {
    // SAFETY: the caller's view and output, which is not NULL.
    unsafe {
        let narrow = || {
            let out = checked(write)?;
            with(view, |_| Ok(()))?;
            let ViewMut { ptr, len, capacity, offset } = *get(view)?;
            get_mut(view)?.ptr = null_mut();
            out.write(WriteView { ptr, len, capacity, offset, touched: capacity });
            Ok(())
        };
        done(narrow())
    }
}

/// A view of the content for reading, which begins where the cursor is and moves a cursor of its own.
///
/// `view` is not written as long as `read` is used. FALCONET_ERROR_NULL, FALCONET_ERROR_VIEW. `read` is written only on
/// success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_mut_as_read(view: *mut ViewMut, read: *mut View) -> Code {
    // SAFETY: the caller's view and output, which is not NULL.
    unsafe {
        done(with(view, |view| {
            checked(read)?.write(View::of(&view.as_read()));
            Ok(())
        }))
    }
}

/// As falconet_view_read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_mut_read(
    view: *mut ViewMut,
    into: *mut c_void,
    size: usize,
    count: *mut usize,
) -> Code {
    // SAFETY: the caller's view, memory and output.
    unsafe {
        done(with(view, |view| {
            apart(into, size, view.as_ptr(), view.capacity())?;
            give(count, view.read(bytes_mut(into, size)?));
            Ok(())
        }))
    }
}

/// As falconet_view_read_exact.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_mut_read_exact(view: *mut ViewMut, into: *mut c_void, size: usize) -> Code {
    // SAFETY: the caller's view and memory.
    unsafe {
        done(with(view, |view| {
            apart(into, size, view.as_ptr(), view.capacity())?;
            Ok(view.read_exact(bytes_mut(into, size)?)?)
        }))
    }
}

/// As falconet_view_take; the bytes may be changed in place.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_mut_take(view: *mut ViewMut, size: usize, bytes: *mut *mut u8) -> Code {
    // SAFETY: the caller's view and output, which is not NULL.
    unsafe {
        done(with(view, |view| {
            let out = checked(bytes)?;
            let at = view.offset();
            view.read_bytes(size)?;
            out.write(view.as_mut_ptr().wrapping_add(at));
            Ok(())
        }))
    }
}

/// As falconet_write_view_write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_mut_write(
    view: *mut ViewMut,
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

/// As falconet_write_view_write_all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_mut_write_all(view: *mut ViewMut, from: *const c_void, len: usize) -> Code {
    // SAFETY: the caller's view and bytes.
    unsafe {
        done(with(view, |view| {
            apart(from, len, view.as_ptr(), view.capacity())?;
            Ok(view.write_all(bytes(from, len)?)?)
        }))
    }
}

/// As falconet_write_view_write_decimal.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_mut_write_decimal(view: *mut ViewMut, number: u64) -> Code {
    // SAFETY: the caller's view.
    unsafe { done(with(view, |view| Ok(view.write_decimal(number)?))) }
}

/// As falconet_view_seek.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_mut_seek(
    view: *mut ViewMut,
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

/// Gives up content, or adds zero bytes to it: as falconet_write_view_set_len.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_mut_set_len(view: *mut ViewMut, len: usize) -> Code {
    // SAFETY: the caller's view.
    unsafe { done(with(view, |view| Ok(view.set_len(len)?))) }
}

/// Bytes of content; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_mut_len(view: *const ViewMut) -> usize {
    // SAFETY: the caller's view, or NULL.
    unsafe { get(view).map_or(0, |view| view.len) }
}

/// Up to where the length can grow; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_mut_capacity(view: *const ViewMut) -> usize {
    // SAFETY: the caller's view, or NULL.
    unsafe { get(view).map_or(0, |view| view.capacity) }
}

/// Where the cursor is; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_mut_offset(view: *const ViewMut) -> usize {
    // SAFETY: the caller's view, or NULL.
    unsafe { get(view).map_or(0, |view| view.offset) }
}

/// Bytes from the cursor to the length, which reads can still give; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_mut_remaining(view: *const ViewMut) -> usize {
    // SAFETY: the caller's view, or NULL.
    unsafe { get(view).map_or(0, |view| view.len.saturating_sub(view.offset)) }
}

/// Bytes from the cursor to the capacity, which can be written; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_mut_space(view: *const ViewMut) -> usize {
    // SAFETY: the caller's view, or NULL.
    unsafe { get(view).map_or(0, |view| view.capacity.saturating_sub(view.offset)) }
}

/// The first byte of the view's memory; NULL for NULL, and for what is no view.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_view_mut_ptr(view: *mut ViewMut) -> *mut u8 {
    // SAFETY: the caller's view, or NULL.
    unsafe { get(view).map_or(null_mut(), |view| view.ptr) }
}
