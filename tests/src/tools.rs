// SPDX-License-Identifier: Apache-2.0
//! What tests need besides cargo: C programs of `tests/c`, compiled by `cc`, and valgrind.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::{fmt, io};

use crate::host::{Skip, root};

/// A C compiler with the warnings that the project's C code is without, and the standard that it is in.
///
/// # Errors
/// [`Skip`] where there is none.
pub fn cc() -> Result<Command, Skip> {
    there_is("cc")?;
    let mut compiler = Command::new("cc");
    compiler.args(["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"]);
    Ok(compiler)
}

/// Compiles a program of files of `tests/c` to `program`.
///
/// # Errors
/// [`Skip`] where there is no C compiler.
///
/// # Panics
/// If it does not compile: the compiler's messages are in the panic.
pub fn compile(program: &Path, files: &[&str], arguments: &[&str]) -> Result<(), Skip> {
    let files = files.iter().map(|file| root().join("tests/c").join(file));
    output(cc()?.args(arguments).arg("-o").arg(program).args(files).arg("-ldl"));
    Ok(())
}

/// What a command printed, which has to be a success.
///
/// # Panics
/// If it is none.
#[expect(clippy::panic, reason = "it is how a test fails, and this is only called in tests")]
pub fn output(command: &mut Command) -> Printed {
    let result = command.stdin(Stdio::null()).output();
    let output = result.unwrap_or_else(|why| panic!("{command:?}: {why}"));
    let printed = Printed::of(&output);
    assert!(output.status.success(), "{command:?}: {}\n{printed}", output.status);
    printed
}

/// What a command printed, as text.
#[derive(Clone, Debug)]
pub struct Printed {
    /// To stdout.
    pub stdout: String,
    /// To stderr.
    pub stderr: String,
}

impl Printed {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// The words `name=value` of stdout.
    #[must_use]
    pub fn values(&self) -> HashMap<&str, &str> {
        self.stdout.split_whitespace().filter_map(|word| word.split_once('=')).collect()
    }

    /// The number in the word `name=<number>` of stdout.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    #[expect(clippy::panic, reason = "it is how a test fails, and this is only called in tests")]
    pub fn number(&self, name: &str) -> f64 {
        let number = self.values().get(name).and_then(|value| value.parse().ok());
        number.unwrap_or_else(|| panic!("no number {name} in:\n{self}"))
    }
}

impl fmt::Display for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.stdout, self.stderr)
    }
}

/// The names that an archive or an object gives to others, one a line, by `nm`.
///
/// # Errors
/// [`Skip`] where there is no `nm`.
///
/// # Panics
/// If it fails.
pub fn defined_symbols(file: &Path) -> Result<Vec<String>, Skip> {
    there_is("nm")?;
    let printed = output(Command::new("nm").args(["-g", "--defined-only", "--format=posix"]).arg(file));
    // `name type value size`; other lines are the names of an archive's members, and what nm has to say of them.
    let symbol = |line: &str| {
        let mut words = line.split(' ');
        words.next().filter(|_| words.next().is_some_and(|kind| kind.len() == 1)).map(str::to_owned)
    };
    Ok(printed.stdout.lines().filter_map(symbol).collect())
}

/// How many instructions a program spends inside of a function and of what that calls, by callgrind.
///
/// # Errors
/// [`Skip`] where there is no valgrind.
///
/// # Panics
/// If the program fails.
#[expect(clippy::panic, reason = "it is how a test fails, and this is only called in tests")]
pub fn instructions<S: AsRef<OsStr>>(
    function: &str,
    program: &Path,
    arguments: impl IntoIterator<Item = S>,
) -> Result<u64, Skip> {
    let mut command = valgrind()?;
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    command.arg(format!("--toggle-collect={function}")).arg(program).args(arguments);
    let printed = output(&mut command);
    let count = printed.stderr.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    Ok(count.unwrap_or_else(|| panic!("{command:?} has counted nothing:\n{printed}")))
}

/// valgrind, without arguments.
///
/// # Errors
/// [`Skip`] where there is none.
pub fn valgrind() -> Result<Command, Skip> {
    there_is("valgrind").map(|()| Command::new("valgrind"))
}

/// memcheck, which fails the program that it runs for a wrong access and for a leak.
///
/// # Errors
/// [`Skip`] where there is no valgrind.
pub fn memcheck() -> Result<Command, Skip> {
    let mut valgrind = valgrind()?;
    valgrind.args(["--quiet", "--error-exitcode=9", "--leak-check=full"]);
    valgrind.args(["--show-leak-kinds=definite,indirect", "--errors-for-leak-kinds=definite,indirect"]);
    Ok(valgrind)
}

/// Asks a program for its version, once.
///
/// # Errors
/// [`Skip`] where it is not there.
pub fn there_is(program: &'static str) -> Result<(), Skip> {
    static CC: OnceLock<bool> = OnceLock::new();
    static CXX: OnceLock<bool> = OnceLock::new();
    static VALGRIND: OnceLock<bool> = OnceLock::new();
    static NM: OnceLock<bool> = OnceLock::new();
    let ask = || -> io::Result<bool> { Ok(Command::new(program).arg("--version").output()?.status.success()) };
    let known = match program {
        "cc" => &CC,
        "c++" => &CXX,
        "nm" => &NM,
        _ => &VALGRIND,
    };
    if *known.get_or_init(|| ask().unwrap_or(false)) {
        Ok(())
    } else {
        Err(Skip::new(format!("there is no {program}")))
    }
}

/// Where the authors of the project keep a bench of their own beside it; elsewhere tests go on without.
#[must_use]
pub fn neutral_bench() -> Option<PathBuf> {
    let folder = root().join("../shared/bench");
    folder.join("host.c").exists().then_some(folder)
}
