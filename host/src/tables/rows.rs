// SPDX-License-Identifier: Apache-2.0
//! A table as a whole, read from outside: all entries, all fields.

use std::fmt;

use serde_json::{Map, Value as Json};

use super::{Data, Entry, Refusal, StateTable, StateType, StateValue, TableField};

/// How deep tables in tables are read: nobody nests deeper, but a table could hold itself.
const DEPTH: u32 = 8;

/// What a field of an entry holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// A value.
    Value(StateValue),
    /// A table.
    Table(TableRows),
}

/// One entry of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRow {
    /// Its key, for tables of the host. The API hands out no keys: a plugin that wants them seen has a field for them.
    pub key: Option<StateValue>,
    /// What its fields hold, in the order of the table's; `None` where reading failed.
    pub cells: Vec<Option<Cell>>,
}

/// A table as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRows {
    /// Its name.
    pub name: String,
    /// The type of its keys.
    pub key_type: StateType,
    /// Its fields.
    pub fields: Vec<TableField>,
    /// Its entries: in the order of the keys for tables of the host, else in that of the plugin.
    pub rows: Vec<TableRow>,
    /// What could not be read, one text for each mistake.
    pub errors: Vec<String>,
}

impl TableRows {
    pub(crate) fn read(table: &dyn StateTable) -> Self {
        Self::read_to(table, DEPTH)
    }

    fn read_to(table: &dyn StateTable, depth: u32) -> Self {
        let mut errors = Vec::new();
        let text = |refusal| match refusal {
            Refusal::Failed(text) | Refusal::Broken(_, text) => text,
            Refusal::Silent => "no value".to_owned(),
        };
        let fields = table.fields().unwrap_or_else(|refusal| {
            errors.push(format!("list_table_fields: {}", text(refusal)));
            Vec::new()
        });
        let mut ids = Vec::with_capacity(fields.len());
        for field in &fields {
            let name = std::ffi::CString::new(field.name.as_str()).unwrap_or_default();
            let id = table.field(&name, field.kind);
            ids.push(id.map_err(|refusal| errors.push(format!("field '{}': {}", field.name, text(refusal)))).ok());
        }
        let mut rows = Vec::new();
        let mut wrong = Vec::new();
        let mut cell = |entry: &Entry, field: &TableField, id: Option<usize>| match table.read(entry, id?, field) {
            Ok(Data::Value(value)) => Some(Cell::Value(value)),
            Ok(Data::Table(sub)) if depth > 0 => Some(Cell::Table(Self::read_to(&*sub, depth - 1))),
            Ok(Data::Table(_)) => None,
            Err(Refusal::Silent) => None,
            Err(refusal) => {
                wrong.push(format!("field '{}': {}", field.name, text(refusal)));
                None
            }
        };
        let all = table.iterate(&mut |key, entry| {
            let cells = fields.iter().zip(&ids).map(|(field, id)| cell(&entry, field, *id)).collect();
            rows.push(TableRow { key: key.cloned(), cells });
            true
        });
        errors.append(&mut wrong);
        errors.dedup();
        if !all {
            errors.push("iterate_entries gave false, though the iterator never did".to_owned());
        }
        match table.size() {
            Ok(size) if size != rows.len() as u64 => {
                errors.push(format!("get_table_size gave {size}, and there are {} entries", rows.len()));
            }
            Ok(_) => {}
            Err(refusal) => errors.push(format!("get_table_size: {}", text(refusal))),
        }
        let name = table.name().to_string_lossy().into_owned();
        Self { name, key_type: table.key_type(), fields, rows, errors }
    }

    /// The table as JSON: its entries as objects; a key that is known is under `key`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let row = |row: &TableRow| {
            let mut object = Map::new();
            if let Some(key) = &row.key {
                object.insert("key".to_owned(), key.to_json());
            }
            for (field, cell) in self.fields.iter().zip(&row.cells) {
                let value = match cell {
                    None => Json::Null,
                    Some(Cell::Value(value)) => value.to_json(),
                    Some(Cell::Table(table)) => table.to_json(),
                };
                object.insert(field.name.clone(), value);
            }
            Json::Object(object)
        };
        let entries: Vec<_> = self.rows.iter().map(row).collect();
        serde_json::json!({ "table": self.name, "key_type": self.key_type.name(), "entries": entries })
    }
}

impl fmt::Display for Cell {
    /// A value as it is, a table as `{field=value, ...}` for each entry.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = match self {
            Self::Value(value) => return write!(f, "{value}"),
            Self::Table(table) => table,
        };
        for (index, row) in table.rows.iter().enumerate() {
            f.write_str(if index == 0 { "{" } else { " {" })?;
            let key = row.key.as_ref().map(|key| format!("key={key}"));
            let cells = table.fields.iter().zip(&row.cells);
            let cells = cells.filter_map(|(field, cell)| Some(format!("{}={}", field.name, cell.as_ref()?)));
            write!(f, "{}}}", key.into_iter().chain(cells).collect::<Vec<_>>().join(", "))?;
        }
        Ok(())
    }
}
