// SPDX-License-Identifier: Apache-2.0
//! Loading: what a library must export and say (section 1).

use falconet_host::{Binary, FieldType, Library, Version};

use crate::{compile, compiled};

/// The error of loading a plugin that says these things of itself; `None` if skipped.
fn refused(macros: &[&str]) -> Option<String> {
    compile("identity.c", macros).map(|plugin| plugin.load().unwrap_err().to_string())
}

macro_rules! refused {
    ($($define:expr),+ => $text:expr) => {
        let Some(error) = refused(&[$($define),+]) else { return };
        assert_eq!(error, $text);
    };
}

#[test]
fn host_1_1_missing_symbols_are_named() {
    let every = "which every plugin must export: is it a Falco plugin?";
    refused!("EXTRACTION", "NO_DESTROY" => format!("the library has no symbol 'plugin_destroy', {every}"));
    refused!("EXTRACTION", "NO_NAME" => format!("the library has no symbol 'plugin_get_name', {every}"));
}

#[test]
fn host_1_1_an_undefined_symbol_is_found_at_once() {
    let Some(error) = refused(&["EXTRACTION", "UNDEFINED"]) else { return };
    assert!(error.starts_with("cannot load "), "{error}");
    assert!(error.contains("undefined symbol: nowhere_to_be_found"), "{error}");
}

#[test]
fn files_that_are_no_plugin_are_told() {
    let error = Library::load("no/such/file.so").unwrap_err().to_string();
    assert!(error.starts_with("cannot open no/such/file.so: "), "{error}");
    let error = Library::load(crate::fixture("good.c")).unwrap_err().to_string();
    assert!(error.starts_with("cannot load ") && error.contains("good.c"), "{error}");
}

#[test]
fn host_1_2_capabilities_are_complete() {
    refused!("SOURCING", "NO_CLOSE" => "broken capabilities: event sourcing is incomplete: plugin_close is missing");
    let both = "either both or neither must be set";
    refused!("SOURCING", "ID=0" =>
        format!("broken capabilities: event sourcing has the id 0 and the event source 'identity': {both}"));
    refused!("SOURCING", "SOURCE=\"\"" =>
        format!("broken capabilities: event sourcing has the id 999 and the event source '': {both}"));
    refused!("ASYNC" => "broken capabilities: async events is incomplete: plugin_get_async_events is missing");
    let Some(error) = refused(&["API=\"3.0.0\""]) else { return };
    assert!(error.starts_with("the plugin has no capability"), "{error}");
    let plugin = compiled!("identity.c", "SOURCING", "ID=0", "SOURCE=\"\"");
    let library = plugin.library();
    assert_eq!((library.info().id, library.info().source.as_str()), (0, ""));
}

#[test]
fn host_1_3_null_texts_and_reserved_sources_are_errors() {
    refused!("SOURCING", "SOURCE=NULL" => "plugin_get_event_source gave NULL where a text was expected");
    refused!("EXTRACTION", "NAME=NULL" => "plugin_get_name gave NULL where a text was expected");
    refused!("EXTRACTION", "NAME=\"\"" => "plugin_get_name gave an empty text");
    refused!("EXTRACTION", "VERSION=NULL" => "plugin_get_version gave NULL where a text was expected");
    refused!("EXTRACTION", "FIELDS=NULL" => "plugin_get_fields gave NULL where a text was expected");
    refused!("API=NULL" => "plugin_get_required_api_version gave NULL where a text was expected");
    for source in ["syscall", "internal", "plugins"] {
        refused!("SOURCING", &format!("SOURCE=\"{source}\"") =>
            format!("the event source '{source}' is reserved: syscall, internal and plugins are the host's"));
    }
}

#[test]
fn host_1_4_versions_are_checked() {
    let requires = |version: &str| format!("the plugin requires the API version {version}, this host has 3.12.0: ");
    refused!("API=\"3.13.0\"" =>
        requires("3.13.0") + "the host's minor version is less than the required one");
    refused!("API=\"2.0.0\"" => requires("2.0.0") + "the major versions differ");
    refused!("API=\"3\"" =>
        "plugin_get_required_api_version: '3' is no version: three numbers such as 0.1.0 were expected");
    refused!("EXTRACTION", "VERSION=\"new\"" =>
        "plugin_get_version: 'new' is no version: three numbers such as 0.1.0 were expected");
}

#[test]
fn host_6_1_fields_and_sources_are_checked() {
    refused!("EXTRACTION", "FIELDS=\"[]\"" =>
        "plugin_get_fields gave an empty array where an array of at least one field was expected");
    refused!("EXTRACTION" =>
        "plugin_get_extract_event_sources gave a bad text: an object where an array was expected");
}

#[test]
fn a_good_plugin_is_described() {
    let plugin = compiled!("good.c");
    let library = plugin.library();
    let info = library.info();
    assert_eq!((info.name.as_str(), info.version_text.as_str(), info.id), ("good", "1.2.3-rc1", 999));
    assert_eq!((info.version, info.api_version), (Version::new(1, 2, 3), Version::new(3, 11, 0)));
    assert_eq!(info.capabilities.to_string(), "source, extract");
    assert_eq!(info.extract_sources, ["good"]);
    assert_eq!((info.fields.len(), info.fields[7].list, info.fields[5].kind), (11, true, FieldType::IpAddr));
    assert!(library.claims(11) && !library.claims(12));
}

#[test]
fn the_file_of_a_plugin_is_described() {
    let plugin = compiled!("good.c");
    let binary = Binary::read(&plugin.path).unwrap();
    assert!(binary.exports.iter().any(|name| name == "plugin_next_batch"), "{binary:?}");
    assert!(!binary.exports.iter().any(|name| name == "calloc"), "{binary:?}");
    assert!(binary.needed.iter().any(|name| name.starts_with("libc.")), "{binary:?}");
}
