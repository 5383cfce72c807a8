// SPDX-License-Identifier: Apache-2.0
//! The real plugin host that tests run in: fetched once by `tests/get-host.sh`, skipped where that is not possible.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A real host, unpacked and ready to run.
#[derive(Clone, Debug)]
pub struct RealHost {
    /// The command that runs sysdig.
    pub sysdig: PathBuf,
    /// The folder to give to a C compiler, so that `plugin/plugin_api.h` is found.
    pub include: PathBuf,
    /// The versions of sysdig, of its library and of the plugin API, each with its name on a line.
    pub versions: String,
}

/// Why a test cannot run here; it has been printed already.
#[derive(Clone, Debug)]
pub struct Skip {
    /// What is missing.
    pub why: String,
}

impl Skip {
    /// Prints `skipped: why`, so that a test which then returns does not look like one that has passed.
    ///
    /// # Panics
    /// In CI, where the variable `CI` says so: nothing may be skipped there.
    #[expect(clippy::panic, reason = "it is how a test fails, and this is only called in tests")]
    pub fn new(why: impl Into<String>) -> Self {
        let why = why.into();
        if in_ci() {
            panic!("skipped in CI, where nothing may be: {why}");
        }
        // Not `eprintln!`, which the test harness keeps to itself when a test passes.
        let _ = writeln!(std::io::stderr(), "skipped: {why}");
        Self { why }
    }
}

/// Whether the variable `CI` is set, to anything but nothing, `0` or `false`.
#[must_use]
pub fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

/// The project's root.
#[must_use]
pub fn root() -> &'static Path {
    const TESTS: &str = env!("CARGO_MANIFEST_DIR");
    Path::new(TESTS).parent().unwrap_or(Path::new(TESTS))
}

/// The real host; the first call gets it, which takes a quarter of a minute, later ones find it in `.cache/host`.
///
/// # Errors
/// [`Skip`], if it cannot be had on this machine: the script has found no Debian, or no network.
///
/// # Panics
/// If the script fails in another way, and in CI if it cannot be had.
pub fn real_host() -> Result<RealHost, Skip> {
    static HOST: OnceLock<Result<RealHost, String>> = OnceLock::new();
    HOST.get_or_init(get).clone().map_err(Skip::new)
}

#[expect(clippy::panic, reason = "it is how a test fails, and this is only called in tests")]
fn get() -> Result<RealHost, String> {
    let dir = root().join(".cache/host");
    let versions = run_script(&dir).unwrap_or_else(|why| panic!("tests/get-host.sh: {why}"))?;
    Ok(RealHost { sysdig: dir.join("sysdig"), include: dir.join("root/usr/include/falcosecurity"), versions })
}

/// What the script prints, or why it has skipped; the outer error is a failure.
fn run_script(dir: &Path) -> Result<Result<String, String>, Box<dyn std::error::Error>> {
    fs::create_dir_all(dir)?;
    // Each test file is a process of its own: the others wait here until the first has the host. Closing the file lets
    // the lock go.
    let lock = File::create(dir.join("lock"))?;
    lock.lock()?;
    let output = Command::new(root().join("tests/get-host.sh")).arg(dir).output()?;
    let printed = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
    match output.status.code() {
        Some(0) => Ok(Ok(printed)),
        Some(3) => Ok(Err(printed.strip_prefix("skipped: ").unwrap_or(&printed).to_owned())),
        _ => Err(format!("{}\n{printed}\n{}", output.status, String::from_utf8_lossy(&output.stderr)).into()),
    }
}
