// SPDX-License-Identifier: Apache-2.0
//! The way from a file to the first batch, and the memory that it takes.

use std::path::Path;

use libloading::os::unix::{Library as Shared, RTLD_LOCAL, RTLD_NOW};
use serde::{Deserialize, Serialize};

use super::{BenchError, calls, process};
use crate::{library::Library, logs::Logs, plugin::Plugin, watch};

/// What it took to get the first batch, CPU time in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// `dlopen` with all symbols bound.
    pub dlopen_ns: u64,
    /// `plugin_init`, and the questions that the host has then.
    pub init_ns: u64,
    /// `plugin_open`.
    pub open_ns: u64,
    /// The first `plugin_next_batch`.
    pub batch_ns: u64,
    /// KiB by which the process has grown from before `dlopen` to behind the first batch. What the host keeps of a
    /// plugin is in it.
    pub resident_kib: Option<u64>,
}

impl Load {
    /// All of it.
    #[must_use]
    pub const fn total_ns(&self) -> u64 {
        self.dlopen_ns + self.init_ns + self.open_ns + self.batch_ns
    }

    /// Loads a library that this process has not loaded before, and gives it with the plugin that was made of it.
    ///
    /// # Errors
    /// [`BenchError`] if it cannot be loaded, or a call fails.
    pub fn of(path: &Path, config: &str, params: &str) -> Result<(Self, Plugin), BenchError> {
        let before = process::resident_kib();
        let mut load = Self::default();
        let mut since = process::cpu_ns();
        let mut lap = || {
            let now = process::cpu_ns();
            now - std::mem::replace(&mut since, now)
        };
        let shared = open(path)?;
        load.dlopen_ns = lap();
        // Its checks are the host's own, and not in the time.
        let library = Library::load(path).map_err(|error| BenchError::Load(error.to_string()))?;
        drop(shared);
        if !library.info().capabilities.source {
            let info = library.info();
            let what = format!("the plugin '{}' has no events, it can {}: give a source", info.name, info.capabilities);
            return Err(BenchError::Load(what));
        }
        lap();
        let plugin =
            Plugin::init(&library, config, &Logs::new()).map_err(|error| BenchError::Load(error.to_string()))?;
        load.init_ns = lap();
        let instance = plugin.open(params)?;
        load.open_ns = lap();
        calls::first_batch(&plugin, &instance)?;
        load.batch_ns = lap();
        load.resident_kib = before.and_then(|before| Some(process::resident_kib()?.saturating_sub(before)));
        drop(instance);
        Ok((load, plugin))
    }
}

#[expect(unsafe_code, reason = "a plugin's initialisers run when it is loaded")]
fn open(path: &Path) -> Result<Shared, BenchError> {
    let path =
        path.canonicalize().map_err(|error| BenchError::Load(format!("cannot open {}: {error}", path.display())))?;
    let _watched = watch::doing(|| format!("loading {}, where its initialisers run,", path.display()));
    // SAFETY: as in `Library::load`, which does the same next: who names a plugin trusts its initialisers.
    let shared = unsafe { Shared::open(Some(&path), RTLD_NOW | RTLD_LOCAL) };
    shared.map_err(|error| BenchError::Load(format!("cannot load {}: {error}", path.display())))
}
