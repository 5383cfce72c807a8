// SPDX-License-Identifier: Apache-2.0
//! Plugin states in static slots: what the host's opaque pointers point at. The instances are in `instance`.
//!
//! ```text
//! ss_plugin_t*   -> State    { head: Head { phase, handles, shared, error }, texts, plugin, extraction, beside }
//! ss_instance_t* -> InstanceSlot { taken, owner, eof, lease, value }
//! ```
//!
//! Everything is reached through [`UnsafeCell`]s by disjoint parts, never by a `&mut` of a whole state: log handles and
//! counters of the same state may be in use on other threads.
#![expect(unsafe_code, reason = "the host keeps states and instances by pointer and says when they end")]

use core::cell::UnsafeCell;
use core::ffi::{CStr, c_char, c_void};
use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::{null, null_mut};
use core::sync::atomic::{AtomicPtr, AtomicU8, AtomicU32, Ordering};

use spin::Mutex;

use super::Exported;
use crate::abi;
use crate::error::{Error, Message, Report};
use crate::log::{Log, Severity, Shared};
use crate::plugin::Plugin;
use crate::source::Source;
use crate::text::OpenParams;

/// What a state is at the moment.
mod phase {
    /// Free for an init.
    pub(super) const FREE: u8 = 0;
    /// Taken by an init that has not succeeded: it has an error text and nothing else.
    pub(super) const FAILED: u8 = 1;
    /// Its plugin value is there.
    pub(super) const LIVE: u8 = 2;
    /// Its plugin value is there, and has panicked: nothing is called but its drop.
    pub(super) const BROKEN: u8 = 3;
    /// Destroyed, and kept by a handle still.
    pub(super) const ENDED: u8 = 4;
}

/// The part of a state that does not depend on the plugin's type. What is small stands first: reaching it is a shorter
/// instruction.
#[repr(C)]
pub struct Head {
    phase: AtomicU8,
    /// Locked for the writing only: the host reads the text by pointer, on the thread that got the failure.
    writing: Mutex<()>,
    /// Whoever keeps the slot: the state itself, and each [`Shared`](crate::Shared) handle. The last one frees it.
    kept: AtomicU32,
    /// What gives its memory back then; NULL for a static one.
    free: AtomicPtr<()>,
    /// Why the plugin takes no further calls; NULL while it does.
    broken: AtomicPtr<Message>,
    pub(crate) shared: Shared,
    error: UnsafeCell<Message>,
}

// SAFETY: the error text is written under its lock only; the host reads it when no call of its state is under way.
unsafe impl Sync for Head {}

impl Head {
    /// Free, without an error.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "made by `export!` in a static, and nowhere else")]
    pub const fn new() -> Self {
        Self {
            phase: AtomicU8::new(phase::FREE),
            writing: Mutex::new(()),
            kept: AtomicU32::new(0),
            free: AtomicPtr::new(null_mut()),
            broken: AtomicPtr::new(null_mut()),
            shared: Shared::new(),
            error: UnsafeCell::new(Message::new()),
        }
    }

    #[inline]
    pub(super) fn is_live(&self) -> bool {
        self.phase.load(Ordering::Acquire) == phase::LIVE
    }

    /// Keeps the slot from being taken again, once more.
    pub(crate) fn keep(&self) {
        self.kept.fetch_add(1, Ordering::Relaxed);
    }

    /// Undoes one [`Head::keep`], or the taking of the state; the last one frees the slot.
    ///
    /// # Safety
    /// It undoes one that nobody has undone.
    pub(crate) unsafe fn let_go(&self) {
        if self.kept.fetch_sub(1, Ordering::AcqRel) == 1 {
            let free = self.free.load(Ordering::Relaxed);
            self.phase.store(phase::FREE, Ordering::Release);
            if !free.is_null() {
                // SAFETY: what `take_one` was given; nobody keeps the state any more.
                unsafe { core::mem::transmute::<*mut (), unsafe fn(*const Self)>(free)(self) }
            }
        }
    }

    /// The log of the state that it is the head of.
    #[must_use]
    pub fn log(&'static self) -> Log {
        self.shared.log()
    }

    /// The plugin panicked, which was caught: from now on every call fails with this text, which is in the log, too. False
    /// where one has broken it before, whose text stays: then this one is in the log only.
    ///
    /// It may be called on any thread; the text lives as long as the state.
    pub fn break_with(&'static self, why: &'static Message) -> bool {
        let text = core::ptr::from_ref(why).cast_mut();
        let first = self.broken.compare_exchange(null_mut(), text, Ordering::AcqRel, Ordering::Relaxed).is_ok();
        // Where it is not live, its init has failed, or its plugin value is gone.
        let _live = self.phase.compare_exchange(phase::LIVE, phase::BROKEN, Ordering::AcqRel, Ordering::Relaxed);
        self.log().message(Severity::Critical, why);
        first
    }

    /// What broke it, if anything did, which is the caller's again: the state ends.
    #[must_use]
    pub fn take_broken(&self) -> *const Message {
        self.broken.swap(null_mut(), Ordering::AcqRel)
    }

    /// What broke it, if anything did.
    #[must_use]
    pub fn broken_by(&self) -> *const Message {
        self.broken.load(Ordering::Acquire)
    }

    /// The error text for the host: never NULL, NUL-terminated, empty while nothing failed. `breaks`: whether panics are
    /// caught.
    #[inline(always)]
    pub(super) fn error_text(&self, breaks: bool) -> *const c_char {
        // The host has no pointer to a free state, so this is the one that stands for none.
        if self.phase.load(Ordering::Relaxed) == phase::FREE {
            return c"no state is free: destroy one, or raise `states` in export!".as_ptr();
        }
        let why = if breaks { self.broken_by() } else { null() };
        // SAFETY: what broke it lives as long as the state, and nobody writes it. The host asks for the other text when no
        // call of this state is under way (rule 8.2), so nobody writes that.
        unsafe { why.as_ref().unwrap_or(&*self.error.get()).as_ptr() }
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head").field("live", &self.is_live()).finish_non_exhaustive()
    }
}

/// A plugin state in its static slot: what `ss_plugin_t*` points at.
#[repr(C)]
pub struct State<T, X, B> {
    pub(crate) head: Head,
    plugin: UnsafeCell<MaybeUninit<T>>,
    pub(super) extraction: X,
    beside: B,
    open_params: UnsafeCell<Message<{ OpenParams::CAPACITY }>>,
}

// SAFETY: the head is made of atomics and locks; the cells are reached through the host's calls on this state only,
// which come one at a time (rule 8.2), and the plugin value may be sent to the thread that makes them.
unsafe impl<T: Plugin, X, B: Sync> Sync for State<T, X, B> {}

impl<T, X, B> fmt::Debug for State<T, X, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("head", &self.head).finish_non_exhaustive()
    }
}

impl<T: Plugin, X, B> State<T, X, B> {
    /// Free.
    #[must_use]
    pub const fn new(extraction: X, beside: B) -> Self {
        Self {
            head: Head::new(),
            plugin: UnsafeCell::new(MaybeUninit::uninit()),
            extraction,
            beside,
            open_params: UnsafeCell::new(Message::new()),
        }
    }

    /// Takes a free state of `states` for an init, with no error of the state that was there before.
    pub fn take(states: &'static [Self]) -> Option<&'static Self> {
        let state = each(states).find(|state| {
            let phase = &state.head.phase;
            phase.compare_exchange(phase::FREE, phase::FAILED, Ordering::Acquire, Ordering::Relaxed).is_ok()
        })?;
        // SAFETY: the state was free and is taken by this call alone; the host has no pointer to it yet.
        unsafe { state.taken() };
        Some(state)
    }

    /// Takes a state that nobody else has, in memory that is given back by `free` when the last who keeps it lets go.
    ///
    /// # Safety
    /// The state is free, or a copy of a free one; nobody else uses it; `free` may be called with its head, once.
    pub unsafe fn take_one(&'static self, free: unsafe fn(*const Head)) {
        self.head.free.store(free as *mut (), Ordering::Relaxed);
        self.head.phase.store(phase::FAILED, Ordering::Relaxed);
        // SAFETY: as this function's.
        unsafe { self.taken() };
    }

    /// # Safety
    /// The state was free, and is the caller's alone.
    unsafe fn taken(&self) {
        self.head.kept.store(1, Ordering::Relaxed);
        // SAFETY: as this function's; the host has no pointer to it yet.
        unsafe { (*self.head.error.get()).clear() };
    }

    /// Puts the plugin value of a state that was just taken.
    ///
    /// # Safety
    /// The caller took the state, and has put none yet.
    pub(super) unsafe fn put(&self, plugin: T) {
        // SAFETY: nobody else reaches the cell before the phase is LIVE.
        unsafe { (*self.plugin.get()).write(plugin) };
        self.head.phase.store(phase::LIVE, Ordering::Release);
    }

    /// What lies beside the plugin value.
    pub const fn beside(&self) -> &B {
        &self.beside
    }

    /// The plugin value.
    ///
    /// # Safety
    /// The state is live.
    #[inline]
    pub(super) unsafe fn plugin(&self) -> &T {
        // SAFETY: it is there; only shared references to it are made until destroy.
        unsafe { (*self.plugin.get()).assume_init_ref() }
    }

    /// Drops the plugin value, if there is one.
    ///
    /// # Safety
    /// The host destroys the state, and uses it no more.
    pub(super) unsafe fn drop_plugin(&self) {
        if matches!(self.head.phase.load(Ordering::Acquire), phase::LIVE | phase::BROKEN) {
            self.head.phase.store(phase::FAILED, Ordering::Relaxed);
            // SAFETY: the value is there, and nobody borrows it: the host is done with the state.
            unsafe { (*self.plugin.get()).assume_init_drop() };
        }
    }

    /// Calls `clear` where no handle is left to what lies beside, silences the log, and frees the slot of a state whose
    /// plugin value was dropped. A second time it does nothing.
    ///
    /// # Safety
    /// The host destroys the state, and uses it no more.
    pub(super) unsafe fn release(&self, clear: impl FnOnce()) {
        if matches!(self.head.phase.load(Ordering::Relaxed), phase::FREE | phase::ENDED) {
            return;
        }
        self.head.phase.store(phase::ENDED, Ordering::Relaxed);
        if self.head.kept.load(Ordering::Acquire) == 1 {
            clear();
        }
        self.head.shared.end();
        // SAFETY: it undoes the taking of the state, which the host ends once.
        unsafe { self.head.let_go() };
    }

    /// Memory for the list of open parameters.
    ///
    /// # Safety
    /// No other call of this state uses it: the host calls one at a time (rule 8.2).
    #[expect(clippy::mut_from_ref, reason = "an UnsafeCell's content")]
    pub(super) unsafe fn open_params_text(&self) -> &mut Message<{ OpenParams::CAPACITY }> {
        // SAFETY: the caller is the only one.
        unsafe { &mut *self.open_params.get() }
    }
}

impl<T: Exported> State<T, T::Extraction, T::Beside> {
    /// The plugin value of a live state.
    ///
    /// # Safety
    /// `state` came from the host, which had it from init and has not destroyed it (rule 8.1). NULL is survived.
    #[inline]
    pub(super) unsafe fn live<'a>(state: *const c_void) -> Option<(&'a Self, &'a T)> {
        // SAFETY: as this function's.
        let state = unsafe { Self::live_state(state) }?;
        // SAFETY: a live state has its value until destroy; the host calls one thing at a time (rule 8.2), so there is no
        // `&mut` of it.
        Some((state, unsafe { state.plugin() }))
    }

    /// The plugin value of a live state, for a call that changes it.
    ///
    /// # Safety
    /// As [`State::live`]; the reference ends with the host's call, and calls of other threads do not touch the value
    /// (rule 8.2).
    #[inline]
    pub(super) unsafe fn live_mut<'a>(state: *const c_void) -> Option<(&'a Self, &'a mut T)> {
        // SAFETY: as this function's.
        let state = unsafe { Self::live_state(state) }?;
        // SAFETY: a live state has its value until destroy, and the caller is the only one to use it.
        Some((state, unsafe { (*state.plugin.get()).assume_init_mut() }))
    }

    /// A live state without its plugin value, which another thread may be using.
    ///
    /// # Safety
    /// As [`State::live`].
    #[inline]
    pub(crate) unsafe fn live_state<'a>(state: *const c_void) -> Option<&'a Self> {
        // SAFETY: not NULL means a state of ours, or the head that stands for "no state left", which is never live.
        let head = unsafe { state.cast::<Head>().as_ref()? };
        let phase = if const { T::BREAKS } {
            head.phase.load(Ordering::Relaxed)
        } else {
            // Not an atomic load, which takes an instruction of its own on every call.
            // SAFETY: while the host has the state nobody writes its phase: an init elsewhere takes only free ones, and
            // the host orders its own init, calls and destroy (rule 8.1). No panic of another thread breaks it.
            unsafe { head.phase.as_ptr().read() }
        };
        if phase != phase::LIVE {
            return None;
        }
        // SAFETY: only whole states are ever live.
        Some(unsafe { &*state.cast::<Self>() })
    }

    /// A state whatever has become of its plugin value; `None` for NULL and what stands for no state, `none`.
    ///
    /// # Safety
    /// As [`State::live`].
    pub(super) unsafe fn known<'a>(state: *const c_void, none: &'static Head) -> Option<&'a Self> {
        if core::ptr::eq(state, core::ptr::from_ref(none).cast()) {
            return None;
        }
        // SAFETY: NULL, or a state of ours.
        unsafe { state.cast::<Self>().as_ref() }
    }

    /// The plugin value of a state that may be broken, for what gives back: a close, a stop.
    ///
    /// # Safety
    /// As [`State::live_mut`].
    pub(super) unsafe fn kept_mut<'a>(state: *const c_void) -> Option<(&'a Self, &'a mut T)> {
        if const { !T::BREAKS } {
            // SAFETY: as this function's.
            return unsafe { Self::live_mut(state) };
        }
        // SAFETY: as in `live_state`. A broken state has been live: it is a whole one, has its value until destroy, and the
        // caller is the only one to use it.
        unsafe {
            let phase = state.cast::<Head>().as_ref()?.phase.load(Ordering::Relaxed);
            let state = matches!(phase, phase::LIVE | phase::BROKEN).then(|| &*state.cast::<Self>())?;
            Some((state, (*state.plugin.get()).assume_init_mut()))
        }
    }
}

/// A state as the host has it.
#[inline(always)]
pub(super) const fn pointer<T, X, B>(state: &'static State<T, X, B>) -> *const c_void {
    core::ptr::from_ref(state).cast()
}

/// Reports `error` as the last error of a state, with the open parameters that it came from. Where another thread is
/// writing at this moment, its text stays.
#[cold]
#[inline(never)]
pub(super) fn fail<E: Report>(head: &Head, error: &E, params: Option<&CStr>) {
    let Some(_writing) = head.writing.try_lock() else { return };
    // SAFETY: the lock keeps other writers away.
    let text = unsafe { &mut *head.error.get() };
    text.clear();
    error.report(text);
    if text.is_empty() {
        text.push_str("the plugin gave no reason");
    }
    if let Some(params) = params {
        text.push_str(" (open params: \"");
        text.push_bytes(params.to_bytes());
        text.push_str("\")");
    }
}

/// Reports what the host did wrong as the last error of a state.
#[cold]
#[inline(never)]
pub(super) fn refuse(head: &Head, why: &'static str) {
    fail(head, &Error::new(why), None);
}

/// Slot after slot. How many there are is kept from the compiler, which would write out the search for each of them.
pub(super) fn each<S>(slots: &'static [S]) -> core::slice::Iter<'static, S> {
    core::hint::black_box(slots).iter()
}

/// The C text of NULL-terminated bytes, or the empty text for NULL.
///
/// # Safety
/// `text` is NULL or a C string that lives, unchanged, for `'a`.
#[inline]
pub(super) unsafe fn text_or_empty<'a>(text: *const c_char) -> &'a CStr {
    if text.is_null() {
        return c"";
    }
    // SAFETY: not NULL, so a C string as the caller says.
    unsafe { CStr::from_ptr(text) }
}

/// Writes an out-parameter where there is one.
///
/// # Safety
/// `out` is NULL or writable.
#[inline]
pub(super) unsafe fn set<V>(out: *mut V, value: V) {
    if !out.is_null() {
        // SAFETY: not NULL, so writable as the caller says.
        unsafe { out.write(value) }
    }
}

/// The type of [`Source`]'s instances.
pub(super) type InstanceOf<T> = <T as Source>::Instance;

/// The rc of a call that the host makes on a state.
pub(super) type Rc = abi::Rc;
