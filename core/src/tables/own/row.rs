// SPDX-License-Identifier: Apache-2.0
//! What a table's entry is made of: [`Row`] with its [`EntryField`]s, [`StateKey`].
#![expect(unsafe_code, reason = "a field is found in an entry of any type by the function that borrows it")]

use core::ffi::{CStr, c_void};
use core::fmt;
use core::marker::PhantomData;

use super::layout::Desc;
use super::text::Text;
use crate::abi;
use crate::tables::types::sealed::Sealed;

/// How a field or a key is stored.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A number of so many bytes.
    Number(abi::StateType, usize),
    /// One byte, 0 or 1.
    Bool,
    /// So many bytes, the text and zeros.
    Text(usize),
    /// A table of this shape.
    Table(&'static Desc),
}

impl Kind {
    pub(super) const fn state_type(self) -> abi::StateType {
        match self {
            Self::Number(state_type, _) => state_type,
            Self::Bool => abi::ST_BOOL,
            Self::Text(_) => abi::ST_STRING,
            Self::Table(_) => abi::ST_TABLE,
        }
    }

    /// The bytes that it takes, but for a table, whose own shape knows.
    pub(super) const fn size(self) -> usize {
        match self {
            Self::Number(_, size) | Self::Text(size) => size,
            Self::Bool => 1,
            Self::Table(_) => size_of::<super::layout::Head>(),
        }
    }
}

/// A type that an entry's field can have: a number, `bool`, [`Text`], or a [`NestedTable`](super::NestedTable).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no type of an entry's field",
    note = "a field is one of u8, u16, u32, u64, i8, i16, i32, i64, bool, `Text<N>`, `NestedTable<K, E, N>`"
)]
pub trait FieldValue: Sealed {
    #[doc(hidden)]
    const KIND: Kind;
}

/// A type that a table's key can have: a number, `bool`, or [`Text`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no type of a table's key",
    note = "a key is one of u8, u16, u32, u64, i8, i16, i32, i64, bool, `Text<N>`"
)]
pub trait StateKey: FieldValue + Copy + Send + 'static {
    /// Its bytes: all of a number's, a text's without its NUL.
    #[doc(hidden)]
    fn with_bytes<R>(&self, then: impl FnOnce(&[u8]) -> R) -> R;
}

macro_rules! numbers {
    ($($type:ty, $constant:ident;)+) => { $(
        impl FieldValue for $type {
            const KIND: Kind = Kind::Number(abi::$constant, size_of::<$type>());
        }

        impl StateKey for $type {
            fn with_bytes<R>(&self, then: impl FnOnce(&[u8]) -> R) -> R {
                then(&self.to_ne_bytes())
            }
        }
    )+ };
}

numbers! {
    u8, ST_UINT8; u16, ST_UINT16; u32, ST_UINT32; u64, ST_UINT64;
    i8, ST_INT8; i16, ST_INT16; i32, ST_INT32; i64, ST_INT64;
}

impl FieldValue for bool {
    const KIND: Kind = Kind::Bool;
}

impl StateKey for bool {
    fn with_bytes<R>(&self, then: impl FnOnce(&[u8]) -> R) -> R {
        then(&[u8::from(*self)])
    }
}

impl<const N: usize> Sealed for Text<N> {}

impl<const N: usize> FieldValue for Text<N> {
    const KIND: Kind = Kind::Text(N);
}

impl<const N: usize> StateKey for Text<N> {
    fn with_bytes<R>(&self, then: impl FnOnce(&[u8]) -> R) -> R {
        then(self.as_bytes())
    }
}

/// An entry of a table: how it begins, and which of it others see.
///
/// ```
/// use falconet::tables::{EntryField, Row, StateTable, Text};
/// struct Client { requests: u64, name: Text<32>, own: [u32; 4] }
/// impl Row for Client {
///     const EMPTY: Self = Self { requests: 0, name: Text::new(), own: [0; 4] };
///     const FIELDS: &'static [EntryField<Self>] = &[
///         EntryField::new(c"requests", |client: &mut Self| &mut client.requests).read_only(),
///         EntryField::new(c"name", |client: &mut Self| &mut client.name),
///     ];
/// }
/// static CLIENTS: StateTable<u64, Client, 100> = StateTable::new();
/// ```
pub trait Row: Sized + Send + 'static {
    /// What a new entry is. A table of entries that are all zero at first lies in `.bss`.
    const EMPTY: Self;
    /// The fields that others see; what is not named is the plugin's alone.
    const FIELDS: &'static [EntryField<Self>];
}

/// A field of an entry that others see, in the `const` list [`Row::FIELDS`]. Its type follows from the Rust type.
///
/// ```
/// # use falconet::tables::{EntryField, Row};
/// struct Count(u64);
/// impl Row for Count {
///     const EMPTY: Self = Self(0);
///     const FIELDS: &'static [EntryField<Self>] = &[EntryField::new(c"count", |count: &mut Self| &mut count.0)];
/// }
/// ```
#[repr(transparent)]
pub struct EntryField<E> {
    raw: RawField,
    entry: PhantomData<fn(&mut E)>,
}

impl<E> EntryField<E> {
    /// A field: its name, and the function that borrows it from an entry and captures nothing.
    #[must_use]
    pub const fn new<F, V>(name: &'static CStr, _: F) -> Self
    where
        F: Fn(&mut E) -> &mut V + Copy + 'static,
        V: FieldValue,
    {
        const { assert!(size_of::<F>() == 0, "a field's function captures nothing: it has the entry") };
        assert!(!name.is_empty(), "a field has a name");
        let raw = RawField { name, kind: V::KIND, read_only: false, project: project::<E, V, F> };
        Self { raw, entry: PhantomData }
    }

    /// The same, which only the plugin itself writes.
    #[must_use]
    pub const fn read_only(mut self) -> Self {
        self.raw.read_only = true;
        self
    }
}

impl<E> fmt::Debug for EntryField<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntryField").field("name", &self.raw.name).finish_non_exhaustive()
    }
}

/// A field of entries of some type.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawField {
    pub(super) name: &'static CStr,
    pub(super) kind: Kind,
    pub(super) read_only: bool,
    /// Where the field of an entry is.
    pub(super) project: unsafe fn(*mut c_void) -> *mut c_void,
}

/// The fields of an entry type without the type.
pub(super) const fn raw_fields<E: Row>() -> &'static [RawField] {
    let fields: &'static [EntryField<E>] = E::FIELDS;
    let mut one = 0;
    while one < fields.len() {
        let mut other = one + 1;
        while other < fields.len() {
            assert!(
                !same(field(fields, one).name, field(fields, other).name),
                "two fields of an entry have the same name"
            );
            other += 1;
        }
        one += 1;
    }
    // SAFETY: an EntryField is a RawField and nothing else, by `repr(transparent)`.
    unsafe { core::slice::from_raw_parts(fields.as_ptr().cast(), fields.len()) }
}

#[expect(clippy::indexing_slicing, reason = "checked by the caller, and evaluated at compile time")]
const fn field<E>(fields: &[EntryField<E>], index: usize) -> &RawField {
    &fields[index].raw
}

const fn same(one: &CStr, other: &CStr) -> bool {
    let (mut one, mut other) = (one.to_bytes(), other.to_bytes());
    while let ([a, rest_of_one @ ..], [b, rest_of_other @ ..]) = (one, other) {
        if *a != *b {
            return false;
        }
        (one, other) = (rest_of_one, rest_of_other);
    }
    one.is_empty() && other.is_empty()
}

/// Where the field of an entry is, which a function of type `F` borrows.
///
/// # Safety
/// `entry` points at an `E` that nobody else borrows during the call.
unsafe fn project<E, V, F>(entry: *mut c_void) -> *mut c_void
where
    F: Fn(&mut E) -> &mut V + Copy + 'static,
{
    // SAFETY: `EntryField::new`, which alone names this function, was given an F; the entry is as the caller says.
    let (function, entry) = unsafe { (crate::extract::captures_nothing::<F>(), &mut *entry.cast::<E>()) };
    core::ptr::from_mut(function(entry)).cast()
}
