// SPDX-License-Identifier: Apache-2.0
//! All capabilities in one plugin, called in the real host's order (rule 8.1), capture after capture.
#![expect(unsafe_code, reason = "a host calls a plugin through C symbols")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::ptr::null_mut;

use common::async_events::*;
use common::extract::*;
use common::listen::*;
use common::parse::*;
use common::source::*;
use common::*;
use falconet::abi;

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use std::ffi::CStr;
    use std::time::Duration;

    use falconet::async_event::{Dump, DumpState, Emitter, EventName};
    use falconet::listen::{Again, Capture, Routine};
    use falconet::metrics::{Counter, Metric};
    use falconet::view::WriteView;
    use falconet::{
        AsyncEvents, Error, Event, EventSchema, Extract, Field, Info, Init, InitSchema, Listen, Log, Metrics,
        NextEvent, One, Parse, Parsing, Plugin, SetConfig, Shared, Shares, Source, Timestamp,
    };

    pub(crate) struct All {
        log: Log,
        shared: Shared<Self>,
        emitter: Option<Emitter<Self>>,
        routine: Option<Routine>,
    }

    const NEWS: EventName<All> = EventName::new("news");

    impl Plugin for All {
        type Error = Error;
        const INFO: Info = Info::new(c"all", c"0.1.0", c"does everything", c"you@example.org");

        fn new(init: &Init<'_>) -> Result<Self, Error> {
            Ok(Self { log: init.log(), shared: init.shared::<Self>()?, emitter: None, routine: None })
        }
    }

    impl Drop for All {
        fn drop(&mut self) {
            self.log.info("drop");
        }
    }

    impl Source for All {
        const ID: u32 = 999;
        const EVENT_SOURCE: &'static CStr = c"all";
        const BATCH_BYTES: usize = 1024;
        const MAX_PAYLOAD: usize = 64;
        type Instance = Stream;

        fn open(&self, _: &CStr) -> Result<Stream, Error> {
            self.log.info("open");
            Ok(Stream { log: self.log, events: 0 })
        }
    }

    pub(crate) struct Stream {
        log: Log,
        events: u64,
    }

    impl NextEvent for Stream {
        type Plugin = All;

        fn next(&mut self, plugin: &All, payload: &mut WriteView<'_>) -> Result<One, Error> {
            self.events += 1;
            if self.events > 2 {
                return Ok(One::Eof);
            }
            if let Some(emitter) = &plugin.emitter {
                emitter.emit(NEWS, Timestamp::HOST, b"next")?;
            }
            payload.write_all(&self.events.to_ne_bytes())?;
            Ok(One::Event(Timestamp::from_nanos(self.events)))
        }
    }

    impl Drop for Stream {
        fn drop(&mut self) {
            self.log.info("close");
        }
    }

    impl Extract for All {
        type Decoded = u64;
        const EVENT_TYPES: &'static [u16] = &[322, 402];
        const FIELDS: &'static [Field<Self>] = &[Field::<Self>::new("all.seen", "parsed so far", |_, seen, _| *seen)];

        fn decode(&self, _: &Event<'_>) -> Option<u64> {
            Some(self.shared.get())
        }
    }

    impl Parse for All {
        fn parse(&mut self, _: &Event<'_>, _: &mut Parsing<'_, Self>) -> Result<(), Error> {
            self.shared.add(1);
            Ok(())
        }
    }

    impl Shares for All {
        type Shared = Counter<u64>;
        const SHARED: Counter<u64> = Counter::new();
    }

    impl Metrics for All {
        const METRICS: &'static [Metric<Counter<u64>>] = &[Metric::new(c"seen", |seen: &Counter<u64>| seen)];
    }

    impl AsyncEvents for All {
        const ASYNC_EVENTS: &'static [&'static str] = &["news"];

        fn start(&mut self, emitter: Emitter<Self>) -> Result<(), Error> {
            self.log.info("start");
            self.emitter = Some(emitter);
            Ok(())
        }

        fn stop(&mut self) {
            self.log.info("stop");
        }
    }

    impl DumpState for All {
        fn dump_state(&mut self, dump: &Dump<'_, Self>) -> Result<(), Error> {
            dump.emit(NEWS, Timestamp::from_nanos(1), 999, &self.shared.get().to_ne_bytes())?;
            Ok(())
        }
    }

    impl Listen for All {
        fn capture_open(&mut self, capture: &mut Capture<'_, Self>) -> Result<(), Error> {
            self.log.info("capture_open");
            self.routine = Some(capture.subscribe(Duration::from_millis(1), |seen| {
                seen.add(1000);
                Again::Yes
            })?);
            Ok(())
        }

        fn capture_close(&mut self, _: &mut Capture<'_, Self>) -> Result<(), Error> {
            let over = self.routine.as_ref().is_some_and(Routine::is_over);
            let stopped = self.emitter.as_ref().is_some_and(Emitter::is_stopped);
            self.log.info(if over && stopped { "capture_close" } else { "something goes on" });
            Ok(())
        }
    }

    impl InitSchema for All {
        const INIT_SCHEMA: &'static CStr = cr#"{"type": "object"}"#;
    }

    impl SetConfig for All {
        fn set_config(&mut self, _: &CStr) -> Result<(), Error> {
            self.shared.add(1_000_000);
            Ok(())
        }
    }

    impl EventSchema for All {
        const EVENT_SCHEMA: &'static CStr = c"4.1.0";
    }

    falconet::export!(
        All: event_schema, set_config, init_schema, listen, dump_state, async_events, metrics, shares, parse, offsets,
            extract, source;
        states = 2, instances = 2, routines = 1, memory = 64,
    );
}

fn seen(state: &State) -> u64 {
    // SAFETY: a u64 as it says.
    unsafe { metrics(state.ptr).first().unwrap().value.u64 }
}

#[test]
fn host_8_1_captures_open_and_close_in_the_hosts_order() {
    let state = State::init(c"{}");
    let (inspector, pool) = (Inspector::new(), Pool::idle());
    let mut expected = 0;
    for capture in 1..=3 {
        let instance = open(&state, c"");
        // SAFETY: a function without conditions.
        assert_eq!(text(unsafe { plugin_get_required_event_schema_version(state.ptr) }), "4.1.0");
        assert_eq!(inspector.set(&state), abi::SUCCESS);
        assert_eq!(pool.open(&state), abi::SUCCESS, "{}", state.last_error());
        let routine = pool.take()[0];
        assert!(routine.step());
        expected += 1000;

        assert_eq!(inspector.dump(&state), abi::SUCCESS);
        assert_eq!(inspector.taken(), [async_event(1, 999, c"news", &u64::to_ne_bytes(expected))]);

        let batch = instance.next();
        assert_eq!((batch.rc, batch.events.len()), (abi::EOF, 2));
        assert_eq!(inspector.taken(), vec![async_event(u64::MAX, 0, c"news", b"next"); 2]);
        for (number, event) in (1..).zip(&batch.events) {
            assert_eq!(parse(&state, number, event), abi::SUCCESS);
            expected += 1;
            assert_eq!(extract_with_offsets(&state, event, &[ask(0)], Offsets::Wanted).u64s(0), [expected]);
            // The host asks for metrics whenever it likes.
            assert_eq!(seen(&state), expected);
        }
        assert_eq!(set_config(&state, c"{}"), abi::SUCCESS);
        expected += 1_000_000;

        drop(instance);
        assert_eq!(inspector.unset(&state), abi::SUCCESS);
        assert_eq!(pool.close(&state), abi::SUCCESS);
        pool.purge();
        routine.step(); // one that was still waiting: it does nothing
        assert_eq!(seen(&state), expected, "{capture}");
        let lines: Vec<_> = state.logged().into_iter().map(|(_, line)| line).collect();
        assert_eq!(lines, ["open", "start", "capture_open", "close", "stop", "capture_close"]);
    }
}

#[test]
fn host_11_2_a_state_destroyed_with_all_open_ends_all() {
    for _ in 0..5 {
        let state = State::init(c"{}");
        let (inspector, pool) = (Inspector::new(), Pool::idle());
        let instance = std::mem::ManuallyDrop::new(open(&state, c""));
        assert!(!instance.ptr.is_null());
        assert_eq!(inspector.set(&state), abi::SUCCESS);
        assert_eq!(pool.open(&state), abi::SUCCESS);
        let lines = state.lines.clone();
        lines.lock().unwrap().clear();
        // SAFETY: destroyed once: the state is forgotten, and so is its instance.
        unsafe { plugin_destroy(state.ptr) };
        std::mem::forget(state);
        let lines: Vec<_> = lines.lock().unwrap().drain(..).map(|(_, line)| line).collect();
        assert_eq!(lines, ["close", "stop", "drop"]);
        assert!(pool.take().into_iter().all(|task| !task.step()));
    }
    // Nothing has been left that keeps a slot: there are two, and another test has one.
    assert_eq!(seen(&State::init(c"{}")), 0);
}

#[test]
fn host_2_2_async_events_are_other_events_too_and_the_claim_is_the_largest() {
    let mut count = u32::MAX;
    // SAFETY: the place is writable; the plugin gives so many types.
    unsafe {
        let types = plugin_get_extract_event_types(&raw mut count, null_mut());
        assert_eq!(std::slice::from_raw_parts(types, count as usize), [322, 402]);
        assert_eq!(text(plugin_get_required_api_version()), "3.12.0");
        assert_eq!(text(plugin_get_event_source()), "all");
    }
}

#[test]
fn handles_go_to_any_thread() {
    fn any_thread<T: Send + Sync + 'static>() {}
    any_thread::<falconet::async_event::Emitter<plugin::All>>();
    any_thread::<falconet::async_event::EmitError>();
    any_thread::<falconet::Shared<plugin::All>>();
    any_thread::<falconet::listen::Routine>();
    assert!(size_of::<falconet::Shared<plugin::All>>() <= 16);
    assert!(size_of::<falconet::async_event::Emitter<plugin::All>>() <= 16);
}
