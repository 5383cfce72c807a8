// SPDX-License-Identifier: Apache-2.0
//! `Reader`: a read-only view as std reads.

use std::borrow::BorrowMut;
use std::fmt;
use std::io;
use std::marker::PhantomData;

use falconet::view::View;

use super::contract;

/// [`Read`](io::Read), [`BufRead`](io::BufRead) and [`Seek`](io::Seek) for a [`View`] or a `&mut View`.
///
/// ```
/// use std::io::{BufRead, Read, Seek};
///
/// use falconet::view::View;
/// use falconet_std::io::Reader;
///
/// let mut event = Reader::new(View::new(b"GET /index.html\n1024 bytes"));
/// let mut request = String::new();
/// event.read_line(&mut request)?;
/// assert_eq!(request, "GET /index.html\n");
///
/// let mut number = [0; 4];
/// event.read_exact(&mut number)?;
/// assert_eq!(&number, b"1024");
/// assert_eq!(event.stream_position()?, 20);
/// assert_eq!(event.into_inner().remaining(), 6);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// See the [module](super) for where it differs from [`io::Cursor`].
#[derive(Clone)]
pub struct Reader<'a, V = View<'a>> {
    view: V,
    of: PhantomData<&'a ()>,
}

contract::newtype!(Reader, View);
contract::read!(Reader, View);
contract::seek!(Reader, View);
contract::debug!(Reader);
