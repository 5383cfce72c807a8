// SPDX-License-Identifier: Apache-2.0
//! Where the webhook puts the bodies that it receives.

use std::borrow::Cow;

/// Takes a body that was received: parses it, and queues the events that are in it.
///
/// A call must not wait: the thread of the webhook serves all its connections. A sink whose queue has no room says
/// [`Refused::Full`], and the client sends the body again.
pub trait Sink: Clone + Send + 'static {
    /// Takes a body, which is not empty.
    ///
    /// # Errors
    /// [`Refused`], and then nothing of it is queued: whoever sent it may send it again, and no event comes twice.
    fn deliver(&self, payload: &[u8]) -> Result<Accepted, Refused>;
}

/// What became of a payload that was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Events that are in the queue now.
    pub queued: usize,
    /// Items of a list that can never be events (no time, too large), beside those that are queued or an empty list. A
    /// payload with nothing but such items is [`Refused`].
    pub left_out: usize,
}

/// Why nothing of a payload was taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// It does not parse; why.
    #[error("not JSON: {0}")]
    NotJson(Cow<'static, str>),
    /// It is JSON, but no audit event; why.
    #[error("not an audit event: {0}")]
    NotAudit(Cow<'static, str>),
    /// It has one event, or several, larger than `maxEventSize`.
    #[error("an event of {size} bytes, maxEventSize is {limit}")]
    TooLarge {
        /// Bytes of the event as it would be queued.
        size: usize,
        /// Bytes that it may have.
        limit: usize,
    },
    /// The queue has no room at the moment.
    #[error("the queue of events is full")]
    Full,
    /// Nobody takes events any more.
    #[error("the plugin is stopping")]
    Stopping,
}
