// SPDX-License-Identifier: Apache-2.0
//! The loader and the command against small C plugins that do all right, or one thing wrong.
#![cfg(test)]

mod cli;
mod extract;
mod init;
mod load;
mod source;

use std::{
    env,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use falconet_host::{Library, LoadError, Logs, Plugin};
use tempfile::TempDir;

/// A C plugin, compiled into a folder of its own so that tests share none of its statics.
struct Compiled {
    _folder: TempDir,
    path: PathBuf,
}

impl Compiled {
    fn load(&self) -> Result<Library, LoadError> {
        Library::load(&self.path)
    }

    fn library(&self) -> Library {
        self.load().unwrap()
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Compiles a fixture with these macros, or says that the test is skipped where there is no compiler.
fn compile(source: &str, macros: &[&str]) -> Option<Compiled> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plugin.so");
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let mut command = Command::new(&compiler);
    command.args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-o"]);
    command.arg(&path).args(macros.iter().map(|name| format!("-D{name}"))).arg(fixture(source));
    match command.output() {
        Ok(output) => {
            assert!(output.status.success(), "{source}: {}", String::from_utf8_lossy(&output.stderr));
            Some(Compiled { _folder: folder, path })
        }
        Err(error) => {
            assert!(env::var("CI").as_deref() != Ok("true"), "cannot start the C compiler {compiler}: {error}");
            // Not eprintln!, which the test harness shows only for tests that fail.
            writeln!(io::stderr(), "skipped: cannot start the C compiler {compiler}: {error}").unwrap();
            None
        }
    }
}

/// The compiled fixture, or a return from a test that is skipped.
macro_rules! compiled {
    ($source:expr $(, $define:expr)*) => {
        match $crate::compile($source, &[$($define),*]) {
            Some(compiled) => compiled,
            None => return,
        }
    };
}
use compiled;

fn init(library: &Library, config: &str) -> Plugin {
    Plugin::init(library, config, &Logs::new()).unwrap()
}

/// What was logged, one line a message.
fn lines(logs: &Logs) -> Vec<String> {
    logs.take().iter().map(ToString::to_string).collect()
}
