// SPDX-License-Identifier: Apache-2.0
//! Declares the core's fields with functions that give any [`IntoValue`].

use std::fmt;
use std::marker::PhantomData;

use falconet::Extract;
use falconet::extract::{List, Request, Value};

use super::{IntoValue, ListExt};

/// The type of [`Extract::FIELDS`], so that [`Field`] may be imported for its constructors:
///
/// ```text
/// const FIELDS: Fields<Self> = &[Field::<Self>::new(..), Field::<Self>::list(..)];
/// ```
pub type Fields<P> = &'static [falconet::Field<P>];

/// Constructors of the core's [`Field`](falconet::Field), for functions that give std's types; see
/// [the module](super) for an example.
///
/// It has no values: each constructor gives the core's field, with all of its methods
/// ([`argument`](falconet::Field::argument), [`hidden`](falconet::Field::hidden) and so on). As there, a function
/// captures nothing, and `::<Self>` is written.
///
/// ```
/// # use falconet_std::{Error, Event, Extract, Info, Init, Plugin};
/// use falconet_std::extract::Argument;
/// use falconet_std::values::{Field, Fields};
/// # struct Words;
/// # impl Plugin for Words {
/// #     type Error = Error;
/// #     const INFO: Info = Info::new(c"words", c"0.1.0", c"words", c"you@example.org");
/// #     fn new(_: &Init<'_>) -> Result<Self, Error> { Ok(Self) }
/// # }
/// # impl Extract for Words {
/// #     type Decoded = ();
/// #     fn decode(&self, _: &Event<'_>) -> Option<()> { Some(()) }
/// const FIELDS: Fields<Self> = &[
///     Field::<Self>::new("text.hex", "the byte at an index", |_, _, request| {
///         let index = usize::try_from(request.index()?).ok()?;
///         request.event().payload().get(index).map(|byte| format!("{byte:02x}"))
///     })
///     .argument(Argument::INDEX.required()),
///     Field::<Self>::list("text.hexes", "its bytes", |_, _, request| {
///         request.event().payload().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>()
///     }),
/// ];
/// # }
/// ```
pub struct Field<P>(PhantomData<fn(P)>);

impl<P: Extract> Field<P> {
    /// A field with one value: its name, its description, its function.
    #[must_use]
    #[expect(clippy::new_ret_no_self, reason = "it stands in for the core's type, whose constructor this is")]
    pub const fn new<F, V>(name: &'static str, desc: &'static str, function: F) -> falconet::Field<P>
    where
        F: Fn(&P, &P::Decoded, &mut Request<'_>) -> V + Copy + 'static,
        V: IntoValue,
    {
        falconet::Field::<P>::new(name, desc, move |plugin: &P, decoded: &P::Decoded, request: &mut Request<'_>| {
            function(plugin, decoded, request).into_value(request)
        })
    }

    /// A field with one text, borrowed from the plugin or the decoded event.
    #[must_use]
    pub const fn text<F>(name: &'static str, desc: &'static str, function: F) -> falconet::Field<P>
    where
        F: for<'a> Fn(&'a P, &'a P::Decoded, &mut Request<'_>) -> Option<&'a str> + Copy + 'static,
    {
        falconet::Field::<P>::new(name, desc, move |plugin: &P, decoded: &P::Decoded, request: &mut Request<'_>| {
            function(plugin, decoded, request).into_value(request)
        })
    }

    /// A field with a list of values, which its function gives: a `Vec`, an array, an iterator.
    #[must_use]
    pub const fn list<F, I>(name: &'static str, desc: &'static str, function: F) -> falconet::Field<P>
    where
        F: Fn(&P, &P::Decoded, &mut Request<'_>) -> I + Copy + 'static,
        I: IntoIterator<Item: IntoValue>,
    {
        Self::list_with(
            name,
            desc,
            move |plugin: &P, decoded: &P::Decoded, list: &mut List<'_, '_, <I::Item as IntoValue>::Value>| {
                let values = function(plugin, decoded, list);
                list.add_all(values);
            },
        )
    }

    /// A field with a list of values, which its function adds, borrowed from anywhere. It is the core's
    /// [`Field::list`](falconet::Field::list).
    #[must_use]
    pub const fn list_with<F, V>(name: &'static str, desc: &'static str, function: F) -> falconet::Field<P>
    where
        F: Fn(&P, &P::Decoded, &mut List<'_, '_, V>) + Copy + 'static,
        V: Value,
    {
        falconet::Field::<P>::list(name, desc, function)
    }
}

impl<P> fmt::Debug for Field<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field").finish_non_exhaustive()
    }
}
