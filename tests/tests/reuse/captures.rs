// SPDX-License-Identifier: Apache-2.0
//! Two captures on one state: what was decoded in the first is not met in the second (rule 5.2).

use std::fs;
use std::slice;

use falconet_host::{Event, Library, Logs, Next, Plugin, Value, encode_plugin_event};
use falconet_tests::plugins::{self, Copy, Profile};

fn load(library: &std::path::Path) -> (Copy, Library) {
    let copy = Copy::of(library).unwrap();
    let library = Library::load(copy.path()).unwrap();
    (copy, library)
}

#[test]
fn host_5_2_the_second_capture_asks_first_for_the_number_with_which_the_first_ended() {
    let (_copy, library) = load(&plugins::demo(Profile::Release));
    let plugin = Plugin::init(&library, "", &Logs::new()).unwrap();
    let field = library.field("demo.num").unwrap();
    let payload = |number: u64| [&number.to_le_bytes()[..], b"event number 0\0"].concat();
    // One place for all events, of one length and one time, as where a host reads capture files.
    let mut place = encode_plugin_event(5, 999, &payload(0));
    for capture in 0..4 {
        let instance = plugin.open("1").unwrap();
        // The first event asked is the one with which the capture before has ended.
        for number in [3, 1, 2, 3] {
            let content = capture * 100 + number;
            place[38..].copy_from_slice(&payload(content));
            let event = Event::from_bytes(&place, number, c"demo").unwrap();
            for _ in 0..2 {
                let extraction = plugin.extract(&event, slice::from_ref(&field)).unwrap();
                assert_eq!(extraction.first(), Some(&Value::U64(content)), "capture {capture}, event {number}");
            }
        }
        drop(instance);
    }
}

#[test]
fn host_5_2_two_events_numbered_0_are_two() {
    let (_copy, library) = load(&plugins::demo(Profile::Release));
    let plugin = Plugin::init(&library, "", &Logs::new()).unwrap();
    let field = library.field("demo.double").unwrap();
    let mut place = encode_plugin_event(5, 999, &[0; 44]);
    for content in 0..10_u64 {
        place[38..46].copy_from_slice(&content.to_le_bytes());
        let event = Event::from_bytes(&place, 0, c"demo").unwrap();
        let extraction = plugin.extract(&event, slice::from_ref(&field)).unwrap();
        assert_eq!(extraction.first(), Some(&Value::U64(content * 2)));
    }
}

#[test]
fn host_5_2_an_event_of_a_second_log_that_lies_where_the_last_of_the_first_lay_is_another() {
    let (_copy, library) = load(&plugins::access_log(Profile::Release));
    let plugin = Plugin::init(&library, "", &Logs::new()).unwrap();
    let field = library.field("access.status").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = |name: &str, status: u64| {
        let line =
            |n| format!("192.0.2.{n} - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" {status} 7 \"-\" \"-\"\n");
        let path = folder.path().join(name);
        fs::write(&path, (1..=3).map(line).collect::<String>()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let mut places = Vec::new();
    for (log, status) in [(log("a", 200), 200), (log("b", 404), 404)] {
        let mut instance = plugin.open(&log).unwrap();
        while let Next::Event(event) = instance.next_event().unwrap() {
            // In the second capture nothing is asked before the event with the number of the last one.
            if status == 200 || event.num() == 3 {
                let extraction = plugin.extract(&event, slice::from_ref(&field)).unwrap();
                assert_eq!(extraction.first(), Some(&Value::U64(status)), "event {}", event.num());
            }
            if event.num() == 3 {
                places.push((event.bytes().as_ptr(), event.bytes().len(), event.ts()));
            }
        }
    }
    assert_eq!(places[0], places[1], "all that could tell the two events apart is alike");
}
