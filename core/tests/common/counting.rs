// SPDX-License-Identifier: Apache-2.0
//! An allocator that counts what the calls of one thread do with it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static COUNTING: Cell<bool> = const { Cell::new(false) };
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

fn count() {
    if COUNTING.get() {
        CALLS.set(CALLS.get() + 1);
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: all of it is the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as the caller says.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        count();
        // SAFETY: as the caller says.
        unsafe { System.dealloc(ptr, layout) }
    }
}

/// A call into the plugin, in which no allocation and no release is made.
pub(crate) fn frugal<R>(call: impl FnOnce() -> R) -> R {
    COUNTING.set(true);
    let result = call();
    COUNTING.set(false);
    assert_eq!(CALLS.replace(0), 0, "allocations in a call of the host");
    result
}

/// A count that is always 0 would show nothing.
pub(crate) fn assert_that_it_counts() {
    COUNTING.set(true);
    drop(std::hint::black_box(Vec::<u8>::with_capacity(1)));
    COUNTING.set(false);
    assert_eq!(CALLS.replace(0), 2, "an allocation and a release");
}
