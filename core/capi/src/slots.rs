// SPDX-License-Identifier: Apache-2.0
//! Which static structs are in use: `falconet_slots`.
#![expect(unsafe_code, reason = "symbols for C")]

use core::sync::atomic::{AtomicU64, Ordering};

use crate::code::{Code, FALCONET_ERROR_ARGUMENT, FALCONET_ERROR_NONE_FREE, Failed, done};
use crate::pointer::checked;
use crate::types::Slots;

/// # Safety
/// Unless it is NULL, it stays as long as it is used.
unsafe fn taken<'a>(slots: *mut Slots) -> Result<&'a AtomicU64, Failed> {
    let slots = checked(slots)?;
    // SAFETY: not NULL, aligned, one number of 64 bits, and only touched as an atomic.
    Ok(unsafe { AtomicU64::from_ptr(&raw mut (*slots.as_ptr()).taken) })
}

/// Takes one of the first `count` that is free: `index` says which. It never waits. Any threads may take and give back at
/// once.
///
/// FALCONET_ERROR_NONE_FREE where all are in use; FALCONET_ERROR_ARGUMENT where `count` is 0 or more than 64;
/// FALCONET_ERROR_NULL. `index` is written only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_slots_take(slots: *mut Slots, count: u32, index: *mut u32) -> Code {
    let take = || {
        // SAFETY: the caller's slots.
        let taken = unsafe { taken(slots) }?;
        let out = checked(index)?;
        if count == 0 || count > 64 {
            return Err(Failed(FALCONET_ERROR_ARGUMENT));
        }
        let free = |bits: u64| Some(bits.trailing_ones()).filter(|free| *free < count);
        let before = taken.fetch_update(Ordering::Acquire, Ordering::Relaxed, |bits| {
            free(bits).map(|free| bits | 1u64.wrapping_shl(free))
        });
        let index = before.ok().and_then(free).ok_or(Failed(FALCONET_ERROR_NONE_FREE))?;
        // SAFETY: the caller's output, not NULL.
        unsafe { out.write(index) };
        Ok(())
    };
    done(take())
}

/// Gives one back that was taken.
///
/// FALCONET_ERROR_ARGUMENT where it was not in use, as when it was given back already; FALCONET_ERROR_NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_slots_give_back(slots: *mut Slots, index: u32) -> Code {
    let give_back = || {
        // SAFETY: the caller's slots.
        let taken = unsafe { taken(slots) }?;
        let bit = 1u64.checked_shl(index).ok_or(Failed(FALCONET_ERROR_ARGUMENT))?;
        if taken.fetch_and(!bit, Ordering::Release) & bit == 0 {
            return Err(Failed(FALCONET_ERROR_ARGUMENT));
        }
        Ok(())
    };
    done(give_back())
}
