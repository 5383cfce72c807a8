// SPDX-License-Identifier: Apache-2.0
//! [`export!`](crate::export!) and [`export_static!`](crate::export_static!): from a plugin's type to statics and symbols.

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
/// | `parse` | [`Parse`] | `plugin_parse_event`, `get_parse_event_types`, `get_parse_event_sources` |
/// | `import_tables` | `parse` or `extract` | nothing: [state tables](crate::tables) of the host and of other plugins, and API 3.5 is claimed |
/// | `export_tables` | [`ExportTables`], and as above | nothing: state tables of its own, and API 3.5 is claimed; it implies `shares` |
/// | `shares` | [`Shares`] | nothing: a part of the plugin that other threads may touch |
/// | `metrics` | [`Metrics`] | `plugin_get_metrics`; it implies `shares` |
/// | `async_events` | [`AsyncEvents`] | `plugin_set_async_event_handler`, `get_async_events`, `get_async_event_sources` |
/// | `dump_state` | [`DumpState`], `async_events` | `plugin_dump_state` |
/// | `listen` | [`Listen`] | `plugin_capture_open`, `capture_close`; it implies `shares` |
/// | `init_schema` | [`InitSchema`] | `plugin_get_init_schema` |
/// | `set_config` | [`SetConfig`] | `plugin_set_config` |
/// | `event_schema` | [`EventSchema`] | `plugin_get_required_event_schema_version`; where other types than plugin events are declared it must be there |
///
/// One of `source`, `extract`, `parse`, `async_events`, `listen` is there at least: the host loads no plugin without.
///
/// | setting | default | meaning |
/// | --- | --- | --- |
/// | `states` | 8 | plugin states that may live at once in a process |
/// | `instances` | 8 | open instances, each with its batch |
/// | `routines` | 8 | routines of a state that run at once, with `listen` |
/// | `memory` | 16,384 | bytes of one extraction call's values that are not borrowed from the event |
///
/// All memory is static, in `.bss`. The claimed API version is the least that offers what is declared.
///
/// [`Plugin`]: crate::Plugin
/// [`Source`]: crate::Source
/// [`Extract`]: crate::Extract
/// [`Parse`]: crate::Parse
/// [`ExportTables`]: crate::tables::ExportTables
/// [`Shares`]: crate::Shares
/// [`Metrics`]: crate::Metrics
/// [`AsyncEvents`]: crate::AsyncEvents
/// [`DumpState`]: crate::async_event::DumpState
/// [`Listen`]: crate::Listen
/// [`InitSchema`]: crate::InitSchema
/// [`SetConfig`]: crate::SetConfig
/// [`EventSchema`]: crate::EventSchema
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
            $crate::__export_words!([$($capability)+]);
            $crate::__export_plugin!($plugin; [$($capability)+]; [$crate::__storage_static]);
            $crate::__export_functions!($plugin; [$($capability)+]; export);
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

/// Makes a plugin to be linked statically into a host: a symbol that is its `plugin_api` struct, and no other.
///
/// Capabilities and settings are those of [`export!`](crate::export!). The struct has the layout of API 3.12, so at least
/// 3.10 is claimed (rule 1.7). A host in C declares it and registers it:
///
/// ```c
/// extern const plugin_api greetings_plugin;
/// ```
///
/// ```
/// use falconet::{Error, Event, Info, Init, Parse, Parsing, Plugin};
/// struct Greetings;
/// impl Plugin for Greetings {
///     type Error = Error;
///     const INFO: Info = Info::new(c"greetings", c"0.1.0", c"greets", c"you@example.org");
///     fn new(_: &Init<'_>) -> Result<Self, Error> {
///         Ok(Self)
///     }
/// }
/// impl Parse for Greetings {
///     fn parse(&mut self, _: &Event<'_>, _: &mut Parsing<'_, Self>) -> Result<(), Error> {
///         Ok(())
///     }
/// }
/// falconet::export_static!(greetings_plugin = Greetings: parse);
/// # fn main() {
/// assert!(greetings_plugin.parse_event.is_some() && greetings_plugin.open.is_none());
/// # }
/// ```
#[macro_export]
macro_rules! export_static {
    ($name:ident = $plugin:ty: $($capability:ident),+ $(,)? $(; $($setting:ident = $value:expr),+ $(,)?)?) => {
        const _: () = {
            $crate::__export_settings!($($($setting = $value,)+)?);
            $crate::__export_words!([$($capability)+]);
            $crate::__export_plugin!($plugin; [$($capability)+ static_linking]; [$crate::__storage_static]);
        };

        #[doc = concat!("The plugin `", stringify!($plugin), "`, for a host that links it statically.")]
        #[unsafe(no_mangle)]
        #[allow(non_upper_case_globals, reason = "a symbol for C")]
        pub static $name: $crate::abi::PluginApi = {
            let mut table = $crate::abi::PluginApi::NONE;
            $crate::__export_functions!($plugin; [$($capability)+]; api table);
            table
        };
    };
    ($($other:tt)*) => {
        compile_error!("export_static! takes a symbol, a plugin and what it does: `falconet::export_static!(my_plugin = MyPlugin: source);`");
    };
}

/// The statics of a plugin, and its implementations of `Exported` and the like.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_plugin {
    ($p:ty; $words:tt; [$($storage:tt)+]) => {
        type __Extraction = $crate::__export_if! { extract $words { $crate::__export_plugin!(@extraction $p; $words) } { () } };
        type __Beside = $crate::export::Beside<
            $crate::__export_if! { shares $words { $crate::export::SharedPart<<$p as $crate::Shares>::Shared> } { () } },
            $crate::__export_if! { metrics $words {
                $crate::export::MetricsTable<{ <$p as $crate::Metrics>::METRICS.len() }>
            } { () } },
            $crate::__export_if! { async_events $words { $crate::export::AsyncGate } { () } },
            $crate::__export_if! { listen $words { $crate::export::Routines<routines> } { () } },
            $crate::__export_if! { import_tables $words { $crate::export::SessionCell } { () } },
            $crate::__export_if! { source $words {
                $crate::export::EventTextMemory<{ <$p as $crate::Source>::TEXT_BYTES }>
            } { () } },
        >;
        const __STATE: $crate::export::State<$p, __Extraction, __Beside> = $crate::export::State::new(
            $crate::__export_if! { extract $words { $crate::export::Extraction::new() } { () } },
            $crate::export::Beside {
                shared: $crate::__export_if! { shares $words {
                    $crate::export::SharedPart::new(<$p as $crate::Shares>::SHARED)
                } { () } },
                metrics: $crate::__export_if! { metrics $words { $crate::export::MetricsTable::new() } { () } },
                async_gate: $crate::__export_if! { async_events $words { $crate::export::AsyncGate::new() } { () } },
                routines: $crate::__export_if! { listen $words { $crate::export::Routines::new() } { () } },
                imports: $crate::__export_if! { import_tables $words { $crate::export::SessionCell::new() } { () } },
                event_text: $crate::__export_if! { source $words { $crate::export::EventTextMemory::new() } { () } },
            },
        );
        static __NO_STATE: $crate::export::Head = $crate::export::Head::new();
        $($storage)+! { @statics $p; $words }

        // SAFETY: the statics above are this plugin's own.
        unsafe impl $crate::export::Exported for $p {
            type Extraction = __Extraction;
            type Beside = __Beside;
            const API_VERSION: &'static ::core::ffi::CStr = $crate::export::shell::api_version(&[
                $crate::__export_if! { extract $words { $crate::export::shell::fields_use::<$p>() } { 0 } },
                $crate::__export_if! { offsets $words { $crate::abi::since::VALUE_OFFSETS } { 0 } },
                $crate::__export_if! { metrics $words { $crate::abi::since::METRICS } { 0 } },
                $crate::__export_if! { tables $words { $crate::abi::since::TABLES_EXT } { 0 } },
                $crate::__export_if! { listen $words {
                    $crate::__export_if! { import_tables $words { $crate::abi::since::CAPTURE_OWNER_ERROR } {
                        $crate::abi::since::CAPTURE_LISTEN
                    } }
                } { 0 } },
                $crate::__export_if! { dump_state $words { $crate::abi::since::DUMP_STATE } { 0 } },
                $crate::__export_if! { set_config $words { $crate::abi::since::SET_CONFIG } { 0 } },
                $crate::__export_if! { event_schema $words { $crate::abi::since::SCHEMA_VERSION } { 0 } },
                $crate::__export_if! { static_linking $words { $crate::abi::since::DUMP_STATE } { 0 } },
            ]);
            $($storage)+! { @states $p; $words }
            fn no_state() -> &'static $crate::export::Head {
                &__NO_STATE
            }
            unsafe fn begin(_state: &'static $crate::export::State<Self, __Extraction, __Beside>) {
                $crate::__export_if! { shares $words {
                    // SAFETY: the state was free and is the caller's, so no handle to its part is left.
                    unsafe { _state.beside().shared.begin(&__FIRST) }
                } {} }
                $crate::__export_if! { extract $words { $crate::export::shell::begin::<$p>(_state) } {} }
            }
            unsafe fn end(_state: &'static $crate::export::State<Self, __Extraction, __Beside>) {
                $crate::__export_if! { async_events $words {
                    // SAFETY: as this function's.
                    unsafe { $crate::export::async_event::end::<$p>(_state) }
                } {} }
                $crate::__export_if! { export_tables $words { $crate::export::tables::end::<$p>(_state) } {} }
                $crate::__export_if! { listen $words { $crate::export::listen::end::<$p>(_state) } {} }
            }
            unsafe fn clear(_state: &'static $crate::export::State<Self, __Extraction, __Beside>) {
                $crate::__export_if! { shares $words {
                    // SAFETY: nobody has a handle to the part, as this function's caller says.
                    unsafe { _state.beside().shared.begin(&__FIRST) }
                } {} }
            }
            fn new_capture(_state: &$crate::export::State<Self, __Extraction, __Beside>) {
                $crate::__export_if! { extract $words { $crate::export::shell::new_capture::<$p>(_state) } {} }
            }
            const USES_TABLES: bool = $crate::__export_if! { tables $words { true } { false } };
            $crate::__export_if! { export_tables $words {
                fn export_tables(
                    state: &'static $crate::export::State<Self, __Extraction, __Beside>,
                    tables: ::core::option::Option<&$crate::tables::InitTables<'_>>,
                ) -> ::core::result::Result<(), $crate::error::Error> {
                    $crate::export::tables::export::<$p>(state, tables)
                }
            } {} }
            fn session_of(
                _state: &'static $crate::export::State<Self, __Extraction, __Beside>,
            ) -> ::core::option::Option<&'static $crate::export::SessionCell> {
                $crate::__export_if! { import_tables $words {
                    ::core::option::Option::Some(&_state.beside().imports)
                } { ::core::option::Option::None } }
            }
        }
        // A constant of its own, so that `cargo check` reports a mistake in it.
        const _: $crate::Info = <$p as $crate::Plugin>::INFO;
        $crate::__export_if! { source $words { $crate::__export_plugin!(@source $p; [$($storage)+]); } {} }
        $crate::__export_if! { extract $words { $crate::__export_plugin!(@extract $p; $words); } {} }
        $crate::__export_if! { parse $words { $crate::__export_plugin!(@parse $p; $words); } {} }
        $crate::__export_if! { shares $words { $crate::__export_plugin!(@shares $p); } {} }
        $crate::__export_if! { import_tables $words {
            // SAFETY: this plugin's states keep a session.
            unsafe impl $crate::export::ExportedImports for $p {}
        } {} }
        $crate::__export_if! { export_tables $words {
            const _: () = $crate::export::tables::check::<$p>();
            // SAFETY: the statics of `Exported` are this plugin's own.
            unsafe impl $crate::export::ExportedTables for $p {}
        } {} }
        $crate::__export_if! { metrics $words { $crate::__export_plugin!(@metrics $p); } {} }
        $crate::__export_if! { async_events $words { $crate::__export_plugin!(@async_events $p); } {} }
        $crate::__export_if! { listen $words { $crate::__export_plugin!(@listen $p); } {} }
        $crate::__export_if! { init_schema $words {
            const _: () = $crate::export::config::check_init_schema::<$p>();
        } {} }
        $crate::__export_if! { event_schema $words {
            const _: () = $crate::export::config::check_event_schema::<$p>();
        } {} }
    };
    (@async_events $p:ty) => {
        const _: () = $crate::export::async_event::check::<$p>();
        // SAFETY: the statics of `Exported` are this plugin's own.
        unsafe impl $crate::export::ExportedAsync for $p {
            const NAMES: &'static [u8] = &$crate::export::names_json::<
                { $crate::export::names_json_len(<$p as $crate::AsyncEvents>::ASYNC_EVENTS) },
            >(<$p as $crate::AsyncEvents>::ASYNC_EVENTS);
            const SOURCES: &'static [u8] = &$crate::export::names_json::<
                { $crate::export::names_json_len(<$p as $crate::AsyncEvents>::ASYNC_SOURCES) },
            >(<$p as $crate::AsyncEvents>::ASYNC_SOURCES);
            fn gate_of(
                state: &'static $crate::export::State<Self, __Extraction, __Beside>,
            ) -> &'static $crate::export::AsyncGate {
                &state.beside().async_gate
            }
        }
        const _: &[u8] = <$p as $crate::export::ExportedAsync>::NAMES;
        const _: &[u8] = <$p as $crate::export::ExportedAsync>::SOURCES;
    };
    (@listen $p:ty) => {
        // SAFETY: the statics of `Exported` are this plugin's own.
        unsafe impl $crate::export::ExportedListen for $p {
            fn routines_of(
                state: &'static $crate::export::State<Self, __Extraction, __Beside>,
            ) -> &'static [$crate::listen::RoutineSlot] {
                &state.beside().routines.0
            }
        }
    };
    (@extraction $p:ty; $words:tt) => {
        $crate::export::Extraction<
            <$p as $crate::Extract>::Decoded,
            { <$p as $crate::Extract>::FIELDS.len() },
            { $crate::export::extraction_sizes(memory, $crate::__export_if! { offsets $words { true } { false } }).0 },
            { $crate::export::extraction_sizes(memory, $crate::__export_if! { offsets $words { true } { false } }).1 },
            { $crate::export::extraction_sizes(memory, $crate::__export_if! { offsets $words { true } { false } }).2 },
        >
    };
    (@source $p:ty; [$($storage:tt)+]) => {
        const _: () = $crate::export::source::check_source::<$p>();
        type __Instance = <$p as $crate::Source>::Instance;

        // SAFETY: the statics above are this plugin's own.
        unsafe impl $crate::export::ExportedSource for $p {
            $($storage)+! { @instances $p }
            unsafe fn text_room(
                state: &'static $crate::export::State<Self, __Extraction, __Beside>,
            ) -> $crate::TextRoom<'static> {
                // SAFETY: as this function's.
                unsafe { state.beside().event_text.room() }
            }
        }
    };
    (@extract $p:ty; $words:tt) => {
        const _: () = $crate::export::extract::check_event_types::<$p>(
            $crate::__export_if! { event_schema $words { true } { false } },
        );
        // SAFETY: the statics of `Exported` are this plugin's own.
        unsafe impl $crate::export::ExportedExtract for $p {
            const OFFSETS: bool = $crate::__export_if! { offsets $words { true } { false } };
            const GETTERS: &'static [$crate::extract::Getter<Self>] =
                &$crate::export::getters::<$p, { $crate::export::getters_len::<$p>() }>();
            const FIELDS_JSON: &'static [u8] =
                &$crate::export::fields_json::<$p, { $crate::export::fields_json_len::<$p>() }>();
            const SOURCES: &'static [u8] = &$crate::export::names_json::<
                { $crate::export::names_json_len(<$p as $crate::Extract>::EVENT_SOURCES) },
            >(<$p as $crate::Extract>::EVENT_SOURCES);
        }
        // Constants of their own, so that `cargo check` reports a mistake in them.
        const _: &[u8] = <$p as $crate::export::ExportedExtract>::FIELDS_JSON;
        const _: &[u8] = <$p as $crate::export::ExportedExtract>::SOURCES;
    };
    (@parse $p:ty; $words:tt) => {
        const _: () = $crate::export::parse::check_event_types::<$p>(
            $crate::__export_if! { event_schema $words { true } { false } },
        );
        // SAFETY: the statics of `Exported` are this plugin's own.
        unsafe impl $crate::export::ExportedParse for $p {
            const SOURCES: &'static [u8] = &$crate::export::names_json::<
                { $crate::export::names_json_len(<$p as $crate::Parse>::PARSE_SOURCES) },
            >(<$p as $crate::Parse>::PARSE_SOURCES);
        }
        const _: &[u8] = <$p as $crate::export::ExportedParse>::SOURCES;
    };
    (@shares $p:ty) => {
        static __FIRST: $crate::export::SharedPart<<$p as $crate::Shares>::Shared> =
            $crate::export::SharedPart::new(<$p as $crate::Shares>::SHARED);
        // SAFETY: the statics of `Exported` are this plugin's own.
        unsafe impl $crate::export::ExportedShares for $p {
            fn shared_of(
                state: &'static $crate::export::State<Self, __Extraction, __Beside>,
            ) -> &'static <$p as $crate::Shares>::Shared {
                state.beside().shared.get()
            }
        }
    };
    (@metrics $p:ty) => {
        const _: () = $crate::export::metrics::check::<$p>();
        // SAFETY: the statics of `Exported` are this plugin's own.
        unsafe impl $crate::export::ExportedMetrics for $p {
            fn metrics_of(
                state: &'static $crate::export::State<Self, __Extraction, __Beside>,
            ) -> &'static impl $crate::export::MetricsMemory {
                &state.beside().metrics
            }
        }
    };
}

/// Where states, instances and batches of a plugin without std are: in statics, as many as the settings say.
#[doc(hidden)]
#[macro_export]
macro_rules! __storage_static {
    (@statics $p:ty; $words:tt) => {
        static __STATES: [$crate::export::State<$p, __Extraction, __Beside>; states] = [__STATE; states];
        $crate::__export_if! { source $words {
            static __INSTANCES: [$crate::export::InstanceSlot<<$p as $crate::Source>::Instance>; instances] =
                [const { $crate::export::InstanceSlot::new() }; instances];
            static __BATCHES: $crate::Pool<
                instances,
                { <$p as $crate::Source>::BATCH_EVENTS },
                { <$p as $crate::Source>::BATCH_BYTES },
            > = $crate::Pool::new();
        } {} }
    };
    (@states $p:ty; $words:tt) => {
        fn take_state() -> ::core::option::Option<&'static $crate::export::State<Self, __Extraction, __Beside>> {
            $crate::export::State::take(&__STATES)
        }
        unsafe fn close_instances_of(_state: *const ::core::ffi::c_void) {
            $crate::__export_if! { source $words {
                // SAFETY: as this function's.
                unsafe { $crate::export::source::close_all_of::<$p>(&__INSTANCES, _state) }
            } {} }
        }
    };
    (@instances $p:ty) => {
        fn take_instance(
            owner: *mut ::core::ffi::c_void,
        ) -> ::core::option::Option<&'static $crate::export::InstanceSlot<__Instance>> {
            $crate::export::InstanceSlot::take(&__INSTANCES, owner)
        }
        fn lease() -> ::core::result::Result<$crate::Lease, $crate::pool::NoneFree> {
            __BATCHES.lease()
        }
    };
}

/// The functions of every capability that is named: `export` them, or put them into an `api` table.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_functions {
    ($p:ty; $words:tt; $($how:tt)+) => {
        $crate::__functions_base! { $p; $($how)+ }
        $crate::__export_if! { source $words { $crate::__functions_source! { $p; $($how)+ } } {} }
        $crate::__export_if! { extract $words { $crate::__functions_extract! { $p; $($how)+ } } {} }
        $crate::__export_if! { parse $words { $crate::__functions_parse! { $p; $($how)+ } } {} }
        $crate::__export_if! { metrics $words { $crate::__functions_metrics! { $p; $($how)+ } } {} }
        $crate::__export_if! { async_events $words { $crate::__functions_async_events! { $p; $($how)+ } } {} }
        $crate::__export_if! { dump_state $words { $crate::__functions_dump_state! { $p; $($how)+ } } {} }
        $crate::__export_if! { listen $words { $crate::__functions_listen! { $p; $($how)+ } } {} }
        $crate::__export_if! { init_schema $words { $crate::__functions_init_schema! { $p; $($how)+ } } {} }
        $crate::__export_if! { set_config $words { $crate::__functions_set_config! { $p; $($how)+ } } {} }
        $crate::__export_if! { event_schema $words { $crate::__functions_event_schema! { $p; $($how)+ } } {} }
    };
}
