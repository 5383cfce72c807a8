// SPDX-License-Identifier: Apache-2.0
//! Values that only programs in another language give: see [`Answers`](crate::extract::Answers).
#![expect(unsafe_code, reason = "a C string arrives as a bare pointer")]

use core::ffi::c_char;
use core::ptr::NonNull;

use super::{Value, sealed};
use crate::abi;
use crate::event::{Event, Span};
use crate::extract::Request;

/// A C string that is handed over by pointer.
#[derive(Clone, Copy)]
pub(in crate::extract) struct CText(NonNull<c_char>);

impl CText {
    /// `None` where it begins in the event and the payload's last byte does not prove that it ends there.
    ///
    /// # Safety
    /// Elsewhere than in the event it is a C string that stays as long as the host reads values.
    #[inline]
    pub(in crate::extract) unsafe fn new(text: NonNull<c_char>, event: &Event<'_>) -> Option<Self> {
        match place(text, event) {
            Some(start) if start < event.as_bytes().len() => event.terminated(start).map(|_| Self(text)),
            _ => Some(Self(text)),
        }
    }
}

/// How far behind the event's first byte a text begins.
#[inline]
fn place(text: NonNull<c_char>, event: &Event<'_>) -> Option<usize> {
    text.addr().get().checked_sub(event.as_bytes().as_ptr().addr())
}

impl sealed::Sealed for CText {}

impl Value for CText {
    const TYPE: abi::FieldType = abi::FTYPE_STRING;
    type Cell = *const c_char;

    #[inline]
    fn cell(self, _: &mut Request<'_>) -> Option<*const c_char> {
        Some(self.0.as_ptr())
    }

    fn offset(&self, event: &Event<'_>) -> Option<(u32, u32)> {
        let start = place(self.0, event)?;
        let len = event.terminated(start)?.iter().position(|byte| *byte == 0)?;
        Some((u32::try_from(start).ok()?, u32::try_from(len).ok()?))
    }
}

/// A value and where it was read, if that is elsewhere than where the value itself stands.
pub(in crate::extract) struct Placed<V> {
    pub(in crate::extract) value: V,
    pub(in crate::extract) span: Option<Span>,
}

impl<V: Value> sealed::Sealed for Placed<V> {}

impl<V: Value> Value for Placed<V> {
    const TYPE: abi::FieldType = V::TYPE;
    const DROPS: bool = V::DROPS;
    type Cell = V::Cell;

    #[inline]
    fn cell(self, request: &mut Request<'_>) -> Option<V::Cell> {
        self.value.cell(request)
    }

    fn offset(&self, event: &Event<'_>) -> Option<(u32, u32)> {
        match self.span {
            Some(span) => span.offset(event),
            None => self.value.offset(event),
        }
    }
}
