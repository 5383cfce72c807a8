// SPDX-License-Identifier: Apache-2.0
//! What a host gives to a plugin: events in memory that ends where they end, and structs full of poison.

use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;

use arbitrary::{Result, Unstructured};
use falconet::Timestamp;
use falconet::abi;
use falconet::event::write_raw;
use falconet::view::WriteView;

/// What stands in every byte that a host need not set.
const POISON: u8 = 0xA5;

/// A value of which every byte is poison. For C structs, which any bytes are.
pub(crate) fn poison<T: Copy>() -> T {
    let mut value = MaybeUninit::<T>::uninit();
    // SAFETY: the bytes of `value`; the types asked for are C structs of integers, pointers and `Option`s of functions.
    unsafe {
        value.as_mut_ptr().cast::<u8>().write_bytes(POISON, size_of::<T>());
        value.assume_init()
    }
}

/// The text behind a pointer that a plugin gave. It may be of the host's own bytes, which need be no UTF-8.
pub(crate) fn text<'a>(pointer: *const c_char) -> &'a [u8] {
    assert!(!pointer.is_null(), "the plugin gave NULL where a text is due");
    // SAFETY: the plugin says that it is a C string.
    unsafe { CStr::from_ptr(pointer) }.to_bytes()
}

/// An event as a host gives it: in memory of its own, which begins anywhere and ends where its header says.
pub(crate) struct Given {
    memory: Box<[u8]>,
    start: usize,
    /// Its bytes were changed after they were asked about, which no host does: values may be those of before.
    pub(crate) changed: bool,
}

impl Given {
    /// The event that `bytes` are, with a length that is true; `shift` bytes of other memory stand before it.
    pub(crate) fn new(bytes: &[u8], shift: usize) -> Self {
        let mut bytes = bytes.to_vec();
        bytes.resize(bytes.len().max(26), 0);
        let len = u32::from_ne_bytes(bytes[16..20].try_into().unwrap()) as usize;
        if len > bytes.len() {
            let len = u32::try_from(bytes.len()).unwrap();
            bytes[16..20].copy_from_slice(&len.to_ne_bytes());
        }
        bytes.truncate(len.max(26));
        let start = shift % 8;
        Self { memory: [&[0; 8][..start], &bytes].concat().into(), start, changed: false }
    }

    /// Any bytes, or a plugin event with something wrong now and then.
    pub(crate) fn any(u: &mut Unstructured<'_>) -> Result<Self> {
        let shift = u.int_in_range(0..=7)?;
        let len = u.int_in_range(0..=120)?;
        let payload = u.bytes(len.min(u.len()))?;
        if u.ratio(1, 4)? {
            return Ok(Self::new(payload, shift));
        }
        let event_type = if u.ratio(1, 8)? { u.int_in_range(320..=325)? } else { 322 };
        let ts = Timestamp::from_nanos(u.int_in_range(0..=2)?);
        // A later host may have more of them (rule 3.5).
        let parameters: [&[u8]; 3] = [&999u32.to_ne_bytes(), payload, b"more"];
        let parameters = if u.ratio(1, 8)? { &parameters[..] } else { &parameters[..2] };
        let mut memory = [0; 200];
        let len = write_raw(&mut WriteView::new(&mut memory), ts, None, event_type, parameters).unwrap();
        let bytes = &mut memory[..len];
        if u.ratio(1, 4)? {
            // In the lengths, most of all.
            for _ in 0..u.int_in_range(1..=3)? {
                let at = if u.arbitrary()? { u.int_in_range(16..=33)? } else { u.choose_index(len)? };
                bytes[at] = u.arbitrary()?;
            }
        }
        Ok(Self::new(bytes, shift))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.memory[self.start..]
    }

    /// Whether it has as many parameters as a plugin event has today, so that its payload begins at byte 38.
    pub(crate) fn is_of_today(&self) -> bool {
        self.bytes()[22..26] == 2u32.to_ne_bytes()
    }

    /// The host's struct of it.
    pub(crate) fn input(&self, number: u64, source: bool) -> abi::EventInput {
        let evtsrc = if source { c"hostile".as_ptr() } else { std::ptr::null() };
        abi::EventInput { evt: self.bytes().as_ptr().cast(), evtnum: number, evtsrc }
    }

    /// Changes a byte of it, but not its length.
    pub(crate) fn change(&mut self, at: usize, byte: u8) {
        let event = &mut self.memory[self.start..];
        let at = at % event.len();
        if !(16..20).contains(&at) {
            event[at] = byte;
            self.changed = true;
        }
    }
}
