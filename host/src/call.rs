// SPDX-License-Identifier: Apache-2.0
//! What came out of a call into the plugin: its rc, checked, and the errors that every call can have.

use falconet::abi::{EOF, FAILURE, NOT_SUPPORTED, Rc, SUCCESS, TIMEOUT};

/// The byte that fills what a plugin must write, and what it must no longer read.
pub const POISON: u8 = 0xA5;

/// What an rc holds before a call: no value of the API (rule 1.8).
pub(crate) const POISON_RC: Rc = Rc::from_ne_bytes([POISON; 4]);
/// What a 32-bit out-param holds before a call.
pub(crate) const POISON_U32: u32 = u32::from_ne_bytes([POISON; 4]);
/// What a 64-bit out-param holds before a call.
pub(crate) const POISON_U64: u64 = u64::from_ne_bytes([POISON; 8]);
/// What a pointer out-param holds before a call.
pub(crate) const POISON_ADDRESS: usize = usize::from_ne_bytes([POISON; size_of::<usize>()]);

/// Why a call into a plugin failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The plugin said so; `message` is its last error.
    #[error("{call} failed: {message}")]
    Failed {
        /// The symbol that was called.
        call: &'static str,
        /// The plugin's own message, or a fixed text if there was no state to ask.
        message: String,
    },
    /// An out-param was left as it was before the call.
    #[error("{call} returned without writing {what}: it must be written on every path")]
    NotWritten {
        /// The symbol that was called.
        call: &'static str,
        /// The out-param.
        what: &'static str,
    },
    /// An rc that the API does not have.
    #[error("{call} gave the rc {rc}, which is none of 0 success, 1 failure, -1 timeout, 2 end, 3 not supported")]
    UnknownRc {
        /// The symbol that was called.
        call: &'static str,
        /// What it gave.
        rc: Rc,
    },
    /// An rc that means nothing for this call.
    #[error("{call} gave the rc {rc} ({name}), which has no meaning for this call: use success or failure")]
    MisplacedRc {
        /// The symbol that was called.
        call: &'static str,
        /// What it gave.
        rc: Rc,
        /// Its name.
        name: &'static str,
    },
    /// The plugin does not export the symbol.
    #[error("the plugin has no symbol '{symbol}'")]
    NoSymbol {
        /// What would have been called.
        symbol: &'static str,
    },
    /// A text for the plugin holds a NUL byte, which a C string cannot.
    #[error("the text for {call} holds a NUL byte at {position}, which a C string cannot hold")]
    Nul {
        /// The symbol that would have been called.
        call: &'static str,
        /// Where the NUL is, in bytes.
        position: usize,
    },
}

/// An rc that the API has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    Success,
    Failure,
    Timeout,
    Eof,
    NotSupported,
}

impl Code {
    /// The rc as a value of the API; one that was never written is told from one that is unknown.
    pub(crate) fn of(call: &'static str, rc: Rc) -> Result<Self, CallError> {
        match rc {
            SUCCESS => Ok(Self::Success),
            FAILURE => Ok(Self::Failure),
            TIMEOUT => Ok(Self::Timeout),
            EOF => Ok(Self::Eof),
            NOT_SUPPORTED => Ok(Self::NotSupported),
            POISON_RC => Err(CallError::NotWritten { call, what: "rc" }),
            rc => Err(CallError::UnknownRc { call, rc }),
        }
    }

    /// `true` for success, `false` for failure (not supported counts as that), an error for the others.
    pub(crate) fn done(call: &'static str, rc: Rc) -> Result<bool, CallError> {
        match Self::of(call, rc)? {
            Self::Success => Ok(true),
            Self::Failure | Self::NotSupported => Ok(false),
            Self::Timeout => Err(CallError::MisplacedRc { call, rc, name: "timeout" }),
            Self::Eof => Err(CallError::MisplacedRc { call, rc, name: "end" }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_1_8_an_rc_that_was_not_written_is_told_from_an_unknown_one() {
        let error = Code::of("plugin_init", POISON_RC).unwrap_err();
        assert_eq!(error.to_string(), "plugin_init returned without writing rc: it must be written on every path");
        let error = Code::of("plugin_init", 7).unwrap_err().to_string();
        assert!(error.starts_with("plugin_init gave the rc 7, which is none of"), "{error}");
        assert!(Code::done("plugin_init", EOF).unwrap_err().to_string().contains("(end)"));
        assert_eq!(Code::done("plugin_init", NOT_SUPPORTED), Ok(false));
    }
}
