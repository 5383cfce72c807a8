// SPDX-License-Identifier: Apache-2.0
//! Sourcing: [`Source`], whose streams are an [`Instance`] each, or a [`NextEvent`].

use core::ffi::CStr;

use crate::batch::{Batch, Oversized};
use crate::event::{Event, Timestamp};
use crate::plugin::Plugin;
use crate::text::{EventText, OpenParams, TextRoom};
use crate::view::WriteView;

/// A plugin that sources events.
///
/// ```
/// use core::ffi::CStr;
/// use falconet::{Error, Info, Init, NextEvent, One, Plugin, Source, Timestamp, view::WriteView};
///
/// struct Ticks;
/// impl Plugin for Ticks {
///     type Error = Error;
///     const INFO: Info = Info::new(c"ticks", c"0.1.0", c"ten ticks", c"you@example.org");
///     fn new(_: &Init<'_>) -> Result<Self, Error> {
///         Ok(Self)
///     }
/// }
/// impl Source for Ticks {
///     const ID: u32 = 999;
///     const EVENT_SOURCE: &'static CStr = c"ticks";
///     type Instance = Tick;
///     fn open(&self, _params: &CStr) -> Result<Tick, Error> {
///         Ok(Tick(0))
///     }
/// }
///
/// struct Tick(u8);
/// impl NextEvent for Tick {
///     type Plugin = Ticks;
///     fn next(&mut self, _: &Ticks, payload: &mut WriteView<'_>) -> Result<One, Error> {
///         if self.0 == 10 {
///             return Ok(One::Eof);
///         }
///         self.0 += 1;
///         payload.write_all(&[self.0])?;
///         Ok(One::Event(Timestamp::HOST))
///     }
/// }
/// falconet::export!(Ticks: source);
/// ```
#[diagnostic::on_unimplemented(
    message = "the capability `source` needs `impl falconet::Source for {Self}`",
    label = "does not source events",
    note = "write `impl falconet::Source for {Self}`, or leave `source` out of `export!`"
)]
pub trait Source: Plugin {
    /// The plugin's id, as registered with the Falco project; 999 is for development (rule 1.6). 0 with an empty
    /// [`EVENT_SOURCE`](Source::EVENT_SOURCE): no source of its own.
    const ID: u32;

    /// The name of the event source.
    const EVENT_SOURCE: &'static CStr;

    /// Events that a batch holds at most.
    const BATCH_EVENTS: usize = 128;

    /// Bytes of a batch: payloads, 38 bytes for each event, and up to 7 for alignment.
    const BATCH_BYTES: usize = 128 * 1024;

    /// Bytes of the largest payload. A batch is handed over when less is left in it.
    const MAX_PAYLOAD: usize = 16 * 1024;

    /// Bytes of the longest text that [`event_to_string`](Source::event_to_string) makes, its NUL included. A text that
    /// stands in the event needs none of them.
    const TEXT_BYTES: usize = 4096;

    /// What [`Batch::push`] does with a payload larger than [`MAX_PAYLOAD`](Source::MAX_PAYLOAD). An author who writes
    /// payloads in place decides there: an error, [`Batch::skip`] or [`One::Skip`], or a commit of what fits.
    const OVERSIZED: Oversized = Oversized::Fail;

    /// An open stream of events.
    type Instance: Instance<Plugin = Self>;

    /// Opens a stream.
    ///
    /// # Errors
    /// The host shows the message, with the parameters that were given, and ends.
    fn open(&self, params: &CStr) -> Result<Self::Instance, Self::Error>;

    /// Lists parameters that a user may open; none unless the author says more.
    ///
    /// # Errors
    /// The host shows the message.
    fn open_params(&self, list: &mut OpenParams<'_>) -> Result<(), Self::Error> {
        let _none = list;
        Ok(())
    }

    /// An event of this source as one line of text; `None` for the host's own text.
    ///
    /// A text that stands in the event is handed over by pointer ([`EventText::from_event`]); another one is written
    /// into `text`, which has room for [`TEXT_BYTES`](Source::TEXT_BYTES). A hot path.
    fn event_to_string<'e>(&self, event: &Event<'e>, text: TextRoom<'_>) -> Option<EventText<'e>> {
        let _unused = (event, text);
        None
    }
}

/// An open stream of events that fills batches.
///
/// Implement this, or [`NextEvent`] for one event at a time.
#[diagnostic::on_unimplemented(
    message = "`{Self}` gives no events",
    label = "this is `Source::Instance`",
    note = "implement `falconet::Instance` (`next_batch`: fill a batch) or `falconet::NextEvent` (`next`: one event at a time)"
)]
pub trait Instance: Send + 'static {
    /// The plugin that opens it.
    type Plugin: Source<Instance = Self>;

    /// Fills a batch, and says what comes after it. What was committed is delivered in every case, an error included.
    ///
    /// A hot path. It should return within some 100 ms: the host's async events wait for it (rule 4.9).
    ///
    /// # Errors
    /// The host delivers the events and then ends the capture with the message.
    fn next_batch(
        &mut self,
        plugin: &Self::Plugin,
        batch: &mut Batch<'_>,
    ) -> Result<Next, <Self::Plugin as Plugin>::Error>;

    /// How far the stream has been read; `None` where nobody knows.
    fn progress(&self) -> Option<Progress> {
        None
    }
}

/// What comes after a batch.
///
/// ```
/// use falconet::Next;
/// assert_ne!(Next::Timeout, Next::Eof);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// More events, soon: the host calls again at once. With an empty batch it is a timeout (rule 4.4).
    More,
    /// Nothing at the moment: the host calls again.
    Timeout,
    /// The end. The host may call again, and is told so again without the instance (rule 4.6).
    Eof,
}

/// An open stream that gives one event at a time; batches are filled from it.
///
/// See [`Source`] for an example.
pub trait NextEvent: Send + 'static {
    /// The plugin that opens it.
    type Plugin: Source<Instance = Self>;

    /// Writes the next event's payload, with room for [`Source::MAX_PAYLOAD`] bytes, and gives its time.
    ///
    /// It is called until the batch is full, and nothing is delivered before: never wait in it behind an event. A stream
    /// that has no more events at the moment says so with [`One::Last`] or [`One::Timeout`], and may wait at the start of
    /// the next call, for some 100 ms at most (rule 4.9).
    ///
    /// # Errors
    /// The host delivers the events before it and then ends the capture with the message.
    fn next(
        &mut self,
        plugin: &Self::Plugin,
        payload: &mut WriteView<'_>,
    ) -> Result<One, <Self::Plugin as Plugin>::Error>;

    /// How far the stream has been read; `None` where nobody knows.
    fn progress(&self) -> Option<Progress> {
        None
    }
}

/// What [`NextEvent::next`] did.
///
/// ```
/// use falconet::{One, Timestamp};
/// let one = One::Event(Timestamp::HOST);
/// assert_ne!(one, One::Skip);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum One {
    /// The payload is an event of this time.
    Event(Timestamp),
    /// The payload is an event of this time, and the last one at the moment: the batch is handed over.
    Last(Timestamp),
    /// The payload is none: it is left out and counted, and the next one asked for.
    Skip,
    /// Nothing at the moment; what was written is dropped.
    Timeout,
    /// The end; what was written is dropped.
    Eof,
}

#[diagnostic::do_not_recommend]
impl<T: NextEvent> Instance for T {
    type Plugin = <T as NextEvent>::Plugin;

    #[inline]
    fn next_batch(
        &mut self,
        plugin: &Self::Plugin,
        batch: &mut Batch<'_>,
    ) -> Result<Next, <Self::Plugin as Plugin>::Error> {
        while let Some(mut event) = batch.claim() {
            match self.next(plugin, event.payload())? {
                One::Event(ts) => event.commit(ts),
                One::Last(ts) => {
                    event.commit(ts);
                    return Ok(Next::More);
                }
                One::Timeout => return Ok(Next::Timeout),
                One::Eof => return Ok(Next::Eof),
                One::Skip => batch.skip(),
            }
        }
        Ok(Next::More)
    }

    fn progress(&self) -> Option<Progress> {
        NextEvent::progress(self)
    }
}

/// How far a stream has been read, in hundredths of a percent.
///
/// ```
/// use falconet::Progress;
/// assert_eq!(Progress::of(1, 3).hundredths(), 3333);
/// assert_eq!(Progress::of(5, 0).hundredths(), 10_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Progress(u32);

impl Progress {
    /// `done` of `all`; more than all counts as all, and of nothing everything is done.
    #[must_use]
    pub fn of(done: u64, all: u64) -> Self {
        if done >= all {
            return Self(10_000);
        }
        // Both are scaled down where the product would leave 64 bits.
        let down = if all > u64::MAX / 10_000 { 14 } else { 0 };
        Self(u32::try_from((done >> down) * 10_000 / (all >> down)).unwrap_or(10_000))
    }

    /// From 0 to 10,000.
    #[must_use]
    pub const fn hundredths(self) -> u32 {
        self.0
    }
}
