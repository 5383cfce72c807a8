// SPDX-License-Identifier: Apache-2.0
//! Operations on views of every mode, against a `Vec` and a cursor.
#![no_main]
#![expect(clippy::unwrap_used, reason = "what fails here is found")]

#[path = "../../core/tests/properties/main.rs"]
#[allow(dead_code, unused_imports, reason = "of tests, of which a part is used")]
mod properties;

use arbitrary::{Result, Unstructured};
use falconet::view::SeekFrom;
use libfuzzer_sys::fuzz_target;
use properties::views::operations::{Filler, Op};
use properties::views::{Maker, views_do_what_the_model_does};

const MAKERS: [Maker; 8] = {
    use Maker::*;
    [Read, ReadRaw, Write, WriteUninit, WriteRaw, Both, BothLen, BothRaw]
};

const FILLERS: [Filler; 6] = {
    use Filler::*;
    [Honest, Sloppy, Fails, Tail, Elsewhere, Nothing]
};

/// A byte that the memory does not hold before.
fn byte(u: &mut Unstructured<'_>) -> Result<u8> {
    u.int_in_range(0..=0x7F)
}

fn bytes(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let len = u.int_in_range(0..=20)?;
    (0..len).map(|_| byte(u)).collect()
}

fn text(u: &mut Unstructured<'_>) -> Result<String> {
    let bytes = bytes(u)?;
    Ok(bytes.into_iter().map(char::from).collect())
}

/// Mostly what may fit, sometimes any number.
fn count(u: &mut Unstructured<'_>) -> Result<usize> {
    if u.ratio(1, 16)? { u.arbitrary() } else { u.int_in_range(0..=60) }
}

fn seek(u: &mut Unstructured<'_>) -> Result<SeekFrom> {
    let by: i64 = if u.ratio(1, 16)? { u.arbitrary()? } else { u.int_in_range(-60..=60)? };
    Ok(match u.int_in_range(0..=2)? {
        0 => SeekFrom::Start(by.cast_unsigned()),
        1 => SeekFrom::Current(by),
        _ => SeekFrom::End(by),
    })
}

fn operation(u: &mut Unstructured<'_>) -> Result<Op> {
    Ok(match u.int_in_range(0..=20)? {
        0 => Op::Write(bytes(u)?),
        1 => Op::WriteAll(bytes(u)?),
        2 => Op::Place([byte(u)?, byte(u)?, byte(u)?]),
        3 => Op::PlaceNumber(u.arbitrary::<u32>()? & 0x7F7F_7F7F),
        4 => Op::PlaceNothing,
        5 => Op::Decimal(u.arbitrary()?),
        6 => Op::Text(text(u)?),
        7 => Op::Format(text(u)?, text(u)?),
        8 => Op::Fill(bytes(u)?, *u.choose(&FILLERS)?),
        9 => Op::SetLen(count(u)?),
        10 => Op::Seek(seek(u)?),
        11 => Op::Rewind,
        12 => Op::Read(count(u)?.min(4096)),
        13 => Op::ReadExact(count(u)?.min(4096)),
        14 => Op::ReadBytes(count(u)?),
        15 => Op::ReadRef,
        16 => Op::ReadValue,
        17 => Op::Change(u.int_in_range(0..=60)?, byte(u)?),
        18 => Op::AsRead(count(u)?),
        19 => Op::NarrowToRead,
        _ => Op::NarrowToWrite,
    })
}

fn case(u: &mut Unstructured<'_>) -> Result<(Maker, usize, usize, Vec<Op>)> {
    let (maker, capacity, len) = (*u.choose(&MAKERS)?, u.int_in_range(0..=60)?, u.int_in_range(0..=60)?);
    let mut operations = Vec::new();
    while !u.is_empty() && operations.len() < 200 {
        operations.push(operation(u)?);
    }
    Ok((maker, capacity, len, operations))
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok((maker, capacity, len, operations)) = case(&mut Unstructured::new(bytes)) {
        views_do_what_the_model_does(maker, capacity, len, operations).unwrap();
    }
});
