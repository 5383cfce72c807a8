// SPDX-License-Identifier: Apache-2.0
//! std's reading, writing and seeking on the views of the core: an event's payload is a file for whoever wants one.
//!
//! | type | over | is |
//! | --- | --- | --- |
//! | [`Reader`] | [`View`](falconet::view::View) | [`Read`], [`BufRead`], [`Seek`] |
//! | [`Writer`] | [`WriteView`](falconet::view::WriteView) | [`Write`], [`Seek`] |
//! | [`ReadWriter`] | [`ViewMut`](falconet::view::ViewMut) | all of them, with one cursor |
//!
//! Each is a newtype over the view or over a `&mut` of it, so `Writer::new(event.payload())` writes an event where the
//! host will read it. The view's own position is the adapter's: both can be used in turns. Bytes are copied once,
//! between the caller's memory and the event's, and nothing here allocates but [`Read::read_to_end`] and
//! [`Read::read_to_string`] in what they are given, and what std's other provided methods do of themselves.
//!
//! ```
//! use std::io::Write;
//!
//! use falconet::{Pool, Timestamp, batch::Limits};
//! use falconet_std::io::Writer;
//!
//! static POOL: Pool<1, 8, 4096> = Pool::new();
//! let mut lease = POOL.lease().unwrap();
//! let mut batch = lease.fill(Limits::new(999, 256));
//!
//! let mut event = batch.claim().unwrap();
//! let mut payload = Writer::new(event.payload());
//! write!(payload, "{} went to ", "alice")?;
//! serde_json::to_writer(&mut payload, &["here", "there"])?;
//! std::io::copy(&mut &b" and came back"[..], &mut payload)?;
//! assert_eq!(payload.inner().len(), 44);
//! event.commit(Timestamp::HOST);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # What std's contract leaves open, or the views do otherwise
//! They behave as [`io::Cursor`] over a slice that is as long as the content (for reads and seeks) or as the capacity
//! (for writes), but for these:
//! - **A seek beyond the length is refused**, with [`InvalidInput`](io::ErrorKind::InvalidInput) as one to before the
//!   first byte is, and moves nothing. std allows such a seek and leaves its effect to the implementation; a view
//!   promises `offset <= len`, so that content never has a gap.
//! - **[`SeekFrom::End`](io::SeekFrom::End) counts from the length**, which grows with writes, not from the capacity.
//! - **[`BufRead::consume`] of more than there is** goes to the end. std calls that a mistake, and `Cursor` goes beyond.
//!
//! As std has it: a write at the capacity is short, and then `Ok(0)`; [`Write::write_all`], `write!` and [`io::copy`]
//! write what fits and give [`WriteZero`](io::ErrorKind::WriteZero). (The views' own `write_all` writes all or nothing.)
//! [`Read::read_exact`] of more than there is gives [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) with the cursor at
//! the end. Vectored reads and writes serve all of their buffers in one call.
//!
//! An error is its [`io::ErrorKind`] alone, which costs no allocation.
//!
//! # Panics
//! Nothing here panics, unless a source given to [`Writer::read_from`] or its siblings does. The view is then as if the
//! source had failed.

mod contract;
mod fill;
mod read_write;
mod reader;
mod writer;

#[cfg(doc)]
use std::io::{self, BufRead, Read, Seek, Write};

pub use fill::Filled;
pub use read_write::ReadWriter;
pub use reader::Reader;
pub use writer::Writer;
