// SPDX-License-Identifier: Apache-2.0
//! The layouts of events as types of zerocopy, and the writers of whole events.

use core::ffi::CStr;

use zerocopy::native_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::{ASYNC_EVENT, HEADER_LEN, PAYLOAD_OFFSET, PLUGIN_EVENT, Timestamp, length_width};
use crate::view::{ViewError, WriteView};

/// The header of every event: 26 bytes, unaligned, native endian (rule 3.1).
///
/// ```
/// use falconet::event::Header;
/// assert_eq!((size_of::<Header>(), align_of::<Header>()), (26, 1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Header {
    /// Nanoseconds since the epoch; `u64::MAX`: the host's clock.
    pub ts: U64,
    /// Thread id; `u64::MAX`: none.
    pub tid: U64,
    /// Length of the whole event in bytes, this header included.
    pub len: U32,
    /// Type, as in libscap's event table.
    pub event_type: U16,
    /// Number of parameters.
    pub nparams: U32,
}

/// What stands before the payload of a plugin event: 38 bytes (rule 3.3).
///
/// ```text
///  0        26            30                 34       38
///  | header | id_len = 4  | payload_len u32  | id u32 | payload ...
/// ```
///
/// ```
/// use falconet::{event::PluginPrefix, Timestamp};
/// let prefix = PluginPrefix::new(Timestamp::HOST, 999, 5);
/// assert_eq!(prefix.header.len.get(), 43);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct PluginPrefix {
    /// The event's header, with type 322 and 2 parameters.
    pub header: Header,
    /// Length of the first parameter: 4.
    pub id_len: U32,
    /// Length of the payload in bytes.
    pub payload_len: U32,
    /// Id of the plugin; the host fills in 0.
    pub id: U32,
}

impl PluginPrefix {
    /// The prefix of a payload of `payload_len` bytes, which is at most `u32::MAX - 38`.
    #[must_use]
    #[inline]
    pub const fn new(ts: Timestamp, id: u32, payload_len: u32) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "38")]
        let len = payload_len.saturating_add(PAYLOAD_OFFSET as u32);
        Self {
            header: Header {
                ts: U64::new(ts.raw()),
                tid: U64::new(u64::MAX),
                len: U32::new(len),
                event_type: U16::new(PLUGIN_EVENT),
                nparams: U32::new(2),
            },
            id_len: U32::new(4),
            payload_len: U32::new(payload_len),
            id: U32::new(id),
        }
    }
}

/// What stands before the name of an async event: 42 bytes (rule 3.4).
///
/// ```text
///  0        26           30             34             38       42
///  | header | id_len = 4 | name_len u32 | data_len u32 | id u32 | name, NUL | data ...
/// ```
///
/// ```
/// assert_eq!(size_of::<falconet::event::AsyncPrefix>(), 42);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct AsyncPrefix {
    /// The event's header, with type 402 and 3 parameters.
    pub header: Header,
    /// Length of the first parameter: 4.
    pub id_len: U32,
    /// Length of the name in bytes, its NUL included.
    pub name_len: U32,
    /// Length of the data in bytes.
    pub data_len: U32,
    /// Id of the plugin whose source is open; the host fills it in.
    pub id: U32,
}

/// The length of a whole event, in an event's own 32 bits.
fn event_len(parts: impl IntoIterator<Item = usize>) -> Result<u32, ViewError> {
    let len = parts.into_iter().fold(0usize, usize::saturating_add);
    u32::try_from(len).map_err(|_| full(len, u32::MAX as usize))
}

/// Appends a whole async event at the view's cursor and returns its length in bytes.
///
/// # Errors
/// Where the view has too little room; then nothing is written.
pub fn write_async(
    out: &mut WriteView<'_>,
    ts: Timestamp,
    id: u32,
    name: &CStr,
    data: &[u8],
) -> Result<usize, ViewError> {
    let name = name.to_bytes();
    let len = event_len([size_of::<AsyncPrefix>(), name.len(), 1, data.len()])?;
    room(out, len)?;
    write_prefix(out, ts, id, name, data.len())?;
    out.write_all(data)?;
    Ok(len as usize)
}

/// Bytes of an async event before its data.
pub(crate) const fn async_prefix_len(name: &str) -> usize {
    size_of::<AsyncPrefix>() + name.len() + 1
}

/// Writes all of an async event that stands before `data_len` bytes of data.
pub(crate) fn write_async_prefix(
    out: &mut WriteView<'_>,
    ts: Timestamp,
    id: u32,
    name: &str,
    data_len: usize,
) -> Result<(), ViewError> {
    write_prefix(out, ts, id, name.as_bytes(), data_len)
}

fn write_prefix(
    out: &mut WriteView<'_>,
    ts: Timestamp,
    id: u32,
    name: &[u8],
    data_len: usize,
) -> Result<(), ViewError> {
    let len = event_len([size_of::<AsyncPrefix>(), name.len(), 1, data_len])?;
    let prefix = AsyncPrefix {
        header: Header {
            ts: U64::new(ts.raw()),
            tid: U64::new(u64::MAX),
            len: U32::new(len),
            event_type: U16::new(ASYNC_EVENT),
            nparams: U32::new(3),
        },
        id_len: U32::new(4),
        name_len: U32::new(event_len([name.len(), 1])?),
        data_len: U32::new(event_len([data_len])?),
        id: U32::new(id),
    };
    out.write_all(prefix.as_bytes())?;
    out.write_all(name)?;
    out.write_all(&[0])
}

/// Appends a whole event of any type from its raw parameters and returns its length in bytes.
///
/// The lengths take the width of the type (rule 3.2). `tid` is `None` where no thread belongs to the event.
///
/// # Errors
/// Where the view has too little room, or a parameter is longer than its length can say (65,535 bytes for types
/// with 2-byte lengths); then nothing is written.
pub fn write_raw(
    out: &mut WriteView<'_>,
    ts: Timestamp,
    tid: Option<u64>,
    event_type: u16,
    parameters: &[&[u8]],
) -> Result<usize, ViewError> {
    let width = length_width(event_type);
    let len = raw_len(event_type, parameters)?;
    let header = Header {
        ts: U64::new(ts.raw()),
        tid: U64::new(tid.unwrap_or(u64::MAX)),
        len: U32::new(len),
        event_type: U16::new(event_type),
        nparams: U32::new(event_len([parameters.len()])?),
    };
    room(out, len)?;
    out.write_all(header.as_bytes())?;
    for parameter in parameters {
        let len = event_len([parameter.len()])?;
        #[expect(clippy::cast_possible_truncation, reason = "checked above: no longer than the width can say")]
        match width {
            4 => out.write_all(U32::new(len).as_bytes())?,
            _ => out.write_all(U16::new(len as u16).as_bytes())?,
        }
    }
    for parameter in parameters {
        out.write_all(parameter)?;
    }
    Ok(len as usize)
}

/// Bytes of an event of raw parameters; an error where a parameter is longer than its length can say.
pub(crate) fn raw_len(event_type: u16, parameters: &[&[u8]]) -> Result<u32, ViewError> {
    let width = length_width(event_type);
    let longest = if width == 4 { u32::MAX as usize } else { u16::MAX as usize };
    if let Some(long) = parameters.iter().find(|p| p.len() > longest) {
        return Err(full(long.len(), longest));
    }
    let lengths = parameters.len().saturating_mul(width);
    event_len([HEADER_LEN, lengths].into_iter().chain(parameters.iter().map(|p| p.len())))
}

fn room(out: &WriteView<'_>, len: u32) -> Result<(), ViewError> {
    let available = out.space();
    if len as usize > available { Err(full(len as usize, available)) } else { Ok(()) }
}

const fn full(needed: usize, available: usize) -> ViewError {
    ViewError::Full { needed, available }
}
