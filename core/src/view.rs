// SPDX-License-Identifier: Apache-2.0
//! Views: windows of fixed size over memory that somebody else may own, with a cursor.
//!
//! | type | reads | writes | for |
//! | --- | --- | --- | --- |
//! | [`View`] | yes | no | an event that the host hands over |
//! | [`WriteView`] | no | yes | an event that is being made in memory that held others before |
//! | [`ViewMut`] | yes | yes | memory of one's own |
//!
//! A [`ViewMut`] can be narrowed to either of the others, and nothing can be widened again.
//!
//! ```text
//! 0             offset            len             capacity
//! |---------------|----------------|------------------|
//! |            content             |       room       |
//!                 |-- remaining ---|
//!                 |-------------- space --------------|
//! ```
//!
//! All positions are counted in bytes from the first byte of the memory. At every moment
//! `0 <= offset <= len <= capacity`, and the first `len` bytes are initialised: they are the content. Capacity never
//! changes, and no byte beyond it is touched.
//!
//! # Errors
//! What cannot be done changes nothing and says why in a [`ViewError`]. Only [`View::read`] and [`WriteView::write`]
//! (and their twins of [`ViewMut`]) do a part of what was asked, and say how much; and a filler that fails has already
//! cost the content behind the cursor, see [`WriteView::fill_with`].
//!
//! # Panics
//! Nothing here panics, whatever the arguments are. A filler passed to [`WriteView::fill_with`] may, and the view is
//! as if the filler had failed.

mod both;
mod cursor;
mod decimal;
mod error;
mod raw;
mod read;
mod reader;
#[cfg(test)]
mod tests;
mod window;
mod write;

pub use both::ViewMut;
pub use cursor::SeekFrom;
pub use error::{FillError, ViewError};
pub use read::View;
pub use write::WriteView;
