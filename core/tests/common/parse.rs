// SPDX-License-Identifier: Apache-2.0
//! The host's side of parsing, metrics and config.

use std::ffi::{CStr, c_char, c_void};

use falconet::abi;

use super::{POISON_PTR, State, poison};

unsafe extern "C" {
    pub(crate) fn plugin_get_parse_event_sources() -> *const c_char;
    pub(crate) fn plugin_get_parse_event_types(count: *mut u32, state: *mut c_void) -> *mut u16;
    pub(crate) fn plugin_parse_event(
        state: *mut c_void,
        event: *const abi::EventInput,
        input: *const abi::EventParseInput,
    ) -> abi::Rc;
    pub(crate) fn plugin_get_metrics(state: *mut c_void, count: *mut u32) -> *mut abi::Metric;
    pub(crate) fn plugin_get_init_schema(kind: *mut abi::SchemaType) -> *const c_char;
    pub(crate) fn plugin_set_config(state: *mut c_void, input: *const abi::SetConfigInput) -> abi::Rc;
    pub(crate) fn plugin_get_required_event_schema_version(state: *mut c_void) -> *const c_char;
}

/// `plugin_parse_event` of an event's bytes; the tables' functions are poison.
pub(crate) fn parse(state: &State, number: u64, event: &[u8]) -> abi::Rc {
    let event = abi::EventInput { evt: event.as_ptr().cast(), evtnum: number, evtsrc: c"test".as_ptr() };
    let input: abi::EventParseInput = poison();
    // SAFETY: the structs and the event live for the call.
    unsafe { plugin_parse_event(state.ptr, &raw const event, &raw const input) }
}

/// `plugin_get_parse_event_types`.
pub(crate) fn parse_types(state: *mut c_void) -> Vec<u16> {
    let mut count = u32::MAX;
    // SAFETY: the place is writable, and the plugin gives so many types.
    unsafe {
        let types = plugin_get_parse_event_types(&raw mut count, state);
        std::slice::from_raw_parts(types, count as usize).to_vec()
    }
}

/// `plugin_get_metrics`: what the host copies out of the array.
pub(crate) fn metrics(state: *mut c_void) -> Vec<abi::Metric> {
    let mut count = u32::MAX;
    // SAFETY: the place is writable, and the plugin gives so many metrics.
    unsafe {
        let metrics = plugin_get_metrics(state, &raw mut count);
        assert_ne!(metrics as usize, POISON_PTR);
        assert_ne!(count, u32::MAX, "get_metrics has not written the count");
        (0..count as usize).map(|i| metrics.add(i).read()).collect()
    }
}

/// `plugin_set_config`; the text is overwritten when the call has returned.
pub(crate) fn set_config(state: &State, config: &CStr) -> abi::Rc {
    let mut config = config.to_bytes_with_nul().to_vec();
    let input = abi::SetConfigInput { config: config.as_ptr().cast() };
    // SAFETY: the struct and the text live for the call.
    let rc = unsafe { plugin_set_config(state.ptr, &raw const input) };
    config.fill(super::POISON);
    rc
}
