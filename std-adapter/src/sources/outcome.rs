// SPDX-License-Identifier: Apache-2.0
//! What becomes of events that are pushed: [`Taken`], [`PushError`], [`Counts`].

use std::error::Error;
use std::fmt;

use falconet::batch::TooLarge;

/// What became of an event, or of the worst one of a group.
///
/// ```
/// use falconet_std::sources::Taken;
/// assert!(Taken::Whole < Taken::Dropped);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Taken {
    /// It will be delivered.
    Whole,
    /// It will be delivered, cut to the largest payload ([`Oversized::Truncate`](falconet::batch::Oversized::Truncate)).
    Truncated,
    /// It is left out, because it can never fit ([`Oversized::Skip`](falconet::batch::Oversized::Skip)).
    Skipped,
    /// It is left out, because there was no room ([`Overflow::Drop`](super::Overflow::Drop)).
    Dropped,
}

/// Why nothing was pushed.
///
/// ```
/// use falconet_std::sources::PushError;
/// /// What a web server answers.
/// fn status(error: &PushError) -> u16 {
///     match error {
///         PushError::Full => 429,
///         PushError::TooLarge(_) | PushError::TooMany { .. } => 413,
///         _ => 503,
///     }
/// }
/// assert_eq!(status(&PushError::Full), 429);
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum PushError {
    /// The host has closed the stream, or it was finished or has failed.
    Closed,
    /// There is no room at the moment.
    Full,
    /// A payload is larger than any batch ([`Oversized::Fail`](falconet::batch::Oversized::Fail)).
    TooLarge(TooLarge),
    /// A group needs more batches than there are.
    TooMany {
        /// Events of the group.
        events: u64,
        /// Batches of the stream, one of which the host has.
        batches: usize,
    },
    /// What the function returned that was to write the payload.
    Write(Box<dyn Error + Send + Sync>),
}

impl fmt::Display for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the stream of events is closed"),
            Self::Full => f.write_str("the queue of events is full"),
            Self::TooLarge(error) => error.fmt(f),
            Self::TooMany { events, batches } => {
                write!(f, "a group of {events} events can never fit into {batches} batches")
            }
            Self::Write(_) => f.write_str("writing an event"),
        }
    }
}

impl Error for PushError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Write(error) => Some(&**error),
            _ => None,
        }
    }
}

/// What became of all events of a stream so far.
///
/// ```
/// use falconet_std::sources::Counts;
/// assert_eq!(Counts::default().taken, 0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Taken, to be delivered.
    pub taken: u64,
    /// Handed over to the host.
    pub delivered: u64,
    /// Of those taken, lost when the host closed.
    pub discarded: u64,
    /// Left out for want of room ([`Overflow::Drop`](super::Overflow::Drop)).
    pub dropped: u64,
    /// Refused for want of room: the producer was told.
    pub refused: u64,
    /// Left out because they can never fit.
    pub skipped: u64,
    /// Of those taken, cut because they can never fit.
    pub truncated: u64,
}
