// SPDX-License-Identifier: Apache-2.0
//! What a write-only view promises about its room: fillers, raw room, and no stale byte in the content.
#![expect(unsafe_code, reason = "raw room is under test")]

use core::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::vec;
use std::vec::Vec;

use super::STALE;
use crate::view::{FillError, SeekFrom, ViewError, ViewMut, WriteView};

/// Fills in `bytes`, as `read(2)` would.
fn put<'r>(room: &'r mut [MaybeUninit<u8>], bytes: &[u8]) -> &'r mut [u8] {
    room[..bytes.len()].write_copy_of_slice(bytes)
}

#[test]
fn a_filler_appends_what_it_gives_back() {
    let mut memory = [STALE; 8];
    // SAFETY: `memory` has 8 bytes, and they are reached through the view only as long as it is used.
    let mut view = unsafe { WriteView::from_raw_parts(memory.as_mut_ptr(), 0, 8) }.unwrap();
    view.write_all(b"ab").unwrap();
    let filled = view.fill_with(|room| {
        assert_eq!(room.len(), 6);
        Ok::<_, ()>(put(room, b"cde"))
    });
    assert_eq!(filled, Ok(3));
    assert_eq!((view.len(), view.offset(), view.touched()), (5, 5, 8));
    assert_eq!(view.fill_with(|_| Ok::<_, ()>(&mut [])), Ok(0));
    assert_eq!(view.fill_with(|room| Ok::<_, ()>(put(room, b"fgh"))), Ok(3));
    let none = view.fill_with(|_| -> Result<&mut [u8], ()> { unreachable!("there is no room") });
    assert_eq!(none, Err(FillError::View(ViewError::Full { needed: 1, available: 0 })));
    assert_eq!(&memory, b"abcdefgh");
}

#[test]
fn a_filler_that_gives_back_something_else_is_refused() {
    let mut memory = [STALE; 8];
    let mut view = WriteView::new(&mut memory);
    view.write_all(b"ab").unwrap();
    let refused = |len| Err(FillError::<()>::View(ViewError::NotTheRoom { len, available: 6 }));
    // Only what lives for ever can stand in for the room; leaked memory would trouble the leak checkers.
    static mut FOREIGN: [u8; 7] = [1; 7];
    // SAFETY: this test alone uses it, for one filler after the other.
    let foreign = || unsafe { (&raw mut FOREIGN).as_mut() }.unwrap();
    assert_eq!(view.fill_with(|_| Ok(&mut foreign()[..3])), refused(3));
    assert_eq!(view.fill_with(|_| Ok(&mut foreign()[..])), refused(7));
    assert_eq!(view.fill_with(|room| Ok(put(&mut room[1..], b"xy"))), refused(2));
    assert_eq!(view.fill_with(|_| Ok::<_, ()>(&mut foreign()[..0])), Ok(0));
    assert_eq!(view.fill_with(|room| Err(room.len())), Err(FillError::Filler(6)));
    assert_eq!((view.len(), view.offset()), (2, 2));
    assert_eq!(&memory, b"ab\0\0\0\0\0\0");
}

#[test]
fn a_filler_in_the_middle_gives_up_what_lies_behind() {
    let mut memory = [STALE; 8];
    let mut view = WriteView::new(&mut memory);
    view.write_all(b"abcdef").unwrap();
    view.seek(SeekFrom::Start(2)).unwrap();
    assert_eq!(view.fill_with(|room| Ok::<_, ()>(put(room, b"X"))), Ok(1));
    assert_eq!((view.len(), view.offset()), (3, 3));
    view.set_len(6).unwrap();
    view.rewind();
    assert_eq!(view.fill_with(|_| Err("interrupted")), Err(FillError::Filler("interrupted")));
    assert_eq!(view.len(), 0);
    assert_eq!(memory, [0; 8]);
}

/// Lent memory is given back initialised whatever a safe filler stores, and however it ends.
#[test]
fn memory_lent_as_bytes_comes_back_as_bytes() {
    let ruin = |room: &mut [MaybeUninit<u8>]| room.fill(MaybeUninit::uninit());
    let mut memory = [STALE; 8];
    let filled = WriteView::new(&mut memory).fill_with(|room| {
        ruin(room);
        Ok::<_, ()>(put(room, b"ab"))
    });
    assert_eq!(filled, Ok(2));
    assert_eq!(&memory, b"ab\0\0\0\0\0\0");

    memory.fill(STALE);
    let mut view = ViewMut::with_len(&mut memory, 6).unwrap().into_write();
    view.seek(SeekFrom::Start(4)).unwrap();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        view.fill_with(|room| -> Result<&mut [u8], ()> {
            ruin(room);
            panic!("a filler may")
        })
    }));
    assert!(panicked.is_err());
    assert_eq!((view.len(), view.offset()), (4, 4));
    assert_eq!(memory, [STALE, STALE, STALE, STALE, 0, 0, 0, 0]);
}

#[test]
fn raw_room_becomes_content_only_by_advance() {
    let mut memory = [STALE; 8];
    let mut view = WriteView::new(&mut memory);
    view.write_all(b"abcd").unwrap();
    view.seek(SeekFrom::Start(3)).unwrap();
    // SAFETY: only initialised bytes are stored, and no more than those are advanced over.
    unsafe {
        let room = view.room();
        assert_eq!(room.len(), 5);
        put(room, b"XY");
        assert_eq!(view.len(), 3);
        assert_eq!(view.advance(6), Err(ViewError::Full { needed: 6, available: 5 }));
        assert_eq!(view.advance(usize::MAX), Err(ViewError::Full { needed: usize::MAX, available: 5 }));
        assert_eq!(view.advance(2), Ok(()));
    }
    assert_eq!((view.len(), view.offset()), (5, 5));
    assert_eq!(&memory[..5], b"abcXY");
}

#[test]
fn touched_counts_what_was_given_up() {
    let mut memory = [STALE; 8];
    let mut view = WriteView::new(&mut memory);
    assert_eq!(view.touched(), 0);
    view.write_all(b"abcdef").unwrap();
    view.set_len(2).unwrap();
    view.write_all(b"").unwrap();
    assert_eq!((view.len(), view.touched()), (2, 6));
    view.set_len(7).unwrap();
    view.set_len(0).unwrap();
    assert_eq!(view.touched(), 7);
    assert_eq!(ViewMut::new(&mut memory).into_write().touched(), 8);
}

/// The plain model: a vector and a cursor.
#[derive(Default)]
struct Model {
    bytes: Vec<u8>,
    offset: usize,
}

impl Model {
    fn write(&mut self, bytes: &[u8]) {
        let over = bytes.len().min(self.bytes.len() - self.offset);
        self.bytes.splice(self.offset..self.offset + over, bytes.iter().copied());
        self.offset += bytes.len();
    }
}

fn random(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).unwrap()
}

#[test]
fn no_sequence_of_writes_leaves_a_stale_byte_in_the_content() {
    const CAPACITY: usize = 24;
    let mut state = 7;
    for _ in 0..2000 {
        let mut memory = [STALE; CAPACITY];
        let mut model = Model::default();
        let mut view = WriteView::new(&mut memory);
        for _ in 0..random(&mut state) % 20 {
            let n = random(&mut state) % (CAPACITY / 2);
            let bytes = vec![u8::try_from(random(&mut state) % 100).unwrap(); n];
            let space = view.space();
            match random(&mut state) % 6 {
                0 => {
                    assert_eq!(view.write(&bytes), n.min(space));
                    model.write(&bytes[..n.min(space)]);
                }
                1 => {
                    assert_eq!(view.write_all(&bytes).is_ok(), n <= space);
                    if n <= space {
                        model.write(&bytes);
                    }
                }
                2 => {
                    let len = random(&mut state) % (CAPACITY + 4);
                    assert_eq!(view.set_len(len).is_ok(), len <= CAPACITY);
                    if len <= CAPACITY {
                        model.bytes.resize(len, 0);
                        model.offset = model.offset.min(len);
                    }
                }
                3 => {
                    let to = random(&mut state) % (CAPACITY + 4);
                    let sought = view.seek(SeekFrom::Start(u64::try_from(to).unwrap()));
                    assert_eq!(sought.is_ok(), to <= model.bytes.len());
                    model.offset = sought.unwrap_or(model.offset);
                }
                4 => {
                    let filled = view.fill_with(|room| {
                        room.fill(MaybeUninit::uninit());
                        room.get_mut(..n).map(|room| room.write_copy_of_slice(&bytes)).ok_or(())
                    });
                    model.bytes.truncate(model.offset);
                    if filled.is_ok() {
                        model.write(&bytes);
                    }
                }
                _ => {
                    let placed = view.place([7u8; 3]).is_ok();
                    assert_eq!(placed, space >= 3);
                    if placed {
                        model.write(&[7; 3]);
                    }
                }
            }
            assert_eq!((view.len(), view.offset()), (model.bytes.len(), model.offset));
            assert!(view.touched() >= view.len() && view.touched() <= CAPACITY);
        }
        let (len, touched) = (view.len(), view.touched());
        assert_eq!(memory[..len], model.bytes);
        assert!(memory[touched..].iter().all(|&byte| byte == STALE));
    }
}
