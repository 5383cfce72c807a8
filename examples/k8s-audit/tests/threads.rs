// SPDX-License-Identifier: Apache-2.0
//! The sources leave no thread and no file descriptor behind. Alone in its process: it counts all of them.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use k8saudit::config::Config;
use k8saudit::files::Tail;
use k8saudit::params::OpenParams;
use k8saudit::sink::{Accepted, Refused, Sink};
use k8saudit::webhook::{Limits, Webhook};

#[derive(Clone)]
struct All;

impl Sink for All {
    fn deliver(&self, _: &[u8]) -> Result<Accepted, Refused> {
        Ok(Accepted { queued: 1, left_out: 0 })
    }
}

#[test]
fn no_thread_and_no_descriptor_is_left() {
    let count = |of: &str| fs::read_dir(format!("/proc/self/{of}")).unwrap().count();
    let before = (count("task"), count("fd"));
    let folder = tempfile::tempdir().unwrap();
    let begin = Instant::now();
    for round in 0..30 {
        let Ok(OpenParams::Listen(endpoint)) = OpenParams::parse("http://127.0.0.1:0/k8s-audit") else { panic!() };
        let webhook = Webhook::bind(&endpoint, &Config::default(), Limits::default(), All).unwrap();
        let tail = Tail::open(&folder.path().join("x"), 100).unwrap();
        let mut clients: Vec<_> = (0..5).map(|_| TcpStream::connect(webhook.address()).unwrap()).collect();
        // One is idle, one within a head, one within a body, one has its answer, one is gone.
        let head = "POST /k8s-audit HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n";
        clients[1].write_all(&head.as_bytes()[..50]).unwrap();
        clients[2].write_all(head.as_bytes()).unwrap();
        clients[3].write_all(format!("{head}{{}}").as_bytes()).unwrap();
        clients.pop();
        let mut answer = [0; 12];
        clients[3].read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        assert_eq!(count("task"), before.0 + 1, "round {round}");
        drop((webhook, tail));
        // A thread that was joined is listed until the system has taken it away, a moment later.
        let joined = Instant::now();
        while count("task") > before.0 && joined.elapsed() < Duration::from_secs(1) {
            std::thread::yield_now();
        }
        assert_eq!(count("task"), before.0, "round {round}");
    }
    assert_eq!((count("task"), count("fd")), before);
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    println!("{:?} a round", begin.elapsed() / 30);
}
