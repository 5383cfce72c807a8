// SPDX-License-Identifier: Apache-2.0
//! The config's schema, and a config that changes while the plugin runs.
#![expect(unsafe_code, reason = "a host calls a plugin through C symbols")]

mod common;

use std::ptr::{null, null_mut};

use common::extract::*;
use common::parse::*;
use common::*;
use falconet::abi;

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use std::ffi::CStr;

    use falconet::{Error, Event, Extract, Field, Info, Init, InitSchema, Plugin, SetConfig};

    pub(crate) struct Adding {
        add: u64,
    }

    fn number(config: &CStr) -> Result<u64, Error> {
        let text = config.to_str().map_err(|_| "the config is not UTF-8")?;
        text.parse().map_err(|_| Error::new("the config is no number").with("bytes", text.len() as u64))
    }

    impl Plugin for Adding {
        type Error = Error;
        const INFO: Info = Info::new(c"adding", c"0.1.0", c"adds its config", c"you@example.org");

        fn new(init: &Init<'_>) -> Result<Self, Error> {
            Ok(Self { add: number(init.config())? })
        }
    }

    impl InitSchema for Adding {
        const INIT_SCHEMA: &'static CStr = cr#"{"type": "object", "properties": {"add": {"type": "integer"}}}"#;
    }

    impl SetConfig for Adding {
        fn set_config(&mut self, config: &CStr) -> Result<(), Error> {
            self.add = number(config)?;
            Ok(())
        }
    }

    impl Extract for Adding {
        type Decoded = u64;
        const FIELDS: &'static [Field<Self>] = &[Field::<Self>::new("add.up", "the sum", |_, sum, _| *sum)];

        fn decode(&self, event: &Event<'_>) -> Option<u64> {
            Some(u64::from(*event.payload().first()?) + self.add)
        }
    }

    falconet::export!(Adding: extract, init_schema, set_config);
}

#[test]
fn host_1_12_the_schema_is_json_and_says_so() {
    let mut kind: abi::SchemaType = poison();
    // SAFETY: the place is writable; NULL is survived.
    unsafe {
        let schema = text(plugin_get_init_schema(&raw mut kind));
        assert_eq!(kind, abi::SCHEMA_JSON);
        let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
        assert_eq!(schema["type"], "object");
        assert!(!plugin_get_init_schema(null_mut()).is_null());
        assert_eq!(text(plugin_get_required_api_version()), "3.4.0");
    }
}

#[test]
fn a_new_config_is_taken_and_a_bad_one_is_refused() {
    let (state, other) = (State::init(c"10"), State::init(c"20"));
    let event = plugin_event(1, 999, &[1]);
    assert_eq!(set_config(&state, c"30"), abi::SUCCESS);
    assert_eq!(extract(&state, 1, &event, &[ask(0)]).u64s(0), [31]);
    assert_eq!(extract(&other, 1, &event, &[ask(0)]).u64s(0), [21]);
    assert_eq!(set_config(&state, c"forty"), abi::FAILURE);
    assert_eq!(state.last_error(), "the config is no number (bytes 5)");
    assert_eq!(set_config(&state, c"\xff"), abi::FAILURE);
    assert_eq!(state.last_error(), "the config is not UTF-8");
    assert_eq!(extract(&state, 2, &event, &[ask(0)]).u64s(0), [31], "the plugin is as it was");
}

#[test]
fn null_is_survived_and_said() {
    let state = State::init(c"10");
    let no_text = abi::SetConfigInput { config: null() };
    // SAFETY: NULL, or a struct that lives for the call.
    unsafe {
        assert_eq!(plugin_set_config(state.ptr, null()), abi::FAILURE);
        assert!(state.last_error().contains("the input is NULL"), "{}", state.last_error());
        assert_eq!(plugin_set_config(state.ptr, &raw const no_text), abi::FAILURE);
        assert_eq!(state.last_error(), "the config is no number (bytes 0)");
        assert_eq!(plugin_set_config(null_mut(), &raw const no_text), abi::FAILURE);
    }
}

#[test]
fn host_5_2_what_was_decoded_is_forgotten_with_the_old_config() {
    let state = State::init(c"10");
    let event = plugin_event(1, 999, &[1]);
    assert_eq!(extract(&state, 7, &event, &[ask(0)]).u64s(0), [11]);
    assert_eq!(set_config(&state, c"30"), abi::SUCCESS);
    assert_eq!(extract(&state, 7, &event, &[ask(0)]).u64s(0), [31]);
}
