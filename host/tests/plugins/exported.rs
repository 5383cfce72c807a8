// SPDX-License-Identifier: Apache-2.0
//! Tables that plugins export: what the host checks of them, and how they are read from outside (rule 9.1).

use falconet_host::{Cell, Inspector, Library, Logs, StateType, StateValue};

use crate::{compiled, findings, run};

/// The error of init with this config, and what was found.
fn refused(keeper: &Library, config: &str) -> (String, Vec<String>) {
    let mut inspector = Inspector::new(&Logs::new());
    let error = inspector.register(keeper, config).unwrap_err().to_string();
    (error.replace("the plugin 'keeper': plugin_init failed: ", ""), findings(&inspector))
}

#[test]
fn host_9_1_both_vtables_are_complete_and_the_same() {
    let keeper = compiled!("keeper.c");
    let keeper = keeper.library();
    for (config, told) in [
        ("null input", "the table input is NULL"),
        ("no name", "the name of the exported table is NULL or empty"),
        ("key type", "the exported table 'counts' has no key type: 10"),
        ("no ext", "the exported table 'counts' lacks an extended vtable: fill all three"),
        ("null function", "the vtables of the exported table 'counts' are broken: iterate_entries is NULL"),
        (
            "other function",
            "the vtables of the exported table 'counts' are broken: get_table_size is not the same in both vtables",
        ),
    ] {
        let told = format!("add_table: {told}");
        assert_eq!(refused(&keeper, config), (told.clone(), vec![format!("keeper: {told} (rule 9.1)")]), "{config}");
    }
    let (told, found) = refused(&keeper, "twice");
    assert_eq!((told.as_str(), found.len()), ("there is a table 'counts' already, of the plugin 'keeper'", 0));
}

#[test]
fn host_9_1_before_3_1_there_are_no_extended_vtables() {
    let keeper = compiled!("keeper.c", "API=\"3.0.0\"");
    let mut inspector = Inspector::new(&Logs::new());
    inspector.register(&keeper.library(), "no ext").unwrap();
    assert_eq!(inspector.table_names(), ["counts"]);
}

#[test]
fn host_9_1_the_list_of_fields_is_sane() {
    let found = |config: &str| {
        let keeper = crate::compile("keeper.c", &[])?;
        let mut inspector = Inspector::new(&Logs::new());
        inspector.register(&keeper.library(), config).unwrap();
        let found = findings(&inspector);
        Some(found.first().cloned().unwrap_or_default().replace("keeper: the table 'counts': ", ""))
    };
    for (config, told) in [
        ("", ""),
        ("field twice", "list_table_fields has the field 'key' twice (rule 9.1)"),
        ("field name", "list_table_fields, field 1 (from 0): its name is NULL or empty (rule 9.1)"),
        ("field type", "list_table_fields, field 1 (from 0): 'count' has the unknown type 99 (rule 9.1)"),
        ("fields unset", "list_table_fields gave 2779096485 fields: nfields must be written (rule 9.1)"),
        ("field missing", "list_table_fields has the field 'key', get_table_field has not (rule 9.1)"),
        ("name null", "get_table_name gave NULL (rule 9.1)"),
        ("other name", "get_table_name gave 'others' (rule 9.1)"),
    ] {
        let Some(found) = found(config) else { return };
        assert_eq!(found, told, "{config}");
    }
}

/// The table after two events, as JSON, what could not be read, and what was found.
fn read(good: &Library, keeper: &Library, config: &str) -> (String, Vec<String>, Vec<String>) {
    let mut inspector = Inspector::new(&Logs::new());
    inspector.register(good, "").unwrap();
    inspector.register(keeper, config).unwrap();
    run(&inspector, "good", "2");
    let rows = inspector.read_table("counts").unwrap();
    (rows.to_json().to_string(), rows.errors, findings(&inspector))
}

#[test]
fn a_table_is_read_from_outside() {
    let (good, keeper) = (compiled!("good.c"), compiled!("keeper.c"));
    let (good, keeper) = (good.library(), keeper.library());
    let (json, errors, found) = read(&good, &keeper, "");
    let sub = r#"{"table":"sub","key_type":"uint64","entries":[{"half":21}]}"#;
    let sorted = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let expected = format!(
        r#"{{"table":"counts","key_type":"uint64","entries":[{{"key":1,"count":1,"name":"odd","sub":{sub}}},{{"key":0,"count":1,"name":"even","sub":{sub}}}]}}"#
    );
    assert_eq!(sorted(&json), sorted(&expected));
    assert!(errors.is_empty() && found.is_empty(), "{errors:?} {found:?}");

    let mut inspector = Inspector::new(&Logs::new());
    inspector.register(&good, "").unwrap();
    inspector.register(&keeper, "").unwrap();
    run(&inspector, "good", "1");
    let rows = inspector.read_table("counts").unwrap();
    assert_eq!((rows.name.as_str(), rows.key_type, rows.fields.len()), ("counts", StateType::U64, 4));
    assert!(rows.fields[0].read_only && !rows.fields[1].read_only);
    assert_eq!(rows.rows[0].key, None, "the API hands out no keys");
    assert_eq!(rows.rows[0].cells[2], Some(Cell::Value(StateValue::String(b"odd".to_vec()))));
    assert_eq!(rows.rows[0].cells[3].as_ref().unwrap().to_string(), "{half=21}");
    let error = inspector.read_table("others").unwrap_err().to_string();
    assert_eq!(error, "there is no table 'others'; there are counts");
}

#[test]
fn host_9_1_what_a_table_gives_is_checked() {
    let (good, keeper) = (compiled!("good.c"), compiled!("keeper.c"));
    let (good, keeper) = (good.library(), keeper.library());
    let errors = |config: &str| read(&good, &keeper, config).1.first().cloned().unwrap_or_default();
    let found = |config: &str| read(&good, &keeper, config).2.join("; ");
    assert_eq!(errors("size"), "get_table_size gave 3, and there are 2 entries");
    assert_eq!(errors("iterate"), "iterate_entries gave false, though the iterator never did");
    assert!(errors("fields null").starts_with("list_table_fields: list_table_fields of the table 'counts' failed"));
    assert!(
        found("read unset").starts_with("keeper: the table 'counts': read_entry_field gave success and wrote no value")
    );
    assert!(
        found("read rc").starts_with("keeper: the table 'counts': read_entry_field gave the rc 7, which is none of")
    );
    let null = "keeper: the table 'counts': read_entry_field: the string is NULL, which crashes the real host (rule 9.1, 2 times)";
    assert_eq!(found("string null"), null);
    assert!(read(&good, &keeper, "sub null").0.contains("\"sub\":null"));
}
