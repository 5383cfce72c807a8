// SPDX-License-Identifier: Apache-2.0
//! Panics: caught where the host calls, told to it with message and place.
//!
//! A panic that left the plugin would end the host. It is caught at every entry point instead: the call fails, its text is
//! the last error and a line of the host's log, and the state takes no further calls but its destruction.

use std::any::Any;
use std::cell::Cell;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};

use falconet::error::{Message, Report};
use falconet::export::Head;

use crate::here;

/// Where a panic was: the end of the file's name, and the line. Nothing in it is dropped, so that no destructor of a
/// thread's storage is left behind when the library is unmapped (rule 11.2).
#[derive(Clone, Copy)]
struct Place {
    file: [u8; 120],
    len: usize,
    line: u32,
}

thread_local! {
    /// Where the last panic of this thread was, in a call of the host.
    static PLACE: Cell<Option<Place>> = const { Cell::new(None) };
}

/// A panic that was caught: its message, and where it was.
struct Panicked {
    what: Box<dyn Any + Send>,
    place: Option<Place>,
}

impl Report for Panicked {
    fn report(&self, text: &mut Message) {
        text.push_str("the plugin panicked");
        if let Some(place) = self.place {
            text.push_str(" at ");
            text.push_bytes(place.file.get(..place.len).unwrap_or_default());
            text.push_str(":");
            text.push_number(u64::from(place.line));
        }
        let what = self.what.downcast_ref::<&str>().copied();
        let what = what.or_else(|| self.what.downcast_ref::<String>().map(String::as_str));
        text.push_str(": ");
        text.push_str(what.unwrap_or("(no message)"));
        text.push_str("; it takes no further calls");
    }
}

/// Calls the author's code for a state; `None` where it panicked: then the state is broken and says why.
#[inline]
pub fn guard<R>(state: *const c_void, call: impl FnOnce() -> R) -> Option<R> {
    match here::during(state.cast(), || catch_unwind(AssertUnwindSafe(call))) {
        Ok(result) => Some(result),
        Err(what) => {
            broken(state, what);
            None
        }
    }
}

#[cold]
#[inline(never)]
#[expect(unsafe_code, reason = "a state begins with its head")]
fn broken(state: *const c_void, what: Box<dyn Any + Send>) {
    let panicked = Panicked { what, place: PLACE.take() };
    // SAFETY: a guarded call's state is the host's, which begins with a head and is not destroyed yet, or NULL.
    if let Some(head) = unsafe { state.cast::<Head>().as_ref() } {
        head.break_with(&panicked);
    }
    // The author's payload may panic when it is dropped.
    let _twice = catch_unwind(AssertUnwindSafe(|| drop(panicked)));
}

/// The hook of panics while a plugin's state lives: notes where a guarded call panics, and keeps std's text from stderr
/// then, because the host tells it. Other panics go to the hook that was there.
///
/// A plugin has a std of its own, so the hook sees panics of this library only.
pub(crate) fn install_hook() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        if !here::in_call() {
            return before(info);
        }
        PLACE.set(info.location().map(|location| {
            let name = location.file().as_bytes();
            let end = name.get(name.len().saturating_sub(120)..).unwrap_or_default();
            let mut place = Place { file: [0; 120], len: end.len(), line: location.line() };
            place.file.iter_mut().zip(end).for_each(|(to, from)| *to = *from);
            place
        }));
    }));
}

/// Takes the hook away again: the last state is gone, and the library may be unmapped.
pub(crate) fn remove_hook() {
    // A panicking thread may not touch it; then it stays.
    if !std::thread::panicking() {
        drop(std::panic::take_hook());
    }
}
