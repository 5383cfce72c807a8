// SPDX-License-Identifier: Apache-2.0
//! Batches in memory of the caller's: `falconet_batch`.
//!
//! ```text
//! memory:  | slack | Slot: Batch, leased | pointers of events | bytes of events |
//! ```
#![expect(unsafe_code, reason = "symbols for C")]

use core::ffi::c_void;
use core::mem::{align_of, offset_of, size_of};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU32, Ordering};

use sdk::batch::{Foreign, Limits};
use sdk::pool::Lease;
use sdk::{Timestamp, abi::Event as HostEvent};

use crate::code::{
    Code, FALCONET_ERROR_ARGUMENT, FALCONET_ERROR_BATCH, FALCONET_ERROR_CLAIMED, FALCONET_ERROR_LENT,
    FALCONET_ERROR_NOT_CLAIMED, FALCONET_ERROR_NULL, FALCONET_ERROR_SIZE, FALCONET_ERROR_VIEW, FALCONET_FULL, Failed,
    done,
};
use crate::pointer::checked;
use crate::types::WriteView;

/// Bytes of a batch's memory beside its events and their pointers: see FALCONET_BATCH_SIZE.
pub const FALCONET_BATCH_HEADER: usize = 319;

/// Where a batch begins.
const ALIGNMENT: usize = align_of::<Slot>();
const _: () = assert!(size_of::<Slot>() + ALIGNMENT - 1 == FALCONET_BATCH_HEADER || size_of::<usize>() != 8);
const _: () = assert!(size_of::<Slot>() + ALIGNMENT - 1 <= FALCONET_BATCH_HEADER);

/// What stands at the beginning of a batch's memory. All zero: not leased.
#[repr(align(64))]
pub(crate) struct Slot {
    batch: Batch,
    /// 0, or 1 while somebody has it. Other threads look at it, so it is reached by its own pointer only.
    leased: AtomicU32,
}

/// A batch of events: events are claimed and committed, lent to the host, and taken back.
///
/// It lies at the beginning of memory of the caller's, which stays where it is as long as the batch is used. One thread at a
/// time uses a batch; it may be handed to another.
pub struct Batch {
    /// Tells a batch from other memory, and from one that was moved, and whether it is lent: its own address, changed by
    /// [`OWN`] or [`LENT`].
    seal: usize,
    /// The view of the claimed event's payload; no view while none is claimed.
    payload: WriteView,
    pub(crate) events: Foreign,
}

impl core::fmt::Debug for Batch {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Batch").field("events", &self.events).finish_non_exhaustive()
    }
}

const OWN: usize = 0x6661_6C63;
const LENT: usize = 0x6C65_6E74;

/// How large a batch is, whatever its memory's alignment is.
const fn size(events: u32, bytes: usize) -> Result<usize, Failed> {
    if events == 0 || bytes < 38 || bytes > u32::MAX as usize - 7 {
        return Err(Failed(FALCONET_ERROR_ARGUMENT));
    }
    let Some(pointers) = (events as usize).checked_mul(size_of::<*mut HostEvent>()) else {
        return Err(Failed(FALCONET_ERROR_SIZE));
    };
    match pointers.checked_add(bytes) {
        Some(size) if size < isize::MAX.unsigned_abs() - FALCONET_BATCH_HEADER => Ok(size + FALCONET_BATCH_HEADER),
        _ => Err(Failed(FALCONET_ERROR_SIZE)),
    }
}

/// Where the batch begins in memory of any alignment, if it has room.
///
/// # Safety
/// Unless it is NULL, `size` bytes at `memory` are the caller's.
pub(crate) unsafe fn place(
    memory: *mut c_void,
    memory_size: usize,
    events: u32,
    bytes: usize,
) -> Result<NonNull<Slot>, Failed> {
    let memory = NonNull::new(memory.cast::<u8>()).ok_or(Failed(FALCONET_ERROR_NULL))?;
    let slack = memory.addr().get().wrapping_neg() & (ALIGNMENT - 1);
    let needed = size(events, bytes)? - (ALIGNMENT - 1) + slack;
    if memory_size < needed {
        return Err(Failed(FALCONET_ERROR_SIZE));
    }
    // SAFETY: within the memory, which is larger than that.
    Ok(unsafe { memory.add(slack) }.cast())
}

/// How far a batch's memory is from that of the next one of a pool.
pub(crate) const fn stride(events: u32, bytes: usize) -> Result<usize, Failed> {
    size(events, bytes)
}

/// Whether a batch is leased now, which the caller has done then.
///
/// # Safety
/// The slot lies in writable memory; before the first lease it was all zero.
pub(crate) unsafe fn lease(slot: NonNull<Slot>) -> bool {
    // SAFETY: as this function's. Only this field is reached, and only as an atomic.
    let leased = unsafe { AtomicU32::from_ptr((&raw mut (*slot.as_ptr()).leased).cast()) };
    leased.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_ok()
}

/// Makes an empty batch.
///
/// # Safety
/// `place` gave the slot for these numbers, it is the caller's, and nobody else uses it.
pub(crate) unsafe fn make(slot: NonNull<Slot>, events: u32, bytes: usize) -> NonNull<Batch> {
    // SAFETY: `place` says that behind the slot there is room for so many pointers, and behind them for so many bytes; the
    // slot is aligned to more than a pointer. Bytes of C are initialised.
    unsafe {
        let pointers = slot.add(1).cast::<*mut HostEvent>();
        let first = pointers.add(events as usize).cast::<u8>();
        let leased = &raw const (*slot.as_ptr()).leased;
        #[expect(clippy::cast_possible_truncation, reason = "`size` compares it with 32 bits")]
        let lease = Lease::of_memory(first, bytes as u32, pointers, events, leased, give_back);
        let batch = slot.cast::<u8>().add(offset_of!(Slot, batch)).cast::<Batch>();
        batch.write(Batch { seal: batch.addr().get() ^ OWN, payload: WriteView::NONE, events: Foreign::new(lease) });
        batch
    }
}

/// What a batch's lease does when it is dropped.
unsafe fn give_back(leased: *const c_void) {
    // SAFETY: `make` gave this flag, which lies in memory that stays.
    unsafe { (*leased.cast::<AtomicU32>()).store(0, Ordering::Release) }
}

/// The batch that a pointer of C stands for, where it is not lent to the host.
///
/// # Safety
/// Unless it is NULL, memory as large as a batch is readable there, and if it is a batch nobody else uses it.
#[inline(always)]
pub(crate) unsafe fn own<'a>(batch: *mut Batch) -> Result<&'a mut Batch, Failed> {
    let batch = checked(batch)?;
    // SAFETY: not NULL and aligned; only a number is read.
    if unsafe { (*batch.as_ptr()).seal } != batch.addr().get() ^ OWN {
        // SAFETY: as above.
        let lent = unsafe { (*batch.as_ptr()).seal } == batch.addr().get() ^ LENT;
        return Err(Failed(if lent { FALCONET_ERROR_LENT } else { FALCONET_ERROR_BATCH }));
    }
    // SAFETY: a batch that `make` has made; the rest as the caller says.
    Ok(unsafe { &mut *batch.as_ptr() })
}

/// The batch that a pointer of C stands for, lent or not: it is not lent from here on.
///
/// # Safety
/// As [`own`].
unsafe fn take<'a>(batch: *mut Batch) -> Result<&'a mut Batch, Failed> {
    // SAFETY: as this function's; the number belongs to a batch.
    unsafe {
        match own(batch) {
            Err(Failed(FALCONET_ERROR_LENT)) => {
                (*batch).seal = batch.addr() ^ OWN;
                Ok(&mut *batch)
            }
            other => other,
        }
    }
}

/// The batch that a pointer of C stands for, lent or not, to be looked at.
///
/// # Safety
/// As [`own`].
unsafe fn look<'a>(batch: *const Batch) -> Option<&'a Batch> {
    let batch = checked(batch.cast_mut()).ok()?;
    // SAFETY: not NULL and aligned; only a number is read.
    let seal = unsafe { (*batch.as_ptr()).seal } ^ batch.addr().get();
    if seal != OWN && seal != LENT {
        return None;
    }
    // SAFETY: a batch that `make` has made; the rest as the caller says.
    Some(unsafe { batch.as_ref() })
}

/// How many bytes of memory falconet_batch_init needs for a batch of up to `events` events in `bytes` bytes, whatever the
/// memory's alignment is: the value of FALCONET_BATCH_SIZE.
///
/// An event takes the bytes of its payload and 38, rounded up to a multiple of 8. FALCONET_ERROR_ARGUMENT where `events` is
/// 0, or `bytes` less than 38 or more than an event's 32 bits can say; FALCONET_ERROR_SIZE where no memory is so large;
/// FALCONET_ERROR_NULL. `size` is written only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_batch_size(events: u32, bytes: usize, size: *mut usize) -> Code {
    let give = || {
        let out = checked(size)?;
        // SAFETY: the caller's output, not NULL.
        unsafe { out.write(self::size(events, bytes)?) };
        Ok(())
    };
    done(give())
}

/// Makes a batch of up to `events` events in `bytes` bytes, in `size` bytes of memory of any alignment: at least
/// FALCONET_BATCH_SIZE(events, bytes). It is empty, and for events of any size.
///
/// The memory stays the caller's. Nobody else touches it until falconet_batch_give_back, or until the batch is used no more;
/// the host writes to events while they are lent, so it is not const. There is nothing to free.
///
/// FALCONET_ERROR_NULL; FALCONET_ERROR_SIZE where the memory is too small; FALCONET_ERROR_ARGUMENT as falconet_batch_size.
/// `batch` is written only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_batch_init(
    memory: *mut c_void,
    size: usize,
    events: u32,
    bytes: usize,
    batch: *mut *mut Batch,
) -> Code {
    let init = || {
        let out = checked(batch)?;
        // SAFETY: the caller's memory, which nobody else uses, and its output, not NULL.
        unsafe {
            let slot = place(memory, size, events, bytes)?;
            (&raw mut (*slot.as_ptr()).leased).write(AtomicU32::new(1));
            out.write(make(slot, events, bytes).as_ptr());
        }
        Ok(())
    };
    done(init())
}

/// Gives a batch back: to its pool, where it came from one, or else its memory to the caller.
///
/// It is no batch any more: giving it back twice, or using it, is FALCONET_ERROR_BATCH until it is leased again. Do so with
/// a lent one only when the host is done with it: in plugin_close. FALCONET_ERROR_NULL, FALCONET_ERROR_ALIGNMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_batch_give_back(batch: *mut Batch) -> Code {
    let end = || {
        // SAFETY: the caller's batch.
        unsafe {
            let batch = take(batch)?;
            batch.seal = 0;
            batch.payload = WriteView::NONE;
            // The flag is the last that is touched: from then on it may be another thread's.
            core::ptr::drop_in_place(&raw mut batch.events);
        }
        Ok(())
    };
    done(end())
}

/// Uses the batch, emptied, for events one after another, each with a payload of up to `max_payload` bytes.
///
/// `id` is the id of the plugin that the events are of; 0: the host fills in that of the plugin it loaded. FALCONET_ERROR_TOO_LARGE
/// where an empty batch has no room for the largest; FALCONET_ERROR_LENT, FALCONET_ERROR_BATCH, FALCONET_ERROR_NULL.
/// Nothing has changed then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_batch_use_packed(batch: *mut Batch, id: u32, max_payload: u32) -> Code {
    // SAFETY: the caller's batch.
    unsafe {
        done(own(batch).and_then(|batch| {
            batch.events.use_packed(Limits::new(id, max_payload))?;
            batch.payload = WriteView::NONE;
            Ok(())
        }))
    }
}

/// Uses the batch, emptied, for events whose payloads all have `payload` bytes: what an event does not write is zero.
///
/// Their headers are prepared here, once, so an event costs less than one of falconet_batch_use_packed. `id` and errors are
/// as there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_batch_use_slots(batch: *mut Batch, id: u32, payload: u32) -> Code {
    // SAFETY: the caller's batch.
    unsafe {
        done(own(batch).and_then(|batch| {
            batch.events.use_slots(id, payload)?;
            batch.payload = WriteView::NONE;
            Ok(())
        }))
    }
}

/// Uses the batch, emptied, for events whose payloads all have `size` bytes, and stay from batch to batch, all zero at first:
/// falconet_batch_claim_value gives a pointer to write what changes.
///
/// `id` and errors are as for falconet_batch_use_packed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_batch_use_values(batch: *mut Batch, id: u32, size: u32) -> Code {
    // SAFETY: the caller's batch.
    unsafe {
        done(own(batch).and_then(|batch| {
            batch.events.use_values(id, size)?;
            batch.payload = WriteView::NONE;
            Ok(())
        }))
    }
}

/// Takes the batch back from the host, empty. Call it at the beginning of plugin_next_batch: the events that were lent
/// before are the host's until then, and until plugin_close.
///
/// A claimed event is rolled back. A batch that is not lent is emptied, too. FALCONET_ERROR_BATCH, FALCONET_ERROR_NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_batch_take_back(batch: *mut Batch) -> Code {
    // SAFETY: the caller's batch.
    unsafe {
        done(take(batch).map(|batch| {
            batch.payload = WriteView::NONE;
            batch.events.take_back();
        }))
    }
}

/// Lends the committed events to the host: `events` and `count` are the outputs of plugin_next_batch.
///
/// A claimed event is rolled back. From here on the batch is the host's until falconet_batch_take_back:
/// FALCONET_ERROR_LENT for a second time. FALCONET_ERROR_BATCH, FALCONET_ERROR_NULL. Outputs are written only on success,
/// but the host reads them always: set `*count` to 0 at first.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_batch_lend(
    batch: *mut Batch,
    count: *mut u32,
    events: *mut *mut *mut HostEvent,
) -> Code {
    // SAFETY: the caller's batch, and outputs which are not NULL.
    unsafe {
        done(own(batch).and_then(|batch| {
            let (count, events) = (checked(count)?, checked(events)?);
            let (first, lent) = batch.events.lend();
            batch.payload = WriteView::NONE;
            batch.seal ^= OWN ^ LENT;
            count.write(lent);
            events.write(first);
            Ok(())
        }))
    }
}

/// Claims the next event, with room for the largest payload. `payload` points at a write-only view of it, with no content
/// yet, which is the batch's, and no view any more once the event is committed or rolled back.
///
/// FALCONET_FULL, which is no error, where there is no room: lend the batch. FALCONET_ERROR_ARGUMENT where the batch is for
/// falconet_batch_claim_value; FALCONET_ERROR_CLAIMED, FALCONET_ERROR_LENT, FALCONET_ERROR_BATCH, FALCONET_ERROR_NULL. `payload` is written only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_batch_claim(batch: *mut Batch, payload: *mut *mut WriteView) -> Code {
    // SAFETY: as this function's.
    unsafe { done(claim(batch, None, payload)) }
}

/// Claims the next event, with room for a payload of up to `len` bytes; in slots for the whole slot.
///
/// FALCONET_ERROR_TOO_LARGE where it can never fit, FALCONET_FULL where it will when the batch was lent and taken back; for
/// the rest as falconet_batch_claim.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_batch_claim_for(batch: *mut Batch, len: u32, payload: *mut *mut WriteView) -> Code {
    // SAFETY: as this function's.
    unsafe { done(claim(batch, Some(len), payload)) }
}

/// Claims the next event of a batch that falconet_batch_use_values was called for: `value` points at its payload, in which
/// stands what the event before in this place had, all zero at first. It is at no particular alignment. Write to its `size`
/// bytes, and only until the event is committed or rolled back.
///
/// FALCONET_ERROR_ARGUMENT where the batch is for other events; for the rest as falconet_batch_claim. `value` is written only
/// on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_batch_claim_value(batch: *mut Batch, value: *mut *mut u8) -> Code {
    // SAFETY: the caller's batch, and its output, which is not NULL.
    let claim = || unsafe {
        let batch = own(batch)?;
        let out = checked(value)?;
        match batch.events.claim_value() {
            Some(first) => {
                out.write(first.as_ptr());
                Ok(())
            }
            None if !batch.events.keeps_values() => Err(Failed(FALCONET_ERROR_ARGUMENT)),
            None => Err(no_claim(batch)),
        }
    };
    done(claim())
}

/// Why nothing could be claimed.
#[cold]
const fn no_claim(batch: &Batch) -> Failed {
    Failed(if batch.events.claimed().is_some() { FALCONET_ERROR_CLAIMED } else { FALCONET_FULL })
}

/// # Safety
/// As [`falconet_batch_claim`].
#[inline(always)]
pub(crate) unsafe fn claim(batch: *mut Batch, len: Option<u32>, payload: *mut *mut WriteView) -> Result<(), Failed> {
    // SAFETY: the caller's batch, and its output, which is not NULL.
    unsafe {
        let batch = own(batch)?;
        let out = checked(payload)?;
        if batch.events.keeps_values() {
            return Err(Failed(FALCONET_ERROR_ARGUMENT));
        }
        match batch.events.claim(len)? {
            Some((first, room)) => {
                batch.payload = WriteView { ptr: first.as_ptr(), capacity: room as usize, ..WriteView::NONE };
                out.write(&raw mut batch.payload);
                Ok(())
            }
            None => Err(no_claim(batch)),
        }
    }
}

/// Makes the claimed event the batch's next: what was written is its payload, `ts` its time in nanoseconds since 1970-01-01
/// UTC, or UINT64_MAX for the time at which the host takes it.
///
/// FALCONET_ERROR_NOT_CLAIMED where none is claimed, as when it was committed already; FALCONET_ERROR_VIEW where the fields
/// of its view were changed: it stays claimed then. FALCONET_ERROR_LENT, FALCONET_ERROR_BATCH, FALCONET_ERROR_NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_batch_commit(batch: *mut Batch, ts: u64) -> Code {
    // SAFETY: the caller's batch. So much as the view's length was written through the view.
    unsafe {
        done(own(batch).and_then(|batch| {
            if batch.events.commit_value(Timestamp::from_nanos(ts)) {
                return Ok(());
            }
            let Some((first, room)) = batch.events.claimed() else { return Err(Failed(FALCONET_ERROR_NOT_CLAIMED)) };
            let WriteView { ptr, len, capacity, touched, .. } = batch.payload;
            let of_claim = ptr == first.as_ptr() && capacity == room as usize;
            if !of_claim || !batch.events.commit(Timestamp::from_nanos(ts), len, touched) {
                return Err(Failed(FALCONET_ERROR_VIEW));
            }
            batch.payload.ptr = core::ptr::null_mut();
            Ok(())
        }))
    }
}

/// Gives up the claimed event.
///
/// FALCONET_ERROR_NOT_CLAIMED, FALCONET_ERROR_LENT, FALCONET_ERROR_BATCH, FALCONET_ERROR_NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_batch_roll_back(batch: *mut Batch) -> Code {
    // SAFETY: the caller's batch.
    unsafe {
        done(own(batch).and_then(|batch| {
            if !batch.events.roll_back(batch.payload.touched) {
                return Err(Failed(FALCONET_ERROR_NOT_CLAIMED));
            }
            batch.payload = WriteView::NONE;
            Ok(())
        }))
    }
}

/// How many events are committed; 0 for what is no batch.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_batch_len(batch: *const Batch) -> u32 {
    // SAFETY: the caller's batch, or NULL.
    unsafe { look(batch).map_or(0, |batch| u32::try_from(batch.events.len()).unwrap_or(u32::MAX)) }
}

/// Bytes of the largest payload, in slots of every one; 0 for what is no batch.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_batch_max_payload(batch: *const Batch) -> u32 {
    // SAFETY: the caller's batch, or NULL.
    unsafe { look(batch).map_or(0, |batch| batch.events.max_payload()) }
}
