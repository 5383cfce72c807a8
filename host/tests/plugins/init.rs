// SPDX-License-Identifier: Apache-2.0
//! Init and destroy, config, owner, log, tables (section 1).

use falconet_host::{Logs, Plugin, Severity};

use crate::{compiled, init, lines};

#[test]
fn host_1_8_rc_is_written_by_init_and_list_open_params() {
    let plugin = compiled!("faulty.c");
    let library = plugin.library();
    let logs = Logs::new();
    let error = Plugin::init(&library, "rc unset", &logs).unwrap_err().to_string();
    assert_eq!(error, "plugin_init returned without writing rc: it must be written on every path");
    assert_eq!(lines(&logs), ["info: faulty: destroy(state)"]);
    let error = Plugin::init(&library, "rc 7", &logs).unwrap_err().to_string();
    assert!(error.starts_with("plugin_init gave the rc 7, which is none of 0 success"), "{error}");

    let plugin = init(&library, "");
    let _instance = plugin.open("rc unset").unwrap();
    let error = plugin.list_open_params().unwrap_err().to_string();
    assert_eq!(error, "plugin_list_open_params returned without writing rc: it must be written on every path");
}

#[test]
fn host_1_9_a_failed_state_is_asked_and_destroyed() {
    let plugin = compiled!("faulty.c");
    let library = plugin.library();
    let logs = Logs::new();
    let error = Plugin::init(&library, "fail with state", &logs).unwrap_err().to_string();
    assert_eq!(error, "plugin_init failed: no such luck");
    assert_eq!(lines(&logs), ["info: faulty: destroy(state)"]);
    let error = Plugin::init(&library, "fail null", &logs).unwrap_err().to_string();
    assert!(error.starts_with("plugin_init failed: the plugin gave no state (NULL)"), "{error}");
    assert!(lines(&logs).is_empty(), "a NULL state is never destroyed");
}

#[test]
fn host_1_10_what_init_was_lent_is_gone_after_it() {
    let plugin = compiled!("faulty.c");
    let library = plugin.library();
    let plugin = init(&library, "secret");
    let error = plugin.open("read config").unwrap_err().to_string();
    assert_eq!(error, format!("plugin_open failed: {}", "\u{fffd}".repeat(6)), "six bytes of 0xA5");
}

#[test]
fn host_1_11_tables_are_there_for_plugins_that_extract_and_fail_cleanly() {
    let plugin = compiled!("good.c");
    let library = plugin.library();
    let logs = Logs::new();
    drop(Plugin::init(&library, "x", &logs).unwrap());
    let expected = ["info: good: config 'x'", "debug: tables: this host has no state tables", "info: good: destroy"];
    assert_eq!(lines(&logs), expected);
}

#[test]
fn host_1_12_an_empty_config_becomes_an_object_only_with_a_schema() {
    let (plain, schema) = (compiled!("good.c"), compiled!("good.c", "SCHEMA"));
    let config = |library: &falconet_host::Library, config: &str| {
        let logs = Logs::new();
        let error = Plugin::init(library, config, &logs).err().map(|error| error.to_string());
        error.unwrap_or_else(|| lines(&logs)[0].clone())
    };
    assert_eq!(config(&plain.library(), ""), "info: good: config ''");
    assert_eq!(config(&schema.library(), ""), "info: good: config '{}'");
    assert_eq!(config(&schema.library(), "[1]"), "info: good: config '[1]'");
    let error = config(&schema.library(), "no json");
    assert!(error.starts_with("the plugin wants its config as JSON, and this is none: "), "{error}");
    assert_eq!(
        config(&plain.library(), "a\0b"),
        "the text for plugin_init holds a NUL byte at 1, which a C string cannot hold"
    );
}

#[test]
fn logs_go_to_the_owner_of_each_state() {
    let plugin = compiled!("good.c");
    let library = plugin.library();
    let (one, two) = (Logs::new(), Logs::new());
    let first = Plugin::init(&library, "one", &one).unwrap();
    let second = Plugin::init(&library, "two", &two).unwrap();
    assert_eq!(one.take()[0].message, "config 'one'");
    let record = &two.take()[0];
    assert_eq!(
        (record.severity, record.component.as_str(), record.message.as_str()),
        (Severity::Info, "good", "config 'two'")
    );
    drop(first);
    assert_eq!((lines(&one), lines(&two)), (vec!["info: good: destroy".to_owned()], vec![]));
    drop(second);
    assert_eq!(lines(&two), ["info: good: destroy"]);
}

#[test]
fn host_1_5_logging_without_claiming_it_is_told_once() {
    let plugin = compiled!("faulty.c", "API=\"3.2.0\"");
    let library = plugin.library();
    let logs = Logs::new();
    let plugin = Plugin::init(&library, "", &logs).unwrap();
    drop(plugin.open("a").unwrap());
    drop(plugin);
    let told = "warning: falconet: log_fn was called, but the claimed API version has none: claim at least 3.3.0";
    assert_eq!(lines(&logs), [told, "info: faulty: close(instance)", "info: faulty: destroy(state)"]);
}
