// SPDX-License-Identifier: Apache-2.0
//! The header in every standard that it is for, with every compiler that is there, from two translation units, with the
//! official header before it, behind it and nowhere; and what FALCONET_BATCH_SIZE says.

use std::path::Path;
use std::process::Command;

use falconet_tests::host::{Skip, real_host, root};
use falconet_tests::tools;

use crate::installed::{folder, installed, is_there, there_is};

/// A compiler, and the standards that it is asked for.
pub(crate) struct Compiler {
    program: &'static str,
    /// The language, where it is not that of the file's name.
    language: &'static str,
    pub(crate) standards: &'static [&'static str],
}

const C: &[&str] = &["c99", "c11", "c17"];
const CPP: &[&str] = &["c++11", "c++17"];
const COMPILERS: [Compiler; 4] = [
    Compiler { program: "gcc", language: "c", standards: C },
    Compiler { program: "g++", language: "c++", standards: CPP },
    Compiler { program: "clang", language: "c", standards: C },
    Compiler { program: "clang++", language: "c++", standards: CPP },
];

/// The compilers that are there. In CI that is all of them.
pub(crate) fn compilers() -> Result<Vec<&'static Compiler>, Skip> {
    let there: Vec<_> = COMPILERS.iter().filter(|compiler| is_there(compiler.program)).collect();
    for compiler in &COMPILERS {
        if !there.iter().any(|found| found.program == compiler.program) {
            let _told = Skip::new(format!("there is no {}", compiler.program));
        }
    }
    if there.is_empty() { Err(Skip::new("there is no C compiler")) } else { Ok(there) }
}

impl Compiler {
    /// The command, with the warnings that the header is without.
    pub(crate) fn command(&self, standard: &str) -> Command {
        let mut command = Command::new(self.program);
        command.args(["-x", self.language, "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]);
        command.arg(format!("-std={standard}"));
        command
    }
}

/// Compiles both units and links them, and runs the program.
fn two_units(compiler: &Compiler, standard: &str, more: &[&str], folder: &Path) -> Result<(), Skip> {
    let installed = installed()?;
    let mut objects = Vec::new();
    for unit in [1, 2] {
        let object = folder.join(format!("unit{unit}.o"));
        let mut command = compiler.command(standard);
        command.arg("-I").arg(installed.include()).args(more).arg(format!("-DUNIT={unit}"));
        command.arg("-c").arg("-o").arg(&object).arg(root().join("tests/c/capi/unit.c"));
        tools::output(&mut command);
        objects.push(object);
    }
    let program = folder.join("units");
    let mut link = Command::new(compiler.program);
    link.arg("-o").arg(&program).args(&objects).arg(installed.archive());
    tools::output(&mut link);
    tools::output(&mut Command::new(&program));
    Ok(())
}

#[test]
fn the_header_alone_in_every_standard() {
    let Ok(compilers) = compilers() else { return };
    let folder = folder("alone");
    for compiler in compilers {
        for standard in compiler.standards {
            if two_units(compiler, standard, &[], &folder).is_err() {
                return;
            }
        }
    }
}

#[test]
fn the_header_is_c_of_1990_but_for_its_types() {
    let Ok(compilers) = compilers() else { return };
    let source = folder("c89").join("twice.c");
    std::fs::write(&source, "#include <falconet.h>\n#include <falconet.h>\nint main(void) { return 0; }\n").unwrap();
    for compiler in compilers.into_iter().filter(|compiler| compiler.language == "c") {
        let mut command = compiler.command("c89");
        // bool is of 1999.
        command.arg("-Wno-c99-extensions");
        tools::output(command.arg("-fsyntax-only").arg("-I").arg(root().join("include")).arg(&source));
    }
}

#[test]
fn the_header_before_and_behind_the_official_one() {
    let (Ok(compilers), Ok(host)) = (compilers(), real_host()) else { return };
    let folder = folder("official");
    let include = host.include.to_str().unwrap();
    for compiler in compilers {
        for standard in compiler.standards {
            for place in ["-DBEFORE", "-DAFTER"] {
                if two_units(compiler, standard, &["-isystem", include, place], &folder).is_err() {
                    return;
                }
            }
        }
    }
}

#[test]
fn a_batch_needs_what_the_macro_says() {
    let (Ok(mut cc), Ok(installed)) = (there_is("cc"), installed()) else { return };
    let program = folder("batch_size").join("batch_size");
    cc.args([
        "-std=c11",
        "-O1",
        "-g",
        "-Wall",
        "-Wextra",
        "-Wpedantic",
        "-Wconversion",
        "-Werror",
        "-fsanitize=address",
    ]);
    cc.arg("-I").arg(installed.include()).arg("-o").arg(&program);
    cc.arg(root().join("tests/c/capi/batch_size.c")).arg(installed.archive());
    tools::output(&mut cc);
    let printed = tools::output(&mut Command::new(&program));
    assert_eq!((printed.number("compared"), printed.number("failures")), (13.0 * 13.0, 0.0), "{printed}");
    assert!(printed.number("made") > 10_000.0, "{printed}");
}
