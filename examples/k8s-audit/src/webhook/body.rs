// SPDX-License-Identifier: Apache-2.0
//! The body of a request, received within limits of size, memory and time.

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};
use std::time::Duration;

use super::state::Room;

/// Bytes and time that are spent on what is left of a body that was refused, so that the client is done with sending
/// when the answer comes: else the end of the connection could overtake the answer.
const DRAIN: (usize, Duration) = (32 << 20, Duration::from_secs(2));

/// Why a body was not received.
#[derive(Debug)]
pub(super) enum BodyError {
    /// It has more bytes than it may have.
    TooLarge,
    /// The bodies of all requests have all memory there is.
    NoRoom,
    /// What came is not what HTTP says, or the connection ended.
    Broken(String),
}

/// A whole body.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) bytes: Vec<u8>,
    _room: Room,
}

/// Receives a body of at most `max` bytes.
pub(super) async fn receive<B>(body: &mut B, max: usize, mut room: Room) -> Result<Received, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    if body.size_hint().lower() > max as u64 {
        return Err(BodyError::TooLarge);
    }
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| BodyError::Broken(error.to_string()))?;
        let Ok(data) = frame.into_data() else { continue };
        let needed = bytes.len().saturating_add(data.len());
        if needed > max {
            return Err(BodyError::TooLarge);
        }
        if needed > bytes.capacity() {
            let capacity = needed.max(bytes.capacity() * 2).min(max);
            if !room.take(capacity - bytes.capacity()) {
                return Err(BodyError::NoRoom);
            }
            bytes.reserve_exact(capacity - bytes.len());
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Received { bytes, _room: room })
}

/// Receives what is left of a body for nothing, within limits.
pub(super) async fn drain<B: Body<Data = Bytes> + Unpin>(body: &mut B) {
    let (most, time) = DRAIN;
    let all = async {
        let mut seen = 0_usize;
        while seen < most
            && let Some(Ok(frame)) = body.frame().await
        {
            seen += frame.data_ref().map_or(0, Bytes::len);
        }
    };
    // Whether it ends or not, the answer is sent.
    let _in_time = tokio::time::timeout(time, all).await;
}
