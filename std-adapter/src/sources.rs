// SPDX-License-Identifier: Apache-2.0
//! Sources ready made: [`FromIter`], [`Lines`] and [`FromFn`] are asked by the host; [`push()`] takes from other threads.
//!
//! | the events come from | use | waits |
//! | --- | --- | --- |
//! | an iterator | [`FromIter`] | as the iterator does |
//! | the lines of a file | [`Lines`] | as the reader does, with no event behind |
//! | a function | [`FromFn`] | as the function does: up to 100 ms |
//! | other threads, sockets, callbacks | [`push()`] | up to 100 ms in the host's call, asleep |
//!
//! A call of the host should take some 100 ms at most (rule 4.9). What waits longer for its next event, a pipe or a
//! socket, belongs into a thread that pushes: [`Pushed::spawn`].

mod filling;
mod from_fn;
mod item;
mod iter;
mod lines;
mod outcome;
mod push;
mod pushed;
mod queue;
mod threads;

pub use from_fn::{BoxedFn, FromFn};
pub use item::Item;
pub use iter::FromIter;
pub use lines::Lines;
pub use outcome::{Counts, PushError, Taken};
pub use push::{Config, Overflow, Pusher, Watch, push};
pub use pushed::Pushed;
pub use threads::{Stop, Threads};
