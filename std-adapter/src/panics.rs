// SPDX-License-Identifier: Apache-2.0
//! Panics: caught where the host calls, told to it with message and place.
//!
//! A panic that left the plugin would end the host. It is caught at every entry point instead: the call fails, its text is
//! the last error and a line of the host's log, and the state takes no further calls. What was opened and begun still ends:
//! instances are dropped when they are closed, and `stop` is called, so that no thread outlives the library.
//!
//! A panic while another one unwinds, from a destructor, ends the process: Rust has no way to catch that one. std says so
//! on stderr, with its message and place.

use std::alloc::{Layout, dealloc};
use std::any::Any;
use std::cell::Cell;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};

use falconet::error::Message;
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

/// What the host is told of a panic.
fn tell(text: &mut Message, place: Option<Place>, what: &(dyn Any + Send)) {
    text.push_str("the plugin panicked");
    if let Some(place) = place {
        text.push_str(" at ");
        text.push_bytes(place.file.get(..place.len).unwrap_or_default());
        text.push_str(":");
        text.push_number(u64::from(place.line));
    }
    let what = what.downcast_ref::<&str>().copied().or_else(|| what.downcast_ref::<String>().map(String::as_str));
    text.push_str(": ");
    text.push_str(what.unwrap_or("(no message)"));
    text.push_str("; it takes no further calls");
}

/// Calls the author's code for a state; `None` where it panicked: then the state is broken and says why.
#[inline]
pub fn guard<R>(state: *const c_void, call: impl FnOnce() -> R) -> Option<R> {
    here::during(state.cast(), || catch_unwind(AssertUnwindSafe(call)).map_err(|what| broken(state, what)).ok())
}

/// Drops something of a state that is no more, by a call which may panic.
pub(crate) fn aside(call: impl FnOnce()) {
    here::aside(|| {
        if let Err(what) = catch_unwind(AssertUnwindSafe(call)) {
            broken(std::ptr::null(), what);
        }
    });
}

#[cold]
#[inline(never)]
#[expect(unsafe_code, reason = "a state begins with its head")]
fn broken(state: *const c_void, what: Box<dyn Any + Send>) {
    let mut text = Box::new(Message::new());
    tell(&mut text, PLACE.get().filter(|_| here::placed(false)), &*what);
    // SAFETY: a guarded call's state is the host's, which begins with a head and is not destroyed yet, or NULL.
    if let Some(head) = unsafe { state.cast::<Head>().as_ref() } {
        let text = Box::into_raw(text);
        // SAFETY: it was just boxed, and lives until `give_back`, or below.
        if !head.break_with(unsafe { &*text }) {
            // SAFETY: the head has not kept it.
            drop(unsafe { Box::from_raw(text) });
        }
    }
    // The author's payload may panic when it is dropped, and what that panics with may do so, too: that is not dropped.
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(what))) {
        here::placed(false);
        let again = Box::into_raw(again);
        // SAFETY: it was just a box.
        let layout = Layout::for_value(unsafe { &*again });
        if layout.size() > 0 {
            // SAFETY: the box's memory, of the box's layout, and nobody has the value any more.
            unsafe { dealloc(again.cast(), layout) };
        }
    }
}

/// Gives back the text of a state that ends.
///
/// # Safety
/// Nobody uses the state any more.
#[expect(unsafe_code, reason = "the text is the head's")]
pub(crate) unsafe fn give_back(head: &Head) {
    let text = head.take_broken().cast_mut();
    if !text.is_null() {
        // SAFETY: `broken` has boxed it, for this head alone, which ends here.
        drop(unsafe { Box::from_raw(text) });
    }
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
        // A panic while another one unwinds ends the process: then std says so. (And where the author has caught one
        // before, which cannot be told from that.)
        if here::placed(true) {
            before(info);
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
