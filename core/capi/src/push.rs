// SPDX-License-Identifier: Apache-2.0
//! Whole events for a batch: by one copy of a payload, or from raw parameters.
#![expect(unsafe_code, reason = "symbols for C")]

use core::ffi::c_void;

use sdk::Timestamp;
use sdk::batch::Push;

use crate::batch::{Batch, claim, falconet_batch_commit, falconet_batch_roll_back, own};
use crate::code::{Code, FALCONET_ERROR_CLAIMED, FALCONET_ERROR_TOO_LARGE, FALCONET_FULL, FALCONET_OK, Failed, done};
use crate::pointer::{apart, bytes};
use crate::types::Bytes;

/// Parameters that falconet_batch_raw and falconet_event_write_raw take at most.
pub const FALCONET_RAW_PARAMETERS: usize = 32;

/// Adds a whole event by one copy of its payload, which may be NULL where `len` is 0. `ts` is as for falconet_batch_commit.
///
/// FALCONET_FULL where it is to be pushed again into the batch when it was lent and taken back; FALCONET_ERROR_TOO_LARGE
/// where it can never fit; FALCONET_ERROR_OVERLAP where the payload lies where the event would; for the rest as falconet_batch_claim.
/// Nothing was added then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_batch_push(batch: *mut Batch, ts: u64, payload: *const c_void, len: usize) -> Code {
    // SAFETY: the caller's batch and bytes.
    unsafe {
        let push = || {
            let from = bytes(payload, len)?;
            let claimed = u32::try_from(len).map_err(|_| Failed(FALCONET_ERROR_TOO_LARGE))?;
            let mut view = core::ptr::null_mut();
            claim(batch, Some(claimed), &raw mut view)?;
            let written = crate::write_view::with(view, |view| {
                apart(payload, len, view.as_ptr(), view.capacity())?;
                Ok(view.write_all(from)?)
            });
            let code = match written {
                Ok(()) => falconet_batch_commit(batch, ts),
                Err(Failed(code)) => code,
            };
            if code == FALCONET_OK {
                return Ok(());
            }
            falconet_batch_roll_back(batch);
            Err(Failed(code))
        };
        done(push())
    }
}

/// Adds an event of any of libscap's types from its raw parameters, for a source without an id. `tid` is the thread that it
/// belongs to, UINT64_MAX for none; `ts` is as for falconet_batch_commit.
///
/// `parameters` are `count`, at most FALCONET_RAW_PARAMETERS; NULL where there are none. A plugin event has two: a plugin's
/// id of 4 bytes, not 0, and the payload. FALCONET_ERROR_ARGUMENT where the batch is for events with an id, for more
/// parameters, for one that is longer than its type can say, and for such a plugin event; FALCONET_ERROR_TOO_LARGE where it
/// can never fit; FALCONET_FULL where it will later, and in slots. For the rest as falconet_batch_claim.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_batch_raw(
    batch: *mut Batch,
    ts: u64,
    tid: u64,
    event_type: u16,
    parameters: *const Bytes,
    count: usize,
) -> Code {
    // SAFETY: the caller's batch and parameters.
    unsafe {
        let add = || {
            let batch = own(batch)?;
            if batch.events.claimed().is_some() {
                return Err(Failed(FALCONET_ERROR_CLAIMED));
            }
            let mut room: [&[u8]; FALCONET_RAW_PARAMETERS] = [&[]; FALCONET_RAW_PARAMETERS];
            let parameters = crate::event::parameters(parameters, count, &mut room)?;
            let tid = Some(tid).filter(|tid| *tid != u64::MAX);
            match batch.events.raw(Timestamp::from_nanos(ts), tid, event_type, parameters) {
                Ok(Push::Full | Push::Skipped) => Err(Failed(FALCONET_FULL)),
                Ok(Push::Committed | Push::Truncated) => Ok(()),
                Err(error) => Err(Failed(crate::event::refused(&error))),
            }
        };
        done(add())
    }
}
