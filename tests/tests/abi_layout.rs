// SPDX-License-Identifier: Apache-2.0
//! Every struct, field and constant of `falconet::abi` is as the official header of the plugin API has it.
//!
//! One list names them all. From it come the numbers that Rust has, and a list for `tests/c/abi_layout.c`, which prints
//! the numbers of the official header in the same words. What is in `abi.rs` or in the header and not in the list
//! fails too. A second witness is the crate `falco_plugin_api`, whose bindings are of API 3.11.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::mem::{align_of, offset_of, size_of};
use std::path::Path;
use std::process::Command;

use falconet::abi;
use falconet_tests::host::{Skip, real_host, root};

/// A struct or union as Rust has it.
struct Layout {
    rust: &'static str,
    /// Its name in the official header; two where the header has two alike.
    c: &'static [&'static str],
    size: usize,
    align: usize,
    fields: Vec<Field>,
    witness: Witness,
}

struct Field {
    rust: &'static str,
    offset: usize,
    size: usize,
    /// Its offset in the official bindings; `None` if it came after them.
    witness: Option<usize>,
}

struct Witness {
    size: usize,
    align: usize,
}

impl Field {
    /// Its name in C.
    fn c(&self) -> &'static str {
        self.rust.strip_prefix("r#").unwrap_or(self.rust)
    }
}

/// The size of what a pointer to a field points to; the function is not called.
fn size_behind<T, F>(_: fn(*const T) -> *const F) -> usize {
    size_of::<F>()
}

/// The official bindings, each type under the name that it has here in C.
mod bindings {
    #![expect(non_camel_case_types, reason = "names of C")]
    pub(super) use falco_plugin_api::*;
    pub(super) type ss_plugin_extract_field_res = ss_plugin_extract_field__bindgen_ty_1;
}

/// A field's offset in the official bindings: there under the same name, or where `=` says, or not at all (`= !`).
macro_rules! witness {
    ($type:ident, $field:ident) => { Some(offset_of!(bindings::$type, $field)) };
    ($type:ident, $field:ident = !) => { None };
    ($type:ident, $field:ident = $($path:ident).+) => { Some(offset_of!(bindings::$type, $($path).+)) };
}

/// `Rust: C { field, field = bindings'.path, field = !, .. }`, with a second name in C where the header has two alike.
macro_rules! layouts {
    ($( $rust:ident: $c:ident $(, $also:ident)? { $( $field:ident $(= $where:tt $(. $path:ident)?)? ),+ $(,)? } )+) => {
        vec![$( Layout {
            rust: stringify!($rust),
            c: &[stringify!($c) $(, stringify!($also))?],
            size: size_of::<abi::$rust>(),
            align: align_of::<abi::$rust>(),
            fields: vec![$( Field {
                rust: stringify!($field),
                offset: offset_of!(abi::$rust, $field),
                size: size_behind(|at: *const abi::$rust| {
                    #[expect(unsafe_code, reason = "a field's type has no name, and a union's field cannot be read")]
                    // SAFETY: the function is never called, only its type is looked at.
                    unsafe { &raw const (*at).$field }
                }),
                witness: witness!($c, $field $(= $where $(. $path)?)?),
            } ),+],
            witness: Witness { size: size_of::<bindings::$c>(), align: align_of::<bindings::$c>() },
        } ),+]
    };
}

fn layouts() -> Vec<Layout> {
    layouts! {
        Event: ss_plugin_event { ts, tid, len, r#type = type_, nparams }
        EventInput: ss_plugin_event_input { evt, evtnum, evtsrc }
        ByteBuffer: ss_plugin_byte_buffer { len, ptr }
        ExtractValueOffsets: ss_plugin_extract_value_offsets { start, length }
        ExtractResult: ss_plugin_extract_field_res { str = str_, u64 = u64_, u32 = u32_, boolean, buf }
        ExtractField: ss_plugin_extract_field {
            res, res_len, field_id, field, arg_key, arg_index, arg_present, ftype, flist,
        }
        StateData: ss_plugin_state_data {
            s8, s16, s32, s64, u8 = u8_, u16 = u16_, u32 = u32_, u64 = u64_, str = str_, b, table,
        }
        TableInfo: ss_plugin_table_info { name, key_type }
        TableFieldInfo: ss_plugin_table_fieldinfo { name, field_type, read_only }
        MetricValue: ss_plugin_metric_value { u32 = u32_, s32, u64 = u64_, s64, d, f, i }
        Metric: ss_plugin_metric { name, r#type = type_, value, value_type }
        TableFieldsVtable: ss_plugin_table_fields_vtable, ss_plugin_table_fields_vtable_ext {
            list_table_fields, get_table_field, add_table_field,
        }
        TableReaderVtable: ss_plugin_table_reader_vtable {
            get_table_name, get_table_size, get_table_entry, read_entry_field,
        }
        TableReaderVtableExt: ss_plugin_table_reader_vtable_ext {
            get_table_name, get_table_size, get_table_entry, read_entry_field, release_table_entry, iterate_entries,
        }
        TableWriterVtable: ss_plugin_table_writer_vtable, ss_plugin_table_writer_vtable_ext {
            clear_table, erase_table_entry, create_table_entry, destroy_table_entry, add_table_entry, write_entry_field,
        }
        TableInput: ss_plugin_table_input {
            name, key_type, table, reader, writer, fields, reader_ext, writer_ext, fields_ext,
        }
        InitTablesInput: ss_plugin_init_tables_input {
            list_tables, get_table, add_table, fields, fields_ext, reader_ext, writer_ext,
        }
        InitInput: ss_plugin_init_input { config, owner, get_owner_last_error, tables, log_fn }
        FieldExtractInput: ss_plugin_field_extract_input {
            owner, get_owner_last_error, num_fields, fields, table_reader, table_reader_ext, value_offsets,
        }
        EventParseInput: ss_plugin_event_parse_input {
            owner, get_owner_last_error, table_reader, table_writer, table_reader_ext, table_writer_ext,
        }
        SetConfigInput: ss_plugin_set_config_input { config }
        RoutineVtable: ss_plugin_routine_vtable { subscribe, unsubscribe }
        CaptureListenInput: ss_plugin_capture_listen_input {
            owner, routine, table_reader_ext, table_writer_ext, get_owner_last_error,
        }
        PluginApi: plugin_api {
            get_required_api_version, get_init_schema, init, destroy, get_last_error, get_name, get_description,
            get_contact, get_version, get_id = __bindgen_anon_1.get_id,
            get_event_source = __bindgen_anon_1.get_event_source, open = __bindgen_anon_1.open,
            close = __bindgen_anon_1.close, list_open_params = __bindgen_anon_1.list_open_params,
            get_progress = __bindgen_anon_1.get_progress, event_to_string = __bindgen_anon_1.event_to_string,
            next_batch = __bindgen_anon_1.next_batch,
            get_extract_event_types = __bindgen_anon_2.get_extract_event_types,
            get_extract_event_sources = __bindgen_anon_2.get_extract_event_sources,
            get_fields = __bindgen_anon_2.get_fields, extract_fields = __bindgen_anon_2.extract_fields,
            get_parse_event_types = __bindgen_anon_3.get_parse_event_types,
            get_parse_event_sources = __bindgen_anon_3.get_parse_event_sources,
            parse_event = __bindgen_anon_3.parse_event,
            get_async_event_sources = __bindgen_anon_4.get_async_event_sources,
            get_async_events = __bindgen_anon_4.get_async_events,
            set_async_event_handler = __bindgen_anon_4.set_async_event_handler,
            dump_state = __bindgen_anon_4.dump_state, set_config, get_metrics,
            capture_open = __bindgen_anon_5.capture_open, capture_close = __bindgen_anon_5.capture_close,
            get_required_event_schema_version = !,
        }
    }
}

/// `Rust: C, ..`, each constant with its value.
macro_rules! constants {
    ($( $rust:ident: $c:ident ),+ $(,)?) => {
        vec![$( Constant { rust: stringify!($rust), c: stringify!($c), value: abi::$rust as i128 } ),+]
    };
}

struct Constant {
    rust: &'static str,
    c: &'static str,
    value: i128,
}

fn constants() -> Vec<Constant> {
    constants! {
        API_MAJOR: PLUGIN_API_VERSION_MAJOR, API_MINOR: PLUGIN_API_VERSION_MINOR, MAX_ERRLEN: PLUGIN_MAX_ERRLEN,
        EVENT_PAYLOAD_OFFSET: PLUGIN_EVENT_PAYLOAD_OFFSET, SUCCESS: SS_PLUGIN_SUCCESS, FAILURE: SS_PLUGIN_FAILURE,
        TIMEOUT: SS_PLUGIN_TIMEOUT, EOF: SS_PLUGIN_EOF, NOT_SUPPORTED: SS_PLUGIN_NOT_SUPPORTED,
        FTYPE_UINT64: FTYPE_UINT64, FTYPE_STRING: FTYPE_STRING, FTYPE_RELTIME: FTYPE_RELTIME,
        FTYPE_ABSTIME: FTYPE_ABSTIME, FTYPE_BOOL: FTYPE_BOOL, FTYPE_IPADDR: FTYPE_IPADDR, FTYPE_IPNET: FTYPE_IPNET,
        SCHEMA_NONE: SS_PLUGIN_SCHEMA_NONE, SCHEMA_JSON: SS_PLUGIN_SCHEMA_JSON, ST_INT8: SS_PLUGIN_ST_INT8,
        ST_INT16: SS_PLUGIN_ST_INT16, ST_INT32: SS_PLUGIN_ST_INT32, ST_INT64: SS_PLUGIN_ST_INT64,
        ST_UINT8: SS_PLUGIN_ST_UINT8, ST_UINT16: SS_PLUGIN_ST_UINT16, ST_UINT32: SS_PLUGIN_ST_UINT32,
        ST_UINT64: SS_PLUGIN_ST_UINT64, ST_STRING: SS_PLUGIN_ST_STRING, ST_TABLE: SS_PLUGIN_ST_TABLE,
        ST_BOOL: SS_PLUGIN_ST_BOOL, LOG_FATAL: SS_PLUGIN_LOG_SEV_FATAL, LOG_CRITICAL: SS_PLUGIN_LOG_SEV_CRITICAL,
        LOG_ERROR: SS_PLUGIN_LOG_SEV_ERROR, LOG_WARNING: SS_PLUGIN_LOG_SEV_WARNING,
        LOG_NOTICE: SS_PLUGIN_LOG_SEV_NOTICE,
        LOG_INFO: SS_PLUGIN_LOG_SEV_INFO, LOG_DEBUG: SS_PLUGIN_LOG_SEV_DEBUG, LOG_TRACE: SS_PLUGIN_LOG_SEV_TRACE,
        METRIC_U32: SS_PLUGIN_METRIC_VALUE_TYPE_U32, METRIC_S32: SS_PLUGIN_METRIC_VALUE_TYPE_S32,
        METRIC_U64: SS_PLUGIN_METRIC_VALUE_TYPE_U64, METRIC_S64: SS_PLUGIN_METRIC_VALUE_TYPE_S64,
        METRIC_D: SS_PLUGIN_METRIC_VALUE_TYPE_D, METRIC_F: SS_PLUGIN_METRIC_VALUE_TYPE_F,
        METRIC_I: SS_PLUGIN_METRIC_VALUE_TYPE_I, METRIC_MONOTONIC: SS_PLUGIN_METRIC_TYPE_MONOTONIC,
        METRIC_NON_MONOTONIC: SS_PLUGIN_METRIC_TYPE_NON_MONOTONIC,
    }
}

/// What `tests/c/abi_layout.c` prints for what Rust has.
fn in_words() -> Vec<String> {
    let mut lines = Vec::new();
    for layout in layouts() {
        for c in layout.c {
            lines.push(format!("{c}: size {}, align {}", layout.size, layout.align));
            for field in &layout.fields {
                lines.push(format!("{c}.{}: offset {}, size {}", field.c(), field.offset, field.size));
            }
        }
    }
    lines.extend(constants().iter().map(|constant| format!("{} = {}", constant.c, constant.value)));
    lines
}

/// The list that `tests/c/abi_layout.c` includes.
fn list_for_c() -> String {
    let mut list = String::from("// Written by tests/tests/abi_layout.rs.\n");
    for layout in layouts() {
        for c in layout.c {
            writeln!(list, "TYPE({c})").unwrap();
            for field in &layout.fields {
                writeln!(list, "FIELD({c}, {})", field.c()).unwrap();
            }
        }
    }
    for Constant { c, .. } in constants() {
        writeln!(list, "CONSTANT(\"{c}\", {c})").unwrap();
    }
    list
}

/// What the official header says, in the words of `in_words`.
fn of_the_header(include: &Path) -> String {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("abi_layout");
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("abi_layout_list.h"), list_for_c()).unwrap();
    let program = dir.join("abi_layout");
    let compiler = Command::new("cc")
        .args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-isystem"])
        .arg(include)
        .arg("-I")
        .arg(&dir)
        .arg("-o")
        .arg(&program)
        .arg(root().join("tests/c/abi_layout.c"))
        .output()
        .unwrap();
    assert!(compiler.status.success(), "{}", String::from_utf8_lossy(&compiler.stderr));
    let output = Command::new(program).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// What the first set has and the second has not, and the other way round; empty where they are alike.
fn difference<'a>(
    first: impl IntoIterator<Item = &'a str>,
    second: impl IntoIterator<Item = &'a str>,
) -> (Vec<&'a str>, Vec<&'a str>) {
    let (first, second): (BTreeSet<_>, BTreeSet<_>) = (first.into_iter().collect(), second.into_iter().collect());
    (first.difference(&second).copied().collect(), second.difference(&first).copied().collect())
}

const ALIKE: (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());

#[test]
fn layouts_are_those_of_the_official_header() {
    let Ok(host) = real_host() else { return };
    if Command::new("cc").arg("--version").output().is_err() {
        Skip::new("there is no C compiler, cc");
        return;
    }
    println!("{}", host.versions);
    let c = of_the_header(&host.include);
    let rust = in_words();
    assert_eq!(difference(rust.iter().map(String::as_str), c.lines()), ALIKE, "what Rust has, what the header has");
    assert_eq!(rust.len(), c.lines().count());
}

#[test]
fn everything_in_the_official_header_is_here() {
    let Ok(host) = real_host() else { return };
    let header = ["plugin_types.h", "plugin_api.h"]
        .map(|name| fs::read_to_string(host.include.join("plugin").join(name)).unwrap())
        .concat();

    let enums: BTreeSet<&str> =
        header.lines().filter_map(|line| line.strip_prefix("typedef enum ")?.strip_suffix(" {")).collect();
    let types = header
        .lines()
        .filter_map(|line| line.strip_prefix("} ")?.strip_suffix(';'))
        .filter(|name| !enums.contains(name))
        .chain(["ss_plugin_event", "ss_plugin_extract_field_res"]);
    let layouts = layouts();
    assert_eq!(difference(layouts.iter().flat_map(|layout| layout.c).copied(), types), ALIKE);

    let enumerators = header.lines().filter_map(|line| {
        let (name, value) = line.trim().split_once(" = ")?;
        let value = value.split(',').next()?;
        (value.parse::<i32>().is_ok()
            && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_' || b.is_ascii_digit()))
        .then_some(name)
    });
    let defines = header
        .lines()
        .filter_map(|line| line.strip_prefix("#define ")?.split_once(' '))
        .filter(|(_, value)| value.parse::<u32>().is_ok())
        .map(|(name, _)| name)
        // The patch of the version changes no layout.
        .filter(|name| *name != "PLUGIN_API_VERSION_PATCH");
    let constants = constants();
    assert_eq!(difference(constants.iter().map(|constant| constant.c), enumerators.chain(defines)), ALIKE);
}

#[test]
fn layouts_are_those_of_the_official_bindings() {
    for layout in layouts() {
        for field in &layout.fields {
            if let Some(offset) = field.witness {
                assert_eq!(field.offset, offset, "{}.{}", layout.rust, field.rust);
            }
        }
        // What came after the bindings stands at the end, and ends there what they know.
        let newer = layout.fields.iter().find(|field| field.witness.is_none());
        assert_eq!(newer.map_or(layout.size, |field| field.offset), layout.witness.size, "{}", layout.rust);
        assert_eq!(layout.align, layout.witness.align, "{}", layout.rust);
    }
}

#[test]
fn everything_in_abi_rs_is_in_the_list() {
    let source = fs::read_to_string(root().join("core/src/abi.rs")).unwrap();
    let code: Vec<&str> = source.lines().map(|line| line.split("//").next().unwrap().trim_end()).collect();

    let layouts = layouts();
    let listed: Vec<String> = layouts
        .iter()
        .flat_map(|layout| layout.fields.iter().map(|field| format!("{}.{}", layout.rust, field.rust)))
        .collect();
    let begin = code.iter().position(|line| *line == "structs! {").unwrap();
    let end = begin + code[begin..].iter().position(|line| *line == "}").unwrap();
    let declared = declared_fields(&code[begin + 1..end].join("\n"));
    assert!(declared.len() > 100, "the source could not be read: {declared:?}");
    assert_eq!(difference(listed.iter().map(String::as_str), declared.iter().map(String::as_str)), ALIKE);
    // Other structs than those of the list would not be seen.
    let others = code.iter().filter(|line| line.starts_with("pub struct") || line.starts_with("pub union"));
    assert_eq!(others.count(), 0);

    let constants = constants();
    let declared = code.iter().filter_map(|line| line.strip_prefix("pub const ")?.split(':').next());
    assert_eq!(difference(constants.iter().map(|constant| constant.rust), declared), ALIKE);
}

/// `Struct.field` for each field of `#[..] struct Struct { field: Type, .. } ..`.
fn declared_fields(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for item in code.split('}') {
        let Some((head, fields)) = item.split_once('{') else { continue };
        let name = head.split_whitespace().last().unwrap();
        // A field ends at a comma outside of parentheses.
        let mut depth = 0;
        let fields = fields.split(|c: char| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            c == ',' && depth == 0
        });
        let names = fields.filter_map(|field| Some(field.split_once(':')?.0.trim()));
        found.extend(names.map(|field| format!("{name}.{field}")));
    }
    found
}
