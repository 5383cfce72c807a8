// SPDX-License-Identifier: Apache-2.0
//! Behind the symbols of the sourcing capability.
#![expect(unsafe_code, reason = "called by the host with bare pointers")]
#![expect(clippy::must_use_candidate, reason = "called by the host")]

use core::ffi::{c_char, c_void};
use core::ptr::{NonNull, null, null_mut};

use super::ExportedSource;
use super::instance::{InstanceSlot, Open};
use super::shell::StateOf;
use super::state::{self, InstanceOf, Rc};
use crate::abi::{self, EOF, FAILURE, SUCCESS, TIMEOUT};
use crate::batch::Limits;
use crate::event::{Alleged, Event, PAYLOAD_OFFSET};
use crate::source::{Instance, Next, Source};
use crate::text::OpenParams;

/// Checks at compile time what a source declares.
#[expect(clippy::panic, reason = "evaluated at compile time: a panic is a compile error")]
pub const fn check_source<T: Source>() {
    let named = !T::EVENT_SOURCE.is_empty();
    if named != (T::ID != 0) {
        panic!(
            "ID and EVENT_SOURCE go together: set both (999 is for development), or 0 and c\"\" for no source of its own"
        );
    }
    match T::EVENT_SOURCE.to_bytes() {
        b"syscall" | b"internal" | b"plugins" => {
            panic!("EVENT_SOURCE is a name of the host's own: syscall, internal and plugins are taken");
        }
        _ => {}
    }
    if T::MAX_PAYLOAD > u32::MAX as usize - PAYLOAD_OFFSET || T::MAX_PAYLOAD + PAYLOAD_OFFSET > T::BATCH_BYTES {
        panic!("BATCH_BYTES has no room for an event of MAX_PAYLOAD bytes and its header of 38");
    }
    assert!(T::TEXT_BYTES > 0, "TEXT_BYTES has no room for the NUL that ends an event's text");
}

/// `plugin_get_id`.
///
/// # Safety
/// None: it is what the host calls.
pub unsafe extern "C" fn id<T: Source>() -> u32 {
    T::ID
}

/// `plugin_get_event_source`.
///
/// # Safety
/// None: it is what the host calls.
pub unsafe extern "C" fn event_source<T: Source>() -> *const c_char {
    const { T::EVENT_SOURCE }.as_ptr()
}

/// `plugin_open`.
///
/// # Safety
/// The host's contract of the symbol: pointers are NULL or valid for the call.
pub unsafe extern "C" fn open<T: ExportedSource>(
    plugin: *mut c_void,
    params: *const c_char,
    rc: *mut Rc,
) -> *mut c_void {
    // SAFETY: as this function's.
    let slot = unsafe { open_one::<T>(plugin, params) };
    // SAFETY: the host's out-parameter.
    unsafe { state::set(rc, if slot.is_some() { SUCCESS } else { FAILURE }) };
    slot.map_or(null_mut(), |slot| core::ptr::from_ref(slot).cast_mut().cast())
}

/// The slot of a new instance; where there is none the reason is the state's error, if there is a state.
///
/// # Safety
/// As [`open`].
#[inline(always)]
unsafe fn open_one<T: ExportedSource>(
    plugin: *mut c_void,
    params: *const c_char,
) -> Option<&'static InstanceSlot<InstanceOf<T>>> {
    // SAFETY: the state is the host's from init, or NULL.
    let (state, value) = unsafe { StateOf::<T>::live(plugin) }?;
    // SAFETY: NULL, or the host's text, valid for the call.
    let params = unsafe { state::text_or_empty(params) };
    T::new_capture(state);
    // The lease comes first: it gives itself back.
    let free = T::lease().ok().and_then(|lease| Some((T::take_instance(plugin)?, lease)));
    let Some((slot, lease)) = free else {
        let none = "no instance or batch is free: close one, or raise `instances` in export!";
        state::refuse(&state.head, none);
        return None;
    };
    let opened = || value.open(params).map_err(|error| state::fail(&state.head, &error, Some(params)));
    let Some(Ok(value)) = T::guard(plugin, opened) else {
        slot.give_back();
        // SAFETY: it holds nothing, and the host has no pointer to it.
        unsafe { T::free_instance(slot) };
        return None;
    };
    // SAFETY: the slot was taken above and is put once.
    unsafe { slot.put(Open { lease, eof: false, value }) };
    Some(slot)
}

/// `plugin_close`: NULL and an instance that is closed already are fine. One of a broken state is given back, too.
///
/// # Safety
/// The host's contract of the symbol: the instance came from open and is used no more.
pub unsafe extern "C" fn close<T: ExportedSource>(plugin: *mut c_void, instance: *mut c_void) {
    // SAFETY: the state is the host's from init, or NULL.
    if let Some((state, _)) = unsafe { StateOf::<T>::kept_mut(plugin) } {
        T::new_capture(state);
        // SAFETY: NULL, or one of the plugin's slots, which the host uses no more.
        unsafe {
            if let Some(slot) = instance.cast::<InstanceSlot<InstanceOf<T>>>().as_ref() {
                close_one::<T>(slot, plugin);
            }
        }
    }
}

/// Closes an instance, if `plugin` opened it.
///
/// # Safety
/// The host uses the instance no more.
pub unsafe fn close_one<T: ExportedSource>(slot: &'static InstanceSlot<InstanceOf<T>>, plugin: *const c_void) {
    // SAFETY: as this function's.
    let _broken = T::guard(plugin, || unsafe { slot.close(plugin) });
    // SAFETY: it holds nothing any more.
    unsafe { T::free_instance(slot) };
}

/// Closes every instance in static slots that a state has open.
///
/// # Safety
/// The host is done with the state.
pub unsafe fn close_all_of<T: ExportedSource>(slots: &'static [InstanceSlot<InstanceOf<T>>], plugin: *const c_void) {
    for slot in state::each(slots) {
        // SAFETY: the host uses the state's instances no more.
        unsafe { close_one::<T>(slot, plugin) };
    }
}

/// `plugin_next_batch`. Both out-parameters are written on every path (rule 4.3).
///
/// # Safety
/// The host's contract of the symbol: pointers are NULL or valid; the events of the batch before are used no more.
#[inline]
pub unsafe extern "C" fn next_batch<T: ExportedSource>(
    plugin: *mut c_void,
    instance: *mut c_void,
    nevts: *mut u32,
    evts: *mut *mut *mut abi::Event,
) -> Rc {
    let (Some(count), Some(events)) = (NonNull::new(nevts), NonNull::new(evts)) else {
        // SAFETY: as this function's.
        return unsafe { bad_call::<T>(plugin, nevts, evts) };
    };
    // SAFETY: the state is the host's from init, or NULL.
    let Some((state, value)) = (unsafe { StateOf::<T>::live(plugin) }) else {
        // SAFETY: as this function's.
        return unsafe { bad_call::<T>(plugin, nevts, evts) };
    };
    // SAFETY: the instance is the host's from open, or NULL; it calls one at a time.
    let Some(open) = (unsafe { InstanceSlot::<InstanceOf<T>>::open(instance, plugin) }) else {
        // SAFETY: as this function's.
        return unsafe { bad_call::<T>(plugin, nevts, evts) };
    };
    let mut oversized = (0, 0);
    let next = if open.eof {
        open.lease.take_back();
        Some(Next::Eof)
    } else {
        let mut batch = open.lease.fill_own(const { Limits::of::<T>() });
        let next = T::guard(plugin, || match open.value.next_batch(value, &mut batch) {
            Ok(next) => Some(next),
            Err(error) => {
                state::fail(&state.head, &error, None);
                None
            }
        });
        oversized = (batch.skipped(), batch.truncated());
        next.flatten()
    };
    let next = if const { T::ID == 0 } && open.lease.cut_without_id() {
        let error = "a source without an id gave a plugin event without one, which no host takes: use Batch::raw";
        state::refuse(&state.head, error);
        None
    } else {
        next
    };
    let (lent, n) = open.lease.lend();
    // SAFETY: the host's out-parameters, not NULL.
    unsafe {
        count.write(n);
        events.write(lent);
    }
    if oversized != (0, 0) {
        state.head.shared.oversized(oversized.0, oversized.1);
    }
    match next {
        Some(Next::More) if n > 0 => SUCCESS,
        Some(Next::More | Next::Timeout) => TIMEOUT,
        Some(Next::Eof) => {
            open.eof = true;
            EOF
        }
        None => FAILURE,
    }
}

/// What `plugin_next_batch` does without a state, an instance of it or a place for its outputs.
///
/// # Safety
/// As [`next_batch`].
#[cold]
#[inline(never)]
unsafe fn bad_call<T: ExportedSource>(plugin: *const c_void, nevts: *mut u32, evts: *mut *mut *mut abi::Event) -> Rc {
    // SAFETY: the host's out-parameters.
    unsafe {
        state::set(nevts, 0);
        state::set(evts, null_mut());
    }
    // SAFETY: the state is the host's from init, or NULL.
    if let Some((state, _)) = unsafe { StateOf::<T>::live(plugin) } {
        let bad = "plugin_next_batch: no open instance of this state, or NULL for an output";
        state::refuse(&state.head, bad);
    }
    FAILURE
}

/// `plugin_list_open_params`.
///
/// # Safety
/// The host's contract of the symbol: pointers are NULL or valid; the text before is used no more.
pub unsafe extern "C" fn list_open_params<T: ExportedSource>(plugin: *mut c_void, rc: *mut Rc) -> *const c_char {
    // SAFETY: the state is the host's from init, or NULL.
    let listed = unsafe { StateOf::<T>::live(plugin) }.and_then(|(state, value)| {
        // SAFETY: the host calls one at a time, and reads the text before the next call.
        let mut list = OpenParams::new(unsafe { state.open_params_text() });
        let listed = || value.open_params(&mut list).map_err(|error| state::fail(&state.head, &error, None));
        T::guard(plugin, listed)?.ok()?;
        Some(list.end())
    });
    // SAFETY: the host's out-parameter; it is not initialised there (rule 1.8).
    unsafe { state::set(rc, if listed.is_some() { SUCCESS } else { FAILURE }) };
    listed.unwrap_or(null())
}

/// `plugin_get_progress`: NULL, so that the host shows the percentage itself.
///
/// # Safety
/// The host's contract of the symbol: pointers are NULL or valid.
pub unsafe extern "C" fn get_progress<T: ExportedSource>(
    plugin: *mut c_void,
    instance: *mut c_void,
    progress: *mut u32,
) -> *const c_char {
    // SAFETY: the state is the host's from init, or NULL, and the instance from open; it calls one at a time.
    let open =
        unsafe { StateOf::<T>::live(plugin).and_then(|_| InstanceSlot::<InstanceOf<T>>::open(instance, plugin)) };
    let done = open.and_then(|open| T::guard(plugin, || open.value.progress()).flatten());
    // SAFETY: the host's out-parameter.
    unsafe { state::set(progress, done.map_or(0, |done| done.hundredths())) };
    null()
}

/// `plugin_event_to_string`: NULL lets the host write its own text (rule 4.11).
///
/// # Safety
/// The host's contract of the symbol: pointers are NULL or valid; the text before is used no more.
#[inline]
pub unsafe extern "C" fn event_to_string<T: ExportedSource>(
    plugin: *mut c_void,
    input: *const abi::EventInput,
) -> *const c_char {
    // SAFETY: the state is the host's from init, or NULL.
    let Some((state, value)) = (unsafe { StateOf::<T>::live(plugin) }) else { return no_text() };
    // SAFETY: NULL, or the host's struct, valid for the call.
    let Some(input) = (unsafe { input.as_ref() }) else { return no_text() };
    // SAFETY: NULL, or an event of the host, valid for the call. It is one of this source's (rule 4.11): plain.
    let alleged = unsafe { Alleged::from_ptr(input.evt) };
    let Some(event) = alleged.and_then(|alleged| Event::plain(alleged.as_bytes())) else { return no_text() };
    // SAFETY: the host calls one at a time, and reads the text before the next call.
    let room = unsafe { T::text_room(state) };
    let Some(Some(text)) = T::guard(plugin, || value.event_to_string(&event, room)) else {
        return no_text();
    };
    text.as_ptr()
}

/// A function, so that what leads here are branches: a text costs three instructions less.
#[cold]
#[inline(never)]
const fn no_text() -> *const c_char {
    null()
}
