// SPDX-License-Identifier: Apache-2.0
//! The JSON schema of a config's type, as the host takes it.
#![expect(unsafe_code, reason = "the host reads the schema by pointer")]

use std::ffi::{CStr, CString, c_char};
use std::fmt;
use std::panic::catch_unwind;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

/// A schema that every config passes which is no text: what the host is given where the type's own cannot be made.
pub const ANY: &CStr = cr#"{"type": "object"}"#;

/// The JSON schema of a type, of draft 7, the last that the host knows.
///
/// ```
/// /// What is sent.
/// #[derive(schemars::JsonSchema)]
/// struct Config {
///     /// Bytes.
///     size: u8,
/// }
/// let schema: serde_json::Value = serde_json::from_str(&falconet_std::config::schema::<Config>())?;
/// assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
/// assert_eq!(schema["type"], "object"); // the host refuses another one
/// assert_eq!(schema["properties"]["size"]["maximum"], 255);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn schema<C: JsonSchema>() -> String {
    SchemaSettings::draft07().into_generator().into_root_schema_for::<C>().to_value().to_string()
}

/// The schema of a plugin's config: made when the host asks first, and given back when the library is unmapped.
pub struct SchemaText(AtomicPtr<c_char>);

impl SchemaText {
    /// Not made yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "made by `export!` in a static, and nowhere else")]
    pub const fn new() -> Self {
        Self(AtomicPtr::new(null_mut()))
    }

    /// The schema of `C`, which is the same type in all calls.
    pub fn get<C: JsonSchema>(&'static self) -> &'static CStr {
        let mut text = self.0.load(Ordering::Acquire);
        if text.is_null() {
            // What an author has written by hand may panic; JSON has no NUL.
            let Some(made) = catch_unwind(schema::<C>).ok().and_then(|made| CString::new(made).ok()) else {
                return ANY;
            };
            let made = made.into_raw();
            text = match self.0.compare_exchange(null_mut(), made, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => made,
                Err(first) => {
                    // SAFETY: it is from `into_raw`, and nobody else has seen it.
                    drop(unsafe { CString::from_raw(made) });
                    first
                }
            };
        }
        // SAFETY: it is a CString's text, which is given back when nothing of this library is used any more.
        unsafe { CStr::from_ptr(text) }
    }

    /// Gives the text back.
    ///
    /// # Safety
    /// The library is being unmapped, or the process ends: nobody reads the text any more.
    pub unsafe fn free(&self) {
        let text = self.0.swap(null_mut(), Ordering::AcqRel);
        if !text.is_null() {
            // SAFETY: it is from `into_raw`, and nobody has it any more, as this function's caller says.
            drop(unsafe { CString::from_raw(text) });
        }
    }
}

impl fmt::Debug for SchemaText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchemaText").finish_non_exhaustive()
    }
}
