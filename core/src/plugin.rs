// SPDX-License-Identifier: Apache-2.0
//! What an author implements: [`Plugin`] always, [`Source`] with an [`Instance`] or [`NextEvent`] to source events.
//!
//! Extraction has its own module, [`extract`](crate::extract). All of it is safe code; the C shell around it is
//! [`export!`](crate::export!)'s.

use core::ffi::CStr;
use core::fmt;

use crate::batch::{Batch, Oversized};
use crate::error::{Error, Message, Report};
use crate::event::{Event, Timestamp};
use crate::log::{Counters, Log, Shared};
use crate::view::WriteView;

/// A plugin: who it is, and how its state is made.
///
/// The value is what `plugin_init` makes and `plugin_destroy` drops. A process may hold several at once, each with its
/// own host, so nothing of a plugin is global, and [`new`](Plugin::new) has no effect outside (rule 11.2).
///
/// ```
/// use falconet::{Error, Info, Init, Plugin};
/// struct Demo { payload: u32 }
/// impl Plugin for Demo {
///     type Error = Error;
///     const INFO: Info = Info::new(c"demo", c"0.1.0", c"a demo", c"you@example.org");
///     fn new(init: &Init<'_>) -> Result<Self, Error> {
///         let payload = init.config_str()?.parse().map_err(|_| "the config is the payload size in bytes, like 64")?;
///         Ok(Self { payload })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a plugin",
    note = "write `impl falconet::Plugin for {Self}`: its `Info`, its error type, and `new`"
)]
pub trait Plugin: Sized + Send + Sync + 'static {
    /// What goes wrong in it; [`falconet::Error`](Error) is a static text with numbers.
    type Error: Report;

    /// Who it is.
    const INFO: Info;

    /// Makes the state from the host's init input.
    ///
    /// # Errors
    /// The host shows the message and does not go on with this plugin.
    fn new(init: &Init<'_>) -> Result<Self, Self::Error>;
}

/// Who a plugin is. A mistake in it is a compile error.
///
/// ```
/// use falconet::Info;
/// const INFO: Info = Info::new(c"demo", c"0.1.0", c"a demo", c"you@example.org");
/// assert_eq!(INFO.name(), c"demo");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    name: &'static CStr,
    version: &'static CStr,
    description: &'static CStr,
    contact: &'static CStr,
}

impl Info {
    /// The plugin's name (unique in a host), its version `major.minor.patch`, what it does, whom to ask.
    #[must_use]
    #[expect(clippy::panic, reason = "evaluated at compile time: a panic is a compile error")]
    pub const fn new(
        name: &'static CStr,
        version: &'static CStr,
        description: &'static CStr,
        contact: &'static CStr,
    ) -> Self {
        if name.is_empty() || description.is_empty() || contact.is_empty() {
            panic!("a plugin has a name, a description and a contact");
        }
        if !is_version(version.to_bytes()) {
            panic!("a plugin's version is three numbers, like 0.1.0");
        }
        Self { name, version, description, contact }
    }

    /// The plugin's name.
    #[must_use]
    pub const fn name(&self) -> &'static CStr {
        self.name
    }

    /// Its version, `major.minor.patch`.
    #[must_use]
    pub const fn version(&self) -> &'static CStr {
        self.version
    }

    /// What it does.
    #[must_use]
    pub const fn description(&self) -> &'static CStr {
        self.description
    }

    /// Whom to ask.
    #[must_use]
    pub const fn contact(&self) -> &'static CStr {
        self.contact
    }
}

const fn is_version(text: &[u8]) -> bool {
    let mut dots = 0;
    let mut digits = 0;
    let mut rest = text;
    while let [byte, more @ ..] = rest {
        match *byte {
            b'0'..=b'9' => digits += 1,
            b'.' if digits > 0 => {
                dots += 1;
                digits = 0;
            }
            _ => return false,
        }
        rest = more;
    }
    dots == 2 && digits > 0
}

/// What the host gives a plugin at init. It lives as long as the call: copy what is kept (rule 1.10).
///
/// ```
/// use falconet::{Error, Init};
/// fn path(init: &Init<'_>) -> Result<bool, Error> {
///     init.log().info("reading the config");
///     Ok(init.config_str()?.starts_with('/'))
/// }
/// ```
pub struct Init<'a> {
    config: &'a CStr,
    shared: &'static Shared,
}

impl<'a> Init<'a> {
    pub(crate) const fn new(config: &'a CStr, shared: &'static Shared) -> Self {
        Self { config, shared }
    }

    /// The init config as the host passes it; empty where there is none.
    #[must_use]
    pub const fn config(&self) -> &'a CStr {
        self.config
    }

    /// The init config as text.
    ///
    /// # Errors
    /// Where it is no UTF-8; the number says from which byte on.
    pub fn config_str(&self) -> Result<&'a str, Error> {
        core::str::from_utf8(self.config.to_bytes()).map_err(|error| {
            Error::new("the init config is not UTF-8").with("valid up to byte", error.valid_up_to() as u64)
        })
    }

    /// The host's log, for this state: keep it, give it to threads.
    #[must_use]
    pub fn log(&self) -> Log {
        self.shared.log()
    }

    /// What this state counts: keep it, give it to threads.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared.counters()
    }
}

impl fmt::Debug for Init<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Init").field("config", &self.config).finish_non_exhaustive()
    }
}

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
    /// into `text`, which has room for [`EventText::CAPACITY`] bytes. A hot path.
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

/// The list of parameters that a user may open, as the JSON that the host reads.
///
/// ```
/// use falconet::{Error, OpenParams};
/// fn list(list: &mut OpenParams<'_>) -> Result<(), Error> {
///     list.add("/var/log/nginx/access.log", "nginx on Debian")
/// }
/// ```
#[derive(Debug)]
pub struct OpenParams<'a> {
    json: &'a mut Message<{ OpenParams::CAPACITY }>,
}

impl<'a> OpenParams<'a> {
    /// Bytes of the whole list as JSON.
    pub const CAPACITY: usize = 4096;

    pub(crate) fn new(json: &'a mut Message<{ OpenParams::CAPACITY }>) -> Self {
        json.clear();
        json.push_str("[");
        Self { json }
    }

    /// Adds a parameter and what it means.
    ///
    /// # Errors
    /// Where the value is empty (rule 4.12), or the list is longer than [`CAPACITY`](OpenParams::CAPACITY); the list is
    /// as it was before then.
    pub fn add(&mut self, value: &str, description: &str) -> Result<(), Error> {
        if value.is_empty() {
            return Err(Error::new("an open parameter in a list must not be empty"));
        }
        let first = self.json.as_bytes() == b"[";
        let before = self.json.as_bytes().len();
        let whole = self.json.push_str(if first { "{\"value\":" } else { ",{\"value\":" })
            && push_json(self.json, value)
            && self.json.push_str(",\"desc\":")
            && push_json(self.json, description)
            && self.json.push_str("}");
        // Room is left for the bracket at the end.
        if whole && self.json.as_bytes().len() + 1 < Self::CAPACITY {
            return Ok(());
        }
        self.json.truncate(before);
        Err(Error::new("the list of open parameters is too long").with("bytes", Self::CAPACITY as u64))
    }

    pub(crate) fn end(self) -> bool {
        self.json.push_str("]")
    }
}

/// Appends `text` as a JSON string; whether it fits.
fn push_json<const N: usize>(json: &mut Message<N>, text: &str) -> bool {
    const HEX: &str = "0123456789abcdef";
    let mut whole = json.push_str("\"");
    for c in text.chars() {
        whole = whole
            && match c {
                '"' => json.push_str("\\\""),
                '\\' => json.push_str("\\\\"),
                '\0'..'\x20' => {
                    let (high, low) = (c as usize >> 4, c as usize & 15);
                    json.push_str("\\u00")
                        && json.push_str(HEX.get(high..=high).unwrap_or("0"))
                        && json.push_str(HEX.get(low..=low).unwrap_or("0"))
                }
                c => json.push_str(c.encode_utf8(&mut [0; 4])),
            };
    }
    whole && json.push_str("\"")
}

/// Room for an event's text that does not stand in the event: see [`Source::event_to_string`].
#[derive(Debug)]
pub struct TextRoom<'t> {
    text: &'t mut Message<{ EventText::CAPACITY }>,
}

/// An event's text for the host, made by [`EventText::from_event`] or [`TextRoom`].
///
/// ```
/// use falconet::{Event, EventText, TextRoom};
/// /// A payload that ends in a NUL is its own text; another one is copied.
/// fn text<'e>(event: &Event<'e>, room: TextRoom<'_>) -> Option<EventText<'e>> {
///     EventText::from_event(event, 0).or_else(|| Some(room.copy(event.payload())))
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct EventText<'e>(pub(crate) Where<'e>);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Where<'e> {
    /// These bytes hold a NUL.
    Event(&'e [u8]),
    Room,
}

impl<'e> EventText<'e> {
    /// Bytes of a text that does not stand in the event, its NUL included.
    pub const CAPACITY: usize = 4096;

    /// The text that stands in a plugin event's payload from byte `start` up to a NUL, by pointer; `None` where the
    /// payload's last byte is not NUL.
    #[must_use]
    #[inline]
    pub fn from_event(event: &Event<'e>, start: usize) -> Option<Self> {
        let text = event.terminated(start.checked_add(crate::event::PAYLOAD_OFFSET)?)?;
        Some(Self(Where::Event(text)))
    }
}

impl TextRoom<'_> {
    pub(crate) fn new(text: &mut Message<{ EventText::CAPACITY }>) -> TextRoom<'_> {
        TextRoom { text }
    }

    /// Copies a text; what is longer than the room is cut, and a NUL becomes `?`.
    #[must_use]
    pub fn copy<'e>(self, text: &[u8]) -> EventText<'e> {
        self.text.clear();
        self.text.push_bytes(text);
        EventText(Where::Room)
    }

    /// Writes a formatted text; what is longer than the room is cut.
    #[must_use]
    pub fn write<'e>(self, text: fmt::Arguments<'_>) -> EventText<'e> {
        self.text.clear();
        let _cut_is_fine = fmt::Write::write_fmt(self.text, text);
        EventText(Where::Room)
    }
}

/// A time as an instance has it, for [`Claim::commit`](crate::Claim::commit).
impl From<u64> for Timestamp {
    fn from(nanos: u64) -> Self {
        Self::from_nanos(nanos)
    }
}
