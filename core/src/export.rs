// SPDX-License-Identifier: Apache-2.0
//! [`export!`](crate::export!): from a plugin's type to the C symbols that the host looks for.
//!
//! An unsafe shell around a safe core: the functions behind the symbols convert pointers, write every out-parameter on
//! every path, survive NULL, and call the author's safe code. What is in this module besides the macro is for the macro.
#![expect(unsafe_code, reason = "the shell of the C ABI")]

pub mod extract;
pub mod shell;
pub mod source;
mod state;

use core::ffi::c_void;

use crate::extract::{Extract, Getter, Memory, getter};
use crate::plugin::Plugin;
use crate::pool::{Lease, NoneFree};
use crate::source::Source;

pub use crate::extract::{Extraction, fields_json, fields_json_len, names_json, names_json_len};
pub use state::{Head, InstanceSlot, State};

/// A plugin with static states, made by [`export!`](crate::export!).
///
/// # Safety
/// Implemented by the macro only: the statics are the plugin's own.
pub unsafe trait Exported: Plugin {
    /// Memory for extraction, `()` without it.
    type Extraction: 'static;

    /// The static slots of states.
    fn states() -> &'static [State<Self, Self::Extraction>];

    /// What stands for a state where none is left: it carries the error text.
    fn no_state() -> &'static Head;

    /// Makes the memory for extraction ready for a new state.
    fn begin(state: &State<Self, Self::Extraction>);

    /// A capture begins or ends: what was decoded of an event is forgotten.
    fn new_capture(state: &State<Self, Self::Extraction>);

    /// Closes the instances that a state has open.
    ///
    /// # Safety
    /// The host is done with the state.
    unsafe fn close_instances_of(state: *const c_void);
}

/// An exported plugin that sources events.
///
/// # Safety
/// As [`Exported`].
pub unsafe trait ExportedSource: Exported + Source {
    /// The static slots of instances.
    fn instances() -> &'static [InstanceSlot<Self::Instance>];

    /// Leases a batch for an instance.
    ///
    /// # Errors
    /// While all batches are leased.
    fn lease() -> Result<Lease, NoneFree>;
}

/// An exported plugin that extracts fields.
///
/// # Safety
/// As [`Exported`].
pub unsafe trait ExportedExtract:
    Exported<Extraction: Memory<Decoded = <Self as Extract>::Decoded>> + Extract
{
    /// Whether value offsets are a declared capability.
    const OFFSETS: bool;

    /// The functions of the fields, where they are more than [`DIRECT_FIELDS`].
    const GETTERS: &'static [Getter<Self>];
}

/// Fields that are called directly; those of a plugin with more are called through a table.
pub const DIRECT_FIELDS: usize = 64;

/// How many functions [`ExportedExtract::GETTERS`] holds.
#[must_use]
pub const fn getters_len<T: Extract>() -> usize {
    if T::FIELDS.len() > DIRECT_FIELDS { T::FIELDS.len() } else { 0 }
}

/// The table of the fields' functions.
#[must_use]
#[expect(clippy::indexing_slicing, reason = "evaluated at compile time only")]
pub const fn getters<T: Extract, const N: usize>() -> [Getter<T>; N] {
    let mut getters = [getter::<T, true>(0); N];
    let mut i = 0;
    while i < N {
        getters[i] = getter::<T, true>(i);
        i += 1;
    }
    getters
}

/// Sizes of an [`Extraction`] for requests of up to `memory` bytes: cells, bytes of text, offsets.
#[must_use]
pub const fn extraction_sizes(memory: usize, offsets: bool) -> (usize, usize, usize) {
    let memory = if memory < 64 { 64 } else { memory.next_multiple_of(8) };
    (memory / 8 * 3, memory * 3, if offsets { memory / 4 } else { 0 })
}

/// Exports a plugin: one line at the end of a crate of `crate-type = ["cdylib"]`.
///
/// ```text
/// falconet::export!(MyPlugin: source, extract, offsets);
/// falconet::export!(MyPlugin: source, extract; states = 4, instances = 4, memory = 65536);
/// ```
///
/// | capability | needs | exports |
/// | --- | --- | --- |
/// | always | [`Plugin`] | `plugin_init`, `destroy`, `get_last_error`, `get_name` and its like, `get_required_api_version` |
/// | `source` | [`Source`] | `plugin_open`, `close`, `next_batch`, `get_id`, `get_event_source`, `list_open_params`, `get_progress`, `event_to_string` |
/// | `extract` | [`Extract`] | `plugin_extract_fields`, `get_fields`, `get_extract_event_types`, `get_extract_event_sources` |
/// | `offsets` | `extract` | nothing more: value offsets are computed where the host asks, and API 3.11 is claimed |
///
/// | setting | default | meaning |
/// | --- | --- | --- |
/// | `states` | 8 | plugin states that may live at once in a process |
/// | `instances` | 8 | open instances, each with its batch |
/// | `memory` | 16,384 | bytes of one extraction call's values that are not borrowed from the event |
///
/// All memory is static, in `.bss`. The claimed API version is the least that offers what is declared.
///
/// ```
/// use falconet::{Error, Event, Extract, Field, Info, Init, Plugin};
/// struct Sizes;
/// impl Plugin for Sizes {
///     type Error = Error;
///     const INFO: Info = Info::new(c"sizes", c"0.1.0", c"sizes of events", c"you@example.org");
///     fn new(_: &Init<'_>) -> Result<Self, Error> {
///         Ok(Self)
///     }
/// }
/// impl Extract for Sizes {
///     type Decoded = ();
///     const FIELDS: &'static [Field<Self>] =
///         &[Field::<Self>::new("size.payload", "bytes of the payload", |_, _, request| request.event().payload().len())];
///     fn decode(&self, _: &Event<'_>) -> Option<()> {
///         Some(())
///     }
/// }
/// falconet::export!(Sizes: extract; states = 2, memory = 64);
/// ```
#[macro_export]
macro_rules! export {
    ($plugin:ty: $($capability:ident),+ $(,)? $(; $($setting:ident = $value:expr),+ $(,)?)?) => {
        const _: () = {
            $crate::__export_settings!($($($setting = $value,)+)?);
            $crate::__export_capabilities!($plugin; [$($capability)+]; none; none; none);
        };

        /// Of this name there is one in a crate, wherever it stands.
        #[doc(hidden)]
        #[allow(non_local_definitions, reason = "documentation tests export a plugin inside of `main`")]
        #[macro_export]
        macro_rules! a_crate_exports_one_plugin {
            () => {};
        }
    };
    ($($other:tt)*) => {
        compile_error!("export! takes a plugin and what it does: `falconet::export!(MyPlugin: source, extract);`");
    };
}

/// The settings of [`export!`] as constants: the given ones shadow the defaults.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_settings {
    ($($setting:ident = $value:expr,)*) => {
        #[allow(non_upper_case_globals, dead_code, reason = "the settings' names as they are written in `export!`")]
        mod __defaults {
            pub(super) const states: usize = 8;
            pub(super) const instances: usize = 8;
            pub(super) const memory: usize = 16 * 1024;
        }
        #[allow(unused_imports, reason = "a setting that is given shadows its default")]
        use __defaults::*;
        $( $crate::__export_settings!(@one $setting = $value); )*
    };
    (@one states = $value:expr) => {
        #[allow(non_upper_case_globals, reason = "the setting's name as it is written in `export!`")]
        const states: usize = $value;
    };
    (@one instances = $value:expr) => {
        #[allow(non_upper_case_globals, dead_code, reason = "the setting's name as it is written in `export!`")]
        const instances: usize = $value;
    };
    (@one memory = $value:expr) => {
        #[allow(non_upper_case_globals, dead_code, reason = "the setting's name as it is written in `export!`")]
        const memory: usize = $value;
    };
    (@one $other:ident = $value:expr) => {
        compile_error!(concat!("export! has no setting `", stringify!($other), "`: it has states, instances, memory"));
    };
}

/// Sorts the capabilities of [`export!`] into three places (source, extract, offsets), then exports each.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_capabilities {
    ($p:ty; [source $($more:ident)*]; none; $e:ident; $o:ident) => {
        $crate::__export_capabilities!($p; [$($more)*]; source; $e; $o);
    };
    ($p:ty; [extract $($more:ident)*]; $s:ident; none; $o:ident) => {
        $crate::__export_capabilities!($p; [$($more)*]; $s; extract; $o);
    };
    ($p:ty; [offsets $($more:ident)*]; $s:ident; $e:ident; none) => {
        $crate::__export_capabilities!($p; [$($more)*]; $s; $e; offsets);
    };
    ($p:ty; [source $($more:ident)*]; $s:ident; $e:ident; $o:ident) => {
        compile_error!("export! names the capability `source` twice");
    };
    ($p:ty; [extract $($more:ident)*]; $s:ident; $e:ident; $o:ident) => {
        compile_error!("export! names the capability `extract` twice");
    };
    ($p:ty; [offsets $($more:ident)*]; $s:ident; $e:ident; $o:ident) => {
        compile_error!("export! names the capability `offsets` twice");
    };
    ($p:ty; [$other:ident $($more:ident)*]; $s:ident; $e:ident; $o:ident) => {
        compile_error!(concat!("export! knows no capability `", stringify!($other), "`: it knows source, extract, offsets"));
    };
    ($p:ty; []; $s:ident; none; offsets) => {
        compile_error!("export! names `offsets` without `extract`: value offsets belong to extracted values");
    };
    ($p:ty; []; $s:ident; $e:ident; $o:ident) => {
        $crate::__export_base!($p; $s; $e; $o);
        $crate::__export_source!($s $p);
        $crate::__export_extract!($e $p; $o);
    };
}

/// What is exported by every plugin.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_base {
    ($p:ty; $s:ident; $e:ident; $o:ident) => {
        type __Memory = $crate::__export_base!(@memory $e $p; $o);
        static __STATES: [$crate::export::State<$p, __Memory>; states] =
            [const { $crate::export::State::new($crate::__export_base!(@new_memory $e)) }; states];
        static __NO_STATE: $crate::export::Head = $crate::export::Head::new();

        // SAFETY: the statics above are this plugin's own.
        unsafe impl $crate::export::Exported for $p {
            type Extraction = __Memory;
            fn states() -> &'static [$crate::export::State<Self, __Memory>] {
                &__STATES
            }
            fn no_state() -> &'static $crate::export::Head {
                &__NO_STATE
            }
            fn begin(_state: &$crate::export::State<Self, __Memory>) {
                $crate::__export_base!(@begin $e $p; _state)
            }
            fn new_capture(_state: &$crate::export::State<Self, __Memory>) {
                $crate::__export_base!(@new_capture $e $p; _state)
            }
            unsafe fn close_instances_of(_state: *const ::core::ffi::c_void) {
                $crate::__export_base!(@close $s $p; _state)
            }
        }

        // A constant of its own, so that `cargo check` reports a mistake in it.
        const __INFO: $crate::Info = <$p as $crate::Plugin>::INFO;
        const __API_VERSION: &::core::ffi::CStr =
            $crate::export::shell::api_version(&[$crate::__export_base!(@uses $e $p), $crate::__export_base!(@uses $o $p)]);

        #[unsafe(no_mangle)]
        extern "C" fn plugin_get_required_api_version() -> *const ::core::ffi::c_char {
            __API_VERSION.as_ptr()
        }
        #[unsafe(no_mangle)]
        extern "C" fn plugin_get_name() -> *const ::core::ffi::c_char {
            const { __INFO.name() }.as_ptr()
        }
        #[unsafe(no_mangle)]
        extern "C" fn plugin_get_version() -> *const ::core::ffi::c_char {
            const { __INFO.version() }.as_ptr()
        }
        #[unsafe(no_mangle)]
        extern "C" fn plugin_get_description() -> *const ::core::ffi::c_char {
            const { __INFO.description() }.as_ptr()
        }
        #[unsafe(no_mangle)]
        extern "C" fn plugin_get_contact() -> *const ::core::ffi::c_char {
            const { __INFO.contact() }.as_ptr()
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn plugin_init(
            input: *const $crate::abi::InitInput,
            rc: *mut $crate::abi::Rc,
        ) -> *mut ::core::ffi::c_void {
            // SAFETY: called by the host, by the contract of the symbol.
            unsafe { $crate::export::shell::init::<$p>(input, rc) }
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn plugin_destroy(state: *mut ::core::ffi::c_void) {
            // SAFETY: called by the host, by the contract of the symbol.
            unsafe { $crate::export::shell::destroy::<$p>(state) }
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn plugin_get_last_error(state: *mut ::core::ffi::c_void) -> *const ::core::ffi::c_char {
            // SAFETY: called by the host, by the contract of the symbol.
            unsafe { $crate::export::shell::get_last_error(state) }
        }
    };
    (@memory none $p:ty; none) => { () };
    (@memory extract $p:ty; none) => { $crate::__export_base!(@memory_type $p; false) };
    (@memory extract $p:ty; offsets) => { $crate::__export_base!(@memory_type $p; true) };
    (@memory_type $p:ty; $offsets:expr) => {
        $crate::export::Extraction<
            <$p as $crate::Extract>::Decoded,
            { <$p as $crate::Extract>::FIELDS.len() },
            { $crate::export::extraction_sizes(memory, $offsets).0 },
            { $crate::export::extraction_sizes(memory, $offsets).1 },
            { $crate::export::extraction_sizes(memory, $offsets).2 },
        >
    };
    (@new_memory none) => { () };
    (@new_memory extract) => { $crate::export::Extraction::new() };
    (@begin none $p:ty; $state:ident) => { () };
    (@begin extract $p:ty; $state:ident) => { $crate::export::shell::begin::<$p>($state) };
    (@new_capture none $p:ty; $state:ident) => { () };
    (@new_capture extract $p:ty; $state:ident) => { $crate::export::shell::new_capture::<$p>($state) };
    (@close none $p:ty; $state:ident) => { () };
    (@close source $p:ty; $state:ident) => {
        // SAFETY: as this function's.
        unsafe { $crate::export::source::close_instances_of::<$p>($state) }
    };
    (@uses none $p:ty) => { 0 };
    (@uses extract $p:ty) => { $crate::export::shell::fields_use::<$p>() };
    (@uses offsets $p:ty) => { $crate::abi::since::VALUE_OFFSETS };
}

/// What is exported with the capability `source`.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_source {
    (none $p:ty) => {};
    (source $p:ty) => {
        const _: () = $crate::export::source::check_source::<$p>();
        type __Instance = <$p as $crate::Source>::Instance;
        static __INSTANCES: [$crate::export::InstanceSlot<__Instance>; instances] =
            [const { $crate::export::InstanceSlot::new() }; instances];
        static __BATCHES: $crate::Pool<
            instances,
            { <$p as $crate::Source>::BATCH_EVENTS },
            { <$p as $crate::Source>::BATCH_BYTES },
        > = $crate::Pool::new();

        // SAFETY: the statics above are this plugin's own.
        unsafe impl $crate::export::ExportedSource for $p {
            fn instances() -> &'static [$crate::export::InstanceSlot<__Instance>] {
                &__INSTANCES
            }
            fn lease() -> ::core::result::Result<$crate::Lease, $crate::pool::NoneFree> {
                __BATCHES.lease()
            }
        }

        #[unsafe(no_mangle)]
        extern "C" fn plugin_get_id() -> u32 {
            <$p as $crate::Source>::ID
        }
        #[unsafe(no_mangle)]
        extern "C" fn plugin_get_event_source() -> *const ::core::ffi::c_char {
            const { <$p as $crate::Source>::EVENT_SOURCE }.as_ptr()
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn plugin_open(
            state: *mut ::core::ffi::c_void,
            params: *const ::core::ffi::c_char,
            rc: *mut $crate::abi::Rc,
        ) -> *mut ::core::ffi::c_void {
            // SAFETY: called by the host, by the contract of the symbol.
            unsafe { $crate::export::source::open::<$p>(state, params, rc) }
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn plugin_close(state: *mut ::core::ffi::c_void, instance: *mut ::core::ffi::c_void) {
            // SAFETY: called by the host, by the contract of the symbol.
            unsafe { $crate::export::source::close::<$p>(state, instance) }
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn plugin_next_batch(
            state: *mut ::core::ffi::c_void,
            instance: *mut ::core::ffi::c_void,
            nevts: *mut u32,
            evts: *mut *mut *mut $crate::abi::Event,
        ) -> $crate::abi::Rc {
            // SAFETY: called by the host, by the contract of the symbol.
            unsafe { $crate::export::source::next_batch::<$p>(state, instance, nevts, evts) }
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn plugin_list_open_params(
            state: *mut ::core::ffi::c_void,
            rc: *mut $crate::abi::Rc,
        ) -> *const ::core::ffi::c_char {
            // SAFETY: called by the host, by the contract of the symbol.
            unsafe { $crate::export::source::list_open_params::<$p>(state, rc) }
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn plugin_get_progress(
            state: *mut ::core::ffi::c_void,
            instance: *mut ::core::ffi::c_void,
            progress: *mut u32,
        ) -> *const ::core::ffi::c_char {
            // SAFETY: called by the host, by the contract of the symbol.
            unsafe { $crate::export::source::get_progress::<$p>(state, instance, progress) }
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn plugin_event_to_string(
            state: *mut ::core::ffi::c_void,
            event: *const $crate::abi::EventInput,
        ) -> *const ::core::ffi::c_char {
            // SAFETY: called by the host, by the contract of the symbol.
            unsafe { $crate::export::source::event_to_string::<$p>(state, event) }
        }
    };
}

/// What is exported with the capability `extract`.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_extract {
    (none $p:ty; $o:ident) => {};
    (extract $p:ty; $o:ident) => {
        // SAFETY: the statics of `Exported` are this plugin's own.
        unsafe impl $crate::export::ExportedExtract for $p {
            const OFFSETS: bool = $crate::__export_extract!(@is $o);
            const GETTERS: &'static [$crate::extract::Getter<Self>] =
                &$crate::export::getters::<$p, { $crate::export::getters_len::<$p>() }>();
        }

        const _: () = $crate::export::extract::check_event_types::<$p>();
        const __FIELDS_LEN: usize = $crate::export::fields_json_len::<$p>();
        static __FIELDS: [u8; __FIELDS_LEN] = $crate::export::fields_json::<$p, __FIELDS_LEN>();
        const __EXTRACT_SOURCES_LEN: usize = $crate::export::names_json_len(<$p as $crate::Extract>::EVENT_SOURCES);
        static __EXTRACT_SOURCES: [u8; __EXTRACT_SOURCES_LEN] =
            $crate::export::names_json::<__EXTRACT_SOURCES_LEN>(<$p as $crate::Extract>::EVENT_SOURCES);

        #[unsafe(no_mangle)]
        extern "C" fn plugin_get_fields() -> *const ::core::ffi::c_char {
            __FIELDS.as_ptr().cast()
        }
        #[unsafe(no_mangle)]
        extern "C" fn plugin_get_extract_event_sources() -> *const ::core::ffi::c_char {
            __EXTRACT_SOURCES.as_ptr().cast()
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn plugin_get_extract_event_types(
            count: *mut u32,
            _state: *mut ::core::ffi::c_void,
        ) -> *const u16 {
            // SAFETY: called by the host, by the contract of the symbol.
            unsafe { $crate::export::extract::event_types::<$p>(count) }
        }
        #[unsafe(no_mangle)]
        unsafe extern "C" fn plugin_extract_fields(
            state: *mut ::core::ffi::c_void,
            event: *const $crate::abi::EventInput,
            input: *const $crate::abi::FieldExtractInput,
        ) -> $crate::abi::Rc {
            // SAFETY: called by the host, by the contract of the symbol.
            unsafe { $crate::export::extract::extract_fields::<$p>(state, event, input) }
        }
    };
    (@is none) => {
        false
    };
    (@is offsets) => {
        true
    };
}
