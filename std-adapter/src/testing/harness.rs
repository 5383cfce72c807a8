// SPDX-License-Identifier: Apache-2.0
//! A host with one plugin: [`Harness`], from init to destroy.
#![expect(unsafe_code, reason = "a host calls a plugin by C functions")]

use std::ffi::{CStr, CString, c_void};
use std::fmt;
use std::marker::PhantomData;
use std::ptr::{null, null_mut};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use falconet::abi::{self, FAILURE, Rc, SUCCESS};
use falconet::export::{Exported, shell};
use falconet::{InitSchema, SetConfig};

use super::Line;
use super::host::{self, Host};

/// What stands in every byte that the plugin is to write.
pub(super) const POISON: u8 = 0xA5;
/// No rc of the API.
pub(super) const POISON_RC: Rc = i32::from_ne_bytes([POISON; 4]);
/// A pointer that nobody may follow.
pub(super) const POISON_PTR: usize = usize::from_ne_bytes([POISON; size_of::<usize>()]);

/// Why the plugin refused a call: its last error, as the host would show it.
///
/// ```
/// use falconet_std::testing::Failed;
/// let failed = Failed::new("no such file");
/// assert_eq!(failed, "no such file");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Failed(String);

impl Failed {
    /// Of this text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// As `unwrap` shows it: the text.
impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failed {}

impl PartialEq<str> for Failed {
    fn eq(&self, other: &str) -> bool {
        self.0 == *other
    }
}

impl PartialEq<&str> for Failed {
    fn eq(&self, other: &&str) -> bool {
        self.0 == **other
    }
}

/// A plugin that runs in this process, and its host: see [the module](super) for an example.
///
/// Dropping it destroys the plugin's state. What it has for a plugin depends on what the plugin's `export!` names: see
/// the methods.
pub struct Harness<P: Exported> {
    state: *mut c_void,
    host: Arc<Host>,
    _plugin: PhantomData<fn() -> P>,
}

impl<P: Exported> Harness<P> {
    /// `plugin_init`, with this config as the host passes it. It waits up to five seconds where all states are in use.
    ///
    /// # Errors
    /// The plugin's own.
    ///
    /// # Panics
    /// Where the plugin breaks a rule of the host, and where the config has a NUL byte.
    #[track_caller]
    pub fn init(config: &str) -> Result<Self, Failed> {
        let until = Instant::now() + Duration::from_secs(5);
        loop {
            let harness = Self::try_init(config);
            let none_free = std::ptr::addr_eq(harness.0.state, P::no_state());
            if none_free && Instant::now() < until {
                drop(harness);
                thread::sleep(Duration::from_millis(5));
                continue;
            }
            let (harness, rc) = harness;
            return match rc {
                SUCCESS if harness.state.is_null() => wrong("plugin_init succeeded with a NULL state"),
                SUCCESS => Ok(harness),
                // The text is the state's: it is read before the state is destroyed (rule 1.9).
                _ => Err(harness.failed("plugin_init", rc)),
            };
        }
    }

    #[track_caller]
    fn try_init(config: &str) -> (Self, Rc) {
        let host: Arc<Host> = Arc::default();
        let mut config = c_text(config).into_bytes_with_nul();
        let mut rc = POISON_RC;
        let input = abi::InitInput {
            config: config.as_ptr().cast(),
            owner: Arc::as_ptr(&host).cast_mut().cast(),
            get_owner_last_error: Some(host::no_error),
            tables: null(),
            log_fn: Some(host::log),
        };
        // SAFETY: the input and its text live for the call, the owner until the state is destroyed and longer.
        let state = unsafe { shell::init::<P>(&raw const input, &raw mut rc) };
        // Rule 1.10: what a plugin has not copied it may not keep.
        config.fill(POISON);
        let harness = Self { state, host, _plugin: PhantomData };
        harness.written("plugin_init", rc != POISON_RC, "its rc (rule 1.8)");
        harness.check();
        (harness, rc)
    }

    /// The state as the plugin gave it.
    pub(super) const fn state(&self) -> *mut c_void {
        self.state
    }

    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    /// `plugin_get_last_error`: the text of the last call that failed.
    ///
    /// # Panics
    /// Where it is NULL (rule 4.8).
    #[must_use]
    #[track_caller]
    pub fn last_error(&self) -> String {
        // SAFETY: the state is what init gave; the text is read before the next call.
        let text = unsafe { host::text(shell::get_last_error::<P>(self.state)) };
        text.unwrap_or_else(|| wrong("plugin_get_last_error gave NULL (rule 4.8)"))
    }

    /// The lines that the plugin has logged, and not been asked for yet.
    ///
    /// # Panics
    /// Where it logged no line of a severity.
    #[must_use]
    #[track_caller]
    pub fn logged(&self) -> Vec<Line> {
        self.check();
        self.host.take_lines()
    }

    /// Fails the test where the plugin has called its host wrongly.
    #[track_caller]
    pub(super) fn check(&self) {
        if let Some(fault) = self.host.fault() {
            wrong(&fault);
        }
    }

    /// Fails the test where the plugin has panicked, in a call that would not tell.
    #[track_caller]
    pub(super) fn check_whole(&self) {
        self.check();
        if let Some(panicked) = self.host.panicked() {
            wrong(&panicked);
        }
    }

    /// Fails the test where an output was not written.
    #[track_caller]
    pub(super) fn written(&self, call: &str, written: bool, what: &str) {
        if !written {
            wrong(&format!("{call} has not written {what}"));
        }
    }

    /// The error of a call that gave this rc, which is one of failure, with a text.
    #[track_caller]
    pub(super) fn failed(&self, call: &str, rc: Rc) -> Failed {
        if rc != FAILURE {
            wrong(&format!("{call} gave the rc {rc}: success is {SUCCESS}, failure {FAILURE}"));
        }
        let text = self.last_error();
        if text.is_empty() {
            wrong(&format!("{call} failed without a text in plugin_get_last_error"));
        }
        Failed(text)
    }

    /// The result of a call that gives an rc and no more.
    #[track_caller]
    pub(super) fn done(&self, call: &str, rc: Rc) -> Result<(), Failed> {
        self.check();
        if rc == SUCCESS { Ok(()) } else { Err(self.failed(call, rc)) }
    }
}

impl<P: Exported + SetConfig> Harness<P> {
    /// `plugin_set_config` (capability `set_config`).
    ///
    /// # Errors
    /// The plugin's own.
    ///
    /// # Panics
    /// As [`init`](Harness::init).
    #[track_caller]
    pub fn set_config(&self, config: &str) -> Result<(), Failed> {
        let mut config = c_text(config).into_bytes_with_nul();
        let input = abi::SetConfigInput { config: config.as_ptr().cast() };
        // SAFETY: the state is what init gave; the input and its text live for the call.
        let rc = unsafe { falconet::export::config::set_config::<P>(self.state, &raw const input) };
        config.fill(POISON);
        self.done("plugin_set_config", rc)
    }
}

impl<P: Exported + InitSchema> Harness<P> {
    /// The schema of the config, as JSON (capability `init_schema`).
    ///
    /// # Panics
    /// Where it is no JSON, or not of an object.
    #[must_use]
    #[track_caller]
    pub fn init_schema() -> serde_json::Value {
        let mut kind = u32::MAX;
        // SAFETY: the place is writable; the text is the plugin's constant.
        let text = unsafe { host::text(falconet::export::config::init_schema::<P>(&raw mut kind)) };
        if kind != abi::SCHEMA_JSON {
            wrong("plugin_get_init_schema has not said that it is JSON");
        }
        match serde_json::from_str::<serde_json::Value>(&text.unwrap_or_default()) {
            Ok(schema) if schema.get("type").is_some_and(|kind| kind == "object") => schema,
            Ok(_) => wrong("INIT_SCHEMA is not of the type `object`: the host refuses it"),
            Err(error) => wrong(&format!("INIT_SCHEMA is no JSON: {error}")),
        }
    }
}

impl<P: Exported> Drop for Harness<P> {
    fn drop(&mut self) {
        // SAFETY: the state is what init gave, destroyed once, also where its init failed (rule 1.9).
        unsafe { shell::destroy::<P>(std::mem::replace(&mut self.state, null_mut())) };
        if !thread::panicking() {
            self.check();
        }
    }
}

impl<P: Exported> fmt::Debug for Harness<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Harness").field("plugin", &P::INFO.name()).field("host", &self.host).finish()
    }
}

/// A C string of a test's text.
#[track_caller]
pub(super) fn c_text(text: &str) -> CString {
    CString::new(text).unwrap_or_else(|_| wrong("a test's text has a NUL byte: a host could not hand it over"))
}

/// The source of an event that has none.
pub(super) fn first_source(names: &[u8]) -> CString {
    let names = CStr::from_bytes_until_nul(names).unwrap_or_default();
    let names: Vec<String> = serde_json::from_slice(names.to_bytes()).unwrap_or_default();
    names.into_iter().next().and_then(|name| CString::new(name).ok()).unwrap_or_else(|| c"test".to_owned())
}

/// The plugin or the test has done what it may not.
#[track_caller]
#[cold]
#[expect(clippy::panic, reason = "a test kit fails the test")]
pub(super) fn wrong(what: &str) -> ! {
    panic!("{what}")
}
