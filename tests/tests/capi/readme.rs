// SPDX-License-Identifier: Apache-2.0
//! What README.md says to programmers in C is true: its code is that of the example, its commands work.

use std::fs;
use std::process::Command;

use falconet_tests::host::root;

use crate::installed::there_is;

/// The code of the section's fences of a language.
fn blocks(language: &str) -> Vec<String> {
    let page = fs::read_to_string(root().join("README.md")).unwrap();
    let section = page.split("\n## In C and C++\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let fence = format!("\n```{language}\n");
    section.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_code_that_is_shown_stands_in_the_example() {
    let plugin = fs::read_to_string(root().join("examples/c/plugin.c")).unwrap();
    let shown = blocks("c");
    assert!(shown.iter().any(|block| block.contains("plugin_next_batch")));
    assert!(shown.iter().any(|block| block.contains("plugin_extract_fields")));
    for block in shown {
        assert!(plugin.contains(&format!("\n{block}\n")), "not in examples/c/plugin.c:\n{block}");
    }
    let page = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(page.contains(&format!("a whole plugin in {} lines", plugin.lines().count())));
}

#[test]
fn the_commands_build_and_run_the_examples() {
    if there_is("make").is_err() || there_is("pkg-config").is_err() || there_is("cc").is_err() {
        return;
    }
    // What an earlier run has left would not be built anew.
    for built in ["libdemo.so", "liblines.so", "reader"] {
        let _there_may_be_none = fs::remove_file(root().join("examples/c").join(built));
    }
    let [commands, link] = <[String; 2]>::try_from(blocks("sh")).unwrap();
    let output = Command::new("sh").args(["-e", "-c", &commands]).current_dir(root()).output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    let events = stdout.lines().filter(|line| line.contains("\ttype 322\t") && line.contains("event number "));
    assert_eq!(events.count(), 3, "{stdout}");

    // A plugin of the reader's own, beside which the library need not be.
    let folder = tempfile::tempdir().unwrap();
    fs::copy(root().join("examples/c/plugin.c"), folder.path().join("plugin.c")).unwrap();
    let packages = root().join("target/c/lib/pkgconfig");
    let mut sh = Command::new("sh");
    let output = sh.args(["-e", "-c", &link]).current_dir(&folder).env("PKG_CONFIG_PATH", packages).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let binary = falconet_host::Binary::read(folder.path().join("libplugin.so")).unwrap();
    assert!(binary.exports.iter().all(|name| name.starts_with("plugin_")), "{:?}", binary.exports);
    assert!(!binary.needed.iter().any(|name| name.starts_with("libfalconet")), "{:?}", binary.needed);
}
