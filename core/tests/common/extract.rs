// SPDX-License-Identifier: Apache-2.0
//! The host's side of extraction: requests full of poison in, values out.
#![expect(clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

use std::ffi::{CStr, c_char, c_void};
use std::ptr::null;

use falconet::abi;

use super::{POISON_PTR, State, c, poison, text};

unsafe extern "C" {
    pub(crate) fn plugin_get_fields() -> *const c_char;
    pub(crate) fn plugin_get_extract_event_sources() -> *const c_char;
    pub(crate) fn plugin_get_extract_event_types(count: *mut u32, state: *mut c_void) -> *const u16;
    pub(crate) fn plugin_extract_fields(
        state: *mut c_void,
        event: *const abi::EventInput,
        input: *const abi::FieldExtractInput,
    ) -> abi::Rc;
}

/// A field that is asked, with its argument.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) id: u32,
    pub(crate) key: Option<&'a CStr>,
    pub(crate) index: Option<u64>,
    pub(crate) present: bool,
}

/// Field `id` without argument.
pub(crate) const fn ask(id: u32) -> Ask<'static> {
    Ask { id, key: None, index: None, present: false }
}

/// Field `id` with an argument, as libsinsp sends it: the key of fields that take keys, the index of numbers.
pub(crate) const fn ask_with(id: u32, key: Option<&CStr>, index: Option<u64>) -> Ask<'_> {
    Ask { id, key, index, present: true }
}

/// What is said of value offsets in a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offsets {
    /// The member is older than this host: it holds what stood on the stack.
    Garbage,
    /// NULL: not wanted.
    No,
    /// Wanted.
    Wanted,
}

/// A request's struct for field after field, poison but for what the real host sets (rule 5.3).
pub(crate) fn request(ask: &Ask<'_>, name: &CStr) -> abi::ExtractField {
    abi::ExtractField {
        field_id: ask.id,
        field: name.as_ptr(),
        arg_key: ask.key.map_or(null(), CStr::as_ptr),
        arg_index: ask.index.unwrap_or(u64::MAX),
        arg_present: u32::from(ask.present),
        flist: 64,
        ..poison()
    }
}

/// A call's outputs.
pub(crate) struct Answer {
    pub(crate) rc: abi::Rc,
    pub(crate) fields: Vec<abi::ExtractField>,
    pub(crate) offsets: abi::ExtractValueOffsets,
}

/// `plugin_extract_fields` of any event; every output must have been written.
pub(crate) fn extract_raw(
    state: *mut c_void,
    event: *const abi::EventInput,
    asks: &[Ask<'_>],
    offsets: Offsets,
) -> Answer {
    let name = c("the.field");
    let mut fields: Vec<_> = asks.iter().map(|ask| request(ask, &name)).collect();
    let mut value_offsets: abi::ExtractValueOffsets = poison();
    let input = abi::FieldExtractInput {
        num_fields: u32::try_from(fields.len()).unwrap_or(u32::MAX),
        fields: fields.as_mut_ptr(),
        value_offsets: match offsets {
            Offsets::Garbage => std::ptr::without_provenance_mut(POISON_PTR),
            Offsets::No => std::ptr::null_mut(),
            Offsets::Wanted => &raw mut value_offsets,
        },
        ..poison()
    };
    // SAFETY: as the API says: structs and texts live for the call.
    let rc = unsafe { plugin_extract_fields(state, event, &raw const input) };
    for field in &fields {
        assert_ne!(field.res_len, poison::<u64>(), "res_len has not been written");
        // SAFETY: any bytes are a pointer to compare.
        let values = unsafe { field.res.u64 };
        assert_ne!(values as usize, POISON_PTR, "res has not been written");
        assert_eq!(values.is_null(), field.res_len == 0);
    }
    Answer { rc, fields, offsets: value_offsets }
}

/// `plugin_extract_fields` of an event's bytes.
pub(crate) fn extract(state: &State, number: u64, event: &[u8], asks: &[Ask<'_>]) -> Answer {
    let input = abi::EventInput { evt: event.as_ptr().cast(), evtnum: number, evtsrc: c"test".as_ptr() };
    extract_raw(state.ptr, &raw const input, asks, Offsets::Garbage)
}

/// As [`extract`], with value offsets, which the host wants or not.
pub(crate) fn extract_with_offsets(state: &State, event: &[u8], asks: &[Ask<'_>], offsets: Offsets) -> Answer {
    let input = abi::EventInput { evt: event.as_ptr().cast(), evtnum: 1, evtsrc: c"test".as_ptr() };
    extract_raw(state.ptr, &raw const input, asks, offsets)
}

impl Answer {
    /// How many values field `i` of the request has.
    pub(crate) fn count(&self, i: usize) -> usize {
        usize::try_from(self.fields[i].res_len).unwrap_or(usize::MAX)
    }

    /// The values of field `i` as they stand in the host's array.
    pub(crate) fn cells<T: Copy>(&self, i: usize) -> Vec<T> {
        // SAFETY: the plugin gave so many values of the field's type.
        let values: *const T = unsafe { self.fields[i].res.u64 }.cast::<T>();
        assert!(values.is_aligned());
        // SAFETY: as above.
        (0..self.count(i)).map(|at| unsafe { values.add(at).read() }).collect()
    }

    pub(crate) fn u64s(&self, i: usize) -> Vec<u64> {
        self.cells(i)
    }

    pub(crate) fn bools(&self, i: usize) -> Vec<abi::Bool> {
        self.cells(i)
    }

    /// Strings are read with strlen (rule 5.6).
    pub(crate) fn strings(&self, i: usize) -> Vec<String> {
        self.cells::<*const c_char>(i).into_iter().map(text).collect()
    }

    /// Where the strings are.
    pub(crate) fn string_addresses(&self, i: usize) -> Vec<usize> {
        self.cells::<usize>(i)
    }

    /// Addresses and nets, as their bytes.
    pub(crate) fn buffers(&self, i: usize) -> Vec<Vec<u8>> {
        let buffers = self.cells::<abi::ByteBuffer>(i);
        // SAFETY: the plugin gave so many bytes.
        let bytes = |b: abi::ByteBuffer| unsafe { std::slice::from_raw_parts(b.ptr.cast::<u8>(), b.len as usize) };
        buffers.into_iter().map(|buffer| bytes(buffer).to_vec()).collect()
    }

    /// Start and length of value `i`, as the host indexes them (rule 5.7).
    pub(crate) fn offset(&self, i: usize) -> (u32, u32) {
        // SAFETY: the plugin gave arrays of at least as many elements as there are values.
        unsafe { (*self.offsets.start.add(i), *self.offsets.length.add(i)) }
    }
}
