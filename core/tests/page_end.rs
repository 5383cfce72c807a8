// SPDX-License-Identifier: Apache-2.0
//! Structs and events that end where the memory ends: an older host's structs are shorter, and nothing may be read
//! behind them (rule 1.5).
#![cfg(target_os = "linux")]
#![expect(unsafe_code, reason = "a host calls a plugin through C symbols, and maps memory")]

mod common;

use std::ffi::{c_int, c_void};
use std::mem::offset_of;
use std::ptr::{copy_nonoverlapping, null_mut};

use common::extract::*;
use common::source::*;
use common::*;
use falconet::abi;

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use std::ffi::CStr;

    use falconet::extract::CSpan;
    use falconet::view::WriteView;
    use falconet::{Error, Event, EventText, Extract, Field, Info, Init, NextEvent, One, Plugin, Source, TextRoom};

    pub(crate) struct Edge;

    impl Plugin for Edge {
        type Error = Error;
        const INFO: Info = Info::new(c"edge", c"0.1.0", c"goes up to the edge", c"you@example.org");

        fn new(init: &Init<'_>) -> Result<Self, Error> {
            init.log().info(init.config_str()?);
            Ok(Self)
        }
    }

    impl Source for Edge {
        const ID: u32 = 999;
        const EVENT_SOURCE: &'static CStr = c"edge";
        const BATCH_BYTES: usize = 1024;
        const MAX_PAYLOAD: usize = 128;
        type Instance = Empty;

        fn open(&self, _: &CStr) -> Result<Empty, Error> {
            Ok(Empty)
        }

        fn event_to_string<'e>(&self, event: &Event<'e>, room: TextRoom<'_>) -> Option<EventText<'e>> {
            EventText::from_event(event, 0).or_else(|| Some(room.copy(event.payload())))
        }
    }

    pub(crate) struct Empty;

    impl NextEvent for Empty {
        type Plugin = Edge;

        fn next(&mut self, _: &Edge, _: &mut WriteView<'_>) -> Result<One, Error> {
            Ok(One::Eof)
        }
    }

    impl Extract for Edge {
        type Decoded = ();
        const FIELDS: &'static [Field<Self>] = &[
            Field::<Self>::new("edge.text", "the payload", |_, (), request| {
                request.event().span_of(request.event().payload())
            }),
            Field::<Self>::new("edge.string", "the payload, by pointer", |_, (), _| CSpan::payload(0)),
        ];

        fn decode(&self, _: &Event<'_>) -> Option<()> {
            Some(())
        }
    }

    falconet::export!(Edge: source, extract; states = 16, instances = 16);
}

unsafe extern "C" {
    fn mmap(addr: *mut c_void, len: usize, prot: c_int, flags: c_int, fd: c_int, offset: i64) -> *mut c_void;
    fn mprotect(addr: *mut c_void, len: usize, prot: c_int) -> c_int;
    fn munmap(addr: *mut c_void, len: usize) -> c_int;
}

const PAGE: usize = 65536;

/// Pages of which the second half cannot be read.
struct Edge(*mut u8);

impl Edge {
    fn new() -> Self {
        // SAFETY: PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS; then PROT_NONE for what was just mapped.
        unsafe {
            let memory = mmap(null_mut(), 2 * PAGE, 1 | 2, 2 | 0x20, -1, 0).cast::<u8>();
            assert_ne!(memory.addr(), usize::MAX);
            assert_eq!(mprotect(memory.add(PAGE).cast(), PAGE, 0), 0);
            Self(memory)
        }
    }

    /// The first `len` bytes of `value`, right before the end.
    fn put<T>(&self, value: *const T, len: usize) -> *mut T {
        // SAFETY: `value` has so many bytes, and the mapping more.
        unsafe {
            let place = self.0.add(PAGE - len);
            copy_nonoverlapping(value.cast::<u8>(), place, len);
            place.cast()
        }
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        // SAFETY: mapped by `new`.
        unsafe { munmap(self.0.cast(), 2 * PAGE) };
    }
}

#[test]
fn host_1_5_an_older_hosts_extraction_input_is_not_read_behind_its_end() {
    let state = State::init(c"");
    let event = plugin_event(1, 999, b"a");
    let (ends, edge) = (Edge::new(), Edge::new());
    // API 3.3, which this plugin claims: neither `table_reader_ext` nor `value_offsets`.
    let len = offset_of!(abi::FieldExtractInput, table_reader_ext);
    for request in [request(&ask(0), c"edge.text"), request(&ask(1), c"edge.string")] {
        let request = edge.put(&raw const request, size_of::<abi::ExtractField>());
        let input = abi::FieldExtractInput { num_fields: 1, fields: request, ..poison() };
        let event = abi::EventInput { evt: event.as_ptr().cast(), evtnum: 1, evtsrc: c"edge".as_ptr() };
        // SAFETY: valid as far as an older host's struct goes.
        let rc = unsafe { plugin_extract_fields(state.ptr, &raw const event, ends.put(&raw const input, len)) };
        assert_eq!(rc, abi::SUCCESS);
        // SAFETY: written by the call.
        assert_eq!(unsafe { (*request).res_len }, 1 - u64::from(unsafe { (*request).field_id }));
    }
}

#[test]
fn host_1_5_an_init_input_of_3_3_ends_behind_log_fn() {
    assert_eq!(offset_of!(abi::InitInput, log_fn) + size_of::<abi::LogFn>(), size_of::<abi::InitInput>());
    let (edge, text_edge) = (Edge::new(), Edge::new());
    let lines = Lines::default();
    let input = abi::InitInput {
        config: text_edge.put(c"up to the edge".as_ptr(), 15),
        owner: (&raw const lines).cast_mut().cast(),
        log_fn: Some(log),
        ..poison()
    };
    let mut rc = POISON_RC;
    // SAFETY: as the API says; `tables` is poison, for a plugin that uses no tables never looks at it (rule 1.11).
    unsafe {
        let state = plugin_init(edge.put(&raw const input, size_of::<abi::InitInput>()), &raw mut rc);
        assert_eq!(rc, abi::SUCCESS);
        plugin_destroy(state);
    }
    assert_eq!(*lines.lock().unwrap(), [(abi::LOG_INFO, "up to the edge".to_owned())]);
}

#[test]
fn host_3_1_no_byte_is_read_behind_an_event() {
    let state = State::init(c"");
    let edge = Edge::new();
    let whole = plugin_event(1, 999, b"abc\0");
    let place = |event: &[u8]| abi::EventInput {
        evt: edge.put(event.as_ptr(), event.len()).cast(),
        evtnum: 0,
        evtsrc: c"edge".as_ptr(),
    };
    // Whole, and cut at every byte behind `len`, which tells so, and lengths that do not.
    for len in 20..=whole.len() {
        let mut event = whole[..len].to_vec();
        event[16..20].copy_from_slice(&u32::try_from(len).unwrap().to_ne_bytes());
        let input = place(&event);
        let answer = extract_raw(state.ptr, &raw const input, &[ask(0), ask(1)], Offsets::Garbage);
        let whole_payload = len == whole.len();
        assert_eq!(answer.count(1), usize::from(whole_payload), "{len}");
        // SAFETY: the event ends at the edge.
        let text = unsafe { plugin_event_to_string(state.ptr, &raw const input) };
        if whole_payload {
            assert_eq!(common::text(text), "abc");
        }
    }
    // A payload without NUL is copied, and the byte behind it is not looked at.
    let bare = plugin_event(1, 999, b"abc");
    let input = place(&bare);
    let answer = extract_raw(state.ptr, &raw const input, &[ask(0), ask(1)], Offsets::Garbage);
    assert_eq!((answer.strings(0), answer.count(1)), (vec!["abc".to_owned()], 0));
}
