// SPDX-License-Identifier: Apache-2.0
//! The webhook: a web server that an API server sends its audit events to.
//!
//! # Answers
//! | request, checked in this order | answer |
//! | --- | --- |
//! | another path | 404 |
//! | the path without the `/` at its end, if it has one (it takes all paths below it) | 301 |
//! | another method than POST | 405 |
//! | a Content-Type without `application/json` in it | 400 |
//! | the plugin is stopping | 503, Retry-After |
//! | a body over `webhookMaxBatchSize`, declared or not | 400 |
//! | more bytes in bodies of all connections than [`Limits::body_bytes`] | 429, Retry-After |
//! | a body that has not come within [`Limits::body_time`] | 408 |
//! | an empty body, no JSON, no audit event | 400 |
//! | nothing but events over `maxEventSize` | 413 |
//! | the queue is full | 429, Retry-After |
//! | all events of the body are in the queue | 200, empty |
//! | its events are in the queue, but items of its list can never be events | 202, with how many |
//!
//! The official plugin answers 200 before it parses, whatever becomes of the events. Here a success says that they are in
//! the queue, and a refusal that none of them is.
//!
//! # What an API server does with them
//! A `kube-apiserver` sends a batch again after *any* answer that is no success, four times (`--audit-webhook-initial-backoff`
//! after the first, 10 s by default, then half as much more each time), and drops it then, which it logs and counts in
//! `apiserver_audit_error_total`. With 429 or 5xx and `Retry-After` it also tries ten times within each of those. So
//! - what can be taken later is 429 or 503 with `Retry-After`: nothing is lost while a queue is full for some minutes;
//! - what can never be taken is 400 or 413: it comes five times, in vain, and shows up in the log of both sides;
//! - a body of which some events are queued has to be a success, or those would come several times.
//!
//! # Limits
//! See [`Limits`]. With the defaults, what clients can make it hold at most is 48 MiB of bodies, and for each of 128
//! connections 64 KiB of a head, 512 KiB of HTTP/2 data that waits, and the state of 100 requests: some 170 MiB. Where
//! there are as many connections as may be, those are closed that have been idle for a second, and new ones wait in the
//! system's queue.
//!
//! # Its thread
//! One thread of the name `k8saudit:PORT` has all connections, and calls the sink. Dropping the [`Webhook`] closes idle
//! connections, answers 503 to requests that are under way, cuts what is left after [`Limits::grace`], and waits for the
//! thread's end.

mod answer;
mod body;
mod connection;
mod listen;
mod state;
mod tls;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use falconet_std::logging;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::watch;

use crate::config::Config;
use crate::params::Endpoint;
use crate::sink::Sink;
use state::State;

pub use state::Counts;

/// What clients can make a webhook use.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Connections at a time.
    pub connections: usize,
    /// Requests at a time on one HTTP/2 connection. Clients begin with up to 100 before they know of a lower limit.
    pub streams: u32,
    /// Bytes of the head of a request, about: 431 or the end of the connection beyond.
    pub head_bytes: u32,
    /// Bytes of memory for bodies that are being received, of all connections; at least one body of the largest size
    /// has room.
    pub body_bytes: usize,
    /// Time for a body to come.
    pub body_time: Duration,
    /// Time for a TLS handshake.
    pub handshake_time: Duration,
    /// Time without a request after which a connection is closed. API servers close theirs after 90 s.
    pub idle_time: Duration,
    /// Time for answers to be sent when the webhook is dropped.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 128,
            streams: 100,
            head_bytes: 64 << 10,
            body_bytes: 48 << 20,
            body_time: Duration::from_secs(30),
            handshake_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(120),
            grace: Duration::from_secs(1),
        }
    }
}

/// A web server that takes audit events, until it is dropped.
pub struct Webhook {
    address: SocketAddr,
    state: Arc<State>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Webhook {
    /// Starts to listen. Events go to the sink from now on.
    ///
    /// # Errors
    /// [`WebhookError`]: the address cannot be listened at, or the certificate of an `https` address is not usable.
    pub fn bind<S: Sink>(endpoint: &Endpoint, config: &Config, limits: Limits, sink: S) -> Result<Self, WebhookError> {
        let tls = match endpoint.tls {
            true => Some(tls::acceptor(&config.ssl_certificate)?),
            false => None,
        };
        let runtime = Builder::new_current_thread().enable_io().enable_time().build().map_err(WebhookError::Thread)?;
        let no_listener = |reason| WebhookError::Listen { host: endpoint.host.clone(), port: endpoint.port, reason };
        let listener = listen::bind(&endpoint.host, endpoint.port).map_err(no_listener)?;
        let address = listener.local_addr().map_err(no_listener)?;
        let listener = {
            let _context = runtime.enter();
            TcpListener::from_std(listener).map_err(no_listener)?
        };
        let state = Arc::new(State::new(endpoint.path.clone(), config, limits));
        let (stop, stopped) = watch::channel(false);
        let server = connection::Server { state: Arc::clone(&state), sink, tls, stopped };
        let log = logging::current();
        let thread = thread::Builder::new()
            .name(format!("k8saudit:{}", address.port()))
            .spawn(move || {
                // What it warns of is told to the host that opens it.
                log.into_iter().for_each(logging::adopt);
                runtime.block_on(connection::serve(listener, server));
                // Ends what is left of HTTP/2 requests, here and not in a thread of tokio.
                drop(runtime);
            })
            .map_err(WebhookError::Thread)?;
        Ok(Self { address, state, stop, thread: Some(thread) })
    }

    /// Where it listens: with the port that was free, if none was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What has happened so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.state.counts()
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic was reported when it happened.
            let _panicked = thread.join();
        }
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.debug_struct("Webhook").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Why a webhook cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// The address is in use, not one of this machine, or not allowed.
    #[error("cannot listen on {}{host}{}:{port}: {reason}", open(host), close(host))]
    Listen {
        /// As it was asked for; empty for all addresses.
        host: String,
        /// As it was asked for.
        port: u16,
        /// What the system says.
        reason: io::Error,
    },
    /// The file of the certificate and its key cannot be used.
    #[error("cannot use sslCertificate {}: {reason}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The system has no thread, or no file descriptors, for it.
    #[error("cannot start the thread of the webhook: {0}")]
    Thread(io::Error),
}

fn open(host: &str) -> &'static str {
    if host.contains(':') { "[" } else { "" }
}

fn close(host: &str) -> &'static str {
    if host.contains(':') { "]" } else { "" }
}

#[cfg(test)]
mod tests;
