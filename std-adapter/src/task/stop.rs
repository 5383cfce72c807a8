// SPDX-License-Identifier: Apache-2.0
//! What a task looks at to know when to end: [`Stop`].

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Says that work is to end. Its clones say the same.
///
/// ```
/// use std::time::Duration;
/// use falconet_std::task::Stop;
/// let stop = Stop::new();
/// assert!(!stop.wait(Duration::from_millis(1))); // the time is over: go on
/// let other = stop.clone();
/// let worker = std::thread::spawn(move || other.wait(Duration::MAX));
/// stop.stop();
/// assert!(worker.join().unwrap()); // at once
/// ```
#[derive(Clone, Default)]
pub struct Stop(Arc<Inner>);

#[derive(Default)]
struct Inner {
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// Not yet. A [`Task`](super::Task) makes its own.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn stopped(&self) -> MutexGuard<'_, bool> {
        self.0.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the work: all who wait go on at once.
    pub fn stop(&self) {
        *self.stopped() = true;
        self.0.changed.notify_all();
    }

    /// Whether to end.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        *self.stopped()
    }

    /// Waits as long as this, or until it is time to end, and tells whether it is.
    #[must_use = "when it is true the work is to end"]
    pub fn wait(&self, time: Duration) -> bool {
        let waited = self.0.changed.wait_timeout_while(self.stopped(), time, |stopped| !*stopped);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stop").field(&self.is_stopped()).finish()
    }
}
