// SPDX-License-Identifier: Apache-2.0
//! The loader and the command against small C plugins that do all right, or one thing wrong.
#![cfg(test)]

mod asynchronous;
mod bench;
mod cli;
mod cli_with;
mod exported;
mod extract;
mod hangs;
mod init;
mod linked;
mod listen;
mod load;
mod several;
mod source;
mod tables;

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, OnceLock},
};

use falconet_host::{Inspector, Library, LoadError, Logs, Next, Plugin};
use tempfile::TempDir;

/// A C plugin in a folder of its own, so that tests share none of its statics.
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

/// The bytes of a library, once it is compiled; `None` where there is no compiler.
type Bytes = Arc<OnceLock<Option<Vec<u8>>>>;

/// The libraries compiled so far, by their source and macros.
static LIBRARIES: Mutex<BTreeMap<String, Bytes>> = Mutex::new(BTreeMap::new());

/// A fixture compiled with these macros; it says that the test is skipped where there is no compiler.
fn compile(source: &str, macros: &[&str]) -> Option<Compiled> {
    let key = format!("{source} {macros:?}");
    let library = Arc::clone(LIBRARIES.lock().unwrap().entry(key).or_default());
    let library = library.get_or_init(|| compile_once(source, macros)).as_ref()?;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plugin.so");
    fs::write(&path, library).unwrap();
    Some(Compiled { _folder: folder, path })
}

fn compile_once(source: &str, macros: &[&str]) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plugin.so");
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let mut command = Command::new(&compiler);
    command.args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-pthread", "-o"]);
    command.arg(&path).args(macros.iter().map(|name| format!("-D{name}"))).arg(fixture(source));
    match command.output() {
        Ok(output) => {
            assert!(output.status.success(), "{source}: {}", String::from_utf8_lossy(&output.stderr));
            Some(fs::read(path).unwrap())
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

/// What was found, one text each.
fn findings(inspector: &Inspector) -> Vec<String> {
    inspector.findings().take().iter().map(ToString::to_string).collect()
}

/// Reads the source to its end; the number of events.
fn run(inspector: &Inspector, name: &str, params: &str) -> u64 {
    let mut capture = inspector.open(name, params).unwrap();
    let mut count = 0;
    while let Next::Event(_) = capture.next_event().unwrap() {
        count += 1;
    }
    capture.close().unwrap();
    count
}
