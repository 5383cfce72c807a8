// SPDX-License-Identifier: Apache-2.0
//! Values of state tables: their types, how they cross the API, how they print.
#![expect(unsafe_code, reason = "values cross the API as a C union")]

use std::{
    ffi::{CString, c_char},
    fmt,
};

use falconet::abi::{
    Bool, ST_BOOL, ST_INT8, ST_INT16, ST_INT32, ST_INT64, ST_STRING, ST_TABLE, ST_UINT8, ST_UINT16, ST_UINT32,
    ST_UINT64, StateData, StateType as Number,
};
use serde_json::Value as Json;

use crate::text;

/// The type of a field or of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StateType {
    /// `int8`.
    I8,
    /// `int16`.
    I16,
    /// `int32`.
    I32,
    /// `int64`.
    I64,
    /// `uint8`.
    U8,
    /// `uint16`.
    U16,
    /// `uint32`.
    U32,
    /// `uint64`.
    U64,
    /// Bytes up to a NUL.
    String,
    /// A table in an entry.
    Table,
    /// Four bytes, zero is false.
    Bool,
}

impl StateType {
    const ALL: [(Self, Number, &'static str); 11] = [
        (Self::I8, ST_INT8, "int8"),
        (Self::I16, ST_INT16, "int16"),
        (Self::I32, ST_INT32, "int32"),
        (Self::I64, ST_INT64, "int64"),
        (Self::U8, ST_UINT8, "uint8"),
        (Self::U16, ST_UINT16, "uint16"),
        (Self::U32, ST_UINT32, "uint32"),
        (Self::U64, ST_UINT64, "uint64"),
        (Self::String, ST_STRING, "string"),
        (Self::Table, ST_TABLE, "table"),
        (Self::Bool, ST_BOOL, "bool"),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or("", |(.., name)| name)
    }

    /// Its number in the API.
    #[must_use]
    pub fn number(self) -> Number {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or(0, |(_, number, _)| *number)
    }

    /// The type with this number, if the API has it.
    #[must_use]
    pub fn of(number: Number) -> Option<Self> {
        Self::ALL.iter().find(|(_, of, _)| *of == number).map(|(kind, ..)| *kind)
    }
}

impl fmt::Display for StateType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One value of a state table, owned. Tables in entries are no values: see [`Cell`](crate::Cell).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StateValue {
    /// `int8`.
    I8(i8),
    /// `int16`.
    I16(i16),
    /// `int32`.
    I32(i32),
    /// `int64`.
    I64(i64),
    /// `uint8`.
    U8(u8),
    /// `uint16`.
    U16(u16),
    /// `uint32`.
    U32(u32),
    /// `uint64`.
    U64(u64),
    /// The bytes of a string, without its NUL.
    String(Vec<u8>),
    /// A truth.
    Bool(bool),
}

impl StateValue {
    /// The value's type.
    #[must_use]
    pub fn state_type(&self) -> StateType {
        match self {
            Self::I8(_) => StateType::I8,
            Self::I16(_) => StateType::I16,
            Self::I32(_) => StateType::I32,
            Self::I64(_) => StateType::I64,
            Self::U8(_) => StateType::U8,
            Self::U16(_) => StateType::U16,
            Self::U32(_) => StateType::U32,
            Self::U64(_) => StateType::U64,
            Self::String(_) => StateType::String,
            Self::Bool(_) => StateType::Bool,
        }
    }

    /// What a field of this type holds before it is written; `None` for tables.
    #[must_use]
    pub fn empty(kind: StateType) -> Option<Self> {
        Some(match kind {
            StateType::I8 => Self::I8(0),
            StateType::I16 => Self::I16(0),
            StateType::I32 => Self::I32(0),
            StateType::I64 => Self::I64(0),
            StateType::U8 => Self::U8(0),
            StateType::U16 => Self::U16(0),
            StateType::U32 => Self::U32(0),
            StateType::U64 => Self::U64(0),
            StateType::String => Self::String(Vec::new()),
            StateType::Bool => Self::Bool(false),
            StateType::Table => return None,
        })
    }

    /// The value as JSON: numbers as numbers, bytes that are no UTF-8 as U+FFFD.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::I8(number) => Json::from(*number),
            Self::I16(number) => Json::from(*number),
            Self::I32(number) => Json::from(*number),
            Self::I64(number) => Json::from(*number),
            Self::U8(number) => Json::from(*number),
            Self::U16(number) => Json::from(*number),
            Self::U32(number) => Json::from(*number),
            Self::U64(number) => Json::from(*number),
            Self::String(bytes) => Json::from(String::from_utf8_lossy(bytes)),
            Self::Bool(truth) => Json::from(*truth),
        }
    }

    /// The value as the API hands it over. It points into the value that is returned with it.
    pub(crate) fn data(&self) -> (StateData, Option<CString>) {
        let data = match self {
            Self::I8(number) => StateData { s8: *number },
            Self::I16(number) => StateData { s16: *number },
            Self::I32(number) => StateData { s32: *number },
            Self::I64(number) => StateData { s64: *number },
            Self::U8(number) => StateData { u8: *number },
            Self::U16(number) => StateData { u16: *number },
            Self::U32(number) => StateData { u32: *number },
            Self::U64(number) => StateData { u64: *number },
            Self::Bool(truth) => StateData { b: Bool::from(*truth) },
            Self::String(bytes) => {
                let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
                let text = CString::new(bytes.get(..end).unwrap_or_default()).unwrap_or_default();
                return (StateData { str: text.as_ptr() }, Some(text));
            }
        };
        (data, None)
    }

    /// The value of this type that a plugin handed over, or why there is none.
    ///
    /// # Safety
    /// `data` is NULL or points to a value of this type; a string is NULL or ends with a NUL. Nobody writes them during
    /// the call.
    pub(crate) unsafe fn read(kind: StateType, data: *const StateData) -> Result<Self, &'static str> {
        if data.is_null() {
            return Err("the pointer to the value is NULL");
        }
        // SAFETY: the plugin passes a value of this type, of which only the bytes of its member are read.
        unsafe {
            Ok(match kind {
                StateType::I8 => Self::I8(data.cast::<i8>().read_unaligned()),
                StateType::I16 => Self::I16(data.cast::<i16>().read_unaligned()),
                StateType::I32 => Self::I32(data.cast::<i32>().read_unaligned()),
                StateType::I64 => Self::I64(data.cast::<i64>().read_unaligned()),
                StateType::U8 => Self::U8(data.cast::<u8>().read_unaligned()),
                StateType::U16 => Self::U16(data.cast::<u16>().read_unaligned()),
                StateType::U32 => Self::U32(data.cast::<u32>().read_unaligned()),
                StateType::U64 => Self::U64(data.cast::<u64>().read_unaligned()),
                StateType::Bool => Self::Bool(data.cast::<Bool>().read_unaligned() != 0),
                StateType::String => {
                    let bytes = text::bytes(data.cast::<*const c_char>().read_unaligned());
                    Self::String(bytes.ok_or("the string is NULL, which crashes the real host")?)
                }
                StateType::Table => return Err("a table is no value"),
            })
        }
    }
}

impl fmt::Display for StateValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::I8(number) => write!(f, "{number}"),
            Self::I16(number) => write!(f, "{number}"),
            Self::I32(number) => write!(f, "{number}"),
            Self::I64(number) => write!(f, "{number}"),
            Self::U8(number) => write!(f, "{number}"),
            Self::U16(number) => write!(f, "{number}"),
            Self::U32(number) => write!(f, "{number}"),
            Self::U64(number) => write!(f, "{number}"),
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::String(bytes) => f.write_str(&String::from_utf8_lossy(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_every_type_cross_the_api_and_come_back() {
        let values = [
            StateValue::I8(-1),
            StateValue::I16(-2),
            StateValue::I32(-3),
            StateValue::I64(i64::MIN),
            StateValue::U8(0xA5),
            StateValue::U16(6),
            StateValue::U32(7),
            StateValue::U64(u64::MAX),
            StateValue::String(b"text".to_vec()),
            StateValue::Bool(true),
        ];
        for value in values {
            let kind = value.state_type();
            assert_eq!(StateType::of(kind.number()), Some(kind));
            let (data, _text) = value.data();
            // SAFETY: `data` is of this type, and its string lives in `_text`.
            assert_eq!(unsafe { StateValue::read(kind, &raw const data) }, Ok(value));
            assert_eq!(StateValue::empty(kind).map(|empty| empty.state_type()), Some(kind));
        }
        assert_eq!((StateType::of(11), StateValue::empty(StateType::Table)), (None, None));
        let null = StateData { str: std::ptr::null() };
        // SAFETY: a NULL string is told.
        assert!(unsafe { StateValue::read(StateType::String, &raw const null) }.is_err());
    }
}
