// SPDX-License-Identifier: Apache-2.0
//! The same of a plugin with std, whose states and instances are in boxes; and every value of one without it, whose are in
//! static slots, under valgrind.

use std::path::PathBuf;
use std::process::Command;

use falconet_tests::plugins;
use falconet_tests::tools;

use crate::{Case, program, reuse};

/// The fixture that panics where its config says: nowhere.
pub(crate) fn boxed(library: PathBuf) -> Case {
    Case { library, config: "", params: "100".to_owned(), field: "panics.text" }
}

/// The same, which panics in every call that a host makes of it.
pub(crate) fn broken(library: PathBuf) -> Case {
    let config = "init,open,next_batch,committed,event_to_string,decode,field,parse,start,stop,capture_open,capture_close,\
                  routine,drop_plugin,drop_instance,drop_shared";
    Case { config, field: "panics.num", ..boxed(library) }
}

/// Under memcheck, if there is one.
fn memcheck(work: &str, count: u32, case: &Case) {
    let Ok(mut memcheck) = tools::memcheck() else { return };
    memcheck.arg(env!("CARGO_BIN_EXE_reuse"));
    reuse(memcheck, work, count, case);
}

#[test]
fn a_hundred_cycles_of_a_plugin_with_std_leave_no_box_thread_or_byte() {
    let case = boxed(plugins::panics());
    reuse(program(), "boxed", 100, &case);
    reuse(program(), "inspectors", 30, &case);
    reuse(program(), "reload", 100, &case);
}

#[test]
fn host_11_2_no_thread_and_no_destructor_outlives_a_plugin_with_std() {
    memcheck("boxed", 6, &boxed(plugins::panics()));
}

#[test]
fn a_plugin_that_has_panicked_is_unloaded_at_once_and_nothing_of_it_is_left() {
    let case = broken(plugins::panics());
    reuse(program(), "broken", 10, &case);
    memcheck("broken", 1, &case);
}

#[test]
fn inspectors_and_reloads_of_a_plugin_with_std_under_valgrind() {
    memcheck("inspectors", 2, &boxed(plugins::panics()));
    memcheck("reload", 5, &boxed(plugins::panics()));
}

#[test]
fn values_in_static_slots_are_dropped_exactly_once_under_valgrind() {
    let Ok(mut memcheck) = tools::memcheck() else { return };
    let printed = tools::output(memcheck.arg(plugins::slots()).arg("--test-threads=1"));
    assert!(printed.stdout.contains("everything_is_dropped_exactly_once ... ok"), "{printed}");
    // As they are without it.
    tools::output(&mut Command::new(plugins::slots()));
}
