// SPDX-License-Identifier: Apache-2.0
//! The structs of the header are as Rust has them, field by field, and its numbers are those of the official header.

use std::fmt::Write as _;
use std::fs;
use std::mem::{align_of, offset_of, size_of};

use falconet_tests::host::{real_host, root};
use falconet_tests::tools;

use crate::compile::compilers;
use crate::installed::{folder, installed};

/// The very file that the library is built from.
#[path = "../../../core/capi/src/types.rs"]
#[expect(unreachable_pub, reason = "only the layout is looked at")]
mod types;

/// Writes what C is to find: `Rust: C { field, .. }`.
macro_rules! layouts {
    ($( $rust:ident: $c:ident { $( $field:ident ),+ $(,)? } )+) => {{
        let mut list = String::from("/* Written by tests/tests/capi/layout.rs. */\n");
        let (mut compared, mut names) = (0, Vec::new());
        $(
            let (size, c) = (size_of::<types::$rust>(), stringify!($c));
            writeln!(list, "SAME(sizeof({c}), {size});").unwrap();
            if align_of::<types::$rust>() == align_of::<usize>() {
                writeln!(list, "SAME(sizeof({c}) % sizeof(void *), 0);").unwrap();
            }
            $(
                let field = stringify!($field);
                writeln!(list, "SAME(offsetof({c}, {field}), {});", offset_of!(types::$rust, $field)).unwrap();
                names.push(format!("{}.{field}", stringify!($rust)));
                compared += 1;
            )+
        )+
        (list, compared, names)
    }};
}

fn layouts() -> (String, usize, Vec<String>) {
    let (mut list, compared, names) = layouts! {
        View: falconet_view { ptr, len, capacity, offset }
        WriteView: falconet_write_view { ptr, len, capacity, offset, touched }
        ViewMut: falconet_view_mut { ptr, len, capacity, offset }
        Bytes: falconet_bytes { ptr, len }
        Pool: falconet_pool { memory, size, batches, events, bytes }
        Event: falconet_event { bytes, len, payload, payload_len, ts, tid, nparams, event_type }
        Extraction: falconet_extraction {
            id, field_type, list, payload, payload_len, event, event_len, results, field, last, quick, plain, offsets,
            first, values, values_count, at_start, at_end,
        }
        LastError: falconet_last_error { words }
        Log: falconet_log { owner, write }
        Slots: falconet_slots { taken }
    };
    writeln!(list, "#define COMPARED {compared}").unwrap();
    (list, compared, names)
}

#[test]
fn structs_are_as_rust_has_them_and_numbers_as_the_official_header() {
    let (Ok(compilers), Ok(installed)) = (compilers(), installed()) else { return };
    let folder = folder("layout");
    let (list, compared, _) = layouts();
    assert!(compared > 40);
    fs::write(folder.join("capi_layout.h"), list).unwrap();
    let official = real_host().ok();
    for compiler in compilers {
        for standard in compiler.standards.iter().filter(|standard| **standard != "c99") {
            let mut command = compiler.command(standard);
            command.arg("-I").arg(installed.include()).arg("-I").arg(&folder);
            if let Some(host) = &official {
                command.arg("-DOFFICIAL").arg("-isystem").arg(&host.include);
            }
            command.arg("-c").arg("-o").arg(folder.join("layout.o")).arg(root().join("tests/c/capi/layout.c"));
            tools::output(&mut command);
        }
    }
}

#[test]
fn every_field_of_types_rs_is_in_the_list() {
    let source = fs::read_to_string(root().join("core/capi/src/types.rs")).unwrap();
    let mut declared = Vec::new();
    let mut of = "";
    for line in source.lines() {
        if let Some(name) = line.strip_prefix("pub struct ").and_then(|rest| rest.strip_suffix(" {")) {
            of = name;
        } else if let Some((field, _)) = line.strip_prefix("    pub ").and_then(|rest| rest.split_once(':')) {
            declared.push(format!("{of}.{field}"));
        }
    }
    let (_, _, listed) = layouts();
    assert_eq!(declared, listed);
}
