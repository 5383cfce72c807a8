// SPDX-License-Identifier: Apache-2.0
//! What the plugin opens: files that are read once, a file that is followed, a webhook.
//!
//! Files are read by the host's own thread, straight into batches. A webhook's thread pushes the events of a body into a
//! queue, all of them or none.

use std::path::Path;
use std::thread;
use std::time::Duration;

use falconet_std::batch::Limits;
use falconet_std::sources::{self, PushError, Pushed, Pusher};
use falconet_std::{Batch, Error, Instance, Lease, Next, Progress, Source, Timestamp, batches};

use crate::K8sAudit;
use crate::config::Config;
use crate::files::{Files, Tail};
use crate::params::{Endpoint, OpenParams};
use crate::payload::{AuditEvent, Events, Fault};
use crate::sink::{Accepted, Refused, Sink};
use crate::warn::Warnings;
use crate::webhook::{self, Webhook};

/// How long a call of the host waits where a followed file has nothing new.
const PAUSE: Duration = Duration::from_millis(30);

/// An open stream of events.
#[derive(Debug)]
pub struct Stream(Input);

#[derive(Debug)]
enum Input {
    Lines(Box<Lines>),
    Webhook(Received),
}

impl Stream {
    /// Opens what the parameters say.
    ///
    /// # Errors
    /// Where they are not understood, or what they name cannot be opened.
    pub fn open(params: &str, config: &Config) -> Result<Self, Error> {
        let max_line = config.max_line_size();
        Ok(Self(match OpenParams::parse(params)? {
            OpenParams::Read(path) => {
                Input::Lines(Box::new(Lines::new(Reader::Files(Files::open(&path, max_line)?), config)))
            }
            OpenParams::Follow(path) => {
                Input::Lines(Box::new(Lines::new(Reader::Tail(Tail::open(&path, max_line)?), config)))
            }
            OpenParams::Listen(endpoint) => listen(&endpoint, config)?,
        }))
    }
}

impl Instance for Stream {
    type Plugin = K8sAudit;

    fn next_batch(&mut self, _: &K8sAudit, batch: &mut Batch<'_>) -> Result<Next, Error> {
        match &mut self.0 {
            Input::Lines(lines) => lines.next_batch(batch),
            Input::Webhook(received) => received.pushed.next_batch(batch),
        }
    }

    fn progress(&self) -> Option<Progress> {
        match &self.0 {
            Input::Lines(lines) => match &lines.reader {
                Reader::Files(files) => {
                    let (read, size) = files.progress();
                    Some(Progress::of(read, size))
                }
                Reader::Tail(_) => None,
            },
            Input::Webhook(_) => None,
        }
    }
}

#[derive(Debug)]
enum Reader {
    Files(Files),
    Tail(Tail),
}

impl Reader {
    /// Goes to the next line; false where there is none at the moment.
    fn advance(&mut self) -> Result<bool, Error> {
        Ok(match self {
            Self::Files(files) => files.next_line()?.is_some(),
            Self::Tail(tail) => tail.next_line()?.is_some(),
        })
    }

    /// Where that line is: its file, and the byte behind it.
    fn place(&self) -> (&Path, u64) {
        match self {
            Self::Files(files) => files.place(),
            Self::Tail(tail) => tail.place(),
        }
    }

    /// The line that it has come to.
    fn line(&self) -> &[u8] {
        match self {
            Self::Files(files) => files.line(),
            Self::Tail(tail) => tail.line(),
        }
    }
}

/// The events of a reader's lines.
#[derive(Debug)]
struct Lines {
    reader: Reader,
    /// Where the present line's events have been read to.
    events: Option<Events>,
    max_event_size: usize,
    /// The instance's own batch, while the host has one that was made for a large event.
    own: Option<Lease>,
    warnings: Warnings,
}

impl Lines {
    fn new(reader: Reader, config: &Config) -> Self {
        let max_event_size = config.max_event_size;
        Self { reader, events: None, max_event_size, own: None, warnings: Warnings::default() }
    }

    fn next_batch(&mut self, batch: &mut Batch<'_>) -> Result<Next, Error> {
        if let Some(own) = self.own.take() {
            // The batch is empty at the beginning of a call, so it takes this one; the large one goes.
            drop(batch.hand_over(own));
        }
        loop {
            while let Some(events) = &mut self.events {
                let before = *events;
                let event = match events.next(self.reader.line()) {
                    Some(Ok(event)) => event,
                    Some(Err(fault)) => {
                        let (path, end) = self.reader.place();
                        let path = path.display();
                        self.warnings
                            .warn(format_args!("{path}: skipped an event, line ending at byte {end}: {fault}"));
                        continue;
                    }
                    None => {
                        self.events = None;
                        break;
                    }
                };
                match deliver(batch, &event)? {
                    Delivered::Yes => {}
                    Delivered::Alone(own) => {
                        self.own = Some(own);
                        return Ok(Next::More);
                    }
                    Delivered::Full => {
                        self.events = Some(before);
                        return Ok(Next::More);
                    }
                }
            }
            if !self.reader.advance()? {
                return Ok(self.nothing(batch));
            }
            match Events::new(self.reader.line(), self.max_event_size) {
                Ok(events) => self.events = Some(events),
                Err(fault) => {
                    let (path, end) = self.reader.place();
                    let path = path.display();
                    self.warnings.warn(format_args!("{path}: skipped a line, ending at byte {end}: {fault}"));
                }
            }
        }
    }

    /// There is no line at the moment.
    fn nothing(&self, batch: &Batch<'_>) -> Next {
        match self.reader {
            Reader::Files(_) => Next::Eof,
            Reader::Tail(_) => {
                if batch.is_empty() {
                    thread::sleep(PAUSE);
                }
                Next::Timeout
            }
        }
    }
}

/// What became of an event.
enum Delivered {
    /// It is in the batch.
    Yes,
    /// It is in a batch of its own, which the host gets now; this is the instance's.
    Alone(Lease),
    /// The batch has no room for it.
    Full,
}

/// Writes an event into the batch, or into one of its own where it is larger than any.
fn deliver(batch: &mut Batch<'_>, event: &AuditEvent<'_>) -> Result<Delivered, Error> {
    if event.len() <= batch.max_payload() {
        let Some(mut claim) = batch.claim_for(event.len())? else { return Ok(Delivered::Full) };
        event.write(|piece| claim.payload().write_all(piece))?;
        claim.commit(event.timestamp());
        return Ok(Delivered::Yes);
    }
    if !batch.is_empty() {
        return Ok(Delivered::Full);
    }
    let mut lease = batches::lease(1, event.len().saturating_add(64));
    let mut alone = lease.fill(Limits::new(1, u32::try_from(event.len()).unwrap_or(u32::MAX)));
    if let Some(mut claim) = alone.claim_for(event.len())? {
        event.write(|piece| claim.payload().write_all(piece))?;
        claim.commit(event.timestamp());
    }
    match batch.hand_over(lease) {
        Ok(own) => Ok(Delivered::Alone(own)),
        Err(_) => Ok(Delivered::Full),
    }
}

/// What a webhook receives.
#[derive(Debug)]
struct Received {
    /// Ends before the queue that it pushes into.
    server: Option<Webhook>,
    pushed: Pushed<K8sAudit>,
}

impl Drop for Received {
    fn drop(&mut self) {
        drop(self.server.take());
        let counts = self.pushed.counts();
        match counts.taken - counts.delivered {
            0 => {}
            left => log::warn!("webhook: {left} events were accepted, and the host closes without asking for them"),
        }
    }
}

fn listen(endpoint: &Endpoint, config: &Config) -> Result<Input, Error> {
    // Events take less than twice as many bytes in batches as in the largest body, which has to go in as a whole.
    let batches = (2 + 2 * (config.webhook_max_batch_size / K8sAudit::BATCH_BYTES)).max(64);
    // The host gets what there is when it asks: nothing waits for more, and little is left when it stops.
    let queue = sources::Config::new().batches(batches).flush(Duration::ZERO).grow_to(config.max_event_size);
    let (pusher, pushed) = sources::push::<K8sAudit>(queue);
    let queue = Queue { pusher, max_event_size: config.max_event_size };
    let server = Webhook::bind(endpoint, config, webhook::Limits::default(), queue)?;
    Ok(Input::Webhook(Received { server: Some(server), pushed }))
}

/// Where the webhook puts bodies: all events of one or none.
#[derive(Clone, Debug)]
struct Queue {
    pusher: Pusher<Error>,
    max_event_size: usize,
}

impl Sink for Queue {
    fn deliver(&self, payload: &[u8]) -> Result<Accepted, Refused> {
        let mut events = Events::new(payload, self.max_event_size).map_err(refused)?;
        let (mut text, mut group, mut faults) = (Vec::with_capacity(payload.len()), Vec::new(), Vec::new());
        while let Some(next) = events.next(payload) {
            match next {
                Ok(event) => {
                    let start = text.len();
                    let Ok(()) = event.write(|piece| {
                        text.extend_from_slice(piece);
                        Ok::<(), std::convert::Infallible>(())
                    });
                    group.push((event.timestamp(), start..text.len()));
                }
                Err(fault) => faults.push(fault),
            }
        }
        let left_out = faults.len();
        if group.is_empty()
            && let Some(fault) = faults.into_iter().next()
        {
            return Err(refused(fault));
        }
        let events: Vec<(Timestamp, &[u8])> =
            group.into_iter().map(|(ts, range)| (ts, text.get(range).unwrap_or_default())).collect();
        let queued = events.len();
        match self.pusher.try_push_all(events.iter().copied()) {
            Ok(_) => Ok(Accepted { queued, left_out }),
            Err(PushError::Closed) => Err(Refused::Stopping),
            Err(PushError::TooLarge(error)) => Err(Refused::TooLarge { size: error.needed, limit: error.capacity }),
            Err(PushError::TooMany { events, batches }) => Err(Refused::NotAudit(
                format!("{events} events in one body, more than the {batches} batches of the queue hold").into(),
            )),
            Err(_) => Err(Refused::Full),
        }
    }
}

fn refused(fault: Fault) -> Refused {
    match fault {
        Fault::TooLarge { size, max, .. } => Refused::TooLarge { size, limit: max },
        Fault::Json(error) => Refused::NotJson(error.to_string().into()),
        other => Refused::NotAudit(other.to_string().into()),
    }
}
