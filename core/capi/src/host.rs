// SPDX-License-Identifier: Apache-2.0
//! What a plugin needs of the host's structs: config, owner, log; and numbers of the plugin API.
#![expect(unsafe_code, reason = "symbols for C")]

use core::ffi::{c_char, c_void};

use sdk::abi::{self, InitInput as HostInitInput, SetConfigInput as HostSetConfigInput};

use crate::code::{Code, FALCONET_ERROR_ARGUMENT, FALCONET_ERROR_NULL, FALCONET_OK, Failed, done};
use crate::event::text_or_empty;
use crate::pointer::{checked, get};
use crate::types::Log;

/// What functions of a plugin return: success.
pub const FALCONET_RC_SUCCESS: i32 = 0;
/// What functions of a plugin return: failure.
pub const FALCONET_RC_FAILURE: i32 = 1;
/// What plugin_next_batch returns where there are no events at this moment.
pub const FALCONET_RC_TIMEOUT: i32 = -1;
/// What plugin_next_batch returns at the end of its source, and ever after.
pub const FALCONET_RC_EOF: i32 = 2;
/// What functions of a plugin return that do not support something.
pub const FALCONET_RC_NOT_SUPPORTED: i32 = 3;

/// The process cannot go on.
pub const FALCONET_LOG_FATAL: u32 = 1;
/// A part of the process cannot go on.
pub const FALCONET_LOG_CRITICAL: u32 = 2;
/// Something failed.
pub const FALCONET_LOG_ERROR: u32 = 3;
/// Something is not as it should be.
pub const FALCONET_LOG_WARNING: u32 = 4;
/// Normal, but of note.
pub const FALCONET_LOG_NOTICE: u32 = 5;
/// Normal.
pub const FALCONET_LOG_INFO: u32 = 6;
/// For the plugin's author.
pub const FALCONET_LOG_DEBUG: u32 = 7;
/// For the plugin's author, in every detail.
pub const FALCONET_LOG_TRACE: u32 = 8;

const _: () = assert!(FALCONET_RC_SUCCESS == abi::SUCCESS && FALCONET_RC_FAILURE == abi::FAILURE);
const _: () = assert!(FALCONET_RC_TIMEOUT == abi::TIMEOUT && FALCONET_RC_EOF == abi::EOF);
const _: () = assert!(FALCONET_RC_NOT_SUPPORTED == abi::NOT_SUPPORTED);
const _: () = assert!(FALCONET_LOG_FATAL == abi::LOG_FATAL && FALCONET_LOG_TRACE == abi::LOG_TRACE);

/// The plugin's config, which is valid for the call of plugin_init: copy what is kept. Never NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_init_config(input: *const HostInitInput) -> *const c_char {
    // SAFETY: the host's input, or NULL.
    unsafe { get(input).map_or(c"".as_ptr(), |input| text_or_empty(input.config)) }
}

/// Whom the host's functions ask for: the owner, NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_init_owner(input: *const HostInitInput) -> *mut c_void {
    // SAFETY: the host's input, or NULL.
    unsafe { get(input).map_or(core::ptr::null_mut(), |input| input.owner) }
}

/// The error of the host's function that was called last, valid until the next one; never NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_init_owner_error(input: *const HostInitInput) -> *const c_char {
    // SAFETY: the host's input, or NULL, and its function.
    unsafe {
        match get(input) {
            Ok(HostInitInput { owner, get_owner_last_error: Some(last_error), .. }) => {
                text_or_empty(last_error(*owner))
            }
            _ => c"".as_ptr(),
        }
    }
}

/// The host's log, to be kept in the plugin's state. Only for a plugin that claims the version 3.3.0 of the plugin API or a
/// later one.
///
/// FALCONET_ERROR_NULL. `log` is written only on success.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_init_log(input: *const HostInitInput, log: *mut Log) -> Code {
    let take = || {
        // SAFETY: the host's input, or NULL, and the caller's output, not NULL.
        unsafe {
            let input = get(input)?;
            checked(log)?.write(Log { owner: input.owner, write: input.log_fn });
        }
        Ok(())
    };
    done(take())
}

/// Writes a line to the host's log, under the plugin's name. `text` ends in a NUL. An inert log takes it, and does nothing.
///
/// FALCONET_ERROR_ARGUMENT where `severity` is none of FALCONET_LOG_FATAL to FALCONET_LOG_TRACE; FALCONET_ERROR_NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_log_write(log: *const Log, severity: u32, text: *const c_char) -> Code {
    // SAFETY: the caller's log, or NULL.
    let log = match unsafe { get(log) } {
        Ok(log) => log,
        Err(Failed(code)) => return code,
    };
    if text.is_null() {
        return FALCONET_ERROR_NULL;
    }
    if !(FALCONET_LOG_FATAL..=FALCONET_LOG_TRACE).contains(&severity) {
        return FALCONET_ERROR_ARGUMENT;
    }
    if let Some(write) = log.write {
        // SAFETY: the host's function for this owner, from any thread as long as the plugin's state lives. NULL as the
        // component is the plugin's name.
        unsafe { write(log.owner, core::ptr::null(), text, severity) }
    }
    FALCONET_OK
}

/// The new config, in plugin_set_config, valid for the call: copy what is kept. Never NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn falconet_set_config_config(input: *const HostSetConfigInput) -> *const c_char {
    // SAFETY: the host's input, or NULL.
    unsafe { get(input).map_or(c"".as_ptr(), |input| text_or_empty(input.config)) }
}
