// SPDX-License-Identifier: Apache-2.0
//! `examples/access-log` as a library file: what it exports and needs, and what it does in the project's own host.
#![cfg(test)]

mod binary;
mod blocks;
mod errors;
mod instances;
mod lines;
mod values;

use std::path::Path;

use falconet_host::{Instance, Library, Logs, Next, Plugin};
use falconet_tests::plugins::{self, Copy, Profile};
use tempfile::TempDir;

/// Bytes of the longest line that an event of access-log holds; one more is for the NUL.
const LONGEST: usize = 32 * 1024 - 1;

/// The plugin, loaded from a copy of its own so that no other test shares its slots.
struct Loaded {
    copy: Copy,
    library: Library,
    logs: Logs,
}

fn load(profile: Profile) -> Loaded {
    let copy = Copy::of(&plugins::access_log(profile)).unwrap();
    let library = Library::load(copy.path()).unwrap();
    Loaded { copy, library, logs: Logs::new() }
}

impl Loaded {
    fn init(&self) -> Plugin {
        Plugin::init(&self.library, "", &self.logs).unwrap()
    }

    /// What was logged since the last call, one line a message.
    fn logged(&self) -> Vec<String> {
        self.logs.take().iter().map(ToString::to_string).collect()
    }
}

/// A file in a folder of its own.
struct File {
    folder: TempDir,
}

impl File {
    fn of(content: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("access.log"), content).unwrap();
        Self { folder }
    }

    /// Its path, as open parameters.
    fn path(&self) -> String {
        text(&self.folder.path().join("access.log"))
    }
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// The events up to the end, each as the line in its payload.
fn drain(instance: &mut Instance<'_>) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    loop {
        match instance.next_event().unwrap() {
            Next::Event(event) => {
                let line = event.payload().unwrap().strip_suffix(b"\0").expect("a line is followed by a NUL");
                lines.push(line.to_vec());
            }
            Next::Timeout => {}
            Next::Eof => return lines,
        }
    }
}

/// The lines that the plugin makes of a file with this content.
fn lines_of(plugin: &Plugin, content: &[u8]) -> Vec<Vec<u8>> {
    let file = File::of(content);
    let mut instance = plugin.open(&file.path()).unwrap();
    drain(&mut instance)
}

/// The lines that it should make: those which are not too long, without LF and a CR before that.
fn expected_of(content: &[u8]) -> Vec<Vec<u8>> {
    let mut lines: Vec<&[u8]> = content.split(|byte| *byte == b'\n').collect();
    let last = lines.pop().filter(|last| !last.is_empty());
    let ended = lines.into_iter().map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    ended.chain(last).filter(|line| line.len() <= LONGEST).map(<[u8]>::to_vec).collect()
}

/// Fails with the first difference, not with megabytes.
fn assert_same_lines(actual: &[Vec<u8>], expected: &[Vec<u8>], what: &str) {
    let differs = actual.iter().zip(expected).position(|(actual, expected)| actual != expected);
    if let Some(at) = differs {
        let shown =
            |line: &[u8]| format!("{} bytes {:?}", line.len(), String::from_utf8_lossy(&line[..line.len().min(80)]));
        panic!("{what}: line {at} (from 0) is {} instead of {}", shown(&actual[at]), shown(&expected[at]));
    }
    assert_eq!(actual.len(), expected.len(), "{what}: the number of lines");
}
