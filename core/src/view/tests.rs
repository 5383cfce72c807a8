// SPDX-License-Identifier: Apache-2.0
//! What the three views promise, over memory full of bytes of earlier events.
#![expect(unsafe_code, reason = "views from pointers are under test")]

use core::fmt::Write;
use core::mem::size_of;
use core::ptr;
use std::format;

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::*;

mod room;

const STALE: u8 = 0xAA;

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned, Debug, PartialEq, Clone, Copy)]
#[repr(C, packed)]
struct Pair {
    small: u8,
    large: u32,
}

#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned, Debug, PartialEq)]
#[repr(C)]
struct Nothing;

#[test]
fn views_are_sent_and_shared_like_slices_and_stay_small() {
    const fn sent_and_shared<T: Send + Sync>() {}
    const {
        sent_and_shared::<View<'_>>();
        sent_and_shared::<WriteView<'_>>();
        sent_and_shared::<ViewMut<'_>>();
        sent_and_shared::<ViewError>();
        assert!(size_of::<View<'_>>() == 4 * size_of::<usize>());
        assert!(size_of::<ViewMut<'_>>() == 5 * size_of::<usize>());
        assert!(size_of::<WriteView<'_>>() == 6 * size_of::<usize>());
        assert!(size_of::<Option<View<'_>>>() == size_of::<View<'_>>());
    }
}

#[test]
fn views_from_pointers_refuse_what_cannot_be() {
    let mut memory = [STALE; 8];
    let ptr = memory.as_mut_ptr();
    let huge = isize::MAX.unsigned_abs() + 1;
    let cases = [
        (ptr::null_mut(), 0, 0, ViewError::Null),
        (ptr::null_mut(), 9, huge, ViewError::Null),
        (ptr, 0, huge, ViewError::CapacityTooLarge { capacity: huge }),
        (ptr, usize::MAX, usize::MAX, ViewError::CapacityTooLarge { capacity: usize::MAX }),
        (ptr, 9, 8, ViewError::LenBeyondCapacity { len: 9, capacity: 8 }),
        (ptr, usize::MAX, 8, ViewError::LenBeyondCapacity { len: usize::MAX, capacity: 8 }),
    ];
    for (ptr, len, capacity, error) in cases {
        // SAFETY: each of them is an error.
        unsafe {
            assert_eq!(View::from_raw_parts(ptr, len, capacity).err(), Some(error));
            assert_eq!(WriteView::from_raw_parts(ptr, len, capacity).err(), Some(error));
            assert_eq!(ViewMut::from_raw_parts(ptr, len, capacity).err(), Some(error));
        }
    }
}

#[test]
fn views_from_pointers_reach_the_memory() {
    let mut memory = *b"01234567";
    let ptr = memory.as_mut_ptr();
    {
        // SAFETY: `memory` has 8 bytes and is reached through this view only, in this block.
        let mut view = unsafe { ViewMut::from_raw_parts(ptr, 4, 8) }.unwrap();
        assert_eq!(view.as_slice(), b"0123");
        assert_eq!(view.as_ptr(), ptr.cast_const());
        view.seek(SeekFrom::End(0)).unwrap();
        view.write_all(b"ab").unwrap();
    }
    {
        // SAFETY: as above; all 8 bytes are initialised.
        let mut view = unsafe { View::from_raw_parts(ptr, 6, 8) }.unwrap();
        assert_eq!(view.as_slice(), b"0123ab");
        assert_eq!(view.set_len(8), Ok(()));
        assert_eq!(view.as_slice(), b"0123ab67");
        assert_eq!(view.set_len(9), Err(ViewError::LenBeyondCapacity { len: 9, capacity: 8 }));
    }
    {
        // SAFETY: as above.
        let mut view = unsafe { WriteView::from_raw_parts(ptr, 4, 8) }.unwrap();
        assert_eq!((view.len(), view.offset(), view.touched()), (4, 0, 4));
        assert_eq!(view.write(b"XYZ"), 3);
        assert_eq!(view.len(), 4);
    }
    assert_eq!(&memory, b"XYZ3ab67");
}

#[test]
fn reads_are_short_only_at_the_end() {
    let mut view = View::new(b"0123456789");
    let mut into = [0; 4];
    assert_eq!(view.read(&mut into), 4);
    assert_eq!(view.read(&mut into), 4);
    assert_eq!(view.read(&mut into), 2);
    assert_eq!(&into, b"8967");
    assert_eq!(view.read(&mut into), 0);
    assert_eq!((view.offset(), view.remaining()), (10, 0));
    view.rewind();
    assert_eq!(view.read(&mut []), 0);
    assert_eq!(view.offset(), 0);
}

#[test]
fn exact_reads_are_all_or_nothing() {
    let mut view = View::new(b"01234");
    let mut into = [b'-'; 6];
    assert_eq!(view.read_exact(&mut into), Err(ViewError::Short { needed: 6, available: 5 }));
    assert_eq!((&into, view.offset()), (b"------", 0));
    assert_eq!(view.read_exact(&mut into[..5]), Ok(()));
    assert_eq!(&into, b"01234-");
    assert_eq!(view.read_exact(&mut []), Ok(()));
    assert_eq!(view.read_bytes(usize::MAX), Err(ViewError::Short { needed: usize::MAX, available: 0 }));
}

#[test]
fn what_a_view_reads_in_place_outlives_the_view() {
    let memory = [1, 2, 0, 0, 0, b'x', b'y'];
    let (pair, text, whole) = {
        let mut view = View::new(&memory);
        (view.read_ref::<Pair>().unwrap(), view.read_bytes(2).unwrap(), view.as_slice())
    };
    assert_eq!(*pair, Pair { small: 1, large: 2u32.to_le() });
    assert!(ptr::eq(ptr::from_ref(pair).cast(), whole.as_ptr()));
    assert_eq!(text, b"xy");
}

#[test]
fn typed_reads_are_all_or_nothing() {
    let mut view = View::new(&[1, 0, 0, 0, 2]);
    assert_eq!(view.read_value::<u64>(), Err(ViewError::Short { needed: 8, available: 5 }));
    assert_eq!(view.read_ref::<U32>().map(|n| n.get()), Ok(1));
    assert_eq!(view.read_ref::<U16>().err(), Some(ViewError::Short { needed: 2, available: 1 }));
    assert_eq!(view.offset(), 4);
    assert_eq!(view.read_value::<u8>(), Ok(2));
}

#[test]
fn types_of_no_size_are_read_and_placed_anywhere() {
    let mut view = View::new(&[]);
    assert_eq!(view.read_ref::<Nothing>(), Ok(&Nothing));
    assert_eq!(view.read_value::<[u64; 0]>(), Ok([]));
    let mut full = ViewMut::new(&mut []);
    assert_eq!(full.place(Nothing).map(|_| ()), Ok(()));
    assert_eq!(full.read_ref::<()>(), Ok(&()));
    assert_eq!(full.len(), 0);
}

#[test]
fn views_of_no_capacity_do_nothing_and_say_so() {
    let mut write = WriteView::from_uninit(&mut []);
    assert_eq!(write.write(b"x"), 0);
    assert_eq!(write.write(b""), 0);
    assert_eq!(write.write_all(b""), Ok(()));
    assert_eq!(write.place(1u8).err(), Some(ViewError::Full { needed: 1, available: 0 }));
    assert_eq!(write.set_len(0), Ok(()));
    assert_eq!(write.set_len(1), Err(ViewError::LenBeyondCapacity { len: 1, capacity: 0 }));
    assert_eq!(write.seek(SeekFrom::End(0)), Ok(0));
    assert!(write.seek(SeekFrom::Current(1)).is_err());
    let mut read = View::new(&[]);
    assert!(read.is_empty());
    assert_eq!(read.read(&mut [0; 4]), 0);
    // SAFETY: no bytes are asked for, and the pointer is not NULL.
    let none = unsafe { ViewMut::from_raw_parts(ptr::dangling_mut(), 0, 0) };
    assert!(none.unwrap().as_mut_slice().is_empty());
}

#[test]
fn a_short_write_leaves_its_length_with_its_bytes() {
    let mut memory = [STALE; 8];
    let mut view = WriteView::new(&mut memory);
    assert_eq!(view.write(b"01234"), 5);
    assert_eq!(view.write(b"56789"), 3);
    assert_eq!((view.len(), view.offset(), view.space()), (8, 8, 0));
    assert_eq!(view.write(b"x"), 0);
    assert_eq!(&memory, b"01234567");
}

#[test]
fn whole_writes_are_all_or_nothing() {
    let mut memory = [STALE; 8];
    let mut view = WriteView::new(&mut memory);
    view.write_all(b"01234").unwrap();
    assert_eq!(view.write_all(b"5678"), Err(ViewError::Full { needed: 4, available: 3 }));
    assert_eq!(view.place(U32::new(0)).err(), Some(ViewError::Full { needed: 4, available: 3 }));
    assert!(view.write_str("5678").is_err());
    assert_eq!((view.len(), view.offset()), (5, 5));
    assert_eq!(view.place(*b"567").map(|_| ()), Ok(()));
    assert_eq!(&memory, b"01234567");
}

#[test]
fn a_write_in_the_middle_extends_only_past_the_end() {
    let mut memory = [STALE; 8];
    let mut view = ViewMut::with_len(&mut memory, 0).unwrap();
    view.write_all(b"0123").unwrap();
    view.seek(SeekFrom::Start(1)).unwrap();
    assert_eq!(view.write(b"ab"), 2);
    assert_eq!((view.len(), view.offset(), view.remaining()), (4, 3, 1));
    assert_eq!(view.write(b"cde"), 3);
    assert_eq!(view.as_slice(), b"0abcde");
    assert_eq!(view.write(b"fghi"), 2);
    assert_eq!(view.as_slice(), b"0abcdefg");
}

#[test]
fn a_refused_seek_moves_nothing() {
    let mut memory = [STALE; 8];
    let mut view = ViewMut::with_len(&mut memory, 4).unwrap();
    view.seek(SeekFrom::Start(2)).unwrap();
    for to in [SeekFrom::Start(5), SeekFrom::Current(i64::MIN), SeekFrom::Current(3), SeekFrom::End(1)] {
        assert_eq!(view.seek(to), Err(ViewError::Seek { to, offset: 2, len: 4 }));
        assert_eq!((view.offset(), view.len()), (2, 4));
    }
    let mut write = view.into_write();
    assert!(write.seek(SeekFrom::Start(u64::MAX)).is_err());
    assert_eq!(write.offset(), 2);
    assert_eq!(write.seek(SeekFrom::End(-4)), Ok(0));
}

#[test]
fn growing_shows_zeroes_and_shrinking_takes_the_cursor_along() {
    let mut memory = [STALE; 8];
    let mut view = ViewMut::with_len(&mut memory, 2).unwrap();
    view.seek(SeekFrom::End(0)).unwrap();
    view.set_len(5).unwrap();
    assert_eq!(view.as_slice(), [STALE, STALE, 0, 0, 0]);
    view.set_len(1).unwrap();
    assert_eq!((view.offset(), view.len()), (1, 1));
    view.set_len(8).unwrap();
    assert_eq!(view.as_slice(), [STALE, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(view.offset(), 1);
    assert_eq!(view.set_len(9), Err(ViewError::LenBeyondCapacity { len: 9, capacity: 8 }));
    assert_eq!(view.len(), 8);
}

#[test]
fn narrowing_keeps_the_position_and_shows_no_more_than_before() {
    let mut memory = [STALE; 8];
    let mut view = ViewMut::with_len(&mut memory, 0).unwrap();
    view.write_all(b"abcd").unwrap();
    view.seek(SeekFrom::Start(1)).unwrap();
    {
        let mut borrowed = view.as_read();
        assert_eq!(borrowed.read_bytes(3), Ok(&b"bcd"[..]));
    }
    assert_eq!(view.offset(), 1);
    let mut read = view.into_read();
    assert_eq!((read.offset(), read.len(), read.capacity()), (1, 4, 4));
    assert_eq!(read.set_len(5), Err(ViewError::LenBeyondCapacity { len: 5, capacity: 4 }));

    let mut view = ViewMut::with_len(&mut memory, 4).unwrap();
    view.seek(SeekFrom::Start(3)).unwrap();
    let mut write = view.into_write();
    assert_eq!((write.offset(), write.len(), write.capacity()), (3, 4, 8));
    write.write_all(b"DE").unwrap();
    assert_eq!(&memory[..5], b"abcDE");
}

#[test]
fn a_placed_value_is_completed_in_place() {
    let mut memory = [STALE; 9];
    let mut view = ViewMut::with_len(&mut memory, 0).unwrap();
    view.write_all(b"-").unwrap();
    let pair = view.place(Pair { small: 1, large: 2 }).unwrap();
    pair.large = 3;
    view.seek(SeekFrom::Start(1)).unwrap();
    assert_eq!(view.read_ref::<Pair>(), Ok(&Pair { small: 1, large: 3 }));
    assert_eq!(view.len(), 6);
}

#[test]
fn formatting_writes_a_piece_whole_or_not_at_all() {
    let mut memory = [STALE; 8];
    let mut view = WriteView::new(&mut memory);
    assert!(write!(view, "{}-{}", 12, 34).is_ok());
    assert_eq!(view.len(), 5);
    let (fits, does_not) = (5, "6789");
    assert!(write!(view, "{fits}{does_not}").is_err());
    assert_eq!(view.len(), 6);
    assert_eq!(memory, *b"12-345\xAA\xAA");
    let mut both = ViewMut::with_len(&mut memory, 0).unwrap();
    assert!(write!(both, "{}", 7).is_ok());
    assert_eq!(both.as_slice(), b"7");
}

#[test]
fn debug_shows_the_position_and_no_bytes() {
    let mut memory = [STALE; 8];
    let mut view = WriteView::new(&mut memory);
    view.write_all(b"secret").unwrap();
    assert_eq!(format!("{view:?}"), "WriteView { offset: 6, len: 6, capacity: 8, .. }");
    assert_eq!(format!("{:?}", View::new(b"ab")), "View { offset: 0, len: 2, capacity: 2, .. }");
    assert!(format!("{:?}", ViewMut::new(&mut memory)).starts_with("ViewMut {"));
}

#[test]
fn reading_and_writing_share_one_cursor() {
    let mut memory = *b"0123456789";
    let mut view = ViewMut::new(&mut memory);
    let mut two = [0; 2];
    view.read_exact(&mut two).unwrap();
    view.write_all(b"ab").unwrap();
    assert_eq!(view.read_value::<[u8; 2]>(), Ok(*b"45"));
    assert_eq!(view.read(&mut [0; 9]), 4);
    assert_eq!(view.read_bytes(1), Err(ViewError::Short { needed: 1, available: 0 }));
    view.as_mut_slice()[9] = b'z';
    assert_eq!(view.into_read().as_slice(), b"01ab45678z");
}
