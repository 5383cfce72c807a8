// SPDX-License-Identifier: Apache-2.0
//! Extraction: requests in, values out, read as the real host reads them (section 5) and checked where it does not.
#![expect(unsafe_code, reason = "the plugin's function is called, and its results are read")]

use std::{ffi::c_char, net::IpAddr, ptr, slice};

use falconet::abi::{
    Bool, ByteBuffer, EventInput, ExtractField, ExtractResult, ExtractValueOffsets, FieldExtractInput, since,
};

use crate::{
    call::{CallError, Code, POISON_ADDRESS, POISON_U64},
    event::Event,
    field_request::FieldRequest,
    fields::FieldType,
    guard::{Kind, Pages},
    owner::{self, Called},
    plugin::Plugin,
    tables::{self, Access, LentCopy},
    text,
    value::Value,
    watch,
};

const CALL: &str = "plugin_extract_fields";
/// What `flist` holds for a list: a bit of the host's flags (rule 5.3).
const LIST: Bool = 64;
/// More values than any field has: a larger number is taken for a mistake.
const MAX_VALUES: u64 = 1 << 20;

/// Why values could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// The call itself.
    #[error(transparent)]
    Call(#[from] CallError),
    /// What the plugin gave for one field is wrong.
    #[error("plugin_extract_fields, field '{field}': {what}")]
    Field {
        /// The request.
        field: String,
        /// What is wrong.
        what: String,
    },
    /// The plugin touched a member that its claimed API version does not have (rule 1.5).
    #[error("plugin_extract_fields wrote value_offsets, which an API version before 3.11 does not have: claim 3.11.0")]
    Unclaimed,
}

/// How the call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The plugin gave success.
    Success,
    /// The plugin gave failure: there is no value, and its message is never read (rule 5.5).
    Failure,
    /// The plugin was not asked: it does not take events of this type or source.
    NotAsked,
}

/// Where a value lies in its event, in bytes from the event's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// Where it begins.
    pub start: u32,
    /// How long it is; 0 for a computed value.
    pub length: u32,
}

/// What one request gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extracted {
    /// The values: none, one, or several of a list.
    pub values: Vec<Value>,
    /// Where they lie in the event, if that was asked and the plugin tells.
    pub offsets: Option<Vec<Offset>>,
}

/// What a call gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extraction {
    /// How it ended.
    pub outcome: Outcome,
    /// One entry for each request, in order; all without values unless the outcome is success.
    pub fields: Vec<Extracted>,
}

impl Extraction {
    fn without_values(outcome: Outcome, requests: usize) -> Self {
        Self { outcome, fields: vec![Extracted::default(); requests] }
    }

    /// The first value of the first request.
    #[must_use]
    pub fn first(&self) -> Option<&Value> {
        self.fields.first()?.values.first()
    }
}

impl Plugin {
    /// Asks for the values of several fields in one call. libsinsp asks for one field a call; other hosts for several.
    ///
    /// # Errors
    /// [`ExtractError`] if what the plugin gave cannot be read. That there is no value is no error.
    pub fn extract(&self, event: &Event<'_>, requests: &[FieldRequest]) -> Result<Extraction, ExtractError> {
        self.extract_fields(event, requests, false)
    }

    /// Asks for the values of one field, and where they lie in the event (rule 5.7).
    ///
    /// # Errors
    /// As [`extract`](Self::extract); also if an offset lies outside the event.
    pub fn extract_with_offsets(&self, event: &Event<'_>, request: &FieldRequest) -> Result<Extraction, ExtractError> {
        self.extract_fields(event, slice::from_ref(request), true)
    }

    /// Whether the plugin takes events of this type and source.
    #[must_use]
    pub fn takes(&self, event: &Event<'_>) -> bool {
        let sources = &self.library().info().extract_sources;
        event.is_of(sources, self.extract_types())
    }

    fn extract_fields(
        &self,
        event: &Event<'_>,
        requests: &[FieldRequest],
        with_offsets: bool,
    ) -> Result<Extraction, ExtractError> {
        if self.api().extract_fields.is_none() {
            return Err(CallError::NoSymbol { symbol: CALL }.into());
        }
        if !self.takes(event) {
            return Ok(Extraction::without_values(Outcome::NotAsked, requests.len()));
        }
        let mut fields: Vec<ExtractField> = requests.iter().map(poisoned).collect();
        let mut offsets = ExtractValueOffsets { start: ptr::null_mut(), length: ptr::null_mut() };
        let claimed = self.library().claims(since::VALUE_OFFSETS);
        // A plugin that does not claim 3.11 gets a pointer all the same: what it writes there gives it away.
        let value_offsets = if with_offsets || !claimed { Some(&mut offsets) } else { None };
        // What the plugin was lent for the call is there until its results are read.
        let (done, _called) = self.ask(event, &mut fields, value_offsets)?;
        let untouched = offsets.start.is_null() && offsets.length.is_null();
        if !(claimed || untouched) {
            return Err(ExtractError::Unclaimed);
        }
        if !done {
            return Ok(Extraction::without_values(Outcome::Failure, requests.len()));
        }
        let mut extracted = Vec::with_capacity(requests.len());
        for (request, field) in requests.iter().zip(&fields) {
            let error = |what: String| ExtractError::Field { field: request.to_string(), what };
            // SAFETY: the plugin gave success, so its results live until the next call into the state.
            let values = unsafe { read_values(request, field) }.map_err(error)?;
            let offsets = match with_offsets && claimed && !values.is_empty() {
                // SAFETY: as above, with one offset for each value (rule 5.7).
                true => unsafe { read_offsets(&offsets, values.len(), event.bytes().len()) }.map_err(error)?,
                false => None,
            };
            extracted.push(Extracted { values, offsets });
        }
        Ok(Extraction { outcome: Outcome::Success, fields: extracted })
    }

    /// Calls `plugin_extract_fields`: whether it gave success, and what keeps texts of tables, which may be among the
    /// results. What it wrote is in `fields` and `offsets`.
    pub(crate) fn ask(
        &self,
        event: &Event<'_>,
        fields: &mut [ExtractField],
        offsets: Option<&mut ExtractValueOffsets>,
    ) -> Result<(bool, Called<'_>), CallError> {
        let vtables = self.vtables.lend();
        let offsets = offsets.map_or(ptr::null_mut(), ptr::from_mut);
        let input = self.input(fields, &vtables, offsets);
        let input = self.places.extract.lend(&input);
        // SAFETY: the input and all that it points to are ours and live during the call.
        unsafe { self.call(event, input.as_ptr()) }
    }

    /// The same with a struct that ends before `value_offsets`, as that of a host older than 3.11: who touches the member
    /// touches memory that is guarded.
    pub(crate) fn ask_as_before_offsets(
        &self,
        event: &Event<'_>,
        fields: &mut [ExtractField],
    ) -> Result<bool, CallError> {
        let vtables = self.vtables.lend();
        let input = self.input(fields, &vtables, ptr::null_mut());
        let len = std::mem::offset_of!(FieldExtractInput, value_offsets);
        let Ok(pages) = Pages::new(len, align_of::<FieldExtractInput>(), Kind::Lent, Some(Kind::LaterMember)) else {
            return Ok(false);
        };
        // SAFETY: the first `len` bytes of the struct are members and their padding, which are copied as bytes that may
        // be uninitialised; the pages have room for them.
        unsafe { pages.as_ptr().copy_from_nonoverlapping((&raw const input).cast::<u8>(), len) };
        // SAFETY: as in `ask`, but for the last member, which is not there on purpose.
        unsafe { self.call(event, pages.as_ptr().cast::<FieldExtractInput>()) }.map(|(done, _)| done)
    }

    fn input(
        &self,
        fields: &mut [ExtractField],
        vtables: &LentCopy<'_>,
        value_offsets: *mut ExtractValueOffsets,
    ) -> FieldExtractInput {
        FieldExtractInput {
            owner: self.owner().as_ptr(),
            get_owner_last_error: Some(owner::last_error),
            num_fields: u32::try_from(fields.len()).unwrap_or(u32::MAX),
            fields: fields.as_mut_ptr(),
            table_reader: tables::READER,
            table_reader_ext: vtables.reader(),
            value_offsets,
        }
    }

    /// # Safety
    /// The input and all that it points to live during the call.
    unsafe fn call(&self, event: &Event<'_>, input: *const FieldExtractInput) -> Result<(bool, Called<'_>), CallError> {
        let extract_fields = self.api().extract_fields.ok_or(CallError::NoSymbol { symbol: CALL })?;
        let event_input: EventInput = event.input();
        let event_input = self.places.event.lend(&event_input);
        let called = self.owner().enter(CALL, Access::Read);
        let _watched = watch::calling(CALL, self.library());
        // SAFETY: state and event are alive; the input is, by this function's contract.
        let rc = unsafe { extract_fields(self.state(), event_input.as_ptr(), input) };
        Ok((Code::done(CALL, rc)?, called))
    }
}

/// The request as the host hands it over: what is the plugin's to write holds a pattern (rule 5.3).
pub(crate) fn poisoned(request: &FieldRequest) -> ExtractField {
    let argument = request.argument();
    let key = argument.and_then(|argument| argument.key.as_deref());
    ExtractField {
        res: ExtractResult { u64: ptr::without_provenance_mut(POISON_ADDRESS) },
        res_len: POISON_U64,
        field_id: request.field().id,
        field: request.name().as_ptr(),
        arg_key: key.map_or(ptr::null(), |key| key.as_ptr()),
        arg_index: argument.and_then(|argument| argument.index).unwrap_or(u64::MAX),
        arg_present: Bool::from(argument.is_some()),
        ftype: request.field().kind.number(),
        flist: if request.field().list { LIST } else { 0 },
    }
}

/// Where the results of a field are said to be.
pub(crate) fn results(field: &ExtractField) -> *const u64 {
    // SAFETY: all members are pointers of one size; as an address only.
    unsafe { field.res.u64 }.cast_const()
}

/// # Safety
/// If `res_len` and `res` were written, as many values lie behind `res` as `res_len` says, of the request's type, and
/// nobody writes them during the call.
pub(crate) unsafe fn read_values(request: &FieldRequest, field: &ExtractField) -> Result<Vec<Value>, String> {
    let kind = request.field().kind;
    let count = match field.res_len {
        0 => return Ok(Vec::new()),
        POISON_U64 => return Err("res_len was not written, and success says that it was".to_owned()),
        count if count > 1 && !request.field().list => {
            return Err(format!("{count} values of a field that is no list"));
        }
        count if count > MAX_VALUES => return Err(format!("res_len is {count}, which no field has")),
        count => usize::try_from(count).map_err(|error| error.to_string())?,
    };
    let address = results(field);
    let align = match kind {
        FieldType::Bool => align_of::<Bool>(),
        _ => align_of::<u64>(),
    };
    if address.addr() == POISON_ADDRESS {
        return Err(format!("res was not written, but res_len says {count}"));
    }
    if address.is_null() {
        return Err(format!("res is NULL, but res_len says {count}"));
    }
    if !address.addr().is_multiple_of(align) {
        return Err(format!("res points to {address:p}, which is not aligned to {align} bytes for {kind}"));
    }
    (0..count)
        .map(|index| {
            let value = match kind {
                FieldType::U64 | FieldType::RelTime | FieldType::AbsTime => {
                    // SAFETY: one of the `count` values of this type, aligned.
                    let number = unsafe { address.add(index).read() };
                    return Ok(match kind {
                        FieldType::U64 => Value::U64(number),
                        FieldType::RelTime => Value::RelTime(number),
                        _ => Value::AbsTime(number),
                    });
                }
                // SAFETY: as above, of 4 bytes.
                FieldType::Bool => Ok(Value::Bool(unsafe { address.cast::<Bool>().add(index).read() } != 0)),
                FieldType::String => {
                    // SAFETY: as above; each is NULL or a C string that lives as long.
                    let bytes = unsafe { text::bytes(address.cast::<*const c_char>().add(index).read()) };
                    bytes.map(Value::String).ok_or("a string is NULL, which crashes the real host".to_owned())
                }
                FieldType::IpAddr | FieldType::IpNet => {
                    // SAFETY: as above; each is a length and a pointer to as many bytes.
                    let address = unsafe { read_address(&address.cast::<ByteBuffer>().add(index).read()) };
                    address.map(if kind == FieldType::IpAddr { Value::IpAddr } else { Value::IpNet })
                }
            };
            value.map_err(|what| format!("value {index} (from 0): {what}"))
        })
        .collect()
}

/// # Safety
/// `len` bytes lie behind `ptr`, if it is not NULL.
unsafe fn read_address(buffer: &ByteBuffer) -> Result<IpAddr, String> {
    let (len, bytes) = (buffer.len, buffer.ptr);
    if bytes.is_null() {
        return Err(format!("the address is NULL, its length {len}"));
    }
    match len {
        // SAFETY: 4 bytes are there, by this function's contract.
        4 => Ok(IpAddr::from(unsafe { bytes.cast::<[u8; 4]>().read() })),
        // SAFETY: 16 bytes are there, by this function's contract.
        16 => Ok(IpAddr::from(unsafe { bytes.cast::<[u8; 16]>().read() })),
        _ => Err(format!("the address is {len} bytes long where 4 or 16 were expected")),
    }
}

/// # Safety
/// If both pointers were written, `count` numbers lie behind each.
unsafe fn read_offsets(
    offsets: &ExtractValueOffsets,
    count: usize,
    event_len: usize,
) -> Result<Option<Vec<Offset>>, String> {
    if offsets.start.is_null() || offsets.length.is_null() {
        return Ok(None);
    }
    (0..count)
        .map(|index| {
            // SAFETY: the plugin gives an offset for each of its `count` values.
            let (start, length) =
                unsafe { (offsets.start.add(index).read_unaligned(), offsets.length.add(index).read_unaligned()) };
            match u64::from(start) + u64::from(length) <= event_len as u64 {
                true => Ok(Offset { start, length }),
                false => Err(format!(
                    "value {index} (from 0) is said to lie at {start}, {length} bytes long, in an event of {event_len}"
                )),
            }
        })
        .collect::<Result<_, _>>()
        .map(Some)
}
