// SPDX-License-Identifier: Apache-2.0
//! Threads that end with what they work for: [`Threads`], told to end by a [`Stop`] and joined when dropped.
//!
//! They are the system's own threads: `std::thread::spawn` leaves a destructor in the storage of the thread that calls it,
//! here the host's, and glibc would keep the library mapped for its sake after `dlclose` (rule 11.2).
#![cfg_attr(unix, expect(unsafe_code, reason = "the system's threads are C functions"))]

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::logging;

/// Tells threads to end. Clones are the same one.
///
/// ```
/// use falconet_std::sources::Stop;
/// use std::time::{Duration, Instant};
/// let stop = Stop::new();
/// let sleeper = std::thread::spawn({
///     let stop = stop.clone();
///     move || while !stop.wait(Duration::from_secs(3600)) {}
/// });
/// stop.stop();
/// sleeper.join().unwrap(); // at once
/// ```
#[derive(Clone, Default)]
pub struct Stop(Arc<Stopping>);

#[derive(Default)]
struct Stopping {
    is: AtomicBool,
    lock: Mutex<()>,
    told: Condvar,
}

impl Stop {
    /// Not told yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells all who wait for it, now and later.
    pub fn stop(&self) {
        // The lock: nobody is between the question and the wait.
        let lock = self.0.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.is.store(true, Ordering::Release);
        drop(lock);
        self.0.told.notify_all();
    }

    /// Whether it was told. As cheap as a load.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.is.load(Ordering::Acquire)
    }

    /// Sleeps as long as this, or until it is told: then true.
    #[must_use = "a thread that is told to end should"]
    pub fn wait(&self, time: Duration) -> bool {
        let until = Instant::now().checked_add(time);
        let mut lock = self.0.lock.lock().unwrap_or_else(PoisonError::into_inner);
        while !self.is_stopped() {
            lock = match until {
                None => self.0.told.wait(lock).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let Some(rest) = until.checked_duration_since(Instant::now()).filter(|rest| !rest.is_zero()) else {
                        return false;
                    };
                    self.0.told.wait_timeout(lock, rest).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        true
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stop").field(&self.is_stopped()).finish()
    }
}

/// Threads that are told to end and joined when this is dropped: when the host closes, in an instance.
///
/// [`Pushed`](crate::sources::Pushed) has some of its own; these are for others.
///
/// ```
/// use falconet_std::sources::Threads;
/// use std::sync::{Arc, atomic::{AtomicU32, Ordering}};
/// use std::time::Duration;
/// let turns = Arc::new(AtomicU32::new(0));
/// let mut threads = Threads::new();
/// let counted = Arc::clone(&turns);
/// threads.spawn("turns", move |stop| {
///     while !stop.wait(Duration::from_millis(1)) {
///         counted.fetch_add(1, Ordering::Relaxed);
///     }
/// })?;
/// drop(threads);
/// assert_eq!(Arc::strong_count(&turns), 1); // it has ended
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Default)]
pub struct Threads {
    stop: Stop,
    handles: Vec<Handle>,
    on_stop: Vec<Box<dyn FnOnce() + Send>>,
}

impl Threads {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What tells them to end.
    #[must_use]
    pub const fn stopper(&self) -> &Stop {
        &self.stop
    }

    /// How many were spawned, ended ones included.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.handles.len()
    }

    /// True before the first is spawned.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.handles.is_empty()
    }

    /// Runs something in a thread of this name, of which the system shows 15 bytes. It should end soon when it is told so.
    ///
    /// Its lines go to the log that those of this place go to, see [`logging`]. A panic ends the
    /// thread; its text is on stderr.
    ///
    /// # Errors
    /// The system's, where it makes no more threads.
    pub fn spawn(&mut self, name: &str, run: impl FnOnce(&Stop) + Send + 'static) -> io::Result<()> {
        let (stop, log) = (self.stop.clone(), logging::current());
        let run = move || match log {
            Some(log) => logging::scope(log, || run(&stop)),
            None => run(&stop),
        };
        self.handles.push(Handle::spawn(name, Box::new(run))?);
        Ok(())
    }

    /// Does this, too, when they are told to end: wake a thread that waits in a call of the system, for example.
    pub fn on_stop(&mut self, call: impl FnOnce() + Send + 'static) {
        self.on_stop.push(Box::new(call));
    }

    /// Tells them to end, and waits until they have. Only the first call does anything.
    pub fn stop(&mut self) {
        self.stop.stop();
        self.on_stop.drain(..).for_each(|call| call());
        self.handles.drain(..).for_each(Handle::join);
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threads").field("stop", &self.stop).field("threads", &self.handles.len()).finish()
    }
}

/// What a thread does.
type Run = Box<dyn FnOnce() + Send>;

#[cfg(unix)]
use posix::Handle;

#[cfg(unix)]
mod posix {
    use std::ffi::{CString, c_char, c_int, c_void};
    use std::io;
    use std::mem::MaybeUninit;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::ptr::{null, null_mut};

    use super::Run;

    /// `pthread_t`: a long or a pointer.
    type Thread = usize;

    unsafe extern "C" {
        fn pthread_create(
            thread: *mut Thread,
            attributes: *const c_void,
            start: extern "C" fn(*mut c_void) -> *mut c_void,
            argument: *mut c_void,
        ) -> c_int;
        fn pthread_join(thread: Thread, result: *mut *mut c_void) -> c_int;
        #[cfg(any(target_os = "linux", target_os = "android"))]
        fn pthread_setname_np(thread: Thread, name: *const c_char) -> c_int;
    }

    /// A thread that is to be joined.
    pub(super) struct Handle(Thread);

    extern "C" fn start(run: *mut c_void) -> *mut c_void {
        // SAFETY: what `spawn` leaked for this thread alone.
        let run = unsafe { Box::from_raw(run.cast::<Run>()) };
        // The payload may panic when it is dropped: so it is not.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
            std::mem::forget(panic);
        }
        null_mut()
    }

    impl Handle {
        pub(super) fn spawn(name: &str, run: Run) -> io::Result<Self> {
            let run = Box::into_raw(Box::new(run));
            let mut thread = MaybeUninit::uninit();
            // SAFETY: the place is writable; `start` frees its argument.
            let failed = unsafe { pthread_create(thread.as_mut_ptr(), null(), start, run.cast()) };
            if failed != 0 {
                // SAFETY: there is no thread that has it.
                drop(unsafe { Box::from_raw(run) });
                return Err(io::Error::from_raw_os_error(failed));
            }
            // SAFETY: it was written, for there was no error.
            let handle = Self(unsafe { thread.assume_init() });
            handle.name(name);
            Ok(handle)
        }

        #[cfg(any(target_os = "linux", target_os = "android"))]
        fn name(&self, name: &str) {
            let end = (0..=name.len().min(15)).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
            if let Ok(name) = CString::new(name.get(..end).unwrap_or_default()) {
                // SAFETY: the thread is not joined yet, the text lives for the call. A name that is refused is no harm.
                unsafe { pthread_setname_np(self.0, name.as_ptr()) };
            }
        }

        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        fn name(&self, _: &str) {}

        pub(super) fn join(self) {
            // SAFETY: it was made joinable, and is joined once.
            unsafe { pthread_join(self.0, null_mut()) };
        }
    }
}

#[cfg(not(unix))]
struct Handle(std::thread::JoinHandle<()>);

#[cfg(not(unix))]
impl Handle {
    fn spawn(name: &str, run: Run) -> io::Result<Self> {
        std::thread::Builder::new().name(name.to_owned()).spawn(run).map(Self)
    }

    fn join(self) {
        let _panicked = self.0.join();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_wakes_sleepers_and_is_kept() {
        let stop = Stop::new();
        assert!(!stop.wait(Duration::from_millis(1)) && !stop.wait(Duration::ZERO));
        let mut threads = Threads::new();
        let woken = Arc::new(Mutex::new(0));
        for _ in 0..4 {
            let woken = Arc::clone(&woken);
            let sleep = move |stop: &Stop| {
                assert!(stop.wait(Duration::MAX));
                *woken.lock().unwrap() += 1;
            };
            threads.spawn("a name that is longer than fifteen bytes", sleep).unwrap();
        }
        assert_eq!(threads.len(), 4);
        let begun = Instant::now();
        threads.stop();
        assert!(begun.elapsed() < Duration::from_secs(5));
        assert_eq!(*woken.lock().unwrap(), 4);
        assert!(threads.is_empty() && threads.stopper().wait(Duration::MAX));
    }

    #[test]
    fn a_panic_ends_the_thread_only_and_on_stop_is_done_once() {
        let mut threads = Threads::new();
        threads.spawn("", |_| std::panic::resume_unwind(Box::new(1))).unwrap();
        let (said, heard) = std::sync::mpsc::channel();
        threads.on_stop(move || said.send(()).unwrap());
        threads.stop();
        threads.stop();
        assert_eq!(heard.iter().count(), 1);
    }
}
