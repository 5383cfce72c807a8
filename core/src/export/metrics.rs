// SPDX-License-Identifier: Apache-2.0
//! Behind the symbol of the capability `metrics`.
#![expect(unsafe_code, reason = "called by the host with bare pointers")]

use core::ffi::c_void;
use core::ptr::null_mut;

use super::ExportedMetrics;
use super::shell::StateOf;
use super::state;
use crate::abi;
use crate::metrics::{Metrics, MetricsMemory};

/// Checks at compile time what metrics a plugin declares.
pub const fn check<T: Metrics>() {
    crate::metrics::check::<T>();
}

/// `plugin_get_metrics`: the host calls it from any thread, while others are in this state (rule 8.2).
///
/// # Safety
/// The host's contract of the symbol: pointers are NULL or valid; the state is not destroyed meanwhile.
pub unsafe extern "C" fn get_metrics<T: ExportedMetrics>(plugin: *mut c_void, count: *mut u32) -> *mut abi::Metric {
    // SAFETY: the host's out-parameter.
    unsafe { state::set(count, 0) };
    // SAFETY: the state is the host's from init, or NULL; the plugin value is not touched.
    let Some(live) = (unsafe { StateOf::<T>::live_state(plugin) }) else { return null_mut() };
    let read = || T::metrics_of(live).read(T::METRICS, T::shared_of(live));
    let Some((metrics, len)) = T::guard(plugin, read) else { return null_mut() };
    // SAFETY: the host's out-parameter.
    unsafe { state::set(count, len) };
    metrics
}
