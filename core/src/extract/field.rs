// SPDX-License-Identifier: Apache-2.0
//! A field's declaration: [`Field`], and what argument it takes: [`Argument`].
#![expect(unsafe_code, reason = "a function that captures nothing is called by its type alone")]

use core::fmt;
use core::ptr::NonNull;

pub(crate) use super::memory::Filled;
use super::{Extract, List, Request, Value};
use crate::abi;
use crate::export::DIRECT_FIELDS;

/// Gives a field's value of a decoded event.
#[doc(hidden)]
pub type Getter<T> = fn(&T, &<T as Extract>::Decoded, &mut Request<'_>) -> Filled;

/// What stands in brackets behind a field's name: `access.query[key]`, `access.segment[2]`.
///
/// ```
/// use falconet::extract::Argument;
/// assert!(Argument::KEY.required().is_required());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argument {
    pub(super) key: bool,
    pub(super) index: bool,
    pub(super) required: bool,
}

impl Argument {
    /// None.
    pub const NONE: Self = Self { key: false, index: false, required: false };
    /// A key, optional.
    pub const KEY: Self = Self { key: true, index: false, required: false };
    /// A decimal index, optional.
    pub const INDEX: Self = Self { key: false, index: true, required: false };
    /// A key that is also an index where it is a decimal number, optional.
    pub const KEY_OR_INDEX: Self = Self { key: true, index: true, required: false };

    /// The same, required.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// Whether a request without one is refused by the host.
    #[must_use]
    pub const fn is_required(self) -> bool {
        self.required
    }
}

/// One field of a plugin: its name, what it means, and the function that gives its value.
///
/// Made in a `const` list, [`Extract::FIELDS`]. A mistake in it is a compile error that names the field.
///
/// The function gets the plugin, the decoded event and the request, and captures nothing. It returns a [`Value`],
/// from which the field's type follows. Write `Field::<Self>::new`: without `::<Self>` the types of the function's
/// parameters are not known.
///
/// ```
/// # use falconet::{Error, Event, Extract, Info, Init, Plugin};
/// use falconet::{extract::{Argument, List}, Field, Span};
/// # struct Words;
/// # impl Plugin for Words {
/// #     type Error = Error;
/// #     const INFO: Info = Info::new(c"words", c"0.1.0", c"words", c"you@example.org");
/// #     fn new(_: &Init<'_>) -> Result<Self, Error> { Ok(Self) }
/// # }
/// # impl Extract for Words {
/// #     type Decoded = ();
/// #     fn decode(&self, _: &Event<'_>) -> Option<()> { Some(()) }
/// const FIELDS: &'static [Field<Self>] = &[
///     Field::<Self>::new("text.length", "length of the text", |_, _, request| request.event().payload().len()),
///     Field::<Self>::new("text.byte", "the byte at an index", |_, _, request| {
///         let index = usize::try_from(request.index()?).ok()?;
///         request.event().payload().get(index).copied()
///     })
///     .argument(Argument::INDEX.required()),
///     Field::<Self>::list("text.words", "its words", |_, _, list: &mut List<'_, '_, Option<Span>>| {
///         let event = list.event();
///         list.extend(event.payload().split(|byte| *byte == b' ').map(|word| event.span_of(word)));
///     }),
/// ];
/// # }
/// ```
pub struct Field<T: Extract> {
    pub(super) name: &'static str,
    pub(super) desc: &'static str,
    pub(super) display: Option<&'static str>,
    pub(super) ftype: abi::FieldType,
    pub(super) list: bool,
    /// Whether a value may be made and then not be handed over.
    drops: bool,
    pub(super) argument: Argument,
    pub(super) add_output: bool,
    pub(super) hidden: bool,
    pub(super) info: bool,
    pub(super) conversation: bool,
    /// Gives the value, of one field asked alone and without value offsets.
    pub(super) get: Getter<T>,
    /// Gives the value, and notes its offsets where they are asked for.
    pub(super) get_noted: Getter<T>,
}

impl<T: Extract> Clone for Field<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Extract> Copy for Field<T> {}

impl<T: Extract> Field<T> {
    /// A field with one value: its name, its description, its function.
    #[must_use]
    pub const fn new<F, V>(name: &'static str, desc: &'static str, _: F) -> Self
    where
        F: Fn(&T, &T::Decoded, &mut Request<'_>) -> V + Copy + 'static,
        V: Value,
    {
        const {
            assert!(
                size_of::<F>() == 0,
                "a field's function captures nothing: it has the plugin, the decoded event and the request"
            );
        };
        let field = Self::with(name, desc, V::TYPE, false, single::<T, F, V, false>, single::<T, F, V, true>);
        Self { drops: V::DROPS, ..field }
    }

    /// A field with a list of values, which its function pushes.
    #[must_use]
    pub const fn list<F, V>(name: &'static str, desc: &'static str, _: F) -> Self
    where
        F: Fn(&T, &T::Decoded, &mut List<'_, '_, V>) + Copy + 'static,
        V: Value,
    {
        const {
            assert!(
                size_of::<F>() == 0,
                "a field's function captures nothing: it has the plugin, the decoded event and the request"
            );
        };
        Self::with(name, desc, V::TYPE, true, several::<T, F, V>, several::<T, F, V>)
    }

    const fn with(
        name: &'static str,
        desc: &'static str,
        ftype: abi::FieldType,
        list: bool,
        get: Getter<T>,
        get_noted: Getter<T>,
    ) -> Self {
        Self {
            name,
            desc,
            display: None,
            ftype,
            list,
            drops: true,
            argument: Argument::NONE,
            add_output: false,
            hidden: false,
            info: false,
            conversation: false,
            get,
            get_noted,
        }
    }

    /// The field takes an argument.
    #[must_use]
    pub const fn argument(self, argument: Argument) -> Self {
        Self { argument, ..self }
    }

    /// A name to show instead of the field's.
    #[must_use]
    pub const fn display(self, display: &'static str) -> Self {
        Self { display: Some(display), ..self }
    }

    /// Suggests the field for the output of every rule (`addOutput`; the plugin then claims API 3.8).
    #[must_use]
    pub const fn add_output(self) -> Self {
        Self { add_output: true, ..self }
    }

    /// Not for lists of fields (property `hidden`).
    #[must_use]
    pub const fn hidden(self) -> Self {
        Self { hidden: true, ..self }
    }

    /// Shown in an overview (property `info`).
    #[must_use]
    pub const fn info(self) -> Self {
        Self { info: true, ..self }
    }

    /// Tells who talks to whom (property `conversation`).
    #[must_use]
    pub const fn conversation(self) -> Self {
        Self { conversation: true, ..self }
    }

    /// Whether the field is suggested for the output of every rule.
    #[must_use]
    pub(crate) const fn adds_output(&self) -> bool {
        self.add_output
    }

    /// The field's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<T: Extract> fmt::Debug for Field<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field").field("name", &self.name).field("type", &self.ftype).finish_non_exhaustive()
    }
}

/// The getter of a field with one value, whose function is an `F`; `NOTE`: value offsets may be asked for.
#[inline(always)]
fn single<T, F, V, const NOTE: bool>(plugin: &T, decoded: &T::Decoded, request: &mut Request<'_>) -> Filled
where
    T: Extract,
    F: Fn(&T, &T::Decoded, &mut Request<'_>) -> V + Copy + 'static,
    V: Value,
{
    // SAFETY: `Field::new`, which alone names this function, was given an F.
    let function = unsafe { captures_nothing::<F>() };
    let value = function(plugin, decoded, request);
    request.put::<V, NOTE>(value)
}

/// The getter of a list field, whose function is an `F`.
fn several<T, F, V>(plugin: &T, decoded: &T::Decoded, request: &mut Request<'_>) -> Filled
where
    T: Extract,
    F: Fn(&T, &T::Decoded, &mut List<'_, '_, V>) + Copy + 'static,
    V: Value,
{
    // SAFETY: `Field::list`, which alone names this function, was given an F.
    let function = unsafe { captures_nothing::<F>() };
    request.put_list(|list| function(plugin, decoded, list))
}

/// The only value of a zero-sized `F`.
///
/// # Safety
/// A value of type `F` was handed to who calls: there is one, and who had it may have others.
#[inline(always)]
pub(crate) const unsafe fn captures_nothing<F>() -> &'static F
where
    F: Copy + 'static,
{
    const { assert!(size_of::<F>() == 0) };
    // SAFETY: a zero-sized value is read from no memory, and a dangling pointer is aligned; the type has a value, as the
    // caller says, and it is Copy, so another one is as good.
    unsafe { NonNull::<F>::dangling().as_ref() }
}

/// The function of field `index`, or one that gives no value: an arm of the dispatch, known at compile time.
#[must_use]
#[expect(clippy::indexing_slicing, reason = "checked, and evaluated at compile time")]
pub(crate) const fn getter<T: Extract, const NOTE: bool>(index: usize) -> Getter<T> {
    if index >= T::FIELDS.len() {
        return |_, _, _| Filled::NONE;
    }
    if NOTE { T::FIELDS[index].get_noted } else { T::FIELDS[index].get }
}

/// Whether any value of the plugin may be made and then not be handed over, because a ring has no room for it. One that is
/// a single cell in a place of its own always is, and needs no ring.
#[must_use]
pub(crate) const fn may_drop<T: Extract>() -> bool {
    let mut index = 0;
    let mut rest = T::FIELDS;
    while let [field, more @ ..] = rest {
        if field.drops || !is_plain::<T>(index) {
            return true;
        }
        rest = more;
        index += 1;
    }
    false
}

/// Whether field `index` has one value of an event at most, for which there is a place: it is no list, takes no argument,
/// and is one of those that are called directly.
#[must_use]
#[expect(clippy::indexing_slicing, reason = "checked, and evaluated at compile time")]
pub(crate) const fn is_plain<T: Extract>(index: usize) -> bool {
    if index >= T::FIELDS.len() || index >= DIRECT_FIELDS {
        return false;
    }
    let field = &T::FIELDS[index];
    !field.list && !field.argument.key && !field.argument.index
}
