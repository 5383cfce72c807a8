// SPDX-License-Identifier: Apache-2.0
//! What a view cannot check and its caller vouches for: memory given by pointer, and room filled by hand.
#![expect(unsafe_code, reason = "the callers of these functions vouch for pointers and for initialised bytes")]

use core::mem::MaybeUninit;

use super::window::{Window, WindowMut};
use super::{View, ViewError, ViewMut, WriteView};

impl View<'_> {
    /// A view of `capacity` bytes at `ptr`, of which the first `len` are the content. The cursor is at the first byte.
    ///
    /// ```
    /// use falconet::view::View;
    ///
    /// let memory = *b"content and more";
    /// // SAFETY: `memory` has 16 bytes, all initialised, and outlives the view unchanged.
    /// let view = unsafe { View::from_raw_parts(memory.as_ptr(), 7, 16) }?;
    /// assert_eq!(view.as_slice(), b"content");
    /// # Ok::<(), falconet::view::ViewError>(())
    /// ```
    ///
    /// # Errors
    /// [`ViewError::Null`], [`ViewError::CapacityTooLarge`] and [`ViewError::LenBeyondCapacity`]. An error is returned
    /// whatever the memory is.
    ///
    /// # Safety
    /// Unless it is an error, for the whole of the view's lifetime:
    /// - the `capacity` bytes at `ptr` lie in one allocation and may be read,
    /// - all of them are initialised, those beyond `len` too: [`View::set_len`] may grow over them,
    /// - nobody writes them, neither through this process's pointers nor through the host's.
    #[inline]
    pub unsafe fn from_raw_parts(ptr: *const u8, len: usize, capacity: usize) -> Result<Self, ViewError> {
        // SAFETY: this function's contract is the invariant of `Window`.
        unsafe { Window::from_raw(ptr, len, capacity) }.map(Self::from_window)
    }
}

impl WriteView<'_> {
    /// A view of `capacity` bytes at `ptr`, of which the first `len` are the content: 0 for a new event. The cursor is at
    /// the first byte.
    ///
    /// # Errors
    /// [`ViewError::Null`], [`ViewError::CapacityTooLarge`] and [`ViewError::LenBeyondCapacity`]. An error is returned
    /// whatever the memory is.
    ///
    /// # Safety
    /// Unless it is an error, for the whole of the view's lifetime:
    /// - the `capacity` bytes at `ptr` lie in one allocation and may be read and written,
    /// - nobody reads or writes them other than through this view,
    /// - the first `len` bytes are initialised, and may be sent to the host as they are.
    ///
    /// And afterwards nobody counts on any byte beyond the view's last length being initialised, because a filler may
    /// have left it otherwise. ([`WriteView::new`] has no such condition, and pays for it in
    /// [`fill_with`](Self::fill_with).)
    #[inline]
    pub unsafe fn from_raw_parts(ptr: *mut u8, len: usize, capacity: usize) -> Result<Self, ViewError> {
        // SAFETY: this function's contract is the invariant of `WindowMut`, whose owner does not count on more.
        unsafe { WindowMut::from_raw(ptr, len, capacity, false) }.map(|window| Self::from_window(window, 0))
    }

    /// The raw room from the cursor to the capacity, to be filled by hand and reported with [`advance`](Self::advance).
    ///
    /// All content from the cursor on is given up: the length moves back to the cursor. So the room never holds content,
    /// which storing `MaybeUninit::uninit()` would ruin. [`fill_with`](Self::fill_with) does the same without unsafe.
    ///
    /// ```
    /// use falconet::view::WriteView;
    ///
    /// let mut memory = [0xAA; 8];
    /// let mut view = WriteView::new(&mut memory);
    /// // SAFETY: nothing uninitialised is stored in the room.
    /// let room = unsafe { view.room() };
    /// let written = room.iter_mut().zip(*b"abc").map(|(byte, value)| byte.write(value)).count();
    /// // SAFETY: that many bytes at the cursor were just written.
    /// unsafe { view.advance(written) }?;
    /// assert_eq!(view.len(), 3);
    /// # Ok::<(), falconet::view::ViewError>(())
    /// ```
    ///
    /// # Safety
    /// No uninitialised byte is stored in the room if the memory was lent as a `&mut [u8]` (by [`WriteView::new`], or to
    /// a [`ViewMut`]): its owner will read it as initialised.
    #[inline]
    pub unsafe fn room(&mut self) -> &mut [MaybeUninit<u8>] {
        self.touch_all();
        // SAFETY: memory whose owner counts on it was initialised when it was lent, and stays so by the contract.
        unsafe { self.window_mut().room() }
    }

    /// Makes the next `n` bytes content, and moves the cursor behind them.
    ///
    /// # Errors
    /// [`ViewError::Full`] where there is no room for `n` bytes; nothing has changed then.
    ///
    /// # Safety
    /// Unless it is an error, the `n` bytes at the cursor are initialised: they were written to a [`room`](Self::room)
    /// handed out with the cursor where it is now.
    #[inline]
    pub unsafe fn advance(&mut self, n: usize) -> Result<(), ViewError> {
        // SAFETY: the bytes are initialised by the contract.
        unsafe { self.window_mut().advance(n) }
    }
}

impl ViewMut<'_> {
    /// A view of `capacity` bytes at `ptr`, of which the first `len` are the content. The cursor is at the first byte.
    ///
    /// # Errors
    /// [`ViewError::Null`], [`ViewError::CapacityTooLarge`] and [`ViewError::LenBeyondCapacity`]. An error is returned
    /// whatever the memory is.
    ///
    /// # Safety
    /// Unless it is an error, for the whole of the view's lifetime:
    /// - the `capacity` bytes at `ptr` lie in one allocation and may be read and written,
    /// - nobody reads or writes them other than through this view or what it is narrowed to,
    /// - the first `len` bytes are initialised. Those beyond need not be.
    #[inline]
    pub unsafe fn from_raw_parts(ptr: *mut u8, len: usize, capacity: usize) -> Result<Self, ViewError> {
        // SAFETY: this function's contract is the invariant of `WindowMut`. The owner may count on all bytes.
        unsafe { WindowMut::from_raw(ptr, len, capacity, true) }.map(Self::from_window)
    }
}
