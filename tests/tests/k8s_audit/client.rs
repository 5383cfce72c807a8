// SPDX-License-Identifier: Apache-2.0
//! A client of the webhook: HTTP/1.1 by hand, over any stream, so that it can send what no library would.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value as Json, json};

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(45);

/// One connection, with requests one after another.
pub(crate) struct Client<S> {
    stream: S,
    /// What came behind the last answer.
    rest: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Client<TcpStream> {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self::over(stream))
    }

    /// Says that nothing more is sent.
    pub(crate) fn finish(&self) -> io::Result<()> {
        self.stream.shutdown(std::net::Shutdown::Write)
    }
}

impl<S: Read + Write> Client<S> {
    pub(crate) fn over(stream: S) -> Self {
        Self { stream, rest: Vec::new() }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())?;
        self.stream.flush()
    }

    /// Posts a body as an API server does.
    pub(crate) fn post(&mut self, body: &str) -> io::Result<Answer> {
        self.send(head(&format!("content-length: {}", body.len())) + body)?;
        self.answer()
    }

    /// The next answer.
    pub(crate) fn answer(&mut self) -> io::Result<Answer> {
        let end = loop {
            match self.rest.windows(4).position(|part| part == b"\r\n\r\n") {
                Some(at) => break at + 4,
                None => self.more()?,
            }
        };
        let head = String::from_utf8_lossy(&self.rest[..end]).into_owned();
        let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{head}"));
        let len = head.to_ascii_lowercase();
        let len = len.split("content-length: ").nth(1).map_or(0, |len| len.lines().next().unwrap().parse().unwrap());
        while self.rest.len() < end + len {
            self.more()?;
        }
        let body = String::from_utf8_lossy(&self.rest[end..end + len]).into_owned();
        self.rest.drain(..end + len);
        Ok(Answer { status, head, body })
    }

    fn more(&mut self) -> io::Result<()> {
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            len => {
                self.rest.extend_from_slice(&buffer[..len]);
                Ok(())
            }
        }
    }

    /// What comes until the connection ends.
    pub(crate) fn until_end(mut self) -> String {
        while self.more().is_ok() {}
        String::from_utf8_lossy(&self.rest).into_owned()
    }
}

/// The head of a post, with one more line.
pub(crate) fn head(line: &str) -> String {
    format!("POST /k8s-audit HTTP/1.1\r\nhost: webhook\r\ncontent-type: application/json\r\n{line}\r\n\r\n")
}

/// An audit event of about the size that they have.
pub(crate) fn event(id: &str) -> Json {
    json!({
        "kind": "Event", "auditID": id, "stage": "ResponseComplete", "verb": "get",
        "stageTimestamp": "2026-01-02T03:04:05.678901Z", "requestURI": format!("/api/v1/namespaces/default/pods/{id}"),
        "user": {"username": format!("user of {id}"), "groups": ["system:authenticated"]},
        "objectRef": {"resource": "pods", "namespace": "default", "name": id},
        "userAgent": "x".repeat(500),
    })
}
