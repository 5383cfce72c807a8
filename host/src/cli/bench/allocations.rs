// SPDX-License-Identifier: Apache-2.0
//! The malloc family of this program, counted where that is asked for.
//!
//! The functions stand in the program itself, so the dynamic linker finds them before those of the libc, for every library
//! that is loaded: what a plugin takes with `malloc` is seen, also in C, C++ and Rust. Not seen is a plugin that brings
//! an allocator of its own (Go), or that binds `malloc` to itself. Each function goes on to glibc's; where there is
//! another libc nothing is counted.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

static COUNTING: AtomicBool = AtomicBool::new(false);
static TAKEN: AtomicU64 = AtomicU64::new(0);

/// Whether this build can count.
pub(super) const COUNTS: bool = cfg!(all(target_os = "linux", target_env = "gnu"));

/// Counts from now on.
pub(super) fn count() {
    COUNTING.store(true, Ordering::Relaxed);
}

/// How often memory was taken since [`count`]; giving it back is not counted.
pub(super) fn so_far() -> u64 {
    TAKEN.load(Ordering::Relaxed)
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "these functions take the place of the libc's, and call what is behind those")]
mod libc {
    use std::{
        ffi::{c_int, c_void},
        ptr,
        sync::atomic::Ordering,
    };

    use super::{COUNTING, TAKEN};

    const ENOMEM: c_int = 12;
    const EINVAL: c_int = 22;

    unsafe extern "C" {
        fn __libc_malloc(size: usize) -> *mut c_void;
        fn __libc_calloc(count: usize, size: usize) -> *mut c_void;
        fn __libc_realloc(old: *mut c_void, size: usize) -> *mut c_void;
        fn __libc_memalign(align: usize, size: usize) -> *mut c_void;
        fn __libc_valloc(size: usize) -> *mut c_void;
        fn __libc_pvalloc(size: usize) -> *mut c_void;
        fn __errno_location() -> *mut c_int;
    }

    fn note() {
        if COUNTING.load(Ordering::Relaxed) {
            TAKEN.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// # Safety
    /// That of the libc's function of this name, as for all others here.
    #[unsafe(no_mangle)]
    unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
        note();
        // SAFETY: the libc's own, with the caller's arguments.
        unsafe { __libc_malloc(size) }
    }

    /// # Safety
    /// As [`malloc`].
    #[unsafe(no_mangle)]
    unsafe extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
        note();
        // SAFETY: as in `malloc`.
        unsafe { __libc_calloc(count, size) }
    }

    /// # Safety
    /// As [`malloc`].
    #[unsafe(no_mangle)]
    unsafe extern "C" fn realloc(old: *mut c_void, size: usize) -> *mut c_void {
        note();
        // SAFETY: as in `malloc`.
        unsafe { __libc_realloc(old, size) }
    }

    /// # Safety
    /// As [`malloc`].
    #[unsafe(no_mangle)]
    unsafe extern "C" fn reallocarray(old: *mut c_void, count: usize, size: usize) -> *mut c_void {
        note();
        match count.checked_mul(size) {
            // SAFETY: as in `malloc`.
            Some(bytes) => unsafe { __libc_realloc(old, bytes) },
            None => {
                // SAFETY: the libc's own number of this thread.
                unsafe { __errno_location().write(ENOMEM) };
                ptr::null_mut()
            }
        }
    }

    /// # Safety
    /// As [`malloc`].
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memalign(align: usize, size: usize) -> *mut c_void {
        note();
        // SAFETY: as in `malloc`.
        unsafe { __libc_memalign(align, size) }
    }

    /// # Safety
    /// As [`malloc`].
    #[unsafe(no_mangle)]
    unsafe extern "C" fn aligned_alloc(align: usize, size: usize) -> *mut c_void {
        note();
        // SAFETY: as in `malloc`.
        unsafe { __libc_memalign(align, size) }
    }

    /// # Safety
    /// As [`malloc`].
    #[unsafe(no_mangle)]
    unsafe extern "C" fn posix_memalign(to: *mut *mut c_void, align: usize, size: usize) -> c_int {
        note();
        if !align.is_power_of_two() || !align.is_multiple_of(size_of::<usize>()) {
            return EINVAL;
        }
        // SAFETY: as in `malloc`.
        let memory = unsafe { __libc_memalign(align, size) };
        if memory.is_null() {
            return ENOMEM;
        }
        // SAFETY: the caller's place for the pointer.
        unsafe { to.write(memory) };
        0
    }

    /// # Safety
    /// As [`malloc`].
    #[unsafe(no_mangle)]
    unsafe extern "C" fn valloc(size: usize) -> *mut c_void {
        note();
        // SAFETY: as in `malloc`.
        unsafe { __libc_valloc(size) }
    }

    /// # Safety
    /// As [`malloc`].
    #[unsafe(no_mangle)]
    unsafe extern "C" fn pvalloc(size: usize) -> *mut c_void {
        note();
        // SAFETY: as in `malloc`.
        unsafe { __libc_pvalloc(size) }
    }
}
