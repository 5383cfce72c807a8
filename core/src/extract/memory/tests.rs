// SPDX-License-Identifier: Apache-2.0
//! The rings at their edges: exact fits, overflow, starting again, and what stays of earlier calls.

use std::boxed::Box;
use std::vec::Vec;

use super::*;

/// A share of 8 cells and 64 bytes of text, 16 offsets.
type Small = Extraction<u8, 0, 24, 192, 16>;

/// At one place from its beginning on, as in a static: it holds pointers to itself.
fn small() -> Box<Small> {
    let memory = Box::new(Small::new());
    // SAFETY: nothing else uses it yet.
    unsafe { memory.begin() };
    memory
}

/// What is done in a call.
fn call<R>(memory: &Small, fill: impl FnOnce(&mut Results) -> R) -> R {
    // SAFETY: the only call at this moment.
    unsafe {
        memory.begin_call();
        fill(memory.present())
    }
}

fn text(results: &mut Results, bytes: &[u8]) -> Result<NonNull<u8>, Dropped> {
    let room = results.text_room();
    let Some(room) = room.get_mut(..bytes.len()) else { return Err(Dropped::TooLong) };
    room.write_copy_of_slice(bytes);
    // SAFETY: just written.
    let start = unsafe { results.seal_text(bytes.len()) }?;
    results.text(start, bytes.len()).ok_or(Dropped::No)
}

#[test]
fn a_share_fits_exactly_and_not_one_more() {
    let memory = small();
    for _ in 0..10 {
        call(&memory, |results| {
            for value in 0..8u64 {
                assert!(results.single(value).is_some());
            }
            assert!(results.single(0u64).is_none() && results.single(0u32).is_none());
            assert!(text(results, &[b'x'; 63]).is_ok());
            assert_eq!(text(results, b""), Err(Dropped::TooLong));
        });
        call(&memory, |results| {
            assert_eq!(text(results, &[b'x'; 64]), Err(Dropped::TooLong));
            assert!(text(results, &[b'x'; 31]).is_ok());
            assert!(results.bytes(&[1; 16]).is_some());
            assert!(results.bytes(&[2; 16]).is_some());
            assert!(results.bytes(&[3; 4]).is_none());
            assert_eq!(text(results, b""), Err(Dropped::TooLong));
        });
    }
}

#[test]
fn lists_of_small_cells_stand_one_behind_another() {
    let memory = small();
    call(&memory, |results| {
        results.single(1u64).unwrap();
        // A list that is not ended leaves its cells.
        let mut dropped = results.list();
        results.append(&mut dropped, 1u32).unwrap();
        let mut list = results.list();
        assert_eq!(list.values, dropped.values);
        for value in 0..11u32 {
            assert!(results.append(&mut list, value).is_some());
        }
        results.end::<u32>(list);
        let next = results.single(7u64).unwrap();
        // SAFETY: 11 values were put there.
        let values = unsafe { core::slice::from_raw_parts(list.values.cast::<u32>(), 11) };
        assert_eq!(values, (0..11).collect::<Vec<_>>());
        assert_eq!(next.values as usize, list.values as usize + 48);
        assert!(results.single(8u32).is_none());
    });
    call(&memory, |results| {
        let mut list = results.list();
        assert!((0..16u32).all(|value| results.append(&mut list, value).is_some()));
        assert!(results.append(&mut list, 16u32).is_none());
        assert_eq!(list.count, 16);
    });
}

#[test]
fn the_values_of_the_call_before_are_never_touched() {
    let memory = small();
    let sizes = [0usize, 1, 2, 3, 4, 5, 7, 8];
    /// Cells with their values; a text and its length.
    type Values = (Vec<(*const u64, u64)>, *const u8, usize);
    let mut before: Option<Values> = None;
    let mut marker = 0u64;
    for i in 0..sizes.len().pow(3) {
        for n in [i / 64, i / 8, i].map(|i| sizes[i % 8]) {
            marker += 1;
            let letter = b'a' + u8::try_from(marker % 26).unwrap();
            let now = call(&memory, |results| {
                let mut cells = Vec::new();
                for i in 0..n {
                    let value = marker * 100 + i as u64;
                    cells.push((results.single(value).unwrap().values.cast_const().cast(), value));
                }
                let len = (n * 8).saturating_sub(1);
                let text = text(results, &std::vec![letter; len]).unwrap();
                (cells, text.as_ptr().cast_const(), len)
            });
            if let Some((cells, text, len)) = before {
                // SAFETY: values of the call before this one, which the host may still read.
                unsafe {
                    assert!(cells.iter().all(|(place, value)| **place == *value));
                    let text = core::slice::from_raw_parts(text, len + 1);
                    assert!(text[..len].iter().all(|byte| byte == &text[0]) && text[len] == 0);
                    assert!(len == 0 || text[0] == b'a' + u8::try_from((marker - 1) % 26).unwrap());
                }
            }
            before = Some(now);
        }
    }
}

#[test]
fn a_text_of_another_call_is_none() {
    let memory = small();
    let (start, len) = call(&memory, |results| {
        results.text_room()[..3].write_copy_of_slice(b"abc");
        // SAFETY: just written.
        let start = unsafe { results.seal_text(3) }.ok().unwrap();
        assert!(results.text(start, 3).is_some());
        assert!(results.text(start, 4).is_none(), "not yet written");
        assert!(results.text(start, 2).is_none(), "no NUL behind it");
        assert!(results.text(start, usize::MAX).is_none());
        assert!(results.text(usize::MAX, 3).is_none());
        (start, 3)
    });
    call(&memory, |results| {
        assert!(results.text(start, len).is_none());
        results.bytes(&[0; 4]).unwrap();
        assert!(results.text(start, len).is_none());
    });
}

#[test]
fn texts_with_a_nul_are_refused_and_take_no_room() {
    let memory = small();
    call(&memory, |results| {
        for bytes in [&b"\0"[..], b"a\0", b"\0a", b"a\0b"] {
            assert_eq!(text(results, bytes), Err(Dropped::Nul));
        }
        assert!(text(results, &[b'x'; 63]).is_ok());
    });
}

#[test]
fn addresses_are_aligned_and_texts_may_stand_anywhere() {
    let memory = small();
    call(&memory, |results| {
        text(results, b"ab").unwrap();
        let v6 = results.bytes(&[6; 16]).unwrap();
        text(results, b"c").unwrap();
        let v4 = results.bytes(&[4; 4]).unwrap();
        assert_eq!((v6.as_ptr() as usize % 8, v4.as_ptr() as usize % 8), (0, 0));
    });
}

#[test]
fn offsets_end_where_their_arrays_do() {
    let memory = small();
    call(&memory, |results| {
        assert!(results.note(99, (1, 2)), "none are wanted");
        results.wanted = Offsets::Values;
        let noted = [0, 15, 16, 17, usize::MAX].map(|index| results.note(index, (1, 2)));
        assert_eq!(noted, [true, true, false, false, false]);
        results.wanted = Offsets::Field(3);
        assert!(results.note(0, (1, 2)) && results.note(1, (9, 9)), "of the field's first value only");
        results.wanted = Offsets::Field(16);
        assert!(!results.note(0, (9, 9)));
        let (starts, lengths) = results.offsets();
        // SAFETY: 16 of each.
        let (starts, lengths) =
            unsafe { (core::slice::from_raw_parts(starts, 16), core::slice::from_raw_parts(lengths, 16)) };
        let expected = |value| (0..16).map(|i| if [0, 3, 15].contains(&i) { value } else { 0 }).collect::<Vec<u32>>();
        assert_eq!((starts, lengths), (&*expected(1), &*expected(2)));
    });
}
