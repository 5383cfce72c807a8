// SPDX-License-Identifier: Apache-2.0
//! What tests need built: the standalone plugin crates, which cargo leaves out of the workspace, and the command.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::{env, fs, io};

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::host::{Skip, root};
use crate::tools;

/// How a plugin is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// As `cargo build` does.
    Dev,
    /// As `cargo build --release` does, and as users load it.
    Release,
}

impl Profile {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Dev, Self::Release];

    const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Dev => &[],
            Self::Release => &["--release"],
        }
    }
}

/// The shared library that the crate in `folder` makes, built now unless this process has built it before.
///
/// It lies where cargo puts it: in the crate's own `target`, or where `CARGO_TARGET_DIR` says. cargo's own lock on that
/// folder lets one process at a time build.
///
/// # Panics
/// If it cannot be built: cargo's messages are in the panic.
#[must_use]
pub fn library(folder: &Path, profile: Profile) -> PathBuf {
    library_with(folder, profile, &[])
}

/// The same, with more arguments for cargo.
///
/// # Panics
/// As [`library`].
#[must_use]
pub fn library_with(folder: &Path, profile: Profile, more: &[&'static str]) -> PathBuf {
    let arguments = [&["--lib"][..], profile.arguments(), more].concat();
    built(&folder.join("Cargo.toml"), &arguments, |artifact| {
        let files = artifact["filenames"].as_array().into_iter().flatten().filter_map(Json::as_str);
        files.map(PathBuf::from).find(|file| file.extension().is_some_and(|end| end == env::consts::DLL_EXTENSION))
    })
}

/// The library of `examples/access-log`.
#[must_use]
pub fn access_log(profile: Profile) -> PathBuf {
    library(&root().join("examples/access-log"), profile)
}

/// The library of `examples/k8s-audit`, which replaces an official one.
#[must_use]
pub fn k8s_audit() -> PathBuf {
    library(&root().join("examples/k8s-audit"), Profile::Release)
}

/// The library of `examples/json`, which replaces an official one.
#[must_use]
pub fn json() -> PathBuf {
    library(&root().join("examples/json"), Profile::Release)
}

/// The library of `examples/demo`, the plugin that is measured.
#[must_use]
pub fn demo(profile: Profile) -> PathBuf {
    library(&root().join("examples/demo"), profile)
}

/// The library of `tests/fixtures/demo-std`, which is demo on falconet-std.
#[must_use]
pub fn demo_std() -> PathBuf {
    library(&root().join("tests/fixtures/demo-std"), Profile::Release)
}

/// The library of `examples/heartbeat`, with its async events.
#[must_use]
pub fn heartbeat() -> PathBuf {
    library(&root().join("examples/heartbeat"), Profile::Release)
}

/// The library of `examples/access-counter`, with more arguments for cargo. Another build of it takes its place, so this
/// is a copy that stays.
///
/// # Panics
/// If it cannot be copied.
#[must_use]
pub fn access_counter(more: &[&'static str]) -> PathBuf {
    static COPIES: Mutex<Vec<(Vec<&'static str>, Copy)>> = Mutex::new(Vec::new());
    let mut copies = COPIES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, copy)) = copies.iter().find(|(arguments, _)| arguments == more) {
        return copy.path().to_path_buf();
    }
    let library = library_with(&root().join("examples/access-counter"), Profile::Release, more);
    #[expect(clippy::panic, reason = "it is how a test fails, and this is only called in tests")]
    let copy = Copy::of(&library).unwrap_or_else(|why| panic!("{}: {why}", library.display()));
    let path = copy.path().to_path_buf();
    copies.push((more.to_vec(), copy));
    path
}

/// The library of `examples/access-stats`.
#[must_use]
pub fn access_stats() -> PathBuf {
    library(&root().join("examples/access-stats"), Profile::Release)
}

/// The library of `tests/fixtures/rules`, a source that does what its open parameters say.
#[must_use]
pub fn rules() -> PathBuf {
    library(&root().join("tests/fixtures/rules"), Profile::Release)
}

/// The library of `tests/fixtures/panics`, a plugin with std that panics where its config says, or nowhere.
#[must_use]
pub fn panics() -> PathBuf {
    library(&root().join("tests/fixtures/panics"), Profile::Release)
}

/// A file that the crate of a manifest makes, by the end of its name, such as `.a`.
///
/// # Panics
/// If it cannot be built: cargo's messages are in the panic.
#[must_use]
pub fn artifact(manifest: &Path, profile: Profile, end: &'static str) -> PathBuf {
    let arguments = [&["--lib"][..], profile.arguments()].concat();
    let key = [&arguments[..], &[end]].concat();
    built_as(manifest, &arguments, &key, |artifact| {
        let files = artifact["filenames"].as_array().into_iter().flatten().filter_map(Json::as_str);
        files.map(PathBuf::from).find(|file| file.to_str().is_some_and(|name| name.ends_with(end)))
    })
}

/// The archive of `tests/fixtures/static`, two plugins to be linked statically.
///
/// # Panics
/// If it cannot be built: cargo's messages are in the panic.
#[must_use]
pub fn archive() -> PathBuf {
    built(&root().join("tests/fixtures/static/Cargo.toml"), &["--lib", "--release"], |artifact| {
        let files = artifact["filenames"].as_array().into_iter().flatten().filter_map(Json::as_str);
        files.map(PathBuf::from).find(|file| file.extension().is_some_and(|end| end == "a" || end == "lib"))
    })
}

/// The library of `tests/fixtures/table-owner`, with state tables for others to use.
#[must_use]
pub fn table_owner() -> PathBuf {
    library(&root().join("tests/fixtures/table-owner"), Profile::Release)
}

/// The library of `tests/fixtures/table-user`, which uses such tables.
#[must_use]
pub fn table_user() -> PathBuf {
    library(&root().join("tests/fixtures/table-user"), Profile::Release)
}

/// The library of `tests/fixtures/peer-tables`, which does either with the official Rust SDK. Its sixty crates are not
/// optimised: that takes the time.
#[must_use]
pub fn peer_tables() -> PathBuf {
    library(&root().join("tests/fixtures/peer-tables"), Profile::Dev)
}

/// The library of `tests/peers/<name>`, the same work with the official Rust SDK.
#[must_use]
pub fn peer(name: &str, profile: Profile) -> PathBuf {
    library(&root().join("tests/peers").join(name), profile)
}

/// The library of `tests/peers/demo-c`, which is demo by hand in C, compiled into `folder`.
///
/// # Errors
/// [`Skip`] where there is no C compiler.
///
/// # Panics
/// If it does not compile: the compiler's messages are in the panic.
pub fn demo_c(folder: &Path) -> Result<PathBuf, Skip> {
    let library = folder.join("libdemo_c.so");
    let mut command = tools::cc()?;
    command.args(["-shared", "-fPIC", "-fvisibility=hidden", "-o"]).arg(&library);
    tools::output(command.arg(root().join("tests/peers/demo-c/demo.c")));
    Ok(library)
}

/// The library of `tests/fixtures/threads`, which uses the host's own table.
#[must_use]
pub fn threads() -> PathBuf {
    library(&root().join("tests/fixtures/threads"), Profile::Release)
}

/// The program of `core/tests/slots.rs`, in which every value counts its life.
///
/// # Panics
/// If it cannot be built: cargo's messages are in the panic.
#[must_use]
pub fn slots() -> PathBuf {
    built(&root().join("core/Cargo.toml"), &["--test", "slots"], |artifact| {
        artifact["executable"].as_str().map(PathBuf::from)
    })
}

/// The program `tests/src/bin/json_check.rs`, optimised as the plugins are that it is compared with.
///
/// # Panics
/// If it cannot be built: cargo's messages are in the panic.
#[must_use]
pub fn json_check() -> PathBuf {
    built(&root().join("tests/Cargo.toml"), &["--release", "--bin", "json_check"], |artifact| {
        artifact["executable"].as_str().map(PathBuf::from)
    })
}

/// The `falconet` command, built as `cargo build` does.
///
/// # Panics
/// If it cannot be built: cargo's messages are in the panic.
#[must_use]
pub fn command() -> PathBuf {
    command_of(Profile::Dev)
}

/// The `falconet` command.
///
/// # Panics
/// If it cannot be built: cargo's messages are in the panic.
#[must_use]
pub fn command_of(profile: Profile) -> PathBuf {
    let arguments = [&["--bin", "falconet"][..], profile.arguments()].concat();
    built(&root().join("host/Cargo.toml"), &arguments, |artifact| artifact["executable"].as_str().map(PathBuf::from))
}

/// A copy of a library in a folder of its own: the loader takes it for another one, so that it has statics of its own.
#[derive(Debug)]
pub struct Copy {
    folder: TempDir,
    path: PathBuf,
}

impl Copy {
    /// Copies `library`.
    ///
    /// # Errors
    /// What the system says.
    pub fn of(library: &Path) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(library.file_name().unwrap_or("plugin.so".as_ref()));
        fs::copy(library, &path)?;
        Ok(Self { folder, path })
    }

    /// The copy.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that it is in, which goes with it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// What `file` finds in cargo's message of what it made of the manifest's own package.
fn built(manifest: &Path, arguments: &[&str], file: impl Fn(&Json) -> Option<PathBuf>) -> PathBuf {
    built_as(manifest, arguments, arguments, file)
}

/// The same, remembered under other words than the arguments for cargo.
#[expect(clippy::panic, reason = "it is how a test fails, and this is only called in tests")]
fn built_as(
    manifest: &Path,
    arguments: &[&str],
    remembered: &[&str],
    file: impl Fn(&Json) -> Option<PathBuf>,
) -> PathBuf {
    type Built = HashMap<(PathBuf, String), PathBuf>;
    static BUILT: Mutex<Option<Built>> = Mutex::new(None);
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let built = built.get_or_insert_default();
    let key = (manifest.to_path_buf(), remembered.concat());
    if let Some(path) = built.get(&key) {
        return path.clone();
    }
    let path = build(manifest, arguments, file).unwrap_or_else(|why| panic!("{}: {why}", manifest.display()));
    built.insert(key, path.clone());
    path
}

fn build(
    manifest: &Path,
    arguments: &[&str],
    file: impl Fn(&Json) -> Option<PathBuf>,
) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let folder = manifest.parent().ok_or("no folder")?;
    // In the crate's folder, so that its own configuration and toolchain count, as for a user.
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .arg("build")
        .args(arguments)
        .args(["--message-format=json-render-diagnostics", "--manifest-path"])
        .arg(manifest)
        .current_dir(folder)
        .stdin(Stdio::null());
    // What cargo says of the crate whose test this is: build scripts of dependencies look at it, and would run again.
    for (name, _) in env::vars_os() {
        let is_of_test = |begin| name.to_str().is_some_and(|name| name.starts_with(begin));
        if is_of_test("CARGO_PKG_") || is_of_test("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("cargo build: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)).into());
    }
    let messages = String::from_utf8(output.stdout)?;
    for line in messages.lines() {
        let message: Json = serde_json::from_str(line)?;
        let text = |name: &str| message.get(name).and_then(Json::as_str);
        let ours = text("reason") == Some("compiler-artifact") && text("manifest_path") == manifest.to_str();
        if let Some(path) = ours.then(|| file(&message)).flatten() {
            return Ok(path);
        }
    }
    Err("cargo has built it, and named no such file".into())
}
