// SPDX-License-Identifier: Apache-2.0
//! The plugin under test, as an author writes it: fields of every kind, and events that its open params say.
#![deny(unsafe_code)]

use std::ffi::{CStr, CString};
use std::net::IpAddr;

use falconet::extract::{Argument, CSpan, List, Located, RelTime};
use falconet::view::WriteView;
use falconet::{
    Error, Event, EventText, Extract, Field, Info, Init, NextEvent, One, OpenParams, Plugin, Source, Span, TextRoom,
    Timestamp,
};

pub(crate) struct Hostile;

impl Plugin for Hostile {
    type Error = Error;
    const INFO: Info = Info::new(c"hostile", c"0.1.0", c"is called by a hostile host", c"you@example.org");

    fn new(init: &Init<'_>) -> Result<Self, Error> {
        if init.config_str()?.starts_with("fail") { Err(Error::new("as asked").with("number", 7)) } else { Ok(Self) }
    }
}

impl Source for Hostile {
    const ID: u32 = 999;
    const EVENT_SOURCE: &'static CStr = c"hostile";
    const BATCH_EVENTS: usize = 4;
    const BATCH_BYTES: usize = 400;
    const MAX_PAYLOAD: usize = 100;
    const TEXT_BYTES: usize = 32;
    type Instance = Stream;

    fn open(&self, params: &CStr) -> Result<Stream, Error> {
        match params.to_bytes().first() {
            Some(b'f') => Err("as asked".into()),
            _ => Ok(Stream { text: params.to_owned(), next: 0 }),
        }
    }

    fn open_params(&self, list: &mut OpenParams<'_>) -> Result<(), Error> {
        (0..3).try_for_each(|_| list.add("a\"", "b\\"))
    }

    fn event_to_string<'e>(&self, event: &Event<'e>, room: TextRoom<'_>) -> Option<EventText<'e>> {
        let start = event.payload().first().copied()?;
        EventText::from_event(event, usize::from(start)).or_else(|| Some(room.copy(event.payload())))
    }
}

pub(crate) struct Stream {
    text: CString,
    next: usize,
}

impl NextEvent for Stream {
    type Plugin = Hostile;

    /// An event for each byte of the params, with what stands before that as its payload; some bytes say something else.
    fn next(&mut self, _: &Hostile, payload: &mut WriteView<'_>) -> Result<One, Error> {
        let text = self.text.to_bytes();
        let Some(byte) = text.get(self.next) else { return Ok(One::Eof) };
        self.next += 1;
        payload.write_all(text.get(..self.next).unwrap_or_default())?;
        Ok(match byte {
            b'e' => return Err(Error::new("as asked")),
            b's' => One::Skip,
            b't' => One::Timeout,
            b'h' => One::Event(Timestamp::HOST),
            byte => One::Event(Timestamp::from_nanos(u64::from(*byte))),
        })
    }
}

pub(crate) const FIRST: u32 = 0;
pub(crate) const TEXT: u32 = 1;
pub(crate) const STRING: u32 = 2;
pub(crate) const WORDS: u32 = 3;
pub(crate) const NUMBERS: u32 = 4;
pub(crate) const KEY: u32 = 5;
pub(crate) const ADDRESSES: u32 = 6;
pub(crate) const MADE: u32 = 7;
pub(crate) const PIECE: u32 = 8;
pub(crate) const LOCATED: u32 = 9;
pub(crate) const TIMES: u32 = 10;
pub(crate) const FIELDS: u32 = 11;

/// The largest list, and the longest text that is made.
pub(crate) const MOST: u64 = 300;

impl Extract for Hostile {
    type Decoded = u8;

    const FIELDS: &'static [Field<Self>] = &[
        Field::<Self>::new("h.first", "the first byte", |_, first, _| u64::from(*first)),
        Field::<Self>::new("h.text", "the payload", |_, _, request| request.event().span_of(request.event().payload())),
        Field::<Self>::new("h.string", "from the index up to a NUL", |_, _, request| {
            CSpan::payload(u32::try_from(request.index().unwrap_or_default()).unwrap_or(u32::MAX))
        })
        .argument(Argument::INDEX),
        Field::<Self>::list("h.words", "the payload's words", |_, _, list: &mut List<'_, '_, Option<Span>>| {
            let event = list.event();
            list.extend(event.payload().split(|byte| *byte == b' ').map(|word| event.span_of(word)));
        }),
        Field::<Self>::list("h.numbers", "0 to the index", |_, _, list: &mut List<'_, '_, u64>| {
            list.extend(0..list.index().unwrap_or(3).min(MOST));
        })
        .argument(Argument::INDEX),
        Field::<Self>::new("h.key", "the key", |_, _, request| {
            let key = request.key()?.to_owned();
            request.text(key.to_bytes())
        })
        .argument(Argument::KEY),
        Field::<Self>::list("h.addresses", "4 or 16 bytes", |_, _, list: &mut List<'_, '_, IpAddr>| {
            let event = list.event();
            for bytes in event.payload().chunks(17) {
                let address = match *bytes {
                    [4, a, b, c, d, ..] => Some(IpAddr::from([a, b, c, d])),
                    [_, ref six @ ..] => <[u8; 16]>::try_from(six).ok().map(IpAddr::from),
                    [] => None,
                };
                list.extend(address);
            }
        }),
        Field::<Self>::new("h.made", "x so many times", |_, _, request| {
            let n = request.index()?.min(MOST);
            request.text_with(|text| (0..n).try_for_each(|_| text.write_all(b"x")))
        })
        .argument(Argument::KEY_OR_INDEX),
        Field::<Self>::new("h.piece", "from the index's low half to its high one", |_, _, request| {
            let index = request.index()?;
            Span::payload(usize::try_from(index & 0xFFFF_FFFF).ok()?, usize::try_from(index >> 32).ok()?)
        })
        .argument(Argument::INDEX.required()),
        Field::<Self>::new("h.located", "the first byte, anywhere", |_, first, request| {
            let start = usize::try_from(request.index().unwrap_or_default()).unwrap_or(usize::MAX);
            Located::new(*first, Span::event(start, start.saturating_add(1)))
        })
        .argument(Argument::INDEX),
        Field::<Self>::list("h.times", "each byte", |_, _, list: &mut List<'_, '_, RelTime>| {
            let event = list.event();
            list.extend(event.payload().iter().map(|byte| RelTime(u64::from(*byte))));
        }),
    ];

    fn decode(&self, event: &Event<'_>) -> Option<u8> {
        event.payload().first().copied()
    }
}

falconet::export_static!(hostile_plugin = Hostile: source, extract, offsets; states = 3, instances = 3, memory = 512);
