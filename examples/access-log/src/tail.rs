// SPDX-License-Identifier: Apache-2.0
//! An open log: handed over line by line up to its end, or beyond.
//!
//! # Not followed
//! The end of the file is the end of the events. A last line without a line feed is a line. What has no size, a pipe
//! for example, is read until whoever writes is done.
//!
//! # Followed
//! With `{"follow": true}` the end of the file is a timeout, and what is appended comes later. The file is read from its
//! start. A last line without a line feed is held back until that comes, whenever it does. A pipe is not waited for, and
//! may have one writer after another. Each line comes once, in the order of the file, also through
//!
//! - **rotation**: the path is another file than the one that is open, whether that was renamed or removed. Nothing
//!   changes until the new file has bytes, because whoever writes may still have the old one open. Then the old one is
//!   read to its end once more, its last line is a line even if it is incomplete, because nobody will complete it any
//!   more, and the new file is read from its start. While there is no file at the path, or one that cannot be opened,
//!   the log says so once, and the old one is still read;
//! - **truncation** (`copytruncate`): the file is shorter than what was read of it. A last line that was held back is a
//!   line, and the file is read from its start.
//!
//! # What can be lost
//! The path is looked at whenever the file's end is reached and there is nothing to hand over: every 10 ms on a quiet
//! log, later while there is a backlog. Lost is
//! - what is written and cut off by a truncation before it was read. And a file that was truncated and has grown again to
//!   what was read of it, or more, looks as if it had only grown: it is read on from there;
//! - what one of several writers appends to the old file after another has begun the new one and the old one was read
//!   to its end;
//! - a file that came to the path and left it again between two looks, unless it is found as `path.1`, `path.2` and so
//!   on (see [`watch`](crate::watch)): one that was removed, compressed or called otherwise, by its date for example. The
//!   file that is being read is open and loses nothing.
#![forbid(unsafe_code)]

use core::ffi::CStr;
use core::mem;

use falconet::error::Message;
use falconet::log::Severity;
use falconet::{Batch, Instance, Log, Next, Progress, Timestamp};
use rustix::thread::{Timespec, nanosleep};

use crate::block::Block;
use crate::file::{Empty, File};
use crate::line;
use crate::time::Clock;
use crate::watch::{Found, Watch};
use crate::{AccessLog, Config, LogError};

/// How long to wait at the end of a followed file before saying that there is nothing. The host asks again at once, and
/// takes one async event each time (rule 4.9), so this is both how late a line may come and how many of those a second
/// get through.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 10_000_000 };

/// A log being read.
#[derive(Debug)]
pub struct Tail {
    log: Log,
    file: File,
    block: Block,
    clock: Clock,
    follow: Option<Follow>,
}

#[derive(Debug)]
struct Follow {
    watch: Watch,
    stage: Stage,
}

/// How far a followed file has come.
#[derive(Debug)]
enum Stage {
    /// It may grow.
    Growing,
    /// This one comes next, after what is still read of the old one.
    Leaving(File),
    /// Nothing more is read of it. What is in the block is handed over, then this one is read from its start, or the
    /// same one again.
    Over(Option<File>),
}

/// What to do where the block has no whole line.
enum Step {
    /// Look again for one.
    Again,
    /// Take as many bytes, which have no line feed, as one.
    Line(usize),
    /// End the batch.
    End(Next),
}

impl Tail {
    /// Opens the log at a path.
    ///
    /// # Errors
    /// [`LogError`] where there is no path, no such file, or no buffer left.
    pub fn open(path: &CStr, config: Config, log: Log) -> Result<Self, LogError> {
        if path.is_empty() {
            return Err(LogError::NoPath);
        }
        let block = Block::lease()?;
        if !config.follow {
            return Ok(Self {
                log,
                file: File::open(path, Empty::Waits)?,
                block,
                clock: Clock::default(),
                follow: None,
            });
        }
        let file = File::open(path, Empty::IsNothing)?;
        let follow = Follow { watch: Watch::new(path)?, stage: Stage::Growing };
        Ok(Self { log, file, block, clock: Clock::default(), follow: Some(follow) })
    }

    /// Goes on where the block has no whole line.
    fn more(&mut self, batch: &Batch<'_>) -> Result<Step, LogError> {
        let Some(follow) = &mut self.follow else {
            // What is there goes to the host before a wait for more.
            if !batch.is_empty() && !self.file.is_regular() {
                return Ok(Step::End(Next::More));
            }
            return Ok(match self.block.read(&self.file)? {
                true => Step::Again,
                false => self.block.beginning().map_or(Step::End(Next::Eof), Step::Line),
            });
        };
        if let Stage::Over(next) = &mut follow.stage {
            if let Some(len) = self.block.beginning() {
                return Ok(Step::Line(len));
            }
            if let Some(next) = next.take() {
                self.file = next;
            }
            self.block.restart();
            follow.stage = Stage::Growing;
        }
        if self.block.read(&self.file)? {
            return Ok(Step::Again);
        }
        follow.stage = match mem::replace(&mut follow.stage, Stage::Growing) {
            Stage::Leaving(next) => {
                self.log.info("the access log was rotated: the old file has been read to its end, the new one follows");
                Stage::Over(Some(next))
            }
            // What is there goes to the host first.
            _ if !batch.is_empty() => return Ok(Step::End(Next::Timeout)),
            _ => match follow.watch.look(&self.file, self.block.offset(), self.log)? {
                Found::Newer(next) => Stage::Leaving(next),
                Found::Cut => {
                    tell_cut(self.block.offset(), self.log);
                    Stage::Over(None)
                }
                Found::Same => {
                    // A signal ends it: the host may have something else to do.
                    let _slept_or_not = nanosleep(&PAUSE);
                    return Ok(Step::End(Next::Timeout));
                }
            },
        };
        Ok(Step::Again)
    }

    /// A line that can never fit is left out.
    fn skip(&self, batch: &mut Batch<'_>) {
        batch.skip();
        let mut text = Message::<128>::new();
        text.push_str("skipped a line of more than ");
        text.push_number(batch.max_payload().saturating_sub(1) as u64);
        text.push_str(" bytes that ends before byte ");
        text.push_number(self.block.handed_over());
        self.log.message(Severity::Warning, &text);
    }
}

impl Instance for Tail {
    type Plugin = AccessLog;

    fn next_batch(&mut self, _: &AccessLog, batch: &mut Batch<'_>) -> Result<Next, LogError> {
        loop {
            let len = match self.block.line() {
                Some(len) => len,
                None => match self.more(batch)? {
                    Step::Again => continue,
                    Step::Line(len) => len,
                    Step::End(next) => return Ok(next),
                },
            };
            let text = self.block.peek(len);
            let text = match text.strip_suffix(b"\n") {
                Some(ended) => ended.strip_suffix(b"\r").unwrap_or(ended),
                None => text,
            };
            match batch.claim_for(text.len() + 1) {
                Ok(None) => return Ok(Next::More),
                Ok(Some(mut event)) if !self.block.is_skipping() => {
                    event.payload().write_all(text).map_err(falconet::Error::from)?;
                    event.payload().write_all(b"\0").map_err(falconet::Error::from)?;
                    event.commit(Timestamp::from(line::time_of(text, &mut self.clock)));
                    self.block.take(len);
                }
                Ok(Some(_)) | Err(_) => {
                    self.block.take(len);
                    self.skip(batch);
                }
            }
        }
    }

    /// Nobody knows where the end of a followed log is.
    fn progress(&self) -> Option<Progress> {
        let size = self.file.size_at_open();
        (self.follow.is_none() && size > 0).then(|| Progress::of(self.block.handed_over(), size))
    }
}

/// Says that the file was cut after `read` bytes of it were read.
fn tell_cut(read: u64, log: Log) {
    let mut text = Message::<128>::new();
    text.push_str("the access log was truncated after ");
    text.push_number(read);
    text.push_str(" bytes of it were read: it is read from its start again");
    log.message(Severity::Notice, &text);
}
