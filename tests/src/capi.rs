// SPDX-License-Identifier: Apache-2.0
//! The C library for tests: built, and C and C++ programs compiled against it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::host::{Skip, root};
use crate::plugins::{self, Profile};
use crate::tools;

/// The archive that C programs link.
#[must_use]
pub fn archive(profile: Profile) -> PathBuf {
    plugins::artifact(&root().join("core/capi/Cargo.toml"), profile, ".a")
}

/// The shared library.
#[must_use]
pub fn shared(profile: Profile) -> PathBuf {
    plugins::artifact(&root().join("core/capi/Cargo.toml"), profile, ".so")
}

/// A compiler for C with the warnings that users may have on, which finds falconet.h.
///
/// # Errors
/// [`Skip`] where there is none.
pub fn cc() -> Result<Command, Skip> {
    tools::there_is("cc")?;
    Ok(with_warnings("cc", "-std=c11"))
}

/// The same for C++.
///
/// # Errors
/// [`Skip`] where there is none.
pub fn cxx() -> Result<Command, Skip> {
    tools::there_is("c++")?;
    Ok(with_warnings("c++", "-std=c++17"))
}

fn with_warnings(compiler: &str, standard: &str) -> Command {
    let mut command = Command::new(compiler);
    command.args([standard, "-O1", "-g", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]);
    command.arg("-I").arg(root().join("include"));
    command
}

/// What the linker leaves out for a small library: see `tests/budgets.toml`.
pub const SIZE_FLAGS: [&str; 1] = ["-Wl,-z,noseparate-code,-z,norelro,-z,common-page-size=64"];

/// The demo plugin in C, compiled to `to` as users do, with the archive in it, and more arguments.
///
/// # Errors
/// [`Skip`] where there is no C compiler.
///
/// # Panics
/// If it does not compile.
pub fn demo(to: &Path, more: &[&str]) -> Result<(), Skip> {
    let mut cc = tools::cc()?;
    cc.args(["-std=c11", "-Wpedantic", "-shared", "-fPIC", "-I"]).arg(root().join("include"));
    cc.arg("-o").arg(to).arg(root().join("examples/c/plugin.c")).arg(archive(Profile::Release));
    tools::output(cc.args(["-Wl,--exclude-libs,libfalconet.a", "-Wl,--gc-sections"]).args(more));
    Ok(())
}
