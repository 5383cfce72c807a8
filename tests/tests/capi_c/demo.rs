// SPDX-License-Identifier: Apache-2.0
//! `examples/c/plugin.c` beside `examples/demo`: in the real host, under the `falconet` command, and with NULL for everything.
#![expect(unsafe_code, reason = "a plugin's functions are called by pointer")]

use std::ffi::{CStr, c_char, c_void};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::ptr::{null, null_mut};

use falconet::abi;
use falconet_tests::host::{RealHost, Skip, real_host};
use falconet_tests::plugins::{self, Profile};
use falconet_tests::{capi, sysdig, tools};
use tempfile::TempDir;

/// The plugin in C, in a folder that goes with the first value.
fn plugin() -> Result<(TempDir, PathBuf), Skip> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("libdemo.so");
    capi::demo(&path, &[])?;
    Ok((folder, path))
}

const FIELDS: [&str; 3] = ["demo.num", "demo.text", "demo.double"];

/// What sysdig makes of a plugin: the rows of all events, of those that a filter lets through, and of a replay.
fn in_the_host(host: &RealHost, plugin: &Path, params: &str) -> [Vec<Vec<String>>; 3] {
    let columns = ["evt.num", "evt.type", "evt.pluginname", "evt.plugininfo", FIELDS[0], FIELDS[1], FIELDS[2]];
    let (format, input) = (sysdig::format(&columns), sysdig::input("demo", params));
    let live = ["-I".as_ref(), input.as_os_str(), "-p".as_ref(), format.as_ref()];
    let all = sysdig::run(host, plugin, live).succeeded();
    let filter = "demo.double > 20 and demo.text contains \"number 1\" and demo.num < 130".as_ref();
    let some = sysdig::run(host, plugin, [&live[..], &[filter]].concat()).succeeded();
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("demo.scap");
    let write = ["-q".as_ref(), "-I".as_ref(), input.as_os_str(), "-w".as_ref(), capture.as_os_str()];
    let _written = sysdig::run(host, plugin, write).succeeded();
    let read = ["-r".as_ref(), capture.as_os_str(), "-p".as_ref(), format.as_ref()];
    let replayed = sysdig::run(host, plugin, read).succeeded();
    [all.rows(), some.rows(), replayed.rows()]
}

#[test]
fn the_real_host_prints_the_same_of_both_plugins() {
    let (Ok(host), Ok((_folder, c))) = (real_host(), plugin()) else { return };
    let rust = plugins::demo(Profile::Release);
    for events in [1, 300] {
        let of_c = in_the_host(&host, &c, &events.to_string());
        let of_rust = in_the_host(&host, &rust, &events.to_string());
        assert_eq!(of_c, of_rust);
        assert_eq!((of_c[0].len(), of_c[2].len()), (events, events));
    }
    let some = &in_the_host(&host, &c, "300")[1];
    assert!(some.len() > 30 && some.iter().all(|row| row[5].starts_with("event number 1")), "{some:?}");
    // What is wrong is told by the host in the plugin's words.
    let refused = sysdig::run(&host, &c, ["-I", "demo:many"]);
    assert!(refused.code != Some(0) && refused.shown().contains("the open params are the number of events"));
}

#[test]
fn the_command_prints_the_same_of_both_plugins() {
    let Ok((_folder, c)) = plugin() else { return };
    let rust = plugins::demo(Profile::Release);
    let run = |plugin: &Path, arguments: &[&str]| {
        let mut command = Command::new(plugins::command());
        command.arg("run").arg(plugin).args(["300", "--config", "512", "--json", "--fields", &FIELDS.join(",")]);
        let printed = tools::output(command.args(arguments)).stdout;
        let events = printed.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        // Times are those at which the events were taken.
        let without_time = |mut event: serde_json::Value| {
            event.as_object_mut().unwrap().retain(|name, _| !["time", "ts"].contains(&name.as_str()));
            event
        };
        events.map(without_time).collect::<Vec<_>>()
    };
    for (arguments, events) in [(&[][..], 300), (&["--max", "7"], 7)] {
        let of_c = run(&c, arguments);
        assert_eq!(of_c, run(&rust, arguments));
        assert_eq!(of_c.len(), events);
        assert_eq!(of_c[6]["fields"]["demo.double"], 12, "{}", of_c[6]);
    }
}

#[test]
fn null_for_everything_is_a_failure_and_no_crash() {
    let Ok((_folder, path)) = plugin() else { return };
    // SAFETY: the plugin has no constructors, and its functions have these types; the structs are the caller's own.
    unsafe {
        let library = libloading::Library::new(&path).unwrap();
        type Void = *mut c_void;
        let init: libloading::Symbol<'_, unsafe extern "C" fn(*const abi::InitInput, *mut i32) -> Void> =
            library.get("plugin_init").unwrap();
        let open: libloading::Symbol<'_, unsafe extern "C" fn(Void, *const c_char, *mut i32) -> Void> =
            library.get("plugin_open").unwrap();
        let next: libloading::Symbol<'_, unsafe extern "C" fn(Void, Void, *mut u32, *mut *mut Void) -> i32> =
            library.get("plugin_next_batch").unwrap();
        let extract: libloading::Symbol<
            '_,
            unsafe extern "C" fn(Void, *const abi::EventInput, *const abi::FieldExtractInput) -> i32,
        > = library.get("plugin_extract_fields").unwrap();
        let text: libloading::Symbol<'_, unsafe extern "C" fn(Void, *const abi::EventInput) -> *const c_char> =
            library.get("plugin_event_to_string").unwrap();
        let error: libloading::Symbol<'_, unsafe extern "C" fn(Void) -> *const c_char> =
            library.get("plugin_get_last_error").unwrap();
        let close: libloading::Symbol<'_, unsafe extern "C" fn(Void, Void)> = library.get("plugin_close").unwrap();
        let destroy: libloading::Symbol<'_, unsafe extern "C" fn(Void)> = library.get("plugin_destroy").unwrap();

        // Without an input there is no config, as with an empty one.
        let (mut rc, mut count, mut events) = (9, 9, null_mut());
        let state = init(null(), &raw mut rc);
        assert!(!state.is_null() && rc == abi::SUCCESS);
        for state in [null_mut(), state] {
            assert!(open(state, null(), &raw mut rc).is_null() && rc == abi::FAILURE);
            count = 9;
            assert_eq!(next(state, null_mut(), &raw mut count, &raw mut events), abi::FAILURE);
            assert_eq!(count, 0);
            assert_eq!(extract(state, null(), null()), abi::FAILURE);
            assert!(text(state, null()).is_null());
            close(state, null_mut());
            assert!(CStr::from_ptr(error(state)).to_bytes().len() < 100);
        }
        // As many as there are, and no more; then again.
        for _ in 0..2 {
            let opened: Vec<_> = (0..9).map(|_| open(state, c"3".as_ptr(), &raw mut rc)).collect();
            assert!(opened[..8].iter().all(|instance| !instance.is_null()) && opened[8].is_null());
            assert_eq!(CStr::from_ptr(error(state)), c"all of them are in use");
            for instance in opened {
                close(state, instance);
            }
        }
        destroy(null_mut());
        destroy(state);
        assert_eq!(count, 0);
    }
}
