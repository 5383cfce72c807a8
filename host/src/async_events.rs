// SPDX-License-Identifier: Apache-2.0
//! Async events: those that a plugin injects into the open source from threads of its own (section 7), and those with
//! which it dumps its state.
#![expect(unsafe_code, reason = "the handler is called by the plugin, and the plugin is given it")]

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    ffi::{c_char, c_void},
    slice,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use falconet::abi::{self, FAILURE, MAX_ERRLEN, Rc, SUCCESS};

use crate::{
    call::{CallError, Code},
    event::{ASYNC_EVENT, Event},
    logs::Severity,
    owner::{self, Inner as Owner},
    plugin::Plugin,
    time, watch,
};

/// How many events wait at most; more are dropped.
const CAPACITY: usize = 4096;
/// How far in the future the time of an event may lie, in nanoseconds.
const AHEAD: u64 = 10_000_000_000;
/// How long an async event may be: a larger length is taken for a mistake.
const MAX_LEN: u32 = 1 << 26;
/// How long a name of an async event is kept by the real host.
const MAX_NAME: usize = 31;
/// Where the plugin id lies in an async event.
const ID: usize = 38;

/// Events that wait, the earliest first; those without a time before all others, as in the real host.
#[derive(Debug, Default)]
pub(crate) struct AsyncQueue(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    events: BinaryHeap<Reverse<(u64, u64, Vec<u8>)>>,
    pushed: u64,
}

impl AsyncQueue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there was room.
    fn push(&self, ts: u64, bytes: Vec<u8>) -> bool {
        let mut waiting = self.lock();
        if waiting.events.len() >= CAPACITY {
            return false;
        }
        waiting.pushed += 1;
        let (rank, order) = (if ts == u64::MAX { 0 } else { ts }, waiting.pushed);
        waiting.events.push(Reverse((rank, order, bytes)));
        true
    }

    /// The first event, if its time is not later. It is given a time if it has none.
    pub(crate) fn pop(&self, limit: u64) -> Option<Vec<u8>> {
        let mut waiting = self.lock();
        if waiting.events.peek()?.0.0 > limit {
            return None;
        }
        let Reverse((_, _, mut bytes)) = waiting.events.pop()?;
        if let Some(ts) = bytes.first_chunk_mut()
            && *ts == u64::MAX.to_ne_bytes()
        {
            *ts = time::now().to_ne_bytes();
        }
        Some(bytes)
    }
}

/// Where the events of a plugin go while a source is open.
#[derive(Clone, Debug)]
pub(crate) struct Sink {
    pub(crate) queue: Arc<AsyncQueue>,
    pub(crate) source: String,
    pub(crate) plugin_id: u32,
}

/// Whether a plugin may call the handler now.
#[derive(Debug, Default)]
pub(crate) enum Handler {
    /// It was never given one.
    #[default]
    Never,
    Set(Sink),
    /// The call with NULL has returned.
    Taken,
}

/// A refusal: the text for the plugin, and the rule that was broken, if one was.
struct No(Option<&'static str>, String);

impl No {
    fn broken<T>(rule: &'static str, text: impl Into<String>) -> Result<T, Self> {
        Err(Self(Some(rule), text.into()))
    }
}

/// The bytes of the event that the plugin passed, copied before the call returns.
///
/// # Safety
/// `event` is NULL or points to an event.
unsafe fn copied(event: *const abi::Event) -> Result<Vec<u8>, No> {
    if event.is_null() {
        return No::broken("7.1", "the async event is NULL");
    }
    // SAFETY: an event has a header, by this function's contract; it may lie at any address.
    let header = unsafe { event.read_unaligned() };
    let (len, event_type, nparams) = (header.len, header.r#type, header.nparams);
    if event_type != ASYNC_EVENT || nparams != 3 {
        return No::broken(
            "7.1",
            format!("the async event has the type {event_type} and {nparams} parameters: 402 and 3 were expected"),
        );
    }
    if (len as usize) < size_of::<abi::Event>() || len > MAX_LEN {
        return No::broken("7.1", format!("the async event's len is {len}"));
    }
    // SAFETY: an event has `len` bytes, by this function's contract.
    Ok(unsafe { slice::from_raw_parts(event.cast::<u8>(), len as usize) }.to_vec())
}

/// Checks the lengths, the id, and the name.
fn check(declared: &[String], bytes: &[u8]) -> Result<(), No> {
    let event = match Event::from_bytes(bytes, 0, c"") {
        Ok(event) => event,
        Err(error) => return No::broken("7.1", format!("the async event is broken: {error}")),
    };
    let id = event.param(0).unwrap_or_default().len();
    if id != 4 {
        return No::broken("7.1", format!("the plugin id of the async event is {id} bytes long where 4 were expected"));
    }
    let name = event.param(1).unwrap_or_default();
    let Some((0, name)) = name.split_last().filter(|(_, name)| !name.contains(&0)) else {
        return No::broken("7.1", "the name of the async event must end with its only NUL, which its length counts");
    };
    let name = String::from_utf8_lossy(name);
    if declared.iter().any(|declared| *declared == name) {
        return Ok(());
    }
    let declared = declared.join(", ");
    No::broken(
        "7.1",
        format!("the async event '{name}' is not declared by plugin_get_async_events, which has {declared}"),
    )
}

/// Takes an event of a plugin into the queue, by the real host's rules and stricter.
fn take(owner: &Owner, mut bytes: Vec<u8>) -> Result<(), No> {
    let sink = match &*owner.handler() {
        Handler::Set(sink) => sink.clone(),
        Handler::Never => return No::broken("7.3", "an async event came before a handler was set"),
        Handler::Taken => {
            return No::broken(
                "7.3",
                "an async event came after plugin_set_async_event_handler had returned from NULL: join the producer in that call",
            );
        }
    };
    check(&owner.async_events, &bytes)?;
    if !owner.async_sources.is_empty() && !owner.async_sources.contains(&sink.source) {
        return Err(No(None, format!("the async events of the plugin are not for the open source '{}'", sink.source)));
    }
    let field = |at: usize| bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |field| u64::from_ne_bytes(*field));
    let (ts, tid) = (field(0), field(8));
    if sink.plugin_id != 0 && tid != u64::MAX {
        return No::broken("7.1", format!("the async event has the tid {tid}: in a plugin's source it must be -1"));
    }
    if let Some(id) = bytes.get_mut(ID..).and_then(<[u8]>::first_chunk_mut) {
        *id = sink.plugin_id.to_ne_bytes();
    }
    if ts != u64::MAX && ts > time::now().saturating_add(AHEAD) {
        owner.log(Severity::Warning, format!("an async event of '{}' is too far in the future: dropped", owner.name));
    } else if !sink.queue.push(ts, bytes) {
        owner.log(Severity::Warning, format!("an async event of '{}' found the queue full: dropped", owner.name));
    }
    Ok(())
}

/// Runs `body` with what the plugin passed to a handler. A refusal goes to its error buffer, and is a finding if a rule
/// was broken.
///
/// # Safety
/// `event` is NULL or points to an event, `error` is NULL or points to a buffer of the API's size.
unsafe fn handled(
    owner: *mut c_void,
    event: *const abi::Event,
    error: *mut c_char,
    body: impl FnOnce(&Owner, Vec<u8>) -> Result<(), No>,
) -> Rc {
    // The plugin is destroyed, or never was: there is nobody to tell.
    let Some(owner) = owner::alive(owner) else { return FAILURE };
    // SAFETY: by this function's contract.
    let done = unsafe { copied(event) }.and_then(|bytes| body(&owner, bytes));
    let Err(No(rule, text)) = done else { return SUCCESS };
    if !error.is_null() {
        let text = text.as_bytes();
        let text = text.get(..MAX_ERRLEN - 1).unwrap_or(text);
        // SAFETY: the buffer has room for `MAX_ERRLEN` bytes, by this function's contract.
        unsafe {
            error.cast::<u8>().copy_from_nonoverlapping(text.as_ptr(), text.len());
            error.add(text.len()).write(0);
        }
    }
    if let Some(rule) = rule {
        owner.found(rule, text);
    }
    FAILURE
}

unsafe extern "C" fn handle(owner: *mut c_void, event: *const abi::Event, error: *mut c_char) -> Rc {
    // SAFETY: the plugin passes an event, and NULL or a buffer for the error.
    unsafe { handled(owner, event, error, take) }
}

unsafe extern "C" fn dump(owner: *mut c_void, event: *const abi::Event, error: *mut c_char) -> Rc {
    let body = |owner: &Owner, bytes: Vec<u8>| {
        check(&owner.async_events, &bytes)?;
        if bytes.starts_with(&u64::MAX.to_ne_bytes()) {
            return No::broken(
                "7.5",
                "an event of plugin_dump_state has no time: the host fills in neither time nor id",
            );
        }
        match &mut *owner.dump() {
            Some(events) => events.push(bytes),
            None => return No::broken("7.5", "the handler of plugin_dump_state was called after that had returned"),
        }
        Ok(())
    };
    // SAFETY: as in `handle`.
    unsafe { handled(owner, event, error, body) }
}

impl Plugin {
    /// Gives the plugin the handler, or takes it back with NULL, after which it must no longer be called (rule 7.3).
    pub(crate) fn set_async_handler(&self, sink: Option<Sink>) -> Result<(), CallError> {
        let call = "plugin_set_async_event_handler";
        let set = self.api().set_async_event_handler.ok_or(CallError::NoSymbol { symbol: call })?;
        let owner = self.owner().inner();
        let handler = sink.is_some().then_some(handle as unsafe extern "C" fn(_, _, _) -> _);
        let given = sink.is_some();
        if let Some(sink) = sink {
            for name in owner.async_events.iter().filter(|name| name.len() > MAX_NAME) {
                owner.found("10.1", format!("the name of the async event '{name}' is longer than {MAX_NAME} bytes"));
            }
            // Before the call, so that a thread which it starts may call at once.
            *owner.handler() = Handler::Set(sink);
        }
        let watched = watch::calling(call, self.library());
        // SAFETY: the state is alive; the handler takes any owner, alive or not.
        let rc = unsafe { set(self.state(), self.owner().as_ptr(), handler) };
        drop(watched);
        let done = Code::done(call, rc);
        if !given || !matches!(done, Ok(true)) {
            *owner.handler() = Handler::Taken;
        }
        if done? { Ok(()) } else { Err(CallError::Failed { call, message: self.last_error() }) }
    }

    /// The async events with which the plugin tells its state, for a capture file; none if it has no such function.
    ///
    /// # Errors
    /// [`CallError`]; its text is the owner's last error, as in the real host (rule 7.5).
    pub fn dump_state(&self) -> Result<Vec<Vec<u8>>, CallError> {
        let call = "plugin_dump_state";
        let async_events = self.library().info().capabilities.async_events;
        let Some(dump_state) = self.api().dump_state.filter(|_| async_events) else { return Ok(Vec::new()) };
        let owner = self.owner().inner();
        *owner.dump() = Some(Vec::new());
        let watched = watch::calling(call, self.library());
        // SAFETY: the state is alive; the handler takes any owner, alive or not.
        let rc = unsafe { dump_state(self.state(), self.owner().as_ptr(), Some(dump)) };
        drop(watched);
        let events = owner.dump().take().unwrap_or_default();
        match Code::done(call, rc)? {
            true => Ok(events),
            false => Err(CallError::Failed { call, message: owner.last_error_text() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_7_2_the_queue_is_ordered_by_time_and_those_without_come_first() {
        let queue = AsyncQueue::default();
        for (ts, name) in [(30, 3_u8), (10, 1), (u64::MAX, 0), (10, 2)] {
            assert!(queue.push(ts, [&ts.to_ne_bytes()[..], &[name]].concat()));
        }
        let first = queue.pop(5).unwrap();
        assert_eq!(first[8], 0);
        assert!(!first.starts_with(&u64::MAX.to_ne_bytes()), "it is given a time");
        assert_eq!(queue.pop(5), None);
        assert_eq!([(); 2].map(|()| queue.pop(29).unwrap()[8]), [1, 2]);
        assert_eq!((queue.pop(29), queue.pop(30).unwrap()[8], queue.pop(u64::MAX)), (None, 3, None));
    }

    #[test]
    fn host_7_2_a_full_queue_takes_no_more() {
        let queue = AsyncQueue::default();
        assert!((0..CAPACITY as u64).all(|ts| queue.push(ts, Vec::new())));
        assert!(!queue.push(0, Vec::new()));
    }
}
