// SPDX-License-Identifier: Apache-2.0
//! State tables cost no allocation: not those of others, not the plugin's own, failures included.
#![expect(unsafe_code, reason = "a host calls a plugin through C symbols")]

mod common;
#[path = "common/counting.rs"]
mod counting;
#[path = "common/tables.rs"]
mod tables;

use std::ffi::{c_char, c_void};
use std::ptr::{null, null_mut};

use common::extract::*;
use common::parse::*;
use common::*;
use counting::frugal;
use falconet::abi;

/// The plugin, as an author writes it: it exports a table, and uses the same through the host.
mod plugin {
    #![deny(unsafe_code)]

    use std::ffi::CStr;
    use std::ops::ControlFlow;

    use falconet::tables::{
        EntryField, ExportTables, ExportedTable, Field as TableField, Nested, NestedTable, Row, StateTable, Table,
        Text, Writer,
    };
    use falconet::{Error, Event, Extract, Field, Info, Init, Parse, Parsing, Plugin, Request, Shared, Shares};

    pub(crate) struct Frugal {
        shared: Shared<Self>,
        words: Table<CStr>,
        times: TableField<u64>,
        last: TableField<CStr>,
        added: TableField<CStr>,
        lines: TableField<Nested<u64>>,
        bytes: TableField<u64>,
    }

    pub(crate) struct Word {
        times: u64,
        last: Text<16>,
        lines: NestedTable<u64, Line, 4>,
    }

    impl Row for Word {
        const EMPTY: Self = Self { times: 0, last: Text::new(), lines: NestedTable::new() };
        const FIELDS: &'static [EntryField<Self>] = &[
            EntryField::new(c"times", |word: &mut Self| &mut word.times),
            EntryField::new(c"last", |word: &mut Self| &mut word.last),
            EntryField::new(c"lines", |word: &mut Self| &mut word.lines),
        ];
    }

    pub(crate) struct Line {
        bytes: u64,
    }

    impl Row for Line {
        const EMPTY: Self = Self { bytes: 0 };
        const FIELDS: &'static [EntryField<Self>] = &[EntryField::new(c"bytes", |line: &mut Self| &mut line.bytes)];
    }

    impl Plugin for Frugal {
        type Error = Error;
        const INFO: Info = Info::new(c"frugal", c"0.1.0", c"takes no memory", c"you@example.org");

        fn new(init: &Init<'_>) -> Result<Self, Error> {
            let tables = init.tables::<Self>()?;
            let words = tables.get(c"words")?;
            if tables.get::<u64>(c"words").is_ok() || tables.field::<u64>(words, c"none").is_ok() {
                return Err("what is not there was found".into());
            }
            let lines = tables.field(words, c"lines")?;
            Ok(Self {
                shared: init.shared::<Self>()?,
                words,
                times: tables.field(words, c"times")?,
                last: tables.field(words, c"last")?,
                added: tables.add_field(words, c"added")?,
                lines,
                bytes: tables.field(lines, c"bytes")?,
            })
        }
    }

    pub(crate) struct Tables {
        words: StateTable<Text<16>, Word, 3>,
    }

    impl Shares for Frugal {
        type Shared = Tables;
        const SHARED: Tables = Tables { words: StateTable::new() };
    }

    impl ExportTables for Frugal {
        const TABLES: &'static [ExportedTable<Tables>] =
            &[ExportedTable::new(c"words", |tables: &Tables| &tables.words)];
    }

    impl Parse for Frugal {
        fn parse(&mut self, event: &Event<'_>, call: &mut Parsing<'_, Self>) -> Result<(), Error> {
            match event.payload() {
                b"own" => self.own(),
                _ => self.through_the_host(call.tables()?),
            }
        }
    }

    impl Frugal {
        /// The plugin's own access.
        fn own(&self) -> Result<(), Error> {
            let mut words = self.shared.words.lock()?;
            for key in [b"a", b"b", b"c"] {
                let word = words.get_or_insert(&Text::from_bytes(key)?)?;
                word.times += 1;
                word.last.set(key)?;
                word.lines.entries().insert(&word.times)?.bytes = 7;
            }
            let full = words.insert(&Text::from_bytes(b"d")?).is_err();
            words.retain(|_, word| word.last.as_bytes() != b"c");
            let left: u64 = words.iter().map(|(_, word)| word.times).sum();
            let removed = words.remove(&Text::from_bytes(b"b")?);
            if full && removed && left == 2 && words.len() == 1 { Ok(()) } else { Err("own".into()) }
        }

        /// All that there is for a table of another.
        fn through_the_host(&self, tables: &mut Writer<'_>) -> Result<(), Error> {
            for key in [c"a", c"b", c"c"] {
                let word = tables.get_or_add(self.words, key)?;
                let times = tables.read(&word, self.times)?;
                tables.write(&word, self.times, times + 1)?;
                tables.write(&word, self.last, key)?;
                tables.write(&word, self.added, c"added")?;
                let lines = tables.nested(&word, self.lines)?;
                drop(tables.add(lines, &1)?);
                let line = tables.get_or_add(lines, &2)?;
                tables.write(&line, self.bytes, 7)?;
                drop(line);
                let erased = tables.erase(lines, &1)?;
                let held = tables.erase(self.words, key).is_err();
                let long = tables.write(&word, self.last, c"a text that is too long").is_err();
                if !erased || !held || !long || tables.size(lines)? != 1 {
                    return Err("through the host".into());
                }
            }
            let full = tables.add(self.words, c"d").is_err();
            let mut walked = 0;
            let whole = tables.for_each_mut(self.words, |word, tables| {
                walked += tables.read(word, self.last).map_or(0, |last| last.count_bytes());
                if tables.write(word, self.times, 3).is_ok() {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            })?;
            let broken = tables.for_each(self.words, |_, _| ControlFlow::Break(()))?;
            let erased = tables.erase(self.words, c"b")? && !tables.erase(self.words, c"none")?;
            let name = tables.name(self.words)? == c"words";
            if !full || walked != 3 || whole.is_break() || broken.is_continue() || !erased || !name {
                return Err("a walk through the host".into());
            }
            tables.clear(self.words)?;
            let missing = tables.get(self.words, c"a")?.is_none();
            drop(tables.add(self.words, c"a")?);
            // It fails at the end, and the host is asked why.
            if missing {
                Err(tables.add(self.words, c"a key that is too long").err().unwrap_or("none".into()))
            } else {
                Ok(())
            }
        }

        fn seen(&self, request: &Request<'_>) -> Option<u64> {
            let tables = request.tables(self).ok()?;
            let word = tables.get(self.words, c"a").ok()??;
            let own = self.shared.words.lock().ok()?.get(&Text::from_bytes(b"a").ok()?)?.times;
            Some(10 + own + tables.read(&word, self.times).ok()?)
        }
    }

    impl Extract for Frugal {
        type Decoded = ();
        const FIELDS: &'static [Field<Self>] =
            &[Field::<Self>::new("f.seen", "what is in the table", |frugal, (), request| frugal.seen(request))];

        fn decode(&self, _: &Event<'_>) -> Option<()> {
            Some(())
        }
    }

    falconet::export!(Frugal: parse, extract, import_tables, export_tables);
}

unsafe extern "C" fn no_log(_: *mut c_void, _: *const c_char, _: *const c_char, _: u32) {}

#[test]
fn no_call_allocates() {
    counting::assert_that_it_counts();
    let mut host = tables::Host::new();
    let init_tables = host.init();
    let input = abi::InitInput {
        config: null(),
        owner: null_mut(),
        get_owner_last_error: None,
        tables: &raw const init_tables,
        log_fn: Some(no_log),
    };
    let parse_input = host.parse();
    let mut field = request(&ask(0), c"f.seen");
    let extract_input =
        abi::FieldExtractInput { num_fields: 1, fields: &raw mut field, value_offsets: null_mut(), ..host.extract() };
    let (own, other) = (plugin_event(1, 999, b"own"), plugin_event(1, 999, b"through the host"));
    let mut rc = POISON_RC;
    // SAFETY: as the API says.
    unsafe {
        let state = frugal(|| plugin_init(&raw const input, &raw mut rc));
        let error = || text(plugin_get_last_error(state));
        assert_eq!(rc, abi::SUCCESS, "{}", error());
        for _ in 0..3 {
            for (event, expected) in [(&own, abi::SUCCESS), (&other, abi::FAILURE)] {
                let event = abi::EventInput { evt: event.as_ptr().cast(), evtnum: 7, evtsrc: c"test".as_ptr() };
                let rc = frugal(|| plugin_parse_event(state, &raw const event, &raw const parse_input));
                assert_eq!(rc, expected, "{}", error());
                frugal(|| plugin_get_last_error(state));
                let rc = frugal(|| plugin_extract_fields(state, &raw const event, &raw const extract_input));
                assert_eq!((rc, field.res_len), (abi::SUCCESS, 1), "{}", error());
            }
            assert!(error().starts_with("the host cannot add the entry"), "{}", error());
        }
        frugal(|| plugin_destroy(state));
    }
}
