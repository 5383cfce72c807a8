// SPDX-License-Identifier: Apache-2.0
//! The tables of an inspector by their names: the host's, and those that plugins have exported.

use std::{
    collections::BTreeMap,
    ffi::CStr,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Answer, Refusal, StateTable, StateType};

/// The tables of an inspector. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Tables(Arc<Mutex<BTreeMap<String, Arc<dyn StateTable>>>>);

impl Tables {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<dyn StateTable>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a table, if there is none of its name.
    pub(crate) fn add(&self, table: Arc<dyn StateTable>) -> Answer<()> {
        let mut tables = self.lock();
        if let Some(other) = tables.get(table.label()) {
            let owner = other.owner().map_or("the host".to_owned(), |owner| format!("the plugin '{owner}'"));
            return Refusal::failed(format!("there is a table '{}' already, of {owner}", table.label()));
        }
        tables.insert(table.label().to_owned(), table);
        Ok(())
    }

    /// The table of this name.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<dyn StateTable>> {
        self.lock().get(name).map(Arc::clone)
    }

    /// The table of this name for a plugin that believes its keys to be of this type (rule 9.2).
    pub(crate) fn get_with_key(&self, name: &CStr, key_type: Option<StateType>) -> Answer<Arc<dyn StateTable>> {
        let name = name.to_string_lossy();
        let Some(table) = self.get(&name) else { return Refusal::failed(self.without(&name)) };
        let is = table.key_type();
        match key_type {
            Some(asked) if asked == is => Ok(table),
            asked => {
                let asked = asked.map_or("of a type that the API does not have".to_owned(), |asked| asked.to_string());
                Refusal::broken(
                    "9.2",
                    format!("the keys of the table '{name}' are {is}, it was asked for with {asked} keys"),
                )
            }
        }
    }

    /// What to say where there is no table of this name.
    pub(crate) fn without(&self, name: &str) -> String {
        let names = self.names();
        match names.is_empty() {
            true => "this host has no state tables".to_owned(),
            false => format!("there is no table '{name}'; there are {}", names.join(", ")),
        }
    }

    /// The names of all tables.
    pub(crate) fn names(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    /// All tables, in the order of their names.
    pub(crate) fn all(&self) -> Vec<Arc<dyn StateTable>> {
        self.lock().values().map(Arc::clone).collect()
    }

    /// Takes out what a plugin has exported.
    pub(crate) fn remove_of(&self, owner: &str) {
        self.lock().retain(|_, table| table.owner() != Some(owner));
    }
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tables").field(&self.names()).finish()
    }
}
