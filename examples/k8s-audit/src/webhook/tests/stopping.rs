// SPDX-License-Identifier: Apache-2.0
//! Dropping the webhook while something is under way.

use std::io::{Read, Write};

use super::*;

/// Threads of this process that have the name of that webhook's.
fn threads(port: u16) -> usize {
    let name = format!("k8saudit:{port}\n");
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    tasks
        .filter(|task| std::fs::read_to_string(task.as_ref().unwrap().path().join("comm")).ok() == Some(name.clone()))
        .count()
}

#[test]
fn nothing_under_way_is_at_once_and_no_thread_is_left() {
    let (webhook, sink) = start("/k8s-audit", Limits::default());
    let port = webhook.address().port();
    assert_eq!(post(&webhook, event(1).to_string()).status, 200);
    assert_eq!(threads(port), 1);
    let begin = Instant::now();
    drop(webhook);
    assert!(begin.elapsed() < Duration::from_millis(500), "{:?}", begin.elapsed());
    assert_eq!((threads(port), Arc::strong_count(&sink.events)), (0, 1));
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn requests_under_way_are_answered_503_and_idle_ones_closed() {
    let (webhook, sink) = start("/k8s-audit", Limits::default());
    let port = webhook.address().port();
    let head = "POST /k8s-audit HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    let mut streams: Vec<_> = (0..30).map(|_| TcpStream::connect(webhook.address()).unwrap()).collect();
    for (number, stream) in streams.iter_mut().enumerate() {
        let bytes = match number % 3 {
            0 => head,
            1 => &head[..30],
            _ => "",
        };
        stream.write_all(bytes.as_bytes()).unwrap();
    }
    thread::sleep(Duration::from_millis(200));
    let begin = Instant::now();
    drop(webhook);
    assert!(begin.elapsed() < Duration::from_millis(1500), "{:?}", begin.elapsed());
    assert_eq!((threads(port), Arc::strong_count(&sink.events)), (0, 1));
    for (number, mut stream) in streams.into_iter().enumerate() {
        let mut bytes = Vec::new();
        let ended = stream.read_to_end(&mut bytes);
        let answer = String::from_utf8(bytes).unwrap();
        match number % 3 {
            0 => assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: 1"), "{answer}"),
            _ => assert!(answer.is_empty() || ended.is_err(), "{answer}"),
        }
    }
}

#[test]
fn an_http2_connection_with_an_unfinished_request_is_cut() {
    let (webhook, sink) = start("/k8s-audit", Limits::default());
    let port = webhook.address().port();
    run(async move {
        let stream = tokio::net::TcpStream::connect(webhook.address()).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let (_held, body) = tokio::sync::oneshot::channel::<()>();
        let body = Unfinished(body);
        let sent = Request::post("http://localhost/k8s-audit").header("content-type", "application/json");
        let answer =
            tokio::spawn(
                async move { sender.send_request(sent.body(body).unwrap()).await.map(|answer| answer.status()) },
            );
        tokio::time::sleep(Duration::from_millis(200)).await;
        let begin = Instant::now();
        tokio::task::spawn_blocking(move || drop(webhook)).await.unwrap();
        assert!(begin.elapsed() < Duration::from_millis(1500), "{:?}", begin.elapsed());
        assert_eq!(answer.await.unwrap().unwrap(), 503);
    });
    assert_eq!((threads(port), Arc::strong_count(&sink.events)), (0, 1));
}

/// A body that never comes.
struct Unfinished(tokio::sync::oneshot::Receiver<()>);

impl hyper::body::Body for Unfinished {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        std::pin::Pin::new(&mut self.0).poll(context).map(|_| None)
    }
}

#[test]
fn a_busy_server_stops_and_whoever_got_200_has_its_event_in() {
    let (webhook, sink) = start("/k8s-audit", Limits::default());
    let address = webhook.address();
    let clients: Vec<_> = (0..4)
        .map(|_| {
            thread::spawn(move || {
                run(async move {
                    let mut sender = connect(address).await;
                    let mut good = 0;
                    loop {
                        let sent = request("POST", "/k8s-audit", "application/json", event(good).to_string());
                        match sender.send_request(sent).await {
                            Ok(answer) if answer.status() == 200 => good += 1,
                            Ok(answer) => assert_eq!(answer.status(), 503),
                            Err(_) => return good,
                        }
                    }
                })
            })
        })
        .collect();
    thread::sleep(Duration::from_millis(300));
    let begin = Instant::now();
    drop(webhook);
    assert!(begin.elapsed() < Duration::from_millis(1500), "{:?}", begin.elapsed());
    let good: usize = clients.into_iter().map(|client| client.join().unwrap()).sum();
    // An answer can be lost with its connection, an event of an answer not.
    assert!(good <= sink.len() && sink.len() <= good + 4, "{good} {}", sink.len());
}
