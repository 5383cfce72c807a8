// SPDX-License-Identifier: Apache-2.0
//! An event's payload stays in no instance beyond its next: it is the host's then.

use std::ffi::CStr;

use falconet::view::WriteView;
use falconet::{Error, Info, Init, NextEvent, One, Plugin, Source, Timestamp};

struct Example;

impl Plugin for Example {
    type Error = Error;
    const INFO: Info = Info::new(c"example", c"0.1.0", c"an example", c"you@example.org");

    fn new(_: &Init<'_>) -> Result<Self, Error> {
        Ok(Self)
    }
}

impl Source for Example {
    const ID: u32 = 999;
    const EVENT_SOURCE: &'static CStr = c"example";
    type Instance = Keeper;

    fn open(&self, _: &CStr) -> Result<Keeper, Error> {
        Ok(Keeper { byte: None })
    }
}

struct Keeper {
    byte: Option<&'static mut [u8; 1]>,
}

impl NextEvent for Keeper {
    type Plugin = Example;

    fn next(&mut self, _: &Example, payload: &mut WriteView<'_>) -> Result<One, Error> {
        self.byte = Some(payload.place([0])?);
        Ok(One::Event(Timestamp::HOST))
    }
}

fn main() {}
