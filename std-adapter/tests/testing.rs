// SPDX-License-Identifier: Apache-2.0
//! The test kit with a plugin of the core alone, as its author would test it; and what the kit refuses.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::thread;
use std::time::Duration;

use falconet_std::log::Severity;
use falconet_std::testing::{Event, Harness, Number, OpenParam, Status, Value};
use plugin::Numbers;

/// The plugin, on `falconet` and nothing else: it gives the numbers up to its open parameter.
mod plugin {
    use std::ffi::CStr;

    use falconet::async_event::{Dump, DumpState, Emitter, EventName};
    use falconet::extract::{Argument, List};
    use falconet::metrics::{Counter, Gauge, Metric};
    use falconet::view::WriteView;
    use falconet::{
        AsyncEvents, Error, Event, EventText, Extract, Field, Info, Init, InitSchema, Log, Metrics, NextEvent, One,
        OpenParams, Parse, Parsing, Plugin, Progress, SetConfig, Shared, Shares, Source, TextRoom, Timestamp,
    };

    #[derive(Debug)]
    pub(crate) struct Numbers {
        log: Log,
        stats: Shared<Self>,
        largest: u64,
    }

    impl Plugin for Numbers {
        type Error = Error;
        const INFO: Info = Info::new(c"numbers", c"0.1.0", c"numbers", c"you@example.org");

        fn new(init: &Init<'_>) -> Result<Self, Error> {
            if init.config().is_empty() {
                return Err(Error::new("the config is empty").with("needed", 1));
            }
            init.log().info("here");
            Ok(Self { log: init.log(), stats: init.shared::<Self>()?, largest: 0 })
        }
    }

    #[derive(Debug)]
    pub(crate) struct Stats {
        parsed: Counter<u64>,
        depth: Gauge<i32>,
        share: Gauge<f32>,
    }

    impl Shares for Numbers {
        type Shared = Stats;
        const SHARED: Stats = Stats { parsed: Counter::new(), depth: Gauge::new(), share: Gauge::new() };
    }

    impl Metrics for Numbers {
        const METRICS: &'static [Metric<Stats>] = &[
            Metric::new(c"parsed", |stats: &Stats| &stats.parsed),
            Metric::new(c"depth", |stats: &Stats| &stats.depth),
            Metric::new(c"share", |stats: &Stats| &stats.share),
        ];
    }

    impl InitSchema for Numbers {
        const INIT_SCHEMA: &'static CStr = c"{\"type\": \"object\"}";
    }

    impl SetConfig for Numbers {
        fn set_config(&mut self, config: &CStr) -> Result<(), Error> {
            if config.is_empty() { Err(Error::new("an empty config")) } else { Ok(()) }
        }
    }

    impl Source for Numbers {
        const ID: u32 = 999;
        const EVENT_SOURCE: &'static CStr = c"numbers";
        const BATCH_EVENTS: usize = 4;
        type Instance = UpTo;

        fn open(&self, params: &CStr) -> Result<UpTo, Error> {
            let text = params.to_str().unwrap_or_default();
            if text == "for ever" {
                return Ok(UpTo { at: 0, end: u64::MAX });
            }
            let end = text.parse().map_err(|_| Error::new("the open parameter is a number"))?;
            Ok(UpTo { at: 0, end })
        }

        fn open_params(&self, list: &mut OpenParams<'_>) -> Result<(), Error> {
            list.add("10", "ten numbers")
        }

        fn event_to_string<'e>(&self, event: &Event<'e>, text: TextRoom<'_>) -> Option<EventText<'e>> {
            let _room = text;
            EventText::from_event(event, 0)
        }
    }

    /// Numbers from 1.
    #[derive(Debug)]
    pub(crate) struct UpTo {
        at: u64,
        end: u64,
    }

    impl NextEvent for UpTo {
        type Plugin = Numbers;

        fn next(&mut self, _: &Numbers, payload: &mut WriteView<'_>) -> Result<One, Error> {
            if self.at == self.end {
                return Ok(One::Eof);
            }
            if self.at == 13 {
                return Err(Error::new("there is no number thirteen"));
            }
            self.at += 1;
            payload.write_decimal(self.at)?;
            payload.write_all(b"\0")?;
            Ok(One::Event(if self.at.is_multiple_of(2) { Timestamp::HOST } else { Timestamp::from_nanos(self.at) }))
        }

        fn progress(&self) -> Option<Progress> {
            Some(Progress::of(self.at, self.end))
        }
    }

    impl Extract for Numbers {
        type Decoded = u64;
        const EVENT_SOURCES: &'static [&'static str] = &["numbers"];
        const FIELDS: &'static [Field<Self>] = &[
            Field::<Self>::new("number.value", "the number", |_, number, _| *number),
            Field::<Self>::new("number.digit", "a digit of it", |_, _, request| {
                let index = usize::try_from(request.index()?).ok()?;
                request.event().payload().get(index).filter(|byte| **byte != 0).map(|byte| byte - b'0')
            })
            .argument(Argument::INDEX.required()),
            Field::<Self>::list("number.divisors", "what divides it", |_, number, list: &mut List<'_, '_, u64>| {
                list.extend((1..=*number).filter(|divisor| number % divisor == 0));
            }),
            Field::<Self>::new("number.largest", "the largest one parsed", |plugin, _, _| {
                (plugin.largest > 0).then_some(plugin.largest)
            }),
            Field::<Self>::new("number.source", "its source", |_, _, request| {
                let source = request.source()?.to_bytes().to_vec();
                request.text(&source)
            }),
        ];

        fn decode(&self, event: &Event<'_>) -> Option<u64> {
            std::str::from_utf8(event.payload().strip_suffix(b"\0")?).ok()?.parse().ok()
        }
    }

    impl Parse for Numbers {
        fn parse(&mut self, event: &Event<'_>, _: &mut Parsing<'_, Self>) -> Result<(), Error> {
            let number = self.decode(event).ok_or(Error::new("this is no number"))?;
            self.largest = self.largest.max(number);
            self.stats.parsed.add(1);
            self.stats.depth.set(-3);
            self.stats.share.set(0.5);
            Ok(())
        }
    }

    const LARGEST: EventName<Numbers> = EventName::new("largest");

    impl AsyncEvents for Numbers {
        const ASYNC_EVENTS: &'static [&'static str] = &["largest"];

        fn start(&mut self, emitter: Emitter<Self>) -> Result<(), Error> {
            if self.largest > 100 {
                return Err(Error::new("more than a hundred"));
            }
            emitter.emit_with(LARGEST, Timestamp::HOST, |data| data.write_decimal(self.largest))?;
            Ok(())
        }

        fn stop(&mut self) {
            self.log.warning("stop");
        }
    }

    impl DumpState for Numbers {
        fn dump_state(&mut self, dump: &Dump<'_, Self>) -> Result<(), Error> {
            dump.emit(LARGEST, Timestamp::from_nanos(5), 999, b"dumped")?;
            Ok(())
        }
    }

    falconet::export!(Numbers: source, extract, parse, metrics, async_events, dump_state, init_schema, set_config;
        states = 2);
}

fn numbers() -> Harness<Numbers> {
    Harness::init("{}").unwrap()
}

/// A number of the plugin's source.
fn number(number: u64) -> Event {
    Event::plugin(format!("{number}\0"))
}

#[test]
fn a_stream_is_read_to_its_end() {
    let plugin = numbers();
    let events = plugin.open("10").unwrap().drain();
    assert_eq!(events.len(), 10);
    assert_eq!((events[2].text(), events[2].nanos(), events[2].number()), ("3\0".into(), 3, 3));
    assert_eq!((events[2].source(), events[2].get().unwrap().plugin().unwrap().id), (Some(c"numbers"), 999));
    // Its time is the host's clock.
    assert!(events[3].time().elapsed().is_ok_and(|ago| ago < Duration::from_secs(60)));
    assert_eq!(plugin.event_to_string(&events[0]).as_deref(), Some("1"));

    let mut stream = plugin.open("5").unwrap();
    let first = stream.next();
    assert_eq!((first.status, first.events.len(), stream.progress()), (Status::More, 4, 8000));
    let last = stream.next();
    assert_eq!((last.status, last.events.len()), (Status::Eof, 1));
    assert_eq!(plugin.open("for ever").unwrap().take(6).len(), 8);
    let known = OpenParam { value: "10".to_owned(), desc: "ten numbers".to_owned() };
    assert_eq!(plugin.open_params(), Ok(vec![known]));
}

#[test]
fn failures_are_errors_with_the_plugins_text() {
    assert_eq!(Harness::<Numbers>::init("").unwrap_err(), "the config is empty (needed 1)");
    let plugin = numbers();
    assert_eq!(plugin.open("ten").unwrap_err(), "the open parameter is a number (open params: \"ten\")");
    assert_eq!(plugin.last_error(), "the open parameter is a number (open params: \"ten\")");
    let mut stream = plugin.open("20").unwrap();
    let failed = loop {
        let batch = stream.next();
        if batch.status != Status::More {
            break batch;
        }
    };
    assert!(matches!(failed.status, Status::Failed(why) if why == "there is no number thirteen"));
    assert_eq!(failed.events.len(), 1, "what was committed is delivered (rule 4.5)");
    assert_eq!(plugin.set_config("").unwrap_err(), "an empty config");
    assert_eq!(plugin.set_config("{}"), Ok(()));
    assert_eq!(Harness::<Numbers>::init_schema()["type"], "object");
}

#[test]
fn fields_are_asked_as_in_rules() {
    let plugin = numbers();
    assert_eq!(plugin.extract(&number(42), "number.value"), 42);
    assert_eq!(plugin.extract(&number(42), "number.digit[1]"), 2);
    assert_eq!(plugin.extract(&number(42), "number.digit[2]"), Value::None);
    assert_eq!(plugin.extract(&number(6), "number.divisors"), [1, 2, 3, 6]);
    assert_eq!(plugin.extract(&number(6), "number.source"), "numbers");
    assert!(plugin.extract(&Event::plugin(b"six"), "number.value").is_none());
    assert_eq!(plugin.extract_many(&number(7), &["number.value", "number.digit[0]"]), [7, 7]);
    assert_eq!(plugin.parse(&number(8)), Ok(()));
    assert_eq!(plugin.parse(&Event::plugin(b"")).unwrap_err(), "this is no number");
    let all = plugin.extract_all(&number(3));
    assert_eq!(all.len(), 4, "that which needs an argument is left out");
    assert_eq!(all[2], ("number.largest".to_owned(), Value::U64(8)));
    assert_eq!(plugin.metric("parsed"), 1);
    assert_eq!((plugin.metric("depth"), plugin.metric("share")), (Number::I64(-3), Number::F64(0.5)));
    assert!(plugin.metrics()[0].monotonic && !plugin.metrics()[1].monotonic);
}

#[test]
fn async_events_are_collected() {
    let plugin = numbers();
    plugin.parse(&number(42)).unwrap();
    let dumped = plugin.dump_state().unwrap();
    assert_eq!((dumped[0].as_async(), dumped[0].nanos()), (Some(("largest", &b"dumped"[..])), 5));
    let capture = plugin.start_async().unwrap();
    assert_eq!(plugin.dump_state().unwrap().len(), 1, "those of the capture are not among them");
    assert_eq!(capture.wait_for(1)[0].as_async(), Some(("largest", &b"42"[..])));
    assert!(capture.events().is_empty());
    assert!(capture.stop().is_empty());
    assert_eq!(plugin.logged(), [(Severity::Info, "here"), (Severity::Warning, "stop")]);
    plugin.parse(&number(101)).unwrap();
    assert_eq!(plugin.start_async().unwrap_err(), "more than a hundred");
}

#[test]
fn a_test_waits_for_a_state() {
    // Two states, and more threads than that.
    let threads: Vec<_> = (1..=6)
        .map(|value| {
            thread::spawn(move || {
                let plugin = numbers();
                thread::sleep(Duration::from_millis(10));
                assert_eq!(plugin.extract(&number(value), "number.value"), value);
            })
        })
        .collect();
    assert!(threads.into_iter().all(|thread| thread.join().is_ok()));
}

#[test]
#[should_panic(expected = "'number.valu': the plugin has no field 'number.valu'; it has number.value, number.digit")]
fn an_unknown_field_is_refused() {
    let _value = numbers().extract(&number(1), "number.valu");
}

#[test]
#[should_panic(expected = "'number.digit': the field needs an argument: number.digit[...]")]
fn an_argument_that_is_missing_is_refused() {
    let _value = numbers().extract(&number(1), "number.digit");
}

#[test]
#[should_panic(expected = "EVENT_TYPES is [322], the event's type is 402")]
fn an_event_of_another_type_is_refused() {
    let plugin = numbers();
    let capture = plugin.start_async().unwrap();
    let _value = plugin.extract(&capture.wait_for(1)[0], "number.value");
}

#[test]
#[should_panic(expected = "EVENT_SOURCES is [\"numbers\"], the event's is \"letters\"")]
fn an_event_of_another_source_is_refused() {
    let _value = numbers().extract(&number(1).of_source(c"letters"), "number.value");
}

#[test]
#[should_panic(expected = "after 13 events the plugin failed: there is no number thirteen")]
fn a_stream_that_fails_is_not_drained() {
    let _events = numbers().open("20").unwrap().drain();
}

#[test]
#[should_panic(expected = "the stream ended after 3 events: 4 were expected")]
fn a_stream_that_ends_has_no_more_events() {
    let _events = numbers().open("3").unwrap().take(4);
}

#[test]
#[should_panic(expected = "the bytes of a test's event are none: the event is too short")]
fn bytes_that_are_no_event_are_refused() {
    let _event = Event::of_bytes(*b"none");
}

#[test]
#[should_panic(expected = "the plugin has no metric 'lines'; it has parsed, depth, share")]
fn an_unknown_metric_is_refused() {
    let _metric = numbers().metric("lines");
}
