// SPDX-License-Identifier: Apache-2.0
//! The tests of every place as a process of their own: std prints nothing of a panic that was caught, and nothing is lost.

use std::env;
use std::process::Command;

use falconet_tests::tools;

/// The tests of [`every`](crate::every), one after the other, with what they print.
fn every(command: &mut Command) -> tools::Printed {
    let printed =
        tools::output(command.args(["every::", "--test-threads=1", "--nocapture"]).env("RUST_BACKTRACE", "1"));
    assert!(printed.stdout.contains("test every::what_it_panics_with_may_be_anything ... ok"), "{printed}");
    printed
}

#[test]
fn nothing_of_a_panic_that_was_caught_is_on_stderr() {
    let printed = every(&mut Command::new(env::current_exe().unwrap()));
    assert_eq!(printed.stderr, "", "{printed}");
}

#[test]
fn nothing_is_lost_and_nothing_is_freed_twice_under_valgrind() {
    let Ok(mut valgrind) = tools::memcheck() else { return };
    every(valgrind.arg(env::current_exe().unwrap()));
}

#[test]
fn a_panic_while_another_one_unwinds_is_on_stderr_before_the_process_ends() {
    let output = Command::new(env::current_exe().unwrap())
        .args(["every::ends_the_process", "--ignored", "--test-threads=1", "--nocapture"])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(stderr.contains("as asked"), "{stderr}");
}
