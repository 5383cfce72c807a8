// SPDX-License-Identifier: Apache-2.0
//! Events of lines: [`Lines`].

use std::fmt;
use std::io::{self, BufRead, ErrorKind};
use std::marker::PhantomData;

use falconet::batch::{Oversized, Push, TooLarge};
use falconet::{Batch, Instance, Next, Plugin, Source, Timestamp};

/// An instance whose events are the lines of a reader, as bytes, without the LF or CRLF at their end.
///
/// A line that no LF ends is one, too, and so is an empty one. A line larger than [`Source::MAX_PAYLOAD`] is treated as
/// [`Source::OVERSIZED`] says, and is never held in memory as a whole. Lines are handed over before the reader is asked for
/// more bytes, so none waits behind a slow read; but the host does, with its own calls, so a pipe or socket belongs into a
/// thread that pushes. A reader that would block is asked again later.
///
/// Give the reader a large buffer: a batch is what lies in it.
///
/// ```
/// use falconet_std::sources::Lines;
/// use falconet_std::{Error, Info, Init, Plugin, Source};
/// use std::{ffi::CStr, fs::File, io::BufReader};
///
/// struct Cat;
/// impl Plugin for Cat {
///     type Error = Error;
///     const INFO: Info = Info::new(c"cat", c"0.1.0", c"the lines of a file", c"you@example.org");
///     fn new(_: &Init<'_>) -> Result<Self, Error> {
///         Ok(Self)
///     }
/// }
/// impl Source for Cat {
///     const ID: u32 = 999;
///     const EVENT_SOURCE: &'static CStr = c"cat";
///     type Instance = Lines<Self, BufReader<File>>;
///     fn open(&self, path: &CStr) -> Result<Self::Instance, Error> {
///         Ok(Lines::new(BufReader::with_capacity(128 * 1024, File::open(path.to_str()?)?)))
///     }
/// }
/// falconet_std::export!(Cat: source);
/// ```
pub struct Lines<P, R> {
    reader: R,
    /// The beginning of a line whose end is not read yet, or what of it can matter.
    begun: Vec<u8>,
    /// Its end was read, and it waits for the next batch.
    ended: bool,
    _of: PhantomData<fn(&P)>,
}

impl<P: Source<Error: From<io::Error> + From<TooLarge>>, R: BufRead> Lines<P, R> {
    /// The lines that this reader has from here on.
    pub const fn new(reader: R) -> Self {
        Self { reader, begun: Vec::new(), ended: false, _of: PhantomData }
    }

    /// The reader.
    pub const fn get_ref(&self) -> &R {
        &self.reader
    }

    /// Fills a batch, and says what comes after it: for an instance of the author's own around this one.
    ///
    /// # Errors
    /// The reader's, or [`TooLarge`].
    pub fn next_batch(&mut self, batch: &mut Batch<'_>) -> Result<Next, P::Error> {
        if self.ended && !self.push_begun(batch)? {
            return Ok(Next::More);
        }
        loop {
            let bytes = match self.reader.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Next::Timeout),
                Err(error) => return Err(error.into()),
            };
            if bytes.is_empty() {
                // A CR that no LF follows is the line's own.
                self.ended = !self.begun.is_empty();
                let more = self.ended && !self.push_begun(batch)?;
                return Ok(if more { Next::More } else { Next::Eof });
            }
            let (mut rest, mut full) = (bytes, false);
            while let Some(end) = newline(rest) {
                let (line, behind) = rest.split_at(end);
                if self.begun.is_empty() {
                    full = batch.push(Timestamp::HOST, without_cr(line))? == Push::Full;
                    if full {
                        break;
                    }
                } else {
                    keep::<P>(&mut self.begun, line);
                    if self.begun.last() == Some(&b'\r') {
                        self.begun.pop();
                    }
                    self.ended = true;
                }
                rest = behind.get(1..).unwrap_or_default();
                if self.ended {
                    break;
                }
            }
            if !full && !self.ended {
                keep::<P>(&mut self.begun, rest);
                rest = &[];
            }
            let (read, none_left) = (bytes.len() - rest.len(), rest.is_empty());
            self.reader.consume(read);
            // The host is not kept waiting while a line goes on for ever, either.
            let endless = self.begun.len() > P::MAX_PAYLOAD + 1;
            if endless && !self.ended && P::OVERSIZED == Oversized::Fail {
                return Err(TooLarge { needed: self.begun.len(), capacity: P::MAX_PAYLOAD }.into());
            }
            if full || (self.ended && !self.push_begun(batch)?) || (none_left && (endless || !batch.is_empty())) {
                return Ok(Next::More);
            }
        }
    }

    /// Pushes the line that was begun in an earlier buffer; false where the batch is full.
    fn push_begun(&mut self, batch: &mut Batch<'_>) -> Result<bool, P::Error> {
        if batch.push(Timestamp::HOST, &self.begun)? == Push::Full {
            return Ok(false);
        }
        self.begun.clear();
        self.ended = false;
        Ok(true)
    }
}

/// Appends to the beginning of a line what can matter: the largest payload, a CR, and one more to tell that it is larger.
fn keep<P: Source>(begun: &mut Vec<u8>, bytes: &[u8]) {
    let room = (P::MAX_PAYLOAD + 2).saturating_sub(begun.len());
    begun.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
}

fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The place of the first LF.
fn newline(bytes: &[u8]) -> Option<usize> {
    // `contains` looks at many bytes at once.
    let (chunk, bytes) = bytes.chunks(64).enumerate().find(|(_, bytes)| bytes.contains(&b'\n'))?;
    Some(chunk * 64 + bytes.iter().position(|byte| *byte == b'\n')?)
}

impl<P, R> Instance for Lines<P, R>
where
    P: Source<Instance = Self, Error: From<io::Error> + From<TooLarge>>,
    R: BufRead + Send + 'static,
{
    type Plugin = P;

    fn next_batch(&mut self, _: &P, batch: &mut Batch<'_>) -> Result<Next, <P as Plugin>::Error> {
        Self::next_batch(self, batch)
    }
}

impl<P, R: fmt::Debug> fmt::Debug for Lines<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("reader", &self.reader).field("begun", &self.begun.len()).finish()
    }
}
