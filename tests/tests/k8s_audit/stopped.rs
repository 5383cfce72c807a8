// SPDX-License-Identifier: Apache-2.0
//! The host is stopped while events are being posted: a clean end, and no hole in what was accepted.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use crate::client::{Client, event, head};
use crate::{Receiver, host, tell};

/// Bytes of the batch that the host has, at most.
const BATCH: usize = 512 * 1024;

/// Posts one event after the other until the host is gone; how many it got 200 for.
fn post_until_end(address: SocketAddr, connection: usize) -> usize {
    let Ok(mut client) = Client::connect(address) else { return 0 };
    let mut accepted = 0;
    loop {
        match client.post(&event(&format!("{connection}-{accepted}")).to_string()) {
            Ok(answer) if answer.status == 200 => accepted += 1,
            // It may be sent again: to the next host, had this one to do with an API server.
            Ok(answer) => {
                assert!([429, 503].contains(&answer.status), "{answer:?}");
                assert!(answer.head.to_ascii_lowercase().contains("retry-after: 1"), "{answer:?}");
                if answer.status == 503 {
                    return accepted;
                }
            }
            Err(_gone) => return accepted,
        }
    }
}

#[test]
fn nothing_is_printed_twice_or_left_out_when_it_stops_in_mid_stream() {
    const CONNECTIONS: usize = 8;
    let host = host!();
    for round in 0..3 {
        let mut receiver = Receiver::start(&host, "http", "", &["ka.auditid"]);
        let address = receiver.address;
        let clients: Vec<_> =
            (0..CONNECTIONS).map(|number| thread::spawn(move || post_until_end(address, number))).collect();
        // One waits for its answer in the middle of a body, and one says nothing at all.
        let mut waiting = Client::connect(address).unwrap();
        waiting.send(head("content-length: 1000") + "{").unwrap();
        let silent = Client::connect(address).unwrap();
        let _rows = receiver.rows(500 * (round + 1));
        assert!(receiver.host.is_running());
        let (run, took) = receiver.host.interrupt();
        let run = run.succeeded();
        assert!(took < Duration::from_secs(5), "it took {took:?} to end");
        let accepted: Vec<usize> = clients.into_iter().map(|client| client.join().unwrap()).collect();
        assert!(Client::connect(address).is_err(), "nobody listens any more");
        let answer = waiting.answer().unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (503, "the plugin is stopping\n"));
        assert_eq!(silent.until_end(), "");

        // Of each connection the events are those that it posted first: none is missing before the last, none comes twice.
        let mut printed: HashMap<usize, usize> = HashMap::new();
        for row in run.rows() {
            let (connection, number) = row[0].split_once('-').unwrap();
            let next = printed.entry(connection.parse().unwrap()).or_default();
            assert_eq!(number, next.to_string(), "connection {connection}");
            *next += 1;
        }
        let printed: Vec<usize> = (0..CONNECTIONS).map(|number| printed.get(&number).copied().unwrap_or(0)).collect();
        for (accepted, printed) in accepted.iter().zip(&printed) {
            // An event whose answer was lost with the connection may be printed.
            assert!(*printed <= accepted + 1, "{printed} of {accepted}");
        }
        let (accepted, printed): (usize, usize) = (accepted.iter().sum(), printed.iter().sum());
        // The host asks for no more events once it stops, nor prints the rest of the batch that it has. What is in the
        // queue then it does not want, and is told.
        let told = run
            .stderr
            .lines()
            .find_map(|line| line.split_once("k8saudit: webhook: ")?.1.split_once(" events were accepted"));
        let left: usize = told.map_or(0, |(left, _)| left.parse().unwrap());
        let batch = BATCH / event("0-0").to_string().len();
        assert!(
            accepted <= printed + left + batch,
            "{accepted} accepted, {printed} printed, {left} left: {}",
            run.stderr
        );
        tell(&format!("stopped in {took:?}: {accepted} events accepted, {printed} printed, {left} left in the queue"));
    }
}

#[test]
fn everything_that_was_accepted_is_printed_when_there_was_time_to_ask_for_it() {
    let host = host!();
    let receiver = Receiver::start(&host, "http", "", &["ka.auditid"]);
    let mut client = Client::connect(receiver.address).unwrap();
    for number in 0..100 {
        assert_eq!(client.post(&event(&number.to_string()).to_string()).unwrap().status, 200);
    }
    // The host has asked for all of them, though no batch is full.
    thread::sleep(Duration::from_millis(500));
    let (run, _) = receiver.host.interrupt();
    let expected: Vec<Vec<String>> = (0..100).map(|number| vec![number.to_string()]).collect();
    assert_eq!(run.succeeded().rows(), expected);
}
