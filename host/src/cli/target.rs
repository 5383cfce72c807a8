// SPDX-License-Identifier: Apache-2.0
//! What PLUGIN on the command line means: a crate's folder, which is built, or a library file.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use falconet_host::{BuildError, CrateFolder, Defaults, Library};

/// The path of the library that `path` names or that is built there, with the crate's defaults if it is a crate.
pub(super) fn built(path: &Path) -> anyhow::Result<(PathBuf, Defaults)> {
    if !path.is_dir() && !path.ends_with("Cargo.toml") {
        let library = path.canonicalize().with_context(|| format!("cannot open {}", path.display()))?;
        return Ok((library, Defaults::default()));
    }
    let folder = CrateFolder::open(path)?;
    Ok((folder.build()?, folder.defaults().clone()))
}

/// The library that `path` names or that is built there, with the crate's defaults if it is a crate.
pub(super) fn open(path: &Path) -> anyhow::Result<(Library, Defaults)> {
    open_built(path, CrateFolder::build)
}

/// As [`open`], of a library to be given out: what is built is stripped.
pub(super) fn open_stripped(path: &Path) -> anyhow::Result<Library> {
    open_built(path, CrateFolder::build_stripped).map(|(library, _)| library)
}

/// The file of the library that `path` names or that is built there, not loaded.
pub(super) fn file(path: &Path) -> anyhow::Result<(PathBuf, Defaults)> {
    if !path.is_dir() && !path.ends_with("Cargo.toml") {
        return Ok((path.to_path_buf(), Defaults::default()));
    }
    let folder = CrateFolder::open(path)?;
    Ok((folder.build()?, folder.defaults().clone()))
}

fn open_built(
    path: &Path,
    build: fn(&CrateFolder) -> Result<PathBuf, BuildError>,
) -> anyhow::Result<(Library, Defaults)> {
    if !path.is_dir() && !path.ends_with("Cargo.toml") {
        return Ok((Library::load(path)?, Defaults::default()));
    }
    let folder = CrateFolder::open(path)?;
    let library = build(&folder)?;
    let loaded = Library::load(library).with_context(|| format!("the crate '{}' was built", folder.name()))?;
    Ok((loaded, folder.defaults().clone()))
}
