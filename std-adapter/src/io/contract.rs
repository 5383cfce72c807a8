// SPDX-License-Identifier: Apache-2.0
//! std's contracts in terms of a view, each written once for the types that keep it.

use std::io;

use falconet::view;

/// The constructors and accessors of a newtype over a view or a `&mut` of one.
macro_rules! newtype {
    ($Adapter:ident, $View:ident) => {
        impl<'a, V: BorrowMut<$View<'a>>> $Adapter<'a, V> {
            #[doc = concat!("Of a [`", stringify!($View), "`] or a `&mut` of one; its position is where this begins.")]
            #[inline]
            #[must_use]
            pub const fn new(view: V) -> Self {
                Self { view, of: PhantomData }
            }

            /// The view back, with the position where this was.
            #[inline]
            #[must_use]
            pub fn into_inner(self) -> V {
                self.view
            }

            /// The view.
            #[inline]
            #[must_use]
            pub const fn inner(&self) -> &V {
                &self.view
            }

            /// The view, to use what it can do beyond this. Its position is this one's.
            #[inline]
            #[must_use]
            pub const fn inner_mut(&mut self) -> &mut V {
                &mut self.view
            }
        }
    };
}

macro_rules! read {
    ($Adapter:ident, $View:ident) => {
        impl<'a, V: BorrowMut<$View<'a>>> io::Read for $Adapter<'a, V> {
            #[inline]
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                Ok(self.view.borrow_mut().read(into))
            }

            #[inline]
            fn read_vectored(&mut self, into: &mut [io::IoSliceMut<'_>]) -> io::Result<usize> {
                let view = self.view.borrow_mut();
                let before = view.offset();
                for buffer in into {
                    if view.read(buffer) < buffer.len() {
                        break;
                    }
                }
                Ok(view.offset() - before)
            }

            fn read_to_end(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
                let view = self.view.borrow_mut();
                let n = view.remaining();
                into.try_reserve(n)?;
                into.extend_from_slice(view.read_bytes(n).unwrap_or_default());
                Ok(n)
            }

            fn read_to_string(&mut self, into: &mut String) -> io::Result<usize> {
                let view = self.view.borrow_mut();
                let rest = view.as_slice().get(view.offset()..).unwrap_or_default();
                let rest = str::from_utf8(rest).map_err(|_| io::ErrorKind::InvalidData)?;
                into.try_reserve(rest.len())?;
                into.push_str(rest);
                let n = rest.len();
                let _ = view.read_bytes(n);
                Ok(n)
            }

            #[inline]
            fn read_exact(&mut self, into: &mut [u8]) -> io::Result<()> {
                let view = self.view.borrow_mut();
                view.read_exact(into).map_err(|_| {
                    let _ = view.read_bytes(view.remaining());
                    io::ErrorKind::UnexpectedEof.into()
                })
            }
        }

        impl<'a, V: BorrowMut<$View<'a>>> io::BufRead for $Adapter<'a, V> {
            #[inline]
            fn fill_buf(&mut self) -> io::Result<&[u8]> {
                let view: &$View<'a> = self.view.borrow();
                Ok(view.as_slice().get(view.offset()..).unwrap_or_default())
            }

            #[inline]
            fn consume(&mut self, n: usize) {
                let view = self.view.borrow_mut();
                let _ = view.read_bytes(n.min(view.remaining()));
            }
        }
    };
}

macro_rules! write {
    ($Adapter:ident, $View:ident) => {
        impl<'a, V: BorrowMut<$View<'a>>> io::Write for $Adapter<'a, V> {
            #[inline]
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                Ok(self.view.borrow_mut().write(bytes))
            }

            #[inline]
            fn write_vectored(&mut self, from: &[io::IoSlice<'_>]) -> io::Result<usize> {
                let view = self.view.borrow_mut();
                let before = view.offset();
                for bytes in from {
                    if view.write(bytes) < bytes.len() {
                        break;
                    }
                }
                Ok(view.offset() - before)
            }

            #[inline]
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }

            #[inline]
            fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
                if self.view.borrow_mut().write(bytes) < bytes.len() {
                    return Err(io::ErrorKind::WriteZero.into());
                }
                Ok(())
            }
        }
    };
}

macro_rules! seek {
    ($Adapter:ident, $View:ident) => {
        impl<'a, V: BorrowMut<$View<'a>>> io::Seek for $Adapter<'a, V> {
            #[inline]
            fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
                contract::sought(self.view.borrow_mut().seek(contract::seek_from(to)))
            }

            #[inline]
            fn rewind(&mut self) -> io::Result<()> {
                self.view.borrow_mut().rewind();
                Ok(())
            }

            #[inline]
            fn stream_position(&mut self) -> io::Result<u64> {
                let view: &$View<'a> = self.view.borrow();
                Ok(view.offset() as u64)
            }

            #[inline]
            fn seek_relative(&mut self, by: i64) -> io::Result<()> {
                self.seek(io::SeekFrom::Current(by)).map(|_| ())
            }
        }
    };
}

macro_rules! debug {
    ($Adapter:ident) => {
        impl<V: fmt::Debug> fmt::Debug for $Adapter<'_, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($Adapter)).field(&self.view).finish()
            }
        }
    };
}

pub(super) use {debug, newtype, read, seek, write};

/// The core's word for where a seek goes.
#[inline]
pub(super) const fn seek_from(to: io::SeekFrom) -> view::SeekFrom {
    match to {
        io::SeekFrom::Start(n) => view::SeekFrom::Start(n),
        io::SeekFrom::Current(n) => view::SeekFrom::Current(n),
        io::SeekFrom::End(n) => view::SeekFrom::End(n),
    }
}

/// std's word for how a seek ended.
#[inline]
pub(super) fn sought(result: Result<usize, view::ViewError>) -> io::Result<u64> {
    result.map(|offset| offset as u64).map_err(|_| io::ErrorKind::InvalidInput.into())
}
