// SPDX-License-Identifier: Apache-2.0
//! `falconet package`: a plugin's archive, as it is given out.

use std::{
    io::{self, Write},
    path::Path,
};

use falconet_host::{Binary, Package};

use super::{limit::Limit, target};

/// Packs the plugin into `out`. What is in the archive goes to stderr, its path to stdout.
pub(super) fn main(path: &Path, out: &Path, limit: &Limit) -> anyhow::Result<()> {
    limit.watch()?;
    let library = target::open_stripped(path)?;
    let package = Package::write(&library, out)?;
    let binary = Binary::read(library.path())?;
    let needs = if binary.needed.is_empty() { "(none)".to_owned() } else { binary.needed.join(", ") };
    let err = &mut io::stderr().lock();
    writeln!(err, "library        {}, {} bytes", package.library, package.library_size)?;
    writeln!(err, "needs          {needs}")?;
    writeln!(err, "highest glibc  {}", binary.glibc.as_deref().unwrap_or("(none)"))?;
    writeln!(err, "archive        {} bytes", package.size)?;
    if !package.stripped {
        writeln!(err, "note: the library has a symbol table or debugging information; `strip` makes it smaller")?;
    }
    writeln!(io::stdout(), "{}", package.path.display())?;
    Ok(())
}
