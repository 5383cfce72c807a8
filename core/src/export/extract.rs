// SPDX-License-Identifier: Apache-2.0
//! Behind the symbols of the extraction capability.
#![expect(unsafe_code, reason = "called by the host with bare pointers")]
#![expect(clippy::must_use_candidate, reason = "called by the host")]

use core::ffi::{c_char, c_void};
use core::ptr::{null, null_mut};

use super::ExportedExtract;
use super::shell::StateOf;
use super::state::{self, Rc};
use crate::abi::{self, FAILURE, SUCCESS};
use crate::event::{Alleged, Event, PLUGIN_EVENT};
use crate::extract::{Dropped, Extract, Filled, Memory, Offsets, Request, getter, is_plain, may_drop};
use crate::tables::Access;

/// `plugin_extract_fields`. Every output of the request is written on every path (rule 5.3). A call that fails, for a state
/// or an event that is no good or a field that there is none of, gives no value at all.
///
/// What the real host asks goes straight through: one field (rule 5.1) of a plugin event as every SDK writes it.
///
/// # Safety
/// The host's contract of the symbol: pointers are NULL or valid for the call; the values of the call before the last
/// are used no more.
#[inline]
pub unsafe extern "C" fn extract_fields<T: ExportedExtract>(
    plugin: *mut c_void,
    event: *const abi::EventInput,
    asked: *const abi::FieldExtractInput,
) -> Rc {
    if asked.is_null() {
        return FAILURE;
    }
    // SAFETY: as this function's.
    let Some((state, plugin, input)) = (unsafe { parts::<T>(plugin, event) }) else {
        // SAFETY: as this function's, and not NULL.
        return unsafe { refuse(asked, T::OFFSETS) };
    };
    // One guard for all that the author wrote: a panic in it leaves no value of the call.
    // SAFETY: as this function's, and not NULL.
    unsafe {
        match T::guard(state::pointer(state), || answer(state, plugin, input, asked)) {
            Some(rc) => rc,
            None => refuse(asked, T::OFFSETS),
        }
    }
}

/// Extracts from an event of the host's.
///
/// # Safety
/// As [`extract_fields`]; the state is live, `asked` and the event not NULL.
#[inline(always)]
unsafe fn answer<T: ExportedExtract>(
    state: &'static StateOf<T>,
    plugin: &'static T,
    input: &abi::EventInput,
    asked: *const abi::FieldExtractInput,
) -> Rc {
    // SAFETY: an event of the host, valid for the call, and not NULL.
    let alleged = unsafe { Alleged::from_ptr(input.evt).unwrap_unchecked() };
    // SAFETY: the host extracts on one thread at a time for a state (rule 8.2); the reference ends with this call.
    let decoded = match unsafe { state.extraction.kept::<true>(input.evtnum, alleged) } {
        Some(decoded) => decoded,
        None => {
            let Some(event) = Event::plain(alleged.as_bytes()) else {
                // SAFETY: as this function's, and not NULL.
                return unsafe { any_event(state, input, asked) };
            };
            let Some(decoded) = plugin.decode(&event) else {
                // SAFETY: as above.
                return unsafe { refuse(asked, T::OFFSETS) };
            };
            // SAFETY: as for `kept`, whose reference is gone.
            unsafe { state.extraction.keep(input.evtnum, &event, decoded) }
        }
    };
    // Made again, so that what it needs is computed where it is used.
    // SAFETY: a plain event, as was checked now or when it was kept.
    let event = unsafe { alleged.plain_again() };
    if const { may_drop::<T>() } {
        // SAFETY: as for `kept`.
        unsafe { state.extraction.begin_call() };
    }
    // SAFETY: not NULL, so the host's struct, of which only members of the claimed version are read (rule 1.5); what is
    // called has this function's contract, and an event that was decoded.
    unsafe {
        if (*asked).num_fields != 1 || (T::OFFSETS && !(*asked).value_offsets.is_null()) {
            return several(state, input, asked, event.payload());
        }
        let field = (*asked).fields;
        if field.is_null() {
            return refuse(asked, T::OFFSETS);
        }
        extract::<T, false>(&Call { state, plugin, input, asked, event, decoded }, field)
    }
}

/// The state, its plugin, and the input of a call; `None` where one of them or the event is NULL, or the state not live.
///
/// # Safety
/// As [`extract_fields`].
#[inline(always)]
unsafe fn parts<'a, T: ExportedExtract>(
    plugin: *mut c_void,
    event: *const abi::EventInput,
) -> Option<(&'static StateOf<T>, &'static T, &'a abi::EventInput)> {
    // SAFETY: the state is the host's from init, or NULL; the input is NULL, or the host's, valid for the call.
    unsafe {
        let (state, plugin) = StateOf::<T>::live(plugin)?;
        let input = event.as_ref().filter(|input| !input.evt.is_null())?;
        Some((state, plugin, input))
    }
}

/// Extracts from an event that is none as every SDK writes it.
///
/// # Safety
/// As [`extract_fields`]; the state is live, `asked` not NULL.
#[cold]
#[inline(never)]
unsafe fn any_event<T: ExportedExtract>(
    state: &'static StateOf<T>,
    input: &abi::EventInput,
    asked: *const abi::FieldExtractInput,
) -> Rc {
    // SAFETY: an event of the host, or NULL.
    let alleged = unsafe { Alleged::from_ptr(input.evt) };
    let event = alleged.and_then(|alleged| {
        let only_plugin_events = const { matches!(T::EVENT_TYPES, [PLUGIN_EVENT]) };
        let event = if only_plugin_events {
            alleged.check_plugin_event()?
        } else {
            // SAFETY: the host extracts on one thread at a time for a state (rule 8.2); the reference ends here.
            if unsafe { state.extraction.kept::<false>(input.evtnum, alleged) }.is_some() {
                return Some(alleged.with_payload(&[]));
            }
            alleged.check_any()?
        };
        // SAFETY: the state is live, as the caller says; for the rest as above.
        unsafe {
            let decoded = state.plugin().decode(&event)?;
            state.extraction.keep(input.evtnum, &event, decoded);
            if only_plugin_events {
                // Only plain events are looked for: of this one nothing need be kept but what it is decoded to.
                state.extraction.forget();
            }
        }
        Some(event)
    });
    // SAFETY: as this function's; the event was decoded.
    unsafe {
        match event {
            Some(event) => {
                state.extraction.begin_call();
                several(state, input, asked, event.payload())
            }
            None => refuse(asked, T::OFFSETS),
        }
    }
}

/// Gives no values, because the call, the state or the event is no good.
///
/// # Safety
/// As [`extract_fields`]; `asked` is not NULL.
#[cold]
#[inline(never)]
unsafe fn refuse(asked: *const abi::FieldExtractInput, offsets: bool) -> Rc {
    // SAFETY: the host's struct, of which only members of the claimed version are read (rule 1.5), with its
    // out-parameter, and the places of `count` requests.
    unsafe {
        let (places, count) = places_of(asked);
        if offsets {
            state::set((*asked).value_offsets, NO_OFFSETS);
        }
        if places.is_null() {
            return if count == 0 { SUCCESS } else { FAILURE };
        }
        for index in 0..count as usize {
            give(core::hint::black_box(places.add(index)), Filled::NONE); // or eight at a time
        }
    }
    FAILURE
}

/// Where the requests of a call are, and how many. Volatile, or the compiler reads them before calls that need them, and moves
/// the caller's registers for it.
///
/// # Safety
/// As [`extract_fields`]; `asked` is not NULL.
#[inline(always)]
unsafe fn places_of(asked: *const abi::FieldExtractInput) -> (*mut abi::ExtractField, u32) {
    // SAFETY: the host's struct, of which only members of the claimed version are read (rule 1.5).
    unsafe { ((&raw const (*asked).fields).read_volatile(), (&raw const (*asked).num_fields).read_volatile()) }
}

const NO_OFFSETS: abi::ExtractValueOffsets = abi::ExtractValueOffsets { start: null_mut(), length: null_mut() };

/// Extracts any number of fields of an event with this payload, with the offsets of their values where they are asked for.
///
/// # Safety
/// As [`extract_fields`]; the state is live, `asked` not NULL; `input`'s event was checked and decoded, and the call begun.
#[inline(never)]
unsafe fn several<T: ExportedExtract>(
    state: &'static StateOf<T>,
    input: *const abi::EventInput,
    asked: *const abi::FieldExtractInput,
    payload: &[u8],
) -> Rc {
    // SAFETY: as this function's.
    let (places, count) = unsafe { places_of(asked) };
    if places.is_null() {
        // SAFETY: as this function's.
        return unsafe { refuse(asked, T::OFFSETS) };
    }
    // SAFETY: the state is live, its event not NULL and decoded; the host extracts on one thread at a time for a state
    // (rule 8.2).
    let call = unsafe {
        let event = Alleged::from_ptr((*input).evt).unwrap_unchecked().with_payload(payload);
        let decoded = state.extraction.present_decoded();
        Call { state, plugin: state.plugin(), input: &*input, asked, event, decoded }
    };
    let mut offsets = null_mut();
    if T::OFFSETS {
        // SAFETY: the host's struct and out-parameter; as in `extract`, and the reference ends here.
        unsafe {
            offsets = (*asked).value_offsets;
            if count as usize > state.extraction.present().offsets_len() {
                // The host indexes them by field: none are better than too few.
                state::set(offsets, NO_OFFSETS);
                offsets = null_mut();
            }
        }
    }
    let mut field = places;
    for index in 0..count as usize {
        // SAFETY: as in `extract`; the reference ends before.
        let results = unsafe { state.extraction.present() };
        if const { may_drop::<T>() } {
            results.set_dropped(Dropped::No);
        }
        if !offsets.is_null() {
            results.wanted = if count == 1 { Offsets::Values } else { Offsets::Field(index) };
            results.note(0, (0, 0));
        }
        // SAFETY: one of the requests; the rest as this function's.
        unsafe {
            let rc = if T::OFFSETS { extract::<T, true>(&call, field) } else { extract::<T, false>(&call, field) };
            if rc != SUCCESS {
                if T::OFFSETS {
                    state.extraction.present().wanted = Offsets::None;
                }
                return refuse(asked, T::OFFSETS);
            }
            field = field.add(1);
        }
    }
    if !offsets.is_null() {
        // SAFETY: as in `extract`; the reference ends with this call.
        let results = unsafe { state.extraction.present() };
        results.wanted = Offsets::None;
        let (start, length) = results.offsets();
        // SAFETY: not NULL, so the host's struct.
        unsafe { offsets.write(abi::ExtractValueOffsets { start, length }) };
    }
    SUCCESS
}

/// What every field of a call needs.
struct Call<'a, T: ExportedExtract> {
    state: &'static StateOf<T>,
    plugin: &'static T,
    input: &'a abi::EventInput,
    /// For the tables' functions in it, where they are used.
    asked: *const abi::FieldExtractInput,
    event: Event<'a>,
    decoded: &'a T::Decoded,
}

/// Extracts one field and writes its outputs.
///
/// # Safety
/// As [`extract_fields`]; `field` is one request of the host's.
#[inline(always)]
unsafe fn extract<T: ExportedExtract, const NOTE: bool>(call: &Call<'_, T>, field: *mut abi::ExtractField) -> Rc {
    // SAFETY: one request of the host's, whose inputs are set.
    let id = unsafe { (*field).field_id };
    // SAFETY: the request and its texts are the host's, valid for the call; the host extracts on one thread at a time for a
    // state (rule 8.2), and the reference to the results ends with this call.
    let mut request = unsafe { Request::new(call.event, call.input, field, call.state.extraction.present()) };
    // SAFETY: the host's input, valid for the call, of which only members of the claimed version are read (rule 1.5).
    let access = T::session_of(call.state).map(|session| unsafe {
        let asked = &*call.asked;
        Access::new(session.get(), asked.table_reader_ext, null(), asked.owner, asked.get_owner_last_error)
    });
    request.tables = access.as_ref();
    let filled = dispatch::<T, NOTE>(id, call, &mut request);
    // SAFETY: one request of the host's.
    unsafe { give(field, filled) };
    if filled.count > 0 {
        return SUCCESS;
    }
    if const { may_drop::<T>() } {
        // SAFETY: as this function's.
        unsafe { count_dropped::<T>(call.state, field) };
    }
    if (id as usize) < T::FIELDS.len() { SUCCESS } else { FAILURE }
}

/// Writes a request's outputs.
///
/// # Safety
/// `field` is one request of the host's, whose outputs may be uninitialised.
#[inline]
unsafe fn give(field: *mut abi::ExtractField, filled: Filled) {
    // SAFETY: writable as the caller says; the outputs are written, not read.
    unsafe {
        (&raw mut (*field).res_len).write(filled.count);
        (&raw mut (*field).res).write(abi::ExtractResult { u64: filled.values.cast() });
    }
}

/// Counts a value that was made but not handed over.
///
/// # Safety
/// As [`extract_fields`]; `field` is one request of the host's.
#[inline(never)]
unsafe fn count_dropped<T: ExportedExtract>(state: &'static StateOf<T>, field: *mut abi::ExtractField) {
    // SAFETY: the host extracts on one thread at a time for a state (rule 8.2); the reference ends here.
    let results = unsafe { state.extraction.present() };
    if results.dropped() != Dropped::No {
        // SAFETY: one request of the host's, with NULL or the field's name as the host has it from `get_fields`, valid
        // for the call.
        let name = unsafe { state::text_or_empty((*field).field) };
        state.head.shared.value_dropped(name.to_bytes(), results.dropped().why());
        results.set_dropped(Dropped::No);
    }
}

/// Calls the function of field `id`: directly for the first 64, each arm known at compile time.
#[inline(always)]
fn dispatch<T: ExportedExtract, const NOTE: bool>(id: u32, call: &Call<'_, T>, request: &mut Request<'_>) -> Filled {
    macro_rules! arms {
        ($($arm:literal)*) => {
            match id {
                $( $arm => {
                    if const { is_plain::<T>($arm) } {
                        request.place = call.state.extraction.place($arm);
                    }
                    (const { getter::<T, NOTE>($arm) })(call.plugin, call.decoded, request)
                } )*
                more => match T::GETTERS.get(more as usize) {
                    Some(get) => get(call.plugin, call.decoded, request),
                    None => Filled::NONE,
                },
            }
        };
    }
    arms!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63)
}

/// Checks at compile time what event types a plugin declares; `schema`: it exports an event schema version.
pub const fn check_event_types<T: Extract>(schema: bool) {
    check_types(T::EVENT_TYPES, schema);
}

/// Checks at compile time a declared list of event types.
#[expect(clippy::panic, reason = "evaluated at compile time: a panic is a compile error")]
pub(super) const fn check_types(types: &[u16], schema: bool) {
    if types.is_empty() {
        panic!(
            "the list of event types is empty, which is every type to the host (rule 2.1): name them, or leave it out for plugin events"
        );
    }
    assert!(types.len() <= u16::MAX as usize, "there are more event types in the list than there are");
    let mut rest = types;
    while let [first, more @ ..] = rest {
        if *first != PLUGIN_EVENT && !schema {
            panic!(
                "the list of event types has others than plugin events: write `impl falconet::EventSchema` and name `event_schema` in `export!`, or the host refuses the plugin (rule 2.2)"
            );
        }
        rest = more;
    }
}

/// `plugin_get_fields`.
///
/// # Safety
/// None: it is what the host calls.
pub unsafe extern "C" fn fields<T: ExportedExtract>() -> *const c_char {
    T::FIELDS_JSON.as_ptr().cast()
}

/// `plugin_get_extract_event_sources`.
///
/// # Safety
/// None: it is what the host calls.
pub unsafe extern "C" fn event_sources<T: ExportedExtract>() -> *const c_char {
    T::SOURCES.as_ptr().cast()
}

/// `plugin_get_extract_event_types` (rule 2.1): always some.
///
/// # Safety
/// The host's contract of the symbol: `count` is NULL or writable.
pub unsafe extern "C" fn event_types<T: Extract>(count: *mut u32, _state: *mut c_void) -> *mut u16 {
    // SAFETY: as this function's.
    unsafe { give_types(T::EVENT_TYPES, count) }
}

/// A list of types for the host, which reads it only.
///
/// # Safety
/// `count` is NULL or writable.
pub(super) unsafe fn give_types(types: &'static [u16], count: *mut u32) -> *mut u16 {
    #[expect(clippy::cast_possible_truncation, reason = "`check_types` compares it with u16")]
    let len = types.len() as u32;
    // SAFETY: the host's out-parameter.
    unsafe { state::set(count, len) };
    types.as_ptr().cast_mut()
}
