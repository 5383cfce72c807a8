// SPDX-License-Identifier: Apache-2.0
//! `falconet run`: a plugin's events, printed as they come.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use clap::{ArgMatches, Args};
use falconet_host::{
    Capture, Defaults, Event, Extracted, FieldRequest, Inspector, Logs, Next, Stuck, split_fields, watch,
};

use super::{
    config, format,
    interrupt::Interrupt,
    is_closed_pipe, limit,
    output::Output,
    plugins::{self, With},
    progress::Progress,
    report, target,
};

/// How long to wait after a timeout: sources pace themselves, this only keeps those that do not from spinning.
const PAUSE: Duration = Duration::from_millis(2);

/// After how many seconds a source that blocks is told of.
const TELL: f64 = 10.0;
const NEXT_BATCH: &str = "plugin_next_batch";
const WAITING: &str = "it should give -1 (timeout) after some ten milliseconds without an event, because async events wait \
    for it. The run goes on; Ctrl-C or --timeout SECONDS ends it";

/// Run a plugin and print its events: number, time, source, text, with tabs between them. Ctrl-C ends the run as the end
/// of the events would, with exit code 130. A call into a plugin that takes longer than --timeout ends it with exit code 1.
#[derive(Args)]
pub(super) struct Options {
    /// The folder of the plugin's crate, which is built first, or a library file. A crate's defaults for PARAMS,
    /// --config and --fields come from [package.metadata.falconet] of its Cargo.toml.
    plugin: PathBuf,
    /// What to open, in the plugin's own words.
    params: Option<String>,
    /// Fields to print as columns after the text, such as a,b[c]; a header line names them. Empty for none.
    #[arg(long)]
    fields: Option<String>,
    /// Print one JSON object a line: num, time, ts, source, text, fields. Numbers and times (in nanoseconds) are
    /// numbers, lists arrays, no value is null; bytes that are no UTF-8 become U+FFFD.
    #[arg(long)]
    json: bool,
    /// The plugin's config.
    #[arg(long, value_name = "TEXT")]
    config: Option<String>,
    /// Wait for more at the end of what is opened. This sets {"follow":true} in the plugin's config, a JSON object, or
    /// what the crate gives as follow-config under [package.metadata.falconet]; the plugin must know the key.
    #[arg(long)]
    follow: bool,
    /// Stop after this many events.
    #[arg(long, value_name = "N")]
    max: Option<u64>,
    /// No header line above the columns of --fields.
    #[arg(long)]
    no_header: bool,
    /// No text: neither the column nor, with --json, the key. plugin_event_to_string is not called then.
    #[arg(long)]
    no_text: bool,
    /// One more plugin, which parses, extracts or injects events: a crate's folder or a library file, with its config
    /// after a =. May be given several times. Plugins are loaded in the order of the command line, PLUGIN among them: one
    /// that exports a table stands before those that use it. --fields may name the fields of all.
    #[arg(long, value_name = "PATH[=CONFIG]")]
    with: Vec<With>,
    /// Ask for metrics while events flow, and print them on stderr at the end.
    #[arg(long)]
    metrics: bool,
    /// Print this state table on stderr at the end, with all its entries. May be given several times.
    #[arg(long, value_name = "NAME")]
    table: Vec<String>,
    /// How long each call into a plugin may take: one that takes longer ends the run, with an error and exit code 1.
    /// Without this it is 60, and plugin_next_batch, in which a live source may wait for its events, ends nothing: a line on
    /// stderr says so after 10. Given, it holds for plugin_next_batch, too.
    #[arg(long, value_name = "SECONDS", value_parser = limit::seconds)]
    timeout: Option<f64>,
    /// How many of --with stand before PLUGIN.
    #[arg(skip)]
    before: usize,
}

impl Options {
    /// Takes from the command line what tells the order of the plugins.
    pub(super) fn order(&mut self, matches: &ArgMatches) {
        let main = matches.index_of("plugin").unwrap_or_default();
        self.before = matches.indices_of("with").into_iter().flatten().filter(|index| *index < main).count();
    }
}

/// Runs the plugin to its end.
pub(super) fn main(options: &Options) -> anyhow::Result<ExitCode> {
    let (out, progress) = (Output::new(), Progress::new());
    look_after(options, &out, &progress)?;
    let (library, defaults) = target::open(&options.plugin)?;
    let info = library.info();
    if !info.capabilities.source {
        bail!(
            "the plugin '{}' has no events to run, it can {}: run a source, and this one with --with",
            info.name,
            info.capabilities
        );
    }
    let config = config::of_run(options.config.as_deref(), options.follow, &defaults)?;
    let params = options.params.as_ref().or(defaults.params.as_ref()).map_or("", String::as_str);
    let logs = {
        let progress = progress.clone();
        Logs::with_callback(move |record| progress.log(record))
    };
    let inspector = plugins::load((&library, &config), &options.with, options.before, &logs)?;
    for plugin in inspector.plugins() {
        if let Some(warning) = plugin.schema_warning() {
            progress.line(&format!("warning: {}: {warning}", plugin.library().info().name));
        }
    }
    let fields = requests(&inspector, options, &defaults)?;
    for name in options.table.iter().filter(|name| !inspector.table_names().contains(name)) {
        inspector.read_table(name).context("--table")?;
    }
    let opened = inspector.open(&info.name, params);
    let capture = opened.map_err(|error| plugins::open_error(error, options.with.is_empty()))?;
    let interrupt = Interrupt::new().context("cannot listen for Ctrl-C")?;
    let mut run = Run { inspector: &inspector, fields, options, progress, interrupt, events: 0, bytes: 0 };
    let start = Instant::now();
    let done = run.drain(capture, &out).and_then(|()| Ok(out.flush()?));
    run.progress.finish();
    match done {
        // Who reads our output (`| head`) has enough: that is no error, and nothing more is said.
        Err(error) if is_closed_pipe(&error) => {
            out.discard();
            Ok(ExitCode::SUCCESS)
        }
        done => {
            // What was printed before a failure belongs to the user; the failure itself is told after it.
            let flushed = out.flush();
            run.summary(start.elapsed());
            let findings = report::findings(&mut io::stderr(), &inspector);
            done.and(flushed.map_err(Into::into)).and(findings).map(|()| run.interrupt.exit_code())
        }
    }
}

/// Looks after the plugin from now on, on this thread.
fn look_after(options: &Options, out: &Output, progress: &Progress) -> anyhow::Result<()> {
    let (out, progress) = (out.clone(), progress.clone());
    let [tell, end] = match options.timeout {
        Some(timeout) => [timeout; 2],
        None => [TELL, limit::DEFAULT],
    }
    .map(Duration::from_secs_f64);
    let may_block = options.timeout.is_none();
    let mut told = false;
    let stuck = move |stuck: &Stuck| {
        if may_block && stuck.call == NEXT_BATCH {
            if !told {
                told = true;
                // What came before is not to be waited for.
                out.flush_for_a_while();
                progress.line(&format!("note: {stuck}: {WAITING}"));
            }
        } else if stuck.since >= end {
            out.flush_for_a_while();
            limit::end(stuck);
        }
    };
    watch(tell, stuck).context("cannot start the thread that looks after the plugin")
}

fn requests(inspector: &Inspector, options: &Options, defaults: &Defaults) -> anyhow::Result<Vec<FieldRequest>> {
    let (fields, origin) = match &options.fields {
        Some(fields) => (split_fields(fields), "--fields"),
        None => (defaults.fields.iter().map(String::as_str).collect(), "fields in [package.metadata.falconet]"),
    };
    let requests: Result<_, _> = fields.into_iter().map(|field| inspector.field(field)).collect();
    requests.context(origin)
}

struct Run<'a> {
    inspector: &'a Inspector,
    fields: Vec<FieldRequest>,
    options: &'a Options,
    progress: Progress,
    interrupt: Interrupt,
    events: u64,
    bytes: u64,
}

impl Run<'_> {
    fn drain(&mut self, mut capture: Capture<'_>, out: &Output) -> anyhow::Result<()> {
        let poll = self.options.metrics.then(|| report::Poll::start(self.inspector)).transpose()?;
        let done = self.events(&mut capture, out);
        let polled = poll.map_or(Ok(()), report::Poll::stop);
        // The state as it is after the last event, before the plugins hear of the end.
        let told = match &done {
            Err(error) if is_closed_pipe(error) => Ok(()),
            _ => self.progress.around(|| self.tell(&mut io::stderr())),
        };
        let closed = capture.close().map_err(|error| plugins::open_error(error, self.options.with.is_empty()));
        done.and(polled).and(told).and(closed)
    }

    fn tell(&self, out: &mut impl Write) -> anyhow::Result<()> {
        for name in &self.options.table {
            report::table(out, self.inspector, name, self.options.json)?;
        }
        match self.options.metrics {
            true => report::metrics(out, self.inspector, self.options.json),
            false => Ok(()),
        }
    }

    fn events(&mut self, capture: &mut Capture<'_>, out: &Output) -> anyhow::Result<()> {
        let max = self.options.max.unwrap_or(u64::MAX);
        // A reader at a terminal sees each event at once, others get whole buffers.
        let flush_each = io::stdout().is_terminal();
        if !self.options.json && !self.options.no_header && !self.fields.is_empty() {
            self.progress.around(|| format::header(&mut *out.lock(), !self.options.no_text, &self.fields))?;
        }
        while self.events < max && !self.interrupt.came() {
            match capture.next_event()? {
                Next::Event(event) => {
                    self.events += 1;
                    self.bytes += event.bytes().len() as u64;
                    self.print(&event, out, flush_each)?;
                }
                Next::Timeout => {
                    self.progress.around(|| out.flush())?;
                    thread::sleep(PAUSE);
                }
                Next::Eof => break,
            }
            self.progress.update(capture, self.events);
        }
        // Events that are only in the buffer come before what is told of the end.
        self.progress.around(|| out.flush())?;
        Ok(())
    }

    fn print(&self, event: &Event<'_>, out: &Output, flush: bool) -> anyhow::Result<()> {
        let text = (!self.options.no_text).then(|| self.inspector.event_text(event));
        let mut fields = Vec::with_capacity(self.fields.len());
        for request in &self.fields {
            // One field a call, as libsinsp asks.
            let extraction = self.inspector.extract(event, request);
            let extraction = extraction.with_context(|| format!("event {}", event.num()))?;
            fields.push((request, extraction.fields.into_iter().next().unwrap_or_else(Extracted::default)));
        }
        self.progress.around(|| {
            let out = &mut *out.lock();
            match self.options.json {
                true => format::json(out, event, text.as_deref(), &fields)?,
                false => format::columns(out, event, text.as_deref(), &fields)?,
            }
            if flush { out.flush() } else { Ok(()) }
        })?;
        Ok(())
    }

    fn summary(&self, elapsed: Duration) {
        let seconds = elapsed.as_secs_f64();
        let rate = if seconds > 0.0 { self.events as f64 / seconds } else { 0.0 };
        let (events, bytes) = (self.events, self.bytes);
        // A closed stderr is no reason to fail.
        let _ = writeln!(io::stderr(), "{events} events, {bytes} bytes, {rate:.0} events/s in {seconds:.3} s");
    }
}
