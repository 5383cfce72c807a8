// SPDX-License-Identifier: Apache-2.0
//! What a plugin that breaks the host's rules is told.
#![expect(unsafe_code, reason = "the host's functions, called as a plugin would")]

use std::ffi::{CStr, c_char, c_void};
use std::panic::catch_unwind;
use std::ptr::{from_ref, null, null_mut};

use falconet::abi::{self, FAILURE, SUCCESS};
use falconet::event::{write_async, write_raw};
use falconet::log::Severity;
use falconet::view::WriteView;
use falconet::{Timestamp, event};

use super::extract::{poisoned, read};
use super::field::{Asked, fields};
use super::host::{Host, async_event, log};
use super::{Event, Value};

fn owner(host: &Host) -> *mut c_void {
    from_ref(host).cast_mut().cast()
}

#[test]
fn a_line_that_is_none_is_a_fault() {
    let host = Host::default();
    // SAFETY: the owner is a host, and the texts are C strings or NULL.
    unsafe {
        log(owner(&host), null(), c"fine".as_ptr(), abi::LOG_INFO);
        log(owner(&host), null(), null(), abi::LOG_INFO);
        log(null_mut(), null(), c"nobody's".as_ptr(), abi::LOG_INFO);
    }
    assert_eq!(host.take_lines(), [(Severity::Info, "fine")]);
    assert_eq!(host.fault().as_deref(), Some("log_fn was called with NULL as the line"));
    // SAFETY: as above.
    unsafe { log(owner(&host), null(), c"x".as_ptr(), 9) };
    assert_eq!(host.fault().as_deref(), Some("log_fn was called with the severity 9: 1 to 8 were expected"));
    // SAFETY: as above.
    unsafe { log(owner(&host), c"name".as_ptr(), c"x".as_ptr(), 1) };
    assert!(host.fault().is_some_and(|fault| fault.contains("'name'")));
    assert_eq!((host.fault(), host.take_lines()), (None, vec![]));
}

/// Hands an event over as a plugin would, and gives what it was refused with.
fn emit(host: &Host, event: &[u8]) -> Result<(), String> {
    let mut error = [0xA5u8; abi::MAX_ERRLEN];
    // SAFETY: the owner is a host, the event whole, the buffer as large as the host knows it.
    let rc = unsafe { async_event(owner(host), event.as_ptr().cast(), error.as_mut_ptr().cast()) };
    let text = CStr::from_bytes_until_nul(&error).map(|text| text.to_string_lossy().into_owned());
    match rc {
        SUCCESS => Ok(()),
        FAILURE => Err(text.unwrap()),
        other => panic!("{other}"),
    }
}

fn made(name: &CStr) -> Vec<u8> {
    let mut memory = [0; 128];
    let len = write_async(&mut WriteView::new(&mut memory), Timestamp::from_nanos(1), 0, name, b"data").unwrap();
    memory[..len].to_vec()
}

#[test]
fn host_7_1_an_async_event_is_taken_where_it_is_declared() {
    let host = Host::default();
    let late = emit(&host, &made(c"news")).unwrap_err();
    assert!(late.contains("no handler was set"), "{late}");
    assert!(host.fault().is_some());
    assert_eq!(host.takes(Some(&["news"])), None);
    assert_eq!(emit(&host, &made(c"news")), Ok(()));
    assert_eq!(host.take_events()[0].as_async(), Some(("news", &b"data"[..])));
    let wrong = emit(&host, &made(c"olds"));
    assert_eq!(wrong.unwrap_err(), "the async event 'olds' is not declared");
    let mut of_thread = made(c"news");
    of_thread[8..16].copy_from_slice(&7u64.to_ne_bytes());
    assert_eq!(emit(&host, &of_thread).unwrap_err(), "an async event has a thread id (rule 7.1)");
    let plugin_event = Event::plugin(b"x");
    assert!(emit(&host, plugin_event.bytes()).unwrap_err().contains("type 402 was expected"));
    let mut short = made(c"news");
    short[16..20].copy_from_slice(&4u32.to_ne_bytes());
    assert_eq!(emit(&host, &short).unwrap_err(), "an event has 4 bytes, less than its header");
    // SAFETY: as in `emit`; nothing is there to be written into.
    assert_eq!(unsafe { async_event(owner(&host), null(), null_mut()) }, FAILURE);
    assert!(host.take_events().is_empty());
}

#[test]
fn an_event_is_all_of_its_bytes() {
    let mut memory = [0; 64];
    let len =
        write_raw(&mut WriteView::new(&mut memory), Timestamp::from_nanos(3), Some(1), 300, &[b"a", b""]).unwrap();
    let event = Event::of_bytes(&memory[..len]);
    assert_eq!((event.event_type(), event.nanos(), event.payload()), (300, 3, &b""[..]));
    assert_eq!(event.get().map(|event| event.as_bytes().len()), Some(len));
    assert!(Event::checked(memory.to_vec()).unwrap_err().contains("and there are 64"));
    let numbers = [Event::plugin(b"").number(), Event::plugin(b"").number()];
    assert_ne!(numbers[0], numbers[1]);
    assert_eq!(
        Event::plugin(b"").numbered(0).at(9).get().map(|event: event::Event<'_>| event.timestamp().raw()),
        Some(9)
    );
}

/// What the kit says of the outputs of a call for a field.
fn said(name: &str, write: impl FnOnce(&mut abi::ExtractField)) -> Result<Value, String> {
    let json =
        cr#"[{"name":"text","type":"string","desc":"d"},{"name":"texts","type":"string","desc":"d","isList":true},
        {"name":"net","type":"ipnet","desc":"d"}]"#;
    let known = fields(json).unwrap();
    let asked = Asked::parse(name, &known).unwrap();
    let mut place = poisoned(&asked);
    write(&mut place);
    let read = std::panic::AssertUnwindSafe(|| read(&asked, &place));
    catch_unwind(read).map_err(|panic| panic.downcast_ref::<String>().cloned().unwrap_or_default())
}

#[test]
fn outputs_that_the_host_would_misread_fail_the_test() {
    let give = |count: u64, values: *const c_void| {
        move |place: &mut abi::ExtractField| {
            (place.res_len, place.res) = (count, abi::ExtractResult { u64: values.cast_mut().cast() });
        }
    };
    let texts: [*const c_char; 2] = [c"one".as_ptr(), null()];
    let first: *const c_void = texts.as_ptr().cast();
    assert_eq!(said("text", give(1, first)).unwrap(), "one");
    assert_eq!(said("texts", give(1, first)).unwrap(), ["one"]);
    assert!(said("text", give(0, null())).unwrap().is_none());
    let wrong = |name, count, values| said(name, give(count, values)).unwrap_err();
    assert_eq!(said("text", |_| {}).unwrap_err(), "text: plugin_extract_fields has not written res_len (rule 5.3)");
    let unwritten = said("text", |place| place.res_len = 1).unwrap_err();
    assert_eq!(unwritten, "text: res_len is 1, and res was not written");
    assert_eq!(wrong("text", 1, null()), "text: res_len is 1, and res was not written");
    assert_eq!(wrong("text", 2, first), "text: 2 values of a field that is no list");
    assert_eq!(wrong("text", 1, first.wrapping_byte_add(1)), "text: res is not aligned to 8 bytes");
    let null_text = "texts, value 1 (from 0): a string is NULL, which crashes the host (rule 5.6)";
    assert_eq!(wrong("texts", 2, first), null_text);
    let buffer = abi::ByteBuffer { len: 5, ptr: b"12345".as_ptr().cast() };
    assert!(wrong("net", 1, from_ref(&buffer).cast()).contains("an address has 5 bytes: 4 or 16 were expected"));
    let buffer = abi::ByteBuffer { len: 4, ptr: null() };
    assert!(wrong("net", 1, from_ref(&buffer).cast()).contains("the bytes of an address are NULL"));
}
