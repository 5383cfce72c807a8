// SPDX-License-Identifier: Apache-2.0
//! Extraction: requests as the host makes them, values as it reads them (section 5).

use falconet_host::{Event, Library, Offset, Outcome, Plugin, Value, encode_plugin_event};

use crate::{compiled, init};

const PAYLOAD: &[u8] = b"event 7\0";

fn extract(plugin: &Plugin, field: &str, num: u64) -> Vec<Value> {
    let bytes = encode_plugin_event(1_000_000_007, 999, PAYLOAD);
    let event = Event::from_bytes(&bytes, num, c"good").unwrap();
    let request = plugin.library().field(field).unwrap();
    plugin.extract(&event, &[request]).unwrap().fields.remove(0).values
}

#[test]
fn host_5_6_values_of_every_type_are_read_as_the_host_reads_them() {
    let plugin = compiled!("good.c");
    let plugin = init(&plugin.library(), "");
    let of = |field: &str| extract(&plugin, field, 2);
    assert_eq!(of("good.num"), [Value::U64(2)]);
    assert_eq!(of("good.text"), [Value::String(b"event 7".to_vec())]);
    assert_eq!(of("good.even"), [Value::Bool(true)], "a bool of 0x100 is true: four bytes are read");
    assert_eq!(extract(&plugin, "good.even", 3), [Value::Bool(false)]);
    assert_eq!(of("good.rel"), [Value::RelTime(5)]);
    assert_eq!(of("good.abs"), [Value::AbsTime(1_000_000_007)]);
    assert_eq!(of("good.ip"), [Value::IpAddr("192.0.2.1".parse().unwrap())]);
    assert_eq!(of("good.ip[6]"), [Value::IpAddr("2001:db8::1".parse().unwrap())]);
    assert_eq!(of("good.net"), [Value::IpNet("192.0.2.1".parse().unwrap())]);
    assert_eq!(of("good.list"), [Value::String(b"a".to_vec()), Value::String(b"b,c".to_vec())]);
    assert_eq!(of("good.none"), []);
}

#[test]
fn host_5_1_several_fields_in_one_call() {
    let plugin = compiled!("good.c");
    let library = plugin.library();
    let plugin = init(&library, "");
    let bytes = encode_plugin_event(1, 999, PAYLOAD);
    let event = Event::from_bytes(&bytes, 9, c"good").unwrap();
    let requests = ["good.num", "good.none", "good.list", "good.rel"].map(|field| library.field(field).unwrap());
    let extraction = plugin.extract(&event, &requests).unwrap();
    assert_eq!((extraction.outcome, extraction.first()), (Outcome::Success, Some(&Value::U64(9))));
    let counts: Vec<_> = extraction.fields.iter().map(|field| field.values.len()).collect();
    assert_eq!(counts, [1, 0, 2, 1]);
    let bytes: Vec<_> = extraction.fields[2].values.iter().filter_map(Value::as_bytes).collect();
    assert_eq!(bytes, [&b"a"[..], b"b,c"]);
}

#[test]
fn host_5_3_requests_are_poisoned_and_host_5_4_arguments_are_the_hosts() {
    let plugin = compiled!("good.c");
    let plugin = init(&plugin.library(), "");
    let poison = "a5".repeat(8);
    let of = |field: &str| extract(&plugin, field, 1)[0].to_string();
    let tail = format!("ftype=9 flist=0 len={poison} res={poison}");
    assert_eq!(of("good.request"), format!("good.request key=NULL index=ffffffffffffffff present=0 {tail}"));
    assert_eq!(of("good.request[x]"), format!("good.request key=x index=ffffffffffffffff present=1 {tail}"));
    assert_eq!(of("good.request[12]"), format!("good.request key=12 index=c present=1 {tail}"));
    assert_eq!(of("good.request[012]"), format!("good.request key=012 index=ffffffffffffffff present=1 {tail}"));
}

#[test]
fn host_5_5_failure_means_no_value() {
    let plugin = compiled!("good.c");
    let library = plugin.library();
    let plugin = init(&library, "");
    let bytes = encode_plugin_event(1, 999, PAYLOAD);
    let event = Event::from_bytes(&bytes, 9, c"good").unwrap();
    let extraction = plugin.extract(&event, &[library.field("good.fail").unwrap()]).unwrap();
    assert_eq!((extraction.outcome, extraction.fields[0].values.len()), (Outcome::Failure, 0));
}

#[test]
fn host_2_1_events_of_other_sources_and_types_are_not_asked_for() {
    let plugin = compiled!("good.c");
    let library = plugin.library();
    let plugin = init(&library, "");
    let request = library.field("good.num").unwrap();
    let mut bytes = encode_plugin_event(1, 999, PAYLOAD);
    let event = Event::from_bytes(&bytes, 9, c"other").unwrap();
    assert_eq!(plugin.extract(&event, std::slice::from_ref(&request)).unwrap().outcome, Outcome::NotAsked);
    assert_eq!(plugin.extract_types(), Some(&[322][..]));
    bytes[20..22].copy_from_slice(&402_u16.to_ne_bytes());
    let event = Event::from_bytes(&bytes, 9, c"good").unwrap();
    assert_eq!(plugin.extract(&event, &[request]).unwrap().outcome, Outcome::NotAsked);
}

#[test]
fn host_5_7_offsets_are_given_for_each_value() {
    let plugin = compiled!("good.c");
    let library = plugin.library();
    let plugin = init(&library, "");
    let bytes = encode_plugin_event(1, 999, PAYLOAD);
    let event = Event::from_bytes(&bytes, 9, c"good").unwrap();
    let of = |field: &str| {
        let request = library.field(field).unwrap();
        plugin.extract_with_offsets(&event, &request).unwrap().fields.remove(0).offsets
    };
    assert_eq!(of("good.text"), Some(vec![Offset { start: 38, length: 7 }]));
    assert_eq!(of("good.list"), Some(vec![Offset { start: 0, length: 0 }; 2]));
    assert_eq!(of("good.none"), None);
    let request = library.field("good.text").unwrap();
    assert_eq!(plugin.extract(&event, &[request]).unwrap().fields[0].offsets, None, "they were not asked for");
}

fn error(library: &Library, field: &str) -> String {
    let plugin = init(library, "");
    let bytes = encode_plugin_event(1, 999, b"x");
    let event = Event::from_bytes(&bytes, 1, c"faulty").unwrap();
    let request = library.field(field).unwrap();
    plugin.extract_with_offsets(&event, &request).unwrap_err().to_string()
}

#[test]
fn results_that_the_host_cannot_read_are_told() {
    let plugin = compiled!("faulty.c");
    let library = plugin.library();
    let of = |field: &str| {
        let error = error(&library, field);
        error.strip_prefix(&format!("plugin_extract_fields, field '{field}': ")).unwrap_or(&error).to_owned()
    };
    assert_eq!(of("f.unset_len"), "res_len was not written, and success says that it was");
    assert_eq!(of("f.unset_res"), "res was not written, but res_len says 1");
    assert_eq!(of("f.null_res"), "res is NULL, but res_len says 1");
    assert!(of("f.misaligned").ends_with("which is not aligned to 8 bytes for uint64"), "{}", of("f.misaligned"));
    assert_eq!(of("f.null_string"), "value 0 (from 0): a string is NULL, which crashes the real host");
    assert_eq!(of("f.bad_ip"), "value 0 (from 0): the address is 5 bytes long where 4 or 16 were expected");
    assert_eq!(of("f.null_ip"), "value 0 (from 0): the address is NULL, its length 4");
    assert_eq!(of("f.two"), "2 values of a field that is no list");
    assert_eq!(of("f.many"), "res_len is 1099511627776, which no field has");
    assert_eq!(of("f.offset"), "value 0 (from 0) is said to lie at 40, 4 bytes long, in an event of 39");
    assert!(of("f.rc").starts_with("plugin_extract_fields gave the rc 5, which is none of"), "{}", of("f.rc"));
}

#[test]
fn host_1_5_value_offsets_are_touched_only_under_claim_3_11() {
    let plugin = compiled!("faulty.c", "API=\"3.10.0\"");
    let text =
        "plugin_extract_fields wrote value_offsets, which an API version before 3.11 does not have: claim 3.11.0";
    assert_eq!(error(&plugin.library(), "f.offset"), text);
}
