// SPDX-License-Identifier: Apache-2.0
//! The owner: what a plugin's state points back to, for its log messages, its tables and its failed calls.
//!
//! The pointer that the plugin gets is only ever a key into the set of living owners. A plugin that logs with the
//! owner of a destroyed state, or with none, does no harm here; such messages are dropped.
#![expect(unsafe_code, reason = "log_fn is called by the plugin with C strings, and its last error is asked for")]

use std::{
    cell::RefCell,
    collections::BTreeMap,
    ffi::{CString, c_char, c_void},
    ptr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use falconet::abi::{LogSeverity, PluginApi, since};

use crate::{
    async_events::Handler,
    findings::Findings,
    library::Info,
    logs::{LogRecord, Logs, Severity},
    routines::Listening,
    tables::{Access, Handles, Refusal, Tables},
    text,
};

/// The owners alive, by the pointer that their plugin has.
static ALIVE: Mutex<BTreeMap<usize, Arc<Inner>>> = Mutex::new(BTreeMap::new());

thread_local! {
    /// Whose functions are being called on this thread, the innermost last.
    static CALLED: RefCell<Vec<Arc<Inner>>> = const { RefCell::new(Vec::new()) };
}

/// What all plugins of an inspector share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shared {
    pub(crate) tables: Tables,
    pub(crate) findings: Findings,
}

/// A plugin's state and functions, while it lives.
#[derive(Clone, Copy)]
pub(crate) struct State {
    pub(crate) api: PluginApi,
    pub(crate) pointer: *mut c_void,
}

// SAFETY: used only for `get_last_error` on the thread that uses the plugin, and for `get_metrics`, which the API lets
// any thread call (rule 8.2).
unsafe impl Send for State {}
// SAFETY: as above.
unsafe impl Sync for State {}

pub(crate) struct Inner {
    pub(crate) name: String,
    /// The minor number of the claimed API version (rule 1.5).
    pub(crate) minor: u32,
    /// The async events that the plugin declares, and the sources into which it injects them.
    pub(crate) async_events: Vec<String>,
    pub(crate) async_sources: Vec<String>,
    logs: Logs,
    pub(crate) tables: Tables,
    findings: Findings,
    warned: AtomicBool,
    destroyed: AtomicBool,
    last_error: Mutex<Option<CString>>,
    handles: Mutex<Handles>,
    /// Set from the end of init to destroy.
    state: RwLock<Option<State>>,
    /// The tables that the plugin asked for in vain.
    missed: Mutex<Vec<String>>,
    handler: Mutex<Handler>,
    /// The events that the plugin dumps, while it does.
    dump: Mutex<Option<Vec<Vec<u8>>>>,
    listening: Mutex<Listening>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    pub(crate) fn handler(&self) -> MutexGuard<'_, Handler> {
        lock(&self.handler)
    }

    pub(crate) fn dump(&self) -> MutexGuard<'_, Option<Vec<Vec<u8>>>> {
        lock(&self.dump)
    }

    pub(crate) fn listening(&self) -> MutexGuard<'_, Listening> {
        lock(&self.listening)
    }

    /// No routine can be subscribed any more.
    pub(crate) fn end_routines(&self) {
        *self.listening() = Listening::Closed;
    }

    /// What `get_owner_last_error` says.
    pub(crate) fn last_error_text(&self) -> String {
        lock(&self.last_error).as_ref().map_or_else(String::new, |text| text.to_string_lossy().into_owned())
    }

    pub(crate) fn handles(&self) -> MutexGuard<'_, Handles> {
        lock(&self.handles)
    }

    /// Notes what the plugin did against a rule.
    pub(crate) fn found(&self, rule: &'static str, message: String) {
        self.findings.add(&self.name, rule, message);
    }

    /// A call of the plugin failed: its last error, and a finding if it broke a rule.
    pub(crate) fn refuse(&self, function: &str, refusal: Refusal) {
        let text = match refusal {
            Refusal::Silent => None,
            Refusal::Failed(text) => Some(text),
            Refusal::Broken(rule, what) => {
                let text = format!("{function}: {what}");
                self.found(rule, text.clone());
                Some(text)
            }
        };
        let text = text.map(|text| CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default());
        *lock(&self.last_error) = text;
    }

    /// Notes that there is no table of this name.
    pub(crate) fn missed(&self, table: &str) {
        lock(&self.missed).push(table.to_owned());
    }

    pub(crate) fn is_alive(&self) -> bool {
        !self.destroyed.load(Ordering::Acquire)
    }

    /// What the plugin's own last error says; `None` before the end of its init.
    pub(crate) fn message_of_plugin(&self) -> Option<String> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let state = state.as_ref().filter(|state| !state.pointer.is_null())?;
        // SAFETY: the state is alive while the lock is held; the text lives until the next call into it.
        state.api.get_last_error.and_then(|last_error| unsafe { text::text(last_error(state.pointer)) })
    }

    /// Runs `body` with the plugin's state, which lives until it returns; `None` if it is destroyed.
    pub(crate) fn with_state<R>(&self, body: impl FnOnce(&State) -> R) -> Option<R> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(body)
    }

    pub(crate) fn log(&self, severity: Severity, message: String) {
        self.logs.push(LogRecord { severity, component: "falconet".to_owned(), message });
    }
}

/// One owner, alive until dropped.
pub(crate) struct Owner {
    inner: Arc<Inner>,
}

impl Owner {
    pub(crate) fn new(info: &Info, logs: &Logs, shared: &Shared) -> Self {
        let inner = Arc::new(Inner {
            name: info.name.clone(),
            minor: info.api_version.minor,
            async_events: info.async_events.clone(),
            async_sources: info.async_sources.clone(),
            logs: logs.clone(),
            tables: shared.tables.clone(),
            findings: shared.findings.clone(),
            warned: AtomicBool::new(false),
            destroyed: AtomicBool::new(false),
            last_error: Mutex::default(),
            handles: Mutex::default(),
            state: RwLock::default(),
            missed: Mutex::default(),
            handler: Mutex::default(),
            dump: Mutex::default(),
            listening: Mutex::default(),
        });
        let owner = Self { inner };
        let entry = Arc::clone(&owner.inner);
        lock(&ALIVE).insert(owner.as_ptr().addr(), entry);
        owner
    }

    pub(crate) fn as_ptr(&self) -> *mut c_void {
        Arc::as_ptr(&self.inner).cast_mut().cast()
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    /// Says that init has returned.
    pub(crate) fn set_state(&self, state: State) {
        *self.inner.state.write().unwrap_or_else(PoisonError::into_inner) = Some(state);
    }

    /// Takes the tables that the plugin asked for in vain.
    pub(crate) fn take_missed(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.inner.missed))
    }

    /// Says that a function of the plugin is being called on this thread, which may use tables so.
    pub(crate) fn enter(&self, callback: &'static str, access: Access) -> Called<'_> {
        self.inner.handles().begin(callback, access);
        CALLED.with_borrow_mut(|called| called.push(Arc::clone(&self.inner)));
        Called(self)
    }

    /// Says that the plugin is about to be destroyed: its tables are gone, and who asks for its metrics is waited for.
    pub(crate) fn close(&self) {
        self.inner.tables.remove_of(&self.inner.name);
        self.inner.destroyed.store(true, Ordering::Release);
        *self.inner.state.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        *self.inner.handles() = Handles::default();
        lock(&ALIVE).remove(&self.as_ptr().addr());
    }
}

/// A call of the host into a plugin, from now until this is dropped.
pub(crate) struct Called<'a>(&'a Owner);

impl Drop for Called<'_> {
    fn drop(&mut self) {
        CALLED.with_borrow_mut(Vec::pop);
        let told = self.0.inner.handles().end();
        for (rule, message) in told {
            self.0.inner.found(rule, message);
        }
    }
}

/// The owner whose plugin is being called on this thread.
pub(crate) fn called() -> Option<Arc<Inner>> {
    // A thread that ends has no calls.
    CALLED.try_with(|called| called.borrow().last().map(Arc::clone)).ok().flatten()
}

/// Notes that a table function was called while nothing of a plugin was being called on this thread.
pub(crate) fn stray(table: usize, function: &str) {
    let alive: Vec<_> = lock(&ALIVE).values().map(Arc::clone).collect();
    if let Some(owner) = alive.iter().find(|owner| owner.handles().has_table(table)) {
        let what =
            "tables are used on the thread and during the call of init, extract, parse, capture_open or capture_close";
        owner.refuse(function, Refusal::Broken("9.6", what.to_owned()));
    }
}

pub(crate) fn alive(owner: *mut c_void) -> Option<Arc<Inner>> {
    lock(&ALIVE).get(&owner.addr()).map(Arc::clone)
}

/// `get_owner_last_error`: NULL until a call into the owner failed. The text lives until the next one fails.
pub(crate) extern "C" fn last_error(owner: *mut c_void) -> *const c_char {
    let Some(owner) = alive(owner) else { return ptr::null() };
    let last_error = lock(&owner.last_error);
    last_error.as_ref().map_or(ptr::null(), |text| text.as_ptr())
}

/// `log_fn`. Any thread of the plugin may call it.
pub(crate) unsafe extern "C" fn log(
    owner: *mut c_void,
    component: *const c_char,
    message: *const c_char,
    severity: LogSeverity,
) {
    let Some(owner) = alive(owner) else { return };
    // SAFETY: the plugin passes NULL or C strings that live during the call.
    let (component, message) = unsafe { (text::text(component), text::text(message)) };
    if owner.minor < since::LOG && !owner.warned.swap(true, Ordering::Relaxed) {
        let message = "log_fn was called, but the claimed API version has none: claim at least 3.3.0";
        owner.log(Severity::Warning, message.to_owned());
    }
    let Some(message) = message else {
        owner.log(Severity::Error, format!("log_fn of '{}' was called with NULL for a message", owner.name));
        return;
    };
    let component = component.unwrap_or_else(|| owner.name.clone());
    owner.logs.push(LogRecord { severity: severity.into(), component, message });
}
