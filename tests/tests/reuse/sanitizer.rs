// SPDX-License-Identifier: Apache-2.0
//! The same with AddressSanitizer, which needs a nightly toolchain: `.ci/run --sanitizers`.

use std::path::{Path, PathBuf};
use std::process::Command;

use falconet_tests::host::{Skip, root};
use falconet_tests::tools;

use crate::boxed::{boxed, broken};
use crate::{access_log, demo, reuse, rules};

/// Programs that read freed memory, or past a buffer, or that leave memory, are ended by it.
const FLAGS: &str = "-Zsanitizer=address";

/// The nightly toolchain's cargo, and the machine that it builds for.
struct Nightly {
    target: String,
}

impl Nightly {
    fn get() -> Result<Self, Skip> {
        let why = "there is no nightly toolchain of rustup, which AddressSanitizer needs";
        let output = Command::new("rustup").args(["run", "nightly", "rustc", "-vV"]).output();
        let Ok(output) = output.map_err(|_| ()).and_then(|o| if o.status.success() { Ok(o) } else { Err(()) }) else {
            return Err(Skip::new(why));
        };
        let version = String::from_utf8_lossy(&output.stdout).into_owned();
        let target = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned();
        Ok(Self { target })
    }

    /// What cargo makes of a package with the sanitizer in it.
    fn build(&self, package: &Path, arguments: &[&str], made: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("asan");
        let mut cargo = Command::new("rustup");
        cargo.args(["run", "nightly", "cargo", "rustc", "--target", &self.target, "--target-dir"]).arg(&folder);
        cargo.env("RUSTFLAGS", FLAGS).env_remove("CARGO_ENCODED_RUSTFLAGS").current_dir(package);
        tools::output(cargo.args(arguments));
        folder.join(&self.target).join(made)
    }
}

#[test]
#[ignore = "it needs a nightly toolchain, and two minutes: .ci/run --sanitizers"]
fn under_address_sanitizer() {
    let Ok(nightly) = Nightly::get() else { return };
    // The plugins take the sanitizer's functions from the program.
    let program =
        nightly.build(&root().join("tests"), &["--bin", "reuse", "--", "-C", "link-arg=-rdynamic"], "debug/reuse");
    let plugin = |folder: &str, name: &str| {
        nightly.build(&root().join(folder), &["--release", "--lib"], &format!("release/lib{name}.so"))
    };
    let log = plugin("examples/access-log", "access_log");
    let cases = [
        demo(plugin("examples/demo", "demo")),
        access_log(log.clone(), ""),
        access_log(log, "{\"follow\":true}"),
        rules(plugin("tests/fixtures/rules", "rules")),
    ];
    let with_std = plugin("tests/fixtures/panics", "panics");
    for (work, count) in [("boxed", 100), ("inspectors", 30), ("reload", 100)] {
        reuse(Command::new(&program), work, count, &boxed(with_std.clone()));
    }
    reuse(Command::new(&program), "broken", 10, &broken(with_std));
    for (work, count) in [("cycles", 100), ("inspectors", 30), ("reload", 100)] {
        for case in &cases {
            reuse(Command::new(&program), work, count, case);
        }
    }
}
