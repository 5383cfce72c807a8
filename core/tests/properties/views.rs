// SPDX-License-Identifier: Apache-2.0
//! Views against a `Vec<u8>` and a cursor: every operation in random order, in the three modes, narrowed on the way.
//!
//! The memory holds [`STALE`] before, which no operation writes: where it shows in the content, an earlier event does.
#![expect(unsafe_code, reason = "a write-only view is looked at from below, and views are made of pointers")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

mod model;
pub(crate) mod operations;

use std::mem::MaybeUninit;
use std::slice;

use falconet::view::{View, ViewMut, WriteView};
use proptest::prelude::*;

use model::{Model, STALE};
use operations::{Op, any_op};

/// What lies before and behind a view's memory, and stays.
const GUARD: [u8; 16] = [0x55; 16];

/// A view of one of the three modes.
#[derive(Debug)]
pub(crate) enum Mode<'a> {
    Read(View<'a>),
    Write(WriteView<'a>),
    Both(ViewMut<'a>),
}

/// How a view is made.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Maker {
    Read,
    ReadRaw,
    Write,
    WriteUninit,
    WriteRaw,
    Both,
    BothLen,
    BothRaw,
}

fn any_maker() -> impl Strategy<Value = Maker> {
    use Maker::*;
    prop::sample::select(vec![Read, ReadRaw, Write, WriteUninit, WriteRaw, Both, BothLen, BothRaw])
}

impl Maker {
    /// How much of `capacity` is content at first, where `len` may be.
    fn len(self, len: usize, capacity: usize) -> usize {
        match self {
            Self::Read | Self::Both => capacity,
            Self::Write | Self::WriteUninit => 0,
            Self::ReadRaw | Self::WriteRaw | Self::BothLen | Self::BothRaw => len,
        }
    }

    fn make(self, memory: &mut [u8], len: usize) -> Mode<'_> {
        let capacity = memory.len();
        let pointer = memory.as_mut_ptr();
        // SAFETY: the memory is a slice, all of it initialised; the view that is made has it alone.
        unsafe {
            match self {
                Self::Read => Mode::Read(View::new(memory)),
                Self::ReadRaw => Mode::Read(View::from_raw_parts(pointer, len, capacity).unwrap()),
                Self::Write => Mode::Write(WriteView::new(memory)),
                Self::WriteUninit => {
                    let memory = slice::from_raw_parts_mut(pointer.cast::<MaybeUninit<u8>>(), capacity);
                    Mode::Write(WriteView::from_uninit(memory))
                }
                Self::WriteRaw => Mode::Write(WriteView::from_raw_parts(pointer, len, capacity).unwrap()),
                Self::Both => Mode::Both(ViewMut::new(memory)),
                Self::BothLen => Mode::Both(ViewMut::with_len(memory, len).unwrap()),
                Self::BothRaw => Mode::Both(ViewMut::from_raw_parts(pointer, len, capacity).unwrap()),
            }
        }
    }
}

impl Mode<'_> {
    /// Offset, length, capacity.
    fn position(&self) -> (usize, usize, usize) {
        match self {
            Self::Read(view) => (view.offset(), view.len(), view.capacity()),
            Self::Write(view) => (view.offset(), view.len(), view.capacity()),
            Self::Both(view) => (view.offset(), view.len(), view.capacity()),
        }
    }

    fn remaining(&self) -> usize {
        match self {
            Self::Read(view) => view.remaining(),
            Self::Write(view) => view.remaining(),
            Self::Both(view) => view.remaining(),
        }
    }

    /// The memory from below: also where the view does not show it.
    fn memory(&self) -> &[u8] {
        let pointer = match self {
            Self::Read(view) => view.as_ptr(),
            Self::Write(view) => view.as_ptr(),
            Self::Both(view) => view.as_ptr(),
        };
        // SAFETY: the tests' memory is as long as the capacity, initialised, and not written while this is borrowed.
        unsafe { slice::from_raw_parts(pointer, self.position().2) }
    }

    /// The model and what holds of every view at every moment.
    fn check(&self, model: &Model) -> Result<(), TestCaseError> {
        let (offset, len, capacity) = self.position();
        prop_assert!(offset <= len && len <= capacity);
        prop_assert_eq!((offset, len, capacity), (model.offset, model.content.len(), model.capacity));
        prop_assert_eq!(self.remaining(), len - offset);
        prop_assert_eq!(&self.memory()[..len], &model.content[..]);
        match self {
            Self::Read(view) => prop_assert_eq!(view.as_slice(), &model.content[..]),
            Self::Write(view) => {
                prop_assert_eq!(view.space(), capacity - offset);
                prop_assert!(view.touched() >= len && view.touched() <= capacity);
                let untouched = &self.memory()[view.touched()..];
                prop_assert!(untouched.iter().all(|byte| *byte == STALE), "written, and not noted: {:?}", untouched);
            }
            Self::Both(view) => {
                prop_assert_eq!(view.space(), capacity - offset);
                prop_assert_eq!(view.as_slice(), &model.content[..]);
            }
        }
        if !matches!(self, Self::Read(_)) {
            prop_assert!(!model.content.contains(&STALE), "what an earlier event left became content");
        }
        Ok(())
    }
}

pub(crate) fn views_do_what_the_model_does(
    maker: Maker,
    capacity: usize,
    len: usize,
    ops: Vec<Op>,
) -> Result<(), TestCaseError> {
    let len = maker.len(len.min(capacity), capacity);
    let mut memory = [&GUARD[..], &vec![STALE; capacity], &GUARD].concat();
    for (i, byte) in memory[GUARD.len()..][..len].iter_mut().enumerate() {
        *byte = u8::try_from(i % 100).unwrap();
    }
    let view_memory = &mut memory[GUARD.len()..][..capacity];
    let mut model = Model::new(view_memory, len, !matches!(maker, Maker::WriteUninit | Maker::WriteRaw));
    let mut view = maker.make(view_memory, len);
    view.check(&model)?;
    for op in ops {
        view = op.apply(view, &mut model)?;
        view.check(&model)?;
    }
    let (before, rest) = memory.split_at(GUARD.len());
    prop_assert_eq!(before, GUARD);
    prop_assert_eq!(&rest[capacity..], GUARD);
    Ok(())
}

proptest! {
    #![proptest_config(super::cases(1500))]

    #[test]
    fn views(
        maker in any_maker(),
        capacity in 0usize..48,
        len in 0usize..48,
        ops in prop::collection::vec(any_op(), 0..40),
    ) {
        views_do_what_the_model_does(maker, capacity, len, ops)?;
    }
}
