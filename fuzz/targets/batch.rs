// SPDX-License-Identifier: Apache-2.0
//! What is done with batches of several leases, packed and in slots, against models: what is lent is what was committed.
#![no_main]
#![expect(clippy::unwrap_used, reason = "what fails here is found")]

#[path = "../../core/tests/properties/main.rs"]
#[allow(dead_code, unused_imports, reason = "of tests, of which a part is used")]
mod properties;

use arbitrary::{Result, Unstructured};
use falconet::batch::Oversized;
use libfuzzer_sys::fuzz_target;
use properties::batches::{self, End, Round, Writes};
use properties::slots::{self, Kind};

/// So many bytes at most, of which none is 0, so that what was not written is told from what was.
fn bytes(u: &mut Unstructured<'_>, most: usize) -> Result<Vec<u8>> {
    let len = u.int_in_range(0..=most)?;
    (0..len).map(|_| u.int_in_range(1..=255)).collect()
}

/// Mostly what may fit, sometimes any number.
fn size(u: &mut Unstructured<'_>, most: usize) -> Result<usize> {
    if u.ratio(1, 16)? { u.arbitrary() } else { u.int_in_range(0..=most) }
}

fn end(u: &mut Unstructured<'_>) -> Result<End> {
    Ok(match u.int_in_range(0..=7)? {
        0 => End::Drop,
        1 => End::Forget,
        2 => End::Swapped,
        3 => End::Commit(u.arbitrary()?),
        // The time at which the host takes it.
        _ => End::Commit(u64::MAX),
    })
}

fn writes(u: &mut Unstructured<'_>) -> Result<Writes> {
    let len = if u.ratio(1, 3)? { Some(size(u, 150)?) } else { None };
    Ok(Writes { bytes: bytes(u, 120)?, len, again: bytes(u, 10)? })
}

/// What is done with a packed batch, and which.
fn packed(u: &mut Unstructured<'_>) -> Result<(usize, batches::Op)> {
    let lease = u.int_in_range(0..=4)?;
    let operation = match u.int_in_range(0..=3)? {
        0 => batches::Op::Claim(writes(u)?, end(u)?),
        1 => batches::Op::ClaimFor(size(u, 700)?, writes(u)?, end(u)?),
        2 => batches::Op::Push(u.arbitrary()?, bytes(u, 255)?),
        _ => batches::Op::Skip,
    };
    Ok((lease, operation))
}

fn round(u: &mut Unstructured<'_>) -> Result<Round> {
    const OVERSIZED: [Oversized; 3] = [Oversized::Fail, Oversized::Skip, Oversized::Truncate];
    let mut limits = Vec::new();
    for _ in 0..5 {
        let max = u32::try_from(size(u, 200)?).unwrap_or(u32::MAX);
        limits.push((u.int_in_range(0..=2)?, max, *u.choose(&OVERSIZED)?));
    }
    let returned = u.int_in_range(0..=4)?;
    let count = u.int_in_range(0..=40)?;
    let ops = (0..count).map(|_| packed(u)).collect::<Result<_>>()?;
    Ok(Round { limits, ops, returned })
}

fn in_slots(u: &mut Unstructured<'_>) -> Result<slots::Op> {
    let kind = match u.int_in_range(0..=7)? {
        0 => return Ok(slots::Op::Push(bytes(u, 60)?)),
        1 => return Ok(slots::Op::Claim),
        2 => Kind::Bytes,
        3 => Kind::Number,
        4 => Kind::Unit,
        _ => Kind::Written(size(u, 400)?),
    };
    let count = u.int_in_range(0..=7)?;
    let claim = |u: &mut Unstructured<'_>| -> Result<_> {
        let cut = if u.ratio(1, 3)? { Some(size(u, 60)?) } else { None };
        Ok((bytes(u, 60)?, cut, end(u)?))
    };
    Ok(slots::Op::Slots(kind, (0..count).map(|_| claim(u)).collect::<Result<_>>()?))
}

/// A few of what the rest of the input makes.
fn many<T>(u: &mut Unstructured<'_>, one: fn(&mut Unstructured<'_>) -> Result<T>) -> Result<Vec<T>> {
    let mut all = Vec::new();
    while !u.is_empty() && all.len() < 12 {
        all.push(one(u)?);
    }
    Ok(all)
}

fn slot_round(u: &mut Unstructured<'_>) -> Result<(u32, Vec<slots::Op>)> {
    let id = if u.ratio(1, 4)? { 0 } else { 999 };
    let count = u.int_in_range(0..=4)?;
    Ok((id, (0..count).map(|_| in_slots(u)).collect::<Result<_>>()?))
}

fuzz_target!(|bytes: &[u8]| {
    let mut u = Unstructured::new(bytes);
    if u.arbitrary().unwrap_or_default() {
        if let Ok(rounds) = many(&mut u, slot_round) {
            slots::slots_do_what_the_model_does(&rounds).unwrap();
        }
    } else if let Ok(rounds) = many(&mut u, round) {
        batches::lent_is_what_was_committed(rounds).unwrap();
    }
});
