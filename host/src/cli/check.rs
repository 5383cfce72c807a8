// SPDX-License-Identifier: Apache-2.0
//! `falconet check`: whether a plugin keeps the rules of the host.

use std::{
    env,
    io::{self, Write},
    path::PathBuf,
    process::{Command, ExitCode},
    time::Duration,
};

use anyhow::Context as _;
use clap::Args;
use falconet_host::{
    check::{self, Beside, Check, NOT_CHECKED, Outcome, Report, Scenario, Subject, Verdict},
    split_fields,
};

use super::{plugins::With, target};

/// Neither kept nor broken: it could not be checked.
const NOT_CHECKED_CODE: u8 = 2;

/// Check that a plugin, whoever wrote it, keeps the rules of the host. Each risky call is made in a process of its own:
/// a crash is a finding. The exit code is 0 if there is no finding, 1 if there is one, 2 if the plugin could not be
/// checked, because there is none, or init or open fails with this config and these params. A finding wins: with one it
/// is 1, whether all could be checked or not.
#[derive(Args)]
pub(super) struct Options {
    /// The folder of the plugin's crate, which is built first, or a library file. A crate's defaults for --params,
    /// --config and --fields come from [package.metadata.falconet] of its Cargo.toml.
    #[arg(required_unless_present = "list")]
    plugin: Option<PathBuf>,
    /// What to open: best something short with an end, of more events than fit into a batch.
    #[arg(long, value_name = "TEXT")]
    params: Option<String>,
    /// The plugin's config.
    #[arg(long, value_name = "TEXT")]
    config: Option<String>,
    /// Fields to ask besides those that need no argument, such as a,b[c].
    #[arg(long)]
    fields: Option<String>,
    /// How many events PARAMS gives: a plugin that loses some at the end is found so in any case.
    #[arg(long, value_name = "N")]
    events: Option<u64>,
    /// A plugin that is loaded before PLUGIN, which owns its tables or gives events to it: a crate's folder or a library
    /// file, with its config after a =. May be given several times. --params is for the first source.
    #[arg(long, value_name = "PATH[=CONFIG]")]
    with: Vec<With>,
    /// How long a call may take until it counts as one that does not return.
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    timeout: f64,
    /// Print one JSON object: plugin, notes, checks with rule, name, verdict, findings.
    #[arg(long)]
    json: bool,
    /// Print all checks, and the rules that have none and why.
    #[arg(long)]
    list: bool,
}

/// What a child of `falconet check` is called with.
#[derive(Args)]
pub(super) struct ChildOptions {
    scenario: Scenario,
    library: PathBuf,
    #[arg(long, allow_hyphen_values = true)]
    params: String,
    #[arg(long, allow_hyphen_values = true)]
    config: String,
    #[arg(long, allow_hyphen_values = true)]
    field: Vec<String>,
    #[arg(long)]
    events: Option<u64>,
    #[arg(long)]
    with: Vec<PathBuf>,
    #[arg(long, allow_hyphen_values = true)]
    with_config: Vec<String>,
}

/// Runs one scenario.
pub(super) fn child(options: ChildOptions) -> anyhow::Result<()> {
    let with = options.with.into_iter().zip(options.with_config);
    let subject = Subject {
        library: options.library,
        config: options.config,
        params: options.params,
        with: with.map(|(library, config)| Beside { library, config }).collect(),
        fields: options.field,
        events: options.events,
    };
    Ok(check::child(&subject, options.scenario)?)
}

/// Checks the plugin, and says what was found.
pub(super) fn main(options: &Options) -> anyhow::Result<ExitCode> {
    let out = &mut io::stdout().lock();
    if options.list {
        list(out)?;
        return Ok(ExitCode::SUCCESS);
    }
    let silence = Duration::try_from_secs_f64(options.timeout).context("--timeout")?;
    let subject = match subject(options) {
        Ok(subject) => subject,
        Err(error) => {
            writeln!(io::stderr(), "error: {error:#}")?;
            return Ok(ExitCode::from(NOT_CHECKED_CODE));
        }
    };
    let program = env::current_exe().context("the path of this program")?;
    let report = check::run(|scenario| command(&program, &subject, scenario), silence)?;
    let told = match options.json {
        true => serde_json::to_writer(&mut *out, &report).map_err(io::Error::from).and_then(|()| writeln!(out)),
        false => text(out, &report),
    };
    // A reader that has seen enough, as head, does not change the verdict.
    told.and_then(|()| out.flush()).or_else(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(error),
    })?;
    Ok(match (report.failed, &report.stopped) {
        (0, None) => ExitCode::SUCCESS,
        (0, Some(_)) => ExitCode::from(NOT_CHECKED_CODE),
        _ => ExitCode::FAILURE,
    })
}

fn subject(options: &Options) -> anyhow::Result<Subject> {
    let plugin = options.plugin.as_ref().context("PLUGIN is missing")?;
    let (library, defaults) = target::built(plugin)?;
    let with = options.with.iter().map(|with| {
        let (library, defaults) =
            target::built(with.path()).with_context(|| format!("--with {}", with.path().display()))?;
        let config = with.config().map(str::to_owned).or(defaults.config).unwrap_or_default();
        Ok((Beside { library, config }, defaults.params))
    });
    let with = with.collect::<anyhow::Result<Vec<_>>>()?;
    let params_beside = with.iter().find_map(|(_, params)| params.clone());
    let fields = match &options.fields {
        Some(fields) => split_fields(fields).into_iter().map(str::to_owned).collect(),
        None => defaults.fields,
    };
    Ok(Subject {
        library,
        config: options.config.clone().or(defaults.config).unwrap_or_default(),
        params: options.params.clone().or(defaults.params).or(params_beside).unwrap_or_default(),
        with: with.into_iter().map(|(beside, _)| beside).collect(),
        fields,
        events: options.events,
    })
}

fn command(program: &PathBuf, subject: &Subject, scenario: Scenario) -> Command {
    let mut command = Command::new(program);
    command.arg("check-child").arg(scenario.name()).arg(&subject.library);
    command.args(["--params", &subject.params, "--config", &subject.config]);
    command.args(subject.fields.iter().flat_map(|field| ["--field", field]));
    for with in &subject.with {
        command.arg("--with").arg(&with.library).args(["--with-config", &with.config]);
    }
    if let Some(events) = subject.events {
        command.args(["--events", &events.to_string()]);
    }
    command
}

fn list(out: &mut impl Write) -> io::Result<()> {
    for check in Check::ALL {
        writeln!(out, "{:<5} {}\n      {}\n      -> {}", check.rule(), check.name(), check.what(), check.fix())?;
    }
    writeln!(out, "\nrules without a check")?;
    for (rule, why) in NOT_CHECKED {
        writeln!(out, "{rule:<5} {why}")?;
    }
    Ok(())
}

fn text(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let plugin = &report.plugin;
    if !plugin.name.is_empty() {
        writeln!(out, "{} {}, API {}, {}\n", plugin.name, plugin.version, plugin.api_version, plugin.capabilities)?;
    }
    for outcome in report.of(Verdict::Failed) {
        failed(out, outcome)?;
    }
    for note in &report.notes {
        writeln!(out, "note: {note}\n")?;
    }
    writeln!(out, "passed ({})", report.passed)?;
    for outcome in report.of(Verdict::Passed) {
        writeln!(out, "  {:<5} {}", outcome.rule, outcome.name)?;
    }
    writeln!(out, "\nnot applicable ({})", report.not_applicable)?;
    let mut reasons: Vec<(&str, Vec<&Outcome>)> = Vec::new();
    for outcome in report.of(Verdict::NotApplicable) {
        let why = outcome.why.as_deref().unwrap_or_default();
        match reasons.iter_mut().find(|(reason, _)| *reason == why) {
            Some((_, outcomes)) => outcomes.push(outcome),
            None => reasons.push((why, vec![outcome])),
        }
    }
    for (why, outcomes) in reasons {
        let names: Vec<_> = outcomes.iter().map(|outcome| format!("{} {}", outcome.rule, outcome.name)).collect();
        match names.len() {
            0..=20 => writeln!(out, "  {why}: {}", names.join(", "))?,
            many => writeln!(out, "  {many} checks: {why}")?,
        }
    }
    let (passed, failed, other) = (report.passed, report.failed, report.not_applicable);
    writeln!(out, "\n{failed} failed, {passed} passed, {other} not applicable")?;
    match &report.stopped {
        Some(why) => writeln!(out, "not all could be checked: {why}"),
        None => Ok(()),
    }
}

fn failed(out: &mut impl Write, outcome: &Outcome) -> io::Result<()> {
    writeln!(out, "FAILED {} {}: {}", outcome.rule, outcome.name, outcome.what)?;
    for finding in &outcome.findings {
        writeln!(out, "  found: {finding}")?;
    }
    writeln!(out, "  to do: {}\n", outcome.fix)
}
