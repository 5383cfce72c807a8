// SPDX-License-Identifier: Apache-2.0
//! Ctrl-C: a run ends in order, or after a second, if the plugin or the reader of stdout does not let it.

use std::{
    io,
    process::{self, ExitCode},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use signal_hook::{consts::SIGINT, iterator::Signals};

/// How long a run has to end in order.
const GRACE: Duration = Duration::from_secs(1);

/// What shells take for a command that Ctrl-C has ended: 128 and the signal's number.
const INTERRUPTED: u8 = 130;

/// Tells whether Ctrl-C was pressed.
#[derive(Debug)]
pub(super) struct Interrupt {
    came: Arc<AtomicBool>,
}

impl Interrupt {
    /// Listens from now on.
    pub(super) fn new() -> io::Result<Self> {
        let mut signals = Signals::new([SIGINT])?;
        let came = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&came);
        thread::Builder::new().name("ctrl-c".to_owned()).spawn(move || {
            if signals.forever().next().is_some() {
                flag.store(true, Ordering::Relaxed);
                thread::sleep(GRACE);
                process::exit(INTERRUPTED.into());
            }
        })?;
        Ok(Self { came })
    }

    pub(super) fn came(&self) -> bool {
        self.came.load(Ordering::Relaxed)
    }

    /// How the command ends where nothing else went wrong.
    pub(super) fn exit_code(&self) -> ExitCode {
        if self.came() { ExitCode::from(INTERRUPTED) } else { ExitCode::SUCCESS }
    }
}
