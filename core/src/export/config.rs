// SPDX-License-Identifier: Apache-2.0
//! Behind the symbols of `init_schema`, `set_config` and `event_schema`.
#![expect(unsafe_code, reason = "called by the host with bare pointers")]
#![expect(clippy::must_use_candidate, reason = "called by the host")]

use core::ffi::{c_char, c_void};

use super::Exported;
use super::shell::StateOf;
use super::state::{self, Rc};
use crate::abi::{self, FAILURE, SUCCESS};
use crate::config::{EventSchema, InitSchema, SetConfig};

/// Checks the schema of a plugin's config at compile time.
pub const fn check_init_schema<T: InitSchema>() {
    assert!(!T::INIT_SCHEMA.is_empty(), "INIT_SCHEMA is empty: leave `init_schema` out of `export!`");
}

/// Checks at compile time which version of the event schema a plugin asks for.
pub const fn check_event_schema<T: EventSchema>() {
    assert!(crate::plugin::is_version(T::EVENT_SCHEMA.to_bytes()), "EVENT_SCHEMA is three numbers, like 4.0.0");
}

/// `plugin_get_init_schema`.
///
/// # Safety
/// The host's contract of the symbol: `kind` is NULL or writable.
pub unsafe extern "C" fn init_schema<T: InitSchema>(kind: *mut abi::SchemaType) -> *const c_char {
    // SAFETY: the host's out-parameter.
    unsafe { state::set(kind, abi::SCHEMA_JSON) };
    T::init_schema().as_ptr()
}

/// `plugin_set_config`.
///
/// # Safety
/// The host's contract of the symbol: pointers are NULL or valid for the call; no other call uses the plugin value.
pub unsafe extern "C" fn set_config<T: Exported + SetConfig>(
    plugin: *mut c_void,
    input: *const abi::SetConfigInput,
) -> Rc {
    // SAFETY: the state is the host's from init, or NULL; the host calls one thing at a time (rule 8.2).
    let Some((state, value)) = (unsafe { StateOf::<T>::live_mut(plugin) }) else { return FAILURE };
    // SAFETY: NULL, or the host's struct, valid for the call.
    let Some(input) = (unsafe { input.as_ref() }) else {
        state::refuse(&state.head, "plugin_set_config: the input is NULL");
        return FAILURE;
    };
    T::new_capture(state);
    // SAFETY: NULL, or the host's text, valid for the call.
    let config = unsafe { state::text_or_empty(input.config) };
    let set = || value.set_config(config).map_err(|error| state::fail(&state.head, &error, None));
    if T::guard(plugin, set) == Some(Ok(())) { SUCCESS } else { FAILURE }
}

/// `plugin_get_required_event_schema_version`.
///
/// # Safety
/// None: it is what the host calls.
pub unsafe extern "C" fn event_schema<T: EventSchema>(_: *mut c_void) -> *const c_char {
    const { T::EVENT_SCHEMA }.as_ptr()
}
