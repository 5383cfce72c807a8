// SPDX-License-Identifier: Apache-2.0
//! Behind the symbols of `async_events` and `dump_state`.
#![expect(unsafe_code, reason = "called by the host with bare pointers")]
#![expect(clippy::must_use_candidate, reason = "called by the host")]

use core::ffi::{c_char, c_void};

use super::ExportedAsync;
use super::shell::StateOf;
use super::state::{self, Rc};
use crate::abi::{self, FAILURE, SUCCESS};
use crate::async_event::{AsyncEvents, Dump, DumpState, Emitter, Handler};
use crate::error::{Message, Report};
use crate::log::Severity;

/// Checks at compile time what async events a plugin declares.
pub const fn check<T: AsyncEvents>() {
    crate::async_event::check::<T>();
}

/// No emitter of a state calls the host any more, and its threads are joined, where no NULL handler has seen to that.
///
/// # Safety
/// The host destroys the state, and uses it no more.
pub unsafe fn end<T: ExportedAsync>(state: &'static StateOf<T>) {
    // SAFETY: as this function's.
    unsafe { end_capture::<T>(state) };
}

/// Makes every emitter inert, and then calls the plugin's `stop`, also where it is broken: threads that were not joined
/// would outlive the state, and then its library.
///
/// # Safety
/// No other call uses the plugin value.
unsafe fn end_capture<T: ExportedAsync>(state: &'static StateOf<T>) {
    let gate = &T::gate_of(state).0;
    let was_open = gate.is_open();
    gate.shut();
    let pointer = state::pointer(state);
    // SAFETY: the state is one of ours; the rest as this function's.
    if let Some((_, value)) = (unsafe { StateOf::<T>::kept_mut(pointer) }).filter(|_| was_open) {
        let _broken = T::guard(pointer, || value.stop());
    }
}

/// `plugin_get_async_event_sources`.
///
/// # Safety
/// None: it is what the host calls.
pub unsafe extern "C" fn sources<T: ExportedAsync>() -> *const c_char {
    T::SOURCES.as_ptr().cast()
}

/// `plugin_get_async_events`.
///
/// # Safety
/// None: it is what the host calls.
pub unsafe extern "C" fn names<T: ExportedAsync>() -> *const c_char {
    T::NAMES.as_ptr().cast()
}

/// `plugin_set_async_event_handler` (rule 7.3): NULL makes every emitter inert before the plugin's `stop` is called.
///
/// # Safety
/// The host's contract of the symbol: the handler may be called with the owner, from any thread, until the host has set
/// another one; no other call uses the plugin value.
pub unsafe extern "C" fn set_handler<T: ExportedAsync>(
    plugin: *mut c_void,
    owner: *mut c_void,
    handler: abi::AsyncEventHandler,
) -> Rc {
    // SAFETY: the state is the host's from init, or NULL.
    let Some(state) = (unsafe { StateOf::<T>::known(plugin, T::no_state()) }) else { return FAILURE };
    let gate = &T::gate_of(state).0;
    // SAFETY: as above; the host calls one thing at a time (rule 8.2).
    let live = unsafe {
        end_capture::<T>(state);
        StateOf::<T>::live_mut(plugin)
    };
    let Some((state, value)) = live else {
        // A broken plugin takes no handler any more, but the host may take its own back.
        return if handler.is_some() { FAILURE } else { SUCCESS };
    };
    let Some(handler) = handler else { return SUCCESS };
    // SAFETY: as this function's.
    let ticket = unsafe { gate.open(Handler::new(owner, handler)) };
    let fail = |error| state::fail(&state.head, &error, None);
    match T::guard(plugin, || value.start(Emitter::new(gate, ticket)).map_err(fail)) {
        Some(Ok(())) => SUCCESS,
        Some(Err(())) => {
            gate.shut();
            FAILURE
        }
        None => {
            // What it has begun ends here: its threads may not outlive the state.
            // SAFETY: as above.
            unsafe { end_capture::<T>(state) };
            FAILURE
        }
    }
}

/// `plugin_dump_state` (rule 7.5).
///
/// # Safety
/// The host's contract of the symbol: the handler may be called with the owner during the call; no other call uses the
/// plugin value.
pub unsafe extern "C" fn dump_state<T: ExportedAsync + DumpState>(
    plugin: *mut c_void,
    owner: *mut c_void,
    handler: abi::AsyncEventHandler,
) -> Rc {
    // SAFETY: the state is the host's from init, or NULL; the host calls one thing at a time (rule 8.2).
    let Some((state, value)) = (unsafe { StateOf::<T>::live_mut(plugin) }) else { return FAILURE };
    let Some(handler) = handler else {
        state::refuse(&state.head, "plugin_dump_state was called with NULL as its handler: a function was expected");
        return FAILURE;
    };
    // SAFETY: as this function's; the dump ends with the call.
    let dump = unsafe { Dump::new(Handler::new(owner, handler)) };
    let dumped = T::guard(plugin, || {
        value.dump_state(&dump).map_err(|error| {
            // The host shows its own last error and not this one.
            let mut text = Message::new();
            error.report(&mut text);
            state.head.shared.log().message(Severity::Error, &text);
            state::fail(&state.head, &error, None);
        })
    });
    if dumped == Some(Ok(())) { SUCCESS } else { FAILURE }
}
