// SPDX-License-Identifier: Apache-2.0
//! Tables of a plugin's own, in static storage, that the host and other plugins may use: [`StateTable`].
//!
//! ```text
//! StateTable    Root { lock, sink, added fields }  Head { type, numbers }  slots  buckets of the index
//!   slot          Meta { refs, state, next }  key  entry  values of added fields
//!     entry         may have a NestedTable:   Head, slots, buckets; it shares the root
//! ```
//!
//! Slots never move: what the host calls an entry is a slot's address. Who holds an entry is counted in its slot; an
//! erased one is used again only after its last release. Const generics are on the storage; all code works on a [`Desc`].

mod called;
mod export;
mod layout;
mod raw;
mod row;
mod table;
mod text;
mod vtable;

#[doc(hidden)]
pub use export::{Export, Sink, register, unregister};
pub use export::{ExportTables, ExportedTable};
pub use row::{EntryField, FieldValue, Row, StateKey};
pub use table::{Entries, NestedTable, StateTable};
pub use text::Text;

#[cfg(test)]
mod tests;
