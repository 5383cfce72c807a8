// SPDX-License-Identifier: Apache-2.0
//! A source that pushes lines of any length, and skips and counts what can never fit.

mod common;

use common::source::*;
use common::*;
use falconet::abi;

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use std::ffi::CStr;

    use falconet::batch::Push;
    use falconet::log::{Counters, Log, Severity};
    use falconet::{Batch, Error, Info, Init, Instance, Next, Oversized, Plugin, Source, Timestamp};

    pub(crate) struct Skipping {
        log: Log,
        counters: Counters,
    }

    impl Plugin for Skipping {
        type Error = Error;
        const INFO: Info = Info::new(c"skipping", c"0.1.0", c"skips", c"you@example.org");

        fn new(init: &Init<'_>) -> Result<Self, Error> {
            Ok(Self { log: init.log(), counters: init.counters() })
        }
    }

    impl Source for Skipping {
        const ID: u32 = 999;
        const EVENT_SOURCE: &'static CStr = c"skipping";
        const BATCH_EVENTS: usize = 100;
        const BATCH_BYTES: usize = 512;
        const MAX_PAYLOAD: usize = 100;
        const OVERSIZED: Oversized = Oversized::Skip;
        type Instance = Lengths;

        fn open(&self, params: &CStr) -> Result<Lengths, Error> {
            let params = params.to_str().map_err(|_| "not UTF-8")?;
            let lengths = params.split(' ').filter_map(|length| length.parse().ok()).collect();
            Ok(Lengths { lengths, at: 0 })
        }
    }

    pub(crate) struct Lengths {
        lengths: Vec<usize>,
        at: usize,
    }

    impl Instance for Lengths {
        type Plugin = Skipping;

        fn next_batch(&mut self, plugin: &Skipping, batch: &mut Batch<'_>) -> Result<Next, Error> {
            while let Some(length) = self.lengths.get(self.at) {
                match batch.push(Timestamp::HOST, &vec![b'x'; *length])? {
                    Push::Full => return Ok(Next::More),
                    Push::Committed | Push::Truncated | Push::Skipped => self.at += 1,
                }
            }
            let before = plugin.counters.events_skipped();
            plugin.log.write(Severity::Notice, format_args!("{} skipped before, {} now", before, batch.skipped()));
            Ok(Next::Eof)
        }
    }

    falconet::export!(Skipping: source; states = 16, instances = 16);
}

#[test]
fn what_can_never_fit_is_skipped_and_counted_and_the_rest_arrives() {
    let state = State::init(c"");
    let instance = open(&state, c"10 101 100 5000 0 100 100 100 102 100 7");
    let mut lengths = Vec::new();
    let mut rcs = Vec::new();
    loop {
        let batch = instance.next();
        lengths.extend(batch.events.iter().map(|event| event.len() - 38));
        rcs.push(batch.rc);
        if batch.rc == abi::EOF {
            break;
        }
    }
    assert_eq!(lengths, [10, 100, 0, 100, 100, 100, 100, 7], "a full batch is handed over, and loses nothing");
    assert_eq!(rcs, [abi::SUCCESS, abi::EOF]);
    assert_eq!(state.logged(), [(abi::LOG_NOTICE, "2 skipped before, 1 now".to_owned())]);
}

#[test]
fn a_batch_of_skipped_events_only_is_a_timeout_or_the_end() {
    let state = State::init(c"");
    let batch = open(&state, c"101 102").next();
    assert_eq!((batch.rc, batch.events.len()), (abi::EOF, 0));
    assert_eq!(state.logged(), [(abi::LOG_NOTICE, "0 skipped before, 2 now".to_owned())]);
}
