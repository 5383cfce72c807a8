// SPDX-License-Identifier: Apache-2.0
//! The memory that values of fields are handed over in: `falconet_results`.
//!
//! ```text
//! memory:  | slack | Results | cells: 3/8 | value offsets: 1/8 | texts: the rest |
//! ```
#![expect(unsafe_code, reason = "symbols for C")]

use core::ffi::c_void;
use core::mem::{align_of, size_of};
use core::ptr::NonNull;

use sdk::extract::Answers;

use crate::code::{Code, FALCONET_ERROR_NULL, FALCONET_ERROR_RESULTS, FALCONET_ERROR_SIZE, Failed, done};
use crate::pointer::checked;

/// A good size in bytes for falconet_results_init: a call may have 240 values, half as many addresses, and 2,600 bytes of
/// copied texts.
pub const FALCONET_RESULTS_SIZE: usize = 16384;

/// The least size in bytes that falconet_results_init takes: a call may have 8 values, half as many addresses, and 100 bytes
/// of copied texts.
pub const FALCONET_RESULTS_LEAST: usize = 1024;

/// The memory for the values of a plugin state's fields.
///
/// It lies at the beginning of memory of the caller's, which stays where it is. One for each plugin state: the host uses a
/// state on one thread at a time.
pub struct Results {
    /// Tells it from other memory, and from one that was moved: its own address, changed.
    seal: usize,
    /// Whether the plugin claims a version of the API that has value offsets.
    pub(crate) offsets: bool,
    pub(crate) answers: Answers,
}

impl core::fmt::Debug for Results {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Results").field("offsets", &self.offsets).finish_non_exhaustive()
    }
}

const SEAL: usize = 0x7265_7375;
const _: () = assert!(size_of::<Results>() + align_of::<Results>() + 24 * 4 + 24 * 12 < FALCONET_RESULTS_LEAST);

/// Makes a memory for values in `size` bytes of any alignment, at least FALCONET_RESULTS_LEAST; FALCONET_RESULTS_SIZE is a
/// good size. The values of a call that do not fit are an error of the function that gives them, never cut.
///
/// `offsets` says whether the plugin fills in value offsets, where the host asks for them: only one that claims the version
/// 3.11.0 of the plugin API or a later one may.
///
/// The memory stays the caller's, and nobody else writes it: the host reads values there until the call after the next.
/// There is nothing to free. FALCONET_ERROR_SIZE where it is too small; FALCONET_ERROR_NULL. `results` is written only on
/// success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_results_init(
    memory: *mut c_void,
    size: usize,
    offsets: bool,
    results: *mut *mut Results,
) -> Code {
    let init = || {
        let out = checked(results)?;
        let memory = NonNull::new(memory.cast::<u8>()).ok_or(Failed(FALCONET_ERROR_NULL))?;
        if size < FALCONET_RESULTS_LEAST || size > isize::MAX.unsigned_abs() {
            return Err(Failed(FALCONET_ERROR_SIZE));
        }
        let slack = memory.addr().get().wrapping_neg() & (align_of::<Results>() - 1);
        let room = size - slack - size_of::<Results>();
        // Cells and texts are thirds of whole cells each.
        let cells_len = room / 8 * 3 / 24 * 24;
        let offsets_len = room / 8 / 8;
        let text_len = (room - cells_len - offsets_len * 8) / 24 * 24;
        // SAFETY: the caller's memory: so much room is behind the slack and what is made there, and the parts add up to no
        // more. All are aligned: cells behind a struct of at least their alignment, then two numbers at a time. Bytes of C
        // are initialised.
        unsafe {
            let place = memory.add(slack).cast::<Results>();
            let cells = place.add(1).cast::<u64>();
            let numbers = cells.cast::<u8>().add(cells_len);
            let text = numbers.add(offsets_len * 8);
            let answers = Answers::of_memory((cells, cells_len), (text, text_len), (numbers.cast(), offsets_len));
            place.write(Results { seal: place.addr().get() ^ SEAL, offsets, answers });
            out.write(place.as_ptr());
        }
        Ok(())
    };
    done(init())
}

/// What a pointer of C stands for.
///
/// # Safety
/// Unless it is NULL, memory as large as the struct is readable there, and if it is one nobody else uses it.
#[inline]
pub(crate) unsafe fn results<'a>(results: *mut Results) -> Result<&'a mut Results, Failed> {
    let results = checked(results)?;
    // SAFETY: not NULL and aligned; only a number is read.
    if unsafe { (*results.as_ptr()).seal } != results.addr().get() ^ SEAL {
        return Err(Failed(FALCONET_ERROR_RESULTS));
    }
    // SAFETY: one that `falconet_results_init` has made; the rest as the caller says.
    Ok(unsafe { &mut *results.as_ptr() })
}
