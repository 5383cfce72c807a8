// SPDX-License-Identifier: Apache-2.0
//! A thread that reads files and hands their lines to a sink.

use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{FileError, Files, Tail};
use crate::sink::{Refused, Sink};
use crate::warn::Warnings;

/// How long to wait for a sink that is full.
const FULL: Duration = Duration::from_millis(10);

/// What a feed reads.
#[derive(Debug)]
pub enum Input {
    /// Files, once.
    Files(Files),
    /// A file that is followed.
    Tail(Tail),
}

/// A thread that reads files for a sink. Dropping it stops the thread at once and waits for its end.
pub struct Feed {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

impl Feed {
    /// Starts reading. A line that the sink refuses is logged and left out; one for which it is full is offered again.
    /// The sink is told when there is nothing more, unless it was the sink that stopped, or the feed was dropped.
    ///
    /// # Errors
    /// The system's, where it has no thread.
    pub fn start<S: Sink>(input: Input, sink: S) -> io::Result<Self> {
        let stop = Arc::new(Stop::default());
        let theirs = Arc::clone(&stop);
        let thread = thread::Builder::new().name("k8saudit-file".to_owned()).spawn(move || {
            match run(input, &sink, &theirs) {
                Ok(End::Read) => sink.ended(Ok(())),
                Ok(End::Stopped) => {}
                Err(error) => sink.ended(Err(&error.to_string())),
            }
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.stop.now();
        if let Some(thread) = self.thread.take() {
            // It panics only where the sink does, and that was reported.
            let _panicked = thread.join();
        }
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.debug_struct("Feed").finish_non_exhaustive()
    }
}

/// How reading ends.
enum End {
    Read,
    Stopped,
}

fn run(mut input: Input, sink: &impl Sink, stop: &Stop) -> Result<End, FileError> {
    let warnings = Warnings::default();
    // The line that the sink had no room for is offered again; the path is still looked at meanwhile.
    let mut held = Vec::new();
    loop {
        let line = match &mut input {
            Input::Files(files) => match files.next_line()? {
                None => return Ok(End::Read),
                line => line,
            },
            Input::Tail(tail) => tail.next_line()?,
        };
        let Some(line) = line else {
            if stop.wait(Tail::PAUSE) {
                return Ok(End::Stopped);
            }
            continue;
        };
        match sink.deliver(line) {
            Err(Refused::Full) => {}
            Err(Refused::Stopping) => return Ok(End::Stopped),
            outcome => {
                tell(&warnings, outcome.err());
                if stop.is_set() {
                    return Ok(End::Stopped);
                }
                continue;
            }
        }
        held.clear();
        held.extend_from_slice(line);
        loop {
            if stop.wait(FULL) {
                return Ok(End::Stopped);
            }
            if let Input::Tail(tail) = &mut input {
                tail.look();
            }
            match sink.deliver(&held) {
                Err(Refused::Full) => {}
                Err(Refused::Stopping) => return Ok(End::Stopped),
                outcome => {
                    tell(&warnings, outcome.err());
                    break;
                }
            }
        }
    }
}

fn tell(warnings: &Warnings, refused: Option<Refused>) {
    if let Some(refused) = refused {
        warnings.warn(format_args!("skipped a line: {refused}"));
    }
}

/// A flag that can be waited for.
#[derive(Default)]
struct Stop {
    set: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    fn now(&self) {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    fn is_set(&self) -> bool {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for so long, or until it is set; whether it is.
    fn wait(&self, time: Duration) -> bool {
        let set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(set, time, |set| !*set);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
