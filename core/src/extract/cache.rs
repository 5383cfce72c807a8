// SPDX-License-Identifier: Apache-2.0
//! What an event was decoded to, kept while the host asks for field after field of it (rule 5.2).
#![expect(unsafe_code, reason = "the kept value starts uninitialised, so that a static one lies in `.bss`")]

use core::mem::MaybeUninit;

use crate::event::{Alleged, Event, PAYLOAD_OFFSET};

/// The last event that was decoded, and what to. All zero at its start.
///
/// An event that decodes to nothing is not kept.
pub(super) struct Cache<D> {
    /// An event of number 0, one of the host's synthetic ones, which are all alike, is never found again.
    number: u64,
    /// 0 while none is kept: no event is at this address.
    event: usize,
    ts: u64,
    /// Its length, for a plugin event as every SDK writes it; for any other one with [`OTHER`] added.
    len: u64,
    decoded: MaybeUninit<D>,
}

const OTHER: u64 = 1 << 63;

impl<D: Copy> Cache<D> {
    pub(super) const fn new() -> Self {
        Self { number: 0, event: 0, ts: 0, len: 0, decoded: MaybeUninit::uninit() }
    }

    pub(super) const fn forget(&mut self) {
        self.event = 0;
    }

    /// What the alleged event was decoded to, where it is the kept one: its lengths need no second check. `PLAIN`: a plugin
    /// event as every SDK writes it, whose payload begins at byte [`PAYLOAD_OFFSET`]; else one without a payload.
    #[inline(always)]
    pub(super) fn get<const PLAIN: bool>(&self, number: u64, alleged: Alleged<'_>) -> Option<&D> {
        let bytes = alleged.as_bytes();
        let same = self.number == number
            && self.event == bytes.as_ptr() as usize
            && self.ts == alleged.ts()
            && self.len == bytes.len() as u64 | if PLAIN { 0 } else { OTHER }
            && number != 0;
        if size_of::<D>() == 0 || !same {
            return None;
        }
        // SAFETY: an event is kept only together with a decoded value.
        Some(unsafe { self.decoded.assume_init_ref() })
    }

    /// Keeps an event and what it was decoded to.
    #[inline(always)]
    pub(super) fn keep(&mut self, number: u64, event: &Event<'_>, decoded: D) -> &D {
        if size_of::<D>() != 0 {
            let (bytes, payload) = (event.as_bytes(), event.payload());
            let plain = !payload.is_empty() && payload.len() + PAYLOAD_OFFSET == bytes.len();
            let keep = plain || payload.is_empty();
            self.number = number;
            self.event = if keep { bytes.as_ptr() as usize } else { 0 };
            self.ts = event.timestamp().raw();
            self.len = bytes.len() as u64 | if plain { 0 } else { OTHER };
        }
        self.decoded.write(decoded)
    }

    /// What the present call's event was decoded to.
    ///
    /// # Safety
    /// This call has got it from [`Cache::get`], or kept it.
    #[inline]
    pub(super) const unsafe fn decoded(&self) -> &D {
        // SAFETY: as the caller says.
        unsafe { self.decoded.assume_init_ref() }
    }
}
