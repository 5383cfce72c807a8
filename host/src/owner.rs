// SPDX-License-Identifier: Apache-2.0
//! The owner: what a plugin's state points back to, for its log messages and its failed table calls.
//!
//! The pointer that the plugin gets is only ever a key into the set of living owners. A plugin that logs with the
//! owner of a destroyed state, or with none, does no harm here; such messages are dropped.
#![expect(unsafe_code, reason = "log_fn is called by the plugin with C strings")]

use std::{
    collections::BTreeMap,
    ffi::{c_char, c_void},
    ptr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use falconet::abi::LogSeverity;

use crate::{
    logs::{LogRecord, Logs, Severity},
    tables, text,
};

/// The owners alive, by the pointer that their plugin has.
static ALIVE: Mutex<BTreeMap<usize, Arc<Inner>>> = Mutex::new(BTreeMap::new());

#[derive(Debug)]
struct Inner {
    name: String,
    logs: Logs,
    /// Whether the claimed API version has `log_fn` (rule 1.5).
    may_log: bool,
    warned: AtomicBool,
    failed: AtomicBool,
}

/// One owner, alive until dropped.
#[derive(Debug)]
pub(crate) struct Owner {
    inner: Arc<Inner>,
}

impl Owner {
    pub(crate) fn new(name: &str, logs: &Logs, may_log: bool) -> Self {
        let (warned, failed) = (AtomicBool::new(false), AtomicBool::new(false));
        let inner = Arc::new(Inner { name: name.to_owned(), logs: logs.clone(), may_log, warned, failed });
        let owner = Self { inner };
        let entry = Arc::clone(&owner.inner);
        ALIVE.lock().unwrap_or_else(PoisonError::into_inner).insert(owner.as_ptr().addr(), entry);
        owner
    }

    pub(crate) fn as_ptr(&self) -> *mut c_void {
        Arc::as_ptr(&self.inner).cast_mut().cast()
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        ALIVE.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.as_ptr().addr());
    }
}

fn alive(owner: *mut c_void) -> Option<Arc<Inner>> {
    ALIVE.lock().unwrap_or_else(PoisonError::into_inner).get(&owner.addr()).map(Arc::clone)
}

/// Notes that a call into the owner failed.
pub(crate) fn failed(owner: *mut c_void) {
    if let Some(owner) = alive(owner) {
        owner.failed.store(true, Ordering::Relaxed);
    }
}

/// `get_owner_last_error`: NULL until a call into the owner failed.
pub(crate) extern "C" fn last_error(owner: *mut c_void) -> *const c_char {
    match alive(owner) {
        Some(owner) if owner.failed.load(Ordering::Relaxed) => tables::NO_TABLES.as_ptr(),
        _ => ptr::null(),
    }
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
    let own = |severity, message: String| LogRecord { severity, component: "falconet".to_owned(), message };
    if !owner.may_log && !owner.warned.swap(true, Ordering::Relaxed) {
        let message = "log_fn was called, but the claimed API version has none: claim at least 3.3.0".to_owned();
        owner.logs.push(own(Severity::Warning, message));
    }
    let Some(message) = message else {
        owner.logs.push(own(Severity::Error, format!("log_fn of '{}' was called with NULL for a message", owner.name)));
        return;
    };
    let component = component.unwrap_or_else(|| owner.name.clone());
    owner.logs.push(LogRecord { severity: severity.into(), component, message });
}
