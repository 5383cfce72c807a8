// SPDX-License-Identifier: Apache-2.0
//! A text of fixed size in an entry or as its key: [`Text`].

use core::ffi::CStr;
use core::fmt;

use crate::error::Error;

/// A text of at most `N - 1` bytes and its NUL. One that is longer is an error, never cut.
///
/// ```
/// use falconet::tables::Text;
/// let mut name = Text::<8>::new();
/// name.set(b"init").unwrap();
/// assert_eq!(name.as_c_str(), c"init");
/// assert!(name.set(b"too long").is_err());
/// assert!(name.set(b"a\0b").is_err());
/// assert_eq!(name, Text::from_bytes(b"init").unwrap());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Text<const N: usize> {
    /// The text, then zeros, at least one.
    bytes: [u8; N],
}

impl<const N: usize> Text<N> {
    /// Empty.
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(N > 0, "a text has room for its NUL") };
        Self { bytes: [0; N] }
    }

    /// A text of these bytes, without a NUL.
    ///
    /// # Errors
    /// They are too many, or one is NUL.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut text = Self::new();
        text.set(bytes)?;
        Ok(text)
    }

    /// Replaces the text.
    ///
    /// # Errors
    /// The bytes are too many, or one is NUL; then the text stays.
    pub fn set(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if bytes.contains(&0) {
            return Err(Error::new("a text in a table has no NUL in it"));
        }
        let (Some(text), true) = (self.bytes.get_mut(..bytes.len()), bytes.len() < N) else {
            return Err(too_long(bytes.len(), N));
        };
        text.copy_from_slice(bytes);
        self.bytes.iter_mut().skip(bytes.len()).for_each(|byte| *byte = 0);
        Ok(())
    }

    /// The text without its NUL.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.as_c_str().to_bytes()
    }

    /// The text with its NUL.
    #[must_use]
    pub fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or_default()
    }
}

#[cold]
pub(super) const fn too_long(len: usize, room: usize) -> Error {
    Error::new("a text is too long for the table").with("bytes", len as u64).with("at most", room as u64 - 1)
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_c_str().fmt(f)
    }
}
