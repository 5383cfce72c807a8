// SPDX-License-Identifier: Apache-2.0
//! States and instances in static slots: eight of each, given back by destroy and close, dropped exactly once.
#![expect(unsafe_code, reason = "a host calls a plugin through C symbols")]
#![expect(clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

mod common;

use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use common::extract::{ask, extract};
use common::source::*;
use common::*;
use falconet::abi;

/// Values that are alive: plugins and instances.
static ALIVE: [AtomicI64; 2] = [const { AtomicI64::new(0) }; 2];

fn alive() -> (i64, i64) {
    (ALIVE[0].load(Ordering::SeqCst), ALIVE[1].load(Ordering::SeqCst))
}

/// The slots are the process's: one test at a time.
static SERIAL: Mutex<()> = Mutex::new(());

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use std::ffi::CStr;
    use std::sync::atomic::Ordering;

    use falconet::view::WriteView;
    use falconet::{Error, Event, Extract, Field, Info, Init, NextEvent, One, Plugin, Source, Timestamp};

    use super::ALIVE;

    /// Counts its life.
    struct Life(usize);

    impl Life {
        fn new(kind: usize) -> Self {
            ALIVE[kind].fetch_add(1, Ordering::SeqCst);
            Self(kind)
        }
    }

    impl Drop for Life {
        fn drop(&mut self) {
            ALIVE[self.0].fetch_sub(1, Ordering::SeqCst);
        }
    }

    pub(crate) struct Slots {
        name: String,
        _life: Life,
    }

    impl Plugin for Slots {
        type Error = Error;
        const INFO: Info = Info::new(c"slots", c"0.1.0", c"counts its lives", c"you@example.org");

        fn new(init: &Init<'_>) -> Result<Self, Error> {
            let plugin = Self { name: init.config_str()?.to_owned(), _life: Life::new(0) };
            // Dropped by this failure.
            if plugin.name == "fail" { Err("as asked".into()) } else { Ok(plugin) }
        }
    }

    impl Source for Slots {
        const ID: u32 = 999;
        const EVENT_SOURCE: &'static CStr = c"slots";
        const BATCH_EVENTS: usize = 4;
        const BATCH_BYTES: usize = 1024;
        const MAX_PAYLOAD: usize = 128;
        type Instance = Counted;

        fn open(&self, params: &CStr) -> Result<Counted, Error> {
            let instance = Counted { sent: 0, _life: Life::new(1) };
            // Dropped by this failure.
            if params == c"fail" { Err("as asked".into()) } else { Ok(instance) }
        }
    }

    pub(crate) struct Counted {
        sent: u64,
        _life: Life,
    }

    impl NextEvent for Counted {
        type Plugin = Slots;

        fn next(&mut self, plugin: &Slots, payload: &mut WriteView<'_>) -> Result<One, Error> {
            if self.sent == 1000 {
                return Ok(One::Eof);
            }
            payload.write_all(format!("{} {}", plugin.name, self.sent).as_bytes())?;
            self.sent += 1;
            Ok(One::Event(Timestamp::from_nanos(self.sent)))
        }
    }

    impl Extract for Slots {
        type Decoded = usize;
        const FIELDS: &'static [Field<Self>] =
            &[Field::<Self>::new("slots.name", "the state's", |slots, _, request| request.text(slots.name.as_bytes()))];

        fn decode(&self, event: &Event<'_>) -> Option<usize> {
            Some(event.payload().len())
        }
    }

    falconet::export!(Slots: source, extract);
}

#[test]
fn eight_states_and_the_ninth_is_a_clear_error() {
    let _serial = SERIAL.lock().unwrap();
    let mut states: Vec<_> = (0..8).map(|_| State::init(c"")).collect();
    for _ in 0..3 {
        let ninth = State::try_init(c"");
        assert_eq!(ninth.rc, abi::FAILURE);
        let expected = "no state is free: destroy one, or raise `states` in export!";
        assert_eq!(ninth.last_error(), expected);
        // What stands for no state survives every call, and destroy.
        assert_eq!(try_open(&ninth, c"").1, abi::FAILURE);
        assert_eq!(raw_next(ninth.ptr, NO_INSTANCE).0, abi::FAILURE);
        assert!(list_open_params(&ninth).is_err());
        assert_eq!(extract(&ninth, 1, &plugin_event(1, 999, b"a"), &[ask(0)]).count(0), 0);
        assert_eq!(event_to_string(&ninth, &plugin_event(1, 999, b"a")), None);
        drop(ninth);
    }
    assert_eq!(alive(), (8, 0));
    for i in 0..8 {
        drop(states.remove(i));
        states.insert(i, State::init(c""));
        assert_eq!(open(&states[i], c"").next().events.len(), 4);
    }
    drop(states);
    assert_eq!(alive(), (0, 0));
}

#[test]
fn eight_instances_and_the_ninth_is_a_clear_error() {
    let _serial = SERIAL.lock().unwrap();
    let (a, b) = (State::init(c"a"), State::init(c"b"));
    let mut instances: Vec<_> = (0..8).map(|i| open(if i % 2 == 0 { &a } else { &b }, c"")).collect();
    let (ninth, rc) = try_open(&a, c"");
    assert_eq!((rc, ninth.ptr.is_null()), (abi::FAILURE, true));
    let expected = "no instance or batch is free: close one, or raise `instances` in export!";
    assert_eq!((a.last_error(), b.last_error()), (expected.to_owned(), String::new()));
    assert_eq!(alive(), (2, 8), "nothing was opened for the ninth");
    instances.remove(3);
    assert_eq!(try_open(&a, c"fail").1, abi::FAILURE);
    assert_eq!(alive(), (2, 7));
    instances.push(open(&a, c""));
    for instance in &instances {
        assert_eq!(instance.next().rc, abi::SUCCESS);
    }
}

#[test]
fn a_failed_init_gives_its_state_back_at_destroy() {
    let _serial = SERIAL.lock().unwrap();
    for _ in 0..20 {
        let failed = State::try_init(c"fail");
        assert_eq!((failed.rc, failed.last_error()), (abi::FAILURE, "as asked".to_owned()));
    }
    assert_eq!(alive(), (0, 0));
}

#[test]
fn destroy_closes_what_is_open_and_everything_is_dropped_exactly_once() {
    let _serial = SERIAL.lock().unwrap();
    for _ in 0..5 {
        let (a, b) = (State::init(c"a"), State::init(c"b"));
        let of_a: Vec<_> = (0..3).map(|_| open(&a, c"")).collect();
        let of_b = open(&b, c"");
        let _batch = of_a[0].next();
        // SAFETY: an instance may be closed; what comes after is survived.
        unsafe {
            plugin_close(a.ptr, of_a[2].ptr);
            plugin_close(a.ptr, of_b.ptr);
            assert_eq!(alive(), (2, 3), "not by another state");
            plugin_destroy(a.ptr);
            assert_eq!(alive(), (1, 1));
            // A host that closes after all: the state is no more.
            plugin_close(a.ptr, of_a[0].ptr);
            plugin_destroy(null_mut());
        }
        assert_eq!(alive(), (1, 1));
        assert_eq!(of_b.next().rc, abi::SUCCESS);
    }
    assert_eq!(alive(), (0, 0));
}

#[test]
fn two_threads_with_states_of_their_own_see_their_own_events() {
    let _serial = SERIAL.lock().unwrap();
    let inspector = |name: &'static str| {
        for _ in 0..20 {
            let state = State::init(&c(name));
            let instance = open(&state, c"");
            let mut seen = 0;
            loop {
                let batch = instance.next();
                for (event, text) in batch.events.iter().zip(batch.payloads()) {
                    assert_eq!(text, format!("{name} {seen}"));
                    let answer = extract(&state, seen + 1, event, &[ask(0)]);
                    assert_eq!(answer.strings(0), [name]);
                    seen += 1;
                }
                if batch.rc == abi::EOF {
                    break;
                }
            }
            assert_eq!(seen, 1000);
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| inspector("first"));
        scope.spawn(|| inspector("second"));
    });
    assert_eq!(alive(), (0, 0));
}

#[test]
fn hosts_on_many_threads_read_the_error_of_no_state_at_once() {
    let _serial = SERIAL.lock().unwrap();
    let _all: Vec<_> = (0..8).map(|_| State::init(c"")).collect();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    let none = State::try_init(c"");
                    assert_eq!(none.rc, abi::FAILURE);
                    assert!(none.last_error().starts_with("no state is free"));
                }
            });
        }
    });
}
