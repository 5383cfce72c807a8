// SPDX-License-Identifier: Apache-2.0
//! State tables (plugin API 3.5 and later): those of the host and of other plugins, imported.
//!
//! ```text
//! init      InitTables -> Table<K>, Field<V>      kept in the plugin value: Copy, Send, Sync, 'static
//! callback  Reader / EntryWriter / Writer         access to them, for the time of the callback
//!             get, add -> Entry                   released when dropped, gone with the callback
//!             nested   -> TableRef                there while its entry is held
//! ```
//!
//! What the types rule out, so that no author has to think of it: an entry or a text that outlives its callback, a text
//! that is read on after a write, an entry that is added or erased while a walk goes through its table, a field used with
//! an entry of another table, a release that is forgotten or done twice.

mod access;
mod handle;
mod init;
mod own;
mod token;
mod types;

#[doc(hidden)]
pub use access::Access;
pub use access::Entry;
pub use handle::{AsTable, Field, HasFields, MAX_TABLES, Table, TableRef};
#[doc(hidden)]
pub use handle::{Parts, Session, SessionCell, TableId};
pub use init::{FieldInfo, InitTables, TableInfo};
pub use own::{
    Entries, EntryField, ExportTables, ExportedTable, FieldValue, NestedTable, Row, StateKey, StateTable, Text,
};
#[doc(hidden)]
pub use own::{Export, Sink, register, unregister};
pub use token::{EntryWriter, Reader, Writer};
pub use types::{FieldType, Key, Nested, ValueType};

#[cfg(test)]
mod tests;
