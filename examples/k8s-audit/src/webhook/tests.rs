// SPDX-License-Identifier: Apache-2.0
//! The webhook with real clients: the answers, many events, memory and addresses.

mod hostile;
mod secured;
mod stopping;

use std::collections::HashSet;
use std::net::{IpAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Instant;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};

use super::*;
use crate::sink::{Accepted, Refused};

const LARGEST: usize = 1000;

/// Parses as the plugin will, about, and keeps each event.
#[derive(Clone, Debug, Default)]
struct Kept {
    events: Arc<Mutex<Vec<Value>>>,
    full: Arc<AtomicBool>,
    stopping: Arc<AtomicBool>,
}

impl Sink for Kept {
    fn deliver(&self, body: &[u8]) -> Result<Accepted, Refused> {
        if self.stopping.load(SeqCst) {
            return Err(Refused::Stopping);
        }
        if self.full.load(SeqCst) {
            return Err(Refused::Full);
        }
        let value: Value = serde_json::from_slice(body).map_err(|error| Refused::NotJson(error.to_string().into()))?;
        let items = match value {
            Value::Array(items) => items,
            Value::Object(mut list) if list["kind"] == "EventList" => list["items"].take().as_array().unwrap().clone(),
            other => vec![other],
        };
        let count = items.len();
        let sizes: Vec<usize> = items.iter().map(|item| item.to_string().len()).collect();
        let good: Vec<Value> = items
            .into_iter()
            .filter(|item| item.get("stageTimestamp").is_some() && item.to_string().len() <= LARGEST)
            .collect();
        if good.is_empty() && count > 0 {
            return Err(match sizes.iter().find(|&&size| size > LARGEST) {
                Some(&size) => Refused::TooLarge { size, limit: LARGEST },
                None => Refused::NotAudit("no stageTimestamp".into()),
            });
        }
        let queued = good.len();
        self.events.lock().unwrap().extend(good);
        Ok(Accepted { queued, left_out: count - queued })
    }
}

impl Kept {
    fn len(&self) -> usize {
        self.events.lock().unwrap().len()
    }
}

fn endpoint(path: &str) -> Endpoint {
    Endpoint { tls: false, host: "127.0.0.1".into(), port: 0, path: path.into() }
}

fn config() -> Config {
    Config { webhook_max_batch_size: 5000, ..Config::default() }
}

fn start(path: &str, limits: Limits) -> (Webhook, Kept) {
    let sink = Kept::default();
    (Webhook::bind(&endpoint(path), &config(), limits, sink.clone()).unwrap(), sink)
}

fn event(number: usize) -> Value {
    json!({"kind": "Event", "auditID": number, "stageTimestamp": "2026-01-02T03:04:05.678901Z"})
}

struct Reply {
    status: u16,
    head: Response<()>,
    body: String,
}

impl Reply {
    async fn of(answer: Response<hyper::body::Incoming>) -> Self {
        let (parts, body) = answer.into_parts();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Self { status: parts.status.as_u16(), head: Response::from_parts(parts, ()), body }
    }

    fn header(&self, name: &str) -> &str {
        self.head.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

type Sender = hyper::client::conn::http1::SendRequest<Full<Bytes>>;

async fn connect(address: SocketAddr) -> Sender {
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn request(method: &str, path: &str, kind: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
    if !kind.is_empty() {
        request = request.header("content-type", kind);
    }
    request.body(Full::new(body.into())).unwrap()
}

fn ask(webhook: &Webhook, method: &str, path: &str, kind: &str, body: impl Into<Bytes>) -> Reply {
    run(async {
        let mut sender = connect(webhook.address()).await;
        Reply::of(sender.send_request(request(method, path, kind, body)).await.unwrap()).await
    })
}

fn post(webhook: &Webhook, body: impl Into<Bytes>) -> Reply {
    ask(webhook, "POST", "/k8s-audit", "application/json", body)
}

#[test]
fn path_method_and_content_type_in_this_order() {
    let (webhook, sink) = start("/k8s-audit", Limits::default());
    let good = event(1).to_string();
    let json = "application/json";
    for (method, path, kind, status, body) in [
        ("GET", "/k8s-audit", "", 405, "GET method not allowed\n"),
        ("HEAD", "/k8s-audit", "", 405, ""),
        ("PUT", "/k8s-audit", json, 405, "PUT method not allowed\n"),
        ("DELETE", "/k8s-audit", json, 405, "DELETE method not allowed\n"),
        ("OPTIONS", "/k8s-audit", json, 405, "OPTIONS method not allowed\n"),
        ("BREW", "/k8s-audit", json, 405, "BREW method not allowed\n"),
        ("POST", "/", json, 404, "404 page not found\n"),
        ("POST", "/other", json, 404, "404 page not found\n"),
        ("POST", "/k8s-audit/", json, 404, "404 page not found\n"),
        ("POST", "/k8s-audit/sub", json, 404, "404 page not found\n"),
        ("GET", "/k8s-audits", "", 404, "404 page not found\n"),
        ("HEAD", "/other", "", 404, ""),
        ("POST", "/k8s-audit", "", 400, "wrong Content Type\n"),
        ("POST", "/k8s-audit", "text/plain", 400, "wrong Content Type\n"),
        ("POST", "/k8s-audit", "application/x-www-form-urlencoded", 400, "wrong Content Type\n"),
        ("POST", "/k8s-audit", "APPLICATION/JSON", 400, "wrong Content Type\n"),
        ("POST", "/k8s-audit", json, 200, ""),
        ("POST", "/k8s-audit?timeout=30s", json, 200, ""),
        ("POST", "/k8s%2Daudit", json, 200, ""),
        ("POST", "/k8s-audit", "application/json; charset=utf-8", 200, ""),
        ("POST", "/k8s-audit", "x-application/jsonish", 200, ""),
    ] {
        let before = sink.len();
        let reply = ask(&webhook, method, path, kind, good.clone());
        assert_eq!((reply.status, reply.body.as_str()), (status, body), "{method} {path} {kind}");
        let (of_error, sniff) = match status {
            200 => ("", ""),
            _ => ("text/plain; charset=utf-8", "nosniff"),
        };
        assert_eq!((reply.header("content-type"), reply.header("x-content-type-options")), (of_error, sniff));
        assert_eq!(sink.len() - before, usize::from(status == 200));
    }
    let counts = webhook.counts();
    assert_eq!((counts.requests, counts.events, counts.refused), (21, 5, 16));
}

#[test]
fn bodies() {
    let (webhook, sink) = start("/k8s-audit", Limits::default());
    let list = |items: Vec<Value>| json!({"kind": "EventList", "items": items}).to_string();
    let large = json!({"kind": "Event", "stageTimestamp": "x", "pad": "x".repeat(LARGEST)});
    let padded = |len: usize| event(7).to_string() + &" ".repeat(len - event(7).to_string().len());
    for (body, status, text, queued) in [
        (event(1).to_string(), 200, "", 1),
        (list(vec![event(1), event(2)]), 200, "", 2),
        (list(vec![]), 200, "", 0),
        (json!([event(1), event(2), event(3)]).to_string(), 200, "", 3),
        (padded(5000), 200, "", 1),
        (padded(5001), 400, "bad request: http: request body too large\n", 0),
        (padded(10_000_000), 400, "bad request: http: request body too large\n", 0),
        (String::new(), 400, "bad request: not JSON: the body is empty\n", 0),
        ("{\"kind\":".into(), 400, "bad request: not JSON: EOF while parsing a value at line 1 column 8\n", 0),
        (format!("{}{}", event(1), event(2)), 400, "bad request: not JSON: trailing characters at line 1", 0),
        ("7".into(), 400, "bad request: not an audit event: no stageTimestamp\n", 0),
        (large.to_string(), 413, "an event of 1046 bytes, maxEventSize is 1000\n", 0),
        (list(vec![large.clone(), event(2), json!({}), event(4)]), 202, "2 queued, 2 left out", 2),
        (list(vec![large.clone()]), 413, "an event of", 0),
        (list(vec![json!({})]), 400, "bad request: not an audit", 0),
    ] {
        let before = sink.len();
        let reply = post(&webhook, body.clone());
        let body = body.chars().take(60).collect::<String>();
        assert_eq!(reply.status, status, "{body}: {}", reply.body);
        assert!(if text.is_empty() { reply.body.is_empty() } else { reply.body.starts_with(text) }, "{}", reply.body);
        assert_eq!(sink.len() - before, queued, "{body}");
    }
    assert_eq!(webhook.counts().left_out, 2);
}

#[test]
fn what_can_be_taken_later() {
    let (webhook, sink) = start("/k8s-audit", Limits::default());
    sink.full.store(true, SeqCst);
    let reply = post(&webhook, event(1).to_string());
    assert_eq!((reply.status, reply.header("retry-after")), (429, "1"));
    assert_eq!(reply.body, "the queue of events is full\n");
    sink.full.store(false, SeqCst);
    assert_eq!(post(&webhook, event(1).to_string()).status, 200);
    sink.stopping.store(true, SeqCst);
    let reply = post(&webhook, event(1).to_string());
    assert_eq!((reply.status, reply.header("retry-after")), (503, "1"));
    assert_eq!((webhook.counts().full, webhook.counts().refused), (1, 1));
}

#[test]
fn a_path_that_ends_in_a_slash_takes_all_below_it() {
    let (webhook, sink) = start("/p/", Limits::default());
    let to = |path| ask(&webhook, "POST", path, "application/json", event(1).to_string());
    for path in ["/p/", "/p/x", "/p/x/y?z"] {
        assert_eq!(to(path).status, 200, "{path}");
    }
    let reply = to("/p?a=b");
    assert_eq!((reply.status, reply.header("location")), (301, "/p/?a=b"));
    assert_eq!((to("/").status, to("/px").status), (404, 404));
    assert_eq!(sink.len(), 3);
    let (webhook, _sink) = start("/", Limits::default());
    for path in ["/", "/x", "/x/y/"] {
        assert_eq!(ask(&webhook, "POST", path, "application/json", event(1).to_string()).status, 200);
    }
}

#[test]
fn ten_thousand_events_over_four_connections_arrive_once() {
    const EACH: usize = 2500;
    let (webhook, sink) = start("/k8s-audit", Limits::default());
    let begin = Instant::now();
    let address = webhook.address();
    let clients: Vec<_> = (0..4)
        .map(|client| {
            thread::spawn(move || {
                run(async move {
                    let mut sender = connect(address).await;
                    for number in 0..EACH {
                        let body = event(client * EACH + number).to_string();
                        let sent = request("POST", "/k8s-audit", "application/json", body);
                        assert_eq!(Reply::of(sender.send_request(sent).await.unwrap()).await.status, 200);
                    }
                });
            })
        })
        .collect();
    clients.into_iter().for_each(|client| client.join().unwrap());
    println!("10,000 requests in {:?}", begin.elapsed());
    let events = sink.events.lock().unwrap();
    let ids: HashSet<_> = events.iter().map(|event| event["auditID"].as_u64().unwrap()).collect();
    assert_eq!((events.len(), ids.len()), (4 * EACH, 4 * EACH));
    assert_eq!(webhook.counts().events, 4 * EACH as u64);
}

#[test]
fn many_requests_at_a_time_over_http2_without_tls() {
    let (webhook, sink) = start("/k8s-audit", Limits::default());
    run(async {
        let stream = tokio::net::TcpStream::connect(webhook.address()).await.unwrap();
        let (sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let asked: Vec<_> = (0..200)
            .map(|number| {
                let mut sender = sender.clone();
                let body = if number % 4 == 3 { "x".repeat(300_000) } else { event(number).to_string() };
                tokio::spawn(async move {
                    sender.ready().await.unwrap();
                    let sent = request("POST", "/k8s-audit", "application/json", body);
                    Reply::of(sender.send_request(sent).await.unwrap()).await.status
                })
            })
            .collect();
        for (number, asked) in asked.into_iter().enumerate() {
            assert_eq!(asked.await.unwrap(), if number % 4 == 3 { 400 } else { 200 });
        }
    });
    assert_eq!(sink.len(), 150);
}

#[test]
fn all_addresses_are_ipv4_and_ipv6() {
    let all = Endpoint { host: String::new(), ..endpoint("/k8s-audit") };
    let webhook = Webhook::bind(&all, &config(), Limits::default(), Kept::default()).unwrap();
    for address in ["127.0.0.1", "::1"] {
        let address = SocketAddr::new(address.parse::<IpAddr>().unwrap(), webhook.address().port());
        if address.is_ipv6() && !webhook.address().is_ipv6() {
            continue;
        }
        run(async {
            let sent = request("POST", "/k8s-audit", "application/json", event(1).to_string());
            let answer = connect(address).await.send_request(sent).await.unwrap();
            assert_eq!(answer.status(), 200);
        });
    }
}

#[test]
fn an_address_that_cannot_be_listened_at_says_so() {
    let (webhook, _sink) = start("/k8s-audit", Limits::default());
    let error = |host: &str, port| {
        let endpoint = Endpoint { host: host.into(), port, ..endpoint("/") };
        Webhook::bind(&endpoint, &config(), Limits::default(), Kept::default()).unwrap_err().to_string()
    };
    let port = webhook.address().port();
    let text = error("127.0.0.1", port);
    assert!(text.starts_with(&format!("cannot listen on 127.0.0.1:{port}: Address already in use")), "{text}");
    assert!(error("", port).starts_with(&format!("cannot listen on :{port}: Address already in use")));
    assert!(error("203.0.113.7", 0).contains("cannot listen on 203.0.113.7:0: Cannot assign"));
    assert!(error("no-such-host.invalid", 1).contains("cannot listen on no-such-host.invalid:1: "));
    assert!(error("2001:db8::1", 1).contains("cannot listen on [2001:db8::1]:1: "));
    let again = Endpoint { port, ..endpoint("/") };
    assert_eq!(post(&webhook, event(1).to_string()).status, 200);
    drop(webhook);
    drop(Webhook::bind(&again, &config(), Limits::default(), Kept::default()).unwrap());
}
