// SPDX-License-Identifier: Apache-2.0
//! A panic of the plugin's, which this crate catches, fails the test where the host would see no more than no value.
#![expect(clippy::panic, clippy::indexing_slicing, reason = "a plugin that panics")]

use std::ffi::CStr;

use falconet_std::testing::{Event, Harness};
use falconet_std::values::{Field, Fields};
use falconet_std::{Error, Event as Sourced, Extract, Info, Init, Parse, Parsing, Plugin, SetConfig};

/// It panics where it is asked to.
struct Nervous;

impl Plugin for Nervous {
    type Error = Error;
    const INFO: Info = Info::new(c"nervous", c"0.1.0", c"panics", c"you@example.org");

    fn new(init: &Init<'_>) -> Result<Self, Error> {
        assert_ne!(init.config(), c"panic", "at init");
        Ok(Self)
    }
}

impl SetConfig for Nervous {
    fn set_config(&mut self, config: &CStr) -> Result<(), Error> {
        panic!("a config of {} bytes", config.count_bytes());
    }
}

impl Extract for Nervous {
    type Decoded = ();
    const FIELDS: Fields<Self> = &[Field::<Self>::new("nerve.first", "the first byte", |_, _, request| {
        char::from(request.event().payload()[0]).to_string()
    })];

    fn decode(&self, _: &Sourced<'_>) -> Option<()> {
        Some(())
    }
}

impl Parse for Nervous {
    fn parse(&mut self, event: &Sourced<'_>, _: &mut Parsing<'_, Self>) -> Result<(), Error> {
        assert!(event.payload().is_ascii());
        Ok(())
    }
}

falconet_std::export!(Nervous: extract, parse, set_config);

#[test]
fn a_panic_is_the_error_where_the_host_reads_one() {
    let why = Harness::<Nervous>::init("panic").unwrap_err().to_string();
    assert!(why.starts_with("the plugin panicked at ") && why.contains("at init"), "{why}");
    let plugin = Harness::<Nervous>::init("").unwrap();
    assert_eq!(plugin.extract(&Event::plugin(b"x"), "nerve.first"), "x");
    let why = plugin.set_config("12").unwrap_err().to_string();
    assert!(why.contains("a config of 2 bytes"), "{why}");
}

#[test]
#[should_panic(expected = "index out of bounds: the len is 0 but the index is 0")]
fn a_panic_in_an_extraction_fails_the_test() {
    let plugin = Harness::<Nervous>::init("").unwrap();
    let _value = plugin.extract(&Event::plugin(b""), "nerve.first");
}

#[test]
#[should_panic(expected = "assertion failed: event.payload().is_ascii()")]
fn a_panic_in_parsing_fails_the_test() {
    let plugin = Harness::<Nervous>::init("").unwrap();
    let _parsed = plugin.parse(&Event::plugin(b"\xFF"));
}
