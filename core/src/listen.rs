// SPDX-License-Identifier: Apache-2.0
//! Capture listening: [`Listen`] hears when a capture begins and ends, and runs routines on the host's threads between.
//!
//! A routine works on the plugin's [shared part](crate::Shares), which lies in static storage, so nothing that it uses
//! can be freed under it. The host would call it again at once, without a pause (rule 8.3): each has a period.
#![expect(unsafe_code, reason = "routines are C functions with bare pointers")]

use core::ffi::c_void;
use core::fmt;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};
use core::time::Duration;

use crate::abi;
use crate::error::Error;
use crate::export::{ExportedImports, ExportedListen};
use crate::shared::{Shared, Shares};
use crate::tables::Writer;

/// A plugin that listens to captures.
///
/// ```
/// use core::sync::atomic::{AtomicU64, Ordering};
/// use core::time::Duration;
/// use falconet::listen::{Again, Capture, Listen, Routine};
/// use falconet::{Error, Info, Init, Plugin, Shares};
///
/// struct Clock { routine: Option<Routine> }
/// impl Plugin for Clock {
///     type Error = Error;
///     const INFO: Info = Info::new(c"clock", c"0.1.0", c"ticks", c"you@example.org");
///     fn new(_: &Init<'_>) -> Result<Self, Error> {
///         Ok(Self { routine: None })
///     }
/// }
/// impl Shares for Clock {
///     type Shared = AtomicU64;
///     const SHARED: AtomicU64 = AtomicU64::new(0);
/// }
/// impl Listen for Clock {
///     fn capture_open(&mut self, capture: &mut Capture<'_, Self>) -> Result<(), Error> {
///         self.routine = Some(capture.subscribe(Duration::from_millis(100), |ticks| {
///             ticks.fetch_add(1, Ordering::Relaxed);
///             Again::Yes
///         })?);
///         Ok(())
///     }
/// }
/// falconet::export!(Clock: listen);
/// ```
#[diagnostic::on_unimplemented(
    message = "the capability `listen` needs `impl falconet::Listen for {Self}`",
    label = "does not listen to captures",
    note = "write `impl falconet::Listen for {Self}`, or leave `listen` out of `export!`"
)]
pub trait Listen: Shares {
    /// A capture begins.
    ///
    /// # Errors
    /// The host shows the message and ends.
    fn capture_open(&mut self, capture: &mut Capture<'_, Self>) -> Result<(), Self::Error>;

    /// The capture ends. Its routines are told to end before this is called; one that runs at this moment ends its run.
    ///
    /// # Errors
    /// The host shows the message, but goes no further: other plugins do not hear of the end, and if it is ending itself
    /// the process is aborted (rule 8.1). What can be gone without is better logged. After a panic that was caught it is not
    /// called, and is no failure.
    fn capture_close(&mut self, capture: &mut Capture<'_, Self>) -> Result<(), Self::Error> {
        let _nothing_to_do = capture;
        Ok(())
    }
}

/// Whether a routine is called again.
///
/// ```
/// use falconet::listen::Again;
/// assert_ne!(Again::Yes, Again::No);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// When its period has passed.
    Yes,
    /// It has ended.
    No,
}

/// What the host gives to [`Listen::capture_open`] and [`Listen::capture_close`].
pub struct Capture<'c, P> {
    input: &'c abi::CaptureListenInput,
    routines: &'static [RoutineSlot],
    tables: Option<Writer<'c>>,
    _plugin: PhantomData<fn(P)>,
}

impl<'c, P: ExportedListen> Capture<'c, P> {
    /// # Safety
    /// The host's input, valid for `'c`; the routines are those of the state that is called.
    pub(crate) const unsafe fn new(
        input: &'c abi::CaptureListenInput,
        routines: &'static [RoutineSlot],
        tables: Option<Writer<'c>>,
    ) -> Self {
        Self { input, routines, tables, _plugin: PhantomData }
    }

    /// State tables, to be read and written with the handles that the plugin found at init.
    ///
    /// # Errors
    /// Where the host gave none at init.
    pub fn tables(&mut self) -> Result<&mut Writer<'c>, Error>
    where
        P: ExportedImports,
    {
        self.tables.as_mut().ok_or(Error::new("the host gave no state tables to this plugin at init"))
    }

    /// Runs a function of the plugin's [`Shared`] part on a thread of the host, at once and then with a pause of `period`
    /// between runs, until it says [`Again::No`], the handle is dropped, or the capture ends. One that is subscribed as the
    /// capture ends does not run.
    ///
    /// A pause has 1 ms at least, and whole ones. It is kept by the thread itself in steps of 10 ms, so that an end is
    /// never waited for for longer.
    ///
    /// # Errors
    /// Where the host takes no routine (it may have no threads for them: rule 8.3), and while as many run as the setting
    /// `routines` of `export!` allows.
    pub fn subscribe<F>(&mut self, period: Duration, _: F) -> Result<Routine, Error>
    where
        F: Fn(&Shared<P>) -> Again + Copy + 'static,
    {
        const { assert!(size_of::<F>() == 0, "a routine captures nothing: it has the plugin's shared part") };
        // SAFETY: NULL, or the host's table of functions, valid for the call.
        let subscribe = unsafe { self.input.routine.as_ref() }.and_then(|table| table.subscribe);
        let subscribe = subscribe.ok_or(Error::new("the host offers no routines for this capture"))?;
        let all = self.routines.len();
        let slot = self.routines.iter().find(|slot| slot.is_free()).ok_or(
            Error::new("all routines are in use: end one, or raise `routines` in the plugin's export!")
                .with("routines", all as u64),
        )?;
        let ticket = slot.take(run::<P, F>, period);
        // SAFETY: the host's function, with its owner; the slot is static, and `step` takes what it is given here.
        let routine =
            unsafe { subscribe(self.input.owner, Some(step::<P>), core::ptr::from_ref(slot).cast_mut().cast()) };
        if routine.is_null() {
            slot.ended();
            return Err(Error::new("the host takes no routine (it has no threads for them)"));
        }
        Ok(Routine { slot, ticket })
    }
}

impl<P> fmt::Debug for Capture<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capture").field("routines", &self.routines.len()).finish_non_exhaustive()
    }
}

/// A routine that runs until this is dropped, or the capture ends. See [`Listen`] for an example.
#[must_use = "a routine ends when its handle is dropped"]
pub struct Routine {
    slot: &'static RoutineSlot,
    ticket: u64,
}

impl Routine {
    /// Whether it has ended: by itself, or with its capture.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.slot.ticket.load(Ordering::Acquire) != self.ticket
    }
}

impl Drop for Routine {
    fn drop(&mut self) {
        self.slot.stop(self.ticket);
    }
}

impl fmt::Debug for Routine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routine").field("over", &self.is_over()).finish()
    }
}

/// What the host's routine pointer points at: static, and used again only when the host calls it no more.
pub struct RoutineSlot {
    /// Odd while its routine is to run; the next even number tells it to end.
    ticket: AtomicU64,
    /// Which function runs; NULL: the slot is free, the host has been told that its routine has ended.
    run: AtomicPtr<()>,
    /// Milliseconds between two runs.
    period: AtomicU32,
    /// Milliseconds to the next one.
    pause: AtomicU32,
    /// Its capture ends.
    closing: AtomicBool,
}

impl RoutineSlot {
    /// Free.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "made by `export!` in a static, and nowhere else")]
    pub const fn new() -> Self {
        Self {
            ticket: AtomicU64::new(0),
            run: AtomicPtr::new(core::ptr::null_mut()),
            period: AtomicU32::new(0),
            pause: AtomicU32::new(0),
            closing: AtomicBool::new(false),
        }
    }

    fn is_free(&self) -> bool {
        self.run.load(Ordering::Acquire).is_null()
    }

    /// Takes a free slot, and gives the ticket of its routine. Called from `capture_open` only, one at a time.
    fn take(&self, run: fn(*const c_void) -> Again, period: Duration) -> u64 {
        let millis = u32::try_from(period.as_millis()).unwrap_or(u32::MAX);
        // Without any pause the host's thread would be busy with nothing else (rule 8.3).
        self.period.store(millis.max(1), Ordering::Relaxed);
        self.pause.store(0, Ordering::Relaxed);
        self.closing.store(false, Ordering::Relaxed);
        self.run.store(run as *mut (), Ordering::Relaxed);
        let ticket = (self.ticket.load(Ordering::Relaxed) | 1).wrapping_add(2);
        self.ticket.store(ticket, Ordering::Release);
        ticket
    }

    /// Tells the routine of `ticket` to end.
    fn stop(&self, ticket: u64) {
        let _other = self.ticket.compare_exchange(ticket, ticket.wrapping_add(1), Ordering::Release, Ordering::Relaxed);
    }

    /// Tells whatever runs here to end.
    pub(crate) fn stop_any(&self) {
        self.stop(self.ticket.load(Ordering::Relaxed) | 1);
    }

    /// Tells whatever runs here to end: the capture ends.
    pub(crate) fn capture_ends(&self) {
        self.closing.store(true, Ordering::Release);
        self.stop_any();
    }

    /// What a routine that is over answers. While the capture ends it does not leave by itself: the host would take it out
    /// of its list on this thread, and clears that list on another one, without a lock between them (rule 8.3).
    fn leave(&self) -> abi::Bool {
        if self.closing.load(Ordering::Acquire) {
            self.stop_any();
            sleep(1);
            return 1;
        }
        self.ended();
        0
    }

    /// The host calls the routine no more.
    pub(crate) fn ended(&self) {
        self.stop_any();
        self.run.store(core::ptr::null_mut(), Ordering::Release);
    }
}

impl fmt::Debug for RoutineSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoutineSlot").field("free", &self.is_free()).finish()
    }
}

/// The author's function, by its zero-sized type.
fn run<P, F>(shared: *const c_void) -> Again
where
    P: Shares,
    F: Fn(&Shared<P>) -> Again + Copy + 'static,
{
    // SAFETY: `Capture::subscribe`, which alone names this function, was given an F; `step` hands over a handle of P.
    unsafe { crate::extract::captures_nothing::<F>()(&*shared.cast::<Shared<P>>()) }
}

/// What the host calls again and again, on threads of its own (`ss_plugin_routine_fn_t`).
///
/// # Safety
/// The host's contract of the function: the state is live, `slot` is what `subscribe` was given.
unsafe extern "C" fn step<P: ExportedListen>(plugin: *mut c_void, slot: *mut c_void) -> abi::Bool {
    // SAFETY: one of the static slots, or NULL.
    let Some(slot) = (unsafe { slot.cast::<RoutineSlot>().as_ref() }) else { return 0 };
    // SAFETY: the state is the host's from init, or NULL; the plugin value is not touched.
    let live = unsafe { crate::export::shell::StateOf::<P>::live_state(plugin) };
    // It is broken: see `leave` for a capture that ends meanwhile.
    let Some(state) = live else { return slot.leave() };
    if slot.ticket.load(Ordering::Acquire) & 1 == 0 {
        return slot.leave();
    }
    let pause = slot.pause.load(Ordering::Relaxed);
    if pause > 0 {
        let now = pause.min(STEP);
        sleep(now);
        slot.pause.store(pause - now, Ordering::Relaxed);
        return 1;
    }
    let run = slot.run.load(Ordering::Relaxed);
    if run.is_null() {
        return 0;
    }
    let shared = Shared::<P>::new(state);
    // SAFETY: not NULL, so what `take` was given.
    let run = unsafe { core::mem::transmute::<*mut (), fn(*const c_void) -> Again>(run) };
    if P::guard(plugin, || run((&raw const shared).cast())) != Some(Again::Yes) {
        return slot.leave();
    }
    slot.pause.store(slot.period.load(Ordering::Relaxed), Ordering::Relaxed);
    1
}

/// Milliseconds that a thread sleeps at a time.
const STEP: u32 = 10;

/// Sleeps, where there is a system to do so.
fn sleep(millis: u32) {
    #[cfg(unix)]
    {
        use core::ffi::{c_int, c_long};
        #[repr(C)]
        struct Timespec {
            seconds: c_long,
            nanos: c_long,
        }
        unsafe extern "C" {
            fn nanosleep(time: *const Timespec, rest: *mut Timespec) -> c_int;
        }
        let time = Timespec { seconds: 0, nanos: c_long::from(millis.min(999).cast_signed()) * 1_000_000 };
        // SAFETY: the struct is there; no rest is asked for, and a sleep that a signal ends early is as good.
        unsafe { nanosleep(&raw const time, core::ptr::null_mut()) };
    }
    #[cfg(not(unix))]
    for _ in 0..millis {
        core::hint::spin_loop();
    }
}

/// The routines of one state.
#[derive(Debug)]
pub struct Routines<const N: usize>(pub [RoutineSlot; N]);

impl<const N: usize> Routines<N> {
    /// All free.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "made by `export!` in a static, and nowhere else")]
    pub const fn new() -> Self {
        Self([const { RoutineSlot::new() }; N])
    }
}
