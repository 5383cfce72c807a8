// SPDX-License-Identifier: Apache-2.0
//! The functions of a plugin as a hostile host calls them: in any order, with any events, NULLs and requests. What is the
//! host's to keep is kept: what pointers point at is there, and is as long as it says.
#![no_main]
#![expect(unsafe_code, reason = "a host calls a plugin through C functions")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what fails here is found")]

mod given;
mod hostile;
mod values;

use std::collections::BTreeMap;
use std::ffi::{CString, c_char, c_void};
use std::ptr::{null, null_mut};

use arbitrary::{Result, Unstructured};
use falconet::Event;
use falconet::abi;
use libfuzzer_sys::fuzz_target;

use given::{Given, poison, text};
use hostile::hostile_plugin as api;

/// No rc of the API.
const POISON_RC: abi::Rc = 0x5A5A_5A5A;

/// A host: what it was given, and what of it is still open.
#[derive(Default)]
struct Host {
    /// Every state there was; `true` while it is alive.
    states: BTreeMap<*mut c_void, bool>,
    /// Of failed inits, and not destroyed.
    failed: Vec<*mut c_void>,
    /// Every instance there was, and the state that has it open.
    instances: BTreeMap<*mut c_void, Option<*mut c_void>>,
    events: Vec<Given>,
}

/// One of them, or NULL.
fn any_of(u: &mut Unstructured<'_>, keys: impl ExactSizeIterator<Item = *mut c_void>) -> Result<*mut c_void> {
    let n = u.int_in_range(0..=keys.len())?;
    Ok(keys.into_iter().nth(n).unwrap_or(null_mut()))
}

/// A short text, which may be NULL.
fn any_text(u: &mut Unstructured<'_>) -> Result<Option<CString>> {
    let len = u.int_in_range(0..=130)?;
    let mut bytes = u.bytes(len.min(u.len()))?.to_vec();
    bytes.retain(|byte| *byte != 0);
    Ok(if u.ratio(1, 16)? { None } else { CString::new(bytes).ok() })
}

fn pointer(text: Option<&CString>) -> *const c_char {
    text.map_or(null(), |text| text.as_ptr())
}

fn last_error(state: *mut c_void) {
    // SAFETY: NULL or what init gave.
    text(unsafe { api.get_last_error.unwrap()(state) });
}

impl Host {
    fn is_live(&self, state: *mut c_void) -> bool {
        self.states.get(&state) == Some(&true)
    }

    fn init(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let config = any_text(u)?;
        let input = abi::InitInput { config: pointer(config.as_ref()), tables: null(), log_fn: None, ..poison() };
        let input = if u.ratio(1, 16)? { null() } else { &raw const input };
        let mut rc = POISON_RC;
        // SAFETY: NULL, or a struct and a text that live for the call.
        let state = unsafe { api.init.unwrap()(input, &raw mut rc) };
        assert!(!state.is_null() && rc != POISON_RC);
        last_error(state);
        if rc == abi::SUCCESS {
            assert!(!self.is_live(state) && !self.failed.contains(&state), "a state is given twice");
            self.states.insert(state, true);
        } else if !self.failed.contains(&state) {
            assert!(!self.is_live(state));
            self.states.insert(state, false);
            self.failed.push(state);
        }
        Ok(())
    }

    fn destroy(&mut self, state: *mut c_void) {
        let failed = self.failed.iter().position(|failed| *failed == state).map(|at| self.failed.swap_remove(at));
        if state.is_null() || failed.is_some() || self.is_live(state) {
            // SAFETY: NULL, or a state that is destroyed once.
            unsafe { api.destroy.unwrap()(state) };
            self.states.entry(state).and_modify(|live| *live = false);
            self.instances.values_mut().filter(|owner| **owner == Some(state)).for_each(|owner| *owner = None);
        }
    }

    fn open(&mut self, u: &mut Unstructured<'_>, state: *mut c_void) -> Result<()> {
        let (params, mut rc) = (any_text(u)?, POISON_RC);
        // SAFETY: NULL, or a text that lives for the call.
        let instance = unsafe { api.open.unwrap()(state, pointer(params.as_ref()), &raw mut rc) };
        assert!([abi::SUCCESS, abi::FAILURE].contains(&rc) && (rc == abi::FAILURE || self.is_live(state)));
        if rc == abi::SUCCESS {
            let before = self.instances.insert(instance, Some(state));
            assert!(!instance.is_null() && before.flatten().is_none(), "an instance is given twice");
        }
        Ok(())
    }

    fn close(&mut self, state: *mut c_void, instance: *mut c_void) {
        // SAFETY: NULL, or what open gave.
        unsafe { api.close.unwrap()(state, instance) };
        if self.is_live(state) {
            self.instances.entry(instance).and_modify(|owner| *owner = owner.filter(|owner| *owner != state));
        }
    }

    fn next_batch(&mut self, u: &mut Unstructured<'_>, state: *mut c_void, instance: *mut c_void) -> Result<()> {
        let (mut count, mut events) = (u32::MAX, std::ptr::dangling_mut());
        let count_place = if u.ratio(1, 32)? { null_mut() } else { &raw mut count };
        let events_place = if u.ratio(1, 32)? { null_mut() } else { &raw mut events };
        // SAFETY: NULL or what was given, and NULL or writable places.
        let rc = unsafe { api.next_batch.unwrap()(state, instance, count_place, events_place) };
        let open = self.is_live(state) && self.instances.get(&instance) == Some(&Some(state));
        let refused = !open || count_place.is_null() || events_place.is_null();
        assert!(count_place.is_null() || (count <= 4 && (count == 0 || !refused)));
        assert!(rc == abi::FAILURE || !refused);
        for i in 0..if refused { 0 } else { count as usize } {
            // SAFETY: so many events are lent, each as long as its header says and written by nobody else.
            let lent = unsafe {
                let event = *events.add(i);
                std::slice::from_raw_parts_mut(event.cast::<u8>(), (*event).len as usize)
            };
            let event = Event::parse(lent).unwrap();
            assert_eq!(event.plugin().unwrap().id, 999);
            if self.events.len() < 32 && u.ratio(1, 4)? {
                self.events.push(Given::new(lent, i));
            }
            // A host writes time and thread into every event that it takes (rule 4.1).
            lent[..16].fill(0xFF);
        }
        if u.ratio(1, 4)? {
            let mut progress = 0;
            // SAFETY: NULL or what was given, and a writable place.
            let said = unsafe { api.get_progress.unwrap()(state, instance, &raw mut progress) };
            assert!(progress <= 10_000 && (said.is_null() || !text(said).is_empty()));
        }
        Ok(())
    }

    fn step(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let state = any_of(u, self.states.keys().copied())?;
        match u.int_in_range(0..=12)? {
            0 => self.init(u)?,
            1 => self.destroy(state),
            2 => self.open(u, state)?,
            3 => {
                let instance = any_of(u, self.instances.keys().copied())?;
                self.close(state, instance);
            }
            4 | 5 => {
                let instance = any_of(u, self.instances.keys().copied())?;
                self.next_batch(u, state, instance)?;
            }
            6 if self.events.len() < 32 => self.events.push(Given::any(u)?),
            7 => {
                let mut rc = POISON_RC;
                // SAFETY: NULL or a state, and a writable place.
                let listed = unsafe { api.list_open_params.unwrap()(state, &raw mut rc) };
                assert_eq!(rc == abi::SUCCESS, self.is_live(state));
                assert!(rc != abi::SUCCESS || text(listed).starts_with(b"[{"));
                last_error(state);
            }
            _ => {
                let live = self.is_live(state);
                let Some(last) = self.events.len().checked_sub(1) else { return Ok(()) };
                let event = &mut self.events[u.int_in_range(0..=last)?];
                match u.int_in_range(0..=7)? {
                    0 => event.change(u.arbitrary()?, u.arbitrary()?),
                    1 => values::event_to_string(u, state, live, event)?,
                    _ => values::extract(u, state, live, event)?,
                }
            }
        }
        Ok(())
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut u = Unstructured::new(bytes);
    let mut host = Host::default();
    // Nothing can be done without a state.
    let mut done = host.init(&mut u);
    while done.is_ok() && !u.is_empty() {
        done = host.step(&mut u);
    }
    let states: Vec<_> = host.failed.iter().chain(host.states.keys()).copied().collect();
    states.into_iter().for_each(|state| host.destroy(state));
});
