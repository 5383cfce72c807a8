// SPDX-License-Identifier: Apache-2.0
//! `falconet bench`: what plugins cost, side by side.

mod allocations;
mod child;
mod figures;
mod instructions;
mod table;

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::PathBuf,
};

use anyhow::{Context as _, bail};
use clap::Args;
use falconet_host::{Phase, split_fields};

use self::{
    child::{Job, Round},
    figures::{Figure, Figures, LoadFigures, Report},
    table::Look,
};
use super::{limit, target};

/// Calls behind the end of a source, a round.
const END_CALLS: u64 = 100_000;

/// Measure plugins side by side: sourcing, extraction, texts; load time and memory. All plugins open the same and are asked
/// for the same fields. Rounds are interleaved, each of a plugin in a process of its own: what else the machine does meets
/// all of them, and a crash ends nothing but its round. Build with --release what is measured, and falconet itself.
#[derive(Args)]
pub(super) struct Options {
    /// Folders of crates, which are built first, or library files. The first is what others are compared with; its crate's
    /// defaults for --params, --config and --fields come from [package.metadata.falconet] of its Cargo.toml.
    #[arg(required = true, value_name = "PLUGIN")]
    plugins: Vec<PathBuf>,
    /// What to open, in the plugins' own words: enough for --max events.
    #[arg(long, value_name = "TEXT")]
    params: Option<String>,
    /// The plugins' config.
    #[arg(long, value_name = "TEXT")]
    config: Option<String>,
    /// Fields to ask for, such as a,b[c]; all that need no argument where nothing says which.
    #[arg(long)]
    fields: Option<String>,
    /// How many events of the source at most, and how many calls where there is no source in the work.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    max: u64,
    /// How often each plugin is measured.
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = clap::value_parser!(u64).range(1..=1000))]
    rounds: u64,
    /// Count no instructions: that takes most of the time. They are counted where valgrind is.
    #[arg(long)]
    no_instructions: bool,
    #[command(flatten)]
    limit: limit::Limit,
    /// Print one JSON object instead of tables.
    #[arg(long)]
    json: bool,
    /// Print the tables as markdown.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

/// A round of one plugin, in the process that [`main`] starts for it.
pub(super) fn round(job: &str) -> anyhow::Result<()> {
    child::main(job)
}

/// Measures the plugins and prints what came of it.
pub(super) fn main(options: &Options) -> anyhow::Result<()> {
    if cfg!(debug_assertions) {
        say("this falconet is not optimised: its own part of each time is large. Build it with --release");
    }
    let jobs = jobs(options)?;
    // One round before the others checks each plugin and counts its allocations: counting costs time.
    let first = |job: &Job| Job { count: true, samples: true, ..job.clone() }.run();
    let counted: Vec<Round> = jobs.iter().map(first).collect::<anyhow::Result<_>>()?;
    let fields = jobs.first().map(|job| job.fields.clone()).unwrap_or_default();
    let differences = compared(&jobs, &fields, &counted);
    for difference in &differences {
        say(difference);
    }
    if let Some(source) =
        counted.first().and_then(|round| round.phases.get(&Phase::Source)).filter(|m| m.units < 10_000)
    {
        say(&format!(
            "the source gave {} events only: times of so few say little. Give --params with more",
            source.units
        ));
    }
    let mut rounds: Vec<Vec<Round>> = vec![Vec::new(); jobs.len()];
    for number in 0..options.rounds {
        for (job, rounds) in jobs.iter().zip(&mut rounds) {
            let (round, took) = child::timed(|| job.run());
            rounds.push(round.with_context(|| format!("round {} of {}", number + 1, options.rounds))?);
            if number == 0 && took.as_secs() >= 10 {
                say(&format!("a round takes {} s: --rounds and --max make it shorter", took.as_secs()));
            }
        }
    }
    let count = !options.no_instructions && child::there_is("valgrind");
    if !count && !options.no_instructions {
        say("instructions are not counted: there is no valgrind");
    }
    let mut plugins = Vec::new();
    for (job, (rounds, counted)) in jobs.iter().zip(rounds.iter().zip(&counted)) {
        plugins.push(figures(job, rounds, counted, count)?);
    }
    ratios(&mut plugins);
    let report = Report {
        rounds: rounds.first().map_or(0, Vec::len),
        max: options.max,
        params: jobs.first().map(|job| job.params.clone()).unwrap_or_default(),
        config: jobs.first().map(|job| job.config.clone()).unwrap_or_default(),
        fields,
        plugins,
        differences,
    };
    let mut out = io::stdout().lock();
    match (options.json, options.markdown) {
        (true, _) => writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?,
        (false, markdown) => {
            table::print(&mut out, &report, if markdown { Look::Markdown } else { Look::Terminal })?;
        }
    }
    Ok(())
}

/// What is to be done with each plugin. Nothing is loaded here: what a plugin does to a process, it does to another one.
fn jobs(options: &Options) -> anyhow::Result<Vec<Job>> {
    let files = options.plugins.iter().map(|path| target::file(path).with_context(|| path.display().to_string()));
    let files = files.collect::<anyhow::Result<Vec<_>>>()?;
    let Some((first, defaults)) = files.first() else { bail!("no plugin was given") };
    let text = |given: &Option<String>, default: &Option<String>| given.clone().or(default.clone()).unwrap_or_default();
    let mut job = Job {
        library: first.clone(),
        config: text(&options.config, &defaults.config),
        params: text(&options.params, &defaults.params),
        fields: Vec::new(),
        max: options.max,
        end_calls: END_CALLS,
        phases: Vec::new(),
        count: false,
        samples: false,
        timeout: options.limit.seconds(),
    };
    job.fields = match &options.fields {
        Some(fields) => split_fields(fields).into_iter().map(str::to_owned).collect(),
        None if !defaults.fields.is_empty() => defaults.fields.clone(),
        None => job.run()?.free_fields,
    };
    job.phases = Phase::ALL.to_vec();
    Ok(files.into_iter().map(|(library, _)| Job { library, ..job.clone() }).collect())
}

fn compared(jobs: &[Job], fields: &[String], rounds: &[Round]) -> Vec<String> {
    let name = |job: &Job| job.library.display().to_string();
    let (Some((first, others)), Some((left, right))) = (jobs.split_first(), rounds.split_first()) else {
        return Vec::new();
    };
    let of = |(job, round): (&Job, &Round)| figures::differences([&name(first), &name(job)], fields, [left, round]);
    let together = jobs.iter().zip(rounds).filter_map(|(job, round)| figures::together(&name(job), round));
    together.chain(others.iter().zip(right).flat_map(of)).collect()
}

fn figures(job: &Job, rounds: &[Round], counted: &Round, count: bool) -> anyhow::Result<Figures> {
    let mut phases = BTreeMap::new();
    for phase in Phase::ALL {
        let instructions = match counted.phases.get(&Phase::Source) {
            Some(source) if count && counted.phases.contains_key(&phase) => instructions::of(job, phase, source)?,
            _ => None,
        };
        phases.extend(Figure::of(phase, rounds, counted, instructions).map(|figure| (phase, figure)));
    }
    Ok(Figures {
        library: job.library.clone(),
        name: counted.name.clone(),
        version: counted.version.clone(),
        file_bytes: fs::metadata(&job.library)?.len(),
        load: LoadFigures::of(rounds),
        phases,
    })
}

fn ratios(plugins: &mut [Figures]) {
    for phase in Phase::ALL {
        let first = plugins.first().and_then(|plugin| Some(plugin.phases.get(&phase)?.ns));
        for figure in plugins.iter_mut().filter_map(|plugin| plugin.phases.get_mut(&phase)) {
            figure.ratio = first.map(|first| figure.ns / first);
        }
    }
}

/// Tells something beside the report.
fn say(text: &str) {
    // A closed stderr is no reason to fail.
    let _ = writeln!(io::stderr(), "{text}");
}
