// SPDX-License-Identifier: Apache-2.0
//! The [`log`] facade, to the host: each line goes to the state in whose call it is written.
//!
//! `log::info!` and its like work as everywhere, in the plugin and in the crates that it uses. Nothing is set up by the
//! author: the logger comes with the first state. Several states may live in a process (rules 11.1 and 11.2), and each
//! has a host of its own, so a line belongs to
//!
//! 1. what [`scope`] was given, inside of it;
//! 2. the state that the host calls on this thread, the innermost where calls are nested;
//! 3. what the thread was given when it began: one of [`Threads`](crate::sources::Threads) or of
//!    [`Pushed`](crate::sources::Pushed) has the log of the place that has started it, a [`Task`](crate::task::Task) its
//!    own; [`adopt`] gives one to any other.
//!
//! A line of another thread is dropped: there is no telling whose it is.
//!
//! | `log` | the host's severity |
//! | --- | --- |
//! | `error!`, `warn!`, `info!`, `debug!`, `trace!` | error, warning, info, debug, trace |
//!
//! The host puts the plugin's name in front. A line of the plugin's own crate is shown as it is; that of another crate,
//! or with a target of its own, as `target: line`. A line is formatted on the stack, without allocation, and cut at
//! 1,023 bytes.
//!
//! Each state has its level, [`Level::Info`] at first, which [`set_level`] changes. It is that of this facade only: what
//! is written to a [`Log`](struct@Log) is always passed on. A line below the level of every state costs one atomic load.
//!
//! ```
//! use falconet_std::config::{self, Configured};
//! use falconet_std::{Error, Info, Init, Plugin, logging};
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! #[serde(default, deny_unknown_fields)]
//! #[derive(Default)]
//! struct Config {
//!     /// How much is logged.
//!     log_level: logging::Level,
//! }
//! struct Talking;
//! impl Plugin for Talking {
//!     type Error = Error;
//!     const INFO: Info = Info::new(c"talking", c"0.1.0", c"talks", c"you@example.org");
//!     fn new(init: &Init<'_>) -> Result<Self, Error> {
//!         let config = config::read::<Config>(init.config())?;
//!         logging::set_level(config.log_level);
//!         log::info!("talks at {:?}", config.log_level);
//!         Ok(Self)
//!     }
//! }
//! impl Configured for Talking {
//!     type Config = Config;
//! }
//! # impl falconet_std::Parse for Talking {
//! #     fn parse(&mut self, _: &falconet_std::Event<'_>, _: &mut falconet_std::Parsing<'_, Self>) -> Result<(), Error> { Ok(()) }
//! # }
//! falconet_std::export!(Talking: parse, config);
//! ```

use std::sync::atomic::Ordering;
use std::sync::{Mutex, OnceLock, PoisonError};

use falconet::Log;
use falconet::log::Severity;
use log::{LevelFilter, Metadata, Record};

use crate::here;

/// How much of the facade's lines reaches the host, for a plugin's config: `"off"`, `"error"`, and so on.
///
/// ```
/// use falconet_std::logging::Level;
/// assert_eq!(serde_json::from_str::<Level>("\"debug\"")?, Level::Debug);
/// assert_eq!(log::LevelFilter::from(Level::default()), log::LevelFilter::Info);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing.
    Off,
    /// What failed.
    Error,
    /// What is not as it should be, too.
    Warn,
    /// What is normal, too.
    #[default]
    Info,
    /// What is for the plugin's author, too.
    Debug,
    /// Everything.
    Trace,
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Off => Self::Off,
            Level::Error => Self::Error,
            Level::Warn => Self::Warn,
            Level::Info => Self::Info,
            Level::Debug => Self::Debug,
            Level::Trace => Self::Trace,
        }
    }
}

/// The level of a state that has set none.
const FIRST: LevelFilter = LevelFilter::Info;

/// Sets the level of the state that a line would go to here: in [`Plugin::new`](crate::Plugin::new), with what the config
/// says. False where there is none.
///
/// ```
/// use falconet_std::logging;
/// assert!(!logging::set_level(log::LevelFilter::Debug)); // no host calls here
/// ```
pub fn set_level(level: impl Into<LevelFilter>) -> bool {
    let level = level.into();
    let Some(place) = here::log().and_then(|log| log.beside()) else { return false };
    // 0 is for a state that has set none.
    place.store(1 + number(level), Ordering::Relaxed);
    // It only goes down with the last state: until then a line may cost more than a load, and is dropped all the same.
    let _one = MOST.lock().unwrap_or_else(PoisonError::into_inner);
    if level > log::max_level() {
        log::set_max_level(level);
    }
    true
}

/// Locked while the level of the process is changed.
static MOST: Mutex<()> = Mutex::new(());

const fn number(level: LevelFilter) -> u8 {
    match level {
        LevelFilter::Off => 0,
        LevelFilter::Error => 1,
        LevelFilter::Warn => 2,
        LevelFilter::Info => 3,
        LevelFilter::Debug => 4,
        LevelFilter::Trace => 5,
    }
}

/// The level of a state; off when it has ended.
fn level_of(log: Log) -> LevelFilter {
    match log.beside().map(|level| level.load(Ordering::Relaxed)) {
        Some(0) => FIRST,
        Some(2) => LevelFilter::Error,
        Some(3) => LevelFilter::Warn,
        Some(4) => LevelFilter::Info,
        Some(5) => LevelFilter::Debug,
        Some(6) => LevelFilter::Trace,
        _ => LevelFilter::Off,
    }
}

/// Where a line would go that is written here.
///
/// ```
/// use falconet_std::logging;
/// assert!(logging::current().is_none()); // no host calls here
/// ```
#[must_use]
pub fn current() -> Option<Log> {
    here::log()
}

/// Sends the lines of `work` to this log: for threads that work for several states in turns.
///
/// ```
/// use falconet_std::{Log, logging};
/// fn deliver(state: Log, lines: u64) {
///     logging::scope(state, || log::info!("{lines} lines delivered"));
/// }
/// ```
pub fn scope<R>(log: Log, work: impl FnOnce() -> R) -> R {
    here::with_log(log, work)
}

/// Sends the lines of this thread to this log from now on, but for those in calls of the host: for threads that something
/// else than the plugin has started, and will end before the state does.
///
/// ```
/// use falconet_std::{Log, logging};
/// fn on_thread_start(state: Log) -> impl Fn() {
///     move || logging::adopt(state)
/// }
/// ```
pub fn adopt(log: Log) {
    here::keep(log);
}

/// The logger of this library, which has a `log` crate of its own.
struct Logger;

static LOGGER: Logger = Logger;
/// Whether it is this library's logger, and no other.
static OURS: OnceLock<bool> = OnceLock::new();
/// The plugin's crate.
static OWN: OnceLock<&'static str> = OnceLock::new();

impl log::Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        here::log().is_some_and(|log| metadata.level() <= level_of(log))
    }

    fn log(&self, record: &Record<'_>) {
        let Some(log) = here::log().filter(|log| record.level() <= level_of(*log)) else { return };
        let severity = match record.level() {
            log::Level::Error => Severity::Error,
            log::Level::Warn => Severity::Warning,
            log::Level::Info => Severity::Info,
            log::Level::Debug => Severity::Debug,
            log::Level::Trace => Severity::Trace,
        };
        match record.target() {
            target if is_own(target) => log.write(severity, *record.args()),
            target => log.write(severity, format_args!("{target}: {}", record.args())),
        }
    }

    fn flush(&self) {}
}

/// Whether a target is the plugin's crate, or a module in it.
fn is_own(target: &str) -> bool {
    let rest = OWN.get().and_then(|own| target.strip_prefix(own));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The first state begins: the logger is there, for a plugin in this module.
pub(crate) fn begin(module: &'static str) {
    OWN.get_or_init(|| module.split("::").next().unwrap_or(module));
    if *OURS.get_or_init(|| log::set_logger(&LOGGER).is_ok()) {
        log::set_max_level(FIRST);
    }
}

/// The last state has ended.
pub(crate) fn end() {
    if OURS.get() == Some(&true) {
        log::set_max_level(LevelFilter::Off);
    }
}
