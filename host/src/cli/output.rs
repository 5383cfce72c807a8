// SPDX-License-Identifier: Apache-2.0
//! Stdout of a run, behind a buffer that another thread can flush where the plugin keeps this one.

use std::{
    io::{self, BufWriter, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::Duration,
};

const CAPACITY: usize = 1 << 16;

/// How long a reader of stdout has where the run ends in the middle of a call.
const GRACE: Duration = Duration::from_secs(1);

/// Stdout; clones have the same buffer.
#[derive(Clone)]
pub(super) struct Output(Arc<Mutex<BufWriter<io::Stdout>>>);

impl Output {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(buffer())))
    }

    /// For one event at a time.
    pub(super) fn lock(&self) -> MutexGuard<'_, BufWriter<io::Stdout>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn flush(&self) -> io::Result<()> {
        self.lock().flush()
    }

    /// Forgets what is in the buffer: it has no reader.
    pub(super) fn discard(&self) {
        drop(std::mem::replace(&mut *self.lock(), buffer()).into_parts());
    }

    /// Gives out what is in the buffer, as far as the reader takes it within a second.
    pub(super) fn flush_for_a_while(&self) {
        // While a library is loaded or unloaded, no thread can begin.
        if self.lock().buffer().is_empty() {
            return;
        }
        let (done, wait) = mpsc::channel();
        let output = self.clone();
        // Where nothing can be done, nothing is.
        let _ = thread::Builder::new().spawn(move || drop(done.send(output.flush())));
        let _ = wait.recv_timeout(GRACE);
    }
}

fn buffer() -> BufWriter<io::Stdout> {
    BufWriter::with_capacity(CAPACITY, io::stdout())
}
