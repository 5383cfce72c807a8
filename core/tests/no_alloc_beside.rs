// SPDX-License-Identifier: Apache-2.0
//! No call beside sourcing and extraction costs an allocation either: parsing, metrics, async events, routines, config.
#![expect(unsafe_code, reason = "a host calls a plugin through C symbols")]

mod common;
#[path = "common/counting.rs"]
mod counting;

use std::ffi::{c_char, c_void};
use std::ptr::{null, null_mut};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use common::async_events::*;
use common::listen::*;
use common::parse::*;
use common::*;
use counting::frugal;
use falconet::abi;

/// The plugin, as an author writes it: no heap of its own either.
mod plugin {
    #![deny(unsafe_code)]

    use std::ffi::CStr;
    use std::time::Duration;

    use falconet::async_event::{Dump, DumpState, Emitter, EventName};
    use falconet::listen::{Again, Capture, Routine};
    use falconet::log::Severity;
    use falconet::metrics::{Counter, Gauge, Metric};
    use falconet::{
        AsyncEvents, Error, Event, Info, Init, InitSchema, Listen, Log, Metrics, Parse, Parsing, Plugin, SetConfig,
        Shared, Shares, Timestamp,
    };

    pub(crate) struct Frugal {
        log: Log,
        stats: Shared<Self>,
        emitter: Option<Emitter<Self>>,
        routine: Option<Routine>,
    }

    pub(crate) struct Stats {
        events: Counter<u64>,
        load: Gauge<f64>,
    }

    const EVENT: EventName<Frugal> = EventName::new("event");

    impl Plugin for Frugal {
        type Error = Error;
        const INFO: Info = Info::new(c"frugal", c"0.1.0", c"takes no memory", c"you@example.org");

        fn new(init: &Init<'_>) -> Result<Self, Error> {
            Ok(Self { log: init.log(), stats: init.shared::<Self>()?, emitter: None, routine: None })
        }
    }

    impl Shares for Frugal {
        type Shared = Stats;
        const SHARED: Stats = Stats { events: Counter::new(), load: Gauge::new() };
    }

    impl Metrics for Frugal {
        const METRICS: &'static [Metric<Stats>] =
            &[Metric::new(c"events", |stats: &Stats| &stats.events), Metric::new(c"load", |stats: &Stats| &stats.load)];
    }

    impl Parse for Frugal {
        fn parse(&mut self, event: &Event<'_>, call: &mut Parsing<'_, Self>) -> Result<(), Error> {
            self.stats.events.add(1);
            let handle = self.stats.clone();
            handle.load.set(0.5);
            self.log.write(Severity::Debug, format_args!("{} {:?}", call.number(), call.source()));
            if let Some(emitter) = &self.emitter {
                let small = emitter.emit(EVENT, Timestamp::HOST, event.payload());
                let large = emitter.emit(EVENT, Timestamp::HOST, &[0; 5000]);
                self.log.write(Severity::Debug, format_args!("{small:?} {large:?}"));
                small?;
            }
            if event.payload().is_empty() { Err(Error::new("empty").with("event", call.number())) } else { Ok(()) }
        }
    }

    impl AsyncEvents for Frugal {
        const ASYNC_EVENTS: &'static [&'static str] = &["event"];

        fn start(&mut self, emitter: Emitter<Self>) -> Result<(), Error> {
            self.emitter = Some(emitter);
            Ok(())
        }

        fn stop(&mut self) {
            // The emitter is kept: what it is asked from here on is refused.
            self.log.info("stopped");
        }
    }

    impl DumpState for Frugal {
        fn dump_state(&mut self, dump: &Dump<'_, Self>) -> Result<(), Error> {
            dump.emit(EVENT, Timestamp::from_nanos(1), 999, b"dumped")?;
            Ok(())
        }
    }

    impl Listen for Frugal {
        fn capture_open(&mut self, capture: &mut Capture<'_, Self>) -> Result<(), Error> {
            self.routine = Some(capture.subscribe(Duration::from_millis(1), |stats| {
                stats.events.add(1);
                if stats.events.get() < 20 { Again::Yes } else { Again::No }
            })?);
            Ok(())
        }

        fn capture_close(&mut self, _: &mut Capture<'_, Self>) -> Result<(), Error> {
            self.routine = None;
            Ok(())
        }
    }

    impl InitSchema for Frugal {
        const INIT_SCHEMA: &'static CStr = c"{}";
    }

    impl SetConfig for Frugal {
        fn set_config(&mut self, config: &CStr) -> Result<(), Error> {
            if config.is_empty() { Err("empty".into()) } else { Ok(()) }
        }
    }

    falconet::export!(Frugal: parse, metrics, async_events, dump_state, listen, init_schema, set_config);
}

/// What the host's handlers answer.
static ANSWER: AtomicI32 = AtomicI32::new(abi::SUCCESS);

unsafe extern "C" fn no_log(_: *mut c_void, _: *const c_char, _: *const c_char, _: u32) {}

unsafe extern "C" fn answer(_: *mut c_void, _: *const abi::Event, error: *mut c_char) -> abi::Rc {
    // SAFETY: the plugin's buffer has PLUGIN_MAX_ERRLEN bytes.
    unsafe { error.copy_from_nonoverlapping(c"as asked".as_ptr(), 9) };
    ANSWER.load(Ordering::Relaxed)
}

#[test]
fn no_call_allocates() {
    counting::assert_that_it_counts();
    let mut rc = POISON_RC;
    let input = abi::InitInput {
        config: null(),
        owner: null_mut(),
        get_owner_last_error: None,
        tables: null(),
        log_fn: Some(no_log),
    };
    let pool = Pool::idle();
    let mut vtable = vtable();
    let capture = abi::CaptureListenInput {
        owner: Arc::as_ptr(&pool).cast_mut().cast(),
        routine: &raw mut vtable,
        table_reader_ext: null_mut(),
        table_writer_ext: null_mut(),
        get_owner_last_error: None,
    };
    let parse_input: abi::EventParseInput = poison();
    let (full, empty) = (plugin_event(1, 999, b"payload"), plugin_event(1, 999, b""));
    let malformed = &full[..].first_chunk::<38>().map(|head| [&head[..30], &[0xff; 8]].concat()).unwrap();
    // SAFETY: as the API says.
    unsafe {
        let state = frugal(|| plugin_init(&raw const input, &raw mut rc));
        assert_eq!(rc, abi::SUCCESS);
        pool.be_of(state);
        let parse = |event: &[u8]| {
            let event = abi::EventInput { evt: event.as_ptr().cast(), evtnum: 7, evtsrc: c"test".as_ptr() };
            let rc = frugal(|| plugin_parse_event(state, &raw const event, &raw const parse_input));
            frugal(|| plugin_get_last_error(state));
            rc
        };
        let set = |handler| frugal(|| plugin_set_async_event_handler(state, null_mut(), handler));
        let dump = |answer_with| {
            ANSWER.store(answer_with, Ordering::Relaxed);
            frugal(|| plugin_dump_state(state, null_mut(), Some(answer)))
        };
        assert_eq!([parse(&full), parse(&empty), parse(malformed)], [abi::SUCCESS, abi::FAILURE, abi::FAILURE]);
        assert_eq!(set(Some(answer)), abi::SUCCESS);
        assert_eq!(parse(&full), abi::SUCCESS, "the host takes the async event");
        ANSWER.store(abi::FAILURE, Ordering::Relaxed);
        assert_eq!(parse(&full), abi::FAILURE, "the host refuses it");
        assert_eq!([dump(abi::SUCCESS), dump(abi::FAILURE)], [abi::SUCCESS, abi::FAILURE]);
        assert_eq!(set(None), abi::SUCCESS);
        assert_eq!(parse(&full), abi::FAILURE, "the emitter is stopped");

        let mut count = 0;
        frugal(|| plugin_get_metrics(state, &raw mut count));
        assert_eq!(count, 2);
        let mut kind = abi::SCHEMA_NONE;
        frugal(|| plugin_get_init_schema(&raw mut kind));
        for (config, expected) in [(c"new", abi::SUCCESS), (c"", abi::FAILURE)] {
            let input = abi::SetConfigInput { config: config.as_ptr() };
            assert_eq!(frugal(|| plugin_set_config(state, &raw const input)), expected);
        }

        // The pool's own queue takes memory once, before.
        pool.reserve();
        for again in [true, false] {
            assert_eq!(frugal(|| plugin_capture_open(state, &raw const capture)), abi::SUCCESS);
            let task = pool.take()[0];
            let mut calls = 1;
            while frugal(|| task.step()) {
                calls += 1;
            }
            assert_eq!(calls > 1, again, "it runs until the 20th event, with pauses between");
            assert_eq!(frugal(|| plugin_capture_close(state, &raw const capture)), abi::SUCCESS);
        }
        frugal(|| plugin_destroy(state));
    }
}
