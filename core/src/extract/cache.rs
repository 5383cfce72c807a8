// SPDX-License-Identifier: Apache-2.0
//! What an event was decoded to, kept while the host asks for field after field of it (rule 5.2).
#![expect(
    unsafe_code,
    reason = "the kept value starts uninitialised: `None` of some types is not all zero, and `.bss` is"
)]

use core::mem::MaybeUninit;

use crate::event::Event;

/// The event that a decoded value belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    number: u64,
    event: usize,
    ts: u64,
    len: usize,
}

impl Key {
    /// Matches no event.
    pub(super) const NONE: Self = Self { number: 0, event: 0, ts: 0, len: 0 };

    #[inline]
    pub(super) fn new(number: u64, event: &Event<'_>) -> Self {
        let bytes = event.as_bytes();
        Self { number, event: bytes.as_ptr() as usize, ts: event.timestamp().raw(), len: bytes.len() }
    }
}

/// The last event that was decoded, and what to. All zero at its start.
pub(super) struct Cache<D> {
    /// `number` 0 is the host's for synthetic events, which are all alike: it never matches.
    key: Key,
    /// Whether `decoded` is initialised: decoding may have given nothing.
    some: bool,
    decoded: MaybeUninit<D>,
}

impl<D: Copy> Cache<D> {
    pub(super) const fn new() -> Self {
        Self { key: Key::NONE, some: false, decoded: MaybeUninit::uninit() }
    }

    pub(super) fn forget(&mut self) {
        self.key.number = 0;
    }

    /// The decoded event, from `decode` where it is not the one that is kept.
    #[inline]
    pub(super) fn get(&mut self, key: Key, decode: impl FnOnce() -> Option<D>) -> Option<&D> {
        if key.number == 0 || self.key != key {
            let decoded = decode();
            self.key = key;
            self.some = decoded.is_some();
            if let Some(decoded) = decoded {
                self.decoded.write(decoded);
            }
        }
        if !self.some {
            return None;
        }
        // SAFETY: `some` is set only when `decoded` is written.
        Some(unsafe { self.decoded.assume_init_ref() })
    }
}
