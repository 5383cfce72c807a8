// SPDX-License-Identifier: Apache-2.0
//! Memory that is lent to a plugin for one call and overwritten after it (rule 1.10).
//!
//! The real host's structs lie on its stack. Here they lie on the heap and stay allocated, so that a plugin which
//! keeps a pointer reads a pattern that is the same each time, not whatever came there since.
#![expect(unsafe_code, reason = "what the plugin may hold a pointer to is only ever reached by raw pointers")]

use std::{
    cell::{Cell, OnceCell},
    ffi::{CString, c_char},
    fmt,
    mem::MaybeUninit,
    ptr::NonNull,
};

use crate::{
    call::POISON,
    guard::{self, Kind, Pages},
};

/// One value, lent.
pub(crate) struct Lent<T: Copy> {
    pointer: NonNull<MaybeUninit<T>>,
    /// Where it lies if it is guarded, and not on the heap.
    pages: Option<Pages>,
}

impl<T: Copy> Lent<T> {
    pub(crate) fn new(value: T) -> Self {
        let value = MaybeUninit::new(value);
        if let Some(pages) = guarded(size_of::<T>(), align_of::<T>())
            && let Some(pointer) = NonNull::new(pages.as_ptr().cast::<MaybeUninit<T>>())
        {
            // SAFETY: the pages have room for one `T`, aligned.
            unsafe { pointer.write(value) };
            return Self { pointer, pages: Some(pages) };
        }
        Self { pointer: NonNull::from(Box::leak(Box::new(value))), pages: None }
    }

    pub(crate) fn as_ptr(&self) -> *mut T {
        self.pointer.as_ptr().cast()
    }

    /// Lends another value in the same place.
    pub(crate) fn set(&self, value: T) {
        self.pages.iter().for_each(Pages::allow);
        // SAFETY: the allocation is ours until drop, holds one `T`, and no reference to it exists.
        unsafe { self.as_ptr().write(value) };
    }

    /// Overwrites every byte; what is guarded must not be touched any more.
    pub(crate) fn poison(&self) {
        match &self.pages {
            Some(pages) => pages.forbid(),
            // SAFETY: the allocation is ours until drop, holds one `T`, and no reference to it exists.
            None => unsafe { self.as_ptr().write_bytes(POISON, 1) },
        }
    }
}

/// Places for what is lent in each call of one kind, where that is guarded. They are used in turn, so that what was lent for
/// one call must not be touched in the next.
pub(crate) struct Places<T: Copy> {
    lent: [OnceCell<Lent<T>>; 2],
    turn: Cell<bool>,
}

impl<T: Copy> Places<T> {
    pub(crate) const fn new() -> Self {
        Self { lent: [const { OnceCell::new() }; 2], turn: Cell::new(false) }
    }

    /// Lends a value until the result is dropped: in a guarded place, or where it is.
    pub(crate) fn lend<'a>(&'a self, value: &'a T) -> InPlace<'a, T> {
        if !guard::is_on() {
            return InPlace { value, lent: None };
        }
        let [one, other] = &self.lent;
        let place = if self.turn.replace(!self.turn.get()) { one } else { other };
        let lent = place.get_or_init(|| Lent::new(*value));
        lent.set(*value);
        InPlace { value, lent: Some(lent) }
    }
}

/// What is lent for one call.
pub(crate) struct InPlace<'a, T: Copy> {
    value: &'a T,
    lent: Option<&'a Lent<T>>,
}

impl<T: Copy> InPlace<'_, T> {
    pub(crate) fn as_ptr(&self) -> *const T {
        self.lent.map_or(std::ptr::from_ref(self.value), |lent| lent.as_ptr().cast_const())
    }
}

impl<T: Copy> Drop for InPlace<'_, T> {
    fn drop(&mut self) {
        self.lent.into_iter().for_each(Lent::poison);
    }
}

/// Pages for what is lent, where that is guarded.
fn guarded(len: usize, align: usize) -> Option<Pages> {
    if !guard::is_on() {
        return None;
    }
    Pages::new(len, align, Kind::Lent, None).ok()
}

impl<T: Copy> Drop for Lent<T> {
    fn drop(&mut self) {
        if self.pages.is_none() {
            // SAFETY: made by `Box::leak` in `new` and given back only here; `MaybeUninit` may hold any bytes.
            drop(unsafe { Box::from_raw(self.pointer.as_ptr()) });
        }
    }
}

impl<T: Copy> fmt::Debug for Lent<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lent({:p})", self.as_ptr())
    }
}

/// A C string, lent.
#[derive(Debug)]
pub(crate) struct LentText {
    text: NonNull<[u8]>,
    /// Where it lies if it is guarded, and not in `text`.
    pages: Option<Pages>,
}

impl LentText {
    pub(crate) fn new(text: CString) -> Self {
        let bytes = text.into_bytes_with_nul().into_boxed_slice();
        let pages = guarded(bytes.len(), 1);
        pages.iter().for_each(|pages| pages.fill(&bytes));
        Self { text: NonNull::from(Box::leak(bytes)), pages }
    }

    pub(crate) fn as_ptr(&self) -> *const c_char {
        let text = self.text.as_ptr().cast::<u8>();
        self.pages.as_ref().map_or(text, Pages::as_ptr).cast()
    }

    /// Overwrites every byte but the NUL at the end, so that who reads it late finds an end; what is guarded must not be
    /// touched any more.
    pub(crate) fn poison(&self) {
        match &self.pages {
            Some(pages) => pages.forbid(),
            // SAFETY: the allocation is ours until drop, is `len` bytes long, and no reference to it exists.
            None => unsafe { self.text.as_ptr().cast::<u8>().write_bytes(POISON, self.text.len().saturating_sub(1)) },
        }
    }
}

impl Drop for LentText {
    fn drop(&mut self) {
        // SAFETY: made by `Box::leak` in `new` and given back only here.
        drop(unsafe { Box::from_raw(self.text.as_ptr()) });
    }
}

// SAFETY: the allocation is this value's alone, and nothing but raw pointers of the plugin points to it.
unsafe impl Send for LentText {}

/// An array of structs with names, lent until the next one takes its place: what `list_tables` and
/// `list_table_fields` give.
pub(crate) struct LentList {
    pointer: NonNull<()>,
    free: fn(NonNull<()>, usize),
    len: usize,
    _names: Vec<CString>,
}

// SAFETY: the allocation is this value's alone, and nothing but raw pointers of the plugin points to it.
unsafe impl Send for LentList {}

impl LentList {
    /// Lends one struct for each name; `of` makes it.
    pub(crate) fn new<T: Copy>(names: Vec<CString>, mut of: impl FnMut(usize, *const c_char) -> T) -> Self {
        let list: Box<[T]> = names.iter().enumerate().map(|(index, name)| of(index, name.as_ptr())).collect();
        let len = list.len();
        let pointer = NonNull::from(Box::leak(list)).cast();
        Self { pointer, free: free::<T>, len, _names: names }
    }

    /// The array; NULL for an empty one.
    pub(crate) fn as_ptr<T>(&self) -> *mut T {
        if self.len == 0 { std::ptr::null_mut() } else { self.pointer.as_ptr().cast() }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

fn free<T>(pointer: NonNull<()>, len: usize) {
    // SAFETY: made by `Box::leak` in `LentList::new` from a slice of `len` of this type, and given back only once.
    drop(unsafe { Box::from_raw(NonNull::slice_from_raw_parts(pointer.cast::<T>(), len).as_ptr()) });
}

impl Drop for LentList {
    fn drop(&mut self) {
        (self.free)(self.pointer, self.len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lent_is_overwritten_but_ends() {
        let text = LentText::new(c"config".to_owned());
        text.poison();
        // SAFETY: alive, and its last byte is a NUL.
        let bytes = unsafe { std::ffi::CStr::from_ptr(text.as_ptr()) }.to_bytes().to_vec();
        assert_eq!(bytes, [POISON; 6]);
        let value = Lent::new(7_u64);
        value.poison();
        // SAFETY: alive, and any bytes are a `u64`.
        assert_eq!(unsafe { value.as_ptr().read() }, crate::call::POISON_U64);
    }
}
