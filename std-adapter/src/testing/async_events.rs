// SPDX-License-Identifier: Apache-2.0
//! Async events that a plugin emits, collected: [`Collected`].
#![expect(unsafe_code, reason = "a host calls a plugin by C functions")]

use std::fmt;
use std::thread;
use std::time::Duration;

use falconet::abi::SUCCESS;
use falconet::async_event::DumpState;
use falconet::export::{ExportedAsync, async_event};

use super::harness::wrong;
use super::{Event, Failed, Harness, host};

/// A capture that takes the plugin's async events. Dropping it ends it: the plugin's `stop` has been called then.
///
/// See [`task`](crate::task) for an example.
pub struct Collected<'h, P: ExportedAsync> {
    harness: &'h Harness<P>,
}

impl<P: ExportedAsync> Harness<P> {
    /// `plugin_set_async_event_handler`: a capture begins, and takes async events (capability `async_events`).
    ///
    /// # Errors
    /// The plugin's own.
    ///
    /// # Panics
    /// Where the plugin breaks a rule of the host.
    #[track_caller]
    pub fn start_async(&self) -> Result<Collected<'_, P>, Failed> {
        let owner = std::ptr::from_ref(self.host()).cast_mut().cast();
        self.host().takes(Some(P::ASYNC_EVENTS));
        // SAFETY: the state is what init gave; the handler takes calls from any thread as long as the host is there.
        let rc = unsafe { async_event::set_handler::<P>(self.state(), owner, Some(host::async_event)) };
        if rc != SUCCESS {
            self.host().takes(None);
        }
        self.done("plugin_set_async_event_handler", rc)?;
        Ok(Collected { harness: self })
    }
}

impl<P: ExportedAsync + DumpState> Harness<P> {
    /// `plugin_dump_state`: the async events that the plugin writes at the start of a capture file (capability
    /// `dump_state`).
    ///
    /// # Errors
    /// The plugin's own; the real host shows another text (rule 7.5).
    ///
    /// # Panics
    /// Where the plugin breaks a rule of the host, or one of the events has no real time (rule 7.5).
    #[track_caller]
    pub fn dump_state(&self) -> Result<Vec<Event>, Failed> {
        let before = self.host().take_events();
        let owner = std::ptr::from_ref(self.host()).cast_mut().cast();
        let taken = self.host().takes(Some(P::ASYNC_EVENTS));
        // SAFETY: as in `start_async`, for the time of the call.
        let rc = unsafe { async_event::dump_state::<P>(self.state(), owner, Some(host::async_event)) };
        self.host().takes(taken);
        let events = self.host().take_events();
        self.host().put_events(before);
        self.done("plugin_dump_state", rc)?;
        if events.iter().any(|event| event.nanos() == u64::MAX) {
            wrong("a dumped event has no time of its own: the host fills in none (rule 7.5)");
        }
        Ok(events)
    }
}

impl<P: ExportedAsync> Collected<'_, P> {
    /// The events so far, those that were given before left out.
    ///
    /// # Panics
    /// Where the plugin emitted what the host does not take.
    #[must_use]
    #[track_caller]
    pub fn events(&self) -> Vec<Event> {
        self.harness.check();
        self.harness.host().take_events()
    }

    /// Waits until there are at least `count` events, and gives them.
    ///
    /// # Panics
    /// Where there are fewer within ten seconds, and as [`events`](Collected::events).
    #[must_use]
    #[track_caller]
    pub fn wait_for(&self, count: usize) -> Vec<Event> {
        let events = self.harness.host().wait_for_events(count, Duration::from_secs(10));
        self.harness.check();
        if events.len() < count {
            wrong(&format!("{} async events in ten seconds: {count} were expected", events.len()));
        }
        events
    }

    /// Ends the capture, and gives the events that were left.
    ///
    /// # Panics
    /// As [`events`](Collected::events), and where the plugin panics in its `stop`.
    #[must_use]
    #[track_caller]
    pub fn stop(self) -> Vec<Event> {
        let harness = self.harness;
        drop(self);
        harness.check_whole();
        harness.host().take_events()
    }
}

impl<P: ExportedAsync> Drop for Collected<'_, P> {
    fn drop(&mut self) {
        let owner = std::ptr::from_ref(self.harness.host()).cast_mut().cast();
        // SAFETY: the state is what init gave; NULL ends the handler that was set before (rule 7.3).
        let rc = unsafe { async_event::set_handler::<P>(self.harness.state(), owner, None) };
        // From here on an event is one too late.
        self.harness.host().takes(None);
        if rc != SUCCESS && !thread::panicking() {
            wrong("plugin_set_async_event_handler failed with a NULL handler");
        }
    }
}

impl<P: ExportedAsync> fmt::Debug for Collected<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collected").field("host", self.harness.host()).finish()
    }
}
