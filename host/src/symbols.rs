// SPDX-License-Identifier: Apache-2.0
//! The symbols `plugin_*` of a shared library, as the table of functions that the API describes.
#![expect(unsafe_code, reason = "symbols of a shared library have the types that the API gives them")]

use falconet::abi::PluginApi;
use libloading::os::unix::Library;

macro_rules! symbols {
    ($($name:ident),+ $(,)?) => {
        /// Every symbol that the host looks for, in the order of the API's table.
        pub const SYMBOLS: &[&str] = &[$(concat!("plugin_", stringify!($name))),+];

        /// The functions that `library` exports; those that it does not are `None`.
        pub(crate) fn resolve(library: &Library) -> PluginApi {
            PluginApi {
                // SAFETY: the API fixes the type of the function behind each of these names; a library that exports
                // the name with another type is no plugin, and nothing that a host can see tells it.
                $($name: unsafe { symbol(library, concat!("plugin_", stringify!($name), "\0")) }),+
            }
        }
    };
}

symbols! {
    get_required_api_version, get_init_schema, init, destroy, get_last_error, get_name, get_description, get_contact,
    get_version, get_id, get_event_source, open, close, list_open_params, get_progress, event_to_string, next_batch,
    get_extract_event_types, get_extract_event_sources, get_fields, extract_fields, get_parse_event_types,
    get_parse_event_sources, parse_event, get_async_event_sources, get_async_events, set_async_event_handler,
    dump_state, set_config, get_metrics, capture_open, capture_close, get_required_event_schema_version,
}

/// # Safety
/// `F` is the type of the function that the library exports under `name`.
unsafe fn symbol<F: Copy>(library: &Library, name: &'static str) -> Option<F> {
    // SAFETY: the type is right by this function's contract, and `name` ends with a NUL.
    let symbol = unsafe { library.get::<Option<F>>(name) };
    symbol.ok().and_then(|function| *function)
}
