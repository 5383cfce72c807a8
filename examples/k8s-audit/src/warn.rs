// SPDX-License-Identifier: Apache-2.0
//! Warnings that whoever sends bad data cannot make a flood of: how many were held back is told later, or at the end.

use std::fmt::Display;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So much time is between two warnings of one kind; those in between are counted.
const PAUSE: Duration = Duration::from_secs(1);

/// One kind of warning. What was held back when it is dropped is told then.
#[derive(Debug, Default)]
pub(crate) struct Warnings(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    last: Option<Instant>,
    held_back: u64,
}

impl Warnings {
    /// Logs it, or counts it.
    pub(crate) fn warn(&self, text: impl Display) {
        match self.due(Instant::now()) {
            Some(0) => log::warn!("{text}"),
            Some(more) => log::warn!("{text} (and {more} more such since the last warning)"),
            None => {}
        }
    }

    /// How many were held back since the last one, if one may be logged.
    fn due(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last.is_some_and(|last| now.duration_since(last) < PAUSE) {
            state.held_back += 1;
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.held_back))
    }
}

impl Drop for Warnings {
    fn drop(&mut self) {
        match self.0.get_mut().unwrap_or_else(PoisonError::into_inner).held_back {
            0 => {}
            1 => log::warn!("1 more warning of this kind was held back"),
            more => log::warn!("{more} more warnings of this kind were held back"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_a_second_and_the_others_are_counted() {
        let warnings = Warnings::default();
        let now = Instant::now();
        assert_eq!(warnings.due(now), Some(0));
        assert_eq!(warnings.due(now + PAUSE / 2), None);
        assert_eq!(warnings.due(now + PAUSE / 2), None);
        assert_eq!(warnings.due(now + PAUSE), Some(2));
        assert_eq!(warnings.due(now + PAUSE * 2), Some(0));
    }
}
