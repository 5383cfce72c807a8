// SPDX-License-Identifier: Apache-2.0
//! Plugins used again and again in one process: nothing is left of them, and nothing of one use is met in the next.
//!
//! The process is the program `tests/src/bin/reuse`, on its own, under valgrind's memcheck, and, where
//! `.ci/run --sanitizers` asks for it, with AddressSanitizer in it and in the plugins.
#![cfg(test)]

mod boxed;
mod captures;
mod sanitizer;

use std::path::PathBuf;
use std::process::Command;

use falconet_tests::host::{Skip, root};
use falconet_tests::plugins::{self, Profile};
use falconet_tests::tools;

/// A plugin, and what it is opened with.
struct Case {
    library: PathBuf,
    config: &'static str,
    params: String,
    field: &'static str,
}

fn demo(library: PathBuf) -> Case {
    Case { library, config: "512", params: "300".to_owned(), field: "demo.text" }
}

fn access_log(library: PathBuf, config: &'static str) -> Case {
    let params = root().join("examples/access-log/sample.log").to_str().unwrap().to_owned();
    Case { library, config, params, field: "access.segments" }
}

/// Batches of unlike size, timeouts between them, and values that are copied.
fn rules(library: PathBuf) -> Case {
    let params = "events=20 timeout size=300 events=20 batch timeout size=1 events=150".to_owned();
    Case { library, config: "", params, field: "rules.both[a key]" }
}

fn cases() -> [Case; 4] {
    let log = plugins::access_log(Profile::Release);
    [
        demo(plugins::demo(Profile::Release)),
        access_log(log.clone(), ""),
        access_log(log, "{\"follow\":true}"),
        rules(plugins::rules()),
    ]
}

/// Runs the program in an empty folder, `tool` before it.
fn reuse(mut tool: Command, work: &str, count: u32, case: &Case) {
    let folder = tempfile::tempdir().unwrap();
    tool.args([work, &count.to_string()]).arg(&case.library).args([case.config, &case.params, case.field]);
    // So that what is allocated can be compared: see the program.
    let tunables = "glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1:glibc.pthread.stack_cache_size=0";
    tool.env("GLIBC_TUNABLES", tunables).current_dir(&folder);
    println!("{}: {}", case.library.display(), tools::output(&mut tool));
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_reuse"))
}

#[test]
fn a_hundred_cycles_leave_no_slot_descriptor_thread_or_byte() {
    cases().iter().for_each(|case| reuse(program(), "cycles", 100, case));
}

#[test]
fn host_4_10_two_inspectors_on_two_threads_get_every_event_in_three_opens_each() {
    cases().iter().for_each(|case| reuse(program(), "inspectors", 30, case));
}

#[test]
fn host_11_2_a_second_set_of_states_comes_and_goes_beside_the_first_and_all_is_loaded_anew() {
    cases().iter().for_each(|case| reuse(program(), "reload", 100, case));
}

/// Fewer times than without it: it is slow, and runs one thread at a time.
fn under_memcheck(work: &str, count: u32) -> Result<(), Skip> {
    for case in cases() {
        let mut memcheck = tools::memcheck()?;
        memcheck.arg(env!("CARGO_BIN_EXE_reuse"));
        reuse(memcheck, work, count, &case);
    }
    Ok(())
}

#[test]
fn cycles_under_valgrind() {
    let _said = under_memcheck("cycles", 30);
}

#[test]
fn inspectors_and_reloads_under_valgrind() {
    let _said = under_memcheck("inspectors", 2).and_then(|()| under_memcheck("reload", 10));
}
