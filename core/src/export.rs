// SPDX-License-Identifier: Apache-2.0
//! [`export!`](crate::export!): from a plugin's type to the C symbols that the host looks for.
//!
//! An unsafe shell around a safe core: the functions behind the symbols convert pointers, write every out-parameter on
//! every path, survive NULL, and call the author's safe code. What is in this module besides the macro is for the macro.
#![expect(unsafe_code, reason = "the shell of the C ABI")]

pub mod async_event;
mod beside;
pub mod config;
pub mod extract;
mod instance;
pub mod listen;
mod macros;
pub mod metrics;
pub mod parse;
pub mod shell;
pub mod source;
mod state;
mod symbols;
pub mod tables;
mod words;

use core::ffi::{CStr, c_void};

use crate::async_event::AsyncEvents;
use crate::error::Error;
use crate::extract::{Extract, Getter, Memory, getter};
use crate::listen::{Listen, RoutineSlot};
use crate::metrics::Metrics;
use crate::parse::Parse;
use crate::plugin::Plugin;
use crate::pool::{Lease, NoneFree};
use crate::shared::Shares;
use crate::source::Source;
use crate::tables::{ExportTables, InitTables};
use crate::text::TextRoom;

pub use crate::async_event::AsyncGate;
pub use crate::extract::{Extraction, fields_json, fields_json_len, names_json, names_json_len};
pub use crate::listen::Routines;
pub use crate::metrics::{MetricsMemory, MetricsTable};
pub use crate::tables::SessionCell;
pub use beside::{Beside, EventTextMemory, SharedPart};
pub use instance::InstanceSlot;
pub use state::{Head, State};

/// A plugin with static states, made by [`export!`](crate::export!).
///
/// # Safety
/// Implemented by the macro only: the statics are the plugin's own.
pub unsafe trait Exported: Plugin {
    /// Memory for extraction, `()` without it.
    type Extraction: 'static;

    /// What lies beside the plugin value: a [`Beside`].
    type Beside: Sync + 'static;

    /// The claimed API version.
    const API_VERSION: &'static CStr;

    /// Whether panics are caught, and break their state: then a thread of its own may do so during any call.
    const BREAKS: bool = false;

    /// Takes a free state, for an init; `None` where none is left.
    fn take_state() -> Option<&'static State<Self, Self::Extraction, Self::Beside>>;

    /// What stands for a state where none is left: it carries the error text, and tells this plugin from others.
    fn no_state() -> &'static Head;

    /// Calls the author's code, for a state. `None` where it panicked, and that was caught: then the state is broken
    /// (see [`Head::break_with`]). A plugin without std has no way to catch a panic.
    #[inline(always)]
    fn guard<R>(state: *const c_void, call: impl FnOnce() -> R) -> Option<R> {
        let _it_cannot_break = state;
        Some(call())
    }

    /// Makes what the capabilities keep in a state ready for a new one.
    ///
    /// # Safety
    /// The state was just taken, by the caller.
    unsafe fn begin(state: &'static State<Self, Self::Extraction, Self::Beside>);

    /// Ends what other threads of the plugin may be doing with the host.
    ///
    /// # Safety
    /// The host destroys the state.
    unsafe fn end(state: &'static State<Self, Self::Extraction, Self::Beside>);

    /// Gives back what the parts beside the plugin value own.
    ///
    /// # Safety
    /// The host destroys the state, and nobody has a handle to its parts.
    unsafe fn clear(state: &'static State<Self, Self::Extraction, Self::Beside>);

    /// A capture begins or ends: what was decoded of an event is forgotten.
    fn new_capture(state: &State<Self, Self::Extraction, Self::Beside>);

    /// Where a state keeps what its table handles belong to; none where no tables are imported.
    fn session_of(state: &'static State<Self, Self::Extraction, Self::Beside>) -> Option<&'static SessionCell>;

    /// Whether state tables are imported or exported.
    const USES_TABLES: bool;

    /// Registers what tables a state exports with the host.
    ///
    /// # Errors
    /// The host does not take one.
    fn export_tables(
        state: &'static State<Self, Self::Extraction, Self::Beside>,
        tables: Option<&InitTables<'_>>,
    ) -> Result<(), Error> {
        let _none = (state, tables);
        Ok(())
    }

    /// Closes the instances that a state has open.
    ///
    /// # Safety
    /// The host is done with the state.
    unsafe fn close_instances_of(state: *const c_void);
}

/// An exported plugin with a part that other threads may touch.
///
/// # Safety
/// As [`Exported`].
pub unsafe trait ExportedShares: Exported + Shares {
    /// The part of a state.
    fn shared_of(state: &'static State<Self, Self::Extraction, Self::Beside>) -> &'static Self::Shared;
}

/// An exported plugin that uses state tables of the host or of other plugins.
///
/// # Safety
/// As [`Exported`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` uses state tables, and its `export!` does not say so",
    note = "add `import_tables` to the capabilities in `export!`"
)]
pub unsafe trait ExportedImports: Exported {}

/// An exported plugin with state tables of its own.
///
/// # Safety
/// As [`Exported`].
pub unsafe trait ExportedTables: ExportedShares + ExportTables {}

/// An exported plugin with metrics.
///
/// # Safety
/// As [`Exported`].
pub unsafe trait ExportedMetrics: ExportedShares + Metrics {
    /// The memory that the host reads them from.
    fn metrics_of(state: &'static State<Self, Self::Extraction, Self::Beside>) -> &'static impl MetricsMemory;
}

/// An exported plugin with async events.
///
/// # Safety
/// As [`Exported`].
pub unsafe trait ExportedAsync: Exported + AsyncEvents {
    /// The JSON list of [`AsyncEvents::ASYNC_EVENTS`], NUL-terminated.
    const NAMES: &'static [u8];

    /// The JSON list of [`AsyncEvents::ASYNC_SOURCES`], NUL-terminated.
    const SOURCES: &'static [u8];

    /// The gate of a state's emitters.
    fn gate_of(state: &'static State<Self, Self::Extraction, Self::Beside>) -> &'static AsyncGate;
}

/// An exported plugin that listens to captures.
///
/// # Safety
/// As [`Exported`].
pub unsafe trait ExportedListen: ExportedShares + Listen {
    /// The routines of a state.
    fn routines_of(state: &'static State<Self, Self::Extraction, Self::Beside>) -> &'static [RoutineSlot];
}

/// An exported plugin that parses events.
///
/// # Safety
/// As [`Exported`].
pub unsafe trait ExportedParse: Exported + Parse {
    /// The JSON list of [`Parse::PARSE_SOURCES`], NUL-terminated.
    const SOURCES: &'static [u8];
}

/// An exported plugin that sources events.
///
/// # Safety
/// As [`Exported`].
pub unsafe trait ExportedSource: Exported + Source {
    /// Takes a free slot for an instance of `owner`; `None` where none is left.
    fn take_instance(owner: *mut c_void) -> Option<&'static InstanceSlot<Self::Instance>>;

    /// A slot that was taken holds nothing any more, and nobody has a pointer to it.
    ///
    /// # Safety
    /// As it says.
    #[inline(always)]
    unsafe fn free_instance(slot: &'static InstanceSlot<Self::Instance>) {
        let _it_is_static = slot;
    }

    /// The room for an event's text.
    ///
    /// # Safety
    /// Nobody else uses it: the host asks for one text of a state at a time (rule 8.2).
    unsafe fn text_room(state: &'static State<Self, Self::Extraction, Self::Beside>) -> TextRoom<'static>;

    /// Leases a batch for an instance.
    ///
    /// # Errors
    /// While all batches are leased.
    fn lease() -> Result<Lease, NoneFree>;
}

/// An exported plugin that extracts fields.
///
/// # Safety
/// As [`Exported`].
pub unsafe trait ExportedExtract:
    Exported<Extraction: Memory<Decoded = <Self as Extract>::Decoded>> + Extract
{
    /// Whether value offsets are a declared capability.
    const OFFSETS: bool;

    /// The functions of the fields, where they are more than [`DIRECT_FIELDS`].
    const GETTERS: &'static [Getter<Self>];

    /// The JSON of the fields, NUL-terminated.
    const FIELDS_JSON: &'static [u8];

    /// The JSON list of [`Extract::EVENT_SOURCES`], NUL-terminated.
    const SOURCES: &'static [u8];
}

/// Fields that are called directly; those of a plugin with more are called through a table.
pub const DIRECT_FIELDS: usize = 64;

/// How many functions [`ExportedExtract::GETTERS`] holds.
#[must_use]
pub const fn getters_len<T: Extract>() -> usize {
    if T::FIELDS.len() > DIRECT_FIELDS { T::FIELDS.len() } else { 0 }
}

/// The table of the fields' functions.
#[must_use]
#[expect(clippy::indexing_slicing, reason = "evaluated at compile time only")]
pub const fn getters<T: Extract, const N: usize>() -> [Getter<T>; N] {
    let mut getters = [getter::<T, true>(0); N];
    let mut i = 0;
    while i < N {
        getters[i] = getter::<T, true>(i);
        i += 1;
    }
    getters
}

/// Sizes of an [`Extraction`] for requests of up to `memory` bytes: cells, bytes of text, offsets.
#[must_use]
pub const fn extraction_sizes(memory: usize, offsets: bool) -> (usize, usize, usize) {
    let memory = if memory < 64 { 64 } else { memory.next_multiple_of(8) };
    (memory / 8 * 3, memory * 3, if offsets { memory / 4 } else { 0 })
}
