// SPDX-License-Identifier: Apache-2.0
//! The plugin of these tests: its open parameters name what is opened.

use std::collections::HashMap;
use std::ffi::CStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use falconet_std::batch::{Oversized, TooLarge};
use falconet_std::sources::{Config, FromFn, FromIter, Lines, Overflow, PushError, Pushed, Pusher, Watch};
use falconet_std::{Batch, Error, Info, Init, Instance, Next, One, Plugin, Source, Timestamp};

pub(crate) struct Tested;

impl Plugin for Tested {
    type Error = Error;
    const INFO: Info = Info::new(c"tested", c"0.1.0", c"sources", c"you@example.org");

    fn new(_: &Init<'_>) -> Result<Self, Error> {
        Ok(Self)
    }
}

/// 8 events at most, or 5 of 64 bytes.
impl Source for Tested {
    const ID: u32 = 999;
    const EVENT_SOURCE: &'static CStr = c"tested";
    const BATCH_EVENTS: usize = 8;
    const BATCH_BYTES: usize = 520;
    const MAX_PAYLOAD: usize = 64;
    const OVERSIZED: Oversized = Oversized::Skip;
    type Instance = Stream;

    fn open(&self, params: &CStr) -> Result<Stream, Error> {
        let params = params.to_str()?;
        let (kind, rest) = params.split_once(':').unwrap_or((params, ""));
        match kind {
            "iter" => Ok(Stream::Iter(FromIter::new(
                rest.split(',').map(ToOwned::to_owned).map(item).collect::<Vec<_>>().into_iter(),
            ))),
            "lines" => {
                let (buffer, text) = rest.split_once(':').unwrap_or(("64", rest));
                let reader = std::io::Cursor::new(text.as_bytes().to_vec());
                Ok(Stream::Lines(Lines::new(std::io::BufReader::with_capacity(buffer.parse()?, reader))))
            }
            "fn" => {
                let mut numbers = 0..rest.parse::<u64>()?;
                Ok(Stream::Fn(Box::new(move |payload| {
                    let Some(number) = numbers.next() else { return Ok(One::Eof) };
                    payload.write_all(&number.to_le_bytes())?;
                    Ok(One::Event(Timestamp::HOST))
                })))
            }
            "push" => take(rest).map(Stream::Pushed).ok_or_else(|| Error::new("no such stream")),
            "threads" => threads(rest).map(Stream::Pushed),
            _ => Err(Error::new("what?")),
        }
    }
}

/// `text`, `text@time` or `!error`.
fn item(text: String) -> Result<(Timestamp, String), Error> {
    if let Some(error) = text.strip_prefix('!') {
        return Err(Error::new(error.to_owned()));
    }
    Ok(match text.split_once('@') {
        Some((text, ts)) => (ts.parse::<u64>()?.into(), text.to_owned()),
        None => (Timestamp::HOST, text),
    })
}

type Items = std::vec::IntoIter<Result<(Timestamp, String), Error>>;
type NextOne = Box<dyn FnMut(&mut falconet_std::view::WriteView<'_>) -> Result<One, Error> + Send>;

/// One of each; an author has one and no enum.
pub(crate) enum Stream {
    Iter(FromIter<Tested, Items>),
    Lines(Lines<Tested, std::io::BufReader<std::io::Cursor<Vec<u8>>>>),
    Fn(NextOne),
    Pushed(Pushed<Tested>),
}

impl Instance for Stream {
    type Plugin = Tested;

    fn next_batch(&mut self, _: &Tested, batch: &mut Batch<'_>) -> Result<Next, Error> {
        match self {
            Self::Iter(iter) => iter.next_batch(batch),
            Self::Lines(lines) => lines.next_batch(batch),
            Self::Pushed(pushed) => pushed.next_batch(batch),
            Self::Fn(next) => {
                while let Some(mut event) = batch.claim() {
                    match next(event.payload())? {
                        One::Event(ts) => event.commit(ts),
                        _ => return Ok(Next::Eof),
                    }
                }
                Ok(Next::More)
            }
        }
    }
}

/// An instance of a plugin that has no other: its bounds hold.
#[expect(dead_code, reason = "its type is the test")]
fn an_instance<P: Source<Instance = FromFn<P>>>(instance: FromFn<P>) -> Box<dyn Instance<Plugin = P>> {
    Box::new(instance)
}

static STREAMS: Mutex<Option<HashMap<String, Pushed<Tested>>>> = Mutex::new(None);

fn take(name: &str) -> Option<Pushed<Tested>> {
    STREAMS.lock().unwrap_or_else(PoisonError::into_inner).as_mut()?.remove(name)
}

/// A stream that `push:name` opens.
pub(crate) fn stream(name: &str, config: Config) -> Pusher {
    let (pusher, pushed) = falconet_std::sources::push(config);
    STREAMS.lock().unwrap().get_or_insert_default().insert(name.to_owned(), pushed);
    pusher
}

static WATCH: Mutex<Option<Watch>> = Mutex::new(None);

/// Of the `threads` opened last.
pub(crate) fn watch() -> Watch {
    WATCH.lock().unwrap().clone().unwrap()
}

/// Three producers with a thread each, and one that sleeps.
fn threads(how: &str) -> Result<Pushed<Tested>, Error> {
    let mut pushed = Pushed::new(Config::new().batches(3).overflow(Overflow::Wait));
    *WATCH.lock().unwrap_or_else(PoisonError::into_inner) = Some(pushed.pusher().watch());
    match how {
        "panic" => pushed.spawn("panics", |pusher, _| {
            pusher.push(Timestamp::HOST, b"before")?;
            let none: Option<u8> = None;
            assert!(none.is_some(), "as asked");
            Ok(())
        })?,
        "error" => pushed.spawn("fails", |pusher, _| {
            (0..20).try_for_each(|_| pusher.push(Timestamp::HOST, b"before").map(drop))?;
            Err(Error::new("as asked"))
        })?,
        number => {
            let events: u64 = number.parse()?;
            for producer in 0..3_u8 {
                pushed.spawn("producer", move |pusher, _| produce(pusher, producer, events).map_err(Into::into))?;
            }
            let ended = Arc::new(());
            pushed.on_close(move || drop(ended));
            pushed.spawn("sleeper", move |_, stop| {
                let _told = events > 0 && stop.wait(Duration::from_millis(if events > 1000 { 3_600_000 } else { 1 }));
                Ok(())
            })?;
        }
    }
    Ok(pushed)
}

/// Events of a producer: its name and a number, in all ways there are.
fn produce(pusher: &Pusher, producer: u8, events: u64) -> Result<(), PushError> {
    let payload = |number: u64| {
        let mut payload = [producer; 64];
        payload[1..9].copy_from_slice(&number.to_le_bytes());
        (payload, 9 + usize::try_from(number * 7 % 50).unwrap_or(0))
    };
    let mut number = 0;
    while number < events {
        let (bytes, len) = payload(number);
        let _whole = match number % 3 {
            0 => pusher.push(Timestamp::HOST, &bytes[..len])?,
            1 => pusher.push_with(Timestamp::HOST, |view| view.write_all(&bytes[..len]))?,
            _ => {
                let group: Vec<_> = (number..events.min(number + 4)).map(payload).collect();
                number += group.len() as u64 - 1;
                pusher.push_all(group.iter().map(|(bytes, len)| (Timestamp::HOST, &bytes[..*len])))?
            }
        };
        number += 1;
    }
    Ok(())
}

/// That the error of a push is one of the plugin's.
#[expect(dead_code, reason = "its type is the test")]
fn errors(error: PushError, too_large: TooLarge) -> [Error; 2] {
    [error.into(), too_large.into()]
}

falconet_std::export!(Tested: source);
