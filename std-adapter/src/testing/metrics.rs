// SPDX-License-Identifier: Apache-2.0
//! A plugin's metrics, as the host reads them: [`Metric`].
#![expect(unsafe_code, reason = "a host calls a plugin by C functions")]

use falconet::abi;
use falconet::export::{ExportedMetrics, metrics};

use super::harness::{POISON, wrong};
use super::{Harness, host};

/// A metric.
///
/// ```
/// use falconet_std::testing::{Metric, Number};
/// let metric = Metric { name: "lines".to_owned(), monotonic: true, value: Number::U64(3) };
/// assert_eq!(metric.value, 3);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Its name, without the plugin's.
    pub name: String,
    /// Whether it only grows.
    pub monotonic: bool,
    /// Its value.
    pub value: Number,
}

/// A metric's value.
///
/// ```
/// use falconet_std::testing::Number;
/// assert_eq!(Number::U64(3), 3);
/// assert_eq!(Number::I64(-3), -3);
/// assert_eq!(Number::F64(0.5), 0.5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Of `u32` or `u64`.
    U64(u64),
    /// Of `i32` or `i64`.
    I64(i64),
    /// Of `f32` or `f64`.
    F64(f64),
}

/// One type of integers, so that a literal is one of it: it holds those of both variants.
impl PartialEq<i128> for Number {
    fn eq(&self, other: &i128) -> bool {
        match self {
            Self::U64(number) => i128::from(*number) == *other,
            Self::I64(number) => i128::from(*number) == *other,
            Self::F64(_) => false,
        }
    }
}

impl PartialEq<f64> for Number {
    fn eq(&self, other: &f64) -> bool {
        matches!(self, Self::F64(number) if number == other)
    }
}

impl<P: ExportedMetrics> Harness<P> {
    /// `plugin_get_metrics` (capability `metrics`).
    ///
    /// # Panics
    /// Where the plugin breaks a rule of the host, or panics.
    #[must_use]
    #[track_caller]
    pub fn metrics(&self) -> Vec<Metric> {
        const POISON_COUNT: u32 = u32::from_ne_bytes([POISON; 4]);
        let mut count = POISON_COUNT;
        // SAFETY: the state is what init gave; the place is writable.
        let metrics = unsafe { metrics::get_metrics::<P>(self.state(), &raw mut count) };
        self.written("plugin_get_metrics", count != POISON_COUNT, "the count");
        self.check_whole();
        if metrics.is_null() && count > 0 {
            wrong("plugin_get_metrics gave a count of metrics and NULL");
        }
        // SAFETY: the plugin gave so many metrics, which are read before the next call.
        (0..count as usize).map(|index| read(&unsafe { metrics.add(index).read() })).collect()
    }

    /// The value of the metric of this name.
    ///
    /// # Panics
    /// As [`metrics`](Harness::metrics), and where there is none of this name.
    #[must_use]
    #[track_caller]
    pub fn metric(&self, name: &str) -> Number {
        let metrics = self.metrics();
        match metrics.iter().find(|metric| metric.name == name) {
            Some(metric) => metric.value,
            None => {
                let known: Vec<_> = metrics.iter().map(|metric| metric.name.as_str()).collect();
                wrong(&format!("the plugin has no metric '{name}'; it has {}", known.join(", ")))
            }
        }
    }
}

#[track_caller]
fn read(metric: &abi::Metric) -> Metric {
    // SAFETY: NULL, or a C string of the plugin's.
    let Some(name) = (unsafe { host::text(metric.name) }) else { wrong("the name of a metric is NULL") };
    let value = metric.value;
    // SAFETY: the member that the type names; all of the union's bytes are written, as any type of number.
    let value = unsafe {
        match metric.value_type {
            abi::METRIC_U32 => Number::U64(u64::from(value.u32)),
            abi::METRIC_U64 => Number::U64(value.u64),
            abi::METRIC_S32 => Number::I64(i64::from(value.s32)),
            abi::METRIC_S64 => Number::I64(value.s64),
            abi::METRIC_I => Number::I64(i64::from(value.i)),
            abi::METRIC_F => Number::F64(f64::from(value.f)),
            abi::METRIC_D => Number::F64(value.d),
            other => wrong(&format!("the metric '{name}' has the type {other}, which is none")),
        }
    };
    Metric { name, monotonic: metric.r#type == abi::METRIC_MONOTONIC, value }
}
