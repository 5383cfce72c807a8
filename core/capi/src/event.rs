// SPDX-License-Identifier: Apache-2.0
//! What the bytes of an event mean: `falconet_event`; and events written.
#![expect(unsafe_code, reason = "symbols for C")]

use core::ffi::{CStr, c_char, c_void};

use sdk::abi::{Event as HostEvent, EventInput as HostEventInput};
use sdk::event::{self, EventError, write_async, write_raw};
use sdk::{Error, Timestamp};

use crate::code::{
    Code, FALCONET_ERROR_ARGUMENT, FALCONET_ERROR_EVENT, FALCONET_ERROR_EVENT_TYPE, FALCONET_ERROR_NULL,
    FALCONET_ERROR_TEXT, FALCONET_ERROR_TOO_LARGE, FALCONET_NONE, Failed, done,
};
use crate::pointer::{apart, bytes, checked, get, give};
use crate::push::FALCONET_RAW_PARAMETERS;
use crate::types::{Bytes, Event, View, WriteView};
use crate::write_view;

/// Type of a plugin event: parameters plugin id and payload.
pub const FALCONET_EVENT_PLUGIN: u16 = 322;
/// Type of an async event: parameters plugin id, name, data.
pub const FALCONET_EVENT_ASYNC: u16 = 402;
/// Where the payload of a plugin event begins, in bytes from the event's start.
pub const FALCONET_PAYLOAD_OFFSET: usize = 38;

const _: () = assert!(FALCONET_EVENT_PLUGIN == event::PLUGIN_EVENT && FALCONET_EVENT_ASYNC == event::ASYNC_EVENT);
const _: () = assert!(FALCONET_PAYLOAD_OFFSET == event::PAYLOAD_OFFSET);

impl From<EventError> for Failed {
    #[inline]
    fn from(error: EventError) -> Self {
        Self(match error {
            EventError::Null => FALCONET_ERROR_NULL,
            EventError::Type { .. } => FALCONET_ERROR_EVENT_TYPE,
            _ => FALCONET_ERROR_EVENT,
        })
    }
}

impl Event {
    /// What C sees of an event.
    #[inline]
    pub(crate) fn of(event: &event::Event<'_>) -> Self {
        let (bytes, payload) = (event.as_bytes(), event.payload());
        Self {
            bytes: bytes.as_ptr(),
            len: bytes.len(),
            payload: payload.as_ptr(),
            payload_len: payload.len(),
            ts: event.timestamp().raw(),
            tid: event.thread_id().unwrap_or(u64::MAX),
            nparams: bytes.get(22..26).and_then(|n| n.try_into().ok()).map_or(0, u32::from_ne_bytes),
            event_type: event.event_type(),
        }
    }

    /// The event that this stands for.
    ///
    /// # Safety
    /// Unless it is all zero, one of the functions here has filled it in, and its memory is as it was then for `'a`.
    #[inline]
    pub(crate) unsafe fn get<'a>(&self) -> Result<event::Event<'a>, Failed> {
        if self.bytes.is_null() || self.payload.is_null() {
            return Err(Failed(FALCONET_ERROR_EVENT));
        }
        // SAFETY: as this function's.
        unsafe {
            let bytes = core::slice::from_raw_parts(self.bytes, self.len);
            let payload = core::slice::from_raw_parts(self.payload, self.payload_len);
            Ok(event::Event::from_parts(bytes, payload))
        }
    }
}

/// Reads the event at the beginning of `size` bytes; those behind the length in its header are not looked at.
///
/// `event` points into these bytes, which stay the caller's and unchanged as long as it is used. FALCONET_ERROR_EVENT where
/// its lengths and the bytes there are do not agree; FALCONET_ERROR_NULL, FALCONET_ERROR_SIZE. `event` is written only on
/// success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_event_parse(from: *const c_void, size: usize, event: *mut Event) -> Code {
    let parse = || {
        let out = checked(event)?;
        if from.is_null() {
            return Err(Failed(FALCONET_ERROR_NULL));
        }
        // SAFETY: the caller's bytes, and its output, not NULL.
        unsafe { out.write(Event::of(&event::Event::parse(bytes(from, size)?)?)) };
        Ok(())
    };
    done(parse())
}

/// Reads an event that the host, or a plugin, points at: as many bytes as its header says are readable.
///
/// For the rest as falconet_event_parse.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_event_read(host: *const HostEvent, event: *mut Event) -> Code {
    let read = || {
        let out = checked(event)?;
        // SAFETY: the caller's event, and its output, not NULL.
        unsafe { out.write(Event::of(&event::Event::from_ptr(host)?)) };
        Ok(())
    };
    done(read())
}

/// Reads the event of a call of the host's: the input of plugin_event_to_string, plugin_parse_event or
/// plugin_extract_fields. It is valid for the call.
///
/// For the rest as falconet_event_parse.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_event_of_input(input: *const HostEventInput, event: *mut Event) -> Code {
    // SAFETY: the caller's input, or NULL.
    match unsafe { get(input) } {
        // SAFETY: an event of the host's, and the caller's output.
        Ok(input) => unsafe { falconet_event_read(input.evt, event) },
        Err(Failed(code)) => code,
    }
}

/// The number of the input's event in its capture, from 1; 0 for one that the host made up, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_input_number(input: *const HostEventInput) -> u64 {
    // SAFETY: the caller's input, or NULL.
    unsafe { get(input).map_or(0, |input| input.evtnum) }
}

/// The name of the source of the input's event, valid for the call; never NULL, empty where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_input_source(input: *const HostEventInput) -> *const c_char {
    // SAFETY: the caller's input, or NULL.
    unsafe { get(input).map_or(c"".as_ptr(), |input| text_or_empty(input.evtsrc)) }
}

/// The C string that begins at byte `start` of the payload of the input's event, in place: what plugin_event_to_string
/// returns. It is falconet_event_of_input and falconet_event_text in one.
///
/// FALCONET_ERROR_TEXT where the payload's last byte is not NUL, or `start` is beyond it; FALCONET_ERROR_EVENT,
/// FALCONET_ERROR_NULL. `text` is written only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_input_text(
    input: *const HostEventInput,
    start: usize,
    text: *mut *const c_char,
) -> Code {
    // SAFETY: the host's input, or NULL, its event, and the caller's output, not NULL.
    unsafe {
        done(get(input).and_then(|input| {
            let out = checked(text)?;
            out.write(c_str_of(&event::Event::from_ptr(input.evt)?, start)?);
            Ok(())
        }))
    }
}

/// A C string that the payload's last byte proves to end.
#[inline]
fn c_str_of(event: &event::Event<'_>, start: usize) -> Result<*const c_char, Failed> {
    let tail = event.payload().get(start..).filter(|tail| tail.last() == Some(&0));
    Ok(tail.ok_or(Failed(FALCONET_ERROR_TEXT))?.as_ptr().cast())
}

/// A text that is never NULL.
#[inline]
pub(crate) const fn text_or_empty(text: *const c_char) -> *const c_char {
    if text.is_null() { c"".as_ptr() } else { text }
}

/// A read-only view of a plugin event's payload, in the event's memory.
///
/// FALCONET_ERROR_EVENT_TYPE where it is no plugin event; FALCONET_ERROR_EVENT where it was never read, or has too few
/// parameters; FALCONET_ERROR_NULL. `payload` is written only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_event_payload(event: *const Event, payload: *mut View) -> Code {
    // SAFETY: the caller's event, and its output, not NULL.
    unsafe {
        done(get(event).and_then(|event| {
            let out = checked(payload)?;
            out.write(View::of(&event.get()?.plugin()?.view()));
            Ok(())
        }))
    }
}

/// A C string in a plugin event's payload, from byte `start` of it on, in place: for plugin_event_to_string.
///
/// The payload's last byte proves that it ends: FALCONET_ERROR_TEXT where that is not NUL, or `start` is beyond it.
/// FALCONET_ERROR_NULL, FALCONET_ERROR_EVENT. `text` is written only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_event_text(event: *const Event, start: usize, text: *mut *const c_char) -> Code {
    // SAFETY: the caller's event, and its output, not NULL.
    unsafe {
        done(get(event).and_then(|event| {
            let out = checked(text)?;
            out.write(c_str_of(&event.get()?, start)?);
            Ok(())
        }))
    }
}

/// The id of the plugin that made a plugin event; 0 before the host has filled it in. Errors are as for
/// falconet_event_payload.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_event_plugin_id(event: *const Event, id: *mut u32) -> Code {
    // SAFETY: the caller's event, and its output, not NULL.
    unsafe {
        done(get(event).and_then(|event| {
            let out = checked(id)?;
            out.write(event.get()?.plugin()?.id);
            Ok(())
        }))
    }
}

/// A read-only view of the event's parameter number `index`, from 0, in the event's memory.
///
/// FALCONET_NONE, which is no error, where it has no such parameter: events may have fewer or more than their type's table
/// says. FALCONET_ERROR_EVENT, FALCONET_ERROR_NULL. `parameter` is written only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_event_parameter(event: *const Event, index: u32, parameter: *mut View) -> Code {
    // SAFETY: the caller's event, and its output, not NULL.
    unsafe {
        done(get(event).and_then(|event| {
            let out = checked(parameter)?;
            let found = event.get()?.parameter(index as usize).ok_or(Failed(FALCONET_NONE))?;
            out.write(View::of(&sdk::view::View::new(found)));
            Ok(())
        }))
    }
}

/// The parts of an async event, in its memory: `id` of the plugin whose source is open, `name`, which ends in a NUL, and a
/// read-only view of its `data`. Any of the three outputs may be NULL.
///
/// FALCONET_ERROR_EVENT_TYPE where it is no async event; FALCONET_ERROR_EVENT where it is a broken one; FALCONET_ERROR_NULL.
/// Outputs are written only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_event_async(
    event: *const Event,
    id: *mut u32,
    name: *mut *const c_char,
    data: *mut View,
) -> Code {
    // SAFETY: the caller's event, and its outputs.
    unsafe {
        done(get(event).and_then(|event| {
            let parts = event.get()?.as_async()?;
            give(id, parts.id);
            give(name, parts.name.as_ptr());
            give(data, View::of(&sdk::view::View::new(parts.data)));
            Ok(())
        }))
    }
}

/// Appends a whole async event to a view, for the host's handler: `name` ends in a NUL, `data` are `len` bytes, NULL for
/// none. `ts` is nanoseconds since 1970-01-01 UTC, or UINT64_MAX for the host's time; `id` is 0, or in plugin_dump_state
/// that of the plugin.
///
/// FALCONET_ERROR_ROOM where the view has too little; FALCONET_ERROR_OVERLAP where name or data lie in its memory;
/// FALCONET_ERROR_NULL, FALCONET_ERROR_SIZE, FALCONET_ERROR_VIEW. Nothing was written then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_event_write_async(
    view: *mut WriteView,
    ts: u64,
    id: u32,
    name: *const c_char,
    data: *const c_void,
    len: usize,
) -> Code {
    if name.is_null() {
        return FALCONET_ERROR_NULL;
    }
    // SAFETY: the caller's view, text and bytes.
    unsafe {
        done(write_view::with(view, |view| {
            let name = CStr::from_ptr(name);
            apart(name.as_ptr().cast(), name.count_bytes(), view.as_ptr(), view.capacity())?;
            apart(data, len, view.as_ptr(), view.capacity())?;
            write_async(view, Timestamp::from_nanos(ts), id, name, bytes(data, len)?)?;
            Ok(())
        }))
    }
}

/// Appends a whole event of any type to a view, from its raw parameters: `count`, at most FALCONET_RAW_PARAMETERS, NULL
/// where there are none. `tid` is UINT64_MAX for none.
///
/// FALCONET_ERROR_ROOM where the view has too little, or a parameter is longer than its type can say;
/// FALCONET_ERROR_ARGUMENT for more parameters; FALCONET_ERROR_OVERLAP where one lies in the view's memory;
/// FALCONET_ERROR_NULL, FALCONET_ERROR_SIZE, FALCONET_ERROR_VIEW. Nothing was written then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_event_write_raw(
    view: *mut WriteView,
    ts: u64,
    tid: u64,
    event_type: u16,
    parameters: *const Bytes,
    count: usize,
) -> Code {
    // SAFETY: the caller's view and parameters.
    unsafe {
        done(write_view::with(view, |view| {
            let mut room: [&[u8]; FALCONET_RAW_PARAMETERS] = [&[]; FALCONET_RAW_PARAMETERS];
            let parameters = self::parameters(parameters, count, &mut room)?;
            for parameter in parameters {
                apart(parameter.as_ptr().cast(), parameter.len(), view.as_ptr(), view.capacity())?;
            }
            let tid = Some(tid).filter(|tid| *tid != u64::MAX);
            write_raw(view, Timestamp::from_nanos(ts), tid, event_type, parameters)?;
            Ok(())
        }))
    }
}

/// Parameters of C as slices.
///
/// # Safety
/// Unless it is NULL, `parameters` are `count`, each NULL or so many readable bytes, unchanged for `'a`.
pub(crate) unsafe fn parameters<'r, 'a>(
    parameters: *const Bytes,
    count: usize,
    room: &'r mut [&'a [u8]; FALCONET_RAW_PARAMETERS],
) -> Result<&'r [&'a [u8]], Failed> {
    let slices = room.get_mut(..count).ok_or(Failed(FALCONET_ERROR_ARGUMENT))?;
    if count > 0 {
        let first = checked(parameters.cast_mut())?;
        for (index, slice) in slices.iter_mut().enumerate() {
            // SAFETY: as this function's.
            *slice = unsafe {
                let Bytes { ptr, len } = *first.add(index).as_ptr();
                bytes(ptr, len)?
            };
        }
    }
    Ok(slices)
}

/// The code of an error of raw events: too large, or nothing that a batch takes.
pub(crate) fn refused(error: &Error) -> Code {
    let too_large = Error::from(sdk::batch::TooLarge { needed: 0, capacity: 0 });
    if error.text() == too_large.text() { FALCONET_ERROR_TOO_LARGE } else { FALCONET_ERROR_ARGUMENT }
}
