// SPDX-License-Identifier: Apache-2.0
//! The command line: what may be said, and how errors end.

mod bench;
mod build;
mod check;
mod config;
mod format;
mod info;
mod interrupt;
mod limit;
mod output;
mod package;
mod plugins;
mod progress;
mod report;
mod run;
mod target;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

/// Build, run, inspect, check, measure and pack Falco plugins without Falco.
///
/// The exit code is 0 if all went well, 1 for an error, 2 for a command line that makes no sense, 130 for a run that
/// Ctrl-C has ended; that of check stands in its help.
#[derive(Parser)]
#[command(name = "falconet", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build a plugin crate in release; the last line of stdout is the path of its library.
    Build {
        /// The folder of the plugin's crate.
        path: PathBuf,
    },
    /// Pack a plugin into <name>-<version>-linux-<machine>.tar.gz, the library at its root, as the plugins registry and
    /// falcoctl expect it; the last line of stdout is the archive's path.
    Package {
        /// The folder of the plugin's crate, which is built in release and stripped, or a library file, taken as it is.
        plugin: PathBuf,
        /// Where the archive is put.
        #[arg(long, value_name = "FOLDER", default_value = ".")]
        out: PathBuf,
        #[command(flatten)]
        limit: limit::Limit,
    },
    /// Measure plugins side by side: time, instructions, allocations, load time, memory.
    Bench(bench::Options),
    /// A round of one plugin, for bench itself.
    #[command(hide = true)]
    BenchRound {
        /// What to do, as JSON.
        job: String,
    },
    /// Run a plugin and print its events.
    Run(run::Options),
    /// Say what a plugin is: capabilities, versions, fields, open parameters, symbols, what it needs.
    Info {
        /// The folder of the plugin's crate, or a library file.
        plugin: PathBuf,
        #[command(flatten)]
        limit: limit::Limit,
    },
    Check(check::Options),
    /// One scenario of `check`, in a process of its own.
    #[command(hide = true)]
    CheckChild(check::ChildOptions),
}

/// Runs the command line. 0 if all went well, 1 for an error, 2 for a command line that makes no sense, 130 for a run
/// that Ctrl-C has ended.
pub(crate) fn main() -> ExitCode {
    let code = command();
    // Destructors of a plugin may still run when the process ends.
    std::mem::forget(falconet_host::waiting_for("what the plugin does at the end of the process"));
    code
}

fn command() -> ExitCode {
    let matches = Cli::command().get_matches();
    let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    if let (Command::Run(options), Some(matches)) = (&mut cli.command, matches.subcommand_matches("run")) {
        options.order(matches);
    }
    let done = match cli.command {
        Command::Build { path } => build::main(&path).map(|()| ExitCode::SUCCESS),
        Command::Package { plugin, out, limit } => package::main(&plugin, &out, &limit).map(|()| ExitCode::SUCCESS),
        Command::Bench(options) => bench::main(&options).map(|()| ExitCode::SUCCESS),
        Command::BenchRound { job } => bench::round(&job).map(|()| ExitCode::SUCCESS),
        Command::Run(options) => run::main(&options),
        Command::Info { plugin, limit } => info::main(&plugin, &limit).map(|()| ExitCode::SUCCESS),
        Command::Check(options) => check::main(&options),
        Command::CheckChild(options) => check::child(options).map(|()| ExitCode::SUCCESS),
    };
    match done {
        Ok(code) => code,
        // Who reads our output (`| head`) has enough: that is no error.
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do where stderr is closed as well.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
