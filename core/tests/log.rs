// SPDX-License-Identifier: Apache-2.0
//! Log lines from several threads of a plugin, to the host that the state belongs to and to no other.

mod common;

use std::time::Duration;

use common::source::*;
use common::*;
use falconet::abi;

/// The plugin, as an author writes it.
mod plugin {
    #![deny(unsafe_code)]

    use std::ffi::CStr;
    use std::sync::Mutex;
    use std::thread::{JoinHandle, spawn};

    use falconet::log::{Log, Severity};
    use falconet::view::WriteView;
    use falconet::{Error, Info, Init, NextEvent, One, Plugin, Source};

    /// Threads that outlive their state, which no plugin may have: their handles are inert.
    pub(crate) static LEFT_BEHIND: Mutex<Vec<(Log, JoinHandle<()>)>> = Mutex::new(Vec::new());

    pub(crate) struct Talkative {
        threads: Vec<JoinHandle<()>>,
    }

    impl Plugin for Talkative {
        type Error = Error;
        const INFO: Info = Info::new(c"talkative", c"0.1.0", c"logs from threads", c"you@example.org");

        fn new(init: &Init<'_>) -> Result<Self, Error> {
            let name = init.config_str()?.to_owned();
            let log = init.log();
            log.write(Severity::Trace, format_args!("{name} begins, {}", "é".repeat(600)));
            if name == "endless" {
                let thread = spawn(move || (0..2_000_000).for_each(|_| log.info("on and on")));
                LEFT_BEHIND.lock().map_err(|_| "poisoned")?.push((log, thread));
                return Ok(Self { threads: Vec::new() });
            }
            let thread = |n: u32| {
                let name = name.clone();
                spawn(move || (0..100).for_each(|i| log.write(Severity::Debug, format_args!("{name} {n} {i}"))))
            };
            Ok(Self { threads: (0..3).map(thread).collect() })
        }
    }

    impl Drop for Talkative {
        fn drop(&mut self) {
            self.threads.drain(..).for_each(|thread| drop(thread.join()));
        }
    }

    impl Source for Talkative {
        const ID: u32 = 999;
        const EVENT_SOURCE: &'static CStr = c"talkative";
        const BATCH_BYTES: usize = 1024;
        const MAX_PAYLOAD: usize = 128;
        type Instance = Empty;

        fn open(&self, _: &CStr) -> Result<Empty, Error> {
            Ok(Empty)
        }
    }

    pub(crate) struct Empty;

    impl NextEvent for Empty {
        type Plugin = Talkative;

        fn next(&mut self, _: &Talkative, _: &mut WriteView<'_>) -> Result<One, Error> {
            Ok(One::Eof)
        }
    }

    falconet::export!(Talkative: source; states = 16, instances = 16);
}

#[test]
fn lines_of_all_threads_reach_the_host_of_their_state() {
    let (a, b) = (State::init(c"a"), State::init(c"b"));
    assert_eq!(open(&a, c"").next().rc, abi::EOF);
    let (a_lines, b_lines) = (a.lines.clone(), b.lines.clone());
    drop((a, b)); // joins the threads
    for (name, lines) in [("a", a_lines), ("b", b_lines)] {
        let lines = lines.lock().unwrap();
        assert_eq!(lines.len(), 301);
        assert_eq!(lines[0].0, abi::LOG_TRACE);
        let whole = format!("{name} begins, {}", "é".repeat(600));
        assert!(whole.starts_with(&lines[0].1) && (1021..=1023).contains(&lines[0].1.len()), "cut at a character");
        for thread in 0..3 {
            let of_thread = |line: &&(u32, String)| line.1.starts_with(&format!("{name} {thread} "));
            let expected: Vec<_> = (0..100).map(|i| (abi::LOG_DEBUG, format!("{name} {thread} {i}"))).collect();
            assert_eq!(lines.iter().filter(of_thread).cloned().collect::<Vec<_>>(), expected);
        }
    }
}

#[test]
fn a_state_ends_while_a_thread_that_was_left_behind_logs_on() {
    let state = State::init(c"endless");
    std::thread::sleep(Duration::from_millis(5));
    let lines = state.lines.clone();
    drop(state);
    let at_destroy = lines.lock().unwrap().len();
    let (log, thread) = plugin::LEFT_BEHIND.lock().unwrap().pop().unwrap();
    log.error("too late");
    let other = State::init(c"b");
    thread.join().unwrap();
    assert_eq!(lines.lock().unwrap().len(), at_destroy);
    assert!(!other.logged().iter().any(|line| line.1.contains("on and on")));
}
