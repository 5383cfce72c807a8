// SPDX-License-Identifier: Apache-2.0
//! Metrics as the host reads them: every type of value, from other threads, anew in each state.
#![expect(unsafe_code, reason = "a host calls a plugin through C symbols")]
#![expect(clippy::float_cmp, reason = "what was stored comes back bit by bit")]

mod common;

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use common::parse::*;
use common::*;
use falconet::abi;

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    use falconet::metrics::{Counter, Gauge, Int, Metric, Number, Reading};
    use falconet::{Error, Event, Info, Init, Metrics, Parse, Parsing, Plugin, Shared, Shares};

    /// Handles of states whose config is `kept`.
    pub(crate) static KEPT: Mutex<Vec<Shared<Measured>>> = Mutex::new(Vec::new());

    /// A number that a reader may be made to hold in its hand for a while.
    #[derive(Debug)]
    pub(crate) struct Slow {
        pub(crate) now: AtomicU64,
        pub(crate) hold: AtomicBool,
        pub(crate) held: AtomicBool,
    }

    impl Reading for Slow {
        const METRIC_TYPE: u32 = <Counter<u64> as Reading>::METRIC_TYPE;
        const VALUE_TYPE: u32 = <u64 as Number>::TYPE;

        fn value(&self) -> falconet::abi::MetricValue {
            let value = falconet::abi::MetricValue { u64: self.now.load(Ordering::SeqCst) };
            if self.hold.swap(false, Ordering::SeqCst) {
                self.held.store(true, Ordering::SeqCst);
                while self.held.load(Ordering::SeqCst) {
                    std::thread::yield_now();
                }
            }
            value
        }
    }

    pub(crate) struct Measured {
        stats: Shared<Self>,
    }

    #[derive(Debug)]
    pub(crate) struct Stats {
        events: Counter<u64>,
        small: Counter<u32>,
        change: Gauge<i32>,
        balance: Gauge<i64>,
        load: Gauge<f64>,
        ratio: Gauge<f32>,
        int: Counter<Int>,
        pairs: (Counter<u64>, Gauge<u64>),
        pub(crate) slow: Slow,
    }

    impl Plugin for Measured {
        type Error = Error;
        const INFO: Info = Info::new(c"measured", c"0.1.0", c"has metrics", c"you@example.org");

        fn new(init: &Init<'_>) -> Result<Self, Error> {
            let stats = init.shared::<Self>()?;
            stats.small.add(u32::MAX);
            stats.change.set(-2);
            stats.balance.set(i64::MIN);
            stats.load.set(-0.5);
            stats.ratio.set(f32::MIN_POSITIVE);
            stats.int.add(Int(-7));
            if init.config() == c"kept" {
                KEPT.lock().map_err(|_| "poisoned")?.push(stats.clone());
            }
            if init.config() == c"fail" { Err("as asked".into()) } else { Ok(Self { stats }) }
        }
    }

    impl Shares for Measured {
        type Shared = Stats;
        const SHARED: Stats = Stats {
            events: Counter::new(),
            small: Counter::new(),
            change: Gauge::new(),
            balance: Gauge::new(),
            load: Gauge::new(),
            ratio: Gauge::new(),
            int: Counter::new(),
            pairs: (Counter::new(), Gauge::new()),
            slow: Slow { now: AtomicU64::new(0), hold: AtomicBool::new(false), held: AtomicBool::new(false) },
        };
    }

    impl Metrics for Measured {
        const METRICS: &'static [Metric<Stats>] = &[
            Metric::new(c"events", |stats: &Stats| &stats.events),
            Metric::new(c"small", |stats: &Stats| &stats.small),
            Metric::new(c"change", |stats: &Stats| &stats.change),
            Metric::new(c"balance", |stats: &Stats| &stats.balance),
            Metric::new(c"load", |stats: &Stats| &stats.load),
            Metric::new(c"ratio", |stats: &Stats| &stats.ratio),
            Metric::new(c"int", |stats: &Stats| &stats.int),
            Metric::new(c"pairs.counter", |stats: &Stats| &stats.pairs.0),
            Metric::new(c"pairs.gauge", |stats: &Stats| &stats.pairs.1),
            Metric::new(c"slow", |stats: &Stats| &stats.slow),
        ];
    }

    impl Parse for Measured {
        fn parse(&mut self, _: &Event<'_>, _: &mut Parsing<'_, Self>) -> Result<(), Error> {
            self.stats.events.add(1);
            self.stats.pairs.0.add(1);
            self.stats.pairs.1.set(self.stats.pairs.0.get());
            Ok(())
        }
    }

    falconet::export!(Measured: parse, metrics; states = 4);
}

fn names(metrics: &[abi::Metric]) -> Vec<String> {
    metrics.iter().map(|metric| text(metric.name)).collect()
}

#[test]
fn every_type_of_value_is_in_its_member_of_the_union() {
    let state = State::init(c"");
    assert_eq!(parse(&state, 1, &plugin_event(1, 999, b"x")), abi::SUCCESS);
    let metrics = metrics(state.ptr);
    let expected =
        ["events", "small", "change", "balance", "load", "ratio", "int", "pairs.counter", "pairs.gauge", "slow"];
    assert_eq!(names(&metrics), expected);
    let types: Vec<_> = metrics.iter().map(|metric| (metric.value_type, metric.r#type)).collect();
    let (up, any) = (abi::METRIC_MONOTONIC, abi::METRIC_NON_MONOTONIC);
    assert_eq!(
        types,
        [
            (abi::METRIC_U64, up),
            (abi::METRIC_U32, up),
            (abi::METRIC_S32, any),
            (abi::METRIC_S64, any),
            (abi::METRIC_D, any),
            (abi::METRIC_F, any),
            (abi::METRIC_I, up),
            (abi::METRIC_U64, up),
            (abi::METRIC_U64, any),
            (abi::METRIC_U64, up),
        ]
    );
    // SAFETY: any bytes are a value of each member.
    unsafe {
        assert_eq!(metrics[0].value.u64, 1);
        assert_eq!(metrics[1].value.u32, u32::MAX);
        assert_eq!(metrics[2].value.s32, -2);
        assert_eq!(metrics[3].value.s64, i64::MIN);
        assert_eq!(metrics[4].value.d, -0.5);
        assert_eq!(metrics[5].value.f, f32::MIN_POSITIVE);
        assert_eq!(metrics[6].value.i, -7);
    }
}

#[test]
fn metrics_claim_3_6() {
    // SAFETY: a function without conditions.
    assert_eq!(text(unsafe { plugin_get_required_api_version() }), "3.6.0");
    // Types that nobody has chosen are plugin events (rule 2.1).
    assert_eq!(parse_types(null_mut()), [322]);
}

struct Address(*mut c_void);
// SAFETY: `get_metrics` may be called from any thread while the state lives (rule 8.2).
unsafe impl Sync for Address {}

#[test]
fn host_8_2_a_reader_that_is_late_does_not_put_an_older_value_over_a_newer_one() {
    // SAFETY: a u64 as it says.
    let slow = |address: &Address| unsafe { metrics(address.0)[9].value.u64 };
    let state = State::init(c"kept");
    let stats = plugin::KEPT.lock().unwrap().pop().unwrap();
    let address = &Address(state.ptr);
    stats.slow.now.store(1, Ordering::SeqCst);
    stats.slow.hold.store(true, Ordering::SeqCst);
    thread::scope(|scope| {
        let late = scope.spawn(|| slow(address));
        while !stats.slow.held.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        stats.slow.now.store(2, Ordering::SeqCst);
        assert_eq!(slow(address), 2);
        stats.slow.held.store(false, Ordering::SeqCst);
        assert_eq!(late.join().unwrap(), 2, "what only grows would seem to shrink");
    });
}

#[test]
fn host_8_2_two_threads_read_the_metrics_while_events_flow() {
    let state = State::init(c"");
    let (address, done) = (&Address(state.ptr), &AtomicBool::new(false));
    thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let (mut last, mut reads) = (0, 0u64);
                    let mut all = false;
                    while !std::mem::replace(&mut all, done.load(Ordering::Acquire)) || reads < 100 {
                        let metrics = metrics(address.0);
                        assert_eq!(metrics.len(), 10);
                        // SAFETY: a u64 as it says.
                        let now = unsafe { metrics[0].value.u64 };
                        assert!((last..=20_000).contains(&now), "{last}, then {now}");
                        last = now;
                        assert_eq!(names(&metrics)[8], "pairs.gauge");
                        // SAFETY: any bytes are an i32.
                        assert_eq!(unsafe { metrics[2].value.s32 }, -2);
                        reads += 1;
                    }
                    last
                })
            })
            .collect();
        for n in 0..20_000 {
            assert_eq!(parse(&state, n, &plugin_event(1, 999, b"x")), abi::SUCCESS);
        }
        done.store(true, Ordering::Release);
        for reader in readers {
            assert_eq!(reader.join().unwrap(), 20_000, "the last reading is of the last value");
        }
    });
}

#[test]
fn values_begin_anew_with_each_state_and_belong_to_one() {
    // SAFETY: a u64 as it says.
    let events = |state: &State| unsafe { metrics(state.ptr)[0].value.u64 };
    let other = State::init(c"");
    for _ in 0..6 {
        let state = State::init(c"");
        assert_eq!(events(&state), 0);
        assert_eq!(parse(&state, 1, &plugin_event(1, 999, b"x")), abi::SUCCESS);
        assert_eq!((events(&state), events(&other)), (1, 0));
        // SAFETY: any bytes are a u32. Added once, not once for each state that there was.
        assert_eq!(unsafe { metrics(state.ptr)[1].value.u32 }, u32::MAX);
    }
}

#[test]
fn a_null_count_and_no_state_are_survived() {
    let state = State::init(c"");
    // SAFETY: NULL is a count that is not wanted.
    assert!(!unsafe { plugin_get_metrics(state.ptr, null_mut()) }.is_null());
    assert!(metrics(null_mut()).is_empty());
    let failed = State::try_init(c"fail");
    assert_eq!(failed.rc, abi::FAILURE);
    assert!(metrics(failed.ptr).is_empty());
}
