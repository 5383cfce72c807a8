// SPDX-License-Identifier: Apache-2.0
//! `examples/c/lines.c`: each line of a file is an event, whatever its size; and the Makefile takes back what it made.

use std::fs;
use std::path::Path;
use std::process::Command;

use falconet_host::{Library, Logs, Next, Plugin};
use falconet_tests::host::root;
use falconet_tests::{plugins, tools};

use crate::example::example;
use crate::installed::{folder, there_is};

/// The numbers and texts of a file's lines, as the plugin gives them; or why it gives none.
fn lines(library: &Path, file: &Path) -> Result<Vec<(String, String)>, String> {
    let library = Library::load(library).unwrap();
    let requests = ["lines.number", "lines.text"].map(|name| library.field(name).unwrap());
    let plugin = Plugin::init(&library, "", &Logs::new()).unwrap();
    let mut instance = plugin.open(file.to_str().unwrap()).map_err(|error| error.to_string())?;
    let mut lines = Vec::new();
    while let Next::Event(event) = instance.next_event().map_err(|error| error.to_string())? {
        let extraction = plugin.extract(&event, &requests).unwrap();
        let [number, text] = [0, 1].map(|field: usize| extraction.fields[field].values[0].to_string());
        lines.push((number, text));
    }
    Ok(lines)
}

#[test]
fn each_line_is_an_event_of_its_own_size() {
    let Ok(example) = example() else { return };
    let file = folder("lines").join("some.txt");
    let mut expected: Vec<String> = (0..3000).map(|number: usize| "x".repeat(number * 7 % 900)).collect();
    expected.extend(["".to_owned(), "last, without an end".to_owned()]);
    fs::write(&file, expected.join("\n")).unwrap();
    let given = lines(&example.lines, &file).unwrap();
    let numbered = (1..).map(|number: usize| number.to_string());
    assert!(given.into_iter().eq(numbered.zip(expected)), "numbers from 1, and the lines");
    fs::write(&file, "y".repeat(20_000)).unwrap();
    let pieces: Vec<usize> = lines(&example.lines, &file).unwrap().iter().map(|(_, text)| text.len()).collect();
    assert_eq!(pieces, [8000, 8000, 4000]);
    fs::write(&file, "").unwrap();
    assert_eq!(lines(&example.lines, &file), Ok(Vec::new()));
    let none = lines(&example.lines, &file.with_extension("none")).unwrap_err();
    assert_eq!(none, "plugin_open failed: the open params are the path of a file that can be read");
    let directory = lines(&example.lines, file.parent().unwrap()).unwrap_err();
    assert_eq!(directory, "plugin_next_batch failed: the file cannot be read");
}

#[test]
fn it_keeps_the_rules_of_the_host() {
    let Ok(example) = example() else { return };
    let sample = root().join("examples/access-log/sample.log");
    let output = Command::new(plugins::command())
        .arg("check")
        .arg(&example.lines)
        .args(["--params", sample.to_str().unwrap()])
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && shown.contains("batch-shared") && !shown.contains("note:"), "{shown}");
}

#[test]
fn make_clean_leaves_the_sources_alone() {
    let Ok(mut make) = there_is("make") else { return };
    let folder = folder("clean");
    fs::copy(root().join("examples/c/Makefile"), folder.join("Makefile")).unwrap();
    for file in ["libdemo.so", "liblines.so", "reader", "plugin.c"] {
        fs::write(folder.join(file), "").unwrap();
    }
    tools::output(make.arg("-C").arg(&folder).arg("clean"));
    let left = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut left: Vec<String> = left.collect();
    left.sort();
    assert_eq!(left, ["Makefile", "plugin.c"]);
}
