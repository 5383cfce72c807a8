// SPDX-License-Identifier: Apache-2.0
//! What lies beside a plugin value in its state: the parts that other threads may touch while the value is in use.
#![expect(unsafe_code, reason = "the part is made anew when its state is taken")]

use core::cell::UnsafeCell;
use core::fmt;

use crate::error::Message;
use crate::text::TextRoom;

/// One part for each capability that needs one, `()` for the others.
#[derive(Debug)]
pub struct Beside<S, M, A, R, I, E> {
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
    /// Memory for an event's text.
    pub event_text: E,
}

/// Memory for an event's text of up to `N` bytes, its NUL included.
pub struct EventTextMemory<const N: usize>(UnsafeCell<Message<N>>);

// SAFETY: who reaches the text says that nobody else does.
unsafe impl<const N: usize> Sync for EventTextMemory<N> {}

impl<const N: usize> EventTextMemory<N> {
    /// Without a text.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "made by `export!` in a static, and nowhere else")]
    pub const fn new() -> Self {
        Self(UnsafeCell::new(Message::new()))
    }

    /// The room for the next text.
    ///
    /// # Safety
    /// Nobody else uses it: the host asks for one text of a state at a time (rule 8.2).
    #[inline]
    pub unsafe fn room(&self) -> TextRoom<'_> {
        // SAFETY: the caller is the only one.
        TextRoom::new(unsafe { &mut *self.0.get() }.text())
    }
}

impl<const N: usize> fmt::Debug for EventTextMemory<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventTextMemory").field("bytes", &N).finish()
    }
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
