// SPDX-License-Identifier: Apache-2.0
//! Clients that send slowly, too much, or no HTTP.

use std::io::{Read, Write};

use super::*;

const HEAD: &str = "POST /k8s-audit HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";

fn quick() -> Limits {
    Limits { body_time: Duration::from_millis(300), idle_time: Duration::from_millis(500), ..Limits::default() }
}

fn open(webhook: &Webhook, bytes: &str) -> TcpStream {
    let mut stream = TcpStream::connect(webhook.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    stream
}

/// All that comes until the connection is closed.
fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    if let Err(error) = stream.read_to_end(&mut bytes) {
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }
    String::from_utf8(bytes).unwrap()
}

/// The status of the first answer.
fn status(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 15];
    stream.read_exact(&mut bytes).unwrap();
    String::from_utf8(bytes[9..12].to_vec()).unwrap()
}

#[test]
fn no_http() {
    let (webhook, sink) = start("/k8s-audit", quick());
    for bytes in ["hello\r\n\r\n", "POST\r\n\r\n", "POST /k8s-audit HTTP/1.1\r\nno colon\r\n\r\n", "\0\0\0\0\n\n"] {
        let answer = rest(open(&webhook, bytes));
        assert!(answer.starts_with("HTTP/1.1 400 "), "{bytes:?}: {answer:?}");
    }
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnot frames at all, but some text of some length";
    let mut stream = open(&webhook, preface);
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    assert_eq!(post(&webhook, event(1).to_string()).status, 200, "others are served");
    assert_eq!(sink.len(), 1);
}

#[test]
fn a_malformed_body() {
    let (webhook, sink) = start("/k8s-audit", quick());
    let answer = rest(open(&webhook, &format!("{HEAD}transfer-encoding: chunked\r\n\r\nzz\r\n{{}}\r\n0\r\n\r\n")));
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let answer = rest(open(&webhook, &format!("{HEAD}content-length: x\r\n\r\n{{}}")));
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let stream = open(&webhook, &format!("{HEAD}content-length: 10\r\n\r\n{{}}"));
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    rest(stream);
    assert_eq!(sink.len(), 0);
}

#[test]
fn chunks_and_a_request_behind_another() {
    let (webhook, sink) = start("/k8s-audit", quick());
    let event = event(1).to_string();
    let (one, two) = event.split_at(20);
    let chunked = format!(
        "{HEAD}transfer-encoding: chunked\r\n\r\n{:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n",
        one.len(),
        two.len()
    );
    let plain = format!("{HEAD}connection: close\r\ncontent-length: {}\r\n\r\n{event}", event.len());
    let answers = rest(open(&webhook, &(chunked + &plain)));
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
    assert_eq!(sink.len(), 2);
}

#[test]
fn too_large_declared_or_in_chunks() {
    let (webhook, sink) = start("/k8s-audit", quick());
    let large = "x".repeat(5001);
    let declared = format!("{HEAD}content-length: 5001\r\n\r\n{large}");
    let chunked = format!("{HEAD}transfer-encoding: chunked\r\n\r\n1389\r\n{large}\r\n0\r\n\r\n");
    for bytes in [declared, chunked] {
        let answer = rest(open(&webhook, &bytes));
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.ends_with("bad request: http: request body too large\n"), "{answer}");
    }
    // Who asks first is told before a byte is sent; who goes on sending is told as well.
    let asked = format!("{HEAD}expect: 100-continue\r\ncontent-length: 999999999\r\n\r\n");
    let begin = Instant::now();
    assert_eq!(status(&mut open(&webhook, &asked)), "400");
    assert!(begin.elapsed() < Duration::from_secs(1));
    let mut stream = open(&webhook, &format!("{HEAD}expect: 100-continue\r\ncontent-length: 2\r\n\r\n"));
    assert_eq!(status(&mut stream), "100");
    let mut stream = open(&webhook, &format!("{HEAD}content-length: 8000000\r\n\r\n"));
    stream.write_all(&vec![b' '; 8_000_000]).unwrap();
    assert!(rest(stream).starts_with("HTTP/1.1 400 "));
    assert_eq!(sink.len(), 0);
}

#[test]
fn a_slow_body_is_408_and_others_are_served_meanwhile() {
    let (webhook, sink) = start("/k8s-audit", quick());
    let begin = Instant::now();
    let mut slow = open(&webhook, &format!("{HEAD}content-length: 100\r\n\r\n{{"));
    assert_eq!(post(&webhook, event(1).to_string()).status, 200);
    let sends = thread::spawn({
        let mut slow = slow.try_clone().unwrap();
        // Sending a byte now and then does not help.
        move || {
            for _ in 0..20 {
                let _gone = slow.write_all(b" ");
                thread::sleep(Duration::from_millis(50));
            }
        }
    });
    assert_eq!(status(&mut slow), "408");
    assert!(begin.elapsed() >= Duration::from_millis(290) && begin.elapsed() < Duration::from_secs(2));
    sends.join().unwrap();
    assert_eq!(sink.len(), 1);
}

#[test]
fn heads_have_a_limit_and_idle_connections_too() {
    let (webhook, _sink) = start("/k8s-audit", quick());
    let answer = rest(open(&webhook, &format!("{HEAD}x: {}\r\n\r\n", "x".repeat(100_000))));
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    for bytes in ["", "POST /k8s", HEAD] {
        let begin = Instant::now();
        assert_eq!(rest(open(&webhook, bytes)), "");
        let took = begin.elapsed();
        assert!(took >= Duration::from_millis(450) && took < Duration::from_secs(2), "{bytes}: {took:?}");
    }
}

#[test]
fn too_many_idle_connections_make_room() {
    let (webhook, sink) = start("/k8s-audit", Limits { connections: 8, ..Limits::default() });
    let idle: Vec<_> = (0..40).map(|_| open(&webhook, "POST /k8s")).collect();
    let begin = Instant::now();
    assert_eq!(post(&webhook, event(1).to_string()).status, 200);
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    assert_eq!(sink.len(), 1);
    drop(idle);
}

#[test]
fn bodies_of_all_connections_have_a_limit() {
    let limits = Limits { body_bytes: 12_000, ..Limits::default() };
    let (webhook, sink) = start("/k8s-audit", limits);
    // Each takes as much as it has sent, and waits.
    let half = format!("{HEAD}content-length: 5000\r\n\r\n{}", " ".repeat(4990));
    let mut waiting: Vec<_> = (0..2).map(|_| open(&webhook, &half)).collect();
    thread::sleep(Duration::from_millis(200));
    let reply = post(&webhook, format!("{:4900}", event(1).to_string()));
    assert_eq!((reply.status, reply.header("retry-after")), (429, "1"));
    assert_eq!(reply.body, "too many requests at a time\n");
    assert_eq!(webhook.counts().full, 1);
    waiting[0].write_all(b"          ").unwrap();
    assert_eq!(status(&mut waiting[0]), "400");
    assert_eq!(post(&webhook, format!("{:4900}", event(1).to_string())).status, 200, "the room is given back");
    waiting.clear();
    assert_eq!(sink.len(), 1);
}
