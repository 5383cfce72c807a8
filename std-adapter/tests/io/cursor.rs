// SPDX-License-Identifier: Apache-2.0
//! The adapters beside `io::Cursor`: of the content for reads and seeks, of the whole memory for writes. What is
//! modelled by hand is the one difference: a seek beyond the length is refused.

use std::io::{self, Cursor, Write};

use falconet::view::{View, ViewMut, WriteView};
use falconet_std::io::{Filled, ReadWriter, Reader, Writer};
use proptest::prelude::*;
use proptest::test_runner::Config;

use super::operations::{Op, Outcome, ReadOp, SeekOp, WriteOp, any_op};
use super::sources::Slow;

/// What an earlier event left in the memory; no operation writes it.
const STALE: u8 = 0xAA;

struct Model {
    memory: Vec<u8>,
    len: usize,
    position: u64,
}

impl Model {
    fn on_content<T>(&mut self, operation: impl FnOnce(&mut Cursor<&[u8]>) -> T) -> T {
        let mut cursor = Cursor::new(&self.memory[..self.len]);
        cursor.set_position(self.position);
        let result = operation(&mut cursor);
        self.position = cursor.position();
        result
    }

    fn on_memory<T>(&mut self, operation: impl FnOnce(&mut Cursor<&mut [u8]>) -> T) -> T {
        let mut cursor = Cursor::new(&mut self.memory[..]);
        cursor.set_position(self.position);
        let result = operation(&mut cursor);
        self.position = cursor.position();
        self.len = self.len.max(self.offset());
        result
    }

    fn offset(&self) -> usize {
        usize::try_from(self.position).unwrap()
    }

    fn seek(&mut self, op: &SeekOp) -> Outcome {
        let before = self.position;
        let outcome = self.on_content(|cursor| op.apply(cursor));
        if self.position > self.len as u64 {
            self.position = before;
            return (Err(io::ErrorKind::InvalidInput), Vec::new());
        }
        outcome
    }

    fn read(&mut self, op: &ReadOp) -> Outcome {
        self.on_content(|cursor| op.apply(cursor))
    }

    fn write(&mut self, op: &WriteOp) -> Outcome {
        self.on_memory(|cursor| op.apply(cursor))
    }

    /// What of a source there is room for, written.
    fn read_from(&mut self, source: &[u8], fails: bool) -> Result<Filled, io::ErrorKind> {
        let space = self.memory.len() - self.offset();
        match self.read_once_from(source, usize::MAX) {
            n if n == space => Ok(Filled::Full(n)),
            _ if fails => Err(io::ErrorKind::ConnectionReset),
            n => Ok(Filled::Eof(n)),
        }
    }

    fn read_once_from(&mut self, source: &[u8], limit: usize) -> usize {
        self.on_memory(|cursor| cursor.write(&source[..source.len().min(limit)])).unwrap()
    }
}

macro_rules! check {
    ($adapter:ident, $model:ident) => {
        prop_assert_eq!($adapter.inner().offset(), $model.offset());
        prop_assert_eq!($adapter.inner().len(), $model.len);
    };
}

fn reader(content: Vec<u8>, ops: &[Op]) -> Result<(), TestCaseError> {
    let mut model = Model { len: content.len(), memory: content.clone(), position: 0 };
    let mut reader = Reader::new(View::new(&content));
    for op in ops {
        match op {
            Op::Read(op) => prop_assert_eq!(op.apply(&mut reader), model.read(op)),
            Op::Seek(op) => prop_assert_eq!(op.apply(&mut reader), model.seek(op)),
            _ => {}
        }
        check!(reader, model);
    }
    Ok(())
}

/// Of a `&mut` of a view, as claims lend it.
fn writer(capacity: usize, ops: &[Op]) -> Result<(), TestCaseError> {
    let mut memory = vec![STALE; capacity];
    let mut model = Model { memory: vec![0; capacity], len: 0, position: 0 };
    let mut view = WriteView::new(&mut memory);
    for op in ops {
        let mut writer = Writer::new(&mut view);
        match op {
            Op::Write(op) => prop_assert_eq!(op.apply(&mut writer), model.write(op)),
            Op::Seek(op) => prop_assert_eq!(op.apply(&mut writer), model.seek(op)),
            Op::ReadFrom(bytes, fails, chunk) => {
                let filled = writer.read_from(&mut Slow::new(bytes, *chunk).failing(*fails));
                prop_assert_eq!(filled.map_err(|error| error.kind()), model.read_from(bytes, *fails));
            }
            Op::ReadOnceFrom(bytes, limit) => {
                let n = writer.read_once_from(&mut &bytes[..], *limit);
                prop_assert_eq!(n.unwrap(), model.read_once_from(bytes, *limit));
            }
            Op::Read(_) => {}
        }
        check!(writer, model);
    }
    let (len, touched) = (view.len(), view.touched());
    prop_assert_eq!(&memory[..len], &model.memory[..len]);
    prop_assert!(memory[touched..].iter().all(|byte| *byte == STALE), "written, and not noted");
    Ok(())
}

fn read_writer(mut content: Vec<u8>, capacity: usize, ops: &[Op]) -> Result<(), TestCaseError> {
    content.truncate(capacity);
    let len = content.len();
    content.resize(capacity, STALE);
    let mut model = Model { memory: content.clone(), len, position: 0 };
    let mut both = ReadWriter::new(ViewMut::with_len(&mut content, len).unwrap());
    for op in ops {
        match op {
            Op::Read(op) => prop_assert_eq!(op.apply(&mut both), model.read(op)),
            Op::Write(op) => prop_assert_eq!(op.apply(&mut both), model.write(op)),
            Op::Seek(op) => prop_assert_eq!(op.apply(&mut both), model.seek(op)),
            Op::ReadFrom(bytes, fails, chunk) => {
                let filled = both.read_from(&mut Slow::new(bytes, *chunk).failing(*fails));
                prop_assert_eq!(filled.map_err(|error| error.kind()), model.read_from(bytes, *fails));
            }
            Op::ReadOnceFrom(bytes, limit) => {
                let n = both.read_once_from(&mut &bytes[..], *limit);
                prop_assert_eq!(n.unwrap(), model.read_once_from(bytes, *limit));
            }
        }
        check!(both, model);
        prop_assert_eq!(both.inner().as_slice(), &model.memory[..model.len]);
    }
    Ok(())
}

fn cases(number: u32) -> Config {
    let number = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(number);
    Config { cases: number, failure_persistence: None, ..Config::default() }
}

fn any_content() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(b"abc\n\xC3\xA4".to_vec()), 0..40)
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn a_reader_is_a_cursor_of_the_content(content in any_content(), ops in prop::collection::vec(any_op(), 0..30)) {
        reader(content, &ops)?;
    }

    #[test]
    fn a_writer_is_a_cursor_of_the_memory(capacity in 0usize..40, ops in prop::collection::vec(any_op(), 0..30)) {
        writer(capacity, &ops)?;
    }

    #[test]
    fn a_read_writer_is_both(
        content in any_content(),
        capacity in 0usize..40,
        ops in prop::collection::vec(any_op(), 0..30),
    ) {
        read_writer(content, capacity, &ops)?;
    }
}
