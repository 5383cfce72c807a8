// SPDX-License-Identifier: Apache-2.0
//! The C library as a user has it: built by its Makefile, and installed into a folder of the tests.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use falconet_tests::host::{Skip, root};
use falconet_tests::tools;

/// Where it is installed.
#[derive(Clone, Debug)]
pub(crate) struct Installed {
    prefix: PathBuf,
}

/// Builds and installs it, once.
pub(crate) fn installed() -> Result<&'static Installed, Skip> {
    static INSTALLED: OnceLock<Result<Installed, Skip>> = OnceLock::new();
    let installed = INSTALLED.get_or_init(|| {
        let prefix = Path::new(env!("CARGO_TARGET_TMPDIR")).join("capi/installed");
        let mut make = there_is("make")?;
        make.arg("-C").arg(root().join("core/capi")).arg("install").arg(format!("PREFIX={}", prefix.display()));
        // A path that is not absolute is one from here.
        if let Some(target) = env::var_os("CARGO_TARGET_DIR") {
            make.env("CARGO_TARGET_DIR", env::current_dir().unwrap().join(target));
        }
        make.env("CARGO", env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        tools::output(&mut make);
        Ok(Installed { prefix })
    });
    installed.as_ref().map_err(Skip::clone)
}

impl Installed {
    /// What was given as PREFIX.
    pub(crate) fn prefix(&self) -> &Path {
        &self.prefix
    }

    /// The folder of the header.
    pub(crate) fn include(&self) -> PathBuf {
        self.prefix.join("include")
    }

    /// The archive.
    pub(crate) fn archive(&self) -> PathBuf {
        self.prefix.join("lib/libfalconet.a")
    }

    /// The shared library.
    pub(crate) fn library(&self) -> PathBuf {
        self.prefix.join("lib/libfalconet.so")
    }

    /// Where pkg-config finds it.
    pub(crate) fn pkg_config_path(&self) -> PathBuf {
        self.prefix.join("lib/pkgconfig")
    }
}

/// A command that answers when it is asked for its version.
///
/// # Errors
/// [`Skip`] where there is none.
pub(crate) fn there_is(program: &'static str) -> Result<Command, Skip> {
    if is_there(program) { Ok(Command::new(program)) } else { Err(Skip::new(format!("there is no {program}"))) }
}

/// Whether there is such a command.
pub(crate) fn is_there(program: &str) -> bool {
    let mut ask = Command::new(program);
    ask.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    ask.status().is_ok_and(|status| status.success())
}

/// An empty folder of the tests.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("capi").join(name);
    let _there_may_be_none = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
