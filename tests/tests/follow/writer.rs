// SPDX-License-Identifier: Apache-2.0
//! A process that writes numbered lines to a log and rotates it: this test binary, started a second time.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, mem};

use crate::rotate;

pub(crate) const LINES: usize = 100_000;
pub(crate) const ROTATIONS: usize = 5;

/// Names the log, in the writer's environment.
const LOG: &str = "FALCONET_TEST_LOG";

/// Starts a writer of [`LINES`] lines; the log is there already.
pub(crate) fn start(log: &Path) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "writer::process"]).env(LOG, log).stdout(Stdio::null());
    command.spawn().unwrap()
}

/// Does nothing but in the process that [`start`] starts.
#[test]
fn process() {
    let Some(path) = env::var_os(LOG).map(PathBuf::from) else { return };
    let mut writer = Writer { file: open(&path), pending: Vec::new(), number: 0, random: 1 };
    for file in 0..=ROTATIONS {
        let last = LINES * (file + 1) / (ROTATIONS + 1);
        writer.lines(last);
        if file < ROTATIONS {
            // The file is renamed while the writer has it open, and goes on with it before and after a new one is there.
            rotate(&path);
            writer.lines(last + 50);
            let new = open(&path);
            writer.lines(last + 100);
            writer.file = new;
        }
    }
}

fn open(path: &Path) -> File {
    OpenOptions::new().append(true).create(true).open(path).unwrap()
}

struct Writer {
    file: File,
    pending: Vec<u8>,
    number: usize,
    random: u64,
}

impl Writer {
    /// Writes the lines up to number `end`, in pieces that end anywhere but for the last.
    fn lines(&mut self, end: usize) {
        while self.number < end {
            let padding = self.below(if self.number.is_multiple_of(1000) { 30_000 } else { 150 });
            let line = format!("192.0.2.1 - - [-] \"GET /{}?{} HTTP/1.1\" 200 1\n", self.number, "x".repeat(padding));
            self.pending.extend_from_slice(line.as_bytes());
            self.number += 1;
            let piece = self.below(9000);
            if piece < self.pending.len() {
                let rest = self.pending.split_off(piece);
                self.write();
                self.pending = rest;
            }
        }
        self.write();
    }

    fn write(&mut self) {
        self.file.write_all(&mem::take(&mut self.pending)).unwrap();
    }

    /// A pseudo-random number.
    fn below(&mut self, end: u64) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        usize::try_from(self.random % end).unwrap()
    }
}
