// SPDX-License-Identifier: Apache-2.0
//! The loader behind the `falconet` command: loads, runs and inspects Falco plugins as libsinsp does, but stricter.
//!
//! ```text
//! Library::load  ->  Plugin::init  ->  Plugin::open  ->  Instance::next_event  ->  Plugin::extract
//! dlopen, checks     plugin_init       plugin_open       plugin_next_batch         plugin_extract_fields
//! ```
//!
//! An [`Inspector`] holds several plugins, with the state tables that they share, and gives each event of one source to
//! all that parse it before it is extracted from. A [`Plugin`] alone has no other's tables.
//!
//! Where the real host reads uninitialised memory, this one puts a pattern there ([`POISON`]) and reports a plugin
//! that leaves it; where the real host's stack is gone after a call, this one overwrites what it lent. What
//! breaks a rule without any call failing for it is a [`Finding`]. Rule numbers
//! in the documentation are those of `docs/host.md`.
//!
//! A plugin is native code: loading one trusts it as much as linking it would. What it hands over is checked for
//! everything that can be seen from outside (NULL, lengths, alignment, forgotten out-params), but a pointer into
//! memory that does not exist crashes this host as it crashes the real one.
//!
//! ```no_run
//! use falconet_host::{Library, Logs, Next, Plugin};
//!
//! let library = Library::load("target/release/libaccess_log.so")?;
//! let status = library.field("access.status")?;
//! let plugin = Plugin::init(&library, "", &Logs::new())?;
//! let mut instance = plugin.open("access.log")?;
//! loop {
//!     match instance.next_event()? {
//!         Next::Event(event) => {
//!             let extraction = plugin.extract(&event, std::slice::from_ref(&status))?;
//!             println!("{} {:?}", event.num(), extraction.first());
//!         }
//!         Next::Timeout => continue,
//!         Next::Eof => break,
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod async_events;
mod bench;
mod binary;
mod call;
mod capabilities;
mod capture;
pub mod check;
mod config;
mod crate_folder;
mod event;
mod extract;
mod field_request;
mod fields;
mod findings;
mod guard;
mod inspector;
mod instance;
mod json_lists;
mod lent;
mod library;
mod logs;
mod metrics;
mod owner;
mod package;
mod parse;
mod plugin;
mod routines;
mod schema_version;
mod symbols;
mod tables;
mod text;
mod time;
mod value;
mod version;
mod watch;

pub use bench::{BenchError, Load, Measured, Phase, Sample, Work, resident_kib};
pub use binary::{Binary, BinaryError};
pub use call::{CallError, POISON};
pub use capabilities::Capabilities;
pub use capture::{Capture, OpenSourceError};
pub use crate_folder::{BuildError, CrateFolder, Defaults, JsonObject};
pub use event::{ASYNC_EVENT, CONTAINER_JSON_2, Event, EventError, PLUGIN_EVENT, encode_plugin_event};
pub use extract::{ExtractError, Extracted, Extraction, Offset, Outcome};
pub use field_request::{Argument, FieldRequest, RequestError, split_fields};
pub use fields::{Field, FieldArgument, FieldType, FieldsError};
pub use findings::{Finding, Findings};
pub use inspector::{Inspector, NoTableError, RegisterError};
pub use instance::{Batch, Instance, Next, NextError, Progress, Status};
pub use json_lists::{JsonError, OpenParam};
pub use library::{Info, Library, LoadError};
pub use logs::{LogRecord, Logs, Severity};
pub use metrics::{Metric, MetricValue, Metrics, MetricsError};
pub use package::{Package, PackageError};
pub use plugin::{InitError, OpenError, Plugin};
pub use symbols::SYMBOLS;
pub use tables::{Cell, HostRow, HostTable, HostTableError, StateType, StateValue, TableField, TableRow, TableRows};
pub use time::utc;
pub use value::{Value, join};
pub use version::{ParseVersionError, Version};
pub use watch::{Calling, Stuck, waiting_for, watch};
