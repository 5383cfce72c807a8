// SPDX-License-Identifier: Apache-2.0
//! What the library's file says: exports, needs, sizes; and that it loads with every symbol resolved.
#![expect(unsafe_code, reason = "a library is loaded without the loader's help")]

use std::collections::BTreeSet;
use std::ffi::{CStr, c_char};
use std::fs;

use falconet_host::Binary;
use falconet_tests::plugins::{Profile, access_log};
use goblin::elf::{Elf, program_header::PT_LOAD, section_header::SHT_NOBITS};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW, Symbol};

/// What every plugin exports, then what `source` adds, then what `extract` adds; `offsets` adds nothing.
const EXPORTS: [&str; 20] = [
    "plugin_get_required_api_version",
    "plugin_get_name",
    "plugin_get_version",
    "plugin_get_description",
    "plugin_get_contact",
    "plugin_init",
    "plugin_destroy",
    "plugin_get_last_error",
    "plugin_get_id",
    "plugin_get_event_source",
    "plugin_open",
    "plugin_close",
    "plugin_next_batch",
    "plugin_list_open_params",
    "plugin_get_progress",
    "plugin_event_to_string",
    "plugin_get_fields",
    "plugin_get_extract_event_sources",
    "plugin_get_extract_event_types",
    "plugin_extract_fields",
];

/// What the compiler itself may call: from libc, which every host has.
const COMPILERS: [&str; 6] = ["memcpy", "memmove", "memset", "memcmp", "bcmp", "strlen"];

/// Weak references of the C start files, which may stay unresolved.
const START_FILES: [&str; 4] =
    ["_ITM_deregisterTMCloneTable", "_ITM_registerTMCloneTable", "__cxa_finalize", "__gmon_start__"];

#[test]
fn host_1_1_it_loads_with_every_symbol_resolved() {
    for profile in Profile::ALL {
        let path = access_log(profile);
        // SAFETY: the library has no initialisers of its own.
        let library = unsafe { Library::open(Some(&path), RTLD_NOW | RTLD_LOCAL) };
        let library = library.unwrap_or_else(|why| panic!("{profile:?}: {why}"));
        // SAFETY: the function has this type in the plugin API.
        let name: Symbol<unsafe extern "C" fn() -> *const c_char> = unsafe { library.get("plugin_get_name") }.unwrap();
        // SAFETY: it gives a static C string, and the library is still loaded.
        assert_eq!(unsafe { CStr::from_ptr(name()) }, c"access_log");
    }
}

#[test]
fn host_1_2_the_symbols_of_its_capabilities_are_exported_and_no_others() {
    let expected = BTreeSet::from(EXPORTS);
    for profile in Profile::ALL {
        let binary = Binary::read(access_log(profile)).unwrap();
        let exports: BTreeSet<&str> = binary.exports.iter().map(String::as_str).collect();
        assert_eq!(exports, expected, "{profile:?}");
    }
}

#[test]
fn it_needs_no_library_and_no_heap() {
    for profile in Profile::ALL {
        let bytes = fs::read(access_log(profile)).unwrap();
        let elf = Elf::parse(&bytes).unwrap();
        assert!(elf.libraries.is_empty(), "{profile:?}: DT_NEEDED {:?}", elf.libraries);
        for symbol in elf.dynsyms.iter().filter(|symbol| symbol.is_import()) {
            let name = elf.dynstrtab.get_at(symbol.st_name).unwrap();
            let known = if symbol.st_bind() == goblin::elf::sym::STB_WEAK { &START_FILES[..] } else { &COMPILERS[..] };
            assert!(known.contains(&name), "{profile:?}: an undefined symbol that is none of {known:?}: {name}");
        }
    }
}

#[test]
fn its_memory_is_not_in_the_file() {
    let bytes = fs::read(access_log(Profile::Release)).unwrap();
    let elf = Elf::parse(&bytes).unwrap();
    let section = |name: &str| {
        let mut sections = elf.section_headers.iter();
        sections.find(|section| elf.shdr_strtab.get_at(section.sh_name) == Some(name))
    };
    let data = section(".data").map_or(0, |section| section.sh_size);
    assert!(data <= 256, ".data has {data} bytes: a static is not all zero at its start");
    let bss = section(".bss").expect("batches and blocks are static");
    assert_eq!(bss.sh_type, SHT_NOBITS);
    assert!(bss.sh_size > 1 << 20, ".bss has {} bytes", bss.sh_size);
    let loaded: u64 = elf.program_headers.iter().filter(|part| part.p_type == PT_LOAD).map(|part| part.p_filesz).sum();
    println!("the file: {} bytes, loaded from it {loaded}, .data {data}, .bss {}", bytes.len(), bss.sh_size);
    // What is left of it when it is stripped.
    assert!(loaded < 64 * 1024, "{loaded} bytes are loaded from the file");
}
