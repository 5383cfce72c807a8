// SPDX-License-Identifier: Apache-2.0
//! The C structs, constants and function types of `plugin_api.h` 3.12, `#[repr(C)]`, and nothing else.
//!
//! Names are the header's without `ss_plugin_`; every field keeps its C name. `tests/tests/abi_layout.rs`
//! compares size and offset of every struct and field here with the official header.
//!
//! Enumerations are plain integers: what comes from C may hold any value.
//! The header's opaque types (`ss_plugin_t` and the like, all `void`) are [`c_void`].

#![expect(missing_debug_implementations, reason = "pointers and unions of the host: there is nothing safe to print")]

use core::ffi::{c_char, c_int, c_void};

/// `PLUGIN_API_VERSION_MAJOR`.
pub const API_MAJOR: u32 = 3;
/// `PLUGIN_API_VERSION_MINOR` of the header that these structs follow.
pub const API_MINOR: u32 = 12;
/// `PLUGIN_MAX_ERRLEN`: the size of an error buffer, its NUL included.
pub const MAX_ERRLEN: usize = 1024;
/// `PLUGIN_EVENT_PAYLOAD_OFFSET`: where the payload of a plugin event (322) begins, in bytes from the event's start.
pub const EVENT_PAYLOAD_OFFSET: usize = 38;

/// What came with which minor version of the API (rule 1.5): a plugin claims the maximum over what it uses.
pub mod since {
    /// Entry release and iteration in tables, the state argument of `get_*_event_types`.
    pub const EVENT_TYPES_STATE: u32 = 1;
    /// `log_fn` in the init input.
    pub const LOG: u32 = 3;
    /// `set_config`.
    pub const SET_CONFIG: u32 = 4;
    /// `reader_ext`, `writer_ext`, `fields_ext` in the init input; tables in tables.
    pub const TABLES_EXT: u32 = 5;
    /// `get_metrics`.
    pub const METRICS: u32 = 6;
    /// `capture_open`, `capture_close` and routines.
    pub const CAPTURE_LISTEN: u32 = 7;
    /// `addOutput` in the fields' JSON.
    pub const ADD_OUTPUT: u32 = 8;
    /// `get_owner_last_error` in the capture listening input.
    pub const CAPTURE_OWNER_ERROR: u32 = 9;
    /// `dump_state`; today's layout of [`PluginApi`](super::PluginApi).
    pub const DUMP_STATE: u32 = 10;
    /// `value_offsets` in the extraction input.
    pub const VALUE_OFFSETS: u32 = 11;
    /// `get_required_event_schema_version`.
    pub const SCHEMA_VERSION: u32 = 12;
}

/// `ss_plugin_bool`: 4 bytes, zero is false.
pub type Bool = u32;

/// `ss_plugin_rc`.
pub type Rc = c_int;
/// `SS_PLUGIN_SUCCESS`.
pub const SUCCESS: Rc = 0;
/// `SS_PLUGIN_FAILURE`.
pub const FAILURE: Rc = 1;
/// `SS_PLUGIN_TIMEOUT`.
pub const TIMEOUT: Rc = -1;
/// `SS_PLUGIN_EOF`.
pub const EOF: Rc = 2;
/// `SS_PLUGIN_NOT_SUPPORTED`.
pub const NOT_SUPPORTED: Rc = 3;

/// `ss_plugin_field_type`.
pub type FieldType = u32;
/// `FTYPE_UINT64`.
pub const FTYPE_UINT64: FieldType = 8;
/// `FTYPE_STRING`.
pub const FTYPE_STRING: FieldType = 9;
/// `FTYPE_RELTIME`.
pub const FTYPE_RELTIME: FieldType = 20;
/// `FTYPE_ABSTIME`.
pub const FTYPE_ABSTIME: FieldType = 21;
/// `FTYPE_BOOL`.
pub const FTYPE_BOOL: FieldType = 25;
/// `FTYPE_IPADDR`.
pub const FTYPE_IPADDR: FieldType = 40;
/// `FTYPE_IPNET`.
pub const FTYPE_IPNET: FieldType = 41;

/// `ss_plugin_schema_type`.
pub type SchemaType = u32;
/// `SS_PLUGIN_SCHEMA_NONE`.
pub const SCHEMA_NONE: SchemaType = 0;
/// `SS_PLUGIN_SCHEMA_JSON`.
pub const SCHEMA_JSON: SchemaType = 1;

/// `ss_plugin_state_type`.
pub type StateType = u32;
/// `SS_PLUGIN_ST_INT8`.
pub const ST_INT8: StateType = 1;
/// `SS_PLUGIN_ST_INT16`.
pub const ST_INT16: StateType = 2;
/// `SS_PLUGIN_ST_INT32`.
pub const ST_INT32: StateType = 3;
/// `SS_PLUGIN_ST_INT64`.
pub const ST_INT64: StateType = 4;
/// `SS_PLUGIN_ST_UINT8`.
pub const ST_UINT8: StateType = 5;
/// `SS_PLUGIN_ST_UINT16`.
pub const ST_UINT16: StateType = 6;
/// `SS_PLUGIN_ST_UINT32`.
pub const ST_UINT32: StateType = 7;
/// `SS_PLUGIN_ST_UINT64`.
pub const ST_UINT64: StateType = 8;
/// `SS_PLUGIN_ST_STRING`.
pub const ST_STRING: StateType = 9;
/// `SS_PLUGIN_ST_TABLE`.
pub const ST_TABLE: StateType = 10;
/// `SS_PLUGIN_ST_BOOL`.
pub const ST_BOOL: StateType = 25;

/// `ss_plugin_log_severity`.
pub type LogSeverity = u32;
/// `SS_PLUGIN_LOG_SEV_FATAL`.
pub const LOG_FATAL: LogSeverity = 1;
/// `SS_PLUGIN_LOG_SEV_CRITICAL`.
pub const LOG_CRITICAL: LogSeverity = 2;
/// `SS_PLUGIN_LOG_SEV_ERROR`.
pub const LOG_ERROR: LogSeverity = 3;
/// `SS_PLUGIN_LOG_SEV_WARNING`.
pub const LOG_WARNING: LogSeverity = 4;
/// `SS_PLUGIN_LOG_SEV_NOTICE`.
pub const LOG_NOTICE: LogSeverity = 5;
/// `SS_PLUGIN_LOG_SEV_INFO`.
pub const LOG_INFO: LogSeverity = 6;
/// `SS_PLUGIN_LOG_SEV_DEBUG`.
pub const LOG_DEBUG: LogSeverity = 7;
/// `SS_PLUGIN_LOG_SEV_TRACE`.
pub const LOG_TRACE: LogSeverity = 8;

/// `ss_plugin_metric_value_type`.
pub type MetricValueType = u32;
/// `SS_PLUGIN_METRIC_VALUE_TYPE_U32`.
pub const METRIC_U32: MetricValueType = 0;
/// `SS_PLUGIN_METRIC_VALUE_TYPE_S32`.
pub const METRIC_S32: MetricValueType = 1;
/// `SS_PLUGIN_METRIC_VALUE_TYPE_U64`.
pub const METRIC_U64: MetricValueType = 2;
/// `SS_PLUGIN_METRIC_VALUE_TYPE_S64`.
pub const METRIC_S64: MetricValueType = 3;
/// `SS_PLUGIN_METRIC_VALUE_TYPE_D`.
pub const METRIC_D: MetricValueType = 4;
/// `SS_PLUGIN_METRIC_VALUE_TYPE_F`.
pub const METRIC_F: MetricValueType = 5;
/// `SS_PLUGIN_METRIC_VALUE_TYPE_I`.
pub const METRIC_I: MetricValueType = 6;

/// `ss_plugin_metric_type`.
pub type MetricType = u32;
/// `SS_PLUGIN_METRIC_TYPE_MONOTONIC`.
pub const METRIC_MONOTONIC: MetricType = 0;
/// `SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC`.
pub const METRIC_NON_MONOTONIC: MetricType = 1;

/// Declares `#[repr(C)]` structs whose every field is public and carries its C name.
macro_rules! structs {
    ($( $(#[$meta:meta])* $kind:ident $name:ident { $( $field:ident : $type:ty ),+ $(,)? } )+) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy)]
        #[allow(missing_docs, reason = "the fields are the header's and are described there")]
        pub $kind $name { $( pub $field: $type ),+ }
    )+ };
}

/// An `extern "C"` function that may be NULL.
macro_rules! callback {
    ( fn ( $($arg:ty),* $(,)? ) $(-> $ret:ty)? ) => { Option<unsafe extern "C" fn($($arg),*) $(-> $ret)?> };
}

structs! {
    /// `ss_plugin_event`: the header of every event, 26 bytes, packed, native endian.
    #[repr(C, packed)]
    struct Event { ts: u64, tid: u64, len: u32, r#type: u16, nparams: u32 }

    /// `ss_plugin_event_input`.
    #[repr(C)]
    struct EventInput { evt: *const Event, evtnum: u64, evtsrc: *const c_char }

    /// `ss_plugin_byte_buffer`: an ip address or net of 4 or 16 bytes.
    #[repr(C)]
    struct ByteBuffer { len: u32, ptr: *const c_void }

    /// `ss_plugin_extract_value_offsets`.
    #[repr(C)]
    struct ExtractValueOffsets { start: *mut u32, length: *mut u32 }

    /// The anonymous union `res` of `ss_plugin_extract_field`.
    #[repr(C)]
    union ExtractResult {
        str: *mut *const c_char,
        u64: *mut u64,
        u32: *mut u32,
        boolean: *mut Bool,
        buf: *mut ByteBuffer,
    }

    /// `ss_plugin_extract_field`: one field of a request; `res` and `res_len` are output.
    #[repr(C)]
    struct ExtractField {
        res: ExtractResult,
        res_len: u64,
        field_id: u32,
        field: *const c_char,
        arg_key: *const c_char,
        arg_index: u64,
        arg_present: Bool,
        ftype: u32,
        flist: Bool,
    }

    /// `ss_plugin_state_data`.
    #[repr(C)]
    union StateData {
        s8: i8, s16: i16, s32: i32, s64: i64,
        u8: u8, u16: u16, u32: u32, u64: u64,
        str: *const c_char,
        b: Bool,
        table: *mut c_void,
    }

    /// `ss_plugin_table_info`.
    #[repr(C)]
    struct TableInfo { name: *const c_char, key_type: StateType }

    /// `ss_plugin_table_fieldinfo`.
    #[repr(C)]
    struct TableFieldInfo { name: *const c_char, field_type: StateType, read_only: Bool }

    /// `ss_plugin_metric_value`.
    #[repr(C)]
    union MetricValue { u32: u32, s32: i32, u64: u64, s64: i64, d: f64, f: f32, i: c_int }

    /// `ss_plugin_metric`.
    #[repr(C)]
    struct Metric { name: *const c_char, r#type: MetricType, value: MetricValue, value_type: MetricValueType }

    /// `ss_plugin_table_fields_vtable` and `ss_plugin_table_fields_vtable_ext`, which are alike.
    #[repr(C)]
    struct TableFieldsVtable {
        list_table_fields: callback!(fn(*mut c_void, *mut u32) -> *const TableFieldInfo),
        get_table_field: callback!(fn(*mut c_void, *const c_char, StateType) -> *mut c_void),
        add_table_field: callback!(fn(*mut c_void, *const c_char, StateType) -> *mut c_void),
    }

    /// `ss_plugin_table_reader_vtable`, the old one.
    #[repr(C)]
    struct TableReaderVtable {
        get_table_name: callback!(fn(*mut c_void) -> *const c_char),
        get_table_size: callback!(fn(*mut c_void) -> u64),
        get_table_entry: callback!(fn(*mut c_void, *const StateData) -> *mut c_void),
        read_entry_field: callback!(fn(*mut c_void, *mut c_void, *const c_void, *mut StateData) -> Rc),
    }

    /// `ss_plugin_table_reader_vtable_ext`.
    #[repr(C)]
    struct TableReaderVtableExt {
        get_table_name: callback!(fn(*mut c_void) -> *const c_char),
        get_table_size: callback!(fn(*mut c_void) -> u64),
        get_table_entry: callback!(fn(*mut c_void, *const StateData) -> *mut c_void),
        read_entry_field: callback!(fn(*mut c_void, *mut c_void, *const c_void, *mut StateData) -> Rc),
        release_table_entry: callback!(fn(*mut c_void, *mut c_void)),
        iterate_entries: callback!(fn(*mut c_void, TableIterator, *mut c_void) -> Bool),
    }

    /// `ss_plugin_table_writer_vtable` and `ss_plugin_table_writer_vtable_ext`, which are alike.
    #[repr(C)]
    struct TableWriterVtable {
        clear_table: callback!(fn(*mut c_void) -> Rc),
        erase_table_entry: callback!(fn(*mut c_void, *const StateData) -> Rc),
        create_table_entry: callback!(fn(*mut c_void) -> *mut c_void),
        destroy_table_entry: callback!(fn(*mut c_void, *mut c_void)),
        add_table_entry: callback!(fn(*mut c_void, *const StateData, *mut c_void) -> *mut c_void),
        write_entry_field: callback!(fn(*mut c_void, *mut c_void, *const c_void, *const StateData) -> Rc),
    }

    /// `ss_plugin_table_input`.
    #[repr(C)]
    struct TableInput {
        name: *const c_char,
        key_type: StateType,
        table: *mut c_void,
        reader: TableReaderVtable,
        writer: TableWriterVtable,
        fields: TableFieldsVtable,
        reader_ext: *mut TableReaderVtableExt,
        writer_ext: *mut TableWriterVtable,
        fields_ext: *mut TableFieldsVtable,
    }

    /// `ss_plugin_init_tables_input`.
    #[repr(C)]
    struct InitTablesInput {
        list_tables: callback!(fn(*mut c_void, *mut u32) -> *mut TableInfo),
        get_table: callback!(fn(*mut c_void, *const c_char, StateType) -> *mut c_void),
        add_table: callback!(fn(*mut c_void, *const TableInput) -> Rc),
        fields: TableFieldsVtable,
        fields_ext: *mut TableFieldsVtable,
        reader_ext: *mut TableReaderVtableExt,
        writer_ext: *mut TableWriterVtable,
    }

    /// `ss_plugin_init_input`. It lives on the host's stack: copy what is kept (rule 1.10).
    #[repr(C)]
    struct InitInput {
        config: *const c_char,
        owner: *mut c_void,
        get_owner_last_error: OwnerLastError,
        tables: *const InitTablesInput,
        log_fn: LogFn,
    }

    /// `ss_plugin_field_extract_input`.
    #[repr(C)]
    struct FieldExtractInput {
        owner: *mut c_void,
        get_owner_last_error: OwnerLastError,
        num_fields: u32,
        fields: *mut ExtractField,
        table_reader: TableReaderVtable,
        table_reader_ext: *mut TableReaderVtableExt,
        value_offsets: *mut ExtractValueOffsets,
    }

    /// `ss_plugin_event_parse_input`.
    #[repr(C)]
    struct EventParseInput {
        owner: *mut c_void,
        get_owner_last_error: OwnerLastError,
        table_reader: TableReaderVtable,
        table_writer: TableWriterVtable,
        table_reader_ext: *mut TableReaderVtableExt,
        table_writer_ext: *mut TableWriterVtable,
    }

    /// `ss_plugin_set_config_input`.
    #[repr(C)]
    struct SetConfigInput { config: *const c_char }

    /// `ss_plugin_routine_vtable`.
    #[repr(C)]
    struct RoutineVtable {
        subscribe: callback!(fn(*mut c_void, RoutineFn, *mut c_void) -> *mut c_void),
        unsubscribe: callback!(fn(*mut c_void, *mut c_void) -> Rc),
    }

    /// `ss_plugin_capture_listen_input`.
    #[repr(C)]
    struct CaptureListenInput {
        owner: *mut c_void,
        routine: *mut RoutineVtable,
        table_reader_ext: *mut TableReaderVtableExt,
        table_writer_ext: *mut TableWriterVtable,
        get_owner_last_error: OwnerLastError,
    }

    /// `plugin_api`: what a plugin exports, each member a symbol with the prefix `plugin_` in a shared library.
    #[repr(C)]
    struct PluginApi {
        get_required_api_version: callback!(fn() -> *const c_char),
        get_init_schema: callback!(fn(*mut SchemaType) -> *const c_char),
        init: callback!(fn(*const InitInput, *mut Rc) -> *mut c_void),
        destroy: callback!(fn(*mut c_void)),
        get_last_error: callback!(fn(*mut c_void) -> *const c_char),
        get_name: callback!(fn() -> *const c_char),
        get_description: callback!(fn() -> *const c_char),
        get_contact: callback!(fn() -> *const c_char),
        get_version: callback!(fn() -> *const c_char),
        get_id: callback!(fn() -> u32),
        get_event_source: callback!(fn() -> *const c_char),
        open: callback!(fn(*mut c_void, *const c_char, *mut Rc) -> *mut c_void),
        close: callback!(fn(*mut c_void, *mut c_void)),
        list_open_params: callback!(fn(*mut c_void, *mut Rc) -> *const c_char),
        get_progress: callback!(fn(*mut c_void, *mut c_void, *mut u32) -> *const c_char),
        event_to_string: callback!(fn(*mut c_void, *const EventInput) -> *const c_char),
        next_batch: callback!(fn(*mut c_void, *mut c_void, *mut u32, *mut *mut *mut Event) -> Rc),
        get_extract_event_types: callback!(fn(*mut u32, *mut c_void) -> *mut u16),
        get_extract_event_sources: callback!(fn() -> *const c_char),
        get_fields: callback!(fn() -> *const c_char),
        extract_fields: callback!(fn(*mut c_void, *const EventInput, *const FieldExtractInput) -> Rc),
        get_parse_event_types: callback!(fn(*mut u32, *mut c_void) -> *mut u16),
        get_parse_event_sources: callback!(fn() -> *const c_char),
        parse_event: callback!(fn(*mut c_void, *const EventInput, *const EventParseInput) -> Rc),
        get_async_event_sources: callback!(fn() -> *const c_char),
        get_async_events: callback!(fn() -> *const c_char),
        set_async_event_handler: callback!(fn(*mut c_void, *mut c_void, AsyncEventHandler) -> Rc),
        dump_state: callback!(fn(*mut c_void, *mut c_void, AsyncEventHandler) -> Rc),
        set_config: callback!(fn(*mut c_void, *const SetConfigInput) -> Rc),
        get_metrics: callback!(fn(*mut c_void, *mut u32) -> *mut Metric),
        capture_open: callback!(fn(*mut c_void, *const CaptureListenInput) -> Rc),
        capture_close: callback!(fn(*mut c_void, *const CaptureListenInput) -> Rc),
        get_required_event_schema_version: callback!(fn(*mut c_void) -> *const c_char),
    }
}

impl PluginApi {
    /// A table without functions.
    pub const NONE: Self = Self {
        get_required_api_version: None,
        get_init_schema: None,
        init: None,
        destroy: None,
        get_last_error: None,
        get_name: None,
        get_description: None,
        get_contact: None,
        get_version: None,
        get_id: None,
        get_event_source: None,
        open: None,
        close: None,
        list_open_params: None,
        get_progress: None,
        event_to_string: None,
        next_batch: None,
        get_extract_event_types: None,
        get_extract_event_sources: None,
        get_fields: None,
        extract_fields: None,
        get_parse_event_types: None,
        get_parse_event_sources: None,
        parse_event: None,
        get_async_event_sources: None,
        get_async_events: None,
        set_async_event_handler: None,
        dump_state: None,
        set_config: None,
        get_metrics: None,
        capture_open: None,
        capture_close: None,
        get_required_event_schema_version: None,
    };
}

/// `get_owner_last_error`: the owner's last error, or NULL.
pub type OwnerLastError = callback!(fn(*mut c_void) -> *const c_char);
/// `ss_plugin_log_fn_t`: owner, component (NULL: the plugin's name), message, severity.
pub type LogFn = callback!(fn(*mut c_void, *const c_char, *const c_char, LogSeverity));
/// `ss_plugin_table_iterator_func_t`: returns false to break out.
pub type TableIterator = callback!(fn(*mut c_void, *mut c_void) -> Bool);
/// `ss_plugin_routine_fn_t`: returns false to be unsubscribed.
pub type RoutineFn = callback!(fn(*mut c_void, *mut c_void) -> Bool);
/// `ss_plugin_async_event_handler_t`: owner, event, error buffer of [`MAX_ERRLEN`] bytes or NULL.
pub type AsyncEventHandler = callback!(fn(*mut c_void, *const Event, *mut c_char) -> Rc);
