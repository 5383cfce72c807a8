// SPDX-License-Identifier: Apache-2.0
//! The structs that `tests/c/bench.c` declares for itself are those of `falconet::abi`.

use std::mem::{offset_of, size_of};
use std::process::Command;

use falconet::abi;
use falconet_tests::tools;

use crate::bench::bench;

/// `name of the struct in C: Rust { member = Rust's, .. }`.
macro_rules! layouts {
    ($( $c:ident: $rust:ident { $( $member:ident = $field:ident ),+ $(,)? } )+) => {
        vec![$(
            format!("{} {}", stringify!($c), size_of::<abi::$rust>()),
            $( format!("{}.{} {}", stringify!($c), stringify!($member).trim_start_matches("r#"), offset_of!(abi::$rust, $field)), )+
        )+]
    };
}

#[test]
fn the_structs_of_the_bench_are_those_of_the_api() {
    let Ok(bench) = bench() else { return };
    let expected = layouts! {
        event: Event { ts = ts, tid = tid, len = len, r#type = r#type, nparams = nparams }
        event_input: EventInput { evt = evt, evtnum = evtnum, evtsrc = evtsrc }
        field: ExtractField {
            res = res, res_len = res_len, field_id = field_id, field = field, arg_key = arg_key, arg_index = arg_index,
            arg_present = arg_present, ftype = ftype, flist = flist,
        }
        offsets: ExtractValueOffsets { start = start, length = length }
        extract_input: FieldExtractInput {
            owner = owner, owner_error = get_owner_last_error, num_fields = num_fields, fields = fields,
            reader = table_reader, reader_ext = table_reader_ext, value_offsets = value_offsets,
        }
        init_input: InitInput {
            config = config, owner = owner, owner_error = get_owner_last_error, tables = tables, log = log_fn,
        }
    };
    let printed = tools::output(Command::new(&bench.plain).arg("layout"));
    assert_eq!(printed.stdout.lines().collect::<Vec<_>>(), expected);
}
