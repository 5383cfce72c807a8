// SPDX-License-Identifier: Apache-2.0
//! Behind the symbols of `listen`.
#![expect(unsafe_code, reason = "called by the host with bare pointers")]

use core::ffi::c_void;

use super::ExportedListen;
use super::shell::{StateOf, WithHost};
use super::state::{self, Rc};
use crate::abi::{self, FAILURE, SUCCESS};
use crate::error::Message;
use crate::listen::{Capture, RoutineSlot};
use crate::tables::{Access, Writer};

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
    unsafe { call::<T>(plugin, input, false, |value, capture| value.capture_open(capture)) }
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
    unsafe { call::<T>(plugin, input, true, |value, capture| value.capture_close(capture)) }
}

/// A capture that `closes` leaves no routine that runs, and neither does one that fails to open.
///
/// # Safety
/// As [`capture_close`].
unsafe fn call<T: ExportedListen>(
    plugin: *mut c_void,
    input: *const abi::CaptureListenInput,
    closes: bool,
    listen: impl FnOnce(&mut T, &mut Capture<'_, T>) -> Result<(), T::Error>,
) -> Rc {
    // SAFETY: the state is the host's from init, or NULL.
    let Some(state) = (unsafe { StateOf::<T>::known(plugin, T::no_state()) }) else { return FAILURE };
    let routines = T::routines_of(state);
    routines.iter().for_each(if closes { RoutineSlot::capture_ends } else { RoutineSlot::ended });
    if closes && !state.head.broken_by().is_null() {
        // The capture has ended for it. The host closes again when it is itself destroyed, and a failure would abort it.
        return SUCCESS;
    }
    // SAFETY: as above; the host calls one thing at a time (rule 8.2).
    let Some((state, value)) = (unsafe { StateOf::<T>::live_mut(plugin) }) else { return FAILURE };
    T::new_capture(state);
    // SAFETY: NULL, or the host's struct, valid for the call.
    let Some(input) = (unsafe { input.as_ref() }) else {
        state::refuse(&state.head, "plugin_capture_open or _close: the input is NULL");
        return FAILURE;
    };
    // SAFETY: the host's input, valid for the call, of which only members of the claimed version are read (rule 1.5).
    let access = T::session_of(state).map(|session| unsafe {
        let (reader, writer) = (input.table_reader_ext, input.table_writer_ext);
        Access::new(session.get(), reader, writer, input.owner, input.get_owner_last_error)
    });
    // SAFETY: the host's input, and this state's routines.
    let mut capture = unsafe { Capture::new(input, routines, access.as_ref().map(Writer::new)) };
    let host = |text: &mut Message| access.iter().for_each(|access| access.append_host_error(text));
    let fail = |error| state::fail(&state.head, &WithHost(&error, &host), None);
    let listened = T::guard(plugin, || listen(value, &mut capture).map_err(fail)) == Some(Ok(()));
    if closes {
        routines.iter().for_each(RoutineSlot::capture_ends);
    } else if !listened {
        end::<T>(state);
    }
    if listened { SUCCESS } else { FAILURE }
}
