// SPDX-License-Identifier: Apache-2.0
//! A source that does what its open parameters say, and a host that tries to lose its events, its errors, its memory.
#![expect(unsafe_code, reason = "a host calls a plugin through C symbols")]

mod common;

use std::collections::HashSet;
use std::ptr::{null, null_mut};

use common::source::*;
use common::*;
use falconet::abi;

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use std::ffi::CStr;

    use falconet::event::Timestamp;
    use falconet::{
        Batch, Error, Event, EventText, Info, Init, Instance, Next, OpenParams, Plugin, Progress, Source, TextRoom,
    };

    pub(crate) struct Scripted {
        config: String,
    }

    impl Plugin for Scripted {
        type Error = Error;
        const INFO: Info = Info::new(c"scripted", c"1.2.3", c"does as it is told", c"you@example.org");

        fn new(init: &Init<'_>) -> Result<Self, Error> {
            match init.config_str()? {
                "fail" => Err(Error::new("the config says fail").with("given", 4)),
                config => Ok(Self { config: config.to_owned() }),
            }
        }
    }

    impl Source for Scripted {
        const ID: u32 = 999;
        const EVENT_SOURCE: &'static CStr = c"scripted";
        const BATCH_EVENTS: usize = 8;
        const BATCH_BYTES: usize = 4096;
        const MAX_PAYLOAD: usize = 256;
        const TEXT_BYTES: usize = 5000;
        type Instance = Script;

        fn open(&self, params: &CStr) -> Result<Script, Error> {
            let script = params.to_str().map_err(|_| "the script is not UTF-8")?;
            if script == "refuse" {
                return Err(Error::new("this script is refused").with("limit", 0));
            }
            let steps = script.split_whitespace().map(str::to_owned).rev().collect();
            Ok(Script { steps, events: 0, calls: 0 })
        }

        fn open_params(&self, list: &mut OpenParams<'_>) -> Result<(), Error> {
            match self.config.as_str() {
                "open-params-fail" => Err(Error::new("no list today")),
                "open-params-empty" => list.add("", "an empty value"),
                "open-params-long" => {
                    // An author who does not care whether an entry fits: the list stays whole.
                    while list.add("a \"value\" of some length, é", "é\\\n").is_ok() {}
                    Ok(())
                }
                _ => {
                    list.add("1m e", "one event")?;
                    list.add("\"quoted\"\\", "")
                }
            }
        }

        fn event_to_string<'e>(&self, event: &Event<'e>, room: TextRoom<'_>) -> Option<EventText<'e>> {
            match event.payload() {
                [] => None,
                [b'#', ..] => Some(room.write(format_args!("{} bytes", event.payload().len()))),
                payload => EventText::from_event(event, 0).or_else(|| Some(room.copy(payload))),
            }
        }
    }

    /// One step a call: a number of events, then `m`ore, `t`imeout, `e`of, or `f`ail.
    pub(crate) struct Script {
        steps: Vec<String>,
        events: u64,
        calls: u64,
    }

    impl Instance for Script {
        type Plugin = Scripted;

        fn next_batch(&mut self, plugin: &Scripted, batch: &mut Batch<'_>) -> Result<Next, Error> {
            self.calls += 1;
            let Some(step) = self.steps.pop() else { return Err(Error::new("called past the script")) };
            let (count, end) = step.split_at(step.len() - 1);
            for _ in 0..count.parse().unwrap_or(0) {
                let Some(mut event) = batch.claim() else { break };
                let text = format!("{}{}", plugin.config, self.events);
                event.payload().write_all(text.as_bytes())?;
                // Every other time is left to the host.
                event.commit(if self.events.is_multiple_of(2) { Timestamp::from_nanos(7) } else { Timestamp::HOST });
                self.events += 1;
            }
            // A claim that is not committed leaves nothing.
            if let Some(mut event) = batch.claim() {
                event.payload().write_all(b"rolled back")?;
            }
            match end {
                "m" => Ok(Next::More),
                "t" => Ok(Next::Timeout),
                "e" => Ok(Next::Eof),
                _ => Err(Error::new("the script says fail").with("call", self.calls)),
            }
        }

        fn progress(&self) -> Option<Progress> {
            (self.calls > 0).then(|| Progress::of(self.calls, self.calls + self.steps.len() as u64))
        }
    }

    falconet::export!(Scripted: source; states = 64, instances = 64);
}

#[test]
fn host_1_1_the_required_symbols_are_there_and_tell_who_it_is() {
    // SAFETY: functions without conditions.
    let (name, version, description, contact) =
        unsafe { (plugin_get_name(), plugin_get_version(), plugin_get_description(), plugin_get_contact()) };
    assert_eq!(
        [name, version, description, contact].map(text),
        ["scripted", "1.2.3", "does as it is told", "you@example.org"]
    );
}

#[test]
fn host_1_2_a_source_has_an_id_and_a_name_and_all_its_calls() {
    // SAFETY: functions without conditions.
    assert_eq!(unsafe { plugin_get_id() }, 999);
    let state = State::init(c"");
    assert_eq!(open(&state, c"1e").next().events.len(), 1);
}

#[test]
fn host_1_3_the_event_source_is_never_null() {
    // SAFETY: a function without conditions.
    assert_eq!(text(unsafe { plugin_get_event_source() }), "scripted");
}

#[test]
fn host_1_4_the_claimed_version_is_three_numbers_of_major_3() {
    // SAFETY: a function without conditions.
    assert_eq!(text(unsafe { plugin_get_required_api_version() }), "3.3.0");
}

#[test]
fn host_1_8_rc_is_written_on_every_path() {
    // `try_init`, `try_open` and `list_open_params` of the host check it each time.
    drop(State::init(c""));
    drop(State::try_init(c"fail"));
    let state = State::init(c"");
    assert_eq!(try_open(&state, c"refuse").1, abi::FAILURE);
    assert!(list_open_params(&state).is_ok());
    let failing = State::init(c"open-params-fail");
    assert_eq!(list_open_params(&failing), Err("no list today".to_owned()));
    let mut rc = POISON_RC;
    // SAFETY: NULL is survived, and the place is writable.
    unsafe {
        plugin_destroy(plugin_init(null(), &raw mut rc));
        assert_eq!(rc, abi::FAILURE);
        rc = POISON_RC;
        plugin_open(null_mut(), c"1e".as_ptr(), &raw mut rc);
        assert_eq!(rc, abi::FAILURE);
        rc = POISON_RC;
        plugin_list_open_params(null_mut(), &raw mut rc);
        assert_eq!(rc, abi::FAILURE);
    }
}

#[test]
fn host_1_9_a_failed_init_gives_a_state_with_the_message() {
    let state = State::try_init(c"fail");
    assert_eq!(state.rc, abi::FAILURE);
    assert!(!state.ptr.is_null());
    assert_eq!(state.last_error(), "the config says fail (given 4)");
    // Nothing can be done with it, and nothing happens.
    assert_eq!(try_open(&state, c"1e").1, abi::FAILURE);
    assert_eq!(raw_next(state.ptr, NO_INSTANCE).0, abi::FAILURE);
}

#[test]
fn host_1_10_what_init_points_at_is_gone_afterwards() {
    let state = State::init(c"kept ");
    let batch = open(&state, c"2e").next();
    assert_eq!(batch.payloads(), ["kept 0", "kept 1"]);
}

#[test]
fn host_1_11_tables_are_null() {
    // `State::init` passes NULL.
    drop(State::init(c""));
}

#[test]
fn host_4_1_the_host_writes_into_events_and_time_and_id_are_set_again() {
    let state = State::init(c"");
    let instance = open(&state, c"8m 8m 8e");
    for round in 0..3u64 {
        let mut batch = instance.next();
        assert_eq!(batch.events.len(), 8);
        for (i, event) in batch.events.iter().enumerate() {
            let n = round * 8 + i as u64;
            let ts = if n.is_multiple_of(2) { 7 } else { u64::MAX };
            assert_eq!(*event, plugin_event(ts, 999, n.to_string().as_bytes()), "event {n}");
        }
        for (i, event) in batch.now().iter().enumerate() {
            let ts = if i % 2 == 0 { 7 } else { HOST_TS };
            assert_eq!(event[..8], ts.to_ne_bytes());
        }
        // A host may do worse, as long as it stays within the event.
        for event in &mut batch.pointers {
            // SAFETY: the event is lent writable, 38 bytes at least.
            unsafe { event.cast::<u8>().write_bytes(POISON, 38) };
        }
    }
}

#[test]
fn host_4_2_events_are_of_type_322_with_two_parameters_and_the_plugins_id() {
    let state = State::init(c"");
    let batch = open(&state, c"1e").next();
    let event = &batch.events[0];
    assert_eq!(event[20..22], 322u16.to_ne_bytes());
    assert_eq!(event[22..26], 2u32.to_ne_bytes());
    assert_eq!(event[34..38], 999u32.to_ne_bytes());
}

#[test]
fn host_4_3_out_params_are_written_on_every_path() {
    // `raw_next` poisons them, and checks that each call has written both.
    let state = State::init(c"");
    let instance = open(&state, c"3m 0t 2t 0f 2f 0e");
    let counts: Vec<_> = (0..6).map(|_| instance.next()).map(|batch| (batch.rc, batch.events.len())).collect();
    let (success, timeout, failure, eof) = (abi::SUCCESS, abi::TIMEOUT, abi::FAILURE, abi::EOF);
    assert_eq!(counts, [(success, 3), (timeout, 0), (timeout, 2), (failure, 0), (failure, 2), (eof, 0)]);
    assert_eq!(instance.next().events.len(), 0);
    let other = State::init(c"");
    for (state, instance) in [(null_mut(), instance.ptr), (other.ptr, instance.ptr), (state.ptr, NO_INSTANCE)] {
        let (rc, nevts, evts) = raw_next(state, instance);
        assert_eq!((rc, nevts, evts.is_null()), (failure, 0, true));
    }
    assert!(other.last_error().starts_with("plugin_next_batch: no open instance of this state"));
    // SAFETY: NULL is survived.
    unsafe {
        assert_eq!(plugin_next_batch(state.ptr, instance.ptr, null_mut(), null_mut()), failure);
        let mut nevts = 5;
        assert_eq!(plugin_next_batch(state.ptr, instance.ptr, &raw mut nevts, null_mut()), failure);
        assert_eq!(nevts, 0);
    }
}

#[test]
fn host_4_4_success_without_events_is_a_timeout() {
    let state = State::init(c"");
    let batch = open(&state, c"0m").next();
    assert_eq!((batch.rc, batch.events.len()), (abi::TIMEOUT, 0));
}

#[test]
fn host_4_5_what_was_committed_is_delivered_before_the_rc_and_the_error_text_lives() {
    let state = State::init(c"");
    let instance = open(&state, c"2t 3f 1e");
    let batch = instance.next();
    assert_eq!((batch.rc, batch.payloads()), (abi::TIMEOUT, vec!["0".into(), "1".into()]));
    let batch = instance.next();
    assert_eq!((batch.rc, batch.events.len()), (abi::FAILURE, 3));
    // The host now hands the events on, and only then reads the text.
    for event in &batch.events {
        assert!(event_to_string(&state, event).is_some());
    }
    assert_eq!(instance.progress(), 6666);
    assert_eq!(state.last_error(), "the script says fail (call 2)");
    let batch = instance.next();
    assert_eq!((batch.rc, batch.payloads()), (abi::EOF, vec!["5".into()]));
}

#[test]
fn host_4_6_the_end_is_the_end_and_the_instance_is_not_asked_again() {
    let state = State::init(c"");
    let instance = open(&state, c"1e 5m");
    assert_eq!(instance.next().rc, abi::EOF);
    for _ in 0..3 {
        let batch = instance.next();
        assert_eq!((batch.rc, batch.events.len()), (abi::EOF, 0));
    }
    assert_eq!(instance.progress(), 5000, "one call of two");
}

#[test]
fn host_4_7_a_failed_open_is_closed_and_a_close_may_come_twice() {
    let state = State::init(c"");
    let (instance, rc) = try_open(&state, c"refuse");
    assert_eq!((rc, instance.ptr.is_null()), (abi::FAILURE, true));
    assert_eq!(state.last_error(), "this script is refused (limit 0) (open params: \"refuse\")");
    drop(instance);
    let instance = open(&state, c"1e");
    // SAFETY: what is closed already, and NULL, is survived.
    unsafe {
        plugin_close(state.ptr, instance.ptr);
        plugin_close(state.ptr, instance.ptr);
        plugin_close(null_mut(), instance.ptr);
        plugin_close(state.ptr, null_mut());
        plugin_close(null_mut(), null_mut());
    }
    assert_eq!(raw_next(state.ptr, instance.ptr).0, abi::FAILURE, "it is closed");
}

#[test]
fn host_4_8_the_last_error_is_never_null() {
    let state = State::init(c"");
    assert_eq!(state.last_error(), "");
    // SAFETY: NULL is survived.
    let without = text(unsafe { plugin_get_last_error(null_mut()) });
    assert!(without.contains("no state"), "{without}");
    let long = c(&"x".repeat(5000));
    let (_, rc) = try_open(&state, c(&format!("refuse {}", long.to_str().unwrap())).as_c_str());
    assert_eq!(rc, abi::SUCCESS);
    let _failed = open(&state, c"f").next();
    assert!(state.last_error().len() < 256);
}

#[test]
fn host_4_10_two_instances_never_share_memory_and_a_batch_is_left_alone() {
    let state = State::init(c"");
    let (first, second) = (open(&state, c"4m 4m"), open(&state, c"4m 4m"));
    let a = first.next();
    let before = a.now();
    let b = second.next();
    let second_before = b.now();
    let places: HashSet<_> = a.pointers.iter().chain(&b.pointers).collect();
    assert_eq!(places.len(), 8);
    let third = open(&state, c"8e");
    let c = third.next();
    assert_eq!(a.now(), before);
    let _more = first.next();
    drop(third);
    assert_eq!(b.now(), second_before);
    assert_eq!(c.events.len(), 8);
}

#[test]
fn host_4_11_an_events_text_is_its_own_or_the_hosts() {
    let state = State::init(c"");
    let terminated = plugin_event(1, 999, b"in place\0");
    let (address, text) = event_to_string(&state, &terminated).unwrap();
    assert_eq!((address, text.as_str()), (terminated.as_ptr() as usize + 38, "in place"));
    let bare = plugin_event(1, 999, b"no NUL");
    let (address, text) = event_to_string(&state, &bare).unwrap();
    assert_eq!(text, "no NUL");
    assert!(!bare.as_ptr_range().contains(&(address as *const u8)));
    assert_eq!(event_to_string(&state, &plugin_event(1, 999, b"#abc")).unwrap().1, "4 bytes");
    assert_eq!(event_to_string(&state, &plugin_event(1, 999, b"\0mid\0dle")).unwrap().1, "?mid?dle");
    let long = plugin_event(1, 999, &[b'y'; 9000]);
    assert_eq!(event_to_string(&state, &long).unwrap().1, "y".repeat(4999));
    let cut = plugin_event(1, 999, "\u{e4}".repeat(3000).as_bytes());
    assert_eq!(event_to_string(&state, &cut).unwrap().1, "\u{e4}".repeat(2499), "no half character");
    assert_eq!(event_to_string(&state, &bare).unwrap().1, "no NUL", "nothing of the long text is left");
    assert_eq!(event_to_string(&state, &plugin_event(1, 999, b"")), None);
    let mut malformed = plugin_event(1, 999, b"abc");
    malformed[30..34].copy_from_slice(&u32::MAX.to_ne_bytes());
    assert_eq!(event_to_string(&state, &malformed), None);
    // SAFETY: NULL is survived.
    unsafe {
        let no_event = abi::EventInput { evt: null(), evtnum: 1, evtsrc: null() };
        assert!(plugin_event_to_string(state.ptr, &raw const no_event).is_null());
        assert!(plugin_event_to_string(state.ptr, null()).is_null());
        assert!(plugin_event_to_string(null_mut(), &raw const no_event).is_null());
    }
}

#[test]
fn host_4_12_listed_open_params_have_a_value() {
    let state = State::init(c"");
    let json: serde_json::Value = serde_json::from_str(&list_open_params(&state).unwrap()).unwrap();
    let expected = serde_json::json!([
        { "value": "1m e", "desc": "one event" },
        { "value": "\"quoted\"\\", "desc": "" },
    ]);
    assert_eq!(json, expected);
    let empty = State::init(c"open-params-empty");
    assert_eq!(list_open_params(&empty), Err("an open parameter in a list must not be empty".to_owned()));
}

#[test]
fn a_list_of_open_params_that_is_too_long_keeps_its_whole_entries() {
    let state = State::init(c"open-params-long");
    let json: serde_json::Value = serde_json::from_str(&list_open_params(&state).unwrap()).unwrap();
    let entries = json.as_array().unwrap();
    assert!(entries.len() > 50);
    for entry in entries {
        assert_eq!(entry, &serde_json::json!({ "value": "a \"value\" of some length, é", "desc": "é\\\n" }));
    }
}

#[test]
fn progress_is_in_hundredths_and_0_where_nobody_knows() {
    let state = State::init(c"");
    let instance = open(&state, c"1m 1m 1e");
    assert_eq!(instance.progress(), 0);
    let _one = instance.next();
    assert_eq!(instance.progress(), 3333);
    let mut progress = u32::MAX;
    // SAFETY: NULL is survived.
    unsafe {
        assert!(plugin_get_progress(state.ptr, null_mut(), &raw mut progress).is_null());
        assert_eq!(progress, 0);
        plugin_get_progress(null_mut(), instance.ptr, &raw mut progress);
        plugin_get_progress(state.ptr, instance.ptr, null_mut());
    }
}

#[test]
fn null_in_every_pointer_is_survived() {
    // SAFETY: that is the test.
    unsafe {
        plugin_destroy(null_mut());
        let state = plugin_init(null(), null_mut());
        assert!(text(plugin_get_last_error(state)).contains("NULL"));
        plugin_destroy(state);
        let mut input: abi::InitInput = poison();
        input.config = null();
        input.log_fn = None;
        let mut rc = POISON_RC;
        let state = plugin_init(&raw const input, &raw mut rc);
        assert_eq!(rc, abi::SUCCESS);
        let instance = plugin_open(state, null(), null_mut());
        assert!(!instance.is_null(), "no params are empty params");
        plugin_list_open_params(state, null_mut());
        plugin_close(state, instance);
        plugin_destroy(state);
    }
}

#[test]
fn two_states_have_their_own_configs_errors_and_logs() {
    let (a, b) = (State::init(c"a"), State::init(c"b"));
    let _failed = open(&a, c"f").next();
    assert_eq!(b.last_error(), "");
    assert_eq!(a.last_error(), "the script says fail (call 1)");
    assert_eq!(open(&a, c"1e").next().payloads(), ["a0"]);
    assert_eq!(open(&b, c"1e").next().payloads(), ["b0"]);
}
