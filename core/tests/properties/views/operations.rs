// SPDX-License-Identifier: Apache-2.0
//! All operations of the three views, done to a view and to its model. What a mode lacks does nothing.

use std::fmt::Write;
use std::mem::MaybeUninit;

use falconet::view::{FillError, SeekFrom, ViewError, ViewMut, WriteView};
use falconet::zerocopy::little_endian::U32;
use proptest::prelude::*;

use super::Mode;
use super::model::{Model, STALE};

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Write(Vec<u8>),
    WriteAll(Vec<u8>),
    Place([u8; 3]),
    PlaceNumber(u32),
    PlaceNothing,
    Decimal(u64),
    Text(String),
    Format(String, String),
    Fill(Vec<u8>, Filler),
    SetLen(usize),
    Seek(SeekFrom),
    Rewind,
    Read(usize),
    ReadExact(usize),
    ReadBytes(usize),
    ReadRef,
    ReadValue,
    /// One byte of the content is changed in place.
    Change(usize, u8),
    /// A reader beside the view reads so many bytes.
    AsRead(usize),
    NarrowToRead,
    NarrowToWrite,
}

/// What a filler does with the bytes that it has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Filler {
    /// Writes them to the room's beginning, as many as fit, and gives them back.
    Honest,
    /// Writes all of the room, and gives back as many as it has.
    Sloppy,
    /// Writes them, then fails.
    Fails,
    /// Gives back the room but for its first byte.
    Tail,
    /// Gives back other memory.
    Elsewhere,
    /// Gives back an empty slice of other memory.
    Nothing,
}

/// Bytes that are not [`STALE`].
fn bytes(len: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0u8..STALE, len)
}

fn seek() -> impl Strategy<Value = SeekFrom> {
    let far = prop::sample::select(vec![i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX]);
    prop_oneof![
        (0u64..50).prop_map(SeekFrom::Start),
        prop::sample::select(vec![u64::MAX, u64::MAX - 1, 1 << 63, 1 << 32]).prop_map(SeekFrom::Start),
        (-50i64..50).prop_map(SeekFrom::Current),
        far.clone().prop_map(SeekFrom::Current),
        (-50i64..3).prop_map(SeekFrom::End),
        far.prop_map(SeekFrom::End),
    ]
}

pub(super) fn any_op() -> impl Strategy<Value = Op> {
    use Filler::*;
    let filler = prop::sample::select(vec![Honest, Honest, Honest, Sloppy, Fails, Tail, Elsewhere, Nothing]);
    let count = || prop_oneof![12 => 0usize..20, 1 => Just(usize::MAX)];
    let write = prop_oneof![
        2 => bytes(0..20).prop_map(Op::Write),
        2 => bytes(0..20).prop_map(Op::WriteAll),
        1 => prop::array::uniform3(0u8..STALE).prop_map(Op::Place),
        1 => (0u32..0x0100_0000).prop_map(|n| Op::PlaceNumber(n & 0x007F_7F7F)),
        1 => Just(Op::PlaceNothing),
        1 => any::<u64>().prop_map(Op::Decimal),
        1 => (0u64..1000).prop_map(Op::Decimal),
        1 => "[a-z]{0,9}".prop_map(Op::Text),
        1 => ("[a-z]{0,6}", "[a-z]{0,6}").prop_map(|(a, b)| Op::Format(a, b)),
        2 => (bytes(0..12), filler).prop_map(|(bytes, filler)| Op::Fill(bytes, filler)),
        1 => (0usize..40, 0u8..STALE).prop_map(|(at, byte)| Op::Change(at, byte)),
    ];
    let read = prop_oneof![
        count().prop_map(|n| Op::Read(n.min(4096))),
        count().prop_map(|n| Op::ReadExact(n.min(4096))),
        count().prop_map(Op::ReadBytes),
        Just(Op::ReadRef),
        Just(Op::ReadValue),
        (0usize..20).prop_map(Op::AsRead),
    ];
    let moves = prop_oneof![
        3 => seek().prop_map(Op::Seek),
        1 => Just(Op::Rewind),
        2 => prop_oneof![12 => 0usize..52, 1 => Just(usize::MAX)].prop_map(Op::SetLen),
    ];
    let narrows = prop::sample::select(vec![Op::NarrowToRead, Op::NarrowToWrite]);
    prop_oneof![12 => write, 6 => read, 8 => moves, 1 => narrows]
}

/// A write that both writers have: `$do` with `$view`, its result compared with the model's.
macro_rules! write {
    ($mode:expr, $view:ident => $do:expr, $expected:expr) => {
        match &mut $mode {
            Mode::Read(_) => {}
            Mode::Write($view) => prop_assert_eq!($do, $expected),
            Mode::Both($view) => prop_assert_eq!($do, $expected),
        }
    };
}

/// A read that both readers have.
macro_rules! read {
    ($mode:expr, $view:ident => $do:expr, $expected:expr) => {
        match &mut $mode {
            Mode::Write(_) => {}
            Mode::Read($view) => prop_assert_eq!($do, $expected),
            Mode::Both($view) => prop_assert_eq!($do, $expected),
        }
    };
}

impl Op {
    /// Does it to both, and compares what they say.
    pub(super) fn apply<'a>(self, mut mode: Mode<'a>, model: &mut Model) -> Result<Mode<'a>, TestCaseError> {
        match self {
            Self::Write(bytes) => write!(mode, view => view.write(&bytes), model.write_some(&bytes)),
            Self::WriteAll(bytes) => write!(mode, view => view.write_all(&bytes), model.write(&bytes)),
            Self::Place(value) => {
                // Placed as zeros and completed in place.
                write!(mode, view => view.place([0; 3]).map(|place| *place = value), model.write(&value));
            }
            Self::PlaceNumber(number) => {
                let place = U32::new(number);
                write!(mode, view => view.place(place).map(|place| place.get()), {
                    model.write(&number.to_le_bytes()).map(|()| number)
                });
            }
            Self::PlaceNothing => write!(mode, view => view.place([0u8; 0]).map(|_| ()), model.write(&[])),
            Self::Decimal(number) => {
                let digits = number.to_string();
                write!(mode, view => view.write_decimal(number), model.write(digits.as_bytes()));
            }
            Self::Text(text) => {
                write!(mode, view => view.write_str(&text).is_ok(), model.write(text.as_bytes()).is_ok());
            }
            Self::Format(a, b) => {
                write!(mode, view => std::write!(view, "{a}|{b}").is_ok(), {
                    [&a, "|", &b].iter().try_for_each(|piece| model.write(piece.as_bytes())).is_ok()
                });
            }
            Self::Fill(bytes, filler) => {
                if let Mode::Write(view) = &mut mode {
                    let filled = filler.fill(view, model, &bytes)?;
                    if filled && model.lent_as_bytes {
                        let rest = &mode.memory()[model.content.len()..];
                        prop_assert!(rest.iter().all(|byte| *byte == 0), "not initialised again: {:?}", rest);
                    }
                }
            }
            Self::SetLen(len) => match &mut mode {
                Mode::Read(view) => prop_assert_eq!(view.set_len(len), model.set_len(len, true)),
                Mode::Write(view) => prop_assert_eq!(view.set_len(len), model.set_len(len, false)),
                Mode::Both(view) => prop_assert_eq!(view.set_len(len), model.set_len(len, false)),
            },
            Self::Seek(to) => match &mut mode {
                Mode::Read(view) => prop_assert_eq!(view.seek(to), model.seek(to)),
                Mode::Write(view) => prop_assert_eq!(view.seek(to), model.seek(to)),
                Mode::Both(view) => prop_assert_eq!(view.seek(to), model.seek(to)),
            },
            Self::Rewind => {
                match &mut mode {
                    Mode::Read(view) => view.rewind(),
                    Mode::Write(view) => view.rewind(),
                    Mode::Both(view) => view.rewind(),
                }
                model.offset = 0;
            }
            Self::Read(n) => {
                let mut into = vec![STALE; n];
                read!(mode, view => { let n = view.read(&mut into); into[..n].to_vec() }, model.read_some(n));
            }
            Self::ReadExact(n) => {
                let mut into = vec![STALE; n];
                // What is refused is not half done.
                read!(mode, view => {
                    let done = view.read_exact(&mut into);
                    done.map(|()| into.clone()).map_err(|error| (error, into.clone()))
                }, model.read(n).map_err(|error| (error, vec![STALE; n])));
            }
            Self::ReadBytes(n) => read!(mode, view => view.read_bytes(n).map(<[u8]>::to_vec), model.read(n)),
            Self::ReadRef => {
                let number = |bytes: Vec<u8>| u32::from_le_bytes(bytes.try_into().unwrap());
                read!(mode, view => view.read_ref::<U32>().map(|number| number.get()), model.read(4).map(number));
            }
            Self::ReadValue => {
                let number = |bytes: Vec<u8>| u64::from_ne_bytes(bytes.try_into().unwrap());
                read!(mode, view => view.read_value::<u64>(), model.read(8).map(number));
            }
            Self::Change(at, byte) => {
                if let (Mode::Both(view), Some(content)) = (&mut mode, model.content.get_mut(at)) {
                    view.as_mut_slice()[at] = byte;
                    *content = byte;
                }
            }
            Self::AsRead(n) => {
                if let Mode::Both(view) = &mode {
                    let mut reader = view.as_read();
                    prop_assert_eq!((reader.offset(), reader.capacity()), (model.offset, model.content.len()));
                    let offset = model.offset;
                    prop_assert_eq!(reader.read_bytes(n).map(<[u8]>::to_vec), model.read(n));
                    prop_assert!(reader.set_len(model.content.len() + 1).is_err(), "the room is no content");
                    model.offset = offset;
                }
            }
            Self::NarrowToRead => {
                if let Mode::Both(view) = mode {
                    model.narrow_to_read();
                    mode = Mode::Read(ViewMut::into_read(view));
                }
            }
            Self::NarrowToWrite => {
                if let Mode::Both(view) = mode {
                    mode = Mode::Write(ViewMut::into_write(view));
                }
            }
        }
        Ok(mode)
    }
}

impl Filler {
    /// Whether there was room to fill.
    fn fill(self, view: &mut WriteView<'_>, model: &mut Model, bytes: &[u8]) -> Result<bool, TestCaseError> {
        let elsewhere = Box::into_raw(Box::<[u8]>::from(bytes));
        // SAFETY: it lives until it is dropped below, and a view refuses it.
        let filled = view.fill_with(|room| self.run(room, bytes, unsafe { &mut *elsewhere }));
        // SAFETY: from `into_raw`, and nobody has it any more.
        drop(unsafe { Box::from_raw(elsewhere) });
        let available = match model.room() {
            Ok(available) => available,
            Err(full) => {
                prop_assert_eq!(filled, Err(FillError::View(full)));
                return Ok(false);
            }
        };
        let not_the_room = |len| Err(FillError::View(ViewError::NotTheRoom { len, available }));
        let expected = match self {
            Self::Honest | Self::Sloppy => Ok(model.write_some(bytes)),
            Self::Fails => Err(FillError::Filler("as asked")),
            Self::Tail if available > 1 => not_the_room(available - 1),
            Self::Elsewhere if !bytes.is_empty() => not_the_room(bytes.len()),
            Self::Tail | Self::Elsewhere | Self::Nothing => Ok(0),
        };
        prop_assert_eq!(filled, expected);
        Ok(true)
    }

    fn run<'r>(
        self,
        room: &'r mut [MaybeUninit<u8>],
        bytes: &[u8],
        elsewhere: &'r mut [u8],
    ) -> Result<&'r mut [u8], &'static str> {
        let available = room.len();
        let n = available.min(bytes.len());
        let mut write = |n: usize| room[..n].write_copy_of_slice(&bytes[..n]).len();
        match self {
            Self::Honest => Ok(room[..n].write_copy_of_slice(&bytes[..n])),
            Self::Sloppy => {
                room.fill(MaybeUninit::new(STALE));
                Ok(room[..n].write_copy_of_slice(&bytes[..n]))
            }
            Self::Fails => {
                write(n);
                Err("as asked")
            }
            Self::Tail => Ok(room[1..].write_copy_of_slice(&vec![1; available - 1])),
            Self::Elsewhere => Ok(elsewhere),
            Self::Nothing => {
                write(n);
                Ok(&mut [])
            }
        }
    }
}
