// SPDX-License-Identifier: Apache-2.0
//! Connections: accepting, TLS, serving requests, closing those that are idle.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::answer::answer;
use super::state::{Activity, State};
use super::tls;
use crate::sink::Sink;

/// How long a connection has to be idle to be closed when there are too many.
const IDLE: Duration = Duration::from_secs(1);

/// Pause after the system could not accept a connection: it has no file descriptors, for example.
const FAILED: Duration = Duration::from_millis(100);

/// Time to tell a client why it is refused, and for the last words of an idle connection.
const PARTING: Duration = Duration::from_millis(200);

/// Bytes that an HTTP/2 client may send before they are taken: of one request, and of all of a connection.
const WINDOWS: (u32, u32) = (256 << 10, 512 << 10);

/// What connections are served with.
#[derive(Clone)]
pub(super) struct Server<S> {
    pub(super) state: Arc<State>,
    pub(super) sink: S,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) stopped: watch::Receiver<bool>,
}

/// Accepts connections until it is stopped.
pub(super) async fn serve<S: Sink>(listener: TcpListener, server: Server<S>) {
    let limits = &server.state.limits;
    let mut stopped = server.stopped.clone();
    let (crowd, crowded) = watch::channel(());
    let mut connections = JoinSet::new();
    loop {
        let is_crowded = connections.len() >= limits.connections;
        if is_crowded {
            crowd.send_replace(());
        }
        tokio::select! {
            _ = stopped.wait_for(|&stopped| stopped) => break,
            _ended = connections.join_next(), if !connections.is_empty() => {}
            // Some may have become idle for long enough.
            () = sleep(IDLE / 4), if is_crowded => {}
            accepted = listener.accept(), if !is_crowded => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, server.clone(), crowded.clone()));
                }
                Err(error) => {
                    server.state.warnings.warn(format_args!("webhook: cannot accept a connection: {error}"));
                    sleep(FAILED).await;
                }
            },
        }
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    let _in_time = timeout(limits.grace, ended).await;
    connections.shutdown().await;
}

/// Serves a connection to its end.
async fn connection<S: Sink>(stream: TcpStream, mut server: Server<S>, crowded: watch::Receiver<()>) {
    // Answers are small and not to wait for more; without this they only come later.
    let _delayed = stream.set_nodelay(true);
    let Some(tls) = server.tls.take() else {
        return requests(stream, server, crowded).await;
    };
    let mut stopped = server.stopped.clone();
    let secured = tokio::select! {
        secured = timeout(server.state.limits.handshake_time, handshake(stream, tls)) => secured,
        _ = stopped.wait_for(|&stopped| stopped) => return,
    };
    match secured {
        Ok(Ok(Some(stream))) => requests(stream, server, crowded).await,
        Ok(Ok(None)) | Err(_) => {}
        Ok(Err(error)) => server.state.warnings.warn(format_args!("webhook: no TLS with a client: {error}")),
    }
}

/// TLS; or nothing, after telling a client that it was expected.
async fn handshake(
    mut stream: TcpStream,
    tls: TlsAcceptor,
) -> io::Result<Option<tokio_rustls::server::TlsStream<TcpStream>>> {
    let mut first = [0];
    match stream.peek(&mut first).await? {
        0 => return Ok(None),
        _ if first == [tls::HANDSHAKE] => return tls.accept(stream).await.map(Some),
        _ => {}
    }
    stream.write_all(tls::NOT_TLS).await?;
    stream.shutdown().await?;
    // The end of the connection must not overtake the answer.
    let mut rest = [0; 4096];
    let all = async { while stream.read(&mut rest).await.is_ok_and(|len| len > 0) {} };
    let _in_time = timeout(PARTING, all).await;
    Ok(None)
}

/// Serves the requests of a connection, HTTP/1 or HTTP/2.
async fn requests<S: Sink>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    server: Server<S>,
    mut crowded: watch::Receiver<()>,
) {
    let Server { state, sink, tls: _, mut stopped } = server;
    let limits = state.limits.clone();
    let builder = builder(&state);
    let activity = Activity::new();
    let service = {
        let (activity, stopped) = (Arc::clone(&activity), stopped.clone());
        service_fn(move |request| {
            let (state, sink, mut stopped) = (Arc::clone(&state), sink.clone(), stopped.clone());
            let busy = activity.request();
            async move {
                let answer = answer(request, &state, sink, &mut stopped).await;
                drop(busy);
                Ok::<_, Infallible>(answer)
            }
        })
    };
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut closing: Option<Instant> = None;
    crowded.mark_unchanged();
    loop {
        let most = if closing.is_some() { PARTING } else { limits.idle_time };
        // Since the end of the last request, or since it was told to close if that is later.
        let quiet = || activity.idle().map(|idle| closing.map_or(idle, |since| idle.min(since.elapsed())));
        let wait = most.saturating_sub(quiet().unwrap_or_default());
        let close = tokio::select! {
            // An error is the client's: there is nobody to tell.
            _ended = connection.as_mut() => return,
            _ = stopped.wait_for(|&stopped| stopped), if closing.is_none() => true,
            Ok(()) = crowded.changed(), if closing.is_none() => quiet().is_some_and(|quiet| quiet >= IDLE),
            () = sleep(wait) => quiet().is_some_and(|quiet| quiet >= most),
        };
        match close {
            true if closing.is_some() => return,
            true => {
                // Idle HTTP/1 ends with it; HTTP/2 says that this was the last request.
                closing = Some(Instant::now());
                connection.as_mut().graceful_shutdown();
            }
            false => {}
        }
    }
}

fn builder(state: &State) -> Builder<TokioExecutor> {
    let limits = &state.limits;
    let mut builder = Builder::new(TokioExecutor::new());
    // Idle connections are closed here, so there is no timer of hyper's for heads.
    builder
        .http1()
        .half_close(true)
        .header_read_timeout(None)
        .max_buf_size(usize::try_from(limits.head_bytes).unwrap_or(usize::MAX).max(8 << 10));
    let (of_stream, of_connection) = WINDOWS;
    builder
        .http2()
        .timer(TokioTimer::new())
        .initial_stream_window_size(of_stream)
        .initial_connection_window_size(of_connection)
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(limits.head_bytes);
    builder
}
