// SPDX-License-Identifier: Apache-2.0
//! Named counters and gauges that the host reads from another thread while events flow: [`Metrics`].
//!
//! The values are atomics in the plugin's [shared part](crate::Shares); any thread may change them, without a lock and
//! without an allocation. Their names are checked at compile time (rule 10.1).
#![expect(unsafe_code, reason = "a declared function is called by its zero-sized type")]

use core::ffi::{CStr, c_char, c_int};
use core::fmt;
use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

use crate::abi;
use crate::shared::Shares;

/// Bytes of `plugin.metric`, the name under which the host shows a metric (rule 10.1).
const MAX_NAME: usize = 511;

/// A plugin with metrics.
///
/// ```
/// use falconet::metrics::{Counter, Gauge, Metric};
/// use falconet::{Error, Info, Init, Metrics, Plugin, Shared, Shares};
///
/// struct Reader { stats: Shared<Self> }
/// impl Plugin for Reader {
///     type Error = Error;
///     const INFO: Info = Info::new(c"reader", c"0.1.0", c"reads", c"you@example.org");
///     fn new(init: &Init<'_>) -> Result<Self, Error> {
///         let stats = init.shared::<Self>()?;
///         stats.lines.add(1);
///         stats.lag.set(0.5);
///         Ok(Self { stats })
///     }
/// }
/// #[derive(Debug)]
/// struct Stats { lines: Counter<u64>, lag: Gauge<f64> }
/// impl Shares for Reader {
///     type Shared = Stats;
///     const SHARED: Stats = Stats { lines: Counter::new(), lag: Gauge::new() };
/// }
/// impl Metrics for Reader {
///     const METRICS: &'static [Metric<Stats>] = &[
///         Metric::new(c"lines", |stats: &Stats| &stats.lines),
///         Metric::new(c"lag_seconds", |stats: &Stats| &stats.lag),
///     ];
/// }
/// # impl falconet::Parse for Reader {
/// #     fn parse(&mut self, _: &falconet::Event<'_>, _: &mut falconet::Parsing<'_, Self>) -> Result<(), Error> { Ok(()) }
/// # }
/// falconet::export!(Reader: parse, metrics);
/// ```
#[diagnostic::on_unimplemented(
    message = "the capability `metrics` needs `impl falconet::Metrics for {Self}`",
    label = "has no metrics",
    note = "write `impl falconet::Metrics for {Self}`, or leave `metrics` out of `export!`"
)]
pub trait Metrics: Shares {
    /// The metrics, in the order in which the host shows them.
    const METRICS: &'static [Metric<Self::Shared>];
}

/// A type that a metric's value may have: `u32`, `i32`, `u64`, `i64`, `f32`, `f64`, or [`Int`].
///
/// ```
/// use falconet::{abi, metrics::Number};
/// assert_eq!(<f32 as Number>::TYPE, abi::METRIC_F);
/// ```
pub trait Number: Copy + sealed::Sealed {
    /// The host's type (`SS_PLUGIN_METRIC_VALUE_TYPE_*`).
    const TYPE: abi::MetricValueType;
}

/// C's `int`, which the host knows besides the fixed widths.
///
/// ```
/// use falconet::metrics::{Gauge, Int};
/// let gauge = Gauge::<Int>::new();
/// gauge.set(Int(-3));
/// assert_eq!(gauge.get(), Int(-3));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Int(pub c_int);

mod sealed {
    use crate::abi;

    /// How a number lies in 64 bits: zero is zero for all of them.
    pub trait Sealed: Sized {
        fn bits(self) -> u64;
        fn from_bits(bits: u64) -> Self;
        fn plus(self, other: Self) -> Self;
        fn value(self) -> abi::MetricValue;
    }
}

macro_rules! numbers {
    ($( $type:ty, $constant:ident, $member:ident, |$v:ident| $inner:expr, $bits:expr, |$b:ident| $back:expr, |$x:ident, $y:ident| $plus:expr; )+) => { $(
        impl Number for $type {
            const TYPE: abi::MetricValueType = abi::$constant;
        }
        impl sealed::Sealed for $type {
            #[inline]
            fn bits(self) -> u64 {
                let $v = self;
                $bits
            }
            #[inline]
            fn from_bits($b: u64) -> Self {
                $back
            }
            #[inline]
            fn plus(self, other: Self) -> Self {
                let ($x, $y) = (self, other);
                $plus
            }
            fn value(self) -> abi::MetricValue {
                let $v = self;
                // All 8 bytes are written: they are copied as a whole.
                let mut value = abi::MetricValue { u64: 0 };
                value.$member = $inner;
                value
            }
        }
    )+ };
}

#[expect(clippy::cast_possible_truncation, reason = "the bits of a narrower number come back as they went in")]
mod numbers {
    use super::{Int, Number, abi, sealed};

    numbers! {
        u32, METRIC_U32, u32, |v| v, u64::from(v), |b| b as u32, |x, y| x.wrapping_add(y);
        i32, METRIC_S32, s32, |v| v, u64::from(v.cast_unsigned()), |b| (b as u32).cast_signed(), |x, y| x.wrapping_add(y);
        u64, METRIC_U64, u64, |v| v, v, |b| b, |x, y| x.wrapping_add(y);
        i64, METRIC_S64, s64, |v| v, v.cast_unsigned(), |b| b.cast_signed(), |x, y| x.wrapping_add(y);
        f64, METRIC_D, d, |v| v, v.to_bits(), |b| Self::from_bits(b), |x, y| x + y;
        f32, METRIC_F, f, |v| v, u64::from(v.to_bits()), |b| Self::from_bits(b as u32), |x, y| x + y;
        Int, METRIC_I, i, |v| v.0, u64::from(v.0.cast_unsigned()), |b| Self((b as u32).cast_signed()), |x, y| Self(x.0.wrapping_add(y.0));
    }
}

macro_rules! cells {
    ($( $(#[$meta:meta])* $name:ident, $metric_type:ident; )+) => { $(
        $(#[$meta])*
        pub struct $name<N>(AtomicU64, core::marker::PhantomData<N>);

        impl<N: Number> $name<N> {
            /// Zero.
            #[must_use]
            #[expect(clippy::new_without_default, reason = "made in the constant `Shares::SHARED`")]
            pub const fn new() -> Self {
                Self(AtomicU64::new(0), core::marker::PhantomData)
            }

            /// The present value.
            #[must_use]
            #[inline]
            pub fn get(&self) -> N {
                N::from_bits(self.0.load(Ordering::Relaxed))
            }

            /// Adds; an integer wraps at its end.
            #[inline]
            pub fn add(&self, more: N) {
                let mut now = self.0.load(Ordering::Relaxed);
                while let Err(other) = self.0.compare_exchange_weak(
                    now,
                    N::from_bits(now).plus(more).bits(),
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                ) {
                    now = other;
                }
            }
        }

        impl<N: Number> Reading for $name<N> {
            const METRIC_TYPE: abi::MetricType = abi::$metric_type;
            const VALUE_TYPE: abi::MetricValueType = N::TYPE;

            fn value(&self) -> abi::MetricValue {
                self.get().value()
            }
        }

        impl<N: Number + fmt::Debug> fmt::Debug for $name<N> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.get()).finish()
            }
        }
    )+ };
}

cells! {
    /// A metric that only grows.
    ///
    /// ```
    /// let lines = falconet::metrics::Counter::<u64>::new();
    /// lines.add(2);
    /// lines.add(3);
    /// assert_eq!(lines.get(), 5);
    /// ```
    Counter, METRIC_MONOTONIC;
    /// A metric that grows and shrinks.
    ///
    /// ```
    /// let load = falconet::metrics::Gauge::<f32>::new();
    /// load.set(1.5);
    /// load.add(-1.0);
    /// assert_eq!(load.get(), 0.5);
    /// ```
    Gauge, METRIC_NON_MONOTONIC;
}

impl<N: Number> Gauge<N> {
    /// Replaces the value.
    #[inline]
    pub fn set(&self, value: N) {
        self.0.store(value.bits(), Ordering::Relaxed);
    }
}

/// What a [`Metric`] reads: a [`Counter`] or a [`Gauge`].
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a metric's function gives a reference to a `Counter` or a `Gauge`, not to `{Self}`",
    label = "is no metric",
    note = "keep the number as a `falconet::metrics::Counter` or `Gauge` in the shared part"
)]
pub trait Reading {
    /// Monotonic or not.
    const METRIC_TYPE: abi::MetricType;
    /// The number's type.
    const VALUE_TYPE: abi::MetricValueType;

    /// The present value, in the host's union.
    fn value(&self) -> abi::MetricValue;
}

/// A metric's name, and where in the shared part `S` its value is. See [`Metrics`] for an example.
pub struct Metric<S> {
    name: &'static CStr,
    metric_type: abi::MetricType,
    value_type: abi::MetricValueType,
    read: fn(&S) -> abi::MetricValue,
}

impl<S> Metric<S> {
    /// A metric: its name, and a function from the shared part to its [`Counter`] or [`Gauge`].
    ///
    /// # Panics
    /// At compile time where the name is empty or has characters other than letters, digits, `_`, `-`, `.` and `/`.
    #[must_use]
    #[expect(clippy::panic, reason = "evaluated at compile time: a panic is a compile error")]
    pub const fn new<F, R>(name: &'static CStr, _: F) -> Self
    where
        F: Fn(&S) -> &R + Copy + 'static,
        R: Reading + 'static,
    {
        const { assert!(size_of::<F>() == 0, "a metric's function captures nothing: it has the shared part") };
        if !is_name(name.to_bytes()) {
            panic!("a metric's name is letters, digits, `_`, `-`, `.` and `/`, and not empty");
        }
        Self { name, metric_type: R::METRIC_TYPE, value_type: R::VALUE_TYPE, read: read::<S, F, R> }
    }

    /// The metric's name.
    #[must_use]
    pub const fn name(&self) -> &'static CStr {
        self.name
    }
}

impl<S> fmt::Debug for Metric<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metric").field("name", &self.name).field("type", &self.value_type).finish_non_exhaustive()
    }
}

fn read<S, F, R>(shared: &S) -> abi::MetricValue
where
    F: Fn(&S) -> &R + Copy + 'static,
    R: Reading + 'static,
{
    // SAFETY: `Metric::new`, which alone names this function, was given an F.
    let function = unsafe { crate::extract::captures_nothing::<F>() };
    function(shared).value()
}

const fn is_name(name: &[u8]) -> bool {
    let mut rest = name;
    while let [byte, more @ ..] = rest {
        if !(byte.is_ascii_alphanumeric() || matches!(*byte, b'_' | b'-' | b'.' | b'/')) {
            return false;
        }
        rest = more;
    }
    !name.is_empty()
}

/// Checks at compile time what metrics a plugin declares.
#[expect(clippy::panic, reason = "evaluated at compile time: a panic is a compile error")]
pub(crate) const fn check<T: Metrics>() {
    let plugin = T::INFO.name().to_bytes();
    let mut rest = T::METRICS;
    if rest.is_empty() {
        panic!("METRICS is empty: leave `metrics` out of `export!`");
    }
    while let [first, more @ ..] = rest {
        if plugin.len() + 1 + first.name.to_bytes().len() > MAX_NAME {
            panic!("a metric's name, with the plugin's and a dot before it, has at most 511 bytes (rule 10.1)");
        }
        let mut others = more;
        while let [other, most @ ..] = others {
            if same(first.name.to_bytes(), other.name.to_bytes()) {
                panic!("two metrics have the same name");
            }
            others = most;
        }
        rest = more;
    }
}

pub(crate) const fn same(a: &[u8], b: &[u8]) -> bool {
    let (mut a, mut b) = (a, b);
    while let ([first, a_more @ ..], [second, b_more @ ..]) = (a, b) {
        if *first != *second {
            return false;
        }
        (a, b) = (a_more, b_more);
    }
    a.is_empty() && b.is_empty()
}

/// The metrics of one state as the host reads them: the array of `ss_plugin_metric` that `get_metrics` hands over.
///
/// Two threads may ask at once, so it is written by atomic stores only.
#[derive(Debug)]
pub struct MetricsTable<const N: usize>([Cell; N]);

/// An [`abi::Metric`] in atomics.
#[derive(Debug)]
#[repr(C)]
struct Cell {
    name: AtomicPtr<c_char>,
    metric_type: AtomicU32,
    value: AtomicU64,
    value_type: AtomicU32,
}

const _: () = assert!(
    size_of::<Cell>() == size_of::<abi::Metric>()
        && align_of::<Cell>() == align_of::<abi::Metric>()
        && core::mem::offset_of!(Cell, metric_type) == core::mem::offset_of!(abi::Metric, r#type)
        && core::mem::offset_of!(Cell, value) == core::mem::offset_of!(abi::Metric, value)
        && core::mem::offset_of!(Cell, value_type) == core::mem::offset_of!(abi::Metric, value_type)
);

impl<const N: usize> MetricsTable<N> {
    /// Empty.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "made by `export!` in a static, and nowhere else")]
    pub const fn new() -> Self {
        Self(
            [const {
                Cell {
                    name: AtomicPtr::new(core::ptr::null_mut()),
                    metric_type: AtomicU32::new(0),
                    value: AtomicU64::new(0),
                    value_type: AtomicU32::new(0),
                }
            }; N],
        )
    }
}

/// The memory of metrics, whatever their number is.
pub trait MetricsMemory {
    /// Reads all metrics anew, and gives the host's array of them and its length.
    fn read<S>(&self, metrics: &[Metric<S>], shared: &S) -> (*mut abi::Metric, u32);
}

impl<const N: usize> MetricsMemory for MetricsTable<N> {
    fn read<S>(&self, metrics: &[Metric<S>], shared: &S) -> (*mut abi::Metric, u32) {
        let mut count = 0;
        for (cell, metric) in self.0.iter().zip(metrics) {
            cell.name.store(metric.name.as_ptr().cast_mut(), Ordering::Relaxed);
            cell.metric_type.store(metric.metric_type, Ordering::Relaxed);
            cell.value_type.store(metric.value_type, Ordering::Relaxed);
            // Never an older value over a newer one of another thread: what only grows must not seem to shrink.
            let mut there = cell.value.load(Ordering::Acquire);
            loop {
                // SAFETY: `Sealed::value` writes all 8 bytes of the union, and any are a u64.
                let value = unsafe { core::mem::transmute::<abi::MetricValue, u64>((metric.read)(shared)) };
                match cell.value.compare_exchange_weak(there, value, Ordering::AcqRel, Ordering::Acquire) {
                    Ok(_) => break,
                    Err(newer) => there = newer,
                }
            }
            count += 1;
        }
        (core::ptr::from_ref(&self.0).cast_mut().cast(), count)
    }
}
