// SPDX-License-Identifier: Apache-2.0
//! The host's side of sourcing: open, next_batch, and what libscap's source engine writes into the events.
#![expect(clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

use std::ffi::{CStr, c_char, c_void};
use std::ptr::null_mut;

use falconet::abi;

use super::{POISON_PTR, POISON_RC, State, text};

unsafe extern "C" {
    pub(crate) fn plugin_get_id() -> u32;
    pub(crate) fn plugin_get_event_source() -> *const c_char;
    pub(crate) fn plugin_open(state: *mut c_void, params: *const c_char, rc: *mut abi::Rc) -> *mut c_void;
    pub(crate) fn plugin_close(state: *mut c_void, instance: *mut c_void);
    pub(crate) fn plugin_next_batch(
        state: *mut c_void,
        instance: *mut c_void,
        nevts: *mut u32,
        evts: *mut *mut *mut abi::Event,
    ) -> abi::Rc;
    pub(crate) fn plugin_list_open_params(state: *mut c_void, rc: *mut abi::Rc) -> *const c_char;
    pub(crate) fn plugin_get_progress(state: *mut c_void, instance: *mut c_void, progress: *mut u32) -> *const c_char;
    pub(crate) fn plugin_event_to_string(state: *mut c_void, event: *const abi::EventInput) -> *const c_char;
}

/// What this host's clock says where a plugin leaves the time open.
pub(crate) const HOST_TS: u64 = 0x1111_1111_1111_1111;
/// No number of events.
const POISON_NEVTS: u32 = u32::from_ne_bytes([super::POISON; 4]);

/// An open instance; closed when dropped.
pub(crate) struct Instance<'s> {
    pub(crate) state: &'s State,
    pub(crate) ptr: *mut c_void,
}

/// What a call of next_batch gave: the events as they arrived, and where they are.
pub(crate) struct Batch {
    pub(crate) rc: abi::Rc,
    pub(crate) events: Vec<Vec<u8>>,
    pub(crate) pointers: Vec<*mut abi::Event>,
}

impl Batch {
    /// The payloads as text.
    pub(crate) fn payloads(&self) -> Vec<String> {
        self.events.iter().map(|event| String::from_utf8_lossy(&event[38..]).into_owned()).collect()
    }

    /// The events' bytes as they are now.
    pub(crate) fn now(&self) -> Vec<Vec<u8>> {
        self.pointers.iter().map(|event| bytes_of(*event)).collect()
    }
}

/// The bytes of an event that a plugin lent.
fn bytes_of(event: *mut abi::Event) -> Vec<u8> {
    // SAFETY: the plugin lends it, as long as its header says.
    unsafe {
        let len = (*event).len as usize;
        std::slice::from_raw_parts(event.cast::<u8>(), len).to_vec()
    }
}

/// What libscap writes into every event that it takes (rule 4.1), id 999 assumed.
fn take(event: *mut abi::Event) {
    // SAFETY: the event is lent writable, 38 bytes at least.
    unsafe {
        let id = event.cast::<u8>().add(34).cast::<u32>();
        if id.read_unaligned() == 0 {
            id.write_unaligned(999);
        }
        (*event).tid = u64::MAX;
        if (*event).ts == u64::MAX {
            (*event).ts = HOST_TS;
        }
    }
}

/// `plugin_open`, whatever comes of it.
pub(crate) fn try_open<'s>(state: &'s State, params: &CStr) -> (Instance<'s>, abi::Rc) {
    let params = params.to_owned();
    let mut rc = POISON_RC;
    // SAFETY: the text lives for the call.
    let ptr = unsafe { plugin_open(state.ptr, params.as_ptr(), &raw mut rc) };
    assert_ne!(rc, POISON_RC, "open has not written its rc");
    (Instance { state, ptr }, rc)
}

/// `plugin_open`, which is to succeed.
pub(crate) fn open<'s>(state: &'s State, params: &CStr) -> Instance<'s> {
    let (instance, rc) = try_open(state, params);
    assert_eq!(rc, abi::SUCCESS, "open failed: {}", state.last_error());
    assert!(!instance.ptr.is_null());
    instance
}

/// `plugin_next_batch` with any pointers: the rc, and both out-parameters, which must have been written (rule 4.3).
pub(crate) fn raw_next(state: *mut c_void, instance: *mut c_void) -> (abi::Rc, u32, *mut *mut abi::Event) {
    let mut nevts = POISON_NEVTS;
    let poison: *mut *mut abi::Event = std::ptr::without_provenance_mut(POISON_PTR);
    let mut evts = poison;
    // SAFETY: the places are writable.
    let rc = unsafe { plugin_next_batch(state, instance, &raw mut nevts, &raw mut evts) };
    assert_ne!(nevts, POISON_NEVTS, "next_batch has not written nevts");
    assert_ne!(evts, poison, "next_batch has not written evts");
    (rc, nevts, evts)
}

impl Instance<'_> {
    /// `plugin_next_batch`; the events are copied, then written into as the real host does.
    pub(crate) fn next(&self) -> Batch {
        let (rc, nevts, evts) = raw_next(self.state.ptr, self.ptr);
        // SAFETY: the plugin lends so many pointers.
        let pointers: Vec<_> = (0..nevts as usize).map(|i| unsafe { *evts.add(i) }).collect();
        let events = pointers.iter().map(|event| bytes_of(*event)).collect();
        pointers.iter().for_each(|event| take(*event));
        Batch { rc, events, pointers }
    }

    /// `plugin_get_progress`.
    pub(crate) fn progress(&self) -> u32 {
        let mut progress = u32::MAX;
        // SAFETY: the place is writable.
        unsafe { plugin_get_progress(self.state.ptr, self.ptr, &raw mut progress) };
        progress
    }
}

impl Drop for Instance<'_> {
    fn drop(&mut self) {
        // SAFETY: as the host: closed once, also where open failed (rule 4.7).
        unsafe { plugin_close(self.state.ptr, self.ptr) };
    }
}

/// `plugin_event_to_string` of an event's bytes: the text's address and the text, or `None` for NULL.
pub(crate) fn event_to_string(state: &State, event: &[u8]) -> Option<(usize, String)> {
    let input = abi::EventInput { evt: event.as_ptr().cast(), evtnum: 1, evtsrc: c"test".as_ptr() };
    // SAFETY: the event's bytes live for the call.
    let pointer = unsafe { plugin_event_to_string(state.ptr, &raw const input) };
    (!pointer.is_null()).then(|| (pointer as usize, text(pointer)))
}

/// `plugin_list_open_params`: the JSON, or the error.
pub(crate) fn list_open_params(state: &State) -> Result<String, String> {
    let mut rc = POISON_RC;
    // SAFETY: the place is writable.
    let json = unsafe { plugin_list_open_params(state.ptr, &raw mut rc) };
    assert_ne!(rc, POISON_RC, "list_open_params has not written its rc");
    if rc == abi::SUCCESS { Ok(text(json)) } else { Err(state.last_error()) }
}

/// No instance at all.
pub(crate) const NO_INSTANCE: *mut c_void = null_mut();
