// SPDX-License-Identifier: Apache-2.0
//! The loops: calls of a plugin's functions, and the least that a host does with what they give.
//!
//! A plugin that is measured was checked before. A pointer that it gives and that leads nowhere ends this process.
#![expect(unsafe_code, reason = "the plugin's functions are called, and what they give is read")]

use std::{
    ffi::{CString, c_char, c_void},
    hint, mem, ptr, slice,
    time::Instant,
};

use falconet::abi::{self, EVENT_PAYLOAD_OFFSET, EventInput, ExtractField, FieldExtractInput, PluginApi};

use super::{BenchError, KEPT, Measured, Phase, SILENCE, Work, process::cpu_ns};
use crate::{
    call::{CallError, Code, POISON_ADDRESS, POISON_U32},
    event::PLUGIN_EVENT,
    extract,
    fields::FieldType,
    instance::{Instance, NextError},
    owner,
    plugin::Plugin,
    tables::{self, Access, LentCopy},
    watch::{self, Beat},
};

const NEXT_BATCH: &str = "plugin_next_batch";
const EXTRACT_FIELDS: &str = "plugin_extract_fields";
const EVENT_TO_STRING: &str = "plugin_event_to_string";

/// What this host writes where a plugin leaves the time to it.
const HOST_TIME: u64 = 1;

pub(super) fn measure(plugin: &Plugin, phase: Phase, work: &Work<'_>) -> Result<Option<Measured>, BenchError> {
    let instance = plugin.open(work.params)?;
    let mut source = Source::new(plugin, &instance)?;
    let _watched = watch::looping(plugin.library());
    let max = work.max.max(1);
    let mut clock = Clock { work, measured: Measured::default(), since: 0, counted: 0 };
    match phase {
        Phase::Source => {
            clock.start();
            source.drain(max, |_| {})?;
        }
        Phase::SourceExtract | Phase::SourceEach => {
            let mut extractor = Extractor::new(plugin, work, phase)?;
            clock.start();
            source.drain(max, |event| extractor.ask(event))?;
            clock.stop();
            extractor.tell(&mut clock.measured);
        }
        Phase::SourceText => {
            let mut texts = Texts::new(plugin)?;
            clock.start();
            source.drain(max, |event| texts.ask(event))?;
            clock.stop();
            clock.measured.values = texts.there;
        }
        Phase::ExtractOne | Phase::ExtractAll => {
            let mut extractor = Extractor::new(plugin, work, phase)?;
            let kept = source.keep()?;
            clock.start();
            kept.each(max, |event| extractor.ask(event));
            clock.stop();
            extractor.tell(&mut clock.measured);
        }
        Phase::Text => {
            let mut texts = Texts::new(plugin)?;
            let kept = source.keep()?;
            clock.start();
            kept.each(max, |event| texts.ask(event));
            clock.stop();
            clock.measured.values = texts.there;
        }
        Phase::End => {
            source.drain(max, |_| {})?;
            if source.code != Some(Code::Eof) && source.batch(|_| {})? != Code::Eof {
                return Ok(None);
            }
            source.seen = Measured::default();
            clock.start();
            for _ in 0..work.end_calls {
                source.batch(|_| {})?;
            }
            clock.stop();
            if source.seen.units > 0 {
                return Ok(None);
            }
            clock.measured.units = work.end_calls;
            return Ok(Some(clock.measured));
        }
    }
    clock.stop();
    let Measured { units, bytes, batches, .. } = source.seen;
    let alone = matches!(phase, Phase::ExtractOne | Phase::ExtractAll | Phase::Text);
    if !alone {
        if units == 0 {
            return Err(BenchError::NoEvents);
        }
        (clock.measured.units, clock.measured.bytes, clock.measured.batches) = (units, bytes, batches);
    } else {
        clock.measured.units = max;
    }
    Ok(Some(clock.measured))
}

/// Asks an instance for its first batch, with or without events.
pub(super) fn first_batch(plugin: &Plugin, instance: &Instance<'_>) -> Result<(), BenchError> {
    let _watched = watch::looping(plugin.library());
    Source::new(plugin, instance)?.batch(|_| {}).map(drop)
}

/// CPU time and the caller's counter, from start to the first stop.
struct Clock<'a> {
    work: &'a Work<'a>,
    measured: Measured,
    since: u64,
    counted: u64,
}

impl Clock<'_> {
    fn start(&mut self) {
        self.counted = (self.work.counter)();
        self.since = cpu_ns();
    }

    fn stop(&mut self) {
        if self.measured.cpu_ns == 0 {
            self.measured.cpu_ns = cpu_ns().saturating_sub(self.since).max(1);
            self.measured.counted = (self.work.counter)().saturating_sub(self.counted);
        }
    }
}

/// An open instance, drained.
struct Source<'a> {
    plugin: &'a Plugin,
    next_batch: unsafe extern "C" fn(*mut c_void, *mut c_void, *mut u32, *mut *mut *mut abi::Event) -> abi::Rc,
    handle: *mut c_void,
    id: u32,
    name: CString,
    seen: Measured,
    /// How the last batch ended.
    code: Option<Code>,
}

impl<'a> Source<'a> {
    fn new(plugin: &'a Plugin, instance: &'a Instance<'_>) -> Result<Self, CallError> {
        let next_batch = plugin.api().next_batch.ok_or(CallError::NoSymbol { symbol: NEXT_BATCH })?;
        let info = plugin.library().info();
        let name = CString::new(info.source.as_str()).unwrap_or_default();
        let handle = instance.handle();
        Ok(Self { plugin, next_batch, handle, id: info.id, name, seen: Measured::default(), code: None })
    }

    /// One call, and its events one by one.
    #[inline]
    fn batch(&mut self, mut each: impl FnMut(&EventInput)) -> Result<Code, BenchError> {
        let unwritten = ptr::without_provenance_mut(POISON_ADDRESS);
        let (mut count, mut events) = (POISON_U32, unwritten);
        watch::beat(Beat::NextBatch, self.seen.batches);
        // SAFETY: state and instance are alive, the out-params are ours; nothing of the batch before is used any more.
        let rc = unsafe { (self.next_batch)(self.plugin.state(), self.handle, &raw mut count, &raw mut events) };
        self.seen.batches += 1;
        let code = Code::of(NEXT_BATCH, rc)?;
        if count == POISON_U32 {
            return Err(CallError::NotWritten { call: NEXT_BATCH, what: "nevts" }.into());
        }
        self.code = Some(code);
        if count > 0 {
            if events == unwritten {
                return Err(CallError::NotWritten { call: NEXT_BATCH, what: "evts" }.into());
            }
            if events.is_null() {
                return Err(NextError::NullBatch(count).into());
            }
            // SAFETY: the plugin says that `count` pointers are there, until its next batch.
            let events = unsafe { slice::from_raw_parts(events, count as usize) };
            for &event in events {
                self.seen.units += 1;
                // SAFETY: the plugin lends the event for reading and writing until its next batch.
                self.seen.bytes += u64::from(unsafe { take(event, self.id) });
                each(&EventInput { evt: event, evtnum: self.seen.units, evtsrc: self.name.as_ptr() });
            }
            return Ok(code);
        }
        match code {
            Code::Success => Err(NextError::Empty.into()),
            code => Ok(code),
        }
    }

    /// Batches up to the end, or until there were `max` events.
    #[inline]
    fn drain(&mut self, max: u64, mut each: impl FnMut(&EventInput)) -> Result<(), BenchError> {
        let mut silent_since = None;
        while self.seen.units < max {
            let before = self.seen.units;
            match self.batch(&mut each)? {
                Code::Success => {}
                Code::Eof => break,
                Code::Failure | Code::NotSupported => {
                    let message = self.plugin.last_error();
                    return Err(CallError::Failed { call: NEXT_BATCH, message }.into());
                }
                Code::Timeout if self.seen.units > before => silent_since = None,
                Code::Timeout => {
                    if silent_since.get_or_insert_with(Instant::now).elapsed() > SILENCE {
                        return Err(BenchError::Silent);
                    }
                }
            }
        }
        Ok(())
    }

    /// Copies of the first events, in memory of the host's own.
    fn keep(&mut self) -> Result<Kept, BenchError> {
        let mut events = Vec::with_capacity(KEPT);
        let most = KEPT as u64;
        self.drain(most, |event| {
            if events.len() < KEPT {
                // SAFETY: the event was taken, so its header is there and its `len` is true.
                let bytes = unsafe {
                    let len = (&raw const (*event.evt).len).read_unaligned();
                    slice::from_raw_parts(event.evt.cast::<u8>(), len as usize)
                };
                // Words, so that it is aligned as a host's own events are.
                let mut words = vec![0u64; bytes.len().div_ceil(size_of::<u64>())];
                // SAFETY: as many bytes are there, and nobody else has them.
                unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), words.as_mut_ptr().cast(), bytes.len()) };
                events.push(words);
            }
        })?;
        if events.is_empty() {
            return Err(BenchError::NoEvents);
        }
        let pointers = events.iter().map(|words| words.as_ptr().cast()).collect();
        Ok(Kept { pointers, _events: events, name: mem::take(&mut self.name) })
    }
}

/// Events of the host's own.
struct Kept {
    pointers: Vec<*const abi::Event>,
    _events: Vec<Vec<u64>>,
    name: CString,
}

impl Kept {
    /// Hands out `times` events, one after another, each under a new number.
    #[inline]
    fn each(&self, times: u64, mut each: impl FnMut(&EventInput)) {
        for (number, &evt) in (1..=times).zip(self.pointers.iter().cycle()) {
            each(&EventInput { evt, evtnum: number, evtsrc: self.name.as_ptr() });
        }
    }
}

/// What the real host writes into an event that it is lent (rule 4.1); its `len`.
///
/// # Safety
/// `event` points to an event that may be read and written.
#[inline]
unsafe fn take(event: *mut abi::Event, id: u32) -> u32 {
    // SAFETY: an event has a header, by this function's contract; it may lie at any address.
    let header = unsafe { event.read_unaligned() };
    if header.r#type == PLUGIN_EVENT && header.len as usize >= EVENT_PAYLOAD_OFFSET {
        // SAFETY: as many bytes are there.
        let place = unsafe { event.cast::<u8>().add(EVENT_PAYLOAD_OFFSET - 4).cast::<u32>() };
        // SAFETY: as above.
        if unsafe { place.read_unaligned() } == 0 {
            // SAFETY: as above.
            unsafe { place.write_unaligned(id) };
        }
        // SAFETY: the header may be written.
        unsafe { (&raw mut (*event).tid).write_unaligned(u64::MAX) };
    }
    if header.ts == u64::MAX {
        // SAFETY: the header may be written.
        unsafe { (&raw mut (*event).ts).write_unaligned(HOST_TIME) };
    }
    header.len
}

/// Asks for values: of all fields in one call, or in a call each.
struct Extractor<'a> {
    function: unsafe extern "C" fn(*mut c_void, *const EventInput, *const FieldExtractInput) -> abi::Rc,
    state: *mut c_void,
    kinds: Vec<FieldType>,
    /// Fields of a call.
    each: usize,
    /// The calls. The plugin writes into the fields, so they are reached by the pointers in here alone.
    inputs: Vec<FieldExtractInput>,
    _fields: Vec<ExtractField>,
    _vtables: LentCopy<'a>,
    values: u64,
    failures: u64,
    /// Made of each value, so that it is read.
    sum: u64,
    _called: owner::Called<'a>,
}

impl<'a> Extractor<'a> {
    fn new(plugin: &'a Plugin, work: &'a Work<'_>, phase: Phase) -> Result<Self, CallError> {
        let api: &PluginApi = plugin.api();
        let function = api.extract_fields.ok_or(CallError::NoSymbol { symbol: EXTRACT_FIELDS })?;
        let requests = match phase {
            Phase::ExtractOne => work.fields.get(..1).unwrap_or_default(),
            _ => work.fields,
        };
        let mut fields: Vec<ExtractField> = requests.iter().map(extract::poisoned).collect();
        let first = fields.as_mut_ptr();
        let each = if phase == Phase::SourceEach { 1 } else { fields.len().max(1) };
        let vtables = plugin.vtables.lend();
        let inputs = (0..fields.len()).step_by(each).map(|at| FieldExtractInput {
            owner: plugin.owner().as_ptr(),
            get_owner_last_error: Some(owner::last_error),
            num_fields: u32::try_from(each).unwrap_or(u32::MAX),
            fields: first.wrapping_add(at),
            table_reader: tables::READER,
            table_reader_ext: vtables.reader(),
            value_offsets: ptr::null_mut(),
        });
        Ok(Self {
            function,
            state: plugin.state(),
            kinds: requests.iter().map(|request| request.field().kind).collect(),
            each,
            inputs: inputs.collect(),
            _fields: fields,
            _vtables: vtables,
            values: 0,
            failures: 0,
            sum: 0,
            _called: plugin.owner().enter(EXTRACT_FIELDS, Access::Read),
        })
    }

    #[inline]
    fn ask(&mut self, event: &EventInput) {
        for (input, kinds) in self.inputs.iter().zip(self.kinds.chunks(self.each)) {
            watch::beat(Beat::ExtractFields, event.evtnum);
            // SAFETY: state and event are alive, the input and the fields that it points to are ours.
            let rc = unsafe { (self.function)(self.state, event, input) };
            if rc != abi::SUCCESS {
                self.failures += 1;
                continue;
            }
            for (index, kind) in kinds.iter().enumerate() {
                // SAFETY: the call was for as many fields as kinds, and is over. Values live until the next one.
                let field = unsafe { &*input.fields.add(index) };
                if field.res_len > 0 {
                    self.values += 1;
                    // SAFETY: the plugin gave success and says that a value of this type is there.
                    self.sum = self.sum.wrapping_add(unsafe { first_of(field, *kind) });
                }
            }
        }
    }

    fn tell(self, measured: &mut Measured) {
        hint::black_box(self.sum);
        measured.values = self.values;
        measured.failures = self.failures;
    }
}

/// A number made of the first value of a field.
///
/// # Safety
/// A value of this type lies behind `res`.
#[inline]
unsafe fn first_of(field: &ExtractField, kind: FieldType) -> u64 {
    // SAFETY: by this function's contract; all members are pointers.
    unsafe {
        match kind {
            FieldType::U64 | FieldType::RelTime | FieldType::AbsTime => field.res.u64.read_unaligned(),
            FieldType::Bool => field.res.boolean.read_unaligned().into(),
            FieldType::String => field.res.str.read_unaligned().cast::<u8>().read().into(),
            FieldType::IpAddr | FieldType::IpNet => field.res.buf.cast::<u32>().read_unaligned().into(),
        }
    }
}

/// Asks for texts.
struct Texts {
    function: unsafe extern "C" fn(*mut c_void, *const EventInput) -> *const c_char,
    state: *mut c_void,
    there: u64,
}

impl Texts {
    fn new(plugin: &Plugin) -> Result<Self, CallError> {
        let function = plugin.api().event_to_string.ok_or(CallError::NoSymbol { symbol: EVENT_TO_STRING })?;
        Ok(Self { function, state: plugin.state(), there: 0 })
    }

    #[inline]
    fn ask(&mut self, event: &EventInput) {
        watch::beat(Beat::EventToString, event.evtnum);
        // SAFETY: state and event are alive.
        let text = unsafe { (self.function)(self.state, event) };
        // SAFETY: NULL, or a C string that lives until the next call.
        self.there += u64::from(!text.is_null() && unsafe { text.read() } != 0);
    }
}
