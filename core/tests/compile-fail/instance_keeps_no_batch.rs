// SPDX-License-Identifier: Apache-2.0
//! Nothing of a batch stays in an instance beyond its next_batch: it is lent to the host then.

use std::ffi::CStr;

use falconet::{Batch, Claim, Error, Info, Init, Instance, Next, Plugin, Source};

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
        Ok(Keeper { batch: None, event: None })
    }
}

struct Keeper {
    batch: Option<&'static mut Batch<'static>>,
    event: Option<Claim<'static>>,
}

impl Instance for Keeper {
    type Plugin = Example;

    fn next_batch(&mut self, _: &Example, batch: &mut Batch<'_>) -> Result<Next, Error> {
        self.batch = Some(batch);
        self.event = batch.claim();
        Ok(Next::More)
    }
}

fn main() {}
