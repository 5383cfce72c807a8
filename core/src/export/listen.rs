// SPDX-License-Identifier: Apache-2.0
//! Behind the symbols of `listen`.
#![expect(unsafe_code, reason = "called by the host with bare pointers")]

use core::ffi::c_void;

use super::ExportedListen;
use super::shell::StateOf;
use super::state::{self, Rc};
use crate::abi::{self, FAILURE, SUCCESS};
use crate::error::Error;
use crate::listen::{Capture, RoutineSlot};

/// Every routine of a state is told to end.
pub fn end<T: ExportedListen>(state: &'static StateOf<T>) {
    T::routines_of(state).iter().for_each(RoutineSlot::stop_any);
}

/// `plugin_capture_open`.
///
/// # Safety
/// The host's contract of the symbol: pointers are NULL or valid for the call; no other call uses the plugin value, and no
/// routine of a capture before is called any more (rule 8.3).
pub unsafe extern "C" fn capture_open<T: ExportedListen>(
    plugin: *mut c_void,
    input: *const abi::CaptureListenInput,
) -> Rc {
    // SAFETY: as this function's.
    let rc = unsafe { call::<T>(plugin, input, RoutineSlot::ended, |value, capture| value.capture_open(capture)) };
    if rc != SUCCESS {
        // SAFETY: as this function's.
        unsafe { stop_routines::<T>(plugin) };
    }
    rc
}

/// `plugin_capture_close`: every routine is told to end first.
///
/// # Safety
/// As [`capture_open`], but that routines may be running.
pub unsafe extern "C" fn capture_close<T: ExportedListen>(
    plugin: *mut c_void,
    input: *const abi::CaptureListenInput,
) -> Rc {
    // SAFETY: as this function's.
    let rc = unsafe { call::<T>(plugin, input, RoutineSlot::stop_any, |value, capture| value.capture_close(capture)) };
    // SAFETY: as this function's. Those that `capture_close` has begun.
    unsafe { stop_routines::<T>(plugin) };
    rc
}

/// # Safety
/// `plugin` is the host's from init, or NULL.
unsafe fn stop_routines<T: ExportedListen>(plugin: *const c_void) {
    // SAFETY: as this function's.
    if let Some(state) = unsafe { StateOf::<T>::live_state(plugin) } {
        end::<T>(state);
    }
}

/// # Safety
/// As [`capture_close`].
unsafe fn call<T: ExportedListen>(
    plugin: *mut c_void,
    input: *const abi::CaptureListenInput,
    each: fn(&RoutineSlot),
    listen: impl FnOnce(&mut T, &mut Capture<'_, T>) -> Result<(), T::Error>,
) -> Rc {
    // SAFETY: the state is the host's from init, or NULL; the host calls one thing at a time (rule 8.2).
    let Some((state, value)) = (unsafe { StateOf::<T>::live_mut(plugin) }) else { return FAILURE };
    T::new_capture(state);
    let routines = T::routines_of(state);
    routines.iter().for_each(each);
    // SAFETY: NULL, or the host's struct, valid for the call.
    let Some(input) = (unsafe { input.as_ref() }) else {
        let error = Error::new("plugin_capture_open or _close was called with NULL as its input");
        state::fail(&state.head, &error, None);
        return FAILURE;
    };
    // SAFETY: the host's input, and this state's routines.
    match listen(value, &mut unsafe { Capture::new(input, routines) }) {
        Ok(()) => SUCCESS,
        Err(error) => {
            state::fail(&state.head, &error, None);
            FAILURE
        }
    }
}
