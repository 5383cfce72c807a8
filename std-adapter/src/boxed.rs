// SPDX-License-Identifier: Apache-2.0
//! States and instances in boxes: as many as the host asks for.
#![expect(unsafe_code, reason = "the host keeps states and instances by pointer and says when they end")]

use std::ffi::c_void;
use std::fmt;
use std::mem::MaybeUninit;
use std::sync::{Mutex, MutexGuard, PoisonError};

use falconet::Plugin;
use falconet::export::source::close_one;
use falconet::export::{ExportedSource, Head, InstanceSlot, State};

use crate::{logging, panics};

/// How many states live, of all plugins of this library.
static STATES: Mutex<usize> = Mutex::new(0);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The states of a plugin that are free at the moment, each in a box.
///
/// The box of a state that ended stays, for the next one: a log handle may outlive its state, and looks there whether that
/// has ended. All of them are given back when the library is unmapped.
pub struct States<S: 'static>(Mutex<Vec<&'static S>>);

impl<S> fmt::Debug for States<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("States").field(&lock(&self.0).len()).finish()
    }
}

impl<T: Plugin, X, B: Sync> States<State<T, X, B>> {
    /// None.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "made by `export!` in a static, and nowhere else")]
    pub const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Takes a free state, or makes one as `first` is, for a plugin in `module`.
    ///
    /// # Safety
    /// `first` is a static that is free and stays so; `free` gives a state back to this list.
    pub unsafe fn take(
        &self,
        first: &'static State<T, X, B>,
        free: unsafe fn(*const Head),
        module: &'static str,
    ) -> &'static State<T, X, B> {
        let kept = lock(&self.0).pop();
        let state = kept.unwrap_or_else(|| {
            let mut memory: Box<MaybeUninit<State<T, X, B>>> = Box::new_uninit();
            // SAFETY: nothing has ever happened to `first`, so a copy is as good as the constant that it was made from;
            // it is copied in place, because it may be large.
            unsafe {
                memory.as_mut_ptr().copy_from_nonoverlapping(first, 1);
                Box::leak(memory.assume_init())
            }
        });
        // SAFETY: it is a copy of a free one, or was in the list of those, and `free` puts it there.
        unsafe { state.take_one(free) };
        let mut states = lock(&STATES);
        if *states == 0 {
            panics::install_hook();
            logging::begin(module);
        }
        *states += 1;
        state
    }

    /// A state is free again; `clear` gives back what lies beside its plugin value.
    ///
    /// # Safety
    /// It came from [`States::take`], and nobody uses it any more but handles that see that it has ended.
    pub unsafe fn give_back(&self, head: *const Head, clear: impl FnOnce(&'static State<T, X, B>)) {
        // SAFETY: a state begins with its head, and its box stays.
        let state = unsafe { &*head.cast::<State<T, X, B>>() };
        // SAFETY: as this function's.
        unsafe { panics::give_back(&*head) };
        panics::aside(|| clear(state));
        lock(&self.0).push(state);
        let mut states = lock(&STATES);
        *states = states.saturating_sub(1);
        if *states == 0 {
            panics::remove_hook();
            logging::end();
        }
    }

    /// Gives all boxes back, unless a state lives: then it is the process that ends.
    ///
    /// # Safety
    /// The library is being unmapped, or the process ends: no thread that the plugin started is left (rule 11.2).
    pub unsafe fn at_end(&self) {
        if !matches!(STATES.try_lock().as_deref(), Ok(0)) {
            return;
        }
        let Ok(mut free) = self.0.try_lock() else { return };
        for state in std::mem::take(&mut *free) {
            // SAFETY: `take` leaked it; it is free, and nobody has a handle to it, as this function's caller says.
            drop(unsafe { Box::from_raw(core::ptr::from_ref(state).cast_mut()) });
        }
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
/// The capabilities are the core's, and `config`: a config that is a type (see [`config`](crate::config)).
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
            $crate::__export_boxed!($plugin; [] [] [$($capability)+]);
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

/// The plugin by the core's words: `config` becomes `init_schema`, with what it and `set_config` are made of.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_boxed {
    ($p:ty; [$($typed:ident)?] [$($word:ident)*] [config $($more:ident)*]) => {
        $crate::__export_boxed!($p; [config] [$($word)* init_schema] [$($more)*]);
    };
    ($p:ty; $typed:tt [$($word:ident)*] [$next:ident $($more:ident)*]) => {
        $crate::__export_boxed!($p; $typed [$($word)* $next] [$($more)*]);
    };
    ($p:ty; [$($typed:ident)?] $words:tt []) => {
        $crate::__export_words!($words);
        $( $crate::__export_boxed!(@$typed $p; $words); )?
        $crate::__export_plugin!($p; $words; [$crate::__storage_boxed]);
        $crate::__export_functions!($p; $words; export);
    };
    (@config $p:ty; $words:tt) => {
        static __SCHEMA: $crate::config::SchemaText = $crate::config::SchemaText::new();
        $crate::__at_end!(__SCHEMA.free());

        impl $crate::InitSchema for $p {
            const INIT_SCHEMA: &'static ::core::ffi::CStr = $crate::config::ANY;
            fn init_schema() -> &'static ::core::ffi::CStr {
                __SCHEMA.get::<<$p as $crate::config::Configured>::Config>()
            }
        }
        $crate::__export_if! { set_config $words {
            impl $crate::SetConfig for $p {
                fn set_config(
                    &mut self,
                    config: &::core::ffi::CStr,
                ) -> ::core::result::Result<(), <$p as $crate::Plugin>::Error> {
                    $crate::config::Reconfigure::reconfigure(self, $crate::config::read(config)?)
                }
            }
        } {} }
    };
}

/// What is done when the library is unmapped, or the process ends.
#[doc(hidden)]
#[macro_export]
macro_rules! __at_end {
    ($done:expr) => {
        const _: () = {
            extern "C" fn at_end() {
                // SAFETY: called by the loader, at the end of all.
                unsafe { $done }
            }
            // SAFETY: the section is an array of such functions, which the loader calls.
            #[cfg_attr(all(unix, not(target_vendor = "apple")), used, unsafe(link_section = ".fini_array"))]
            static AT_END: extern "C" fn() = at_end;
        };
    };
}

/// Where states, instances and batches of a plugin with std are: in boxes.
#[doc(hidden)]
#[macro_export]
macro_rules! __storage_boxed {
    (@statics $p:ty; $words:tt) => {
        static __FIRST_STATE: $crate::export::State<$p, __Extraction, __Beside> = __STATE;
        static __STATES: $crate::boxed::States<$crate::export::State<$p, __Extraction, __Beside>> =
            $crate::boxed::States::new();
        $crate::__at_end!(__STATES.at_end());
        $crate::__export_if! { source $words {
            static __INSTANCES: $crate::boxed::Instances<<$p as $crate::Source>::Instance> =
                $crate::boxed::Instances::new();
        } {} }
    };
    (@states $p:ty; $words:tt) => {
        const BREAKS: bool = true;
        fn take_state() -> ::core::option::Option<&'static $crate::export::State<Self, __Extraction, __Beside>> {
            unsafe fn free(head: *const $crate::export::Head) {
                // SAFETY: as this function's; then nobody has a handle to what lies beside.
                unsafe { __STATES.give_back(head, |state| <$p as $crate::export::Exported>::clear(state)) }
            }
            // SAFETY: the statics are used for this alone.
            ::core::option::Option::Some(unsafe { __STATES.take(&__FIRST_STATE, free, ::core::module_path!()) })
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
