// SPDX-License-Identifier: Apache-2.0
//! A table as a call of the host finds it: [`Called`], its fields, its key, all under its lock.
#![expect(unsafe_code, reason = "called by the host with bare pointers")]

use core::ffi::{CStr, c_void};
use core::sync::atomic::Ordering;

use super::layout::{AddedField, Desc, Head, Lists, Root};
use super::raw::Raw;
use super::row::{Kind, RawField};
use super::text::too_long;
use crate::abi::{self, StateData};
use crate::error::Error;

/// A table as a host's call finds it.
pub(super) struct Called<'t> {
    pub(super) raw: Raw<'t>,
    pub(super) root: &'t Root,
    pub(super) desc: &'static Desc,
}

impl Called<'_> {
    /// # Safety
    /// NULL, or a table that was handed out.
    pub(super) unsafe fn new(table: *mut c_void) -> Option<Self> {
        let head = table.cast::<Head>();
        // SAFETY: as the caller says; all of a head is atomic or in a cell.
        let from = unsafe { head.as_ref() }?;
        // SAFETY: NULL while it was not handed out, else the table's root.
        let root = unsafe { from.root.load(Ordering::Acquire).as_ref() }?;
        // SAFETY: as above, its shape, which is static.
        let desc: &'static Desc = unsafe { from.desc.load(Ordering::Relaxed).as_ref() }?;
        // SAFETY: a table of that shape, which stays where it is; what is not atomic is done under the lock.
        Some(Self { raw: unsafe { Raw::new(head, desc) }, root, desc })
    }

    pub(super) fn nested(&self) -> bool {
        self.raw.head().nested.load(Ordering::Relaxed)
    }

    /// The lists of fields. The caller has the lock, and uses no other borrow of them.
    pub(super) fn lists(&self) -> *mut Lists {
        self.root.lists.get()
    }

    /// The fields that others have added; those of a table in an entry are none.
    pub(super) fn added(&self) -> &[AddedField] {
        // SAFETY: the lock is held.
        let added = unsafe { &(*self.lists()).added };
        if self.nested() { &[] } else { added.get(..added.len().min(self.desc.added)).unwrap_or_default() }
    }

    /// A field by its name.
    pub(super) fn field_named(&self, name: &CStr) -> Option<(FieldAt<'_>, *mut c_void)> {
        if let Some(field) = self.desc.fields.iter().find(|field| field.name == name) {
            return Some((FieldAt::Own(field), core::ptr::from_ref(field).cast_mut().cast()));
        }
        let (index, field) = self.added().iter().enumerate().find(|(_, field)| *field.name == *name)?;
        Some((FieldAt::Added(index, field.state_type), core::ptr::from_ref(field).cast_mut().cast()))
    }

    /// A field by the pointer that was handed out for it.
    pub(super) fn field_at(&self, field: *const c_void) -> Result<FieldAt<'_>, Error> {
        if let Some(own) = self.desc.fields.iter().find(|own| core::ptr::addr_eq(*own, field)) {
            return Ok(FieldAt::Own(own));
        }
        match self.added().iter().enumerate().find(|(_, added)| core::ptr::addr_eq(*added, field)) {
            Some((index, added)) => Ok(FieldAt::Added(index, added.state_type)),
            None => Err(Error::new("this is no field of the table")),
        }
    }

    /// How a field of an entry is stored, and where.
    pub(super) fn place(&self, index: usize, field: &FieldAt<'_>) -> Result<(Kind, *mut u8), Error> {
        match *field {
            FieldAt::Own(own) => {
                let place = self.raw.field(index, own.kind, own.project);
                Ok((own.kind, place.ok_or(Error::new("the field is not in the entry"))?))
            }
            FieldAt::Added(added, state_type) => {
                let kind = kind_of(state_type, self.desc.added_size).ok_or(NO_TYPE)?;
                Ok((kind, self.raw.added(index, added)))
            }
        }
    }
}

pub(super) enum FieldAt<'d> {
    Own(&'d RawField),
    Added(usize, abi::StateType),
}

impl FieldAt<'_> {
    pub(super) const fn state_type(&self) -> abi::StateType {
        match self {
            Self::Own(field) => field.kind.state_type(),
            Self::Added(_, state_type) => *state_type,
        }
    }
}

pub(super) const NO_TYPE: Error = Error::new("this is no state type of a field that can be added");

/// How an added field is stored.
pub(super) const fn kind_of(state_type: abi::StateType, text: usize) -> Option<Kind> {
    let size = match state_type {
        abi::ST_INT8 | abi::ST_UINT8 => 1,
        abi::ST_INT16 | abi::ST_UINT16 => 2,
        abi::ST_INT32 | abi::ST_UINT32 => 4,
        abi::ST_INT64 | abi::ST_UINT64 => 8,
        abi::ST_BOOL => return Some(Kind::Bool),
        abi::ST_STRING => return Some(Kind::Text(text)),
        _ => return None,
    };
    Some(Kind::Number(state_type, size))
}

/// Does something with a table under its lock; what goes wrong is told, and gives `failed`.
///
/// # Safety
/// The host's contract: `table` is NULL or was handed to it.
pub(super) unsafe fn locked<R>(table: *mut c_void, failed: R, then: impl FnOnce(&Called<'_>) -> Result<R, Error>) -> R {
    // SAFETY: as the caller says.
    let Some(called) = (unsafe { Called::new(table) }) else { return failed };
    let result = match called.root.lock.try_lock() {
        Ok(_lock) => then(&called),
        Err(error) => Err(error),
    };
    result.unwrap_or_else(|error| {
        called.root.tell(&error);
        failed
    })
}

/// Calls `then` with the bytes of a key.
///
/// # Safety
/// `key` is NULL or of the table's type, a text with its NUL.
pub(super) unsafe fn with_key<R>(
    desc: &Desc,
    key: *const StateData,
    then: impl FnOnce(&[u8]) -> Result<R, Error>,
) -> Result<R, Error> {
    if key.is_null() {
        return Err(Error::new("the key is NULL"));
    }
    match desc.key {
        // SAFETY: not NULL, so a number of this size, as the caller says.
        Kind::Number(_, size) => then(unsafe { core::slice::from_raw_parts(key.cast(), size) }),
        // SAFETY: as above, four bytes.
        Kind::Bool => then(&[u8::from(unsafe { (*key).b } != 0)]),
        Kind::Text(room) => {
            // SAFETY: as above, a pointer.
            let text = unsafe { (*key).str };
            // SAFETY: NULL or a text, as the caller says.
            let text = unsafe { crate::tables::access::text(text) }.ok_or(Error::new("the key is NULL"))?.to_bytes();
            if text.len() < room { then(text) } else { Err(too_long(text.len(), room)) }
        }
        Kind::Table(_) => Err(NO_TYPE),
    }
}
