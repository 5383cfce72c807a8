// SPDX-License-Identifier: Apache-2.0
//! The programs of `tests/c/capi_c`, compiled and run.

use std::path::{Path, PathBuf};
use std::process::Command;

use falconet_tests::capi;
use falconet_tests::host::{Skip, real_host, root};
use falconet_tests::plugins::Profile;
use falconet_tests::tools::{self, Printed};
use tempfile::TempDir;

/// The files that call every function.
pub(crate) const FILES: [&str; 5] = ["main.c", "views.c", "batches.c", "events.c", "extraction.c"];

/// A wrong access, and what C leaves undefined, ends the program.
const SANITIZERS: &str = "-fsanitize=address,undefined";

/// A program, as long as its folder is there.
pub(crate) struct Program {
    _folder: TempDir,
    pub(crate) path: PathBuf,
}

/// Compiles files of `tests/c/capi_c` with the archive of a profile.
fn compile(mut compiler: Command, files: &[&str], more: &[&str], profile: Profile) -> Program {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program");
    let files = files.iter().map(|file| root().join("tests/c/capi_c").join(file));
    compiler.args(more).arg("-o").arg(&path).args(files).arg(capi::archive(profile)).arg("-lpthread");
    tools::output(&mut compiler);
    Program { _folder: folder, path }
}

/// The program that calls every function.
pub(crate) fn every_function(more: &[&str], profile: Profile) -> Result<Program, Skip> {
    Ok(compile(capi::cc()?, &FILES, more, profile))
}

/// Whether programs with these sanitizers can be linked and run here; else it says that it skips.
fn have(sanitizers: &str) -> Result<(), Skip> {
    let folder = tempfile::tempdir().unwrap();
    let (source, program) = (folder.path().join("empty.c"), folder.path().join("empty"));
    std::fs::write(&source, "int main(void) { return 0; }\n").unwrap();
    let linked = capi::cc()?.arg(sanitizers).arg("-o").arg(&program).arg(&source).output().unwrap().status.success();
    if linked && Command::new(&program).status().is_ok_and(|status| status.success()) {
        return Ok(());
    }
    Err(Skip::new(format!("cc has no {sanitizers} here")))
}

fn done(printed: &Printed) {
    assert!(printed.stdout.ends_with("done\n") && printed.stderr.is_empty(), "{printed}");
}

fn run(program: &Path, arguments: &[&str]) {
    done(&tools::output(Command::new(program).args(arguments)));
}

#[test]
fn every_function_under_sanitizers() {
    let Ok(()) = have(SANITIZERS) else { return };
    // In the dev profile the library itself looks at overflows, and at what its unsafe calls ask for.
    for profile in Profile::ALL {
        let Ok(program) = every_function(&[SANITIZERS, "-fno-sanitize-recover=all"], profile) else { return };
        run(&program.path, &[]);
    }
}

#[test]
fn every_function_under_valgrind() {
    let Ok(mut memcheck) = tools::memcheck() else { return };
    let Ok(program) = every_function(&[], Profile::Release) else { return };
    done(&tools::output(memcheck.arg(&program.path)));
}

#[test]
fn every_function_with_the_structs_of_the_official_header() {
    let Ok(host) = real_host() else { return };
    // The header declares functions without parameters as `()`.
    let official = ["-DOFFICIAL", "-isystem", host.include.to_str().unwrap()];
    let Ok(program) = every_function(&official, Profile::Release) else { return };
    run(&program.path, &[]);
}

#[test]
fn cxx17_uses_it() {
    let Ok(compiler) = capi::cxx() else { return };
    let sanitizers: &[&str] = if have(SANITIZERS).is_ok() { &[SANITIZERS] } else { &[] };
    run(&compile(compiler, &["cxx.cpp"], sanitizers, Profile::Release).path, &[]);
}

#[test]
fn threads_with_a_pool_each_and_with_one_pool() {
    let Ok(compiler) = capi::cc() else { return };
    let program = compile(compiler, &["threads.c"], &["-O2"], Profile::Release);
    for mode in ["own", "shared"] {
        run(&program.path, &[mode]);
    }
}

#[test]
fn threads_with_a_pool_each_share_nothing() {
    let Ok(()) = have("-fsanitize=thread") else { return };
    let Ok(compiler) = capi::cc() else { return };
    run(&compile(compiler, &["threads.c"], &["-fsanitize=thread"], Profile::Release).path, &["own"]);
    // valgrind looks into the library, too.
    let Ok(mut helgrind) = tools::valgrind() else { return };
    let Ok(compiler) = capi::cc() else { return };
    let program = compile(compiler, &["threads.c"], &[], Profile::Release);
    done(&tools::output(
        helgrind.args(["--quiet", "--tool=helgrind", "--error-exitcode=9"]).arg(&program.path).arg("own"),
    ));
}
