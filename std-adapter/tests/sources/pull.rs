// SPDX-License-Identifier: Apache-2.0
//! Iterators, lines, functions.

use std::ffi::CStr;
use std::io::{BufReader, Read};
use std::time::Duration;

use falconet_std::batch::Limits;
use falconet_std::sources::{FromIter, Lines};
use falconet_std::{Error, Info, Init, Next, Plugin, Source, abi, batches};

use crate::common::source::*;
use crate::common::*;
use crate::counting;
use crate::plugin::Tested;

/// All payloads up to the end, and its rc.
fn all(state: &State, params: &str) -> (Vec<String>, abi::Rc) {
    let instance = open(state, &c(params));
    let mut payloads = Vec::new();
    loop {
        let batch = instance.next();
        payloads.extend(batch.payloads());
        if batch.rc != abi::SUCCESS && batch.rc != abi::TIMEOUT {
            return (payloads, batch.rc);
        }
    }
}

#[test]
fn an_iterator_gives_its_items_and_its_error() {
    let state = State::init(c"");
    assert_eq!(all(&state, "iter:a,b,c"), (vec!["a".into(), "b".into(), "c".into()], abi::EOF));
    let many = (0..100).map(|n| n.to_string()).collect::<Vec<_>>();
    assert_eq!(all(&state, &format!("iter:{}", many.join(","))), (many, abi::EOF));
    assert_eq!(all(&state, "iter:a,b,!out of disk,c"), (vec!["a".into(), "b".into()], abi::FAILURE));
    assert_eq!(state.last_error(), "out of disk");
    let large = "x".repeat(64);
    assert_eq!(all(&state, &format!("iter:{large}x,{large}")), (vec![large], abi::EOF));
    let instance = open(&state, c"iter:a@7,b");
    let batch = instance.next();
    let times: Vec<_> = batch.events.iter().map(|event| u64::from_ne_bytes(event[..8].try_into().unwrap())).collect();
    assert_eq!(times, [7, u64::MAX]);
}

#[test]
fn lines_end_in_lf_or_crlf_or_not_at_all() {
    let state = State::init(c"");
    let (large, larger) = ("y".repeat(64), "z".repeat(65));
    let text = format!("one\r\n\r\ntwo\n\nth\rree\n{large}\n{larger}\n{large}\r\n{larger}\r\n{larger}{large}\nlast\r");
    let expected: Vec<String> = ["one", "", "two", "", "th\rree", &large, &large, "last\r"].map(Into::into).into();
    for buffer in [1, 2, 3, 5, 7, 16, 63, 64, 65, 66, 67, 1000] {
        assert_eq!(all(&state, &format!("lines:{buffer}:{text}")), (expected.clone(), abi::EOF), "{buffer}");
        assert_eq!(all(&state, &format!("lines:{buffer}:{text}\n")).0.len(), 8);
        let numbers: Vec<_> = (0..500).map(|n| (n * n * 77).to_string()).collect();
        assert_eq!(all(&state, &format!("lines:{buffer}:{}", numbers.join("\n"))), (numbers, abi::EOF));
    }
    assert_eq!(all(&state, "lines:8:"), (vec![], abi::EOF));
}

#[test]
fn a_function_gives_one_at_a_time() {
    let state = State::init(c"");
    assert_eq!(all(&state, "fn:20").0.len(), 20);
}

#[test]
fn pulling_allocates_nothing() {
    counting::assert_that_it_counts();
    let state = State::init(c"");
    let numbers: Vec<_> = (0..300).map(|n| n.to_string()).collect();
    for params in [format!("lines:64:{}", numbers.join("\n")), "fn:300".into()] {
        let instance = open(&state, &c(&params));
        (0..5).for_each(|_| drop(instance.next())); // what a line needs at most
        let mut events = 0;
        loop {
            let (rc, n, _) = counting::frugal(|| raw_next(state.ptr, instance.ptr));
            events += n;
            if rc == abi::EOF {
                break;
            }
        }
        assert!(events > 200, "{events}");
    }
}

/// As the tested one, but what is too large is an error.
struct Strict;

impl Plugin for Strict {
    type Error = Error;
    const INFO: Info = Tested::INFO;

    fn new(_: &Init<'_>) -> Result<Self, Error> {
        Ok(Self)
    }
}

impl Source for Strict {
    const ID: u32 = 999;
    const EVENT_SOURCE: &'static CStr = c"strict";
    type Instance = Lines<Self, BufReader<std::io::Repeat>>;

    fn open(&self, _: &CStr) -> Result<Self::Instance, Error> {
        Err(Error::new("not opened here"))
    }
}

#[test]
fn no_line_waits_behind_a_read() {
    let mut lease = batches::lease(8, 1024);
    let mut batch = lease.fill(Limits::new(999, 64));
    let reader = (&b"one\ntwo\nth"[..]).chain(std::io::repeat(b'x'));
    let mut lines = Lines::<Tested, _>::new(BufReader::new(reader));
    assert_eq!((lines.next_batch(&mut batch).unwrap(), batch.len()), (Next::More, 2));
    // A line that never ends keeps nobody waiting, either.
    let mut batch = lease.fill(Limits::new(999, 64));
    assert_eq!((lines.next_batch(&mut batch).unwrap(), batch.len()), (Next::More, 0));
    let mut strict = Lines::<Strict, _>::new(BufReader::with_capacity(1000, std::io::repeat(b'x')));
    let error = loop {
        match strict.next_batch(&mut batch) {
            Ok(next) => assert_eq!(next, Next::More),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("larger than a batch"), "{error}");
}

#[test]
fn a_slow_iterator_gives_what_there_is() {
    let mut lease = batches::lease(8, 1024);
    let mut batch = lease.fill(Limits::new(999, 64));
    let slow = (0..8).map(|n| {
        std::thread::sleep(Duration::from_millis(15));
        [n]
    });
    let next = FromIter::<Tested, _>::new(slow).next_batch(&mut batch).unwrap();
    assert!(next == Next::More && (1..8).contains(&batch.len()), "{}", batch.len());
}
