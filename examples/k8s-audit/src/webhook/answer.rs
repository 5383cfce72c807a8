// SPDX-License-Identifier: Apache-2.0
//! Requests and their answers: see the table of [`webhook`](super).

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, EXPECT, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use hyper::{Method, Request, Response, StatusCode, Version};
use tokio::sync::watch;
use tokio::time::timeout;

use super::body::{self, BodyError, Received};
use super::state::State;
use crate::params::percent_decoded;
use crate::sink::{Accepted, Refused, Sink};

type Answer = Response<Full<Bytes>>;

const NOSNIFF: HeaderName = HeaderName::from_static("x-content-type-options");

/// Seconds after which a client may try again.
const RETRY: HeaderValue = HeaderValue::from_static("1");

/// Answers a request.
pub(super) async fn answer(
    request: Request<Incoming>,
    state: &Arc<State>,
    sink: impl Sink,
    stopped: &mut watch::Receiver<bool>,
) -> Answer {
    state.requests.fetch_add(1, Relaxed);
    let (head, mut body) = request.into_parts();
    let request = Request::from_parts(head, ());
    let old = request.version() < Version::HTTP_2;
    let expects = request.headers().contains_key(EXPECT);
    let stopping_now = *stopped.borrow();
    let refusal = refusal(&request, &state.path, stopping_now);
    // The head needs memory, and may have to wait for its body.
    drop(request);
    let (mut answer, is_received) = match refusal {
        Some(answer) => (answer, false),
        None => tokio::select! {
            biased;
            received = receive(&mut body, state) => match received {
                Ok(received) => (deliver(&received.bytes, state, &sink), true),
                Err(refused) => refused,
            },
            _ = stopped.wait_for(|&stopped| stopped) => (stopping(), true),
        },
    };
    // Who expects 100 has not begun to send. HTTP/2 could say that the rest is not wanted, but curl drops the answer then.
    if !is_received && !expects {
        tokio::select! {
            biased;
            () = body::drain(&mut body) => {}
            _ = stopped.wait_for(|&stopped| stopped) => {}
        }
    }
    if old && answer.status() == StatusCode::REQUEST_TIMEOUT {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    match answer.status() {
        StatusCode::TOO_MANY_REQUESTS => {
            state.full.fetch_add(1, Relaxed);
        }
        status if !status.is_success() => {
            state.refused.fetch_add(1, Relaxed);
        }
        _ => {}
    }
    answer
}

/// Receives a body; or the answer, and whether there is nothing more to receive of it.
async fn receive(body: &mut Incoming, state: &Arc<State>) -> Result<Received, (Answer, bool)> {
    let received = body::receive(body, state.max_body, state.room());
    match timeout(state.limits.body_time, received).await {
        Ok(Ok(received)) => Ok(received),
        Ok(Err(BodyError::TooLarge)) => {
            let text = "bad request: http: request body too large";
            state.warnings.warn(format_args!("webhook: refused a body of over {} bytes", state.max_body));
            Err((text_of(StatusCode::BAD_REQUEST, text), false))
        }
        Ok(Err(BodyError::NoRoom)) => Err((later(StatusCode::TOO_MANY_REQUESTS, "too many requests at a time"), false)),
        Ok(Err(BodyError::Broken(error))) => {
            Err((text_of(StatusCode::BAD_REQUEST, format_args!("bad request: {error}")), true))
        }
        Err(_) => Err((text_of(StatusCode::REQUEST_TIMEOUT, "the body did not come in time"), true)),
    }
}

/// The answer to what is refused before its body is received.
fn refusal(request: &Request<()>, path: &str, stopping_now: bool) -> Option<Answer> {
    if let Some(answer) = route(request, path) {
        return Some(answer);
    }
    if request.method() != Method::POST {
        let text = format_args!("{} method not allowed", request.method());
        let mut answer = text_of(StatusCode::METHOD_NOT_ALLOWED, text);
        answer.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        return Some(answer);
    }
    const JSON: &[u8] = b"application/json";
    let kind = request.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if !kind.windows(JSON.len()).any(|part| part == JSON) {
        return Some(text_of(StatusCode::BAD_REQUEST, "wrong Content Type"));
    }
    stopping_now.then(stopping)
}

/// The answer to another path; nothing for the right one.
fn route(request: &Request<()>, path: &str) -> Option<Answer> {
    let asked = percent_decoded(request.uri().path().as_bytes()).unwrap_or_default();
    let below = path.ends_with('/');
    if asked == path.as_bytes() || below && asked.starts_with(path.as_bytes()) {
        return None;
    }
    if below && Some(asked.as_slice()) == path.as_bytes().strip_suffix(b"/") {
        let uri = request.uri();
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        if let Ok(location) = HeaderValue::try_from(format!("{}/{query}", uri.path())) {
            let mut answer = Response::new(Full::default());
            *answer.status_mut() = StatusCode::MOVED_PERMANENTLY;
            answer.headers_mut().insert(LOCATION, location);
            return Some(answer);
        }
    }
    Some(text_of(StatusCode::NOT_FOUND, "404 page not found"))
}

/// Hands a body over.
fn deliver(bytes: &[u8], state: &State, sink: &impl Sink) -> Answer {
    let outcome = match bytes.is_empty() {
        true => Err(Refused::NotJson("the body is empty".into())),
        false => sink.deliver(bytes),
    };
    if let Err(why @ (Refused::NotJson(_) | Refused::NotAudit(_) | Refused::TooLarge { .. })) = &outcome {
        state.warnings.warn(format_args!("webhook: refused a body: {why}"));
    }
    match outcome {
        Ok(Accepted { queued, left_out }) => {
            state.events.fetch_add(queued as u64, Relaxed);
            state.left_out.fetch_add(left_out as u64, Relaxed);
            match left_out {
                0 => Response::new(Full::default()),
                _ => text_of(
                    StatusCode::ACCEPTED,
                    format_args!("{queued} queued, {left_out} left out: no events, or too large"),
                ),
            }
        }
        Err(Refused::Full) => later(StatusCode::TOO_MANY_REQUESTS, Refused::Full),
        Err(Refused::Stopping) => stopping(),
        Err(error @ Refused::TooLarge { .. }) => text_of(StatusCode::PAYLOAD_TOO_LARGE, error),
        Err(error @ (Refused::NotJson(_) | Refused::NotAudit(_))) => {
            text_of(StatusCode::BAD_REQUEST, format_args!("bad request: {error}"))
        }
    }
}

fn stopping() -> Answer {
    later(StatusCode::SERVICE_UNAVAILABLE, Refused::Stopping)
}

/// For what may be sent again.
fn later(status: StatusCode, why: impl Display) -> Answer {
    let mut answer = text_of(status, why);
    answer.headers_mut().insert(RETRY_AFTER, RETRY);
    answer
}

/// An answer as Go's `http.Error` makes it.
fn text_of(status: StatusCode, text: impl Display) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(format!("{text}\n"))));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer.headers_mut().insert(NOSNIFF, HeaderValue::from_static("nosniff"));
    answer
}
