// SPDX-License-Identifier: Apache-2.0
//! What one plugin holds of the tables: handles, each given once, counted, and dead after its time (rules 9.3 to 9.6).

use std::{
    collections::BTreeMap,
    ffi::CString,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{Answer, Entry, Refusal, StateTable, TableField, same};
use crate::lent::{LentList, LentText};

/// The first handle: high enough to be no address of a process, so that a look behind it crashes at once.
const FIRST: usize = 0xFA1C << (usize::BITS - 16);

/// How many overwritten texts stay allocated, so that who keeps one reads the pattern.
const SPENT: usize = 256;

/// The handles of all plugins are distinct, so that one which is passed on is told.
static NEXT: AtomicUsize = AtomicUsize::new(FIRST);

fn mint() -> usize {
    NEXT.fetch_add(16, Ordering::Relaxed)
}

/// What a callback may do with tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// All, and tables and fields may be looked up.
    Init,
    /// Reading only.
    Read,
    /// Reading and writing.
    Write,
}

/// How a plugin came to an entry, which says how it must give it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Use {
    Got,
    Added,
    Created,
    Iterated,
}

struct EntryHandle {
    entry: Entry,
    table: Arc<dyn StateTable>,
    of: Use,
}

/// A field as a plugin holds it.
#[derive(Clone, Debug)]
pub(crate) struct FieldHandle {
    /// The table's label: tables in one field of different entries share their fields.
    label: String,
    pub(crate) field: TableField,
    pub(crate) id: usize,
}

/// One call of the host into the plugin.
struct Frame {
    callback: &'static str,
    access: Access,
    /// Tables in entries live until the call ends (rule 9.4).
    tables: BTreeMap<usize, Arc<dyn StateTable>>,
    entries: BTreeMap<usize, EntryHandle>,
    /// What became of handles of this call.
    gone: BTreeMap<usize, &'static str>,
    texts: Vec<LentText>,
    /// The tables of the host that are being iterated over, in order.
    iterated: Vec<Arc<dyn StateTable>>,
}

/// The handles of one plugin.
#[derive(Default)]
pub(crate) struct Handles {
    tables: BTreeMap<usize, Arc<dyn StateTable>>,
    fields: BTreeMap<usize, FieldHandle>,
    /// What `list_tables` (under 0) and `list_table_fields` gave last.
    pub(crate) lists: BTreeMap<usize, LentList>,
    frame: Option<Frame>,
    /// Texts of earlier calls, overwritten.
    spent: Vec<LentText>,
}

impl Handles {
    pub(crate) fn begin(&mut self, callback: &'static str, access: Access) {
        let (tables, entries, gone) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (texts, iterated) = (Vec::new(), Vec::new());
        self.frame = Some(Frame { callback, access, tables, entries, gone, texts, iterated });
    }

    /// Ends the call: what should have been given back is told (rule 9.3), texts are overwritten (rule 9.6).
    pub(crate) fn end(&mut self) -> Vec<(&'static str, String)> {
        let Some(frame) = self.frame.take() else { return Vec::new() };
        frame.texts.iter().for_each(LentText::poison);
        self.spent.extend(frame.texts);
        let enough = self.spent.len().saturating_sub(SPENT);
        self.spent.drain(..enough);
        let mut left: BTreeMap<(String, Use), usize> = BTreeMap::new();
        for handle in frame.entries.values() {
            *left.entry((handle.table.label().to_owned(), handle.of)).or_default() += 1;
        }
        let told = left.into_iter().filter_map(|((table, of), count)| {
            let (by, how) = match of {
                Use::Got => ("got by get_table_entry", "release each with release_table_entry"),
                Use::Added => ("given by add_table_entry", "release each with release_table_entry"),
                Use::Created => ("made by create_table_entry", "add or destroy each"),
                Use::Iterated => return None,
            };
            let (callback, entries) = (frame.callback, if count == 1 { "entry" } else { "entries" });
            Some(("9.3", format!("{callback} returned and kept {count} {entries} of the table '{table}' {by}: {how}")))
        });
        told.collect()
    }

    fn frame(&mut self) -> Answer<&mut Frame> {
        match &mut self.frame {
            Some(frame) => Ok(frame),
            None => Refusal::broken("9.6", "tables were used when no call that has them was running"),
        }
    }

    /// Whether the running call may do this.
    pub(crate) fn check(&mut self, needed: Access) -> Answer<()> {
        let frame = self.frame()?;
        let callback = frame.callback;
        match (needed, frame.access) {
            (Access::Write, Access::Read) => {
                Refusal::broken("9.6", format!("{callback} may only read tables: write in plugin_parse_event"))
            }
            (Access::Init, Access::Read | Access::Write) => {
                Refusal::broken("1.10", format!("tables are got and added in plugin_init, not in {callback}"))
            }
            _ => Ok(()),
        }
    }

    /// The handle of a table that lives as long as the plugin, the same one each time.
    pub(crate) fn keep_table(&mut self, table: Arc<dyn StateTable>) -> usize {
        if let Some((handle, _)) = self.tables.iter().find(|(_, known)| same(&***known, &*table)) {
            return *handle;
        }
        let handle = mint();
        self.tables.insert(handle, table);
        handle
    }

    /// The handle of a table in an entry.
    pub(crate) fn lend_table(&mut self, table: Arc<dyn StateTable>) -> Answer<usize> {
        let handle = mint();
        self.frame()?.tables.insert(handle, table);
        Ok(handle)
    }

    pub(crate) fn table(&self, handle: usize) -> Answer<Arc<dyn StateTable>> {
        let lent = self.frame.as_ref().and_then(|frame| frame.tables.get(&handle));
        match self.tables.get(&handle).or(lent) {
            Some(table) => Ok(Arc::clone(table)),
            None if handle == 0 => Refusal::broken("9.2", "the table is NULL"),
            None if given(handle) => Refusal::broken(
                "9.4",
                "the handle is of no table that this plugin has now: a table in an entry is lent for one call only",
            ),
            None => Refusal::broken("9.2", format!("{handle:#x} is no handle that the host gave")),
        }
    }

    pub(crate) fn has_table(&self, handle: usize) -> bool {
        self.tables.contains_key(&handle)
    }

    pub(crate) fn keep_field(&mut self, table: &dyn StateTable, field: TableField, id: usize) -> usize {
        let known = |known: &FieldHandle| known.label == table.label() && known.id == id && known.field == field;
        if let Some((handle, _)) = self.fields.iter().find(|(_, handle)| known(handle)) {
            return *handle;
        }
        let handle = mint();
        self.fields.insert(handle, FieldHandle { label: table.label().to_owned(), field, id });
        handle
    }

    pub(crate) fn field(&self, handle: usize, table: &dyn StateTable) -> Answer<FieldHandle> {
        match self.fields.get(&handle) {
            Some(field) if field.label == table.label() => Ok(field.clone()),
            Some(field) => Refusal::broken(
                "9.2",
                format!(
                    "the field '{}' of the table '{}' was used with the table '{}'",
                    field.field.name,
                    field.label,
                    table.label()
                ),
            ),
            None if handle == 0 => Refusal::broken("9.2", "the field is NULL"),
            None => Refusal::broken("9.2", format!("{handle:#x} is no handle of a field of this plugin")),
        }
    }

    pub(crate) fn lend_entry(&mut self, table: &Arc<dyn StateTable>, entry: Entry, of: Use) -> Answer<usize> {
        let handle = mint();
        self.frame()?.entries.insert(handle, EntryHandle { entry, table: Arc::clone(table), of });
        Ok(handle)
    }

    pub(crate) fn entry(&mut self, handle: usize, table: &dyn StateTable) -> Answer<(Entry, Use)> {
        let frame = self.frame()?;
        if let Some(found) = frame.entries.get(&handle) {
            if same(&*found.table, table) {
                return Ok((found.entry.clone(), found.of));
            }
            let (of, with) = (found.table.label(), table.label());
            return Refusal::broken("9.3", format!("an entry of the table '{of}' was used with the table '{with}'"));
        }
        match frame.gone.get(&handle) {
            Some(gone) => Refusal::broken("9.3", format!("the entry was {gone} before")),
            None if handle == 0 => Refusal::broken("9.3", "the entry is NULL"),
            None if given(handle) => Refusal::broken(
                "9.6",
                "the handle is of no entry that this plugin has now: an entry handle never outlives its callback",
            ),
            None => Refusal::broken("9.3", format!("{handle:#x} is no handle that the host gave")),
        }
    }

    /// Ends the life of an entry's handle; `how` is what is said if it is used again.
    pub(crate) fn end_entry(&mut self, handle: usize, how: &'static str) {
        if let Some(frame) = &mut self.frame {
            frame.entries.remove(&handle);
            frame.gone.insert(handle, how);
        }
    }

    /// Notes that a table is being iterated over, until `end_iteration` of what this gives.
    pub(crate) fn iterate(&mut self, table: &Arc<dyn StateTable>) -> Answer<usize> {
        let iterated = &mut self.frame()?.iterated;
        iterated.push(Arc::clone(table));
        Ok(iterated.len() - 1)
    }

    pub(crate) fn end_iteration(&mut self, iteration: usize) {
        if let Some(frame) = &mut self.frame {
            frame.iterated.truncate(iteration);
        }
    }

    /// Whether entries may come and go: not those of a table of the host that is being iterated over.
    pub(crate) fn check_change(&mut self, table: &dyn StateTable) -> Answer<()> {
        let iterated = self.frame()?.iterated.iter().any(|iterated| same(&**iterated, table));
        match iterated && table.owner().is_none() {
            true => Refusal::broken("9.6", format!("the table '{}' is being iterated over", table.label())),
            false => Ok(()),
        }
    }

    /// A text for the plugin, which may read it until the call ends.
    pub(crate) fn lend_text(&mut self, text: CString) -> Answer<*const std::ffi::c_char> {
        let text = LentText::new(text);
        let pointer = text.as_ptr();
        self.frame()?.texts.push(text);
        Ok(pointer)
    }
}

/// Whether the number was ever given out as a handle.
fn given(handle: usize) -> bool {
    handle >= FIRST && handle < NEXT.load(Ordering::Relaxed) && handle.is_multiple_of(16)
}

impl fmt::Debug for Handles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tables, fields) = (self.tables.len(), self.fields.len());
        f.debug_struct("Handles").field("tables", &tables).field("fields", &fields).finish_non_exhaustive()
    }
}
