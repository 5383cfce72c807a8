// SPDX-License-Identifier: Apache-2.0
//! A line costs no allocation, whether it is passed on or not.

use std::ffi::{c_char, c_void};
use std::ptr::null;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use falconet_std::abi;
use log::{debug, error, info};

use crate::common::{POISON_RC, State, plugin_init};
use crate::counting::allocations;
use crate::inside;

/// Lines that have arrived.
static ARRIVED: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" fn count(_: *mut c_void, _: *const c_char, _: *const c_char, _: u32) {
    ARRIVED.fetch_add(1, Ordering::Relaxed);
}

#[test]
fn a_line_above_and_below_the_level_is_free_of_allocations() {
    let input = abi::InitInput {
        config: cr#"{"name": "counted", "level": "info"}"#.as_ptr(),
        owner: std::ptr::null_mut(),
        get_owner_last_error: None,
        tables: null(),
        log_fn: Some(count),
    };
    let mut rc = POISON_RC;
    // SAFETY: the input and its text live for the call.
    let ptr = unsafe { plugin_init(&raw const input, &raw mut rc) };
    let state = State { ptr, rc, lines: Arc::default() };
    assert_eq!(state.rc, abi::SUCCESS);
    let rc = inside(&state, || {
        let number = std::hint::black_box(7);
        assert_eq!(allocations(|| info!("passed on: {number} {:?}", "text")), 0);
        assert_eq!(allocations(|| error!(target: "of::another", "passed on: {number:>80}")), 0);
        assert_eq!(allocations(|| debug!("not passed on: {number}")), 0);
        assert_eq!(ARRIVED.load(Ordering::Relaxed), 2);
    });
    assert_eq!(rc, abi::SUCCESS, "{}", state.last_error());
}
