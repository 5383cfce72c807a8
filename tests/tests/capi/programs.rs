// SPDX-License-Identifier: Apache-2.0
//! Programs in C that call the library with good and bad input: under AddressSanitizer and UndefinedBehaviorSanitizer, and
//! under valgrind.

use std::process::Command;

use falconet_tests::host::{Skip, real_host, root};
use falconet_tests::tools;

use crate::installed::{folder, installed, there_is};

/// Compiles `tests/c/capi/<name>.c` with the sanitizers and without, runs it both ways, and gives the number of its checks.
fn run(name: &str, official: bool) -> Result<f64, Skip> {
    let installed = installed()?;
    let folder = folder(name);
    let mut checks = Vec::new();
    for sanitizers in [true, false] {
        let program = folder.join(if sanitizers { "sanitized" } else { "plain" });
        let mut cc = there_is("cc")?;
        cc.args(["-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-pthread"]);
        if sanitizers {
            cc.args(["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]);
        }
        if official {
            cc.arg("-isystem").arg(&real_host()?.include);
        }
        cc.arg("-I").arg(installed.include()).arg("-o").arg(&program);
        cc.arg(root().join("tests/c/capi").join(name).with_extension("c")).arg(installed.archive());
        tools::output(&mut cc);
        let printed = if sanitizers {
            tools::output(&mut Command::new(&program))
        } else {
            tools::output(tools::memcheck()?.arg(&program))
        };
        assert_eq!(printed.number("failures"), 0.0, "{printed}");
        checks.push(printed.number("checks"));
    }
    assert_eq!(checks[0], checks[1]);
    Ok(checks[0])
}

#[test]
fn values_of_every_type() {
    let Ok(checks) = run("values", true) else { return };
    assert!(checks > 5_000.0);
}

#[test]
fn batches_pools_and_what_is_beside_them() {
    let Ok(checks) = run("batches", false) else { return };
    assert!(checks > 500.0);
}
