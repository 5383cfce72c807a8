// SPDX-License-Identifier: Apache-2.0
//! Where the plugin can panic, and the call that brings it there.

use crate::common::async_events::Inspector;
use crate::common::extract::{ask, extract};
use crate::common::listen::Pool;
use crate::common::parse::{metrics, parse, set_config};
use crate::common::source::{event_to_string, list_open_params, open, try_open};
use crate::common::{State, plugin_event};
use falconet::abi;

/// A place, and a call that leads there: it says whether the call has given its failing value.
pub(crate) struct Place {
    /// What the config says, and the fixture's `at(..)`.
    pub(crate) name: &'static str,
    pub(crate) fails: fn(&State) -> bool,
}

/// An event as the plugin's source gives it.
pub(crate) fn event(number: u64) -> Vec<u8> {
    let payload = [&number.to_ne_bytes()[..], format!("event {number}\0").as_bytes()].concat();
    plugin_event(7, 999, &payload)
}

/// All but init and the drops, which are tests of their own.
pub(crate) const PLACES: &[Place] = &[
    Place {
        name: "open",
        fails: |state| {
            let (instance, rc) = try_open(state, c"10");
            rc == abi::FAILURE && instance.ptr.is_null()
        },
    },
    Place {
        name: "next_batch",
        fails: |state| {
            let batch = open(state, c"10").next();
            batch.rc == abi::FAILURE && batch.events.is_empty()
        },
    },
    Place {
        name: "committed",
        fails: |state| {
            let batch = open(state, c"10").next();
            // What was committed arrives (rule 4.5), what was not does not.
            assert_eq!(batch.payloads().len(), 3);
            assert!(batch.payloads().iter().enumerate().all(|(i, text)| text.ends_with(&format!("event {i}\0"))));
            batch.rc == abi::FAILURE
        },
    },
    Place { name: "progress", fails: |state| open(state, c"10").progress() == 0 },
    Place { name: "list_open_params", fails: |state| list_open_params(state).is_err() },
    Place { name: "event_to_string", fails: |state| event_to_string(state, &event(1)).is_none() },
    Place {
        name: "decode",
        fails: |state| {
            let answer = extract(state, 1, &event(1), &[ask(1), ask(0)]);
            answer.rc == abi::FAILURE && answer.count(0) == 0 && answer.count(1) == 0
        },
    },
    Place {
        name: "field",
        fails: |state| {
            let answer = extract(state, 1, &event(1), &[ask(0)]);
            answer.rc == abi::FAILURE && answer.count(0) == 0
        },
    },
    Place { name: "parse", fails: |state| parse(state, 1, &event(1)) == abi::FAILURE },
    Place { name: "set_config", fails: |state| set_config(state, c"{}") == abi::FAILURE },
    Place { name: "metrics", fails: |state| metrics(state.ptr).is_empty() },
    Place { name: "start", fails: |state| Inspector::new().set(state) == abi::FAILURE },
    Place {
        name: "stop",
        fails: |state| {
            let inspector = Inspector::new();
            assert_eq!(inspector.set(state), abi::SUCCESS);
            // The host may take its handler back, whatever becomes of the plugin (rule 7.3).
            inspector.unset(state) == abi::SUCCESS
        },
    },
    Place {
        name: "dump_state",
        fails: |state| {
            let inspector = Inspector::new();
            let failed = inspector.dump(state) == abi::FAILURE;
            assert_eq!(inspector.taken().len(), 1, "what was dumped before has arrived");
            failed
        },
    },
    Place { name: "capture_open", fails: |state| Pool::idle().open(state) == abi::FAILURE },
    Place {
        name: "capture_close",
        fails: |state| {
            let pool = Pool::with(1);
            assert_eq!(pool.pool.open(state), abi::SUCCESS);
            let failed = pool.pool.close(state) == abi::FAILURE;
            pool.pool.purge();
            failed
        },
    },
    Place {
        name: "routine",
        fails: |state| {
            let pool = Pool::with(1);
            assert_eq!(pool.pool.open(state), abi::SUCCESS);
            // It leaves by itself: it is not called again and again for nothing.
            while !pool.pool.is_empty() {
                std::thread::yield_now();
            }
            // The end of the capture is no failure: for the real host it would be the end (rule 8.1).
            let closed = pool.pool.close(state) == abi::SUCCESS;
            pool.pool.purge();
            closed
        },
    },
];
