// SPDX-License-Identifier: Apache-2.0
//! Whose call this thread is in: the state, whose log its lines go to.
//!
//! It is looked up in every call of the host, so it is one access to the thread's storage, of constant initial value, and
//! nothing in it is dropped: no destructor is left behind when the library is unmapped (rule 11.2).

use std::cell::Cell;
use std::ptr::{eq, null};

use falconet::Log;
use falconet::export::Head;

struct Here {
    /// The state of the innermost call of the host; NULL outside of calls.
    call: Cell<*const Head>,
    /// Whether something of a state that is no more is dropped.
    aside: Cell<bool>,
    /// Whether a panic in a call has noted its place, and nobody has asked for it.
    placed: Cell<bool>,
    /// What the thread was given by [`with_log`] or [`adopt`].
    given: Cell<Option<Given>>,
}

/// A log that was given to a thread.
#[derive(Clone, Copy)]
struct Given {
    log: Log,
    /// In which call: one that the host makes inside of it has the log of its own state.
    call: *const Head,
}

thread_local! {
    static HERE: Here = const { Here { call: Cell::new(null()), aside: Cell::new(false), placed: Cell::new(false), given: Cell::new(None) } };
}

/// Makes a call for a state, which must not unwind.
#[inline]
pub(crate) fn during<R>(state: *const Head, call: impl FnOnce() -> R) -> R {
    HERE.with(|here| {
        let before = here.call.replace(state);
        let result = call();
        here.call.set(before);
        result
    })
}

/// Drops something of a state that is no more, which must not unwind.
pub(crate) fn aside<R>(call: impl FnOnce() -> R) -> R {
    let before = HERE.with(|here| here.aside.replace(true));
    let result = call();
    HERE.with(|here| here.aside.set(before));
    result
}

/// Whether a panic has noted its place; `now` from here on.
pub(crate) fn placed(now: bool) -> bool {
    HERE.with(|here| here.placed.replace(now))
}

/// Whether a panic of this thread is caught and told to the host.
pub(crate) fn in_call() -> bool {
    HERE.with(|here| !here.call.get().is_null() || here.aside.get())
}

/// The log of the innermost call, or what was given.
#[expect(unsafe_code, reason = "a state begins with its head")]
pub(crate) fn log() -> Option<Log> {
    HERE.with(|here| {
        let call = here.call.get();
        if let Some(given) = here.given.get().filter(|given| eq(given.call, call)) {
            return Some(given.log);
        }
        // SAFETY: NULL, or the state of a call that is under way: the host destroys it when the call has returned.
        unsafe { call.as_ref() }.map(Head::log)
    })
}

/// Gives this thread a log for as long as `work` takes, also where that panics.
pub(crate) fn with_log<R>(log: Log, work: impl FnOnce() -> R) -> R {
    let given = HERE.with(|here| here.given.replace(Some(Given { log, call: here.call.get() })));
    let _restored = Restore(given);
    work()
}

/// Gives this thread a log for all that it does outside of calls.
pub(crate) fn keep(log: Log) {
    HERE.with(|here| here.given.set(Some(Given { log, call: null() })));
}

/// Gives the thread back what it had, when it is dropped.
struct Restore(Option<Given>);

impl Drop for Restore {
    fn drop(&mut self) {
        HERE.with(|here| here.given.set(self.0));
    }
}
