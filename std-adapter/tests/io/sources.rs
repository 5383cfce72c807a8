// SPDX-License-Identifier: Apache-2.0
//! `read_from`: sources that are large, slow, interrupted, failing, lying, panicking, and real.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use falconet::view::{ViewMut, WriteView};
use falconet_std::io::{Filled, ReadWriter, Writer};

/// Gives at most `chunk` bytes at a time, interrupted before each, and fails at the end if it is to.
#[derive(Debug)]
pub(crate) struct Slow<'a> {
    rest: &'a [u8],
    chunk: usize,
    interrupted: bool,
    fails: bool,
    /// The largest buffer that it was lent.
    largest: usize,
}

impl<'a> Slow<'a> {
    pub(crate) fn new(rest: &'a [u8], chunk: usize) -> Self {
        Self { rest, chunk, interrupted: false, fails: false, largest: 0 }
    }

    pub(crate) fn failing(self, fails: bool) -> Self {
        Self { fails, ..self }
    }
}

impl Read for Slow<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        assert!(!into.is_empty(), "a read of nothing looks like the end");
        assert!(!into.contains(&0xAA), "a stale byte was shown");
        self.largest = self.largest.max(into.len());
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(ErrorKind::Interrupted.into());
        }
        if self.rest.is_empty() && self.fails {
            return Err(ErrorKind::ConnectionReset.into());
        }
        let n = into.len().min(self.chunk);
        self.rest.read(&mut into[..n])
    }
}

fn bytes(n: usize) -> Vec<u8> {
    (0..n).map(|i| u8::try_from(i % 151).unwrap()).collect()
}

#[test]
fn sources_of_all_sizes_around_the_steps_arrive_whole() {
    const KIB: usize = 1024;
    for capacity in [0, 1, 16 * KIB - 1, 16 * KIB, 16 * KIB + 1, 48 * KIB, 100_000] {
        for len in [0, 1, 16 * KIB - 1, 16 * KIB, 16 * KIB + 1, 48 * KIB, 100_000] {
            for chunk in [1000, usize::MAX] {
                let content = bytes(len);
                let mut memory = vec![0xAA; capacity];
                let mut source = Slow::new(&content, chunk);
                let mut view = WriteView::new(&mut memory);
                let filled = Writer::new(&mut view).read_from(&mut source).unwrap();
                let n = len.min(capacity);
                assert_eq!(filled, if n == capacity { Filled::Full(n) } else { Filled::Eof(n) });
                assert_eq!((view.len(), view.offset()), (n, n));
                assert_eq!(source.rest.len(), len - n, "not a byte is lost");
                let touched = view.touched();
                assert!(touched <= 2 * n + 16 * KIB, "{touched} bytes zeroed for {n}");
                assert_eq!(&memory[..n], &content[..n]);
            }
        }
    }
}

#[test]
fn the_first_window_is_small_and_the_next_ones_double() {
    let content = bytes(1 << 20);
    let mut memory = vec![0; 1 << 20];
    let mut source = Slow::new(&content[..100], usize::MAX);
    let filled = Writer::new(WriteView::new(&mut memory)).read_from(&mut source).unwrap();
    assert_eq!((filled, source.largest), (Filled::Eof(100), 16 << 10));

    let mut source = Slow::new(&content, usize::MAX);
    let filled = Writer::new(WriteView::new(&mut memory)).read_from(&mut source).unwrap();
    assert_eq!((filled, source.largest), (Filled::Full(1 << 20), 512 << 10));
}

#[test]
fn what_was_read_before_a_failure_is_content() {
    let mut memory = [0xAA; 64];
    let mut view = WriteView::new(&mut memory);
    view.write_all(b"head ").unwrap();
    let error = Writer::new(&mut view).read_from(&mut Slow::new(b"some words", 3).failing(true)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!((view.len(), view.offset()), (15, 15));
    assert_eq!(&memory[..15], b"head some words");
}

#[test]
fn content_behind_the_cursor_is_replaced_and_no_more() {
    let mut memory = *b"0123456789";
    let mut both = ReadWriter::new(ViewMut::with_len(&mut memory, 8).unwrap());
    both.seek(SeekFrom::Start(2)).unwrap();
    assert_eq!(both.read_from(&mut &b"ab"[..]).unwrap(), Filled::Eof(2));
    assert_eq!((both.inner().as_slice(), both.inner().offset()), (&b"01ab4567"[..], 4));
}

/// Claims to have read more than it was asked for.
struct Liar;

impl Read for Liar {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        Ok(into.len() + 1)
    }
}

struct Panicking;

impl Read for Panicking {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        into[0] = b'x';
        panic!("as asked")
    }
}

#[test]
fn a_source_that_lies_or_panics_adds_nothing() {
    let mut memory = [0xAA; 64];
    let mut view = WriteView::new(&mut memory);
    view.write_all(b"head").unwrap();
    let mut writer = Writer::new(&mut view);
    assert_eq!(writer.read_from(&mut Liar).unwrap_err().kind(), ErrorKind::InvalidData);
    assert_eq!(writer.read_once_from(&mut Liar, 4).unwrap_err().kind(), ErrorKind::InvalidData);
    catch_unwind(AssertUnwindSafe(|| writer.read_from(&mut Panicking))).unwrap_err();
    assert_eq!((view.len(), view.offset()), (4, 4));
}

#[test]
fn a_full_event_or_no_limit_leaves_the_source_alone() {
    let mut full = Writer::new(WriteView::new(&mut []));
    assert_eq!(full.read_from(&mut Panicking).unwrap(), Filled::Full(0));
    assert_eq!(full.read_once_from(&mut Panicking, 10).unwrap(), 0);
    let mut memory = [0; 4];
    assert_eq!(Writer::new(WriteView::new(&mut memory)).read_once_from(&mut Panicking, 0).unwrap(), 0);
}

#[test]
fn a_file_and_a_pipe_arrive_in_the_events_memory() {
    let path = std::env::temp_dir().join(format!("falconet-read-from-{}", std::process::id()));
    std::fs::write(&path, bytes(50_000)).unwrap();
    let mut memory = vec![0; 60_000];
    let filled = Writer::new(WriteView::new(&mut memory)).read_from(&mut File::open(&path).unwrap()).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(filled, Filled::Eof(50_000));
    assert_eq!(&memory[..50_000], bytes(50_000));

    let (mut reader, mut sender) = io::pipe().unwrap();
    sender.write_all(b"what there is").unwrap();
    let mut memory = [0; 64];
    assert_eq!(Writer::new(WriteView::new(&mut memory)).read_once_from(&mut reader, 64).unwrap(), 13);
    assert_eq!(&memory[..13], b"what there is");
}
