// SPDX-License-Identifier: Apache-2.0
//! A plugin's streams: open, batches, and what the host writes into every event that it takes.
#![expect(unsafe_code, reason = "a host calls a plugin by C functions, and writes into its events")]

use std::ffi::c_void;
use std::fmt;
use std::ptr::without_provenance_mut;
use std::thread;
use std::time::{Duration, Instant};

use falconet::abi::{self, EOF, SUCCESS, TIMEOUT};
use falconet::event::PLUGIN_EVENT;
use falconet::export::{ExportedSource, source};
use serde_json::Value as Json;

use super::harness::{POISON, POISON_PTR, POISON_RC, c_text, wrong};
use super::{Event, Failed, Harness, host};

const POISON_COUNT: u32 = u32::from_ne_bytes([POISON; 4]);
/// As long as a test waits for events.
const PATIENCE: Duration = Duration::from_secs(10);

/// What comes after a batch.
///
/// ```
/// use falconet_std::testing::Status;
/// assert_ne!(Status::Timeout, Status::Eof);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// More, at once.
    More,
    /// More, maybe, later.
    Timeout,
    /// Nothing, ever.
    Eof,
    /// Nothing: the plugin failed.
    Failed(Failed),
}

/// What one call of `plugin_next_batch` gave. See [`Stream::next`] for an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// What comes after it.
    pub status: Status,
    /// The events as the host has them, copied.
    pub events: Vec<Event>,
}

/// A parameter that the plugin lists for its users (`plugin_list_open_params`).
///
/// ```
/// use falconet_std::testing::OpenParam;
/// let param = OpenParam { value: "/var/log/access.log".to_owned(), desc: "nginx on Debian".to_owned() };
/// assert!(!param.value.is_empty());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenParam {
    /// What is opened.
    pub value: String,
    /// What it means.
    pub desc: String,
}

impl OpenParam {
    fn of(param: &Json) -> Option<Self> {
        let text = |name| param.get(name).and_then(Json::as_str).map(str::to_owned);
        Some(Self { value: text("value")?, desc: text("desc")? })
    }
}

/// An open stream; dropping it closes it. See [the module](super) for an example.
pub struct Stream<'h, P: ExportedSource> {
    harness: &'h Harness<P>,
    instance: *mut c_void,
    taken: u64,
    ended: bool,
}

impl<P: ExportedSource> Harness<P> {
    /// `plugin_open`, with these parameters (capability `source`).
    ///
    /// # Errors
    /// The plugin's own.
    ///
    /// # Panics
    /// Where the plugin breaks a rule of the host.
    #[track_caller]
    pub fn open(&self, params: &str) -> Result<Stream<'_, P>, Failed> {
        let mut params = c_text(params).into_bytes_with_nul();
        let mut rc = POISON_RC;
        // SAFETY: the state is what init gave; the text lives for the call.
        let instance = unsafe { source::open::<P>(self.state(), params.as_ptr().cast(), &raw mut rc) };
        params.fill(POISON);
        self.written("plugin_open", rc != POISON_RC, "its rc (rule 1.8)");
        self.check();
        // Dropped in both cases: a failed open is closed, too (rule 4.7).
        let stream = Stream { harness: self, instance, taken: 0, ended: false };
        if rc != SUCCESS {
            return Err(self.failed("plugin_open", rc));
        }
        if instance.is_null() {
            wrong("plugin_open succeeded with a NULL instance");
        }
        Ok(stream)
    }

    /// The parameters that the plugin lists.
    ///
    /// # Errors
    /// The plugin's own.
    ///
    /// # Panics
    /// Where they are not the JSON that the host reads.
    #[track_caller]
    pub fn open_params(&self) -> Result<Vec<OpenParam>, Failed> {
        let mut rc = POISON_RC;
        // SAFETY: the state is what init gave; the text is read before the next call.
        let json = unsafe { host::text(source::list_open_params::<P>(self.state(), &raw mut rc)) };
        self.written("plugin_list_open_params", rc != POISON_RC, "its rc (rule 1.8)");
        self.done("plugin_list_open_params", rc)?;
        let list = serde_json::from_str::<Vec<Json>>(&json.unwrap_or_default()).ok();
        let Some(list) = list.and_then(|list| list.iter().map(OpenParam::of).collect::<Option<Vec<_>>>()) else {
            wrong("plugin_list_open_params gave no JSON list of values with descriptions")
        };
        if list.iter().any(|param| param.value.is_empty()) {
            wrong("an open parameter is empty (rule 4.12)");
        }
        Ok(list)
    }

    /// An event of the plugin's own source as one line; `None` where the host writes its own text.
    ///
    /// # Panics
    /// Where the event is not of the plugin's source (rule 4.11), and where the plugin panics.
    #[must_use]
    #[track_caller]
    pub fn event_to_string(&self, event: &Event) -> Option<String> {
        if event.event_type() != PLUGIN_EVENT {
            wrong("no host asks this: event_to_string is for plugin events of the plugin's own source (rule 4.11)");
        }
        let input = event.input(P::EVENT_SOURCE);
        // SAFETY: the state is what init gave; the event lives for the call, and the text is read before the next one.
        let text = unsafe { host::text(source::event_to_string::<P>(self.state(), &raw const input)) };
        self.check_whole();
        text.filter(|text| !text.is_empty())
    }
}

impl<P: ExportedSource> Stream<'_, P> {
    /// `plugin_next_batch`, once.
    ///
    /// ```
    /// # use std::ffi::CStr;
    /// # use falconet_std::view::WriteView;
    /// # use falconet_std::{Error, Info, Init, NextEvent, One, Plugin, Source, Timestamp};
    /// # struct Once;
    /// # impl Plugin for Once {
    /// #     type Error = Error;
    /// #     const INFO: Info = Info::new(c"once", c"0.1.0", c"one event", c"you@example.org");
    /// #     fn new(_: &Init<'_>) -> Result<Self, Error> { Ok(Self) }
    /// # }
    /// # impl Source for Once {
    /// #     const ID: u32 = 999;
    /// #     const EVENT_SOURCE: &'static CStr = c"once";
    /// #     type Instance = First;
    /// #     fn open(&self, _: &CStr) -> Result<First, Error> { Ok(First(true)) }
    /// # }
    /// # struct First(bool);
    /// # impl NextEvent for First {
    /// #     type Plugin = Once;
    /// #     fn next(&mut self, _: &Once, payload: &mut WriteView<'_>) -> Result<One, Error> {
    /// #         if !std::mem::take(&mut self.0) { return Ok(One::Eof); }
    /// #         payload.write_all(b"once")?;
    /// #         Ok(One::Event(Timestamp::HOST))
    /// #     }
    /// # }
    /// # falconet_std::export!(Once: source);
    /// # fn main() {
    /// use falconet_std::testing::{Harness, Status};
    /// let plugin = Harness::<Once>::init("").unwrap();
    /// let batch = plugin.open("").unwrap().next();
    /// assert_eq!((batch.status, batch.events[0].payload()), (Status::Eof, &b"once"[..]));
    /// # }
    /// ```
    ///
    /// # Panics
    /// Where the plugin breaks a rule of the host.
    #[track_caller]
    #[expect(clippy::should_implement_trait, reason = "after an end it is asked again, and gives an end again")]
    pub fn next(&mut self) -> Batch {
        let mut count = POISON_COUNT;
        let poison: *mut *mut abi::Event = without_provenance_mut(POISON_PTR);
        let mut events = poison;
        let state = self.harness.state();
        // SAFETY: the state is what init gave, and the instance what open gave; the places are writable.
        let rc = unsafe { source::next_batch::<P>(state, self.instance, &raw mut count, &raw mut events) };
        self.harness.written("plugin_next_batch", count != POISON_COUNT, "nevts (rule 4.3)");
        self.harness.written("plugin_next_batch", events != poison, "evts (rule 4.3)");
        self.harness.check();
        if rc == SUCCESS && count == 0 {
            wrong("plugin_next_batch gave success and no events, a capture error (rule 4.4)");
        }
        if count > 0 && events.is_null() {
            wrong("plugin_next_batch gave events and evts NULL");
        }
        // SAFETY: the plugin lends so many events, writable, until the next call.
        let take = |index| unsafe { take::<P>(*events.add(index)) }.unwrap_or_else(|what| wrong(&what));
        let mut events: Vec<_> = (0..count as usize).map(take).collect();
        for event in &mut events {
            self.taken += 1;
            *event = event.clone().numbered(self.taken);
        }
        if self.ended && (rc != EOF || !events.is_empty()) {
            wrong("plugin_next_batch gave something after its end (rule 4.6)");
        }
        self.ended = rc == EOF;
        let status = match rc {
            SUCCESS => Status::More,
            TIMEOUT => Status::Timeout,
            EOF => Status::Eof,
            _ => Status::Failed(self.harness.failed("plugin_next_batch", rc)),
        };
        Batch { status, events }
    }

    /// All events up to the end of the stream.
    ///
    /// # Panics
    /// As [`next`](Stream::next), where the plugin fails, and where there is no end within ten seconds.
    #[must_use]
    #[track_caller]
    pub fn drain(&mut self) -> Vec<Event> {
        let events = self.until(usize::MAX);
        // Rule 4.6: the end stays the end.
        self.next();
        events
    }

    /// At least `count` events: for a stream without an end.
    ///
    /// # Panics
    /// As [`next`](Stream::next), where the plugin fails, and where there are not so many before the end, or within ten
    /// seconds.
    #[must_use]
    #[track_caller]
    pub fn take(&mut self, count: usize) -> Vec<Event> {
        let events = self.until(count);
        if events.len() < count {
            wrong(&format!("the stream ended after {} events: {count} were expected", events.len()));
        }
        events
    }

    #[track_caller]
    fn until(&mut self, count: usize) -> Vec<Event> {
        let until = Instant::now() + PATIENCE;
        let mut events = Vec::new();
        while events.len() < count {
            let batch = self.next();
            events.extend(batch.events);
            match batch.status {
                Status::Eof => break,
                Status::Failed(why) => wrong(&format!("after {} events the plugin failed: {why}", events.len())),
                Status::More => {}
                Status::Timeout => thread::sleep(Duration::from_millis(1)),
            }
            if Instant::now() > until && events.len() < count {
                wrong(&format!("{} events in ten seconds, and no end of the stream", events.len()));
            }
        }
        events
    }

    /// How far the stream has been read, in hundredths of a percent; 0 where nobody knows.
    ///
    /// # Panics
    /// Where the plugin panics, or gives more than 10,000.
    #[must_use]
    #[track_caller]
    pub fn progress(&self) -> u32 {
        let mut progress = POISON_COUNT;
        // SAFETY: the state is what init gave, and the instance what open gave; the place is writable.
        unsafe { source::get_progress::<P>(self.harness.state(), self.instance, &raw mut progress) };
        self.harness.written("plugin_get_progress", progress != POISON_COUNT, "the progress");
        self.harness.check_whole();
        if progress > 10_000 {
            wrong(&format!("the progress is {progress} hundredths of a percent"));
        }
        progress
    }
}

/// Takes an event as the real host does: checks where it is from (rule 4.2), and writes into it (rule 4.1).
///
/// # Safety
/// `event` is NULL, or points at as many writable bytes as its header says.
unsafe fn take<P: ExportedSource>(event: *mut abi::Event) -> Result<Event, String> {
    // SAFETY: as this function's.
    let mut bytes = unsafe { host::copy_of(event) }?;
    let checked = Event::checked(bytes.clone())?;
    let (kind, own) = (checked.event_type(), P::ID);
    let id = checked.get().and_then(|event| event.plugin().ok()).map(|plugin| plugin.id);
    match id {
        None if own != 0 => return Err(format!("an event of type {kind}: a source with an id gives 322 (rule 4.2)")),
        Some(0) if own == 0 => return Err("a plugin event of a source without an id has no id (rule 4.2)".to_owned()),
        Some(id) if own != 0 && id != 0 && id != own => {
            return Err(format!("an event has the id {id}, and the plugin {own}: leave 0"));
        }
        _ => {}
    }
    // SAFETY: the event is lent writable, as this function's caller says; a plugin event has 38 bytes at least.
    unsafe {
        if id == Some(0) {
            event.cast::<u8>().add(falconet::event::PAYLOAD_OFFSET - 4).cast::<u32>().write_unaligned(own);
        }
        if id.is_some() {
            (&raw mut (*event).tid).write_unaligned(u64::MAX);
        }
        if (*event).ts == u64::MAX {
            (&raw mut (*event).ts).write_unaligned(host::now());
        }
        bytes = host::copy_of(event)?;
    }
    let event = Event::checked(bytes)?;
    Ok(if own == 0 { event } else { event.of_source(P::EVENT_SOURCE) })
}

impl<P: ExportedSource> Drop for Stream<'_, P> {
    fn drop(&mut self) {
        // SAFETY: the state is what init gave, and the instance what open gave, closed once.
        unsafe { source::close::<P>(self.harness.state(), self.instance) };
    }
}

impl<P: ExportedSource> fmt::Debug for Stream<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("taken", &self.taken).field("ended", &self.ended).finish_non_exhaustive()
    }
}
