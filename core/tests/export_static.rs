// SPDX-License-Identifier: Apache-2.0
//! Plugins to be linked statically: two in one crate, each a table of functions that a host calls through a full life.
#![expect(unsafe_code, reason = "a host calls a plugin through C functions")]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::ffi::{CStr, c_void};
use std::ptr::{null, null_mut};

use common::extract::{ask, request};
use common::*;
use falconet::abi;
use falconet::abi::PluginApi;

use plugins::{numbers_plugin, words_plugin};

/// The plugins, as an author writes them.
mod plugins {
    #![deny(unsafe_code)]

    use std::ffi::CStr;
    use std::sync::atomic::{AtomicU64, Ordering};

    use falconet::view::WriteView;
    use falconet::{
        Error, Event, EventSchema, Extract, Field, Info, Init, NextEvent, One, Parse, Parsing, Plugin, Shared, Shares,
        Source, Timestamp,
    };

    pub(crate) struct Numbers;

    impl Plugin for Numbers {
        type Error = Error;
        const INFO: Info = Info::new(c"numbers", c"1.2.3", c"gives numbers", c"you@example.org");

        fn new(init: &Init<'_>) -> Result<Self, Error> {
            if init.config() == c"fail" { Err("as asked".into()) } else { Ok(Self) }
        }
    }

    impl Source for Numbers {
        const ID: u32 = 999;
        const EVENT_SOURCE: &'static CStr = c"numbers";
        const BATCH_BYTES: usize = 1024;
        const MAX_PAYLOAD: usize = 64;
        type Instance = UpTo3;

        fn open(&self, _: &CStr) -> Result<UpTo3, Error> {
            Ok(UpTo3(0))
        }
    }

    pub(crate) struct UpTo3(u8);

    impl NextEvent for UpTo3 {
        type Plugin = Numbers;

        fn next(&mut self, _: &Numbers, payload: &mut WriteView<'_>) -> Result<One, Error> {
            if self.0 == 3 {
                return Ok(One::Eof);
            }
            self.0 += 1;
            payload.write_all(&[self.0])?;
            Ok(One::Event(Timestamp::HOST))
        }
    }

    impl Extract for Numbers {
        type Decoded = u8;
        const FIELDS: &'static [Field<Self>] = &[Field::<Self>::new("numbers.is", "the number", |_, n, _| *n)];

        fn decode(&self, event: &Event<'_>) -> Option<u8> {
            event.payload().first().copied()
        }
    }

    falconet::export_static!(numbers_plugin = Numbers: source, extract; states = 2, instances = 2, memory = 64);

    pub(crate) struct Words {
        shared: Shared<Self>,
    }

    impl Plugin for Words {
        type Error = Error;
        const INFO: Info = Info::new(c"words", c"0.1.0", c"counts words", c"you@example.org");

        fn new(init: &Init<'_>) -> Result<Self, Error> {
            if init.config() == c"the other's" {
                // Not the plugin of this init: it is refused, and nothing is taken for something else.
                init.shared::<Others>()?;
            }
            Ok(Self { shared: init.shared::<Self>()? })
        }
    }

    impl Shares for Words {
        type Shared = AtomicU64;
        const SHARED: AtomicU64 = AtomicU64::new(0);
    }

    impl Parse for Words {
        fn parse(&mut self, event: &Event<'_>, _: &mut Parsing<'_, Self>) -> Result<(), Error> {
            let words = event.payload().split(|byte| *byte == b' ').count() as u64;
            self.shared.fetch_add(words, Ordering::Relaxed);
            Err(Error::new("so many").with("words", self.shared.load(Ordering::Relaxed)))
        }
    }

    impl EventSchema for Words {}

    falconet::export_static!(words_plugin = Words: parse, shares, event_schema);

    pub(crate) struct Others;

    impl Plugin for Others {
        type Error = Error;
        const INFO: Info = Info::new(c"others", c"0.1.0", c"others", c"you@example.org");

        fn new(_: &Init<'_>) -> Result<Self, Error> {
            Ok(Self)
        }
    }

    impl Shares for Others {
        type Shared = AtomicU64;
        const SHARED: AtomicU64 = AtomicU64::new(0);
    }

    impl Parse for Others {
        fn parse(&mut self, _: &Event<'_>, _: &mut Parsing<'_, Self>) -> Result<(), Error> {
            Ok(())
        }
    }

    falconet::export_static!(others_plugin = Others: parse, shares);
}

/// `init` through the table.
/// States are few, and tests count them: one test at a time.
static SERIAL: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn init(api: &PluginApi, config: &CStr) -> (*mut c_void, abi::Rc) {
    let input = abi::InitInput {
        config: config.as_ptr(),
        owner: null_mut(),
        get_owner_last_error: None,
        tables: null(),
        log_fn: None,
    };
    let mut rc = POISON_RC;
    // SAFETY: the input lives for the call.
    let state = unsafe { api.init.unwrap()(&raw const input, &raw mut rc) };
    (state, rc)
}

fn last_error(api: &PluginApi, state: *mut c_void) -> String {
    // SAFETY: the state is what init gave.
    text(unsafe { api.get_last_error.unwrap()(state) })
}

/// What a host asks of every plugin before anything else.
fn described(api: &PluginApi) -> [String; 3] {
    // SAFETY: functions without conditions.
    unsafe {
        [text(api.get_required_api_version.unwrap()()), text(api.get_name.unwrap()()), text(api.get_version.unwrap()())]
    }
}

#[test]
fn host_1_7_a_table_of_todays_layout_claims_at_least_3_10() {
    assert_eq!(described(&numbers_plugin), ["3.10.0", "numbers", "1.2.3"]);
    assert_eq!(described(&words_plugin), ["3.12.0", "words", "0.1.0"]);
    assert_eq!(described(&plugins::others_plugin)[0], "3.10.0");
}

#[test]
fn a_table_has_the_functions_of_its_capabilities_and_no_others() {
    let api = &numbers_plugin;
    assert!(api.get_description.is_some() && api.get_contact.is_some() && api.destroy.is_some());
    assert!(api.get_id.is_some() && api.get_event_source.is_some() && api.close.is_some());
    assert!(api.list_open_params.is_some() && api.get_progress.is_some() && api.event_to_string.is_some());
    assert!(api.get_fields.is_some() && api.get_extract_event_types.is_some());
    assert!(api.parse_event.is_none() && api.get_metrics.is_none() && api.capture_open.is_none());
    assert!(api.set_async_event_handler.is_none() && api.dump_state.is_none() && api.set_config.is_none());
    assert!(api.get_init_schema.is_none() && api.get_required_event_schema_version.is_none());
    let api = &words_plugin;
    assert!(api.parse_event.is_some() && api.get_parse_event_types.is_some());
    assert!(api.open.is_none() && api.extract_fields.is_none() && api.next_batch.is_none());
    assert!(api.get_required_event_schema_version.is_some());
}

#[test]
fn the_first_plugin_lives_a_full_life() {
    let _serial = SERIAL.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let api = &numbers_plugin;
    let (state, rc) = init(api, c"");
    assert_eq!(rc, abi::SUCCESS, "{}", last_error(api, state));
    let (mut rc, mut nevts, mut evts) = (POISON_RC, u32::MAX, null_mut());
    // SAFETY: as the API says, in the order of a host.
    unsafe {
        assert_eq!(text(api.get_event_source.unwrap()()), "numbers");
        let instance = api.open.unwrap()(state, c"".as_ptr(), &raw mut rc);
        assert_eq!(rc, abi::SUCCESS);
        rc = api.next_batch.unwrap()(state, instance, &raw mut nevts, &raw mut evts);
        assert_eq!((rc, nevts), (abi::EOF, 3));
        for i in 0..3 {
            let event = abi::EventInput { evt: *evts.add(i), evtnum: i as u64 + 1, evtsrc: c"numbers".as_ptr() };
            let mut field = request(&ask(0), c"numbers.is");
            let input = abi::FieldExtractInput { num_fields: 1, fields: &raw mut field, ..poison() };
            assert_eq!(api.extract_fields.unwrap()(state, &raw const event, &raw const input), abi::SUCCESS);
            assert_eq!((field.res_len, *field.res.u64), (1, i as u64 + 1));
        }
        api.close.unwrap()(state, instance);
        api.destroy.unwrap()(state);
    }
    let (state, rc) = init(api, c"fail");
    assert_eq!((rc, last_error(api, state).as_str()), (abi::FAILURE, "as asked"));
    // SAFETY: a failed state is destroyed as well.
    unsafe { api.destroy.unwrap()(state) };
}

#[test]
fn the_second_plugin_lives_beside_it_with_states_of_its_own() {
    let _serial = SERIAL.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (numbers, _) = init(&numbers_plugin, c"");
    let api = &words_plugin;
    let states: Vec<_> = (0..8).map(|_| init(api, c"").0).collect();
    assert_eq!(init(api, c"").1, abi::FAILURE, "8 states are the default");
    let bytes = plugin_event(1, 999, b"three little words");
    let event = abi::EventInput { evt: bytes.as_ptr().cast(), evtnum: 1, evtsrc: null() };
    let input: abi::EventParseInput = poison();
    for (i, state) in states.iter().enumerate() {
        assert_ne!(*state, numbers);
        for n in 1..=i {
            // SAFETY: as the API says.
            let rc = unsafe { api.parse_event.unwrap()(*state, &raw const event, &raw const input) };
            assert_eq!(rc, abi::FAILURE);
            assert_eq!(last_error(api, *state), format!("so many (words {})", 3 * n));
        }
    }
    // SAFETY: each is destroyed once, by its own plugin.
    unsafe {
        states.into_iter().for_each(|state| api.destroy.unwrap()(state));
        numbers_plugin.destroy.unwrap()(numbers);
    }
}

#[test]
fn the_shared_part_of_another_plugin_is_refused() {
    let _serial = SERIAL.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let api = &words_plugin;
    let other = init(&plugins::others_plugin, c"").0;
    let (state, rc) = init(api, c"the other's");
    assert_eq!(rc, abi::FAILURE);
    assert_eq!(last_error(api, state), "init.shared::<P>() was asked for another plugin than the one of this init");
    // SAFETY: each is destroyed once.
    unsafe {
        api.destroy.unwrap()(state);
        plugins::others_plugin.destroy.unwrap()(other);
    }
}
