// SPDX-License-Identifier: Apache-2.0
//! `falconet run`: a plugin's events, printed as they come.

use std::{
    io::{self, BufWriter, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use clap::Args;
use falconet_host::{Defaults, Event, Extracted, FieldRequest, Instance, Library, Logs, Next, Plugin, split_fields};

use super::{config, format, interrupt::Interrupt, is_closed_pipe, progress::Progress, target};

/// How long to wait after a timeout: sources pace themselves, this only keeps those that do not from spinning.
const PAUSE: Duration = Duration::from_millis(2);

/// Run a plugin and print its events: number, time, source, text, with tabs between them. Ctrl-C ends the run as the end
/// of the events would, with exit code 130.
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
}

/// Runs the plugin to its end.
pub(super) fn main(options: &Options) -> anyhow::Result<ExitCode> {
    let (library, defaults) = target::open(&options.plugin)?;
    let info = library.info();
    if !info.capabilities.source {
        bail!("the plugin '{}' has no events to run: it can {}", info.name, info.capabilities);
    }
    let fields = requests(&library, options, &defaults)?;
    let config = config::of_run(options.config.as_deref(), options.follow, &defaults)?;
    let params = options.params.as_ref().or(defaults.params.as_ref()).map_or("", String::as_str);
    let progress = Progress::new();
    let logs = {
        let progress = progress.clone();
        Logs::with_callback(move |record| progress.log(record))
    };
    let plugin = Plugin::init(&library, &config, &logs)?;
    let instance = plugin.open(params)?;
    let interrupt = Interrupt::new().context("cannot listen for Ctrl-C")?;
    let mut run = Run { plugin: &plugin, fields, options, progress, interrupt, events: 0, bytes: 0 };
    let start = Instant::now();
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout());
    let done = run.drain(instance, &mut out).and_then(|()| Ok(out.flush()?));
    run.progress.finish();
    match done {
        // Who reads our output (`| head`) has enough: that is no error, and nothing more is said.
        Err(error) if is_closed_pipe(&error) => {
            // What is left in the buffer has no reader.
            drop(out.into_parts());
            Ok(ExitCode::SUCCESS)
        }
        done => {
            // What was printed before a failure belongs to the user; the failure itself is told after it.
            let flushed = out.flush();
            run.summary(start.elapsed());
            done.and(flushed.map_err(Into::into)).map(|()| run.interrupt.exit_code())
        }
    }
}

fn requests(library: &Library, options: &Options, defaults: &Defaults) -> anyhow::Result<Vec<FieldRequest>> {
    let (fields, origin) = match &options.fields {
        Some(fields) => (split_fields(fields), "--fields"),
        None => (defaults.fields.iter().map(String::as_str).collect(), "fields in [package.metadata.falconet]"),
    };
    let requests: Result<_, _> = fields.into_iter().map(|field| library.field(field)).collect();
    requests.context(origin)
}

struct Run<'a> {
    plugin: &'a Plugin,
    fields: Vec<FieldRequest>,
    options: &'a Options,
    progress: Progress,
    interrupt: Interrupt,
    events: u64,
    bytes: u64,
}

impl Run<'_> {
    fn drain(&mut self, mut instance: Instance<'_>, out: &mut impl Write) -> anyhow::Result<()> {
        let max = self.options.max.unwrap_or(u64::MAX);
        // A reader at a terminal sees each event at once, others get whole buffers.
        let flush_each = io::stdout().is_terminal();
        if !self.options.json && !self.options.no_header && !self.fields.is_empty() {
            self.progress.around(|| format::header(out, &self.fields))?;
        }
        while self.events < max && !self.interrupt.came() {
            match instance.next_event()? {
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
            self.progress.update(&instance, self.events);
        }
        Ok(())
    }

    fn print(&self, event: &Event<'_>, out: &mut impl Write, flush: bool) -> anyhow::Result<()> {
        let text = self.plugin.event_text(event);
        let mut fields = Vec::with_capacity(self.fields.len());
        for request in &self.fields {
            // One field a call, as libsinsp asks.
            let extraction = self.plugin.extract(event, std::slice::from_ref(request));
            let extraction = extraction.with_context(|| format!("event {}", event.num()))?;
            fields.push((request, extraction.fields.into_iter().next().unwrap_or_else(Extracted::default)));
        }
        self.progress.around(|| {
            match self.options.json {
                true => format::json(out, event, &text, &fields)?,
                false => format::columns(out, event, &text, &fields)?,
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
