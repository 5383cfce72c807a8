// SPDX-License-Identifier: Apache-2.0
//! Routines, metrics, a new config, the event schema's version, static plugins (rules 8.2, 8.3, 10.1, 1.12, 2.2, 1.7).

use std::{thread, time::Duration};

use falconet_host::{Inspector, Library, LoadError, Logs, MetricValue, MetricsError, Plugin};

use crate::{compiled, findings, init, lines, run};

fn said(logs: &Logs) -> Vec<String> {
    lines(logs).iter().filter_map(|line| line.strip_prefix("debug: injector: ")).map(str::to_owned).collect()
}

#[test]
fn host_8_3_routines_run_until_they_are_unsubscribed_or_end() {
    let (good, injector) = (compiled!("good.c"), compiled!("injector.c"));
    let (good, injector) = (good.library(), injector.library());
    let listen = |inspector: Inspector, logs: &Logs| {
        let mut inspector = inspector;
        inspector.register(&good, "").unwrap();
        inspector.register(&injector, "no routine").unwrap();
        drop(logs.take());
        for _ in 0..2 {
            run(&inspector, "good", "1");
        }
        let said: Vec<_> =
            said(logs).into_iter().filter(|line| !line.starts_with("handler") && !line.starts_with("sent")).collect();
        (said, findings(&inspector))
    };
    let logs = Logs::new();
    let (said, found) = listen(Inspector::new(&logs), &logs);
    let once = ["subscribed 1: ", "subscribed 0: ", "runs 1: ", "unsubscribed 0: ", "again 1: ", "stopped 1: "];
    assert_eq!(said, [once, once].concat());
    assert_eq!(found, ["injector: subscribe was called with NULL for a routine (rule 8.3, 2 times)"]);
    let (said, found) = listen(Inspector::new(&logs).without_routines(), &logs);
    let none = ["subscribed 0: ", "subscribed 0: ", "runs 0: ", "unsubscribed 1: ", "again 1: ", "stopped 1: "];
    assert_eq!((said, found.len()), ([none, none].concat().iter().map(|line| (*line).to_owned()).collect(), 0));
}

#[test]
fn host_8_3_nothing_is_subscribed_while_no_capture_is_open() {
    let (good, injector) = (compiled!("good.c"), compiled!("injector.c"));
    let logs = Logs::new();
    let mut inspector = Inspector::new(&logs);
    inspector.register(&good.library(), "").unwrap();
    inspector.register(&injector.library(), "late subscribe").unwrap();
    run(&inspector, "good", "1");
    inspector.plugins()[1].metrics().unwrap().read().unwrap();
    assert_eq!(findings(&inspector), ["injector: subscribe was called while no capture was open (rule 8.3)"]);
}

#[test]
fn host_8_2_metrics_are_read_from_another_thread() {
    let (good, injector) = (compiled!("good.c"), compiled!("injector.c"));
    let mut inspector = Inspector::new(&Logs::new());
    inspector.register(&good.library(), "").unwrap();
    inspector.register(&injector.library(), "").unwrap();
    assert!(inspector.plugins()[0].metrics().is_none(), "it has none");
    let metrics = inspector.plugins()[1].metrics().unwrap();
    let (of_thread, polling) = (metrics.clone(), std::sync::mpsc::channel());
    let (tell, told) = polling;
    let thread = thread::spawn(move || {
        loop {
            match of_thread.read() {
                Ok(read) => drop(tell.send(read)),
                Err(error) => return error,
            }
            thread::sleep(Duration::from_millis(1));
        }
    });
    run(&inspector, "good", "1000");
    let read = told.recv().unwrap();
    drop(inspector);
    assert_eq!(thread.join().unwrap(), MetricsError::Destroyed);
    let names: Vec<_> = read.iter().map(|metric| (metric.name.as_str(), metric.monotonic, metric.value)).collect();
    let expected = [
        ("u32", true, MetricValue::U32(1)),
        ("s32", false, MetricValue::S32(-2)),
        ("u64", true, MetricValue::U64(3)),
        ("s64", false, MetricValue::S64(-4)),
        ("d", false, MetricValue::F64(0.5)),
        ("f", false, MetricValue::F32(1.5)),
        ("i", false, MetricValue::Int(-6)),
    ];
    assert_eq!(names, expected);
}

#[test]
fn host_10_1_metrics_are_checked() {
    for (config, told) in [
        ("count unset", "plugin_get_metrics returned without writing num_metrics: it must be written on every path"),
        ("metrics null", "plugin_get_metrics gave 7 metrics and NULL for their array"),
        ("metric count", "plugin_get_metrics gave 1048576 metrics, which no plugin has"),
        ("metric name", "plugin_get_metrics, metric 2 (from 0): its name is NULL, which crashes the real host"),
        ("metric empty", "plugin_get_metrics, metric 2 (from 0): its name is empty"),
        ("metric long", "plugin_get_metrics, metric 2 (from 0): its name with the plugin's is longer than 511 bytes"),
        ("metric twice", "plugin_get_metrics, metric 2 (from 0): there is another one with the name 'u32'"),
        (
            "metric type",
            "plugin_get_metrics, metric 2 (from 0): 'u64' has the type 2: 0 (monotonic) or 1 were expected",
        ),
        ("metric value", "plugin_get_metrics, metric 2 (from 0): 'u64' has the value type 7: 0 to 6 were expected"),
    ] {
        // Each with statics of its own.
        let injector = compiled!("injector.c");
        let plugin = init(&injector.library(), config);
        assert_eq!(plugin.metrics().unwrap().read().unwrap_err().to_string(), told, "{config}");
    }
    let injector = compiled!("injector.c");
    let plugin = init(&injector.library(), "no metrics");
    assert_eq!(plugin.metrics().unwrap().read(), Ok(Vec::new()));
}

#[test]
fn a_config_is_changed_while_the_plugin_lives() {
    let injector = compiled!("injector.c");
    let logs = Logs::new();
    let plugin = Plugin::init(&injector.library(), "", &logs).unwrap();
    plugin.set_config("new").unwrap();
    assert_eq!(said(&logs), ["tables 0: ", "config 0: new"], "no tables: it neither parses nor extracts (rule 1.11)");
    assert_eq!(plugin.set_config("bad").unwrap_err().to_string(), "plugin_set_config failed: no such config: bad");
    assert!(plugin.set_config("rc").unwrap_err().to_string().starts_with("plugin_set_config gave the rc 5"));
    let good = compiled!("good.c");
    let error = init(&good.library(), "").set_config("x").unwrap_err().to_string();
    assert_eq!(error, "the plugin has no symbol 'plugin_set_config'");
}

#[test]
fn host_1_12_a_config_must_fit_the_schema() {
    let schema = r#"{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\",\"minimum\":1}},\"additionalProperties\":false}"#;
    let injector = compiled!("injector.c", &format!("SCHEMA=\"{schema}\""));
    let injector = injector.library();
    let error = |config: &str| Plugin::init(&injector, config, &Logs::new()).err().map(|error| error.to_string());
    assert_eq!((error(""), error(r#"{"n":1}"#)), (None, None));
    let invalid = "the config does not fit the plugin's schema: ";
    assert_eq!(error(r#"{"n":0}"#), Some(format!("{invalid}at /n: 0 is less than the minimum of 1")));
    assert_eq!(error("7"), Some(format!("{invalid}7 is not of type \"object\"")));
    assert!(error("{").unwrap().starts_with("the plugin wants its config as JSON, and this is none: "));
    let plugin = init(&injector, "");
    assert!(plugin.set_config(r#"{"m":1}"#).unwrap_err().to_string().starts_with(invalid));
    plugin.set_config("").unwrap();
    let broken = compiled!("injector.c", r#"SCHEMA="{\"type\":7}""#);
    let error = Plugin::init(&broken.library(), "", &Logs::new()).unwrap_err().to_string();
    assert!(error.starts_with("the JSON schema that plugin_get_init_schema gave is broken: "), "{error}");
}

#[test]
fn host_2_2_the_schema_version_is_always_checked() {
    let warning = |macros: &[&str]| {
        let keeper = crate::compile("keeper.c", macros)?;
        Some(init(&keeper.library(), "").schema_warning().unwrap_or_default())
    };
    let Some(none) = warning(&[]) else { return };
    assert_eq!(none, "", "only 322");
    let other = "it takes events other than 322, and";
    let host = "a host with live drivers has 4.5.1 and refuses it";
    let Some(silent) = warning(&["TYPES={322,402}"]) else { return };
    assert!(
        silent
            .starts_with(&format!("{other} it does not say so, which means the event schema 3.0.0; {host}: the major")),
        "{silent}"
    );
    let Some(newer) = warning(&["TYPES={322,402}", "SCHEMA_VERSION=\"4.6.0\""]) else { return };
    assert!(
        newer.starts_with(&format!("{other} it requires the event schema 4.6.0; {host}: the host's minor")),
        "{newer}"
    );
    assert_eq!(warning(&["TYPES={322,402}", "SCHEMA_VERSION=\"4.0.0\""]).unwrap(), "");
    let broken = warning(&["TYPES={402}", "SCHEMA_VERSION=\"new\""]).unwrap();
    assert!(broken.starts_with("plugin_get_required_event_schema_version: 'new' is no version"), "{broken}");
    let missing = warning(&["TYPES={402}", "SCHEMA_VERSION=NULL"]).unwrap();
    assert!(missing.contains("3.0.0"), "{missing}");
}

#[test]
fn host_1_7_a_static_plugin_claims_at_least_3_10() {
    let load = |version: &'static std::ffi::CStr| crate::linked::library(version);
    let library: Library = load(c"3.10.0").unwrap();
    assert_eq!((library.info().name.as_str(), library.path().as_os_str().is_empty()), ("linked", true));
    drop(init(&library, ""));
    let Err(LoadError::StaticLayout(version)) = load(c"3.9.0") else { panic!("it must be refused") };
    assert_eq!(version.to_string(), "3.9.0");
    assert!(matches!(load(c"4.0.0"), Err(LoadError::Incompatible { .. })));
}
