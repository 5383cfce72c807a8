// SPDX-License-Identifier: Apache-2.0
//! What the webhook in the host does not take: a clear answer for each, and the next event comes as if nothing had been.

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use falconet_tests::sysdig;
use serde_json::json;

use crate::client::{Client, event, head};
use crate::{Receiver, host, opened};

/// Small limits, so that what is too large is not large.
const CONFIG: &str = r#"{"maxEventSize": 2000, "webhookMaxBatchSize": 10000, "Unknown": 1}"#;

#[test]
fn every_refusal_is_clear_and_the_host_goes_on() {
    let host = host!();
    let mut receiver = Receiver::start(&host, "http", CONFIG, &["ka.auditid"]);
    let address = receiver.address;
    let mut large = event("large");
    large["userAgent"] = json!("x".repeat(2000));
    let good = |number: usize| event(&format!("good{number}"));
    let list = |items| json!({"kind": "EventList", "items": items}).to_string();
    let of_type = |kind: &str, body: &str| {
        format!("POST /k8s-audit HTTP/1.1\r\nhost: x\r\n{kind}content-length: {}\r\n\r\n{body}", body.len())
    };
    let post = |body: &str| head(&format!("content-length: {}", body.len())) + body;
    let chunked = |body: &str| head("transfer-encoding: chunked") + &format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let many: Vec<_> = (0..20).map(|_| event("many")).collect();
    // A whole request, its answer, and what the answer says.
    let cases = [
        ("GET /k8s-audit HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(), 405, "GET method not allowed\n"),
        ("PUT /k8s-audit HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n".to_owned(), 405, "PUT method not allowed\n"),
        (post("{}").replace("/k8s-audit", "/other"), 404, "404 page not found\n"),
        (of_type("", &good(0).to_string()), 400, "wrong Content Type\n"),
        (of_type("content-type: text/plain\r\n", &good(0).to_string()), 400, "wrong Content Type\n"),
        (post(""), 400, "bad request: "),
        (post("{"), 400, "bad request: not JSON"),
        (post("{} {}"), 400, "bad request: not JSON"),
        (post("\u{0}\u{1}\u{2}"), 400, "bad request: not JSON"),
        (post(&format!("{}{}", good(0), good(0))), 400, "bad request: not JSON"),
        (post("7"), 400, "bad request: not an audit event"),
        (post(r#"{"kind": "Pod"}"#), 400, "bad request: not an audit event"),
        (post(r#"{"kind": "Event", "auditID": "a"}"#), 400, "bad request: not an audit event"),
        (post(r#"{"kind": "Event", "stageTimestamp": "yesterday"}"#), 400, "bad request: not an audit event"),
        (post(&"[".repeat(9000)), 400, "bad request: not JSON"),
        (post(&large.to_string()), 413, "an event of "),
        (post(&list(vec![large.clone()])), 413, "an event of "),
        (post(&list(many.clone())), 400, "bad request: http: request body too large\n"),
        (chunked(&list(many)), 400, "bad request: http: request body too large\n"),
        (post(&list(vec![])), 200, ""),
        (post(&list(vec![good(1), large, good(2)])), 202, "2 queued, 1 left out"),
        (chunked(&good(3).to_string()), 200, ""),
    ];
    for (request, status, says) in cases {
        let shown: String = request.chars().take(200).collect();
        let mut client = Client::connect(address).unwrap();
        client.send(&request).unwrap();
        let answer = client.answer().unwrap_or_else(|why| panic!("{shown}: {why}"));
        assert_eq!(answer.status, status, "{shown}: {answer:?}");
        assert!(answer.body.starts_with(says) && says.is_empty() == answer.body.is_empty(), "{shown}: {answer:?}");
        // The same connection is good for more, whatever came before.
        assert_eq!(client.post(&list(vec![])).unwrap().status, 200, "{shown}");
    }
    // What is no HTTP ends with its connection.
    for bytes in ["hello\r\n\r\n", "POST /k8s-audit HTTP/1.1\r\nno colon\r\n\r\n", "\u{0}\u{0}\u{0}\n\n"] {
        let mut client = Client::connect(address).unwrap();
        client.send(bytes).unwrap();
        let answer = client.until_end();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{bytes:?}: {answer:?}");
    }
    let mut client = Client::connect(address).unwrap();
    client.send(head("transfer-encoding: chunked") + "zz\r\n{}\r\n0\r\n\r\n").unwrap();
    assert!(client.until_end().starts_with("HTTP/1.1 400 "));
    // Half a body, and the client is gone.
    for half in [head("content-length: 1000") + "{\"kind\":", head("transfer-encoding: chunked") + "5\r\n{\"k"] {
        let mut client = Client::connect(address).unwrap();
        client.send(half).unwrap();
        client.finish().unwrap();
        let answer = client.until_end();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    assert_eq!(Client::connect(address).unwrap().post(&good(4).to_string()).unwrap().status, 200);
    let rows = receiver.rows(4);
    assert_eq!(rows, [["good1"], ["good2"], ["good3"], ["good4"]], "all that is good, and nothing else");
    let (run, _) = receiver.host.interrupt();
    let run = run.succeeded();
    assert_eq!(run.rows().len(), 4);
    // One warning a second, and at the end how many there were besides.
    for told in
        ["the config's key Unknown is not known", "k8saudit: webhook: refused a body: ", "more warnings of this kind"]
    {
        assert!(run.stderr.contains(told), "{told}: {}", run.stderr);
    }
}

#[test]
fn slow_bodies_are_408_and_nobody_waits_for_them() {
    let host = host!();
    let mut receiver = Receiver::start(&host, "http", "", &["ka.auditid"]);
    let (address, begin) = (receiver.address, Instant::now());
    // One sends nothing more, the others a byte now and then.
    let slow: Vec<_> = (0..20)
        .map(|number| {
            thread::spawn(move || {
                let mut client = Client::connect(address).unwrap();
                client.send(head("content-length: 100000") + "{").unwrap();
                if number > 0 {
                    for _ in 0..25 {
                        thread::sleep(Duration::from_secs(1));
                        client.send(" ").unwrap();
                    }
                }
                let answer = client.answer().unwrap();
                (answer, begin.elapsed())
            })
        })
        .collect();
    let mut served = 0;
    let mut client = Client::connect(address).unwrap();
    while !slow.iter().all(|slow| slow.is_finished()) {
        let sent = Instant::now();
        assert_eq!(client.post(&event(&served.to_string()).to_string()).unwrap().status, 200);
        let took = sent.elapsed();
        assert!(took < Duration::from_secs(5), "somebody waited {took:?}");
        served += 1;
        thread::sleep(Duration::from_millis(50));
    }
    for slow in slow {
        let (answer, took) = slow.join().unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (408, "the body did not come in time\n"));
        assert!(answer.head.to_ascii_lowercase().contains("connection: close"), "{}", answer.head);
        assert!(took > Duration::from_secs(29) && took < Duration::from_secs(45), "{took:?}");
    }
    let rows = receiver.rows(served);
    assert!(rows.iter().enumerate().all(|(number, row)| row[0] == number.to_string()), "{rows:?}");
    let (run, _) = receiver.host.interrupt();
    assert_eq!(run.succeeded().rows().len(), served);
}

#[test]
fn what_cannot_be_opened_is_told_once() {
    let host = host!();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    for (params, told) in [
        (
            format!("http://127.0.0.1:{port}/k8s-audit"),
            format!("cannot listen on 127.0.0.1:{port}: Address already in use (os error 98)"),
        ),
        (
            "http://127.0.0.1:0".into(),
            "the web address has no path: http://host:port/path (a path of / takes every one)".into(),
        ),
        (
            "ftp://host/path".into(),
            "scheme \"ftp\" is not supported: only file, http and https are (for a file of that \
            name, write ./ before it)"
                .into(),
        ),
        ("/nowhere/log".into(), "cannot open /nowhere/log: No such file or directory (os error 2)".into()),
        ("file:///nowhere/log".into(), "cannot follow /nowhere/log: its folder does not exist".into()),
    ] {
        let run = sysdig::run_with(&host, opened("", &params), [""; 0]);
        let expected = format!("{told} (open params: \"{params}\")");
        assert!(run.code == Some(1) && run.stderr.trim_end() == expected, "{expected}\n{}", run.shown());
    }
}
