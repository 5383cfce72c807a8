// SPDX-License-Identifier: Apache-2.0
//! Values that only programs in another language give: see [`Answers`](crate::extract::Answers).
use super::{Value, sealed};
use crate::abi;
use crate::event::{Event, Span};
use crate::extract::Request;

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
