// SPDX-License-Identifier: Apache-2.0
//! A plugin that is linked into this program: it parses, and does nothing then.
#![expect(unsafe_code, reason = "a plugin is made of C functions")]

use std::{
    cell::Cell,
    ffi::{CStr, c_char, c_void},
    ptr,
};

use falconet::abi::{EventInput, EventParseInput, InitInput, PluginApi, Rc, SUCCESS};
use falconet_host::{Library, LoadError};

thread_local! {
    static VERSION: Cell<&'static CStr> = const { Cell::new(c"3.10.0") };
}

extern "C" fn version() -> *const c_char {
    VERSION.get().as_ptr()
}

extern "C" fn name() -> *const c_char {
    c"linked".as_ptr()
}

extern "C" fn own_version() -> *const c_char {
    c"0.1.0".as_ptr()
}

unsafe extern "C" fn init(_: *const InitInput, rc: *mut Rc) -> *mut c_void {
    // SAFETY: the host passes its own rc.
    unsafe { rc.write(SUCCESS) };
    ptr::null_mut()
}

extern "C" fn destroy(_: *mut c_void) {}

extern "C" fn last_error(_: *mut c_void) -> *const c_char {
    c"".as_ptr()
}

extern "C" fn parse(_: *mut c_void, _: *const EventInput, _: *const EventParseInput) -> Rc {
    SUCCESS
}

static API: PluginApi = PluginApi {
    get_required_api_version: Some(version),
    init: Some(init),
    destroy: Some(destroy),
    get_last_error: Some(last_error),
    get_name: Some(name),
    get_description: Some(name),
    get_contact: Some(name),
    get_version: Some(own_version),
    parse_event: Some(parse),
    ..PluginApi::NONE
};

/// The plugin, which claims this API version on this thread.
pub(crate) fn library(claimed: &'static CStr) -> Result<Library, LoadError> {
    VERSION.set(claimed);
    // SAFETY: the functions above do what the API says of them.
    unsafe { Library::from_api(&API) }
}
