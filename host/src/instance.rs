// SPDX-License-Identifier: Apache-2.0
//! An open event source: batches, their events one by one, then how the batch ended (section 4).
#![expect(unsafe_code, reason = "the plugin's functions are called, and its batches are read")]

use std::{ffi::c_void, fmt, ptr};

use falconet::abi;

use crate::{
    call::{CallError, Code, POISON_ADDRESS, POISON_RC, POISON_U32},
    event::{Event, EventError, Source},
    lent::LentText,
    plugin::{Plugin, c_text},
    text::text,
    watch,
};

const NEXT_BATCH: &str = "plugin_next_batch";

/// Why there is no next event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NextError {
    /// The call itself.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Success without an event, which is a capture error (rule 4.4).
    #[error("plugin_next_batch gave success and no event: give -1 (timeout) where there is nothing yet")]
    Empty,
    /// The array of events is NULL.
    #[error("plugin_next_batch gave {0} events and NULL for their array")]
    NullBatch(u32),
    /// An event that no host takes.
    #[error("event {index} (from 0) of a batch of {count}: {error}")]
    Event {
        /// Its place in the batch.
        index: u32,
        /// The size of the batch.
        count: u32,
        /// What is wrong with it.
        error: EventError,
    },
}

/// What comes next.
#[derive(Clone, Copy, Debug)]
pub enum Next<'a> {
    /// An event.
    Event(Event<'a>),
    /// Nothing yet: ask again.
    Timeout,
    /// The end. It may be asked again and must say the same.
    Eof,
}

/// What comes next, without taking it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peek {
    /// An event of this time.
    Event(u64),
    Timeout,
    Eof,
}

/// How a batch ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// There is more.
    More,
    /// Nothing more for now.
    Timeout,
    /// The end.
    Eof,
    /// A failure, with the plugin's message.
    Failed(CallError),
}

/// The events of one call of `plugin_next_batch`, and how it ended.
#[derive(Clone, Debug)]
pub struct Batch<'a> {
    /// The events, in order.
    pub events: Vec<Event<'a>>,
    /// What comes after them.
    pub status: Status,
}

/// How far an instance has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Hundredths of a percent, 0 to 10000.
    pub hundredths: u32,
    /// The plugin's own text, if it has one.
    pub text: Option<String>,
}

/// An open event source of a plugin. Closed on drop.
pub struct Instance<'p> {
    plugin: &'p Plugin,
    handle: *mut c_void,
    source: Source,
    events: *mut *mut abi::Event,
    count: u32,
    index: u32,
    /// How the present batch ended, until that was told.
    ending: Option<Code>,
    num: u64,
    _params: LentText,
}

impl<'p> Instance<'p> {
    pub(crate) fn open(plugin: &'p Plugin, params: &str) -> Result<Self, CallError> {
        let call = "plugin_open";
        let open = plugin.api().open.ok_or(CallError::NoSymbol { symbol: call })?;
        let params = LentText::new(c_text(call, params)?);
        let info = plugin.library().info();
        let name = if info.source.is_empty() { "syscall" } else { &info.source };
        let source = Source { id: info.id, name: c_text(call, name)? };
        let mut rc = POISON_RC;
        let watched = watch::calling(call, plugin.library());
        // SAFETY: the state is alive, `params` and `rc` are ours.
        let handle = unsafe { open(plugin.state(), params.as_ptr(), &raw mut rc) };
        drop(watched);
        params.poison();
        // From here on what open gave is closed on every path (rule 4.7).
        let instance = Self {
            plugin,
            handle,
            source,
            events: ptr::null_mut(),
            count: 0,
            index: 0,
            ending: None,
            num: 0,
            _params: params,
        };
        match Code::done(call, rc)? {
            true => Ok(instance),
            false => Err(CallError::Failed { call, message: plugin.last_error() }),
        }
    }

    /// The plugin that it is an instance of.
    #[must_use]
    pub fn plugin(&self) -> &'p Plugin {
        self.plugin
    }

    /// What open gave.
    pub(crate) fn handle(&self) -> *mut c_void {
        self.handle
    }

    /// The next event, or what the batch ended with after its events were given (rule 4.5).
    ///
    /// # Errors
    /// [`NextError`] if the call failed, or gave what no host takes. The plugin may be asked again.
    pub fn next_event(&mut self) -> Result<Next<'_>, NextError> {
        match self.peek()? {
            Peek::Timeout => return Ok(Next::Timeout),
            Peek::Eof => return Ok(Next::Eof),
            Peek::Event(_) => {}
        }
        let index = self.index;
        self.index += 1;
        // SAFETY: `index` is below `count`, and the event borrows `self`, which the next batch and close need.
        let event = unsafe { event_at(self.events, index, self.count, self.num + 1, &self.source) }?;
        self.num += 1;
        Ok(Next::Event(event))
    }

    /// The time of the next event, which is left where it is; or what the batch ended with. An event that no host takes
    /// is an error once, and passed over.
    pub(crate) fn peek(&mut self) -> Result<Peek, NextError> {
        while self.index >= self.count {
            match self.ending.take().map(|code| self.status(code)) {
                None | Some(Status::More) => self.fetch()?,
                Some(Status::Timeout) => return Ok(Peek::Timeout),
                Some(Status::Eof) => return Ok(Peek::Eof),
                Some(Status::Failed(error)) => return Err(error.into()),
            }
        }
        // SAFETY: `index` is below `count`, and the batch is lent until the next one.
        let ts = unsafe { event_at(self.events, self.index, self.count, self.num + 1, &self.source) }
            .map(|event| event.ts());
        if ts.is_err() {
            self.index += 1;
        }
        ts.map(Peek::Event)
    }

    /// What is left of the present batch, or a new one. It may have no events unless its status is [`Status::More`].
    ///
    /// # Errors
    /// [`NextError`] if the call gave what no host takes; a failure of the plugin is the batch's status.
    pub fn next_batch(&mut self) -> Result<Batch<'_>, NextError> {
        if self.index >= self.count && matches!(self.ending, None | Some(Code::Success)) {
            self.fetch()?;
        }
        let mut events = Vec::with_capacity((self.count - self.index) as usize);
        while self.index < self.count {
            let index = self.index;
            self.index += 1;
            // SAFETY: as in `next_event`; the batch borrows `self`.
            events.push(unsafe { event_at(self.events, index, self.count, self.num + 1, &self.source) }?);
            self.num += 1;
        }
        let status = self.ending.take().map_or(Status::More, |code| self.status(code));
        Ok(Batch { events, status })
    }

    /// Calls `plugin_next_batch`. Its out-params hold a pattern before, to see whether they were written (rule 4.3).
    fn fetch(&mut self) -> Result<(), NextError> {
        let next_batch = self.plugin.api().next_batch.ok_or(CallError::NoSymbol { symbol: NEXT_BATCH })?;
        let unwritten = ptr::without_provenance_mut(POISON_ADDRESS);
        let (mut count, mut events) = (POISON_U32, unwritten);
        let watched = watch::calling(NEXT_BATCH, self.plugin.library());
        // SAFETY: state and instance are alive, the out-params are ours; the events of the batch before are no longer
        // borrowed, because `self` is borrowed mutably.
        let rc = unsafe { next_batch(self.plugin.state(), self.handle, &raw mut count, &raw mut events) };
        drop(watched);
        let code = Code::of(NEXT_BATCH, rc)?;
        if count == POISON_U32 {
            return Err(CallError::NotWritten { call: NEXT_BATCH, what: "nevts" }.into());
        }
        if count > 0 && events == unwritten {
            return Err(CallError::NotWritten { call: NEXT_BATCH, what: "evts" }.into());
        }
        if count > 0 && events.is_null() {
            return Err(NextError::NullBatch(count));
        }
        if count == 0 && code == Code::Success {
            return Err(NextError::Empty);
        }
        (self.events, self.count, self.index) = (events, count, 0);
        self.ending = Some(code);
        Ok(())
    }

    /// What a batch that ended so tells. The text of a failure is read only now, after the events before it were given,
    /// as the real host does: it must live until then (rule 4.5).
    fn status(&self, code: Code) -> Status {
        match code {
            Code::Success => Status::More,
            Code::Timeout => Status::Timeout,
            Code::Eof => Status::Eof,
            Code::Failure | Code::NotSupported => {
                Status::Failed(CallError::Failed { call: NEXT_BATCH, message: self.plugin.last_error() })
            }
        }
    }

    /// How far it has come, `None` if the plugin does not tell.
    ///
    /// # Errors
    /// [`CallError::NotWritten`] if the plugin left the out-param as it was.
    pub fn progress(&self) -> Result<Option<Progress>, CallError> {
        let call = "plugin_get_progress";
        let Some(get_progress) = self.plugin.api().get_progress.filter(|_| !self.handle.is_null()) else {
            return Ok(None);
        };
        let mut hundredths = POISON_U32;
        let watched = watch::calling(call, self.plugin.library());
        // SAFETY: state and instance are alive, the out-param is ours; the text lives until the next call.
        let text = unsafe { text(get_progress(self.plugin.state(), self.handle, &raw mut hundredths)) };
        drop(watched);
        if hundredths == POISON_U32 {
            return Err(CallError::NotWritten { call, what: "progress_pct" });
        }
        Ok(Some(Progress { hundredths, text: text.filter(|text| !text.is_empty()) }))
    }
}

/// Event `index` of a batch, checked and written to as the real host does.
///
/// # Safety
/// `events` points to `count` pointers, and `index` is below that. They and the events, which the plugin lends for
/// reading and writing until the next batch or close, live during `'a`.
unsafe fn event_at<'a>(
    events: *mut *mut abi::Event,
    index: u32,
    count: u32,
    num: u64,
    source: &'a Source,
) -> Result<Event<'a>, NextError> {
    // SAFETY: inside the array, by this function's contract.
    let pointer = unsafe { events.add(index as usize).read_unaligned() };
    // SAFETY: the event is lent for as long as `'a`, by this function's contract.
    unsafe { Event::take(pointer, num, source) }.map_err(|error| NextError::Event { index, count, error })
}

impl Drop for Instance<'_> {
    fn drop(&mut self) {
        if let Some(close) = self.plugin.api().close {
            let _watched = watch::calling("plugin_close", self.plugin.library());
            // SAFETY: the state is alive; what open gave is closed only here, NULL included, as the real host does.
            unsafe { close(self.plugin.state(), self.handle) };
        }
    }
}

impl fmt::Debug for Instance<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance").field("source", &self.source).field("num", &self.num).finish_non_exhaustive()
    }
}
