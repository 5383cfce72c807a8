// SPDX-License-Identifier: Apache-2.0
//! The symbols of each capability: what a shared library exports, and what a static plugin's table holds.

/// Exports functions of the shell under the host's names, or puts them into a `PluginApi`.
///
/// ```text
/// __functions!(export; init(input: *const InitInput, rc: *mut Rc) -> *mut c_void = shell::init::<P>; ..)
/// __functions!(api; ..)
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __functions {
    (export; $( $name:ident as $symbol:ident ( $($arg:ident : $type:ty),* ) $(-> $ret:ty)? = $function:expr; )+) => { $(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $symbol($($arg: $type),*) $(-> $ret)? {
            // SAFETY: called by the host, by the contract of the symbol.
            unsafe { $function($($arg),*) }
        }
    )+ };
    (api $api:ident; $( $name:ident as $symbol:ident ( $($arg:ident : $type:ty),* ) $(-> $ret:ty)? = $function:expr; )+) => {
        $( $api.$name = ::core::option::Option::Some($function); )+
    };
}

/// The functions of every plugin.
#[doc(hidden)]
#[macro_export]
macro_rules! __functions_base {
    ($p:ty; $($how:tt)+) => {
        $crate::__functions! { $($how)+;
            get_required_api_version as plugin_get_required_api_version() -> *const ::core::ffi::c_char
                = $crate::export::shell::api_version_of::<$p>;
            get_name as plugin_get_name() -> *const ::core::ffi::c_char = $crate::export::shell::name::<$p>;
            get_version as plugin_get_version() -> *const ::core::ffi::c_char = $crate::export::shell::version::<$p>;
            get_description as plugin_get_description() -> *const ::core::ffi::c_char
                = $crate::export::shell::description::<$p>;
            get_contact as plugin_get_contact() -> *const ::core::ffi::c_char = $crate::export::shell::contact::<$p>;
            init as plugin_init(input: *const $crate::abi::InitInput, rc: *mut $crate::abi::Rc)
                -> *mut ::core::ffi::c_void = $crate::export::shell::init::<$p>;
            destroy as plugin_destroy(state: *mut ::core::ffi::c_void) = $crate::export::shell::destroy::<$p>;
            get_last_error as plugin_get_last_error(state: *mut ::core::ffi::c_void) -> *const ::core::ffi::c_char
                = $crate::export::shell::get_last_error::<$p>;
        }
    };
}

/// The functions of `source`.
#[doc(hidden)]
#[macro_export]
macro_rules! __functions_source {
    ($p:ty; $($how:tt)+) => {
        $crate::__functions! { $($how)+;
            get_id as plugin_get_id() -> u32 = $crate::export::source::id::<$p>;
            get_event_source as plugin_get_event_source() -> *const ::core::ffi::c_char
                = $crate::export::source::event_source::<$p>;
            open as plugin_open(
                state: *mut ::core::ffi::c_void, params: *const ::core::ffi::c_char, rc: *mut $crate::abi::Rc
            ) -> *mut ::core::ffi::c_void = $crate::export::source::open::<$p>;
            close as plugin_close(state: *mut ::core::ffi::c_void, instance: *mut ::core::ffi::c_void)
                = $crate::export::source::close::<$p>;
            next_batch as plugin_next_batch(
                state: *mut ::core::ffi::c_void, instance: *mut ::core::ffi::c_void,
                nevts: *mut u32, evts: *mut *mut *mut $crate::abi::Event
            ) -> $crate::abi::Rc = $crate::export::source::next_batch::<$p>;
            list_open_params as plugin_list_open_params(state: *mut ::core::ffi::c_void, rc: *mut $crate::abi::Rc)
                -> *const ::core::ffi::c_char = $crate::export::source::list_open_params::<$p>;
            get_progress as plugin_get_progress(
                state: *mut ::core::ffi::c_void, instance: *mut ::core::ffi::c_void, progress: *mut u32
            ) -> *const ::core::ffi::c_char = $crate::export::source::get_progress::<$p>;
            event_to_string as plugin_event_to_string(
                state: *mut ::core::ffi::c_void, event: *const $crate::abi::EventInput
            ) -> *const ::core::ffi::c_char = $crate::export::source::event_to_string::<$p>;
        }
    };
}

/// The functions of `extract`.
#[doc(hidden)]
#[macro_export]
macro_rules! __functions_extract {
    ($p:ty; $($how:tt)+) => {
        $crate::__functions! { $($how)+;
            get_fields as plugin_get_fields() -> *const ::core::ffi::c_char = $crate::export::extract::fields::<$p>;
            get_extract_event_sources as plugin_get_extract_event_sources() -> *const ::core::ffi::c_char
                = $crate::export::extract::event_sources::<$p>;
            get_extract_event_types as plugin_get_extract_event_types(
                count: *mut u32, state: *mut ::core::ffi::c_void
            ) -> *mut u16 = $crate::export::extract::event_types::<$p>;
            extract_fields as plugin_extract_fields(
                state: *mut ::core::ffi::c_void,
                event: *const $crate::abi::EventInput,
                input: *const $crate::abi::FieldExtractInput
            ) -> $crate::abi::Rc = $crate::export::extract::extract_fields::<$p>;
        }
    };
}

/// The functions of `parse`.
#[doc(hidden)]
#[macro_export]
macro_rules! __functions_parse {
    ($p:ty; $($how:tt)+) => {
        $crate::__functions! { $($how)+;
            get_parse_event_sources as plugin_get_parse_event_sources() -> *const ::core::ffi::c_char
                = $crate::export::parse::event_sources::<$p>;
            get_parse_event_types as plugin_get_parse_event_types(count: *mut u32, state: *mut ::core::ffi::c_void)
                -> *mut u16 = $crate::export::parse::event_types::<$p>;
            parse_event as plugin_parse_event(
                state: *mut ::core::ffi::c_void,
                event: *const $crate::abi::EventInput,
                input: *const $crate::abi::EventParseInput
            ) -> $crate::abi::Rc = $crate::export::parse::parse_event::<$p>;
        }
    };
}

/// The function of `metrics`.
#[doc(hidden)]
#[macro_export]
macro_rules! __functions_metrics {
    ($p:ty; $($how:tt)+) => {
        $crate::__functions! { $($how)+;
            get_metrics as plugin_get_metrics(state: *mut ::core::ffi::c_void, count: *mut u32)
                -> *mut $crate::abi::Metric = $crate::export::metrics::get_metrics::<$p>;
        }
    };
}

/// The function of `init_schema`.
#[doc(hidden)]
#[macro_export]
macro_rules! __functions_init_schema {
    ($p:ty; $($how:tt)+) => {
        $crate::__functions! { $($how)+;
            get_init_schema as plugin_get_init_schema(kind: *mut $crate::abi::SchemaType)
                -> *const ::core::ffi::c_char = $crate::export::config::init_schema::<$p>;
        }
    };
}

/// The function of `set_config`.
#[doc(hidden)]
#[macro_export]
macro_rules! __functions_set_config {
    ($p:ty; $($how:tt)+) => {
        $crate::__functions! { $($how)+;
            set_config as plugin_set_config(
                state: *mut ::core::ffi::c_void, input: *const $crate::abi::SetConfigInput
            ) -> $crate::abi::Rc = $crate::export::config::set_config::<$p>;
        }
    };
}

/// The function of `event_schema`.
#[doc(hidden)]
#[macro_export]
macro_rules! __functions_event_schema {
    ($p:ty; $($how:tt)+) => {
        $crate::__functions! { $($how)+;
            get_required_event_schema_version as plugin_get_required_event_schema_version(
                state: *mut ::core::ffi::c_void
            ) -> *const ::core::ffi::c_char = $crate::export::config::event_schema::<$p>;
        }
    };
}

/// The functions of `async_events`.
#[doc(hidden)]
#[macro_export]
macro_rules! __functions_async_events {
    ($p:ty; $($how:tt)+) => {
        $crate::__functions! { $($how)+;
            get_async_event_sources as plugin_get_async_event_sources() -> *const ::core::ffi::c_char
                = $crate::export::async_event::sources::<$p>;
            get_async_events as plugin_get_async_events() -> *const ::core::ffi::c_char
                = $crate::export::async_event::names::<$p>;
            set_async_event_handler as plugin_set_async_event_handler(
                state: *mut ::core::ffi::c_void,
                owner: *mut ::core::ffi::c_void,
                handler: $crate::abi::AsyncEventHandler
            ) -> $crate::abi::Rc = $crate::export::async_event::set_handler::<$p>;
        }
    };
}

/// The function of `dump_state`.
#[doc(hidden)]
#[macro_export]
macro_rules! __functions_dump_state {
    ($p:ty; $($how:tt)+) => {
        $crate::__functions! { $($how)+;
            dump_state as plugin_dump_state(
                state: *mut ::core::ffi::c_void,
                owner: *mut ::core::ffi::c_void,
                handler: $crate::abi::AsyncEventHandler
            ) -> $crate::abi::Rc = $crate::export::async_event::dump_state::<$p>;
        }
    };
}

/// The functions of `listen`.
#[doc(hidden)]
#[macro_export]
macro_rules! __functions_listen {
    ($p:ty; $($how:tt)+) => {
        $crate::__functions! { $($how)+;
            capture_open as plugin_capture_open(
                state: *mut ::core::ffi::c_void, input: *const $crate::abi::CaptureListenInput
            ) -> $crate::abi::Rc = $crate::export::listen::capture_open::<$p>;
            capture_close as plugin_capture_close(
                state: *mut ::core::ffi::c_void, input: *const $crate::abi::CaptureListenInput
            ) -> $crate::abi::Rc = $crate::export::listen::capture_close::<$p>;
        }
    };
}
