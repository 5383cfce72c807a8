// SPDX-License-Identifier: Apache-2.0
//! Behind the symbols of the capability `parse`.
#![expect(unsafe_code, reason = "called by the host with bare pointers")]
#![expect(clippy::must_use_candidate, reason = "called by the host")]

use core::ffi::{CStr, c_char, c_void};

use super::ExportedParse;
use super::extract::{check_types, give_types};
use super::shell::{StateOf, WithHost};
use super::state::{self, Rc};
use crate::abi::{self, FAILURE, SUCCESS};
use crate::error::Error;
use crate::event::Alleged;
use crate::parse::{Parse, Parsing};
use crate::tables::{Access, Writer};

/// Checks at compile time what event types a plugin declares; `schema`: it exports an event schema version.
pub const fn check_event_types<T: Parse>(schema: bool) {
    check_types(T::PARSE_TYPES, schema);
}

/// `plugin_get_parse_event_sources`.
///
/// # Safety
/// None: it is what the host calls.
pub unsafe extern "C" fn event_sources<T: ExportedParse>() -> *const c_char {
    T::SOURCES.as_ptr().cast()
}

/// `plugin_get_parse_event_types` (rule 2.1): always some.
///
/// # Safety
/// The host's contract of the symbol: `count` is NULL or writable.
pub unsafe extern "C" fn event_types<T: Parse>(count: *mut u32, _state: *mut c_void) -> *mut u16 {
    // SAFETY: as this function's.
    unsafe { give_types(T::PARSE_TYPES, count) }
}

/// `plugin_parse_event`.
///
/// # Safety
/// The host's contract of the symbol: pointers are NULL or valid for the call; no other call uses the plugin value.
pub unsafe extern "C" fn parse_event<T: ExportedParse>(
    plugin: *mut c_void,
    event: *const abi::EventInput,
    input: *const abi::EventParseInput,
) -> Rc {
    // SAFETY: the state is the host's from init, or NULL; the host calls one thing at a time (rule 8.2).
    let Some((state, value)) = (unsafe { StateOf::<T>::live_mut(plugin) }) else { return FAILURE };
    // SAFETY: NULL, or the host's structs, valid for the call.
    let (Some(event), Some(input)) = (unsafe { (event.as_ref(), input.as_ref()) }) else {
        state::refuse(&state.head, "plugin_parse_event was called with NULL: an event and an input were expected");
        return FAILURE;
    };
    // SAFETY: NULL, or an event of the host, valid for the call.
    let Some(alleged) = (unsafe { Alleged::from_ptr(event.evt) }) else {
        state::refuse(&state.head, "plugin_parse_event was called with a NULL event or one shorter than its header");
        return FAILURE;
    };
    let checked = match alleged.check() {
        Ok(checked) => checked,
        Err(error) => {
            state::fail(&state.head, &Error::from(error), None);
            return FAILURE;
        }
    };
    // SAFETY: NULL, or a C string of the host, valid for the call.
    let source = (!event.evtsrc.is_null()).then(|| unsafe { CStr::from_ptr(event.evtsrc) });
    let Some(session) = T::session_of(state) else {
        let mut call = Parsing::new(event.evtnum, source, None);
        let parsed = || value.parse(&checked, &mut call).map_err(|error| state::fail(&state.head, &error, None));
        return if T::guard(plugin, parsed) == Some(Ok(())) { SUCCESS } else { FAILURE };
    };
    // SAFETY: the host's input, valid for the call, of which only members of the claimed version are read (rule 1.5).
    let access = unsafe {
        let (reader, writer) = (input.table_reader_ext, input.table_writer_ext);
        Access::new(session.get(), reader, writer, input.owner, input.get_owner_last_error)
    };
    let mut call = Parsing::new(event.evtnum, source, Some(Writer::new(&access)));
    let fail = |error| state::fail(&state.head, &WithHost(&error, &|text| access.append_host_error(text)), None);
    let parsed = || value.parse(&checked, &mut call).map_err(fail);
    if T::guard(plugin, parsed) == Some(Ok(())) { SUCCESS } else { FAILURE }
}
