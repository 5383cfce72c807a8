// SPDX-License-Identifier: Apache-2.0
//! Metrics: numbers that a plugin tells on any thread, while events flow (rule 8.2).
#![expect(unsafe_code, reason = "the plugin's function is called, and its array is read")]

use std::{fmt, sync::Arc};

use falconet::abi::{
    self, METRIC_D, METRIC_F, METRIC_I, METRIC_MONOTONIC, METRIC_NON_MONOTONIC, METRIC_S32, METRIC_S64, METRIC_U32,
    METRIC_U64,
};
use serde_json::Value as Json;

use crate::{
    call::{CallError, POISON_U32},
    owner::Inner as Owner,
    plugin::Plugin,
    text, watch,
};

const CALL: &str = "plugin_get_metrics";
/// How long `plugin.metric` may be in the real host (rule 10.1).
const MAX_NAME: usize = 511;
/// More metrics than any plugin has: a larger number is taken for a mistake.
const MAX_METRICS: u32 = 1 << 16;

/// What a metric counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MetricValue {
    /// `u32`.
    U32(u32),
    /// `s32`.
    S32(i32),
    /// `u64`.
    U64(u64),
    /// `s64`.
    S64(i64),
    /// `d`.
    F64(f64),
    /// `f`.
    F32(f32),
    /// `i`.
    Int(i32),
}

impl MetricValue {
    /// The value as JSON; null for a number that is none.
    #[must_use]
    pub fn to_json(self) -> Json {
        match self {
            Self::U32(number) => number.into(),
            Self::S32(number) | Self::Int(number) => number.into(),
            Self::U64(number) => number.into(),
            Self::S64(number) => number.into(),
            Self::F64(number) => number.into(),
            Self::F32(number) => number.into(),
        }
    }
}

impl fmt::Display for MetricValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::U32(number) => write!(f, "{number}"),
            Self::S32(number) | Self::Int(number) => write!(f, "{number}"),
            Self::U64(number) => write!(f, "{number}"),
            Self::S64(number) => write!(f, "{number}"),
            Self::F64(number) => write!(f, "{number}"),
            Self::F32(number) => write!(f, "{number}"),
        }
    }
}

/// One metric of a plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Its name, without the plugin's.
    pub name: String,
    /// Whether it only ever grows.
    pub monotonic: bool,
    /// What it counts.
    pub value: MetricValue,
}

/// Why metrics could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricsError {
    /// The plugin is destroyed.
    #[error("the plugin is destroyed, and its metrics with it")]
    Destroyed,
    /// The call itself.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The array is NULL.
    #[error("plugin_get_metrics gave {0} metrics and NULL for their array")]
    Null(u32),
    /// The number of metrics makes no sense.
    #[error("plugin_get_metrics gave {0} metrics, which no plugin has")]
    Count(u32),
    /// One metric is wrong.
    #[error("plugin_get_metrics, metric {index} (from 0): {what}")]
    Metric {
        /// Its place.
        index: u32,
        /// What is wrong.
        what: String,
    },
}

/// Reads a plugin's metrics, from any thread and for as long as one likes: it does not keep the plugin alive.
#[derive(Clone)]
pub struct Metrics {
    owner: Arc<Owner>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("plugin", &self.owner.name).finish_non_exhaustive()
    }
}

impl Metrics {
    /// The name of the plugin.
    #[must_use]
    pub fn plugin(&self) -> &str {
        &self.owner.name
    }

    /// What the plugin tells now. The plugin is not destroyed before this returns.
    ///
    /// # Errors
    /// [`MetricsError`] if the plugin is destroyed, or what it gave cannot be read.
    pub fn read(&self) -> Result<Vec<Metric>, MetricsError> {
        let read = self.owner.with_state(|state| {
            let get_metrics = state.api.get_metrics.ok_or(CallError::NoSymbol { symbol: CALL })?;
            let mut count = POISON_U32;
            let watched = watch::waiting_for(CALL);
            // SAFETY: the state is alive while this runs; any thread may call this function (rule 8.2).
            let array = unsafe { get_metrics(state.pointer, &raw mut count) };
            drop(watched);
            match count {
                0 => return Ok(Vec::new()),
                POISON_U32 => return Err(CallError::NotWritten { call: CALL, what: "num_metrics" }.into()),
                count if array.is_null() => return Err(MetricsError::Null(count)),
                count if count > MAX_METRICS => return Err(MetricsError::Count(count)),
                _ => {}
            }
            let mut metrics: Vec<Metric> = Vec::new();
            for index in 0..count {
                // SAFETY: the plugin says that `count` metrics are there, which live until its next call.
                let metric = unsafe { metric(&self.owner.name, &array.add(index as usize).read()) };
                let metric = metric.map_err(|what| MetricsError::Metric { index, what })?;
                if metrics.iter().any(|other| other.name == metric.name) {
                    let what = format!("there is another one with the name '{}'", metric.name);
                    return Err(MetricsError::Metric { index, what });
                }
                metrics.push(metric);
            }
            Ok(metrics)
        });
        read.unwrap_or(Err(MetricsError::Destroyed))
    }
}

/// # Safety
/// The metric's name is NULL or a C string, and its value is of the type that it says.
unsafe fn metric(plugin: &str, metric: &abi::Metric) -> Result<Metric, String> {
    // SAFETY: by this function's contract.
    let name = unsafe { text::bytes(metric.name) }.ok_or("its name is NULL, which crashes the real host")?;
    let name = String::from_utf8(name).map_err(|_| "its name is no UTF-8".to_owned())?;
    if name.is_empty() {
        return Err("its name is empty".to_owned());
    }
    if plugin.len() + 1 + name.len() > MAX_NAME {
        return Err(format!("its name with the plugin's is longer than {MAX_NAME} bytes"));
    }
    let monotonic = match metric.r#type {
        METRIC_MONOTONIC => true,
        METRIC_NON_MONOTONIC => false,
        other => return Err(format!("'{name}' has the type {other}: 0 (monotonic) or 1 were expected")),
    };
    // SAFETY: the member that the type says, by this function's contract; all bytes are numbers.
    let value = unsafe {
        match metric.value_type {
            METRIC_U32 => MetricValue::U32(metric.value.u32),
            METRIC_S32 => MetricValue::S32(metric.value.s32),
            METRIC_U64 => MetricValue::U64(metric.value.u64),
            METRIC_S64 => MetricValue::S64(metric.value.s64),
            METRIC_D => MetricValue::F64(metric.value.d),
            METRIC_F => MetricValue::F32(metric.value.f),
            METRIC_I => MetricValue::Int(metric.value.i),
            other => return Err(format!("'{name}' has the value type {other}: 0 to 6 were expected")),
        }
    };
    Ok(Metric { name, monotonic, value })
}

impl Plugin {
    /// What reads the plugin's metrics; `None` if it has none to tell.
    #[must_use]
    pub fn metrics(&self) -> Option<Metrics> {
        self.api().get_metrics.map(|_| Metrics { owner: self.owner().inner().clone() })
    }
}
