// SPDX-License-Identifier: Apache-2.0
//! Capture listening: plugins are told when a capture begins and ends, and may have routines run on the host's threads
//! in between (rule 8.3).
#![expect(unsafe_code, reason = "the plugin's functions are called")]

use std::{
    collections::{BTreeSet, VecDeque},
    ffi::c_void,
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

use falconet::abi::{Bool, CaptureListenInput, FAILURE, Rc, RoutineFn, RoutineVtable, SUCCESS};

use crate::{
    call::{CallError, Code},
    lent::Lent,
    owner,
    plugin::Plugin,
    tables::Access,
    watch,
};

/// One routine: a function of a plugin with its two states.
#[derive(Clone, Copy)]
struct Routine {
    id: usize,
    function: unsafe extern "C" fn(*mut c_void, *mut c_void) -> Bool,
    plugin: *mut c_void,
    state: *mut c_void,
}

// SAFETY: the API says that routines run on any thread, beside all other calls into the plugin's state (rule 8.2).
unsafe impl Send for Routine {}

impl Routine {
    /// Whether it wants to run again.
    fn run(&self) -> bool {
        // SAFETY: the plugin lives: its capture is closed, and so all routines are waited for, before it is destroyed.
        unsafe { (self.function)(self.plugin, self.state) != 0 }
    }
}

#[derive(Default)]
struct Queue {
    ready: VecDeque<Routine>,
    /// The routines that are subscribed.
    known: BTreeSet<usize>,
    last: usize,
    /// How often routines have returned.
    runs: u64,
    closed: bool,
}

/// A pool of threads that runs routines again and again, as long as they want to.
pub(crate) struct Routines {
    queue: Mutex<Queue>,
    wake: Condvar,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Routines {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { queue: Mutex::default(), wake: Condvar::new(), threads: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The id of the new routine, which is never 0.
    fn subscribe(self: &Arc<Self>, plugin: *mut c_void, function: Function, state: *mut c_void) -> Option<usize> {
        self.start();
        let mut queue = self.lock();
        if queue.closed {
            return None;
        }
        queue.last += 16;
        let id = queue.last;
        queue.known.insert(id);
        queue.ready.push_back(Routine { id, function, plugin, state });
        drop(queue);
        self.wake.notify_one();
        Some(id)
    }

    /// Whether it was subscribed. One that is running goes on to its end.
    fn unsubscribe(&self, id: usize) -> bool {
        self.lock().known.remove(&id)
    }

    /// Starts the threads with the first routine.
    fn start(self: &Arc<Self>) {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        if !threads.is_empty() || self.lock().closed {
            return;
        }
        let count = thread::available_parallelism().map_or(2, |count| count.get().clamp(2, 4));
        let spawn = |_| {
            let routines = Arc::clone(self);
            thread::Builder::new().name("routine".to_owned()).spawn(move || routines.work()).ok()
        };
        *threads = (0..count).filter_map(spawn).collect();
    }

    fn work(&self) {
        let mut queue = self.lock();
        while !queue.closed {
            let Some(routine) = queue.ready.pop_front() else {
                queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            if !queue.known.contains(&routine.id) {
                continue;
            }
            drop(queue);
            let again = routine.run();
            queue = self.lock();
            queue.runs += 1;
            match again && queue.known.contains(&routine.id) {
                true => queue.ready.push_back(routine),
                false => drop(queue.known.remove(&routine.id)),
            }
        }
    }

    /// How often routines have returned, and how many are subscribed.
    pub(crate) fn runs(&self) -> (u64, usize) {
        let queue = self.lock();
        (queue.runs, queue.known.len())
    }

    /// Drops what waits and waits for what runs.
    pub(crate) fn purge(&self) {
        {
            let mut queue = self.lock();
            queue.closed = true;
            queue.ready.clear();
            queue.known.clear();
        }
        self.wake.notify_all();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let _watched = watch::waiting_for("a routine");
        for thread in threads {
            // A thread of the pool has nothing to panic with.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Routines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routines").field("known", &self.lock().known.len()).finish_non_exhaustive()
    }
}

type Function = unsafe extern "C" fn(*mut c_void, *mut c_void) -> Bool;

/// What a plugin may do with routines now.
#[derive(Debug, Default)]
pub(crate) enum Listening {
    /// No capture is open.
    #[default]
    Closed,
    /// A capture is open, and this host has no threads.
    WithoutThreads,
    Open(Arc<Routines>),
}

extern "C" fn subscribe(owner: *mut c_void, routine: RoutineFn, state: *mut c_void) -> *mut c_void {
    let none = std::ptr::null_mut();
    let Some(owner) = owner::alive(owner) else { return none };
    let routines = match &*owner.listening() {
        Listening::Open(routines) => Arc::clone(routines),
        Listening::WithoutThreads => return none,
        Listening::Closed => {
            owner.found("8.3", "subscribe was called while no capture was open".to_owned());
            return none;
        }
    };
    let Some(function) = routine else {
        owner.found("8.3", "subscribe was called with NULL for a routine".to_owned());
        return none;
    };
    let plugin = owner.with_state(|state| state.pointer).unwrap_or(none);
    routines.subscribe(plugin, function, state).map_or(none, std::ptr::without_provenance_mut)
}

extern "C" fn unsubscribe(owner: *mut c_void, routine: *mut c_void) -> Rc {
    let Some(owner) = owner::alive(owner) else { return FAILURE };
    let known = match &*owner.listening() {
        Listening::Open(routines) => routines.unsubscribe(routine.addr()),
        _ => false,
    };
    if known { SUCCESS } else { FAILURE }
}

impl Plugin {
    /// Tells the plugin that a capture begins, with these threads for its routines.
    pub(crate) fn capture_open(&self, routines: Option<&Arc<Routines>>) -> Result<(), CallError> {
        *self.owner().inner().listening() = match routines {
            Some(routines) => Listening::Open(Arc::clone(routines)),
            None => Listening::WithoutThreads,
        };
        let called = self.listen("plugin_capture_open", self.api().capture_open);
        if called.is_err() {
            self.owner().inner().end_routines();
        }
        called
    }

    /// Tells the plugin that the capture ends.
    pub(crate) fn capture_close(&self) -> Result<(), CallError> {
        self.listen("plugin_capture_close", self.api().capture_close)
    }

    fn listen(&self, call: &'static str, function: ListenFn) -> Result<(), CallError> {
        let function = function.ok_or(CallError::NoSymbol { symbol: call })?;
        let routine = Lent::new(RoutineVtable { subscribe: Some(subscribe), unsubscribe: Some(unsubscribe) });
        let vtables = self.vtables.lend();
        let input = Lent::new(CaptureListenInput {
            owner: self.owner().as_ptr(),
            routine: routine.as_ptr(),
            table_reader_ext: vtables.reader(),
            table_writer_ext: vtables.writer(),
            get_owner_last_error: Some(owner::last_error),
        });
        let _called = self.owner().enter(call, Access::Write);
        let _watched = watch::calling(call, self.library());
        // SAFETY: the state is alive; the input and all that it points to are ours and live during the call.
        let rc = unsafe { function(self.state(), input.as_ptr()) };
        routine.poison();
        input.poison();
        if Code::done(call, rc)? { Ok(()) } else { Err(CallError::Failed { call, message: self.last_error() }) }
    }
}

type ListenFn = Option<unsafe extern "C" fn(*mut c_void, *const CaptureListenInput) -> Rc>;
