// SPDX-License-Identifier: Apache-2.0
//! The host's side of capture listening: a pool of threads that queues a routine again the moment it has returned.

use std::collections::VecDeque;
use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use falconet::abi;

use super::{State, poison};

unsafe extern "C" {
    pub(crate) fn plugin_capture_open(state: *mut c_void, input: *const abi::CaptureListenInput) -> abi::Rc;
    pub(crate) fn plugin_capture_close(state: *mut c_void, input: *const abi::CaptureListenInput) -> abi::Rc;
}

/// What a subscribed routine is to the host.
#[derive(Clone, Copy)]
pub(crate) struct Task {
    routine: unsafe extern "C" fn(*mut c_void, *mut c_void) -> abi::Bool,
    state: usize,
    slot: usize,
}

impl Task {
    /// Calls the routine once; whether it is to be called again.
    pub(crate) fn step(self) -> bool {
        let pointer = |address| std::ptr::with_exposed_provenance_mut(address);
        // SAFETY: the state lives, or the test is of that, and the slot is what subscribe was given.
        unsafe { (self.routine)(pointer(self.state), pointer(self.slot)) != 0 }
    }
}

/// sinsp's thread pool, and who owns it.
#[derive(Default)]
pub(crate) struct Pool {
    tasks: Mutex<VecDeque<Task>>,
    changed: Condvar,
    /// Tasks taken out of the queue that have not returned.
    running: AtomicUsize,
    end: AtomicBool,
    /// What a state is to the owner's routines.
    state: AtomicUsize,
    /// Whether `subscribe` gives NULL.
    pub(crate) refuses: AtomicBool,
    /// Calls of routines.
    pub(crate) calls: AtomicU64,
    pub(crate) subscribed: AtomicU64,
    /// Routines that have said that they are not to be called again.
    pub(crate) left: AtomicU64,
}

unsafe extern "C" fn subscribe(owner: *mut c_void, routine: abi::RoutineFn, slot: *mut c_void) -> *mut c_void {
    // SAFETY: the owner is the pool, which the test keeps.
    let pool = unsafe { &*owner.cast::<Pool>() };
    if pool.refuses.load(Ordering::Relaxed) {
        return null_mut();
    }
    let Some(routine) = routine else { return null_mut() };
    let number = pool.subscribed.fetch_add(1, Ordering::Relaxed) + 1;
    pool.tasks().push_back(Task { routine, state: pool.state.load(Ordering::Relaxed), slot: slot.expose_provenance() });
    pool.changed.notify_one();
    std::ptr::without_provenance_mut(usize::try_from(number).unwrap_or(usize::MAX))
}

unsafe extern "C" fn unsubscribe(_: *mut c_void, _: *mut c_void) -> abi::Rc {
    abi::SUCCESS
}

/// The functions that a host lends to a capture's calls.
pub(crate) fn vtable() -> abi::RoutineVtable {
    abi::RoutineVtable { subscribe: Some(subscribe), unsubscribe: Some(unsubscribe) }
}

impl Pool {
    /// Without threads: the test calls the routines itself.
    pub(crate) fn idle() -> Arc<Self> {
        Arc::default()
    }

    /// With so many threads.
    pub(crate) fn with(threads: usize) -> Running {
        let pool = Self::idle();
        let thread = |_| {
            let pool = pool.clone();
            std::thread::spawn(move || pool.work())
        };
        Running { threads: (0..threads).map(thread).collect(), pool }
    }

    fn tasks(&self) -> MutexGuard<'_, VecDeque<Task>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        loop {
            let mut tasks = self.tasks();
            let task = loop {
                if self.end.load(Ordering::Relaxed) {
                    return;
                }
                match tasks.pop_front() {
                    Some(task) => break task,
                    None => tasks = self.changed.wait(tasks).unwrap_or_else(PoisonError::into_inner),
                }
            };
            self.running.fetch_add(1, Ordering::Relaxed);
            drop(tasks);
            self.calls.fetch_add(1, Ordering::Relaxed);
            let again = task.step();
            self.left.fetch_add(u64::from(!again), Ordering::Relaxed);
            let mut tasks = self.tasks();
            self.running.fetch_sub(1, Ordering::Relaxed);
            if again && !self.end.load(Ordering::Relaxed) {
                tasks.push_back(task);
            }
            drop(tasks);
            self.changed.notify_all();
        }
    }

    /// The routines that wait to be called, which are taken out.
    pub(crate) fn take(&self) -> Vec<Task> {
        let mut tasks = self.tasks();
        (0..tasks.len()).filter_map(|_| tasks.pop_front()).collect()
    }

    /// Whether no routine waits or runs.
    pub(crate) fn is_empty(&self) -> bool {
        self.tasks().is_empty() && self.running.load(Ordering::Relaxed) == 0
    }

    /// As the host after `capture_close`: nothing waits any more, and what runs is waited for.
    pub(crate) fn purge(&self) {
        let mut tasks = self.tasks();
        tasks.clear();
        while self.running.load(Ordering::Relaxed) > 0 {
            tasks = self.changed.wait(tasks).unwrap_or_else(PoisonError::into_inner);
            tasks.clear();
        }
    }

    /// Routines that are subscribed from here on are called with `state`.
    pub(crate) fn be_of(&self, state: *mut c_void) {
        self.state.store(state.expose_provenance(), Ordering::Relaxed);
    }

    /// Room for what is subscribed, so that it costs no allocation then.
    pub(crate) fn reserve(&self) {
        self.tasks().reserve(8);
    }

    fn input(self: &Arc<Self>, state: &State, vtable: *mut abi::RoutineVtable) -> abi::CaptureListenInput {
        self.be_of(state.ptr);
        // What came with 3.9 is what stood on the stack (rule 1.5).
        abi::CaptureListenInput { owner: Arc::as_ptr(self).cast_mut().cast(), routine: vtable, ..poison() }
    }

    /// `plugin_capture_open`, with any functions or none.
    pub(crate) fn open_with(self: &Arc<Self>, state: &State, vtable: Option<abi::RoutineVtable>) -> abi::Rc {
        let mut vtable = vtable;
        let input = self.input(state, vtable.as_mut().map_or(null_mut(), |vtable| &raw mut *vtable));
        // SAFETY: the structs live for the call.
        unsafe { plugin_capture_open(state.ptr, &raw const input) }
    }

    pub(crate) fn open(self: &Arc<Self>, state: &State) -> abi::Rc {
        self.open_with(state, Some(vtable()))
    }

    /// `plugin_capture_close`; nothing is purged.
    pub(crate) fn close(self: &Arc<Self>, state: &State) -> abi::Rc {
        let mut vtable = vtable();
        let input = self.input(state, &raw mut vtable);
        // SAFETY: the structs live for the call.
        unsafe { plugin_capture_close(state.ptr, &raw const input) }
    }
}

/// Both calls with NULL as their input.
pub(crate) fn open_and_close_with_null(state: *mut c_void) -> [abi::Rc; 2] {
    // SAFETY: NULL is no input.
    unsafe { [plugin_capture_open(state, null()), plugin_capture_close(state, null())] }
}

/// A pool whose threads run; they end with it.
pub(crate) struct Running {
    pub(crate) pool: Arc<Pool>,
    threads: Vec<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.pool.end.store(true, Ordering::Relaxed);
        self.pool.changed.notify_all();
        for thread in self.threads.drain(..) {
            while !thread.is_finished() {
                self.pool.changed.notify_all();
                std::thread::yield_now();
            }
        }
    }
}
