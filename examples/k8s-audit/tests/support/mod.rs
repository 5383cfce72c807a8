// SPDX-License-Identifier: Apache-2.0
//! What the tests of both plugins share: the recorded values, a plugin in the project's own host, and how that prints.
#![allow(dead_code, reason = "not every test uses all of it")]

use std::io::Write as _;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use falconet_host::{Event, Library, Logs, Plugin, Value, encode_plugin_event};

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
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("FALCONET_DATA").map_or(beside, PathBuf::from);
    if folder.join("k8s-audit.fields.txt").is_file() {
        return Some(folder);
    }
    // Not `eprintln!`, which the test harness keeps to itself when a test passes.
    let _ = writeln!(std::io::stderr(), "skipped: there is no recorded data in {}", folder.display());
    None
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
pub(crate) fn recorded(data: &Path) -> Vec<Recorded> {
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

/// A plugin, one at a time in a process: it has slots for a few states only, and tests run side by side.
pub(crate) struct Loaded {
    plugin: Plugin,
    _alone: MutexGuard<'static, ()>,
}

impl Deref for Loaded {
    type Target = Plugin;

    fn deref(&self) -> &Plugin {
        &self.plugin
    }
}

/// The plugin of this name, which cargo has built beside the test.
pub(crate) fn load(library: &str) -> Loaded {
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let test = std::env::current_exe().unwrap();
    let file = format!("{}{library}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let library = Library::load(test.parent().unwrap().join(file)).unwrap();
    Loaded { plugin: Plugin::init(&library, "", &Logs::new()).unwrap(), _alone: alone }
}

/// A field of an event as the real host prints it; `None` where it has no value.
pub(crate) fn printed(plugin: &Plugin, payload: &[u8], nanos: u64, number: u64, field: &str) -> Option<String> {
    let bytes = encode_plugin_event(nanos, 1, payload);
    let event = Event::from_bytes(&bytes, number, c"k8s_audit").unwrap();
    let request = plugin.library().field(field).unwrap_or_else(|why| panic!("{why}"));
    let values = plugin.extract(&event, std::slice::from_ref(&request)).unwrap().fields.remove(0).values;
    print(&values, request.field().list)
}

/// The values of a field as the real host prints them, where nothing stands between empty texts and what follows them.
fn print(values: &[Value], list: bool) -> Option<String> {
    let mut values = values.iter().map(|value| value.to_text().unwrap().into_owned());
    if !list {
        return values.next();
    }
    let joined = values.reduce(|list, value| if list.is_empty() { value } else { list + "," + &value });
    joined.map(|list| format!("({list})"))
}
