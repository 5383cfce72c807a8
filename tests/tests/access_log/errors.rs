// SPDX-License-Identifier: Apache-2.0
//! What the plugin says when it cannot start, open or read.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use falconet_host::{Logs, Plugin};
use falconet_tests::plugins::{self, Copy, Profile};

use crate::{File, load, text};

/// Why a path cannot be opened, without the name of the call and the path.
fn why(plugin: &Plugin, path: &str) -> String {
    let error = plugin.open(path).unwrap_err().to_string();
    let begin = "plugin_open failed: ";
    let end = format!(" (open params: \"{path}\")");
    let text = error.strip_prefix(begin).and_then(|text| text.strip_suffix(&end));
    text.unwrap_or_else(|| panic!("not {begin:?} .. {end:?}: {error}")).to_owned()
}

#[test]
fn what_cannot_be_opened_is_told_with_its_path() {
    let loaded = load(Profile::Release);
    let plugin = loaded.init();
    let file = File::of(b"a line\n");
    let folder = text(file.folder.path());
    symlink("circle", file.folder.path().join("circle")).unwrap();
    for (path, expected) in [
        (format!("{folder}/missing.log"), "cannot open the access log: there is no such file (errno 2)"),
        (folder.clone(), "the path is a folder: give the path of an access log"),
        (String::new(), "the open params are empty: give the path of an access log"),
        (format!("{}/x", file.path()), "cannot open the access log: a part of the path is no folder (errno 20)"),
        (format!("{folder}/circle"), "cannot open the access log: too many symbolic links (errno 40)"),
        (format!("{folder}/{}", "x".repeat(256)), "cannot open the access log: the path is too long (errno 36)"),
    ] {
        assert_eq!(why(&plugin, &path), expected);
    }
    assert!(plugin.open(&file.path()).is_ok(), "a failure leaves nothing behind that hinders");
}

#[test]
fn failed_opens_keep_no_descriptor_and_no_slot() {
    let loaded = load(Profile::Release);
    let plugin = loaded.init();
    let file = File::of(b"a line\n");
    let folder = text(file.folder.path());
    for _ in 0..20 {
        assert!(plugin.open(&folder).is_err());
        assert!(plugin.open(&format!("{folder}/missing.log")).is_err());
    }
    assert_eq!(crate::instances::descriptors_of(file.folder.path()), 0);
    let open: Vec<_> = (0..8).map(|_| plugin.open(&file.path()).unwrap()).collect();
    assert_eq!(open.len(), 8);
}

#[test]
fn a_file_that_may_not_be_read_is_told() {
    let file = File::of(b"a line\n");
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o000)).unwrap();
    let expected = "cannot open the access log: permission denied (errno 13)";
    if fs::File::open(file.path()).is_err() {
        let loaded = load(Profile::Release);
        assert_eq!(why(&loaded.init(), &file.path()), expected);
        return;
    }
    // For root every file may be read, so this is left to another user, who needs his own way to the programs.
    let copy = Copy::of(&plugins::access_log(Profile::Release)).unwrap();
    let command = copy.folder().join("falconet");
    fs::copy(plugins::command(), &command).unwrap();
    for folder in [copy.folder(), file.folder.path()] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let output = Command::new(command).arg("run").arg(copy.path()).arg(file.path()).uid(65534).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains(&format!("{expected} (open params: \"{}\")", file.path())), "{stderr}");
}

#[test]
fn what_cannot_be_read_ends_the_capture_and_says_where() {
    let loaded = load(Profile::Release);
    let plugin = loaded.init();
    // Address 0 of a process is never mapped: the file opens, and the first read fails.
    let mut instance = plugin.open("/proc/self/mem").unwrap();
    let error = instance.next_event().unwrap_err().to_string();
    let expected = "cannot read the access log from byte 0 on: input/output error (errno 5)";
    assert!(error.ends_with(expected), "{error}");
}

#[test]
fn a_config_is_refused_unless_it_says_nothing() {
    let loaded = load(Profile::Release);
    for config in ["", "{}", "  {}\n"] {
        assert!(Plugin::init(&loaded.library, config, &Logs::new()).is_ok(), "{config:?}");
    }
    for config in ["{\"a\":1}", "x", "null"] {
        let error = Plugin::init(&loaded.library, config, &Logs::new()).unwrap_err().to_string();
        assert!(error.contains("the init config ") && error.ends_with("or leave it empty"), "{error}");
    }
}
