// SPDX-License-Identifier: Apache-2.0
//! `falconet build`: a plugin crate, built in release.

use std::{
    io::{self, Write},
    path::Path,
};

use falconet_host::CrateFolder;

/// Builds the crate in `path` and prints the path of its library.
pub(super) fn main(path: &Path) -> anyhow::Result<()> {
    let library = CrateFolder::open(path)?.build()?;
    writeln!(io::stdout(), "{}", library.display())?;
    Ok(())
}
