// SPDX-License-Identifier: Apache-2.0
//! Many events over many connections, posted to the webhook in the host: each comes once, in its connection's order.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::client::{Client, event};
use crate::{Receiver, host, tell};

const CONNECTIONS: usize = 4;
const EACH: usize = 2500;

/// Posts the events of one connection, in bodies of one event or of several; how many bodies there were, and how many of
/// them had to be sent again because the queue was full.
fn post_all(address: SocketAddr, connection: usize) -> (usize, usize) {
    let mut client = Client::connect(address).unwrap();
    let (mut number, mut bodies, mut again) = (0, 0, 0);
    while number < EACH {
        let count = if connection.is_multiple_of(2) { 1 } else { (number % 7 + 1).min(EACH - number) };
        let events: Vec<Json> =
            (number..number + count).map(|number| event(&format!("{connection}-{number}"))).collect();
        let body = match connection {
            0 | 2 => events[0].clone(),
            1 => json!({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": events}),
            _ => Json::Array(events),
        };
        let body = body.to_string();
        loop {
            let answer = client.post(&body).unwrap();
            match answer.status {
                200 => break,
                429 => {
                    again += 1;
                    thread::sleep(Duration::from_millis(20));
                }
                _ => panic!("{answer:?}"),
            }
        }
        (number, bodies) = (number + count, bodies + 1);
    }
    (bodies, again)
}

#[test]
fn ten_thousand_events_over_four_connections_come_once() {
    let host = host!();
    let columns = ["evt.num", "ka.auditid", "ka.user.name", "jevt.value[/objectRef/name]"];
    let mut receiver = Receiver::start(&host, "http", "", &columns);
    let (address, begin) = (receiver.address, Instant::now());
    let clients: Vec<_> =
        (0..CONNECTIONS).map(|connection| thread::spawn(move || post_all(address, connection))).collect();
    let (mut bodies, mut again) = (0, 0);
    for client in clients {
        let (its_bodies, its_again) = client.join().unwrap();
        (bodies, again) = (bodies + its_bodies, again + its_again);
    }
    let posted = begin.elapsed();
    let rows = receiver.rows(CONNECTIONS * EACH);
    let printed = begin.elapsed();
    let mut next: HashMap<String, usize> = HashMap::new();
    for (number, row) in (1..).zip(&rows) {
        let (connection, at) = row[1].split_once('-').unwrap();
        let next = next.entry(connection.to_owned()).or_default();
        let id = format!("{connection}-{next}");
        assert_eq!(row[..], [number.to_string(), id.clone(), format!("user of {id}"), id], "each once and in order");
        assert_eq!(at, next.to_string());
        *next += 1;
    }
    assert_eq!(rows.len(), CONNECTIONS * EACH);
    assert!(next.len() == CONNECTIONS && next.values().all(|count| *count == EACH), "{next:?}");
    // Nothing more comes, and the host ends when it is asked to.
    thread::sleep(Duration::from_millis(300));
    let (run, took) = receiver.host.interrupt();
    let run = run.succeeded();
    assert_eq!(run.rows().len(), CONNECTIONS * EACH);
    assert!(took < Duration::from_secs(5), "it took {took:?} to end");
    tell(&format!(
        "{} events in {bodies} bodies posted in {posted:?}, {again} sent again, all printed after {printed:?}, end in {took:?}",
        rows.len()
    ));
}

/// Bodies that an API server may send by the default limits: 12 MiB, of large events or of as many as go in.
#[test]
fn the_largest_bodies_are_taken_whole() {
    let host = host!();
    let mut receiver = Receiver::start(&host, "http", "", &["ka.auditid"]);
    let mut client = Client::connect(receiver.address).unwrap();
    let mut printed = 0;
    // Bytes that fill up an event.
    for filling in [0, 1000, 60_000, 70_000, 140_000, 250_000] {
        let (mut body, mut count) = (String::from(r#"{"kind":"EventList","items":["#), 0);
        while body.len() < (12 << 20) - filling - 200 {
            let comma = if count == 0 { "" } else { "," };
            let x = "x".repeat(filling);
            body += &format!(
                r#"{comma}{{"kind":"Event","auditID":"{}","stageTimestamp":"2026-01-02T03:04:05Z","x":"{x}"}}"#,
                printed + count
            );
            count += 1;
        }
        body += "]}";
        let answer = client.post(&body).unwrap();
        assert_eq!(answer.status, 200, "{count} events of {filling} bytes and some: {answer:?}");
        printed += count;
        let rows = receiver.rows(printed);
        assert!(rows.iter().enumerate().all(|(number, row)| row[0] == number.to_string()), "each once and in order");
        tell(&format!("a body of {count} events, {} bytes", body.len()));
    }
    let (run, _) = receiver.host.interrupt();
    assert_eq!(run.succeeded().rows().len(), printed);
}
