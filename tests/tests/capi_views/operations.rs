// SPDX-License-Identifier: Apache-2.0
//! All operations of the three views, done by the C library and by Rust. What a mode lacks does nothing.
#![expect(unsafe_code, reason = "views of C are structs, and their memory is reached by pointer")]

use std::ptr::{null, null_mut};

use falconet::view::{self, SeekFrom, ViewError};
use proptest::prelude::*;

use crate::api::Api;
use crate::api::types::{View, ViewMut, WriteView};
use crate::code;

/// What a view is made for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode {
    Read,
    Write,
    Both,
}

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Read(usize),
    ReadExact(usize),
    Take(usize),
    /// One of the three places, or none; and a distance.
    Seek(i32, i64),
    SetLen(usize),
    Write(Vec<u8>),
    WriteAll(Vec<u8>),
    Decimal(u64),
    Place(usize),
    /// So many bytes of the raw room are written, and so many are advanced over.
    Room(Vec<u8>, usize),
    AsRead,
    IntoRead,
    IntoWrite,
}

pub(crate) fn any_op() -> impl Strategy<Value = Op> {
    let count = || prop_oneof![12 => 0usize..20, 1 => Just(usize::MAX)];
    let bytes = || prop::collection::vec(any::<u8>(), 0..20);
    let distance = prop_oneof![12 => -50i64..50, 1 => prop::sample::select(vec![i64::MIN, i64::MAX])];
    prop_oneof![
        2 => (0usize..60).prop_map(Op::Read),
        2 => (0usize..30).prop_map(Op::ReadExact),
        2 => count().prop_map(Op::Take),
        8 => (-1i32..4, distance).prop_map(|(from, distance)| Op::Seek(from, distance)),
        3 => prop_oneof![12 => 0usize..52, 1 => Just(usize::MAX)].prop_map(Op::SetLen),
        3 => bytes().prop_map(Op::Write),
        3 => bytes().prop_map(Op::WriteAll),
        2 => prop_oneof![any::<u64>(), 0u64..1000].prop_map(Op::Decimal),
        2 => count().prop_map(Op::Place),
        2 => (bytes(), count()).prop_map(|(bytes, over)| Op::Room(bytes, over)),
        1 => Just(Op::AsRead),
        1 => Just(Op::IntoRead),
        1 => Just(Op::IntoWrite),
    ]
}

/// A view of C and one of Rust, of the same mode, each in memory of its own.
pub(crate) enum Pair<'a> {
    Read(&'a Api, View, view::View<'a>),
    Write(&'a Api, WriteView, view::WriteView<'a>),
    Both(&'a Api, ViewMut, view::ViewMut<'a>),
}

/// A place as Rust has it; `None` for what is none.
fn place(from: i32, distance: i64) -> Option<SeekFrom> {
    match from {
        0 => u64::try_from(distance).ok().map(SeekFrom::Start),
        1 => Some(SeekFrom::Current(distance)),
        2 => Some(SeekFrom::End(distance)),
        _ => None,
    }
}

const ARGUMENT: i32 = -23;

/// `falconet_*_seek` of both, with the offset where it is a success.
macro_rules! seek {
    ($do:expr, $c:expr, $rust:expr, $from:expr, $distance:expr) => {{
        let mut offset = usize::MAX;
        // SAFETY: the view of C is valid, and the output, too.
        let of_c = unsafe { $do(&raw mut $c, $from, $distance, &raw mut offset) };
        match place($from, $distance).map(|to| $rust.seek(to)) {
            None => prop_assert_eq!((of_c, offset), (ARGUMENT, usize::MAX)),
            Some(Ok(at)) => prop_assert_eq!((of_c, offset), (0, at)),
            Some(Err(error)) => prop_assert_eq!((of_c, offset), (code(Err(error)), usize::MAX)),
        }
    }};
}

/// The three reads that two modes have.
macro_rules! read {
    ($read:expr, $exact:expr, $take:expr, $null:expr, $c:expr, $rust:expr, $op:expr) => {{
        // SAFETY: the view of C is valid, the buffer is as long as it is said to be, and bytes that are taken are there.
        unsafe {
            match $op {
                Op::Read(n) => {
                    let (mut of_c, mut of_rust, mut count) = (vec![0xEE; *n], vec![0xEE; *n], usize::MAX);
                    prop_assert_eq!($read(&raw mut $c, of_c.as_mut_ptr().cast(), *n, &raw mut count), 0);
                    prop_assert_eq!((count, of_c), ($rust.read(&mut of_rust), of_rust));
                }
                Op::ReadExact(n) => {
                    let (mut of_c, mut of_rust) = (vec![0xEE; *n], vec![0xEE; *n]);
                    let told = $exact(&raw mut $c, of_c.as_mut_ptr().cast(), *n);
                    prop_assert_eq!((told, of_c), (code($rust.read_exact(&mut of_rust)), of_rust));
                }
                Op::Take(n) => {
                    let mut first = $null;
                    let told = $take(&raw mut $c, *n, &raw mut first);
                    let base = $rust.as_ptr();
                    match $rust.read_bytes(*n) {
                        Ok(bytes) => {
                            prop_assert_eq!(told, 0);
                            prop_assert_eq!(first.addr() - $c.ptr.addr(), bytes.as_ptr().addr() - base.addr());
                            prop_assert_eq!(std::slice::from_raw_parts(first.cast::<u8>(), *n), bytes);
                        }
                        Err(error) => prop_assert_eq!((told, first.is_null()), (code(Err(error)), true)),
                    }
                }
                _ => {}
            }
        }
    }};
}

/// The three writes that two modes have.
macro_rules! write {
    ($write:expr, $all:expr, $decimal:expr, $c:expr, $rust:expr, $op:expr) => {{
        // SAFETY: the view of C is valid, and bytes are as many as is said.
        unsafe {
            match $op {
                Op::Write(bytes) => {
                    let mut count = usize::MAX;
                    let told = $write(&raw mut $c, bytes.as_ptr().cast(), bytes.len(), &raw mut count);
                    prop_assert_eq!((told, count), (0, $rust.write(bytes)));
                }
                Op::WriteAll(bytes) => {
                    let told = $all(&raw mut $c, bytes.as_ptr().cast(), bytes.len());
                    prop_assert_eq!(told, code($rust.write_all(bytes)));
                }
                Op::Decimal(number) => {
                    prop_assert_eq!($decimal(&raw mut $c, *number), code($rust.write_decimal(*number)));
                }
                _ => {}
            }
        }
    }};
}

impl<'a> Pair<'a> {
    /// Makes both in memories of the same content, of which `len` may be too much.
    pub(crate) fn new(
        api: &'a Api,
        mode: Mode,
        of_c: &'a mut [u8],
        of_rust: &'a mut [u8],
        len: usize,
    ) -> Result<Self, TestCaseError> {
        let (capacity, memory, pointer) = (of_c.len(), of_c.as_mut_ptr().cast(), of_rust.as_mut_ptr());
        let len_for_both = len.min(capacity);
        // SAFETY: so much memory is there, initialised, and each has it alone.
        unsafe {
            Ok(match mode {
                Mode::Read => {
                    let mut view = View { ptr: null(), len: 0, capacity: 0, offset: 0 };
                    let told = (api.view_new)(memory, len, capacity, &raw mut view);
                    prop_assert_eq!(told, code(view::View::from_raw_parts(pointer, len, capacity).map(|_| ())));
                    (api.view_new)(memory, len_for_both, capacity, &raw mut view);
                    Self::Read(api, view, view::View::from_raw_parts(pointer, len_for_both, capacity).unwrap())
                }
                Mode::Write => {
                    let mut view = WriteView { ptr: null_mut(), len: 0, capacity: 0, offset: 0, touched: 0 };
                    prop_assert_eq!((api.write_view_new)(memory, capacity, &raw mut view), 0);
                    Self::Write(api, view, view::WriteView::from_raw_parts(pointer, 0, capacity).unwrap())
                }
                Mode::Both => {
                    let mut view = ViewMut { ptr: null_mut(), len: 0, capacity: 0, offset: 0 };
                    let told = (api.view_mut_new)(memory, len, capacity, &raw mut view);
                    prop_assert_eq!(told, code(view::ViewMut::from_raw_parts(pointer, len, capacity).map(|_| ())));
                    (api.view_mut_new)(memory, len_for_both, capacity, &raw mut view);
                    Self::Both(api, view, view::ViewMut::from_raw_parts(pointer, len_for_both, capacity).unwrap())
                }
            })
        }
    }

    /// Does it with both, and compares what they say.
    pub(crate) fn apply(mut self, op: &Op) -> Result<Self, TestCaseError> {
        match &mut self {
            Self::Read(api, c, rust) => match op {
                Op::Seek(from, distance) => seek!((api.view_seek), *c, rust, *from, *distance),
                // SAFETY: the view of C is valid.
                Op::SetLen(len) => unsafe {
                    prop_assert_eq!((api.view_set_len)(c, *len), code(rust.set_len(*len)));
                },
                op => read!((api.view_read), (api.view_read_exact), (api.view_take), null::<u8>(), *c, rust, op),
            },
            Self::Write(api, c, rust) => match op {
                Op::Seek(from, distance) => seek!((api.write_view_seek), *c, rust, *from, *distance),
                // SAFETY: the view of C is valid.
                Op::SetLen(len) => unsafe {
                    prop_assert_eq!((api.write_view_set_len)(c, *len), code(rust.set_len(*len)));
                },
                Op::Place(len) => place_both(api, c, rust, *len)?,
                Op::Room(bytes, over) => room_of_both(api, c, rust, bytes, *over)?,
                op => write!(
                    (api.write_view_write),
                    (api.write_view_write_all),
                    (api.write_view_write_decimal),
                    *c,
                    rust,
                    op
                ),
            },
            Self::Both(api, c, rust) => match op {
                Op::Seek(from, distance) => seek!((api.view_mut_seek), *c, rust, *from, *distance),
                // SAFETY: the view of C is valid.
                Op::SetLen(len) => unsafe {
                    prop_assert_eq!((api.view_mut_set_len)(c, *len), code(rust.set_len(*len)));
                },
                Op::AsRead => {
                    let mut read = View { ptr: null(), len: 0, capacity: 0, offset: 0 };
                    // SAFETY: the view of C is valid.
                    prop_assert_eq!(unsafe { (api.view_mut_as_read)(c, &raw mut read) }, 0);
                    let of_rust = rust.as_read();
                    prop_assert_eq!(
                        (read.ptr, read.offset, read.len, read.capacity),
                        (c.ptr.cast_const(), of_rust.offset(), of_rust.len(), of_rust.capacity())
                    );
                }
                Op::IntoRead | Op::IntoWrite => return self.narrowed(matches!(op, Op::IntoRead)),
                op => {
                    read!(
                        (api.view_mut_read),
                        (api.view_mut_read_exact),
                        (api.view_mut_take),
                        null_mut::<u8>(),
                        *c,
                        rust,
                        op
                    );
                    write!((api.view_mut_write), (api.view_mut_write_all), (api.view_mut_write_decimal), *c, rust, op);
                }
            },
        }
        Ok(self)
    }

    /// A view of both modes as one of one.
    fn narrowed(self, to_read: bool) -> Result<Self, TestCaseError> {
        let Self::Both(api, mut c, rust) = self else { return Ok(self) };
        // SAFETY: the view of C is valid, and so are the outputs.
        unsafe {
            let narrowed = if to_read {
                let mut read = View { ptr: null(), len: 0, capacity: 0, offset: 0 };
                prop_assert_eq!((api.view_mut_into_read)(&raw mut c, &raw mut read), 0);
                Self::Read(api, read, rust.into_read())
            } else {
                let mut write = WriteView { ptr: null_mut(), len: 0, capacity: 0, offset: 0, touched: 0 };
                prop_assert_eq!((api.view_mut_into_write)(&raw mut c, &raw mut write), 0);
                Self::Write(api, write, rust.into_write())
            };
            prop_assert_eq!((api.view_mut_set_len)(&raw mut c, 0), crate::NO_VIEW, "it is given up");
            Ok(narrowed)
        }
    }

    /// Compares where they are, and the content.
    pub(crate) fn check(&self) -> Result<(), TestCaseError> {
        let (c, rust, first_of_c, first_of_rust) = match self {
            Self::Read(api, c, rust) => {
                // SAFETY: the view of C is valid.
                prop_assert_eq!(unsafe { (api.view_remaining)(c) }, rust.remaining());
                ((c.offset, c.len, c.capacity), (rust.offset(), rust.len(), rust.capacity()), c.ptr, rust.as_ptr())
            }
            Self::Write(api, c, rust) => {
                // SAFETY: the view of C is valid.
                prop_assert_eq!(unsafe { (api.write_view_space)(c) }, rust.space());
                prop_assert_eq!(c.touched, rust.touched());
                let first = c.ptr.cast_const();
                ((c.offset, c.len, c.capacity), (rust.offset(), rust.len(), rust.capacity()), first, rust.as_ptr())
            }
            Self::Both(api, c, rust) => {
                // SAFETY: the view of C is valid.
                let told = unsafe { ((api.view_mut_remaining)(c), (api.view_mut_space)(c)) };
                prop_assert_eq!(told, (rust.remaining(), rust.space()));
                let first = c.ptr.cast_const();
                ((c.offset, c.len, c.capacity), (rust.offset(), rust.len(), rust.capacity()), first, rust.as_ptr())
            }
        };
        prop_assert_eq!(c, rust, "offset, length, capacity");
        // SAFETY: both memories are as long as their capacity, initialised, and not written while this runs.
        unsafe {
            let of_c = std::slice::from_raw_parts(first_of_c, c.2);
            prop_assert_eq!(of_c, std::slice::from_raw_parts(first_of_rust, c.2));
        }
        Ok(())
    }
}

/// Zero bytes that become content, and are changed in place then.
fn place_both(api: &Api, c: &mut WriteView, rust: &mut view::WriteView<'_>, len: usize) -> Result<(), TestCaseError> {
    let (mut at, offset) = (null_mut(), rust.offset());
    // SAFETY: the view of C is valid, and what is placed is within its memory.
    unsafe {
        let told = (api.write_view_place)(c, len, &raw mut at);
        if len > rust.space() {
            let full = ViewError::Full { needed: len, available: rust.space() };
            prop_assert_eq!((told, at.is_null()), (code(Err(full)), true));
            return Ok(());
        }
        prop_assert_eq!((told, code(rust.write_all(&vec![0; len]))), (0, 0));
        prop_assert_eq!(at, c.ptr.add(offset));
        at.write_bytes(0xC3, len);
        rust.as_mut_ptr().add(offset).write_bytes(0xC3, len);
    }
    Ok(())
}

/// Bytes that are written by pointer, and advanced over.
fn room_of_both(
    api: &Api,
    c: &mut WriteView,
    rust: &mut view::WriteView<'_>,
    bytes: &[u8],
    over: usize,
) -> Result<(), TestCaseError> {
    let (mut room, mut size) = (null_mut(), usize::MAX);
    // SAFETY: the view of C is valid; bytes are written within the room; all of its memory was initialised.
    unsafe {
        prop_assert_eq!((api.write_view_room)(c, &raw mut room, &raw mut size), 0);
        let of_rust = rust.room();
        prop_assert_eq!(size, of_rust.len());
        let n = bytes.len().min(size);
        room.copy_from_nonoverlapping(bytes.as_ptr(), n);
        of_rust.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), n);
        prop_assert_eq!((api.write_view_advance)(c, over), code(rust.advance(over)));
    }
    Ok(())
}
