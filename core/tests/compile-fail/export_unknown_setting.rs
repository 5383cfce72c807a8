// SPDX-License-Identifier: Apache-2.0
//! A setting is one of those that there are.

use std::ffi::CStr;

use falconet::view::WriteView;
use falconet::{Error, Info, Init, NextEvent, One, Plugin, Source};

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
    type Instance = Stream;

    fn open(&self, _: &CStr) -> Result<Stream, Error> {
        Ok(Stream)
    }
}

struct Stream;

impl NextEvent for Stream {
    type Plugin = Example;

    fn next(&mut self, _: &Example, _: &mut WriteView<'_>) -> Result<One, Error> {
        Ok(One::Eof)
    }
}

falconet::export!(Example: source; instance = 2);

fn main() {}
