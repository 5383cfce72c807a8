// SPDX-License-Identifier: Apache-2.0
//! The archive in which a plugin is given out: `<name>-<version>-linux-<machine>.tar.gz` with the library at its root.
//!
//! That is the form which the plugins registry and falcoctl expect: regular files only, no folder, and the plugin's own
//! name and version in the archive's name. The same library always gives the same bytes: the entry has no time, no owner,
//! and mode 755.

use std::{
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use flate2::{Compression, GzBuilder};
use goblin::elf::{Elf, header};

use crate::{binary::BinaryError, library::Library};

/// Why a library cannot be packed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// The library cannot be read, or is no ELF file.
    #[error(transparent)]
    Binary(#[from] BinaryError),
    /// It is a library for a machine on which Falco does not run.
    #[error("{path} is for {machine}: Falco runs plugins for x86_64 and aarch64, 64 bits, little-endian")]
    Machine {
        /// The library.
        path: PathBuf,
        /// What its ELF header says.
        machine: String,
    },
    /// The plugin's name or version cannot be a part of the archive's name.
    #[error("the plugin's {what} is '{text}': the plugins registry takes {expected}")]
    Identity {
        /// `name` or `version`.
        what: &'static str,
        /// What the plugin says.
        text: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// The archive cannot be written.
    #[error("cannot write {path}: {error}")]
    Write {
        /// The archive.
        path: PathBuf,
        /// The system's error.
        error: io::Error,
    },
}

/// An archive that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// The name of the library in it.
    pub library: String,
    /// The size of that in bytes.
    pub library_size: u64,
    /// Whether the library is without a symbol table and debugging information.
    pub stripped: bool,
}

impl Package {
    /// Packs `library` into an archive in `folder`, which is made if it is not there. An archive of that name is replaced.
    ///
    /// # Errors
    /// [`PackageError`] if the library is for another machine, its name or version do not fit, or a file cannot be read
    /// or written. Nothing is left of an archive that could not be finished.
    pub fn write(library: &Library, folder: impl AsRef<Path>) -> Result<Self, PackageError> {
        let source = library.path();
        let unreadable = |message: String| BinaryError::File { path: source.into(), message };
        let bytes = std::fs::read(source).map_err(|error| unreadable(error.to_string()))?;
        let elf = Elf::parse(&bytes)
            .map_err(|error| BinaryError::Format { path: source.into(), message: error.to_string() })?;
        let info = library.info();
        let name = identity("name", &info.name, is_name, "a small letter, then small letters, digits, - and _")?;
        let version = identity("version", &info.version_text, is_version, "three numbers, like 0.1.0 or 0.1.0-rc1")?;
        let machine = machine(&elf).ok_or_else(|| PackageError::Machine {
            path: source.into(),
            machine: format!(
                "{}, {} bits, {}-endian",
                header::machine_to_str(elf.header.e_machine),
                if elf.is_64 { 64 } else { 32 },
                if elf.little_endian { "little" } else { "big" },
            ),
        })?;
        let path = folder.as_ref().join(format!("{name}-{version}-linux-{machine}.tar.gz"));
        let entry = format!("lib{name}.so");
        match pack(&bytes, &entry, folder.as_ref(), &path) {
            Ok(size) => {
                Ok(Self { path, size, library: entry, library_size: bytes.len() as u64, stripped: elf.syms.is_empty() })
            }
            Err(error) => Err(PackageError::Write { path, error }),
        }
    }
}

fn pack(library: &[u8], entry: &str, folder: &Path, path: &Path) -> io::Result<u64> {
    std::fs::create_dir_all(folder)?;
    // Written beside its place and moved there: who looks sees a whole archive or none.
    let beside = path.with_extension("partial");
    let written = compress(library, entry, &beside).and_then(|size| std::fs::rename(&beside, path).map(|()| size));
    if written.is_err() {
        // The first error is the one to tell.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

fn compress(library: &[u8], entry: &str, path: &Path) -> io::Result<u64> {
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Regular);
    header.set_size(library.len() as u64);
    header.set_mode(0o755);
    header.set_mtime(0);
    let gzip = GzBuilder::new().mtime(0).write(File::create(path)?, Compression::best());
    let mut archive = tar::Builder::new(gzip);
    archive.append_data(&mut header, entry, library)?;
    let mut file = archive.into_inner()?.finish()?;
    file.flush()?;
    Ok(file.metadata()?.len())
}

/// The machine's part of the archive's name.
fn machine(elf: &Elf<'_>) -> Option<&'static str> {
    match elf.header.e_machine {
        _ if !elf.is_64 || !elf.little_endian => None,
        header::EM_X86_64 => Some("x86_64"),
        header::EM_AARCH64 => Some("aarch64"),
        _ => None,
    }
}

fn identity<'t>(
    what: &'static str,
    text: &'t str,
    fits: fn(&str) -> bool,
    expected: &'static str,
) -> Result<&'t str, PackageError> {
    if fits(text) { Ok(text) } else { Err(PackageError::Identity { what, text: text.to_owned(), expected }) }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'))
}

/// Whether `text` is a version by the rules of semver: what comes after the numbers begins with `-` or `+`.
fn is_version(text: &str) -> bool {
    let (numbers, more) = text.split_once(['-', '+']).unwrap_or((text, "0"));
    numbers.split('.').count() == 3
        && numbers.split('.').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()))
        && !more.is_empty()
        && more.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'))
}

#[cfg(test)]
mod tests {
    use super::{is_name, is_version};

    #[test]
    fn a_name_is_what_the_registry_takes() {
        for good in ["a", "k8saudit", "k8saudit-gke", "access_log", "json2"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "2json", "-a", "Json", "a b", "a/b", "../a", "é"] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn a_version_has_three_numbers() {
        for good in ["0.1.0", "10.20.30", "1.0.0-rc1", "1.0.0+5.g1234"] {
            assert!(is_version(good), "{good}");
        }
        for bad in ["", "1", "1.0", "1.0.0.0", "1..0", "v1.0.0", "1.0.0-", "1.0.0-a/b", "1.0.0 "] {
            assert!(!is_version(bad), "{bad}");
        }
    }
}
