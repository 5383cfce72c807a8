// SPDX-License-Identifier: Apache-2.0
//! What lies beside a plugin value in its state: the parts that other threads may touch while the value is in use.
#![expect(unsafe_code, reason = "the part is made anew when its state is taken")]

use core::cell::UnsafeCell;
use core::fmt;

/// One part for each capability that needs one, `()` for the others.
#[derive(Debug)]
pub struct Beside<S, M, A, R, I> {
    /// The author's shared part.
    pub shared: S,
    /// The metrics as the host reads them.
    pub metrics: M,
    /// The gate of async events.
    pub async_gate: A,
    /// The routines.
    pub routines: R,
    /// What imported tables' handles belong to.
    pub imports: I,
}

/// The author's shared part of one state.
pub struct SharedPart<S>(UnsafeCell<S>);

// SAFETY: shared references to a Sync value are all that is given out, but for `begin`, whose caller is alone.
unsafe impl<S: Sync + Send> Sync for SharedPart<S> {}

impl<S> SharedPart<S> {
    /// A part as it is at first.
    #[must_use]
    pub const fn new(shared: S) -> Self {
        Self(UnsafeCell::new(shared))
    }

    /// The part.
    #[must_use]
    #[inline]
    pub const fn get(&self) -> &S {
        // SAFETY: only shared references are made while a state uses it.
        unsafe { &*self.0.get() }
    }

    /// Makes the part anew, as `first` is, for a state that begins; what it owned is dropped.
    ///
    /// # Safety
    /// Nobody has a reference to the part: its state was free, so its last handle is gone. `first` is a static of the
    /// part's first value that nobody uses otherwise.
    pub unsafe fn begin(&self, first: &'static Self) {
        // Also where the drop panics.
        let _anew = Anew { part: self, first };
        // SAFETY: the caller is alone with the part, which is written anew behind this.
        unsafe { self.0.get().drop_in_place() };
    }
}

/// Writes a part that was dropped anew.
struct Anew<'p, S: 'static> {
    part: &'p SharedPart<S>,
    first: &'static SharedPart<S>,
}

impl<S> Drop for Anew<'_, S> {
    fn drop(&mut self) {
        // SAFETY: `begin`'s caller is alone with the part. The copy is as good as the constant that both were made from,
        // because nothing has ever happened to `first`; it is copied in place, as it may be large.
        unsafe { self.part.0.get().copy_from_nonoverlapping(self.first.0.get(), 1) };
    }
}

impl<S> fmt::Debug for SharedPart<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedPart").finish_non_exhaustive()
    }
}
