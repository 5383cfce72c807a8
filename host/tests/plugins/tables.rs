// SPDX-License-Identifier: Apache-2.0
//! State tables: what plugins do with them, right and wrong (section 9).

use falconet_host::{HostTable, Inspector, Library, Logs, StateType, StateValue};

use crate::{compiled, findings, lines, run};

/// What the plugin said in debug lines, without its name.
fn said(logs: &Logs) -> Vec<String> {
    let lines = lines(logs);
    let said =
        lines.iter().filter_map(|line| line.strip_prefix("debug: user: ").or(line.strip_prefix("debug: keeper: ")));
    said.filter(|line| !line.starts_with("event ") && !line.ends_with(": NULL") || line.contains(' '))
        .map(str::to_owned)
        .collect()
}

/// Runs the user of the keeper's table for so many events of `good`: what it said, and what was found.
fn used(libraries: [&Library; 3], config: &str, events: &str) -> (Vec<String>, Vec<String>) {
    let logs = Logs::new();
    let mut inspector = Inspector::new(&logs);
    for (library, config) in libraries.into_iter().zip(["", "", config]) {
        inspector.register(library, config).unwrap();
    }
    run(&inspector, "good", events);
    let said = said(&logs).into_iter().filter(|line| !line.starts_with("event ") && !line.starts_with("counts "));
    (said.collect(), findings(&inspector))
}

#[test]
fn a_plugins_table_is_used_through_the_host() {
    let (good, keeper, user) = (compiled!("good.c"), compiled!("keeper.c"), compiled!("user.c"));
    let (good, keeper, user) = (good.library(), keeper.library(), user.library());
    let (said, found) = used([&good, &keeper, &user], "ok", "1");
    let expected =
        ["size 1", "read 0", "value 1", "write 0", "read 0", "value 41", "iterate 1", "entries 2", "erase 0"];
    assert_eq!(said, expected.map(|line| format!("{line}: NULL")));
    assert!(found.is_empty(), "{found:?}");
    let (said, found) = used([&good, &keeper, &user], "break", "2");
    let broken = "read_entry_field: the entry was an iterator's, whose call has ended before";
    assert_eq!(said[..2], ["iterate 0: NULL".to_owned(), format!("read 1: {broken}")]);
    assert_eq!(found, [format!("user: {broken} (rule 9.3, 2 times)")]);
}

#[test]
fn host_9_2_the_key_type_is_checked_on_every_get() {
    let (good, keeper, user) = (compiled!("good.c"), compiled!("keeper.c"), compiled!("user.c"));
    let (keeper, user) = (keeper.library(), user.library());
    let wrong = "get_table: the keys of the table 'counts' are uint64, it was asked for with string keys";
    let (said, found) = used([&good.library(), &keeper, &user], "wrong key later", "0");
    assert_eq!(said, [format!("get_table 0: {wrong}")]);
    assert_eq!(found, [format!("user: {wrong} (rule 9.2)")]);
    let mut inspector = Inspector::new(&Logs::new());
    inspector.register(&keeper, "").unwrap();
    let error = inspector.register(&user, "wrong key type").unwrap_err().to_string();
    assert_eq!(error, format!("the plugin 'user': plugin_init failed: no table: {wrong}"));
}

#[test]
fn host_9_2_the_owner_of_a_table_is_loaded_before_its_users() {
    let (keeper, user) = (compiled!("keeper.c"), compiled!("user.c"));
    let mut inspector = Inspector::new(&Logs::new());
    let error = inspector.register(&user.library(), "").unwrap_err().to_string();
    let none = "this host has no state tables";
    assert_eq!(
        error,
        format!(
            "the plugin 'user': plugin_init failed: no table: {none}; it asked for the table 'counts': {none}. A plugin that exports a table is loaded before those that use it"
        )
    );
    inspector.register(&keeper.library(), "").unwrap();
    inspector.register(&user.library(), "").unwrap();
    assert_eq!(inspector.table_names(), ["counts"]);
}

#[test]
fn host_9_3_what_is_not_given_back_is_found() {
    let (good, keeper, user) = (compiled!("good.c"), compiled!("keeper.c"), compiled!("user.c"));
    let (good, keeper, user) = (good.library(), keeper.library(), user.library());
    let found = |config: &str| used([&good, &keeper, &user], config, "1").1;
    let kept = "user: plugin_parse_event returned and kept";
    let release = "release each with release_table_entry (rule 9.3)";
    assert_eq!(found("leak got"), [format!("{kept} 1 entry of the table 'counts' got by get_table_entry: {release}")]);
    let added = format!("{kept} 2 entries of the table 'counts' given by add_table_entry: {release}");
    assert_eq!(found("leak added"), [added]);
    let created = "1 entry of the table 'counts' made by create_table_entry: add or destroy each (rule 9.3)";
    assert_eq!(found("leak created"), [format!("{kept} {created}")]);
    assert_eq!(found("iterate"), [""; 0]);
}

#[test]
fn host_9_3_wrong_releases_are_found() {
    let (good, keeper, user) = (compiled!("good.c"), compiled!("keeper.c"), compiled!("user.c"));
    let (good, keeper, user) = (good.library(), keeper.library(), user.library());
    let found = |config: &str| used([&good, &keeper, &user], config, "1").1;
    let release = |what: &str| format!("user: release_table_entry: {what} (rule 9.3)");
    assert_eq!(found("double release"), [release("the entry was released before")]);
    assert_eq!(
        found("release created")[0],
        release("an entry of create_table_entry is added or destroyed, not released")
    );
    assert_eq!(found("release iterated"), [release("an entry that was given to an iterator must not be released")]);
    assert_eq!(
        found("destroy got"),
        ["user: destroy_table_entry: the entry is not one of create_table_entry (rule 9.3)"]
    );
    assert_eq!(found("null entry"), ["user: read_entry_field: the entry is NULL (rule 9.3)"]);
}

#[test]
fn host_9_5_erasing_what_is_not_there_fails_and_add_consumes() {
    let (good, keeper, user) = (compiled!("good.c"), compiled!("keeper.c"), compiled!("user.c"));
    let (good, keeper, user) = (good.library(), keeper.library(), user.library());
    let (said, found) = used([&good, &keeper, &user], "missing", "1");
    assert_eq!(said, ["get 0: keeper has no such entry", "erase 1: keeper has no such entry"]);
    assert!(found.is_empty(), "{found:?}");
    let (said, found) = used([&good, &keeper, &user], "consumed", "1");
    let told = "add_table_entry: the entry was added, which consumes it even where it fails, before";
    assert_eq!(said, [format!("add 0: {told}")]);
    assert_eq!(found, [format!("user: {told} (rule 9.3)")]);
}

#[test]
fn host_9_6_no_handle_outlives_its_callback() {
    let (good, keeper, user) = (compiled!("good.c"), compiled!("keeper.c"), compiled!("user.c"));
    let (good, keeper, user) = (good.library(), keeper.library(), user.library());
    let (said, found) = used([&good, &keeper, &user], "kept entry", "2");
    let told = "read_entry_field: the handle is of no entry that this plugin has now: an entry handle never outlives its callback";
    assert_eq!(said, [format!("read 1: {told}")]);
    assert_eq!(found[1], format!("user: {told} (rule 9.6)"));
    let (_, found) = used([&good, &keeper, &user], "thread", "1");
    assert_eq!(
        found,
        [
            "user: get_table_size: tables are used on the thread and during the call of init, extract, parse, capture_open or capture_close (rule 9.6)"
        ]
    );
    let (_, found) = used([&good, &keeper, &user], "entry as table", "1");
    assert!(found[0].contains("is no handle that the host gave (rule 9.2)"), "{found:?}");
    let (_, found) = used([&good, &keeper, &user], "table as field", "1");
    assert!(found[0].contains("is no handle of a field of this plugin (rule 9.2)"), "{found:?}");
}

#[test]
fn host_9_6_nothing_is_written_during_extraction() {
    let (good, keeper, user) = (compiled!("good.c"), compiled!("keeper.c"), compiled!("user.c"));
    let logs = Logs::new();
    let mut inspector = Inspector::new(&logs);
    for (library, config) in [(good.library(), ""), (keeper.library(), ""), (user.library(), "write in extract")] {
        inspector.register(&library, config).unwrap();
    }
    let request = inspector.field("user.count").unwrap();
    let mut capture = inspector.open("good", "3").unwrap();
    let mut counts = Vec::new();
    while let falconet_host::Next::Event(event) = capture.next_event().unwrap() {
        counts.push(inspector.extract(&event, &request).unwrap().first().unwrap().as_u64().unwrap());
    }
    assert_eq!(counts, [1, 1, 2], "reading goes on");
    drop(capture);
    let told = "create_table_entry: plugin_extract_fields may only read tables: write in plugin_parse_event";
    assert_eq!(findings(&inspector), [format!("user: {told} (rule 9.6, 3 times)")]);
}

#[test]
fn host_9_6_a_string_that_was_read_is_borrowed_for_one_call() {
    let (good, keeper) = (compiled!("good.c"), compiled!("keeper.c"));
    let user = compiled!("user.c", "FIELD=\"name\"", "FIELD_TYPE=ST_STRING");
    let mut inspector = Inspector::new(&Logs::new());
    for library in [good.library(), keeper.library(), user.library()] {
        inspector.register(&library, "").unwrap();
    }
    let request = inspector.field("user.text").unwrap();
    let mut capture = inspector.open("good", "2").unwrap();
    let mut texts = Vec::new();
    while let falconet_host::Next::Event(event) = capture.next_event().unwrap() {
        let extraction = inspector.extract(&event, &request).unwrap();
        texts.push(extraction.first().unwrap().as_bytes().unwrap().to_vec());
    }
    assert_eq!(texts, [b"odd".to_vec(), vec![0xA5; 3]], "what was kept is overwritten");
}

/// `threads` of a host: a writable field, a read-only one, a table in each entry.
fn threads() -> HostTable {
    let threads = HostTable::new("threads", StateType::I64).unwrap();
    threads.add_field("exe", StateType::U64).unwrap();
    threads.add_read_only_field("pid", StateType::U64).unwrap();
    let files = threads.add_table("fds", StateType::I64).unwrap();
    files.add_field("pos", StateType::U64).unwrap();
    let row = threads.insert(StateValue::I64(1)).unwrap();
    row.set("exe", StateValue::U64(5)).unwrap();
    row.table("fds").unwrap().insert(StateValue::I64(1)).unwrap().set("pos", StateValue::U64(21)).unwrap();
    threads
}

/// Runs a user of `threads` for one event: what it said, what was found, and the table.
fn threaded(good: &Library, user: &Library, config: &str) -> (Vec<String>, Vec<String>, HostTable) {
    let (logs, threads) = (Logs::new(), threads());
    let mut inspector = Inspector::new(&logs);
    inspector.add_table(&threads).unwrap();
    inspector.register(good, "").unwrap();
    inspector.register(user, config).unwrap();
    run(&inspector, "good", "1");
    let said = said(&logs).into_iter().filter(|line| !line.starts_with("threads ") && !line.starts_with("tables"));
    (said.collect(), findings(&inspector), threads)
}

#[test]
fn a_table_of_the_host_is_used_and_gets_fields() {
    let good = compiled!("good.c");
    let user = compiled!("user.c", "TABLE=\"threads\"", "KEY=ST_INT64", "FIELD=\"exe\"");
    let (good, user) = (good.library(), user.library());
    let (said, found, threads) = threaded(&good, &user, "ok");
    let expected =
        ["size 1", "read 0", "value 5", "write 0", "read 0", "value 41", "iterate 1", "entries 2", "erase 0"];
    assert_eq!(said, expected.map(|line| format!("{line}: NULL")));
    assert!(found.is_empty() && threads.len() == 1, "{found:?}");
    let (_, _, threads) = threaded(&good, &user, "write");
    assert_eq!(threads.row(&StateValue::I64(1)).unwrap().get("exe"), Some(StateValue::U64(40)));
    let (said, found, _) = threaded(&good, &user, "add field");
    assert_eq!(
        said,
        [
            "again 1: NULL",
            "own 0: the field 'exe' is the table 'threads's own: get it instead",
            "table 0: a plugin cannot add the field 't': no field of type table can be added"
        ]
    );
    assert!(found.is_empty(), "{found:?}");
    let (said, ..) = threaded(&good, &user, "list");
    assert_eq!(said, ["exe 80: NULL", "pid 81: NULL", "fds 101: NULL"]);
    let (said, ..) = threaded(&good, &user, "no field");
    assert_eq!(said, ["get_table_field 0: the table 'threads' has no field 'nope'"]);
    let (said, ..) = threaded(&good, &user, "field type");
    let told = "the field 'exe' of the table 'threads' has the type uint64, it was asked for as int64";
    assert_eq!(said, [format!("get_table_field 0: {told}")]);
    let (said, ..) = threaded(&good, &user, "missing");
    assert_eq!(said, ["get 0: the table 'threads' has no entry 7", "erase 1: the table 'threads' has no entry 7"]);
    assert!(threaded(&good, &user, "clear").2.is_empty());
    assert_eq!(threaded(&good, &user, "leak added").2.len(), 2, "an entry that is there is overwritten");
    let read_only = compiled!("user.c", "TABLE=\"threads\"", "KEY=ST_INT64", "FIELD=\"pid\"");
    let (said, ..) = threaded(&good, &read_only.library(), "write");
    assert_eq!(said, ["write 1: the field 'pid' of the table 'threads' is read-only"]);
}

#[test]
fn host_9_2_a_table_of_the_host_takes_only_numbers_for_keys() {
    let good = compiled!("good.c");
    let user = compiled!("user.c", "TABLE=\"names\"", "KEY=ST_STRING", "FIELD=\"n\"");
    let names = HostTable::new("names", StateType::String).unwrap();
    names.add_field("n", StateType::U64).unwrap();
    names.insert(StateValue::String(b"a".to_vec())).unwrap();
    let (logs, user) = (Logs::new(), user.library());
    let mut inspector = Inspector::new(&logs);
    inspector.add_table(&names).unwrap();
    inspector.register(&good.library(), "").unwrap();
    inspector.register(&user, "iterate").unwrap();
    run(&inspector, "good", "1");
    assert_eq!(said(&logs), ["names 9: NULL", "iterate 1: NULL"]);
    assert_eq!(
        HostTable::new("x", StateType::U8).unwrap_err().to_string(),
        "a table of the host has keys of the types int64, uint64 or string, not uint8"
    );
}

#[test]
fn host_9_4_tables_in_entries_are_lent_for_one_call() {
    let good = compiled!("good.c");
    let sub = ["SUB=\"fds\"", "SUB_FIELD=\"pos\"", "TABLE=\"threads\"", "KEY=ST_INT64", "FIELD=\"exe\""];
    let Some(user) = crate::compile("user.c", &sub) else { return };
    let (good, user) = (good.library(), user.library());
    let (said, found, _) = threaded(&good, &user, "sub");
    let foreign = "read_entry_field: the field 'pos' of the table 'threads/fds' was used with the table 'threads'";
    let expected = [
        "read 0: NULL".to_owned(),
        "sub size 1: NULL".to_owned(),
        "sub read 0: NULL".to_owned(),
        "sub value 21: NULL".to_owned(),
        format!("other's field 1: {foreign}"),
        "write 1: the field 'fds' holds a table, which cannot be written".to_owned(),
    ];
    assert_eq!(said, expected);
    assert_eq!(found, [format!("user: {foreign} (rule 9.2)")]);
    let (_, found, _) = threaded(&good, &user, "kept sub");
    let told = "get_table_size: the handle is of no table that this plugin has now: a table in an entry is lent for one call only";
    assert_eq!(found, [format!("user: {told} (rule 9.4)")]);
}

#[test]
fn host_9_4_a_plugins_table_in_an_entry_may_be_null() {
    let (good, keeper) = (compiled!("good.c"), compiled!("keeper.c"));
    let Some(user) = crate::compile("user.c", &["SUB=\"sub\"", "SUB_FIELD=\"half\""]) else { return };
    let (good, keeper, user) = (good.library(), keeper.library(), user.library());
    let (said, _) = used([&good, &keeper, &user], "sub", "1");
    assert_eq!(said[..4], ["read 0: NULL", "sub size 1: NULL", "sub read 0: NULL", "sub value 21: NULL"]);
    let logs = Logs::new();
    let mut inspector = Inspector::new(&logs);
    for (library, config) in [(&good, ""), (&keeper, "sub null"), (&user, "sub")] {
        inspector.register(library, config).unwrap();
    }
    run(&inspector, "good", "1");
    assert!(said_of(&logs, "read 1: NULL"), "a failure without a text");
}

fn said_of(logs: &Logs, line: &str) -> bool {
    said(logs).iter().any(|said| said == line)
}

#[test]
fn host_9_6_a_table_of_the_host_is_not_changed_while_it_is_iterated_over() {
    let good = compiled!("good.c");
    let user = compiled!("user.c", "TABLE=\"threads\"", "KEY=ST_INT64", "FIELD=\"exe\"");
    let (said, found, threads) = threaded(&good.library(), &user.library(), "change iterated");
    let told = "erase_table_entry: the table 'threads' is being iterated over";
    assert_eq!(said, [format!("erase 1: {told}"), format!("iterate 1: {told}")]);
    assert_eq!((found, threads.len()), (vec![format!("user: {told} (rule 9.6)")], 1));
}
