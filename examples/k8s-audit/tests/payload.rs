// SPDX-License-Identifier: Apache-2.0
//! From payloads to events: what counts as one, what its text is, and what is said of the rest.
#![cfg(test)]

#[path = "support/random.rs"]
mod random;

use k8saudit::payload::{AuditEvent, Events, Fault, for_each};
use random::Random;

const MAX: usize = 262_144;
const TIME: &str = "2021-02-03T04:05:06Z";
const NANOS: u64 = 1_612_325_106_000_000_000;

fn text(event: &AuditEvent<'_>) -> String {
    let mut text = Vec::new();
    let Ok(()) = event.write(|piece| {
        text.extend_from_slice(piece);
        Ok::<(), core::convert::Infallible>(())
    });
    assert_eq!(text.len(), event.len());
    String::from_utf8(text).unwrap()
}

/// The texts of the events, and what is said in the place of the others.
fn read(payload: &str) -> Vec<String> {
    let mut all = Vec::new();
    let whole =
        for_each(payload.as_bytes(), MAX, |event| all.push(event.map_or_else(|why| why.to_string(), |e| text(&e))));
    all.extend(whole.err().map(|why| why.to_string()));
    all
}

fn event(id: u32) -> String {
    format!(r#"{{"kind":"Event","stageTimestamp":"{TIME}","id":{id}}}"#)
}

#[test]
fn an_event_a_list_and_arrays_of_them() {
    let (one, two, three) = (event(1), event(2), event(3));
    let item = format!(r#"{{"stageTimestamp":"{TIME}"}}"#);
    for (payload, expected) in [
        (one.clone(), vec![&one]),
        (format!("\r\n {one} \t"), vec![&one]),
        (format!("[{one},{two}]"), vec![&one, &two]),
        (format!("[[[{one}],[]],[{two}, {three}]]"), vec![&one, &two, &three]),
        (format!(r#"{{"kind":"EventList","items":[{one},{item}]}}"#), vec![&one, &item]),
        (format!(r#"{{"items":[{one}],"more":[{two}],"kind":"EventList"}}"#), vec![&one]),
        (format!(r#"[{{"kind":"EventList","items":[{one},{two}]}},{three}]"#), vec![&one, &two, &three]),
        (
            format!(r#"[{one},{{"kind":"EventList","items":[]}},{{"kind":"EventList","items":[{two}]}}]"#),
            vec![&one, &two],
        ),
        (r#"{"kind":"EventList","items":[]}"#.to_owned(), vec![]),
        ("[]".to_owned(), vec![]),
        ("[[],[[]]]".to_owned(), vec![]),
    ] {
        assert_eq!(read(&payload).iter().collect::<Vec<_>>(), expected, "{payload}");
    }
}

#[test]
fn good_elements_are_kept_beside_bad_ones() {
    let (one, two) = (event(1), event(2));
    let not_audit = |at: usize| format!("byte {at}: neither a Kubernetes audit Event nor an EventList with items");
    let bad = r#"{"kind":"Pod"}"#;
    let expected = [one.clone(), not_audit(2 + one.len()), not_audit(2 + one.len() + bad.len() + 1), two.clone()];
    assert_eq!(read(&format!("[{one},{bad},5,{two}]")), expected);
    let expected =
        [one.clone(), format!("byte {}: an audit event without stageTimestamp", 30 + one.len()), two.clone()];
    assert_eq!(read(&format!(r#"{{"kind":"EventList","items":[{one},{{}},{two}]}}"#)), expected);
    assert_eq!(read(&format!(r#"{{"kind":"EventList","items":[[{one}],1]}}"#)).len(), 2, "an item is an event itself");
}

#[test]
fn what_is_no_event_is_told() {
    for kind in
        ["{}", r#"{"kind": 0}"#, r#"{"kind": null}"#, r#"{"kind": "event"}"#, r#"{"kind": "Eventlist"}"#, "1", "null"]
    {
        assert_eq!(read(kind), ["byte 0: neither a Kubernetes audit Event nor an EventList with items"], "{kind}");
    }
    for list in
        [r#"{"kind":"EventList"}"#, r#"{"kind":"EventList","items":{}}"#, r#"{"kind":"EventList","items":null}"#]
    {
        assert_eq!(read(list), ["byte 0: neither a Kubernetes audit Event nor an EventList with items"], "{list}");
    }
    assert_eq!(read(r#"{"kind":"Event"}"#), ["byte 0: an audit event without stageTimestamp"]);
    for time in ["null", "1612325106", "\"\"", "\"2021-02-03\"", "{}"] {
        let expected = format!("byte 0: an audit event whose stageTimestamp is no RFC 3339 time: {time}");
        assert_eq!(read(&format!(r#"{{"kind":"Event","stageTimestamp":{time}}}"#)), [expected]);
    }
}

#[test]
fn what_is_no_json_is_told_once_for_the_whole_payload() {
    let one = event(1);
    for (payload, expected) in [
        (String::new(), "malformed JSON at byte 0: a value is missing".to_owned()),
        (format!("{one}{one}"), format!("malformed JSON at byte {}: something follows the value", one.len())),
        (format!("{one}\n{one}"), format!("malformed JSON at byte {}: something follows the value", one.len() + 1)),
        (format!("[{one},]"), format!("malformed JSON at byte {}: a value is missing", one.len() + 2)),
        (format!("\u{feff}{one}"), "malformed JSON at byte 0: a value is missing".to_owned()),
        (
            one[..one.len() - 1].to_owned(),
            format!("malformed JSON at byte {}: a ',' or '}}' is missing", one.len() - 1),
        ),
    ] {
        assert_eq!(read(&payload), [expected], "{payload}");
    }
}

#[test]
fn the_text_of_an_event_is_what_was_sent_without_insignificant_blanks() {
    let sent = format!(
        "{{ \"z\" : [ 1 , 01,+1, nan ] ,\r\n\t\"kind\":\"Event\", \"b\":1.50e+3,\"b\" : \"x  y\\u00e9\\/\\x \\\" {{ \",\n\
         \"stageTimestamp\" :\"{TIME}\" , \"\\u0061\":\"a\tb\" }}"
    );
    let expected = format!(
        "{{\"z\":[1,01,+1,nan],\"kind\":\"Event\",\"b\":1.50e+3,\"b\":\"x  y\\u00e9\\/\\x \\\" {{ \",\
         \"stageTimestamp\":\"{TIME}\",\"\\u0061\":\"a\tb\"}}"
    );
    assert_eq!(read(&sent), [expected.as_str()]);
    assert_eq!(read(&expected), [expected]);
}

#[test]
fn escapes_in_kind_and_time_are_undone() {
    let expected = format!(r#"{{"kind":"Event","a":"\u0041","stageTimestamp":"{TIME}"}}"#);
    let escaped_time = TIME.replace('T', "\\u0054").replace(':', "\\u003a");
    for kind in [r"Event", r"\u0045vent"] {
        for time in [TIME, &escaped_time] {
            for blank in ["", " "] {
                let sent = format!(r#"{{{blank}"kind":"{kind}","a":"\u0041",{blank}"stageTimestamp":"{time}"}}"#);
                assert_eq!(read(&sent), [expected.as_str()], "{sent}");
            }
        }
    }
    // The other way round, and of an item the time only.
    let sent = format!(r#"{{"stageTimestamp":"{escaped_time}","kind":"\u0045vent"}}"#);
    assert_eq!(read(&sent), [format!(r#"{{"stageTimestamp":"{TIME}","kind":"Event"}}"#)]);
    assert_eq!(
        read(&format!(r#"{{"kind":"Event\u004cist","items":[{sent}]}}"#)),
        [format!(r#"{{"stageTimestamp":"{TIME}","kind":"\u0045vent"}}"#)]
    );
    // Names are left as they are, and the first of two counts.
    let sent = format!(r#"{{"k\u0069nd":"Event","stageTimestamp":"{TIME}","stageTimestamp":"\u0030"}}"#);
    assert_eq!(read(&sent), [sent]);
}

#[test]
fn the_time_is_that_of_the_stage() {
    let payload = event(1);
    let mut events = Events::new(payload.as_bytes(), MAX).unwrap();
    let event = events.next(payload.as_bytes()).unwrap().unwrap();
    assert_eq!(event.timestamp().nanos(), Some(NANOS));
}

#[test]
fn too_large_is_counted_without_insignificant_blanks() {
    let (one, two) = (event(1), event(22));
    let blanks = " ".repeat(100);
    let payload = format!("[{one}{blanks},{blanks}{two},{}]", one.replace("\":", "\" : "));
    let mut found = Vec::new();
    for_each(payload.as_bytes(), one.len(), |event| found.push(event.map(|event| event.len()))).unwrap();
    let at = 2 + one.len() + 200;
    assert_eq!(found, [Ok(one.len()), Err(Fault::TooLarge { at, size: one.len() + 1, max: one.len() }), Ok(one.len())]);
    let told = found[1].as_ref().unwrap_err().to_string();
    assert_eq!(told, format!("byte {at}: an audit event of {} bytes, maxEventSize is {}", one.len() + 1, one.len()));
    // 0 is allowed: every event is too large.
    for_each(one.as_bytes(), 0, |event| {
        assert!(matches!(event, Err(Fault::TooLarge { size, max: 0, .. }) if size == one.len()));
    })
    .unwrap();
}

#[test]
fn the_place_in_a_payload_is_kept_between_batches() {
    let list = |from: u32| format!(r#"{{"kind":"EventList","items":[{},{}]}}"#, event(from), event(from + 1));
    let payload = format!("[{}, {}, [{}]]", list(1), event(3), list(4));
    let mut events = Events::new(payload.as_bytes(), MAX).unwrap();
    for id in 1..=5 {
        // As if it had lain somewhere between two batches.
        let mut moved = events;
        assert_eq!(text(&moved.next(payload.as_bytes()).unwrap().unwrap()), event(id));
        events = moved;
    }
    assert!(events.next(payload.as_bytes()).is_none() && events.next(payload.as_bytes()).is_none());
}

#[test]
fn an_error_of_who_writes_ends_the_writing() {
    let payload = event(1).replace(',', " , ");
    let mut events = Events::new(payload.as_bytes(), MAX).unwrap();
    let event = events.next(payload.as_bytes()).unwrap().unwrap();
    let mut room = 10;
    let written = event.write(|piece| {
        room = usize::checked_sub(room, piece.len()).ok_or("full")?;
        Ok(())
    });
    assert_eq!(written, Err("full"));
}

#[test]
fn deep_events_and_lists_are_read() {
    let deep = "[".repeat(9_000) + &"]".repeat(9_000);
    let one = format!(r#"{{"kind":"Event","x":{deep},"stageTimestamp":"{TIME}"}}"#);
    assert_eq!(read(&one), [one.as_str()]);
    assert_eq!(read(&("[".repeat(900) + &one + &"]".repeat(900))), [one.as_str()]);
    assert!(read(&"[".repeat(1_000_000))[0].contains("nested more than 10000 levels deep"));
}

#[test]
fn no_bytes_make_it_fail() {
    let mut random = Random::new(4);
    let mut seen = 0;
    for _ in 0..200_000 {
        let mut bytes = random.bytes();
        if random.below(2) == 0 {
            bytes = [format!(r#"[{{"kind":"Event","stageTimestamp":"{TIME}","a":"#).into_bytes(), bytes, b"}]".into()]
                .concat();
        }
        let _told = for_each(&bytes, 100, |event| {
            seen += 1;
            if let Ok(event) = event {
                let Ok(()) = event.write(|_| Ok::<(), core::convert::Infallible>(()));
            }
        });
        // Even of bytes that were not checked, or of another payload than the one that it was made for.
        for other in [&b"[1]"[..], br#" {"kind":"EventList","items":[1,2]}"#] {
            let mut events = Events::new(other, 100).unwrap();
            while events.next(&bytes).is_some() {}
        }
    }
    assert!(seen > 1_000, "{seen}");
}
