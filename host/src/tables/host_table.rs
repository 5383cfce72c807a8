// SPDX-License-Identifier: Apache-2.0
//! Tables of the host's own, as `threads` is one of the real host: typed fields, fields that plugins add, tables in
//! entries. Plugins reach them as they reach the real host's, by its rules 9.2 to 9.6.

use std::{
    collections::BTreeMap,
    ffi::{CStr, CString},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Answer, Data, Entry, Refusal, StateTable, StateType, StateValue, TableField};

/// Why a table, a field or a value of the host's own cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostTableError {
    /// The real host has no tables with such keys.
    #[error("a table of the host has keys of the types int64, uint64 or string, not {0}")]
    KeyType(StateType),
    /// A name with a NUL byte.
    #[error("the name '{0}' holds a NUL byte")]
    Name(String),
    /// A second field of this name.
    #[error("the table '{table}' has a field '{field}' already")]
    Duplicate {
        /// The table.
        table: String,
        /// The field.
        field: String,
    },
    /// No such field.
    #[error("the table '{table}' has no field '{field}'")]
    NoField {
        /// The table.
        table: String,
        /// The field.
        field: String,
    },
    /// A value of another type than its field or key.
    #[error("'{what}' has the type {expected}, not {given}")]
    Type {
        /// The field or the key.
        what: String,
        /// Its type.
        expected: StateType,
        /// The value's.
        given: StateType,
    },
}

#[derive(Debug)]
struct HostField {
    field: TableField,
    dynamic: bool,
    /// What the tables in this field are like.
    sub: Option<(StateType, Arc<Schema>)>,
}

/// The fields of a table, shared by all tables in one field of another table.
#[derive(Debug)]
struct Schema {
    label: String,
    name: CString,
    fields: Mutex<Vec<HostField>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Debug)]
enum Slot {
    Value(StateValue),
    Table(HostTable),
}

/// One entry: what its fields hold, as far as that was written.
#[derive(Debug)]
pub(crate) struct HostEntry {
    slots: Mutex<BTreeMap<usize, Slot>>,
}

impl HostEntry {
    fn new() -> Arc<Self> {
        Arc::new(Self { slots: Mutex::default() })
    }

    /// What the field holds; a table comes to be when it is first asked for.
    fn slot(&self, schema: &Schema, index: usize) -> Option<Slot> {
        let fields = lock(&schema.fields);
        let field = fields.get(index)?;
        let mut slots = lock(&self.slots);
        if let Some((key_type, schema)) = &field.sub {
            let new = || Slot::Table(HostTable::of(*key_type, Arc::clone(schema)));
            return Some(slots.entry(index).or_insert_with(new).clone());
        }
        slots.get(&index).cloned().or_else(|| StateValue::empty(field.field.kind).map(Slot::Value))
    }
}

#[derive(Debug)]
struct Inner {
    key_type: StateType,
    schema: Arc<Schema>,
    entries: Mutex<BTreeMap<StateValue, Arc<HostEntry>>>,
}

/// A table of the host's own. Clones are the same table.
///
/// ```
/// use falconet_host::{HostTable, StateType, StateValue};
/// let threads = HostTable::new("threads", StateType::I64)?;
/// threads.add_field("comm", StateType::String)?;
/// let files = threads.add_table("file_descriptors", StateType::I64)?;
/// files.add_field("name", StateType::String)?;
/// threads.insert(StateValue::I64(1))?.set("comm", StateValue::String(b"init".to_vec()))?;
/// assert_eq!(threads.row(&StateValue::I64(1)).unwrap().get("comm"), Some(StateValue::String(b"init".to_vec())));
/// # Ok::<(), falconet_host::HostTableError>(())
/// ```
#[derive(Clone, Debug)]
pub struct HostTable(Arc<Inner>);

impl HostTable {
    /// A table without fields and entries. Its keys have the type `int64`, `uint64` or `string`; plugins that get, add
    /// or erase by a string fail in the real host (rule 9.2), and here.
    ///
    /// # Errors
    /// [`HostTableError`] for other key types, or a name that holds a NUL byte.
    pub fn new(name: &str, key_type: StateType) -> Result<Self, HostTableError> {
        if !matches!(key_type, StateType::I64 | StateType::U64 | StateType::String) {
            return Err(HostTableError::KeyType(key_type));
        }
        let schema = Schema { label: name.to_owned(), name: c_name(name)?, fields: Mutex::default() };
        Ok(Self::of(key_type, Arc::new(schema)))
    }

    fn of(key_type: StateType, schema: Arc<Schema>) -> Self {
        Self(Arc::new(Inner { key_type, schema, entries: Mutex::default() }))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        self.0.schema.name.to_string_lossy().into_owned()
    }

    /// A field that plugins may read and write.
    ///
    /// # Errors
    /// [`HostTableError`] if there is one of this name already, or for [`StateType::Table`].
    pub fn add_field(&self, name: &str, kind: StateType) -> Result<(), HostTableError> {
        self.add(name, kind, false, None)
    }

    /// A field that plugins may only read.
    ///
    /// # Errors
    /// As [`add_field`](Self::add_field).
    pub fn add_read_only_field(&self, name: &str, kind: StateType) -> Result<(), HostTableError> {
        self.add(name, kind, true, None)
    }

    /// A field that holds a table in every entry. The result gives those tables their fields; entries that are
    /// inserted into it are seen by nobody.
    ///
    /// # Errors
    /// As [`new`](Self::new) and [`add_field`](Self::add_field).
    pub fn add_table(&self, name: &str, key_type: StateType) -> Result<Self, HostTableError> {
        let sub = Self::new(name, key_type)?;
        let label = format!("{}/{name}", self.0.schema.label);
        let schema = Arc::new(Schema { label, name: c_name(name)?, fields: Mutex::default() });
        self.add(name, StateType::Table, true, Some((sub.0.key_type, Arc::clone(&schema))))?;
        Ok(Self::of(key_type, schema))
    }

    fn add(
        &self,
        name: &str,
        kind: StateType,
        read_only: bool,
        sub: Option<(StateType, Arc<Schema>)>,
    ) -> Result<(), HostTableError> {
        if kind == StateType::Table && sub.is_none() {
            let (what, expected, given) = (name.to_owned(), StateType::U64, kind);
            return Err(HostTableError::Type { what, expected, given });
        }
        c_name(name)?;
        let mut fields = lock(&self.0.schema.fields);
        if fields.iter().any(|field| field.field.name == name) {
            return Err(HostTableError::Duplicate { table: self.name(), field: name.to_owned() });
        }
        fields.push(HostField { field: TableField { name: name.to_owned(), kind, read_only }, dynamic: false, sub });
        Ok(())
    }

    /// A new entry under `key`, in place of the one that was there.
    ///
    /// # Errors
    /// [`HostTableError::Type`] if the key is of another type.
    pub fn insert(&self, key: StateValue) -> Result<HostRow, HostTableError> {
        let (expected, given) = (self.0.key_type, key.state_type());
        if expected != given {
            return Err(HostTableError::Type { what: format!("key of {}", self.name()), expected, given });
        }
        let entry = HostEntry::new();
        lock(&self.0.entries).insert(key, Arc::clone(&entry));
        Ok(HostRow { schema: Arc::clone(&self.0.schema), entry })
    }

    /// The entry under `key`.
    #[must_use]
    pub fn row(&self, key: &StateValue) -> Option<HostRow> {
        let entry = Arc::clone(lock(&self.0.entries).get(key)?);
        Some(HostRow { schema: Arc::clone(&self.0.schema), entry })
    }

    /// Takes an entry out, if there is one.
    pub fn remove(&self, key: &StateValue) {
        lock(&self.0.entries).remove(key);
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.0.entries).len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn c_name(name: &str) -> Result<CString, HostTableError> {
    CString::new(name).map_err(|_| HostTableError::Name(name.to_owned()))
}

/// One entry of a table of the host's own.
#[derive(Clone, Debug)]
pub struct HostRow {
    schema: Arc<Schema>,
    entry: Arc<HostEntry>,
}

impl HostRow {
    fn find(&self, name: &str) -> Option<(usize, StateType)> {
        let fields = lock(&self.schema.fields);
        let found = fields.iter().enumerate().find(|(_, field)| field.field.name == name);
        found.map(|(index, field)| (index, field.field.kind))
    }

    /// What a field holds; `None` if there is no such field or it holds a table.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<StateValue> {
        match self.entry.slot(&self.schema, self.find(name)?.0)? {
            Slot::Value(value) => Some(value),
            Slot::Table(_) => None,
        }
    }

    /// The table that a field holds.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<HostTable> {
        match self.entry.slot(&self.schema, self.find(name)?.0)? {
            Slot::Table(table) => Some(table),
            Slot::Value(_) => None,
        }
    }

    /// Writes a field, a read-only one too.
    ///
    /// # Errors
    /// [`HostTableError`] if there is no such field or it has another type.
    pub fn set(&self, name: &str, value: StateValue) -> Result<(), HostTableError> {
        let no_field = || HostTableError::NoField { table: self.schema.label.clone(), field: name.to_owned() };
        let (index, expected) = self.find(name).ok_or_else(no_field)?;
        let given = value.state_type();
        if expected != given {
            return Err(HostTableError::Type { what: name.to_owned(), expected, given });
        }
        lock(&self.entry.slots).insert(index, Slot::Value(value));
        Ok(())
    }
}

/// The entry, which is one of the host's own: handles are looked up together with their table.
fn own(entry: &Entry) -> Answer<&Arc<HostEntry>> {
    match entry {
        Entry::Host(entry) => Ok(entry),
        Entry::Exported(_) => Refusal::failed("the entry is of a plugin's table"),
    }
}

impl Inner {
    /// The real host's tables take only numbers (rule 9.2).
    fn check_key(&self) -> Answer<()> {
        match self.key_type {
            StateType::I64 | StateType::U64 => Ok(()),
            other => Refusal::failed(format!(
                "the host's table '{}' has {other} keys, and the host takes only int64 and uint64 ones to get, add and erase: iterate over it",
                self.schema.label
            )),
        }
    }
}

impl StateTable for HostTable {
    fn label(&self) -> &str {
        &self.0.schema.label
    }

    fn id(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    fn owner(&self) -> Option<&str> {
        None
    }

    fn name(&self) -> &CStr {
        &self.0.schema.name
    }

    fn key_type(&self) -> StateType {
        self.0.key_type
    }

    fn fields(&self) -> Answer<Vec<TableField>> {
        Ok(lock(&self.0.schema.fields).iter().map(|field| field.field.clone()).collect())
    }

    fn field(&self, name: &CStr, kind: StateType) -> Answer<usize> {
        let (name, table) = (name.to_string_lossy(), self.label());
        let fields = lock(&self.0.schema.fields);
        let Some((index, field)) = fields.iter().enumerate().find(|(_, field)| field.field.name == name) else {
            return Refusal::failed(format!("the table '{table}' has no field '{name}'"));
        };
        let is = field.field.kind;
        if is == kind {
            return Ok(index);
        }
        Refusal::failed(format!(
            "the field '{name}' of the table '{table}' has the type {is}, it was asked for as {kind}"
        ))
    }

    fn add_field(&self, name: &CStr, kind: StateType) -> Answer<usize> {
        let (text, table) = (name.to_string_lossy().into_owned(), self.label());
        if kind == StateType::Table {
            return Refusal::failed(format!(
                "a plugin cannot add the field '{text}': no field of type table can be added"
            ));
        }
        {
            let mut fields = lock(&self.0.schema.fields);
            match fields.iter().find(|field| field.field.name == text) {
                Some(field) if !field.dynamic => {
                    return Refusal::failed(format!("the field '{text}' is the table '{table}'s own: get it instead"));
                }
                Some(_) => {}
                None => fields.push(HostField {
                    field: TableField { name: text, kind, read_only: false },
                    dynamic: true,
                    sub: None,
                }),
            }
        }
        self.field(name, kind)
    }

    fn size(&self) -> Answer<u64> {
        Ok(self.len() as u64)
    }

    fn entry(&self, key: &StateValue) -> Answer<Entry> {
        self.0.check_key()?;
        match lock(&self.0.entries).get(key) {
            Some(entry) => Ok(Entry::Host(Arc::clone(entry))),
            None => Refusal::failed(format!("the table '{}' has no entry {key}", self.label())),
        }
    }

    fn release(&self, _entry: &Entry) {}

    fn iterate(&self, each: &mut dyn FnMut(Option<&StateValue>, Entry) -> bool) -> bool {
        let entries: Vec<_> =
            lock(&self.0.entries).iter().map(|(key, entry)| (key.clone(), Arc::clone(entry))).collect();
        entries.into_iter().all(|(key, entry)| each(Some(&key), Entry::Host(entry)))
    }

    fn clear(&self) -> Answer<()> {
        lock(&self.0.entries).clear();
        Ok(())
    }

    fn erase(&self, key: &StateValue) -> Answer<()> {
        self.0.check_key()?;
        if lock(&self.0.entries).remove(key).is_some() {
            Ok(())
        } else {
            Refusal::failed(format!("the table '{}' has no entry {key}", self.label()))
        }
    }

    fn create(&self) -> Answer<Entry> {
        Ok(Entry::Host(HostEntry::new()))
    }

    fn destroy(&self, _entry: &Entry) {}

    fn add(&self, key: &StateValue, entry: &Entry) -> Answer<Entry> {
        self.0.check_key()?;
        lock(&self.0.entries).insert(key.clone(), Arc::clone(own(entry)?));
        Ok(entry.clone())
    }

    fn read(&self, entry: &Entry, id: usize, _field: &TableField) -> Answer<Data> {
        match own(entry)?.slot(&self.0.schema, id) {
            Some(Slot::Value(value)) => Ok(Data::Value(value)),
            Some(Slot::Table(table)) => Ok(Data::Table(Arc::new(table))),
            None => Err(Refusal::Silent),
        }
    }

    fn write(&self, entry: &Entry, id: usize, value: &StateValue) -> Answer<()> {
        let (name, read_only) = match lock(&self.0.schema.fields).get(id) {
            Some(field) => (field.field.name.clone(), field.field.read_only),
            None => return Err(Refusal::Silent),
        };
        if read_only {
            return Refusal::failed(format!("the field '{name}' of the table '{}' is read-only", self.label()));
        }
        lock(&own(entry)?.slots).insert(id, Slot::Value(value.clone()));
        Ok(())
    }
}
