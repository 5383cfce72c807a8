// SPDX-License-Identifier: Apache-2.0
//! Whether a plugin keeps the rules of the host: `falconet check`.
//!
//! ```text
//! run -> a child for each scenario -> calls into the plugin, judged -> lines of JSON -> Report
//! ```
//! The plugin is loaded in child processes only. What ends a child is a finding of the call that it was in, and the next
//! scenario begins with a new one. Children are this program, called in a way that ends in [`child`].

mod answers;
mod beside;
mod cycles;
mod events;
mod fields;
mod load;
mod notes;
mod raw;
mod registry;
mod report;
mod reuse;
mod runner;
mod samples;
mod scenario;
mod source;
mod states;
mod subject;
mod witness;

use std::{io, process::Command, time::Duration};

pub use registry::{Check, NOT_CHECKED};
pub use report::{Checked, Outcome, Report, Verdict};
pub use scenario::Scenario;
pub use subject::{Beside, Subject};

use report::Gathered;
use witness::Witness;

/// Checks a plugin. `child` gives the command that calls [`child`] with the same subject and this scenario in a process
/// of its own. A child that says nothing for as long as `silence` is taken to hang.
///
/// # Errors
/// What the system says where a child cannot be started or listened to.
pub fn run(child: impl Fn(Scenario) -> Command, silence: Duration) -> io::Result<Report> {
    let mut gathered = Gathered::default();
    for scenario in Scenario::ALL {
        runner::run(*scenario, child(*scenario), silence, &mut gathered)?;
        if !gathered.goes_on() {
            break;
        }
    }
    Ok(gathered.report())
}

/// Runs one scenario in this process, which its parent has started with a socket for a standard input.
///
/// # Errors
/// What the system says where there is no such socket.
pub fn child(subject: &Subject, scenario: Scenario) -> io::Result<()> {
    let witness = Witness::on_stdin()?;
    if scenario != Scenario::Load {
        crate::guard::turn_on(witness.descriptor());
    }
    crate::guard::where_nobody_catches(|| scenario.run(&witness, subject))?;
    witness.done();
    Ok(())
}
