// SPDX-License-Identifier: Apache-2.0
//! The structs that C sees, their fields and layout. Nothing else is here: the tests read this file on its own.

use core::ffi::{c_char, c_void};

/// A read-only view: a window with a cursor over memory that somebody else owns.
///
/// Made by falconet_view_new. At every moment offset <= len <= capacity. The fields may be read, and copied with the
/// view; functions refuse a view whose fields contradict each other.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// The first byte. NULL: not a view.
    pub ptr: *const u8,
    /// Bytes of content.
    pub len: usize,
    /// Up to where the length can grow.
    pub capacity: usize,
    /// Where the cursor is.
    pub offset: usize,
}

/// A write-only view: what was in its memory before can neither be read through it nor become content.
///
/// Made by falconet_write_view_new, or lent by falconet_batch_claim. At every moment offset <= len <= capacity.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct WriteView {
    /// The first byte. NULL: not a view.
    pub ptr: *mut u8,
    /// Bytes of content.
    pub len: usize,
    /// Up to where the length can grow.
    pub capacity: usize,
    /// Where the cursor is.
    pub offset: usize,
    /// How far the memory may have been written through this view.
    pub touched: usize,
}

/// A view that is read and written with one cursor, until it is narrowed to one of both.
///
/// Made by falconet_view_mut_new. At every moment offset <= len <= capacity.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ViewMut {
    /// The first byte. NULL: not a view.
    pub ptr: *mut u8,
    /// Bytes of content.
    pub len: usize,
    /// Up to where the length can grow.
    pub capacity: usize,
    /// Where the cursor is.
    pub offset: usize,
}

/// So many bytes somewhere.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Bytes {
    /// The first one; may be NULL where there are none.
    pub ptr: *const c_void,
    /// How many there are.
    pub len: usize,
}

/// A pool: batches of one size in memory of the caller's, which several threads lease and give back.
///
/// It is only told where they are, so it needs no function to be made, and may be const:
///
///     static uint8_t memory[4][FALCONET_BATCH_SIZE(128, 65536)];
///     static const falconet_pool pool = { memory, sizeof memory, 4, 128, 65536 };
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Pool {
    /// FALCONET_BATCH_SIZE(events, bytes) for each batch, all zero before the first lease.
    pub memory: *mut c_void,
    /// Bytes of that memory.
    pub size: usize,
    /// How many batches there are.
    pub batches: u32,
    /// Events that a batch holds at most.
    pub events: u32,
    /// Bytes for a batch's events.
    pub bytes: usize,
}

/// An event, read: its lengths are checked against the bytes there are.
///
/// Filled in by falconet_event_parse and its like, to be read only. It points into the event's own memory.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// The event's first byte, that of its header.
    pub bytes: *const u8,
    /// Bytes of the whole event.
    pub len: usize,
    /// The payload of a plugin event; of every other one some byte of it.
    pub payload: *const u8,
    /// Bytes of the payload; 0 where it is no plugin event.
    pub payload_len: usize,
    /// Nanoseconds since 1970-01-01 UTC; UINT64_MAX while the host has not set it.
    pub ts: u64,
    /// The thread that it belongs to; UINT64_MAX for none.
    pub tid: u64,
    /// How many parameters it has.
    pub nparams: u32,
    /// Its type: FALCONET_EVENT_PLUGIN, FALCONET_EVENT_ASYNC, or any other of libscap's.
    pub event_type: u16,
}

/// One call of plugin_extract_fields: an event, and the fields that are asked of it one after another.
///
/// Filled in by falconet_extraction_begin and falconet_extraction_next. What stands before `results` may be read; the rest
/// is the library's.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Extraction {
    /// The field that is asked: its number in the list of plugin_get_fields, from 0.
    pub id: u32,
    /// Its type: FALCONET_TYPE_UINT64 and its like.
    pub field_type: u32,
    /// Whether it is a list: then each value that is given is one more.
    pub list: bool,
    /// The payload of a plugin event; of every other one some byte of it.
    pub payload: *const u8,
    /// Bytes of the payload; 0 where it is no plugin event.
    pub payload_len: usize,
    /// The event's first byte, that of its header.
    pub event: *const u8,
    /// Bytes of the whole event.
    pub event_len: usize,
    /// The memory that values are put into.
    pub results: *mut c_void,
    /// The request for the field that is asked; NULL: the call is done.
    pub field: *mut c_void,
    /// The last request.
    pub last: *mut c_void,
    /// How many requests come behind the present one, if it is no list and no value offsets are asked for; else 0.
    pub quick: u32,
    /// The field's type, while it has no value, is no list, and no value offsets are asked for; else 0.
    pub plain: u32,
    /// Where the host wants value offsets; NULL: it wants none.
    pub offsets: *mut c_void,
    /// The first request; only where value offsets are asked for.
    pub first: *mut c_void,
    /// Cells of the values so far, of a list or where value offsets are asked for.
    pub values: *mut c_void,
    /// How many they are.
    pub values_count: u64,
    /// Where in the event the next value was read: the first byte, 0 where that was not told.
    pub at_start: u32,
    /// One past the last byte.
    pub at_end: u32,
}

/// The text of a plugin's last error, for plugin_get_last_error: at most 1,023 bytes and a NUL.
///
/// All zero at first, as static memory is: then the text is empty. One for each plugin state.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct LastError {
    /// The library's.
    pub words: [u64; 129],
}

/// The host's log, as a plugin got it at init. All zero it is inert.
///
/// Any thread may use it, but none after plugin_destroy has returned.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Log {
    /// Whom the host logs for.
    pub owner: *mut c_void,
    /// The host's function; NULL: nothing is logged.
    pub write:
        Option<unsafe extern "C" fn(owner: *mut c_void, component: *const c_char, text: *const c_char, severity: u32)>,
}

/// Which of up to 64 static structs are in use, by any thread: plugin states and instances, for example.
///
/// All zero at first, as static memory is: then all are free.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Slots {
    /// A bit for each; the library's.
    pub taken: u64,
}
