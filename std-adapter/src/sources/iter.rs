// SPDX-License-Identifier: Apache-2.0
//! Events of an iterator: [`FromIter`].

use std::fmt;
use std::time::{Duration, Instant};

use falconet::batch::{Push, TooLarge};
use falconet::{Batch, Instance, Next, Plugin, Source, Timestamp};

use super::item::Item;

/// What an iterator gives is a batch after so long, also where it is not full.
const LONG: Duration = Duration::from_millis(20);

type Payload<I, E> = <<I as Iterator>::Item as Item<E>>::Payload;

/// An instance whose events are the [`Item`]s of an iterator: one that gives an event soon, or none at all.
///
/// An error among them ends the capture with its message, after what was before it. A payload larger than
/// [`Source::MAX_PAYLOAD`] is treated as [`Source::OVERSIZED`] says. The iterator's end is the stream's.
///
/// ```
/// use falconet_std::sources::FromIter;
/// use falconet_std::{Error, Info, Init, Plugin, Source, Timestamp};
/// use std::ffi::CStr;
///
/// struct Countdown;
/// impl Plugin for Countdown {
///     type Error = Error;
///     const INFO: Info = Info::new(c"countdown", c"0.1.0", c"numbers", c"you@example.org");
///     fn new(_: &Init<'_>) -> Result<Self, Error> {
///         Ok(Self)
///     }
/// }
/// impl Source for Countdown {
///     const ID: u32 = 999;
///     const EVENT_SOURCE: &'static CStr = c"countdown";
///     // An iterator with a name of its own needs no box.
///     type Instance = FromIter<Self, Box<dyn Iterator<Item = (Timestamp, String)> + Send>>;
///     fn open(&self, params: &CStr) -> Result<Self::Instance, Error> {
///         let from: u64 = params.to_str()?.parse()?;
///         let numbers = (0..from).rev().map(|n| (Timestamp::from_nanos(n), n.to_string()));
///         Ok(FromIter::new(Box::new(numbers)))
///     }
/// }
/// falconet_std::export!(Countdown: source);
/// ```
pub struct FromIter<P, I>
where
    P: Plugin,
    I: Iterator<Item: Item<P::Error>>,
{
    items: I,
    /// Did not fit into the batch before.
    kept: Option<(Timestamp, Payload<I, P::Error>)>,
}

impl<P, I> FromIter<P, I>
where
    P: Plugin,
    I: Iterator<Item: Item<P::Error>>,
{
    /// The events of this iterator.
    pub const fn new(items: I) -> Self {
        Self { items, kept: None }
    }

    /// Fills a batch, and says what comes after it: for an instance of the author's own around this one.
    ///
    /// # Errors
    /// The iterator's, or [`TooLarge`].
    pub fn next_batch(&mut self, batch: &mut Batch<'_>) -> Result<Next, P::Error>
    where
        P::Error: From<TooLarge>,
    {
        let (mut begun, mut asked, mut look) = (None, 0_u32, 1);
        loop {
            let (ts, payload) = match self.kept.take() {
                Some(kept) => kept,
                None => match self.items.next() {
                    Some(item) => item.event()?,
                    None => return Ok(Next::Eof),
                },
            };
            if batch.push(ts, payload.as_ref())? == Push::Full {
                self.kept = Some((ts, payload));
                return Ok(Next::More);
            }
            // The clock is asked after 1, 2, 4, .. events: the time is at most twice as long.
            asked += 1;
            if asked == look {
                look *= 2;
                let now = Instant::now();
                if now.duration_since(*begun.get_or_insert(now)) > LONG {
                    return Ok(Next::More);
                }
            }
        }
    }
}

impl<P, I> Instance for FromIter<P, I>
where
    P: Source<Instance = Self, Error: From<TooLarge>>,
    I: Iterator<Item: Item<P::Error>> + Send + 'static,
    Payload<I, P::Error>: Send,
{
    type Plugin = P;

    fn next_batch(&mut self, _: &P, batch: &mut Batch<'_>) -> Result<Next, <P as Plugin>::Error> {
        Self::next_batch(self, batch)
    }
}

impl<P, I> fmt::Debug for FromIter<P, I>
where
    P: Plugin,
    I: Iterator<Item: Item<P::Error>> + fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromIter").field("items", &self.items).finish_non_exhaustive()
    }
}
