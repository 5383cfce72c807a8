// SPDX-License-Identifier: Apache-2.0
//! JSON payloads where they lie: typed decoding that borrows, and single values found without a tree.
//!
//! | for | take | reads JSON as |
//! | --- | --- | --- |
//! | a payload of known shape | [`decode`] | `serde_json`, strictly |
//! | one value of any payload | [`pointer()`], [`Value`] | the official plugins, leniently |
//! | several members of an object | [`check_members`] | either, see [`Rules`] |
//! | writing JSON anew | [`compact`], [`Tokens`] | what was checked before |
//!
//! A [`Value`] is a piece of the payload. What it gives is a piece of the payload again, of which
//! [`Event::span_of`](falconet::Event::span_of) makes a field's value that the host reads in place. Nothing here is
//! built, and nothing allocated but by [`Text::to_str`] and [`Text::to_bytes`] of a string with escapes, and for an
//! error of [`decode`]. A payload is checked in one pass, with the first level of it in hand on the way; what was checked
//! is only gone over for its quotes and brackets.
//!
//! ```
//! use falconet_std::json;
//!
//! let payload = br#"{"user": {"name": "alice", "groups": ["a", "b\n"]}, "status": 201}"#;
//! let name = json::pointer(payload, "/user/name").and_then(|value| value.text());
//! assert_eq!(name.and_then(|name| name.as_str()), Some("alice")); // borrowed: a span of the event
//!
//! let checked = json::Value::check(payload)?;
//! let status = checked.pointer("/status").and_then(|value| value.number());
//! assert_eq!(status, Some("201"));
//! let group = checked.pointer("/user/groups/1").and_then(|value| value.text());
//! assert_eq!(group.map(|group| group.to_string()).as_deref(), Some("b\n")); // it has an escape
//! # Ok::<(), json::Malformed>(())
//! ```
//!
//! # Leniency
//! The official json and k8saudit plugins take events that a strict parser refuses, and rules depend on what they make
//! of them. So does a [`Value`]:
//! - A number is any run of digits, `+`, `-`, `.`, `e` and `E` (`01`, `+1`), or `nan` or `inf` in any case, with a sign or
//!   without. It is kept as text.
//! - A string may have any bytes, control characters and broken UTF-8 among them. An escape that JSON does not know, a
//!   `\u` without four hexadecimal digits, and a surrogate that no `\u` follows stay as written; two surrogates in a row
//!   that are no pair are one U+FFFD.
//! - Of members with the same key the first counts. A key is compared unescaped.
//! - What follows the top value makes the whole malformed, and so does nesting of more than [`MAX_DEPTH`] levels. (There
//!   the official plugins are the stricter ones, and give up at 300.)
//!
//! # Panics
//! Nothing here panics on any bytes, and nothing recurses but `serde_json` within its own limit.

mod check;
mod decode;
mod iter;
mod pointer;
mod scan;
mod skip;
mod text;
mod tokens;
mod value;

pub use check::{Checked, MAX_DEPTH, Malformed, Reason, Rules, check, check_members};
pub use decode::{DecodeError, decode};
pub use iter::{Elements, Members};
pub use pointer::pointer;
pub use text::Text;
pub use tokens::{Tokens, compact};
pub use value::{Kind, Value};
