// SPDX-License-Identifier: Apache-2.0
//! State tables: those of the host, those that plugins export, and how plugins reach both (section 9).
//!
//! ```text
//! plugin -> vtable -> handles, of one plugin -> StateTable: HostTable | Exported -> the other plugin's vtable
//!           C types   what it holds, counted    owned values
//! ```
//! A handle (of a table, a field, an entry) is a number that is given once and never again, and points nowhere: a
//! plugin that uses one too late or twice is told so, and one that looks behind it crashes at once.

mod exported;
mod handles;
mod host_table;
mod iterate;
mod lent_vtables;
mod registry;
mod rows;
mod state_value;
mod vtables;

use std::{ffi::CStr, sync::Arc};

pub(crate) use handles::{Access, Handles, Use};
pub(crate) use host_table::HostEntry;
pub use host_table::{HostRow, HostTable, HostTableError};
pub(crate) use lent_vtables::{LentCopy, LentVtables};
pub(crate) use registry::Tables;
pub use rows::{Cell, TableRow, TableRows};
pub use state_value::{StateType, StateValue};
pub(crate) use vtables::{FIELDS, READER, READER_EXT, WRITER, add_table, get_table, list_tables};

/// A field of a state table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableField {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: StateType,
    /// Plugins cannot write it.
    pub read_only: bool,
}

/// Why a call into a table gave nothing.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It failed, as it may; the text becomes the owner's last error.
    Failed(String),
    /// It failed and leaves no text (rule 9.4).
    Silent,
    /// The caller broke a rule: the call fails, and it is a finding.
    Broken(&'static str, String),
}

impl Refusal {
    pub(crate) fn failed<T>(text: impl Into<String>) -> Result<T, Self> {
        Err(Self::Failed(text.into()))
    }

    pub(crate) fn broken<T>(rule: &'static str, what: impl Into<String>) -> Result<T, Self> {
        Err(Self::Broken(rule, what.into()))
    }
}

pub(crate) type Answer<T> = Result<T, Refusal>;

/// An entry as its table knows it.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// Of a table of the host.
    Host(Arc<HostEntry>),
    /// Of a plugin's table: the pointer that the plugin gave, as an address.
    Exported(usize),
}

/// What a field of an entry holds.
pub(crate) enum Data {
    Value(StateValue),
    Table(Arc<dyn StateTable>),
}

/// What can be done with a table, whoever owns it. Nothing here is called with a lock held.
pub(crate) trait StateTable: Send + Sync {
    /// Its name for messages, and what tells its fields from those of others: `threads`, `threads/file_descriptors`.
    fn label(&self) -> &str;
    /// What tells it from every other table of its label.
    fn id(&self) -> usize;
    /// The plugin that owns it, if it is a plugin's.
    fn owner(&self) -> Option<&str>;
    fn name(&self) -> &CStr;
    fn key_type(&self) -> StateType;
    fn fields(&self) -> Answer<Vec<TableField>>;
    fn field(&self, name: &CStr, kind: StateType) -> Answer<usize>;
    fn add_field(&self, name: &CStr, kind: StateType) -> Answer<usize>;
    fn size(&self) -> Answer<u64>;
    fn entry(&self, key: &StateValue) -> Answer<Entry>;
    fn release(&self, entry: &Entry);
    /// Whether all entries were given and `each` was true for all. It tells the key where that is known.
    fn iterate(&self, each: &mut dyn FnMut(Option<&StateValue>, Entry) -> bool) -> bool;
    fn clear(&self) -> Answer<()>;
    fn erase(&self, key: &StateValue) -> Answer<()>;
    fn create(&self) -> Answer<Entry>;
    fn destroy(&self, entry: &Entry);
    fn add(&self, key: &StateValue, entry: &Entry) -> Answer<Entry>;
    fn read(&self, entry: &Entry, id: usize, field: &TableField) -> Answer<Data>;
    fn write(&self, entry: &Entry, id: usize, value: &StateValue) -> Answer<()>;
}

/// Whether both are the same table. Two tables of one plugin may have one pointer.
fn same(one: &dyn StateTable, other: &dyn StateTable) -> bool {
    one.id() == other.id() && one.label() == other.label()
}
