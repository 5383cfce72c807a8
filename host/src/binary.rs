// SPDX-License-Identifier: Apache-2.0
//! What a library's file says: the symbols that it exports, the libraries that it needs, the newest glibc that it needs.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use goblin::{
    container::Ctx,
    elf::{Elf, program_header::ProgramHeader, sym},
};

use crate::version::Version;

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BinaryError {
    /// The file cannot be read.
    #[error("cannot read {path}: {message}")]
    File {
        /// The path.
        path: PathBuf,
        /// The system's message.
        message: String,
    },
    /// The file is no ELF library.
    #[error("{path} is no ELF library: {message}")]
    Format {
        /// The path.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
}

/// What the file of a library says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binary {
    /// Its size in bytes.
    pub size: u64,
    /// The symbols that it exports, sorted.
    pub exports: Vec<String>,
    /// The libraries that it needs (`DT_NEEDED`), in the file's order.
    pub needed: Vec<String>,
    /// The highest `GLIBC_*` version that it needs, as it is written there.
    pub glibc: Option<String>,
}

impl Binary {
    /// Reads an ELF file.
    ///
    /// # Errors
    /// [`BinaryError`] if it cannot be read or is no ELF file.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, BinaryError> {
        let path = path.as_ref();
        let bytes =
            std::fs::read(path).map_err(|error| BinaryError::File { path: path.into(), message: error.to_string() })?;
        let elf = Elf::parse(&bytes)
            .map_err(|error| BinaryError::Format { path: path.into(), message: error.to_string() })?;
        let mut exports: Vec<String> = (elf.dynsyms.iter())
            .filter(|symbol| !symbol.is_import() && symbol.st_shndx != 0)
            .filter(|symbol| matches!(symbol.st_bind(), sym::STB_GLOBAL | sym::STB_WEAK))
            .filter(|symbol| matches!(symbol.st_visibility(), sym::STV_DEFAULT | sym::STV_PROTECTED))
            .filter_map(|symbol| elf.dynstrtab.get_at(symbol.st_name).map(str::to_owned))
            .collect();
        exports.sort_unstable();
        let versions = elf.verneed.iter().flat_map(|needed| needed.iter().collect::<Vec<_>>());
        let glibc = versions
            .flat_map(|needed| needed.iter().collect::<Vec<_>>())
            .filter_map(|version| elf.dynstrtab.get_at(version.vna_name))
            .filter_map(|name| glibc_version(name).map(|version| (version, name.to_owned())))
            .max()
            .map(|(_, name)| name);
        Ok(Self {
            size: bytes.len() as u64,
            exports,
            needed: elf.libraries.iter().map(|name| (*name).to_owned()).collect(),
            glibc,
        })
    }
}

/// That the file has all bytes that are loaded of it: the dynamic linker maps what is missing, and the first touch of it
/// ends the process. A file that is no ELF library passes, for the linker says what is wrong with that.
pub(crate) fn whole(path: &Path) -> Result<(), String> {
    let mut file = File::open(path).map_err(|error| error.to_string())?;
    let len = file.metadata().map_err(|error| error.to_string())?.len();
    // The program headers stand behind the first one.
    let mut head = Vec::new();
    file.by_ref().take(4096).read_to_end(&mut head).map_err(|error| error.to_string())?;
    let Ok(header) = Elf::parse_header(&head) else { return Ok(()) };
    let (Ok(container), Ok(order), Ok(at)) = (header.container(), header.endianness(), usize::try_from(header.e_phoff))
    else {
        return Ok(());
    };
    let segments = ProgramHeader::parse(&head, at, header.e_phnum.into(), Ctx::new(container, order));
    let ends =
        segments.unwrap_or_default().into_iter().map(|segment| segment.p_offset.saturating_add(segment.p_filesz));
    match ends.max() {
        Some(end) if end > len => Err(format!(
            "the file ends after {len} bytes, and {end} are loaded of it: it was cut off, copy or build it anew"
        )),
        _ => Ok(()),
    }
}

/// The version in a name such as `GLIBC_2.34` or `GLIBC_2.2.5`.
fn glibc_version(name: &str) -> Option<Version> {
    let mut numbers = name.strip_prefix("GLIBC_")?.split('.').map(str::parse);
    let mut number = || numbers.next().unwrap_or(Ok(0)).ok();
    Some(Version::new(number()?, number()?, number()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glibc_versions_are_compared_as_numbers() {
        let names = ["GLIBC_2.9", "GLIBC_2.34", "GLIBC_2.2.5", "GLIBC_PRIVATE", "OTHER_9.9"];
        let highest = names.into_iter().filter_map(glibc_version).max();
        assert_eq!(highest, Some(Version::new(2, 34, 0)));
    }

    #[test]
    fn this_test_needs_a_libc_and_what_is_no_library_is_told() {
        let binary = Binary::read(std::env::current_exe().unwrap()).unwrap();
        assert!(binary.needed.iter().any(|name| name.starts_with("libc.")), "{:?}", binary.needed);
        let error = Binary::read(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap_err().to_string();
        assert!(error.contains("is no ELF library"), "{error}");
    }
}
