// SPDX-License-Identifier: Apache-2.0
//! The part of a state that other threads touch: its slot lasts as long as a handle, and each state has its own.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod common;

use std::sync::mpsc::channel;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use common::*;
use falconet::abi;

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU64, Ordering};

    use falconet::{Error, Event, Info, Init, Parse, Parsing, Plugin, Shared, Shares};

    /// Handles that are not dropped with their state: threads that go on have such.
    pub(crate) static KEPT: Mutex<Vec<Shared<Sharing>>> = Mutex::new(Vec::new());
    /// How many shared parts that were in use have been dropped.
    pub(crate) static DROPPED: AtomicU64 = AtomicU64::new(0);

    pub(crate) struct Sharing {
        _shared: Shared<Self>,
    }

    #[derive(Debug)]
    pub(crate) struct Part {
        pub(crate) number: AtomicU64,
        pub(crate) text: Mutex<String>,
    }

    impl Drop for Part {
        fn drop(&mut self) {
            if *self.number.get_mut() > 0 {
                DROPPED.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    impl Plugin for Sharing {
        type Error = Error;
        const INFO: Info = Info::new(c"sharing", c"0.1.0", c"shares a part", c"you@example.org");

        fn new(init: &Init<'_>) -> Result<Self, Error> {
            let shared = init.shared::<Self>()?;
            if shared.number.fetch_add(1, Ordering::SeqCst) != 0 {
                return Err("the part is not as it is at first".into());
            }
            let mut text = shared.text.lock().map_err(|_| "poisoned")?;
            if !text.is_empty() {
                return Err("the part is not as it is at first".into());
            }
            text.push_str(init.config_str()?);
            drop(text);
            if init.config() == c"keep" || init.config() == c"keep, fail" {
                KEPT.lock().map_err(|_| "poisoned")?.push(shared.clone());
            }
            if init.config().to_bytes().ends_with(b"fail") {
                Err("as asked".into())
            } else {
                Ok(Self { _shared: shared })
            }
        }
    }

    impl Shares for Sharing {
        type Shared = Part;
        const SHARED: Part = Part { number: AtomicU64::new(0), text: Mutex::new(String::new()) };
    }

    impl Parse for Sharing {
        fn parse(&mut self, _: &Event<'_>, _: &mut Parsing<'_, Self>) -> Result<(), Error> {
            Ok(())
        }
    }

    falconet::export!(Sharing: parse, shares; states = 2);
}

/// All tests of this file count the same two slots.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    let guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(plugin::KEPT.lock().unwrap().is_empty());
    guard
}

fn dropped() -> u64 {
    plugin::DROPPED.load(std::sync::atomic::Ordering::SeqCst)
}

/// How many states can be had at once.
fn free() -> usize {
    let mut states = Vec::new();
    loop {
        let state = State::try_init(c"probe");
        if state.rc != abi::SUCCESS {
            assert!(state.last_error().starts_with("no state is free"), "{}", state.last_error());
            return states.len();
        }
        states.push(state);
    }
}

#[test]
fn each_state_has_its_own_part_and_it_is_made_anew() {
    let _alone = alone();
    for _ in 0..3 {
        let (a, b) = (State::init(c"keep"), State::init(c"keep"));
        let kept = std::mem::take(&mut *plugin::KEPT.lock().unwrap());
        assert!(!std::ptr::eq(&*kept[0], &*kept[1]));
        kept[0].text.lock().unwrap().push_str(" and this");
        assert_eq!(*kept[0].text.lock().unwrap(), "keep and this");
        assert_eq!(*kept[1].text.lock().unwrap(), "keep");
        drop((kept, a, b));
    }
    assert_eq!(free(), 2);
}

#[test]
fn host_11_2_a_destroyed_state_gives_back_what_its_part_owns() {
    let _alone = alone();
    for config in [c"long enough to be on the heap", c"fail"] {
        let state = State::try_init(config);
        let before = dropped();
        drop(state);
        assert_eq!(dropped(), before + 1, "the library may be unmapped at once: nobody could drop it later");
    }
}

#[test]
fn a_slot_is_free_when_the_last_handle_is_dropped_on_whatever_thread() {
    let _alone = alone();
    for config in [c"keep", c"keep, fail"] {
        let state = State::try_init(config);
        assert_eq!(state.rc == abi::FAILURE, config == c"keep, fail");
        let handle = plugin::KEPT.lock().unwrap().pop().unwrap();
        let other = handle.clone();
        drop(state);
        assert_eq!(free(), 1, "a handle is left");
        assert_eq!(*handle.text.lock().unwrap(), config.to_str().unwrap(), "the part is still that of its state");
        drop(handle);
        assert_eq!(free(), 1, "another one is left");
        let (ask, asked) = channel::<()>();
        let thread = thread::spawn(move || {
            asked.recv().unwrap();
            other.text.lock().unwrap().push_str("still there");
            drop(other);
        });
        assert_eq!(free(), 1, "a thread has one");
        ask.send(()).unwrap();
        thread.join().unwrap();
        assert_eq!(free(), 2);
    }
}

#[test]
fn handles_that_come_and_go_on_threads_leave_nothing_behind() {
    let _alone = alone();
    for _ in 0..50 {
        let state = State::init(c"keep");
        let handle = plugin::KEPT.lock().unwrap().pop().unwrap();
        let threads: Vec<_> = (0..3)
            .map(|_| {
                let handle = handle.clone();
                thread::spawn(move || (0..100).for_each(|_| assert_eq!(&*handle.clone().text.lock().unwrap(), "keep")))
            })
            .collect();
        drop((handle, state));
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(free(), 2);
    }
}
