// SPDX-License-Identifier: Apache-2.0
//! Async events: those that a plugin puts into a capture by itself, from any thread, beside the open source's.
//!
//! [`AsyncEvents`] declares them and gets an [`Emitter`] when a capture begins; [`DumpState`] writes the plugin's state
//! into a capture file. An event is encoded in a buffer of fixed size, of which the host takes a copy; nothing here
//! allocates or waits.
#![expect(unsafe_code, reason = "the handler is a C function of the host")]

use core::ffi::{c_char, c_void};
use core::fmt;
use core::marker::PhantomData;
use core::mem::MaybeUninit;

use crate::abi;
use crate::error::{Error, Message, Report};
use crate::event::{Timestamp, async_prefix_len, write_async_prefix};

use crate::gate::Gate;
use crate::plugin::Plugin;
use crate::view::{ViewError, WriteView};

/// A plugin with async events.
///
/// ```
/// use falconet::async_event::{AsyncEvents, Emitter, EventName};
/// use falconet::{Error, Info, Init, Plugin, Timestamp};
///
/// struct Alarm { emitter: Option<Emitter<Self>> }
/// const RAISED: EventName<Alarm> = EventName::new("raised");
///
/// impl Plugin for Alarm {
///     type Error = Error;
///     const INFO: Info = Info::new(c"alarm", c"0.1.0", c"raises alarms", c"you@example.org");
///     fn new(_: &Init<'_>) -> Result<Self, Error> {
///         Ok(Self { emitter: None })
///     }
/// }
/// impl AsyncEvents for Alarm {
///     const ASYNC_EVENTS: &'static [&'static str] = &["raised"];
///     fn start(&mut self, emitter: Emitter<Self>) -> Result<(), Error> {
///         self.emitter = Some(emitter); // or move it into a thread
///         emitter.emit(RAISED, Timestamp::HOST, b"the capture begins")?;
///         Ok(())
///     }
///     fn stop(&mut self) {
///         self.emitter = None; // and join the thread
///     }
/// }
/// falconet::export!(Alarm: async_events);
/// ```
#[diagnostic::on_unimplemented(
    message = "the capability `async_events` needs `impl falconet::AsyncEvents for {Self}`",
    label = "has no async events",
    note = "write `impl falconet::AsyncEvents for {Self}`, or leave `async_events` out of `export!`"
)]
pub trait AsyncEvents: Plugin {
    /// The names of the events, of up to 31 bytes each (rule 10.1).
    const ASYNC_EVENTS: &'static [&'static str];

    /// The sources that take them, all where none is named; the host refuses an event for another one (rule 7.4).
    const ASYNC_SOURCES: &'static [&'static str] = &[];

    /// A capture begins that takes events: keep the emitter, hand it to threads. There is none while a capture file is
    /// read (rule 7.3).
    ///
    /// # Errors
    /// The host shows the message and ends. The emitter is inert then, and [`stop`](AsyncEvents::stop) is not called.
    fn start(&mut self, emitter: Emitter<Self>) -> Result<(), Self::Error>;

    /// The capture ends, or the state with the capture open. The emitter is inert already; threads that use it are
    /// joined here. It is called, with [`Drop`], even after a panic that was caught, [`start`](AsyncEvents::start)'s own too.
    fn stop(&mut self);
}

/// A plugin that writes its state as async events at the start of a capture file.
///
/// ```
/// use falconet::async_event::{AsyncEvents, Dump, DumpState, Emitter, EventName};
/// use falconet::{Error, Info, Init, Plugin, Timestamp};
///
/// struct Seen { last: Timestamp }
/// const SEEN: EventName<Seen> = EventName::new("seen");
///
/// # impl Plugin for Seen {
/// #     type Error = Error;
/// #     const INFO: Info = Info::new(c"seen", c"0.1.0", c"has seen", c"you@example.org");
/// #     fn new(_: &Init<'_>) -> Result<Self, Error> {
/// #         Ok(Self { last: Timestamp::from_nanos(1) })
/// #     }
/// # }
/// impl AsyncEvents for Seen {
///     const ASYNC_EVENTS: &'static [&'static str] = &["seen"];
///     fn start(&mut self, _: Emitter<Self>) -> Result<(), Error> {
///         Ok(())
///     }
///     fn stop(&mut self) {}
/// }
/// impl DumpState for Seen {
///     fn dump_state(&mut self, dump: &Dump<'_, Self>) -> Result<(), Error> {
///         dump.emit(SEEN, self.last, 999, b"42")?;
///         Ok(())
///     }
/// }
/// falconet::export!(Seen: async_events, dump_state);
/// ```
#[diagnostic::on_unimplemented(
    message = "the capability `dump_state` needs `impl falconet::DumpState for {Self}`",
    label = "does not dump its state",
    note = "write `impl falconet::DumpState for {Self}`, or leave `dump_state` out of `export!`"
)]
pub trait DumpState: AsyncEvents {
    /// Writes what a reader of the capture file needs to know.
    ///
    /// # Errors
    /// The host shows its own last error, not this message (rule 7.5), which goes to the log.
    fn dump_state(&mut self, dump: &Dump<'_, Self>) -> Result<(), Self::Error>;
}

/// The name of an async event that `P` declares: another one is a compile error. See [`AsyncEvents`] for an example.
pub struct EventName<P>(&'static str, PhantomData<fn(P)>);

impl<P: AsyncEvents> EventName<P> {
    /// The declared name `name`; for a `const`.
    ///
    /// # Panics
    /// At compile time where the plugin does not declare it.
    #[must_use]
    #[expect(clippy::panic, reason = "evaluated at compile time: a panic is a compile error")]
    pub const fn new(name: &'static str) -> Self {
        let mut rest = P::ASYNC_EVENTS;
        while let [first, more @ ..] = rest {
            if crate::metrics::same(first.as_bytes(), name.as_bytes()) {
                return Self(name, PhantomData);
            }
            rest = more;
        }
        panic!("ASYNC_EVENTS does not declare this name: add it there");
    }
}

impl<P> Clone for EventName<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for EventName<P> {}

impl<P> fmt::Debug for EventName<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EventName").field(&self.0).finish()
    }
}

/// Checks at compile time what async events a plugin declares.
#[expect(clippy::panic, reason = "evaluated at compile time: a panic is a compile error")]
pub(crate) const fn check<T: AsyncEvents>() {
    let mut rest = T::ASYNC_EVENTS;
    if rest.is_empty() {
        panic!("ASYNC_EVENTS is empty: name the events (rule 6.3), or leave `async_events` out of `export!`");
    }
    while let [first, more @ ..] = rest {
        if first.len() > 31 {
            panic!("the name of an async event has more than 31 bytes (rule 10.1)");
        }
        rest = more;
    }
}

/// A handler of the host, and whom it belongs to.
#[derive(Clone, Copy)]
pub(crate) struct Handler {
    owner: *mut c_void,
    call: unsafe extern "C" fn(*mut c_void, *const abi::Event, *mut c_char) -> abi::Rc,
}

// SAFETY: the owner is only ever handed back to the handler, which takes calls from any thread.
unsafe impl Send for Handler {}
// SAFETY: as above; nothing is read through the pointer here.
unsafe impl Sync for Handler {}

impl Handler {
    /// # Safety
    /// `call` may be called with `owner`, from any thread, while the handler is in use.
    pub(crate) const unsafe fn new(
        owner: *mut c_void,
        call: unsafe extern "C" fn(*mut c_void, *const abi::Event, *mut c_char) -> abi::Rc,
    ) -> Self {
        Self { owner, call }
    }

    /// Hands an event over; the host takes a copy.
    fn send(&self, event: &[u8]) -> Result<(), EmitError> {
        let mut refusal = [0u8; abi::MAX_ERRLEN];
        // SAFETY: `new` says that it may be called; the event is whole, and the buffer has the size that the host knows.
        let rc = unsafe { (self.call)(self.owner, event.as_ptr().cast(), refusal.as_mut_ptr().cast()) };
        if rc == abi::SUCCESS {
            return Ok(());
        }
        let mut text = Message::new();
        text.push_bytes(refusal.split(|byte| *byte == 0).next().unwrap_or_default());
        Err(EmitError::Refused(text))
    }
}

/// Whether an event with `data` fits in `capacity` bytes.
const fn check_room<P>(name: EventName<P>, data: &[u8], capacity: usize) -> Result<(), EmitError> {
    let needed = async_prefix_len(name.0).saturating_add(data.len());
    if needed > capacity { Err(EmitError::TooLarge { needed, capacity }) } else { Ok(()) }
}

/// Encodes an event in `room`, with data that `fill` writes, and gives its bytes.
fn encode<'r>(
    room: &'r mut [MaybeUninit<u8>],
    name: &str,
    ts: Timestamp,
    id: u32,
    fill: impl FnOnce(&mut WriteView<'_>) -> Result<(), ViewError>,
) -> Result<&'r [u8], EmitError> {
    let prefix = async_prefix_len(name);
    let capacity = room.len();
    let Some((head, data)) = room.split_at_mut_checked(prefix) else {
        return Err(EmitError::TooLarge { needed: prefix, capacity });
    };
    let (first, space) = (data.as_ptr(), data.len());
    let mut out = WriteView::from_uninit(data);
    fill(&mut out).map_err(|error| EmitError::Data(error.into()))?;
    // Another view may begin where this one does, if this one has no room at all.
    if !core::ptr::eq(out.as_ptr(), first.cast()) || out.len() > space {
        return Err(EmitError::Data(Error::new("the view of an async event's data was replaced by another one")));
    }
    let len = out.len();
    write_async_prefix(&mut WriteView::from_uninit(head), ts, id, name, len)
        .map_err(|error| EmitError::Data(error.into()))?;
    // SAFETY: the prefix is written, all of it; behind it `len` bytes of the view that begins there are.
    Ok(unsafe { core::slice::from_raw_parts(room.as_ptr().cast(), prefix + len) })
}

/// Puts async events into the capture that is open, from any thread.
///
/// It is inert once the host ends the capture: by the time [`AsyncEvents::stop`] is called no call into the host is
/// under way, and none begins. See [`AsyncEvents`] for an example.
pub struct Emitter<P> {
    gate: &'static Gate<Handler>,
    ticket: u64,
    _plugin: PhantomData<fn(P)>,
}

impl<P: AsyncEvents> Emitter<P> {
    /// Bytes of the largest event that [`emit`](Emitter::emit) encodes, its prefix of 42 bytes and its name included.
    pub const CAPACITY: usize = 4096;

    pub(crate) const fn new(gate: &'static Gate<Handler>, ticket: u64) -> Self {
        Self { gate, ticket, _plugin: PhantomData }
    }

    /// Emits an event with `data`. [`Timestamp::HOST`] is the host's clock; a time more than 10 s ahead is dropped by
    /// the host without a word (rule 7.2).
    ///
    /// # Errors
    /// [`EmitError`].
    pub fn emit(&self, name: EventName<P>, ts: Timestamp, data: &[u8]) -> Result<(), EmitError> {
        check_room(name, data, Self::CAPACITY)?;
        self.emit_with(name, ts, |out| out.write_all(data))
    }

    /// Emits an event whose data `fill` writes.
    ///
    /// # Errors
    /// [`EmitError`].
    pub fn emit_with(
        &self,
        name: EventName<P>,
        ts: Timestamp,
        fill: impl FnOnce(&mut WriteView<'_>) -> Result<(), ViewError>,
    ) -> Result<(), EmitError> {
        self.emit_in(&mut [MaybeUninit::uninit(); 4096], name, ts, fill)
    }

    /// Emits an event that is encoded in `room`: for those larger than [`CAPACITY`](Emitter::CAPACITY).
    ///
    /// # Errors
    /// [`EmitError`].
    pub fn emit_in(
        &self,
        room: &mut [MaybeUninit<u8>],
        name: EventName<P>,
        ts: Timestamp,
        fill: impl FnOnce(&mut WriteView<'_>) -> Result<(), ViewError>,
    ) -> Result<(), EmitError> {
        // Before the work is done, and without a wait for it.
        if self.gate.is_over(self.ticket) {
            return Err(EmitError::Stopped);
        }
        let event = encode(room, name.0, ts, 0, fill)?;
        self.gate.enter(self.ticket, |handler| handler.send(event)).unwrap_or(Err(EmitError::Stopped))
    }

    /// Whether the capture has ended: nothing can be emitted any more.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.gate.is_over(self.ticket)
    }
}

impl<P> Clone for Emitter<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Emitter<P> {}

impl<P> fmt::Debug for Emitter<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emitter").field("stopped", &self.gate.is_over(self.ticket)).finish()
    }
}

/// Takes the events of one [`DumpState::dump_state`]. See [`DumpState`] for an example.
pub struct Dump<'c, P> {
    handler: Handler,
    _call: PhantomData<&'c ()>,
    _plugin: PhantomData<fn(P)>,
}

impl<P: AsyncEvents> Dump<'_, P> {
    /// # Safety
    /// The handler may be called while this value lives.
    pub(crate) const unsafe fn new(handler: Handler) -> Self {
        Self { handler, _call: PhantomData, _plugin: PhantomData }
    }

    /// Writes an event with `data`. The host fills in neither its time nor the id of the plugin whose source it belongs
    /// to (rule 7.5): both are real ones, and 0 is the id for the syscall source.
    ///
    /// # Errors
    /// [`EmitError`].
    pub fn emit(&self, name: EventName<P>, ts: Timestamp, id: u32, data: &[u8]) -> Result<(), EmitError> {
        check_room(name, data, Emitter::<P>::CAPACITY)?;
        self.emit_in(&mut [MaybeUninit::uninit(); 4096], name, ts, id, |out| out.write_all(data))
    }

    /// Writes an event that is encoded in `room`: for those larger than [`Emitter::CAPACITY`].
    ///
    /// # Errors
    /// [`EmitError`].
    pub fn emit_in(
        &self,
        room: &mut [MaybeUninit<u8>],
        name: EventName<P>,
        ts: Timestamp,
        id: u32,
        fill: impl FnOnce(&mut WriteView<'_>) -> Result<(), ViewError>,
    ) -> Result<(), EmitError> {
        if ts == Timestamp::HOST {
            return Err(EmitError::Data(Error::new("a dumped event needs a real time: the host fills in none")));
        }
        self.handler.send(encode(room, name.0, ts, id, fill)?)
    }
}

impl<P> fmt::Debug for Dump<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dump").finish_non_exhaustive()
    }
}

/// Why an async event was not taken.
///
/// ```
/// use falconet::async_event::EmitError;
/// assert_eq!(EmitError::Stopped.to_string(), "the capture has ended: no async event is taken any more");
/// ```
#[derive(Clone, Debug)]
pub enum EmitError {
    /// The capture has ended; the emitter is inert.
    Stopped,
    /// The event is larger than its buffer: bytes needed, bytes there.
    TooLarge {
        /// Bytes of the whole event.
        needed: usize,
        /// Bytes of the buffer.
        capacity: usize,
    },
    /// Its data could not be written.
    Data(Error),
    /// The host does not take it, and says why: its first 95 bytes.
    Refused(Message<96>),
}

impl Report for EmitError {
    fn report(&self, text: &mut Message) {
        match self {
            Self::Stopped => {
                text.push_str("the capture has ended: no async event is taken any more");
            }
            Self::TooLarge { needed, capacity } => Error::new("an async event is larger than its buffer")
                .with("needed", *needed as u64)
                .with("available", *capacity as u64)
                .report(text),
            Self::Data(error) => error.report(text),
            Self::Refused(why) => {
                text.push_str("the host refuses an async event: ");
                text.push_bytes(why.as_bytes());
            }
        }
    }
}

impl fmt::Display for EmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Message::new();
        self.report(&mut text);
        f.write_str(text.as_str())
    }
}

impl core::error::Error for EmitError {}

impl From<EmitError> for Error {
    fn from(error: EmitError) -> Self {
        match error {
            EmitError::Stopped => Self::new("the capture has ended: no async event is taken any more"),
            EmitError::TooLarge { needed, capacity } => Self::new("an async event is larger than its buffer")
                .with("needed", needed as u64)
                .with("available", capacity as u64),
            EmitError::Data(error) => error,
            EmitError::Refused(_) => Self::new("the host refuses an async event"),
        }
    }
}

/// The gate of one state's emitters.
#[derive(Debug)]
pub struct AsyncGate(pub(crate) Gate<Handler>);

impl AsyncGate {
    /// Shut.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "made by `export!` in a static, and nowhere else")]
    pub const fn new() -> Self {
        Self(Gate::new())
    }
}

impl fmt::Debug for Gate<Handler> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("ticket", &self.ticket()).finish_non_exhaustive()
    }
}
