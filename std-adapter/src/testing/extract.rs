// SPDX-License-Identifier: Apache-2.0
//! Fields asked of a plugin: requests full of poison in, values out.
#![expect(unsafe_code, reason = "a host calls a plugin by C functions")]

use std::ffi::{CStr, c_char};
use std::net::IpAddr;
use std::ops::Range;
use std::ptr::{null, null_mut, without_provenance_mut};
use std::time::{Duration, SystemTime};

use falconet::abi::{self, FAILURE, SUCCESS};
use falconet::export::{ExportedExtract, extract};

use super::field::{Asked, Field, Kind, fields};
use super::harness::{POISON_PTR, first_source, wrong};
use super::{Event, Harness, Value, host};

const CALL: &str = "plugin_extract_fields";
const POISON_LEN: u64 = u64::from_ne_bytes([super::harness::POISON; 8]);
/// The host's mark of a list.
const LIST: abi::Bool = 64;

/// What one call gave: the values of each request, and the offsets of the first one's.
struct Answer {
    values: Vec<Value>,
    offsets: Vec<Option<Range<usize>>>,
}

impl<P: ExportedExtract> Harness<P> {
    /// The value of a field of an event, written as in a rule: `name` or `name[argument]`.
    ///
    /// # Panics
    /// Where the plugin breaks a rule of the host, or panics, and where the real host would not ask for this: the plugin
    /// has no such field, or takes no events of this type.
    #[must_use]
    #[track_caller]
    pub fn extract(&self, event: &Event, field: &str) -> Value {
        self.extract_many(event, &[field]).pop().unwrap_or(Value::None)
    }

    /// The values of several fields, asked in one call, as hosts other than Falco's do: all are right at once (rule 5.1).
    ///
    /// # Panics
    /// As [`extract`](Harness::extract).
    #[must_use]
    #[track_caller]
    pub fn extract_many(&self, event: &Event, fields: &[&str]) -> Vec<Value> {
        let known = self.known_fields();
        let asked: Vec<_> = fields.iter().map(|text| parse(text, &known)).collect();
        self.ask(event, &asked, false).values
    }

    /// The values of all fields that need no argument, in one call, by their names.
    ///
    /// # Panics
    /// As [`extract`](Harness::extract).
    #[must_use]
    #[track_caller]
    pub fn extract_all(&self, event: &Event) -> Vec<(String, Value)> {
        let known = self.known_fields();
        let asked = Asked::all(&known);
        let values = self.ask(event, &asked, false).values;
        asked.iter().map(|asked| asked.field.name.clone()).zip(values).collect()
    }

    /// Where the values of a field stand in the event's bytes (capability `offsets`), one for each value: `None` where
    /// it is computed.
    ///
    /// ```
    /// # use falconet_std::{Error, Event, Extract, Field, Info, Init, Plugin};
    /// # struct Verbs;
    /// # impl Plugin for Verbs {
    /// #     type Error = Error;
    /// #     const INFO: Info = Info::new(c"verbs", c"0.1.0", c"verbs", c"you@example.org");
    /// #     fn new(_: &Init<'_>) -> Result<Self, Error> { Ok(Self) }
    /// # }
    /// # impl Extract for Verbs {
    /// #     type Decoded = ();
    /// #     const FIELDS: &'static [Field<Self>] = &[Field::<Self>::new("line.verb", "its verb", |_, _, request| {
    /// #         request.event().payload().split(|byte| *byte == b' ').next().and_then(|verb| request.event().span_of(verb))
    /// #     })];
    /// #     fn decode(&self, _: &Event<'_>) -> Option<()> { Some(()) }
    /// # }
    /// # falconet_std::export!(Verbs: extract, offsets);
    /// # fn main() {
    /// use falconet_std::testing::{Event as Made, Harness};
    /// let plugin = Harness::<Verbs>::init("").unwrap();
    /// assert_eq!(plugin.offsets(&Made::plugin(b"GET /"), "line.verb"), [Some(38..41)]); // the payload begins at 38
    /// # }
    /// ```
    ///
    /// # Panics
    /// As [`extract`](Harness::extract), and where the plugin's `export!` does not name `offsets`.
    #[must_use]
    #[track_caller]
    pub fn offsets(&self, event: &Event, field: &str) -> Vec<Option<Range<usize>>> {
        if !P::OFFSETS {
            wrong("the plugin's `export!` does not name `offsets`");
        }
        let known = self.known_fields();
        self.ask(event, &[parse(field, &known)], true).offsets
    }

    #[track_caller]
    fn known_fields(&self) -> Vec<Field> {
        // SAFETY: the plugin's constant, a C string.
        let json = unsafe { CStr::from_ptr(extract::fields::<P>()) };
        fields(json).unwrap_or_else(|error| wrong(&error))
    }

    #[track_caller]
    fn ask(&self, event: &Event, asked: &[Asked<'_>], with_offsets: bool) -> Answer {
        if !P::EVENT_TYPES.contains(&event.event_type()) {
            let (types, actual) = (P::EVENT_TYPES, event.event_type());
            wrong(&format!("no host asks this: EVENT_TYPES is {types:?}, the event's type is {actual}"));
        }
        let sources = P::EVENT_SOURCES;
        if let Some(source) = event.source().and_then(|source| source.to_str().ok())
            && !(sources.is_empty() || sources.contains(&source))
        {
            wrong(&format!("no host asks this: EVENT_SOURCES is {sources:?}, the event's is {source:?}"));
        }
        let mut places: Vec<_> = asked.iter().map(poisoned).collect();
        let poison = without_provenance_mut(POISON_PTR);
        let mut offsets = abi::ExtractValueOffsets { start: poison, length: poison };
        let input = abi::FieldExtractInput {
            owner: std::ptr::from_ref(self.host()).cast_mut().cast(),
            get_owner_last_error: Some(host::no_error),
            num_fields: u32::try_from(places.len()).unwrap_or(u32::MAX),
            fields: places.as_mut_ptr(),
            table_reader: NO_TABLES,
            table_reader_ext: null_mut(),
            // A plugin that claims no offsets gets a place all the same: what it writes there gives it away (rule 1.5).
            value_offsets: if with_offsets || !P::OFFSETS { &raw mut offsets } else { null_mut() },
        };
        let source = first_source(<P as ExportedExtract>::SOURCES);
        let event_input = event.input(&source);
        // SAFETY: the state is what init gave; structs and texts live for the call.
        let rc = unsafe { extract::extract_fields::<P>(self.state(), &raw const event_input, &raw const input) };
        self.check_whole();
        let untouched = offsets.start.addr() == POISON_PTR && offsets.length.addr() == POISON_PTR;
        if !P::OFFSETS && !untouched {
            wrong("value offsets are written by a plugin that does not claim them (rule 1.5)");
        }
        if rc != SUCCESS && rc != FAILURE {
            wrong(&format!("{CALL} gave the rc {rc}: success is {SUCCESS}, failure {FAILURE}"));
        }
        let values: Vec<_> = asked.iter().zip(&places).map(|(asked, place)| read(asked, place)).collect();
        let count = values.first().map_or(0, |value| value.values().len());
        let offsets = match with_offsets {
            // SAFETY: the call has written them, one for each value (rule 5.7).
            true => unsafe { read_offsets(&offsets, count, event.bytes().len()) },
            false => Vec::new(),
        };
        // Rule 5.5: of a failure the host takes no value.
        let values = if rc == SUCCESS { values } else { asked.iter().map(|_| Value::None).collect() };
        Answer { values, offsets: if rc == SUCCESS { offsets } else { Vec::new() } }
    }
}

#[track_caller]
fn parse<'f>(text: &str, known: &'f [Field]) -> Asked<'f> {
    Asked::parse(text, known).unwrap_or_else(|error| wrong(&error))
}

pub(super) const NO_TABLES: abi::TableReaderVtable = abi::TableReaderVtable {
    get_table_name: None,
    get_table_size: None,
    get_table_entry: None,
    read_entry_field: None,
};

/// The request's struct, poison in what is the plugin's to write (rule 5.3).
pub(super) fn poisoned(asked: &Asked<'_>) -> abi::ExtractField {
    abi::ExtractField {
        res: abi::ExtractResult { u64: without_provenance_mut(POISON_PTR) },
        res_len: POISON_LEN,
        field_id: asked.id,
        field: asked.name.as_ptr(),
        arg_key: asked.key.as_ref().map_or(null(), |key| key.as_ptr()),
        arg_index: asked.index.unwrap_or(u64::MAX),
        arg_present: abi::Bool::from(asked.argument),
        ftype: asked.field.kind.number(),
        flist: if asked.field.list { LIST } else { 0 },
    }
}

/// What a request got.
#[track_caller]
pub(super) fn read(asked: &Asked<'_>, place: &abi::ExtractField) -> Value {
    let name = &asked.field.name;
    // SAFETY: all members of the union are pointers, looked at as an address.
    let values = unsafe { place.res.u64 }.cast_const();
    if place.res_len == POISON_LEN {
        wrong(&format!("{name}: {CALL} has not written res_len (rule 5.3)"));
    }
    if place.res_len == 0 {
        return Value::None;
    }
    if values.is_null() || values.addr() == POISON_PTR {
        wrong(&format!("{name}: res_len is {}, and res was not written", place.res_len));
    }
    if place.res_len > 1 && !asked.field.list {
        wrong(&format!("{name}: {} values of a field that is no list", place.res_len));
    }
    let aligned = if asked.field.kind == Kind::Bool { 4 } else { 8 };
    if values.addr() % aligned != 0 {
        wrong(&format!("{name}: res is not aligned to {aligned} bytes"));
    }
    let count = usize::try_from(place.res_len).unwrap_or(usize::MAX);
    // SAFETY: the plugin gave so many values of the field's type, aligned, which live until its next call.
    let value = |index| unsafe { read_one(asked.field.kind, values, index) };
    let value = |index| value(index).unwrap_or_else(|what| wrong(&format!("{name}, value {index} (from 0): {what}")));
    if asked.field.list { Value::List((0..count).map(value).collect()) } else { value(0) }
}

/// # Safety
/// More than `index` values of this type lie behind `values`, aligned; what they point at is there.
unsafe fn read_one(kind: Kind, values: *const u64, index: usize) -> Result<Value, String> {
    // SAFETY: as this function's: cells of 8 bytes but for bools, of 4, and buffers, of 16.
    unsafe {
        Ok(match kind {
            Kind::Uint64 => Value::U64(values.add(index).read()),
            Kind::RelTime => Value::RelTime(Duration::from_nanos(values.add(index).read())),
            Kind::AbsTime => Value::AbsTime(SystemTime::UNIX_EPOCH + Duration::from_nanos(values.add(index).read())),
            Kind::Bool => Value::Bool(values.cast::<abi::Bool>().add(index).read() != 0),
            Kind::String => {
                let text = values.cast::<*const c_char>().add(index).read();
                if text.is_null() {
                    return Err("a string is NULL, which crashes the host (rule 5.6)".to_owned());
                }
                Value::String(CStr::from_ptr(text).to_bytes().to_vec())
            }
            Kind::IpAddr => Value::IpAddr(address(values.cast::<abi::ByteBuffer>().add(index).read())?),
            Kind::IpNet => Value::IpNet(address(values.cast::<abi::ByteBuffer>().add(index).read())?),
        })
    }
}

/// # Safety
/// The buffer's bytes are there.
unsafe fn address(buffer: abi::ByteBuffer) -> Result<IpAddr, String> {
    if buffer.ptr.is_null() {
        return Err("the bytes of an address are NULL".to_owned());
    }
    match buffer.len {
        // SAFETY: as this function's.
        4 => Ok(IpAddr::from(unsafe { buffer.ptr.cast::<[u8; 4]>().read() })),
        // SAFETY: as this function's.
        16 => Ok(IpAddr::from(unsafe { buffer.ptr.cast::<[u8; 16]>().read() })),
        len => Err(format!("an address has {len} bytes: 4 or 16 were expected")),
    }
}

/// # Safety
/// Where they were written, `count` numbers lie behind both pointers.
#[track_caller]
unsafe fn read_offsets(
    offsets: &abi::ExtractValueOffsets,
    count: usize,
    event_len: usize,
) -> Vec<Option<Range<usize>>> {
    if offsets.start.addr() == POISON_PTR || offsets.length.addr() == POISON_PTR {
        wrong("value offsets were asked for, and not written");
    }
    if offsets.start.is_null() || offsets.length.is_null() {
        return vec![None; count];
    }
    let offset = |index| {
        // SAFETY: as this function's.
        let (start, length) = unsafe { (*offsets.start.add(index) as usize, *offsets.length.add(index) as usize) };
        let end = start + length;
        if end > event_len {
            wrong(&format!("value {index} (from 0) is said to lie at {start}..{end} of {event_len} bytes"));
        }
        (end > 0).then_some(start..end)
    };
    (0..count).map(offset).collect()
}
