// SPDX-License-Identifier: Apache-2.0
//! What keys and fields hold: [`Key`], [`FieldType`], [`ValueType`], [`Nested`], for every state type of the plugin API.
#![expect(unsafe_code, reason = "values cross the host in a union and as C texts")]

use core::ffi::CStr;
use core::fmt;
use core::marker::PhantomData;

use crate::abi::{self, StateData};

pub(super) mod sealed {
    /// Keeps the traits of this module to the types of the plugin API.
    pub trait Sealed {}
}
use sealed::Sealed;

/// What a field of a table can be: a number, `bool`, a text ([`CStr`]), or a table ([`Nested`]).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no type of a table's field",
    note = "a field is one of u8, u16, u32, u64, i8, i16, i32, i64, bool, CStr, `falconet::tables::Nested<Key>`"
)]
pub trait FieldType: Sealed {
    /// `ss_plugin_state_type`.
    #[doc(hidden)]
    const TYPE: abi::StateType;
}

/// A field's type that is read and written as a value: all but [`Nested`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no value that is read from or written to a table's field",
    note = "a value is one of u8, u16, u32, u64, i8, i16, i32, i64, bool, CStr; a nested table is asked for with `nested`"
)]
pub trait ValueType: FieldType {
    /// What is read and written: the value itself, or `&CStr`.
    type Ref<'a>: Copy;

    /// For the host to read.
    #[doc(hidden)]
    fn store(value: Self::Ref<'_>) -> StateData;

    /// What the host wrote. `None` for a text that is NULL.
    ///
    /// # Safety
    /// The value is of this type, or all zero; a text that is not NULL ends in a NUL, and is there, unchanged, for `'a`.
    #[doc(hidden)]
    unsafe fn load<'a>(data: &StateData) -> Option<Self::Ref<'a>>;
}

/// What a table's key can be: a number, `bool`, or a text ([`CStr`]). The host's own tables have `u64` and `i64` only
/// (rule 9.2).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no type of a table's key",
    note = "a key is one of u8, u16, u32, u64, i8, i16, i32, i64, bool, CStr"
)]
pub trait Key: ValueType {
    /// For the host to read; a text is borrowed.
    #[doc(hidden)]
    fn data(&self) -> StateData;
}

/// A field whose value is a table with keys of type `K`: one of every entry's own.
///
/// ```
/// use falconet::tables::{Field, InitTables, Nested, Table};
/// struct Threads {
///     files: Field<Nested<i64>>,
///     file_name: Field<core::ffi::CStr>,
/// }
/// fn threads(tables: &InitTables<'_>) -> Result<Threads, falconet::Error> {
///     let threads: Table<i64> = tables.get(c"threads")?;
///     let files = tables.field(threads, c"file_descriptors")?;
///     Ok(Threads { files, file_name: tables.field(files, c"name")? })
/// }
/// ```
pub struct Nested<K: Key + ?Sized>(PhantomData<fn(&K)>);

impl<K: Key + ?Sized> fmt::Debug for Nested<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nested")
    }
}

impl<K: Key + ?Sized> Sealed for Nested<K> {}

impl<K: Key + ?Sized> FieldType for Nested<K> {
    const TYPE: abi::StateType = abi::ST_TABLE;
}

/// All zero, so that no byte of it is left undefined by a small value.
pub(super) const ZERO: StateData = StateData { u64: 0 };

macro_rules! numbers {
    ($($type:ty, $member:ident, $constant:ident;)+) => { $(
        impl Sealed for $type {}

        impl FieldType for $type {
            const TYPE: abi::StateType = abi::$constant;
        }

        impl ValueType for $type {
            type Ref<'a> = $type;

            #[inline]
            fn store(value: $type) -> StateData {
                let mut data = ZERO;
                data.$member = value;
                data
            }

            #[inline]
            unsafe fn load<'a>(data: &StateData) -> Option<Self::Ref<'a>> {
                // SAFETY: as the caller says; every bit pattern is a number.
                Some(unsafe { data.$member })
            }
        }

        impl Key for $type {
            #[inline]
            fn data(&self) -> StateData {
                Self::store(*self)
            }
        }
    )+ };
}

numbers! {
    u8, u8, ST_UINT8;
    u16, u16, ST_UINT16;
    u32, u32, ST_UINT32;
    u64, u64, ST_UINT64;
    i8, s8, ST_INT8;
    i16, s16, ST_INT16;
    i32, s32, ST_INT32;
    i64, s64, ST_INT64;
}

impl Sealed for bool {}

impl FieldType for bool {
    const TYPE: abi::StateType = abi::ST_BOOL;
}

impl ValueType for bool {
    type Ref<'a> = Self;

    #[inline]
    fn store(value: Self) -> StateData {
        let mut data = ZERO;
        data.b = abi::Bool::from(value);
        data
    }

    #[inline]
    unsafe fn load<'a>(data: &StateData) -> Option<Self::Ref<'a>> {
        // Hosts write a C++ bool, one byte of the four, into what was all zero.
        // SAFETY: as the caller says; every bit pattern is a number.
        Some(unsafe { data.b } != 0)
    }
}

impl Key for bool {
    #[inline]
    fn data(&self) -> StateData {
        Self::store(*self)
    }
}

impl Sealed for CStr {}

impl FieldType for CStr {
    const TYPE: abi::StateType = abi::ST_STRING;
}

impl ValueType for CStr {
    type Ref<'a> = &'a Self;

    #[inline]
    fn store(value: &Self) -> StateData {
        let mut data = ZERO;
        data.str = value.as_ptr();
        data
    }

    #[inline]
    unsafe fn load<'a>(data: &StateData) -> Option<Self::Ref<'a>> {
        // SAFETY: as the caller says.
        let text = unsafe { data.str };
        if text.is_null() {
            return None;
        }
        // SAFETY: not NULL, so a C text that lives as the caller says.
        Some(unsafe { Self::from_ptr(text) })
    }
}

impl Key for CStr {
    #[inline]
    fn data(&self) -> StateData {
        Self::store(self)
    }
}
