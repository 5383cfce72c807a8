// SPDX-License-Identifier: Apache-2.0
//! Async events through the exported symbols: their bytes, refusals, and that no call into the host outlives its capture.
#![expect(unsafe_code, reason = "a host calls a plugin through C symbols")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::ptr::null_mut;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use common::async_events::*;
use common::*;
use falconet::async_event::EmitError;
use falconet::{Timestamp, abi};

use plugin::{ALARM, ALL_CLEAR, AlarmEmitter};

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use std::sync::Mutex;
    use std::thread::{JoinHandle, spawn};

    use falconet::async_event::{Dump, DumpState, EmitError, Emitter, EventName};
    use falconet::error::Shown;
    use falconet::{AsyncEvents, Info, Init, Log, Plugin, Timestamp};

    pub(crate) type AlarmEmitter = Emitter<Alarms>;
    pub(crate) const ALARM: EventName<Alarms> = EventName::new("alarm");
    pub(crate) const ALL_CLEAR: EventName<Alarms> = EventName::new("exactly thirty-one bytes long..");

    /// The emitters of all captures, with the config of their state.
    pub(crate) static EMITTERS: Mutex<Vec<(String, AlarmEmitter)>> = Mutex::new(Vec::new());
    /// Threads that no plugin may have: nobody joins them while the capture ends.
    pub(crate) static LEFT_BEHIND: Mutex<Vec<JoinHandle<u64>>> = Mutex::new(Vec::new());

    pub(crate) struct Alarms {
        log: Log,
        config: String,
        threads: Vec<JoinHandle<u64>>,
    }

    impl Plugin for Alarms {
        type Error = Shown<String>;
        const INFO: Info = Info::new(c"alarms", c"0.1.0", c"raises alarms", c"you@example.org");

        fn new(init: &Init<'_>) -> Result<Self, Shown<String>> {
            let config = init.config_str().map_err(|error| error.to_string())?.to_owned();
            Ok(Self { log: init.log(), config, threads: Vec::new() })
        }
    }

    /// Emits on and on; how many were taken.
    fn endless(emitter: AlarmEmitter) -> u64 {
        let mut taken = 0;
        loop {
            match emitter.emit(ALARM, Timestamp::HOST, b"on and on") {
                Ok(()) => taken += 1,
                Err(EmitError::Stopped) => {
                    assert!(emitter.is_stopped());
                    return taken;
                }
                Err(error) => unreachable!("{error}"),
            }
        }
    }

    impl AsyncEvents for Alarms {
        const ASYNC_EVENTS: &'static [&'static str] = &["alarm", "exactly thirty-one bytes long.."];
        const ASYNC_SOURCES: &'static [&'static str] = &["alarms", "syscall"];

        fn start(&mut self, emitter: AlarmEmitter) -> Result<(), Shown<String>> {
            self.log.info("start");
            EMITTERS.lock().map_err(|_| "poisoned".to_owned())?.push((self.config.clone(), emitter));
            match &*self.config {
                "first" => emitter.emit(ALARM, Timestamp::from_nanos(7), b"the first").map_err(|e| e.to_string())?,
                "fail" => return Err("no alarm today".to_owned().into()),
                config if config.starts_with("threads") => {
                    self.threads = (0..3).map(|_| spawn(move || endless(emitter))).collect();
                }
                "left behind" => {
                    let threads = (0..3).map(|_| spawn(move || endless(emitter)));
                    LEFT_BEHIND.lock().map_err(|_| "poisoned".to_owned())?.extend(threads);
                }
                _ => {}
            }
            Ok(())
        }

        fn stop(&mut self) {
            let last =
                EMITTERS.lock().ok().and_then(|all| Some(all.iter().rfind(|(config, _)| *config == self.config)?.1));
            let refused = last.map(|emitter| emitter.emit(ALARM, Timestamp::HOST, b"too late"));
            let taken: u64 = self.threads.drain(..).filter_map(|thread| thread.join().ok()).sum();
            self.log.info(&format!("stop: {refused:?}, {taken} taken"));
        }
    }

    impl DumpState for Alarms {
        fn dump_state(&mut self, dump: &Dump<'_, Self>) -> Result<(), Shown<String>> {
            let emit = |ts, id, data: &[u8]| dump.emit(ALARM, ts, id, data).map_err(|error| error.to_string());
            emit(Timestamp::from_nanos(5), 999, b"42")?;
            emit(Timestamp::from_nanos(6), 0, b"")?;
            match &*self.config {
                "host time" => emit(Timestamp::HOST, 999, b"never")?,
                "large" => emit(Timestamp::from_nanos(7), 999, &[0; 5000])?,
                "fail" => return Err("no dump today".to_owned().into()),
                _ => {}
            }
            Ok(())
        }
    }

    falconet::export!(Alarms: async_events, dump_state; states = 16);
}

/// The emitter of the last capture of the state with this config, which is the test's own.
fn emitter(config: &str) -> AlarmEmitter {
    let all = plugin::EMITTERS.lock().unwrap();
    all.iter().rfind(|(of, _)| of == config).unwrap().1
}

fn logged(state: &State) -> Vec<String> {
    state.logged().into_iter().map(|(_, line)| line).collect()
}

const STOPPED: &str = "stop: Some(Err(Stopped)), 0 taken";

#[test]
fn host_7_1_the_handler_gets_whole_events_of_type_402() {
    let (state, inspector) = (State::init(c"first"), Inspector::new());
    assert_eq!(inspector.set(&state), abi::SUCCESS);
    assert_eq!(inspector.taken(), [async_event(7, 0, c"alarm", b"the first")]);
    let emitter = emitter("first");
    emitter.emit(ALL_CLEAR, Timestamp::HOST, b"").unwrap();
    emitter.emit_with(ALARM, Timestamp::from_nanos(u64::MAX - 1), |out| out.write_all(b"da\0ta\xff")).unwrap();
    let largest = vec![b'x'; AlarmEmitter::CAPACITY - 42 - 6];
    emitter.emit(ALARM, Timestamp::from_nanos(1), &largest).unwrap();
    assert_eq!(
        inspector.taken(),
        [
            async_event(u64::MAX, 0, c"exactly thirty-one bytes long..", b""),
            async_event(u64::MAX - 1, 0, c"alarm", b"da\0ta\xff"),
            async_event(1, 0, c"alarm", &largest),
        ]
    );
    assert_eq!(inspector.unset(&state), abi::SUCCESS);
}

#[test]
fn host_7_2_the_hosts_clock_is_the_largest_time_and_success_is_no_promise() {
    let (state, inspector) = (State::init(c"times"), Inspector::new());
    assert_eq!(inspector.set(&state), abi::SUCCESS);
    let emitter = emitter("times");
    // Years ahead: the real host drops it and says SUCCESS, so there is nothing that the plugin could be told.
    for ts in [Timestamp::HOST, Timestamp::from_nanos(i64::MAX.cast_unsigned()), Timestamp::from_nanos(0)] {
        assert!(emitter.emit(ALARM, ts, b"").is_ok());
    }
    let times: Vec<_> = inspector.taken().iter().map(|event| event[..8].to_vec()).collect();
    assert_eq!(times, [u64::MAX, i64::MAX.cast_unsigned(), 0].map(|ts| ts.to_ne_bytes().to_vec()));
    inspector.unset(&state);
}

#[test]
fn host_10_1_names_of_31_bytes_are_declared_whole() {
    // SAFETY: functions without conditions.
    let (names, sources) = unsafe { (plugin_get_async_events(), plugin_get_async_event_sources()) };
    let json = |list| serde_json::from_str::<Vec<String>>(&text(list)).unwrap();
    assert_eq!(json(names), ["alarm", "exactly thirty-one bytes long.."]);
    assert_eq!(json(names)[1].len(), 31);
    assert_eq!(json(sources), ["alarms", "syscall"]);
}

#[test]
fn host_7_4_why_the_host_refuses_is_in_the_error() {
    let (state, inspector) = (State::init(c"refused"), Inspector::new());
    assert_eq!(inspector.set(&state), abi::SUCCESS);
    let emitter = emitter("refused");
    let refused = |with: &[u8]| {
        inspector.refuse(with);
        let error = emitter.emit(ALARM, Timestamp::HOST, b"data").unwrap_err();
        assert!(matches!(error, EmitError::Refused(_)), "{error:?}");
        error.to_string()
    };
    let begin = "the host refuses an async event: ";
    let why = "incompatible async event 'alarm' produced by plugin: alarms";
    assert_eq!(refused(format!("{why}\0left over").as_bytes()), format!("{begin}{why}"));
    assert_eq!(refused(b""), begin, "a host need not say why");
    assert_eq!(refused(&[b'x'; 1024]), format!("{begin}{}", "x".repeat(95)), "no NUL in the whole buffer");
    assert!(inspector.taken().is_empty());
    *inspector.refusal.lock().unwrap() = None;
    emitter.emit(ALARM, Timestamp::HOST, b"data").unwrap();
    assert_eq!(inspector.taken().len(), 1, "a refusal is of one event");
    inspector.unset(&state);
}

#[test]
fn an_event_too_large_is_refused_before_the_host_sees_it_and_goes_into_a_larger_buffer() {
    let (state, inspector) = (State::init(c"large events"), Inspector::new());
    assert_eq!(inspector.set(&state), abi::SUCCESS);
    let emitter = emitter("large events");
    let data = vec![7; AlarmEmitter::CAPACITY - 42 - 6 + 1];
    let error = emitter.emit(ALARM, Timestamp::HOST, &data).unwrap_err();
    assert!(matches!(error, EmitError::TooLarge { needed: 4097, capacity: 4096 }), "{error:?}");
    assert_eq!(error.to_string(), "an async event is larger than its buffer (needed 4097, available 4096)");
    let error = emitter.emit_with(ALARM, Timestamp::HOST, |out| out.write_all(&data)).unwrap_err();
    assert!(matches!(error, EmitError::Data(_)), "{error:?}");
    for small in 0..48 {
        let mut room = vec![std::mem::MaybeUninit::uninit(); small];
        let error = emitter.emit_in(&mut room, ALARM, Timestamp::HOST, |_| Ok(())).unwrap_err();
        assert!(matches!(error, EmitError::TooLarge { needed: 48, capacity } if capacity == small), "{error:?}");
    }
    assert_eq!(inspector.calls(), 0);
    let mut room = vec![std::mem::MaybeUninit::uninit(); 48];
    emitter.emit_in(&mut room, ALARM, Timestamp::HOST, |_| Ok(())).unwrap();
    let mut room = vec![std::mem::MaybeUninit::uninit(); 100_000];
    emitter.emit_in(&mut room, ALARM, Timestamp::HOST, |out| out.write_all(&[9; 90_000])).unwrap();
    let expected = [async_event(u64::MAX, 0, c"alarm", b""), async_event(u64::MAX, 0, c"alarm", &[9; 90_000])];
    assert_eq!(inspector.taken(), expected);
    inspector.unset(&state);
}

#[test]
fn a_view_that_is_replaced_is_not_sent() {
    use falconet::view::WriteView;
    let (state, inspector) = (State::init(c"replaced"), Inspector::new());
    assert_eq!(inspector.set(&state), abi::SUCCESS);
    // Its own memory stands right behind the event's: the replaced view begins where the event's data would.
    let memory: &'static mut [std::mem::MaybeUninit<u8>] = vec![std::mem::MaybeUninit::new(b'!'); 148].leak();
    let (room, behind) = memory.split_at_mut(48);
    let result = emitter("replaced").emit_in(room, ALARM, Timestamp::HOST, |out| {
        *out = WriteView::from_uninit(behind);
        out.write_all(&[b'?'; 100])
    });
    assert!(matches!(result, Err(EmitError::Data(_))), "{result:?}");
    assert_eq!(inspector.calls(), 0);
    inspector.unset(&state);
}

#[test]
fn host_7_3_no_call_is_under_way_or_begins_once_the_null_handler_has_returned() {
    for _ in 0..20 {
        let (state, inspector) = (State::init(c"left behind"), Inspector::new());
        inspector.slow.store(true, Ordering::Relaxed);
        assert_eq!(inspector.set(&state), abi::SUCCESS);
        while inspector.calls() < 20 {
            std::thread::yield_now();
        }
        let before = Instant::now();
        assert_eq!(inspector.unset(&state), abi::SUCCESS);
        let (under_way, calls) = (inspector.under_way(), inspector.calls());
        assert!(before.elapsed() < Duration::from_secs(5));
        assert_eq!(under_way, 0);
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(inspector.calls(), calls, "a call has begun after the end of the capture");
        let threads = std::mem::take(&mut *plugin::LEFT_BEHIND.lock().unwrap());
        let taken: u64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
        assert_eq!((taken, inspector.taken().len() as u64), (calls, calls));
    }
}

#[test]
fn threads_are_joined_by_stop_and_stop_is_called_once() {
    let (state, inspector) = (State::init(c"threads"), Inspector::new());
    assert_eq!(inspector.unset(&state), abi::SUCCESS, "NULL before any handler");
    assert!(logged(&state).is_empty());
    assert_eq!(inspector.set(&state), abi::SUCCESS);
    while inspector.calls() < 100 {
        std::thread::yield_now();
    }
    assert_eq!(inspector.unset(&state), abi::SUCCESS);
    let calls = inspector.calls();
    assert_eq!(logged(&state), ["start", &format!("stop: Some(Err(Stopped)), {calls} taken")]);
    assert_eq!(inspector.unset(&state), abi::SUCCESS);
    assert!(logged(&state).is_empty());
}

#[test]
fn a_handler_set_twice_ends_the_capture_before() {
    let (state, first, second) = (State::init(c"twice"), Inspector::new(), Inspector::new());
    assert_eq!(first.set(&state), abi::SUCCESS);
    let old = emitter("twice");
    assert_eq!(second.set(&state), abi::SUCCESS);
    assert_eq!(logged(&state), ["start", STOPPED, "start"]);
    assert!(old.is_stopped() && !emitter("twice").is_stopped());
    assert!(matches!(old.emit(ALARM, Timestamp::HOST, b""), Err(EmitError::Stopped)));
    emitter("twice").emit(ALARM, Timestamp::HOST, b"").unwrap();
    assert_eq!((first.calls(), second.calls()), (0, 1));
    second.unset(&state);
}

#[test]
fn an_emitter_of_an_earlier_capture_or_state_stays_inert() {
    let inspector = Inspector::new();
    let mut old = Vec::new();
    for _ in 0..3 {
        let state = State::init(c"again");
        for _ in 0..3 {
            assert_eq!(inspector.set(&state), abi::SUCCESS);
            assert!(old.iter().all(AlarmEmitter::is_stopped));
            for emitter in &old {
                let stopped = emitter.emit_with(ALARM, Timestamp::HOST, |_| panic!("the work is not done"));
                assert!(matches!(stopped, Err(EmitError::Stopped)));
            }
            assert_eq!(inspector.calls(), 0);
            old.push(emitter("again"));
            assert_eq!(inspector.unset(&state), abi::SUCCESS);
        }
    }
    assert_eq!(old.len(), 9);
    assert_eq!(format!("{:?}", old[0]), "Emitter { stopped: true }");
}

#[test]
fn a_start_that_fails_leaves_an_inert_emitter_and_says_why() {
    let (state, inspector) = (State::init(c"fail"), Inspector::new());
    assert_eq!(inspector.set(&state), abi::FAILURE);
    assert_eq!(state.last_error(), "no alarm today");
    assert!(matches!(emitter("fail").emit(ALARM, Timestamp::HOST, b""), Err(EmitError::Stopped)));
    assert_eq!(inspector.unset(&state), abi::SUCCESS);
    assert_eq!(logged(&state), ["start"], "what did not start is not stopped");
}

#[test]
fn host_11_2_destroy_without_a_null_handler_stops_as_well() {
    let (state, inspector) = (State::init(c"threads to destroy"), Inspector::new());
    assert_eq!(inspector.set(&state), abi::SUCCESS);
    while inspector.calls() < 100 {
        std::thread::yield_now();
    }
    let (lines, emitter) = (state.lines.clone(), emitter("threads to destroy"));
    drop(state);
    let calls = inspector.calls();
    assert_eq!(inspector.under_way(), 0);
    assert!(emitter.is_stopped());
    assert_eq!(lines.lock().unwrap().last().unwrap().1, format!("stop: Some(Err(Stopped)), {calls} taken"));
}

#[test]
fn no_state_is_survived() {
    let inspector = Inspector::new();
    // SAFETY: NULL is no state.
    unsafe {
        assert_eq!(plugin_set_async_event_handler(null_mut(), inspector.owner(), Some(handler)), abi::FAILURE);
        assert_eq!(plugin_set_async_event_handler(null_mut(), null_mut(), None), abi::FAILURE);
        assert_eq!(plugin_dump_state(null_mut(), inspector.owner(), Some(handler)), abi::FAILURE);
        assert_eq!(text(plugin_get_required_api_version()), "3.10.0");
    }
}

#[test]
fn host_7_5_dumped_events_have_a_real_time_and_id() {
    let (state, inspector) = (State::init(c"dump"), Inspector::new());
    let dumped = [async_event(5, 999, c"alarm", b"42"), async_event(6, 0, c"alarm", b"")];
    assert_eq!(inspector.dump(&state), abi::SUCCESS);
    assert_eq!(inspector.taken(), dumped);
    // Beside a capture that is open, and not through its handler.
    let other = Inspector::new();
    assert_eq!(other.set(&state), abi::SUCCESS);
    assert_eq!(inspector.dump(&state), abi::SUCCESS);
    assert_eq!((inspector.taken().as_slice(), other.calls()), (dumped.as_slice(), 0));
    assert!(!emitter("dump").is_stopped());
    other.unset(&state);
}

#[test]
fn host_7_5_a_dump_that_fails_says_why_in_the_log() {
    let last = |config: &std::ffi::CStr, refusal: Option<&[u8]>| {
        let (state, inspector) = (State::init(config), Inspector::new());
        if let Some(refusal) = refusal {
            inspector.refuse(refusal);
        }
        assert_eq!(inspector.dump(&state), abi::FAILURE);
        let (severity, line) = state.logged().pop().unwrap();
        assert_eq!((severity, &line), (abi::LOG_ERROR, &state.last_error()));
        (line, inspector.taken().len())
    };
    assert_eq!(last(c"fail", None), ("no dump today".into(), 2));
    assert_eq!(last(c"host time", None), ("a dumped event needs a real time: the host fills in none".into(), 2));
    let large = "an async event is larger than its buffer (needed 5048, available 4096)";
    assert_eq!(last(c"large", None), (large.into(), 2));
    assert_eq!(last(c"dump", Some(b"disk full\0")), ("the host refuses an async event: disk full".into(), 0));
    let state = State::init(c"dump");
    // SAFETY: NULL is no handler.
    assert_eq!(unsafe { plugin_dump_state(state.ptr, null_mut(), None) }, abi::FAILURE);
    assert!(state.last_error().contains("NULL as its handler"), "{}", state.last_error());
}
