// SPDX-License-Identifier: Apache-2.0
//! A config that is a type: read, refused in words, described by a schema, and changed while the plugin runs.
#![expect(unsafe_code, reason = "a host calls a plugin through C symbols")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "../../core/tests/common/mod.rs"]
mod common;

use std::ffi::CStr;
use std::ptr::null_mut;

use common::extract::{ask, extract};
use common::parse::{plugin_get_init_schema, set_config};
use common::{State, c, plugin_event, plugin_get_required_api_version, poison, text};
use falconet_std::abi;
use falconet_std::config::{ConfigError, read};
use serde_json::{Value, json};

use plugin::{Config, Mode};

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use std::collections::BTreeMap;

    use falconet_std::config::{self, Configured, Reconfigure};
    use falconet_std::{Error, Event, Extract, Field, Info, Init, Plugin, logging};

    /// What it is told.
    #[derive(Debug, Default, PartialEq, serde::Deserialize, schemars::JsonSchema)]
    #[serde(default, deny_unknown_fields, rename_all = "camelCase")]
    pub(crate) struct Config {
        pub(crate) server: Server,
        pub(crate) mode: Mode,
        pub(crate) limits: Vec<u8>,
        pub(crate) labels: BTreeMap<String, u64>,
        pub(crate) token: Option<String>,
        /// How much is logged.
        pub(crate) log_level: logging::Level,
    }

    /// Where it listens.
    #[derive(Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(crate) struct Server {
        pub(crate) port: u16,
        #[serde(default)]
        pub(crate) tls: bool,
    }

    impl Default for Server {
        fn default() -> Self {
            Self { port: 9765, tls: false }
        }
    }

    #[derive(Debug, Default, PartialEq, serde::Deserialize, schemars::JsonSchema)]
    #[serde(rename_all = "lowercase")]
    pub(crate) enum Mode {
        #[default]
        Plain,
        /// Every so many.
        Sampled { every: u32 },
    }

    pub(crate) struct Served {
        config: Config,
    }

    impl Plugin for Served {
        type Error = Error;
        const INFO: Info = Info::new(c"served", c"0.1.0", c"knows its port", c"you@example.org");

        fn new(init: &Init<'_>) -> Result<Self, Error> {
            Ok(Self { config: config::read(init.config())? })
        }
    }

    impl Configured for Served {
        type Config = Config;
    }

    impl Reconfigure for Served {
        fn reconfigure(&mut self, config: Config) -> Result<(), Error> {
            if config.server.port == 0 {
                return Err(Error::new("port 0 is no port"));
            }
            self.config = config;
            Ok(())
        }
    }

    impl Extract for Served {
        type Decoded = u16;
        const FIELDS: &'static [Field<Self>] =
            &[Field::<Self>::new("served.port", "the port", |_, port, _| u64::from(*port))];

        fn decode(&self, _: &Event<'_>) -> Option<u16> {
            Some(self.config.server.port)
        }
    }

    falconet_std::export!(Served: config, extract, set_config);
}

fn refused(config: &CStr) -> (String, String) {
    let error: ConfigError = read::<Config>(config).unwrap_err();
    (error.path().to_owned(), error.to_string())
}

fn schema() -> Value {
    let mut kind: abi::SchemaType = poison();
    // SAFETY: the place is writable.
    let schema = text(unsafe { plugin_get_init_schema(&raw mut kind) });
    assert_eq!(kind, abi::SCHEMA_JSON);
    serde_json::from_str(&schema).unwrap()
}

#[test]
fn a_good_config_is_read_and_what_is_left_out_is_the_default() {
    let config = read::<Config>(
        cr#" {"server": {"port": 1}, "mode": {"sampled": {"every": 7}}, "limits": [1], "logLevel": "trace"} "#,
    );
    let config = config.unwrap();
    assert_eq!(config.server.port, 1);
    assert_eq!(config.mode, Mode::Sampled { every: 7 });
    assert_eq!((config.limits, config.token), (vec![1], None));
    assert_eq!(config.log_level, falconet_std::logging::Level::Trace);
}

#[test]
fn an_empty_config_counts_as_an_empty_object() {
    for empty in [c"", c" \n", c"{}"] {
        assert_eq!(read::<Config>(empty).unwrap(), Config::default(), "{empty:?}");
    }
    assert_eq!(refused(c"null").1, "config: invalid type: null, expected struct Config");
}

#[test]
fn an_error_names_the_key_and_what_was_expected() {
    for (config, path, words) in [
        (cr#"{"server": {"port": "x"}}"#, ".server.port", r#"invalid type: string "x", expected u16"#),
        (cr#"{"server": {"port": 65536}}"#, ".server.port", "invalid value: integer `65536`, expected u16"),
        (cr#"{"server": {"port": 1, "tls": 1}}"#, ".server.tls", "invalid type: integer `1`, expected a boolean"),
        (cr#"{"server": {}}"#, ".server", "missing field `port`"),
        (cr#"{"server": {"prot": 1}}"#, ".server.prot", "unknown field `prot`, expected `port` or `tls`"),
        (cr#"{"limits": [1, 2, -3]}"#, ".limits[2]", "invalid value: integer `-3`, expected u8"),
        (cr#"{"labels": {"a b": true}}"#, ".labels.\"a b\"", "invalid type: boolean `true`, expected u64"),
        (
            cr#"{"mode": {"sampled": {"every": "7"}}}"#,
            ".mode.sampled.every",
            r#"invalid type: string "7", expected u32"#,
        ),
        (cr#"{"mode": "swift"}"#, ".mode", "unknown variant `swift`, expected `plain` or `sampled`"),
        (
            cr#"{"logLevel": "loud"}"#,
            ".logLevel",
            "unknown variant `loud`, expected one of `off`, `error`, `warn`, `info`, `debug`, `trace`",
        ),
    ] {
        assert_eq!(refused(config), (path.to_owned(), format!("config: {path}: {words}")), "{config:?}");
    }
}

#[test]
fn an_unknown_key_at_the_top_is_named_with_the_known_ones() {
    let (path, words) = refused(cr#"{"sever": {}}"#);
    assert_eq!(path, ".sever");
    assert!(words.starts_with("config: .sever: unknown field `sever`, expected one of `server`, `mode`"), "{words}");
}

#[test]
fn a_text_that_is_no_json_is_refused_with_its_place() {
    assert_eq!(refused(c"port: 1").1, "config: expected value at line 1 column 1");
    assert_eq!(refused(c"{} {}").1, "config: trailing characters at line 1 column 4");
    assert_eq!(refused(c"{\n\"limits\": [1,").1, "config: .limits: EOF while parsing a value at line 2 column 13");
    assert!(refused(c"{\"token\": \"\xff\"}").1.starts_with("config: .token: invalid unicode code point"));
}

#[test]
fn host_1_9_init_fails_with_the_key() {
    let state = State::try_init(cr#"{"server": {"port": "x"}}"#);
    assert_eq!(state.rc, abi::FAILURE);
    assert_eq!(state.last_error(), r#"config: .server.port: invalid type: string "x", expected u16"#);
}

#[test]
fn host_1_12_the_schema_is_that_of_the_type_in_draft_7() {
    let schema = schema();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    assert_eq!(schema["type"], "object");
    assert_eq!(schema["description"], "What it is told.");
    assert_eq!(schema["definitions"]["Server"]["properties"]["port"]["maximum"], 65535);
    // SAFETY: NULL is survived; the text stays.
    unsafe {
        let first = plugin_get_init_schema(null_mut());
        assert_eq!(first, plugin_get_init_schema(null_mut()), "it is made once");
        assert_eq!(text(plugin_get_required_api_version()), "3.4.0");
    }
}

#[test]
fn a_validator_takes_the_schema_and_agrees_with_the_type() {
    let schema = schema();
    assert!(jsonschema::meta::is_valid(&schema));
    let validator = jsonschema::draft7::new(&schema).unwrap();
    for config in [
        json!({}),
        json!({"server": {"port": 65535, "tls": true}, "token": null}),
        json!({"mode": "plain"}),
        json!({"mode": {"sampled": {"every": 1}}, "labels": {"a": 1}, "logLevel": "off"}),
        json!({"server": {"port": 65536}}),
        json!({"server": {}}),
        json!({"server": {"port": 1, "more": 1}}),
        json!({"sever": {}}),
        json!({"mode": "swift"}),
        json!({"limits": [256]}),
        json!({"logLevel": "loud"}),
        json!([1]),
        json!("text"),
    ] {
        let read = read::<Config>(&c(&config.to_string()));
        assert_eq!(validator.is_valid(&config), read.is_ok(), "{config}: {read:?}");
    }
}

#[test]
fn a_new_config_arrives_as_the_type() {
    let state = State::init(c"");
    let event = plugin_event(1, 999, b"");
    assert_eq!(extract(&state, 1, &event, &[ask(0)]).u64s(0), [9765]);
    assert_eq!(set_config(&state, cr#"{"server": {"port": 80}}"#), abi::SUCCESS);
    assert_eq!(extract(&state, 1, &event, &[ask(0)]).u64s(0), [80]);
    for (config, words) in [
        (cr#"{"server": {"port": []}}"#, "config: .server.port: invalid type: sequence, expected u16"),
        (cr#"{"server": {"port": 0}}"#, "port 0 is no port"),
    ] {
        assert_eq!(set_config(&state, config), abi::FAILURE);
        assert_eq!(state.last_error(), words);
        assert_eq!(extract(&state, 2, &event, &[ask(0)]).u64s(0), [80], "the plugin is as it was");
    }
    assert_eq!(set_config(&state, c""), abi::SUCCESS);
    assert_eq!(extract(&state, 3, &event, &[ask(0)]).u64s(0), [9765]);
}
