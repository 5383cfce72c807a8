// SPDX-License-Identifier: Apache-2.0
//! Pools of batches: `falconet_pool`.
#![expect(unsafe_code, reason = "symbols for C")]

use crate::batch::{self, Batch};
use crate::code::{Code, FALCONET_ERROR_NONE_FREE, FALCONET_ERROR_SIZE, Failed, done};
use crate::pointer::{checked, get};
use crate::types::Pool;

/// Leases a free batch of the pool, empty, and for events of any size. It never waits. Any threads may lease and give back
/// at once.
///
/// The batch is the caller's until falconet_batch_give_back. FALCONET_ERROR_NONE_FREE where all are leased;
/// FALCONET_ERROR_SIZE where the pool's memory is too small for its batches; FALCONET_ERROR_ARGUMENT as falconet_batch_size;
/// FALCONET_ERROR_NULL. `batch` is written only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_pool_lease(pool: *const Pool, batch: *mut *mut Batch) -> Code {
    let lease = || {
        // SAFETY: the caller's pool, or NULL.
        let pool = unsafe { get(pool) }?;
        let out = checked(batch)?;
        let stride = batch::stride(pool.events, pool.bytes)?;
        let memory = checked(pool.memory.cast::<u8>())?;
        if stride.checked_mul(pool.batches as usize).is_none_or(|needed| needed > pool.size) {
            return Err(Failed(FALCONET_ERROR_SIZE));
        }
        for index in 0..pool.batches as usize {
            // SAFETY: so many strides are within the memory, which is the caller's, and all zero at first. A batch that is
            // leased here is nobody else's.
            unsafe {
                let own = memory.add(index * stride);
                let slot = batch::place(own.as_ptr().cast(), stride, pool.events, pool.bytes)?;
                if batch::lease(slot) {
                    out.write(batch::make(slot, pool.events, pool.bytes).as_ptr());
                    return Ok(());
                }
            }
        }
        Err(Failed(FALCONET_ERROR_NONE_FREE))
    };
    done(lease())
}
