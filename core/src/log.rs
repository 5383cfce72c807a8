// SPDX-License-Identifier: Apache-2.0
//! The host's log, through handles that any thread may hold: [`Log`], and the state's [`Counters`].
//!
//! A handle belongs to one plugin state, never to the process. It becomes inert the moment the host destroys the
//! state: no call into the host begins or goes on after `plugin_destroy` has returned. Nothing here panics or
//! allocates; a message is formatted in a buffer of 1,024 bytes on the stack and cut at its end.
#![expect(unsafe_code, reason = "log_fn is a C function of the host")]

use core::ffi::c_void;
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use crate::abi;
use crate::error::Message;
use crate::gate::Gate;

/// How grave a log line is (`ss_plugin_log_severity`).
///
/// ```
/// use falconet::log::Severity;
/// assert!(Severity::Error < Severity::Debug); // graver is less
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Severity {
    /// The process cannot go on.
    Fatal = abi::LOG_FATAL,
    /// A part of the process cannot go on.
    Critical = abi::LOG_CRITICAL,
    /// Something failed.
    Error = abi::LOG_ERROR,
    /// Something is not as it should be.
    Warning = abi::LOG_WARNING,
    /// Normal, but of note.
    Notice = abi::LOG_NOTICE,
    /// Normal.
    Info = abi::LOG_INFO,
    /// For the plugin's author.
    Debug = abi::LOG_DEBUG,
    /// For the plugin's author, in every detail.
    Trace = abi::LOG_TRACE,
}

/// The part of a plugin state that any thread may touch. It lies beside the plugin value, in static storage.
pub(crate) struct Shared {
    /// The host's log, from the state's begin to its end: a handle of an earlier state is inert.
    host: Gate<HostLog>,
    values_dropped: AtomicU64,
    dropped_logged: AtomicBool,
    events_skipped: AtomicU64,
    events_truncated: AtomicU64,
    beside: AtomicU8,
}

#[derive(Clone, Copy)]
struct HostLog {
    owner: *mut c_void,
    log_fn: abi::LogFn,
}

// SAFETY: the owner is only ever handed back to the host's log_fn, which takes calls from any thread.
unsafe impl Send for HostLog {}
// SAFETY: as above; nothing is read through the pointer here.
unsafe impl Sync for HostLog {}

impl Shared {
    pub(crate) const fn new() -> Self {
        Self {
            host: Gate::new(),
            values_dropped: AtomicU64::new(0),
            dropped_logged: AtomicBool::new(false),
            events_skipped: AtomicU64::new(0),
            events_truncated: AtomicU64::new(0),
            beside: AtomicU8::new(0),
        }
    }

    /// A new state begins, whose host logs with `log_fn`.
    ///
    /// # Safety
    /// `log_fn` may be called with `owner`, from any thread, until [`Shared::end`] returns, which the caller calls before
    /// the next state begins.
    #[inline]
    pub(crate) unsafe fn begin(&self, owner: *mut c_void, log_fn: abi::LogFn) {
        self.values_dropped.store(0, Ordering::Relaxed);
        self.dropped_logged.store(false, Ordering::Relaxed);
        self.events_skipped.store(0, Ordering::Relaxed);
        self.events_truncated.store(0, Ordering::Relaxed);
        self.beside.store(0, Ordering::Relaxed);
        // SAFETY: a state begins once; the shell has taken it.
        unsafe { self.host.open(HostLog { owner, log_fn }) };
    }

    /// The state ends: waits for calls into the host that are under way on other threads, and lets none begin.
    pub(crate) fn end(&self) {
        self.host.shut();
    }

    pub(crate) fn log(&'static self) -> Log {
        Log { shared: self, state: self.host.ticket() }
    }

    pub(crate) fn counters(&'static self) -> Counters {
        Counters { shared: self, state: self.host.ticket() }
    }

    /// A value was not handed over; the first time there is a line in the log, too.
    #[cold]
    pub(crate) fn value_dropped(&'static self, field: &[u8], why: &str) {
        self.values_dropped.fetch_add(1, Ordering::Relaxed);
        if !self.dropped_logged.swap(true, Ordering::Relaxed) {
            let mut text = Message::<256>::new();
            text.push_str("field ");
            text.push_bytes(field);
            text.push_str(" gives no value: ");
            text.push_str(why);
            text.push_str("; further values like it are counted only");
            self.log().message(Severity::Warning, &text);
        }
    }

    #[cold]
    pub(crate) fn oversized(&self, skipped: u64, truncated: u64) {
        self.events_skipped.fetch_add(skipped, Ordering::Relaxed);
        self.events_truncated.fetch_add(truncated, Ordering::Relaxed);
    }
}

/// Writes to the log of the host that a plugin state belongs to, from any thread.
///
/// Got from [`Init::log`](crate::Init::log). After the state is destroyed it does nothing.
///
/// ```
/// use falconet::log::{Log, Severity};
/// fn told(log: Log, lines: u64) {
///     log.info("the file was rotated");
///     log.write(Severity::Debug, format_args!("{lines} lines so far"));
/// }
/// ```
#[derive(Clone, Copy)]
pub struct Log {
    shared: &'static Shared,
    state: u64,
}

impl Log {
    /// Writes a formatted line; what is over 1,023 bytes is cut.
    pub fn write(&self, severity: Severity, line: fmt::Arguments<'_>) {
        let mut text = Message::<{ abi::MAX_ERRLEN }>::new();
        let _cut_is_fine = fmt::Write::write_fmt(&mut text, line);
        self.message(severity, &text);
    }

    /// Writes a line as it is, without `core::fmt`.
    pub fn line(&self, severity: Severity, line: &str) {
        let mut text = Message::<{ abi::MAX_ERRLEN }>::new();
        text.push_str(line);
        self.message(severity, &text);
    }

    /// A line of severity [`Severity::Error`].
    pub fn error(&self, line: &str) {
        self.line(Severity::Error, line);
    }

    /// A line of severity [`Severity::Warning`].
    pub fn warning(&self, line: &str) {
        self.line(Severity::Warning, line);
    }

    /// A line of severity [`Severity::Info`].
    pub fn info(&self, line: &str) {
        self.line(Severity::Info, line);
    }

    /// A line of severity [`Severity::Debug`].
    pub fn debug(&self, line: &str) {
        self.line(Severity::Debug, line);
    }

    /// Writes a message that was put together without `core::fmt`.
    pub fn message<const N: usize>(&self, severity: Severity, text: &Message<N>) {
        self.shared.host.enter(self.state, |host| {
            if let Some(log_fn) = host.log_fn {
                // SAFETY: `begin`'s caller says that the function may be called with this owner until `end` returns, and
                // `end` waits for this call. The text ends in a NUL; NULL as the component means the plugin's name.
                unsafe { log_fn(host.owner, core::ptr::null(), text.as_ptr(), severity as abi::LogSeverity) }
            }
        });
    }
}

impl Log {
    /// A byte of the state's for an SDK on top of this one, 0 when the state begins; `None` when it has ended. Nothing here
    /// reads it.
    #[doc(hidden)]
    #[must_use]
    pub fn beside(&self) -> Option<&'static AtomicU8> {
        if self.shared.host.is_over(self.state) { None } else { Some(&self.shared.beside) }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").finish_non_exhaustive()
    }
}

/// What a plugin state has counted, readable from any thread.
///
/// Got from [`Init::counters`](crate::Init::counters). After the state is destroyed all are 0.
///
/// ```
/// fn report(counters: falconet::log::Counters) -> bool {
///     counters.values_dropped() + counters.events_skipped() > 0
/// }
/// ```
#[derive(Clone, Copy)]
pub struct Counters {
    shared: &'static Shared,
    state: u64,
}

impl Counters {
    /// Values that were not handed over because they do not fit a request's memory or hold a NUL byte.
    #[must_use]
    pub fn values_dropped(&self) -> u64 {
        self.read(&self.shared.values_dropped)
    }

    /// Events left out by [`Oversized::Skip`](crate::batch::Oversized::Skip) or
    /// [`Batch::skip`](crate::Batch::skip).
    #[must_use]
    pub fn events_skipped(&self) -> u64 {
        self.read(&self.shared.events_skipped)
    }

    /// Events cut to the largest payload by [`Oversized::Truncate`](crate::batch::Oversized::Truncate).
    #[must_use]
    pub fn events_truncated(&self) -> u64 {
        self.read(&self.shared.events_truncated)
    }

    fn read(&self, counter: &AtomicU64) -> u64 {
        if !self.shared.host.is_over(self.state) { counter.load(Ordering::Relaxed) } else { 0 }
    }
}

impl fmt::Debug for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counters")
            .field("values_dropped", &self.values_dropped())
            .field("events_skipped", &self.events_skipped())
            .field("events_truncated", &self.events_truncated())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::ffi::{CStr, c_char};
    use std::string::{String, ToString};
    use std::sync::Mutex;
    use std::vec::Vec;

    static LINES: Mutex<Vec<(usize, u32, String)>> = Mutex::new(Vec::new());

    unsafe extern "C" fn log_fn(owner: *mut c_void, component: *const c_char, text: *const c_char, severity: u32) {
        assert!(component.is_null());
        // SAFETY: a log text ends in a NUL.
        let text = unsafe { CStr::from_ptr(text) };
        LINES.lock().unwrap().push((owner as usize, severity, text.to_str().unwrap().to_string()));
    }

    #[test]
    fn a_handle_is_inert_once_its_state_ends() {
        static SHARED: Shared = Shared::new();
        // SAFETY: `log_fn` above takes any owner.
        unsafe { SHARED.begin(7 as *mut c_void, Some(log_fn)) };
        let log = SHARED.log();
        let counters = SHARED.counters();
        log.write(Severity::Notice, format_args!("{} of {}", 1, 2));
        SHARED.value_dropped(b"a.b", "it is too long");
        SHARED.value_dropped(b"a.b", "it is too long");
        assert_eq!(counters.values_dropped(), 2);
        SHARED.end();
        log.error("too late");
        assert_eq!(counters.values_dropped(), 0);
        // SAFETY: as above.
        unsafe { SHARED.begin(8 as *mut c_void, Some(log_fn)) };
        log.error("another state's slot");
        SHARED.log().error("the second state");
        SHARED.end();
        let lines = LINES.lock().unwrap();
        let dropped = "field a.b gives no value: it is too long; further values like it are counted only";
        let expected = [(7, 5, "1 of 2"), (7, 4, dropped), (8, 3, "the second state")];
        assert_eq!(lines.len(), expected.len());
        for (line, (owner, severity, text)) in lines.iter().zip(expected) {
            assert_eq!(line, &(owner, severity, text.to_string()));
        }
    }
}
