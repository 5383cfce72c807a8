// SPDX-License-Identifier: Apache-2.0
//! Fields of every type and argument in the real host: how it asks, and what it makes of the answers.

use falconet_tests::plugins;
use falconet_tests::sysdig;

use crate::{host, numbers, run_rules};

/// A column of the events 0 to 3.
fn column(field: &str) -> Vec<String> {
    let Ok(host) = falconet_tests::host::real_host() else { return Vec::new() };
    let run = run_rules(&host, "size=2 events=4", &[field]).succeeded();
    run.rows().concat()
}

#[test]
fn host_5_6_values_of_every_type_arrive() {
    let _host = host!();
    assert_eq!(column("rules.num"), ["0", "1", "2", "3"]);
    assert_eq!(column("rules.text"), ["aa", "bb", "cc", "dd"]);
    assert_eq!(column("rules.odd"), ["false", "true", "false", "true"]);
    assert_eq!(column("rules.span"), ["0", "1000000000", "2000000000", "3000000000"]);
    assert_eq!(column("rules.time"), ["1000000000", "1000000001", "1000000002", "1000000003"]);
    assert_eq!(column("rules.address"), ["192.0.2.1", "2001:db8::1", "192.0.2.1", "2001:db8::1"]);
    assert_eq!(column("rules.net"), ["<IPNET>"; 4]);
}

#[test]
fn host_5_3_lists_are_as_long_as_res_len_says() {
    let _host = host!();
    assert_eq!(column("rules.nums"), ["<NA>", "(0)", "(0,1)", "(0,1,2)"]);
    assert_eq!(column("rules.texts"), ["<NA>", "(even)", "(even,odd)", "(even,odd,even)"]);
    assert_eq!(column("rules.odds"), ["<NA>", "(false)", "(false,true)", "(false,true,false)"]);
    assert_eq!(column("rules.spans"), ["<NA>", "(0)", "(0,1000000000)", "(0,1000000000,2000000000)"]);
    assert_eq!(column("rules.addresses"), ["(192.0.2.1,2001:db8::1)"; 4]);
}

#[test]
fn host_5_4_keys_and_indexes_arrive_as_they_were_asked() {
    let _host = host!();
    assert_eq!(column("rules.key[some.key-1]"), ["some.key-1"; 4]);
    assert_eq!(column("rules.key[7]"), ["7"; 4]);
    assert_eq!(column("rules.index[0]"), ["0"; 4]);
    assert_eq!(column("rules.index[21]"), ["42"; 4]);
    assert_eq!(column("rules.both[21]"), ["21 is an index"; 4]);
    assert_eq!(column("rules.both[x21]"), ["x21 is a key"; 4]);
    assert_eq!(column("rules.asked"), ["no key"; 4]);
    assert_eq!(column("rules.asked[k]"), ["k"; 4]);
}

#[test]
fn host_5_5_no_value_is_told_from_a_value() {
    let host = host!();
    assert_eq!(column("rules.none"), ["<NA>"; 4]);
    for (filter, expected) in [
        ("rules.none exists", &[][..]),
        ("not rules.none exists", &[0, 1, 2, 3]),
        ("rules.nums exists", &[1, 2, 3]),
        ("rules.nums intersects (1, 2)", &[2, 3]),
        ("rules.odds in (true)", &[]),
        ("rules.odd = true", &[1, 3]),
        ("rules.net = 192.0.2.0/24", &[0, 2]),
        ("rules.address = 2001:db8::1", &[1, 3]),
        ("rules.span > 1000000000", &[2, 3]),
        ("rules.both[3] = \"3 is an index\" and rules.num < 2", &[0, 1]),
    ] {
        let format = sysdig::format(&["rules.num"]);
        let arguments = ["-I", "rules:events=4", "-p", &format, filter];
        let run = sysdig::run(&host, &plugins::rules(), arguments).succeeded();
        assert_eq!(numbers(&run), expected, "{filter}: {}", run.shown());
    }
}

#[test]
fn host_5_8_two_fields_of_one_event_are_compared_by_their_results() {
    let host = host!();
    // A filter with a field on both sides reads the first result after the second was extracted, as `join()` does,
    // which this host does not have yet. Results in one place would always be equal.
    for (filter, expected) in [
        ("rules.key[one] = val(rules.asked[one])", &[0, 1, 2, 3][..]),
        ("rules.key[one] = val(rules.key[two])", &[]),
        ("rules.key[one] != val(rules.key[two])", &[0, 1, 2, 3]),
        ("rules.index[1] = val(rules.index[2])", &[]),
        ("rules.num = val(rules.index[1])", &[2]),
        ("rules.text = val(rules.key[bbbbbbbb])", &[1]),
    ] {
        let format = sysdig::format(&["rules.num"]);
        let arguments = ["-I", "rules:events=4", "-p", &format, filter];
        let run = sysdig::run(&host, &plugins::rules(), arguments).succeeded();
        assert_eq!(numbers(&run), expected, "{filter}: {}", run.shown());
    }
}

#[test]
fn host_6_2_arguments_are_checked_by_what_the_json_says() {
    let host = host!();
    for (field, taken) in [
        ("rules.key[a]", true),
        ("rules.key", false),
        ("rules.index[1]", true),
        ("rules.index[a]", false),
        ("rules.index[01]", false),
        ("rules.index", false),
        ("rules.both", false),
        ("rules.asked", true),
        ("rules.num[1]", false),
    ] {
        let run = run_rules(&host, "events=1", &[field]);
        assert_eq!(run.code == Some(0), taken, "{field}: {}", run.shown());
    }
}

#[test]
fn host_6_1_the_json_of_every_kind_of_field_is_taken() {
    let host = host!();
    let list = sysdig::run(&host, &plugins::rules(), ["-l"]).succeeded();
    let names: Vec<String> = list
        .lines()
        .iter()
        .filter_map(|line| line.split_whitespace().next().filter(|name| name.starts_with("rules.")).map(str::to_owned))
        .collect();
    let library = falconet_host::Library::load(plugins::rules()).unwrap();
    let expected: Vec<&str> = library.info().fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, expected, "{}", list.shown());
}

#[test]
fn host_6_3_fields_belong_to_the_sources_that_the_json_names() {
    let host = host!();
    let list = sysdig::run(&host, &plugins::rules(), ["-l"]).succeeded();
    let lines = list.lines();
    let class = lines.iter().position(|line| line.starts_with("Field Class:") && line.contains("rules")).unwrap();
    let sources = lines[class..].iter().find_map(|line| line.strip_prefix("Event Sources:")).unwrap();
    assert_eq!(sources.trim(), "rules", "{}", list.shown());
}
