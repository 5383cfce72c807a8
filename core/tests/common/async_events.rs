// SPDX-License-Identifier: Apache-2.0
//! The host's side of async events: a handler that takes copies, checks what the real one relies on, and may refuse.

use std::ffi::{CStr, c_char, c_void};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use falconet::abi;

use super::State;

unsafe extern "C" {
    pub(crate) fn plugin_get_async_events() -> *const c_char;
    pub(crate) fn plugin_get_async_event_sources() -> *const c_char;
    pub(crate) fn plugin_set_async_event_handler(
        state: *mut c_void,
        owner: *mut c_void,
        handler: abi::AsyncEventHandler,
    ) -> abi::Rc;
    pub(crate) fn plugin_dump_state(state: *mut c_void, owner: *mut c_void, handler: abi::AsyncEventHandler)
    -> abi::Rc;
}

/// The owner of a handler: one capture of a host.
#[derive(Debug, Default)]
pub(crate) struct Inspector {
    pub(crate) events: Mutex<Vec<Vec<u8>>>,
    /// Calls that have begun, those that have ended, and whether the handler is slow.
    pub(crate) begun: AtomicU64,
    pub(crate) ended: AtomicU64,
    pub(crate) slow: AtomicBool,
    /// What is refused with, if anything.
    pub(crate) refusal: Mutex<Option<Vec<u8>>>,
}

/// `ss_plugin_async_event_handler_t` of this host.
pub(crate) unsafe extern "C" fn handler(owner: *mut c_void, event: *const abi::Event, error: *mut c_char) -> abi::Rc {
    // SAFETY: the owner is an inspector that the test keeps until the handler is taken back, and longer.
    let inspector = unsafe { &*owner.cast::<Inspector>() };
    inspector.begun.fetch_add(1, Ordering::SeqCst);
    // SAFETY: the plugin lends a whole event for the call.
    let bytes = unsafe { std::slice::from_raw_parts(event.cast::<u8>(), (*event).len as usize).to_vec() };
    if inspector.slow.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_micros(200));
    }
    let mut rc = abi::SUCCESS;
    if let Ok(refusal) = inspector.refusal.lock()
        && let Some(refusal) = &*refusal
    {
        assert!(!error.is_null() && refusal.len() <= abi::MAX_ERRLEN);
        // SAFETY: the plugin's buffer has PLUGIN_MAX_ERRLEN bytes.
        unsafe { error.cast::<u8>().copy_from_nonoverlapping(refusal.as_ptr(), refusal.len()) };
        rc = abi::FAILURE;
    }
    if rc == abi::SUCCESS
        && let Ok(mut events) = inspector.events.lock()
    {
        events.push(bytes);
    }
    inspector.ended.fetch_add(1, Ordering::SeqCst);
    rc
}

impl Inspector {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn owner(self: &Arc<Self>) -> *mut c_void {
        Arc::as_ptr(self).cast_mut().cast()
    }

    /// The handler is set, as at the beginning of a capture.
    pub(crate) fn set(self: &Arc<Self>, state: &State) -> abi::Rc {
        // SAFETY: the inspector outlives the capture: the test has it.
        unsafe { plugin_set_async_event_handler(state.ptr, self.owner(), Some(handler)) }
    }

    /// The handler is NULL, as at the end of a capture.
    pub(crate) fn unset(self: &Arc<Self>, state: &State) -> abi::Rc {
        // SAFETY: as above.
        unsafe { plugin_set_async_event_handler(state.ptr, self.owner(), None) }
    }

    /// The state is dumped.
    pub(crate) fn dump(self: &Arc<Self>, state: &State) -> abi::Rc {
        // SAFETY: as above.
        unsafe { plugin_dump_state(state.ptr, self.owner(), Some(handler)) }
    }

    pub(crate) fn refuse(&self, with: &[u8]) {
        if let Ok(mut refusal) = self.refusal.lock() {
            *refusal = Some(with.to_vec());
        }
    }

    /// The events so far, taken.
    pub(crate) fn taken(&self) -> Vec<Vec<u8>> {
        self.events.lock().map(|mut events| std::mem::take(&mut *events)).unwrap_or_default()
    }

    pub(crate) fn calls(&self) -> u64 {
        self.begun.load(Ordering::SeqCst)
    }

    pub(crate) fn under_way(&self) -> u64 {
        let ended = self.ended.load(Ordering::SeqCst);
        self.begun.load(Ordering::SeqCst) - ended
    }
}

/// An async event, byte by byte as `plugin_types.h` and libsinsp's handler have it.
pub(crate) fn async_event(ts: u64, id: u32, name: &CStr, data: &[u8]) -> Vec<u8> {
    let name = name.to_bytes_with_nul();
    let n = |len: usize| u32::try_from(len).unwrap_or(u32::MAX).to_ne_bytes();
    let mut event = Vec::new();
    event.extend(ts.to_ne_bytes()); // @0
    event.extend(u64::MAX.to_ne_bytes()); // @8: tid -1
    event.extend(n(26 + 12 + 4 + name.len() + data.len())); // @16
    event.extend(402u16.to_ne_bytes()); // @20
    event.extend(3u32.to_ne_bytes()); // @22: nparams
    event.extend(4u32.to_ne_bytes()); // @26: length of the id
    event.extend(n(name.len())); // @30: length of the name, with its NUL
    event.extend(n(data.len())); // @34
    event.extend(id.to_ne_bytes()); // @38
    event.extend(name); // @42
    event.extend(data);
    event
}
