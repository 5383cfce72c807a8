// SPDX-License-Identifier: Apache-2.0
//! No call of the host costs an allocation, from init to destroy, failures included.
#![expect(unsafe_code, reason = "a host calls a plugin through C symbols")]

mod common;
#[path = "common/counting.rs"]
mod counting;

use std::ffi::{c_char, c_void};
use std::ptr::{null, null_mut};

use common::extract::*;
use common::source::*;
use common::*;
use counting::frugal;
use falconet::abi;

/// The plugin, as an author writes it: no heap of its own either.
mod plugin {
    #![deny(unsafe_code)]

    use std::ffi::CStr;

    use falconet::extract::{CSpan, List};
    use falconet::log::Severity;
    use falconet::{
        Batch, Error, Event, EventText, Extract, Field, Info, Init, Instance, Log, Next, OpenParams, Plugin, Source,
        Span, TextRoom, Timestamp,
    };

    pub(crate) struct Frugal(Log);

    impl Plugin for Frugal {
        type Error = Error;
        const INFO: Info = Info::new(c"frugal", c"0.1.0", c"takes no memory", c"you@example.org");

        fn new(init: &Init<'_>) -> Result<Self, Error> {
            init.log().write(Severity::Info, format_args!("{:?}", init.config()));
            if init.config() == c"fail" { Err("as asked".into()) } else { Ok(Self(init.log())) }
        }
    }

    impl Source for Frugal {
        const ID: u32 = 999;
        const EVENT_SOURCE: &'static CStr = c"frugal";
        type Instance = Numbers;

        fn open(&self, params: &CStr) -> Result<Numbers, Error> {
            if params == c"fail" { Err("as asked".into()) } else { Ok(Numbers(0)) }
        }

        fn open_params(&self, list: &mut OpenParams<'_>) -> Result<(), Error> {
            list.add("a", "b")
        }

        fn event_to_string<'e>(&self, event: &Event<'e>, room: TextRoom<'_>) -> Option<EventText<'e>> {
            Some(room.write(format_args!("{} bytes", event.payload().len())))
        }
    }

    pub(crate) struct Numbers(u64);

    impl Instance for Numbers {
        type Plugin = Frugal;

        fn next_batch(&mut self, plugin: &Frugal, batch: &mut Batch<'_>) -> Result<Next, Error> {
            self.0 += 1;
            plugin.0.info("a batch");
            while let Some(mut event) = batch.claim() {
                event.payload().write_all(b"some words\0")?;
                event.commit(Timestamp::HOST);
            }
            match self.0 {
                1 => Ok(Next::More),
                2 => Ok(Next::Timeout),
                3 => Err(Error::new("as asked").with("call", self.0)),
                _ => Ok(Next::Eof),
            }
        }
    }

    impl Extract for Frugal {
        type Decoded = u8;
        const FIELDS: &'static [Field<Self>] = &[
            Field::<Self>::new("f.first", "the first byte", |_, first, _| *first),
            Field::<Self>::new("f.text", "the payload", |_, _, _| CSpan::payload(0)),
            Field::<Self>::list("f.words", "its words", |_, _, list: &mut List<'_, '_, Option<Span>>| {
                let event = list.event();
                list.extend(event.payload().split(|byte| b" \0".contains(byte)).map(|word| event.span_of(word)));
            }),
            Field::<Self>::new("f.long", "does not fit", |_, _, request| request.text(&[b'x'; 5000])),
        ];

        fn decode(&self, event: &Event<'_>) -> Option<u8> {
            event.payload().first().copied()
        }
    }

    falconet::export!(Frugal: source, extract, offsets; memory = 1024);
}

unsafe extern "C" fn no_log(_: *mut c_void, _: *const c_char, _: *const c_char, _: u32) {}

#[test]
fn no_call_allocates() {
    counting::assert_that_it_counts();
    let mut rc = POISON_RC;
    let input = |config: &'static std::ffi::CStr| abi::InitInput {
        config: config.as_ptr(),
        owner: null_mut(),
        get_owner_last_error: None,
        tables: null(),
        log_fn: Some(no_log),
    };
    // SAFETY: as the API says.
    unsafe {
        let failing = input(c"fail");
        let failed = frugal(|| plugin_init(&raw const failing, &raw mut rc));
        frugal(|| plugin_get_last_error(failed));
        frugal(|| plugin_destroy(failed));
        let good = input(c"");
        let state = frugal(|| plugin_init(&raw const good, &raw mut rc));
        assert_eq!(rc, abi::SUCCESS);
        frugal(|| plugin_list_open_params(state, &raw mut rc));
        frugal(|| plugin_open(state, c"fail".as_ptr(), &raw mut rc));
        let instance = frugal(|| plugin_open(state, c"".as_ptr(), &raw mut rc));
        let (mut nevts, mut evts) = (0, null_mut());
        for expected in [abi::SUCCESS, abi::TIMEOUT, abi::FAILURE, abi::EOF, abi::EOF] {
            rc = frugal(|| plugin_next_batch(state, instance, &raw mut nevts, &raw mut evts));
            assert_eq!(rc, expected);
            frugal(|| plugin_get_last_error(state));
            let mut progress = 0;
            frugal(|| plugin_get_progress(state, instance, &raw mut progress));
            for i in 0..nevts as usize {
                let event = abi::EventInput { evt: *evts.add(i), evtnum: i as u64, evtsrc: c"frugal".as_ptr() };
                frugal(|| plugin_event_to_string(state, &raw const event));
                // The last one, with a field that there is none of, fails.
                for (num_fields, expected) in [(4, (abi::SUCCESS, [1, 1, 3, 0])), (5, (abi::FAILURE, [0; 4]))] {
                    let mut fields = [0, 1, 2, 3, 4].map(|id| request(&ask(id), c"name"));
                    let mut offsets: abi::ExtractValueOffsets = poison();
                    let input = abi::FieldExtractInput {
                        num_fields,
                        fields: fields.as_mut_ptr(),
                        value_offsets: &raw mut offsets,
                        ..poison()
                    };
                    let rc = frugal(|| plugin_extract_fields(state, &raw const event, &raw const input));
                    let lens = [0, 1, 2, 3].map(|at| fields[at].res_len);
                    assert_eq!((rc, lens), expected);
                }
            }
        }
        frugal(|| plugin_close(state, instance));
        frugal(|| plugin_destroy(state));
    }
}
