// SPDX-License-Identifier: Apache-2.0
//! What functions return, and the static text of each code.
#![expect(unsafe_code, reason = "symbols for C")]

use core::ffi::{CStr, c_char};

use sdk::batch::TooLarge;
use sdk::extract::NoValue;
use sdk::view::ViewError;

/// What most functions return: FALCONET_OK, a state above 0 that is no error, or an error below 0.
pub type Code = i32;

/// Done.
pub const FALCONET_OK: Code = 0;
/// The batch is full: lend it, and claim again when it is taken back.
pub const FALCONET_FULL: Code = 1;
/// There is none, or no more: no further request, no such parameter, no argument.
pub const FALCONET_NONE: Code = 2;

/// A pointer is NULL that must not be.
pub const FALCONET_ERROR_NULL: Code = -1;
/// A pointer is not aligned as its type needs.
pub const FALCONET_ERROR_ALIGNMENT: Code = -2;
/// Memory is smaller than what is asked for needs, or a size is larger than any memory.
pub const FALCONET_ERROR_SIZE: Code = -3;
/// A length is beyond the capacity.
pub const FALCONET_ERROR_LEN: Code = -4;
/// A read needs more bytes than there are.
pub const FALCONET_ERROR_SHORT: Code = -5;
/// A write, or a value, needs more room than there is.
pub const FALCONET_ERROR_ROOM: Code = -6;
/// A seek leads out of the view.
pub const FALCONET_ERROR_SEEK: Code = -7;
/// Memory to copy from or to lies within the view's own.
pub const FALCONET_ERROR_OVERLAP: Code = -8;
/// Not a view: it was never made, is given up, its event is committed or rolled back, or its fields were changed.
pub const FALCONET_ERROR_VIEW: Code = -9;
/// Not a batch: it was never made, is given back, or was moved.
pub const FALCONET_ERROR_BATCH: Code = -10;
/// The batch is lent to the host: take it back first.
pub const FALCONET_ERROR_LENT: Code = -11;
/// The batch has a claimed event already: commit it or roll it back first.
pub const FALCONET_ERROR_CLAIMED: Code = -12;
/// The batch has no claimed event: it was committed or rolled back already, or never claimed.
pub const FALCONET_ERROR_NOT_CLAIMED: Code = -13;
/// The event can never fit into this batch.
pub const FALCONET_ERROR_TOO_LARGE: Code = -14;
/// All of them are in use.
pub const FALCONET_ERROR_NONE_FREE: Code = -15;
/// The bytes are no event: its lengths and the bytes there are do not agree.
pub const FALCONET_ERROR_EVENT: Code = -16;
/// The event has another type than the one asked for.
pub const FALCONET_ERROR_EVENT_TYPE: Code = -17;
/// Not a memory for results: it was never made, or was moved.
pub const FALCONET_ERROR_RESULTS: Code = -18;
/// No field is asked: falconet_extraction_next gave none, or there are no more.
pub const FALCONET_ERROR_NO_FIELD: Code = -19;
/// The field has another type than the value.
pub const FALCONET_ERROR_FIELD_TYPE: Code = -20;
/// The field has its value already, and is no list.
pub const FALCONET_ERROR_ANSWERED: Code = -21;
/// A text has a NUL in it, or none at its end.
pub const FALCONET_ERROR_TEXT: Code = -22;
/// A number is none that the function knows.
pub const FALCONET_ERROR_ARGUMENT: Code = -23;

/// The text of a code, in English, without a newline.
///
/// The text is static. A number that is no code has a text that says so.
#[unsafe(no_mangle)]
pub extern "C" fn falconet_error_text(code: Code) -> *const c_char {
    text(code).as_ptr()
}

/// The texts of all codes from [`FALCONET_NONE`] down, one after another. There are no pointers, which would have to be
/// relocated in every plugin.
const TEXTS: &str = "\
    there is none, or no more\0\
    the batch is full: lend it, and claim again when it is taken back\0\
    done\0\
    a pointer is NULL that must not be\0\
    a pointer is not aligned as its type needs\0\
    memory is too small for what is asked, or a size is larger than any memory\0\
    a length is beyond the capacity\0\
    a read needs more bytes than there are\0\
    a write or a value needs more room than there is\0\
    a seek leads out of the view\0\
    memory to copy from or to lies within the view's own\0\
    not a view: never made, given up, its event's claim over, or its fields changed\0\
    not a batch: never made, given back, or moved\0\
    the batch is lent to the host: take it back first\0\
    the batch has a claimed event: commit it or roll it back first\0\
    the batch has no claimed event\0\
    the event can never fit into this batch\0\
    all of them are in use\0\
    the bytes are no event: its lengths and the bytes there are do not agree\0\
    the event has another type than the one asked for\0\
    not a memory for results: never made, or moved\0\
    no field is asked\0\
    the field has another type than the value\0\
    the field has its value already, and is no list\0\
    a text has a NUL in it, or none at its end\0\
    a number is none that the function knows\0\
    not a code of falconet\0";

/// The text of a code.
#[inline(never)]
pub(crate) fn text(code: Code) -> &'static CStr {
    let skip = usize::try_from(FALCONET_NONE.wrapping_sub(code)).unwrap_or(CODES).min(CODES);
    let mut rest = TEXTS.as_bytes();
    for _ in 0..skip {
        let end = rest.iter().position(|byte| *byte == 0).unwrap_or(0);
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    CStr::from_bytes_until_nul(rest).unwrap_or_default()
}

/// How many codes there are.
const CODES: usize = FALCONET_NONE.abs_diff(FALCONET_ERROR_ARGUMENT) as usize + 1;

/// An error, or a state that ends a call early: a code other than [`FALCONET_OK`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failed(pub(crate) Code);

/// The code of a result.
#[inline]
pub(crate) const fn done(result: Result<(), Failed>) -> Code {
    match result {
        Ok(()) => FALCONET_OK,
        Err(Failed(code)) => code,
    }
}

impl From<ViewError> for Failed {
    #[inline]
    fn from(error: ViewError) -> Self {
        Self(match error {
            ViewError::Null => FALCONET_ERROR_NULL,
            ViewError::CapacityTooLarge { .. } => FALCONET_ERROR_SIZE,
            ViewError::LenBeyondCapacity { .. } => FALCONET_ERROR_LEN,
            ViewError::Short { .. } => FALCONET_ERROR_SHORT,
            ViewError::Full { .. } => FALCONET_ERROR_ROOM,
            ViewError::Seek { .. } => FALCONET_ERROR_SEEK,
            _ => FALCONET_ERROR_VIEW,
        })
    }
}

impl From<TooLarge> for Failed {
    fn from(_: TooLarge) -> Self {
        Self(FALCONET_ERROR_TOO_LARGE)
    }
}

impl From<NoValue> for Failed {
    fn from(error: NoValue) -> Self {
        Self(match error {
            NoValue::Room => FALCONET_ERROR_ROOM,
            NoValue::Nul => FALCONET_ERROR_TEXT,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn texts_stand_in_the_order_of_codes() {
        assert_eq!(text(FALCONET_NONE), c"there is none, or no more");
        assert_eq!(text(FALCONET_FULL), c"the batch is full: lend it, and claim again when it is taken back");
        assert_eq!(text(FALCONET_OK), c"done");
        assert_eq!(text(FALCONET_ERROR_NULL), c"a pointer is NULL that must not be");
        assert_eq!(text(FALCONET_ERROR_LENT), c"the batch is lent to the host: take it back first");
        assert_eq!(text(FALCONET_ERROR_TEXT), c"a text has a NUL in it, or none at its end");
        assert_eq!(text(FALCONET_ERROR_ARGUMENT), c"a number is none that the function knows");
    }

    #[test]
    fn every_code_has_a_text_of_its_own() {
        let texts: BTreeSet<_> = (FALCONET_ERROR_ARGUMENT..=FALCONET_NONE).map(text).collect();
        assert_eq!(texts.len(), 26);
        for none in [FALCONET_ERROR_ARGUMENT - 1, FALCONET_NONE + 1, Code::MIN, Code::MAX] {
            assert_eq!(text(none), c"not a code of falconet");
            assert!(!texts.contains(text(none)));
        }
    }
}
