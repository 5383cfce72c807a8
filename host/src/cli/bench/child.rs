// SPDX-License-Identifier: Apache-2.0
//! A round of one plugin, in a process of its own: a plugin that crashes or hangs ends that, and is told.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsStr,
    io::{self, Write as _},
    os::unix::process::ExitStatusExt as _,
    path::PathBuf,
    process::{Command, Output, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, anyhow, bail};
use falconet_host::{FieldRequest, Load, Measured, Phase, Plugin, Sample, Work};
use serde::{Deserialize, Serialize};

use super::{super::limit, allocations};

/// What stands before the result on stdout: a plugin may print, too.
const RESULT: &str = "falconet bench: ";
/// What stands before the name of a phase on stderr.
const AT: &str = "falconet bench at: ";

/// How long the pipes of a process are read behind its end where somebody else holds them open.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// What a process is to do with one plugin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) library: PathBuf,
    pub(super) config: String,
    pub(super) params: String,
    pub(super) fields: Vec<String>,
    pub(super) max: u64,
    /// Calls behind the end.
    pub(super) end_calls: u64,
    pub(super) phases: Vec<Phase>,
    /// Count allocations, too, which costs time.
    pub(super) count: bool,
    /// Give the values of the first events, too.
    pub(super) samples: bool,
    /// How long a call may take, in seconds.
    pub(super) timeout: f64,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Round {
    pub(super) name: String,
    pub(super) version: String,
    /// The names of the fields that need no argument.
    pub(super) free_fields: Vec<String>,
    pub(super) load: Load,
    pub(super) phases: BTreeMap<Phase, Measured>,
    pub(super) samples: Vec<Sample>,
    /// Whether allocations were counted.
    pub(super) counted: bool,
}

/// The child's side: does the job and prints what came of it.
pub(super) fn main(job: &str) -> anyhow::Result<()> {
    let job: Job = serde_json::from_str(job).context("bench-round is for falconet bench itself: use that")?;
    limit::watch_for(job.timeout)?;
    if job.count {
        allocations::count();
    }
    at("load");
    let (load, plugin) = Load::of(&job.library, &job.config, &job.params)?;
    let fields = job.fields.iter().map(|field| plugin.library().field(field)).collect::<Result<Vec<_>, _>>()?;
    at("check");
    let samples = if job.samples { plugin.samples(&job.params, &fields)? } else { Vec::new() };
    let phases = job.phases.iter().filter_map(|phase| measure(&plugin, *phase, &job, &fields).transpose());
    let phases = phases.collect::<anyhow::Result<_>>()?;
    let info = plugin.library().info();
    let free = info.fields.iter().filter(|field| !field.argument.required);
    let (name, version) = (info.name.clone(), info.version_text.clone());
    let free_fields = free.map(|field| field.name.clone()).collect();
    let round = Round { name, version, free_fields, load, phases, samples, counted: job.count && allocations::COUNTS };
    writeln!(io::stdout(), "\n{RESULT}{}", serde_json::to_string(&round)?)?;
    at("close");
    Ok(())
}

fn measure(
    plugin: &Plugin,
    phase: Phase,
    job: &Job,
    fields: &[FieldRequest],
) -> anyhow::Result<Option<(Phase, Measured)>> {
    at(phase.name());
    let work =
        Work { params: &job.params, fields, max: job.max, end_calls: job.end_calls, counter: allocations::so_far };
    Ok(plugin.measure(phase, &work)?.map(|measured| (phase, measured)))
}

/// Says how far this process is, for the case that it goes no further.
fn at(what: &str) {
    // Who started this process reads it, or is gone.
    let _ = writeln!(io::stderr(), "{AT}{what}");
}

impl Job {
    /// The parent's side: has the job done in a process, and gives what came of it.
    pub(super) fn run(&self) -> anyhow::Result<Round> {
        self.run_under(Command::new(env::current_exe()?)).map(|(round, _)| round)
    }

    /// The same as the argument of another program; what was printed on stderr stands beside.
    pub(super) fn run_by(&self, program: &str, arguments: &[&str]) -> anyhow::Result<(Round, String)> {
        let mut command = Command::new(program);
        command.args(arguments).arg(env::current_exe()?);
        self.run_under(command)
    }

    fn run_under(&self, mut command: Command) -> anyhow::Result<(Round, String)> {
        command.arg("bench-round").arg(serde_json::to_string(self)?).stdin(Stdio::null());
        // Where they are set, many an error of Rust costs a walk of the stack, which no host would have.
        for name in ["RUST_BACKTRACE", "RUST_LIB_BACKTRACE"] {
            command.env_remove(name);
        }
        let output =
            output(&mut command).with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let round = self.result(&output, &stderr);
        let plugin = self.library.file_name().unwrap_or(OsStr::new("")).display();
        Ok((round.with_context(|| format!("{plugin}: {}", self.library.display()))?, stderr))
    }

    fn result(&self, output: &Output, stderr: &str) -> anyhow::Result<Round> {
        let place = stderr.lines().rev().find_map(|line| line.strip_prefix(AT)).unwrap_or("start");
        let said: Vec<&str> = stderr.lines().filter(|line| !line.starts_with(AT)).collect();
        if let Some(signal) = output.status.signal() {
            let last = said.last().map_or(String::new(), |line| format!("; it said last: {line}"));
            bail!("the process was ended by signal {signal} ({}) at '{place}'{last}", name_of(signal));
        }
        if !output.status.success() {
            let error = said.iter().rev().find_map(|line| line.strip_prefix("error: "));
            let error = error.or(said.last().copied()).unwrap_or("it said nothing");
            bail!("at '{place}': {error} ({})", output.status);
        }
        let stdout = String::from_utf8_lossy(&output.stdout);
        let line = stdout.lines().rev().find_map(|line| line.strip_prefix(RESULT));
        let line =
            line.ok_or_else(|| anyhow!("the process ended at '{place}' without a result: does the plugin exit?"))?;
        Ok(serde_json::from_str(line)?)
    }
}

/// What a process said until its end. A process that the plugin has started may hold the pipes open behind that: it is not
/// waited for.
fn output(command: &mut Command) -> io::Result<Output> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let stdout = child.stdout.take().map(gathered);
    let stderr = child.stderr.take().map(gathered);
    let status = child.wait()?;
    let (stdout, stderr) = (stdout.map_or_else(Vec::new, last_words), stderr.map_or_else(Vec::new, last_words));
    Ok(Output { status, stdout, stderr })
}

/// What comes out of a pipe, read on a thread of its own.
fn gathered(mut pipe: impl io::Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (send, pieces) = mpsc::channel();
    thread::spawn(move || {
        let mut piece = vec![0; 1 << 16];
        while let Ok(len) = pipe.read(&mut piece) {
            // The end of the pipe is told by the end of the thread; where nobody listens, nothing more is read.
            if len == 0 || send.send(piece.get(..len).unwrap_or_default().to_vec()).is_err() {
                break;
            }
        }
    });
    pieces
}

/// All of it, up to the end of the pipe or a silence.
fn last_words(pieces: Receiver<Vec<u8>>) -> Vec<u8> {
    let mut said = Vec::new();
    while let Ok(piece) = pieces.recv_timeout(LAST_WORDS) {
        said.extend(piece);
    }
    said
}

/// The signals of a crash.
fn name_of(signal: i32) -> &'static str {
    match signal {
        4 => "illegal instruction: a trap, as of a panic without std",
        6 => "abort",
        7 => "bus error",
        8 => "arithmetic error",
        9 => "kill",
        11 => "segmentation fault",
        _ => "see signal(7)",
    }
}

/// Whether a program can be started.
pub(super) fn there_is(program: &str) -> bool {
    let command = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    command.is_ok_and(|output| output.status.success())
}

/// How long something took, for a line of progress.
pub(super) fn timed<R>(work: impl FnOnce() -> R) -> (R, Duration) {
    let since = Instant::now();
    (work(), since.elapsed())
}
