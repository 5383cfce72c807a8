// SPDX-License-Identifier: Apache-2.0
//! What is done to an adapter and, by the same code, to `io::Cursor`.

use std::io::{self, BufRead, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};

use proptest::prelude::*;

/// What came of an operation: its result and the bytes that it gave.
pub(crate) type Outcome = (Result<u64, io::ErrorKind>, Vec<u8>);

fn outcome(result: io::Result<usize>, bytes: Vec<u8>) -> Outcome {
    (result.map(|n| n as u64).map_err(|error| error.kind()), bytes)
}

#[derive(Clone, Debug)]
pub(crate) enum ReadOp {
    Read(usize),
    Vectored(Vec<usize>),
    Exact(usize),
    ToEnd,
    ToStr,
    Until(u8),
    Line,
    Lines,
    Skip(u8),
    Take(u64),
    FillBuf,
    /// So many, but no more than there are.
    Consume(usize),
}

impl ReadOp {
    pub(crate) fn apply(&self, reader: &mut impl BufRead) -> Outcome {
        match self {
            Self::Read(n) => {
                let mut bytes = vec![0; *n];
                outcome(reader.read(&mut bytes), bytes)
            }
            Self::Vectored(lens) => {
                let mut buffers: Vec<_> = lens.iter().map(|n| vec![0; *n]).collect();
                let mut slices: Vec<_> = buffers.iter_mut().map(|buffer| IoSliceMut::new(buffer)).collect();
                let result = reader.read_vectored(&mut slices);
                outcome(result, buffers.concat())
            }
            Self::Exact(n) => {
                let mut bytes = vec![0; *n];
                outcome(reader.read_exact(&mut bytes).map(|()| 0), bytes)
            }
            Self::ToEnd => {
                let mut bytes = b"before".to_vec();
                outcome(reader.read_to_end(&mut bytes), bytes)
            }
            Self::ToStr => {
                let mut text = "before".to_owned();
                outcome(reader.read_to_string(&mut text), text.into())
            }
            Self::Until(byte) => {
                let mut bytes = Vec::new();
                outcome(reader.read_until(*byte, &mut bytes), bytes)
            }
            Self::Line => {
                let mut text = String::new();
                outcome(reader.read_line(&mut text), text.into())
            }
            Self::Lines => {
                let lines: io::Result<Vec<String>> = reader.lines().collect();
                let n = lines.as_ref().map_or(0, Vec::len);
                let text = lines.as_ref().map_or(String::new(), |lines| lines.join("|"));
                outcome(lines.map(|_| n), text.into())
            }
            Self::Skip(byte) => outcome(reader.skip_until(*byte), Vec::new()),
            Self::Take(n) => {
                let mut bytes = Vec::new();
                outcome(reader.take(*n).read_to_end(&mut bytes), bytes)
            }
            Self::FillBuf => {
                let bytes = reader.fill_buf().map(<[u8]>::to_vec);
                outcome(bytes.as_ref().map(Vec::len).map_err(|error| error.kind().into()), bytes.unwrap_or_default())
            }
            Self::Consume(n) => {
                let there = reader.fill_buf().map_or(0, <[u8]>::len);
                reader.consume(there.min(*n));
                outcome(Ok(0), Vec::new())
            }
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum WriteOp {
    Write(Vec<u8>),
    Vectored(Vec<Vec<u8>>),
    All(Vec<u8>),
    Fmt(u64, String),
    Copy(Vec<u8>),
    Flush,
}

impl WriteOp {
    pub(crate) fn apply(&self, writer: &mut impl Write) -> Outcome {
        let result = match self {
            Self::Write(bytes) => writer.write(bytes),
            Self::Vectored(pieces) => {
                let slices: Vec<_> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
                writer.write_vectored(&slices)
            }
            Self::All(bytes) => writer.write_all(bytes).map(|()| 0),
            Self::Fmt(number, text) => write!(writer, "{number}:{text}").map(|()| 0),
            Self::Copy(bytes) => io::copy(&mut &bytes[..], writer).map(|n| usize::try_from(n).unwrap()),
            Self::Flush => writer.flush().map(|()| 0),
        };
        outcome(result, Vec::new())
    }
}

#[derive(Clone, Debug)]
pub(crate) enum SeekOp {
    To(SeekFrom),
    Relative(i64),
    Rewind,
    Position,
}

impl SeekOp {
    pub(crate) fn apply(&self, seeker: &mut impl Seek) -> Outcome {
        let result = match self {
            Self::To(to) => seeker.seek(*to),
            Self::Relative(by) => seeker.seek_relative(*by).map(|()| 0),
            Self::Rewind => seeker.rewind().map(|()| 0),
            Self::Position => seeker.stream_position(),
        };
        (result.map_err(|error| error.kind()), Vec::new())
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Read(ReadOp),
    Write(WriteOp),
    Seek(SeekOp),
    /// From a source of these bytes, which fails at their end or not, and gives so many at a time.
    ReadFrom(Vec<u8>, bool, usize),
    ReadOnceFrom(Vec<u8>, usize),
}

/// No NUL, which the writers' memory is full of, and line ends and bytes that are no UTF-8 among them.
fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(b"abcdefgh\n\r\xC3\xA4".to_vec()), 0..12)
}

fn any_read() -> impl Strategy<Value = ReadOp> {
    prop_oneof![
        (0usize..20).prop_map(ReadOp::Read),
        prop::collection::vec(0usize..8, 0..5).prop_map(ReadOp::Vectored),
        (0usize..20).prop_map(ReadOp::Exact),
        Just(ReadOp::ToEnd),
        Just(ReadOp::ToStr),
        any::<u8>().prop_map(ReadOp::Until),
        Just(ReadOp::Line),
        Just(ReadOp::Lines),
        Just(ReadOp::Skip(b'a')),
        (0u64..20).prop_map(ReadOp::Take),
        Just(ReadOp::FillBuf),
        (0usize..20).prop_map(ReadOp::Consume),
    ]
}

fn any_write() -> impl Strategy<Value = WriteOp> {
    prop_oneof![
        any_bytes().prop_map(WriteOp::Write),
        prop::collection::vec(any_bytes(), 0..5).prop_map(WriteOp::Vectored),
        any_bytes().prop_map(WriteOp::All),
        (any::<u64>(), "[a-z]{0,9}").prop_map(|(number, text)| WriteOp::Fmt(number % 1000, text)),
        any_bytes().prop_map(WriteOp::Copy),
        Just(WriteOp::Flush),
    ]
}

fn any_distance() -> impl Strategy<Value = i64> {
    prop_oneof![8 => -40i64..40, 1 => any::<i64>(), 1 => Just(i64::MIN)]
}

fn any_seek() -> impl Strategy<Value = SeekOp> {
    prop_oneof![
        prop_oneof![8 => 0u64..50, 1 => any::<u64>()].prop_map(|n| SeekOp::To(SeekFrom::Start(n))),
        any_distance().prop_map(|n| SeekOp::To(SeekFrom::Current(n))),
        any_distance().prop_map(|n| SeekOp::To(SeekFrom::End(n))),
        any_distance().prop_map(SeekOp::Relative),
        Just(SeekOp::Rewind),
        Just(SeekOp::Position),
    ]
}

pub(crate) fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => any_read().prop_map(Op::Read),
        4 => any_write().prop_map(Op::Write),
        4 => any_seek().prop_map(Op::Seek),
        1 => (any_bytes(), any::<bool>(), 1usize..5).prop_map(|(bytes, fails, n)| Op::ReadFrom(bytes, fails, n)),
        1 => (any_bytes(), 0usize..9).prop_map(|(bytes, limit)| Op::ReadOnceFrom(bytes, limit)),
    ]
}
