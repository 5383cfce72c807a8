// SPDX-License-Identifier: Apache-2.0
//! A small hostile host: it calls the exported C symbols as libsinsp does, with poison in all that it need not set.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![expect(unsafe_code, reason = "a host calls a plugin through C symbols")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

pub(crate) mod async_events;
pub(crate) mod extract;
pub(crate) mod listen;
pub(crate) mod parse;
pub(crate) mod source;

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::null;
use std::sync::{Arc, Mutex};

use falconet::abi;

unsafe extern "C" {
    pub(crate) fn plugin_get_required_api_version() -> *const c_char;
    pub(crate) fn plugin_get_name() -> *const c_char;
    pub(crate) fn plugin_get_version() -> *const c_char;
    pub(crate) fn plugin_get_description() -> *const c_char;
    pub(crate) fn plugin_get_contact() -> *const c_char;
    pub(crate) fn plugin_init(input: *const abi::InitInput, rc: *mut abi::Rc) -> *mut c_void;
    pub(crate) fn plugin_destroy(state: *mut c_void);
    pub(crate) fn plugin_get_last_error(state: *mut c_void) -> *const c_char;
}

/// What stands in every byte that a host need not set.
pub(crate) const POISON: u8 = 0xA5;
/// No rc of the API.
pub(crate) const POISON_RC: abi::Rc = i32::from_ne_bytes([POISON; 4]);
/// A pointer that nobody may follow.
pub(crate) const POISON_PTR: usize = usize::from_ne_bytes([POISON; size_of::<usize>()]);

/// A value of which every byte is poison. For C structs and integers, which any bytes are.
pub(crate) fn poison<T: Copy>() -> T {
    let mut value = std::mem::MaybeUninit::<T>::uninit();
    // SAFETY: the bytes of `value`; the types asked for are C structs of integers, pointers and `Option`s of functions.
    unsafe {
        value.as_mut_ptr().cast::<u8>().write_bytes(POISON, size_of::<T>());
        value.assume_init()
    }
}

/// The text behind a pointer that a plugin gave; NULL is a failed test.
pub(crate) fn text(pointer: *const c_char) -> String {
    assert!(!pointer.is_null(), "the plugin gave NULL where a text is due");
    // SAFETY: the plugin says that it is a C string.
    unsafe { CStr::from_ptr(pointer) }.to_str().unwrap().to_owned()
}

/// What the plugin has logged: severity and line.
pub(crate) type Lines = Mutex<Vec<(u32, String)>>;

/// `log_fn` of this host; the owner is a [`Lines`].
pub(crate) unsafe extern "C" fn log(owner: *mut c_void, component: *const c_char, line: *const c_char, severity: u32) {
    assert!(component.is_null(), "NULL means the plugin's name");
    // SAFETY: the owner is what `State::init` gave, alive until destroy has returned.
    let lines = unsafe { &*owner.cast::<Lines>() };
    lines.lock().unwrap().push((severity, text(line)));
}

/// A plugin state; destroyed when dropped.
pub(crate) struct State {
    pub(crate) ptr: *mut c_void,
    pub(crate) rc: abi::Rc,
    pub(crate) lines: Arc<Lines>,
}

// SAFETY: a host may use a state on any thread, one at a time.
unsafe impl Send for State {}

impl State {
    /// `plugin_init`, successful or not. What the input points at is overwritten before this returns (rule 1.10).
    pub(crate) fn try_init(config: &CStr) -> Self {
        let lines: Arc<Lines> = Arc::default();
        let mut config = config.to_bytes_with_nul().to_vec();
        let mut input = Box::new(abi::InitInput {
            config: config.as_ptr().cast(),
            owner: Arc::as_ptr(&lines).cast_mut().cast(),
            get_owner_last_error: None,
            tables: null(),
            log_fn: Some(log),
        });
        let mut rc = POISON_RC;
        // SAFETY: as the API says: the input and its text live for the call.
        let ptr = unsafe { plugin_init(&raw const *input, &raw mut rc) };
        config.fill(POISON);
        *input = poison();
        assert_ne!(rc, POISON_RC, "init has not written its rc");
        Self { ptr, rc, lines }
    }

    /// `plugin_init`, which is to succeed.
    pub(crate) fn init(config: &CStr) -> Self {
        let state = Self::try_init(config);
        assert_eq!(state.rc, abi::SUCCESS, "init failed: {}", state.last_error());
        assert!(!state.ptr.is_null());
        state
    }

    pub(crate) fn last_error(&self) -> String {
        // SAFETY: the state is what init gave.
        text(unsafe { plugin_get_last_error(self.ptr) })
    }

    /// The lines logged so far, taken.
    pub(crate) fn logged(&self) -> Vec<(u32, String)> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // SAFETY: as the host: a state is destroyed once, also where its init failed (rule 1.9).
        unsafe { plugin_destroy(self.ptr) };
    }
}

/// A C string of a test's text.
pub(crate) fn c(text: &str) -> CString {
    CString::new(text).unwrap()
}

/// A plugin event, byte by byte as `plugin_types.h` has it.
pub(crate) fn plugin_event(ts: u64, id: u32, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(38 + payload.len()).unwrap();
    let mut event = Vec::new();
    event.extend(ts.to_ne_bytes());
    event.extend(u64::MAX.to_ne_bytes());
    event.extend(len.to_ne_bytes());
    event.extend(322u16.to_ne_bytes());
    event.extend(2u32.to_ne_bytes());
    event.extend(4u32.to_ne_bytes());
    event.extend((len - 38).to_ne_bytes());
    event.extend(id.to_ne_bytes());
    event.extend(payload);
    event
}
