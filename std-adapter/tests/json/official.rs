// SPDX-License-Identifier: Apache-2.0
//! What the official plugins' pointer fields were recorded to give for real events and for made-up ones.

use std::fs;
use std::path::Path;

use falconet_std::json::{self, Kind};
use serde_json::Value as Tree;

/// The pointers that were asked for, but for those that RFC 6901 does not know: of no `/`, of indexes with two zeros.
fn pointers(data: &Path) -> Vec<String> {
    let fields = fs::read_to_string(data.join("k8s-audit.fields.txt")).unwrap();
    let pointer = |line: &str| Some(line.split(' ').next()?.strip_prefix("jevt.value[")?.strip_suffix(']')?.to_owned());
    let all = fields.lines().filter_map(pointer);
    all.filter(|pointer| pointer.starts_with('/') && !pointer.ends_with("/00")).collect()
}

/// As the plugins print it.
fn found(payload: &[u8], pointer: &str) -> Option<String> {
    let value = json::pointer(payload, pointer)?;
    let text = value.text().map(|text| text.to_string());
    assert_eq!(text.is_some(), value.kind() == Kind::Text);
    text.or_else(|| String::from_utf8(value.as_bytes().to_vec()).ok())
}

#[test]
fn pointers_find_what_the_official_plugins_were_recorded_to_find() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let Ok(real) = fs::read_to_string(data.join("k8s-audit.expected.jsonl")) else {
        println!("no recorded data beside the project: nothing was compared");
        return;
    };
    let extra = fs::read_to_string(data.join("k8s-audit.extra.expected.jsonl")).unwrap();
    let pointers = pointers(&data);
    let mut compared = 0;
    for line in real.lines().chain(extra.lines()) {
        let recorded: Tree = serde_json::from_str(line).unwrap();
        let payload = match (recorded["file"].as_str(), recorded["input"].as_str()) {
            (Some(file), _) => fs::read(data.join("k8s-audit").join(file)).unwrap(),
            (_, Some(input)) => input.as_bytes().to_vec(),
            _ => panic!("{line}"),
        };
        if found(&payload, "/kind").as_deref() != Some("Event") {
            continue; // a list, or no event
        }
        for pointer in &pointers {
            let expected = recorded["fields"][format!("jevt.value[{pointer}]")].as_str();
            assert_eq!(found(&payload, pointer).as_deref(), expected, "{pointer} of {}", payload.escape_ascii());
            compared += usize::from(expected.is_some());
        }
    }
    println!("{compared} values compared");
}
