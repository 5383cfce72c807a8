// SPDX-License-Identifier: Apache-2.0
//! What the official plugins were seen to extract: from real events, and from made-up ones.
#![allow(dead_code, reason = "not every test uses all of it")]

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// An event and what the official plugins have extracted from it.
pub(crate) struct Recorded {
    /// Its file or case.
    pub(crate) name: String,
    /// The line or the body that it came from.
    pub(crate) input: Vec<u8>,
    /// Whether there is an event.
    pub(crate) has_event: bool,
    /// The fields that have a value, and the value as the real host prints it.
    pub(crate) fields: Vec<(String, String)>,
}

impl Recorded {
    /// A field as it is printed; `None` where it has no value.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(its, _)| its == name).map(|(_, value)| value.as_str())
    }
}

/// The folder with the recorded data, `shared/data` beside the project or where `FALCONET_DATA` says.
///
/// Where there is none, this prints so and gives `None`: the test then passes without a look.
pub(crate) fn data() -> Option<PathBuf> {
    let is_data = |folder: &PathBuf| folder.join("k8s-audit.fields.txt").is_file();
    // The tests of several crates ask, which are not equally deep in the project.
    let mut beside = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("../shared/data"));
    let folder = std::env::var_os("FALCONET_DATA").map_or_else(|| beside.find(is_data), |folder| Some(folder.into()));
    let folder = folder.filter(is_data);
    if folder.is_none() {
        // Not `eprintln!`, which the test harness keeps to itself when a test passes.
        let _ = writeln!(std::io::stderr(), "skipped: there is no recorded data in ../shared/data");
    }
    folder
}

/// The fields that were asked of every event, with their type, list flag and argument.
pub(crate) fn asked(data: &Path) -> Vec<[String; 4]> {
    let text = std::fs::read_to_string(data.join("k8s-audit.fields.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
            words.try_into().unwrap()
        })
        .collect()
}

/// All that was recorded: of the real events and of the made-up ones.
pub(crate) fn all(data: &Path) -> Vec<Recorded> {
    let mut all = Vec::new();
    for file in ["k8s-audit.expected.jsonl", "k8s-audit.extra.expected.jsonl"] {
        for line in std::fs::read_to_string(data.join(file)).unwrap().lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| line[key].as_str().map(str::to_owned);
            let input = match text("input") {
                Some(input) => input.into_bytes(),
                None => std::fs::read(data.join("k8s-audit").join(text("file").unwrap())).unwrap(),
            };
            let name = text("file").or_else(|| text("case")).unwrap();
            let fields = line["fields"].as_object().unwrap().iter();
            let fields: Vec<_> = fields.map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned())).collect();
            all.push(Recorded { name, input, has_event: !fields.is_empty(), fields });
        }
    }
    assert_eq!(all.len(), 32 + 38, "events in the recorded data");
    all
}
