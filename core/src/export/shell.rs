// SPDX-License-Identifier: Apache-2.0
//! Behind the symbols that every plugin exports: init, destroy, last error, and the claimed API version.
#![expect(unsafe_code, reason = "called by the host with bare pointers")]
#![expect(clippy::must_use_candidate, reason = "called by the host")]

use core::ffi::{CStr, c_char, c_void};

use super::state::{self, Head, State};
use super::{Exported, ExportedExtract};
use crate::abi::{self, FAILURE, SUCCESS, since};
use crate::error::{Message, Report};
use crate::extract::Extract;
use crate::plugin::{Init, Plugin};
use crate::tables::{InitTables, Session};

/// The state type of an exported plugin.
pub type StateOf<T> = State<T, <T as Exported>::Extraction, <T as Exported>::Beside>;

/// `plugin_init`.
///
/// # Safety
/// The host's contract of the symbol: pointers are NULL or valid for the call; `owner` and `log_fn` until destroy.
pub unsafe extern "C" fn init<T: Exported>(input: *const abi::InitInput, rc: *mut abi::Rc) -> *mut c_void {
    // SAFETY: the host's out-parameter; it is not initialised there (rule 1.8).
    unsafe { state::set(rc, FAILURE) };
    let Some(state) = T::take_state() else {
        return core::ptr::from_ref(T::no_state()).cast_mut().cast();
    };
    let pointer = core::ptr::from_ref(state).cast_mut().cast();
    // SAFETY: NULL, or the host's struct, valid for the call.
    let Some(input) = (unsafe { input.as_ref() }) else {
        state::refuse(&state.head, "plugin_init: the input is NULL");
        return pointer;
    };
    // SAFETY: the host says that log_fn may be called with the owner until destroy (rule 1.10), which ends it; the config is
    // NULL, or the host's text, valid for the call.
    let config = unsafe {
        state.head.shared.begin(input.owner, input.log_fn);
        state::text_or_empty(input.config)
    };
    // SAFETY: the state was taken above.
    let Some(()) = T::guard(pointer, || unsafe { T::begin(state) }) else { return pointer };
    let tables = match T::USES_TABLES {
        // SAFETY: the host's input, valid for the call.
        true => unsafe { InitTables::new(input) },
        false => None,
    };
    if let Some(session) = T::session_of(state) {
        session.set(tables.as_ref().map_or(Session::NONE, InitTables::session));
    }
    let init = Init::new(config, &state.head, T::no_state(), tables.as_ref());
    // Before the plugin's own init, which may look its own tables up.
    if let Err(error) = T::export_tables(state, tables.as_ref()) {
        init_failed(&state.head, &error, tables.as_ref());
        return pointer;
    }
    let made = || T::new(&init).map_err(|error| init_failed(&state.head, &error, tables.as_ref()));
    if let Some(Ok(plugin)) = T::guard(pointer, made) {
        // SAFETY: the state was taken above and is put once; the host's out-parameter.
        unsafe {
            state.put(plugin);
            state::set(rc, SUCCESS);
        }
    }
    pointer
}

/// Reports an error of init, with what the host says where one of its tables' functions failed.
fn init_failed<E: Report>(head: &Head, error: &E, tables: Option<&InitTables<'_>>) {
    match tables {
        Some(tables) => state::fail(head, &WithHost(error, &|text| tables.append_host_error(text)), None),
        None => state::fail(head, error, None),
    }
}

/// An error of the plugin's, and what the host says to it.
pub(super) struct WithHost<'e>(pub(super) &'e dyn Report, pub(super) &'e dyn Fn(&mut Message));

impl Report for WithHost<'_> {
    fn report(&self, text: &mut Message) {
        self.0.report(text);
        (self.1)(text);
    }
}

/// `plugin_destroy`: NULL, and the state of a failed init, are fine. Instances that are still open are closed.
///
/// # Safety
/// The host's contract of the symbol: the state came from init and is used no more.
pub unsafe extern "C" fn destroy<T: Exported>(state: *mut c_void) {
    if state.is_null() || core::ptr::eq(state.cast_const(), core::ptr::from_ref(T::no_state()).cast()) {
        return;
    }
    // SAFETY: the host is done with the state and its instances; it is not NULL and not the stand-in, so one of ours.
    let state = unsafe {
        T::close_instances_of(state);
        &*state.cast::<StateOf<T>>()
    };
    // SAFETY: the host uses the state no more; `clear` is called when no handle is left either.
    unsafe {
        T::end(state);
        let _broken = T::guard((&raw const *state).cast(), || state.drop_plugin());
        state.release(|| {
            let _broken = T::guard((&raw const *state).cast(), || T::clear(state));
        });
    }
}

/// `plugin_get_last_error`: never NULL.
///
/// # Safety
/// The host's contract of the symbol: the state is NULL or came from init.
pub unsafe extern "C" fn get_last_error<T: Exported>(state: *mut c_void) -> *const c_char {
    // SAFETY: NULL, or a state of ours or the stand-in, both of which begin with a head.
    match unsafe { state.cast::<Head>().as_ref() } {
        Some(head) => head.error_text(const { T::BREAKS }),
        None => c"no state: plugin_init has not succeeded".as_ptr(),
    }
}

/// `plugin_get_required_api_version`.
///
/// # Safety
/// None: it is what the host calls.
pub unsafe extern "C" fn api_version_of<T: Exported>() -> *const c_char {
    T::API_VERSION.as_ptr()
}

/// `plugin_get_name`.
///
/// # Safety
/// None: it is what the host calls.
pub unsafe extern "C" fn name<T: Plugin>() -> *const c_char {
    const { T::INFO.name() }.as_ptr()
}

/// `plugin_get_version`.
///
/// # Safety
/// None: it is what the host calls.
pub unsafe extern "C" fn version<T: Plugin>() -> *const c_char {
    const { T::INFO.version() }.as_ptr()
}

/// `plugin_get_description`.
///
/// # Safety
/// None: it is what the host calls.
pub unsafe extern "C" fn description<T: Plugin>() -> *const c_char {
    const { T::INFO.description() }.as_ptr()
}

/// `plugin_get_contact`.
///
/// # Safety
/// None: it is what the host calls.
pub unsafe extern "C" fn contact<T: Plugin>() -> *const c_char {
    const { T::INFO.contact() }.as_ptr()
}

/// The least API version that offers everything a plugin uses (rule 1.5), from what its `export!` line declares.
#[must_use]
pub const fn api_version(uses: &[u32]) -> &'static CStr {
    // What every plugin uses: the SDK reads log_fn from the init input, and takes the state of get_*_event_types.
    let mut minor = max(since::LOG, since::EVENT_TYPES_STATE);
    let mut rest = uses;
    while let [first, more @ ..] = rest {
        minor = max(minor, *first);
        rest = more;
    }
    match minor {
        3 => c"3.3.0",
        4 => c"3.4.0",
        5 => c"3.5.0",
        6 => c"3.6.0",
        7 => c"3.7.0",
        8 => c"3.8.0",
        9 => c"3.9.0",
        10 => c"3.10.0",
        11 => c"3.11.0",
        _ => c"3.12.0",
    }
}

const fn max(a: u32, b: u32) -> u32 {
    if a > b { a } else { b }
}

/// What the fields of a plugin use of the API: [`since::ADD_OUTPUT`] or nothing.
#[must_use]
pub const fn fields_use<T: Extract>() -> u32 {
    let mut rest = T::FIELDS;
    while let [first, more @ ..] = rest {
        if first.adds_output() {
            return since::ADD_OUTPUT;
        }
        rest = more;
    }
    0
}

/// Makes the extraction memory of a state that was just taken ready.
pub fn begin<T: ExportedExtract>(state: &StateOf<T>) {
    use crate::extract::Memory;
    // SAFETY: called from init, which alone has the state.
    unsafe { state.extraction.begin() }
}

/// Drops what was decoded: a capture begins or ends (rule 5.2).
pub fn new_capture<T: ExportedExtract>(state: &StateOf<T>) {
    use crate::extract::Memory;
    // SAFETY: called from open and close, which the host does not run beside an extraction (rule 8.2).
    unsafe { state.extraction.forget() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_1_5_the_claimed_version_is_the_maximum_of_what_is_used() {
        assert_eq!(api_version(&[]), c"3.3.0");
        assert_eq!(api_version(&[0, since::ADD_OUTPUT]), c"3.8.0");
        assert_eq!(api_version(&[since::VALUE_OFFSETS, since::ADD_OUTPUT]), c"3.11.0");
        assert_eq!(api_version(&[since::SCHEMA_VERSION]), c"3.12.0");
        for minor in abi_minors() {
            let version = api_version(&[minor]).to_str().unwrap();
            assert_eq!(version, std::format!("{}.{}.0", abi::API_MAJOR, minor.max(since::LOG)));
        }
    }

    fn abi_minors() -> core::ops::RangeInclusive<u32> {
        0..=abi::API_MINOR
    }
}
