// SPDX-License-Identifier: Apache-2.0
//! The task of a plugin with async events: [`Producer`].

use std::io;

use falconet::async_event::Emitter;
use falconet::{AsyncEvents, Log};

use super::{Outcome, Stop, Task};

/// A task that emits async events while a capture is open: what [`AsyncEvents::start`] starts and [`AsyncEvents::stop`]
/// stops. See [the module](super) for an example.
///
/// When it is stopped its emitter is inert already, and says so by an error, which is not logged then.
#[derive(Debug)]
pub struct Producer {
    name: String,
    log: Log,
    task: Option<Task>,
}

impl Producer {
    /// None yet: a name for its thread, and the log for what goes wrong in it.
    #[must_use]
    pub fn new(name: impl Into<String>, log: Log) -> Self {
        Self { name: name.into(), log, task: None }
    }

    /// Begins to work with the emitter of a capture. Work that an earlier start began is stopped first.
    ///
    /// # Errors
    /// As [`Task::spawn`].
    pub fn start<P: AsyncEvents, R: Outcome>(
        &mut self,
        emitter: Emitter<P>,
        work: impl FnOnce(&Emitter<P>, &Stop) -> R + Send + 'static,
    ) -> io::Result<()> {
        self.stop();
        // The emitter is inert first, and then the work is told to stop: either is its end on demand, and no failure.
        let work =
            move |stop: &Stop| work(&emitter, stop).failure().filter(|_| !emitter.is_stopped() && !stop.is_stopped());
        self.task = Some(Task::of_work(&self.name, self.log, work)?);
        Ok(())
    }

    /// Tells the work to stop, and waits for its end; where there is none it does nothing.
    pub fn stop(&mut self) {
        self.task = None;
    }

    /// Whether it works at this moment.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.task.as_ref().is_some_and(|task| !task.is_finished())
    }
}
