// SPDX-License-Identifier: Apache-2.0
//! The real host's command while it runs: sources without an end, which a signal ends.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::host::RealHost;
use crate::sysdig::Run;

/// Nothing that is waited for takes longer, however slow the machine is.
const DEADLINE: Duration = Duration::from_secs(60);

/// A run of the command that goes on. One that is dropped is ended.
#[derive(Debug)]
pub struct Running {
    child: Child,
    folder: TempDir,
}

impl Running {
    /// Starts sysdig with these arguments. Each line is printed at once, and what is logged to stderr.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start<S: AsRef<OsStr>>(host: &RealHost, arguments: impl IntoIterator<Item = S>) -> Self {
        Self::start_with(host, arguments, |folder| Ok(File::create(folder.join("stdout"))?.into()))
    }

    /// The same, with a pipe for what it prints: when that is full, the host waits for its reader.
    ///
    /// # Panics
    /// If it cannot be started.
    #[expect(clippy::panic, reason = "it is how a test fails, and this is only called in tests")]
    pub fn piped<S: AsRef<OsStr>>(host: &RealHost, arguments: impl IntoIterator<Item = S>) -> (Self, ChildStdout) {
        let mut running = Self::start_with(host, arguments, |_| Ok(Stdio::piped()));
        let Some(stdout) = running.child.stdout.take() else { panic!("no pipe was asked for") };
        (running, stdout)
    }

    #[expect(clippy::panic, reason = "it is how a test fails, and this is only called in tests")]
    fn start_with<S: AsRef<OsStr>>(
        host: &RealHost,
        arguments: impl IntoIterator<Item = S>,
        stdout: impl FnOnce(&Path) -> io::Result<Stdio>,
    ) -> Self {
        let mut command = Command::new(&host.sysdig);
        command.args(["--unbuffered", "--debug"]).args(arguments).stdin(Stdio::null());
        let start = || {
            let folder = tempfile::tempdir()?;
            command.stdout(stdout(folder.path())?);
            command.stderr(File::create(folder.path().join("stderr"))?);
            Ok::<_, io::Error>(Self { child: command.spawn()?, folder })
        };
        start().unwrap_or_else(|why| panic!("sysdig: {why}"))
    }

    /// What it has printed so far; the last line may not have its end yet.
    #[must_use]
    pub fn so_far(&self) -> Run {
        self.run(None)
    }

    fn run(&self, code: Option<i32>) -> Run {
        let read = |name| fs::read(self.folder.path().join(name)).unwrap_or_default();
        Run { stdout: read("stdout"), stderr: String::from_utf8_lossy(&read("stderr")).into_owned(), code }
    }

    /// Waits until it has printed so many lines: they, and those that came meanwhile.
    ///
    /// # Panics
    /// If it ends before, or does not print them in time.
    pub fn lines(&mut self, count: usize) -> Vec<String> {
        self.until(&format!("{count} lines"), |run| run.stdout.iter().filter(|byte| **byte == b'\n').count() >= count);
        let mut run = self.run(None);
        // The last one may not have its end yet.
        let end = run.stdout.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        run.stdout.truncate(end);
        run.lines()
    }

    /// Waits until what it has printed is what is waited for.
    ///
    /// # Panics
    /// If it ends before, or does not print it in time.
    #[expect(clippy::panic, reason = "it is how a test fails, and this is only called in tests")]
    pub fn until(&mut self, what: &str, is_it: impl Fn(&Run) -> bool) {
        let begin = Instant::now();
        loop {
            let code = self.ended();
            let run = self.run(code.flatten());
            if is_it(&run) {
                return;
            }
            let run = || {
                let end: String = run.shown().chars().rev().take(4000).collect();
                end.chars().rev().collect::<String>()
            };
            assert!(code.is_none(), "the host has ended without {what}: {}", run());
            if begin.elapsed() > DEADLINE {
                panic!("the host has not printed {what}: {}", run());
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The exit code, and `None` of a signal, once it has ended.
    fn ended(&mut self) -> Option<Option<i32>> {
        self.child.try_wait().ok().flatten().map(|status| status.code())
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.ended().is_none()
    }

    /// Asks it to end, as ctrl-C does, and waits: what it has printed, and how long it took.
    ///
    /// # Panics
    /// If it does not end in time.
    #[must_use]
    pub fn interrupt(mut self) -> (Run, Duration) {
        let id = self.child.id().to_string();
        let begin = Instant::now();
        let sent = Command::new("kill").args(["-INT", &id]).status();
        assert!(sent.is_ok_and(|status| status.success()), "the host is there until it is asked to end");
        loop {
            if let Some(code) = self.ended() {
                return (self.run(code), begin.elapsed());
            }
            assert!(begin.elapsed() < DEADLINE, "the host does not end: {}", self.run(None).stderr);
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}
