// SPDX-License-Identifier: Apache-2.0
//! The host's side of a test: the functions that the plugin is handed, and what they were called with.
#![expect(unsafe_code, reason = "C functions that a plugin calls")]

use std::ffi::{CStr, c_char, c_void};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use falconet::abi;
use falconet::log::Severity;

use super::Event;

/// A line that the plugin has logged.
///
/// ```
/// use falconet_std::log::Severity;
/// use falconet_std::testing::Line;
/// let line = Line { severity: Severity::Warning, text: "the file is empty".to_owned() };
/// assert_eq!(line, (Severity::Warning, "the file is empty"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How grave it is.
    pub severity: Severity,
    /// The line.
    pub text: String,
}

impl PartialEq<(Severity, &str)> for Line {
    fn eq(&self, (severity, text): &(Severity, &str)) -> bool {
        self.severity == *severity && self.text == *text
    }
}

/// What a plugin has told its host. Its functions run in calls of C, so they note what is wrong and never panic.
#[derive(Debug, Default)]
pub(super) struct Host {
    told: Mutex<Told>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Told {
    lines: Vec<Line>,
    events: Vec<Event>,
    /// The async events that are taken; none while no capture takes any.
    names: Option<&'static [&'static str]>,
    faults: Vec<String>,
    /// What the plugin has panicked with, if it was caught.
    panicked: Option<String>,
}

impl Host {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take_lines(&self) -> Vec<Line> {
        std::mem::take(&mut self.told().lines)
    }

    pub(super) fn take_events(&self) -> Vec<Event> {
        std::mem::take(&mut self.told().events)
    }

    /// Takes the events when they are as many, or when the time is over.
    pub(super) fn wait_for_events(&self, count: usize, time: Duration) -> Vec<Event> {
        let until = Instant::now() + time;
        let mut told = self.told();
        while told.events.len() < count {
            let Some(rest) = until.checked_duration_since(Instant::now()) else { break };
            told = self.changed.wait_timeout(told, rest).unwrap_or_else(PoisonError::into_inner).0;
        }
        std::mem::take(&mut told.events)
    }

    /// Which async events are taken from now on; gives which were before.
    pub(super) fn takes(&self, names: Option<&'static [&'static str]>) -> Option<&'static [&'static str]> {
        std::mem::replace(&mut self.told().names, names)
    }

    /// Puts events back that were taken, before all others.
    pub(super) fn put_events(&self, events: Vec<Event>) {
        self.told().events.splice(..0, events);
    }

    /// What it was called wrongly with, if it was.
    pub(super) fn fault(&self) -> Option<String> {
        self.told().faults.pop()
    }

    pub(super) fn panicked(&self) -> Option<String> {
        self.told().panicked.clone()
    }

    fn logged(&self, line: Result<Line, String>) {
        let mut told = self.told();
        match line {
            Err(fault) => told.faults.push(fault),
            Ok(line) => {
                if line.severity == Severity::Critical && line.text.starts_with("the plugin panicked") {
                    told.panicked = Some(line.text.clone());
                }
                told.lines.push(line);
            }
        }
    }

    /// Takes a copy of an async event, or says why not.
    fn takes_event(&self, bytes: Vec<u8>) -> Result<(), String> {
        let mut told = self.told();
        let Some(names) = told.names else {
            let late = "an async event came when no handler was set (rule 7.3): join what emits before `stop` returns";
            told.faults.push(late.to_owned());
            return Err(late.to_owned());
        };
        let taken = Event::checked(bytes).and_then(|event| match event.as_async() {
            Some((name, _)) if !names.contains(&name) => Err(format!("the async event '{name}' is not declared")),
            Some(_) if event.thread() != u64::MAX => Err("an async event has a thread id (rule 7.1)".to_owned()),
            Some(_) => Ok(event),
            None => Err(format!("type 402 was expected of an async event, and was {}", event.event_type())),
        });
        match taken {
            Ok(event) => told.events.push(event),
            Err(fault) => {
                told.faults.push(fault.clone());
                return Err(fault);
            }
        }
        drop(told);
        self.changed.notify_all();
        Ok(())
    }
}

/// `log_fn`; the owner is a [`Host`].
pub(super) unsafe extern "C" fn log(owner: *mut c_void, component: *const c_char, line: *const c_char, severity: u32) {
    // SAFETY: the owner is what init handed over, kept until the state is destroyed and longer.
    let Some(host) = (unsafe { owner.cast::<Host>().as_ref() }) else { return };
    // SAFETY: the plugin says that they are NULL or C strings.
    let (component, text) = unsafe { (text(component), text(line)) };
    let line = match (component, text, severity_of(severity)) {
        (Some(name), ..) => Err(format!("log_fn was called with the component '{name}': NULL is the plugin's name")),
        (None, None, _) => Err("log_fn was called with NULL as the line".to_owned()),
        (.., None) => Err(format!("log_fn was called with the severity {severity}: 1 to 8 were expected")),
        (None, Some(text), Some(severity)) => Ok(Line { severity, text }),
    };
    host.logged(line);
}

/// `get_owner_last_error`.
pub(super) unsafe extern "C" fn no_error(_: *mut c_void) -> *const c_char {
    c"".as_ptr()
}

/// `ss_plugin_async_event_handler_t`; the owner is a [`Host`].
pub(super) unsafe extern "C" fn async_event(
    owner: *mut c_void,
    event: *const abi::Event,
    error: *mut c_char,
) -> abi::Rc {
    // SAFETY: the owner is what was handed over with the handler, kept until the state is destroyed and longer.
    let Some(host) = (unsafe { owner.cast::<Host>().as_ref() }) else { return abi::FAILURE };
    // SAFETY: NULL, or a whole event, lent for the call.
    let bytes = unsafe { copy_of(event) };
    let Err(why) = bytes.and_then(|bytes| host.takes_event(bytes)) else { return abi::SUCCESS };
    if !error.is_null() {
        let len = why.len().min(abi::MAX_ERRLEN - 1);
        // SAFETY: the buffer has PLUGIN_MAX_ERRLEN bytes, one of which is left for the NUL.
        unsafe {
            error.cast::<u8>().copy_from_nonoverlapping(why.as_ptr(), len);
            error.cast::<u8>().add(len).write(0);
        }
    }
    abi::FAILURE
}

/// The bytes of an event.
///
/// # Safety
/// `event` is NULL, or points at as many bytes as its header says.
pub(super) unsafe fn copy_of(event: *const abi::Event) -> Result<Vec<u8>, String> {
    if event.is_null() {
        return Err("a pointer to an event is NULL".to_owned());
    }
    // SAFETY: as this function's; it may be unaligned, and so is the packed struct.
    let len = unsafe { (*event).len } as usize;
    if len < falconet::event::HEADER_LEN {
        return Err(format!("an event has {len} bytes, less than its header"));
    }
    // SAFETY: as this function's.
    Ok(unsafe { std::slice::from_raw_parts(event.cast::<u8>(), len) }.to_vec())
}

/// # Safety
/// `pointer` is NULL or a C string.
pub(super) unsafe fn text(pointer: *const c_char) -> Option<String> {
    // SAFETY: as this function's.
    (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned())
}

/// The host's clock.
pub(super) fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX - 1)
}

fn severity_of(number: u32) -> Option<Severity> {
    use Severity::{Critical, Debug, Error, Fatal, Info, Notice, Trace, Warning};
    let all = [Fatal, Critical, Error, Warning, Notice, Info, Debug, Trace];
    all.into_iter().find(|severity| *severity as u32 == number)
}
