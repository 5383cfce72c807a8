// SPDX-License-Identifier: Apache-2.0
//! States and instances in boxes: as many as the host asks for, each given back when it ends.
#![expect(unsafe_code, reason = "the host keeps states and instances by pointer and says when they end")]

use std::ffi::c_void;
use std::fmt;
use std::mem::MaybeUninit;
use std::sync::{Mutex, MutexGuard, PoisonError};

use falconet::export::shell::StateOf;
use falconet::export::source::close_one;
use falconet::export::{Exported, ExportedSource, Head, InstanceSlot};

use crate::panics;

/// How many states live, of all plugins of this library.
static STATES: Mutex<usize> = Mutex::new(0);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a state in a box, as `first` is, which nobody uses.
///
/// # Safety
/// `first` is a static that is free and stays so.
pub unsafe fn take_state<T: Exported>(first: &'static StateOf<T>) -> &'static StateOf<T> {
    let mut memory: Box<MaybeUninit<StateOf<T>>> = Box::new_uninit();
    // SAFETY: nothing has ever happened to `first`, so a copy is as good as the constant that it was made from; it is
    // copied in place, because it may be large.
    let state: &'static StateOf<T> = unsafe {
        memory.as_mut_ptr().copy_from_nonoverlapping(first, 1);
        Box::leak(memory.assume_init())
    };
    // SAFETY: it is a copy of a free one, and `free` gives back the box.
    unsafe { state.take_one(free::<T>) };
    let mut states = lock(&STATES);
    if *states == 0 {
        panics::install_hook();
    }
    *states += 1;
    state
}

/// Gives a state's box back.
///
/// # Safety
/// It came from [`take_state`], and nobody uses it any more.
unsafe fn free<T: Exported>(head: *const Head) {
    // SAFETY: as this function's.
    unsafe { panics::give_back(&*head) };
    // SAFETY: as this function's; a state begins with its head.
    let state = unsafe { Box::from_raw(head.cast_mut().cast::<StateOf<T>>()) };
    // What lies in it besides the plugin value may panic when it is dropped.
    let _ended = panics::guard(panics::NO_STATE, || drop(state));
    let mut states = lock(&STATES);
    *states = states.saturating_sub(1);
    if *states == 0 {
        panics::remove_hook();
    }
}

/// The open instances of a plugin, of all its states.
pub struct Instances<I: 'static>(Mutex<Vec<&'static InstanceSlot<I>>>);

impl<I> fmt::Debug for Instances<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Instances").field(&lock(&self.0).len()).finish()
    }
}

impl<I: Send> Instances<I> {
    /// None.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "made by `export!` in a static, and nowhere else")]
    pub const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Makes a place for an instance that `owner` opens.
    pub fn take(&self, owner: *mut c_void) -> Option<&'static InstanceSlot<I>> {
        let slot: &'static InstanceSlot<I> = Box::leak(Box::new(InstanceSlot::new()));
        let taken = InstanceSlot::take(core::slice::from_ref(slot), owner);
        lock(&self.0).push(slot);
        taken
    }

    /// Gives the box of an instance back, if it is one of these and is closed.
    ///
    /// # Safety
    /// Nobody uses it any more.
    pub unsafe fn free(&self, slot: &'static InstanceSlot<I>) {
        let mut slots = lock(&self.0);
        let place = slots.iter().position(|other| core::ptr::eq(*other, slot));
        if let Some(place) = place.filter(|_| slot.is_free()) {
            slots.swap_remove(place);
            if slots.is_empty() {
                *slots = Vec::new();
            }
            // SAFETY: it came from `take` and is in the list no more; nobody else uses it.
            drop(unsafe { Box::from_raw(core::ptr::from_ref(slot).cast_mut()) });
        }
    }

    /// Closes every instance that a state has open.
    ///
    /// # Safety
    /// The host is done with the state.
    pub unsafe fn close_all_of<T>(&self, state: *const c_void)
    where
        T: ExportedSource + falconet::Source<Instance = I>,
    {
        let open: Vec<_> = lock(&self.0).iter().copied().filter(|slot| slot.is_of(state)).collect();
        for slot in open {
            // SAFETY: the host uses the state's instances no more.
            unsafe { close_one::<T>(slot, state) };
        }
    }
}

/// Exports a plugin with std: as [`falconet::export!`], with boxed states and instances, and panics caught.
///
/// The settings `states` and `instances` mean nothing here: there are as many as the host asks for. Both profiles of the
/// plugin's workspace keep `panic = "unwind"`, cargo's default.
///
/// ```
/// use falconet_std::{Error, Event, Info, Init, Parse, Parsing, Plugin};
/// struct Words { seen: std::collections::HashSet<Vec<u8>> }
/// impl Plugin for Words {
///     type Error = Error;
///     const INFO: Info = Info::new(c"words", c"0.1.0", c"words seen", c"you@example.org");
///     fn new(_: &Init<'_>) -> Result<Self, Error> {
///         Ok(Self { seen: std::collections::HashSet::new() })
///     }
/// }
/// impl Parse for Words {
///     fn parse(&mut self, event: &Event<'_>, _: &mut Parsing<'_, Self>) -> Result<(), Error> {
///         self.seen.extend(event.payload().split(|byte| *byte == b' ').map(<[u8]>::to_vec));
///         Ok(())
///     }
/// }
/// falconet_std::export!(Words: parse);
/// ```
#[macro_export]
macro_rules! export {
    ($plugin:ty: $($capability:ident),+ $(,)? $(; $($setting:ident = $value:expr),+ $(,)?)?) => {
        const _: () = {
            #[cfg(not(panic = "unwind"))]
            ::core::compile_error!("a plugin on falconet-std keeps `panic = \"unwind\"`, cargo's default: a panic could not be caught");
            $crate::__export_settings!($($($setting = $value,)+)?);
            $crate::__export_words!([$($capability)+]);
            $crate::__export_plugin!($plugin; [$($capability)+]; [$crate::__storage_boxed]);
            $crate::__export_functions!($plugin; [$($capability)+]; export);
        };

        /// Of this name there is one in a crate, wherever it stands.
        #[doc(hidden)]
        #[allow(non_local_definitions, reason = "documentation tests export a plugin inside of `main`")]
        #[macro_export]
        macro_rules! a_crate_exports_one_plugin {
            () => {};
        }
    };
    ($($other:tt)*) => {
        compile_error!("export! takes a plugin and what it does: `falconet_std::export!(MyPlugin: source, extract);`");
    };
}

/// Where states, instances and batches of a plugin with std are: in boxes.
#[doc(hidden)]
#[macro_export]
macro_rules! __storage_boxed {
    (@statics $p:ty; $words:tt) => {
        static __FIRST_STATE: $crate::export::State<$p, __Extraction, __Beside> = __STATE;
        $crate::__export_if! { source $words {
            static __INSTANCES: $crate::boxed::Instances<<$p as $crate::Source>::Instance> =
                $crate::boxed::Instances::new();
        } {} }
    };
    (@states $p:ty; $words:tt) => {
        const BREAKS: bool = true;
        fn take_state() -> ::core::option::Option<&'static $crate::export::State<Self, __Extraction, __Beside>> {
            // SAFETY: the static is used for this alone.
            ::core::option::Option::Some(unsafe { $crate::boxed::take_state::<Self>(&__FIRST_STATE) })
        }
        #[inline]
        fn guard<R>(
            state: *const ::core::ffi::c_void,
            call: impl ::core::ops::FnOnce() -> R,
        ) -> ::core::option::Option<R> {
            $crate::panics::guard(state, call)
        }
        unsafe fn close_instances_of(_state: *const ::core::ffi::c_void) {
            $crate::__export_if! { source $words {
                // SAFETY: as this function's.
                unsafe { __INSTANCES.close_all_of::<$p>(_state) }
            } {} }
        }
    };
    (@instances $p:ty) => {
        fn take_instance(
            owner: *mut ::core::ffi::c_void,
        ) -> ::core::option::Option<&'static $crate::export::InstanceSlot<__Instance>> {
            __INSTANCES.take(owner)
        }
        unsafe fn free_instance(slot: &'static $crate::export::InstanceSlot<__Instance>) {
            // SAFETY: as this function's.
            unsafe { __INSTANCES.free(slot) }
        }
        fn lease() -> ::core::result::Result<$crate::Lease, $crate::pool::NoneFree> {
            ::core::result::Result::Ok($crate::batches::lease(
                <$p as $crate::Source>::BATCH_EVENTS,
                <$p as $crate::Source>::BATCH_BYTES,
            ))
        }
    };
}
