// SPDX-License-Identifier: Apache-2.0
//! The part of a plugin that other threads may touch: [`Shares`], and its handle [`Shared`].
//!
//! The host calls a state on one thread at a time, but for `get_metrics`, routines and whatever threads the plugin has
//! itself (rule 8.2). What those touch lies beside the plugin value, never inside of it: a parser has `&mut self`.
#![expect(unsafe_code, reason = "a handle keeps the static slot of its state")]

use core::fmt;
use core::ops::Deref;

use crate::async_event::Emitter;
use crate::export::shell::StateOf;
use crate::export::{ExportedAsync, ExportedShares, Head};
use crate::plugin::Plugin;

/// A plugin with a part that other threads may touch: metrics, exported tables, what routines work on.
///
/// ```
/// use core::sync::atomic::{AtomicU64, Ordering};
/// use falconet::{Error, Info, Init, Plugin, Shared, Shares};
///
/// struct Watcher { shared: Shared<Self> }
/// impl Plugin for Watcher {
///     type Error = Error;
///     const INFO: Info = Info::new(c"watcher", c"0.1.0", c"watches", c"you@example.org");
///     fn new(init: &Init<'_>) -> Result<Self, Error> {
///         let shared = init.shared::<Self>()?;
///         shared.seen.store(1, Ordering::Relaxed);
///         Ok(Self { shared })
///     }
/// }
/// #[derive(Debug)]
/// struct Seen { seen: AtomicU64 }
/// impl Shares for Watcher {
///     type Shared = Seen;
///     const SHARED: Seen = Seen { seen: AtomicU64::new(0) };
/// }
/// # impl falconet::Parse for Watcher {
/// #     fn parse(&mut self, _: &falconet::Event<'_>, _: &mut falconet::Parsing<'_, Self>) -> Result<(), Error> { Ok(()) }
/// # }
/// falconet::export!(Watcher: parse, shares);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no part that other threads may touch",
    note = "write `impl falconet::Shares for {Self}`: the type of that part, and its value at first"
)]
pub trait Shares: Plugin {
    /// What other threads may touch.
    type Shared: Sync + Send + 'static;

    /// Its value when a state begins. All zero where it is large: then it costs nothing in the file.
    const SHARED: Self::Shared;
}

/// A handle to the part beside a plugin value, for any thread; got from [`Init::shared`](crate::Init::shared).
///
/// It keeps the memory: a state whose handles are not all dropped at `plugin_destroy` is free for another init only
/// when the last one is. See [`Shares`] for an example.
pub struct Shared<P: Shares> {
    shared: &'static P::Shared,
    head: &'static Head,
}

impl<P: ExportedShares> Shared<P> {
    /// The handle for a state that the caller has.
    pub(crate) fn new(state: &'static StateOf<P>) -> Self {
        state.head.keep();
        Self { shared: P::shared_of(state), head: &state.head }
    }
}

impl<P: ExportedAsync + Shares> Shared<P> {
    /// The emitter of the capture that is open; where none is, it is inert.
    #[must_use]
    pub fn emitter(&self) -> Emitter<P> {
        // SAFETY: the head is a state's of P (see `new`), of which it is the first field.
        let state = unsafe { &*core::ptr::from_ref(self.head).cast::<StateOf<P>>() };
        let gate = &P::gate_of(state).0;
        Emitter::new(gate, gate.ticket())
    }
}

impl<P: Shares> Deref for Shared<P> {
    type Target = P::Shared;

    #[inline]
    fn deref(&self) -> &P::Shared {
        self.shared
    }
}

impl<P: Shares> Clone for Shared<P> {
    fn clone(&self) -> Self {
        self.head.keep();
        Self { shared: self.shared, head: self.head }
    }
}

impl<P: Shares> Drop for Shared<P> {
    fn drop(&mut self) {
        // SAFETY: `new` or `clone` has kept it once, for this handle, which is gone now.
        unsafe { self.head.let_go() }
    }
}

impl<P: Shares<Shared: fmt::Debug>> fmt::Debug for Shared<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shared").field(self.shared).finish()
    }
}
