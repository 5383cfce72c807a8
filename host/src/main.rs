// SPDX-License-Identifier: Apache-2.0
//! The `falconet` command: builds, runs and inspects Falco plugins without Falco.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
