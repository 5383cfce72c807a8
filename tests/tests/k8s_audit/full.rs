// SPDX-License-Identifier: Apache-2.0
//! A host that does not keep up: the webhook says so, and what is sent again comes once.

use std::collections::HashMap;
use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::{Client, event};
use crate::{Receiver, host, rows, tell};

#[test]
fn a_full_queue_is_429_and_what_is_sent_again_comes_once() {
    const EACH: usize = 400;
    let host = host!();
    // It prints the large part of each event, to nobody who reads: so it waits, and the queue fills up.
    let (receiver, mut stdout) = Receiver::unread(&host, &["ka.auditid", "ka.useragent"]);
    let address = receiver.address;
    let refused = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..2)
        .map(|connection| {
            let refused = Arc::clone(&refused);
            thread::spawn(move || {
                let mut client = Client::connect(address).unwrap();
                for number in 0..EACH {
                    let mut event = event(&format!("{connection}-{number}"));
                    event["userAgent"] = json!("x".repeat(60_000));
                    let body = event.to_string();
                    loop {
                        let answer = client.post(&body).unwrap();
                        if answer.status == 200 {
                            break;
                        }
                        assert_eq!((answer.status, answer.body.as_str()), (429, "the queue of events is full\n"));
                        assert!(answer.head.to_ascii_lowercase().contains("retry-after: 1"), "{answer:?}");
                        refused.fetch_add(1, SeqCst);
                        thread::sleep(Duration::from_millis(20));
                    }
                }
            })
        })
        .collect();
    let begin = Instant::now();
    while refused.load(SeqCst) < 10 {
        assert!(begin.elapsed() < Duration::from_secs(30), "the queue is never full");
        thread::sleep(Duration::from_millis(10));
    }
    // Now there is a reader. The last line comes with the end of the host.
    let reader = thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).unwrap();
        text
    });
    clients.into_iter().for_each(|client| client.join().unwrap());
    thread::sleep(Duration::from_secs(1));
    let (run, _) = receiver.host.interrupt();
    let run = run.succeeded();
    assert!(!run.stderr.contains("without asking for them"), "{}", run.stderr);
    let text = reader.join().unwrap();
    let mut next: HashMap<String, usize> = HashMap::new();
    let rows = rows(text.lines().map(str::to_owned).collect());
    for row in &rows {
        let (connection, number) = row[0].split_once('-').unwrap();
        let next = next.entry(connection.to_owned()).or_default();
        assert_eq!((number, row[1].len()), (next.to_string().as_str(), 60_000), "each once and in order");
        *next += 1;
    }
    assert_eq!(rows.len(), 2 * EACH);
    tell(&format!("{} events of 60 KB, {} refused and sent again", rows.len(), refused.load(SeqCst)));
}
